/* SPDX-License-Identifier: MIT */
/* Media instructions of A32 and their conditions' common part with T32: DDI 0487, F5.1, from PKHBT to USAT16. */
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

static bool is_pc(u32 insn, u32 low)
{
	return (insn >> low & 15) == 15;
}

/* A lane of `bits` bits, signed or not. */
static s64 lane(u32 value, u32 index, u32 bits, bool is_unsigned)
{
	u64 field = value >> (index * bits) & BITS(bits - 1, 0);

	return is_unsigned ? (s64)field : a64_signed(field, bits);
}

/* kind: bits 22-20 of A32: 1 S, 2 Q, 3 SH, 5 U, 6 UQ, 7 UH. GE is set by S and U. */
static u32 combine(struct arm_registers *r, u32 kind, s64 value, u32 bits, bool subtract, u32 *ge)
{
	bool is_unsigned = kind & 4;

	(void)r;
	switch (kind & 3) {
	case 1:
		if (is_unsigned)
			*ge = subtract ? value >= 0 : value >= (s64)BIT(bits);
		else
			*ge = value >= 0;
		break;
	case 2: {
		s64 high = is_unsigned ? (s64)BIT(bits) - 1 : (s64)BIT(bits - 1) - 1;
		s64 low = is_unsigned ? 0 : -(s64)BIT(bits - 1);

		value = value > high ? high : value < low ? low : value;
		break;
	}
	default:
		value >>= 1;
	}
	return (u32)((u64)value & BITS(bits - 1, 0));
}

/* op: bits 7-5 of A32: 0 ADD16, 1 ASX, 2 SAX, 3 SUB16, 4 ADD8, 7 SUB8. */
static void parallel(struct arm_registers *r, u32 kind, u32 op, u32 d, u32 n, u32 m)
{
	u32 a = reg(r, n), b = reg(r, m), bits = op & 4 ? 8 : 16, result = 0, flags = 0;
	bool is_unsigned = kind & 4;

	for (u32 i = 0; i < 32 / bits; i++) {
		bool exchange = op == 1 || op == 2;
		bool subtract = op == 3 || op == 7 || (op == 1 && i == 0) || (op == 2 && i == 1);
		s64 x = lane(a, i, bits, is_unsigned),
		    y = lane(b, exchange ? 1 - i : i, bits, is_unsigned);
		u32 ge = 0;

		result |= combine(r, kind, subtract ? x - y : x + y, bits, subtract, &ge)
			  << (i * bits);
		flags |= (bits == 8 ? ge : ge * 3) << (bits == 8 ? i : 2 * i);
	}
	if ((kind & 3) == 1)
		r->pstate = (r->pstate & ~CPSR_GE) | (u64)flags << 16;
	r->x[d] = result;
}

enum a64_result a32_parallel(u32 insn, struct arm_registers *r)
{
	if (is_pc(insn, 0) || is_pc(insn, 12) || is_pc(insn, 16))
		return A64_UNPREDICTABLE;
	if (holds(insn, r))
		parallel(r, a64_field(insn, 22, 20), a64_field(insn, 7, 5), a64_field(insn, 15, 12),
			 a64_field(insn, 19, 16), insn & 15);
	return A64_DONE;
}

/* Bits 22-20 of the first halfword are the operation, bits 6-4 of the second S, Q, SH, -, U, UQ, UH. */
enum a64_result t32w_parallel(u32 insn, struct arm_registers *r)
{
	static const u8 ops[8] = { 4, 0, 1, 0xff, 7, 3, 2, 0xff };
	u32 d = a64_field(insn, 11, 8), n = a64_field(insn, 19, 16), m = insn & 15,
	    op = ops[a64_field(insn, 22, 20)];

	if (d == 13 || n == 13 || m == 13 || d == 15 || n == 15 || m == 15)
		return A64_UNPREDICTABLE;
	if (t32_holds(r))
		parallel(r, a64_field(insn, 5, 4) + 1 + (insn & BIT(6) ? 4 : 0), op, d, n, m);
	return A64_DONE;
}

enum a64_result a32_select(u32 insn, struct arm_registers *r)
{
	u32 a = reg(r, a64_field(insn, 19, 16)), b = reg(r, insn & 15), result = 0;

	if (is_pc(insn, 0) || is_pc(insn, 12) || is_pc(insn, 16))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	for (u32 i = 0; i < 4; i++)
		result |= (r->pstate >> (16 + i) & 1 ? a : b) & 0xffu << 8 * i;
	r->x[a64_field(insn, 15, 12)] = result;
	return A64_DONE;
}

enum a64_result a32_pack(u32 insn, struct arm_registers *r)
{
	bool top = insn & BIT(6), carry = false;
	u32 n = reg(r, a64_field(insn, 19, 16)), m;

	if (is_pc(insn, 0) || is_pc(insn, 12) || is_pc(insn, 16))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	m = a32_shift(reg(r, insn & 15), top ? 2 : 0, a64_field(insn, 11, 7), &carry);
	r->x[a64_field(insn, 15, 12)] = top ? (n & 0xffff0000) | (m & 0xffff)
					    : (m & 0xffff0000) | (n & 0xffff);
	return A64_DONE;
}

