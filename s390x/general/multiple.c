/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores of several registers: every first and last register, with wrapping from 15 to 0, and
 * faults in the middle, after which nothing has happened.
 */
#include "check.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/cr.h>
#include <stdio.h>
#include <string.h>

SUITE("Multiple registers");

#define OPERAND (operand_pages() + 0x800)

struct multiple {
	enum insn_format format;
	u16 opcode;
	u8 size;  /* bytes for each register */
	u8 shift; /* 32: the left halves */
	bool store, access;
};

static void put(u8 *at, u64 value, u32 size)
{
	for (u32 n = 0; n < size; n++)
		at[n] = (u8)(value >> 8 * (size - 1 - n));
}

static u64 get(const u8 *at, u32 size)
{
	u64 value = 0;

	for (u32 n = 0; n < size; n++)
		value = value << 8 | at[n];
	return value;
}

static void model(const struct multiple *m, u32 first, u32 last, u8 *storage, struct execution *e)
{
	for (u32 n = first;; n = (n + 1) % 16, storage += m->size) {
		u64 value = m->access ? e->ar[n] : e->gpr[n] >> m->shift;

		if (m->store)
			put(storage, value, m->size);
		else if (m->access)
			e->ar[n] = (u32)get(storage, 4);
		else if (m->size == 8)
			e->gpr[n] = get(storage, 8);
		else
			e->gpr[n] = (e->gpr[n] & ~(0xffffffffull << m->shift)) |
				    get(storage, 4) << m->shift;
		if (n == last)
			return;
	}
}

/* A base register among those that are loaded is used before it changes. */
static u8 base_for(u32 first)
{
	return (u8)(first % 3 == 0 && first ? first : first == 9 ? 10 : 9);
}

static struct execution set_up(const struct multiple *m, u8 base, const u8 *at, u64 psw)
{
	struct execution e = { .cc = 3, .psw = psw, .flags = m->access ? EXECUTE_AR : 0 };

	fill_registers(&e);
	for (u32 n = 0; n < 16; n++)
		e.ar[n] = 0x21436587 * (n + 3);
	e.gpr[base] = (ulong)at + 8 + (psw && !(psw & PSW_EA) ? 0xcafebabe80000000 : 0);
	return e;
}

static u32 encode(const struct multiple *m, u32 first, u32 last, u8 base, u8 *code)
{
	struct insn_fields f = { .r1 = (u8)first, .r3 = (u8)last, .b2 = base, .d2 = -8 };

	if (m->format == INSN_RS)
		f.d2 = 0;
	return insn_encode(m->format, m->opcode, &f, code);
}

static void check_one(const struct multiple *m, u32 first, u32 last, u8 *at, u64 psw, bool ex)
{
	u32 bytes = m->size * ((last - first) % 16 + 1), size;
	struct execution e, expected;
	u8 base = base_for(first), wanted[128], code[6];
	char where[32];

	fill_operand_pages();
	e = set_up(m, base, at, psw);
	if (m->format == INSN_RS)
		e.gpr[base] -= 8;
	expected = e;
	memcpy(wanted, at, bytes);
	model(m, first, last, wanted, &expected);
	size = encode(m, first, last, base, code);
	EXPECT_NO_FAULT(ex ? execute_target(EXECUTE_BY_EXRL, code, size, 0, &e)
			   : execute(code, size, &e));
	snprintf(where, sizeof(where), "registers %u to %u", first, last);
	if (!same_state(&e, &expected))
		expect_state(&e, &expected, where);
	EXPECT_MEM_EQ(e.ar, expected.ar, sizeof(e.ar), "%s", where);
	EXPECT_MEM_EQ(at, wanted, bytes, "%s", where);
	expect_pattern(at, bytes, where);
}

static void check_refused(const struct multiple *m, u32 first, u32 last, u8 *at, struct fault fault)
{
	struct execution e, expected;
	u8 base = base_for(first), code[6];
	u32 size;

	fill_operand_pages();
	e = set_up(m, base, at, 0);
	if (m->format == INSN_RS)
		e.gpr[base] -= 8;
	expected = e;
	size = encode(m, first, last, base, code);
	EXPECT_FAULT(WITH_ILC(fault, size), execute(code, size, &e));
	expect_state(&e, &expected, "after the exception");
	EXPECT_MEM_EQ(e.ar, expected.ar, sizeof(e.ar));
	expect_pattern(at, 0, "after the exception");
}

