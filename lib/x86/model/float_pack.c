/* SPDX-License-Identifier: MIT */
/* The formats of floating point in memory and registers, to and from numbers: SDM vol. 1, 4.2.2, 8.2. */
#include "float_internal.h"

const struct float_format float_single = { 24, 8 };
const struct float_format float_double = { 53, 11 };
const struct float_format float_extended = { 64, 15 };
const struct float_format float_extended_24 = { 24, 15 };
const struct float_format float_extended_53 = { 53, 15 };

struct real float_unpack_extended(u64 significand, u16 sign_and_exponent)
{
	s32 biased = sign_and_exponent & 0x7fff;
	struct real value = { .negative = sign_and_exponent >> 15, .significand = significand };

	if (biased == 0x7fff) {
		if (!(significand & INTEGER_BIT))
			value.kind = FLOAT_UNSUPPORTED;
		else if (significand == INTEGER_BIT)
			value.kind = FLOAT_INFINITY;
		else
			value.kind = significand & QUIET_BIT ? FLOAT_QNAN : FLOAT_SNAN;
		return value;
	}
	if (!significand) {
		value.kind = biased ? FLOAT_UNSUPPORTED : FLOAT_ZERO;
		return value;
	}
	if (biased && !(significand & INTEGER_BIT)) {
		value.kind = FLOAT_UNSUPPORTED;
		return value;
	}
	value.kind = FLOAT_FINITE;
	value.denormal = !biased;
	value.exponent = (biased ? biased : 1) - 0x3fff;
	while (!(value.significand & INTEGER_BIT)) {
		value.significand <<= 1;
		value.exponent--;
	}
	return value;
}

void float_pack_extended(struct real value, u64 *significand, u16 *sign_and_exponent)
{
	s32 shift = exponent_min(&float_extended) - value.exponent;

	*significand = value.significand;
	switch (value.kind) {
	case FLOAT_ZERO:
		*significand = 0;
		*sign_and_exponent = 0;
		break;
	case FLOAT_FINITE:
		if (shift > 0)
			*significand >>= shift;
		*sign_and_exponent = shift > 0 ? 0 : (u16)(value.exponent + 0x3fff);
		break;
	case FLOAT_INFINITY:
		*significand = INTEGER_BIT;
		*sign_and_exponent = 0x7fff;
		break;
	default:
		*significand |= INTEGER_BIT;
		*sign_and_exponent = 0x7fff;
	}
	*sign_and_exponent |= (u16)(value.negative << 15);
}

struct real float_unpack(const struct float_format *format, u64 bits)
{
	u32 fraction_bits = format->precision - 1;
	u64 fraction = bits & (BIT(fraction_bits) - 1);
	s32 biased_max = (s32)BIT(format->exponent_bits) - 1;
	s32 biased = (s32)(bits >> fraction_bits) & biased_max;
	struct real value = { .negative = bits >> (fraction_bits + format->exponent_bits) & 1 };

	value.significand = fraction << (64 - format->precision);
	if (biased == biased_max) {
		value.kind = !fraction			     ? FLOAT_INFINITY
			     : value.significand & QUIET_BIT ? FLOAT_QNAN
							     : FLOAT_SNAN;
		value.significand |= INTEGER_BIT;
		return value;
	}
	if (!biased && !fraction)
		return value;
	value.kind = FLOAT_FINITE;
	value.denormal = !biased;
	value.exponent = biased ? biased - exponent_max(format) : exponent_min(format);
	if (biased)
		value.significand |= INTEGER_BIT;
	while (!(value.significand & INTEGER_BIT)) {
		value.significand <<= 1;
		value.exponent--;
	}
	return value;
}

u64 float_pack(const struct float_format *format, struct real value)
{
	u32 fraction_bits = format->precision - 1;
	u64 biased_max = BIT(format->exponent_bits) - 1;
	u64 sign = (u64)value.negative << (fraction_bits + format->exponent_bits);
	u64 significand = value.significand >> (64 - format->precision);
	s32 shift = exponent_min(format) - value.exponent;

	switch (value.kind) {
	case FLOAT_ZERO:
		return sign;
	case FLOAT_FINITE:
		if (shift > 0)
			return sign | significand >> shift;
		return sign | (u64)(value.exponent + exponent_max(format)) << fraction_bits |
		       (significand & (BIT(fraction_bits) - 1));
	case FLOAT_INFINITY:
		return sign | biased_max << fraction_bits;
	default:
		return sign | biased_max << fraction_bits |
		       (significand & (BIT(fraction_bits) - 1));
	}
}