enum a64_result a32_saturate_16(u32 insn, struct arm_registers *r)
{
	bool is_unsigned = insn & BIT(22);
	u32 to = a64_field(insn, 19, 16), value = reg(r, insn & 15), result = 0;

	if (is_pc(insn, 0) || is_pc(insn, 12))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	for (u32 i = 0; i < 2; i++) {
		s64 half = lane(value, i, 16, false);
		u64 sat;

		if (is_unsigned && !to) {
			sat = 0;
			if (half)
				r->pstate |= CPSR_Q;
		} else {
			sat = a32_saturated(r, half, is_unsigned ? to : to + 1, is_unsigned);
		}
		result |= (u32)(sat & 0xffff) << 16 * i;
	}
	r->x[a64_field(insn, 15, 12)] = result;
	return A64_DONE;
}

/* SMLAD, SMLSD, SMUAD, SMUSD, SMLALD, SMLSLD: bit 22 long, bit 6 subtract, bit 5 exchange. */
enum a64_result a32_dual_multiply(u32 insn, struct arm_registers *r)
{
	u32 d = a64_field(insn, 19, 16), a = a64_field(insn, 15, 12);
	u32 n = reg(r, insn & 15), m = reg(r, a64_field(insn, 11, 8));
	bool is_long = insn & BIT(22);
	s64 low, high, sum;

	if (is_pc(insn, 0) || is_pc(insn, 8) || is_pc(insn, 16) || (is_long && (a == 15 || a == d)))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	if (insn & BIT(5))
		m = m >> 16 | m << 16;
	low = lane(n, 0, 16, false) * lane(m, 0, 16, false);
	high = lane(n, 1, 16, false) * lane(m, 1, 16, false);
	sum = insn & BIT(6) ? low - high : low + high;
	if (is_long) {
		u64 total = model_add((u64)reg(r, d) << 32 | reg(r, a), (u64)sum, false, 64).value;

		r->x[a] = (u32)total;
		r->x[d] = total >> 32;
		return A64_DONE;
	}
	if (a != 15)
		sum += a64_signed(reg(r, a), 32);
	if (sum != (s32)sum)
		r->pstate |= CPSR_Q;
	r->x[d] = (u32)sum;
	return A64_DONE;
}

/* SMMLA, SMMLS, SMMUL: bits 7-6 subtract, bit 5 round. */
enum a64_result a32_top_multiply(u32 insn, struct arm_registers *r)
{
	u32 d = a64_field(insn, 19, 16), a = a64_field(insn, 15, 12);
	u64 low, high, total;

	if (is_pc(insn, 0) || is_pc(insn, 8) || is_pc(insn, 16) || (a == 15 && (insn & BIT(7))))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	model_multiply(reg(r, insn & 15), reg(r, a64_field(insn, 11, 8)), true, 32, &low, &high);
	total = a == 15 ? 0 : (u64)reg(r, a) << 32;
	total = insn & BIT(7) ? model_subtract(total, low, true, 64).value
			      : model_add(total, low, false, 64).value;
	if (insn & BIT(5))
		total = model_add(total, 0x80000000, false, 64).value;
	r->x[d] = total >> 32;
	return A64_DONE;
}

/* SMLAWB, SMLAWT, SMULWB, SMULWT: bit 5 no addition, bit 6 top half. */
enum a64_result a32_word_multiply(u32 insn, struct arm_registers *r)
{
	u32 d = a64_field(insn, 19, 16), a = a64_field(insn, 15, 12);
	bool plain = insn & BIT(5);
	s64 result;

	if (is_pc(insn, 0) || is_pc(insn, 8) || is_pc(insn, 16) || (!plain && a == 15) ||
	    (plain && a))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	result = (a64_signed(reg(r, insn & 15), 32) *
		  lane(reg(r, a64_field(insn, 11, 8)), insn & BIT(6) ? 1 : 0, 16, false)) >>
		 16;
	if (!plain) {
		result += a64_signed(reg(r, a), 32);
		if (result != (s32)result)
			r->pstate |= CPSR_Q;
	}
	r->x[d] = (u32)result;
	return A64_DONE;
}

/* USAD8, USADA8 */
enum a64_result a32_differences(u32 insn, struct arm_registers *r)
{
	u32 d = a64_field(insn, 19, 16), a = a64_field(insn, 15, 12), sum;

	if (is_pc(insn, 0) || is_pc(insn, 8) || is_pc(insn, 16))
		return A64_UNPREDICTABLE;
	if (!holds(insn, r))
		return A64_DONE;
	sum = a == 15 ? 0 : reg(r, a);
	for (u32 i = 0; i < 4; i++) {
		s64 x = lane(reg(r, insn & 15), i, 8, true),
		    y = lane(reg(r, a64_field(insn, 11, 8)), i, 8, true);

		sum += (u32)(x > y ? x - y : y - x);
	}
	r->x[d] = sum;
	return A64_DONE;
}
