/* SPDX-License-Identifier: MIT */
/* Shutdowns and task switches of guests: APM vol. 2, 15.14. */
#include "intercept.h"

#include <mm/page.h>
#include <string.h>

SUITE("SVM: shutdown and task switch", REQUIRES(svm_available()));

static void shutdown_intercept(enum svm_mode mode)
{
	static const struct {
		const char *name;
		u8 code[2], size;
	} rows[] = {
		{ "ud2", { 0x0f, 0x0b }, 2 },
		{ "int3", { 0xcc }, 1 },
		{ "int-0x40", { 0xcd, 0x40 }, 2 },
		{ "gp", { 0x8e, 0xd8 }, 2 },
	};
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if ((mode == SVM_REAL || mode == SVM_VM86) && i == 3)
			continue; /* loading DS raises nothing */
		SUBTEST("%s", rows[i].name);
		svm_reset(g, mode);
		svm_code_bytes(g, rows[i].code, rows[i].size);
		g->save->rax = 0x7f8;
		g->save->idtr.limit = 0;
		svm_deliver(g);
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_SHUTDOWN);
	}
}

TEST_IN_MODES(shutdown_intercept, "a triple fault exits where shutdowns are intercepted",
	      SPEC("APM vol. 2, 15.14.3"), BUG("Bochs#130"))

TEST(after_shutdown, "the host goes on after an intercepted shutdown, and so does another guest",
     SPEC("APM vol. 2, 15.14.3"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 round = 0; round < 3; round++) {
		SUBTEST("round-%u", round);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, "\x0f\x0b", 2);
		g->save->idtr.limit = 0;
		svm_deliver(g);
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_SHUTDOWN);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, "\x90", 1);
		svm_run(g);
		EXPECT_DONE(g);
	}
}

/* -------------------------------------------------------------------------------- task switch */

#define SEL_NEW_TSS   SVM_SEL_SPARE
#define SEL_TASK_GATE (SVM_SEL_SPARE + 8)
#define NEW_TSS_LIMIT 0x67

enum way { JMP_TSS, CALL_TSS, JMP_GATE, CALL_GATE, IRET, INT_GATE, UD_GATE, GP_GATE };

static const struct row {
	const char *name;
	enum way way;
	u8 code[7], size;
	u64 info2, mask;
} rows[] = {
	{ "jmp-tss", JMP_TSS, { 0xea, 0, 0, 0, 0, SEL_NEW_TSS & 0xff, 0 }, 7, TASK_SWITCH_JMP, 0 },
	{ "call-tss", CALL_TSS, { 0x9a, 0, 0, 0, 0, SEL_NEW_TSS & 0xff, 0 }, 7, 0, 0 },
	{ "jmp-gate",
	  JMP_GATE,
	  { 0xea, 0, 0, 0, 0, SEL_TASK_GATE & 0xff, 0 },
	  7,
	  TASK_SWITCH_JMP,
	  0 },
	{ "call-gate", CALL_GATE, { 0x9a, 0, 0, 0, 0, SEL_TASK_GATE & 0xff, 0 }, 7, 0, 0 },
	{ "iret", IRET, { 0xcf }, 1, TASK_SWITCH_IRET, 0 },
	{ "int", INT_GATE, { 0xcd, 0x40 }, 2, 0, 0 },
	{ "ud", UD_GATE, { 0x0f, 0x0b }, 2, TASK_SWITCH_RF, 0 },
	{ "gp",
	  GP_GATE,
	  { 0x8e, 0xd8 },
	  2,
	  TASK_SWITCH_HAS_ERROR | TASK_SWITCH_RF | 0x7f8,
	  0xffffffff },
};

static const u64 flags_of_info2 = TASK_SWITCH_IRET | TASK_SWITCH_JMP | TASK_SWITCH_HAS_ERROR |
				  TASK_SWITCH_RF;

/* The new task goes to the stub of vector 0xf0. */
static void fill_new_task(struct svm_guest *g)
{
	struct task {
		u32 link, stacks[6], cr3, eip, eflags, eax, ecx, edx, ebx, esp, ebp, esi, edi;
		u32 es, cs, ss, ds, fs, gs, ldt, trap;
	} *task = (struct task *)g->data;

	memset(task, 0, PAGE_SIZE);
	task->cr3 = (u32)g->save->cr3;
	task->eip = (u32)(ulong)g->stubs + 0xf0 * SVM_STUB_SIZE;
	task->eflags = FLAG_1;
	task->esp = (u32)(ulong)g->stack_top - 0x800;
	task->cs = SEL_KERNEL_CS32;
	task->es = task->ss = task->ds = SEL_KERNEL_DATA;
}

