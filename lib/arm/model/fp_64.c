/* SPDX-License-Identifier: MIT */
/* Taking numbers apart, rounding, NaNs, and the basic operations. */
#include <model/fp.h>

/* Where significands are brought for a sum: room for a carry above, and for what is rounded off below. */
#define TOP 124

struct fp_context fp_context(u64 fpcr)
{
	return (struct fp_context){
		.rounding = (enum fp_rounding)(fpcr >> 22 & 3),
		.fz = fpcr & BIT(24),
		.fz16 = fpcr & BIT(19),
		.dn = fpcr & BIT(25),
		.ahp = fpcr & BIT(26),
	};
}

u32 fp_exponent_bits(u32 size)
{
	return size == 16 ? 5 : size == 32 ? 8 : 11;
}

u32 fp_fraction_bits(u32 size)
{
	return size - 1 - fp_exponent_bits(size);
}

static s32 bias(u32 size)
{
	return (1 << (fp_exponent_bits(size) - 1)) - 1;
}

u64 fp_zero(u32 size, bool negative)
{
	return negative ? BIT(size - 1) : 0;
}

u64 fp_infinity(u32 size, bool negative)
{
	return fp_zero(size, negative) | BITS(size - 2, fp_fraction_bits(size));
}

u64 fp_max_normal(u32 size, bool negative)
{
	return fp_infinity(size, negative) - 1;
}

u64 fp_default_nan(u32 size)
{
	return BITS(size - 2, fp_fraction_bits(size) - 1);
}

u64 fp_negate(u32 size, u64 a)
{
	return a ^ BIT(size - 1);
}

u64 fp_absolute(u32 size, u64 a)
{
	return a & BITS(size - 2, 0);
}

struct fp_value fp_unpack(struct fp_context *c, u32 size, u64 a)
{
	u32 fraction_bits = fp_fraction_bits(size);
	u64 fraction = a & BITS(fraction_bits - 1, 0);
	s32 exponent = (s32)(a >> fraction_bits & BITS(fp_exponent_bits(size) - 1, 0));
	struct fp_value value = { .negative = a >> (size - 1) & 1 };

	if (exponent == (s32)BITS(fp_exponent_bits(size) - 1, 0)) {
		value.kind = !fraction				   ? FP_KIND_INFINITY
			     : fraction >> (fraction_bits - 1) & 1 ? FP_KIND_QNAN
								   : FP_KIND_SNAN;
		return value;
	}
	if (!exponent && fraction && (size == 16 ? c->fz16 : c->fz)) {
		if (size != 16)
			c->fpsr |= FPSR_IDC;
		return value;
	}
	if (!exponent && !fraction)
		return value;
	value.kind = FP_KIND_FINITE;
	value.significand = exponent ? fraction | BIT(fraction_bits) : fraction;
	value.exponent = (exponent ? exponent : 1) - bias(size) - (s32)fraction_bits;
	return value;
}

static u32 highest_bit(u128 value)
{
	return (u64)(value >> 64) ? 127 - (u32)__builtin_clzll((u64)(value >> 64))
				  : 63 - (u32)__builtin_clzll((u64)value);
}

/* value >> count, with the last bit set if one that was shifted out was. */
static u128 shift_right_jam(u128 value, u32 count)
{
	if (count == 0)
		return value;
	if (count > 127)
		return value != 0;
	return value >> count | ((value << (128 - count)) != 0);
}

/* Whether what is left of the point is to be incremented. `rest` is of `unit`. */
static bool round_up(bool negative, u128 kept, u128 rest, u128 unit, enum fp_rounding rounding)
{
	switch (rounding) {
	case FP_TIEEVEN:
		return rest > unit / 2 || (rest == unit / 2 && (kept & 1));
	case FP_TIEAWAY:
		return rest >= unit / 2;
	case FP_POSINF:
		return rest && !negative;
	case FP_NEGINF:
		return rest && negative;
	default:
		return false;
	}
}

