/* SPDX-License-Identifier: MIT */
/* The ALU model: multiplication and division, as taught at school. */
#include <x86/model/alu_internal.h>

/* A number of 2 * width bits, in two halves of width bits. */
struct wide {
	u64 low, high;
};

static struct wide wide_negate(struct wide value, unsigned width)
{
	value.low = alu_trim(~value.low + 1, width);
	value.high = alu_trim(~value.high + (value.low == 0), width);
	return value;
}

/* The magnitude of a signed number of width bits. */
static u64 magnitude(u64 value, unsigned width)
{
	return alu_trim(alu_sign(value, width) ? ~value + 1 : value, width);
}

/* Add a, shifted left by one for each bit of b, for the bits that are set. */
static struct wide multiply_unsigned(u64 a, u64 b, unsigned width)
{
	struct wide product = { 0, 0 };
	struct wide addend = { alu_trim(a, width), 0 };

	for (unsigned bit = 0; bit < width; bit++) {
		if (alu_bit(b, bit)) {
			u64 low = alu_trim(product.low + addend.low, width);

			product.high += addend.high + (low < addend.low);
			product.low = low;
		}
		addend.high = addend.high << 1 | alu_sign(addend.low, width);
		addend.low = alu_trim(addend.low << 1, width);
	}
	product.high = alu_trim(product.high, width);
	return product;
}

static struct wide multiply_signed(u64 a, u64 b, unsigned width)
{
	struct wide product = multiply_unsigned(magnitude(a, width), magnitude(b, width), width);

	if (alu_sign(a, width) != alu_sign(b, width))
		product = wide_negate(product, width);
	return product;
}

/* CF and OF tell that the upper half is needed; SF, ZF, AF and PF are undefined. */
static void multiply_flags(struct alu_out *out, bool significant)
{
	alu_set_flags(out, ALU_CF | ALU_OF, alu_flag(ALU_CF | ALU_OF, significant),
		      ALU_SF | ALU_ZF | ALU_AF | ALU_PF);
}

/* SDM vol. 2B, MUL. */
void model_mul(const struct alu_in *in, struct alu_out *out)
{
	struct wide product = multiply_unsigned(in->dst, in->src, in->width);

	alu_begin(in, out);
	out->result = product.low;
	out->high = product.high;
	multiply_flags(out, product.high != 0);
}

/* SDM vol. 2A, IMUL: the upper half matters unless it is the sign of the lower. */
void model_imul(const struct alu_in *in, struct alu_out *out)
{
	struct wide product = multiply_signed(in->dst, in->src, in->width);
	u64 sign = alu_sign(product.low, in->width) ? alu_mask(in->width) : 0;

	alu_begin(in, out);
	out->result = product.low;
	out->high = product.high;
	multiply_flags(out, product.high != sign);
}

/* SDM vol. 2A, IMUL, two and three operands: the same flags, the lower half only. */
void model_imul_truncated(const struct alu_in *in, struct alu_out *out)
{
	model_imul(in, out);
	out->high = 0;
}

/* SDM vol. 2B, MULX: no flags. */
void model_mulx(const struct alu_in *in, struct alu_out *out)
{
	model_mul(in, out);
	out->flags = in->flags;
	out->undefined = 0;
}

/*
 * Long division in base two. False if the quotient does not fit into width bits, which includes
 * every division by 0.
 */
static bool divide_unsigned(struct wide dividend, u64 divisor, unsigned width, u64 *quotient,
			    u64 *remainder)
{
	u64 left = dividend.high;

	*quotient = 0;
	if (dividend.high >= divisor)
		return false;
	for (unsigned bit = width; bit-- > 0;) {
		/* The bit that `left << 1` loses: it makes `left` larger than any divisor. */
		bool carry = alu_sign(left, width);

		left = alu_trim(left << 1, width) | alu_bit(dividend.low, bit);
		if (carry || left >= divisor) {
			left = alu_trim(left - divisor, width);
			*quotient |= 1ull << bit;
		}
	}
	*remainder = left;
	return true;
}

static struct wide dividend_of(const struct alu_in *in)
{
	return (struct wide){ .low = alu_trim(in->dst, in->width),
			      .high = alu_trim(in->third, in->width) };
}

/* All status flags are undefined after a division. */
static void divide_done(struct alu_out *out, u64 quotient, u64 remainder)
{
	out->result = quotient;
	out->high = remainder;
	out->undefined = ALU_STATUS;
}

/* SDM vol. 2A, DIV: #DE if the divisor is 0 or the quotient exceeds the register. */
void model_div(const struct alu_in *in, struct alu_out *out)
{
	u64 quotient, remainder;

	alu_begin(in, out);
	if (divide_unsigned(dividend_of(in), alu_trim(in->src, in->width), in->width, &quotient,
			    &remainder))
		divide_done(out, quotient, remainder);
	else
		out->divide_error = true;
}

/*
 * SDM vol. 2A, IDIV: the quotient is truncated towards 0, the remainder has the sign of the
 * dividend; #DE if the quotient is outside -2^(width-1) .. 2^(width-1) - 1.
 */
void model_idiv(const struct alu_in *in, struct alu_out *out)
{
	struct wide dividend = dividend_of(in);
	bool dividend_negative = alu_sign(dividend.high, in->width);
	bool quotient_negative = dividend_negative != alu_sign(in->src, in->width);
	u64 largest = alu_mask(in->width - 1) + (quotient_negative ? 1 : 0);
	u64 quotient, remainder;

	alu_begin(in, out);
	if (dividend_negative)
		dividend = wide_negate(dividend, in->width);
	if (!divide_unsigned(dividend, magnitude(in->src, in->width), in->width, &quotient,
			     &remainder) ||
	    quotient > largest) {
		out->divide_error = true;
		return;
	}
	if (quotient_negative)
		quotient = alu_trim(~quotient + 1, in->width);
	if (dividend_negative)
		remainder = alu_trim(~remainder + 1, in->width);
	divide_done(out, quotient, remainder);
}
