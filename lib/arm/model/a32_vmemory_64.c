/* SPDX-License-Identifier: MIT */
/* Loads and stores of A32's floating-point and Advanced SIMD registers: DDI 0487, F4.1.5, F4.1.12. */
#include <model/a32_vector.h>

static u32 base_of(u32 insn, const struct arm_registers *r)
{
	return (u32)r->x[a64_field(insn, 19, 16)];
}

/* One S or D register at an address: D registers are two words, the lower one first. */
static void transfer(struct arm_registers *r, bool load, u32 size, u32 n, u32 at)
{
	if (load && size == 64)
		a32_vector_put(r, 64, n, a64_read(at, 4) | a64_read(at + 4, 4) << 32);
	else if (load)
		a32_vector_put(r, 32, n, a64_read(at, 4));
	else
		for (u32 i = 0; i < size / 32; i++)
			a64_write(at + 4 * i, 4, a32_vector_get(r, size, n) >> 32 * i & 0xffffffff);
}

/* VLDR, VSTR. */
enum a64_result a32_fp_load_store(u32 insn, struct arm_registers *r)
{
	bool is_single = !(insn & BIT(8));
	u32 offset = 4 * (insn & 0xff), n = a64_field(insn, 19, 16);

	if (n == 15)
		return A64_UNPREDICTABLE;
	if (!a32_fp_holds(insn, r))
		return A64_DONE;
	transfer(r, insn & BIT(20), is_single ? 32 : 64, a32_vector_number(insn, 12, 22, is_single),
		 insn & BIT(23) ? base_of(insn, r) + offset : base_of(insn, r) - offset);
	return A64_DONE;
}

/* VLDM, VSTM: P, U, W are 010, 011 or 101. */
enum a64_result a32_fp_multiple(u32 insn, struct arm_registers *r)
{
	bool is_single = !(insn & BIT(8)), load = insn & BIT(20);
	u32 n = a64_field(insn, 19, 16), first = a32_vector_number(insn, 12, 22, is_single);
	u32 puw = (insn >> 22 & 6) | (insn >> 21 & 1), words = insn & 0xff;
	u32 count = is_single ? words : words / 2, at = base_of(insn, r);

	if ((puw != 2 && puw != 3 && puw != 5) || n == 15 || !count || first + count > 32 ||
	    (!is_single && ((words & 1) || count > 16)))
		return A64_UNPREDICTABLE;
	if (!a32_fp_holds(insn, r))
		return A64_DONE;
	if (puw == 5)
		at -= 4 * words;
	for (u32 i = 0; i < count; i++)
		transfer(r, load, is_single ? 32 : 64, first + i, at + i * (is_single ? 4 : 8));
	if (insn & BIT(21))
		r->x[n] = puw == 5 ? at : at + 4 * words;
	return A64_DONE;
}

/* The base's new value: R<m> is 15 for none, 13 for the bytes that were accessed. */
static void write_back(u32 insn, struct arm_registers *r, u32 bytes)
{
	u32 n = a64_field(insn, 19, 16), m = insn & 15;

	if (m != 15)
		r->x[n] = (u32)(r->x[n] + (m == 13 ? bytes : r->x[m]));
}

static u64 get_element(const struct arm_registers *r, u32 d, u32 bytes, u32 index)
{
	return a32_vector_get(r, 64, d) >> 8 * bytes * index &
	       (bytes == 8 ? ~0ull : BIT(8 * bytes) - 1);
}

static void set_element(struct arm_registers *r, u32 d, u32 bytes, u32 index, u64 value)
{
	u64 mask = bytes == 8 ? ~0ull : BIT(8 * bytes) - 1;
	u32 shift = 8 * bytes * index;

	a32_vector_put(r, 64, d,
		       (a32_vector_get(r, 64, d) & ~(mask << shift)) | (value & mask) << shift);
}

/* VLD1 to VLD4, VST1 to VST4 of several structures: bits 11-8 say how many registers, and how far they are apart. */
enum a64_result a32_simd_structures(u32 insn, struct arm_registers *r)
{
	/* By type: elements of a structure, registers of each, distance; 0: not there. */
	static const struct {
		u8 elements, regs, distance;
	} types[16] = {
		[0x0] = { 4, 1, 1 }, [0x1] = { 4, 1, 2 }, [0x2] = { 1, 4, 1 }, [0x3] = { 2, 2, 2 },
		[0x4] = { 3, 1, 1 }, [0x5] = { 3, 1, 2 }, [0x6] = { 1, 3, 1 }, [0x7] = { 1, 1, 1 },
		[0x8] = { 2, 1, 1 }, [0x9] = { 2, 1, 2 }, [0xa] = { 1, 2, 1 },
	};
	u32 type = a64_field(insn, 11, 8), size = a64_field(insn, 7, 6),
	    align = a64_field(insn, 5, 4);
	u32 n = a64_field(insn, 19, 16), d = a32_vector_number(insn, 12, 22, false);
	u32 elements = types[type].elements, regs = types[type].regs, last;
	u32 bytes = 1u << size, at = base_of(insn, r);

