/* SPDX-License-Identifier: MIT */
/*
 * The single-element control, bit 0 of M4 or M5: operations that look at the leftmost element alone, and those of
 * them that the other files have with all elements only.
 */
#include "formats.h"

#include <string.h>

SUITE("Vector floating point: single elements",
      REQUIRES(has_facility(FACILITY_VECTOR_ENHANCEMENTS_1)));

/* An instruction with its operands, of which the elements on the right would give other results. */
struct attempt {
	enum format from, to;
	struct number a, b, result;
	u32 cc, flags;
	bool keeps_cc;
	u8 code[6];
	const char *name;
};

static bool try(const struct attempt *t)
{
	struct execution e = { .cc = 2 }, expected;
	u32 bytes = t->to == SHORT ? 4 : t->to == LONG ? 8 : 16;
	struct bytes16 v, w, out = { { 0 } }, actual;

	fill_vectors(&e);
	/* Signaling NaNs everywhere else: no flag comes from them. */
	for (u32 k = 0; k < count_of(t->from, false); k++) {
		set_number(&v, t->from, k, k ? number(t->from, 15) : t->a);
		set_number(&w, t->from, k, k ? number(t->from, 15) : t->b);
	}
	put_vector(&e, 7, v);
	put_vector(&e, 27, w);
	expected = e;
	expected.fpc |= t->flags << 16;
	if (!t->keeps_cc)
		expected.cc = t->cc;
	if (!EXPECT_NO_FAULT(execute(t->code, 6, &e), "%s", t->name))
		return false;
	set_number(&out, t->to, 0, t->result);
	/* The other elements are not defined. */
	actual = get_vector(&e, 19);
	memcpy(out.byte + bytes, actual.byte + bytes, 16 - bytes);
	put_vector(&expected, 19, out);
	return expect_vectors(&e, &expected, t->name);
}

static struct number mask_of(bool holds)
{
	return holds ? (struct number){ ~0ull, ~0ull } : (struct number){ 0, 0 };
}

static const struct {
	const char *name;
	u8 opcode;
	u8 holds; /* bits: 0 equal, 1 low, 2 high */
} comparisons[] = {
	{ "equal", 0xe8, 1 },
	{ "high", 0xeb, 4 },
	{ "high or equal", 0xea, 5 },
};

TEST(single_compare,
     "a comparison of single elements has condition code 0 or 3, and the flags of that element",
     SPEC("PoP SA22-7832-13, chapter 24, VECTOR FP COMPARE EQUAL and others: Single-Element Control"))
{
	for (u32 i = 0; i < ARRAY_SIZE(comparisons); i++) {
		for (u32 f = SHORT; f <= EXTENDED; f++) {
			SUBTEST("%s, %s", comparisons[i].name, format_names[f]);
			for (u32 n = 0; n < NUMBERS * NUMBERS; n++) {
				struct attempt t = { .from = f, .to = f, .name = "compared" };
				struct bfp a, b;
				bool holds;

				t.a = number(f, n % NUMBERS);
				t.b = number(f, n / NUMBERS);
				a = unpack(f, t.a);
				b = unpack(f, t.b);
				holds = comparisons[i].holds >> bfp_compare(a, b) & 1;
				t.result = mask_of(holds);
				t.cc = holds ? 0 : 3;
				if (a.kind == BFP_SNAN || b.kind == BFP_SNAN)
					t.flags = BFP_INVALID;
				encode_vector(t.code, comparisons[i].opcode, 19, 7, 27, 0,
					      1 << 4 | SINGLE, f);
				if (!try(&t))
					break;
			}
		}
	}
}

TEST(single_class, "the class of a single element decides about the condition code",
     SPEC("PoP SA22-7832-13, chapter 24, VECTOR FP TEST DATA CLASS IMMEDIATE: Single-Element Control"))
{
	/* NaNs of both kinds and signs; infinities. */
	static const u16 masks[] = { 0x00f, 0x030, 0xfff, 0x000 };

	for (u32 i = 0; i < ARRAY_SIZE(masks); i++) {
		for (u32 f = SHORT; f <= EXTENDED; f++) {
			SUBTEST("mask %03x, %s", masks[i], format_names[f]);
			for (u32 n = 0; n < NUMBERS; n++) {
				struct attempt t = { .from = f, .to = f, .name = "class" };
				struct bfp a;
				bool holds;

				t.a = number(f, n);
				a = unpack(f, t.a);
				holds = (masks[i] & 0x00f && bfp_is_nan(a)) ||
					(masks[i] & 0x030 && a.kind == BFP_INFINITY) ||
					masks[i] == 0xfff;
				t.result = mask_of(holds);
				t.cc = holds ? 0 : 3;
				encode_vector(t.code, 0x4a, 19, 7, 0, 0,
					      (masks[i] & 0xf) << 4 | SINGLE, f);
				t.code[2] = (u8)(masks[i] >> 4);
				if (!try(&t))
					break;
			}
		}
	}
}

