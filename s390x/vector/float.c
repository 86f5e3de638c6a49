/* SPDX-License-Identifier: MIT */
/* Vector floating point in the long format: each element as the scalar instruction has it, and single elements. */
#include "check.h"

#include <s390x/model/bfp.h>
#include <stdio.h>
#include <string.h>

SUITE("Vector floating point");

#define LONG   3
#define SINGLE 8 /* of M5: the left element alone */

static const u64 numbers[] = {
	0,
	0x8000000000000000,
	0x3ff0000000000000,
	0xbff8000000000000,
	0x3ff0000000000001,
	0x4340000000000001,
	0xc1e0000000200000,
	0x43e0000000000000,
	0x7fefffffffffffff,
	0x0010000000000000,
	0x0000000000000001,
	0x8008000000000000,
	0x7ff0000000000000,
	0xfff0000000000000,
	0x7ff8000000000000,
	0xfff4000000000000,
	0x3fd5555555555555,
	0x400921fb54442d18,
};

static struct bfp unpack(u64 bits)
{
	return bfp_unpack(&bfp_long, bits, 0);
}

static u64 pack(struct bfp value)
{
	u64 high, low;

	bfp_pack(&bfp_long, value, &high, &low);
	return high;
}

/* An operation's result for one element, with its flags in the context. */
struct vector_float {
	u8 opcode;
	u8 operands; /* 1 to 3 */
	u64 (*model)(struct bfp_context *c, u64 a, u64 b, u64 d);
	bool fused; /* M5 and M6 are elsewhere */
};

#define MODEL(name, expression)                                     \
	static u64 name(struct bfp_context *c, u64 a, u64 b, u64 d) \
	{                                                           \
		(void)b, (void)d;                                   \
		return expression;                                  \
	}
MODEL(vfa, pack(bfp_add(c, unpack(a), unpack(b))))
MODEL(vfs, pack(bfp_subtract(c, unpack(a), unpack(b))))
MODEL(vfm, pack(bfp_multiply(c, unpack(a), unpack(b))))
MODEL(vfd, pack(bfp_divide(c, unpack(a), unpack(b))))
MODEL(vfsq, pack(bfp_square_root(c, unpack(a))))
MODEL(vfma, pack(bfp_multiply_add(c, unpack(a), unpack(b), unpack(d), false)))
MODEL(vfms, pack(bfp_multiply_add(c, unpack(a), unpack(b), unpack(d), true)))

static bool any_nan(u64 a, u64 b, u64 d, u32 operands)
{
	return bfp_is_nan(unpack(a)) || (operands > 1 && bfp_is_nan(unpack(b))) ||
	       (operands > 2 && bfp_is_nan(unpack(d)));
}

static bool check_one(const struct vector_float *i, const u64 *x, u32 m5, u32 mode)
{
	static const enum bfp_rounding roundings[] = { BFP_NEAREST_EVEN, BFP_TO_ZERO, BFP_UP,
						       BFP_DOWN };
	struct bfp_context c = { .format = &bfp_long, .rounding = roundings[mode] };
	struct execution e = { .cc = mode }, expected;
	struct bytes16 v[3], out;
	char where[64];
	u8 code[6];

	fill_vectors(&e);
	e.fpc = mode;
	for (u32 n = 0; n < 3; n++) {
		set_element(&v[n], LONG, 0, x[n]);
		set_element(&v[n], LONG, 1, x[n + 3]);
	}
	put_vector(&e, 7, v[0]);
	put_vector(&e, 27, v[1]);
	put_vector(&e, 14, v[2]);
	out = get_vector(&e, 19);
	expected = e;
	for (u32 n = 0; n < (m5 & SINGLE ? 1u : 2u); n++)
		set_element(&out, LONG, n, i->model(&c, x[3 * n], x[3 * n + 1], x[3 * n + 2]));
	/* What happens to the right element of a single one is not defined. */
	expected.fpc |= c.flags << 16;
	if (i->fused)
		encode_vector(code, i->opcode, 19, 7, 27, LONG, m5, 14);
	else
		encode_vector(code, i->opcode, 19, 7, i->operands > 1 ? 27 : 0, 0, m5, LONG);
	snprintf(where, sizeof(where), "%#llx with %#llx, M5 %u, mode %u", x[0], x[1], m5, mode);
	if (!EXPECT_NO_FAULT(execute(code, 6, &e), "%s", where))
		return false;
	if (m5 & SINGLE) {
		struct bytes16 actual = get_vector(&e, 19);

		memcpy(out.byte + 8, actual.byte + 8, 8);
	}
	put_vector(&expected, 19, out);
	return expect_vectors(&e, &expected, where);
}

