/* SPDX-License-Identifier: MIT */
#include <x86/model/x87.h>

struct float_context x87_context(u16 control)
{
	static const struct float_format *const formats[] = { &float_extended_24, &float_extended,
							      &float_extended_53, &float_extended };

	return (struct float_context){
		.format = formats[control >> X87_CW_PC_SHIFT & 3],
		.rounding = control >> X87_CW_RC_SHIFT & 3,
	};
}

static struct real make_quiet(struct real nan)
{
	struct float_context ignored = { .format = &float_extended };

	return float_quiet(&ignored, nan);
}

/* SDM vol. 1, table 4-7: a QNaN wins over an SNaN, else the larger significand, else the plus sign. */
static struct real choose_nan(struct real a, struct real b)
{
	if (!float_is_nan(a))
		return make_quiet(b);
	if (!float_is_nan(b))
		return make_quiet(a);
	if (a.kind != b.kind)
		return a.kind == FLOAT_QNAN ? a : b;
	if (a.significand != b.significand)
		return make_quiet(a.significand > b.significand ? a : b);
	return make_quiet(a.negative ? b : a);
}

bool x87_invalid_operand(struct float_context *context, struct real a, struct real b,
			 struct real *result)
{
	if (a.kind == FLOAT_UNSUPPORTED || b.kind == FLOAT_UNSUPPORTED) {
		context->exceptions |= FLOAT_IE;
		*result = float_indefinite();
		return true;
	}
	if (!float_is_nan(a) && !float_is_nan(b))
		return false;
	if (a.kind == FLOAT_SNAN || b.kind == FLOAT_SNAN)
		context->exceptions |= FLOAT_IE;
	*result = choose_nan(a, b);
	return true;
}

/* The status word after an operation that rounds: C1 tells the direction where PE is set. */
static u16 rounding_status(const struct float_context *context)
{
	bool up = (context->exceptions & FLOAT_PE) && context->rounded_up;

	return (u16)(context->exceptions | (up ? X87_C1 : 0));
}

#define ARITHMETIC(name, function, first, second)                                   \
	void x87_##name(const struct x87_in *in, struct x87_out *out)               \
	{                                                                           \
		struct float_context context = x87_context(in->control);            \
                                                                                    \
		if (!x87_invalid_operand(&context, in->st0, in->st1, &out->result)) \
			out->result = function(&context, in->first, in->second);    \
		out->status = rounding_status(&context);                            \
		out->open = X87_C0 | X87_C2 | X87_C3;                               \
	}

ARITHMETIC(add, float_add, st0, st1)
ARITHMETIC(sub, float_subtract, st0, st1)
ARITHMETIC(subr, float_subtract, st1, st0)
ARITHMETIC(mul, float_multiply, st0, st1)
ARITHMETIC(div, float_divide, st0, st1)
ARITHMETIC(divr, float_divide, st1, st0)

void x87_sqrt(const struct x87_in *in, struct x87_out *out)
{
	struct float_context context = x87_context(in->control);

	if (!x87_invalid_operand(&context, in->st0, in->st0, &out->result))
		out->result = float_square_root(&context, in->st0);
	out->status = rounding_status(&context);
	out->open = X87_C0 | X87_C2 | X87_C3;
}

/* The precision control does not matter. */
void x87_rndint(const struct x87_in *in, struct x87_out *out)
{
	struct float_context context = x87_context(in->control);

	context.format = &float_extended;
	if (!x87_invalid_operand(&context, in->st0, in->st0, &out->result)) {
		if (in->st0.denormal)
			context.exceptions |= FLOAT_DE;
		out->result = float_round_to_integer(&context, in->st0);
	}
	out->status = rounding_status(&context);
	out->open = X87_C0 | X87_C2 | X87_C3;
}

/* Signs change without any look at the rest, of NaNs too. */
void x87_abs(const struct x87_in *in, struct x87_out *out)
{
	out->result = in->st0;
	out->result.negative = false;
	out->status = 0;
	out->open = X87_C0 | X87_C2 | X87_C3;
}