	if (!elements || n == 15)
		return A64_UNPREDICTABLE;
	/* Doublewords are for VLD1 alone; alignments that are reserved: F6.1, each. */
	if ((size == 3 && elements > 1) || (type == 0x7 && align > 1) ||
	    (type == 0x6 && align > 1) || (type == 0xa && align == 3) ||
	    ((type == 0x8 || type == 0x9) && align == 3) || (elements == 3 && align > 1))
		return A64_UNDEFINED;
	last = d + (elements - 1) * types[type].distance + regs - 1;
	if (last > 31 || align)
		return A64_UNPREDICTABLE; /* what is not aligned faults */
	for (u32 g = 0; g < regs; g++)
		for (u32 e = 0; e < 8 / bytes; e++)
			for (u32 s = 0; s < elements; s++, at += bytes) {
				u32 v = d + g + s * types[type].distance;

				if (insn & BIT(21))
					set_element(r, v, bytes, e, a64_read(at, bytes));
				else
					a64_write(at, bytes, get_element(r, v, bytes, e));
			}
	write_back(insn, r, 8 * regs * elements);
	return A64_DONE;
}

/* VLD1 to VLD4, VST1 to VST4 of one structure: bits 11-10 the size, 9-8 the elements less one, 7-4 index and more. */
enum a64_result a32_simd_structure(u32 insn, struct arm_registers *r)
{
	u32 size = a64_field(insn, 11, 10), elements = a64_field(insn, 9, 8) + 1;
	u32 index_align = a64_field(insn, 7, 4), bytes = 1u << size, at = base_of(insn, r);
	u32 n = a64_field(insn, 19, 16), d = a32_vector_number(insn, 12, 22, false);
	u32 index = index_align >> (size + 1);
	u32 distance = size && (index_align >> size & 1) ? 2 : 1;

	/* Bit 0 and, of words, bit 1 ask for an alignment, or are reserved. */
	if (n == 15 || size == 3 || (index_align & (size == 2 ? 3 : 1)))
		return A64_UNPREDICTABLE;
	if (elements == 1 && distance == 2)
		return A64_UNDEFINED;
	if (d + (elements - 1) * distance > 31)
		return A64_UNPREDICTABLE;
	for (u32 s = 0; s < elements; s++)
		if (insn & BIT(21))
			set_element(r, d + s * distance, bytes, index,
				    a64_read(at + s * bytes, bytes));
		else
			a64_write(at + s * bytes, bytes,
				  get_element(r, d + s * distance, bytes, index));
	write_back(insn, r, elements * bytes);
	return A64_DONE;
}

/* VLD1 to VLD4 of one structure to all elements: bits 9-8 the elements less one, 7-6 the size, 5 the distance. */
enum a64_result a32_simd_structure_to_all(u32 insn, struct arm_registers *r)
{
	u32 elements = a64_field(insn, 9, 8) + 1, size = a64_field(insn, 7, 6), bytes = 1u << size;
	u32 n = a64_field(insn, 19, 16), d = a32_vector_number(insn, 12, 22, false);
	bool t = insn & BIT(5);
	u32 at = base_of(insn, r), distance = t && elements > 1 ? 2 : 1;
	u32 copies = elements == 1 && t ? 2 : 1; /* of VLD1, T is a second register */

	if (n == 15 || size == 3 || (insn & BIT(4)))
		return A64_UNPREDICTABLE;
	if (d + (elements - 1) * distance + copies - 1 > 31)
		return A64_UNPREDICTABLE;
	for (u32 s = 0; s < elements; s++) {
		u64 value = a64_read(at + s * bytes, bytes);

		for (u32 c = 0; c < copies; c++)
			for (u32 e = 0; e < 8 / bytes; e++)
				set_element(r, d + s * distance + c, bytes, e, value);
	}
	write_back(insn, r, elements * bytes);
	return A64_DONE;
}
