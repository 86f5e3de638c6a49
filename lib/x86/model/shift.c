/* SPDX-License-Identifier: MIT */
/* The ALU model: shifts and rotates, one bit at a time. */
#include <x86/model/alu_internal.h>

/*
 * The count is masked to 5 bits, or 6 for 64-bit operands, whatever the width of the operand
 * (SDM vol. 2B, SAL/SAR/SHL/SHR and RCL/RCR/ROL/ROR, "the masked count").
 */
static unsigned masked_count(u64 count, unsigned width)
{
	return count & (width == 64 ? 63 : 31);
}

/* One bit to the left; *carry is what comes in at the bottom, then what went out at the top. */
static u64 left_by_one(u64 value, unsigned width, bool *carry)
{
	bool out = alu_sign(value, width);

	value = alu_trim(value << 1, width) | *carry;
	*carry = out;
	return value;
}

/* One bit to the right; *carry is what comes in at the top, then what went out at the bottom.
 */
static u64 right_by_one(u64 value, unsigned width, bool *carry)
{
	bool out = value & 1;

	value = alu_trim(value, width) >> 1 | (u64)*carry << (width - 1);
	*carry = out;
	return value;
}

/*
 * The flags of SHL, SHR and SAR: none changes when the masked count is 0; AF is undefined
 * otherwise, OF is defined for a count of 1 only.
 */
static void shift_flags(const struct alu_in *in, struct alu_out *out, unsigned count, bool carry,
			bool overflow, u32 undefined)
{
	u32 flags = alu_szp(out->result, in->width) | alu_flag(ALU_CF, carry) |
		    alu_flag(ALU_OF, overflow);

	if (count == 0)
		return;
	if (count != 1)
		undefined |= ALU_OF;
	alu_set_flags(out, ALU_STATUS & ~ALU_AF, flags, undefined | ALU_AF);
}

/* CF is undefined for SHL and SHR where the count is at least the width (SDM vol. 2B, SHL). */
static u32 carry_undefined(unsigned count, unsigned width)
{
	return alu_flag(ALU_CF, count >= width);
}

/* SDM vol. 2B, SAL/SAR/SHL/SHR: OF after one shift is the top bit of the result xor CF. */
void model_shl(const struct alu_in *in, struct alu_out *out)
{
	unsigned count = masked_count(in->src, in->width);
	bool carry = false;

	alu_begin(in, out);
	for (unsigned i = 0; i < count; i++) {
		carry = false;
		out->result = left_by_one(out->result, in->width, &carry);
	}
	shift_flags(in, out, count, carry, alu_sign(out->result, in->width) != carry,
		    carry_undefined(count, in->width));
}

/* SDM vol. 2B, SAL/SAR/SHL/SHR: OF after one shift is the top bit of the original operand. */
void model_shr(const struct alu_in *in, struct alu_out *out)
{
	unsigned count = masked_count(in->src, in->width);
	bool carry = false;

	alu_begin(in, out);
	for (unsigned i = 0; i < count; i++) {
		carry = false;
		out->result = right_by_one(out->result, in->width, &carry);
	}
	shift_flags(in, out, count, carry, alu_sign(in->dst, in->width),
		    carry_undefined(count, in->width));
}

/* SDM vol. 2B, SAL/SAR/SHL/SHR: OF after one shift is 0; CF is the sign for large counts. */
void model_sar(const struct alu_in *in, struct alu_out *out)
{
	unsigned count = masked_count(in->src, in->width);
	bool carry = false;

	alu_begin(in, out);
	for (unsigned i = 0; i < count; i++) {
		carry = alu_sign(in->dst, in->width);
		out->result = right_by_one(out->result, in->width, &carry);
	}
	shift_flags(in, out, count, carry, false, 0);
}

/*
 * The flags of the rotates: only CF and OF are written, and neither when the masked count is 0;
 * OF is defined for a masked count of 1 only.
 */
static void rotate_flags(struct alu_out *out, unsigned count, bool carry, bool overflow)
{
	if (count == 0)
		return;
	alu_set_flags(out, ALU_CF | ALU_OF, alu_flag(ALU_CF, carry) | alu_flag(ALU_OF, overflow),
		      alu_flag(ALU_OF, count != 1));
}

/* SDM vol. 2B, RCL/RCR/ROL/ROR: CF is the bottom bit of the result, also after a full turn. */
void model_rol(const struct alu_in *in, struct alu_out *out)
{
	unsigned count = masked_count(in->src, in->width);
	bool carry;

	alu_begin(in, out);
	for (unsigned i = 0; i < count; i++) {
		carry = alu_sign(out->result, in->width);
		out->result = left_by_one(out->result, in->width, &carry);
	}
	carry = out->result & 1;
	rotate_flags(out, count, carry, alu_sign(out->result, in->width) != carry);
}