void x87_chs(const struct x87_in *in, struct x87_out *out)
{
	out->result = in->st0;
	out->result.negative = !in->st0.negative;
	out->status = 0;
	out->open = X87_C0 | X87_C2 | X87_C3;
}

/* SDM vol. 2A, FXAM, table 3-32. */
void x87_xam(const struct x87_in *in, struct x87_out *out)
{
	static const u16 classes[] = {
		[FLOAT_UNSUPPORTED] = 0,
		[FLOAT_QNAN] = X87_C0,
		[FLOAT_SNAN] = X87_C0,
		[FLOAT_FINITE] = X87_C2,
		[FLOAT_INFINITY] = X87_C2 | X87_C0,
		[FLOAT_ZERO] = X87_C3,
	};

	out->result = in->st0;
	out->status = in->st0.denormal ? X87_C3 | X87_C2 : classes[in->st0.kind];
	if (in->st0.negative)
		out->status |= X87_C1;
	out->open = 0;
}

/* -------------------------------------------------------------------------------------- remainders */

/*
 * |st0| - q * |st1| with q truncated, and q modulo 8 in *quotient, by long division; `exponent` is that
 * of the result's bit 63.
 */
static u64 long_division(struct real a, struct real b, u64 *quotient, s32 *exponent)
{
	u64 remainder = a.significand, q = 0;

	*exponent = b.exponent;
	*quotient = 0;
	if (a.exponent < b.exponent) {
		*exponent = a.exponent;
		return remainder;
	}
	for (s32 left = a.exponent - b.exponent;; left--) {
		/* Bit 64 of the remainder, which the shift below would lose, means that b fits. */
		bool carry = left < a.exponent - b.exponent && remainder >> 63;

		if (left < a.exponent - b.exponent)
			remainder <<= 1;
		q <<= 1;
		if (carry || remainder >= b.significand) {
			remainder -= b.significand;
			q |= 1;
		}
		if (!left)
			break;
	}
	*quotient = q;
	return remainder;
}

static u16 quotient_status(u64 quotient)
{
	return (u16)((quotient & 4 ? X87_C0 : 0) | (quotient & 2 ? X87_C3 : 0) |
		     (quotient & 1 ? X87_C1 : 0));
}

/* Whether the remainder is more than half of b, or half of it and the quotient odd. */
static bool beyond_half(u64 remainder, s32 exponent, struct real b, u64 quotient)
{
	u64 half = b.significand;

	/* remainder * 2 against b, both counted from the same exponent. */
	if (exponent < b.exponent - 1)
		return false;
	if (exponent == b.exponent) {
		if (remainder >> 63)
			return true;
		remainder <<= 1;
	}
	return remainder > half || (remainder == half && (quotient & 1));
}

static void remainder_of(const struct x87_in *in, struct x87_out *out, bool nearest)
{
	struct float_context context = x87_context(X87_CW_INIT);
	struct real a = in->st0, b = in->st1;
	u64 quotient, remainder;
	s32 exponent;

	out->status = 0;
	out->open = 0;
	if (x87_invalid_operand(&context, a, b, &out->result) || a.kind == FLOAT_INFINITY ||
	    b.kind == FLOAT_ZERO) {
		if (!float_is_nan(a) && !float_is_nan(b)) {
			context.exceptions |= FLOAT_IE;
			out->result = float_indefinite();
		}
		out->status = (u16)context.exceptions;
		out->open = X87_C0 | X87_C1 | X87_C3;
		return;
	}
	if (a.denormal || b.denormal)
		out->status |= FLOAT_DE;
	out->result = a;
	if (a.kind == FLOAT_ZERO || b.kind == FLOAT_INFINITY)
		return;
	remainder = long_division(a, b, &quotient, &exponent);
	out->result.exponent = exponent;
	out->result.significand = remainder;
	if (nearest && beyond_half(remainder, exponent, b, quotient)) {
		/* |b| - remainder, of the other sign. */
		struct real rest = { .kind = FLOAT_FINITE, .exponent = exponent };

		quotient++;
		while (remainder && !(remainder & BIT(63))) {
			remainder <<= 1;
			exponent--;
		}
		rest.exponent = exponent;
		rest.significand = remainder;
		b.negative = false;
		rest.negative = false;
		out->result = float_subtract(&context, b, rest);
		out->result.negative = !a.negative;
	} else if (!remainder) {
		out->result = (struct real){ .kind = FLOAT_ZERO, .negative = a.negative };
	} else {
		while (!(out->result.significand & BIT(63))) {
			out->result.significand <<= 1;
			out->result.exponent--;
		}
	}
	out->status |= quotient_status(quotient);
}

