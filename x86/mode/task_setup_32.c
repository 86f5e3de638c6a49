/* SPDX-License-Identifier: MIT */
#include "task.h"

#include <mm/page.h>
#include <x86/cr.h>
#include <x86/execute.h>

extern u32 *task_case_eip;

static struct tss *tasks[TASKS];

u16 task_selector(u32 task)
{
	return (u16)(SEL_SPARE + task * 8);
}

struct tss *task_tss(u32 task)
{
	return tasks[task];
}

u64 *task_descriptor(u32 task)
{
	return &gdt_entries()[task_selector(task) / 8];
}

static void make_task(u32 task)
{
	u8 *page = page_alloc();
	struct tss *tss = tasks[task] = (struct tss *)page;
	u32 mark = (task + 1) << 24;

	*tss = (struct tss){
		.ring = { { .esp = (ulong)page + PAGE_SIZE, .ss = SEL_KERNEL_DATA } },
		.cr3 = read_cr3(),
		.eip = (ulong)task_entry,
		.eflags = FLAG_1,
		.eax = mark | 0xa10001,
		.ecx = mark | 0xa20002,
		.edx = mark | 0xa30003,
		.ebx = mark | 0xa40004,
		.esp = (ulong)page + PAGE_SIZE - 64,
		.ebp = mark | 0xa50005,
		.esi = mark | 0xa60006,
		.edi = mark | 0xa70007,
		.es = SEL_KERNEL_DATA,
		.cs = SEL_KERNEL_CODE,
		.ss = SEL_KERNEL_DATA,
		.ds = SEL_KERNEL_DATA,
		.io_map_base = sizeof(*tss),
	};
	*task_descriptor(task) = DESC_BASE((ulong)tss) | DESC_LIMIT(sizeof(*tss) - 1) | DESC_P |
				 DESC_TYPE(DESC_TSS_AVAILABLE);
}

void task_init(void)
{
	for (u32 task = 0; task < TASKS; task++)
		make_task(task);
	task_seen = (struct task_seen){ 0 };
	task_probe = &task_seen.count;
	task_leaves_by_jump = task_skip = 0;
	tss_of_this_cpu()->cr3 = read_cr3();
	task_case_eip = (u32 *)((u8 *)tss_of_this_cpu() + offsetof(struct tss, eip));
}

const void *task_jmp(void)
{
	return CODE("ljmp *task_pointer");
}

const void *task_call(void)
{
	return CODE("lcall *task_pointer");
}

struct fault task_try(const void *code, u16 selector)
{
	struct registers r = { .flags = FLAG_1 };

	struct fault fault;

	task_pointer.selector = selector;
	fault = execute_try(code, &r);
	write_cr0(read_cr0() & ~CR0_TS);
	return fault;
}
