/* SPDX-License-Identifier: MIT */
#include <sys/cpu.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/trap.h>

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
	trap_note(&frame);
	fault_dispatch(&frame, trap_fault(&frame));
	/* Guarded code or not: there is no way back into a task that double-faulted. */
	fault_unexpected(&frame, trap_fault(&frame));
}
