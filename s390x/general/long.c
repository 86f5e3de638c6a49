/* SPDX-License-Identifier: MIT */
/*
 * Moves and comparisons of long operands in register pairs, which may end with condition code 3 or by an
 * interruption and go on where they were: lengths, padding, addressing modes, a fault in the middle.
 */
#include "check.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/cr.h>
#include <stdio.h>
#include <string.h>

SUITE("Long operands");

#define MVCL  0x0e
#define CLCL  0x0f
#define MVCLE 0xa8
#define CLCLE 0xa9

#define R1 2
#define R3 4 /* R2 of MVCL and CLCL */

static u8 area[4 * PAGE_SIZE] __aligned(PAGE_SIZE), expected_area[4 * PAGE_SIZE];

struct long_operands {
	u32 first, first_length, second, second_length; /* offsets in `area` */
	u8 pad;
	u64 psw, garbage;
};

static bool extended(u8 opcode)
{
	return opcode == MVCLE || opcode == CLCLE;
}

/* Executes until it is complete: condition code 3 of the extended ones is to be gone on with. */
static struct fault run(u8 opcode, const struct long_operands *o, struct execution *e)
{
	u8 code[4] = { opcode, (u8)(R1 << 4 | R3), 0x90, 0 };
	struct fault fault;

	e->gpr[9] = 0xfedcba9876543200 |
		    o->pad; /* the second operand's address is the padding byte */
	do {
		fault = execute(code, extended(opcode) ? 4 : 2, e);
	} while (extended(opcode) && !fault.kind && e->cc == 3);
	return fault;
}

static struct execution set_up(u8 opcode, const struct long_operands *o)
{
	struct execution e = { .cc = 0, .psw = o->psw };

	fill_registers(&e);
	e.gpr[R1] = (ulong)area + o->first + o->garbage;
	e.gpr[R3] = (ulong)area + o->second + o->garbage;
	if (extended(opcode)) {
		u64 left = o->psw && !(o->psw & PSW_EA) ? 0x7777777700000000 : 0;

		e.gpr[R1 + 1] = left | o->first_length;
		e.gpr[R3 + 1] = left | o->second_length;
	} else {
		/* 24 bits of length; what is left of that stays, but for the padding byte's operand. */
		e.gpr[R1 + 1] = 0x1122334455000000 | o->first_length;
		e.gpr[R3 + 1] = 0x5566778800000000 | (u64)o->pad << 24 | o->second_length;
	}
	return e;
}

static u64 advanced(const struct long_operands *o, u64 before, u32 by)
{
	u64 after = before + by;

	if (!o->psw || (o->psw & PSW_EA))
		return after;
	return (before & ~0xffffffffull) | (after & 0x7fffffff);
}

static void fill(void)
{
	for (u32 n = 0; n < sizeof(area); n++)
		area[n] = (u8)(n * 29 + (n >> 8) * 3);
}

/* What the registers are when `moved` bytes of the first and `used` of the second operand are done. */
static void expect_registers(u8 opcode, const struct long_operands *o, struct execution *e,
			     u32 moved, u32 used)
{
	e->gpr[R1] = advanced(o, e->gpr[R1], moved);
	e->gpr[R3] = advanced(o, e->gpr[R3], used);
	e->gpr[R1 + 1] -= moved;
	e->gpr[R3 + 1] -= used;
	(void)opcode;
}

static void check_move(u8 opcode, struct long_operands o)
{
	struct execution e, expected;
	u32 used = MIN(o.first_length, o.second_length);
	char where[64];

	fill();
	memcpy(expected_area, area, sizeof(area));
	for (u32 n = 0; n < o.first_length; n++)
		expected_area[o.first + n] = n < o.second_length ? area[o.second + n] : o.pad;
	e = set_up(opcode, &o);
	expected = e;
	snprintf(where, sizeof(where), "%u from %u", o.first_length, o.second_length);
	EXPECT_NO_FAULT(run(opcode, &o, &e), "%s", where);
	expected.gpr[9] = e.gpr[9];
	expect_registers(opcode, &o, &expected, o.first_length, used);
	expected.cc = o.first_length == o.second_length	 ? 0
		      : o.first_length < o.second_length ? 1
							 : 2;
	/* Bits of an address left of 31 or 24: zeros or as they were. */
	if (o.psw && !(o.psw & PSW_EA)) {
		expected.gpr[R1] = (expected.gpr[R1] & ~0x80000000ull) | (e.gpr[R1] & 0x80000000);
		expected.gpr[R3] = (expected.gpr[R3] & ~0x80000000ull) | (e.gpr[R3] & 0x80000000);
	}
	expect_state(&e, &expected, where);
	EXPECT_MEM_EQ(area, expected_area, sizeof(area), "%s", where);
}

