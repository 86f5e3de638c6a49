/* SPDX-License-Identifier: MIT */
/*
 * Task switches that are refused, in the old task or in the new one: SDM vol. 3A, table 7-1, says which
 * check fails with what, in which task.
 */
#include <test.h>

#include <mm/page.h>
#include <x86/cr.h>
#include <x86/execute.h>
#include <x86/raw_gate.h>

#include "task.h"

SUITE("Faults of hardware task switches");

#define GATE_VECTOR 0x51

static u16 read_tr(void)
{
	u16 tr;

	__asm__ volatile("str %0" : "=r"(tr));
	return tr;
}

/* Nothing must have happened: TR, the busy flags, CR0.TS, NT. */
static void expect_no_switch(u64 descriptor)
{
	EXPECT_EQ(read_tr(), SEL_TSS);
	EXPECT_EQ(task_seen.count, 0);
	EXPECT_EQ(*task_descriptor(TASK_A), descriptor);
	EXPECT_EQ(descriptor_type(gdt_entries()[SEL_TSS / 8]), DESC_TSS_BUSY);
	EXPECT_EQ(read_cr0() & CR0_TS, 0);
	EXPECT_EQ(read_flags() & FLAG_NT, 0);
}

#define BAD_TSS_SELECTOR 0x50 /* TASK_A: the first spare entry */

static const struct {
	const char *name;
	u64 clear, set; /* in the descriptor of TASK_A */
	u32 vector;
} bad_descriptors[] = {
	{ "not-present", DESC_P, 0, VEC_NP },
	{ "busy", 0, DESC_TYPE(2), VEC_GP },
	{ "limit-0x66", DESC_LIMIT(0xffff), DESC_LIMIT(0x66), VEC_TS },
	{ "limit-0", DESC_LIMIT(0xffff), 0, VEC_TS },
	{ "16-bit-limit-0x2a", DESC_TYPE(8) | DESC_LIMIT(0xffff), DESC_LIMIT(0x2a), VEC_TS },
	{ "16-bit-busy", DESC_TYPE(8), DESC_TYPE(2), VEC_GP },
	{ "busy-not-present", DESC_P, DESC_TYPE(2), VEC_GP },
	{ "not-present-limit", DESC_P | DESC_LIMIT(0xffff), 0, VEC_NP },
};

static struct fault coded(u32 vector, u32 error)
{
	return FAULT_CODED_(vector, error);
}

TEST(bad_tss_by_selector,
     "a TSS that is busy is #GP, not present #NP, too small #TS, in the old task",
     SPEC("SDM vol. 3A, table 7-1; vol. 2A, JMP, CALL"))
{
	for (u32 i = 0; i < ARRAY_SIZE(bad_descriptors); i++) {
		for (u32 call = 0; call < 2; call++) {
			u64 descriptor;

			SUBTEST("%s-%s", bad_descriptors[i].name, call ? "call" : "jmp");
			task_init();
			*task_descriptor(TASK_A) &= ~bad_descriptors[i].clear;
			descriptor = *task_descriptor(TASK_A) |= bad_descriptors[i].set;
			EXPECT_FAULT(
				coded(bad_descriptors[i].vector, BAD_TSS_SELECTOR),
				task_try(call ? task_call() : task_jmp(), task_selector(TASK_A)));
			expect_no_switch(descriptor);
		}
	}
}

TEST(bad_tss_by_gate, "the same through a task gate; the error code is that of the TSS",
     SPEC("SDM vol. 2A, JMP, CALL: TASK-GATE"))
{
	for (u32 i = 0; i < ARRAY_SIZE(bad_descriptors); i++) {
		u64 descriptor;
		u16 gate;

		SUBTEST("%s", bad_descriptors[i].name);
		task_init();
		*task_descriptor(TASK_A) &= ~bad_descriptors[i].clear;
		descriptor = *task_descriptor(TASK_A) |= bad_descriptors[i].set;
		gate = gdt_set_spare(TASK_GATE_INDEX, (u64)BAD_TSS_SELECTOR << 16 | DESC_P |
							      DESC_TYPE(DESC_TASK_GATE));
		EXPECT_FAULT(coded(bad_descriptors[i].vector, BAD_TSS_SELECTOR),
			     task_try(task_jmp(), gate));
		expect_no_switch(descriptor);
		EXPECT_FAULT(coded(bad_descriptors[i].vector, BAD_TSS_SELECTOR),
			     task_try(task_call(), gate));
		expect_no_switch(descriptor);
	}
}