static u64 overflow(struct fp_context *c, u32 size, bool negative, enum fp_rounding rounding)
{
	c->fpsr |= FPSR_OFC | FPSR_IXC;
	if (rounding == FP_ZERO || rounding == FP_ODD || (rounding == FP_POSINF && negative) ||
	    (rounding == FP_NEGINF && !negative))
		return fp_max_normal(size, negative);
	return fp_infinity(size, negative);
}

/* FPRound() of a finite number, or of a zero or an infinity. */
u64 fp_round(struct fp_context *c, u32 size, struct fp_value value, enum fp_rounding rounding)
{
	u32 fraction_bits = fp_fraction_bits(size);
	s32 minimum = 1 - bias(size), exponent, drop;
	u128 kept, rest, unit;
	u64 bits;
	bool tiny;

	if (value.kind == FP_KIND_ZERO)
		return fp_zero(size, value.negative);
	if (value.kind == FP_KIND_INFINITY)
		return fp_infinity(size, value.negative);
	/* Exactly `fraction_bits` bits to the right of the first one, or fewer where it is denormal. */
	exponent = value.exponent + (s32)highest_bit(value.significand);
	tiny = exponent < minimum;
	if (tiny && (size == 16 ? c->fz16 : c->fz)) {
		c->fpsr |= FPSR_UFC;
		return fp_zero(size, value.negative);
	}
	drop = (tiny ? minimum : exponent) - (s32)fraction_bits - value.exponent;
	if (drop > 120) {
		value.significand = shift_right_jam(value.significand, (u32)drop - 60);
		drop = 60;
	}
	unit = drop > 0 ? (u128)1 << drop : 1;
	kept = drop > 0 ? value.significand >> drop : value.significand << -drop;
	rest = drop > 0 ? value.significand & (unit - 1) : 0;
	if (tiny && rest)
		c->fpsr |= FPSR_UFC;
	if (drop > 0 && round_up(value.negative, kept, rest, unit, rounding))
		kept++;
	if (rest && rounding == FP_ODD)
		kept |= 1;
	/* A carry out of the fraction increments the exponent. */
	bits = tiny ? (u64)kept : (u64)kept + ((u64)(exponent + bias(size) - 1) << fraction_bits);
	if (size == 16 && c->alternative) {
		if (bits > 0x7fff) {
			c->fpsr |= FPSR_IOC;
			return (value.negative ? 0x8000u : 0) | 0x7fffu;
		}
	} else if (exponent > bias(size) || bits >= fp_infinity(size, false)) {
		return overflow(c, size, value.negative, rounding);
	}
	if (rest)
		c->fpsr |= FPSR_IXC;
	return bits | fp_zero(size, value.negative);
}

u64 fp_process_nan(struct fp_context *c, u32 size, struct fp_value value, u64 a)
{
	if (value.kind == FP_KIND_SNAN) {
		c->fpsr |= FPSR_IOC;
		a |= BIT(fp_fraction_bits(size) - 1);
	}
	return c->dn ? fp_default_nan(size) : a;
}

bool fp_process_nans(struct fp_context *c, u32 size, struct fp_value x, struct fp_value y, u64 a,
		     u64 b, u64 *result)
{
	if (x.kind == FP_KIND_SNAN)
		*result = fp_process_nan(c, size, x, a);
	else if (y.kind == FP_KIND_SNAN)
		*result = fp_process_nan(c, size, y, b);
	else if (x.kind == FP_KIND_QNAN)
		*result = fp_process_nan(c, size, x, a);
	else if (y.kind == FP_KIND_QNAN)
		*result = fp_process_nan(c, size, y, b);
	else
		return false;
	return true;
}

static u64 invalid(struct fp_context *c, u32 size)
{
	c->fpsr |= FPSR_IOC;
	return fp_default_nan(size);
}

struct fp_value fp_sum(struct fp_context *c, struct fp_value x, struct fp_value y)
{
	struct fp_value z;
	s32 x_top, y_top;

