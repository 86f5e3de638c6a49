/* SPDX-License-Identifier: MIT */
/* Data processing with immediates: DDI 0487, C4.1.92. */
#include <model/a64.h>

#include <model/alu.h>

enum a64_result a64_pc_relative(u32 insn, struct arm_registers *r)
{
	s64 offset = a64_signed(a64_field(insn, 23, 5) << 2 | a64_field(insn, 30, 29), 21);

	if (a64_field(insn, 31, 31)) /* ADRP */
		a64_set_x(r, a64_field(insn, 4, 0), ALIGN_DOWN(r->pc, 4096ull) + (u64)offset * 4096,
			  true);
	else
		a64_set_x(r, a64_field(insn, 4, 0), r->pc + (u64)offset, true);
	return A64_DONE;
}

enum a64_result a64_add_immediate(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31), subtract = a64_field(insn, 30, 30);
	u64 a = a64_xsp(r, a64_field(insn, 9, 5), is_64), b = a64_field(insn, 21, 10);
	u32 bits = is_64 ? 64 : 32;
	struct alu_result sum;

	if (a64_field(insn, 22, 22))
		b <<= 12;
	sum = subtract ? model_subtract(a, b, true, bits) : model_add(a, b, false, bits);
	if (a64_field(insn, 29, 29)) {
		a64_set_x(r, a64_field(insn, 4, 0), sum.value, is_64);
		r->pstate = (r->pstate & ~FLAGS) | sum.flags;
	} else {
		a64_set_xsp(r, a64_field(insn, 4, 0), sum.value, is_64);
	}
	return A64_DONE;
}

/* An element of `size` bits in all of 64. */
static u64 replicate(u64 element, u32 size)
{
	u64 value = 0;

	for (u32 at = 0; at < 64; at += size)
		value |= element << at;
	return value;
}

bool a64_bit_masks(u32 n, u32 imms, u32 immr, bool immediate, u64 *wmask, u64 *tmask)
{
	u32 combined = n << 6 | (~imms & 0x3f), length = 0, size, s, r;
	u64 welem, telem;

	if (combined < 2)
		return false;
	while (combined >> (length + 1))
		length++;
	size = 1u << length;
	s = imms & (size - 1);
	r = immr & (size - 1);
	if (immediate && s == size - 1)
		return false;
	welem = BITS(s, 0);
	if (r)
		welem = (welem >> r | welem << (size - r)) & BITS(size - 1, 0);
	telem = BITS((s - r) & (size - 1), 0);
	if (wmask)
		*wmask = replicate(welem, size);
	if (tmask)
		*tmask = replicate(telem, size);
	return true;
}

enum a64_result a64_logical_immediate(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31);
	u32 n = a64_field(insn, 22, 22), d = a64_field(insn, 4, 0);
	u64 a = a64_x(r, a64_field(insn, 9, 5), is_64), mask;
	struct alu_result result;

	if (!is_64 && n)
		return A64_UNDEFINED;
	if (!a64_bit_masks(n, a64_field(insn, 15, 10), a64_field(insn, 21, 16), true, &mask, NULL))
		return A64_UNDEFINED;
	switch (a64_field(insn, 30, 29)) {
	case 0:
		a64_set_xsp(r, d, a & mask, is_64);
		break;
	case 1:
		a64_set_xsp(r, d, a | mask, is_64);
		break;
	case 2:
		a64_set_xsp(r, d, a ^ mask, is_64);
		break;
	default:
		result = model_logical(a & mask, false, false, is_64 ? 64 : 32);
		a64_set_x(r, d, result.value, is_64);
		r->pstate = (r->pstate & ~FLAGS) | result.flags;
	}
	return A64_DONE;
}

enum a64_result a64_move_wide(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31);
	u32 d = a64_field(insn, 4, 0), at = a64_field(insn, 22, 21) * 16;
	u64 value = (u64)a64_field(insn, 20, 5) << at;

	if (a64_field(insn, 30, 29) == 1 || (!is_64 && at >= 32))
		return A64_UNDEFINED;
	switch (a64_field(insn, 30, 29)) {
	case 0:
		a64_set_x(r, d, ~value, is_64);
		break;
	case 2:
		a64_set_x(r, d, value, is_64);
		break;
	default:
		a64_set_x(r, d, (a64_x(r, d, true) & ~(0xffffull << at)) | value, is_64);
	}
	return A64_DONE;
}

/* SBFM, BFM, UBFM. */
enum a64_result a64_bitfield(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31), carry = false;
	u32 opc = a64_field(insn, 30, 29), d = a64_field(insn, 4, 0);
	u32 immr = a64_field(insn, 21, 16), imms = a64_field(insn, 15, 10);
	u64 source = a64_x(r, a64_field(insn, 9, 5), is_64), target, wmask, tmask, top, bottom;

	if (opc == 3 || is_64 != a64_field(insn, 22, 22))
		return A64_UNDEFINED;
	if (!is_64 && ((immr | imms) & 0x20))
		return A64_UNDEFINED;
	a64_bit_masks(is_64, imms, immr, false, &wmask, &tmask);
	target = opc == 1 ? a64_x(r, d, is_64) : 0;
	bottom = (target & ~wmask) |
		 (model_shift(source, MODEL_ROR, immr, &carry, is_64 ? 64 : 32) & wmask);
	top = opc == 0 ? (source >> imms & 1 ? ~0ull : 0) : target;
	a64_set_x(r, d, (top & ~tmask) | (bottom & tmask), is_64);
	return A64_DONE;
}

enum a64_result a64_extract(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31);
	u32 lsb = a64_field(insn, 15, 10), bits = is_64 ? 64 : 32;
	u64 high = a64_x(r, a64_field(insn, 9, 5), is_64);
	u64 low = a64_x(r, a64_field(insn, 20, 16), is_64), value = 0;

	if (is_64 != a64_field(insn, 22, 22) || (!is_64 && lsb >= 32))
		return A64_UNDEFINED;
	for (u32 i = 0; i < bits; i++) {
		u32 at = lsb + i;

		value |= (at < bits ? low >> at & 1 : high >> (at - bits) & 1) << i;
	}
	a64_set_x(r, a64_field(insn, 4, 0), value, is_64);
	return A64_DONE;
}

/* FEAT_CSSC: SMAX, UMAX, SMIN, UMIN with an immediate. */
enum a64_result a64_min_max_immediate(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31);
	u32 opc = a64_field(insn, 21, 18);
	u64 a = a64_x(r, a64_field(insn, 9, 5), is_64), b = a64_field(insn, 17, 10);
	bool is_signed = !(opc & 1), minimum = opc & 2, less;

	if (opc > 3)
		return A64_UNDEFINED;
	if (is_signed) {
		b = (u64)a64_signed(b, 8);
		less = a64_signed(a, is_64 ? 64 : 32) < (s64)b;
	} else {
		less = a < b;
	}
	a64_set_x(r, a64_field(insn, 4, 0), less == minimum ? a : b, is_64);
	return A64_DONE;
}
