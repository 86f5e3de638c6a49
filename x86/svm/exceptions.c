/* SPDX-License-Identifier: MIT */
/* Exceptions of a guest: intercepted, with what the exit says, and delivered by the guest's own IDT. */
#include "intercept.h"

#include <string.h>
#include <x86/xsave.h>

SUITE("SVM: exception intercepts", REQUIRES(svm_available()));

#define ABSENT_PAGE 0x800000ul /* absent in the spaces that the page faults are taken in */

#define SEL_NOT_PRESENT	      SVM_SEL_SPARE
#define SEL_BEYOND_LIMIT      0x7f8
#define SEL_STACK_NOT_PRESENT (SVM_SEL_SPARE + 8)

static void set_absent(struct svm_guest *g)
{
	g->gdt[SEL_NOT_PRESENT / 8] = DESC_FLAT & ~DESC_P;
	g->gdt[SEL_STACK_NOT_PRESENT / 8] = DESC_FLAT & ~DESC_P;
}

static void divide_setup(struct svm_guest *g)
{
	g->registers.cx = 0;
}

static void into_setup(struct svm_guest *g)
{
	g->save->rflags |= FLAG_OF;
}

static void bound_setup(struct svm_guest *g)
{
	memset(g->data, 0, 8);
	g->registers.bx = (ulong)g->data;
	g->save->rax = 5;
}

static void task_switched_setup(struct svm_guest *g)
{
	g->save->cr0 |= CR0_TS;
}

static void np_setup(struct svm_guest *g)
{
	set_absent(g);
	g->save->rax = SEL_NOT_PRESENT;
}

static void ss_setup(struct svm_guest *g)
{
	set_absent(g);
	g->save->rax = SEL_STACK_NOT_PRESENT;
}

static void gp_setup(struct svm_guest *g)
{
	g->save->rax = SEL_BEYOND_LIMIT;
}

static void gp_zero_setup(struct svm_guest *g)
{
	g->save->rax = 0; /* null, which is no stack segment */
}

static void canonical_setup(struct svm_guest *g)
{
	g->registers.bx = (ulong)0x8000000000000000ull;
}

/* Page 0 is absent in the kernel's space; the guest's own tables have a page of 2 or 4 MiB there. */
static void pf_setup(struct svm_guest *g)
{
	if (g->mode == SVM_PAGED)
		((u32 *)g->tables)[ABSENT_PAGE >> 22] = 0;
	else if (g->mode == SVM_PAE)
		((u64 *)g->tables)[512 + (ABSENT_PAGE >> 21)] = 0;
	g->registers.bx = g->mode == SVM_PAGED || g->mode == SVM_PAE ? ABSENT_PAGE + 0x123 : 0x123;
}

static void trap_flag_setup(struct svm_guest *g)
{
	g->save->rflags |= FLAG_TF;
}

static void simd_setup(struct svm_guest *g)
{
	g->save->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
}

static const struct row {
	const char *name;
	u32 vector;
	u32 bytes, size;
	void (*setup)(struct svm_guest *g);
	s32 error;  /* -1: none */
	u32 after;  /* RIP is so far from the code's start */
	u32 pushed; /* the RIP that is pushed, if it is not the same */
	bool only_32, paged, only_64;
	enum x86_feature feature;
} rows[] = {
	/* clang-format off */
	{ "de", VEC_DE, 0xf1f7, 2, divide_setup, -1, 0, 0, false, false, false, 0 },
	{ "db-single-step", VEC_DB, 0x90, 1, trap_flag_setup, -1, 1, 1, false, false, false, 0 },
	{ "bp", VEC_BP, 0xcc, 1, NULL, -1, 0, 1, false, false, false, 0 },
	{ "of", VEC_OF, 0xce, 1, into_setup, -1, 0, 1, true, false, false, 0 },
	{ "br", VEC_BR, 0x0362, 2, bound_setup, -1, 0, 0, true, false, false, 0 },
	{ "ud", VEC_UD, 0x0b0f, 2, NULL, -1, 0, 0, false, false, false, 0 },
	{ "nm", VEC_NM, 0xd0d9, 2, task_switched_setup, -1, 0, 0, false, false, false, X86_FEATURE_FPU },
	{ "np", VEC_NP, 0xd88e, 2, np_setup, SEL_NOT_PRESENT, 0, 0, false, false, false, 0 },
	{ "ss", VEC_SS, 0xd08e, 2, ss_setup, SEL_STACK_NOT_PRESENT, 0, 0, false, false, false, 0 },
	{ "gp-selector", VEC_GP, 0xd88e, 2, gp_setup, SEL_BEYOND_LIMIT, 0, 0, false, false, false, 0 },
	{ "gp-null-ss", VEC_GP, 0xd08e, 2, gp_zero_setup, 0, 0, 0, true, false, false, 0 },
	{ "gp-not-canonical", VEC_GP, 0x038b, 2, canonical_setup, 0, 0, 0, false, false, true, X86_FEATURE_LM },
	{ "pf-read", VEC_PF, 0x038b, 2, pf_setup, 0, 0, 0, false, true, false, 0 },
	{ "pf-write", VEC_PF, 0x0389, 2, pf_setup, PF_W, 0, 0, false, true, false, 0 },
	{ "xf", VEC_XM, 0xc95e0f, 3, simd_setup, -1, 0, 0, false, false, false, X86_FEATURE_SSE },
	/* clang-format on */
};

