/* SPDX-License-Identifier: MIT */
/* Hexadecimal floating point: sums, products, quotients, halves, comparison, signs, rounding, conversion. */
#include "model.h"

#include <s390x/execute.h>
#include <stdio.h>
#include <test.h>

SUITE("Hexadecimal floating point");

/* Ends of the ranges, numbers that are not normalized, zeros with and without a characteristic. */
static const u64 numbers[] = {
	0x0000000000000000, 0x8000000000000000, 0x4110000000000000, 0xc110000000000000,
	0x4010000010000000, 0x41ffffffffffffff, 0xc1fffffff0000000, 0x0010000000000000,
	0x8010000000000001, 0x7fffffffffffffff, 0xffffffff00000000, 0x4700000100000000,
	0xce00000000000001, 0x5000000000000000, 0x3a80000080000000, 0x4280000080000000,
	0x0000000100000000, 0x433243f6a8885a30,
};

static u64 random_number(void)
{
	u64 bits = random_u64(), shape = random_u64();

	/* Near each other more often than not, and some with zeros on the left. */
	if (shape & 7)
		bits = (bits & ~(0x7full << 56)) | (0x3d + (shape >> 8) % 8) << 56;
	if ((shape >> 4 & 3) == 0)
		bits &= ~(0xfffff0ull << 32);
	return bits;
}

#define HFP_QUIET    1 /* no condition code */
#define HFP_TO_LONG  2 /* of short operands */
#define HFP_TO_SHORT 4 /* of long ones */

struct hfp_insn {
	const char *name;
	u16 opcode; /* one byte or two: RR or RRE */
	u8 digits;
	struct hfp_result (*model)(u64 a, u64 b, u32 digits, u32 mask);
	u8 flags;
};

static struct hfp_result add(u64 a, u64 b, u32 digits, u32 mask)
{
	return hfp_add(a, b, digits, false, true, mask);
}

static struct hfp_result subtract(u64 a, u64 b, u32 digits, u32 mask)
{
	return hfp_add(a, b, digits, true, true, mask);
}

static struct hfp_result add_unnormalized(u64 a, u64 b, u32 digits, u32 mask)
{
	return hfp_add(a, b, digits, false, false, mask);
}

static struct hfp_result subtract_unnormalized(u64 a, u64 b, u32 digits, u32 mask)
{
	return hfp_add(a, b, digits, true, false, mask);
}

static struct hfp_result multiply(u64 a, u64 b, u32 digits, u32 mask)
{
	return hfp_multiply(a, b, digits, digits, mask);
}

static struct hfp_result multiply_to_long(u64 a, u64 b, u32 digits, u32 mask)
{
	return hfp_multiply(a, b, digits, LONG_DIGITS, mask);
}

static struct hfp_result halve(u64 a, u64 b, u32 digits, u32 mask)
{
	(void)a;
	return hfp_halve(b, digits, mask);
}

static struct hfp_result round_to_short(u64 a, u64 b, u32 digits, u32 mask)
{
	(void)a, (void)digits, (void)mask;
	return hfp_round_to_short(b);
}

/* Only the sign changes; the condition code is about the fraction. */
static struct hfp_result with_sign(u64 b, u32 digits, bool minus)
{
	struct hfp value = hfp_unpack(b, digits);

	value.minus = minus;
	return (struct hfp_result){ hfp_pack(value, digits),
				    !value.fraction ? 0
				    : minus	    ? 1
						    : 2,
				    HFP_NONE };
}

static struct hfp_result positive(u64 a, u64 b, u32 digits, u32 mask)
{
	(void)a, (void)mask;
	return with_sign(b, digits, false);
}

static struct hfp_result negative(u64 a, u64 b, u32 digits, u32 mask)
{
	(void)a, (void)mask;
	return with_sign(b, digits, true);
}

static struct hfp_result complement(u64 a, u64 b, u32 digits, u32 mask)
{
	(void)a, (void)mask;
	return with_sign(b, digits, !(b >> 63));
}

static struct hfp_result test_sign(u64 a, u64 b, u32 digits, u32 mask)
{
	(void)a, (void)mask;
	return with_sign(b, digits, b >> 63);
}

