/* SPDX-License-Identifier: MIT */
#include <s390x/model/alu.h>

/* A number of `width` bits and the bits around it. */
static u64 mask_of(u32 width)
{
	return width == 64 ? ~0ull : BIT(width) - 1;
}

static bool negative(u64 value, u32 width)
{
	return value >> (width - 1) & 1;
}

static u64 sign_extend(u64 value, u32 width)
{
	value &= mask_of(width);
	return negative(value, width) ? value | ~mask_of(width) : value;
}

static u64 operand_of(const struct alu_instruction *i, u64 second)
{
	switch (i->operand) {
	case ALU_SIGNED_32:
		return sign_extend(second, 32) & mask_of(i->width);
	case ALU_UNSIGNED_32:
		return second & mask_of(32);
	case ALU_SIGNED_16:
		return sign_extend(second, 16) & mask_of(i->width);
	case ALU_UNSIGNED_16:
		return second & mask_of(16);
	case ALU_SIGNED_8:
		return sign_extend(second, 8) & mask_of(i->width);
	case ALU_UNSIGNED_8:
		return second & mask_of(8);
	default:
		return second & mask_of(i->width);
	}
}

/* Zero, less than zero, greater than zero, overflow. */
static u32 cc_signed(u64 result, u32 width, bool overflow)
{
	if (overflow)
		return 3;
	if (!(result & mask_of(width)))
		return 0;
	return negative(result, width) ? 1 : 2;
}

/* Bit by bit, as on paper: the sum, and the carries out of the two leftmost positions. */
static u64 add_bits(u64 a, u64 b, bool carry, u32 width, bool *carry_out, bool *overflow)
{
	bool into_sign = false;
	u64 sum = 0;

	for (u32 n = 0; n < width; n++) {
		u32 ones = (u32)(a >> n & 1) + (u32)(b >> n & 1) + carry;

		into_sign = carry;
		sum |= (u64)(ones & 1) << n;
		carry = ones >= 2;
	}
	*carry_out = carry;
	*overflow = carry != into_sign;
	return sum;
}

/* Logical results: bit 0 of the code says that there is something, bit 1 that there is a carry. */
static u32 cc_logical(u64 result, bool carry)
{
	return (u32)(result != 0) | (u32)carry << 1;
}

static u64 add_like(const struct alu_instruction *i, u64 a, u64 b, u32 *cc)
{
	bool carry, overflow;
	u64 sum;

	switch (i->operation) {
	case ALU_ADD:
		sum = add_bits(a, b, false, i->width, &carry, &overflow);
		*cc = cc_signed(sum, i->width, overflow);
		return sum;
	case ALU_SUBTRACT:
		sum = add_bits(a, ~b, true, i->width, &carry, &overflow);
		*cc = cc_signed(sum, i->width, overflow);
		return sum;
	case ALU_ADD_LOGICAL:
		sum = add_bits(a, b, false, i->width, &carry, &overflow);
		break;
	case ALU_SUBTRACT_LOGICAL:
		sum = add_bits(a, ~b, true, i->width, &carry, &overflow);
		break;
	case ALU_ADD_CARRY:
		sum = add_bits(a, b, *cc >> 1, i->width, &carry, &overflow);
		break;
	default: /* ALU_SUBTRACT_BORROW */
		sum = add_bits(a, ~b, *cc >> 1, i->width, &carry, &overflow);
		break;
	}
	*cc = cc_logical(sum, carry);
	return sum;
}

static u64 negate(u64 value, u32 width)
{
	return (~value + 1) & mask_of(width);
}

/* The product of two numbers without sign in two halves, by adding shifted ones. */
static void multiply(u64 a, u64 b, u64 *high, u64 *low)
{
	u64 addend_high = 0, addend_low = a;

	*high = *low = 0;
	for (; b; b >>= 1) {
		if (b & 1) {
			*low += addend_low;
			*high += addend_high + (*low < addend_low);
		}
		addend_high = addend_high << 1 | addend_low >> 63;
		addend_low <<= 1;
	}
}

/* A shift by one position at a time, of `width` bits. */
static u64 shift(const struct alu_instruction *i, u64 value, u32 count, u32 width, u32 *cc)
{
	u64 sign = value & BIT(width - 1);
	bool overflow = false;

	for (; count; count--) {
		switch (i->operation) {
		case ALU_SHIFT_LEFT:
		case ALU_SHIFT_DOUBLE_LEFT:
			/* The sign stays; a bit unlike it that leaves the place beside it is lost. */
			overflow |= (value << 1 & BIT(width - 1)) != sign;
			value = (value << 1 & (mask_of(width) >> 1)) | sign;
			break;
		case ALU_SHIFT_RIGHT:
		case ALU_SHIFT_DOUBLE_RIGHT:
			value = value >> 1 | sign;
			break;
		case ALU_SHIFT_LEFT_LOGICAL:
		case ALU_SHIFT_DOUBLE_LEFT_LOGICAL:
			value = value << 1 & mask_of(width);
			break;
		case ALU_ROTATE:
			value = (value << 1 & mask_of(width)) | value >> (width - 1);
			break;
		default:
			value >>= 1;
			break;
		}
	}
	if (i->operation == ALU_SHIFT_LEFT || i->operation == ALU_SHIFT_RIGHT ||
	    i->operation == ALU_SHIFT_DOUBLE_LEFT || i->operation == ALU_SHIFT_DOUBLE_RIGHT)
		*cc = cc_signed(value, width, overflow);
	return value;
}

