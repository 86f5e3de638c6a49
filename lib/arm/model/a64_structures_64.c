/* SPDX-License-Identifier: MIT */
/* LD1 to LD4, ST1 to ST4, LD1R to LD4R: DDI 0487, C4.1.94.1 to C4.1.94.4. */
#include <model/a64.h>

u64 a64_element(const struct arm_registers *r, u32 v, u32 bytes, u32 index)
{
	u32 at = index * bytes;

	return r->v[v][at / 8] >> at % 8 * 8 & BITS(bytes * 8 - 1, 0);
}

void a64_set_element(struct arm_registers *r, u32 v, u32 bytes, u32 index, u64 value)
{
	u32 at = index * bytes;
	u64 mask = BITS(bytes * 8 - 1, 0) << at % 8 * 8, *half = &r->v[v][at / 8];

	*half = (*half & ~mask) | (value << at % 8 * 8 & mask);
}

/* How many bytes are added to the base after a transfer of `bytes`: Rm, or, for 31, that many. */
static void write_back(u32 insn, struct arm_registers *r, u32 bytes)
{
	u32 n = a64_field(insn, 9, 5), m = a64_field(insn, 20, 16);

	a64_set_xsp(r, n, a64_xsp(r, n, true) + (m == 31 ? bytes : a64_x(r, m, true)), true);
}

/* Registers and structure elements, by opcode; 0 where it is unallocated. */
static const struct {
	u8 registers, structure;
} layouts[16] = {
	[0] = { 4, 4 }, [2] = { 4, 1 }, [4] = { 3, 3 },	 [6] = { 3, 1 },
	[7] = { 1, 1 }, [8] = { 2, 2 }, [10] = { 2, 1 },
};

static enum a64_result multiple(u32 insn, struct arm_registers *r, bool back)
{
	u32 opcode = a64_field(insn, 15, 12), bytes = 1u << a64_field(insn, 11, 10);
	u32 registers = layouts[opcode].registers, structure = layouts[opcode].structure;
	u32 length = a64_field(insn, 30, 30) ? 16 : 8, t = a64_field(insn, 4, 0);
	bool load = a64_field(insn, 22, 22);
	u64 address = a64_xsp(r, a64_field(insn, 9, 5), true), base = address;

	if (!registers || (bytes == 8 && length == 8 && structure != 1))
		return A64_UNDEFINED;
	for (u32 first = 0; first < registers; first += structure)
		for (u32 e = 0; e < length / bytes; e++)
			for (u32 s = 0; s < structure; s++, address += bytes) {
				u32 v = (t + first + s) % 32;

				if (load) {
					if (e == 0)
						r->v[v][0] = r->v[v][1] = 0;
					a64_set_element(r, v, bytes, e, a64_read(address, bytes));
				} else {
					a64_write(address, bytes, a64_element(r, v, bytes, e));
				}
			}
	if (back)
		write_back(insn, r, (u32)(address - base));
	return A64_DONE;
}

enum a64_result a64_structures(u32 insn, struct arm_registers *r)
{
	return multiple(insn, r, false);
}

enum a64_result a64_structures_post(u32 insn, struct arm_registers *r)
{
	return multiple(insn, r, true);
}

/* One element of each register, or, with `replicate`, one in all places. */
static enum a64_result single(u32 insn, struct arm_registers *r, bool back)
{
	u32 opcode = a64_field(insn, 15, 13), size = a64_field(insn, 11, 10);
	u32 q = a64_field(insn, 30, 30), s = a64_field(insn, 12, 12), scale = opcode >> 1;
	u32 structure = ((opcode & 1) << 1 | a64_field(insn, 21, 21)) + 1, index = 0;
	u32 t = a64_field(insn, 4, 0), bytes;
	bool load = a64_field(insn, 22, 22), replicate = false;
	u64 address = a64_xsp(r, a64_field(insn, 9, 5), true);

	switch (scale) {
	case 3:
		if (!load || s)
			return A64_UNDEFINED;
		scale = size;
		replicate = true;
		break;
	case 0:
		index = q << 3 | s << 2 | size;
		break;
	case 1:
		if (size & 1)
			return A64_UNDEFINED;
		index = q << 2 | s << 1 | size >> 1;
		break;
	default:
		if (size & 2)
			return A64_UNDEFINED;
		if (size & 1) {
			if (s)
				return A64_UNDEFINED;
			index = q;
			scale = 3;
		} else {
			index = q << 1 | s;
		}
	}
	bytes = 1u << scale;
	for (u32 i = 0; i < structure; i++) {
		u32 v = (t + i) % 32;
		u64 value;

		if (!load) {
			a64_write(address + i * bytes, bytes, a64_element(r, v, bytes, index));
			continue;
		}
		value = a64_read(address + i * bytes, bytes);
		if (replicate) {
			r->v[v][0] = r->v[v][1] = 0;
			for (u32 e = 0; e < (q ? 16 : 8) / bytes; e++)
				a64_set_element(r, v, bytes, e, value);
		} else {
			a64_set_element(r, v, bytes, index, value);
		}
	}
	if (back)
		write_back(insn, r, structure * bytes);
	return A64_DONE;
}

enum a64_result a64_structure(u32 insn, struct arm_registers *r)
{
	return single(insn, r, false);
}

enum a64_result a64_structure_post(u32 insn, struct arm_registers *r)
{
	return single(insn, r, true);
}
