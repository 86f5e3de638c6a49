/* SPDX-License-Identifier: MIT */
/* Arithmetic of the x87 FPU. */
#include "x87.h"

#include <test.h>
#include <x86/cpuid.h>

SUITE("x87 arithmetic", REQUIRES(cpu_has(X86_FEATURE_FPU)));

/*
 * The assembler's mnemonics for FSUB and FDIV with ST(1) as destination are historically exchanged, so
 * that these are in bytes: DC E8+i is FSUB ST(i), ST; DC E0+i FSUBR ST(i), ST.
 */
#define STATUS (X87_USUAL & ~X87_C1)

TEST(arithmetic, "ST(0) op ST(1), rounded as the control word says",
     SPEC("SDM vol. 2A, FADD, FSUB, FSUBR, FMUL, FDIV, FDIVR; vol. 1, 8.1.5, 8.5"))
{
	X87_CHECK(STATUS, X87("fadd", add, ".byte 0xd8, 0xc1") X87("fsub", sub, ".byte 0xd8, 0xe1")
				  X87("fsubr", subr, ".byte 0xd8, 0xe9")
					  X87("fmul", mul, ".byte 0xd8, 0xc9")
						  X87("fdiv", div, ".byte 0xd8, 0xf1")
							  X87("fdivr", divr, ".byte 0xd8, 0xf9"));
}

/* The destination is ST(1), and so is the operand of which the other is subtracted. */
TEST(arithmetic_to_st1, "ST(1) op ST(0) into ST(1), with and without a pop",
     SPEC("SDM vol. 2A, FADD/FADDP, FSUB/FSUBP, FSUBR/FSUBRP, FMUL/FMULP, FDIV/FDIVP, FDIVR/FDIVRP"))
{
	X87_CHECK(
		STATUS,
		X87("fadd", add, ".byte 0xdc, 0xc1",
		    .result = 1) X87("fmul", mul, ".byte 0xdc, 0xc9",
				     .result = 1) X87("fsub", subr, ".byte 0xdc, 0xe9", .result = 1)
			X87("fsubr", sub, ".byte 0xdc, 0xe1", .result = 1) X87(
				"fdiv", divr, ".byte 0xdc, 0xf9",
				.result = 1) X87("fdivr", div, ".byte 0xdc, 0xf1", .result = 1)
				X87("faddp", add, ".byte 0xde, 0xc1",
				    .popped = 1) X87("fmulp", mul, ".byte 0xde, 0xc9", .popped = 1)
					X87("fsubp", subr, ".byte 0xde, 0xe9", .popped = 1) X87(
						"fsubrp", sub, ".byte 0xde, 0xe1", .popped = 1)
						X87("fdivp", divr, ".byte 0xde, 0xf9", .popped = 1)
							X87("fdivrp", div, ".byte 0xde, 0xf1",
							    .popped = 1));
}

#define MEMORY_ROWS(suffix, op, bytes, is_integer)                                           \
	X87("f" op "add_" suffix, add, "f" op "add" suffix " " AT("di"), .memory = bytes,    \
	    .integer = is_integer)                                                           \
	X87("f" op "sub_" suffix, sub, "f" op "sub" suffix " " AT("di"), .memory = bytes,    \
	    .integer = is_integer)                                                           \
	X87("f" op "subr_" suffix, subr, "f" op "subr" suffix " " AT("di"), .memory = bytes, \
	    .integer = is_integer)                                                           \
	X87("f" op "mul_" suffix, mul, "f" op "mul" suffix " " AT("di"), .memory = bytes,    \
	    .integer = is_integer)                                                           \
	X87("f" op "div_" suffix, div, "f" op "div" suffix " " AT("di"), .memory = bytes,    \
	    .integer = is_integer)                                                           \
	X87("f" op "divr_" suffix, divr, "f" op "divr" suffix " " AT("di"), .memory = bytes, \
	    .integer = is_integer)

