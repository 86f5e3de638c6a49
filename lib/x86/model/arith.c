/* SPDX-License-Identifier: MIT */
/* The ALU model: addition, subtraction, logic, and exchanges built on them. */
#include <x86/model/alu_internal.h>

/*
 * The sum of two operands and a carry with all its flags. Carries out of bit 3 (AF) and out of
 * the top bit (CF) come from adding bit by bit, as one does on paper.
 */
static u64 add_with_flags(u64 a, u64 b, bool carry, unsigned width, u32 *flags)
{
	u64 sum = 0;
	u32 result_flags = 0;
	bool carry_into_sign = false;

	for (unsigned bit = 0; bit < width; bit++) {
		unsigned ones = alu_bit(a, bit) + alu_bit(b, bit) + carry;

		if (bit == width - 1)
			carry_into_sign = carry;
		sum |= (u64)(ones & 1) << bit;
		carry = ones >= 2;
		if (bit == 3)
			result_flags |= alu_flag(ALU_AF, carry);
	}
	result_flags |= alu_flag(ALU_CF, carry);
	result_flags |= alu_flag(ALU_OF, carry != carry_into_sign);
	*flags = result_flags | alu_szp(sum, width);
	return sum;
}

/* The same for a difference, with borrows. */
static u64 subtract_with_flags(u64 a, u64 b, bool borrow, unsigned width, u32 *flags)
{
	u64 difference = 0;
	u32 result_flags = 0;
	bool borrow_into_sign = false;

	for (unsigned bit = 0; bit < width; bit++) {
		int left = alu_bit(a, bit) - alu_bit(b, bit) - borrow;

		if (bit == width - 1)
			borrow_into_sign = borrow;
		difference |= (u64)(left & 1) << bit;
		borrow = left < 0;
		if (bit == 3)
			result_flags |= alu_flag(ALU_AF, borrow);
	}
	result_flags |= alu_flag(ALU_CF, borrow);
	result_flags |= alu_flag(ALU_OF, borrow != borrow_into_sign);
	*flags = result_flags | alu_szp(difference, width);
	return difference;
}

static void add(const struct alu_in *in, struct alu_out *out, u64 src, bool carry, u32 written)
{
	u32 flags;

	alu_begin(in, out);
	alu_set_result(in, out, add_with_flags(in->dst, src, carry, in->width, &flags));
	alu_set_flags(out, written, flags, 0);
}

static void subtract(const struct alu_in *in, struct alu_out *out, u64 src, bool borrow,
		     u32 written)
{
	u32 flags;

	alu_begin(in, out);
	alu_set_result(in, out, subtract_with_flags(in->dst, src, borrow, in->width, &flags));
	alu_set_flags(out, written, flags, 0);
}

/* SDM vol. 2A, ADD. */
void model_add(const struct alu_in *in, struct alu_out *out)
{
	add(in, out, in->src, false, ALU_STATUS);
}

/* SDM vol. 2A, ADC. */
void model_adc(const struct alu_in *in, struct alu_out *out)
{
	add(in, out, in->src, in->flags & ALU_CF, ALU_STATUS);
}

/* SDM vol. 2B, SUB. */
void model_sub(const struct alu_in *in, struct alu_out *out)
{
	subtract(in, out, in->src, false, ALU_STATUS);
}

/* SDM vol. 2B, SBB. */
void model_sbb(const struct alu_in *in, struct alu_out *out)
{
	subtract(in, out, in->src, in->flags & ALU_CF, ALU_STATUS);
}

/* SDM vol. 2A, CMP: SUB that keeps its destination. */
void model_cmp(const struct alu_in *in, struct alu_out *out)
{
	model_sub(in, out);
	alu_set_result(in, out, in->dst);
}

/* SDM vol. 2A, INC: CF is not affected. */
void model_inc(const struct alu_in *in, struct alu_out *out)
{
	add(in, out, 1, false, ALU_STATUS & ~ALU_CF);
}