static void check(const struct vector_float *i)
{
	for (u32 mode = 0; mode < 4; mode++) {
		for (u32 single = 0; single < 2; single++) {
			SUBTEST("%s, rounding mode %u", single ? "single element" : "both elements",
				mode);
			for (u32 n = 0; n < ARRAY_SIZE(numbers); n++) {
				for (u32 k = 0; k < ARRAY_SIZE(numbers); k++) {
					u64 x[6] = { numbers[n],
						     numbers[k],
						     numbers[(n * 3 + k * 7) % ARRAY_SIZE(numbers)],
						     numbers[2 + k % 3],
						     numbers[2 + n % 3],
						     numbers[3] };

					/* Each pair in one of the modes. */
					if (i->operands > 1 ? (n + k + mode) % 4 : k)
						continue;
					/* Which of several NaNs it is, is about scalar instructions. */
					if (i->operands == 3 && any_nan(x[0], x[1], x[2], 3))
						continue;
					if (!check_one(i, x, single ? SINGLE : 0, mode))
						return;
				}
			}
		}
	}
}

#define VFLOAT(name_, manual, opcode_, operands_, model_, fused_)                            \
	TEST(name_, manual ": both elements or the left one, rounded; flags",                \
	     SPEC("PoP SA22-7832-13, chapter 24, " manual),                                  \
		  REQUIRES(has_facility(FACILITY_VECTOR)))                                   \
	{                                                                                    \
		static const struct vector_float i = { opcode_, operands_, model_, fused_ }; \
                                                                                             \
		check(&i);                                                                   \
	}

/* clang-format off */
VFLOAT(vfa, "VECTOR FP ADD", 0xe3, 2, vfa, false)
VFLOAT(vfs, "VECTOR FP SUBTRACT", 0xe2, 2, vfs, false)
VFLOAT(vfm, "VECTOR FP MULTIPLY", 0xe7, 2, vfm, false)
VFLOAT(vfd, "VECTOR FP DIVIDE", 0xe5, 2, vfd, false)
VFLOAT(vfsq, "VECTOR FP SQUARE ROOT", 0xce, 1, vfsq, false)
VFLOAT(vfma, "VECTOR FP MULTIPLY AND ADD", 0x8f, 3, vfma, true)
VFLOAT(vfms, "VECTOR FP MULTIPLY AND SUBTRACT", 0x8e, 3, vfms, true)
/* clang-format on */

/* -------------------------------------------------------------------------------------- comparison */

/* Of both elements: which of them hold, and the condition code; signaling NaNs are invalid. */
static void check_compare(u8 opcode, u32 holds, bool signal_quiet)
{
	for (u32 n = 0; n < ARRAY_SIZE(numbers); n++) {
		SUBTEST("operand %#llx%s", numbers[n], signal_quiet ? ", signal on QNaN" : "");
		for (u32 k = 0; k < ARRAY_SIZE(numbers); k++) {
			u64 a[2] = { numbers[n], numbers[k] }, b[2] = { numbers[k], numbers[k] };
			struct execution e = { .cc = 3 }, expected;
			struct bytes16 v, w, out;
			u32 count = 0, invalid = 0;
			u8 code[6];

			fill_vectors(&e);
			for (u32 m = 0; m < 2; m++) {
				struct bfp x = unpack(a[m]), y = unpack(b[m]);
				bool is = holds >> bfp_compare(x, y) & 1;

				set_element(&v, LONG, m, a[m]);
				set_element(&w, LONG, m, b[m]);
				set_element(&out, LONG, m, is ? ~0ull : 0);
				count += is;
				invalid |= x.kind == BFP_SNAN || y.kind == BFP_SNAN ||
					   (signal_quiet && (bfp_is_nan(x) || bfp_is_nan(y)));
			}
			put_vector(&e, 7, v);
			put_vector(&e, 27, w);
			expected = e;
			put_vector(&expected, 19, out);
			expected.cc = count == 2 ? 0 : count ? 1 : 3;
			if (invalid)
				expected.fpc |= BFP_INVALID << 16;
			/* M6: condition code; M5: signal on QNaN. */
			encode_vector(code, opcode, 19, 7, 27, 0, 1 << 4 | (signal_quiet ? 4 : 0),
				      LONG);
			EXPECT_NO_FAULT(execute(code, 6, &e));
			expect_vectors(&e, &expected, "compared");
		}
	}
}

#define VCOMPARE(name, manual, opcode, holds)                                        \
	TEST(name, manual ": masks of the elements that hold, condition code, NaNs", \
	     SPEC("PoP SA22-7832-13, chapter 24, " manual),                          \
		  REQUIRES(has_facility(FACILITY_VECTOR)))                           \
	{                                                                            \
		check_compare(opcode, holds, false);                                 \
		if (has_facility(FACILITY_VECTOR_ENHANCEMENTS_1))                    \
			check_compare(opcode, holds, true);                          \
	}

/* Bits: 0 equal, 1 low, 2 high, 3 unordered. */
VCOMPARE(vfce, "VECTOR FP COMPARE EQUAL", 0xe8, 1)
VCOMPARE(vfch, "VECTOR FP COMPARE HIGH", 0xeb, 4)
VCOMPARE(vfche, "VECTOR FP COMPARE HIGH OR EQUAL", 0xea, 5)