TEST(arithmetic_memory, "singles and doubles in memory are converted before the operation",
     SPEC("SDM vol. 2A, FADD, FSUB, FSUBR, FMUL, FDIV, FDIVR"))
{
	X87_CHECK(STATUS, MEMORY_ROWS("s", "", 4, false) MEMORY_ROWS("l", "", 8, false));
}

TEST(arithmetic_integers, "FIADD and so on convert an integer of 16 or 32 bits",
     SPEC("SDM vol. 2A, FIADD, FISUB, FISUBR, FIMUL, FIDIV, FIDIVR"))
{
	X87_CHECK(STATUS, MEMORY_ROWS("s", "i", 2, true) MEMORY_ROWS("l", "i", 4, true));
}

TEST(memory_nans, "of a NaN in ST(0) and one in memory, a QNaN wins, then the larger significand",
     SPEC("SDM vol. 1, table 4-7"))
{
	X87_CHECK(STATUS, X87("fadds", add, "fadds " AT("di"), .memory = 4, .special = X87_TWO_NANS)
				  X87("fmull", mul, "fmull " AT("di"), .memory = 8,
				      .special = X87_TWO_NANS));
}

TEST(operand_precision, "an operand in memory is converted exactly, whatever the precision control",
     SPEC("SDM vol. 1, 8.1.5.2; vol. 2A, FADD, FIADD, FCOM"))
{
	X87_CHECK(STATUS,
		  X87("faddl", add, "faddl " AT("di"), .memory = 8, .special = X87_LOW_PRECISION)
			  X87("fiaddl", add, "fiaddl " AT("di"), .memory = 4, .integer = true,
			      .special = X87_LOW_PRECISION)
				  X87("fcoml", com, "fcoml " AT("di"), .memory = 8,
				      .special = X87_LOW_PRECISION));
}

TEST(unary, "FSQRT, FABS, FCHS and FXAM", SPEC("SDM vol. 2A, FSQRT, FABS, FCHS, FXAM"))
{
	X87_CHECK(STATUS,
		  X87("fsqrt", sqrt, "fsqrt", .unary = true) X87("fabs", abs, "fabs", .unary = true)
			  X87("fchs", chs, "fchs", .unary = true)
				  X87("fxam", xam, "fxam", .unary = true));
}

TEST(round_to_integer, "FRNDINT rounds as the control word says; its precision does not matter",
     SPEC("SDM vol. 2A, FRNDINT; vol. 1, 8.1.5.2"))
{
	X87_CHECK(STATUS, X87("frndint", rndint, "frndint", .unary = true));
}

TEST(unary_c1, "FABS and FCHS clear C1, FXAM gives the sign there",
     SPEC("SDM vol. 2A, FABS, FCHS, FXAM"))
{
	X87_CHECK(X87_C1,
		  X87("fabs", abs, "fabs", .unary = true) X87("fchs", chs, "fchs", .unary = true)
			  X87("fxam", xam, "fxam", .unary = true));
}

TEST(rounded_up, "C1 is set if an inexact result was rounded up, else cleared",
     SPEC("SDM vol. 1, 8.1.3.2; vol. 2A, FADD"))
{
	X87_CHECK(X87_C1, X87("fadd", add, ".byte 0xd8, 0xc1") X87("fmul", mul, ".byte 0xd8, 0xc9")
				  X87("fdiv", div, ".byte 0xd8, 0xf1")
					  X87("fsqrt", sqrt, "fsqrt", .unary = true));
}

TEST(denormal_flag, "a denormal operand sets DE, where no exception of higher priority is met",
     SPEC("SDM vol. 1, 8.5.2, 4.9.2"))
{
	X87_CHECK(FLOAT_DE,
		  X87("fadd", add, ".byte 0xd8, 0xc1") X87("fmul", mul, ".byte 0xd8, 0xc9")
			  X87("fdiv", div, ".byte 0xd8, 0xf1")
				  X87("fsqrt", sqrt, "fsqrt", .unary = true)
					  X87("fcom", com, "fcom %%st(1)"));
}

