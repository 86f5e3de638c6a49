/* SPDX-License-Identifier: MIT */
/* PERFORM LOCKED OPERATION: which functions there are, and those whose operands are in registers. */
#include "check.h"

#include <string.h>

SUITE("PERFORM LOCKED OPERATION");

#define TEST_BIT 0x100 /* bit 55 of register 0 */

static struct {
	u64 second, between, fourth, after;
} storage __aligned(16);

static u64 lock_token[2];

/* PLO r2,0(r9),r4,0(r10); of 32 or 64 bits. */
static struct fault plo(u32 function, u8 registers, struct execution *e)
{
	u8 code[6] = { 0xee, registers, 0x90, 0x00, 0xa0, 0x00 };

	e->gpr[0] = 0xffffffff00000000 | function;
	e->gpr[1] = (ulong)lock_token;
	e->gpr[9] = (ulong)&storage.second;
	e->gpr[10] = (ulong)&storage.fourth;
	return execute(code, 6, e);
}

TEST(plo_functions,
     "with the test bit, condition code 0 for the 24 functions and 3 for others, and nothing else",
     SPEC("PoP SA22-7832-13, chapter 7, PERFORM LOCKED OPERATION"))
{
	for (u32 function = 0; function < 256; function++) {
		struct execution e = { .cc = 2 }, expected;

		SUBTEST("function %u", function);
		fill_registers(&e);
		expected = e;
		EXPECT_NO_FAULT(plo(function | TEST_BIT, 0x24, &e));
		EXPECT_EQ(e.cc, function < 24 ? 0u : 3u);
		for (u32 n = 2; n < 9; n++)
			EXPECT_EQ(e.gpr[n], expected.gpr[n]);
	}
}

TEST(plo_unknown, "a function that there is not is a specification exception",
     SPEC("PoP SA22-7832-13, chapter 7, PERFORM LOCKED OPERATION"))
{
	static const u32 functions[] = { 24, 25, 32, 128, 255, 0x200, 0x8000 };

	for (u32 n = 0; n < ARRAY_SIZE(functions); n++) {
		struct execution e = { .cc = 2 };

		SUBTEST("%#x", functions[n]);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6), plo(functions[n], 0x24, &e));
	}
}

/* A doubleword of which only the left word is the operand, or all. */
static u64 operand(u64 value, u32 bits)
{
	return bits == 32 ? value << 32 | 0x5a5a5a5a : value;
}

static u64 in_register(u64 old, u64 value, u32 bits)
{
	return bits == 32 ? (old & ~0xffffffffull) | (u32)value : value;
}

#define OLD_2 0x1122334455667788ull
#define NEW_2 0x8877665544332211ull
#define OLD_4 0x99aabbccddeeff01ull
#define NEW_4 0x10ffeeddccbbaa99ull

/* What each does when its comparisons are equal, and when one of them is not. */
static void check_function(u32 function, u32 bits)
{
	enum { LOAD, SWAP, SWAP_BOTH, SWAP_AND_STORE } kind = function / 4;
	static const char *const cases[] = { "equal", "first unequal", "second unequal" };

	for (u32 which = 0; which < (kind == SWAP_BOTH ? 3u : 2u); which++) {
		struct execution e = { .cc = 3 }, expected;
		u64 second = which == 1 ? OLD_2 ^ 0x400 : OLD_2;
		u64 fourth = which == 2 ? OLD_4 ^ 0x800 : OLD_4;

		SUBTEST("function %u, %s", function, cases[which]);
		fill_registers(&e);
		e.gpr[2] = OLD_2;
		e.gpr[3] = NEW_2;
		e.gpr[4] = kind == SWAP_AND_STORE ? NEW_4 : OLD_4;
		e.gpr[5] = NEW_4;
		storage.second = operand(second, bits);
		storage.fourth = operand(fourth, bits);
		storage.between = storage.after = 0x5555555555555555;
		expected = e;
		expected.cc = which;
		EXPECT_NO_FAULT(plo(function, 0x24, &e));
		memcpy(expected.gpr, e.gpr, 2 * sizeof(u64));
		memcpy(expected.gpr + 9, e.gpr + 9, 2 * sizeof(u64));
		if (which == 1)
			expected.gpr[2] = in_register(expected.gpr[2],
						      operand(second, bits) >> (64 - bits), bits);
		else if (which == 2 || (!which && kind == LOAD))
			expected.gpr[4] = in_register(expected.gpr[4],
						      operand(fourth, bits) >> (64 - bits), bits);
		if (!which) {
			if (kind != LOAD)
				second = NEW_2;
			if (kind == SWAP_BOTH || kind == SWAP_AND_STORE)
				fourth = NEW_4;
		}
		expect_state(&e, &expected, "afterwards");
		EXPECT_EQ(storage.second, operand(second, bits));
		EXPECT_EQ(storage.fourth, operand(fourth, bits));
		EXPECT_EQ(storage.between, 0x5555555555555555ull);
		EXPECT_EQ(storage.after, 0x5555555555555555ull);
	}
}

TEST(plo_32,
     "compare and load, and swap, double compare and swap, compare and swap and store: of words",
     SPEC("PoP SA22-7832-13, chapter 7, PERFORM LOCKED OPERATION"))
{
	for (u32 function = 0; function < 16; function += 4)
		check_function(function, 32);
}

TEST(plo_64, "the same of doublewords in registers",
     SPEC("PoP SA22-7832-13, chapter 7, PERFORM LOCKED OPERATION"))
{
	for (u32 function = 2; function < 16; function += 4)
		check_function(function, 64);
}

TEST(plo_refused, "odd registers where there must be a pair, and operands off their boundary",
     SPEC("PoP SA22-7832-13, chapter 7, PERFORM LOCKED OPERATION"))
{
	static const struct {
		u32 function;
		u8 registers;
	} rows[] = {
		{ 4, 0x34 }, { 6, 0x34 }, { 8, 0x34 }, { 8, 0x25 }, { 10, 0x25 }, { 12, 0x34 }
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct execution e = { .cc = 3 };

		SUBTEST("function %u, registers %u and %u", rows[n].function,
			rows[n].registers >> 4, rows[n].registers & 15);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6),
			     plo(rows[n].function, rows[n].registers, &e));
	}
	for (u32 function = 0; function < 16; function += 2) {
		u8 code[6] = { 0xee, 0x24, 0x90, 0x02, 0xa0, 0x00 };
		struct execution e = { .cc = 3 };

		SUBTEST("function %u, operand off by 2", function);
		e.gpr[0] = function;
		e.gpr[1] = (ulong)lock_token;
		e.gpr[9] = (ulong)&storage.second;
		e.gpr[10] = (ulong)&storage.fourth;
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6), execute(code, 6, &e));
	}
}