TEST(single_lengthened, "a single element is lengthened without a flag from the others",
     SPEC("PoP SA22-7832-13, chapter 24, VECTOR FP LOAD LENGTHENED: Single-Element Control"))
{
	for (u32 f = SHORT; f <= LONG; f++) {
		SUBTEST("%s", format_names[f]);
		for (u32 n = 0; n < NUMBERS; n++) {
			struct bfp_context c = { .format = formats[f + 1],
						 .rounding = BFP_NEAREST_EVEN };
			struct attempt t = {
				.from = f, .to = f + 1, .keeps_cc = true, .name = "lengthened"
			};

			t.a = number(f, n);
			t.result = pack(f + 1, bfp_convert(&c, unpack(f, t.a)));
			t.flags = c.flags;
			encode_vector(t.code, 0xc4, 19, 7, 0, 0, SINGLE, f);
			if (!try(&t))
				break;
		}
	}
}

TEST(single_rounded, "a single element is rounded without a flag from the others",
     SPEC("PoP SA22-7832-13, chapter 24, VECTOR FP LOAD ROUNDED: Single-Element Control"))
{
	for (u32 f = LONG; f <= EXTENDED; f++) {
		SUBTEST("%s", format_names[f]);
		for (u32 n = 0; n < NUMBERS; n++) {
			struct bfp_context c = { .format = formats[f - 1],
						 .rounding = BFP_NEAREST_EVEN };
			struct attempt t = {
				.from = f, .to = f - 1, .keeps_cc = true, .name = "rounded"
			};

			t.a = number(f, n);
			t.result = pack(f - 1, bfp_convert(&c, unpack(f, t.a)));
			t.flags = c.flags;
			encode_vector(t.code, 0xc5, 19, 7, 0, 0, SINGLE, f);
			if (!try(&t))
				break;
		}
	}
}

TEST(single_choice,
     "the maximum and the minimum are of single numbers, without a flag from the others",
     SPEC("PoP SA22-7832-13, chapter 24, VECTOR FP MAXIMUM, VECTOR FP MINIMUM: Single-Element Control"))
{
	for (u32 maximum = 0; maximum < 2; maximum++) {
		for (u32 f = SHORT; f <= EXTENDED; f++) {
			SUBTEST("%s, %s", maximum ? "maximum" : "minimum", format_names[f]);
			for (u32 n = 0; n < NUMBERS * NUMBERS; n++) {
				struct attempt t = {
					.from = f, .to = f, .keeps_cc = true, .name = "chosen"
				};
				u32 order;

				t.a = number(f, n % NUMBERS);
				t.b = number(f, n / NUMBERS);
				order = bfp_compare(unpack(f, t.a), unpack(f, t.b));
				if (order != 1 && order != 2)
					continue;
				t.result = (order == 2) == maximum ? t.a : t.b;
				encode_vector(t.code, maximum ? 0xef : 0xee, 19, 7, 27, 0, SINGLE,
					      f);
				if (!try(&t))
					break;
			}
		}
	}
}

/* ------------------------------------------------------------------- traps of these, suppressed */

static const struct {
	const char *name;
	u8 opcode, byte_3;
	bool two;
} trapping[] = {
	{ "VFCE", 0xe8, 0, true },  { "WFCE", 0xe8, SINGLE, true },
	{ "VFLL", 0xc4, 0, false }, { "WFLL", 0xc4, SINGLE, false },
	{ "VFLR", 0xc5, 0, false }, { "WFLR", 0xc5, SINGLE, false },
	{ "VFMAX", 0xef, 0, true }, { "WFMAX", 0xef, SINGLE, true },
	{ "VFMIN", 0xee, 0, true }, { "WFMIN", 0xee, SINGLE, true },
};

TEST(other_traps,
     "a signaling NaN is a vector-processing exception also in comparisons, conversions and choices",
     SPEC("PoP SA22-7832-13, chapter 6, Vector-Processing Exception; chapter 24"))
{
	for (u32 i = 0; i < ARRAY_SIZE(trapping); i++) {
		for (u32 f = SHORT; f <= EXTENDED; f++) {
			struct execution e = { .cc = 2 }, expected;
			struct bytes16 v, w;
			u8 code[6];

			if ((trapping[i].opcode == 0xc4 && f == EXTENDED) ||
			    (trapping[i].opcode == 0xc5 && f == SHORT))
				continue;
			SUBTEST("%s, %s", trapping[i].name, format_names[f]);
			fill_vectors(&e);
			for (u32 k = 0; k < count_of(f, false); k++) {
				set_number(&v, f, k, number(f, k ? 2 : 15));
				set_number(&w, f, k, number(f, 2));
			}
			put_vector(&e, 7, v);
			put_vector(&e, 27, w);
			e.fpc = 0x80000000;
			expected = e;
			encode_vector(code, trapping[i].opcode, 19, 7, trapping[i].two ? 27 : 0, 0,
				      trapping[i].byte_3, f);
			EXPECT_FAULT(WITH_ILC(PGM_VECTOR_PROCESSING, 6), execute(code, 6, &e));
			EXPECT_EQ(trap_last_frame()->info.dxc & 0xff, 1u);
			expected.fpc |= 1 << 8;
			expect_vectors(&e, &expected, "suppressed");
		}
	}
}
