/* SPDX-License-Identifier: MIT */
#include <model/a32.h>

#include <model/alu.h>

static u32 reg(const struct arm_registers *r, u32 n)
{
	return (u32)r->x[n];
}

/* Where the access is; the base's new value goes to *moved. */
static u32 address(u32 insn, const struct arm_registers *r, u32 offset, u32 *moved)
{
	u32 base = reg(r, a64_field(insn, 19, 16));

	*moved = insn & BIT(23) ? base + offset : base - offset;
	return insn & BIT(24) ? *moved : base;
}

static bool writes_back(u32 insn)
{
	return !(insn & BIT(24)) || (insn & BIT(21));
}

/* What no form may be: the base R15, or the base written back over the data. */
static bool is_unpredictable(u32 insn)
{
	u32 n = a64_field(insn, 19, 16), t = a64_field(insn, 15, 12);

	return n == 15 || t == 15 || (writes_back(insn) && n == t);
}

/* LDR, STR, LDRB, STRB with an immediate or a shifted register; those with T have P = 0, W = 1. */
enum a64_result a32_load_store(u32 insn, struct arm_registers *r)
{
	u32 offset = a64_field(insn, 11, 0), t = a64_field(insn, 15, 12), bytes, at, moved;
	bool carry = r->pstate & FLAG_C;

	if (is_unpredictable(insn) || ((insn & BIT(25)) && (insn & 15) == 15))
		return A64_UNPREDICTABLE;
	if (!model_condition(insn >> 28, (u32)(r->pstate & FLAGS)))
		return A64_DONE;
	if (insn & BIT(25)) {
		u32 type = a64_field(insn, 6, 5), amount = a64_field(insn, 11, 7),
		    m = reg(r, insn & 15);

		if (type == 3 && !amount)
			offset = m >> 1 | (carry ? 0x80000000 : 0);
		else
			offset = (u32)model_shift(m, (enum model_shift)type,
						  (type == 1 || type == 2) && !amount ? 32 : amount,
						  &carry, 32);
	}
	bytes = insn & BIT(22) ? 1 : 4;
	at = address(insn, r, offset, &moved);
	if (insn & BIT(20)) {
		u64 value = a64_read(at, bytes);

		if (writes_back(insn))
			r->x[a64_field(insn, 19, 16)] = moved;
		r->x[t] = value;
	} else {
		a64_write(at, bytes, reg(r, t));
		if (writes_back(insn))
			r->x[a64_field(insn, 19, 16)] = moved;
	}
	return A64_DONE;
}

/* LDRH, LDRSB, LDRSH, STRH, LDRD, STRD. */
enum a64_result a32_load_store_extra(u32 insn, struct arm_registers *r)
{
	u32 op = a64_field(insn, 6, 5), t = a64_field(insn, 15, 12), at, moved;
	u32 offset = insn & BIT(22) ? a64_field(insn, 11, 8) << 4 | (insn & 15) : reg(r, insn & 15);
	bool load = insn & BIT(20), dual = !load && op >= 2;
	u32 n = a64_field(insn, 19, 16);

	if (is_unpredictable(insn) || (!(insn & BIT(22)) && (insn & 15) == 15) ||
	    (!(insn & BIT(24)) && (insn & BIT(21))))
		return A64_UNPREDICTABLE;
	if (dual && ((t & 1) || t == 14 || (writes_back(insn) && n == t + 1) ||
		     (!(insn & BIT(22)) && op == 2 && ((insn & 15) == t || (insn & 15) == t + 1))))
		return A64_UNPREDICTABLE;
	if (!model_condition(insn >> 28, (u32)(r->pstate & FLAGS)))
		return A64_DONE;
	at = address(insn, r, offset, &moved);
	if (dual && op == 2) {
		u64 low = a64_read(at, 4), high = a64_read(at + 4, 4);

		if (writes_back(insn))
			r->x[n] = moved;
		r->x[t] = low;
		r->x[t + 1] = high;
	} else if (dual) {
		a64_write(at, 4, reg(r, t));
		a64_write(at + 4, 4, reg(r, t + 1));
		if (writes_back(insn))
			r->x[n] = moved;
	} else if (load) {
		u64 value = a64_read(at, op == 2 ? 1 : 2);

		if (op >= 2)
			value = (u32)a64_signed(value, op == 2 ? 8 : 16);
		if (writes_back(insn))
			r->x[n] = moved;
		r->x[t] = value;
	} else {
		a64_write(at, 2, reg(r, t));
		if (writes_back(insn))
			r->x[n] = moved;
	}
	return A64_DONE;
}

/* LDM, STM: increment or decrement, before or after. */
enum a64_result a32_multiple(u32 insn, struct arm_registers *r)
{
	u32 n = a64_field(insn, 19, 16), list = insn & 0xffff, count = 0, at, base = reg(r, n);
	bool load = insn & BIT(20), back = insn & BIT(21);

	for (u32 i = 0; i < 16; i++)
		count += list >> i & 1;
	/* A base in the list is written back only where a store has it first. */
	if (n == 15 || !list || (list & 0x8000) || (back && (list >> n & 1)))
		return A64_UNPREDICTABLE;
	if (!model_condition(insn >> 28, (u32)(r->pstate & FLAGS)))
		return A64_DONE;
	at = insn & BIT(23) ? base : base - 4 * count;
	if (!!(insn & BIT(24)) == !!(insn & BIT(23)))
		at += 4;
	for (u32 i = 0; i < 15; i++) {
		if (!(list >> i & 1))
			continue;
		if (load)
			r->x[i] = a64_read(at, 4);
		else
			a64_write(at, 4, reg(r, i));
		at += 4;
	}
	if (back)
		r->x[n] = insn & BIT(23) ? base + 4 * count : base - 4 * count;
	return A64_DONE;
}
