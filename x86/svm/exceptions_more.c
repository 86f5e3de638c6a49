/* SPDX-License-Identifier: MIT */
/* Exceptions that take more than one instruction to raise: #TS, #MF, #AC, #DF. APM vol. 2, 15.12. */
#include "intercept.h"

#include <x86/debug.h>

SUITE("SVM: more exception intercepts", REQUIRES(svm_available()));

static void only_intercept(struct svm_guest *g, u32 vector)
{
	g->control->intercepts[2] = (u32)BIT(vector);
}

static void exception_ts(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(mode);

	svm_code_bytes(g, "\xcd\x40", 2);
	svm_set_cpl(g, 3);
	*(u32 *)(g->tss + 8) = SEL_KERNEL_CS32; /* code is no stack */
	only_intercept(g, VEC_TS);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_TS));
	EXPECT_EQ(g->control->exitintinfo & 0xffffffff, EVENT_V | EVENT_TYPE_SOFTWARE | 0x40);
	EXPECT_EQ(g->save->cpl, 3);
}

TEST_IN_LEGACY_MODES(exception_ts, "#TS of an interrupt from CPL 3 exits where its bit is set",
		     SPEC("APM vol. 2, 15.12.11; 15.7.2"))

/* One divided by zero, whose exception the guest's FWAIT finds. */
static void make_x87_exception_pending(void)
{
	static const u16 control = 0x37f & ~4; /* the zero-divide exception is not masked */

	__asm__ volatile("fninit; fldcw %0; fld1; fldz; fdivrp %%st, %%st(1)" : : "m"(control));
}

static void exception_mf(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(mode);

	for (u32 intercept = 0; intercept < 2; intercept++) {
		SUBTEST("%s", intercept ? "intercept" : "no-intercept");
		svm_reset(g, mode);
		svm_code_bytes(g, "\x9b", 1); /* FWAIT */
		g->save->cr0 |= CR0_NE | CR0_MP;
		if (intercept)
			only_intercept(g, VEC_MF);
		else
			svm_deliver(g);
		make_x87_exception_pending();
		svm_run(g);
		__asm__ volatile("fninit");
		if (intercept) {
			EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_MF));
			EXPECT_EQ(g->save->rip, svm_start(g));
		} else {
			EXPECT_DELIVERED(g, VEC_MF);
		}
	}
}

TEST_IN_FLAT_MODES(
	exception_mf,
	"an x87 exception that is pending exits, or is delivered, at the next x87 instruction",
	SPEC("APM vol. 2, 15.12.16"))

static void exception_ac(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(mode);

	svm_code_bytes(g, "\x8b\x03", 2);
	svm_set_cpl(g, 3);
	g->save->cr0 |= CR0_AM;
	g->save->rflags |= FLAG_AC;
	g->registers.bx = (ulong)g->data + 1;
	only_intercept(g, VEC_AC);
	svm_run(g);
	EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_AC));
	EXPECT_EQ(g->control->exitinfo1, 0ull);
	EXPECT_EQ(g->save->rip, svm_start(g));
}

TEST_IN_FLAT_MODES(exception_ac, "an alignment check exits where its bit is set",
		   SPEC("APM vol. 2, 15.12.17"))

static void exception_bits(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(mode);

	/* #UD, with each other bit alone. */
	for (u32 vector = 0; vector < 32; vector++) {
		if (vector == 2 || vector == 9)
			continue;
		SUBTEST("bit-%u", vector);
		svm_reset(g, mode);
		svm_code_bytes(g, "\x0f\x0b", 2);
		only_intercept(g, vector);
		svm_run(g);
		if (vector == VEC_UD)
			EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_UD));
		else
			EXPECT_DELIVERED(g, VEC_UD);
	}
}

TEST_IN_FLAT_MODES(exception_bits, "#UD exits by bit 6 of the exception intercepts and by no other",
		   SPEC("APM vol. 2, appendix B, table B-1; 15.12.7"))

TEST(guest_rf,
     "RFLAGS.RF of the VMCB suppresses a breakpoint at the first instruction, and only there",
     SPEC("APM vol. 2, 15.5.1; 13.1.4, Resume Flag"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 4; i++) {
		const bool rf = i & 1;
		const u32 at = i >> 1;

		SUBTEST("instruction-%u-rf%u", at, rf);
		svm_reset(g, SVM_NATIVE);
		svm_code_bytes(g, "\x90\x90", 2);
		write_dr0((ulong)svm_start(g) + at);
		g->save->dr7 |= DR7_L(0);
		g->save->rflags |= rf ? FLAG_RF : 0;
		svm_run(g);
		if (rf && !at) {
			EXPECT_DONE(g);
		} else {
			EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_DB));
			EXPECT_EQ(g->save->rip, svm_start(g) + at);
		}
	}
	write_dr0(0);
}
