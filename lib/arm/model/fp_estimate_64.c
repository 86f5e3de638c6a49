/* SPDX-License-Identifier: MIT */
/* Reciprocals and reciprocal square roots: estimates of eight bits, and the steps that refine them. */
#include <model/fp.h>

/* RecipEstimate(): of a number from 256 to 511, which stands for 0.5 to 1.0. */
static u32 estimate(u32 a)
{
	a = a * 2 + 1;
	return ((1u << 19) / a + 1) / 2;
}

/* RecipSqrtEstimate(): of a number from 128 to 511, which stands for 0.25 to 1.0. */
static u32 root_estimate(u32 a)
{
	u32 b = 512;

	if (a < 256)
		a = a * 2 + 1;
	else
		a = ((a & ~1u) + 1) * 2;
	while ((u64)a * (b + 1) * (b + 1) < BIT(28))
		b++;
	return (b + 1) / 2;
}

/* The fraction in bits 51-0. */
static u64 fraction_of(u32 size, u64 a)
{
	return (a & BITS(fp_fraction_bits(size) - 1, 0)) << (52 - fp_fraction_bits(size));
}

static s32 exponent_of(u32 size, u64 a)
{
	return (s32)(a >> fp_fraction_bits(size) & BITS(fp_exponent_bits(size) - 1, 0));
}

static s32 bias(u32 size)
{
	return (1 << (fp_exponent_bits(size) - 1)) - 1;
}

u64 fp_reciprocal_estimate(struct fp_context *c, u32 size, u64 a)
{
	struct fp_value value = fp_unpack(c, size, a);
	u64 fraction = fraction_of(size, a);
	s32 exponent = exponent_of(size, a), result_exponent;

	if (fp_is_nan(value))
		return fp_process_nan(c, size, value, a);
	if (value.kind == FP_KIND_INFINITY)
		return fp_zero(size, value.negative);
	if (value.kind == FP_KIND_ZERO) {
		c->fpsr |= FPSR_DZC;
		return fp_infinity(size, value.negative);
	}
	/* Below 2^-16, 2^-128, 2^-1024: the upper two bits of a denormal's fraction are clear. */
	if (exponent == 0 && !(fraction >> 50)) {
		bool to_infinity = c->rounding == FP_TIEEVEN ||
				   c->rounding == (value.negative ? FP_NEGINF : FP_POSINF);

		c->fpsr |= FPSR_OFC | FPSR_IXC;
		return to_infinity ? fp_infinity(size, value.negative)
				   : fp_max_normal(size, value.negative);
	}
	/* From 2^14, 2^126, 2^1022 on, the result is denormal. */
	if ((size == 16 ? c->fz16 : c->fz) && exponent >= 2 * bias(size) - 1) {
		c->fpsr |= FPSR_UFC;
		return fp_zero(size, value.negative);
	}
	if (exponent == 0) {
		if (fraction >> 51) {
			fraction = fraction << 1 & BITS(51, 0);
		} else {
			exponent = -1;
			fraction = fraction << 2 & BITS(51, 0);
		}
	}
	result_exponent = 2 * bias(size) - 1 - exponent;
	fraction = (u64)(estimate((u32)(BIT(8) | fraction >> 44)) & 0xff) << 44;
	if (result_exponent == 0)
		fraction = BIT(51) | fraction >> 1;
	else if (result_exponent == -1)
		fraction = BIT(50) | fraction >> 2;
	if (result_exponent < 0)
		result_exponent = 0;
	return fp_zero(size, value.negative) | (u64)result_exponent << fp_fraction_bits(size) |
	       fraction >> (52 - fp_fraction_bits(size));
}

u64 fp_reciprocal_root_estimate(struct fp_context *c, u32 size, u64 a)
{
	struct fp_value value = fp_unpack(c, size, a);
	u64 fraction = fraction_of(size, a);
	s32 exponent = exponent_of(size, a), result_exponent;
	u32 scaled;

	if (fp_is_nan(value))
		return fp_process_nan(c, size, value, a);
	if (value.kind == FP_KIND_ZERO) {
		c->fpsr |= FPSR_DZC;
		return fp_infinity(size, value.negative);
	}
	if (value.negative) {
		c->fpsr |= FPSR_IOC;
		return fp_default_nan(size);
	}
	if (value.kind == FP_KIND_INFINITY)
		return 0;
	if (exponent == 0) {
		while (!(fraction >> 51 & 1)) {
			fraction <<= 1;
			exponent--;
		}
		fraction = fraction << 1 & BITS(51, 0);
	}
	if (exponent & 1)
		scaled = (u32)(BIT(7) | fraction >> 45);
	else
		scaled = (u32)(BIT(8) | fraction >> 44);
	/* The difference is never negative, and halved. */
	result_exponent = (3 * bias(size) - 1 - exponent) / 2;
	return (u64)result_exponent << fp_fraction_bits(size) |
	       (u64)(root_estimate(scaled) & 0xff) << (fp_fraction_bits(size) - 8);
}

u64 fp_reciprocal_exponent(struct fp_context *c, u32 size, u64 a)
{
	struct fp_value value = fp_unpack(c, size, a);
	u64 mask = BITS(size - 2, fp_fraction_bits(size));

	if (fp_is_nan(value))
		return fp_process_nan(c, size, value, a);
	if (!(a & mask))
		return fp_zero(size, value.negative) | (mask & ~BIT(fp_fraction_bits(size)));
	return fp_zero(size, value.negative) | (~a & mask);
}

u32 fp_unsigned_reciprocal_estimate(u32 a)
{
	return a >> 31 ? estimate(a >> 23) << 23 : ~0u;
}

u32 fp_unsigned_reciprocal_root_estimate(u32 a)
{
	return a >> 30 ? root_estimate(a >> 23) << 23 : ~0u;
}

/* constant - a * b, halved `halvings` times; the constant also for infinity times zero. */
static u64 step(struct fp_context *c, u32 size, u64 a, u64 b, u32 constant, u32 halvings)
{
	struct fp_value x, y, sum;
	u64 result;

	a = fp_negate(size, a);
	x = fp_unpack(c, size, a);
	y = fp_unpack(c, size, b);
	if (fp_process_nans(c, size, x, y, a, b, &result))
		return result;
	sum = (struct fp_value){ FP_KIND_FINITE, false, 0, constant };
	if (!((x.kind == FP_KIND_INFINITY && y.kind == FP_KIND_ZERO) ||
	      (x.kind == FP_KIND_ZERO && y.kind == FP_KIND_INFINITY))) {
		struct fp_value product = fp_product(x, y);

		if (product.kind == FP_KIND_INFINITY)
			return fp_infinity(size, product.negative);
		sum = fp_sum(c, sum, product);
	}
	sum.exponent -= (s32)halvings;
	return fp_round(c, size, sum, c->rounding);
}

u64 fp_reciprocal_step(struct fp_context *c, u32 size, u64 a, u64 b)
{
	return step(c, size, a, b, 2, 0);
}

u64 fp_reciprocal_root_step(struct fp_context *c, u32 size, u64 a, u64 b)
{
	return step(c, size, a, b, 3, 1);
}
