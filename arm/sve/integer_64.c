/* SPDX-License-Identifier: MIT */
/* SVE: integer arithmetic, shifts, comparisons, reductions, permutations, floating point. */
#include <test.h>

#include <model/a64.h>
#include <model/alu.h>
#include <model/simd.h>

#include "sve.h"

SUITE("SVE data processing", REQUIRES(has_sve()));

#define ALL_SIZES 15u
#define S_AND_D	  12u
#define H_S_D	  14u

/* An operation as an expression of a, b, d, `bits`, and of a and b as signed numbers x and y. */
#define OPERATION(name, expression)                                          \
	static u64 name(struct fp_context *c, u32 bits, u64 a, u64 b, u64 d) \
	{                                                                    \
		s64 x = a64_signed(a, bits), y = a64_signed(b, bits);        \
                                                                             \
		(void)c;                                                     \
		(void)d;                                                     \
		(void)x;                                                     \
		(void)y;                                                     \
		return (u64)(expression);                                    \
	}

static s128 clamp(s128 value, s128 low, s128 high)
{
	return value < low ? low : value > high ? high : value;
}

#define SIGNED_LOW  (-((s128)1 << (bits - 1)))
#define SIGNED_HIGH (((s128)1 << (bits - 1)) - 1)
#define MASK	    BITS(bits - 1, 0)

OPERATION(add, a + b)
OPERATION(sub, a - b)
OPERATION(subr, b - a)
OPERATION(smax, x > y ? a : b)
OPERATION(umax, a > b ? a : b)
OPERATION(smin, x < y ? a : b)
OPERATION(umin, a < b ? a : b)
OPERATION(sabd, x > y ? a - b : b - a)
OPERATION(uabd, a > b ? a - b : b - a)
OPERATION(mul, a *b)
OPERATION(smulh, ((s128)x * y) >> bits)
OPERATION(umulh, ((u128)a * b) >> bits)
OPERATION(sdiv, model_divide(a, b, true, bits))
OPERATION(udiv, model_divide(a, b, false, bits))
OPERATION(sdivr, model_divide(b, a, true, bits))
OPERATION(udivr, model_divide(b, a, false, bits))
OPERATION(orr, a | b)
OPERATION(eor, a ^ b)
OPERATION(and, a &b)
OPERATION(bic, a & ~b)
OPERATION(asr, x >> (b >= bits ? bits - 1 : b))
OPERATION(lsr, b >= bits ? 0 : a >> b)
OPERATION(lsl, b >= bits ? 0 : a << b)
OPERATION(asrr, y >> (a >= bits ? bits - 1 : a))
OPERATION(lsrr, a >= bits ? 0 : b >> a)
OPERATION(lslr, a >= bits ? 0 : b << a)
OPERATION(sqadd, clamp((s128)x + y, SIGNED_LOW, SIGNED_HIGH))
OPERATION(uqadd, clamp((s128)a + b, 0, MASK))
OPERATION(sqsub, clamp((s128)x - y, SIGNED_LOW, SIGNED_HIGH))
OPERATION(uqsub, clamp((s128)a - b, 0, MASK))
OPERATION(mla, d + a * b)
OPERATION(mls, d - a * b)
OPERATION(absolute, x < 0 ? -a : a)
OPERATION(negate, -a)
OPERATION(clz, model_count_leading_zeros(a, bits))
OPERATION(cls, model_count_leading_zeros((x < 0 ? ~a : a) & MASK, bits) - 1)
OPERATION(cnt, __builtin_popcountll(a))
OPERATION(cnot, a == 0)
OPERATION(not, ~a)
OPERATION(sxtb, a64_signed(a, 8))
OPERATION(uxtb, a & 0xff)
OPERATION(sxth, a64_signed(a, 16))
OPERATION(uxth, a & 0xffff)
OPERATION(cmphs, a >= b)
OPERATION(cmphi, a > b)
OPERATION(cmpge, x >= y)
OPERATION(cmpgt, x > y)
OPERATION(cmpeq, a == b)
OPERATION(cmpne, a != b)

#define BINARY(name, opc, sizes_)                                                              \
	{                                                                                      \
#name, 0x04000020 | (opc) << 16, sizes_, SVE_DESTRUCTIVE, name, NULL, 0, false \
	}
