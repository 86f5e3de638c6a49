/* SPDX-License-Identifier: MIT */
/*
 * Task switches that must work: what is saved, what is loaded, and what else changes. SDM vol. 3A, 7.3:
 * the state is saved in the TSS of the old task and loaded from that of the new one; table 7-2: busy
 * flags, NT and links.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <x86/cr.h>
#include <x86/execute.h>

#include "task.h"

SUITE("Hardware task switches");

#define LOADED_FLAGS 0x00244cd7u /* ID, AC, NT, OF DF, all status flags: IOPL 0, IF and TF clear */

static const struct registers start = {
	.ax = 0x1a2b3c4d,
	.cx = 0x2b3c4d5e,
	.dx = 0x3c4d5e6f,
	.bx = 0x4d5e6f70,
	.bp = 0x5e6f7081,
	.si = 0x6f708192,
	.di = 0x708192a3,
	.flags = FLAG_1 | FLAG_CF | FLAG_SF | FLAG_AC,
};

enum how { BY_JMP, BY_CALL, BY_GATE_JMP, BY_GATE_CALL, BY_INT, HOWS };

static const char *const how_names[HOWS] = { "jmp", "call", "gate-jmp", "gate-call", "int" };

#define INT_VECTOR 0x51

static bool nests(enum how how)
{
	return how == BY_CALL || how == BY_GATE_CALL || how == BY_INT;
}

static u64 task_gate(u16 selector, u32 dpl)
{
	return (u64)selector << 16 | DESC_P | DESC_DPL(dpl) | DESC_TYPE(DESC_TASK_GATE);
}

static void set_int_gate(u32 vector, u16 selector)
{
	idt[vector] = (struct idt_gate){ .selector = selector, .type = 0x80 | DESC_TASK_GATE };
}

static ulong cr0_after;

/*
 * Switches to TASK_A; afterwards *r is what the case's task has on its return, and cr0_after what CR0
 * was. AC and TS are cleared then.
 */
static struct fault switch_to(enum how how, struct registers *r)
{
	struct fault fault;
	const void *code;

	task_pointer = (struct far_pointer){ 0xdeadbeef, task_selector(TASK_A) };
	if (how == BY_GATE_JMP || how == BY_GATE_CALL)
		task_pointer.selector = gdt_set_spare(TASK_GATE_INDEX,
						      task_gate(task_selector(TASK_A), 0));
	if (how == BY_INT) {
		set_int_gate(INT_VECTOR, task_selector(TASK_A));
		code = CODE("int $0x51");
	} else {
		code = how == BY_JMP || how == BY_GATE_JMP ? task_jmp() : task_call();
	}
	task_leaves_by_jump = !nests(how);
	fault = execute_try(code, r);
	cr0_after = read_cr0();
	write_flags(FLAG_1);
	write_cr0(cr0_after & ~CR0_TS);
	return fault;
}

#define FOR_EACH_HOW(how)                              \
	for (enum how how = BY_JMP; how < HOWS; how++) \
		if (SUBTEST("%s", how_names[how]), task_init(), true)

TEST(task_loads_registers,
     "every register of the new task comes from its TSS, by every way into it",
     SPEC("SDM vol. 3A, 7.3, step 12"))
{
	FOR_EACH_HOW(how)
	{
		struct tss *a = task_tss(TASK_A);
		const struct task_seen *seen = &task_seen;
		struct registers r = start;
		u16 fs = gdt_set_spare(TASK_GATE_INDEX + 1, DESC_FLAT | DESC_DB);
		u16 gs = gdt_set_spare(TASK_GATE_INDEX + 2, DESC_FLAT | DESC_DB | DESC_DPL(3));
		u16 ds = gdt_set_spare(TASK_GATE_INDEX + 3, DESC_FLAT | DESC_DB);
		u16 es = gdt_set_spare(TASK_GATE_INDEX + 4, DESC_FLAT | DESC_DB);

		a->fs = fs;
		a->gs = gs | 3;
		a->ds = ds;
		a->es = es;
		a->eflags = LOADED_FLAGS & ~(FLAG_NT | FLAG_DF);
		EXPECT_NO_FAULT(switch_to(how, &r));
		EXPECT_EQ(seen->count, 1);
		EXPECT_EQ(seen->eax, 0x01a10001);
		EXPECT_EQ(seen->ecx, 0x01a20002);
		EXPECT_EQ(seen->edx, 0x01a30003);
		EXPECT_EQ(seen->ebx, 0x01a40004);
		EXPECT_EQ(seen->ebp, 0x01a50005);
		EXPECT_EQ(seen->esi, 0x01a60006);
		EXPECT_EQ(seen->edi, 0x01a70007);
		EXPECT_EQ(seen->esp, (ulong)a + PAGE_SIZE - 64);
		EXPECT_EQ(seen->eflags,
			  (LOADED_FLAGS & ~(FLAG_NT | FLAG_DF)) | (nests(how) ? FLAG_NT : 0));
		EXPECT_EQ(seen->cs & 0xffff, SEL_KERNEL_CODE);
		EXPECT_EQ(seen->ss & 0xffff, SEL_KERNEL_DATA);
		EXPECT_EQ(seen->ds & 0xffff, ds);
		EXPECT_EQ(seen->es & 0xffff, es);
		EXPECT_EQ(seen->fs & 0xffff, fs);
		EXPECT_EQ(seen->gs & 0xffff, gs | 3);
		EXPECT_EQ(seen->tr, task_selector(TASK_A));
		EXPECT_EQ(seen->ldtr, 0);
		EXPECT_EQ(seen->cr3, read_cr3());
	}
}

