/* SPDX-License-Identifier: MIT */
/* The arithmetic of float.h: exact in 128 bits with a sticky lowest bit, then rounded once. */
#include "float_internal.h"

#include <x86/model/wide.h>

/* --------------------------------------------------------------------------------------- rounding */

static struct real zero(bool negative)
{
	return (struct real){ .kind = FLOAT_ZERO, .negative = negative };
}

static struct real infinity(bool negative)
{
	return (struct real){ .kind = FLOAT_INFINITY, .negative = negative };
}

struct real float_indefinite(void)
{
	return (struct real){ .kind = FLOAT_QNAN,
			      .negative = true,
			      .significand = INTEGER_BIT | QUIET_BIT };
}

static struct real invalid(struct float_context *context)
{
	context->exceptions |= FLOAT_IE;
	return float_indefinite();
}

/* Whether the magnitude is to be rounded up, from what follows the last bit that is kept. */
static bool rounds_up(enum float_rounding rounding, bool negative, bool odd, struct wide rest,
		      struct wide half)
{
	if (wide_is_zero(rest))
		return false;
	switch (rounding) {
	case FLOAT_DOWN:
		return negative;
	case FLOAT_UP:
		return !negative;
	case FLOAT_TO_ZERO:
		return false;
	default:
		if (wide_less(rest, half))
			return false;
		return wide_less(half, rest) || odd;
	}
}

/* Keeps `precision` bits of a number whose bit 127 counts 2^*exponent; false if it was exact. */
static bool round_significand(struct float_context *context, bool negative, struct wide *number,
			      s32 *exponent)
{
	u32 precision = context->format->precision;
	u32 dropped = 128 - precision;
	struct wide unit = wide_shift_left((struct wide){ 0, 1 }, dropped);
	struct wide mask = wide_subtract(unit, (struct wide){ 0, 1 });
	struct wide rest = { number->high & mask.high, number->low & mask.low };
	struct wide half = wide_shift_right_sticky(unit, 1);
	bool odd = (number->high & unit.high) | (number->low & unit.low);
	bool inexact = !wide_is_zero(rest);

	*number = wide_subtract(*number, rest);
	context->rounded_up = rounds_up(context->rounding, negative, odd, rest, half);
	if (context->rounded_up) {
		*number = wide_add(*number, unit);
		if (wide_is_zero(*number)) {
			number->high = INTEGER_BIT;
			*exponent += 1;
		}
	}
	return inexact;
}

static struct real overflow(struct float_context *context, bool negative)
{
	enum float_rounding rounding = context->rounding;
	bool to_infinity = rounding == FLOAT_NEAREST ||
			   rounding == (negative ? FLOAT_DOWN : FLOAT_UP);

	context->exceptions |= FLOAT_OE | FLOAT_PE;
	context->rounded_up = to_infinity;
	if (to_infinity)
		return infinity(negative);
	return (struct real){ .kind = FLOAT_FINITE,
			      .negative = negative,
			      .exponent = exponent_max(context->format),
			      .significand = ~0ull << (64 - context->format->precision) };
}

/*
 * Rounds a number, not zero, whose bit 127 counts 2^exponent. It is tiny if, rounded as though there
 * were no limit to exponents, it lies below the smallest normal number (SDM vol. 1, 4.9.1.5).
 */
static struct real round_number(struct float_context *context, bool negative, s32 exponent,
				struct wide number)
{
	const struct float_format *format = context->format;
	s32 below, rounded_exponent;
	struct wide rounded;
	bool tiny, inexact;