#define SHIFT(name, opc)                                                                          \
	{                                                                                         \
#name, 0x04108020 | (opc) << 16, ALL_SIZES, SVE_DESTRUCTIVE, name, NULL, 0, false \
	}
#define PLAIN(name, code, sizes_)                                                                 \
	{                                                                                         \
#name "-unpredicated", (code) | 0x00020020, sizes_, SVE_UNPREDICATED, name, NULL, \
			0, false                                                                  \
	}
#define UNARY(name, code, sizes_)                                             \
	{                                                                     \
#name, (code) | 0x20, sizes_, SVE_UNARY, name, NULL, 0, false \
	}

static const struct sve_row arithmetic[] = {
	BINARY(add, 0, ALL_SIZES),
	BINARY(sub, 1, ALL_SIZES),
	BINARY(subr, 3, ALL_SIZES),
	BINARY(smax, 8, ALL_SIZES),
	BINARY(umax, 9, ALL_SIZES),
	BINARY(smin, 10, ALL_SIZES),
	BINARY(umin, 11, ALL_SIZES),
	BINARY(sabd, 12, ALL_SIZES),
	BINARY(uabd, 13, ALL_SIZES),
	BINARY(mul, 16, ALL_SIZES),
	BINARY(smulh, 18, ALL_SIZES),
	BINARY(umulh, 19, ALL_SIZES),
	BINARY(sdiv, 20, S_AND_D),
	BINARY(udiv, 21, S_AND_D),
	BINARY(sdivr, 22, S_AND_D),
	BINARY(udivr, 23, S_AND_D),
	BINARY(orr, 24, ALL_SIZES),
	BINARY(eor, 25, ALL_SIZES),
	BINARY(and, 26, ALL_SIZES),
	BINARY(bic, 27, ALL_SIZES),
	SHIFT(asr, 0),
	SHIFT(lsr, 1),
	SHIFT(lsl, 3),
	SHIFT(asrr, 4),
	SHIFT(lsrr, 5),
	SHIFT(lslr, 7),
	PLAIN(add, 0x04200000, ALL_SIZES),
	PLAIN(sub, 0x04200400, ALL_SIZES),
	PLAIN(sqadd, 0x04201000, ALL_SIZES),
	PLAIN(uqadd, 0x04201400, ALL_SIZES),
	PLAIN(sqsub, 0x04201800, ALL_SIZES),
	PLAIN(uqsub, 0x04201c00, ALL_SIZES),
	{ "mla", 0x04024020, ALL_SIZES, SVE_ACCUMULATING, mla, NULL, 0, false },
	{ "mls", 0x04026020, ALL_SIZES, SVE_ACCUMULATING, mls, NULL, 0, false },
	UNARY(absolute, 0x0416a000, ALL_SIZES),
	UNARY(negate, 0x0417a000, ALL_SIZES),
	UNARY(cls, 0x0418a000, ALL_SIZES),
	UNARY(clz, 0x0419a000, ALL_SIZES),
	UNARY(cnt, 0x041aa000, ALL_SIZES),
	UNARY(cnot, 0x041ba000, ALL_SIZES),
	UNARY(not, 0x041ea000, ALL_SIZES),
	UNARY(sxtb, 0x0410a000, H_S_D),
	UNARY(uxtb, 0x0411a000, H_S_D),
	UNARY(sxth, 0x0412a000, S_AND_D),
	UNARY(uxth, 0x0413a000, S_AND_D),
};

TEST(sve_arithmetic,
     "integer operations on active elements, with inactive ones as they were; shifts; saturation",
     SPEC("DDI 0487, C8.2, ADD (vectors, predicated), SDIVR, ASRR, SQADD (vectors, unpredicated), CNOT and others"))
{
	sve_check(arithmetic, ARRAY_SIZE(arithmetic));
}

#define COMPARE(name, code)                                                                 \
	{                                                                                   \
#name, (code) | 0x00020022, ALL_SIZES, SVE_COMPARISON, name, NULL, 0, false \
	}
/* For min and max, what loses against everything. */
#define REDUCE(name, operation, code, sizes_, start)                                      \
	{                                                                                 \
		name, (code) | 0x20, sizes_, SVE_REDUCTION, operation, NULL, start, false \
	}
#define REDUCE_SIGNED(name, operation, code, size, start) \
	REDUCE(name, operation, code, 1u << (size), start)