static void check(const struct multiple *m)
{
	u8 *end = operand_end(), *second = operand_pages() + PAGE_SIZE;

	for (u32 first = 0; first < 16; first++) {
		SUBTEST("from register %u", first);
		for (u32 last = 0; last < 16; last++)
			check_one(m, first, last, OPERAND, 0, false);
	}
	SUBTEST("problem state");
	check_one(m, 5, 8, OPERAND, PSW_KERNEL | PSW_PROBLEM, false);
	SUBTEST("31-bit addresses");
	check_one(m, 13, 2, OPERAND, PSW_KERNEL & ~PSW_EA, false);
	SUBTEST("executed by EXRL");
	check_one(m, 4, 7, OPERAND, 0, true);
	for (u32 by = 4; by <= 32; by += 4) {
		SUBTEST("across pages by %u", by);
		check_one(m, 2, 12, second - by, 0, false);
		if (!m->access)
			check_one(m, 14, 6, second - by + 1, 0, false);
	}
	for (u32 by = 4; by <= 32; by += 4) {
		SUBTEST("absent after %u bytes", by);
		check_refused(m, 1, 13, end - by, PGM_PAGE_TRANSLATION(end));
	}
	SUBTEST("absent in the middle of a register");
	if (m->access)
		check_refused(m, 1, 13, end - 2, PGM_SPECIFICATION);
	else
		check_refused(m, 15, 3, end - 6, PGM_PAGE_TRANSLATION(end));
	for (u32 off = 1; m->access && off < 4; off++) {
		SUBTEST("off the boundary by %u", off);
		check_refused(m, 3, 5, OPERAND + off, PGM_SPECIFICATION);
	}
	if (!m->store)
		return;
	for (u32 n = 0; n < 4; n++) {
		struct execution e = set_up(m, 9, second - 8 + 4 * n, 0), before;
		u8 code[6];
		u32 size;

		if (m->format == INSN_RS)
			e.gpr[9] -= 8;
		before = e;
		size = encode(m, 1, 6, 9, code);
		SUBTEST("protected, from %d bytes on", 4 * (s32)n - 8);
		fill_operand_pages();
		*space_entry_at(space_kernel(), (ulong)second, 0) |= PTE_PROTECT;
		purge_tlb();
		EXPECT_FAULT(WITH_ILC(PGM_PROTECTION(second), size), execute(code, size, &e));
		expect_state(&e, &before, "after the exception");
		*space_entry_at(space_kernel(), (ulong)second, 0) &= ~PTE_PROTECT;
		purge_tlb();
		expect_pattern(second - 8 + 4 * n, 0, "after the exception");
	}
}

#define MULTIPLE(name_, manual, format_, opcode_, size_, shift_, store_, access_, facility_)  \
	TEST(name_, manual ": the registers from R1 to R3, wrapping, and no others",          \
	     SPEC("PoP SA22-7832-13, chapter 7, " manual), REQUIRES(has_facility(facility_))) \
	{                                                                                     \
		static const struct multiple m = { INSN_##format_, opcode_, size_,            \
						   shift_,	   store_,  access_ };        \
                                                                                              \
		check(&m);                                                                    \
	}

/* clang-format off */
#define Z FACILITY_Z_ARCHITECTURE
#define LD FACILITY_LONG_DISPLACEMENT
MULTIPLE(lm, "LOAD MULTIPLE (LM)", RS, 0x9800, 4, 0, false, false, Z)
MULTIPLE(lmy, "LOAD MULTIPLE (LMY)", RSY, 0xeb98, 4, 0, false, false, LD)
MULTIPLE(lmg, "LOAD MULTIPLE (LMG)", RSY, 0xeb04, 8, 0, false, false, Z)
MULTIPLE(lmh, "LOAD MULTIPLE HIGH", RSY, 0xeb96, 4, 32, false, false, Z)
MULTIPLE(stm, "STORE MULTIPLE (STM)", RS, 0x9000, 4, 0, true, false, Z)
MULTIPLE(stmy, "STORE MULTIPLE (STMY)", RSY, 0xeb90, 4, 0, true, false, LD)
MULTIPLE(stmg, "STORE MULTIPLE (STMG)", RSY, 0xeb24, 8, 0, true, false, Z)
MULTIPLE(stmh, "STORE MULTIPLE HIGH", RSY, 0xeb26, 4, 32, true, false, Z)
MULTIPLE(lam, "LOAD ACCESS MULTIPLE (LAM)", RS, 0x9a00, 4, 0, false, true, Z)
MULTIPLE(lamy, "LOAD ACCESS MULTIPLE (LAMY)", RSY, 0xeb9a, 4, 0, false, true, LD)
MULTIPLE(stam, "STORE ACCESS MULTIPLE (STAM)", RS, 0x9b00, 4, 0, true, true, Z)
MULTIPLE(stamy, "STORE ACCESS MULTIPLE (STAMY)", RSY, 0xeb9b, 4, 0, true, true, LD)
/* clang-format on */

/* -------------------------------------------------------------------------------- pairs of registers */