static const u16 lengths[] = { 0, 1, 2, 7, 8, 255, 256, 257, 1000, 4095, 4096, 4097, 5000 };

static void check_moves(u8 opcode)
{
	for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
		SUBTEST("first length %u", lengths[n]);
		for (u32 k = 0; k < ARRAY_SIZE(lengths); k++)
			check_move(opcode,
				   (struct long_operands){ 100, lengths[n], 8300, lengths[k],
							   (u8)(n * 16 + k), 0, 0 });
	}
	SUBTEST("31-bit addresses");
	for (u32 k = 0; k < ARRAY_SIZE(lengths); k++)
		check_move(opcode,
			   (struct long_operands){ 100, 4500, 8300, lengths[k], 0x40,
						   PSW_KERNEL & ~PSW_EA, 0xabcdef0100000000 });
	SUBTEST("problem state");
	check_move(opcode, (struct long_operands){ 4000, 300, 8100, 200, 0x5c,
						   PSW_KERNEL | PSW_PROBLEM, 0 });
}

/* The third page is absent, or protected, when the move comes to it; then it is there, and it goes on. */
static void check_interrupted(u8 opcode)
{
	struct long_operands o = { PAGE_SIZE + 1000, 3600, 100, 3000, 0x99, 0, 0 };
	u8 *page = area + 2 * PAGE_SIZE;
	struct execution e, before;
	struct fault fault;
	u32 moved;

	for (u32 protect = 0; protect < 2; protect++) {
		SUBTEST("%s", protect ? "protected" : "absent");
		fill();
		memcpy(expected_area, area, sizeof(area));
		for (u32 n = 0; n < o.first_length; n++)
			expected_area[o.first + n] = n < o.second_length ? area[o.second + n]
									 : o.pad;
		e = before = set_up(opcode, &o);
		*space_entry_at(space_kernel(), (ulong)page, 0) |= protect ? PTE_PROTECT
									   : PTE_INVALID;
		purge_tlb();
		fault = run(opcode, &o, &e);
		*space_entry_at(space_kernel(), (ulong)page, 0) &= ~(PTE_PROTECT | PTE_INVALID);
		purge_tlb();
		EXPECT_FAULT(protect ? PGM_PROTECTION(page) : PGM_PAGE_TRANSLATION(page), fault);
		/* A unit of operation is complete or has not begun; nothing in the page was changed. */
		moved = (u32)(e.gpr[R1] - before.gpr[R1]);
		EXPECT_LE(moved, (u32)(2 * PAGE_SIZE - o.first));
		EXPECT_EQ(e.gpr[R1 + 1], before.gpr[R1 + 1] - moved);
		EXPECT_EQ(e.gpr[R3] - before.gpr[R3], MIN(moved, o.second_length));
		EXPECT_EQ(e.gpr[R3 + 1], before.gpr[R3 + 1] - MIN(moved, o.second_length));
		EXPECT_MEM_EQ(area + o.first, expected_area + o.first, moved);
		EXPECT_NO_FAULT(run(opcode, &o, &e));
		EXPECT_EQ(e.cc, 2u);
		EXPECT_MEM_EQ(area, expected_area, sizeof(area));
	}
}

static void check_compares(u8 opcode)
{
	for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
		SUBTEST("first length %u", lengths[n]);
		for (u32 k = 0; k < ARRAY_SIZE(lengths); k++) {
			for (u32 at = 0; at < 5001; at = at * 4 + 1) {
				struct long_operands o = { 100,	 lengths[n], 8300, lengths[k],
							   0x40, 0,	     0 };
				u32 longer = MAX(o.first_length, o.second_length), differ = longer;
				struct execution e, expected;
				u8 a = 0, b = 0;
				char where[64];

				memset(area, 0x40, sizeof(area));
				for (u32 m = 0; m < MIN(o.first_length, o.second_length); m++)
					area[100 + m] = area[8300 + m] = (u8)(m * 5);
				if (at < o.second_length)
					area[8300 + at] ^= 0x80;
				e = set_up(opcode, &o);
				expected = e;
				for (u32 m = longer; m-- > 0;) {
					u8 x = m < o.first_length ? area[100 + m] : o.pad;
					u8 y = m < o.second_length ? area[8300 + m] : o.pad;

					if (x != y)
						differ = m, a = x, b = y;
				}
				expected.cc = differ == longer ? 0 : a < b ? 1 : 2;
				expect_registers(opcode, &o, &expected, MIN(differ, o.first_length),
						 MIN(differ, o.second_length));
				snprintf(where, sizeof(where), "%u with %u, differ at %u",
					 o.first_length, o.second_length, differ);
				EXPECT_NO_FAULT(run(opcode, &o, &e), "%s", where);
				expected.gpr[9] = e.gpr[9];
				expect_state(&e, &expected, where);
			}
		}
	}
}

