/* SPDX-License-Identifier: MIT */
/* Scalar floating point: DDI 0487, C4.1.96.25 and after. */
#include <model/a64.h>

#include <model/alu.h>
#include <model/fp.h>

/* By ftype; 0 for the one that no instruction but FMOV of an upper half has. */
static u32 size_of(u32 insn)
{
	static const u8 sizes[] = { 32, 64, 0, 16 };

	return sizes[a64_field(insn, 23, 22)];
}

static u64 scalar(const struct arm_registers *r, u32 v, u32 size)
{
	return r->v[v][0] & BITS(size - 1, 0);
}

static void set_scalar(struct arm_registers *r, u32 v, u64 value)
{
	r->v[v][0] = value;
	r->v[v][1] = 0;
}

enum a64_result a64_fp_one_source(u32 insn, struct arm_registers *r)
{
	static const enum fp_rounding roundings[] = { FP_TIEEVEN, FP_POSINF, FP_NEGINF, FP_ZERO,
						      FP_TIEAWAY };
	u32 opcode = a64_field(insn, 20, 15), size = size_of(insn), to, d = a64_field(insn, 4, 0);
	struct fp_context c = fp_context(r->fpcr);
	u64 a, value;

	if (!size)
		return A64_UNDEFINED;
	a = scalar(r, a64_field(insn, 9, 5), size);
	switch (opcode) {
	case 0:
		value = a;
		break;
	case 1:
		value = fp_absolute(size, a);
		break;
	case 2:
		value = fp_negate(size, a);
		break;
	case 3:
		value = fp_square_root(&c, size, a);
		break;
	case 4:
	case 5:
	case 7:
		to = opcode == 4 ? 32 : opcode == 5 ? 64 : 16;
		if (to == size)
			return A64_UNDEFINED;
		value = fp_convert(&c, size, to, a, c.rounding);
		break;
	case 8 ... 12:
		value = fp_round_to_integer(&c, size, a, roundings[opcode - 8], false);
		break;
	case 14:
		value = fp_round_to_integer(&c, size, a, c.rounding, true);
		break;
	case 15:
		value = fp_round_to_integer(&c, size, a, c.rounding, false);
		break;
	case 16 ... 19:
		if (size == 16)
			return A64_UNDEFINED;
		value = fp_round_to_sized(&c, size, a, opcode & 1 ? c.rounding : FP_ZERO,
					  opcode & 2 ? 64 : 32);
		break;
	default:
		return A64_UNDEFINED;
	}
	set_scalar(r, d, value);
	r->fpsr |= c.fpsr;
	return A64_DONE;
}

enum a64_result a64_fp_two_sources(u32 insn, struct arm_registers *r)
{
	static u64 (*const operations[])(struct fp_context * c, u32 size, u64 a, u64 b) = {
		fp_multiply, fp_divide,	    fp_add,	   fp_subtract, fp_max,
		fp_min,	     fp_max_number, fp_min_number, fp_multiply,
	};
	u32 opcode = a64_field(insn, 15, 12), size = size_of(insn);
	struct fp_context c = fp_context(r->fpcr);
	u64 value;

	if (!size || opcode > 8)
		return A64_UNDEFINED;
	value = operations[opcode](&c, size, scalar(r, a64_field(insn, 9, 5), size),
				   scalar(r, a64_field(insn, 20, 16), size));
	set_scalar(r, a64_field(insn, 4, 0), opcode == 8 ? fp_negate(size, value) : value);
	r->fpsr |= c.fpsr;
	return A64_DONE;
}

/* FMADD, FMSUB, FNMADD, FNMSUB */
enum a64_result a64_fp_three_sources(u32 insn, struct arm_registers *r)
{
	u32 size = size_of(insn);
	bool o1 = a64_field(insn, 21, 21), o0 = a64_field(insn, 15, 15);
	struct fp_context c = fp_context(r->fpcr);
	u64 a, b, addend;

	if (!size)
		return A64_UNDEFINED;
	a = scalar(r, a64_field(insn, 9, 5), size);
	b = scalar(r, a64_field(insn, 20, 16), size);
	addend = scalar(r, a64_field(insn, 14, 10), size);
	if (o1 != o0)
		a = fp_negate(size, a);
	if (o1)
		addend = fp_negate(size, addend);
	set_scalar(r, a64_field(insn, 4, 0), fp_multiply_add(&c, size, addend, a, b));
	r->fpsr |= c.fpsr;
	return A64_DONE;
}

/* FCMP, FCMPE, with a register or zero. */
enum a64_result a64_fp_compare(u32 insn, struct arm_registers *r)
{
	u32 size = size_of(insn);
	struct fp_context c = fp_context(r->fpcr);
	u64 b;

	if (!size)
		return A64_UNDEFINED;
	b = a64_field(insn, 3, 3) ? 0 : scalar(r, a64_field(insn, 20, 16), size);
	r->pstate = (r->pstate & ~FLAGS) |
		    fp_compare(&c, size, scalar(r, a64_field(insn, 9, 5), size), b,
			       a64_field(insn, 4, 4));
	r->fpsr |= c.fpsr;
	return A64_DONE;
}

enum a64_result a64_fp_conditional_compare(u32 insn, struct arm_registers *r)
{
	u32 size = size_of(insn);
	struct fp_context c = fp_context(r->fpcr);
	u64 flags = (u64)a64_field(insn, 3, 0) << 28;

