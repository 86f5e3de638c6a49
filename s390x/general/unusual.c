/* SPDX-License-Identifier: MIT */
/* General instructions that few programs use: BSM, BASSM, CPYA, LMD, SRSTU, TRTE, TRTRE, ECAG, ECTG. */
#include "check.h"

#include <mm/page.h>
#include <s390x/clock.h>
#include <string.h>

SUITE("Unusual general instructions");

static u8 area[PAGE_SIZE] __aligned(PAGE_SIZE);

TEST(copy_access, "COPY ACCESS copies one access register to another",
     SPEC("PoP SA22-7832-13, chapter 7, COPY ACCESS"))
{
	for (u32 to = 0; to < 16; to++) {
		u32 from = (to * 7 + 3) % 16;
		u8 code[] = { 0xb2, 0x4d, 0x00, (u8)(to << 4 | from) };
		struct execution e = { .cc = 1, .flags = EXECUTE_AR };

		SUBTEST("%u from %u", to, from);
		for (u32 n = 0; n < 16; n++)
			e.ar[n] = 0x10203040 * (n + 1);
		EXPECT_NO_FAULT(execute(code, 4, &e));
		for (u32 n = 0; n < 16; n++)
			EXPECT_EQ(e.ar[n], 0x10203040 * ((n == to ? from : n) + 1));
		EXPECT_EQ(e.cc, 1u);
	}
}

static const struct {
	const char *name;
	u64 psw;
	u64 mark; /* that the mode leaves in an address */
	u32 code; /* TAM's condition code */
} modes[] = {
	{ "24", PSW_KERNEL & ~(PSW_EA | PSW_BA), 0, 0 },
	{ "31", PSW_KERNEL & ~PSW_EA, 0x80000000, 1 },
	{ "64", PSW_KERNEL, 1, 3 },
};

/* BSM or BASSM r2,r9 to the end from each mode, or to nowhere; TAM there. */
static void check_set_mode(u8 opcode)
{
	for (u32 from = 0; from < ARRAY_SIZE(modes); from++) {
		for (u32 to = 0; to <= ARRAY_SIZE(modes); to++) {
			bool branch = to < ARRAY_SIZE(modes);
			u8 code[] = { opcode, branch ? 0x29 : 0x20, 0x07, 0x00, 0x01, 0x0b };
			struct execution e = { .cc = 2, .psw = modes[from].psw };
			u64 next = execute_address(4), old = 0x1122334455667788, saved;

			SUBTEST("from %s, to %s", modes[from].name,
				branch ? modes[to].name : "register 0");
			e.gpr[2] = old;
			e.gpr[9] = execute_address(2) | (branch ? modes[to].mark : 0);
			EXPECT_NO_FAULT(execute(code, sizeof(code), &e));
			EXPECT_EQ(e.cc, branch ? modes[to].code : modes[from].code);
			if (opcode == 0x0b)
				/* BSM: the mode alone. */
				saved = from == 2 ? old | 1
						  : (old & ~0x80000000ull) | modes[from].mark;
			else
				saved = from == 2
						? next | 1
						: (old & ~0xffffffffull) | next | modes[from].mark;
			EXPECT_EQ(e.gpr[2], saved);
		}
	}
}

TEST(bsm,
     "BRANCH AND SET MODE: the old mode goes into R1, the new one comes from R2 with the address",
     SPEC("PoP SA22-7832-13, chapter 7, BRANCH AND SET MODE"))
{
	check_set_mode(0x0b);
}

TEST(bassm,
     "BRANCH AND SAVE AND SET MODE: the same, with the address of the next instruction in R1",
     SPEC("PoP SA22-7832-13, chapter 7, BRANCH AND SAVE AND SET MODE"))
{
	check_set_mode(0x0c);
}

TEST(lmd, "LOAD MULTIPLE DISJOINT: left halves from one place, right halves from another",
     SPEC("PoP SA22-7832-13, chapter 7, LOAD MULTIPLE DISJOINT"))
{
	for (u32 r1 = 0; r1 < 16; r1 += 3) {
		for (u32 r3 = 0; r3 < 16; r3 += 5) {
			u8 code[] = { 0xef, (u8)(r1 << 4 | r3), 0x90, 0x00, 0xa0, 0x00 };
			struct execution e = { .cc = 1 }, expected;

			SUBTEST("registers %u to %u", r1, r3);
			fill_registers(&e);
			for (u32 n = 0; n < 256; n++)
				area[n] = (u8)(n * 11 + 3);
			e.gpr[9] = (ulong)area;
			e.gpr[10] = (ulong)area + 0x81;
			expected = e;
			for (u32 n = 0; n <= (r3 - r1) % 16; n++) {
				u32 left, right;

				memcpy(&left, area + 4 * n, 4);
				memcpy(&right, area + 0x81 + 4 * n, 4);
				expected.gpr[(r1 + n) % 16] = (u64)left << 32 | right;
			}
			EXPECT_NO_FAULT(execute(code, 6, &e));
			expect_state(&e, &expected, "loaded");
		}
	}
}

