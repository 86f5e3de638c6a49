/* SPDX-License-Identifier: MIT */
/* Comparisons, conversions, rounding to integers. */
#include <model/fp.h>

/* -1, 0 or 1: of numbers that are no NaNs. */
static s32 order(struct fp_context *c, struct fp_value x, struct fp_value y)
{
	struct fp_value difference;

	if (x.kind == FP_KIND_INFINITY || y.kind == FP_KIND_INFINITY) {
		s32 a = x.kind == FP_KIND_INFINITY ? (x.negative ? -1 : 1) : 0;
		s32 b = y.kind == FP_KIND_INFINITY ? (y.negative ? -1 : 1) : 0;

		return a < b ? -1 : a > b;
	}
	if (x.kind == FP_KIND_ZERO && y.kind == FP_KIND_ZERO)
		return 0;
	y.negative = !y.negative;
	difference = fp_sum(c, x, y);
	return difference.kind == FP_KIND_ZERO ? 0 : difference.negative ? -1 : 1;
}

u64 fp_compare(struct fp_context *c, u32 size, u64 a, u64 b, bool signal_nans)
{
	struct fp_value x = fp_unpack(c, size, a), y = fp_unpack(c, size, b);
	s32 relation;

	if (fp_is_nan(x) || fp_is_nan(y)) {
		if (x.kind == FP_KIND_SNAN || y.kind == FP_KIND_SNAN || signal_nans)
			c->fpsr |= FPSR_IOC;
		return BIT(29) | BIT(28);
	}
	relation = order(c, x, y);
	return relation == 0 ? BIT(30) | BIT(29) : relation < 0 ? BIT(31) : BIT(29);
}

bool fp_equal(struct fp_context *c, u32 size, u64 a, u64 b)
{
	return fp_compare(c, size, a, b, false) == (BIT(30) | BIT(29));
}

bool fp_greater_equal(struct fp_context *c, u32 size, u64 a, u64 b)
{
	u64 flags = fp_compare(c, size, a, b, true);

	return flags == BIT(29) || flags == (BIT(30) | BIT(29));
}

bool fp_greater(struct fp_context *c, u32 size, u64 a, u64 b)
{
	return fp_compare(c, size, a, b, true) == BIT(29);
}

static u64 greater(struct fp_context *c, u32 size, u64 a, u64 b, bool maximum)
{
	struct fp_value x = fp_unpack(c, size, a), y = fp_unpack(c, size, b);
	struct fp_value chosen;
	s32 relation;
	u64 result;

	if (fp_process_nans(c, size, x, y, a, b, &result))
		return result;
	relation = order(c, x, y);
	/* Of two zeros, +0 is the greater. */
	if (relation == 0)
		chosen = x.negative == maximum ? y : x;
	else
		chosen = (relation > 0) == maximum ? x : y;
	return fp_round(c, size, chosen, c->rounding);
}

u64 fp_max(struct fp_context *c, u32 size, u64 a, u64 b)
{
	return greater(c, size, a, b, true);
}

u64 fp_min(struct fp_context *c, u32 size, u64 a, u64 b)
{
	return greater(c, size, a, b, false);
}

/* A quiet NaN is less than any number for the maximum, and greater for the minimum. */
static u64 number(struct fp_context *c, u32 size, u64 a, u64 b, bool maximum)
{
	struct fp_context ignored = *c;
	bool x = fp_unpack(&ignored, size, a).kind == FP_KIND_QNAN;
	bool y = fp_unpack(&ignored, size, b).kind == FP_KIND_QNAN;

	/* Both operands are looked at before one is replaced. */
	c->fpsr = ignored.fpsr;
	if (x && !y)
		a = fp_infinity(size, maximum);
	else if (y && !x)
		b = fp_infinity(size, maximum);
	return greater(c, size, a, b, maximum);
}

u64 fp_max_number(struct fp_context *c, u32 size, u64 a, u64 b)
{
	return number(c, size, a, b, true);
}

u64 fp_min_number(struct fp_context *c, u32 size, u64 a, u64 b)
{
	return number(c, size, a, b, false);
}

/* FPConvertNaN(): the fraction's upper bits, quiet. */
static u64 convert_nan(u32 from, u32 to, u64 a)
{
	u32 from_bits = fp_fraction_bits(from) - 1, to_bits = fp_fraction_bits(to) - 1;
	u64 fraction = (a & BITS(from_bits - 1, 0)) << (51 - from_bits);

	return fp_zero(to, a >> (from - 1) & 1) | fp_default_nan(to) | fraction >> (51 - to_bits);
}

u64 fp_convert(struct fp_context *c, u32 from, u32 to, u64 a, enum fp_rounding rounding)
{
	struct fp_context cv = *c;
	bool alternative = to == 16 && c->ahp;
	struct fp_value value;
	u64 result;

	cv.fz16 = false;
	if (from == 16 && c->ahp && (a & 0x7c00) == 0x7c00) {
		/* The alternative format has numbers where the other has infinities and NaNs. */
		value = (struct fp_value){ FP_KIND_FINITE, a & 0x8000, 16 - 10,
					   (a & 0x3ff) | 0x400 };
	} else {
		value = fp_unpack(&cv, from, a);
	}
	if (fp_is_nan(value)) {
		if (value.kind == FP_KIND_SNAN || alternative)
			cv.fpsr |= FPSR_IOC;
		result = alternative ? fp_zero(16, value.negative)
			 : c->dn     ? fp_default_nan(to)
				     : convert_nan(from, to, a);
	} else if (value.kind == FP_KIND_INFINITY && alternative) {
		cv.fpsr |= FPSR_IOC;
		result = fp_zero(16, value.negative) | 0x7fff;
	} else {
		cv.alternative = alternative;
		result = fp_round(&cv, to, value, rounding);
	}
	c->fpsr = cv.fpsr;
	return result;
}