static bool check_one(const struct hfp_insn *i, u64 a, u64 b, u32 mask)
{
	bool two = i->opcode > 0xff;
	u8 code[4] = { (u8)(two ? i->opcode >> 8 : i->opcode), two ? (u8)i->opcode : 0x46, 0,
		       0x46 };
	struct execution e = { .cc = 3, .pm = mask, .flags = EXECUTE_FP }, before;
	struct hfp_result r = i->model(a, b, i->digits, mask);
	bool is_short = (i->flags & HFP_TO_SHORT) ||
			(i->digits == SHORT_DIGITS && !(i->flags & HFP_TO_LONG));
	u64 keep = is_short ? 0xffffffff : 0;
	struct fault fault;
	char where[80];

	for (u32 n = 0; n < 16; n++)
		e.fpr[n] = 0x0123456789abcdef * (n + 1);
	e.fpr[4] = a;
	e.fpr[6] = b;
	before = e;
	snprintf(where, sizeof(where), "%#llx with %#llx, mask %u", a, b, mask);
	fault = execute(code, two ? 4 : 2, &e);
	if (r.exception) {
		EXPECT_FAULT(WITH_ILC(PGM(r.exception), two ? 4 : 2), fault, "%s", where);
		if (r.exception == HFP_DIVIDE)
			return EXPECT_EQ(e.fpr[4], before.fpr[4], "%s", where);
	} else if (!EXPECT_NO_FAULT(fault, "%s", where) ||
		   !EXPECT_EQ(e.cc, i->flags & HFP_QUIET ? 3u : r.cc, "%s", where)) {
		return false;
	}
	for (u32 n = 0; n < 16; n++) {
		u64 expected = n == 4 ? (r.bits & ~keep) | (a & keep) : before.fpr[n];

		if (!EXPECT_EQ(e.fpr[n], expected, "register %u: %s", n, where))
			return false;
	}
	return true;
}

static void check(const struct hfp_insn *i)
{
	for (u32 mask = 0; mask < 4; mask++) {
		SUBTEST("%s, program mask %u", i->name, mask);
		for (u32 n = 0; n < ARRAY_SIZE(numbers) * ARRAY_SIZE(numbers); n++) {
			if (!check_one(i, numbers[n / ARRAY_SIZE(numbers)],
				       numbers[n % ARRAY_SIZE(numbers)], mask))
				break;
		}
		for (u32 n = 0; n < 200; n++) {
			if (!check_one(i, random_number(), random_number(), mask))
				break;
		}
	}
}

#define HFP(name_, manual, ...)                                                         \
	TEST(name_, manual ": results, condition code, exceptions by the program mask", \
	     SPEC("PoP SA22-7832-13, chapter 18, " manual))                             \
	{                                                                               \
		static const struct hfp_insn insns[] = { __VA_ARGS__ };                 \
                                                                                        \
		for (u32 n = 0; n < ARRAY_SIZE(insns); n++)                             \
			check(&insns[n]);                                               \
	}

/* clang-format off */
HFP(hfp_add_normalized, "ADD NORMALIZED", { "AER", 0x3a, 6, add, 0 }, { "ADR", 0x2a, 14, add, 0 })
HFP(hfp_subtract_normalized, "SUBTRACT NORMALIZED", { "SER", 0x3b, 6, subtract, 0 }, { "SDR", 0x2b, 14, subtract, 0 })
HFP(hfp_add_unnormalized, "ADD UNNORMALIZED", { "AUR", 0x3e, 6, add_unnormalized, 0 }, { "AWR", 0x2e, 14, add_unnormalized, 0 })
HFP(hfp_subtract_unnormalized, "SUBTRACT UNNORMALIZED", { "SUR", 0x3f, 6, subtract_unnormalized, 0 }, { "SWR", 0x2f, 14, subtract_unnormalized, 0 })
HFP(hfp_multiply, "MULTIPLY", { "MEER", 0xb337, 6, multiply, HFP_QUIET }, { "MDR", 0x2c, 14, multiply, HFP_QUIET },
    { "MDER", 0x3c, 6, multiply_to_long, HFP_QUIET | HFP_TO_LONG })
