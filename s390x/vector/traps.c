/* SPDX-License-Identifier: MIT */
/*
 * Vector-processing exceptions: an IEEE exception whose mask is one suppresses the whole instruction; the
 * vector-exception code says which exception, and the element with the lowest index that has one.
 */
#include "check.h"

#include <string.h>

SUITE("Vector-processing exceptions", REQUIRES(has_facility(FACILITY_VECTOR)));

#define LONG 3

#define ONE	     0x3ff0000000000000
#define THREE	     0x4008000000000000
#define HALF	     0x3fe0000000000000
#define INFINITY     0x7ff0000000000000
#define LARGEST	     0x7fefffffffffffff
#define LEAST_NORMAL 0x0010000000000000
#define SNAN	     0x7ff0000000000001

static const struct {
	const char *name;
	u8 opcode;
	u64 a, b;
	u8 mask, code;
} rows[] = {
	{ "VFS, invalid operation", 0xe2, INFINITY, INFINITY, 0x80, 1 },
	{ "VFA, signaling NaN", 0xe3, ONE, SNAN, 0x80, 1 },
	{ "VFD, division by zero", 0xe5, ONE, 0, 0x40, 2 },
	{ "VFM, overflow", 0xe7, LARGEST, THREE, 0x20, 3 },
	{ "VFM, underflow", 0xe7, LEAST_NORMAL, HALF, 0x10, 4 },
	{ "VFD, inexact", 0xe5, ONE, THREE, 0x08, 5 },
};

/* The elements of the mask have the exception, others are exact. */
static struct execution prepare(u32 n, u32 where, u32 fpc_masks, u8 *code)
{
	struct execution e = { .cc = 2 };
	struct bytes16 v, w;

	fill_vectors(&e);
	for (u32 i = 0; i < 2; i++) {
		bool bad = where >> i & 1;

		set_element(&v, LONG, i, bad ? rows[n].a : ONE);
		set_element(&w, LONG, i, bad ? rows[n].b : ONE);
	}
	put_vector(&e, 7, v);
	put_vector(&e, 27, w);
	e.fpc = fpc_masks << 24;
	encode_vector(code, rows[n].opcode, 19, 7, 27, 0, 0, LONG);
	return e;
}

TEST(vector_traps,
     "an exception whose mask is one is a vector-processing exception, and nothing is changed",
     SPEC("PoP SA22-7832-13, chapter 6, Vector-Processing Exception; chapter 24"))
{
	static const char *const elements_names[] = { "", "element 0", "element 1",
						      "both elements" };

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		for (u32 where = 1; where < 4; where++) {
			u8 code[6], index = where & 1 ? 0 : 1,
				    vxc = (u8)(index << 4 | rows[n].code);
			struct execution e = prepare(n, where, rows[n].mask, code), expected = e;

			SUBTEST("%s, %s", rows[n].name, elements_names[where]);
			EXPECT_FAULT(WITH_ILC(PGM_VECTOR_PROCESSING, 6), execute(code, 6, &e));
			EXPECT_EQ(trap_last_frame()->info.dxc & 0xff, vxc);
			EXPECT_EQ(trap_last_frame()->psw.addr, trap_last_frame()->ip + 6);
			/* The code is in the FPC register, too. */
			expected.fpc |= (u32)vxc << 8;
			expect_vectors(&e, &expected, "suppressed");
		}
	}
}

TEST(vector_traps_masked, "an exception whose mask is zero is a flag, whatever other masks are",
     SPEC("PoP SA22-7832-13, chapter 9, IEEE Exceptions; chapter 24"))
{
	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		u8 code[6];
		/* Overflow and underflow are inexact as well. */
		u32 others = 0xf8 & ~(rows[n].mask | (rows[n].code == 3 ? 0x08u : 0));
		struct execution e = prepare(n, 2, others, code);

		SUBTEST("%s", rows[n].name);
		EXPECT_NO_FAULT(execute(code, 6, &e));
		if (rows[n].code != 4) /* what is exact is no underflow then */
			EXPECT_EQ(e.fpc >> 16 & rows[n].mask, rows[n].mask);
		EXPECT_EQ(e.fpc >> 24, others);
		EXPECT_EQ(e.fpc & 0xff00, 0u);
	}
}

TEST(vector_traps_order, "the element with the lower index decides, whichever exception it has",
     SPEC("PoP SA22-7832-13, chapter 6, Vector-Exception Code"))
{
	for (u32 first = 0; first < 2; first++) {
		/* 1 / 0 and 1 / 3. */
		struct execution e = { .cc = 2 };
		struct bytes16 v, w;
		u8 code[6];

		SUBTEST("%s first", first ? "inexact" : "division by zero");
		fill_vectors(&e);
		set_element(&v, LONG, 0, ONE);
		set_element(&v, LONG, 1, ONE);
		set_element(&w, LONG, first, 0);
		set_element(&w, LONG, !first, THREE);
		put_vector(&e, 7, v);
		put_vector(&e, 27, w);
		e.fpc = 0xf8000000;
		encode_vector(code, 0xe5, 19, 7, 27, 0, 0, LONG);
		EXPECT_FAULT(WITH_ILC(PGM_VECTOR_PROCESSING, 6), execute(code, 6, &e));
		EXPECT_EQ(trap_last_frame()->info.dxc & 0xff, first ? 5u : 2u);
	}
}
