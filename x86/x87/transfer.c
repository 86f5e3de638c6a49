/* SPDX-License-Identifier: MIT */
/* Loads, stores and conversions: reals, integers, packed decimals, constants. */
#include "x87.h"

#include <string.h>
#include <test.h>
#include <x86/cpuid.h>

SUITE("x87 loads and stores", REQUIRES(cpu_has(X86_FEATURE_FPU)));

#define STATUS (X87_USUAL & ~X87_C1 & ~X87_C0 & ~X87_C2 & ~X87_C3)

/* An operand in memory is this long at most, and what is after it has to stay. */
#define OPERAND 16

struct transfer {
	const char *name;
	const void *code;
	u32 bytes;
	bool pops;
	bool truncates; /* FISTTP */
};

/* -------------------------------------------------------------------------------------------- loads */

static void check_load(const void *code, void *memory, struct real value, u32 exceptions,
		       u16 control)
{
	struct f80 expected = x87_pack(value);
	struct x87_state after;

	x87_run(code, NULL, NULL, control, memory, &after);
	EXPECT_MEM_EQ(&after.st[0], &expected, sizeof(expected), "of %#llx", *(u64 *)memory);
	EXPECT_EQ(after.environment.status & STATUS, exceptions, "of %#llx", *(u64 *)memory);
	EXPECT_EQ(x87_top(after.environment.status), 7);
}

static void check_load_real(const void *code, const struct float_format *format, u64 bits,
			    u16 control)
{
	struct float_context context = { .format = &float_extended };
	struct real value = float_unpack(format, bits);
	u64 memory[2] = { bits };

	if (float_is_nan(value))
		value = float_quiet(&context, value);
	check_load(code, memory, value, context.exceptions, control);
}

TEST(load_real, "FLD of a single or a double is exact; an SNaN becomes quiet and is invalid",
     SPEC("SDM vol. 2A, FLD"))
{
	static const u32 singles[] = { 0,	   0x80000000, 1,	   0x807fffff,
				       0x00800000, 0x3f800000, 0x7f7fffff, 0x7f800000,
				       0xff800000, 0x7fc00001, 0x7f800001, 0xffbfffff };
	static const u64 doubles[] = { 0,
				       BIT(63),
				       1,
				       0x800fffffffffffff,
				       0x0010000000000000,
				       0x3ff0000000000001,
				       0x7fefffffffffffff,
				       0x7ff0000000000000,
				       0xfff0000000000000,
				       0x7ff8000000000001,
				       0x7ff0000000000001,
				       0xfff7ffffffffffff };

	const u16 low_precision = X87_CW_INIT & ~(3 << X87_CW_PC_SHIFT);

	SUBTEST("single");
	for (u32 i = 0; i < 2 * ARRAY_SIZE(singles); i++)
		check_load_real(CODE("flds " AT("di")), &float_single, singles[i / 2],
				i % 2 ? low_precision : X87_CW_INIT);
	SUBTEST("double");
	for (u32 i = 0; i < ARRAY_SIZE(doubles); i++)
		check_load_real(CODE("fldl " AT("di")), &float_double, doubles[i], X87_CW_INIT);
	SUBTEST("double_low_precision");
	for (u32 i = 0; i < ARRAY_SIZE(doubles); i++)
		check_load_real(CODE("fldl " AT("di")), &float_double, doubles[i], low_precision);
}

TEST(load_extended, "FLD and FSTP of 80 bits change nothing, SNaNs and unsupported values included",
     SPEC("SDM vol. 2A, FLD, FSTP; vol. 1, 8.2.2"))
{
	for (u32 i = 0; i < x87_value_count; i++) {
		u8 memory[OPERAND];
		struct x87_state after;

		memset(memory, 0x5a, sizeof(memory));
		x87_run(CODE("fstpt " AT("di")), &x87_values[i], NULL, X87_CW_INIT, memory, &after);
		EXPECT_MEM_EQ(memory, &x87_values[i], sizeof(struct f80));
		EXPECT_EQ(memory[sizeof(struct f80)], 0x5a, "the byte after");
		EXPECT_EQ(after.environment.status & X87_EXCEPTIONS, 0);
		EXPECT_EQ(x87_top(after.environment.status), 0);
	}
}