HFP(hfp_divide, "DIVIDE", { "DER", 0x3d, 6, hfp_divide, HFP_QUIET }, { "DDR", 0x2d, 14, hfp_divide, HFP_QUIET })
HFP(hfp_halve, "HALVE", { "HER", 0x34, 6, halve, HFP_QUIET }, { "HDR", 0x24, 14, halve, HFP_QUIET })
HFP(hfp_load_rounded, "LOAD ROUNDED", { "LEDR", 0x35, 14, round_to_short, HFP_QUIET | HFP_TO_SHORT })
HFP(hfp_load_positive, "LOAD POSITIVE", { "LPER", 0x30, 6, positive, 0 }, { "LPDR", 0x20, 14, positive, 0 })
HFP(hfp_load_negative, "LOAD NEGATIVE", { "LNER", 0x31, 6, negative, 0 }, { "LNDR", 0x21, 14, negative, 0 })
HFP(hfp_load_complement, "LOAD COMPLEMENT", { "LCER", 0x33, 6, complement, 0 }, { "LCDR", 0x23, 14, complement, 0 })
HFP(hfp_load_and_test, "LOAD AND TEST", { "LTER", 0x32, 6, test_sign, 0 }, { "LTDR", 0x22, 14, test_sign, 0 })
/* clang-format on */

TEST(hfp_compare, "COMPARE: as the difference with a guard digit would be, without an exception",
     SPEC("PoP SA22-7832-13, chapter 18, COMPARE"))
{
	static const struct {
		const char *name;
		u8 opcode, digits;
	} rows[] = { { "CER", 0x39, 6 }, { "CDR", 0x29, 14 } };

	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", rows[i].name);
		for (u32 n = 0; n < 1000; n++) {
			u8 code[2] = { rows[i].opcode, 0x46 };
			struct execution e = { .cc = 3, .pm = 3, .flags = EXECUTE_FP };
			u64 a = n < 324 ? numbers[n / 18] : random_number();
			u64 b = n < 324 ? numbers[n % 18]
				: n & 1 ? random_number()
					: a ^ (n & 0x1e) << 30;

			e.fpr[4] = a;
			e.fpr[6] = b;
			EXPECT_NO_FAULT(execute(code, 2, &e));
			if (!EXPECT_EQ(e.cc, hfp_compare(a, b, rows[i].digits), "%#llx with %#llx",
				       a, b))
				break;
			EXPECT_EQ(e.fpr[4], a);
		}
	}
}

TEST(hfp_from_fixed, "CONVERT FROM FIXED: normalized and truncated; the condition code stays",
     SPEC("PoP SA22-7832-13, chapter 18, CONVERT FROM FIXED"))
{
	static const struct {
		const char *name;
		u8 opcode, digits;
		bool wide;
	} rows[] = {
		{ "CEFR", 0xb4, 6, false },
		{ "CDFR", 0xb5, 14, false },
		{ "CEGR", 0xc4, 6, true },
		{ "CDGR", 0xc5, 14, true },
	};
	static const u64 edges[] = { 0,		 1,	     ~0ull,    15,	  16,
				     0x7fffffff, 0x80000000, 0xffffff, 0x1000001, BIT(63) };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		for (u32 n = 0; n < 300; n++) {
			u8 code[4] = { 0xb3, rows[i].opcode, 0, 0x46 };
			struct execution e = { .cc = 3, .flags = EXECUTE_FP };
			u64 value = n < ARRAY_SIZE(edges) ? edges[n]
							  : random_u64() >> random_u64() % 64;
			u64 expected = hfp_from_integer(rows[i].wide ? (s64)value : (s32)value,
							rows[i].digits);

			e.fpr[4] = 0xaaaaaaaabbbbbbbb;
			e.gpr[6] = value;
			EXPECT_NO_FAULT(execute(code, 4, &e));
			if (rows[i].digits == 6)
				expected |= 0xbbbbbbbb;
			if (!EXPECT_EQ(e.fpr[4], expected, "%#llx", value))
				break;
			EXPECT_EQ(e.cc, 3u);
		}
	}
}