TEST(task_saves_registers, "the old task's registers are saved in its TSS and come back from it",
     SPEC("SDM vol. 3A, 7.3, step 8"))
{
	FOR_EACH_HOW(how)
	{
		struct tss *own = tss_of_this_cpu();
		struct registers r = start;

		EXPECT_NO_FAULT(switch_to(how, &r));
		EXPECT_EQ(own->eax, start.ax);
		EXPECT_EQ(own->ecx, start.cx);
		EXPECT_EQ(own->edx, start.dx);
		EXPECT_EQ(own->ebx, start.bx);
		EXPECT_EQ(own->ebp, start.bp);
		EXPECT_EQ(own->esi, start.si);
		EXPECT_EQ(own->edi, start.di);
		EXPECT_EQ(own->eflags & ~FLAG_RF, start.flags);
		EXPECT_EQ(own->cs & 0xffff, SEL_KERNEL_CODE);
		EXPECT_EQ(own->ss & 0xffff, SEL_KERNEL_DATA);
		EXPECT_EQ(own->ds & 0xffff, SEL_KERNEL_DATA);
		EXPECT_EQ(own->es & 0xffff, SEL_KERNEL_DATA);
		EXPECT_EQ(own->fs & 0xffff, 0);
		EXPECT_EQ(own->gs & 0xffff, 0);
		for (u32 i = 0; i < ARRAY_SIZE(r.general); i++)
			EXPECT_EQ(r.general[i], start.general[i]);
		EXPECT_EQ(r.flags, start.flags);
	}
}

TEST(task_keeps_static_fields,
     "a switch writes neither the static fields of a TSS nor what is after it",
     SPEC("SDM vol. 3A, 7.2.1"))
{
	FOR_EACH_HOW(how)
	{
		struct tss *own = tss_of_this_cpu();
		struct tss before = *own, a_before;
		struct registers r = start;
		u8 *behind = (u8 *)(task_tss(TASK_A) + 1);

		task_tss(TASK_A)->link = 0x1234;
		a_before = *task_tss(TASK_A);
		*behind = 0x5a;
		EXPECT_NO_FAULT(switch_to(how, &r));
		EXPECT_EQ(own->link, before.link);
		EXPECT_MEM_EQ(own->ring, before.ring, sizeof(before.ring));
		EXPECT_EQ(own->cr3, before.cr3);
		EXPECT_EQ(own->ldt, before.ldt);
		EXPECT_EQ(own->trap, before.trap);
		EXPECT_EQ(own->io_map_base, before.io_map_base);
		EXPECT_MEM_EQ(task_tss(TASK_A)->ring, a_before.ring, sizeof(before.ring));
		EXPECT_EQ(task_tss(TASK_A)->cr3, a_before.cr3);
		EXPECT_EQ(task_tss(TASK_A)->ldt, a_before.ldt);
		EXPECT_EQ(task_tss(TASK_A)->io_map_base, a_before.io_map_base);
		EXPECT_EQ(*behind, 0x5a);
	}
}

TEST(task_links, "CALL, INT and task gates set NT and the link; JMP does neither",
     SPEC("SDM vol. 3A, 7.4, table 7-2"))
{
	FOR_EACH_HOW(how)
	{
		struct registers r = start;

		task_tss(TASK_A)->link = 0x12340000 | 0x5678;
		EXPECT_NO_FAULT(switch_to(how, &r));
		EXPECT_EQ(task_tss(TASK_A)->link & 0xffff, nests(how) ? SEL_TSS : 0x5678u);
		EXPECT_EQ(task_seen.eflags & FLAG_NT, nests(how) ? FLAG_NT : 0);
		EXPECT_EQ(task_tss(TASK_A)->eflags & FLAG_NT, 0,
			  "in the TSS of the task that left");
		EXPECT_EQ(r.flags & FLAG_NT, 0);
		EXPECT_EQ(task_tss(TASK_A)->eip,
			  (ulong)(nests(how) ? task_resumed : task_resumed_after_jump));
	}
}

