/* SPDX-License-Identifier: MIT */
/* Control and environment: FLDCW, FLDENV, FSAVE, pending exceptions, #MF and #NM. */
#include "x87.h"

#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/insn.h>

SUITE("x87 control", REQUIRES(cpu_has(X86_FEATURE_FPU)));

static const struct f80 one = { 0x8000000000000000, 0x3fff };

/* Bits 5:0, 9:8, 11:10 and X (12); 7, 15:13 are reserved, bit 6 reads as 1. */
#define CW_DEFINED 0x1f3fu

TEST(control_word, "FLDCW and FNSTCW keep every defined bit", SPEC("SDM vol. 1, 8.1.5"))
{
	fninit();
	for (u32 bit = 0; bit < 16; bit++) {
		u16 control = (u16)(BIT(bit) & CW_DEFINED) | X87_CW_MASKS;

		fldcw(control);
		EXPECT_EQ(fnstcw() & CW_DEFINED, control & CW_DEFINED, "bit %u", bit);
	}
	fldcw(0);
	EXPECT_EQ(fnstcw() & CW_DEFINED, 0);
	fninit();
}

static void fill_state(struct x87_state *state)
{
	memset(state, 0, sizeof(*state));
	state->environment.control = 0x0b7f;
	state->environment.status = X87_C0 | X87_C3 | 3 << X87_TOP_SHIFT | FLOAT_PE;
	state->environment.tag = 0xffff;
	for (u32 i = 0; i < 8; i++) {
		state->st[i].significand = BIT(63) | (0x0102030405060708 * (i + 1));
		state->st[i].sign_and_exponent = (u16)(0x3ff0 + i);
		/* ST(i) is the register TOP + i. */
		if (i < 5)
			state->environment.tag &= (u16) ~(3 << (2 * ((3 + i) % 8)));
	}
}

TEST(save_and_restore, "FRSTOR loads what FNSAVE stores: words, tags, TOP and all registers",
     SPEC("SDM vol. 2A, FRSTOR, FSAVE/FNSAVE; vol. 1, figure 8-9"))
{
	struct x87_state state, after;

	fill_state(&state);
	frstor(&state);
	fnsave(&after);
	EXPECT_EQ(after.environment.control, state.environment.control);
	EXPECT_EQ(after.environment.status, state.environment.status);
	EXPECT_EQ(after.environment.tag, state.environment.tag);
	for (u32 i = 0; i < 8; i++)
		EXPECT_MEM_EQ(&after.st[i], &state.st[i], sizeof(struct f80), "ST(%u)", i);
	/* FNSAVE has initialised the FPU. */
	EXPECT_EQ(fnstcw(), X87_CW_INIT);
	EXPECT_EQ(fnstsw(), 0);
}

TEST(environment, "FLDENV changes words and tags, not registers",
     SPEC("SDM vol. 2A, FLDENV, FSTENV/FNSTENV"))
{
	struct x87_environment environment, after;
	struct x87_state state, registers;

	fill_state(&state);
	frstor(&state);
	environment = state.environment;
	environment.control = 0x0340 | FLOAT_IE; /* the others unmasked */
	environment.status = X87_C2 | 5 << X87_TOP_SHIFT;
	environment.tag = 0x0ff0;
	fldenv(&environment);
	fnstenv(&after);
	EXPECT_EQ(after.control & CW_DEFINED, environment.control & CW_DEFINED);
	EXPECT_EQ(after.status, environment.status);
	EXPECT_EQ(after.tag & 0x0ff0, 0x0ff0, "the empty ones");
	fnsave(&registers);
	for (u32 i = 0; i < 8; i++)
		EXPECT_MEM_EQ(&registers.st[i], &state.st[(i + 2) % 8], sizeof(struct f80),
			      "ST(%u)", i);
}

/* FLD of *operand; its address. */
static ulong load(const u64 *operand)
{
	ulong ip;

	__asm__ volatile("lea 1f, %0\n"
			 "1: fldl %1\n"
			 : "=&r"(ip)
			 : "m"(*operand));
	return ip;
}

