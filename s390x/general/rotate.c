/* SPDX-License-Identifier: MIT */
/* Rotate, then insert or combine selected bits: every kind of range, with and without wrapping. */
#include "check.h"

#include <stdio.h>

SUITE("Rotate then ... selected bits");

#define R1 2
#define R2 7

enum combination { INSERT, AND, OR, XOR };

struct rotate {
	u16 opcode;
	enum combination combination;
	bool has_cc;
	u8 first_bit, bits; /* of R1: the field that is worked on */
};

/* Bit numbers count from the left. */
static u64 bit(u32 n)
{
	return BIT(63 - n);
}

/* The bits from `start` to `end`, which may wrap around within the field. */
static u64 selected(const struct rotate *r, u32 start, u32 end)
{
	u64 mask = 0;
	u32 n = start;

	for (;;) {
		mask |= bit(n);
		if (n == end)
			return mask;
		n = r->first_bit + (n + 1 - r->first_bit) % r->bits;
	}
}

static u64 rotate_left(u64 value, u32 count)
{
	for (; count; count--)
		value = value << 1 | value >> 63;
	return value;
}

static void expect(const struct rotate *r, const struct insn_fields *f, struct execution *e)
{
	u32 low_mask = r->bits - 1;
	u32 start = r->first_bit + (f->i3 & low_mask), end = r->first_bit + (f->i4 & low_mask);
	u64 rotated = rotate_left(e->gpr[R2], f->i5 & 63), old = e->gpr[R1], result = 0;
	u64 mask = selected(r, start, end), value = 0;

	switch (r->combination) {
	case INSERT:
		result = (old & ~mask) | (rotated & mask);
		/* Zero-remaining-bits control: within the field. */
		if (f->i4 & 0x80)
			result = (r->bits == 64 ? 0
						: old & ~selected(r, r->first_bit,
								  r->first_bit + r->bits - 1)) |
				 (rotated & mask);
		if (r->has_cc)
			e->cc = !result ? 0 : result >> 63 ? 1 : 2;
		e->gpr[R1] = result;
		return;
	case AND:
		value = old & rotated;
		break;
	case OR:
		value = old | rotated;
		break;
	case XOR:
		value = old ^ rotated;
		break;
	}
	e->cc = (value & mask) != 0;
	/* Test-results control: nothing but the condition code. */
	if (!(f->i3 & 0x80))
		e->gpr[R1] = (old & ~mask) | (value & mask);
}

static void check_one(const struct rotate *r, const struct insn_fields *f, u64 first, u64 second,
		      u32 cc)
{
	struct execution e = { .cc = cc }, expected;
	char where[48];
	u8 bytes[6];

	fill_registers(&e);
	e.gpr[R1] = first;
	e.gpr[R2] = second;
	expected = e;
	expect(r, f, &expected);
	insn_encode(INSN_RIE_F, r->opcode, f, bytes);
	if (EXPECT_NO_FAULT(execute(bytes, 6, &e)) && same_state(&e, &expected))
		return;
	snprintf(where, sizeof(where), "%#llx with %#llx", first, second);
	expect_state(&e, &expected, where);
}

static const struct {
	u64 first, second;
} operands[] = {
	{ 0, 0 },
	{ 0, ~0ull },
	{ ~0ull, 0 },
	{ ~0ull, ~0ull },
	{ 0xffff0000ffff0000, 0x0f0f0f0f0f0f0f0f },
	{ 0x123456789abcdef0, 0xfedcba9876543210 },
	{ 0x8000000000000001, 0x0000000180000000 },
	{ 0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f },
};

static const u8 ranges[][2] = {
	{ 0, 63 },  { 0, 31 },	{ 32, 63 }, { 0, 0 },	{ 63, 63 }, { 31, 32 },
	{ 1, 62 },  { 63, 0 },	{ 32, 31 }, { 60, 3 },	{ 40, 20 }, { 48, 55 },
	{ 56, 63 }, { 16, 31 }, { 17, 47 }, { 33, 63 },
};
static const u8 counts[] = { 0, 1, 31, 32, 33, 63, 0xc0, 0xff };

/* `options` are bits 0 of I3 and I4, T and Z. */
static void check(const struct rotate *r, u8 option3, u8 option4)
{
	for (u32 n = 0; n < ARRAY_SIZE(ranges); n++) {
		SUBTEST("bits %u to %u%s%s", ranges[n][0], ranges[n][1],
			option3 ? ", test results" : "", option4 ? ", zero the rest" : "");
		for (u32 c = 0; c < ARRAY_SIZE(counts); c++) {
			struct insn_fields f = { .r1 = R1,
						 .r2 = R2,
						 .i3 = ranges[n][0] | option3,
						 .i4 = ranges[n][1] | option4,
						 .i5 = counts[c] };

			for (u32 o = 0; o < ARRAY_SIZE(operands); o++)
				check_one(r, &f, operands[o].first, operands[o].second, o & 3);
			check_one(r, &f, random_u64(), random_u64(), c & 3);
		}
	}
}