u128 fp_integer(struct fp_value value, enum fp_rounding rounding, bool *inexact)
{
	u128 whole, rest, half;
	bool up;

	*inexact = false;
	if (value.kind == FP_KIND_ZERO)
		return 0;
	if (value.exponent >= 0)
		return value.exponent > 64 ? (u128)1 << 66 : value.significand << value.exponent;
	if (value.exponent < -120) {
		value.significand = 1;
		value.exponent = -120;
	}
	whole = value.significand >> -value.exponent;
	rest = value.significand & (((u128)1 << -value.exponent) - 1);
	half = (u128)1 << (-value.exponent - 1);
	*inexact = rest;
	switch (rounding) {
	case FP_TIEEVEN:
		up = rest > half || (rest == half && (whole & 1));
		break;
	case FP_TIEAWAY:
		up = rest >= half;
		break;
	case FP_POSINF:
		up = rest && !value.negative;
		break;
	case FP_NEGINF:
		up = rest && value.negative;
		break;
	default:
		up = false;
	}
	return whole + up;
}

u64 fp_to_fixed(struct fp_context *c, u32 size, u64 a, u32 fraction, bool is_unsigned,
		enum fp_rounding rounding, u32 bits)
{
	struct fp_value value = fp_unpack(c, size, a);
	u128 whole, limit;
	bool inexact = false;

	if (fp_is_nan(value)) {
		c->fpsr |= FPSR_IOC;
		return 0;
	}
	value.exponent += (s32)fraction;
	if (value.kind == FP_KIND_INFINITY)
		whole = (u128)1 << 66;
	else
		whole = fp_integer(value, rounding, &inexact);
	if (is_unsigned)
		limit = value.negative ? 0 : ((u128)1 << bits) - 1;
	else
		limit = ((u128)1 << (bits - 1)) - !value.negative;
	if (whole > limit) {
		c->fpsr |= FPSR_IOC;
		whole = limit;
	} else if (inexact) {
		c->fpsr |= FPSR_IXC;
	}
	return (u64)(value.negative ? -whole : whole) & BITS(bits - 1, 0);
}

u64 fp_from_fixed(struct fp_context *c, u32 size, u64 a, u32 fraction, bool is_unsigned, u32 bits)
{
	struct fp_value value = { FP_KIND_FINITE, false, -(s32)fraction, a & BITS(bits - 1, 0) };

	if (!is_unsigned && (a >> (bits - 1) & 1)) {
		value.negative = true;
		value.significand = ((u128)1 << bits) - value.significand;
	}
	if (!value.significand)
		return 0;
	return fp_round(c, size, value, c->rounding);
}

u32 fp_to_javascript(struct fp_context *c, u64 a, bool *z)
{
	struct fp_value value = fp_unpack(c, 64, a);
	u128 whole;
	bool inexact;
	u32 result;

	*z = false;
	if (fp_is_nan(value) || value.kind == FP_KIND_INFINITY) {
		c->fpsr |= FPSR_IOC;
		return 0;
	}
	if (value.kind == FP_KIND_ZERO) {
		/* Neither minus zero nor a number that was flushed to zero is exact. */
		*z = a == 0;
		return 0;
	}
	if (value.exponent >= 32) {
		c->fpsr |= FPSR_IOC;
		return 0;
	}
	whole = fp_integer(value, FP_ZERO, &inexact);
	result = value.negative ? -(u32)whole : (u32)whole;
	if (whole > (u128)0x7fffffff + value.negative)
		c->fpsr |= FPSR_IOC;
	else if (inexact)
		c->fpsr |= FPSR_IXC;
	else
		*z = true;
	return result;
}

u64 fp_round_to_integer(struct fp_context *c, u32 size, u64 a, enum fp_rounding rounding,
			bool exact)
{
	struct fp_value value = fp_unpack(c, size, a);
	bool inexact;

	if (fp_is_nan(value))
		return fp_process_nan(c, size, value, a);
	if (value.kind != FP_KIND_FINITE)
		return fp_round(c, size, value, FP_ZERO);
	if (value.exponent >= 0)
		return a;
	value.significand = fp_integer(value, rounding, &inexact);
	value.exponent = 0;
	if (inexact && exact)
		c->fpsr |= FPSR_IXC;
	return value.significand ? fp_round(c, size, value, FP_ZERO)
				 : fp_zero(size, value.negative);
}

u64 fp_round_to_sized(struct fp_context *c, u32 size, u64 a, enum fp_rounding rounding, u32 bits)
{
	struct fp_value value = fp_unpack(c, size, a);
	u128 whole = 0;
	bool inexact = false;

	if (value.kind == FP_KIND_ZERO)
		return fp_zero(size, value.negative);
	if (value.kind == FP_KIND_FINITE)
		whole = fp_integer(value, rounding, &inexact);
	if (value.kind != FP_KIND_FINITE || whole > ((u128)1 << (bits - 1)) - !value.negative) {
		c->fpsr |= FPSR_IOC;
		return BIT(size - 1) | (size == 32 ? 126ull + bits : 1022ull + bits)
					       << fp_fraction_bits(size);
	}
	if (inexact)
		c->fpsr |= FPSR_IXC;
	value.significand = whole;
	value.exponent = 0;
	return whole ? fp_round(c, size, value, FP_ZERO) : fp_zero(size, value.negative);
}
