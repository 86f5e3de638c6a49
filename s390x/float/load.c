/* SPDX-License-Identifier: MIT */
/* Comparisons, tests of class, signs, moves between registers and storage. */
#include "check.h"

#include <stdio.h>

SUITE("BFP comparisons, loads, signs");

/* -------------------------------------------------------------------------------------- comparison */

static void check_compare(enum insn_format format, u16 opcode, const struct bfp_format *fmt,
			  bool signal)
{
	for (u32 n = 0; n < number_count(); n++) {
		SUBTEST("first operand %u", n);
		for (u32 k = 0; k < number_count(); k++) {
			struct number x = number_at(fmt, n), y = number_at(fmt, k);
			struct bfp a = bfp_unpack(fmt, x.high, x.low),
				   b = bfp_unpack(fmt, y.high, y.low);
			struct insn_fields f = { .r1 = F1, .r2 = F2, .b2 = BASE };
			struct execution e = { .cc = k & 3 }, expected;
			bool invalid = a.kind == BFP_SNAN || b.kind == BFP_SNAN ||
				       (signal && (bfp_is_nan(a) || bfp_is_nan(b)));
			char where[64];
			u8 code[6];
			u32 size;

			fill_floats(&e, 0);
			put_number(&e, fmt, F1, x);
			if (format == INSN_RXE)
				store_number(float_storage(), fmt, y);
			else
				put_number(&e, fmt, F2, y);
			expected = e;
			expected.cc = bfp_compare(a, b);
			if (invalid)
				expected.fpc |= BFP_INVALID << 16;
			size = insn_encode(format, opcode, &f, code);
			EXPECT_NO_FAULT(execute(code, size, &e));
			snprintf(where, sizeof(where), "%#llx with %#llx", x.high, y.high);
			expect_floats(&e, &expected, where);
		}
	}
}