static bool is_long(enum svm_mode mode)
{
	return mode == SVM_LONG || mode == SVM_COMPAT;
}

static bool applies(const struct row *row, enum svm_mode mode)
{
	return svm_mode_possible(mode) && !(row->only_32 && is_long(mode)) &&
	       !(row->only_64 && mode != SVM_LONG) && !(row->paged && mode == SVM_PROTECTED) &&
	       (!row->feature || cpu_has(row->feature));
}

static void set_up(struct svm_guest *g, const struct row *row, enum svm_mode mode)
{
	svm_reset(g, mode);
	svm_code_bytes(g, &row->bytes, row->size);
	intercept_patterns(g);
	if (row->setup)
		row->setup(g);
}

/* Zero divided by zero: an invalid operation that is not masked. */
static void unmask_simd(const struct row *row)
{
	if (row->vector == VEC_XM) {
		__asm__ volatile("xorps %%xmm0, %%xmm0; xorps %%xmm1, %%xmm1" : : : "memory");
		ldmxcsr(0);
	}
}

static void check_exit(struct svm_guest *g, const struct row *row)
{
	u64 rax = g->save->rax;

	unmask_simd(row);
	svm_run(g);
	if (!EXPECT_EXIT(g, SVM_EXIT_EXCP(row->vector)))
		return;
	EXPECT_EQ(g->save->rip, svm_start(g) + row->after);
	EXPECT_EQ(g->save->rax, rax);
	EXPECT_EQ(g->control->exitintinfo & EVENT_V, 0ull);
	if (row->error >= 0)
		EXPECT_EQ(g->control->exitinfo1, (u64)row->error);
	if (row->vector == VEC_PF)
		EXPECT_EQ(g->control->exitinfo2, (u64)g->registers.bx);
	if (row->vector == VEC_DB)
		EXPECT_EQ(g->save->dr6 & BITS(15, 13), BIT(14));
	if (row->vector == VEC_XM)
		EXPECT_EQ(stmxcsr() & 0x3f, 1u); /* the status is written before the intercept */
}

static void exception_intercepted(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!applies(&rows[i], mode))
			continue;
		SUBTEST("%s", rows[i].name);
		set_up(g, &rows[i], mode);
		g->control->intercepts[2] = (u32)BIT(rows[i].vector);
		check_exit(g, &rows[i]);
	}
}

TEST_IN_FLAT_MODES(
	exception_intercepted,
	"an exception exits where its bit is set, with its error code and address, and is not delivered",
	SPEC("APM vol. 2, 15.7, 15.12"))

static void check_delivered(struct svm_guest *g, const struct row *row)
{
	u32 word = 0;

	unmask_simd(row);
	svm_run(g);
	if (!EXPECT_DELIVERED(g, row->vector))
		return;
	if (row->error >= 0)
		EXPECT_EQ(svm_stack_word(g, word++), (u64)row->error);
	EXPECT_EQ(svm_stack_word(g, word), svm_start(g) + row->pushed);
	EXPECT_EQ(svm_stack_word(g, word + 1),
		  (u64)(g->mode == SVM_LONG ? SEL_KERNEL_CODE : SEL_KERNEL_CS32));
	EXPECT_EQ(g->save->cs.selector,
		  (u16)(is_long(g->mode) ? SEL_KERNEL_CODE : SEL_KERNEL_CS32));
	if (row->vector == VEC_PF)
		EXPECT_EQ(g->save->cr2, (u64)g->registers.bx);
}

