/* SPDX-License-Identifier: MIT */
/* Loads, stores, elements, immediates, permutations; lengths, boundaries, and faults that change nothing. */
#include "check.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/cr.h>
#include <string.h>

SUITE("Vector loads, stores, elements");

static u8 storage[3 * PAGE_SIZE] __aligned(PAGE_SIZE);

#define OPERAND (storage + 0x800)
#define END	(storage + 2 * PAGE_SIZE)

static void fill_storage(void)
{
	for (u32 n = 0; n < 2 * PAGE_SIZE; n++)
		storage[n] = (u8)(n * 13 + (n >> 8) * 7 + 1);
}

#define V18 2, 0, 0x10, 0, 8 /* for loads without an index: V1 = 18, displacement 16, M3 0 */

static struct execution set_up(const u8 *at)
{
	struct execution e = { .cc = 2 };

	fill_storage();
	fill_vectors(&e);
	e.gpr[VECTOR_BASE] = (ulong)at - 0x10;
	return e;
}

static struct bytes16 at_storage(const u8 *at)
{
	struct bytes16 v;

	memcpy(&v, at, 16);
	return v;
}

#define VX(name, manual)                                               \
	TEST(name, manual ": value, and what is not loaded or stored", \
	     SPEC("PoP SA22-7832-13, chapter 21, " manual),            \
		  REQUIRES(has_facility(FACILITY_VECTOR)))

VX(vl, "VECTOR LOAD (VL)")
{
	for (u32 off = 0; off < 16; off++) {
		u8 code[6];

		SUBTEST("off a quadword by %u", off);
		encode_vector_storage(code, V18, 0x06);
		expect_loaded(code, set_up(OPERAND + off), 18, at_storage(OPERAND + off));
	}
	SUBTEST("across pages");
	{
		u8 code[6];

		encode_vector_storage(code, V18, 0x06);
		expect_loaded(code, set_up(storage + PAGE_SIZE - 5), 18,
			      at_storage(storage + PAGE_SIZE - 5));
	}
}

VX(vst, "VECTOR STORE (VST)")
{
	for (u32 off = 0; off < 17; off++) {
		u8 *at = off == 16 ? storage + PAGE_SIZE - 7 : OPERAND + off, code[6], before,
		   after;
		struct execution e = set_up(at);

		SUBTEST("off a quadword by %u", off);
		before = at[-1];
		after = at[16];
		encode_vector_storage(code, V18, 0x0e);
		EXPECT_NO_FAULT(execute(code, 6, &e));
		EXPECT_MEM_EQ(at, &e.vr[18], 16);
		EXPECT_EQ(at[-1], before);
		EXPECT_EQ(at[16], after);
	}
}

VX(vlm, "VECTOR LOAD MULTIPLE, VECTOR STORE MULTIPLE")
{
	for (u32 count = 1; count <= 16; count++) {
		struct execution e = set_up(OPERAND), expected = e;
		u8 code[6];

		SUBTEST("VLM of %u", count);
		/* From v10 on: the last one may be in the upper half. */
		encode_vector_storage(code, 10, (10 + count - 1) & 15, 0x10, 0,
				      10 + count - 1 > 15 ? 4 : 0, 0x36);
		for (u32 n = 0; n < count; n++)
			put_vector(&expected, 10 + n, at_storage(OPERAND + 16 * n));
		EXPECT_NO_FAULT(execute(code, 6, &e));
		expect_vectors(&e, &expected, "loaded");
		SUBTEST("VSTM of %u", count);
		e = set_up(OPERAND);
		code[5] = 0x3e;
		EXPECT_NO_FAULT(execute(code, 6, &e));
		EXPECT_MEM_EQ(OPERAND, &e.vr[10], 16 * count);
		EXPECT_EQ(OPERAND[16 * count], (u8)((0x800 + 16 * count) * 13 + 0x800 / 256 * 7 +
						    16 * count / 256 * 7 + 1));
	}
	SUBTEST("last before first");
	{
		struct execution e = set_up(OPERAND);
		u8 code[6];

		encode_vector_storage(code, 10, 9, 0x10, 0, 0, 0x36);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6), execute(code, 6, &e));
	}
	SUBTEST("seventeen");
	{
		struct execution e = set_up(OPERAND);
		u8 code[6];

		encode_vector_storage(code, 2, 2, 0x10, 0, 4, 0x36);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6), execute(code, 6, &e));
	}
}

