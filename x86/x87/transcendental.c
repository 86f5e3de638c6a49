/* SPDX-License-Identifier: MIT */
/* The transcendental instructions: known values within an ulp, special operands exactly. */
#include "x87.h"

#include <string.h>
#include <test.h>
#include <x86/cpuid.h>

SUITE("x87 transcendental instructions", REQUIRES(cpu_has(X86_FEATURE_FPU)));

/* ST(0), ST(1) and the function's value, rounded to nearest. */
struct value {
	const char *name;
	const void *code;
	struct f80 st0, st1, result;
};

#define NONE         \
	{            \
		0, 0 \
	}
#define ONE                                \
	{                                  \
		0x8000000000000000, 0x3fff \
	}
#define MINUS_1                            \
	{                                  \
		0x8000000000000000, 0xbfff \
	}
#define INFINITE                           \
	{                                  \
		0x8000000000000000, 0x7fff \
	}

/* The distance in units of the last place. */
static u64 distance(const struct f80 *a, const struct f80 *b)
{
	if (a->sign_and_exponent != b->sign_and_exponent)
		return ~0ull;
	return a->significand > b->significand ? a->significand - b->significand
					       : b->significand - a->significand;
}

static void check_values(const struct value *table, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		struct x87_state after;

		SUBTEST("%s", table[i].name);
		x87_run(table[i].code, &table[i].st0, &table[i].st1, X87_CW_INIT, NULL, &after);
		EXPECT_LE(distance(&after.st[0], &table[i].result), 1u, "%#x:%#llx, not %#x:%#llx",
			  after.st[0].sign_and_exponent, after.st[0].significand,
			  table[i].result.sign_and_exponent, table[i].result.significand);
		EXPECT_EQ(after.environment.status & FLOAT_PE, FLOAT_PE);
	}
}

/* Between -pi/2 and pi/2, where no reduction of the argument has a say. */
TEST(trigonometric, "FSIN, FCOS, FSINCOS and FPTAN are within one ulp",
     SPEC("SDM vol. 1, 8.3.8, 8.3.10; vol. 2A, FSIN, FCOS, FSINCOS, FPTAN"))
{
	const struct value table[] = {
		{ "fsin_1", CODE("fsin"), ONE, NONE, { 0xd76aa47848677021, 0x3ffe } },
		{ "fsin_0.125",
		  CODE("fsin"),
		  { 0x8000000000000000, 0x3ffc },
		  NONE,
		  { 0xff5577743771ae50, 0x3ffb } },
		{ "fcos_1", CODE("fcos"), ONE, NONE, { 0x8a51407da8345c92, 0x3ffe } },
		{ "fsincos_sin_1",
		  CODE("fsincos\nfxch %%st(1)"),
		  ONE,
		  NONE,
		  { 0xd76aa47848677021, 0x3ffe } },
		{ "fsincos_cos_1", CODE("fsincos"), ONE, NONE, { 0x8a51407da8345c92, 0x3ffe } },
		{ "fptan_0.5",
		  CODE("fptan\nfstp %%st(0)"),
		  { 0x8000000000000000, 0x3ffe },
		  NONE,
		  { 0x8bda7adf9a3a5219, 0x3ffe } },
		{ "fptan_1",
		  CODE("fptan\nfstp %%st(0)"),
		  ONE,
		  NONE,
		  { 0xc75922e5f71d2dc5, 0x3fff } },
	};

	check_values(table, ARRAY_SIZE(table));
}

TEST(logarithmic, "F2XM1, FYL2X, FYL2XP1 and FPATAN are within one ulp",
     SPEC("SDM vol. 1, 8.3.9, 8.3.10; vol. 2A, F2XM1, FPATAN, FYL2X, FYL2XP1"))
{
	const struct value table[] = {
		{ "f2xm1_0.5",
		  CODE("f2xm1"),
		  { 0x8000000000000000, 0x3ffe },
		  NONE,
		  { 0xd413cccfe7799211, 0x3ffd } },
		{ "f2xm1_-0.75",
		  CODE("f2xm1"),
		  { 0xc000000000000000, 0xbffe },
		  NONE,
		  { 0xcf901f5ce48ead21, 0xbffd } },
		{ "f2xm1_2^-7",
		  CODE("f2xm1"),
		  { 0x8000000000000000, 0x3ff8 },
		  NONE,
		  { 0xb1ed4fd999ab6c25, 0x3ff7 } },
		{ "fyl2x_10",
		  CODE("fyl2x"),
		  { 0xa000000000000000, 0x4002 },
		  ONE,
		  { 0xd49a784bcd1b8afe, 0x4000 } },
		{ "fyl2x_0.3125_by_3",
		  CODE("fyl2x"),
		  { 0xa000000000000000, 0x3ffd },
		  { 0xc000000000000000, 0x4000 },
		  { 0xa1184b8e4c56af83, 0xc001 } },
		{ "fyl2xp1_0.125",
		  CODE("fyl2xp1"),
		  { 0x8000000000000000, 0x3ffc },
		  ONE,
		  { 0xae00d1cfdeb43cfd, 0x3ffc } },
		{ "fyl2xp1_-0.25_by_2",
		  CODE("fyl2xp1"),
		  { 0x8000000000000000, 0xbffd },
		  { 0x8000000000000000, 0x4000 },
		  { 0xd47fcb8c0852f0c1, 0xbffe } },
		{ "fpatan_1_1", CODE("fpatan"), ONE, ONE, { 0xc90fdaa22168c235, 0x3ffe } },
		{ "fpatan_1_2",
		  CODE("fpatan"),
		  { 0x8000000000000000, 0x4000 },
		  ONE,
		  { 0xed63382b0dda7b45, 0x3ffd } },
		{ "fpatan_1_-1", CODE("fpatan"), MINUS_1, ONE, { 0x96cbe3f9990e91a8, 0x4000 } },
		{ "fpatan_-1_-1",
		  CODE("fpatan"),
		  MINUS_1,
		  MINUS_1,
		  { 0x96cbe3f9990e91a8, 0xc000 } },
		{ "fpatan_1_0", CODE("fpatan"), NONE, ONE, { 0xc90fdaa22168c235, 0x3fff } },
	};

	check_values(table, ARRAY_SIZE(table));
}