TEST(load_integer, "FILD of 16, 32 and 64 bits is exact", SPEC("SDM vol. 2A, FILD"))
{
	static const s64 values[] = { 0,
				      1,
				      -1,
				      42,
				      0x7fff,
				      -0x8000,
				      0x7fffffff,
				      -0x7fffffff - 1,
				      0x01234567,
				      0x12345679,
				      (s64)BIT(62),
				      (s64)BIT(63),
				      0x7fffffffffffffff,
				      0x123456789abcdef1 };
	static const struct transfer loads[] = { { .name = "16", .bytes = 2 },
						 { .name = "32", .bytes = 4 },
						 { .name = "64", .bytes = 8 } };
	const void *codes[] = { CODE("filds " AT("di")), CODE("fildl " AT("di")),
				CODE("fildll " AT("di")) };
	struct float_context exact = { .format = &float_extended };

	for (u32 i = 0; i < ARRAY_SIZE(loads); i++) {
		SUBTEST("%s", loads[i].name);
		for (u32 j = 0; j < ARRAY_SIZE(values); j++) {
			u32 unused = 64 - 8 * loads[i].bytes;
			s64 value = (s64)((u64)values[j] << unused) >> unused;
			u64 memory[2] = { (u64)values[j] };

			check_load(codes[i], memory, float_from_integer(&exact, value), 0,
				   X87_CW_INIT);
		}
	}
}

struct constant {
	const char *name;
	const void *code;
	struct f80 values[4]; /* rounded to nearest, down, up, to zero */
};

/* The constants, which have 66 bits inside, are rounded: SDM vol. 2A, FLD1 and so on. */
#define SAME(significand, exponent)                                                              \
	{                                                                                        \
		{ significand, exponent }, { significand, exponent }, { significand, exponent }, \
			{ significand, exponent },                                               \
	}
#define ROUNDED(nearest, down, up, exponent)                                                     \
	{                                                                                        \
		{ nearest, exponent }, { down, exponent }, { up, exponent }, { down, exponent }, \
	}

TEST(constants, "the constants are rounded as the control word says", SPEC("SDM vol. 2A, FLD1"))
{
	const struct constant table[] = {
		{ "fld1", CODE("fld1"), SAME(0x8000000000000000, 0x3fff) },
		{ "fldz", CODE("fldz"), SAME(0, 0) },
		{ "fldl2t", CODE("fldl2t"),
		  ROUNDED(0xd49a784bcd1b8afe, 0xd49a784bcd1b8afe, 0xd49a784bcd1b8aff, 0x4000) },
		{ "fldl2e", CODE("fldl2e"),
		  ROUNDED(0xb8aa3b295c17f0bc, 0xb8aa3b295c17f0bb, 0xb8aa3b295c17f0bc, 0x3fff) },
		{ "fldpi", CODE("fldpi"),
		  ROUNDED(0xc90fdaa22168c235, 0xc90fdaa22168c234, 0xc90fdaa22168c235, 0x4000) },
		{ "fldlg2", CODE("fldlg2"),
		  ROUNDED(0x9a209a84fbcff799, 0x9a209a84fbcff798, 0x9a209a84fbcff799, 0x3ffd) },
		{ "fldln2", CODE("fldln2"),
		  ROUNDED(0xb17217f7d1cf79ac, 0xb17217f7d1cf79ab, 0xb17217f7d1cf79ac, 0x3ffe) },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		for (u32 rounding = 0; rounding < 4; rounding++) {
			struct x87_state after;

			x87_run(table[i].code, NULL, NULL,
				X87_CW_INIT | (u16)(rounding << X87_CW_RC_SHIFT), NULL, &after);
			EXPECT_MEM_EQ(&after.st[0], &table[i].values[rounding], sizeof(struct f80),
				      "rounding %u", rounding);
			EXPECT_EQ(after.environment.status & X87_EXCEPTIONS, 0);
		}
	}
}

/* ------------------------------------------------------------------------------------------- stores */