TEST(pointers,
     "FNSTENV stores the address of the last instruction, and of its operand; some CPUs have the "
     "latter after an unmasked exception alone",
     SPEC("SDM vol. 1, 8.1.8, 8.1.9; vol. 2A, CPUID, leaf 07H, EBX bit 6"))
{
	static const u64 one_double = 0x3ff0000000000000, snan_double = 0x7ff4000000000000;
	struct x87_environment environment;
	ulong ip;

	fninit();
	ip = load(&one_double);
	fnstenv(&environment);
	SUBTEST("ip");
	EXPECT_EQ(environment.ip, (u32)ip);
	SUBTEST("dp");
	EXPECT_EQ(environment.dp,
		  cpu_has(X86_FEATURE_FDP_EXCPTN_ONLY) ? 0 : (u32)(ulong)&one_double);
	fninit();
	fldcw(X87_CW_INIT & ~FLOAT_IE);
	ip = load(&snan_double);
	fnstenv(&environment);
	SUBTEST("ip-unmasked-exception");
	EXPECT_EQ(environment.status & FLOAT_IE, FLOAT_IE);
	EXPECT_EQ(environment.ip, (u32)ip);
	SUBTEST("dp-unmasked-exception");
	EXPECT_EQ(environment.dp, (u32)(ulong)&snan_double);
	fninit();
}

/* ---------------------------------------------------------------------------------------- exceptions */

struct unmasked {
	const char *name;
	const void *code;
	struct f80 st0, st1;
	u32 exception;
};

#define ZERO         \
	{            \
		0, 0 \
	}
#define ONE                                \
	{                                  \
		0x8000000000000000, 0x3fff \
	}
#define THREE                              \
	{                                  \
		0xc000000000000000, 0x4000 \
	}
#define SNAN                               \
	{                                  \
		0x8000000000000001, 0x7fff \
	}
#define LARGEST                            \
	{                                  \
		0xffffffffffffffff, 0x7ffe \
	}
#define SMALL                              \
	{                                  \
		0x8000000000000000, 0x0001 \
	}

TEST(pending,
     "an unmasked exception sets its flag, ES and B, and #MF comes at the next waiting one",
     SPEC("SDM vol. 1, 8.6, 8.1.3.3; vol. 3A, 6.15, Interrupt 16"))
{
	const struct unmasked table[] = {
		{ "invalid", CODE("fadd %%st(1), %%st"), SNAN, ONE, FLOAT_IE },
		{ "zero_divide", CODE("fdiv %%st(1), %%st"), ONE, ZERO, FLOAT_ZE },
		{ "overflow", CODE("fadd %%st(1), %%st"), LARGEST, LARGEST, FLOAT_OE },
		{ "underflow", CODE("fdiv %%st(1), %%st"), SMALL, THREE, FLOAT_UE },
		{ "precision", CODE("fdiv %%st(1), %%st"), ONE, THREE, FLOAT_PE },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		struct registers r = { .flags = FLAG_1 };
		u16 status;

		SUBTEST("%s", table[i].name);
		fninit();
		fld_f80(&table[i].st1);
		fld_f80(&table[i].st0);
		fldcw((u16)(X87_CW_INIT & ~table[i].exception));
		EXPECT_NO_FAULT(execute_try(table[i].code, &r));
		status = fnstsw();
		EXPECT_EQ(status & table[i].exception, table[i].exception);
		EXPECT_EQ(status & (X87_ES | X87_B), X87_ES | X87_B);
		EXPECT_FAULT(MF, fwait_try());
		EXPECT_FAULT(MF, fwait_try(), "it stays pending");
		fnclex();
		EXPECT_EQ(fnstsw() & (X87_EXCEPTIONS | X87_SF | X87_ES | X87_B), 0);
		EXPECT_NO_FAULT(fwait_try());
		fninit();
	}
}

struct waiting {
	const char *name;
	const void *code;
	bool waits;
};

