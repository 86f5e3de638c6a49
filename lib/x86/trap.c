/* SPDX-License-Identifier: MIT */
/* Exceptions and interrupts, from the stubs of entry_*.S to whoever wants them. */
#include <arch/fault.h>

#include <arch/user.h>
#include <harness/ktap.h>
#include <harness/run.h>
#include <mm/page.h>
#include <stdio.h>
#include <string.h>
#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/boot.h>
#include <x86/cr.h>

#define BACKTRACE_DEPTH 16

static const char *const vector_names[32] = {
	[VEC_DE] = "DE", [VEC_DB] = "DB", [VEC_NMI] = "NMI", [VEC_BP] = "BP", [VEC_OF] = "OF",
	[VEC_BR] = "BR", [VEC_UD] = "UD", [VEC_NM] = "NM",   [VEC_DF] = "DF", [VEC_TS] = "TS",
	[VEC_NP] = "NP", [VEC_SS] = "SS", [VEC_GP] = "GP",   [VEC_PF] = "PF", [VEC_MF] = "MF",
	[VEC_AC] = "AC", [VEC_MC] = "MC", [VEC_XM] = "XM",   [VEC_VE] = "VE", [VEC_CP] = "CP",
};

static void (*handlers[256])(struct trap_frame *frame);
static struct trap_frame last_frames[MAX_CPUS];
static bool drops_interrupts[MAX_CPUS];

void enter_user_asm(void (*fn)(void *arg), void *arg, void *stack, ulong *tss_sp0) __noreturn;
void restart_asm(void *stack, void (*fn)(void)) __noreturn;
void trap_handle(struct trap_frame *frame);

void trap_set_handler(u32 vector, void (*handler)(struct trap_frame *frame))
{
	handlers[vector] = handler;
}

void trap_clear_handlers(void)
{
	memset(handlers, 0, sizeof(handlers));
}

void trap_drop_interrupts(bool on)
{
	drops_interrupts[this_cpu()->number] = on;
}

const struct trap_frame *trap_last_frame(void)
{
	return &last_frames[this_cpu()->number];
}

/* True for the exceptions that push an error code: SDM vol. 3A, table 6-1. */
static bool has_error_code(u32 vector)
{
	switch (vector) {
	case VEC_DF:
	case VEC_TS:
	case VEC_NP:
	case VEC_SS:
	case VEC_GP:
	case VEC_PF:
	case VEC_AC:
	case VEC_CP:
		return true;
	default:
		return false;
	}
}

static struct fault fault_of_frame(const struct trap_frame *frame)
{
	u32 vector = (u32)frame->vector;
	struct fault fault = { .kind = vector + 1 };

	if (has_error_code(vector)) {
		fault.fields |= FAULT_CODE;
		fault.code = frame->error;
	}
	if (vector == VEC_PF) {
		fault.fields |= FAULT_ADDRESS;
		fault.address = read_cr2();
	}
	return fault;
}

void trap_handle(struct trap_frame *frame)
{
	struct fault fault = fault_of_frame(frame);
	u32 vector = (u32)frame->vector;
	struct trap_frame *last = &last_frames[this_cpu()->number];

	if (drops_interrupts[this_cpu()->number] && apic_vector_bit(APIC_ISR, vector)) {
		apic_eoi();
		return;
	}
	if (handlers[vector]) {
		handlers[vector](frame);
		return;
	}
	if (vector == VEC_KICK) {
		apic_eoi();
		return;
	}
	if (vector == VEC_SPURIOUS)
		return;
	if (vector == VEC_USER_RETURN && (frame->cs & 3) == 3)
		fault_user_returned();

	*last = *frame;
	last->sp = trap_frame_sp(frame);
	last->ss = trap_frame_ss(frame);
	fault_dispatch(frame, fault);
}

void arch_enter_user(void (*fn)(void *arg), void *arg)
{
	struct cpu *cpu = this_cpu();
#ifdef __x86_64__
	enter_user_asm(fn, arg, cpu->arch.user_stack_top,
		       (ulong *)((u8 *)&cpu->arch.tss + offsetof(struct tss, rsp)));
#else
	enter_user_asm(fn, arg, cpu->arch.user_stack_top,
		       (ulong *)((u8 *)&cpu->arch.tss + offsetof(struct tss, ring)));
#endif
}

void arch_restart_on_own_stack(void (*fn)(void))
{
	restart_asm(this_cpu()->arch.stack_top, fn);
}

#ifdef __i386__
ulong trap_code_base(const struct trap_frame *frame)
{
	u64 descriptor;

	/* The library makes no LDT, and virtual-8086 mode has no descriptors. */
	if ((frame->flags & FLAG_VM) || (frame->cs & 4) || (frame->cs & 0xfff8) / 8 >= GDT_ENTRIES)
		return 0;
	descriptor = gdt_entries()[(frame->cs & 0xfff8) / 8];
	return (ulong)(((descriptor >> 16) & 0xffffff) | (descriptor >> 32 & 0xff000000));
}

void double_fault_task_handle(void);