/* The operand has to be on a quadword; LPQ loads all or nothing. */
static void check_quadword(bool store, u16 opcode)
{
	for (u32 r1 = 0; r1 < 16; r1 += 2) {
		struct insn_fields f = { .r1 = (u8)r1, .b2 = 9 };
		struct execution e = { .cc = 2 }, expected;
		u8 code[6], base = r1 == 8 ? 11 : 9;

		SUBTEST("register %u", r1);
		f.b2 = base;
		fill_operand_pages();
		fill_registers(&e);
		e.gpr[base] = (ulong)OPERAND;
		expected = e;
		if (!store) {
			expected.gpr[r1] = get(OPERAND, 8);
			expected.gpr[r1 + 1] = get(OPERAND + 8, 8);
		}
		insn_encode(INSN_RXY, opcode, &f, code);
		EXPECT_NO_FAULT(execute(code, 6, &e));
		expect_state(&e, &expected, "afterwards");
		if (store) {
			EXPECT_EQ(get(OPERAND, 8), e.gpr[r1]);
			EXPECT_EQ(get(OPERAND + 8, 8), e.gpr[r1 + 1]);
		}
		expect_pattern(OPERAND, 16, "around the operand");
	}
	for (u32 off = 1; off < 16; off++) {
		struct insn_fields f = { .r1 = 4, .b2 = 9 };
		struct execution e = { .cc = 2 }, before;
		u8 code[6];

		SUBTEST("off the boundary by %u", off);
		fill_operand_pages();
		fill_registers(&e);
		e.gpr[9] = (ulong)OPERAND + off;
		before = e;
		insn_encode(INSN_RXY, opcode, &f, code);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6), execute(code, 6, &e));
		expect_state(&e, &before, "after the exception");
		expect_pattern(OPERAND, 0, "after the exception");
	}
}

TEST(lpq, "LOAD PAIR FROM QUADWORD: both doublewords, from a quadword boundary",
     SPEC("PoP SA22-7832-13, chapter 7, LOAD PAIR FROM QUADWORD"))
{
	check_quadword(false, 0xe38f);
}

TEST(stpq, "STORE PAIR TO QUADWORD: both doublewords, to a quadword boundary",
     SPEC("PoP SA22-7832-13, chapter 7, STORE PAIR TO QUADWORD"))
{
	check_quadword(true, 0xe38e);
}

static void check_load_pair(u16 opcode, u32 size)
{
	for (u32 r3 = 0; r3 < 16; r3 += 2) {
		struct insn_fields f = { .r3 = (u8)r3, .b1 = 10, .b2 = 12, .d1 = 16, .d2 = 24 };
		struct execution e = { .cc = 1 }, expected;
		u8 code[6];

		if (r3 == 10 || r3 == 12)
			continue;
		SUBTEST("register %u", r3);
		fill_operand_pages();
		fill_registers(&e);
		e.gpr[10] = (ulong)OPERAND - 16;
		e.gpr[12] = (ulong)operand_pages() + 0x400 - 24;
		expected = e;
		expected.gpr[r3] = size == 8 ? get(OPERAND, 8)
					     : (e.gpr[r3] & ~0xffffffffull) | get(OPERAND, 4);
		expected.gpr[r3 + 1] = size == 8 ? get(operand_pages() + 0x400, 8)
						 : (e.gpr[r3 + 1] & ~0xffffffffull) |
							   get(operand_pages() + 0x400, 4);
		/* Condition code 3: another CPU could have stored between the two. */
		expected.cc = 0;
		insn_encode(INSN_SSF, opcode, &f, code);
		EXPECT_NO_FAULT(execute(code, 6, &e));
		if (e.cc == 3)
			expected.cc = 3;
		expect_state(&e, &expected, "afterwards");
	}
	for (u32 off = 1; off < size; off++) {
		for (u32 operand = 1; operand <= 2; operand++) {
			struct insn_fields f = { .r3 = 4, .b1 = 10, .b2 = 12 };
			struct execution e = { .cc = 1 }, before;
			u8 code[6];

			SUBTEST("operand %u off the boundary by %u", operand, off);
			fill_registers(&e);
			e.gpr[10] = (ulong)OPERAND + (operand == 1 ? off : 0);
			e.gpr[12] = (ulong)OPERAND + (operand == 2 ? off : 0);
			before = e;
			insn_encode(INSN_SSF, opcode, &f, code);
			EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6), execute(code, 6, &e));
			expect_state(&e, &before, "after the exception");
		}
	}
}

TEST(lpd, "LOAD PAIR DISJOINT (LPD): two words from two places",
     SPEC("PoP SA22-7832-13, chapter 7, LOAD PAIR DISJOINT"),
	  REQUIRES(has_facility(FACILITY_DISTINCT_OPERANDS)))
{
	check_load_pair(0xc804, 4);
}

TEST(lpdg, "LOAD PAIR DISJOINT (LPDG): two doublewords from two places",
     SPEC("PoP SA22-7832-13, chapter 7, LOAD PAIR DISJOINT"),
	  REQUIRES(has_facility(FACILITY_DISTINCT_OPERANDS)))
{
	check_load_pair(0xc805, 8);
}
