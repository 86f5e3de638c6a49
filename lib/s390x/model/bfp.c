/* SPDX-License-Identifier: MIT */
#include <s390x/model/bfp.h>

#include <s390x/model/big.h>

const struct bfp_format bfp_short = { 32, 24, 127 };
const struct bfp_format bfp_long = { 64, 53, 1023 };
const struct bfp_format bfp_extended = { 128, 113, 16383 };

#define FRACTION_BITS 112 /* where fractions of NaNs are kept, left-aligned */

bool bfp_is_nan(struct bfp a)
{
	return a.kind == BFP_QNAN || a.kind == BFP_SNAN;
}

static struct bfp default_nan(struct bfp_context *c)
{
	c->flags |= BFP_INVALID;
	return (struct bfp){ .kind = BFP_QNAN,
			     .significand = big_shift_left(big_of(1), FRACTION_BITS - 1) };
}

static struct bfp quiet(struct bfp_context *c, struct bfp nan)
{
	if (nan.kind == BFP_SNAN)
		c->flags |= BFP_INVALID;
	nan.kind = BFP_QNAN;
	nan.significand = big_or(nan.significand, big_shift_left(big_of(1), FRACTION_BITS - 1));
	return nan;
}

/* Of two NaNs, a signaling one comes first, and then the first operand's: PoP, figure on results of NaNs. */
static struct bfp propagate(struct bfp_context *c, struct bfp a, struct bfp b)
{
	if (a.kind == BFP_SNAN)
		return quiet(c, a);
	if (b.kind == BFP_SNAN)
		return quiet(c, b);
	return quiet(c, a.kind == BFP_QNAN ? a : b);
}

struct bfp bfp_unpack(const struct bfp_format *f, u64 high, u64 low)
{
	u32 fraction_bits = f->precision - 1, exponent_bits = f->width - f->precision;
	struct big bits = big_or(big_shift_left(big_of(high), 64), big_of(low)), fraction;
	struct bfp value = { .minus = high >> 63 };
	u32 exponent = (u32)(high << 1 >> (64 - exponent_bits));

	fraction = big_shift_left(bits, 512 - 128 + 1 + exponent_bits);
	fraction = big_shift_right(fraction, 512 - fraction_bits);
	if (exponent == (1u << exponent_bits) - 1) {
		value.kind = big_is_zero(fraction)		    ? BFP_INFINITY
			     : big_bit(fraction, fraction_bits - 1) ? BFP_QNAN
								    : BFP_SNAN;
		value.significand = big_shift_left(fraction, FRACTION_BITS - fraction_bits);
		return value;
	}
	value.kind = exponent || !big_is_zero(fraction) ? BFP_FINITE : BFP_ZERO;
	value.exponent = (s32)(exponent ? exponent : 1) - f->bias - (s32)fraction_bits;
	if (exponent)
		fraction = big_or(fraction, big_shift_left(big_of(1), fraction_bits));
	value.significand = fraction;
	return value;
}

/* The value has been rounded to the format. */
void bfp_pack(const struct bfp_format *f, struct bfp v, u64 *high, u64 *low)
{
	u32 fraction_bits = f->precision - 1, exponent_bits = f->width - f->precision;
	struct big bits = big_of(0), exponent = big_of(0);

	if (v.kind == BFP_INFINITY || bfp_is_nan(v)) {
		exponent = big_of((1u << exponent_bits) - 1);
		if (v.kind != BFP_INFINITY)
			bits = big_shift_right(v.significand, FRACTION_BITS - fraction_bits);
	} else if (v.kind == BFP_FINITE) {
		bits = v.significand;
		if (big_bit(bits, fraction_bits)) {
			exponent = big_of((u64)(v.exponent + f->bias + (s32)fraction_bits));
			bits = big_clear_bit(bits, fraction_bits);
		}
	}
	bits = big_or(bits, big_shift_left(exponent, fraction_bits));
	bits = big_or(bits, big_shift_left(big_of(v.minus), f->width - 1));
	bits = big_shift_left(bits, 128 - f->width);
	*high = bits.word[1];
	*low = bits.word[0];
}