static void set_up(struct svm_guest *g, enum svm_mode mode, const struct row *row)
{
	const u32 busy = row->way == IRET ? DESC_TSS_BUSY : DESC_TSS_AVAILABLE;
	const u32 vector = row->way == INT_GATE ? 0x40 : row->way == UD_GATE ? VEC_UD : VEC_GP;

	svm_reset(g, mode);
	svm_code_bytes(g, row->code, row->size);
	fill_new_task(g);
	g->gdt[SEL_NEW_TSS / 8] = DESC_BASE((ulong)g->data) | DESC_LIMIT(NEW_TSS_LIMIT) | DESC_P |
				  DESC_TYPE(busy);
	g->gdt[SEL_TASK_GATE / 8] = (u64)SEL_NEW_TSS << 16 | DESC_P | DESC_TYPE(DESC_TASK_GATE);
	g->save->rax = 0x7f8;
	if (row->way >= INT_GATE) {
		svm_set_gate(g, vector, SEL_NEW_TSS, 0, DESC_TASK_GATE, 3);
		if (vector < 32)
			svm_intercept(g, SVM_EXIT_EXCP(vector), false);
	}
	if (row->way == IRET) {
		g->save->rflags |= FLAG_NT;
		*(u32 *)g->tss = SEL_NEW_TSS;
	}
}

static void task_switch_intercept(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		set_up(g, mode, &rows[i]);
		svm_intercept(g, SVM_EXIT_TASK_SWITCH, true);
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_TASK_SWITCH);
		EXPECT_EQ(g->control->exitinfo1 & 0xffff, (u64)SEL_NEW_TSS);
		EXPECT_EQ(g->control->exitinfo2 & (flags_of_info2 | rows[i].mask), rows[i].info2);
		EXPECT_EQ(g->save->tr.selector, SEL_TSS);
	}
}

TEST_IN_LEGACY_MODES(task_switch_intercept,
		     "a task switch exits with the new TSS's selector and what causes it",
		     SPEC("APM vol. 2, 15.14.1"))

static void task_switch_executed(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		set_up(g, mode, &rows[i]);
		svm_run(g);
		EXPECT_DELIVERED(g, 0xf0);
		EXPECT_EQ(g->save->tr.selector, SEL_NEW_TSS);
	}
}

TEST_IN_LEGACY_MODES(task_switch_executed,
		     "a task switch that is not intercepted is executed in the guest",
		     SPEC("APM vol. 2, 15.14.1; 12.3"))

TEST(task_switch_checks_first, "the incoming TSS is checked before the intercept",
     SPEC("APM vol. 2, 15.14.1"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	SUBTEST("not-present");
	set_up(g, SVM_PROTECTED, &rows[0]);
	g->gdt[SEL_NEW_TSS / 8] &= ~DESC_P;
	svm_intercept(g, SVM_EXIT_TASK_SWITCH, true);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_NP));
	EXPECT_EQ(g->control->exitinfo1, (u64)SEL_NEW_TSS);
	SUBTEST("busy");
	set_up(g, SVM_PROTECTED, &rows[0]);
	g->gdt[SEL_NEW_TSS / 8] |= DESC_TYPE(2);
	svm_intercept(g, SVM_EXIT_TASK_SWITCH, true);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_GP));
	EXPECT_EQ(g->control->exitinfo1, (u64)SEL_NEW_TSS);
	SUBTEST("limit");
	set_up(g, SVM_PROTECTED, &rows[0]);
	g->gdt[SEL_NEW_TSS / 8] -= 1;
	svm_intercept(g, SVM_EXIT_TASK_SWITCH, true);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_TS));
}

static void check_busy(const enum svm_mode *modes, u32 count)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < count; i++) {
		SUBTEST("%s", svm_mode_name(modes[i]));
		svm_reset(g, modes[i]);
		svm_code_bytes(g, "\xcd\x40", 2);
		svm_set_cpl(g, 3);
		g->save->tr.attrib = VMCB_ATTRIB_P | DESC_TSS_BUSY;
		svm_run(g);
		EXPECT_DELIVERED(g, 0x40);
		EXPECT_EQ(g->save->cpl, 0);
	}
}

TEST(tr_busy_long,
     "a guest of long mode whose TR has the type that LTR gives it takes an interrupt from CPL 3",
     SPEC("APM vol. 2, 15.5.1, Segment State in the VMCB; 12.2.2"), REQUIRES(sizeof(ulong) == 8))
{
	static const enum svm_mode modes[] = { SVM_LONG, SVM_COMPAT };

	check_busy(modes, ARRAY_SIZE(modes));
}

TEST(tr_busy,
     "a guest of legacy mode whose TR has the type that LTR gives it takes an interrupt from CPL 3",
     SPEC("APM vol. 2, 15.5.1, Segment State in the VMCB; 12.2.2"))
{
	static const enum svm_mode modes[] = { SVM_PAE, SVM_PAGED, SVM_PROTECTED };

	check_busy(modes, ARRAY_SIZE(modes));
}