	if (x.kind == FP_KIND_ZERO && y.kind == FP_KIND_ZERO) {
		x.negative = x.negative == y.negative ? x.negative : c->rounding == FP_NEGINF;
		return x;
	}
	if (x.kind == FP_KIND_ZERO)
		return y;
	if (y.kind == FP_KIND_ZERO)
		return x;
	x_top = (s32)highest_bit(x.significand) + x.exponent;
	y_top = (s32)highest_bit(y.significand) + y.exponent;
	if (x_top < y_top) {
		z = x;
		x = y;
		y = z;
		x_top = y_top;
	}
	x.significand <<= TOP - highest_bit(x.significand);
	x.exponent = x_top - TOP;
	/* y, in units of x's. */
	if (y.exponent >= x.exponent)
		y.significand <<= y.exponent - x.exponent;
	else
		y.significand = shift_right_jam(y.significand, (u32)(x.exponent - y.exponent));
	z = x;
	if (x.negative == y.negative) {
		z.significand = x.significand + y.significand;
	} else if (x.significand == y.significand) {
		z.kind = FP_KIND_ZERO;
		z.negative = c->rounding == FP_NEGINF;
	} else {
		z.negative = x.significand > y.significand ? x.negative : y.negative;
		z.significand = x.significand > y.significand ? x.significand - y.significand
							      : y.significand - x.significand;
	}
	return z;
}

struct fp_value fp_product(struct fp_value x, struct fp_value y)
{
	struct fp_value z = { .kind = FP_KIND_FINITE, .negative = x.negative != y.negative };

	if (x.kind == FP_KIND_INFINITY || y.kind == FP_KIND_INFINITY) {
		z.kind = FP_KIND_INFINITY;
	} else if (x.kind == FP_KIND_ZERO || y.kind == FP_KIND_ZERO) {
		z.kind = FP_KIND_ZERO;
	} else {
		z.significand = x.significand * y.significand;
		z.exponent = x.exponent + y.exponent;
	}
	return z;
}

static u64 add_signed(struct fp_context *c, u32 size, u64 a, u64 b, bool subtract)
{
	struct fp_value x = fp_unpack(c, size, a), y = fp_unpack(c, size, b);
	u64 result;

	if (fp_process_nans(c, size, x, y, a, b, &result))
		return result;
	if (subtract)
		y.negative = !y.negative;
	if (x.kind == FP_KIND_INFINITY && y.kind == FP_KIND_INFINITY && x.negative != y.negative)
		return invalid(c, size);
	if (x.kind == FP_KIND_INFINITY || y.kind == FP_KIND_INFINITY)
		return fp_infinity(size, x.kind == FP_KIND_INFINITY ? x.negative : y.negative);
	return fp_round(c, size, fp_sum(c, x, y), c->rounding);
}

u64 fp_add(struct fp_context *c, u32 size, u64 a, u64 b)
{
	return add_signed(c, size, a, b, false);
}

u64 fp_subtract(struct fp_context *c, u32 size, u64 a, u64 b)
{
	return add_signed(c, size, a, b, true);
}

/* Infinity times zero, either way round. */
static bool is_indefinite(struct fp_value x, struct fp_value y)
{
	return (x.kind == FP_KIND_INFINITY && y.kind == FP_KIND_ZERO) ||
	       (x.kind == FP_KIND_ZERO && y.kind == FP_KIND_INFINITY);
}

u64 fp_multiply(struct fp_context *c, u32 size, u64 a, u64 b)
{
	struct fp_value x = fp_unpack(c, size, a), y = fp_unpack(c, size, b);
	u64 result;

	if (fp_process_nans(c, size, x, y, a, b, &result))
		return result;
	if (is_indefinite(x, y))
		return invalid(c, size);
	return fp_round(c, size, fp_product(x, y), c->rounding);
}

u64 fp_multiply_extended(struct fp_context *c, u32 size, u64 a, u64 b)
{
	struct fp_value x = fp_unpack(c, size, a), y = fp_unpack(c, size, b);
	u64 result;

	if (fp_process_nans(c, size, x, y, a, b, &result))
		return result;
	if (is_indefinite(x, y))
		return fp_zero(size, x.negative != y.negative) | (u64)(bias(size) + 1)
									 << fp_fraction_bits(size);
	return fp_round(c, size, fp_product(x, y), c->rounding);
}