/* SDM vol. 2A, DEC: CF is not affected. */
void model_dec(const struct alu_in *in, struct alu_out *out)
{
	subtract(in, out, 1, false, ALU_STATUS & ~ALU_CF);
}

/* SDM vol. 2B, NEG: CF is set unless the operand is 0; the other flags are those of 0 - dst. */
void model_neg(const struct alu_in *in, struct alu_out *out)
{
	struct alu_in from_zero = *in;

	from_zero.dst = 0;
	subtract(&from_zero, out, in->dst, false, ALU_STATUS);
}

/* SDM vol. 2B, NOT: no flags. */
void model_not(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	alu_set_result(in, out, ~in->dst);
}

/* AND, OR, XOR, TEST: CF and OF are cleared, AF is undefined. */
static void logic(const struct alu_in *in, struct alu_out *out, u64 result)
{
	alu_begin(in, out);
	alu_set_result(in, out, result);
	alu_set_flags(out, ALU_STATUS & ~ALU_AF, alu_szp(result, in->width), ALU_AF);
}

/* SDM vol. 2A, AND. */
void model_and(const struct alu_in *in, struct alu_out *out)
{
	logic(in, out, in->dst & in->src);
}

/* SDM vol. 2B, OR. */
void model_or(const struct alu_in *in, struct alu_out *out)
{
	logic(in, out, in->dst | in->src);
}

/* SDM vol. 2D, XOR. */
void model_xor(const struct alu_in *in, struct alu_out *out)
{
	logic(in, out, in->dst ^ in->src);
}

/* SDM vol. 2B, TEST: AND that keeps its destination. */
void model_test(const struct alu_in *in, struct alu_out *out)
{
	model_and(in, out);
	alu_set_result(in, out, in->dst);
}

/* SDM vol. 2A, ADCX: carry in and out through CF; no other flag changes. */
void model_adcx(const struct alu_in *in, struct alu_out *out)
{
	add(in, out, in->src, in->flags & ALU_CF, ALU_CF);
}

/* SDM vol. 2A, ADOX: carry in and out through OF; no other flag changes. */
void model_adox(const struct alu_in *in, struct alu_out *out)
{
	u32 flags;

	alu_begin(in, out);
	alu_set_result(in, out,
		       add_with_flags(in->dst, in->src, in->flags & ALU_OF, in->width, &flags));
	alu_set_flags(out, ALU_OF, alu_flag(ALU_OF, flags & ALU_CF), 0);
}

/* SDM vol. 2D, XCHG. */
void model_xchg(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	alu_set_result(in, out, in->src);
	out->high = alu_trim(in->dst, in->width);
}

/* SDM vol. 2D, XADD: the sum and its flags into dst, the old dst into src. */
void model_xadd(const struct alu_in *in, struct alu_out *out)
{
	model_add(in, out);
	out->high = alu_trim(in->dst, in->width);
}

/* SDM vol. 2A, CMPXCHG: the flags are those of comparing the accumulator with dst. */
void model_cmpxchg(const struct alu_in *in, struct alu_out *out)
{
	struct alu_in compare = *in;

	compare.dst = in->third;
	compare.src = in->dst;
	model_cmp(&compare, out);
	if (out->flags & ALU_ZF) {
		alu_set_result(in, out, in->src);
		out->high = alu_trim(in->third, in->width);
	} else {
		alu_set_result(in, out, in->dst);
		out->high = alu_trim(in->dst, in->width);
	}
}

/* SDM vol. 2A, CMPXCHG8B/CMPXCHG16B: ZF, no other flag. */
void model_cmpxchg_pair(unsigned width, u64 memory[2], u64 expected[2], const u64 replacement[2],
			u32 *flags)
{
	bool equal = alu_trim(memory[0] ^ expected[0], width) == 0 &&
		     alu_trim(memory[1] ^ expected[1], width) == 0;

	for (unsigned i = 0; i < 2; i++) {
		if (equal)
			memory[i] = alu_trim(replacement[i], width);
		else
			expected[i] = alu_trim(memory[i], width);
	}
	*flags = (*flags & ~ALU_ZF) | alu_flag(ALU_ZF, equal);
}