/* Each instruction with 1 / 0, unmasked, pending; DI points to memory of all sizes. */
static void check_waiting(const struct waiting *table, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		static u8 memory[sizeof(struct x87_state)] = { 0x7f, 0x03 };
		struct registers r = { .di = (ulong)memory, .flags = FLAG_1 };

		SUBTEST("%s", table[i].name);
		fninit();
		fld_f80(&one);
		fldcw(X87_CW_INIT & ~FLOAT_ZE);
		/* 1 / 0, by FDIVP. */
		__asm__ volatile("fldz; .byte 0xde, 0xf9");
		ASSERT_EQ(fnstsw() & X87_ES, X87_ES);
		EXPECT_FAULT(table[i].waits ? MF : NO_FAULT, execute_try(table[i].code, &r));
		fnclex();
		fninit();
	}
}

TEST(waiting, "instructions with a wait raise the pending #MF, those without do not",
     SPEC("SDM vol. 1, 8.3.11, 8.6"))
{
	const struct waiting table[] = {
		{ "fadd", CODE("fadd %%st(0), %%st"), true },
		{ "fld1", CODE("fld1"), true },
		{ "fstp", CODE("fstp %%st(0)"), true },
		{ "fldcw", CODE("fldcw " AT("di")), true },
		{ "fnop", CODE("fnop"), true },
		{ "frndint", CODE("frndint"), true },
		{ "fnstsw_ax", CODE("fnstsw %%ax"), false },
		{ "fnstsw_m", CODE("fnstsw " AT("di")), false },
		{ "fnstcw", CODE("fnstcw " AT("di")), false },
		{ "fnclex", CODE("fnclex"), false },
		{ "fninit", CODE("fninit"), false },
		{ "fnstenv", CODE("fnstenv " AT("di")), false },
		{ "fnsave", CODE("fnsave " AT("di")), false },
	};

	check_waiting(table, ARRAY_SIZE(table));
}