void x87_prem(const struct x87_in *in, struct x87_out *out)
{
	remainder_of(in, out, false);
}

void x87_prem1(const struct x87_in *in, struct x87_out *out)
{
	remainder_of(in, out, true);
}

/* ----------------------------------------------------------------------------------------- scaling */

/* st0 * 2^trunc(st1); not rounded to the precision control's width (SDM vol. 2A, FSCALE). */
void x87_scale(const struct x87_in *in, struct x87_out *out)
{
	struct float_context context = x87_context(in->control);
	struct float_context truncate = { .format = &float_extended, .rounding = FLOAT_TO_ZERO };
	struct real power = { .kind = FLOAT_FINITE, .significand = BIT(63) };

	context.format = &float_extended;
	out->open = X87_C0 | X87_C2 | X87_C3;
	if (x87_invalid_operand(&context, in->st0, in->st1, &out->result)) {
		out->status = (u16)context.exceptions;
		return;
	}
	if (in->st1.kind == FLOAT_INFINITY) {
		/* 2 to the power of plus or minus infinity. */
		power.kind = in->st1.negative ? FLOAT_ZERO : FLOAT_INFINITY;
		power.significand = 0;
		out->result = float_multiply(&context, in->st0, power);
		out->status = rounding_status(&context);
		return;
	}
	if (in->st0.denormal || in->st1.denormal)
		context.exceptions |= FLOAT_DE;
	/* Beyond 2^16 every result overflows or underflows the same. */
	if (in->st1.kind == FLOAT_FINITE && in->st1.exponent > 16)
		power.exponent = in->st1.negative ? -0x10000 : 0x10000;
	else
		power.exponent = (s32)float_to_integer(&truncate, in->st1, 32);
	out->result = float_multiply(&context, in->st0, power);
	out->status = rounding_status(&context);
}

/* -------------------------------------------------------------------------------------- comparison */

static void compare(const struct real a, const struct real b, bool quiet, struct x87_out *out)
{
	static const u16 codes[] = {
		[FLOAT_GREATER] = 0,
		[FLOAT_LESS] = X87_C0,
		[FLOAT_EQUAL] = X87_C3,
		[FLOAT_UNORDERED] = X87_C3 | X87_C2 | X87_C0,
	};
	enum float_order order = float_compare(a, b);
	bool both_quiet = a.kind != FLOAT_SNAN && b.kind != FLOAT_SNAN &&
			  a.kind != FLOAT_UNSUPPORTED && b.kind != FLOAT_UNSUPPORTED;

	out->result = a;
	out->status = codes[order];
	out->open = X87_C1;
	if (order == FLOAT_UNORDERED && !(quiet && both_quiet))
		out->status |= FLOAT_IE;
	if (order != FLOAT_UNORDERED && (a.denormal || b.denormal))
		out->status |= FLOAT_DE;
}

void x87_com(const struct x87_in *in, struct x87_out *out)
{
	compare(in->st0, in->st1, false, out);
}

void x87_ucom(const struct x87_in *in, struct x87_out *out)
{
	compare(in->st0, in->st1, true, out);
}

void x87_tst(const struct x87_in *in, struct x87_out *out)
{
	compare(in->st0, (struct real){ .kind = FLOAT_ZERO }, false, out);
}