static const struct sve_row comparisons[] = {
	COMPARE(cmphs, 0x24000000),
	COMPARE(cmphi, 0x24000010),
	COMPARE(cmpge, 0x24008000),
	COMPARE(cmpgt, 0x24008010),
	COMPARE(cmpeq, 0x2400a000),
	COMPARE(cmpne, 0x2400a010),
	REDUCE("umaxv", umax, 0x04092000, ALL_SIZES, 0),
	REDUCE("uminv", umin, 0x040b2000, ALL_SIZES, ~0ull),
	REDUCE("orv", orr, 0x04182000, ALL_SIZES, 0),
	REDUCE("eorv", eor, 0x04192000, ALL_SIZES, 0),
	REDUCE("andv", and, 0x041a2000, ALL_SIZES, ~0ull),
	REDUCE_SIGNED("smaxv", smax, 0x04082000, 0, 0x80),
	REDUCE_SIGNED("smaxv", smax, 0x04082000, 1, 0x8000),
	REDUCE_SIGNED("smaxv", smax, 0x04082000, 2, 0x80000000),
	REDUCE_SIGNED("smaxv", smax, 0x04082000, 3, BIT(63)),
	REDUCE_SIGNED("sminv", smin, 0x040a2000, 0, 0x7f),
	REDUCE_SIGNED("sminv", smin, 0x040a2000, 1, 0x7fff),
	REDUCE_SIGNED("sminv", smin, 0x040a2000, 2, 0x7fffffff),
	REDUCE_SIGNED("sminv", smin, 0x040a2000, 3, ~BIT(63)),
};

TEST(sve_comparisons,
     "comparisons make predicates and flags; reductions take the active elements alone",
     SPEC("DDI 0487, C8.2, CMP<cc> (vectors), SMAXV, ANDV and others"))
{
	sve_check(comparisons, ARRAY_SIZE(comparisons));
}

static u64 pair_element(const u64 *n, const u64 *m, u32 bytes, u32 index)
{
	u32 count = 16 / bytes;

	return index < count ? sve_element(n, bytes, index) : sve_element(m, bytes, index - count);
}

#define PERMUTATION(name, expression)                                 \
	static u64 name(const u64 *n, const u64 *m, u32 bytes, u32 i) \
	{                                                             \
		u32 count = 16 / bytes;                               \
                                                                      \
		(void)count;                                          \
		(void)m;                                              \
		return expression;                                    \
	}

PERMUTATION(reverse, sve_element(n, bytes, count - 1 - i))
PERMUTATION(zip1, sve_element(i & 1 ? m : n, bytes, i / 2))
PERMUTATION(zip2, sve_element(i & 1 ? m : n, bytes, count / 2 + i / 2))
PERMUTATION(uzp1, pair_element(n, m, bytes, 2 * i))
PERMUTATION(uzp2, pair_element(n, m, bytes, 2 * i + 1))
PERMUTATION(trn1, sve_element(i & 1 ? m : n, bytes, i & ~1u))
PERMUTATION(trn2, sve_element(i & 1 ? m : n, bytes, i | 1))
PERMUTATION(table, sve_element(m, bytes, i) < count
			   ? sve_element(n, bytes, (u32)sve_element(m, bytes, i))
			   : 0)

#define PERMUTE(name, code)                                                                  \
	{                                                                                    \
#name, (code) | 0x00020020, ALL_SIZES, SVE_PERMUTATION, NULL, name, 0, false \
	}

static const struct sve_row permutations[] = {
	{ "reverse", 0x05383820, ALL_SIZES, SVE_PERMUTATION, NULL, reverse, 0, false },
	PERMUTE(zip1, 0x05206000),
	PERMUTE(zip2, 0x05206400),
	PERMUTE(uzp1, 0x05206800),
	PERMUTE(uzp2, 0x05206c00),
	PERMUTE(trn1, 0x05207000),
	PERMUTE(trn2, 0x05207400),
	PERMUTE(table, 0x05203000),
};

TEST(sve_permutations, "REV, ZIP, UZP, TRN, TBL move elements of each size",
     SPEC("DDI 0487, C8.2, REV (vector), ZIP1, ZIP2 (vectors), TBL and others"))
{
	sve_check(permutations, ARRAY_SIZE(permutations));
}