TEST(waiting_all, "instructions that load, store, compare and calculate raise the pending #MF",
     SPEC("SDM vol. 1, 8.3.11, 8.6"))
{
	const struct waiting table[] = {
		{ "fmul", CODE("fmul %%st(1), %%st"), true },
		{ "fcom", CODE("fcom %%st(1)"), true },
		{ "fcomp", CODE("fcomp %%st(1)"), true },
		{ "fcompp", CODE("fcompp"), true },
		{ "fucom", CODE("fucom %%st(1)"), true },
		{ "fucomp", CODE("fucomp %%st(1)"), true },
		{ "fucompp", CODE("fucompp"), true },
		{ "fcomi", CODE("fcomi %%st(1), %%st"), true },
		{ "fucomi", CODE("fucomi %%st(1), %%st"), true },
		{ "ftst", CODE("ftst"), true },
		{ "fxam", CODE("fxam"), true },
		{ "fabs", CODE("fabs"), true },
		{ "fchs", CODE("fchs"), true },
		{ "fxch", CODE("fxch"), true },
		{ "ffree", CODE("ffree %%st(7)"), true },
		{ "fincstp", CODE("fincstp"), true },
		{ "fdecstp", CODE("fdecstp"), true },
		{ "fld_st", CODE("fld %%st(0)"), true },
		{ "fldz", CODE("fldz"), true },
		{ "fldpi", CODE("fldpi"), true },
		{ "fldl2t", CODE("fldl2t"), true },
		{ "fldl2e", CODE("fldl2e"), true },
		{ "fldlg2", CODE("fldlg2"), true },
		{ "fldln2", CODE("fldln2"), true },
		{ "fsqrt", CODE("fsqrt"), true },
		{ "fscale", CODE("fscale"), true },
		{ "fprem", CODE("fprem"), true },
		{ "fprem1", CODE("fprem1"), true },
		{ "fxtract", CODE("fxtract"), true },
		{ "f2xm1", CODE("f2xm1"), true },
		{ "fyl2x", CODE("fyl2x"), true },
		{ "fyl2xp1", CODE("fyl2xp1"), true },
		{ "fptan", CODE("fptan"), true },
		{ "fpatan", CODE("fpatan"), true },
		{ "fsin", CODE("fsin"), true },
		{ "fcos", CODE("fcos"), true },
		{ "fsincos", CODE("fsincos"), true },
		{ "fcmov", CODE("fcmovb %%st(1), %%st"), true },
		{ "fadd_m32", CODE("fadds " AT("di")), true },
		{ "fadd_m64", CODE("faddl " AT("di")), true },
		{ "fmul_m32", CODE("fmuls " AT("di")), true },
		{ "fmul_m64", CODE("fmull " AT("di")), true },
		{ "fsub_m64", CODE("fsubl " AT("di")), true },
		{ "fdiv_m64", CODE("fdivl " AT("di")), true },
		{ "fcom_m32", CODE("fcoms " AT("di")), true },
		{ "fcom_m64", CODE("fcoml " AT("di")), true },
		{ "fcomp_m64", CODE("fcompl " AT("di")), true },
		{ "fiadd_m16", CODE("fiadds " AT("di")), true },
		{ "fiadd_m32", CODE("fiaddl " AT("di")), true },
		{ "fimul_m32", CODE("fimull " AT("di")), true },
		{ "ficom_m16", CODE("ficoms " AT("di")), true },
		{ "ficomp_m32", CODE("ficompl " AT("di")), true },
		{ "fld_m32", CODE("flds " AT("di")), true },
		{ "fld_m64", CODE("fldl " AT("di")), true },
		{ "fld_m80", CODE("fldt " AT("di")), true },
		{ "fild_m16", CODE("filds " AT("di")), true },
		{ "fild_m32", CODE("fildl " AT("di")), true },
		{ "fild_m64", CODE("fildll " AT("di")), true },
		{ "fbld", CODE("fbld " AT("di")), true },
		{ "fst_m32", CODE("fsts " AT("di")), true },
		{ "fst_m64", CODE("fstl " AT("di")), true },
		{ "fstp_m32", CODE("fstps " AT("di")), true },
		{ "fstp_m64", CODE("fstpl " AT("di")), true },
		{ "fstp_m80", CODE("fstpt " AT("di")), true },
		{ "fist_m16", CODE("fists " AT("di")), true },
		{ "fist_m32", CODE("fistl " AT("di")), true },
		{ "fistp_m64", CODE("fistpll " AT("di")), true },
		{ "fbstp", CODE("fbstp " AT("di")), true },
		{ "fldenv", CODE("fldenv " AT("di")), true },
		{ "frstor", CODE("frstor " AT("di")), true },
	};

	check_waiting(table, ARRAY_SIZE(table));
}

TEST(waiting_mmx, "instructions of the MMX registers raise the pending #MF, and FISTTP",
     SPEC("SDM vol. 3A, 12.3.3; vol. 2A, FISTTP"), REQUIRES(cpu_has(X86_FEATURE_SSE3)))
{
	const struct waiting table[] = {
		{ "fisttp_m16", CODE("fisttps " AT("di")), true },
		{ "fisttp_m32", CODE("fisttpl " AT("di")), true },
		{ "fisttp_m64", CODE("fisttpll " AT("di")), true },
		{ "emms", CODE("emms"), true },
		{ "movd", CODE("movd %%eax, %%mm0"), true },
		{ "movq_load", CODE("movq " AT("di") ", %%mm0"), true },
		{ "movq_store", CODE("movq %%mm0, " AT("di")), true },
		{ "paddb", CODE("paddb %%mm1, %%mm0"), true },
		{ "psllw", CODE("psllw $1, %%mm0"), true },
		{ "pshufw", CODE("pshufw $1, %%mm1, %%mm0"), true },
		{ "pmovmskb", CODE("pmovmskb %%mm0, %%eax"), true },
		{ "cvtps2pi", CODE("cvtps2pi %%xmm0, %%mm0"), true },
		{ "cvtps2pi_m", CODE("cvtps2pi " AT("di") ", %%mm0"), true },
		{ "cvttps2pi", CODE("cvttps2pi %%xmm0, %%mm0"), true },
		{ "cvtpd2pi", CODE("cvtpd2pi %%xmm0, %%mm0"), true },
		{ "cvttpd2pi", CODE("cvttpd2pi %%xmm0, %%mm0"), true },
		{ "cvtpi2ps", CODE("cvtpi2ps %%mm0, %%xmm0"), true },
		{ "cvtpi2pd", CODE("cvtpi2pd %%mm0, %%xmm0"), true },
		{ "movq2dq", CODE("movq2dq %%mm0, %%xmm0"), true },
		{ "movdq2q", CODE("movdq2q %%xmm0, %%mm0"), true },
	};

	check_waiting(table, ARRAY_SIZE(table));
}

