/* SPDX-License-Identifier: MIT */
#include <model/a32.h>

#include <model/alu.h>

static bool holds(u32 insn, const struct arm_registers *r)
{
	return model_condition(insn >> 28, (u32)(r->pstate & FLAGS));
}

static u32 reg(const struct arm_registers *r, u32 n)
{
	return (u32)r->x[n];
}

static void set(struct arm_registers *r, u32 n, u64 value)
{
	r->x[n] = (u32)value;
}

/* One of these fields, given by its low bit, is R15. */
static bool has_pc(u32 insn, u32 first, u32 second, u32 third, u32 fourth)
{
	const u32 lows[] = { first, second, third, fourth };

	for (u32 i = 0; i < 4; i++)
		if (lows[i] != 32 && (insn >> lows[i] & 15) == 15)
			return true;
	return false;
}

#define NONE 32

/* Rn of MOV and MVN, and Rd of the comparisons, should be zero. */
static bool is_not_zero(u32 insn)
{
	u32 op = a64_field(insn, 24, 21);

	return ((op == 13 || op == 15) && a64_field(insn, 19, 16)) ||
	       (op >= 8 && op < 12 && a64_field(insn, 15, 12));
}

void a32_operate(u32 op, bool s, u32 d, struct arm_registers *r, u32 a, u32 b, bool carry)
{
	bool c = r->pstate & FLAG_C, v = r->pstate & FLAG_V;
	struct alu_result result;

	switch (op) {
	case 0:
	case 8:
		result = model_logical(a & b, carry, v, 32);
		break;
	case 1:
	case 9:
		result = model_logical((a | b) & ~(a & b), carry, v, 32);
		break;
	case 2:
	case 10:
		result = model_subtract(a, b, true, 32);
		break;
	case 3:
		result = model_subtract(b, a, true, 32);
		break;
	case 4:
	case 11:
		result = model_add(a, b, false, 32);
		break;
	case 5:
		result = model_add(a, b, c, 32);
		break;
	case 6:
		result = model_subtract(a, b, c, 32);
		break;
	case 7:
		result = model_subtract(b, a, c, 32);
		break;
	case 12:
		result = model_logical(a | b, carry, v, 32);
		break;
	case 13:
		result = model_logical(b, carry, v, 32);
		break;
	case 14:
		result = model_logical(a & ~b, carry, v, 32);
		break;
	default:
		result = model_logical((u32)~b, carry, v, 32);
	}
	if (op < 8 || op >= 12)
		set(r, d, result.value);
	if (s)
		r->pstate = (r->pstate & ~FLAGS) | result.flags;
}

static void operate(u32 insn, struct arm_registers *r, u32 a, u32 b, bool carry)
{
	a32_operate(a64_field(insn, 24, 21), insn & BIT(20), a64_field(insn, 15, 12), r, a, b,
		    carry);
}

u32 a32_shift(u32 value, u32 type, u32 amount, bool *carry)
{
	bool c = *carry;

	if (type == 3 && amount == 0) { /* RRX */
		*carry = value & 1;
		return value >> 1 | (c ? 0x80000000 : 0);
	}
	if ((type == 1 || type == 2) && amount == 0)
		amount = 32;
	return (u32)model_shift(value, (enum model_shift)type, amount, carry, 32);
}

enum a64_result a32_data_immediate(u32 insn, struct arm_registers *r)
{
	u32 rotation = 2 * a64_field(insn, 11, 8);
	bool carry = r->pstate & FLAG_C;
	u64 value;

	if (has_pc(insn, 12, 16, NONE, NONE) || is_not_zero(insn))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	value = model_shift(insn & 0xff, MODEL_ROR, rotation, &carry, 32);
	operate(insn, r, reg(r, a64_field(insn, 19, 16)), (u32)value, carry);
	return A64_DONE;
}

enum a64_result a32_data_register(u32 insn, struct arm_registers *r)
{
	bool carry = r->pstate & FLAG_C;
	u32 b;

	if (has_pc(insn, 12, 16, 0, NONE) || is_not_zero(insn))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	b = a32_shift(reg(r, insn & 15), a64_field(insn, 6, 5), a64_field(insn, 11, 7), &carry);
	operate(insn, r, reg(r, a64_field(insn, 19, 16)), b, carry);
	return A64_DONE;
}

enum a64_result a32_data_shifted(u32 insn, struct arm_registers *r)
{
	bool carry = r->pstate & FLAG_C;
	u32 b;

	if (has_pc(insn, 12, 16, 0, 8) || is_not_zero(insn))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	b = (u32)model_shift(reg(r, insn & 15), (enum model_shift)a64_field(insn, 6, 5),
			     reg(r, a64_field(insn, 11, 8)) & 0xff, &carry, 32);
	operate(insn, r, reg(r, a64_field(insn, 19, 16)), b, carry);
	return A64_DONE;
}