struct special {
	const char *name;
	const void *code;
	struct f80 st0, st1, result;
	u32 exceptions;
};

#define INDEFINITE                         \
	{                                  \
		0xc000000000000000, 0xffff \
	}

TEST(special_operands, "zeros, infinities and what is out of the domain give what the tables say",
     SPEC("SDM vol. 2A, FSIN, FCOS, FPTAN, F2XM1, FYL2X, FYL2XP1, FPATAN, FXTRACT"))
{
	const struct special table[] = {
		{ "fsin_-0", CODE("fsin"), { 0, 0x8000 }, NONE, { 0, 0x8000 }, 0 },
		{ "fcos_0", CODE("fcos"), NONE, NONE, ONE, 0 },
		{ "fsin_infinity", CODE("fsin"), INFINITE, NONE, INDEFINITE, FLOAT_IE },
		{ "fcos_infinity", CODE("fcos"), INFINITE, NONE, INDEFINITE, FLOAT_IE },
		{ "fptan_infinity", CODE("fptan"), INFINITE, NONE, INDEFINITE, FLOAT_IE },
		{ "f2xm1_1", CODE("f2xm1"), ONE, NONE, ONE, 0 },
		{ "f2xm1_-1", CODE("f2xm1"), MINUS_1, NONE, { 0x8000000000000000, 0xbffe }, 0 },
		{ "f2xm1_-0", CODE("f2xm1"), { 0, 0x8000 }, NONE, { 0, 0x8000 }, 0 },
		{ "fyl2x_0", CODE("fyl2x"), NONE, ONE, { 0x8000000000000000, 0xffff }, FLOAT_ZE },
		{ "fyl2x_-1", CODE("fyl2x"), MINUS_1, ONE, INDEFINITE, FLOAT_IE },
		{ "fyl2x_8",
		  CODE("fyl2x"),
		  { 0x8000000000000000, 0x4002 },
		  ONE,
		  { 0xc000000000000000, 0x4000 },
		  0 },
		{ "fyl2x_infinity", CODE("fyl2x"), INFINITE, ONE, INFINITE, 0 },
		{ "fyl2x_0_by_0", CODE("fyl2x"), NONE, NONE, INDEFINITE, FLOAT_IE },
		{ "fyl2xp1_0", CODE("fyl2xp1"), NONE, ONE, NONE, 0 },
		{ "fpatan_0_1", CODE("fpatan"), ONE, NONE, NONE, 0 },
		{ "fpatan_0_0", CODE("fpatan"), NONE, NONE, NONE, 0 },
		{ "fxtract_significand",
		  CODE("fxtract"),
		  { 0xc000000000000000, 0xc005 },
		  NONE,
		  { 0xc000000000000000, 0xbfff },
		  0 },
		{ "fxtract_exponent",
		  CODE("fxtract\nfxch %%st(1)"),
		  { 0xc000000000000000, 0xc005 },
		  NONE,
		  { 0xc000000000000000, 0x4001 },
		  0 },
		{ "fxtract_0",
		  CODE("fxtract\nfxch %%st(1)"),
		  NONE,
		  NONE,
		  { 0x8000000000000000, 0xffff },
		  FLOAT_ZE },
		{ "fxtract_infinity", CODE("fxtract\nfxch %%st(1)"), INFINITE, NONE, INFINITE, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		struct x87_state after;

		SUBTEST("%s", table[i].name);
		x87_run(table[i].code, &table[i].st0, &table[i].st1, X87_CW_INIT, NULL, &after);
		EXPECT_MEM_EQ(&after.st[0], &table[i].result, sizeof(struct f80));
		/* PE may be set although the result is exact. */
		EXPECT_EQ(after.environment.status & X87_EXCEPTIONS & ~FLOAT_PE,
			  table[i].exceptions);
	}
}

TEST(out_of_range, "beyond 2^63 the trigonometric instructions set C2 and leave the operand",
     SPEC("SDM vol. 1, 8.3.8; vol. 2A, FSIN, FCOS, FSINCOS, FPTAN"))
{
	static const struct f80 operand = { 0x8000000000000000, 0x403e + 1 };
	static const struct f80 inside = ONE;
	const void *codes[] = { CODE("fsin"), CODE("fcos"), CODE("fsincos"), CODE("fptan") };
	static const char *const names[] = { "fsin", "fcos", "fsincos", "fptan" };

	for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
		struct x87_state after;

		SUBTEST("%s", names[i]);
		x87_run(codes[i], &operand, NULL, X87_CW_INIT, NULL, &after);
		EXPECT_EQ(after.environment.status & X87_C2, X87_C2);
		EXPECT_MEM_EQ(&after.st[0], &operand, sizeof(operand));
		EXPECT_EQ(x87_top(after.environment.status), 7);
		x87_run(codes[i], &inside, NULL, X87_CW_INIT, NULL, &after);
		EXPECT_EQ(after.environment.status & X87_C2, 0);
	}
}