TEST(unmasking, "ES follows the flags and the masks when either is loaded",
     SPEC("SDM vol. 1, 8.1.3.3; vol. 2A, FLDCW, FLDENV"))
{
	struct x87_environment environment;

	SUBTEST("fldcw");
	fninit();
	fld_f80(&one);
	__asm__ volatile("fldz; .byte 0xde, 0xf9"); /* FDIVP: 1 / 0 */
	fldcw(X87_CW_INIT & ~FLOAT_ZE);
	EXPECT_EQ(fnstsw() & (X87_ES | X87_B), X87_ES | X87_B);
	EXPECT_FAULT(MF, fwait_try());
	fninit();
	fnstenv(&environment);
	environment.status = FLOAT_PE;
	environment.control = X87_CW_INIT & ~FLOAT_PE;
	SUBTEST("fldenv");
	fldenv(&environment);
	EXPECT_EQ(fnstsw() & (X87_ES | X87_B), X87_ES | X87_B);
	EXPECT_FAULT(MF, fwait_try());
	fninit();
}

TEST(environment_masks, "FNSTENV masks all exceptions after it has stored",
     SPEC("SDM vol. 2A, FNSTENV"))
{
	struct x87_environment environment;

	fninit();
	fldcw(X87_CW_INIT & ~FLOAT_PE);
	fnstenv(&environment);
	EXPECT_EQ(environment.control & X87_CW_MASKS, X87_CW_MASKS & ~FLOAT_PE);
	EXPECT_EQ(fnstcw() & X87_CW_MASKS, X87_CW_MASKS);
	fninit();
}

struct task_switched {
	const char *name;
	ulong cr0;
	struct fault fpu, wait;
};

TEST(device_not_available, "CR0.EM and TS make instructions raise #NM; WAIT needs TS and MP",
     SPEC("SDM vol. 3A, 2.5, table 9-3; vol. 3A, 6.15, Interrupt 7"))
{
	const struct task_switched table[] = {
		{ "none", 0, NO_FAULT, NO_FAULT },
		{ "ts", CR0_TS, NM, NO_FAULT },
		{ "mp", CR0_MP, NO_FAULT, NO_FAULT },
		{ "ts_mp", CR0_TS | CR0_MP, NM, NM },
		{ "em", CR0_EM, NM, NO_FAULT },
		{ "em_mp", CR0_EM | CR0_MP, NM, NO_FAULT },
		{ "em_ts", CR0_EM | CR0_TS, NM, NO_FAULT },
		{ "em_ts_mp", CR0_EM | CR0_TS | CR0_MP, NM, NM },
	};
	ulong cr0 = read_cr0() & ~(CR0_EM | CR0_TS | CR0_MP);

	fninit();
	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		struct fault fpu, wait;

		SUBTEST("%s", table[i].name);
		write_cr0(cr0 | table[i].cr0);
		fpu = fnop_try();
		wait = fwait_try();
		write_cr0(cr0 | CR0_MP);
		EXPECT_FAULT(table[i].fpu, fpu);
		EXPECT_FAULT(table[i].wait, wait);
	}
}