/* Whether a magnitude with this last digit, and something after it, is increased. */
static bool increases(enum bfp_rounding rounding, bool minus, bool odd, s32 rest)
{
	switch (rounding) {
	case BFP_NEAREST_AWAY:
		return rest >= 0;
	case BFP_PREPARE_SHORTER:
		return !odd;
	case BFP_NEAREST_EVEN:
		return rest > 0 || (rest == 0 && odd);
	case BFP_UP:
		return !minus;
	case BFP_DOWN:
		return minus;
	default:
		return false;
	}
}

/*
 * Drops the rightmost `drop` bits of the significand and rounds; true if that changed the value. What is
 * dropped is compared with a half.
 */
static bool drop_bits(enum bfp_rounding rounding, struct bfp *v, u32 drop, bool *increased)
{
	struct big rest, half;
	s32 order;

	*increased = false;
	if (!drop)
		return false;
	if (drop > 500)
		drop = 500;
	rest = big_low_bits(v->significand, drop);
	v->significand = big_shift_right(v->significand, drop);
	v->exponent += (s32)drop;
	if (big_is_zero(rest))
		return false;
	half = big_shift_left(big_of(1), drop - 1);
	order = big_compare(rest, half);
	if (increases(rounding, v->minus, v->significand.word[0] & 1, order)) {
		v->significand = big_add(v->significand, big_of(1));
		*increased = true;
	}
	return true;
}

static struct bfp overflow(struct bfp_context *c, bool minus)
{
	const struct bfp_format *f = c->format;
	struct bfp value = { .kind = BFP_INFINITY, .minus = minus };
	bool to_infinity = c->rounding == BFP_NEAREST_EVEN || c->rounding == BFP_NEAREST_AWAY ||
			   (c->rounding == BFP_UP && !minus) || (c->rounding == BFP_DOWN && minus);

	c->flags |= BFP_OVERFLOW | BFP_INEXACT;
	if (to_infinity)
		return value;
	value.kind = BFP_FINITE;
	value.significand = big_subtract(big_shift_left(big_of(1), f->precision), big_of(1));
	value.exponent = f->bias - (s32)f->precision + 1;
	return value;
}

struct bfp bfp_round(struct bfp_context *c, struct bfp v)
{
	const struct bfp_format *f = c->format;
	s32 least = 1 - f->bias - (s32)f->precision + 1, length, drop;
	bool tiny, inexact;

	if (v.kind != BFP_FINITE)
		return v;
	length = (s32)big_length(v.significand);
	drop = length - (s32)f->precision;
	/* Tininess is detected before rounding. */
	tiny = v.exponent + length < least + (s32)f->precision;
	if (v.exponent + drop < least)
		drop = least - v.exponent;
	if (drop < 0) {
		v.significand = big_shift_left(v.significand, (u32)-drop);
		v.exponent += drop;
		drop = 0;
	}
	inexact = drop_bits(c->rounding, &v, (u32)drop, &c->increased);
	if (drop > 500)
		v.exponent = least;
	if (inexact)
		c->flags |= BFP_INEXACT | (tiny ? BFP_UNDERFLOW : 0);
	if (big_length(v.significand) > f->precision) {
		v.significand = big_shift_right(v.significand, 1);
		v.exponent++;
	}
	if (big_is_zero(v.significand))
		v.kind = BFP_ZERO;
	else if (v.exponent + (s32)f->precision - 1 > f->bias &&
		 big_length(v.significand) == f->precision)
		return overflow(c, v.minus);
	return v;
}

static struct bfp zero(bool minus)
{
	return (struct bfp){ .kind = BFP_ZERO, .minus = minus };
}

/* The exact sum of finite numbers, or with a trace of what is too far right. */
static struct bfp add_finite(struct bfp_context *c, struct bfp a, struct bfp b)
{
	struct bfp sum = a;