/* SDM vol. 2B, RCL/RCR/ROL/ROR: CF is the top bit of the result; OF the xor of the top two. */
void model_ror(const struct alu_in *in, struct alu_out *out)
{
	unsigned count = masked_count(in->src, in->width);
	bool carry;

	alu_begin(in, out);
	for (unsigned i = 0; i < count; i++) {
		carry = out->result & 1;
		out->result = right_by_one(out->result, in->width, &carry);
	}
	carry = alu_sign(out->result, in->width);
	rotate_flags(out, count, carry, carry != alu_bit(out->result, in->width - 2));
}

/*
 * RCL and RCR turn width + 1 bits. For 8 and 16 bits, the masked count is taken modulo 9 and
 * 17; going round one bit at a time needs no modulo to give the same.
 *
 * SDM vol. 2B, RCL/RCR/ROL/ROR: RCL's OF is the top bit of the result xor CF afterwards.
 */
void model_rcl(const struct alu_in *in, struct alu_out *out)
{
	unsigned count = masked_count(in->src, in->width);
	bool carry = in->flags & ALU_CF;

	alu_begin(in, out);
	for (unsigned i = 0; i < count; i++)
		out->result = left_by_one(out->result, in->width, &carry);
	rotate_flags(out, count, carry, alu_sign(out->result, in->width) != carry);
}

/* SDM vol. 2B, RCL/RCR/ROL/ROR: RCR's OF is the top bit of the operand xor CF beforehand. */
void model_rcr(const struct alu_in *in, struct alu_out *out)
{
	unsigned count = masked_count(in->src, in->width);
	bool carry_before = in->flags & ALU_CF;
	bool carry = carry_before;

	alu_begin(in, out);
	for (unsigned i = 0; i < count; i++)
		out->result = right_by_one(out->result, in->width, &carry);
	rotate_flags(out, count, carry, alu_sign(in->dst, in->width) != carry_before);
}

/*
 * The flags of SHLD and SHRD (SDM vol. 2B): none changes for a count of 0; the result and all
 * flags are undefined for a count above the width (16-bit operands); OF tells, for a count of
 * 1, whether the sign changed and is undefined otherwise; AF is undefined.
 */
static void double_shift_flags(const struct alu_in *in, struct alu_out *out, unsigned count,
			       bool carry)
{
	bool sign_changed = alu_sign(in->dst, in->width) != alu_sign(out->result, in->width);

	shift_flags(in, out, count, carry, sign_changed, 0);
	if (count > in->width) {
		out->result_undefined = true;
		out->undefined = ALU_STATUS;
	}
}

/* SDM vol. 2B, SHLD: bits come in from the top of src. */
void model_shld(const struct alu_in *in, struct alu_out *out)
{
	unsigned count = masked_count(in->third, in->width);
	u64 from = in->src;
	bool carry = false;

	alu_begin(in, out);
	for (unsigned i = 0; i < count; i++) {
		carry = false;
		from = left_by_one(from, in->width, &carry);
		out->result = left_by_one(out->result, in->width, &carry);
	}
	double_shift_flags(in, out, count, carry);
}

/* SDM vol. 2B, SHRD: bits come in from the bottom of src. */
void model_shrd(const struct alu_in *in, struct alu_out *out)
{
	unsigned count = masked_count(in->third, in->width);
	u64 from = in->src;
	bool carry = false;

	alu_begin(in, out);
	for (unsigned i = 0; i < count; i++) {
		carry = false;
		from = right_by_one(from, in->width, &carry);
		out->result = right_by_one(out->result, in->width, &carry);
	}
	double_shift_flags(in, out, count, carry);
}

/* The forms of BMI2 give the result of their namesakes and leave all flags alone. */
static void without_flags(alu_model *shift, const struct alu_in *in, struct alu_out *out)
{
	struct alu_in plain = *in;

	plain.dst = in->src;
	plain.src = in->third;
	shift(&plain, out);
	out->flags = in->flags;
	out->undefined = 0;
}

/* SDM vol. 2B, RORX. */
void model_rorx(const struct alu_in *in, struct alu_out *out)
{
	without_flags(model_ror, in, out);
}

/* SDM vol. 2B, SARX/SHLX/SHRX. */
void model_sarx(const struct alu_in *in, struct alu_out *out)
{
	without_flags(model_sar, in, out);
}

/* SDM vol. 2B, SARX/SHLX/SHRX. */
void model_shlx(const struct alu_in *in, struct alu_out *out)
{
	without_flags(model_shl, in, out);
}

/* SDM vol. 2B, SARX/SHLX/SHRX. */
void model_shrx(const struct alu_in *in, struct alu_out *out)
{
	without_flags(model_shr, in, out);
}
