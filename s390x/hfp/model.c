/* SPDX-License-Identifier: MIT */
#include "model.h"

#define CHARACTERISTICS 128

struct hfp hfp_unpack(u64 bits, u32 digits)
{
	return (struct hfp){ .minus = bits >> 63,
			     .characteristic = (s32)(bits >> 56 & 0x7f),
			     .fraction = (bits & (BIT(56) - 1)) >> 4 * (LONG_DIGITS - digits) };
}

u64 hfp_pack(struct hfp value, u32 digits)
{
	return (u64)value.minus << 63 | (u64)(value.characteristic & 0x7f) << 56 |
	       value.fraction << 4 * (LONG_DIGITS - digits);
}

static u32 code_of(struct hfp value)
{
	return !value.fraction ? 0 : value.minus ? 1 : 2;
}

/* With a characteristic that may be none any more. */
static struct hfp_result finish(struct hfp value, u32 digits, u32 mask)
{
	struct hfp_result r = { .exception = HFP_NONE };

	if (value.characteristic >= CHARACTERISTICS) {
		r.exception = HFP_OVERFLOW;
	} else if (value.characteristic < 0) {
		if (mask & HFP_MASK_UNDERFLOW)
			r.exception = HFP_UNDERFLOW;
		else
			value = (struct hfp){ 0 };
	}
	r.bits = hfp_pack(value, digits);
	r.cc = code_of(value);
	return r;
}

static struct hfp normalized(struct hfp value, u32 digits)
{
	while (value.fraction && !(value.fraction >> 4 * (digits - 1))) {
		value.fraction <<= 4;
		value.characteristic--;
	}
	return value;
}

/* A digit to the right by each of so many; the last one stays as the guard digit. */
static u64 with_guard(u64 fraction, s32 shift)
{
	return shift > 15 ? 0 : fraction << 4 >> 4 * shift;
}

/* The sum with a guard digit, and one digit more on its left for a carry. */
static struct hfp sum(struct hfp a, struct hfp b)
{
	struct hfp r = { .characteristic = MAX(a.characteristic, b.characteristic) };
	u64 x = with_guard(a.fraction, r.characteristic - a.characteristic);
	u64 y = with_guard(b.fraction, r.characteristic - b.characteristic);

	r.minus = x >= y ? a.minus : b.minus;
	r.fraction = a.minus == b.minus ? x + y : x >= y ? x - y : y - x;
	if (!r.fraction)
		r.minus = false;
	return r;
}

struct hfp_result hfp_add(u64 first, u64 second, u32 digits, bool subtract, bool normalize,
			  u32 mask)
{
	struct hfp a = hfp_unpack(first, digits), b = hfp_unpack(second, digits), r;

	b.minus ^= subtract;
	r = sum(a, b);
	if (r.fraction >> 4 * (digits + 1)) {
		r.fraction >>= 8;
		r.characteristic++;
		return finish(r, digits, mask);
	}
	/* Without normalization, the guard digit does not count. */
	if (!(normalize ? r.fraction : r.fraction >> 4)) {
		r.fraction = 0;
		r.minus = false;
		if (mask & HFP_MASK_SIGNIFICANCE) {
			struct hfp_result result = { .exception = HFP_SIGNIFICANCE };

			result.bits = hfp_pack(r, digits);
			return result;
		}
		return (struct hfp_result){ 0 };
	}
	if (normalize)
		r = normalized(r, digits + 1);
	r.fraction >>= 4;
	return finish(r, digits, mask);
}

u32 hfp_compare(u64 first, u64 second, u32 digits)
{
	struct hfp a = hfp_unpack(first, digits), b = hfp_unpack(second, digits);

	b.minus = !b.minus;
	return code_of(sum(a, b));
}

struct hfp_result hfp_multiply(u64 first, u64 second, u32 digits, u32 result_digits, u32 mask)
{
	struct hfp a = normalized(hfp_unpack(first, digits), digits);
	struct hfp b = normalized(hfp_unpack(second, digits), digits), r;
	unsigned __int128 product = (unsigned __int128)a.fraction * b.fraction;
	s32 shift = 4 * (2 * (s32)digits - (s32)result_digits);

	if (!product)
		return (struct hfp_result){ 0 };
	r.minus = a.minus ^ b.minus;
	r.characteristic = a.characteristic + b.characteristic - 64;
	if (!(product >> 4 * (2 * digits - 1))) {
		product <<= 4;
		r.characteristic--;
	}
	r.fraction = (u64)(shift >= 0 ? product >> shift : product << -shift);
	return finish(r, result_digits, mask);
}

struct hfp_result hfp_divide(u64 first, u64 second, u32 digits, u32 mask)
{
	struct hfp a = normalized(hfp_unpack(first, digits), digits);
	struct hfp b = normalized(hfp_unpack(second, digits), digits), r = { 0 };
	u64 rest = a.fraction;

	if (!b.fraction)
		return (struct hfp_result){ .bits = first, .exception = HFP_DIVIDE };
	if (!a.fraction)
		return (struct hfp_result){ 0 };
	r.minus = a.minus ^ b.minus;
	r.characteristic = a.characteristic - b.characteristic + 64;
	/* The dividend is made the smaller one, so that the first digit comes after the point. */
	if (rest >= b.fraction)
		r.characteristic++;
	else
		rest <<= 4;
	for (u32 n = 0; n < digits; n++) {
		r.fraction = r.fraction << 4 | rest / b.fraction;
		rest = rest % b.fraction << 4;
	}
	return finish(r, digits, mask);
}

struct hfp_result hfp_halve(u64 first, u32 digits, u32 mask)
{
	struct hfp a = hfp_unpack(first, digits);

	/* With a guard digit. */
	a.fraction <<= 3;
	if (!a.fraction)
		return (struct hfp_result){ 0 };
	a = normalized(a, digits + 1);
	a.fraction >>= 4;
	return finish(a, digits, mask);
}

struct hfp_result hfp_round_to_short(u64 first)
{
	struct hfp a = hfp_unpack(first, LONG_DIGITS);

	a.fraction = (a.fraction + BIT(31)) >> 32;
	if (a.fraction >> 4 * SHORT_DIGITS) {
		a.fraction >>= 4;
		a.characteristic++;
	}
	return finish(a, SHORT_DIGITS, 0);
}

u64 hfp_from_integer(s64 value, u32 digits)
{
	struct hfp r = { .minus = value < 0, .characteristic = 64 + 16 };
	u64 magnitude = value < 0 ? -(u64)value : (u64)value;

	if (!value)
		return 0;
	while (!(magnitude >> 60)) {
		magnitude <<= 4;
		r.characteristic--;
	}
	r.fraction = magnitude >> 4 * (16 - digits);
	return hfp_pack(r, digits);
}