	if (a.exponent < b.exponent) {
		struct bfp other = a;

		a = b;
		b = other;
	}
	/* Both within 512 bits: the one on the right becomes a trace of itself. */
	if (a.exponent - b.exponent > 240) {
		s32 by = a.exponent - 240 - b.exponent;

		b.significand = big_shift_right_sticky(b.significand, (u32)by);
		b.exponent += by;
	}
	a.significand = big_shift_left(a.significand, (u32)(a.exponent - b.exponent));
	sum.exponent = b.exponent;
	if (a.minus == b.minus) {
		sum.minus = a.minus;
		sum.significand = big_add(a.significand, b.significand);
	} else if (big_compare(a.significand, b.significand) >= 0) {
		sum.minus = a.minus;
		sum.significand = big_subtract(a.significand, b.significand);
	} else {
		sum.minus = b.minus;
		sum.significand = big_subtract(b.significand, a.significand);
	}
	if (big_is_zero(sum.significand))
		return zero(c->rounding == BFP_DOWN);
	return sum;
}

static struct bfp add_unrounded(struct bfp_context *c, struct bfp a, struct bfp b)
{
	if (a.kind == BFP_INFINITY && b.kind == BFP_INFINITY && a.minus != b.minus)
		return default_nan(c);
	if (a.kind == BFP_INFINITY)
		return a;
	if (b.kind == BFP_INFINITY)
		return b;
	if (a.kind == BFP_ZERO && b.kind == BFP_ZERO)
		return zero(a.minus == b.minus ? a.minus : c->rounding == BFP_DOWN);
	if (a.kind == BFP_ZERO)
		return b;
	if (b.kind == BFP_ZERO)
		return a;
	return add_finite(c, a, b);
}

struct bfp bfp_add(struct bfp_context *c, struct bfp a, struct bfp b)
{
	if (bfp_is_nan(a) || bfp_is_nan(b))
		return propagate(c, a, b);
	return bfp_round(c, add_unrounded(c, a, b));
}

struct bfp bfp_subtract(struct bfp_context *c, struct bfp a, struct bfp b)
{
	if (bfp_is_nan(a) || bfp_is_nan(b))
		return propagate(c, a, b);
	b.minus = !b.minus;
	return bfp_add(c, a, b);
}

static struct bfp multiply_unrounded(struct bfp_context *c, struct bfp a, struct bfp b)
{
	struct bfp product = { .kind = BFP_FINITE, .minus = a.minus != b.minus };

	if (a.kind == BFP_INFINITY || b.kind == BFP_INFINITY) {
		if (a.kind == BFP_ZERO || b.kind == BFP_ZERO)
			return default_nan(c);
		product.kind = BFP_INFINITY;
		return product;
	}
	if (a.kind == BFP_ZERO || b.kind == BFP_ZERO)
		return zero(product.minus);
	product.significand = big_multiply(a.significand, b.significand);
	product.exponent = a.exponent + b.exponent;
	return product;
}

struct bfp bfp_multiply(struct bfp_context *c, struct bfp a, struct bfp b)
{
	if (bfp_is_nan(a) || bfp_is_nan(b))
		return propagate(c, a, b);
	return bfp_round(c, multiply_unrounded(c, a, b));
}

struct bfp bfp_multiply_add(struct bfp_context *c, struct bfp a, struct bfp b, struct bfp addend,
			    bool subtract)
{
	struct bfp product;

	/* The third operand and then the second, and the first, which is added, come in this order. */
	if (bfp_is_nan(a) || bfp_is_nan(b) || bfp_is_nan(addend)) {
		if (addend.kind == BFP_SNAN)
			return quiet(c, addend);
		if (a.kind == BFP_SNAN || b.kind == BFP_SNAN)
			return propagate(c, a, b);
		if (bfp_is_nan(addend))
			return quiet(c, addend);
		return propagate(c, a, b);
	}
	product = multiply_unrounded(c, a, b);
	if (bfp_is_nan(product))
		return product;
	addend.minus ^= subtract;
	return bfp_round(c, add_unrounded(c, product, addend));
}

struct bfp bfp_divide(struct bfp_context *c, struct bfp a, struct bfp b)
{
	struct bfp quotient = { .kind = BFP_FINITE, .minus = a.minus != b.minus };
	u32 shift;