/* ------------------------------------------------------------------------------------ comparisons */

TEST(comparisons, "FCOM, FUCOM and FTST set C3, C2 and C0; FUCOM takes QNaNs",
     SPEC("SDM vol. 2A, FCOM, FUCOM, FTST, FICOM"))
{
	X87_CHECK(STATUS,
		  X87("fcom", com, "fcom %%st(1)") X87("fcomp", com, "fcomp %%st(1)", .popped = 1,
						       .result = NO_RESULT)
			  X87("fcompp", com, "fcompp", .popped = 2,
			      .result = NO_RESULT) X87("fucom", ucom, "fucom %%st(1)")
				  X87("fucompp", ucom, "fucompp", .popped = 2,
				      .result = NO_RESULT) X87("ftst", tst, "ftst", .unary = true)
					  X87("fcoms", com, "fcoms " AT("di"), .memory = 4) X87(
						  "fcoml", com, "fcoml " AT("di"), .memory = 8)
						  X87("ficoms", com, "ficoms " AT("di"),
						      .memory = 2, .integer = true)
							  X87("ficoml", com, "ficoml " AT("di"),
							      .memory = 4, .integer = true));
}

/* ------------------------------------------------------------------------------ scale, remainders */

TEST(scale, "FSCALE multiplies by two to the power of ST(1), truncated",
     SPEC("SDM vol. 2A, FSCALE"))
{
	X87_CHECK(STATUS, X87("fscale", scale, "fscale"));
}

TEST(scale_nans, "of two NaNs FSCALE gives a QNaN before an SNaN, then the larger significand",
     SPEC("SDM vol. 2A, FSCALE; vol. 1, table 4-7"))
{
	X87_CHECK(STATUS, X87("fscale", scale, "fscale", .special = X87_TWO_NANS));
}

/* Exponents further apart are reduced in steps whose size is the CPU's choice. */
static void check_remainders(const void *code, x87_model *model)
{
	for (u32 i = 0; i < 400; i++) {
		struct f80 a = { random_u64() | BIT(63), (u16)(0x3fff + random_below(60)) };
		struct f80 b = { random_u64() | BIT(63), (u16)(0x3fff - random_below(3)) };
		struct x87_in in = { .control = X87_CW_INIT };
		struct x87_out out;
		struct x87_state after;
		struct f80 expected;

		if (i % 4 == 0)
			a.significand &= ~0ull << 60, b.significand &= ~0ull << 60;
		a.sign_and_exponent |= (u16)((i & 1) << 15);
		b.sign_and_exponent |= (u16)((i & 2) << 14);
		in.st0 = x87_unpack(&a);
		in.st1 = x87_unpack(&b);
		model(&in, &out);
		expected = x87_pack(out.result);
		x87_run(code, &a, &b, X87_CW_INIT, NULL, &after);
		EXPECT_MEM_EQ(&after.st[0], &expected, sizeof(expected), "%#x:%#llx by %#x:%#llx",
			      a.sign_and_exponent, a.significand, b.sign_and_exponent,
			      b.significand);
		EXPECT_EQ(after.environment.status & X87_CONDITIONS, out.status & X87_CONDITIONS,
			  "conditions of %#x:%#llx by %#x:%#llx", a.sign_and_exponent,
			  a.significand, b.sign_and_exponent, b.significand);
	}
}

TEST(remainders, "FPREM truncates the quotient, FPREM1 rounds it; its low bits are C0, C3 and C1",
     SPEC("SDM vol. 2A, FPREM, FPREM1"))
{
	SUBTEST("fprem");
	check_remainders(CODE("fprem"), x87_prem);
	SUBTEST("fprem1");
	check_remainders(CODE("fprem1"), x87_prem1);
}