	while (!(number.high & INTEGER_BIT)) {
		number = wide_shift_left(number, 1);
		exponent--;
	}
	rounded = number;
	rounded_exponent = exponent;
	inexact = round_significand(context, negative, &rounded, &rounded_exponent);
	tiny = rounded_exponent < exponent_min(format);
	if (tiny && context->flush_to_zero) {
		context->exceptions |= FLOAT_UE | FLOAT_PE;
		return zero(negative);
	}
	below = exponent_min(format) - exponent;
	if (below > 0) {
		/* A denormal has fewer bits: round where its last one is. */
		rounded = wide_shift_right_sticky(number, (u32)below);
		rounded_exponent = exponent_min(format);
		inexact = round_significand(context, negative, &rounded, &rounded_exponent);
	}
	if (inexact)
		context->exceptions |= FLOAT_PE | (tiny ? FLOAT_UE : 0);
	if (wide_is_zero(rounded))
		return zero(negative);
	if (rounded_exponent > exponent_max(format))
		return overflow(context, negative);
	while (!(rounded.high & INTEGER_BIT)) {
		rounded = wide_shift_left(rounded, 1);
		rounded_exponent--;
	}
	return (struct real){ .kind = FLOAT_FINITE,
			      .negative = negative,
			      .denormal = rounded_exponent < exponent_min(format),
			      .exponent = rounded_exponent,
			      .significand = rounded.high };
}

/* -------------------------------------------------------------------------------------- operations */

bool float_is_nan(struct real a)
{
	return a.kind == FLOAT_QNAN || a.kind == FLOAT_SNAN;
}

struct real float_quiet(struct float_context *context, struct real nan)
{
	if (nan.kind == FLOAT_SNAN)
		context->exceptions |= FLOAT_IE;
	nan.kind = FLOAT_QNAN;
	nan.significand |= QUIET_BIT;
	return nan;
}

struct real float_operand(const struct float_context *context, struct real value)
{
	return value.denormal && context->denormals_are_zero ? zero(value.negative) : value;
}

/* A denormal operand is an exception, where nothing of higher priority is (SDM vol. 1, 4.9.2). */
static void note_denormals(struct float_context *context, struct real a, struct real b)
{
	if (a.denormal || b.denormal)
		context->exceptions |= FLOAT_DE;
}

static struct wide widen(struct real a)
{
	return (struct wide){ a.significand, 0 };
}

/* The sum of two numbers, either of which may be zero, whose bits 127 count 2^exponent. */
static struct real add_numbers(struct float_context *context, bool a_negative, s32 a_exponent,
			       struct wide a, bool b_negative, s32 b_exponent, struct wide b)
{
	struct wide sum;
	bool negative = a_negative;
	s32 exponent;

	if (wide_is_zero(b) && !wide_is_zero(a))
		b_exponent = a_exponent;
	if (wide_is_zero(a))
		a_exponent = b_exponent;
	/* One bit of room for a carry; what that drops was zero, or becomes the sticky bit. */
	a = wide_shift_right_sticky(a, 1);
	b = wide_shift_right_sticky(b, 1);
	exponent = a_exponent > b_exponent ? a_exponent : b_exponent;
	a = wide_shift_right_sticky(a, (u32)(exponent - a_exponent));
	b = wide_shift_right_sticky(b, (u32)(exponent - b_exponent));
	if (a_negative == b_negative) {
		sum = wide_add(a, b);
	} else if (wide_less(a, b)) {
		sum = wide_subtract(b, a);
		negative = b_negative;
	} else {
		sum = wide_subtract(a, b);
	}
	if (wide_is_zero(sum))
		return zero(a_negative == b_negative ? a_negative
						     : context->rounding == FLOAT_DOWN);
	return round_number(context, negative, exponent + 1, sum);
}

struct real float_add(struct float_context *context, struct real a, struct real b)
{
	if (a.kind == FLOAT_INFINITY && b.kind == FLOAT_INFINITY && a.negative != b.negative)
		return invalid(context);
	note_denormals(context, a, b);
	if (a.kind == FLOAT_INFINITY)
		return a;
	if (b.kind == FLOAT_INFINITY)
		return b;
	return add_numbers(context, a.negative, a.exponent, widen(a), b.negative, b.exponent,
			   widen(b));
}

struct real float_subtract(struct float_context *context, struct real a, struct real b)
{
	b.negative = !b.negative;
	return float_add(context, a, b);
}

struct real float_multiply(struct float_context *context, struct real a, struct real b)
{
	bool negative = a.negative != b.negative;