/* The bytes of a number of `width` bits in the opposite order. */
static u64 reverse(u64 value, u32 width)
{
	u64 result = 0;

	for (u32 n = 0; n < width; n += 8)
		result |= (value >> n & 0xff) << (width - 8 - n);
	return result;
}

/* None of the selected bits is one, or all are; mixed, the leftmost of them decides. */
static u32 cc_under_mask(u64 value, u64 mask)
{
	u64 leftmost = mask;

	if (!(value & mask))
		return 0;
	if ((value & mask) == mask)
		return 3;
	while (leftmost & (leftmost - 1))
		leftmost &= leftmost - 1;
	return value & leftmost ? 2 : 1;
}

/* A product with the condition code that it has if it is 2 * width bits long. */
static u64 multiply_cc(u64 a, u64 b, u32 width, u32 *cc)
{
	bool minus = negative(a, width) != negative(b, width);
	u64 high, low;

	multiply(negative(a, width) ? negate(a, width) : a,
		 negative(b, width) ? negate(b, width) : b, &high, &low);
	if (width == 32)
		high = low >> 32;
	/* The magnitude has to be less than 2^(width - 1), or equal to it with a minus sign. */
	if (high || (low & mask_of(width)) > BIT(width - 1) - !minus)
		*cc = 3;
	else
		*cc = cc_signed(minus ? negate(low, width) : low, width, false);
	return (minus ? negate(low, width) : low) & mask_of(width);
}

/* Operations with one result in one register that came with later facilities, and odd ones. */
static u64 later_single(const struct alu_instruction *i, u64 a, u64 b, u32 *cc)
{
	u32 quiet = *cc;
	u64 low;

	switch (i->operation) {
	case ALU_MULTIPLY_SINGLE_CC:
		return multiply_cc(a, b, i->width, cc);
	case ALU_AND_COMPLEMENT:
		low = a & ~b;
		break;
	case ALU_OR_COMPLEMENT:
		low = a | ~b;
		break;
	case ALU_NAND:
		low = ~(a & b);
		break;
	case ALU_NOR:
		low = ~(a | b);
		break;
	case ALU_NXOR:
		low = ~(a ^ b);
		break;
	case ALU_ADD_QUIET:
		return add_like(&(struct alu_instruction){ ALU_ADD, i->width, i->operand }, a, b,
				&quiet);
	case ALU_TEST_UNDER_MASK:
		*cc = cc_under_mask(a, b);
		return a;
	case ALU_LOAD_31:
		return b & 0x7fffffff;
	case ALU_LOAD_ZERO_RIGHT:
		return b & ~0xffull;
	default: /* ALU_LOAD_REVERSED */
		return reverse(b, i->width);
	}
	low &= mask_of(i->width);
	*cc = low != 0;
	return low;
}

/* Operations with one result in one register. */
static u64 single(const struct alu_instruction *i, u64 a, u64 b, u32 *cc)
{
	u32 width = i->width;
	u64 high, low;

	if (i->operation >= ALU_MULTIPLY_SINGLE_CC)
		return later_single(i, a, b, cc);
	switch (i->operation) {
	case ALU_AND:
	case ALU_OR:
	case ALU_XOR:
		low = i->operation == ALU_AND ? a & b : i->operation == ALU_OR ? a | b : a ^ b;
		*cc = low != 0;
		return low;
	case ALU_COMPARE:
		/* With the sign bits the other way round, the order is that of numbers without sign. */
		*cc = a == b ? 0 : (a ^ BIT(width - 1)) < (b ^ BIT(width - 1)) ? 1 : 2;
		return a;
	case ALU_COMPARE_LOGICAL:
		*cc = a == b ? 0 : a < b ? 1 : 2;
		return a;
	case ALU_COMPLEMENT:
		low = negate(b, width);
		*cc = cc_signed(low, width, b == BIT(width - 1));
		return low;
	case ALU_POSITIVE:
		low = negative(b, width) ? negate(b, width) : b;
		*cc = b == BIT(width - 1) ? 3 : low ? 2 : 0;
		return low;
	case ALU_NEGATIVE:
		low = negative(b, width) ? b : negate(b, width);
		*cc = low ? 1 : 0;
		return low;
	case ALU_LOAD:
		return b;
	case ALU_LOAD_TEST:
		*cc = cc_signed(b, width, false);
		return b;
	case ALU_MULTIPLY_SINGLE:
		multiply(a, b, &high, &low);
		return low & mask_of(width);
	default:
		return add_like(i, a, b, cc);
	}
}

