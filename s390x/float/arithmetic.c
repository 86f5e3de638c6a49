/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>

SUITE("BFP arithmetic");

enum operation { ADD, SUBTRACT, MULTIPLY, DIVIDE, SQUARE_ROOT, MULTIPLY_ADD, MULTIPLY_SUBTRACT };

struct arithmetic {
	enum insn_format format;
	u16 opcode;
	enum operation operation;
	const struct bfp_format *operands, *result;
};

static bool in_storage(const struct arithmetic *a)
{
	return a->format == INSN_RXE || a->format == INSN_RXF;
}

static struct bfp model(const struct arithmetic *a, struct bfp_context *c, struct bfp x,
			struct bfp y, struct bfp z)
{
	switch (a->operation) {
	case ADD:
		return bfp_add(c, x, y);
	case SUBTRACT:
		return bfp_subtract(c, x, y);
	case MULTIPLY:
		return bfp_multiply(c, x, y);
	case DIVIDE:
		return bfp_divide(c, x, y);
	case SQUARE_ROOT:
		return bfp_square_root(c, y);
	case MULTIPLY_ADD:
		return bfp_multiply_add(c, y, z, x, false);
	default:
		return bfp_multiply_add(c, y, z, x, true);
	}
}

static bool check_one(const struct arithmetic *a, struct number x, struct number y, struct number z,
		      u32 mode, u32 cc)
{
	struct bfp_context c = { .format = a->result, .rounding = rounding_of(mode) };
	struct insn_fields f = { .r1 = F1, .r2 = F2, .r3 = F3, .b2 = BASE };
	struct execution e = { .cc = cc }, expected;
	struct number out;
	struct bfp result;
	char where[128];
	u8 code[6];
	u32 size;

	fill_floats(&e, mode);
	put_number(&e, a->operands, F1, x);
	if (in_storage(a))
		store_number(float_storage(), a->operands, y);
	else
		put_number(&e, a->operands, F2, y);
	put_number(&e, a->operands, F3, z);
	expected = e;
	result = model(a, &c, bfp_unpack(a->operands, x.high, x.low),
		       bfp_unpack(a->operands, y.high, y.low),
		       bfp_unpack(a->operands, z.high, z.low));
	bfp_pack(a->result, result, &out.high, &out.low);
	put_number(&expected, a->result, F1, out);
	expected.fpc |= c.flags << 16;
	if (a->operation == ADD || a->operation == SUBTRACT)
		expected.cc = cc_of(result);
	size = insn_encode(a->format, a->opcode, &f, code);
	snprintf(where, sizeof(where), "%#llx %#llx with %#llx %#llx, mode %u", x.high, x.low,
		 y.high, y.low, mode);
	return EXPECT_NO_FAULT(execute(code, size, &e), "%s", where) &&
	       expect_floats(&e, &expected, where);
}

static bool is_nan(const struct bfp_format *f, struct number n)
{
	return bfp_is_nan(bfp_unpack(f, n.high, n.low));
}

/* Each pair in one of the modes; what is about NaNs is not about rounding and has a row of its own. */
static void check_mode(const struct arithmetic *a, u32 mode, bool nans)
{
	const struct bfp_format *f = a->operands;
	bool unary = a->operation == SQUARE_ROOT, ternary = a->operation >= MULTIPLY_ADD;

	for (u32 n = 0; n < number_count(); n++) {
		for (u32 k = 0; k < number_count(); k += unary ? number_count() : 1) {
			struct number x = number_at(f, k), y = number_at(f, n);
			struct number z = number_at(f, (n * 5 + k * 3) % number_count());

			if (!ternary)
				z = number_at(f, 2);
			if ((is_nan(f, x) || is_nan(f, y) || is_nan(f, z)) != nans)
				continue;
			if (!nans && !unary && (n + k) % 4 != mode)
				continue;
			if (!check_one(a, x, y, z, mode, n & 3))
				return;
		}
	}
	for (u32 n = 0; n < 24 && !nans; n++) {
		if (!check_one(a, random_number(f), random_number(f), random_number(f), mode,
			       n & 3))
			return;
	}
	EXPECT(true);
}

static void check_extended_registers(const struct arithmetic *a)
{
	static const u8 bad[] = { 2, 3, 6, 7, 10, 11, 14, 15 };

	for (u32 n = 0; n < ARRAY_SIZE(bad); n++) {
		struct insn_fields f = { .r1 = bad[n], .r2 = F2, .b2 = BASE };
		struct execution e = { .cc = 1 };
		u8 code[6];
		u32 size;

		SUBTEST("R1 = %u", bad[n]);
		fill_floats(&e, 0);
		size = insn_encode(a->format, a->opcode, &f, code);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, size), execute(code, size, &e));
		if (in_storage(a) || a->operands->width != 128)
			continue;
		f.r1 = F1;
		f.r2 = bad[n];
		SUBTEST("R2 = %u", bad[n]);
		size = insn_encode(a->format, a->opcode, &f, code);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, size), execute(code, size, &e));
	}
}

static void check(const struct arithmetic *a)
{
	for (u32 mode = 0; mode < 4; mode++) {
		SUBTEST("rounding mode %u", mode);
		check_mode(a, mode, false);
	}
	SUBTEST("NaNs");
	check_mode(a, 0, true);
	if (a->result->width == 128)
		check_extended_registers(a);
	SUBTEST("without the AFP-register control");
	{
		struct insn_fields f = { .r1 = F1, .r2 = F2, .r3 = F3, .b2 = BASE };
		struct execution e = { 0 };
		u8 code[6];
		u32 size = insn_encode(a->format, a->opcode, &f, code);

		e.gpr[BASE] = (ulong)float_storage();
		EXPECT_FAULT(WITH_ILC(PGM_DATA, size), execute(code, size, &e));
		EXPECT_EQ(trap_last_frame()->info.dxc, 2u);
	}
}

