/* SPDX-License-Identifier: MIT */
/*
 * Hardware tasks, i386 only (SDM vol. 3A, chapter 7). A test task notes what it finds in all
 * registers and goes back to the task of the case, whose TSS is SEL_TSS.
 */
#ifndef ASSAY_MODE_TASK_H
#define ASSAY_MODE_TASK_H

#include <arch/fault.h>
#include <types.h>
#include <x86/desc.h>

/* Descriptors of test tasks: spare entries of the GDT. */
enum { TASK_A, TASK_B, TASK_HANDLER, TASKS = TASK_HANDLER + 4 };

#define TASK_GATE_INDEX 8 /* spare entries from here on are the cases' */

/* What the task found; task_32.S knows the layout. */
struct task_seen {
	u32 eax, ecx, edx, ebx, esp, ebp, esi, edi, eflags;
	u32 es, cs, ss, ds, fs, gs;
	u32 tr, ldtr, cr0, cr3, dr7;
	u32 top;   /* the doubleword at its stack pointer: an error code, if one was pushed */
	u32 probe; /* *task_probe */
	u32 count; /* how often a task has come here */
};

extern struct task_seen task_seen;
extern const u32 *task_probe;

/* How tasks leave: by IRET, or by JMP to SEL_TSS. */
extern u32 task_leaves_by_jump;

/* What to add to the EIP in the TSS of the case before leaving: to skip an instruction. */
extern u32 task_skip;

/* The instruction after the noting, where a task is resumed that has left. */
extern const u8 task_entry[], task_entry_16[], task_caller[], task_user[], task_resumed[],
	task_resumed_after_jump[];

/* The far pointer that the code of a case jumps or calls through, and that of task_caller. */
extern struct far_pointer task_pointer, task_next_pointer;

u16 task_selector(u32 task);
struct tss *task_tss(u32 task);
u64 *task_descriptor(u32 task);

/* Makes the TSSs and descriptors again; TASK_A and TASK_B have a distinct value in each register. */
void task_init(void);

/* JMP or CALL through task_pointer, with all registers as in execute(). */
const void *task_jmp(void);
const void *task_call(void);

static inline u32 descriptor_type(u64 descriptor)
{
	return descriptor >> 40 & 0xf;
}

/* The code of a case: task_jmp() or the like to this selector with other registers 0. */
struct fault task_try(const void *code, u16 selector);

#endif