static void set_nz(struct arm_registers *r, u64 value, u32 bits)
{
	r->pstate &= ~(FLAG_N | FLAG_Z);
	if (value >> (bits - 1) & 1)
		r->pstate |= FLAG_N;
	if (!(value & BITS(bits - 1, 0)))
		r->pstate |= FLAG_Z;
}

/* MUL, MLA, MLS */
enum a64_result a32_multiply(u32 insn, struct arm_registers *r)
{
	u32 op = a64_field(insn, 23, 21);
	u64 low, high, addend = reg(r, a64_field(insn, 15, 12));

	if (has_pc(insn, 16, 0, 8, op ? 12 : NONE) || (!op && a64_field(insn, 15, 12)))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	model_multiply(reg(r, insn & 15), reg(r, a64_field(insn, 11, 8)), false, 32, &low, &high);
	if (op == 1)
		low = model_add(low, addend, false, 32).value;
	if (op == 3)
		low = model_subtract(addend, low, true, 32).value;
	set(r, a64_field(insn, 19, 16), low);
	if (insn & BIT(20) && op != 3)
		set_nz(r, low, 32);
	return A64_DONE;
}

/* UMAAL, UMULL, UMLAL, SMULL, SMLAL */
enum a64_result a32_multiply_long(u32 insn, struct arm_registers *r)
{
	u32 op = a64_field(insn, 23, 21), high_n = a64_field(insn, 19, 16),
	    low_n = a64_field(insn, 15, 12);
	u64 low, high, addend = (u64)reg(r, high_n) << 32 | reg(r, low_n);

	if (has_pc(insn, 16, 12, 0, 8) || high_n == low_n)
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	model_multiply(reg(r, insn & 15), reg(r, a64_field(insn, 11, 8)), op >= 6, 32, &low, &high);
	if (op == 2) {
		low = model_add(low, reg(r, high_n), false, 64).value;
		low = model_add(low, reg(r, low_n), false, 64).value;
	} else if (op & 1) {
		low = model_add(low, addend, false, 64).value;
	}
	set(r, low_n, low);
	set(r, high_n, low >> 32);
	if (insn & BIT(20) && op != 2)
		set_nz(r, low, 64);
	return A64_DONE;
}

/* MOVW, MOVT */
enum a64_result a32_move_wide(u32 insn, struct arm_registers *r)
{
	u32 imm = a64_field(insn, 19, 16) << 12 | a64_field(insn, 11, 0),
	    d = a64_field(insn, 15, 12);

	if (d == 15)
		return A64_UNPREDICTABLE;
	if (holds(insn, r))
		set(r, d, insn & BIT(22) ? imm << 16 | (reg(r, d) & 0xffff) : imm);
	return A64_DONE;
}

/* BFC, BFI, SBFX, UBFX */
enum a64_result a32_bitfield(u32 insn, struct arm_registers *r)
{
	u32 lsb = a64_field(insn, 11, 7), top = a64_field(insn, 20, 16),
	    d = a64_field(insn, 15, 12);
	u32 op = a64_field(insn, 22, 21), n = insn & 15;
	u64 mask;

	if (d == 15 || (op != 2 && n == 15) || (op == 2 ? top < lsb : lsb + top > 31))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	if (op == 2) {
		mask = BITS(top, lsb);
		set(r, d, (reg(r, d) & ~mask) | ((u64)(n == 15 ? 0 : reg(r, n)) << lsb & mask));
		return A64_DONE;
	}
	mask = reg(r, n) >> lsb & BITS(top, 0);
	set(r, d, op == 1 ? (u64)a64_signed(mask, top + 1) : mask);
	return A64_DONE;
}

/* SXTB, SXTH, SXTB16, UXTB..., and with an addition. */
enum a64_result a32_extend(u32 insn, struct arm_registers *r)
{
	u32 n = a64_field(insn, 19, 16), d = a64_field(insn, 15, 12), op = a64_field(insn, 22, 20);
	bool carry = false, is_unsigned = op & 4;
	u32 value, result;

	if (d == 15 || (insn & 15) == 15)
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	value = (u32)model_shift(reg(r, insn & 15), MODEL_ROR, 8 * a64_field(insn, 11, 10), &carry,
				 32);
	if ((op & 3) == 0) {
		u32 low = is_unsigned ? value & 0xff : (u32)a64_signed(value, 8);
		u32 high = is_unsigned ? value >> 16 & 0xff : (u32)a64_signed(value >> 16, 8);

		if (n != 15) {
			low += reg(r, n);
			high += reg(r, n) >> 16;
		}
		result = (low & 0xffff) | high << 16;
	} else {
		u32 bits = (op & 3) == 2 ? 8 : 16;

		result = is_unsigned ? value & (u32)BITS(bits - 1, 0)
				     : (u32)a64_signed(value, bits);
		if (n != 15)
			result += reg(r, n);
	}
	set(r, d, result);
	return A64_DONE;
}

