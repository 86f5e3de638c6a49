/* SPDX-License-Identifier: MIT */
/* What an exception to EL1 says about itself: ESR_EL1, FAR_EL1. DDI 0487, D17.2.37. */
#include <arm/trap.h>

#define ESR_EC(esr)  ((u32)((esr) >> 26) & 0x3f)
#define ESR_ISS(esr) ((esr)&BITS(24, 0))

/* For these FAR_EL1 has been written (D17.2.40); an external abort may say that it has not. */
static bool has_address(u32 class, u64 iss)
{
	if (trap_is_abort(class))
		return (iss & 0x3f) != FSC_EXTERNAL || !(iss & ABORT_FNV);
	return class == EC_PC_ALIGNMENT || class == EC_WATCHPT || class == EC_WATCHPT_LOWER;
}

enum trap_type trap_type(const struct trap_frame *frame)
{
	return (enum trap_type)(frame->vector & 3);
}

struct fault trap_fault(const struct trap_frame *frame)
{
	struct fault fault = { .fields = FAULT_CODE };
	u32 class = ESR_EC(frame->esr);

	if (trap_type(frame) == TRAP_IRQ)
		return IRQ;
	if (trap_type(frame) == TRAP_FIQ)
		return FIQ;
	fault.kind = class + 1;
	fault.code = ESR_ISS(frame->esr);
	if (has_address(class, fault.code)) {
		fault.fields |= FAULT_ADDRESS;
		fault.address = frame->far;
	}
	return fault;
}

bool trap_is_user_return(const struct trap_frame *frame)
{
	return frame->vector == VECTOR_FROM_EL0 + VECTOR_SYNC && ESR_EC(frame->esr) == EC_SVC &&
	       ESR_ISS(frame->esr) == SVC_USER_RETURN;
}