#define FLOAT(name, expression)                                              \
	static u64 name(struct fp_context *c, u32 bits, u64 a, u64 b, u64 d) \
	{                                                                    \
		(void)b;                                                     \
		(void)d;                                                     \
		return expression;                                           \
	}

FLOAT(fadd, fp_add(c, bits, a, b))
FLOAT(fsub, fp_subtract(c, bits, a, b))
FLOAT(fsubr, fp_subtract(c, bits, b, a))
FLOAT(fmul, fp_multiply(c, bits, a, b))
FLOAT(fmulx, fp_multiply_extended(c, bits, a, b))
FLOAT(fdiv, fp_divide(c, bits, a, b))
FLOAT(fdivr, fp_divide(c, bits, b, a))
FLOAT(fmax, fp_max(c, bits, a, b))
FLOAT(fmin, fp_min(c, bits, a, b))
FLOAT(fmaxnm, fp_max_number(c, bits, a, b))
FLOAT(fminnm, fp_min_number(c, bits, a, b))
FLOAT(fabd, fp_absolute(bits, fp_subtract(c, bits, a, b)))
FLOAT(frecps, fp_reciprocal_step(c, bits, a, b))
FLOAT(frsqrts, fp_reciprocal_root_step(c, bits, a, b))
FLOAT(fmla, fp_multiply_add(c, bits, d, a, b))
FLOAT(fmls, fp_multiply_add(c, bits, d, fp_negate(bits, a), b))
FLOAT(fnmla, fp_multiply_add(c, bits, fp_negate(bits, d), fp_negate(bits, a), b))
FLOAT(fnmls, fp_multiply_add(c, bits, fp_negate(bits, d), a, b))
FLOAT(fsqrt, fp_square_root(c, bits, a))
FLOAT(frintn, fp_round_to_integer(c, bits, a, FP_TIEEVEN, false))
FLOAT(frintx, fp_round_to_integer(c, bits, a, c->rounding, true))
FLOAT(frintz, fp_round_to_integer(c, bits, a, FP_ZERO, false))

#define FP_BINARY(name, opc)                                                                 \
	{                                                                                    \
#name, 0x65008020 | (opc) << 16, H_S_D, SVE_DESTRUCTIVE, name, NULL, 0, true \
	}
#define FP_PLAIN(name, opc)                                                                     \
	{                                                                                       \
#name "-unpredicated", 0x65020020 | (opc) << 10, H_S_D, SVE_UNPREDICATED, name, \
			NULL, 0, true                                                           \
	}
#define FP_FUSED(name, opc)                                                                   \
	{                                                                                     \
#name, 0x65220020 | (opc) << 13, H_S_D, SVE_ACCUMULATING, name, NULL, 0, true \
	}
#define FP_UNARY(name, code)                                                \
	{                                                                   \
#name, (code) | 0x20, H_S_D, SVE_UNARY, name, NULL, 0, true \
	}

static const struct sve_row floats[] = {
	FP_BINARY(fadd, 0),
	FP_BINARY(fsub, 1),
	FP_BINARY(fmul, 2),
	FP_BINARY(fsubr, 3),
	FP_BINARY(fmaxnm, 4),
	FP_BINARY(fminnm, 5),
	FP_BINARY(fmax, 6),
	FP_BINARY(fmin, 7),
	FP_BINARY(fabd, 8),
	FP_BINARY(fmulx, 10),
	FP_BINARY(fdivr, 12),
	FP_BINARY(fdiv, 13),
	FP_PLAIN(fadd, 0),
	FP_PLAIN(fsub, 1),
	FP_PLAIN(fmul, 2),
	FP_PLAIN(frecps, 6),
	FP_PLAIN(frsqrts, 7),
	FP_FUSED(fmla, 0),
	FP_FUSED(fmls, 1),
	FP_FUSED(fnmla, 2),
	FP_FUSED(fnmls, 3),
	FP_UNARY(fsqrt, 0x650da000),
	FP_UNARY(frintn, 0x6500a000),
	FP_UNARY(frintx, 0x6506a000),
	FP_UNARY(frintz, 0x6503a000),
};

TEST(sve_floats,
     "floating point on active elements of half, single and double precision, whose flags alone count",
     SPEC("DDI 0487, C8.2, FADD (vectors, predicated), FDIVR, FNMLS, FSQRT and others"))
{
	sve_check(floats, ARRAY_SIZE(floats));
}