TEST(srstu, "SEARCH STRING UNICODE: a character of two bytes, on even distances alone",
     SPEC("PoP SA22-7832-13, chapter 7, SEARCH STRING UNICODE"),
	  REQUIRES(has_facility(FACILITY_ETF_3)))
{
	static const u8 code[] = { 0xb9, 0xbe, 0x00, 0x24 };

	for (u32 length = 0; length <= 600; length += length < 8 ? 2 : 74) {
		for (u32 where = 0; where <= length; where += 1 + length / 5) {
			struct execution e = { .cc = 0 }, expected;
			bool found = where % 2 == 0 && where + 2 <= length;
			u32 executions = 0;

			SUBTEST("length %u, at %u", length, where);
			memset(area, 0x11, sizeof(area));
			area[32 + where] = 0x12;
			area[33 + where] = 0x34;
			fill_registers(&e);
			e.gpr[0] = 0x1122334400001234;
			e.gpr[2] = (ulong)area + 32 + length;
			e.gpr[4] = (ulong)area + 32;
			expected = e;
			expected.cc = found ? 1 : 2;
			if (found)
				expected.gpr[2] = (ulong)area + 32 + where;
			do {
				EXPECT_NO_FAULT(execute(code, 4, &e));
			} while (e.cc == 3 && ++executions < 1000);
			expect_state(&e, &expected, "searched");
		}
	}
	SUBTEST("bits 32-47 of register 0");
	{
		struct execution e = { .cc = 0 };

		e.gpr[0] = 0x10000;
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(code, 4, &e));
	}
}

#define FACILITY_PARSING 26

/* M3: bit 0 two-byte arguments, bit 1 two-byte functions, bit 2 limits arguments to one byte's. */
static void check_parsing(u8 opcode, bool backward)
{
	static u8 table[512] __aligned(8);

	for (u32 m3 = 0; m3 < 8; m3 += 4) {
		for (u32 where = 0; where <= 100; where += where < 98 ? 7 : 2) {
			u32 function_size = m3 & 4 ? 2 : 1;
			u8 code[] = { 0xb9, opcode, (u8)(m3 << 4), 0x24 };
			struct execution e = { .cc = 3 };
			u8 *start = backward ? area + 499 : area + 400;
			u32 executions = 0;

			SUBTEST("M3 %u, at %u", m3, where);
			memset(table, 0, sizeof(table));
			memset(area, 0x41, 1000);
			table[0x42 * function_size + function_size - 1] = 0x77;
			if (where < 100)
				start[backward ? -(s32)where : (s32)where] = 0x42;
			e.gpr[1] = (ulong)table;
			e.gpr[2] = (ulong)start;
			e.gpr[3] = 100;
			e.gpr[4] = 0xeeeeeeeeeeeeeeee;
			do {
				EXPECT_NO_FAULT(execute(code, 4, &e));
			} while (e.cc == 3 && ++executions < 1000);
			EXPECT_EQ(e.cc, where < 100 ? 1u : 0u);
			EXPECT_EQ(e.gpr[2], (ulong)(backward ? start - where : start + where));
			EXPECT_EQ(e.gpr[3], 100u - where);
			EXPECT_EQ(e.gpr[4], where < 100 ? 0x77u : 0u);
		}
	}
}

TEST(trte, "TRANSLATE AND TEST EXTENDED: the first function that is not zero, one byte or two",
     SPEC("PoP SA22-7832-13, chapter 7, TRANSLATE AND TEST EXTENDED"),
	  REQUIRES(has_facility(FACILITY_PARSING)))
{
	check_parsing(0xbf, false);
}

TEST(trtre, "TRANSLATE AND TEST REVERSE EXTENDED: the same, from the right",
     SPEC("PoP SA22-7832-13, chapter 7, TRANSLATE AND TEST REVERSE EXTENDED"),
	  REQUIRES(has_facility(FACILITY_PARSING)))
{
	check_parsing(0xbd, true);
}

TEST(ectg,
     "EXTRACT CPU TIME: the timer taken from the first operand, the second operand, and the third's",
     SPEC("PoP SA22-7832-13, chapter 7, EXTRACT CPU TIME"), REQUIRES(has_facility(31)))
{
	/* ECTG 0(9),8(10),11 */
	static const u8 code[] = { 0xc8, 0xb1, 0x90, 0x00, 0xa0, 0x08 };
	struct execution e = { .cc = 1 };
	u64 words[2] = { 0x2000000000000000, 0x123456789abcdef0 }, third = 0x0fedcba987654321;
	s64 before, after;

	set_cpu_timer(0x1000000000000000);
	e.gpr[9] = (ulong)words;
	e.gpr[10] = (ulong)words;
	e.gpr[11] = (ulong)&third;
	before = store_cpu_timer();
	EXPECT_NO_FAULT(execute(code, 6, &e));
	after = store_cpu_timer();
	set_cpu_timer(CPU_TIMER_NEVER);
	/* The timer counts down. */
	EXPECT_GE((s64)e.gpr[0], 0x2000000000000000 - before);
	EXPECT_LE((s64)e.gpr[0], 0x2000000000000000 - after);
	EXPECT_EQ(e.gpr[1], words[1]);
	EXPECT_EQ(e.gpr[11], third);
	EXPECT_EQ(e.cc, 1u);
}

TEST(ecag, "EXTRACT CPU ATTRIBUTE: attributes and levels that do not exist are all ones",
     SPEC("PoP SA22-7832-13, chapter 7, EXTRACT CPU ATTRIBUTE"),
	  REQUIRES(has_facility(FACILITY_GIEF)))
{
	static const u8 code[] = { 0xeb, 0x20, 0x90, 0x00, 0x00, 0x4c };

	/* Attribute indications 3 to 15 are reserved; the address is bits 56-63. */
	for (u32 attribute = 3; attribute < 16; attribute++) {
		struct execution e = { .cc = 1 };

		SUBTEST("attribute %u", attribute);
		e.gpr[9] = attribute << 4;
		EXPECT_NO_FAULT(execute(code, 6, &e));
		EXPECT_EQ(e.gpr[2], ~0ull);
		EXPECT_EQ(e.cc, 1u);
	}
}
