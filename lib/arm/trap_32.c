/* SPDX-License-Identifier: MIT */
/* What an exception in AArch32 says about itself: its vector, and for aborts DFSR and IFSR. */
#include <arm/trap.h>

#include <arm/boot.h>
#include <harness/ktap.h>

static const char *const vector_names[VECTORS] = {
	[VECTOR_UNDEFINED] = "undefined instruction",
	[VECTOR_SVC] = "SVC",
	[VECTOR_PREFETCH_ABORT] = "prefetch abort",
	[VECTOR_DATA_ABORT] = "data abort",
	[VECTOR_HYP] = "Hyp trap",
	[VECTOR_IRQ] = "IRQ",
	[VECTOR_FIQ] = "FIQ",
};

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

/* Exception entry sets A, I and F; the state of I is the caller's business. */
void arch_leave_exception(void)
{
	__asm__ volatile("cpsie af" ::: "memory");
}

static bool is_text(ulong address)
{
	return address >= (ulong)image_start && address < (ulong)text_end;
}

/*
 * No standard says where A32 code keeps its frames. gcc: [fp] is the return address and [fp, #-4] the
 * caller's fp, in leaf functions [fp] is the caller's fp; clang: [fp] and [fp, #4].
 */
ulong trap_next_return(ulong *fp)
{
	const ulong *record = (const ulong *)*fp;

	if (!trap_is_stack(*fp) || !trap_is_stack(*fp - sizeof(ulong)))
		return 0;
	if (is_text(record[0])) {
		*fp = record[-1];
		return record[0];
	}
	*fp = record[0];
	if (is_text(record[1]))
		return record[1];
	return trap_is_stack(*fp) && *fp > (ulong)record ? trap_next_return(fp) : 0;
}

const char *trap_name(u32 number)
{
	return number < VECTORS ? vector_names[number] : NULL;
}

bool trap_is_abort(u32 vector)
{
	return vector == VECTOR_DATA_ABORT || vector == VECTOR_PREFETCH_ABORT;
}

bool trap_is_data_abort(u32 vector)
{
	return vector == VECTOR_DATA_ABORT;
}

const char *trap_status_name(u32 status)
{
	return status == 0x11	     ? "asynchronous external abort"
	       : status == FSC_DEBUG ? "debug event"
				     : NULL;
}

void trap_print_registers(const struct trap_frame *f)
{
	ktap_note("pc %08lx cpsr %08lx sp %08lx lr %08lx fsr %08lx far %08lx", f->pc, f->pstate,
		  f->sp, f->lr, f->fsr, f->far);
	for (u32 i = 0; i < 12; i += 4)
		ktap_note("r%-2u %08lx %08lx %08lx %08lx", i, f->r[i], f->r[i + 1], f->r[i + 2],
			  f->r[i + 3]);
	ktap_note("r12 %08lx sctlr %08x ttbr0 %llx", f->r[12], read_sys(SCTLR), read_sys(TTBR0));
	if (image_offset)
		ktap_note("the image is %#lx above where the ELF file has it", image_offset);
}