/*
 * The double-fault gate of i386 is a task gate, so that it works with a broken stack. Goes back to
 * the interrupted task in all but its registers, which are in its TSS.
 */
void double_fault_task_handle(void)
{
	struct cpu *cpu = this_cpu();
	const struct tss *tss = &cpu->arch.tss;
	struct trap_frame frame = {
		.gs = tss->gs,
		.fs = tss->fs,
		.es = tss->es,
		.ds = tss->ds,
		.di = tss->edi,
		.si = tss->esi,
		.bp = tss->ebp,
		.bx = tss->ebx,
		.dx = tss->edx,
		.cx = tss->ecx,
		.ax = tss->eax,
		.vector = VEC_DF,
		.ip = tss->eip,
		.cs = tss->cs,
		.flags = tss->eflags,
		.sp = tss->esp,
		.ss = tss->ss,
	};

	write_flags(read_flags() & ~FLAG_NT);
	desc_init();
	write_cr0(read_cr0() & ~CR0_TS);
	last_frames[cpu->number] = frame;
	fault_dispatch(&frame, fault_of_frame(&frame));
	/* Guarded code or not: there is no way back into a task that double-faulted. */
	run_unexpected_fault(&frame, fault_of_frame(&frame));
}
#endif

/* --------------------------------------------------------------------------------- describing */

void fault_describe(struct fault fault, char *text, size_t size)
{
	u32 vector = fault.kind - 1;
	size_t used;

	if (!fault.kind) {
		snprintf(text, size, "no fault");
		return;
	}
	if (vector < ARRAY_SIZE(vector_names) && vector_names[vector])
		used = (size_t)snprintf(text, size, "#%s", vector_names[vector]);
	else
		used = (size_t)snprintf(text, size, "vector %#x", vector);
	if (used < size && (fault.fields & FAULT_CODE))
		used += (size_t)snprintf(text + used, size - used, "(%#llx)", fault.code);
	if (used < size && vector == VEC_PF && (fault.fields & FAULT_CODE))
		used += (size_t)snprintf(text + used, size - used, " [%s %s %s%s%s%s]",
					 fault.code & PF_U ? "user" : "supervisor",
					 fault.code & PF_I   ? "fetch"
					 : fault.code & PF_W ? "write"
							     : "read",
					 fault.code & PF_P ? "present" : "not present",
					 fault.code & PF_RSVD ? " reserved-bit" : "",
					 fault.code & PF_PK ? " protection-key" : "",
					 fault.code & PF_SS ? " shadow-stack" : "");
	if (used < size && (fault.fields & FAULT_ADDRESS))
		snprintf(text + used, size - used, " at %#llx", fault.address);
}

/* Reads a word that may be anywhere; false if it cannot be read. */
static bool load_try(const ulong *at, ulong *value)
{
	fault_clear();
	__asm__ volatile(GUARDED("mov %1, %0") : "=r"(*value) : "m"(*at));
	return !fault_taken().kind;
}

/* Return addresses along the chain of frame pointers, as far as it leads through memory. */
static void print_backtrace(ulong ip, const ulong *frame)
{
	char text[BACKTRACE_DEPTH * 20 + 1];
	size_t used = (size_t)snprintf(text, sizeof(text), " %#lx", (unsigned long)ip);

	for (u32 depth = 1; depth < BACKTRACE_DEPTH; depth++) {
		ulong outer, caller;

		if (!IS_ALIGNED((ulong)frame, sizeof(ulong)) || !page_is_memory((ulong)frame) ||
		    !load_try(frame, &outer) || !load_try(frame + 1, &caller) ||
		    caller < (ulong)image_start || caller >= (ulong)image_end)
			break;
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %#lx",
					 (unsigned long)caller);
		frame = (const ulong *)outer;
	}
	ktap_note("backtrace%s", text);
}

void trap_frame_print(const struct trap_frame *f)
{
#ifdef __x86_64__
#define REGISTER "%016lx"
#else
#define REGISTER "%08lx"
#endif
	ktap_note("ip " REGISTER " cs %04lx flags " REGISTER " sp " REGISTER " ss %04lx", f->ip,
		  f->cs, f->flags, trap_frame_sp(f), trap_frame_ss(f));
	ktap_note("ax " REGISTER " bx " REGISTER " cx " REGISTER " dx " REGISTER, f->ax, f->bx,
		  f->cx, f->dx);
	ktap_note("si " REGISTER " di " REGISTER " bp " REGISTER, f->si, f->di, f->bp);
#ifdef __x86_64__
	ktap_note("r8 " REGISTER " r9 " REGISTER " r10 " REGISTER " r11 " REGISTER, f->r8, f->r9,
		  f->r10, f->r11);
	ktap_note("r12 " REGISTER " r13 " REGISTER " r14 " REGISTER " r15 " REGISTER, f->r12,
		  f->r13, f->r14, f->r15);
#endif
	ktap_note("cr0 %lx cr2 %lx cr3 %lx cr4 %lx", read_cr0(), read_cr2(), read_cr3(),
		  read_cr4());
	print_backtrace(f->ip, (const ulong *)f->bp);
}
