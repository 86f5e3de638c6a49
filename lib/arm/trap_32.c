/* SPDX-License-Identifier: MIT */
/* What an exception in AArch32 says about itself: its vector, and for aborts DFSR and IFSR. */
#include <arm/trap.h>

#include <arm/boot.h>
#include <harness/ktap.h>
#include <stdio.h>

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

static const char *status_name(u32 status)
{
	static const char *const leveled[] = { "address size fault", "translation fault",
					       "access flag fault", "permission fault" };
	static char text[40];

	if (status < 0x10) {
		snprintf(text, sizeof(text), "%s, level %u", leveled[status >> 2], status & 3);
		return text;
	}
	switch (status) {
	case FSC_EXTERNAL:
		return "external abort";
	case 0x11:
		return "asynchronous external abort";
	case FSC_ALIGNMENT:
		return "alignment fault";
	case FSC_DEBUG:
		return "debug event";
	case FSC_TLB_CONFLICT:
		return "TLB conflict";
	default:
		snprintf(text, sizeof(text), "status %#x", status);
		return text;
	}
}

void fault_describe(struct fault fault, char *text, size_t size)
{
	u32 vector = fault.kind - 1;
	size_t used;

	if (!fault.kind) {
		snprintf(text, size, "no fault");
		return;
	}
	if (vector < VECTORS && vector_names[vector])
		used = (size_t)snprintf(text, size, "%s", vector_names[vector]);
	else
		used = (size_t)snprintf(text, size, "vector %#x", vector);
	if (used < size && (fault.fields & FAULT_CODE))
		used += (size_t)snprintf(text + used, size - used, " (%#llx", fault.code);
	if (used < size && (fault.fields & FAULT_CODE) &&
	    (vector == VECTOR_DATA_ABORT || vector == VECTOR_PREFETCH_ABORT))
		used += (size_t)snprintf(text + used, size - used, ": %s%s%s",
					 vector == VECTOR_PREFETCH_ABORT ? ""
					 : fault.code & ABORT_WRITE	 ? "write, "
									 : "read, ",
					 fault.code & ABORT_CM ? "cache maintenance, " : "",
					 status_name(fault.code & 0x3f));
	if (used < size && (fault.fields & FAULT_CODE))
		used += (size_t)snprintf(text + used, size - used, ")");
	if (used < size && (fault.fields & FAULT_ADDRESS))
		snprintf(text + used, size - used, " at %#llx", fault.address);
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
