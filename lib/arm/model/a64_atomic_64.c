/* SPDX-License-Identifier: MIT */
/* Ordered, exclusive and atomic loads and stores: DDI 0487, C4.1.94. */
#include <model/a64.h>

#include <model/alu.h>

static u32 bytes_of(u32 insn)
{
	return 1u << a64_field(insn, 31, 30);
}

static u64 base_of(u32 insn, const struct arm_registers *r)
{
	return a64_xsp(r, a64_field(insn, 9, 5), true);
}

/* LDAR, STLR, LDLAR, STLLR */
enum a64_result a64_ordered(u32 insn, struct arm_registers *r)
{
	if (a64_field(insn, 22, 22))
		a64_set_x(r, a64_field(insn, 4, 0), a64_read(base_of(insn, r), bytes_of(insn)),
			  true);
	else
		a64_write(base_of(insn, r), bytes_of(insn), a64_x(r, a64_field(insn, 4, 0), true));
	return A64_DONE;
}

/*
 * LDXR, LDXP, STXR, STXP and those with acquire and release, of code that has just been entered by ERET,
 * which cleared the monitor: the stores fail.
 */
enum a64_result a64_exclusive(u32 insn, struct arm_registers *r)
{
	bool load = a64_field(insn, 22, 22), pair = a64_field(insn, 21, 21);
	u32 bytes = bytes_of(insn), t = a64_field(insn, 4, 0), t2 = a64_field(insn, 14, 10);
	u32 s = a64_field(insn, 20, 16), n = a64_field(insn, 9, 5);
	u64 base = base_of(insn, r), first, second;

	if (load) {
		if (pair && t == t2)
			return A64_UNPREDICTABLE;
		first = a64_read(base, bytes);
		second = pair ? a64_read(base + bytes, bytes) : 0;
		a64_set_x(r, t, first, true);
		if (pair)
			a64_set_x(r, t2, second, true);
		return A64_DONE;
	}
	if (s == t || (pair && s == t2) || (s == n && n != 31))
		return A64_UNPREDICTABLE;
	/* For the address alone: nothing is stored. */
	a64_read(base, bytes);
	a64_set_x(r, s, 1, false);
	return A64_DONE;
}

/* CAS, CASA, ... of 8 to 64 bits. */
enum a64_result a64_compare_and_swap(u32 insn, struct arm_registers *r)
{
	u32 bytes = bytes_of(insn), s = a64_field(insn, 20, 16), bits = bytes * 8;
	u64 base = base_of(insn, r), old = a64_read(base, bytes);

	if (old == (a64_x(r, s, true) & BITS(bits - 1, 0)))
		a64_write(base, bytes, a64_x(r, a64_field(insn, 4, 0), true));
	a64_set_x(r, s, old, true);
	return A64_DONE;
}

enum a64_result a64_compare_and_swap_pair(u32 insn, struct arm_registers *r)
{
	u32 bytes = a64_field(insn, 30, 30) ? 8 : 4, s = a64_field(insn, 20, 16);
	u32 t = a64_field(insn, 4, 0);
	bool is_64 = bytes == 8;
	u64 base = base_of(insn, r), low, high;

	if ((s | t) & 1)
		return A64_UNDEFINED;
	low = a64_read(base, bytes);
	high = a64_read(base + bytes, bytes);
	if (low == a64_x(r, s, is_64) && high == a64_x(r, s + 1, is_64)) {
		a64_write(base, bytes, a64_x(r, t, true));
		a64_write(base + bytes, bytes, a64_x(r, t + 1, true));
	}
	a64_set_x(r, s, low, true);
	a64_set_x(r, s + 1, high, true);
	return A64_DONE;
}

/* LDADD, LDCLR, LDEOR, LDSET, LDSMAX, LDSMIN, LDUMAX, LDUMIN, SWP, by o3 and opc. */
enum a64_result a64_atomic(u32 insn, struct arm_registers *r)
{
	u32 bytes = bytes_of(insn), bits = bytes * 8, op = a64_field(insn, 15, 12);
	u64 base = base_of(insn, r), old = a64_read(base, bytes), value;
	u64 operand = a64_x(r, a64_field(insn, 20, 16), true) & BITS(bits - 1, 0);
	s64 signed_old = a64_signed(old, bits), signed_operand = a64_signed(operand, bits);

	switch (op) {
	case 0:
		value = model_add(old, operand, false, bits).value;
		break;
	case 1:
		value = old & ~operand;
		break;
	case 2:
		value = (old | operand) & ~(old & operand);
		break;
	case 3:
		value = old | operand;
		break;
	case 4:
		value = signed_old > signed_operand ? old : operand;
		break;
	case 5:
		value = signed_old > signed_operand ? operand : old;
		break;
	case 6:
		value = old > operand ? old : operand;
		break;
	case 7:
		value = old > operand ? operand : old;
		break;
	case 8:
		value = operand;
		break;
	default:
		return A64_UNDEFINED;
	}
	a64_write(base, bytes, value);
	a64_set_x(r, a64_field(insn, 4, 0), old, true);
	return A64_DONE;
}

/* LDAPR */
enum a64_result a64_rcpc(u32 insn, struct arm_registers *r)
{
	a64_set_x(r, a64_field(insn, 4, 0), a64_read(base_of(insn, r), bytes_of(insn)), true);
	return A64_DONE;
}

/* LDAPUR, STLUR and the sign-extending ones. */
enum a64_result a64_rcpc_unscaled(u32 insn, struct arm_registers *r)
{
	u32 bytes = bytes_of(insn), opc = a64_field(insn, 23, 22), t = a64_field(insn, 4, 0);
	u64 address = base_of(insn, r) + (u64)a64_signed(a64_field(insn, 20, 12), 9), value;

	if (opc == 0) {
		a64_write(address, bytes, a64_x(r, t, true));
		return A64_DONE;
	}
	if ((bytes == 8 && opc >= 2) || (bytes == 4 && opc == 3))
		return A64_UNDEFINED;
	value = a64_read(address, bytes);
	if (opc >= 2)
		value = (u64)a64_signed(value, bytes * 8);
	a64_set_x(r, t, value, opc != 3);
	return A64_DONE;
}
