/* SPDX-License-Identifier: MIT */
/* The model by itself, against values that are known: nothing here executes an x87 instruction. */
#include "x87.h"

#include <test.h>

SUITE("Model of the x87 FPU");

struct known_result {
	const char *name;
	x87_model *model;
	struct f80 st0, st1, result;
	u16 control, status;
};

#define ONE                                \
	{                                  \
		0x8000000000000000, 0x3fff \
	}
#define TWO                                \
	{                                  \
		0x8000000000000000, 0x4000 \
	}
#define THREE                              \
	{                                  \
		0xc000000000000000, 0x4000 \
	}
#define FIVE                               \
	{                                  \
		0xa000000000000000, 0x4001 \
	}
#define SEVEN                              \
	{                                  \
		0xe000000000000000, 0x4001 \
	}
#define MINUS_1                            \
	{                                  \
		0x8000000000000000, 0xbfff \
	}
#define ZERO         \
	{            \
		0, 0 \
	}
#define SINGLE (X87_CW_INIT & ~(3 << X87_CW_PC_SHIFT))

TEST(model, "the model gives values that are known", SPEC("SDM vol. 1, 8.1.5, 8.3, 8.5; IEEE 754"))
{
	static const struct known_result table[] = {
		{ "1+2", x87_add, ONE, TWO, THREE, X87_CW_INIT, 0 },
		{ "1/3",
		  x87_div,
		  ONE,
		  THREE,
		  { 0xaaaaaaaaaaaaaaab, 0x3ffd },
		  X87_CW_INIT,
		  FLOAT_PE | X87_C1 },
		{ "1/3-in-24-bits",
		  x87_div,
		  ONE,
		  THREE,
		  { 0xaaaaab0000000000, 0x3ffd },
		  SINGLE,
		  FLOAT_PE | X87_C1 },
		{ "3/1-reversed", x87_divr, ONE, THREE, THREE, X87_CW_INIT, 0 },
		{ "2-3-reversed", x87_subr, THREE, TWO, MINUS_1, X87_CW_INIT, 0 },
		{ "sqrt-2",
		  x87_sqrt,
		  TWO,
		  ZERO,
		  { 0xb504f333f9de6484, 0x3fff },
		  X87_CW_INIT,
		  FLOAT_PE },
		{ "sqrt-minus-1",
		  x87_sqrt,
		  MINUS_1,
		  ZERO,
		  { 0xc000000000000000, 0xffff },
		  X87_CW_INIT,
		  FLOAT_IE },
		{ "1/0",
		  x87_div,
		  ONE,
		  ZERO,
		  { 0x8000000000000000, 0x7fff },
		  X87_CW_INIT,
		  FLOAT_ZE },
		/* 5 = 1 * 3 + 2; to the nearest, 2 * 3 - 1. C1 is the quotient's bit 0, C3 its bit 1. */
		{ "5-rem-3", x87_prem, FIVE, THREE, TWO, X87_CW_INIT, X87_C1 },
		{ "5-rem1-3", x87_prem1, FIVE, THREE, MINUS_1, X87_CW_INIT, X87_C3 },
		/* 7 = 3 * 2 + 1: a tie, whose even quotient is 4. */
		{ "7-rem1-2", x87_prem1, SEVEN, TWO, MINUS_1, X87_CW_INIT, X87_C0 },
		{ "3*2^2", x87_scale, THREE, TWO, { 0xc000000000000000, 0x4002 }, X87_CW_INIT, 0 },
		{ "1-less-than-2", x87_com, ONE, TWO, ONE, X87_CW_INIT, X87_C0 },
		{ "1-equals-1", x87_com, ONE, ONE, ONE, X87_CW_INIT, X87_C3 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		struct x87_in in = { .st0 = x87_unpack(&table[i].st0),
				     .st1 = x87_unpack(&table[i].st1),
				     .control = table[i].control };
		struct x87_out out;
		struct f80 result;

		SUBTEST("%s", table[i].name);
		table[i].model(&in, &out);
		result = x87_pack(out.result);
		EXPECT_EQ(result.significand, table[i].result.significand);
		EXPECT_EQ(result.sign_and_exponent, table[i].result.sign_and_exponent);
		EXPECT_EQ(out.status, table[i].status);
	}
}