static void check_store_real(const struct transfer *store, const struct float_format *format,
			     const struct f80 *st0, u16 control)
{
	struct float_context context = x87_context(control);
	struct real value = x87_unpack(st0), result;
	u8 memory[OPERAND];
	struct x87_state after;
	u64 expected;

	context.format = format;
	if (!x87_invalid_operand(&context, value, value, &result))
		result = float_convert(&context, value);
	/* FST is not said to notice denormals. */
	context.exceptions &= ~FLOAT_DE;
	expected = float_pack(format, result);
	memset(memory, 0x5a, sizeof(memory));
	x87_run(store->code, st0, NULL, control, memory, &after);
	EXPECT_MEM_EQ(memory, &expected, store->bytes, "%#x:%#llx, control=%#x",
		      st0->sign_and_exponent, st0->significand, control);
	EXPECT_EQ(memory[store->bytes], 0x5a, "the byte after");
	EXPECT_EQ(after.environment.status & STATUS & ~FLOAT_DE, context.exceptions,
		  "%#x:%#llx, control=%#x", st0->sign_and_exponent, st0->significand, control);
	EXPECT_EQ(x87_top(after.environment.status), store->pops ? 0u : 7u);
}

TEST(store_real,
     "FST and FSTP round to the format in memory, with overflow, underflow and precision",
     SPEC("SDM vol. 2A, FST/FSTP; vol. 1, 8.5"))
{
	const struct transfer stores[] = {
		{ .name = "fst_single", .code = CODE("fsts " AT("di")), .bytes = 4 },
		{ .name = "fstp_single",
		  .code = CODE("fstps " AT("di")),
		  .bytes = 4,
		  .pops = true },
		{ .name = "fst_double", .code = CODE("fstl " AT("di")), .bytes = 8 },
		{ .name = "fstp_double",
		  .code = CODE("fstpl " AT("di")),
		  .bytes = 8,
		  .pops = true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(stores); i++) {
		SUBTEST("%s", stores[i].name);
		for (u32 j = 0; j < x87_value_count; j++)
			for (u32 k = 0; k < 4; k++)
				check_store_real(&stores[i],
						 stores[i].bytes == 4 ? &float_single
								      : &float_double,
						 &x87_values[j], x87_controls[k]);
		for (u32 j = 0; j < 100; j++) {
			/* Exponents from a double's denormals to beyond its range. */
			struct f80 value = { random_u64() | BIT(63),
					     (u16)(0x3fff - 1080 + random_below(2160)) };

			check_store_real(&stores[i],
					 stores[i].bytes == 4 ? &float_single : &float_double,
					 &value, x87_controls[j % 4]);
		}
	}
}

static void check_store_integer(const struct transfer *store, const struct f80 *st0, u16 control)
{
	struct float_context context = x87_context(control);
	u8 memory[OPERAND];
	struct x87_state after;
	s64 expected;

	if (store->truncates)
		context.rounding = FLOAT_TO_ZERO;
	expected = float_to_integer(&context, x87_unpack(st0), store->bytes * 8);
	memset(memory, 0x5a, sizeof(memory));
	x87_run(store->code, st0, NULL, control, memory, &after);
	EXPECT_MEM_EQ(memory, &expected, store->bytes, "%#x:%#llx, control=%#x",
		      st0->sign_and_exponent, st0->significand, control);
	EXPECT_EQ(memory[store->bytes], 0x5a, "the byte after");
	EXPECT_EQ(after.environment.status & STATUS & ~FLOAT_DE, context.exceptions,
		  "%#x:%#llx, control=%#x", st0->sign_and_exponent, st0->significand, control);
	EXPECT_EQ(x87_top(after.environment.status), store->pops ? 0u : 7u);
}

static void check_store_integers(const struct transfer *stores, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		SUBTEST("%s", stores[i].name);
		for (u32 j = 0; j < x87_value_count; j++)
			for (u32 k = 0; k < 4; k++)
				check_store_integer(&stores[i], &x87_values[j], x87_controls[k]);
		for (u32 j = 0; j < 200; j++) {
			struct f80 value = { random_u64() | BIT(63),
					     (u16)((0x3fff - 2 + random_below(70)) |
						   random_below(2) << 15) };

			check_store_integer(&stores[i], &value, x87_controls[j % 4]);
		}
	}
}

TEST(store_integer, "FIST and FISTP round to an integer; what does not fit is the indefinite one",
     SPEC("SDM vol. 2A, FIST/FISTP"))
{
	const struct transfer stores[] = {
		{ .name = "fist_16", .code = CODE("fists " AT("di")), .bytes = 2 },
		{ .name = "fist_32", .code = CODE("fistl " AT("di")), .bytes = 4 },
		{ .name = "fistp_16", .code = CODE("fistps " AT("di")), .bytes = 2, .pops = true },
		{ .name = "fistp_32", .code = CODE("fistpl " AT("di")), .bytes = 4, .pops = true },
		{ .name = "fistp_64", .code = CODE("fistpll " AT("di")), .bytes = 8, .pops = true },
	};

	check_store_integers(stores, ARRAY_SIZE(stores));
}