VX(vlrep, "VECTOR LOAD AND REPLICATE")
{
	for (u32 size = 0; size < 4; size++) {
		struct bytes16 v;
		u8 code[6];

		SUBTEST("size %u", size);
		fill_storage();
		for (u32 n = 0; n < 16; n++)
			v.byte[n] = OPERAND[3 + n % (1u << size)];
		encode_vector_storage(code, 2, 0, 0x10, size, 8, 0x05);
		expect_loaded(code, set_up(OPERAND + 3), 18, v);
	}
}

VX(vllez, "VECTOR LOAD LOGICAL ELEMENT AND ZERO")
{
	for (u32 size = 0; size < 4; size++) {
		struct bytes16 v = { { 0 } };
		u8 code[6];

		SUBTEST("size %u", size);
		fill_storage();
		memcpy(v.byte + 8 - (1u << size), OPERAND + 3, 1u << size);
		encode_vector_storage(code, 2, 0, 0x10, size, 8, 0x04);
		expect_loaded(code, set_up(OPERAND + 3), 18, v);
	}
}

static const u8 load_element[4] = { 0x00, 0x01, 0x03, 0x02 };

VX(vle, "VECTOR LOAD ELEMENT, VECTOR STORE ELEMENT")
{
	for (u32 size = 0; size < 4; size++) {
		for (u32 n = 0; n < elements(size); n++) {
			struct execution e = set_up(OPERAND + 3);
			struct bytes16 v = get_vector(&e, 18);
			u8 code[6];

			SUBTEST("size %u, element %u", size, n);
			memcpy(v.byte + (n << size), OPERAND + 3, 1u << size);
			encode_vector_storage(code, 2, 0, 0x10, n, 8, load_element[size]);
			expect_loaded(code, e, 18, v);
			v = get_vector(&e, 18);
			code[5] = (u8)(load_element[size] + 8);
			EXPECT_NO_FAULT(execute(code, 6, &e));
			EXPECT_MEM_EQ(OPERAND + 3, v.byte + (n << size), 1u << size);
			EXPECT_EQ(OPERAND[3 + (1u << size)],
				  (u8)((0x803 + (1u << size)) * 13 + 8 * 7 + 1));
		}
		if (!size)
			continue;
		SUBTEST("size %u, element %u, which there is not", size, elements(size));
		{
			struct execution e = set_up(OPERAND);
			u8 code[6];

			encode_vector_storage(code, 2, 0, 0x10, elements(size), 8,
					      load_element[size]);
			EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6), execute(code, 6, &e));
		}
	}
}

VX(vlgv, "VECTOR LOAD GR FROM VR ELEMENT, VECTOR LOAD VR ELEMENT FROM GR")
{
	for (u32 size = 0; size < 4; size++) {
		for (u32 n = 0; n < elements(size); n++) {
			struct execution e = { .cc = 1 }, expected;
			struct bytes16 v;
			u8 code[6];

			SUBTEST("size %u, element %u", size, n);
			fill_vectors(&e);
			/* The index is an address of which the last bits count. */
			e.gpr[VECTOR_BASE] = 0xfedcba9876543210 & ~0xfull;
			expected = e;
			expected.gpr[4] = element(get_vector(&e, 18), size, n);
			encode_vector_storage(code, 4, 2, n, size, 4, 0x21); /* VLGV r4,v18 */
			EXPECT_NO_FAULT(execute(code, 6, &e));
			expect_vectors(&e, &expected, "VLGV");
			expected = e;
			v = get_vector(&e, 18);
			set_element(&v, size, n, e.gpr[5]);
			put_vector(&expected, 18, v);
			encode_vector_storage(code, 2, 5, n, size, 8, 0x22); /* VLVG v18,r5 */
			EXPECT_NO_FAULT(execute(code, 6, &e));
			expect_vectors(&e, &expected, "VLVG");
		}
	}
}