TEST(bad_tss_by_interrupt, "the same through a task gate of the IDT",
     SPEC("SDM vol. 2A, INT n: TASK-GATE"))
{
	for (u32 i = 0; i < ARRAY_SIZE(bad_descriptors); i++) {
		struct registers r = { .flags = FLAG_1 };
		u64 descriptor;

		SUBTEST("%s", bad_descriptors[i].name);
		task_init();
		*task_descriptor(TASK_A) &= ~bad_descriptors[i].clear;
		descriptor = *task_descriptor(TASK_A) |= bad_descriptors[i].set;
		idt[GATE_VECTOR] = (struct idt_gate){ .selector = BAD_TSS_SELECTOR,
						      .type = 0x80 | DESC_TASK_GATE };
		EXPECT_FAULT(coded(bad_descriptors[i].vector, BAD_TSS_SELECTOR),
			     execute_try(CODE("int $0x51"), &r));
		expect_no_switch(descriptor);
	}
}

TEST(bad_task_gate,
     "a task gate that is absent is #NP(gate); one that names no TSS of the GDT is #GP",
     SPEC("SDM vol. 2A, JMP, CALL: TASK-GATE"))
{
	const u16 gate = (u16)(SEL_SPARE + TASK_GATE_INDEX * 8);
	static const struct {
		const char *name;
		u16 selector;
		bool absent;
		u32 vector, error;
	} rows[] = {
		{ "gate-not-present", SEL_SPARE, true, VEC_NP, SEL_SPARE + TASK_GATE_INDEX * 8 },
		{ "tss-null", 0, false, VEC_GP, 0 },
		{ "tss-in-ldt", SEL_SPARE | 4, false, VEC_GP, SEL_SPARE | 4 },
		{ "tss-beyond-limit", GDT_ENTRIES * 8, false, VEC_GP, GDT_ENTRIES * 8 },
		{ "tss-is-data", SEL_KERNEL_DATA, false, VEC_GP, SEL_KERNEL_DATA },
		{ "tss-is-code", SEL_KERNEL_CODE, false, VEC_GP, SEL_KERNEL_CODE },
		{ "tss-is-gate", SEL_SPARE + TASK_GATE_INDEX * 8, false, VEC_GP,
		  SEL_SPARE + TASK_GATE_INDEX * 8 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		task_init();
		gdt_set_spare(TASK_GATE_INDEX, (u64)rows[i].selector << 16 |
						       (rows[i].absent ? 0 : DESC_P) |
						       DESC_TYPE(DESC_TASK_GATE));
		EXPECT_FAULT(coded(rows[i].vector, rows[i].error), task_try(task_jmp(), gate));
		EXPECT_FAULT(coded(rows[i].vector, rows[i].error), task_try(task_call(), gate));
		expect_no_switch(*task_descriptor(TASK_A));
	}
}

static void user_jmp(void *unused)
{
	(void)unused;
	__asm__ volatile("ljmp *task_pointer" ::: "memory");
}

static void user_call(void *unused)
{
	(void)unused;
	__asm__ volatile("lcall *task_pointer" ::: "memory");
}

TEST(task_privilege, "the DPL of a TSS or of a task gate must not be below CPL and RPL",
     SPEC("SDM vol. 3A, 7.2.5, 7.3"))
{
	u16 gate;

	task_init();
	task_pointer.selector = task_selector(TASK_A);
	EXPECT_FAULT(GP(BAD_TSS_SELECTOR), run_user(user_jmp, NULL), "TSS, CPL 3");
	EXPECT_FAULT(GP(BAD_TSS_SELECTOR), run_user(user_call, NULL), "TSS, CPL 3");
	EXPECT_FAULT(GP(BAD_TSS_SELECTOR), task_try(task_jmp(), task_selector(TASK_A) | 1),
		     "TSS, RPL 1");
	gate = gdt_set_spare(TASK_GATE_INDEX, (u64)BAD_TSS_SELECTOR << 16 | DESC_P | DESC_DPL(2) |
						      DESC_TYPE(DESC_TASK_GATE));
	task_pointer.selector = gate;
	EXPECT_FAULT(GP(gate), run_user(user_jmp, NULL), "gate, CPL 3");
	EXPECT_FAULT(GP(gate), task_try(task_call(), gate | 3), "gate, RPL 3");
	expect_no_switch(*task_descriptor(TASK_A));
}

TEST(task_gate_opens_tss, "through a task gate the DPL of the TSS does not count",
     SPEC("SDM vol. 3A, 7.2.5"))
{
	task_init();
	*task_descriptor(TASK_A) &= ~DESC_DPL(3);
	task_pointer.selector = gdt_set_spare(TASK_GATE_INDEX, (u64)(BAD_TSS_SELECTOR | 3) << 16 |
								       DESC_P | DESC_DPL(3) |
								       DESC_TYPE(DESC_TASK_GATE));
	EXPECT_NO_FAULT(run_user(user_call, NULL));
	EXPECT_EQ(task_seen.count, 1);
	EXPECT_EQ(tss_of_this_cpu()->cs & 0xffff, SEL_USER_CS32);
	EXPECT_EQ(tss_of_this_cpu()->ss & 0xffff, SEL_USER_DATA);
	write_cr0(read_cr0() & ~CR0_TS);
}

TEST(iret_bad_link, "IRET with NT wants a busy TSS of the GDT in the link: else #TS, or #NP",
     SPEC("SDM vol. 2A, IRET: TASK-RETURN; vol. 3A, table 7-1"))
{
	static const struct {
		const char *name;
		u16 link;
		u32 vector, error;
	} rows[] = {
		{ "null", 0, VEC_TS, 0 },
		{ "available", SEL_SPARE, VEC_TS, SEL_SPARE },
		{ "ldt", SEL_SPARE | 4, VEC_TS, SEL_SPARE | 4 },
		{ "beyond-limit", GDT_ENTRIES * 8, VEC_TS, GDT_ENTRIES * 8 },
		{ "data", SEL_KERNEL_DATA, VEC_TS, SEL_KERNEL_DATA },
		{ "busy-not-present", SEL_SPARE + 8, VEC_NP, SEL_SPARE + 8 },
		{ "busy-limit", SEL_SPARE + 16, VEC_TS, SEL_SPARE + 16 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct registers r = { .flags = FLAG_1 | FLAG_NT };

		SUBTEST("%s", rows[i].name);
		task_init();
		*task_descriptor(TASK_B) = (*task_descriptor(TASK_B) | DESC_TYPE(2)) & ~DESC_P;
		*task_descriptor(TASK_HANDLER) |= DESC_TYPE(2);
		*task_descriptor(TASK_HANDLER) &= ~DESC_LIMIT(0xffff);
		tss_of_this_cpu()->link = rows[i].link;
		EXPECT_FAULT(coded(rows[i].vector, rows[i].error), execute_try(CODE("iret"), &r));
		EXPECT_EQ(read_tr(), SEL_TSS);
		EXPECT_EQ(task_seen.count, 0);
		EXPECT_EQ(descriptor_type(*task_descriptor(TASK_A)), DESC_TSS_AVAILABLE);
		EXPECT_EQ(descriptor_type(gdt_entries()[SEL_TSS / 8]), DESC_TSS_BUSY);
		tss_of_this_cpu()->link = 0;
		write_flags(FLAG_1);
	}
}

/* --------------------------------------------------------------------------- in the new task */

enum field { LDT, CS, SS_, DS, ES, FS, GS, FIELDS };

static void set_field(struct tss *tss, enum field field, u16 selector)
{
	switch (field) {
	case LDT:
		tss->ldt = selector;
		break;
	case CS:
		tss->cs = selector;
		break;
	case SS_:
		tss->ss = selector;
		break;
	case DS:
		tss->ds = selector;
		break;
	case ES:
		tss->es = selector;
		break;
	case FS:
		tss->fs = selector;
		break;
	default:
		tss->gs = selector;
	}
}

/* Each in a task of its own, which has the vector in EDX. */
static const u32 handled[] = { VEC_TS, VEC_NP, VEC_SS, VEC_GP };

static void set_handlers(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(handled); i++) {
		task_tss(TASK_HANDLER + i)->edx = handled[i];
		idt[handled[i]] = (struct idt_gate){ .selector = task_selector(TASK_HANDLER + i),
						     .type = 0x80 | DESC_TASK_GATE };
	}
}

/* Switches to TASK_A, whose start must raise this; a handler's task sees it. */
static void expect_fault_in_new_task(u32 vector, u32 error)
{
	struct registers r = { .ax = 0x1234, .flags = FLAG_1 };
	struct tss *a = task_tss(TASK_A);
	struct tss before = *a;
	u32 handler = TASK_HANDLER;

	while (handled[handler - TASK_HANDLER] != vector)
		handler++;
	task_leaves_by_jump = true;
	task_pointer.selector = task_selector(TASK_A);
	EXPECT_NO_FAULT(execute_try(task_jmp(), &r));
	EXPECT_EQ(r.ax, 0x1234);
	EXPECT_EQ(task_seen.count, 1);
	EXPECT_EQ(task_seen.edx, vector);
	EXPECT_EQ(task_seen.top, error);
	EXPECT_EQ(task_seen.tr, task_selector(handler));
	EXPECT_EQ(task_tss(handler)->link & 0xffff, task_selector(TASK_A), "who faulted");
	EXPECT_EQ(descriptor_type(*task_descriptor(TASK_A)), DESC_TSS_BUSY);
	/* It had its registers, which were saved again. */
	EXPECT_EQ(a->eax, before.eax);
	EXPECT_EQ(a->edi, before.edi);
	EXPECT_EQ(a->esp, before.esp);
	write_cr0(read_cr0() & ~CR0_TS);
}

TEST(bad_segment_in_new_task, "a segment that the new task cannot load is a fault in the new task",
     SPEC("SDM vol. 3A, table 7-1; 6.15, Interrupts 10 to 12"))
{
	const u16 spare = SEL_SPARE + TASK_GATE_INDEX * 8;
	const u64 data = DESC_FLAT | DESC_DB, code = DESC_FLAT | DESC_DB | DESC_CODE;
	const struct {
		const char *name;
		enum field field;
		u16 selector;
		u64 descriptor;
		u32 vector, error;
	} rows[] = {
		{ "ldt-in-ldt", LDT, 0xc, 0, VEC_TS, 0xc },
		{ "ldt-beyond-limit", LDT, GDT_ENTRIES * 8, 0, VEC_TS, GDT_ENTRIES * 8 },
		{ "ldt-is-data", LDT, spare, data, VEC_TS, spare },
		{ "ldt-not-present", LDT, spare, DESC_TYPE(DESC_LDT) | DESC_LIMIT(7), VEC_TS,
		  spare },
		{ "cs-null", CS, 0, 0, VEC_TS, 0 },
		{ "cs-is-data", CS, spare, data, VEC_TS, spare },
		{ "cs-is-tss", CS, SEL_DF_TSS, 0, VEC_TS, SEL_DF_TSS },
		{ "cs-beyond-limit", CS, GDT_ENTRIES * 8, 0, VEC_TS, GDT_ENTRIES * 8 },
		{ "cs-not-present", CS, spare, code & ~DESC_P, VEC_NP, spare },
		{ "cs-dpl-above-rpl", CS, spare, code | DESC_DPL(3), VEC_TS, spare },
		{ "cs-rpl-above-dpl", CS, spare | 3, code, VEC_TS, spare },
		{ "cs-conforming-dpl-above-rpl", CS, spare, code | DESC_C | DESC_DPL(3), VEC_TS,
		  spare },
		{ "ss-null", SS_, 0, 0, VEC_TS, 0 },
		{ "ss-is-read-only", SS_, spare, data & ~DESC_W, VEC_TS, spare },
		{ "ss-is-code", SS_, spare, code, VEC_TS, spare },
		{ "ss-beyond-limit", SS_, GDT_ENTRIES * 8, 0, VEC_TS, GDT_ENTRIES * 8 },
		{ "ss-dpl", SS_, spare, data | DESC_DPL(3), VEC_TS, spare },
		{ "ss-rpl", SS_, spare | 3, data, VEC_TS, spare },
		{ "ss-not-present", SS_, spare, data & ~DESC_P, VEC_SS, spare },
		{ "ds-is-tss", DS, SEL_DF_TSS, 0, VEC_TS, SEL_DF_TSS },
		{ "ds-is-execute-only", DS, spare, code & ~DESC_W, VEC_TS, spare },
		{ "ds-beyond-limit", DS, GDT_ENTRIES * 8, 0, VEC_TS, GDT_ENTRIES * 8 },
		{ "ds-rpl", DS, spare | 3, data, VEC_TS, spare },
		{ "ds-not-present", DS, spare, data & ~DESC_P, VEC_NP, spare },
		{ "es-is-execute-only", ES, spare, code & ~DESC_W, VEC_TS, spare },
		{ "es-not-present", ES, spare, data & ~DESC_P, VEC_NP, spare },
		{ "fs-rpl", FS, spare | 3, data, VEC_TS, spare },
		{ "fs-not-present", FS, spare, data & ~DESC_P, VEC_NP, spare },
		{ "gs-beyond-limit", GS, GDT_ENTRIES * 8, 0, VEC_TS, GDT_ENTRIES * 8 },
		{ "gs-not-present", GS, spare, data & ~DESC_P, VEC_NP, spare },
		{ "gs-in-no-ldt", GS, 0xc, 0, VEC_TS, 0xc },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		task_init();
		set_handlers();
		gdt_set_spare(TASK_GATE_INDEX, rows[i].descriptor);
		/* At CPL 3 only CS is to be wrong: the order of checks is the processor's choice. */
		if (rows[i].field == CS && (rows[i].selector & 3) == 3) {
			set_field(task_tss(TASK_A), SS_, SEL_USER_DATA);
			set_field(task_tss(TASK_A), DS, SEL_USER_DATA);
			set_field(task_tss(TASK_A), ES, SEL_USER_DATA);
		}
		set_field(task_tss(TASK_A), rows[i].field, rows[i].selector);
		expect_fault_in_new_task(rows[i].vector, rows[i].error);
	}
}

TEST(eip_of_fault_in_new_task, "a fault in the new task is at the new task's first instruction",
     SPEC("SDM vol. 3A, 6.15, Interrupt 10: the saved CS and EIP"))
{
	struct tss *a;
	ulong eip;

	task_init();
	set_handlers();
	a = task_tss(TASK_A);
	eip = a->eip;
	a->ds = GDT_ENTRIES * 8;
	expect_fault_in_new_task(VEC_TS, GDT_ENTRIES * 8);
	EXPECT_EQ(a->eip, eip);
}

TEST(eip_beyond_limit_in_new_task,
     "an EIP beyond the limit of the new CS is #GP(0) in the new task",
     SPEC("SDM vol. 3A, table 7-1, note; 6.15, Interrupt 13"))
{
	task_init();
	set_handlers();
	task_tss(TASK_A)->cs = gdt_set_spare(
		TASK_GATE_INDEX, ((DESC_FLAT | DESC_DB | DESC_CODE) & ~(DESC_G | BITS(51, 48))));
	expect_fault_in_new_task(VEC_GP, 0);
}

TEST(conforming_segments_in_new_task,
     "conforming code is DS or CS of a task whatever RPL above its DPL",
     SPEC("SDM vol. 3A, table 7-1"), BUG("5045b46803"))
{
	u16 ds, cs;

	task_init();
	ds = gdt_set_spare(TASK_GATE_INDEX, DESC_FLAT | DESC_DB | DESC_CODE | DESC_C) | 3;
	cs = gdt_set_spare(TASK_GATE_INDEX + 1, DESC_FLAT | DESC_DB | DESC_CODE | DESC_C);
	task_tss(TASK_A)->ds = ds;
	task_tss(TASK_A)->cs = cs;
	EXPECT_NO_FAULT(task_try(task_call(), task_selector(TASK_A)));
	EXPECT_EQ(task_seen.count, 1);
	EXPECT_EQ(task_seen.ds & 0xffff, ds);
	EXPECT_EQ(task_seen.cs & 0xffff, cs);
}

TEST(debug_trap_of_tss,
     "with T set in the new TSS, #DB is raised before its first instruction, DR6.BT set",
     SPEC("SDM vol. 3B, 17.3.1.5; vol. 3A, 7.2.1"))
{
	struct raw_entry entry;

	task_init();
	task_tss(TASK_A)->trap = 1;
	raw_gate_set(VEC_DB, DESC_INTERRUPT_GATE, 0, 0);
	write_dr6(DR6_RESET);
	task_pointer.selector = task_selector(TASK_A);
	EXPECT_FAULT(DB, raw_gate_catch(KERNEL, user_call, NULL, &entry));
	EXPECT_EQ(task_seen.count, 0);
	EXPECT_EQ(read_tr(), task_selector(TASK_A));
	EXPECT_EQ(entry.words[0], task_tss(TASK_A)->eip);
	EXPECT_EQ(read_dr6(), DR6_RESET | BIT(15));
	desc_init();
	write_flags(FLAG_1);
	write_cr0(read_cr0() & ~CR0_TS);
}