static bool is_shift(enum alu_operation operation)
{
	return operation >= ALU_SHIFT_LEFT && operation <= ALU_ROTATE;
}

/* Schoolbook division of the 2 * width bits high:low; false if the quotient needs more than width. */
static bool divide(u64 high, u64 low, u64 divisor, u32 width, u64 *quotient, u64 *remainder)
{
	u64 rest = high, result = 0;

	if (high >= divisor)
		return false;
	for (u32 n = width; n-- > 0;) {
		bool top = negative(rest, width);

		rest = (rest << 1 | (low >> n & 1)) & mask_of(width);
		if (top || rest >= divisor) {
			rest = (rest - divisor) & mask_of(width);
			result |= BIT(n);
		}
	}
	*quotient = result;
	*remainder = rest;
	return true;
}

/* The same with signs: the remainder has the dividend's. */
static bool divide_signed(u64 high, u64 low, u64 divisor, u32 width, u64 *quotient, u64 *remainder)
{
	bool minus = negative(high, width), divisor_minus = negative(divisor, width);

	if (minus) {
		high = (~high + (low == 0)) & mask_of(width);
		low = negate(low, width);
	}
	if (!divide(high, low, divisor_minus ? negate(divisor, width) : divisor, width, quotient,
		    remainder))
		return false;
	if (minus != divisor_minus) {
		if (*quotient > BIT(width - 1))
			return false;
		*quotient = negate(*quotient, width);
	} else if (negative(*quotient, width)) {
		return false;
	}
	if (minus)
		*remainder = negate(*remainder, width);
	return true;
}

static u64 replace(u64 old, u64 value, u32 width)
{
	return (old & ~mask_of(width)) | (value & mask_of(width));
}

/* Operations on an even-odd pair. */
static bool pair(const struct alu_instruction *i, u64 b, struct alu_state *s)
{
	u32 width = i->width;
	u64 a = s->first & mask_of(width), odd = s->odd & mask_of(width);
	u64 high = a, low = odd, both;

	switch (i->operation) {
	case ALU_MULTIPLY_LOGICAL:
		multiply(odd, b, &high, &low);
		if (width == 32)
			high = low >> 32;
		break;
	case ALU_MULTIPLY: /* 32 bits: a 64-bit product of numbers with sign is exact modulo 2^64 */
		multiply(sign_extend(odd, 32), sign_extend(b, 32), &high, &low);
		high = low >> 32;
		break;
	case ALU_MULTIPLY_128:
		multiply(negative(odd, 64) ? negate(odd, 64) : odd,
			 negative(b, 64) ? negate(b, 64) : b, &high, &low);
		if (negative(odd, 64) != negative(b, 64)) {
			high = ~high + (low == 0);
			low = negate(low, 64);
		}
		break;
	case ALU_DIVIDE:
		if (!divide_signed(a, odd, b, width, &low, &high))
			return false;
		break;
	case ALU_DIVIDE_SINGLE:
		if (!divide_signed(negative(odd, width) ? mask_of(width) : 0, odd, b, width, &low,
				   &high))
			return false;
		break;
	case ALU_DIVIDE_LOGICAL:
		if (!divide(a, odd, b, width, &low, &high))
			return false;
		break;
	case ALU_FIND_LEFTMOST_ONE:
		high = 0;
		while (high < 64 && !(b << high >> 63))
			high++;
		low = high < 64 ? b & ~(BIT(63) >> high) : 0;
		s->cc = b ? 2 : 0;
		break;
	default:
		both = shift(i, a << 32 | odd, (u32)s->second & 63, 64, &s->cc);
		high = both >> 32;
		low = both;
		break;
	}
	s->first = replace(s->first, high, width);
	s->odd = replace(s->odd, low, width);
	return true;
}

bool alu_execute(const struct alu_instruction *i, struct alu_state *s)
{
	u64 a = s->first & mask_of(i->width), b = operand_of(i, s->second), result;

	if (i->operation == ALU_POPULATION) {
		/* The number of ones in each byte. */
		for (result = 0; b; b &= b - 1) {
			for (u32 byte = 0; byte < 64; byte += 8) {
				if ((b & (~b + 1)) >> byte >> 8 == 0) {
					result += BIT(byte);
					break;
				}
			}
		}
		s->cc = result != 0;
		s->first = result;
		return true;
	}
	if (i->operation >= ALU_MULTIPLY)
		return pair(i, b, s);
	if (is_shift(i->operation))
		result = shift(i, a, (u32)s->second & 63, i->width, &s->cc);
	else
		result = single(i, a, b, &s->cc);
	s->first = replace(s->first, result, i->width);
	return true;
}