	if ((a.kind == FLOAT_INFINITY && b.kind == FLOAT_ZERO) ||
	    (a.kind == FLOAT_ZERO && b.kind == FLOAT_INFINITY))
		return invalid(context);
	note_denormals(context, a, b);
	if (a.kind == FLOAT_INFINITY || b.kind == FLOAT_INFINITY)
		return infinity(negative);
	if (a.kind == FLOAT_ZERO || b.kind == FLOAT_ZERO)
		return zero(negative);
	return round_number(context, negative, a.exponent + b.exponent + 1,
			    wide_multiply(a.significand, b.significand));
}

struct real float_multiply_add(struct float_context *context, struct real a, struct real b,
			       struct real c)
{
	bool negative = a.negative != b.negative;
	bool infinite = a.kind == FLOAT_INFINITY || b.kind == FLOAT_INFINITY;
	struct wide product = { 0, 0 };

	if (infinite && (a.kind == FLOAT_ZERO || b.kind == FLOAT_ZERO))
		return invalid(context);
	if (infinite && c.kind == FLOAT_INFINITY && negative != c.negative)
		return invalid(context);
	note_denormals(context, a, b);
	note_denormals(context, c, c);
	if (infinite)
		return infinity(negative);
	if (c.kind == FLOAT_INFINITY)
		return c;
	if (a.kind != FLOAT_ZERO && b.kind != FLOAT_ZERO)
		product = wide_multiply(a.significand, b.significand);
	return add_numbers(context, negative, a.exponent + b.exponent + 1, product, c.negative,
			   c.exponent, widen(c));
}

struct real float_divide(struct float_context *context, struct real a, struct real b)
{
	bool negative = a.negative != b.negative;
	struct wide remainder = { 0, a.significand }, divisor = { 0, b.significand };
	struct wide quotient = { 0, 0 };

	if (a.kind == b.kind && (a.kind == FLOAT_ZERO || a.kind == FLOAT_INFINITY))
		return invalid(context);
	if (b.kind == FLOAT_ZERO) {
		if (a.kind != FLOAT_INFINITY)
			context->exceptions |= FLOAT_ZE;
		return infinity(negative);
	}
	note_denormals(context, a, b);
	if (a.kind == FLOAT_INFINITY)
		return infinity(negative);
	if (a.kind == FLOAT_ZERO || b.kind == FLOAT_INFINITY)
		return zero(negative);
	/* Bit 127 of the quotient is that of 2^0. */
	for (u32 i = 0; i < 128; i++) {
		quotient = wide_shift_left(quotient, 1);
		if (!wide_less(remainder, divisor)) {
			remainder = wide_subtract(remainder, divisor);
			quotient.low |= 1;
		}
		remainder = wide_shift_left(remainder, 1);
	}
	quotient.low |= !wide_is_zero(remainder);
	return round_number(context, negative, a.exponent - b.exponent, quotient);
}

struct real float_square_root(struct float_context *context, struct real a)
{
	struct wide root = { 0, 0 }, rest = { 0, 0 }, radicand = widen(a), trial;
	s32 exponent = a.exponent;

	if (a.kind == FLOAT_ZERO)
		return a;
	if (a.negative)
		return invalid(context);
	note_denormals(context, a, a);
	if (a.kind == FLOAT_INFINITY)
		return a;
	/* Two bits of the radicand for one of the root: the first two are 01 or 1x. */
	if (exponent & 1)
		exponent--;
	else
		radicand = wide_shift_right_sticky(radicand, 1);
	for (u32 i = 0; i < 70; i++) {
		rest = wide_shift_left(rest, 2);
		rest.low |= radicand.high >> 62;
		radicand = wide_shift_left(radicand, 2);
		trial = wide_shift_left(root, 2);
		trial.low |= 1;
		root = wide_shift_left(root, 1);
		if (!wide_less(rest, trial)) {
			rest = wide_subtract(rest, trial);
			root.low |= 1;
		}
	}
	root = wide_shift_left(root, 58);
	root.low |= !wide_is_zero(rest);
	return round_number(context, false, exponent / 2, root);
}