/* REV, REV16, REVSH, RBIT, CLZ */
enum a64_result a32_reverse(u32 insn, struct arm_registers *r)
{
	u32 d = a64_field(insn, 15, 12), a = reg(r, insn & 15);
	u64 value;

	if (has_pc(insn, 12, 0, NONE, NONE))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	if (a64_field(insn, 27, 20) == 0x16)
		value = model_count_leading_zeros(a, 32);
	else if (a64_field(insn, 22, 22))
		value = insn & BIT(7) ? (u64)a64_signed(model_reverse_bytes(a, 2, 32), 16)
				      : model_reverse_bits(a, 32);
	else
		value = model_reverse_bytes(a, insn & BIT(7) ? 2 : 4, 32);
	set(r, d, value);
	return A64_DONE;
}

u64 a32_saturated(struct arm_registers *r, s64 value, u32 bits, bool is_unsigned)
{
	s64 high = is_unsigned ? (s64)BIT(bits) - 1 : (s64)BIT(bits - 1) - 1;
	s64 low = is_unsigned ? 0 : -(s64)BIT(bits - 1);

	if (value > high || value < low)
		r->pstate |= CPSR_Q;
	return (u64)(value > high ? high : value < low ? low : value);
}

/* SSAT, USAT */
enum a64_result a32_saturate(u32 insn, struct arm_registers *r)
{
	bool is_unsigned = insn & BIT(22), carry = false;
	u32 to = a64_field(insn, 20, 16), amount = a64_field(insn, 11, 7),
	    type = insn & BIT(6) ? 2 : 0;
	u64 value;

	if (has_pc(insn, 12, 0, NONE, NONE))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	if (type && !amount)
		amount = 32;
	value = model_shift(reg(r, insn & 15), (enum model_shift)type, amount, &carry, 32);
	set(r, a64_field(insn, 15, 12),
	    is_unsigned ? (to ? a32_saturated(r, a64_signed(value, 32), to, true)
			      : (a64_signed(value, 32) ? (r->pstate |= CPSR_Q, 0ull) : 0))
			: a32_saturated(r, a64_signed(value, 32), to + 1, false));
	return A64_DONE;
}

/* QADD, QSUB, QDADD, QDSUB */
enum a64_result a32_saturating(u32 insn, struct arm_registers *r)
{
	u32 op = a64_field(insn, 22, 21);
	s64 a, b;

	if (has_pc(insn, 12, 16, 0, NONE))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	a = a64_signed(reg(r, insn & 15), 32);
	b = a64_signed(reg(r, a64_field(insn, 19, 16)), 32);
	if (op & 2)
		b = (s64)a32_saturated(r, 2 * b, 32, false);
	set(r, a64_field(insn, 15, 12), a32_saturated(r, op & 1 ? a - b : a + b, 32, false));
	return A64_DONE;
}

/* SDIV, UDIV */
enum a64_result a32_divide(u32 insn, struct arm_registers *r)
{
	if (has_pc(insn, 16, 0, 8, NONE))
		return A64_UNPREDICTABLE;
	if (holds(insn, r))
		set(r, a64_field(insn, 19, 16),
		    model_divide(reg(r, insn & 15), reg(r, a64_field(insn, 11, 8)),
				 !(insn & BIT(21)), 32));
	return A64_DONE;
}

/* SMULBB and others, SMLABB and others: by bits 22-21 and 6-5. */
enum a64_result a32_halfword_multiply(u32 insn, struct arm_registers *r)
{
	u32 op = a64_field(insn, 22, 21), d = a64_field(insn, 19, 16);
	s64 a, b, product, sum;

	if (has_pc(insn, 16, 0, 8, op == 0 ? 12 : NONE))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	a = a64_signed(reg(r, insn & 15) >> (insn & BIT(5) ? 16 : 0), 16);
	b = a64_signed(reg(r, a64_field(insn, 11, 8)) >> (insn & BIT(6) ? 16 : 0), 16);
	product = a * b;
	if (op == 0) {
		sum = product + a64_signed(reg(r, a64_field(insn, 15, 12)), 32);
		if (sum != (s32)sum)
			r->pstate |= CPSR_Q;
		product = sum;
	}
	set(r, d, (u64)product);
	return A64_DONE;
}
