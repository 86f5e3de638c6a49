/* SPDX-License-Identifier: MIT */
/*
 * What is about formats and signs: sign operations, data classes, lengthening, rounding, minimum and maximum,
 * comparison.
 */
#include "formats.h"

#include <string.h>

SUITE("Vector floating point: other operations in all formats",
      REQUIRES(has_facility(FACILITY_VECTOR_ENHANCEMENTS_1)));

/* -------------------------------------------------------------------------------- signs and classes */

TEST(vfpso, "VECTOR FP PERFORM SIGN OPERATION: complement, negative, positive, of NaNs too",
     SPEC("PoP SA22-7832-13, chapter 24, VECTOR FP PERFORM SIGN OPERATION"))
{
	static const char *const names[] = { "complement", "negative", "positive" };

	for (u32 f = SHORT; f <= EXTENDED; f++) {
		for (u32 m5 = 0; m5 < 3; m5++) {
			SUBTEST("%s, %s", format_names[f], names[m5]);
			for (u32 n = 0; n < NUMBERS; n++) {
				struct execution e = { .cc = 1 }, expected;
				struct bytes16 v, out;
				u8 code[6];

				fill_vectors(&e);
				for (u32 k = 0; k < count_of(f, false); k++) {
					struct number x = number(f, n + k), y = x;

					y.high &= ~BIT(63);
					if (m5 == 1 || (m5 == 0 && !(x.high >> 63)))
						y.high |= BIT(63);
					set_number(&v, f, k, x);
					set_number(&out, f, k, y);
				}
				put_vector(&e, 7, v);
				expected = e;
				put_vector(&expected, 19, out);
				encode_vector(code, 0xcc, 19, 7, 0, 0, m5 << 4, f);
				EXPECT_NO_FAULT(execute(code, 6, &e));
				expect_vectors(&e, &expected, "sign");
			}
		}
	}
}

/* The bit of the mask that a number's class has, counted from the left of 12. */
static u32 class_of(struct bfp x, bool subnormal)
{
	u32 class = x.kind == BFP_ZERO	     ? 0
		    : x.kind == BFP_FINITE   ? (subnormal ? 4 : 2)
		    : x.kind == BFP_INFINITY ? 6
		    : x.kind == BFP_QNAN     ? 8
					     : 10;

	return class + x.minus;
}

TEST(vftci, "VECTOR FP TEST DATA CLASS IMMEDIATE: masks and condition code for each class",
     SPEC("PoP SA22-7832-13, chapter 24, VECTOR FP TEST DATA CLASS IMMEDIATE"))
{
	for (u32 f = SHORT; f <= EXTENDED; f++) {
		for (u32 bit = 0; bit < 13; bit++) {
			u32 mask = bit == 12 ? 0x555 : BIT(11 - bit);

			SUBTEST("%s, mask %03x", format_names[f], mask);
			for (u32 n = 0; n < NUMBERS; n++) {
				struct execution e = { .cc = 2 }, expected;
				struct bytes16 v, out;
				u32 count = count_of(f, false), holds = 0;
				u8 code[6];

				fill_vectors(&e);
				for (u32 k = 0; k < count; k++) {
					u32 which = (n + k * 4) % NUMBERS;
					struct number x = number(f, which);
					bool is = mask >> (11 -
							   class_of(unpack(f, x),
								    which == 10 || which == 11)) &
						  1;

					set_number(&v, f, k, x);
					set_number(&out, f, k,
						   is ? (struct number){ ~0ull, ~0ull }
						      : (struct number){ 0, 0 });
					holds += is;
				}
				put_vector(&e, 7, v);
				expected = e;
				put_vector(&expected, 19, out);
				expected.cc = holds == count ? 0 : holds ? 1 : 3;
				/* I3 is bits 16-27, M5 28-31, M4 32-35. */
				encode_vector(code, 0x4a, 19, 7, mask >> 8 & 0xf, mask >> 4 & 0xf,
					      (mask & 0xf) << 4, f);
				code[2] = (u8)(mask >> 4);
				EXPECT_NO_FAULT(execute(code, 6, &e));
				expect_vectors(&e, &expected, "class");
			}
		}
	}
}

/* -------------------------------------------------------------------------------- between formats */