#define ARITHMETIC(name_, manual, format_, opcode_, operation_, operands_, result_)       \
	TEST(name_, manual ": the exact result, rounded once; flags, condition code",     \
	     SPEC(CHAPTER manual))                                                        \
	{                                                                                 \
		static const struct arithmetic a = { INSN_##format_, opcode_, operation_, \
						     &bfp_##operands_, &bfp_##result_ };  \
                                                                                          \
		check(&a);                                                                \
	}

/* clang-format off */
ARITHMETIC(aebr, "ADD (AEBR)", RRE, 0xb30a, ADD, short, short)
ARITHMETIC(adbr, "ADD (ADBR)", RRE, 0xb31a, ADD, long, long)
ARITHMETIC(axbr, "ADD (AXBR)", RRE, 0xb34a, ADD, extended, extended)
ARITHMETIC(aeb, "ADD (AEB)", RXE, 0xed0a, ADD, short, short)
ARITHMETIC(adb, "ADD (ADB)", RXE, 0xed1a, ADD, long, long)
ARITHMETIC(sebr, "SUBTRACT (SEBR)", RRE, 0xb30b, SUBTRACT, short, short)
ARITHMETIC(sdbr, "SUBTRACT (SDBR)", RRE, 0xb31b, SUBTRACT, long, long)
ARITHMETIC(sxbr, "SUBTRACT (SXBR)", RRE, 0xb34b, SUBTRACT, extended, extended)
ARITHMETIC(seb, "SUBTRACT (SEB)", RXE, 0xed0b, SUBTRACT, short, short)
ARITHMETIC(sdb, "SUBTRACT (SDB)", RXE, 0xed1b, SUBTRACT, long, long)
ARITHMETIC(meebr, "MULTIPLY (MEEBR)", RRE, 0xb317, MULTIPLY, short, short)
ARITHMETIC(mdbr, "MULTIPLY (MDBR)", RRE, 0xb31c, MULTIPLY, long, long)
ARITHMETIC(mxbr, "MULTIPLY (MXBR)", RRE, 0xb34c, MULTIPLY, extended, extended)
ARITHMETIC(mdebr, "MULTIPLY (MDEBR)", RRE, 0xb30c, MULTIPLY, short, long)
ARITHMETIC(mxdbr, "MULTIPLY (MXDBR)", RRE, 0xb307, MULTIPLY, long, extended)
ARITHMETIC(meeb, "MULTIPLY (MEEB)", RXE, 0xed17, MULTIPLY, short, short)
ARITHMETIC(mdb, "MULTIPLY (MDB)", RXE, 0xed1c, MULTIPLY, long, long)
ARITHMETIC(mdeb, "MULTIPLY (MDEB)", RXE, 0xed0c, MULTIPLY, short, long)
ARITHMETIC(mxdb, "MULTIPLY (MXDB)", RXE, 0xed07, MULTIPLY, long, extended)
ARITHMETIC(debr, "DIVIDE (DEBR)", RRE, 0xb30d, DIVIDE, short, short)
ARITHMETIC(ddbr, "DIVIDE (DDBR)", RRE, 0xb31d, DIVIDE, long, long)
ARITHMETIC(dxbr, "DIVIDE (DXBR)", RRE, 0xb34d, DIVIDE, extended, extended)
ARITHMETIC(deb, "DIVIDE (DEB)", RXE, 0xed0d, DIVIDE, short, short)
ARITHMETIC(ddb, "DIVIDE (DDB)", RXE, 0xed1d, DIVIDE, long, long)
ARITHMETIC(sqebr, "SQUARE ROOT (SQEBR)", RRE, 0xb314, SQUARE_ROOT, short, short)
ARITHMETIC(sqdbr, "SQUARE ROOT (SQDBR)", RRE, 0xb315, SQUARE_ROOT, long, long)
ARITHMETIC(sqxbr, "SQUARE ROOT (SQXBR)", RRE, 0xb316, SQUARE_ROOT, extended, extended)
ARITHMETIC(sqeb, "SQUARE ROOT (SQEB)", RXE, 0xed14, SQUARE_ROOT, short, short)
ARITHMETIC(sqdb, "SQUARE ROOT (SQDB)", RXE, 0xed15, SQUARE_ROOT, long, long)
ARITHMETIC(maebr, "MULTIPLY AND ADD (MAEBR)", RRD, 0xb30e, MULTIPLY_ADD, short, short)
ARITHMETIC(madbr, "MULTIPLY AND ADD (MADBR)", RRD, 0xb31e, MULTIPLY_ADD, long, long)
ARITHMETIC(maeb, "MULTIPLY AND ADD (MAEB)", RXF, 0xed0e, MULTIPLY_ADD, short, short)
ARITHMETIC(madb, "MULTIPLY AND ADD (MADB)", RXF, 0xed1e, MULTIPLY_ADD, long, long)
ARITHMETIC(msebr, "MULTIPLY AND SUBTRACT (MSEBR)", RRD, 0xb30f, MULTIPLY_SUBTRACT, short, short)
ARITHMETIC(msdbr, "MULTIPLY AND SUBTRACT (MSDBR)", RRD, 0xb31f, MULTIPLY_SUBTRACT, long, long)
ARITHMETIC(mseb, "MULTIPLY AND SUBTRACT (MSEB)", RXF, 0xed0f, MULTIPLY_SUBTRACT, short, short)
ARITHMETIC(msdb, "MULTIPLY AND SUBTRACT (MSDB)", RXF, 0xed1f, MULTIPLY_SUBTRACT, long, long)
/* clang-format on */