VX(vll, "VECTOR LOAD WITH LENGTH, VECTOR STORE WITH LENGTH")
{
	for (u32 highest = 0; highest < 20; highest++) {
		u32 count = MIN(highest + 1, 16u);
		struct bytes16 v = { { 0 } };
		struct execution e = set_up(END - count);
		u8 code[6];

		SUBTEST("highest index %u", highest);
		/* Nothing beyond the length is looked at: the next page is absent. */
		space_unmap(space_kernel(), (ulong)END, PAGE_SIZE);
		memcpy(v.byte, END - count, count);
		e.gpr[5] = 0xabcdef0100000000 | highest;
		if (count == 16)
			e.gpr[5] |= 0x80000000;
		encode_vector_storage(code, 2, 5, 0x10, 0, 8, 0x37);
		expect_loaded(code, e, 18, v);
		v = get_vector(&e, 18);
		code[5] = 0x3f;
		EXPECT_NO_FAULT(execute(code, 6, &e));
		EXPECT_MEM_EQ(END - count, v.byte, count);
		EXPECT_EQ(END[-(s32)count - 1],
			  (u8)((2 * PAGE_SIZE - count - 1) * 13 + 31 * 7 + 1));
	}
}

VX(vlbb, "VECTOR LOAD TO BLOCK BOUNDARY, LOAD COUNT TO BLOCK BOUNDARY")
{
	for (u32 m = 0; m < 7; m++) {
		u32 block = 64u << m;

		for (u32 before = 1; before <= 20; before += 3) {
			u32 count = MIN(before, 16u);
			u8 *at = storage + PAGE_SIZE - before, code[6];
			struct execution e = set_up(at), expected;

			SUBTEST("block of %u, %u bytes before its end", block, before);
			encode_vector_storage(code, 2, 0, 0x10, m, 8, 0x07);
			expected = e;
			EXPECT_NO_FAULT(execute(code, 6, &e));
			EXPECT_MEM_EQ(&e.vr[18], at, count);
			e = expected;
			expected.gpr[4] = (e.gpr[4] & ~0xffffffffull) | count;
			expected.cc = count == 16 ? 0 : 3;
			encode_vector_storage(code, 4, 0, 0x10, m, 0, 0x27);
			EXPECT_NO_FAULT(execute(code, 6, &e));
			expect_vectors(&e, &expected, "LCBB");
		}
	}
}

TEST(vector_faults, "a fault in a load or store leaves registers and storage as they were",
     SPEC("PoP SA22-7832-13, chapter 21; chapter 5, Types of Instruction Ending"),
	  REQUIRES(has_facility(FACILITY_VECTOR)))
{
	static const struct {
		const char *name;
		u8 opcode, m;
	} rows[] = { { "VL", 0x06, 0 },	  { "VST", 0x0e, 0 },	{ "VLM", 0x36, 0 },
		     { "VSTM", 0x3e, 0 }, { "VLREP", 0x05, 3 }, { "VLEG", 0x02, 0 },
		     { "VSTEG", 0x0a, 0 } };

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct execution e = set_up(END - 5), before = e;
		u8 code[6], tail[5];

		SUBTEST("%s", rows[n].name);
		memcpy(tail, END - 5, 5);
		space_unmap(space_kernel(), (ulong)END, PAGE_SIZE);
		encode_vector_storage(code, 2, (rows[n].opcode & 0xf7) == 0x36 ? 6 : 0, 0x10,
				      rows[n].m, (rows[n].opcode & 0xf7) == 0x36 ? 12 : 8,
				      rows[n].opcode);
		EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(END), 6), execute(code, 6, &e));
		expect_vectors(&e, &before, "after the exception");
		EXPECT_MEM_EQ(END - 5, tail, 5);
	}
}