TEST(vfll,
     "VECTOR FP LOAD LENGTHENED: short to long, long to extended; a signaling NaN becomes quiet",
     SPEC("PoP SA22-7832-13, chapter 24, VECTOR FP LOAD LENGTHENED"))
{
	for (u32 f = SHORT; f <= LONG; f++) {
		for (u32 n = 0; n < NUMBERS; n++) {
			struct bfp_context c = { .format = formats[f + 1],
						 .rounding = BFP_NEAREST_EVEN };
			struct execution e = { .cc = 1 }, expected;
			struct bytes16 v = random_vector(), out;
			u8 code[6];

			SUBTEST("%s, %u", format_names[f], n);
			fill_vectors(&e);
			for (u32 k = 0; k < (f == SHORT ? 2u : 1u); k++) {
				struct number x = number(f, n + k);

				/* Every other element of the source. */
				set_number(&v, f, 2 * k, x);
				set_number(&out, f + 1, k,
					   pack(f + 1, bfp_convert(&c, unpack(f, x))));
			}
			put_vector(&e, 7, v);
			expected = e;
			expected.fpc |= c.flags << 16;
			put_vector(&expected, 19, out);
			encode_vector(code, 0xc4, 19, 7, 0, 0, 0, f);
			EXPECT_NO_FAULT(execute(code, 6, &e));
			expect_vectors(&e, &expected, "lengthened");
		}
	}
}

TEST(vflr, "VECTOR FP LOAD ROUNDED: long to short, extended to long, in every rounding mode",
     SPEC("PoP SA22-7832-13, chapter 24, VECTOR FP LOAD ROUNDED"))
{
	for (u32 f = LONG; f <= EXTENDED; f++) {
		for (u32 m5 = 0; m5 < 8; m5++) {
			if (m5 == 2)
				continue;
			SUBTEST("%s, M5 = %u", format_names[f], m5);
			for (u32 n = 0; n < NUMBERS; n++) {
				struct bfp_context c = { .format = formats[f - 1],
							 .rounding = m5 ? (enum bfp_rounding)m5
									: BFP_UP };
				struct execution e = { .cc = 1 }, expected;
				struct bytes16 v, out, actual;
				u32 bytes = f == LONG ? 4 : 8;
				u8 code[6];

				fill_vectors(&e);
				e.fpc = 2;
				out = get_vector(&e, 19);
				for (u32 k = 0; k < count_of(f, false); k++) {
					struct number x = number(f, n + k);

					set_number(&v, f, k, x);
					set_number(&out, f - 1, 2 * k,
						   pack(f - 1, bfp_convert(&c, unpack(f, x))));
				}
				put_vector(&e, 7, v);
				expected = e;
				expected.fpc |= c.flags << 16;
				encode_vector(code, 0xc5, 19, 7, 0, 0, m5 << 4, f);
				EXPECT_NO_FAULT(execute(code, 6, &e));
				/* Every other element is not defined. */
				actual = get_vector(&e, 19);
				for (u32 k = bytes; k < 16; k += 2 * bytes)
					memcpy(out.byte + k, actual.byte + k, bytes);
				put_vector(&expected, 19, out);
				if (!expect_vectors(&e, &expected, "rounded"))
					break;
			}
		}
	}
}

/* ------------------------------------------------------------------------------ minimum and maximum */

/* Of IEEE 754-2008: a number rather than a quiet NaN; a plus zero is greater than a minus zero. */
static struct bfp choose(struct bfp a, struct bfp b, bool maximum)
{
	u32 order = bfp_compare(a, b);

	if (a.kind == BFP_QNAN && b.kind != BFP_QNAN)
		return b;
	if (b.kind == BFP_QNAN)
		return a;
	if (order == 0 && a.kind == BFP_ZERO)
		return a.minus == maximum ? b : a;
	return (order == 2) == maximum ? a : b;
}

/* The same by magnitude: which of two that have the same one is chosen by their signs. */
static struct bfp choose_by_magnitude(struct bfp a, struct bfp b, bool maximum)
{
	struct bfp x = a, y = b;
	u32 order;

	x.minus = y.minus = false;
	order = bfp_compare(x, y);
	if (order == 1 || order == 2)
		return (order == 2) == maximum ? a : b;
	return choose(a, b, maximum);
}