#define LONG(name, manual, check, opcode)                                  \
	TEST(name, manual ": lengths, padding, registers, condition code", \
	     SPEC("PoP SA22-7832-13, chapter 7, " manual))                 \
	{                                                                  \
		check(opcode);                                             \
	}

LONG(mvcl, "MOVE LONG", check_moves, MVCL)
LONG(mvcle, "MOVE LONG EXTENDED", check_moves, MVCLE)
LONG(clcl, "COMPARE LOGICAL LONG", check_compares, CLCL)
LONG(clcle, "COMPARE LOGICAL LONG EXTENDED", check_compares, CLCLE)

TEST(mvcl_interrupted,
     "a fault in the middle of MVCL leaves registers that say how far it came, and it goes on",
     SPEC("PoP SA22-7832-13, chapter 7, MOVE LONG; chapter 5, Interruptible Instructions"))
{
	check_interrupted(MVCL);
}

TEST(mvcle_interrupted,
     "a fault in the middle of MVCLE leaves registers that say how far it came, and it goes on",
     SPEC("PoP SA22-7832-13, chapter 7, MOVE LONG EXTENDED; chapter 5, Interruptible Instructions"))
{
	check_interrupted(MVCLE);
}

TEST(mvcl_overlap, "MVCL into what it still has to read has condition code 3 and moves nothing",
     SPEC("PoP SA22-7832-13, chapter 7, MOVE LONG: Destructive Overlap"))
{
	struct long_operands o = { 101, 50, 100, 50, 0, 0, 0 };
	struct execution e, before;

	fill();
	memcpy(expected_area, area, sizeof(area));
	e = before = set_up(MVCL, &o);
	EXPECT_NO_FAULT(run(MVCL, &o, &e));
	EXPECT_EQ(e.cc, 3u);
	before.gpr[9] = e.gpr[9];
	before.cc = 3;
	expect_state(&e, &before, "nothing moved");
	EXPECT_MEM_EQ(area, expected_area, sizeof(area));
	/* To the left, or after the second operand, there is none. */
	check_move(MVCL, (struct long_operands){ 99, 50, 100, 50, 0, 0, 0 });
	check_move(MVCL, (struct long_operands){ 150, 50, 100, 50, 0, 0, 0 });
}

TEST(mvcl_24,
     "with 24-bit addresses, what is left of them in the registers becomes zero, also if nothing is moved",
     SPEC("PoP SA22-7832-13, chapter 7, MOVE LONG: bit positions 32-39 of R1 and R2"))
{
	static const u32 pairs[][2] = { { 0, 0 }, { 0, 5 }, { 5, 0 }, { 300, 300 }, { 5000, 17 } };

	for (u32 n = 0; n < ARRAY_SIZE(pairs); n++) {
		const u32 first = pairs[n][0], second = pairs[n][1];
		static const u8 code[2] = { MVCL, R1 << 4 | R3 };
		struct execution e = { .cc = 3, .psw = PSW_DAT };
		ulong to = (ulong)area, from = (ulong)area + 2 * PAGE_SIZE;

		SUBTEST("%u from %u", first, second);
		fill();
		e.gpr[R1] = 0x112233445a000000 | to;
		e.gpr[R3] = 0x55667788a5000000 | from;
		e.gpr[R1 + 1] = first;
		e.gpr[R3 + 1] = 0x40000000 | second;
		EXPECT_NO_FAULT(execute(code, 2, &e));
		EXPECT_EQ(e.cc, first == second ? 0u : first < second ? 1u : 2u);
		EXPECT_EQ(e.gpr[R1], 0x1122334400000000 | (to + first));
		EXPECT_EQ(e.gpr[R3], 0x5566778800000000 | (from + MIN(first, second)));
		EXPECT_EQ((u32)e.gpr[R1 + 1], 0u);
		EXPECT_EQ((u32)e.gpr[R3 + 1], 0x40000000 | (second - MIN(first, second)));
		if (first > second)
			EXPECT_EQ(area[first - 1], 0x40);
		if (first && second)
			EXPECT_EQ(area[0], area[2 * PAGE_SIZE]);
	}
}
