/* SPDX-License-Identifier: MIT */
/* What an exception in AArch32 says about itself: its vector, and for aborts DFSR and IFSR. */
#include <arm/trap.h>

enum trap_type trap_type(const struct trap_frame *frame)
{
	switch (frame->vector) {
	case VECTOR_IRQ:
		return TRAP_IRQ;
	case VECTOR_FIQ:
		return TRAP_FIQ;
	default:
		return TRAP_SYNC;
	}
}

/* The immediate of the SVC before the return address; there is no syndrome (DDI 0487, G1, Supervisor Call exception). */
static u32 svc_immediate(const struct trap_frame *frame)
{
	if (frame->pstate & PSTATE_T)
		return *(const u16 *)(frame->pc - 2) & 0xff;
	return *(const u32 *)(frame->pc - 4) & 0xffffff;
}

struct fault trap_fault(const struct trap_frame *frame)
{
	struct fault fault = { .kind = (u32)frame->vector + 1 };

	switch (frame->vector) {
	case VECTOR_SVC:
		fault.fields = FAULT_CODE;
		fault.code = svc_immediate(frame);
		break;
	case VECTOR_PREFETCH_ABORT:
	case VECTOR_DATA_ABORT:
		fault.fields = FAULT_CODE | FAULT_ADDRESS;
		fault.code = frame->fsr;
		fault.address = frame->far;
		break;
	}
	return fault;
}

bool trap_is_user_return(const struct trap_frame *frame)
{
	return frame->vector == VECTOR_SVC && (frame->pstate & PSTATE_MODE) == MODE_USR &&
	       svc_immediate(frame) == SVC_USER_RETURN;
}