#define COMPARISON(name, manual, format, opcode, operand, signal)                   \
	TEST(name, manual ": order, unordered NaNs, and which of them are invalid", \
	     SPEC(CHAPTER manual))                                                  \
	{                                                                           \
		check_compare(INSN_##format, opcode, &bfp_##operand, signal);       \
	}

/* clang-format off */
COMPARISON(cebr, "COMPARE (CEBR)", RRE, 0xb309, short, false)
COMPARISON(cdbr, "COMPARE (CDBR)", RRE, 0xb319, long, false)
COMPARISON(cxbr, "COMPARE (CXBR)", RRE, 0xb349, extended, false)
COMPARISON(ceb, "COMPARE (CEB)", RXE, 0xed09, short, false)
COMPARISON(cdb, "COMPARE (CDB)", RXE, 0xed19, long, false)
COMPARISON(kebr, "COMPARE AND SIGNAL (KEBR)", RRE, 0xb308, short, true)
COMPARISON(kdbr, "COMPARE AND SIGNAL (KDBR)", RRE, 0xb318, long, true)
COMPARISON(kxbr, "COMPARE AND SIGNAL (KXBR)", RRE, 0xb348, extended, true)
COMPARISON(keb, "COMPARE AND SIGNAL (KEB)", RXE, 0xed08, short, true)
COMPARISON(kdb, "COMPARE AND SIGNAL (KDB)", RXE, 0xed18, long, true)
/* clang-format on */

/* -------------------------------------------------------------------------------------- data class */

/* The bit of the mask that stands for this number: 11 is that of +0, 0 that of -SNaN. */
static u32 class_bit(const struct bfp_format *fmt, struct number x)
{
	struct bfp v = bfp_unpack(fmt, x.high, x.low);
	u32 class = 0;

	switch (v.kind) {
	case BFP_ZERO:
		class = 0;
		break;
	case BFP_FINITE: /* normal, subnormal */
		class = x.high << 1 >> (64 - (fmt->width - fmt->precision)) ? 1 : 2;
		break;
	case BFP_INFINITY:
		class = 3;
		break;
	case BFP_QNAN:
		class = 4;
		break;
	case BFP_SNAN:
		class = 5;
		break;
	}
	return 11 - 2 * class - v.minus;
}

static void check_class(u16 opcode, const struct bfp_format *fmt)
{
	for (u32 n = 0; n < number_count(); n++) {
		SUBTEST("operand %u", n);
		for (u32 bit = 0; bit < 12; bit++) {
			struct number x = number_at(fmt, n);
			struct insn_fields f = { .r1 = F1, .b2 = BASE, .d2 = 0xfff };
			struct execution e = { .cc = 3 }, expected;
			u8 code[6];

			fill_floats(&e, 0);
			put_number(&e, fmt, F1, x);
			/* Only the last twelve bits of the address count. */
			e.gpr[BASE] = (0xfedcba9876543000 | 1u << bit) - 0xfff;
			expected = e;
			expected.cc = bit == class_bit(fmt, x);
			insn_encode(INSN_RXE, opcode, &f, code);
			EXPECT_NO_FAULT(execute(code, 6, &e));
			expect_floats(&e, &expected, "one class");
			e = expected;
			e.cc = 2;
			e.gpr[BASE] = (0xfff ^ 1u << bit) - 0xfff;
			expected.gpr[BASE] = e.gpr[BASE];
			expected.cc = bit != class_bit(fmt, x);
			EXPECT_NO_FAULT(execute(code, 6, &e));
			expect_floats(&e, &expected, "all classes but one");
		}
	}
}

TEST(tceb, "TEST DATA CLASS (TCEB): whether the number's class is among those that the mask has",
     SPEC(CHAPTER "TEST DATA CLASS (TCEB)"))
{
	check_class(0xed10, &bfp_short);
}

TEST(tcdb, "TEST DATA CLASS (TCDB): whether the number's class is among those that the mask has",
     SPEC(CHAPTER "TEST DATA CLASS (TCDB)"))
{
	check_class(0xed11, &bfp_long);
}

TEST(tcxb, "TEST DATA CLASS (TCXB): whether the number's class is among those that the mask has",
     SPEC(CHAPTER "TEST DATA CLASS (TCXB)"))
{
	check_class(0xed12, &bfp_extended);
}

/* ---------------------------------------------------------------------------------- loads and signs */

enum sign { KEEP, COMPLEMENT, NEGATIVE, POSITIVE };

struct load {
	u16 opcode;
	enum sign sign;
	const struct bfp_format *format;
	bool has_cc, test; /* LOAD AND TEST makes a signaling NaN quiet */
};

static void check_load(const struct load *l)
{
	for (u32 n = 0; n < number_count(); n++) {
		struct number x = number_at(l->format, n), out = x;
		struct bfp v = bfp_unpack(l->format, x.high, x.low);
		struct insn_fields f = { .r1 = F1, .r2 = F2 };
		struct execution e = { .cc = 3 & ~n }, expected;
		u8 code[6];

		SUBTEST("operand %u", n);
		fill_floats(&e, 0);
		put_number(&e, l->format, F2, x);
		expected = e;
		if (l->sign == COMPLEMENT)
			out.high ^= BIT(63);
		else if (l->sign == NEGATIVE)
			out.high |= BIT(63);
		else if (l->sign == POSITIVE)
			out.high &= ~BIT(63);
		v = bfp_unpack(l->format, out.high, out.low);
		if (l->test && v.kind == BFP_SNAN) {
			struct bfp_context c = { .format = l->format };

			v = bfp_convert(&c, v);
			bfp_pack(l->format, v, &out.high, &out.low);
			expected.fpc |= c.flags << 16;
		}
		put_number(&expected, l->format, F1, out);
		if (l->has_cc)
			expected.cc = cc_of(v);
		insn_encode(INSN_RRE, l->opcode, &f, code);
		EXPECT_NO_FAULT(execute(code, 4, &e));
		expect_floats(&e, &expected, "afterwards");
	}
}

#define LOAD_SIGN(name, manual, opcode, sign, format, cc, test, facility)               \
	TEST(name, manual ": sign, condition code, nothing else",                       \
	     SPEC(CHAPTER manual), REQUIRES(has_facility(facility)))                    \
	{                                                                               \
		static const struct load l = { opcode, sign, &bfp_##format, cc, test }; \
                                                                                        \
		check_load(&l);                                                         \
	}

#define Z FACILITY_Z_ARCHITECTURE
/* clang-format off */
LOAD_SIGN(ltebr, "LOAD AND TEST (LTEBR)", 0xb302, KEEP, short, true, true, Z)
LOAD_SIGN(ltdbr, "LOAD AND TEST (LTDBR)", 0xb312, KEEP, long, true, true, Z)
LOAD_SIGN(ltxbr, "LOAD AND TEST (LTXBR)", 0xb342, KEEP, extended, true, true, Z)
LOAD_SIGN(lcebr, "LOAD COMPLEMENT (LCEBR)", 0xb303, COMPLEMENT, short, true, false, Z)
LOAD_SIGN(lcdbr, "LOAD COMPLEMENT (LCDBR)", 0xb313, COMPLEMENT, long, true, false, Z)
LOAD_SIGN(lcxbr, "LOAD COMPLEMENT (LCXBR)", 0xb343, COMPLEMENT, extended, true, false, Z)
LOAD_SIGN(lnebr, "LOAD NEGATIVE (LNEBR)", 0xb301, NEGATIVE, short, true, false, Z)
LOAD_SIGN(lndbr, "LOAD NEGATIVE (LNDBR)", 0xb311, NEGATIVE, long, true, false, Z)
LOAD_SIGN(lnxbr, "LOAD NEGATIVE (LNXBR)", 0xb341, NEGATIVE, extended, true, false, Z)
LOAD_SIGN(lpebr, "LOAD POSITIVE (LPEBR)", 0xb300, POSITIVE, short, true, false, Z)
LOAD_SIGN(lpdbr, "LOAD POSITIVE (LPDBR)", 0xb310, POSITIVE, long, true, false, Z)
LOAD_SIGN(lpxbr, "LOAD POSITIVE (LPXBR)", 0xb340, POSITIVE, extended, true, false, Z)
LOAD_SIGN(lcdfr, "LOAD COMPLEMENT (LCDFR)", 0xb373, COMPLEMENT, long, false, false, FACILITY_FP_SUPPORT)
LOAD_SIGN(lndfr, "LOAD NEGATIVE (LNDFR)", 0xb371, NEGATIVE, long, false, false, FACILITY_FP_SUPPORT)
LOAD_SIGN(lpdfr, "LOAD POSITIVE (LPDFR)", 0xb370, POSITIVE, long, false, false, FACILITY_FP_SUPPORT)
LOAD_SIGN(lxr, "LOAD (LXR)", 0xb365, KEEP, extended, false, false, Z)
/* clang-format on */

static void expect_after(const u8 *code, u32 size, struct execution e, struct execution expected)
{
	EXPECT_NO_FAULT(execute(code, size, &e));
	expect_floats(&e, &expected, "afterwards");
}

TEST(fp_moves, "moves to and from floating-point registers, of the width that they have",
     SPEC("PoP SA22-7832-13, chapter 9, LOAD, LOAD ZERO, STORE, LOAD FPR FROM GR, LOAD GR FROM FPR, COPY SIGN"))
{
	static const struct {
		const char *name;
		u8 code[6];
		u32 size;
		s8 fpr; /* what changes: FPR, or GPR + 16 */
		u64 result, mask;
		u8 stored;
	} rows[] = {
		{ "LDR", { 0x28, 0x49 }, 2, 4, 0x41bc46008a44ce88, ~0ull, 0 },
		{ "LER", { 0x38, 0x49 }, 2, 4, 0x41bc460000000000, 0xffffffff00000000, 0 },
		{ "LD", { 0x68, 0x40, 0xa0, 0x00 }, 4, 4, 0x1122334455667788, ~0ull, 0 },
		{ "LE",
		  { 0x78, 0x40, 0xa0, 0x00 },
		  4,
		  4,
		  0x1122334400000000,
		  0xffffffff00000000,
		  0 },
		{ "LDY",
		  { 0xed, 0x40, 0xa0, 0x00, 0x00, 0x65 },
		  6,
		  4,
		  0x1122334455667788,
		  ~0ull,
		  0 },
		{ "LEY",
		  { 0xed, 0x40, 0xa0, 0x00, 0x00, 0x64 },
		  6,
		  4,
		  0x1122334400000000,
		  0xffffffff00000000,
		  0 },
		{ "LZER", { 0xb3, 0x74, 0x00, 0x40 }, 4, 4, 0, 0xffffffff00000000, 0 },
		{ "LZDR", { 0xb3, 0x75, 0x00, 0x40 }, 4, 4, 0, ~0ull, 0 },
		{ "LDGR", { 0xb3, 0xc1, 0x00, 0x49 }, 4, 4, 0xaabbccddeeff1021, ~0ull, 0 },
		{ "LGDR", { 0xb3, 0xcd, 0x00, 0x49 }, 4, 20, 0x41bc46008a44ce88, ~0ull, 0 },
		{ "CPSDR", { 0xb3, 0x72, 0x80, 0x49 }, 4, 4, 0x41bc46008a44ce88, ~0ull, 0 },
		{ "STD", { 0x60, 0x90, 0xa0, 0x00 }, 4, -1, 0x41bc46008a44ce88, 0, 8 },
		{ "STE", { 0x70, 0x90, 0xa0, 0x00 }, 4, -1, 0x41bc46008a44ce88, 0, 4 },
		{ "STDY", { 0xed, 0x90, 0xa0, 0x00, 0x00, 0x67 }, 6, -1, 0x41bc46008a44ce88, 0, 8 },
		{ "STEY", { 0xed, 0x90, 0xa0, 0x00, 0x00, 0x66 }, 6, -1, 0x41bc46008a44ce88, 0, 4 },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct execution e = { .cc = n & 3 }, expected;
		u8 *at = float_storage();

		SUBTEST("%s", rows[n].name);
		fill_floats(&e, 0);
		for (u32 k = 0; k < 16; k++)
			at[k] = (u8)(k < 8 ? 0x11 * (k + 1) : 0xee);
		expected = e;
		if (rows[n].fpr >= 16)
			expected.gpr[rows[n].fpr - 16] = rows[n].result;
		else if (rows[n].fpr >= 0)
			expected.fpr[rows[n].fpr] = (e.fpr[rows[n].fpr] & ~rows[n].mask) |
						    rows[n].result;
		expect_after(rows[n].code, rows[n].size, e, expected);
		for (u32 k = 0; k < 16; k++) {
			u8 byte = k < rows[n].stored ? (u8)(rows[n].result >> (56 - 8 * k))
				  : k < 8	     ? (u8)(0x11 * (k + 1))
						     : 0xee;

			EXPECT_EQ(at[k], byte, "byte %u", k);
		}
	}
}

TEST(cpsdr, "COPY SIGN takes the sign of one register and the rest of another, whatever they are",
     SPEC("PoP SA22-7832-13, chapter 9, COPY SIGN"), REQUIRES(has_facility(FACILITY_FP_SUPPORT)))
{
	static const u64 values[] = { 0,
				      0x8000000000000000,
				      0x3ff0000000000001,
				      0xfff0000000000000,
				      0x7ff0000000000001,
				      0xc0ffffffffffffff };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		for (u32 k = 0; k < ARRAY_SIZE(values); k++) {
			/* CPSDR f4,f9,f1: R3 in bits 16-19, R1 in bits 24-27, R2 in bits 28-31. */
			static const u8 code[4] = { 0xb3, 0x72, F2 << 4, F1 << 4 | F3 };
			struct execution e = { .cc = 2 }, expected;

			SUBTEST("sign of %#llx, %#llx", values[i], values[k]);
			fill_floats(&e, 1);
			e.fpr[F2] = values[i];
			e.fpr[F3] = values[k];
			expected = e;
			expected.fpr[F1] = (values[i] & BIT(63)) | (values[k] & ~BIT(63));
			EXPECT_NO_FAULT(execute(code, 4, &e));
			expect_floats(&e, &expected, "copied");
		}
	}
}