static void check_scalar_compare(u8 opcode, bool signal)
{
	for (u32 n = 0; n < ARRAY_SIZE(numbers); n++) {
		SUBTEST("operand %#llx", numbers[n]);
		for (u32 k = 0; k < ARRAY_SIZE(numbers); k++) {
			struct bfp x = unpack(numbers[n]), y = unpack(numbers[k]);
			struct execution e = { .cc = k & 3 }, expected;
			struct bytes16 v = random_vector(), w = random_vector();
			u8 code[6];

			fill_vectors(&e);
			set_element(&v, LONG, 0, numbers[n]);
			set_element(&w, LONG, 0, numbers[k]);
			put_vector(&e, 19, v);
			put_vector(&e, 7, w);
			expected = e;
			expected.cc = bfp_compare(x, y);
			if (x.kind == BFP_SNAN || y.kind == BFP_SNAN ||
			    (signal && (bfp_is_nan(x) || bfp_is_nan(y))))
				expected.fpc |= BFP_INVALID << 16;
			encode_vector(code, opcode, 19, 7, 0, 0, 0, LONG);
			EXPECT_NO_FAULT(execute(code, 6, &e));
			expect_vectors(&e, &expected, "compared");
		}
	}
}

TEST(wfc, "VECTOR FP COMPARE SCALAR: the left elements alone",
     SPEC("PoP SA22-7832-13, chapter 24, VECTOR FP COMPARE SCALAR"),
	  REQUIRES(has_facility(FACILITY_VECTOR)))
{
	check_scalar_compare(0xcb, false);
}

TEST(wfk, "VECTOR FP COMPARE AND SIGNAL SCALAR: the left elements alone",
     SPEC("PoP SA22-7832-13, chapter 24, VECTOR FP COMPARE AND SIGNAL SCALAR"),
	  REQUIRES(has_facility(FACILITY_VECTOR)))
{
	check_scalar_compare(0xca, true);
}

/* -------------------------------------------------------------------------------------- conversion */

/* M5: rounding; M4 bit 1: no inexact exception. Between long numbers and integers of 64 bits. */
static void check_conversion(u8 opcode, bool to_integer, bool is_signed, bool integral)
{
	for (u32 m5 = 0; m5 < 8; m5++) {
		if (m5 == 2)
			continue;
		SUBTEST("M5 = %u", m5);
		for (u32 n = 0; n < 2 * ARRAY_SIZE(numbers); n++) {
			struct bfp_context c = { .format = &bfp_long,
						 .rounding = m5 ? (enum bfp_rounding)m5 : BFP_UP };
			struct execution e = { .cc = n & 3 }, expected;
			struct bytes16 v, out;
			u8 code[6];

			fill_vectors(&e);
			e.fpc = 2;
			for (u32 m = 0; m < 2; m++) {
				u64 x = n < ARRAY_SIZE(numbers)
						? numbers[(n + m) % ARRAY_SIZE(numbers)]
						: random_u64() >> random_below(12);
				u64 result;

				/* Something near 1 for a conversion to integers. */
				if ((to_integer || integral) && n >= ARRAY_SIZE(numbers))
					x = 0x3fe0000000000000 + (x >> 6);
				set_element(&v, LONG, m, x);
				if (to_integer)
					result = bfp_to_integer(&c, unpack(x), 64, is_signed);
				else if (integral)
					result = pack(bfp_to_integral(&c, unpack(x)));
				else
					result = pack(bfp_from_integer(&c, x, is_signed));
				set_element(&out, LONG, m, result);
			}
			put_vector(&e, 7, v);
			expected = e;
			put_vector(&expected, 19, out);
			expected.fpc |= c.flags << 16;
			encode_vector(code, opcode, 19, 7, 0, 0, m5 << 4, LONG);
			EXPECT_NO_FAULT(execute(code, 6, &e));
			/* Whether what does not fit is inexact besides is not tested. */
			if (to_integer && (c.flags & BFP_INVALID))
				expected.fpc = (expected.fpc & ~((u32)BFP_INEXACT << 16)) |
					       (e.fpc & (u32)BFP_INEXACT << 16);
			if (!expect_vectors(&e, &expected, "converted"))
				break;
		}
	}
}

#define VCONVERT(name, manual, opcode, to_integer, is_signed, integral)    \
	TEST(name, manual ": both elements, in every rounding mode",       \
	     SPEC("PoP SA22-7832-13, chapter 24, " manual),                \
		  REQUIRES(has_facility(FACILITY_VECTOR)))                 \
	{                                                                  \
		check_conversion(opcode, to_integer, is_signed, integral); \
	}

VCONVERT(vcdg, "VECTOR FP CONVERT FROM FIXED", 0xc3, false, true, false)
VCONVERT(vcdlg, "VECTOR FP CONVERT FROM LOGICAL", 0xc1, false, false, false)
VCONVERT(vcgd, "VECTOR FP CONVERT TO FIXED", 0xc2, true, true, false)
VCONVERT(vclgd, "VECTOR FP CONVERT TO LOGICAL", 0xc0, true, false, false)
VCONVERT(vfi, "VECTOR LOAD FP INTEGER", 0xc7, false, false, true)