#define CHAPTER "PoP SA22-7832-13, chapter 7, "

TEST(risbg, "ROTATE THEN INSERT SELECTED BITS (RISBG): result, and the condition code of its sign",
     SPEC(CHAPTER "ROTATE THEN INSERT SELECTED BITS (RISBG)"),
	  REQUIRES(has_facility(FACILITY_GIEF)))
{
	static const struct rotate r = { 0xec55, INSERT, true, 0, 64 };

	check(&r, 0, 0);
	check(&r, 0, 0x80);
}

TEST(risbgn, "ROTATE THEN INSERT SELECTED BITS (RISBGN): the same without a condition code",
     SPEC(CHAPTER "ROTATE THEN INSERT SELECTED BITS (RISBGN)"),
	  REQUIRES(has_facility(FACILITY_MISC_EXT_1)))
{
	static const struct rotate r = { 0xec59, INSERT, false, 0, 64 };

	check(&r, 0, 0);
	check(&r, 0, 0x80);
}

TEST(risbhg, "ROTATE THEN INSERT SELECTED BITS HIGH: the left half of the register alone",
     SPEC(CHAPTER "ROTATE THEN INSERT SELECTED BITS HIGH"),
	  REQUIRES(has_facility(FACILITY_DISTINCT_OPERANDS)))
{
	static const struct rotate r = { 0xec5d, INSERT, false, 0, 32 };

	check(&r, 0, 0);
	check(&r, 0, 0x80);
}

TEST(risblg, "ROTATE THEN INSERT SELECTED BITS LOW: the right half of the register alone",
     SPEC(CHAPTER "ROTATE THEN INSERT SELECTED BITS LOW"),
	  REQUIRES(has_facility(FACILITY_DISTINCT_OPERANDS)))
{
	static const struct rotate r = { 0xec51, INSERT, false, 32, 32 };

	check(&r, 0, 0);
	check(&r, 0, 0x80);
}

TEST(rnsbg, "ROTATE THEN AND SELECTED BITS: the selected bits decide on the condition code",
     SPEC(CHAPTER "ROTATE THEN AND SELECTED BITS"), REQUIRES(has_facility(FACILITY_GIEF)))
{
	static const struct rotate r = { 0xec54, AND, true, 0, 64 };

	check(&r, 0, 0);
}

TEST(rnsbg_test, "ROTATE THEN AND SELECTED BITS with the test-results control changes no register",
     SPEC(CHAPTER "ROTATE THEN AND SELECTED BITS"), REQUIRES(has_facility(FACILITY_GIEF)))
{
	static const struct rotate r = { 0xec54, AND, true, 0, 64 };

	check(&r, 0x80, 0);
}

TEST(rosbg, "ROTATE THEN OR SELECTED BITS: the selected bits decide on the condition code",
     SPEC(CHAPTER "ROTATE THEN OR SELECTED BITS"), REQUIRES(has_facility(FACILITY_GIEF)))
{
	static const struct rotate r = { 0xec56, OR, true, 0, 64 };

	check(&r, 0, 0);
}

TEST(rosbg_test, "ROTATE THEN OR SELECTED BITS with the test-results control changes no register",
     SPEC(CHAPTER "ROTATE THEN OR SELECTED BITS"), REQUIRES(has_facility(FACILITY_GIEF)))
{
	static const struct rotate r = { 0xec56, OR, true, 0, 64 };

	check(&r, 0x80, 0);
}

TEST(rxsbg,
     "ROTATE THEN EXCLUSIVE OR SELECTED BITS: the selected bits decide on the condition code",
     SPEC(CHAPTER "ROTATE THEN EXCLUSIVE OR SELECTED BITS"), REQUIRES(has_facility(FACILITY_GIEF)))
{
	static const struct rotate r = { 0xec57, XOR, true, 0, 64 };

	check(&r, 0, 0);
}

TEST(rxsbg_test,
     "ROTATE THEN EXCLUSIVE OR SELECTED BITS with the test-results control changes no register",
     SPEC(CHAPTER "ROTATE THEN EXCLUSIVE OR SELECTED BITS"), REQUIRES(has_facility(FACILITY_GIEF)))
{
	static const struct rotate r = { 0xec57, XOR, true, 0, 64 };

	check(&r, 0x80, 0);
}