u64 fp_divide(struct fp_context *c, u32 size, u64 a, u64 b)
{
	struct fp_value x = fp_unpack(c, size, a), y = fp_unpack(c, size, b), z = x;
	u128 rest;
	u64 result;

	if (fp_process_nans(c, size, x, y, a, b, &result))
		return result;
	z.negative = x.negative != y.negative;
	if (x.kind == y.kind && x.kind != FP_KIND_FINITE)
		return invalid(c, size);
	if (x.kind == FP_KIND_INFINITY || y.kind == FP_KIND_ZERO) {
		if (x.kind != FP_KIND_INFINITY)
			c->fpsr |= FPSR_DZC;
		return fp_infinity(size, z.negative);
	}
	if (x.kind == FP_KIND_ZERO || y.kind == FP_KIND_INFINITY)
		return fp_zero(size, z.negative);
	/* Bit by bit: a quotient of at least 99 bits, and a last one that says whether there is a rest. */
	z.exponent = x.exponent - y.exponent + (s32)highest_bit(x.significand) -
		     (s32)highest_bit(y.significand) - 100;
	x.significand <<= 63 - highest_bit(x.significand);
	y.significand <<= 63 - highest_bit(y.significand);
	rest = x.significand;
	z.significand = 0;
	for (u32 i = 0; i < 100; i++) {
		z.significand <<= 1;
		if (rest >= y.significand) {
			rest -= y.significand;
			z.significand |= 1;
		}
		rest <<= 1;
	}
	z.significand = z.significand << 1 | (rest != 0);
	return fp_round(c, size, z, c->rounding);
}

u64 fp_square_root(struct fp_context *c, u32 size, u64 a)
{
	struct fp_value x = fp_unpack(c, size, a);
	u128 root = 0, value;
	u32 up;

	if (fp_is_nan(x))
		return fp_process_nan(c, size, x, a);
	if (x.kind == FP_KIND_ZERO)
		return fp_zero(size, x.negative);
	if (x.negative)
		return invalid(c, size);
	if (x.kind == FP_KIND_INFINITY)
		return fp_infinity(size, false);
	/* An even exponent, and as many bits as fit. */
	up = 125 - highest_bit(x.significand);
	if ((x.exponent - (s32)up) & 1)
		up--;
	value = x.significand << up;
	for (s32 bit = 62; bit >= 0; bit--) {
		u128 next = root | (u128)1 << bit;

		if (next * next <= value)
			root = next;
	}
	x.significand = root << 1 | (root * root != value);
	x.exponent = (x.exponent - (s32)up) / 2 - 1;
	return fp_round(c, size, x, c->rounding);
}

u64 fp_multiply_add(struct fp_context *c, u32 size, u64 addend, u64 a, u64 b)
{
	struct fp_value x = fp_unpack(c, size, addend), y = fp_unpack(c, size, a);
	struct fp_value z = fp_unpack(c, size, b), product;
	const struct fp_value values[] = { x, y, z };
	const u64 bits[] = { addend, a, b };

	if (x.kind == FP_KIND_QNAN && is_indefinite(y, z))
		return invalid(c, size);
	for (enum fp_kind kind = FP_KIND_SNAN; kind >= FP_KIND_QNAN; kind--)
		for (u32 i = 0; i < 3; i++)
			if (values[i].kind == kind)
				return fp_process_nan(c, size, values[i], bits[i]);
	if (is_indefinite(y, z))
		return invalid(c, size);
	product = fp_product(y, z);
	if (x.kind == FP_KIND_INFINITY && product.kind == FP_KIND_INFINITY &&
	    x.negative != product.negative)
		return invalid(c, size);
	if (x.kind == FP_KIND_INFINITY || product.kind == FP_KIND_INFINITY)
		return fp_infinity(size,
				   x.kind == FP_KIND_INFINITY ? x.negative : product.negative);
	return fp_round(c, size, fp_sum(c, x, product), c->rounding);
}