static void exception_delivered(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!applies(&rows[i], mode))
			continue;
		SUBTEST("%s", rows[i].name);
		set_up(g, &rows[i], mode);
		g->control->intercepts[2] = ~(u32)(BIT(rows[i].vector) | BIT(2) | BIT(9));
		check_delivered(g, &rows[i]);
	}
}

TEST_IN_FLAT_MODES(exception_delivered,
		   "an exception is delivered in the guest where only its own bit is clear",
		   SPEC("APM vol. 2, 15.7, 15.12"))

TEST(exception_intercepts_and_int, "INT n checks no exception intercept, whatever its vector",
     SPEC("APM vol. 2, 15.9, table 15-7; 15.12"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 vector = 0; vector < 32; vector++) {
		u8 code[] = { 0xcd, (u8)vector };

		SUBTEST("int-%u", vector);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, code, sizeof(code));
		svm_run(g);
		if (EXPECT_DELIVERED(g, vector))
			EXPECT_EQ(svm_stack_word(g, 0), svm_end(g));
	}
}

/* The others are nowhere: DR6 may have bits of breakpoints that match and are not enabled. */
static void set_breakpoint(u32 n, ulong address)
{
	write_dr0(n == 0 ? address : 0);
	write_dr1(n == 1 ? address : 0);
	write_dr2(n == 2 ? address : 0);
	write_dr3(n == 3 ? address : 0);
}

TEST(exception_debug_fault,
     "an instruction breakpoint that is intercepted exits at the instruction, with DR6 written",
     SPEC("APM vol. 2, 15.12.2"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 n = 0; n < 4; n++) {
		SUBTEST("dr%u", n);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, "\x90", 1);
		set_breakpoint(n, (ulong)svm_start(g));
		g->save->dr7 |= BIT(n * 2);
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_DB));
		EXPECT_EQ(g->save->rip, svm_start(g));
		SUBTEST("dr%u-dr6", n);
		EXPECT_EQ(g->save->dr6 & BITS(3, 0), BIT(n));
	}
	write_dr3(0);
}

TEST(exception_debug_trap,
     "a data breakpoint that is intercepted exits after the instruction, with DR6 written",
     SPEC("APM vol. 2, 15.7.1, 15.12.2"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	static const u8 store[] = { 0x89, 0x03 }; /* MOV [BX], EAX */

	for (u32 n = 0; n < 4; n++) {
		SUBTEST("dr%u", n);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, store, sizeof(store));
		set_breakpoint(n, (ulong)g->data);
		g->registers.bx = (ulong)g->data;
		g->save->dr7 |= BIT(n * 2) | 0xdull << (16 + n * 4); /* writes, 4 bytes */
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_DB));
		EXPECT_EQ(g->save->rip, svm_end(g));
		SUBTEST("dr%u-dr6", n);
		EXPECT_EQ(g->save->dr6 & BITS(3, 0), BIT(n));
	}
	write_dr3(0);
}

static void exit_at_handler(enum svm_mode mode)
{
	static const u8 vmmcall[] = { 0x0f, 0x01, 0xd9 };
	const u16 selector = is_long(mode) ? SEL_KERNEL_CODE : SEL_KERNEL_CS32;
	struct svm_guest *g = svm_new(mode);

	memcpy(g->data, vmmcall, sizeof(vmmcall));
	svm_code_bytes(g, "\x0f\x0b", 2);
	svm_deliver(g);
	svm_set_gate(g, VEC_UD, selector, (ulong)g->data, DESC_INTERRUPT_GATE, 0);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_VMMCALL);
	EXPECT_EQ(g->save->rip, (u64)(ulong)g->data);
}

TEST_IN_FLAT_MODES(exit_at_handler,
		   "an exit of a handler's first instruction has that instruction's RIP",
		   SPEC("APM vol. 2, 15.6, 15.7.1"))

TEST(exception_page_fault_cr2, "a page fault that is intercepted has not written CR2",
     SPEC("APM vol. 2, 15.12.15"), REQUIRES(sizeof(ulong) == 8))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	svm_code_bytes(g, "\x8b\x03", 2);
	g->registers.bx = 0x123; /* absent */
	g->save->cr2 = 0x7777000;
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_PF));
	EXPECT_EQ(g->control->exitinfo2, 0x123ull);
	EXPECT_EQ(g->save->cr2, 0x7777000ull);
}