struct real float_convert(struct float_context *context, struct real a)
{
	note_denormals(context, a, a);
	if (a.kind != FLOAT_FINITE)
		return a;
	return round_number(context, a.negative, a.exponent, widen(a));
}

/* The magnitude as an integer, of a finite number below 2^64; rounded. */
static bool round_to_magnitude(struct float_context *context, struct real a, u64 *magnitude)
{
	struct wide number = widen(a), rest;
	struct wide half = { INTEGER_BIT, 0 };

	*magnitude = 0;
	if (a.kind == FLOAT_ZERO)
		return true;
	if (a.exponent >= 64)
		return false;
	/* The integer in `high`, the fraction in `low`. */
	number = a.exponent < 63 ? wide_shift_right_sticky(number, (u32)(63 - a.exponent)) : number;
	*magnitude = number.high;
	rest = (struct wide){ number.low, 0 };
	if (number.low)
		context->exceptions |= FLOAT_PE;
	context->rounded_up = rounds_up(context->rounding, a.negative, *magnitude & 1, rest, half);
	*magnitude += context->rounded_up;
	return *magnitude || !number.high;
}

struct real float_round_to_integer(struct float_context *context, struct real a)
{
	u64 magnitude;

	if (a.kind != FLOAT_FINITE || a.exponent >= 63)
		return a;
	round_to_magnitude(context, a, &magnitude);
	if (!magnitude)
		return zero(a.negative);
	a.exponent = 63;
	a.significand = magnitude;
	a.denormal = false;
	while (!(a.significand & INTEGER_BIT)) {
		a.significand <<= 1;
		a.exponent--;
	}
	return a;
}

s64 float_to_integer(struct float_context *context, struct real a, u32 bits)
{
	u32 before = context->exceptions;
	u64 limit = BIT(bits - 1), magnitude = 0;

	if ((a.kind == FLOAT_FINITE || a.kind == FLOAT_ZERO) &&
	    round_to_magnitude(context, a, &magnitude) &&
	    (magnitude < limit || (a.negative && magnitude == limit)))
		return (s64)(a.negative ? 0 - magnitude : magnitude);
	context->exceptions = before | FLOAT_IE;
	return (s64)(0 - limit);
}

struct real float_from_integer(struct float_context *context, s64 value)
{
	u64 magnitude = value < 0 ? 0 - (u64)value : (u64)value;

	if (!value)
		return zero(false);
	return round_number(context, value < 0, 63, (struct wide){ magnitude, 0 });
}

/* ------------------------------------------------------------------------------------ comparison */

static enum float_order compare_magnitudes(struct real a, struct real b)
{
	if (a.kind == FLOAT_ZERO || b.kind == FLOAT_ZERO || a.kind == FLOAT_INFINITY ||
	    b.kind == FLOAT_INFINITY) {
		/* FLOAT_ZERO < FLOAT_FINITE < FLOAT_INFINITY */
		return a.kind < b.kind ? FLOAT_LESS : a.kind > b.kind ? FLOAT_GREATER : FLOAT_EQUAL;
	}
	if (a.exponent != b.exponent)
		return a.exponent < b.exponent ? FLOAT_LESS : FLOAT_GREATER;
	if (a.significand != b.significand)
		return a.significand < b.significand ? FLOAT_LESS : FLOAT_GREATER;
	return FLOAT_EQUAL;
}

enum float_order float_compare(struct real a, struct real b)
{
	enum float_order order;

	if (a.kind > FLOAT_INFINITY || b.kind > FLOAT_INFINITY)
		return FLOAT_UNORDERED;
	if (a.kind == FLOAT_ZERO && b.kind == FLOAT_ZERO)
		return FLOAT_EQUAL;
	if (a.negative != b.negative)
		return a.negative ? FLOAT_LESS : FLOAT_GREATER;
	order = compare_magnitudes(a, b);
	if (!a.negative || order == FLOAT_EQUAL)
		return order;
	return order == FLOAT_LESS ? FLOAT_GREATER : FLOAT_LESS;
}