static void check_choice(u8 opcode, bool maximum)
{
	for (u32 f = SHORT; f <= EXTENDED; f++) {
		for (u32 magnitude = 0; magnitude < 2; magnitude++) {
			SUBTEST("%s%s", format_names[f], magnitude ? ", by magnitude" : "");
			for (u32 n = 0; n < NUMBERS * NUMBERS; n++) {
				struct execution e = { .cc = 1 }, expected;
				struct bytes16 v, w, out;
				u8 code[6];

				fill_vectors(&e);
				for (u32 k = 0; k < count_of(f, false); k++) {
					u32 i = (n + 3 * k) % NUMBERS, j = n / NUMBERS;
					struct bfp a, b;

					/* 15 is a signaling NaN. */
					i = i == 15 ? 2 : i;
					j = j == 15 ? 3 : j;
					a = unpack(f, number(f, i));
					b = unpack(f, number(f, j));
					set_number(&v, f, k, number(f, i));
					set_number(&w, f, k, number(f, j));
					set_number(&out, f, k,
						   pack(f, magnitude ? choose_by_magnitude(a, b,
											   maximum)
								     : choose(a, b, maximum)));
				}
				put_vector(&e, 7, v);
				put_vector(&e, 27, w);
				expected = e;
				put_vector(&expected, 19, out);
				encode_vector(code, opcode, 19, 7, 27, 0, magnitude ? 0x80 : 0, f);
				EXPECT_NO_FAULT(execute(code, 6, &e));
				if (!expect_vectors(&e, &expected, "chosen"))
					break;
			}
		}
	}
}

TEST(vfmax, "VECTOR FP MAXIMUM: of numbers, zeros of both signs and quiet NaNs, also by magnitude",
     SPEC("PoP SA22-7832-13, chapter 24, VECTOR FP MAXIMUM; IEEE 754-2008, 5.3.1"))
{
	check_choice(0xef, true);
}

TEST(vfmin, "VECTOR FP MINIMUM: of numbers, zeros of both signs and quiet NaNs, also by magnitude",
     SPEC("PoP SA22-7832-13, chapter 24, VECTOR FP MINIMUM; IEEE 754-2008, 5.3.1"))
{
	check_choice(0xee, false);
}

/* ------------------------------------------------------------------------------------- comparison */

static void check_compare(u8 opcode, u32 holds)
{
	for (u32 f = SHORT; f <= EXTENDED; f++) {
		for (u32 signal = 0; signal < 2; signal++) {
			SUBTEST("%s%s", format_names[f], signal ? ", signal on QNaN" : "");
			for (u32 n = 0; n < NUMBERS * NUMBERS; n++) {
				struct execution e = { .cc = 2 }, expected;
				struct bytes16 v, w, out;
				u32 count = count_of(f, false), true_ones = 0;
				bool invalid = false;
				u8 code[6];

				fill_vectors(&e);
				for (u32 k = 0; k < count; k++) {
					struct number x = number(f, n + k),
						      y = number(f, n / NUMBERS);
					struct bfp a = unpack(f, x), b = unpack(f, y);
					bool is = holds >> bfp_compare(a, b) & 1;

					set_number(&v, f, k, x);
					set_number(&w, f, k, y);
					set_number(&out, f, k,
						   is ? (struct number){ ~0ull, ~0ull }
						      : (struct number){ 0, 0 });
					true_ones += is;
					invalid |= a.kind == BFP_SNAN || b.kind == BFP_SNAN ||
						   (signal && (bfp_is_nan(a) || bfp_is_nan(b)));
				}
				put_vector(&e, 7, v);
				put_vector(&e, 27, w);
				expected = e;
				put_vector(&expected, 19, out);
				expected.cc = true_ones == count ? 0 : true_ones ? 1 : 3;
				if (invalid)
					expected.fpc |= BFP_INVALID << 16;
				encode_vector(code, opcode, 19, 7, 27, 0, 1 << 4 | (signal ? 4 : 0),
					      f);
				EXPECT_NO_FAULT(execute(code, 6, &e));
				if (!expect_vectors(&e, &expected, "compared"))
					break;
			}
		}
	}
}

#define VCOMPARE(name, manual, opcode, holds)                                    \
	TEST(name, manual ": short and extended elements, condition code, NaNs", \
	     SPEC("PoP SA22-7832-13, chapter 24, " manual))                      \
	{                                                                        \
		check_compare(opcode, holds);                                    \
	}

/* Bits: 0 equal, 1 low, 2 high, 3 unordered. */
VCOMPARE(vfce_formats, "VECTOR FP COMPARE EQUAL", 0xe8, 1)
VCOMPARE(vfch_formats, "VECTOR FP COMPARE HIGH", 0xeb, 4)
VCOMPARE(vfche_formats, "VECTOR FP COMPARE HIGH OR EQUAL", 0xea, 5)