	if (bfp_is_nan(a) || bfp_is_nan(b))
		return propagate(c, a, b);
	if (a.kind == b.kind && a.kind != BFP_FINITE)
		return default_nan(c); /* 0 / 0, infinity / infinity */
	if (a.kind == BFP_INFINITY || b.kind == BFP_ZERO) {
		if (a.kind != BFP_INFINITY)
			c->flags |= BFP_DIVISION;
		quotient.kind = BFP_INFINITY;
		return quotient;
	}
	if (a.kind == BFP_ZERO || b.kind == BFP_INFINITY)
		return zero(quotient.minus);
	/* Enough bits for any format, and one that says whether there is a rest. */
	shift = 120 + big_length(b.significand);
	quotient.significand = big_divide_sticky(big_shift_left(a.significand, shift),
						 b.significand);
	quotient.exponent = a.exponent - b.exponent - (s32)shift - 1;
	return bfp_round(c, quotient);
}

struct bfp bfp_square_root(struct bfp_context *c, struct bfp a)
{
	u32 shift;

	if (bfp_is_nan(a))
		return quiet(c, a);
	if (a.kind == BFP_ZERO || (a.kind == BFP_INFINITY && !a.minus))
		return a;
	if (a.minus)
		return default_nan(c);
	shift = 260 - big_length(a.significand);
	if ((a.exponent - (s32)shift) & 1)
		shift++;
	a.significand = big_root_sticky(big_shift_left(a.significand, shift));
	a.exponent = (a.exponent - (s32)shift) / 2 - 1;
	return bfp_round(c, a);
}

struct bfp bfp_convert(struct bfp_context *c, struct bfp a)
{
	return bfp_is_nan(a) ? quiet(c, a) : bfp_round(c, a);
}

struct bfp bfp_to_integral(struct bfp_context *c, struct bfp a)
{
	if (bfp_is_nan(a))
		return quiet(c, a);
	if (a.kind != BFP_FINITE || a.exponent >= 0)
		return a;
	if (drop_bits(c->rounding, &a, (u32)-a.exponent, &c->increased))
		c->flags |= BFP_INEXACT;
	a.exponent = 0;
	if (big_is_zero(a.significand))
		return zero(a.minus);
	return bfp_round(&(struct bfp_context){ .format = c->format, .rounding = BFP_TO_ZERO }, a);
}

u64 bfp_to_integer(struct bfp_context *c, struct bfp a, u32 bits, bool is_signed)
{
	u64 most = is_signed ? BIT(bits - 1) - 1 : bits == 64 ? ~0ull : BIT(bits) - 1;
	u64 least = is_signed ? most + 1 : 0;
	bool inexact = false, too_big;

	if (bfp_is_nan(a)) {
		c->flags |= BFP_INVALID | BFP_INEXACT;
		return is_signed ? least : 0;
	}
	if (a.kind == BFP_ZERO)
		return 0;
	if (a.kind == BFP_FINITE && a.exponent < 0) {
		inexact = drop_bits(c->rounding, &a, (u32)-a.exponent, &c->increased);
		a.exponent = 0;
	}
	too_big = a.kind == BFP_INFINITY || a.exponent > 200;
	if (!too_big) {
		a.significand = big_shift_left(a.significand, (u32)a.exponent);
		too_big = big_length(a.significand) > 64 ||
			  a.significand.word[0] > (a.minus ? least : most);
	}
	if (too_big) {
		c->flags |= BFP_INVALID | BFP_INEXACT;
		return a.minus ? least : most;
	}
	if (inexact)
		c->flags |= BFP_INEXACT;
	return a.minus ? ~a.significand.word[0] + 1 : a.significand.word[0];
}

struct bfp bfp_from_integer(struct bfp_context *c, u64 value, bool is_signed)
{
	bool minus = is_signed && value >> 63;
	struct bfp a = { .kind = BFP_FINITE,
			 .minus = minus,
			 .significand = big_of(minus ? ~value + 1 : value) };

	return value ? bfp_round(c, a) : zero(false);
}

u32 bfp_compare(struct bfp a, struct bfp b)
{
	struct bfp_context c = { &bfp_extended, BFP_TO_ZERO, 0, false };
	struct bfp difference;

	if (bfp_is_nan(a) || bfp_is_nan(b))
		return 3;
	if (a.kind == BFP_INFINITY && b.kind == BFP_INFINITY && a.minus == b.minus)
		return 0;
	b.minus = !b.minus;
	difference = add_unrounded(&c, a, b);
	if (difference.kind == BFP_ZERO)
		return 0;
	return difference.minus ? 1 : 2;
}
