/* SPDX-License-Identifier: MIT */
/* Loads and stores of registers and pairs: DDI 0487, C4.1.94. */
#include <model/a64.h>

static void load_vector(struct arm_registers *r, u32 t, u64 address, u32 bytes)
{
	u64 low = a64_read(address, bytes > 8 ? 8 : bytes);
	u64 high = bytes > 8 ? a64_read(address + 8, 8) : 0;

	r->v[t][0] = low;
	r->v[t][1] = high;
}

static void store_vector(struct arm_registers *r, u32 t, u64 address, u32 bytes)
{
	a64_write(address, bytes > 8 ? 8 : bytes, r->v[t][0]);
	if (bytes > 8)
		a64_write(address + 8, 8, r->v[t][1]);
}

/* What size, V and opc of the single-register forms mean. */
struct access {
	u32 bytes;
	bool vector, store, prefetch, is_signed, to_64;
};

static bool decode(u32 insn, struct access *access)
{
	u32 size = a64_field(insn, 31, 30), opc = a64_field(insn, 23, 22);

	*access = (struct access){ .vector = a64_field(insn, 26, 26) };
	if (access->vector) {
		access->bytes = 1u << ((opc & 2) << 1 | size);
		access->store = !(opc & 1);
		return access->bytes <= 16;
	}
	access->bytes = 1u << size;
	access->store = opc == 0;
	access->is_signed = opc >= 2;
	access->to_64 = opc == 2 || size == 3;
	access->prefetch = size == 3 && opc == 2;
	return !(size == 3 && opc == 3) && !(size == 2 && opc == 3);
}

static void perform(struct arm_registers *r, u32 t, u64 address, const struct access *access)
{
	u64 value;

	if (access->prefetch)
		return;
	if (access->vector) {
		if (access->store)
			store_vector(r, t, address, access->bytes);
		else
			load_vector(r, t, address, access->bytes);
	} else if (access->store) {
		a64_write(address, access->bytes, a64_x(r, t, true));
	} else {
		value = a64_read(address, access->bytes);
		if (access->is_signed)
			value = (u64)a64_signed(value, access->bytes * 8);
		a64_set_x(r, t, value, access->to_64);
	}
}

/* With the base in Rn and an offset; the base's new value for pre- and post-index. */
static enum a64_result indexed(u32 insn, struct arm_registers *r, u64 offset, bool post, bool back)
{
	struct access access;
	u32 n = a64_field(insn, 9, 5), t = a64_field(insn, 4, 0);
	u64 base = a64_xsp(r, n, true);

	if (!decode(insn, &access) || (access.prefetch && back))
		return A64_UNDEFINED;
	if (back && !access.vector && n == t && n != 31)
		return A64_UNPREDICTABLE;
	perform(r, t, post ? base : base + offset, &access);
	if (back)
		a64_set_xsp(r, n, base + offset, true);
	return A64_DONE;
}

static u64 imm9(u32 insn)
{
	return (u64)a64_signed(a64_field(insn, 20, 12), 9);
}

/* LDUR, STUR and others. */
enum a64_result a64_unscaled(u32 insn, struct arm_registers *r)
{
	return indexed(insn, r, imm9(insn), false, false);
}

enum a64_result a64_post_index(u32 insn, struct arm_registers *r)
{
	return indexed(insn, r, imm9(insn), true, true);
}

enum a64_result a64_pre_index(u32 insn, struct arm_registers *r)
{
	return indexed(insn, r, imm9(insn), false, true);
}

/* LDTR, STTR and others; EL0 may access the model's memory. */
enum a64_result a64_unprivileged(u32 insn, struct arm_registers *r)
{
	struct access access;

	if (!decode(insn, &access) || access.prefetch || access.vector)
		return A64_UNDEFINED;
	return indexed(insn, r, imm9(insn), false, false);
}

enum a64_result a64_register_offset(u32 insn, struct arm_registers *r)
{
	struct access access;
	u32 option = a64_field(insn, 15, 13);
	u64 offset;

	if (!(option & 2) || !decode(insn, &access))
		return A64_UNDEFINED;
	offset = a64_extend(a64_x(r, a64_field(insn, 20, 16), true), option,
			    a64_field(insn, 12, 12) ? (u32)__builtin_ctz(access.bytes) : 0);
	return indexed(insn, r, offset, false, false);
}

enum a64_result a64_unsigned_offset(u32 insn, struct arm_registers *r)
{
	struct access access;

	if (!decode(insn, &access))
		return A64_UNDEFINED;
	return indexed(insn, r, (u64)a64_field(insn, 21, 10) * access.bytes, false, false);
}

/* LDR (literal), LDRSW, PRFM. */
enum a64_result a64_load_literal(u32 insn, struct arm_registers *r)
{
	u32 opc = a64_field(insn, 31, 30), t = a64_field(insn, 4, 0);
	u64 address = r->pc + (u64)a64_signed(a64_field(insn, 23, 5), 19) * 4, value;

	if (a64_field(insn, 26, 26)) {
		if (opc == 3)
			return A64_UNDEFINED;
		load_vector(r, t, address, 4u << opc);
	} else if (opc != 3) {
		value = a64_read(address, opc == 1 ? 8 : 4);
		a64_set_x(r, t, opc == 2 ? (u64)a64_signed(value, 32) : value, true);
	}
	return A64_DONE;
}

/* LDP, STP, LDPSW, LDNP, STNP, by bits 25-23: 0 no allocate, 1 post-index, 2 offset, 3 pre-index. */
enum a64_result a64_pair(u32 insn, struct arm_registers *r)
{
	u32 opc = a64_field(insn, 31, 30), mode = a64_field(insn, 25, 23);
	u32 n = a64_field(insn, 9, 5), t = a64_field(insn, 4, 0), t2 = a64_field(insn, 14, 10);
	bool vector = a64_field(insn, 26, 26), load = a64_field(insn, 22, 22), back = mode & 1;
	bool is_signed = !vector && opc == 1;
	u32 bytes = vector ? 4u << opc : opc == 2 ? 8 : 4;
	u64 base = a64_xsp(r, n, true), moved, address, first, second;

	if (opc == 3 || (is_signed && (!load || mode == 0)))
		return A64_UNDEFINED;
	if ((load && t == t2) || (back && !vector && n != 31 && (n == t || n == t2)))
		return A64_UNPREDICTABLE;
	moved = base + (u64)a64_signed(a64_field(insn, 21, 15), 7) * bytes;
	address = mode == 1 ? base : moved;
	if (vector && load) {
		load_vector(r, t, address, bytes);
		load_vector(r, t2, address + bytes, bytes);
	} else if (vector) {
		store_vector(r, t, address, bytes);
		store_vector(r, t2, address + bytes, bytes);
	} else if (load) {
		first = a64_read(address, bytes);
		second = a64_read(address + bytes, bytes);
		a64_set_x(r, t, is_signed ? (u64)a64_signed(first, 32) : first, true);
		a64_set_x(r, t2, is_signed ? (u64)a64_signed(second, 32) : second, true);
	} else {
		a64_write(address, bytes, a64_x(r, t, true));
		a64_write(address + bytes, bytes, a64_x(r, t2, true));
	}
	if (back)
		a64_set_xsp(r, n, moved, true);
	return A64_DONE;
}