TEST(store_integer_truncated, "FISTTP truncates whatever the rounding control says",
     SPEC("SDM vol. 2A, FISTTP"), REQUIRES(cpu_has(X86_FEATURE_SSE3)))
{
	const struct transfer stores[] = {
		{ .name = "fisttp_16",
		  .code = CODE("fisttps " AT("di")),
		  .bytes = 2,
		  .pops = true,
		  .truncates = true },
		{ .name = "fisttp_32",
		  .code = CODE("fisttpl " AT("di")),
		  .bytes = 4,
		  .pops = true,
		  .truncates = true },
		{ .name = "fisttp_64",
		  .code = CODE("fisttpll " AT("di")),
		  .bytes = 8,
		  .pops = true,
		  .truncates = true },
	};

	check_store_integers(stores, ARRAY_SIZE(stores));
}

/* ---------------------------------------------------------------------------------- packed decimals */

#define DECIMAL_BYTES 10
#define DECIMAL_LIMIT 1000000000000000000ull

/* Eighteen digits, two in each byte, and a sign: SDM vol. 1, 4.7. */
static void to_decimal(bool negative, u64 magnitude, u8 *decimal)
{
	for (u32 i = 0; i < DECIMAL_BYTES - 1; i++, magnitude /= 100)
		decimal[i] = (u8)(magnitude / 10 % 10 << 4 | magnitude % 10);
	decimal[DECIMAL_BYTES - 1] = negative ? 0x80 : 0;
}

TEST(load_decimal, "FBLD reads eighteen decimal digits", SPEC("SDM vol. 2A, FBLD; vol. 1, 4.7"))
{
	static const u64 values[] = { 0, 1, 9, 10, 99, 123456789012345678, DECIMAL_LIMIT - 1 };
	struct float_context exact = { .format = &float_extended };

	for (u32 i = 0; i < 2 * ARRAY_SIZE(values); i++) {
		struct real value = float_from_integer(&exact, (s64)values[i / 2]);
		u8 memory[OPERAND] = { 0 };

		value.negative = i % 2;
		to_decimal(i % 2, values[i / 2], memory);
		check_load(CODE("fbld " AT("di")), memory, value, 0, X87_CW_INIT);
	}
}

TEST(store_decimal,
     "FBSTP rounds and stores eighteen digits; what does not fit is the indefinite one",
     SPEC("SDM vol. 2A, FBSTP; vol. 1, 4.7, table 4-4"))
{
	static const u8 indefinite[DECIMAL_BYTES] = { 0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xff };

	for (u32 i = 0; i < 4 * x87_value_count; i++) {
		const struct f80 *st0 = &x87_values[i / 4];
		u16 control = x87_controls[i % 4];
		struct float_context context = x87_context(control);
		s64 value = float_to_integer(&context, x87_unpack(st0), 64);
		u64 magnitude = value < 0 ? 0 - (u64)value : (u64)value;
		u8 expected[DECIMAL_BYTES], memory[OPERAND];
		struct x87_state after;

		if ((context.exceptions & FLOAT_IE) || magnitude >= DECIMAL_LIMIT) {
			context.exceptions = FLOAT_IE;
			memcpy(expected, indefinite, sizeof(expected));
		} else {
			to_decimal(st0->sign_and_exponent >> 15, magnitude, expected);
		}
		memset(memory, 0x5a, sizeof(memory));
		x87_run(CODE("fbstp " AT("di")), st0, NULL, control, memory, &after);
		EXPECT_MEM_EQ(memory, expected, DECIMAL_BYTES, "%#x:%#llx", st0->sign_and_exponent,
			      st0->significand);
		EXPECT_EQ(memory[DECIMAL_BYTES], 0x5a, "the byte after");
		EXPECT_EQ(after.environment.status & STATUS & ~FLOAT_DE, context.exceptions,
			  "%#x:%#llx", st0->sign_and_exponent, st0->significand);
	}
}
