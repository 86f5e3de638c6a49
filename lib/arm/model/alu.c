/* SPDX-License-Identifier: MIT */
#include <model/alu.h>

static u32 bit_of(u64 value, u32 n)
{
	return value >> n & 1;
}

struct alu_result model_logical(u64 value, bool c, bool v, u32 bits)
{
	u32 flags = (c ? (u32)FLAG_C : 0) | (v ? (u32)FLAG_V : 0);

	value &= BITS(bits - 1, 0);
	if (bit_of(value, bits - 1))
		flags |= (u32)FLAG_N;
	if (!value)
		flags |= (u32)FLAG_Z;
	return (struct alu_result){ value, flags };
}

/* A row of full adders. V: the carries into and out of the sign differ. */
struct alu_result model_add(u64 a, u64 b, bool carry, u32 bits)
{
	u64 sum = 0;
	bool into_sign = false;

	for (u32 i = 0; i < bits; i++) {
		u32 x = bit_of(a, i), y = bit_of(b, i);

		into_sign = carry;
		sum |= (u64)(x ^ y ^ carry) << i;
		carry = (x & y) | (x & carry) | (y & carry);
	}
	return model_logical(sum, carry, into_sign != carry, bits);
}

struct alu_result model_subtract(u64 a, u64 b, bool carry, u32 bits)
{
	return model_add(a, ~b, carry, bits);
}

u64 model_shift(u64 value, enum model_shift shift, u32 amount, bool *carry, u32 bits)
{
	value &= BITS(bits - 1, 0);
	while (amount--) {
		bool low = bit_of(value, 0), high = bit_of(value, bits - 1);

		*carry = shift == MODEL_LSL ? high : low;
		value = shift == MODEL_LSL ? value << 1 & BITS(bits - 1, 0) : value >> 1;
		if ((shift == MODEL_ROR && low) || (shift == MODEL_ASR && high))
			value |= BIT(bits - 1);
	}
	return value;
}

static u64 extend(u64 value, bool is_signed, u32 bits)
{
	value &= BITS(bits - 1, 0);
	if (is_signed && bit_of(value, bits - 1) && bits < 64)
		value |= BITS(63, bits);
	return value;
}

/* Adds `addend` << shift to the 128 bits of *high and *low, by the adder above. */
static void add_shifted(u64 *low, u64 *high, u64 addend_low, u64 addend_high)
{
	struct alu_result sum = model_add(*low, addend_low, false, 64);

	*low = sum.value;
	*high = model_add(*high, addend_high, sum.flags & FLAG_C, 64).value;
}

void model_multiply(u64 a, u64 b, bool is_signed, u32 bits, u64 *low, u64 *high)
{
	u64 shifted_low = extend(a, is_signed, bits);
	u64 shifted_high = is_signed && bit_of(shifted_low, 63) ? ~0ull : 0;
	u64 factor = extend(b, is_signed, bits);
	u64 sign = is_signed && bit_of(factor, 63) ? ~0ull : 0;

	*low = *high = 0;
	for (u32 i = 0; i < 128; i++) {
		if (i < 64 ? bit_of(factor, i) : sign & 1)
			add_shifted(low, high, shifted_low, shifted_high);
		shifted_high = shifted_high << 1 | bit_of(shifted_low, 63);
		shifted_low <<= 1;
	}
}

static u64 negate(u64 value, u32 bits)
{
	return model_add(~value, 0, true, bits).value;
}

u64 model_divide(u64 a, u64 b, bool is_signed, u32 bits)
{
	bool negative_a, negative_b;
	u64 rest = 0, quotient = 0;

	a &= BITS(bits - 1, 0);
	b &= BITS(bits - 1, 0);
	if (!b)
		return 0;
	negative_a = is_signed && bit_of(a, bits - 1);
	negative_b = is_signed && bit_of(b, bits - 1);
	a = negative_a ? negate(a, bits) : a;
	b = negative_b ? negate(b, bits) : b;
	for (u32 i = bits; i-- > 0;) {
		bool above = bit_of(rest, 63);

		rest = rest << 1 | bit_of(a, i);
		if (above || model_subtract(rest, b, true, 64).flags & FLAG_C) {
			rest = model_subtract(rest, b, true, 64).value;
			quotient |= BIT(i);
		}
	}
	return negative_a != negative_b ? negate(quotient, bits) : quotient;
}

bool model_condition(u32 condition, u32 flags)
{
	bool n = flags & FLAG_N, z = flags & FLAG_Z, c = flags & FLAG_C, v = flags & FLAG_V;

	switch (condition) {
	case 0: /* EQ */
		return z;
	case 1: /* NE */
		return !z;
	case 2: /* CS */
		return c;
	case 3: /* CC */
		return !c;
	case 4: /* MI */
		return n;
	case 5: /* PL */
		return !n;
	case 6: /* VS */
		return v;
	case 7: /* VC */
		return !v;
	case 8: /* HI */
		return c && !z;
	case 9: /* LS */
		return !c || z;
	case 10: /* GE */
		return n == v;
	case 11: /* LT */
		return n != v;
	case 12: /* GT */
		return !z && n == v;
	case 13: /* LE */
		return z || n != v;
	default:
		return true;
	}
}

u64 model_count_leading_zeros(u64 value, u32 bits)
{
	u32 zeros = 0;

	while (zeros < bits && !bit_of(value, bits - 1 - zeros))
		zeros++;
	return zeros;
}

u64 model_reverse_bits(u64 value, u32 bits)
{
	u64 reversed = 0;

	for (u32 i = 0; i < bits; i++)
		reversed |= (u64)bit_of(value, i) << (bits - 1 - i);
	return reversed;
}

u64 model_reverse_bytes(u64 value, u32 unit, u32 bits)
{
	u64 reversed = 0;

	for (u32 byte = 0; byte < bits / 8; byte++) {
		u32 to = byte / unit * unit + (unit - 1 - byte % unit);

		reversed |= (value >> 8 * byte & 0xff) << 8 * to;
	}
	return reversed;
}

u32 model_crc32(u32 crc, u64 value, u32 bytes, u32 polynomial)
{
	for (u32 i = 0; i < bytes * 8; i++) {
		bool out = (crc ^ (u32)bit_of(value, i)) & 1;

		crc = crc >> 1 ^ (out ? polynomial : 0);
	}
	return crc;
}