/* What the test task finds in the GDT: `task_probe` leads there. */
TEST(task_busy_flags, "the new task is busy; the old one stays so if it is returned to, else not",
     SPEC("SDM vol. 3A, 7.2.2; 7.4, table 7-2"))
{
	FOR_EACH_HOW(how)
	{
		struct registers r = start;

		task_probe = (u32 *)&gdt_entries()[SEL_TSS / 8] + 1;
		EXPECT_NO_FAULT(switch_to(how, &r));
		EXPECT_EQ(task_seen.probe >> 8 & 0xf,
			  nests(how) ? DESC_TSS_BUSY : DESC_TSS_AVAILABLE, "the old task");
		EXPECT_EQ(descriptor_type(*task_descriptor(TASK_A)), DESC_TSS_AVAILABLE);
		EXPECT_EQ(descriptor_type(gdt_entries()[SEL_TSS / 8]), DESC_TSS_BUSY);

		task_init();
		task_probe = (u32 *)task_descriptor(TASK_A) + 1;
		EXPECT_NO_FAULT(switch_to(how, &r));
		EXPECT_EQ(task_seen.probe >> 8 & 0xf, DESC_TSS_BUSY, "the new task");
	}
}

TEST(task_sets_ts, "a switch sets CR0.TS and changes nothing else of CR0; x87 then raises #NM",
     SPEC("SDM vol. 3A, 7.3, step 13; 2.5, TS"))
{
	FOR_EACH_HOW(how)
	{
		struct registers r = start;
		ulong cr0 = read_cr0();

		EXPECT_NO_FAULT(switch_to(how, &r));
		EXPECT_EQ(task_seen.cr0, cr0 | CR0_TS);
		EXPECT_EQ(cr0_after, cr0 | CR0_TS);
		write_cr0(cr0_after);
		EXPECT_FAULT(NM, execute_try(CODE("fnop"), &r));
		write_cr0(cr0);
		EXPECT_NO_FAULT(execute_try(CODE("fnop"), &r));
	}
}

TEST(task_loads_cr3, "CR3 is loaded from the new TSS, and the TLB follows",
     SPEC("SDM vol. 3A, 7.3, step 12; 7.5"))
{
	FOR_EACH_HOW(how)
	{
		struct space *space = space_create();
		u32 *there = page_alloc(), *here = page_alloc();
		struct registers r = start;

		*there = 0x7e8e;
		*here = 0x4e8e;
		space_map(space, (ulong)here, (phys_t)(ulong)there, PAGE_SIZE, PROT_ALL);
		task_probe = here;
		task_tss(TASK_A)->cr3 = (ulong)space->root;
		EXPECT_EQ(READ_ONCE(*here), 0x4e8e);
		EXPECT_NO_FAULT(switch_to(how, &r));
		EXPECT_EQ(task_seen.cr3, (ulong)space->root);
		EXPECT_EQ(task_seen.probe, 0x7e8e);
		EXPECT_EQ(read_cr3(), tss_of_this_cpu()->cr3);
		EXPECT_EQ(READ_ONCE(*here), 0x4e8e);
	}
}

TEST(task_loads_ldt, "LDTR is loaded from the new TSS before the segments, which may be of the LDT",
     SPEC("SDM vol. 3A, 7.3, step 12; table 7-1"))
{
	FOR_EACH_HOW(how)
	{
		u64 *ldt = page_alloc();
		struct registers r = start;

		ldt[1] = DESC_FLAT | DESC_DB;
		ldt[2] = DESC_FLAT | DESC_DB | DESC_CODE;
		task_tss(TASK_A)->ldt = gdt_set_spare(TASK_GATE_INDEX + 1,
						      DESC_BASE((ulong)ldt) | DESC_LIMIT(23) |
							      DESC_P | DESC_TYPE(DESC_LDT));
		task_tss(TASK_A)->es = 8 | 4;
		task_tss(TASK_A)->fs = 8 | 4 | 3;
		task_tss(TASK_A)->fs = 8 | 4;
		task_tss(TASK_A)->cs = 16 | 4;
		EXPECT_NO_FAULT(switch_to(how, &r));
		EXPECT_EQ(task_seen.ldtr, task_tss(TASK_A)->ldt);
		EXPECT_EQ(task_seen.es & 0xffff, 8 | 4);
		EXPECT_EQ(task_seen.cs & 0xffff, 16 | 4);
		EXPECT_EQ(task_tss(TASK_A)->ldt, task_seen.ldtr);
	}
}