	if (!size)
		return A64_UNDEFINED;
	if (model_condition(a64_field(insn, 15, 12), (u32)(r->pstate & FLAGS)))
		flags = fp_compare(&c, size, scalar(r, a64_field(insn, 9, 5), size),
				   scalar(r, a64_field(insn, 20, 16), size), a64_field(insn, 4, 4));
	r->pstate = (r->pstate & ~FLAGS) | flags;
	r->fpsr |= c.fpsr;
	return A64_DONE;
}

enum a64_result a64_fp_conditional_select(u32 insn, struct arm_registers *r)
{
	u32 size = size_of(insn);
	bool holds = model_condition(a64_field(insn, 15, 12), (u32)(r->pstate & FLAGS));

	if (!size)
		return A64_UNDEFINED;
	set_scalar(r, a64_field(insn, 4, 0),
		   scalar(r, holds ? a64_field(insn, 9, 5) : a64_field(insn, 20, 16), size));
	return A64_DONE;
}

/* VFPExpandImm() */
u64 a64_expand_fp(u32 imm8, u32 size)
{
	u32 exponent_bits = fp_exponent_bits(size);
	u64 sign = imm8 >> 7 & 1, b = imm8 >> 6 & 1;
	u64 exponent = (b ? BITS(exponent_bits - 2, 2) : BIT(exponent_bits - 1)) | (imm8 >> 4 & 3);

	return sign << (size - 1) | exponent << fp_fraction_bits(size) |
	       (u64)(imm8 & 15) << (fp_fraction_bits(size) - 4);
}

enum a64_result a64_fp_immediate(u32 insn, struct arm_registers *r)
{
	u32 size = size_of(insn);

	if (!size || a64_field(insn, 9, 5))
		return A64_UNDEFINED;
	set_scalar(r, a64_field(insn, 4, 0), a64_expand_fp(a64_field(insn, 20, 13), size));
	return A64_DONE;
}

/* FMOV between a general register and a scalar, or the upper half of a vector. */
static enum a64_result move(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31), to_vector = a64_field(insn, 16, 16);
	u32 size = size_of(insn), n = a64_field(insn, 9, 5), d = a64_field(insn, 4, 0);

	if (a64_field(insn, 20, 19) == 1) {
		if (!is_64 || size)
			return A64_UNDEFINED;
		if (to_vector)
			r->v[d][1] = a64_x(r, n, true);
		else
			a64_set_x(r, d, r->v[n][1], true);
		return A64_DONE;
	}
	if (a64_field(insn, 20, 19) || !size || (size != 16 && size != (is_64 ? 64 : 32)))
		return A64_UNDEFINED;
	if (to_vector)
		set_scalar(r, d, a64_x(r, n, true) & BITS(size - 1, 0));
	else
		a64_set_x(r, d, scalar(r, n, size), is_64);
	return A64_DONE;
}

/* Conversions between floating point and integers, and FMOV. */
enum a64_result a64_fp_integer(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31), z;
	u32 size = size_of(insn), rmode = a64_field(insn, 20, 19), opcode = a64_field(insn, 18, 16);
	u32 n = a64_field(insn, 9, 5), d = a64_field(insn, 4, 0), bits = is_64 ? 64 : 32;
	struct fp_context c = fp_context(r->fpcr);

	if (opcode >= 6 && rmode != 3)
		return move(insn, r);
	if (!size)
		return A64_UNDEFINED;
	if (rmode == 3 && opcode == 6) {
		if (is_64 || size != 64)
			return A64_UNDEFINED;
		a64_set_x(r, d, fp_to_javascript(&c, scalar(r, n, 64), &z), false);
		r->pstate = (r->pstate & ~FLAGS) | (z ? FLAG_Z : 0);
	} else if (opcode <= 1) {
		a64_set_x(r, d,
			  fp_to_fixed(&c, size, scalar(r, n, size), 0, opcode,
				      (enum fp_rounding)rmode, bits),
			  is_64);
	} else if ((opcode == 4 || opcode == 5) && rmode == 0) {
		a64_set_x(
			r, d,
			fp_to_fixed(&c, size, scalar(r, n, size), 0, opcode & 1, FP_TIEAWAY, bits),
			is_64);
	} else if ((opcode == 2 || opcode == 3) && rmode == 0) {
		set_scalar(r, d, fp_from_fixed(&c, size, a64_x(r, n, is_64), 0, opcode & 1, bits));
	} else {
		return A64_UNDEFINED;
	}
	r->fpsr |= c.fpsr;
	return A64_DONE;
}

/* Conversions between floating point and fixed point. */
enum a64_result a64_fp_fixed(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31);
	u32 size = size_of(insn), rmode = a64_field(insn, 20, 19), opcode = a64_field(insn, 18, 16);
	u32 n = a64_field(insn, 9, 5), d = a64_field(insn, 4, 0), bits = is_64 ? 64 : 32;
	u32 fraction = 64 - a64_field(insn, 15, 10);
	struct fp_context c = fp_context(r->fpcr);

	if (!size || (!is_64 && fraction > 32))
		return A64_UNDEFINED;
	if (rmode == 3 && opcode <= 1)
		a64_set_x(
			r, d,
			fp_to_fixed(&c, size, scalar(r, n, size), fraction, opcode, FP_ZERO, bits),
			is_64);
	else if (rmode == 0 && (opcode == 2 || opcode == 3))
		set_scalar(r, d,
			   fp_from_fixed(&c, size, a64_x(r, n, is_64), fraction, opcode & 1, bits));
	else
		return A64_UNDEFINED;
	r->fpsr |= c.fpsr;
	return A64_DONE;
}
