/* SPDX-License-Identifier: MIT */
/* Compare and swap in all sizes, and what else stores only under a condition or all at once. */
#include "check.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/cr.h>
#include <stdio.h>
#include <string.h>

SUITE("Compare and swap");

#define OPERAND (operand_pages() + 0x800)

/* The operand is of `size` bytes; registers hold `part` bytes of it each. */
struct swap {
	enum insn_format format;
	u16 opcode;
	u8 size, part;
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

static u64 replace(u64 old, u64 value, u32 size)
{
	return size == 8 ? value : (old & ~0xffffffffull) | (value & 0xffffffff);
}

/* What is in storage differs from R1 in the bits of `difference` of part `which`. */
static void check_one(const struct swap *s, u8 r1, u8 r3, u64 difference, u32 which, u64 psw)
{
	struct insn_fields f = { .r1 = r1, .r3 = r3, .b2 = 13, .d2 = 0xff0 };
	struct execution e = { .cc = 3, .psw = psw }, expected;
	u32 parts = s->size / s->part, size;
	bool same = !difference;
	u8 wanted[16], code[6];
	char where[64];

	fill_operand_pages();
	fill_registers(&e);
	e.gpr[13] = (ulong)OPERAND - 0xff0;
	for (u32 n = 0; n < parts; n++)
		put(OPERAND + n * s->part, e.gpr[r1 + n] ^ (n == which ? difference : 0), s->part);
	expected = e;
	expected.cc = !same;
	for (u32 n = 0; n < parts; n++) {
		put(wanted + n * s->part, e.gpr[r3 + n], s->part);
		if (!same)
			expected.gpr[r1 + n] = replace(
				e.gpr[r1 + n], get(OPERAND + n * s->part, s->part), s->part);
	}
	if (!same)
		memcpy(wanted, OPERAND, s->size);
	size = insn_encode(s->format, s->opcode, &f, code);
	EXPECT_NO_FAULT(execute(code, size, &e));
	snprintf(where, sizeof(where), "registers %u, %u, difference %#llx", r1, r3, difference);
	expect_state(&e, &expected, where);
	EXPECT_MEM_EQ(OPERAND, wanted, s->size, "%s", where);
	expect_pattern(OPERAND, s->size, where);
}

static void check_refused(const struct swap *s, u8 r1, u8 r3, u8 *at, struct fault fault)
{
	struct insn_fields f = { .r1 = r1, .r3 = r3, .b2 = 13 };
	struct execution e = { .cc = 3 }, before;
	u8 code[6];
	u32 size;

	fill_operand_pages();
	fill_registers(&e);
	e.gpr[13] = (ulong)at;
	before = e;
	size = insn_encode(s->format, s->opcode, &f, code);
	EXPECT_FAULT(WITH_ILC(fault, size), execute(code, size, &e));
	expect_state(&e, &before, "after the exception");
	expect_pattern(at, 0, "after the exception");
}

static void check(const struct swap *s)
{
	u8 *end = operand_end(), *second = operand_pages() + PAGE_SIZE;
	u32 parts = s->size / s->part;

	for (u32 r1 = 0; r1 < 12; r1 += parts) {
		SUBTEST("equal, register %u", r1);
		check_one(s, (u8)r1, (u8)((r1 + 4) % 12), 0, 0, 0);
	}
	for (u32 bit = 0; bit < 8u * s->part; bit += 7) {
		for (u32 part = 0; part < parts; part++) {
			SUBTEST("unequal in bit %u of part %u", bit, part);
			check_one(s, 2, 6, BIT(bit), part, 0);
			check_one(s, 6, 6, BIT(bit), part, 0);
		}
	}
	SUBTEST("the left halves of registers");
	/* Nothing but the operand's size counts. */
	check_one(s, 2, 6, s->part == 4 ? BIT(40) & 0xffffffff : 0, 0, 0);
	SUBTEST("problem state");
	check_one(s, 2, 6, 0, 0, PSW_KERNEL | PSW_PROBLEM);
	check_one(s, 2, 6, 1, 0, PSW_KERNEL | PSW_PROBLEM);
	for (u32 off = 1; off < s->size; off++) {
		SUBTEST("off the boundary by %u", off);
		check_refused(s, 2, 6, OPERAND + off, PGM_SPECIFICATION);
	}
	if (parts > 1) {
		SUBTEST("odd R1");
		check_refused(s, 3, 6, OPERAND, PGM_SPECIFICATION);
		SUBTEST("odd R3");
		check_refused(s, 2, 7, OPERAND, PGM_SPECIFICATION);
	}
	SUBTEST("absent");
	check_refused(s, 2, 6, end, PGM_PAGE_TRANSLATION(end));
	/* A store access is made for an operand that is not equal, too. */
	SUBTEST("protected");
	fill_operand_pages();
	*space_entry_at(space_kernel(), (ulong)second, 0) |= PTE_PROTECT;
	purge_tlb();
	for (u32 n = 0; n < 1; n++) {
		struct insn_fields f = { .r1 = 2, .r3 = 6, .b2 = 13 };
		struct execution e = { .cc = 3 }, before;
		u8 code[6];
		u32 size = insn_encode(s->format, s->opcode, &f, code);

		fill_registers(&e);
		e.gpr[13] = (ulong)second;
		before = e;
		EXPECT_FAULT(WITH_ILC(PGM_PROTECTION(second), size), execute(code, size, &e));
		expect_state(&e, &before, "after the exception");
	}
	*space_entry_at(space_kernel(), (ulong)second, 0) &= ~PTE_PROTECT;
	purge_tlb();
}

#define SWAP(name_, manual, format_, opcode_, size_, part_, facility_)                        \
	TEST(name_, manual ": stores R3 where R1 is equal, otherwise loads R1",               \
	     SPEC("PoP SA22-7832-13, chapter 7, " manual), REQUIRES(has_facility(facility_))) \
	{                                                                                     \
		static const struct swap s = { INSN_##format_, opcode_, size_, part_ };       \
                                                                                              \
		check(&s);                                                                    \
	}

/* clang-format off */
#define Z FACILITY_Z_ARCHITECTURE
#define LD FACILITY_LONG_DISPLACEMENT
SWAP(cs, "COMPARE AND SWAP (CS)", RS, 0xba00, 4, 4, Z)
SWAP(csy, "COMPARE AND SWAP (CSY)", RSY, 0xeb14, 4, 4, LD)
SWAP(csg, "COMPARE AND SWAP (CSG)", RSY, 0xeb30, 8, 8, Z)
SWAP(cds, "COMPARE DOUBLE AND SWAP (CDS)", RS, 0xbb00, 8, 4, Z)
SWAP(cdsy, "COMPARE DOUBLE AND SWAP (CDSY)", RSY, 0xeb31, 8, 4, LD)
SWAP(cdsg, "COMPARE DOUBLE AND SWAP (CDSG)", RSY, 0xeb3e, 16, 8, Z)
/* clang-format on */

TEST(test_and_set, "TEST AND SET: the leftmost bit as condition code, then all ones",
     SPEC("PoP SA22-7832-13, chapter 7, TEST AND SET"))
{
	for (u32 value = 0; value < 256; value++) {
		struct insn_fields f = { .b2 = 13, .d2 = 5 };
		struct execution e = { .cc = 2 }, expected;
		u8 code[6];

		fill_operand_pages();
		*OPERAND = (u8)value;
		fill_registers(&e);
		e.gpr[13] = (ulong)OPERAND - 5;
		expected = e;
		expected.cc = value >> 7;
		insn_encode(INSN_S, 0x9300, &f, code);
		EXPECT_NO_FAULT(execute(code, 4, &e));
		expect_state(&e, &expected, "afterwards");
		EXPECT_EQ(*OPERAND, 0xff);
		expect_pattern(OPERAND, 1, "around the operand");
	}
}

/* ------------------------------------------------------------------- COMPARE AND SWAP AND STORE */

/* Function code: what is compared; store characteristic: how much is stored then. */
static void check_swap_and_store(u32 fc, u32 sc, bool same, u32 off1, u32 off2, struct fault fault)
{
	u8 *first = OPERAND + off1, *second = operand_pages() + 0x400 + off2;
	struct execution e = { .cc = 3 }, expected;
	struct insn_fields f = { .r3 = 4, .b1 = 9, .b2 = 10 };
	u32 size = fc == 0 ? 4 : fc == 1 ? 8 : 16, stored = 1u << sc;
	u8 list[32], code[6], old[16], wanted[16];
	char where[64];

	fill_operand_pages();
	fill_registers(&e);
	for (u32 n = 0; n < sizeof(list); n++)
		list[n] = (u8)(n * 9 + 1);
	e.gpr[0] = 0xfedcba9876540000 | sc << 8 | fc;
	e.gpr[1] = (ulong)operand_pages() + 0x600;
	memcpy(operand_pages() + 0x600, list, sizeof(list));
	e.gpr[9] = (ulong)first;
	e.gpr[10] = (ulong)second;
	memcpy(old, first, size);
	if (!same)
		old[size - 1] ^= 1;
	if (size == 4) {
		e.gpr[4] = (e.gpr[4] & ~0xffffffffull) | get(old, 4);
	} else {
		e.gpr[4] = get(old, 8);
		if (size == 16)
			e.gpr[5] = get(old + 8, 8);
	}
	expected = e;
	expected.cc = !same;
	memcpy(wanted, first, size);
	if (same)
		memcpy(wanted, list, size);
	else if (size == 4)
		expected.gpr[4] = (e.gpr[4] & ~0xffffffffull) | get(first, 4);
	else
		expected.gpr[4] = get(first, 8);
	if (!same && size == 16)
		expected.gpr[5] = get(first + 8, 8);
	insn_encode(INSN_SSF, 0xc802, &f, code);
	snprintf(where, sizeof(where), "FC %u, SC %u", fc, sc);
	if (fault.kind) {
		struct execution before = e;

		EXPECT_FAULT(WITH_ILC(fault, 6), execute(code, 6, &e));
		expect_state(&e, &before, where);
		expect_pattern(first, 0, where);
		expect_pattern(second, 0, where);
		return;
	}
	EXPECT_NO_FAULT(execute(code, 6, &e));
	expect_state(&e, &expected, where);
	EXPECT_MEM_EQ(first, wanted, size, "%s", where);
	expect_pattern(first, size, where);
	if (same)
		EXPECT_MEM_EQ(second, list + 16, stored, "%s", where);
	expect_pattern(second, same ? stored : 0, where);
}

static void check_store_characteristics(u32 from, u32 to)
{
	u32 most = has_facility(FACILITY_CSST_2) ? 2 : 1;

	for (u32 fc = 0; fc <= most; fc++) {
		for (u32 sc = from; sc <= to; sc++) {
			SUBTEST("function code %u, store characteristic %u", fc, sc);
			check_swap_and_store(fc, sc, true, 0, 0, NO_FAULT);
			check_swap_and_store(fc, sc, false, 0, 0, NO_FAULT);
		}
	}
}

TEST(csst, "COMPARE AND SWAP AND STORE: every function code, stores of 2 to 16 bytes",
     SPEC("PoP SA22-7832-13, chapter 7, COMPARE AND SWAP AND STORE"),
	  REQUIRES(has_facility(FACILITY_CSST)))
{
	check_store_characteristics(1, has_facility(FACILITY_CSST_2) ? 4 : 3);
}

TEST(csst_byte, "COMPARE AND SWAP AND STORE: store characteristic 0, a byte",
     SPEC("PoP SA22-7832-13, chapter 7, COMPARE AND SWAP AND STORE"),
	  REQUIRES(has_facility(FACILITY_CSST)))
{
	check_store_characteristics(0, 0);
}

TEST(csst_exceptions, "COMPARE AND SWAP AND STORE: codes and boundaries that it does not have",
     SPEC("PoP SA22-7832-13, chapter 7, COMPARE AND SWAP AND STORE, Program Exceptions"),
	  REQUIRES(has_facility(FACILITY_CSST) && has_facility(FACILITY_CSST_2)))
{
	SUBTEST("function code 3");
	check_swap_and_store(3, 0, true, 0, 0, PGM_SPECIFICATION);
	SUBTEST("function code 255");
	check_swap_and_store(255, 0, true, 0, 0, PGM_SPECIFICATION);
	SUBTEST("store characteristic 5");
	check_swap_and_store(0, 5, true, 0, 0, PGM_SPECIFICATION);
	for (u32 fc = 0; fc <= 2; fc++) {
		for (u32 off = 1; off < (fc == 0 ? 4u : fc == 1 ? 8u : 16u); off++) {
			SUBTEST("function code %u, first operand off by %u", fc, off);
			check_swap_and_store(fc, 0, true, off, 0, PGM_SPECIFICATION);
		}
	}
	for (u32 sc = 1; sc <= 4; sc++) {
		for (u32 off = 1; off < 1u << sc; off++) {
			SUBTEST("store characteristic %u, second operand off by %u", sc, off);
			check_swap_and_store(0, sc, true, 0, off, PGM_SPECIFICATION);
		}
	}
}
