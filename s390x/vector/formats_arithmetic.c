/* SPDX-License-Identifier: MIT */
/* Vector arithmetic in the short and extended formats, and negative products with sums in all. */
#include "formats.h"

#include <stdio.h>
#include <string.h>

SUITE("Vector floating point: arithmetic in other formats",
      REQUIRES(has_facility(FACILITY_VECTOR_ENHANCEMENTS_1)));

static struct bfp negated(struct bfp value)
{
	if (!bfp_is_nan(value))
		value.minus = !value.minus;
	return value;
}

/* -------------------------------------------------------------------------------------- arithmetic */

struct operation_of {
	u8 opcode;
	u8 operands;
	struct bfp (*model)(struct bfp_context *c, const struct bfp *x);
	bool long_too; /* it is new in all formats */
};

static bool check_one(const struct operation_of *i, enum format f, u32 first, bool single, u32 mode)
{
	static const enum bfp_rounding roundings[] = { BFP_NEAREST_EVEN, BFP_TO_ZERO, BFP_UP,
						       BFP_DOWN };
	struct bfp_context c = { .format = formats[f], .rounding = roundings[mode] };
	struct execution e = { .cc = mode }, expected;
	struct bytes16 v[3], out, actual;
	u32 count = count_of(f, single), bytes = f == EXTENDED ? 16 : f == SHORT ? 4 : 8;
	char where[64];
	u8 code[6];

	fill_vectors(&e);
	e.fpc = mode;
	out = get_vector(&e, 19);
	for (u32 n = 0; n < count_of(f, false); n++) {
		struct bfp x[3];
		bool nan = false;

		for (u32 o = 0; o < 3; o++) {
			u32 which = first + (o ? first / NUMBERS * o + 5 * n : 7 * n);

			/* Which of several NaNs it is, is about scalar instructions. */
			if (i->operands == 3 && bfp_is_nan(unpack(f, number(f, which))))
				nan = true;
			set_number(&v[o], f, n, number(f, which));
			x[o] = unpack(f, number(f, which));
		}
		if (nan) {
			for (u32 o = 0; o < 3; o++) {
				set_number(&v[o], f, n, number(f, 2));
				x[o] = unpack(f, number(f, 2));
			}
		}
		if (n < count)
			set_number(&out, f, n, pack(f, i->model(&c, x)));
	}
	put_vector(&e, 7, v[0]);
	put_vector(&e, 27, v[1]);
	put_vector(&e, 14, v[2]);
	expected = e;
	expected.fpc |= c.flags << 16;
	if (i->operands == 3)
		encode_vector(code, i->opcode, 19, 7, 27, f, single ? SINGLE : 0, 14);
	else
		encode_vector(code, i->opcode, 19, 7, i->operands > 1 ? 27 : 0, 0,
			      single ? SINGLE : 0, f);
	snprintf(where, sizeof(where), "operands from %u, mode %u", first, mode);
	if (!EXPECT_NO_FAULT(execute(code, 6, &e), "%s", where))
		return false;
	/* The other elements are not defined then. */
	actual = get_vector(&e, 19);
	if (single)
		memcpy(out.byte + bytes, actual.byte + bytes, 16 - bytes);
	put_vector(&expected, 19, out);
	return expect_vectors(&e, &expected, where);
}

static void check(const struct operation_of *i)
{
	for (u32 f = SHORT; f <= EXTENDED; f++) {
		if (f == LONG && !i->long_too)
			continue;
		for (u32 mode = 0; mode < 8; mode++) {
			bool single = mode & 4;

			SUBTEST("%s, %s, rounding mode %u", format_names[f],
				single ? "single element" : "all elements", mode & 3);
			for (u32 first = mode & 3; first < NUMBERS * NUMBERS;
			     first += i->operands == 1 ? 1 : 4) {
				if (!check_one(i, f, first, single || f == EXTENDED, mode & 3))
					break;
				if (i->operands == 1 && first >= NUMBERS)
					break;
			}
		}
	}
}

#define OPERATION(name, expression)                                        \
	static struct bfp name(struct bfp_context *c, const struct bfp *x) \
	{                                                                  \
		return expression;                                         \
	}

OPERATION(add, bfp_add(c, x[0], x[1]))
OPERATION(subtract, bfp_subtract(c, x[0], x[1]))
OPERATION(multiply, bfp_multiply(c, x[0], x[1]))
OPERATION(divide, bfp_divide(c, x[0], x[1]))
OPERATION(square_root, bfp_square_root(c, x[0]))
OPERATION(multiply_add, bfp_multiply_add(c, x[0], x[1], x[2], false))
OPERATION(multiply_subtract, bfp_multiply_add(c, x[0], x[1], x[2], true))
OPERATION(negative_multiply_add, negated(bfp_multiply_add(c, x[0], x[1], x[2], false)))
OPERATION(negative_multiply_subtract, negated(bfp_multiply_add(c, x[0], x[1], x[2], true)))

#define VFORMAT(name_, manual, opcode_, operands_, model_, long_too_)                            \
	TEST(name_, manual ": short and extended elements, all or the leftmost, rounded; flags", \
	     SPEC("PoP SA22-7832-13, chapter 24, " manual))                                      \
	{                                                                                        \
		static const struct operation_of i = { opcode_, operands_, model_, long_too_ };  \
                                                                                                 \
		check(&i);                                                                       \
	}

/* clang-format off */
VFORMAT(vfa_formats, "VECTOR FP ADD", 0xe3, 2, add, false)
VFORMAT(vfs_formats, "VECTOR FP SUBTRACT", 0xe2, 2, subtract, false)
VFORMAT(vfm_formats, "VECTOR FP MULTIPLY", 0xe7, 2, multiply, false)
VFORMAT(vfd_formats, "VECTOR FP DIVIDE", 0xe5, 2, divide, false)
VFORMAT(vfsq_formats, "VECTOR FP SQUARE ROOT", 0xce, 1, square_root, false)
VFORMAT(vfma_formats, "VECTOR FP MULTIPLY AND ADD", 0x8f, 3, multiply_add, false)
VFORMAT(vfms_formats, "VECTOR FP MULTIPLY AND SUBTRACT", 0x8e, 3, multiply_subtract, false)
VFORMAT(vfnma_formats, "VECTOR FP NEGATIVE MULTIPLY AND ADD", 0x9f, 3, negative_multiply_add, true)
VFORMAT(vfnms_formats, "VECTOR FP NEGATIVE MULTIPLY AND SUBTRACT", 0x9e, 3, negative_multiply_subtract, true)
/* clang-format on */