TEST(task_clears_local_breakpoints, "a switch clears L0 to L3 of DR7 and keeps the rest",
     SPEC("SDM vol. 3B, 17.2.4"))
{
	FOR_EACH_HOW(how)
	{
		struct registers r = start;

		write_dr0((ulong)&task_probe);
		write_dr7(DR7_RESET | 0x200 | 0x55 | 0x88);
		EXPECT_NO_FAULT(switch_to(how, &r));
		EXPECT_EQ(task_seen.dr7, DR7_RESET | 0x200 | 0x88);
		write_dr7(DR7_RESET);
	}
}

TEST(task_of_exception, "an exception through a task gate pushes its error code on the new stack",
     SPEC("SDM vol. 3A, 6.12.2; 7.3, step 14"))
{
	static const struct {
		const char *name;
		u32 vector;
		u32 error, length;
		bool coded;
	} rows[] = {
		{ "ud", VEC_UD, 0, 2, false },
		{ "gp", VEC_GP, SEL_USER_CS64 + 0x100, 2, true },
		{ "np", VEC_NP, SEL_SPARE + 8 * TASK_GATE_INDEX, 2, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = start;
		const void *code = rows[i].coded ? CODE("mov %%eax, %%es; nop") : CODE("ud2; nop");
		u32 stack;

		SUBTEST("%s", rows[i].name);
		task_init();
		gdt_set_spare(TASK_GATE_INDEX, (DESC_FLAT | DESC_DB) & ~DESC_P);
		set_int_gate(rows[i].vector, task_selector(TASK_A));
		stack = task_tss(TASK_A)->esp;
		*(u32 *)(ulong)stack = 0x5a5a5a5a;
		r.ax = rows[i].error;
		task_skip = rows[i].length;
		task_leaves_by_jump = false;
		/* IRET of a task does not drop the error code: the stack is only looked at. */
		EXPECT_NO_FAULT(execute_try(code, &r));
		EXPECT_EQ(task_seen.count, 1);
		EXPECT_EQ(task_seen.esp, rows[i].coded ? stack - 4 : stack);
		EXPECT_EQ(task_seen.top, rows[i].coded ? rows[i].error & ~3u : 0x5a5a5a5a);
		EXPECT_EQ(task_seen.eflags & FLAG_NT, FLAG_NT);
		EXPECT_EQ(tss_of_this_cpu()->eip, (ulong)code + rows[i].length);
		EXPECT_EQ(task_tss(TASK_A)->link & 0xffff, SEL_TSS);
		EXPECT_EQ(r.cx, start.cx);
		write_flags(FLAG_1);
		write_cr0(read_cr0() & ~CR0_TS);
	}
}

TEST(task_nests, "tasks that are called nest: two links, two busy tasks, two returns",
     SPEC("SDM vol. 3A, 7.4, figure 7-8"))
{
	struct registers r = start;

	task_init();
	task_pointer.selector = task_selector(TASK_A);
	task_next_pointer.selector = task_selector(TASK_B);
	task_tss(TASK_A)->eip = (ulong)task_caller;
	task_probe = (u32 *)task_descriptor(TASK_A) + 1;
	EXPECT_NO_FAULT(execute_try(task_call(), &r));
	EXPECT_EQ(task_seen.count, 2);
	EXPECT_EQ(task_tss(TASK_A)->link & 0xffff, SEL_TSS);
	EXPECT_EQ(task_tss(TASK_B)->link & 0xffff, task_selector(TASK_A));
	EXPECT_EQ(task_seen.tr, task_selector(TASK_A));
	EXPECT_EQ(task_seen.eflags & FLAG_NT, FLAG_NT);
	EXPECT_EQ(task_seen.eax, 0x01a10001);
	EXPECT_EQ(task_seen.probe >> 8 & 0xf, DESC_TSS_BUSY);
	EXPECT_EQ(descriptor_type(*task_descriptor(TASK_A)), DESC_TSS_AVAILABLE);
	EXPECT_EQ(descriptor_type(*task_descriptor(TASK_B)), DESC_TSS_AVAILABLE);
	EXPECT_EQ(r.ax, start.ax);
	write_flags(FLAG_1);
	write_cr0(read_cr0() & ~CR0_TS);
}

TEST(task_is_resumed, "a task that is switched to again goes on where it left, with its registers",
     SPEC("SDM vol. 3A, 7.3"))
{
	struct registers r = start;

	task_init();
	task_leaves_by_jump = true;
	EXPECT_NO_FAULT(task_try(task_jmp(), task_selector(TASK_A)));
	task_seen.ebx = 0;
	task_pointer.selector = task_selector(TASK_A);
	EXPECT_NO_FAULT(execute_try(task_jmp(), &r));
	EXPECT_EQ(task_seen.count, 2);
	EXPECT_EQ(task_seen.ebx, 0x01a40004);
	EXPECT_EQ(r.ax, start.ax);
	write_flags(FLAG_1);
	write_cr0(read_cr0() & ~CR0_TS);
}
