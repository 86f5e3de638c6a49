/* SPDX-License-Identifier: MIT */
/*
 * Which space an access goes to: primary, secondary, home, and the real one; moves between spaces; purging,
 * and the instructions that change an entry and purge what was made of it.
 */
#include "tables.h"

#include <arch/space.h>
#include <mm/page.h>
#include <mm/space.h>
#include <s390x/access.h>
#include <s390x/cr.h>
#include <s390x/execute.h>
#include <s390x/facility.h>
#include <string.h>

SUITE("Spaces");

/* Page 1 and the code have to be in every space that instructions are executed in. */
static void map_also(const struct tables *t, ulong address)
{
	u64 *entry = t->table[t->top];

	/* Tables of one page for the first segment, from a table of its own. */
	for (u32 level = t->top; level >= 1; level--) {
		u32 index = index_of(address, level);

		if (entry[index] & XTE_INVALID) {
			u64 *below = pages_alloc(level > 1 ? 4 : 1, PAGE_SIZE);

			for (u32 n = 0; n < (level > 1 ? 2048u : 256u); n++)
				below[n] = level > 1 ? XTE_INVALID | XTE_TYPE_OF(level - 1)
						     : PTE_INVALID;
			entry[index] = (ulong)below | XTE_TYPE_OF(level) |
				       (level > 1 ? RTE_LENGTH : 0);
		}
		entry = (u64 *)(entry[index] & (level > 1 ? RTE_ORIGIN : STE_ORIGIN));
	}
	entry[index_of(address, 0)] = address & ~0xffful;
}

TEST(access_by_mode, "each address-space mode has its own ASCE; the TEID says which it was",
     SPEC("PoP SA22-7832-13, chapter 3, Address Spaces; Translation-Exception Identification"))
{
	static const struct {
		const char *name;
		u64 psw;
		u32 teid;
	} rows[] = {
		{ "primary", PSW_ASC_PRIMARY, 0 },
		{ "secondary", PSW_ASC_SECONDARY, 2 },
		{ "home", PSW_ASC_HOME, 3 },
	};
	struct tables secondary = make_tables(2), home = make_tables(2);
	u8 *primary = page_alloc();
	static const u8 load[4] = { 0x43, 0x20, 0x90, 0x00 }; /* IC r2,0(r9) */

	map_also(&secondary, 0x1000);
	map_also(&home, 0x1000);
	map_also(&home, execute_address(0));
	memset(primary, 0x11, PAGE_SIZE);
	memset(secondary.page, 0x22, PAGE_SIZE);
	memset(home.page, 0x33, PAGE_SIZE);
	space_map_page(space_kernel(), secondary.address & ~0xffful, (ulong)primary, 0, PROT_ALL);
	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct execution e = { .psw = PSW_KERNEL | rows[n].psw };
		struct fault fault;

		SUBTEST("%s", rows[n].name);
		write_cr(0, read_cr(0) | CR0_SECONDARY);
		write_cr(7, secondary.asce);
		write_cr(13, home.asce);
		purge_tlb();
		e.gpr[9] = secondary.address;
		EXPECT_NO_FAULT(execute(load, 4, &e));
		EXPECT_EQ(e.gpr[2], 0x11u * (n + 1));
		e.gpr[9] = with_index(secondary.address, 0, 0x99);
		fault = execute(load, 4, &e);
		write_cr(0, read_cr(0) & ~CR0_SECONDARY);
		write_cr(7, read_cr(1));
		write_cr(13, read_cr(1));
		purge_tlb();
		EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(e.gpr[9]), 4), fault);
		EXPECT_EQ(trap_last_frame()->info.teid & TEID_ASC, rows[n].teid);
	}
}

static u8 area[4 * PAGE_SIZE] __aligned(PAGE_SIZE);

#define FIRST  area
#define SECOND (area + PAGE_SIZE)

static struct fault move_page(const u8 *to, const u8 *from, u64 control, u32 *cc)
{
	struct execution e = { .cc = 0 };
	static const u8 code[4] = { 0xb2, 0x54, 0x00, 0x24 }; /* MVPG r2,r4 */
	struct fault fault;

	e.gpr[0] = control;
	e.gpr[2] = (ulong)to;
	e.gpr[4] = (ulong)from;
	fault = execute(code, 4, &e);
	*cc = e.cc;
	return fault;
}

TEST(mvpg, "MOVE PAGE moves a page, from and to addresses whose last twelve bits do not count",
     SPEC("PoP SA22-7832-13, chapter 7, MOVE PAGE"))
{
	u32 cc = 9;

	for (u32 n = 0; n < PAGE_SIZE; n++) {
		FIRST[n] = 0;
		SECOND[n] = (u8)(n * 11);
	}
	EXPECT_NO_FAULT(move_page(FIRST + 0x123, SECOND + 0xfff, 0, &cc));
	EXPECT_EQ(cc, 0u);
	EXPECT_MEM_EQ(FIRST, SECOND, PAGE_SIZE);
}

TEST(mvpg_absent,
     "MOVE PAGE of an absent page is an exception, or condition code 1 or 2 with the CCO bit",
     SPEC("PoP SA22-7832-13, chapter 7, MOVE PAGE: Condition-Code-Option Bit"))
{
	u32 cc = 9;

	space_unmap(space_kernel(), (ulong)area + 2 * PAGE_SIZE, PAGE_SIZE);
	SUBTEST("first operand");
	EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(area + 2 * PAGE_SIZE), 4),
		     move_page(area + 2 * PAGE_SIZE, FIRST, 0, &cc));
	SUBTEST("second operand");
	EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(area + 2 * PAGE_SIZE), 4),
		     move_page(FIRST, area + 2 * PAGE_SIZE, 0, &cc));
	SUBTEST("first operand, CCO");
	EXPECT_NO_FAULT(move_page(area + 2 * PAGE_SIZE, FIRST, 0x100, &cc));
	EXPECT_EQ(cc, 1u);
	SUBTEST("second operand, CCO");
	EXPECT_NO_FAULT(move_page(FIRST, area + 2 * PAGE_SIZE, 0x100, &cc));
	EXPECT_EQ(cc, 2u);
}

TEST(mvpg_specification,
     "bits 48-51 of register 0 must be zeros for MOVE PAGE, and not both key bits ones",
     SPEC("PoP SA22-7832-13, chapter 7, MOVE PAGE, Program Exceptions"))
{
	static const u16 values[] = { 0x8000, 0x4000, 0x2000, 0x1000, 0x0c00 };
	u32 cc;

	for (u32 n = 0; n < ARRAY_SIZE(values); n++) {
		SUBTEST("register 0 %#x", values[n]);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4),
			     move_page(FIRST, SECOND, values[n], &cc));
	}
}

/* ------------------------------------------------------------------ entries that are made invalid */

TEST(ipte,
     "INVALIDATE PAGE TABLE ENTRY sets the invalid bit of that entry and forgets its translation",
     SPEC("PoP SA22-7832-13, chapter 10, INVALIDATE PAGE TABLE ENTRY"))
{
	struct tables t = make_tables(2);
	u64 neighbour = t.table[0][index_of(t.address, 0) + 1];
	u8 byte;

	use_tables(&t);
	EXPECT_NO_FAULT(load_secondary(t.address, &byte));
	__asm__ volatile("ipte %0,%1,0" : : "a"((ulong)t.table[0]), "a"(t.address) : "memory");
	EXPECT_EQ(*entry_of(&t, 0), (ulong)t.page | PTE_INVALID);
	EXPECT_EQ(t.table[0][index_of(t.address, 0) + 1], neighbour);
	EXPECT_FAULT(PGM_PAGE_TRANSLATION(t.address), load_secondary(t.address, &byte));
}

TEST(idte, "INVALIDATE DAT TABLE ENTRY sets the invalid bit of a segment or region and forgets",
     SPEC("PoP SA22-7832-13, chapter 10, INVALIDATE DAT TABLE ENTRY"),
	  REQUIRES(has_facility(FACILITY_DAT_ENHANCEMENT_1)))
{
	for (u32 level = 1; level <= 4; level++) {
		struct tables t = make_tables(4);
		u64 before = *entry_of(&t, level), beside = entry_of(&t, level)[1];
		ulong origin = (ulong)t.table[level] | XTE_TYPE_OF(level);
		u8 byte;

		SUBTEST("%s table", level_name(level));
		use_tables(&t);
		EXPECT_NO_FAULT(load_secondary(t.address, &byte));
		__asm__ volatile(".insn rrf,0xb98e0000,%0,%1,%%r0,0"
				 :
				 : "a"(origin), "a"(t.address & ~0xffffful)
				 : "memory");
		EXPECT_EQ(*entry_of(&t, level), before | XTE_INVALID);
		EXPECT_EQ(entry_of(&t, level)[1], beside);
		EXPECT_FAULT(invalid_fault(level, t.address), load_secondary(t.address, &byte));
	}
}

TEST(purge, "after PURGE TLB, a translation is what the tables say now",
     SPEC("PoP SA22-7832-13, chapter 10, PURGE TLB"))
{
	struct tables t = make_tables(2);
	u8 *other = page_alloc(), byte;

	use_tables(&t);
	for (u32 n = 0; n < 20; n++) {
		u8 *page = n & 1 ? other : t.page;

		page[0x123] = (u8)(n + 1);
		*entry_of(&t, 0) = (ulong)page;
		purge_tlb();
		EXPECT_NO_FAULT(load_secondary(t.address, &byte));
		EXPECT_EQ(byte, n + 1);
	}
}

/* COMPARE AND SWAP AND PURGE: both widths, equal and not. */
static void check_swap_and_purge(u32 width, u16 opcode)
{
	static u64 operand[2] __aligned(16);

	for (u32 same = 0; same < 2; same++) {
		struct execution e = { .cc = 2 };
		u8 code[4] = { (u8)(opcode >> 8), (u8)opcode, 0, 0x29 };
		u64 old = 0x123456789abcdef0, mask = width == 64 ? ~0ull : 0xffffffff00000000;

		SUBTEST("%s", same ? "equal" : "unequal");
		operand[0] = old;
		operand[1] = 0x5a;
		e.gpr[2] = (width == 64 ? old : 0x7777777700000000 | old >> 32) ^ !same;
		e.gpr[3] = 0xfedcba9876543210;
		e.gpr[9] = (ulong)operand | 1; /* bits 62 and 63 say what is purged */
		EXPECT_NO_FAULT(execute(code, 4, &e));
		EXPECT_EQ(e.cc, !same);
		if (same)
			EXPECT_EQ(operand[0],
				  width == 64 ? e.gpr[3] : (e.gpr[3] << 32) | (old & ~mask));
		else
			EXPECT_EQ(operand[0], old);
		if (!same)
			EXPECT_EQ(e.gpr[2], width == 64 ? old : 0x7777777700000000 | old >> 32);
		EXPECT_EQ(operand[1], 0x5au);
	}
	SUBTEST("odd R1");
	{
		struct execution e = { .cc = 2 };
		u8 code[4] = { (u8)(opcode >> 8), (u8)opcode, 0, 0x39 };

		e.gpr[9] = (ulong)operand;
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(code, 4, &e));
	}
	SUBTEST("problem state");
	{
		struct execution e = { .psw = PSW_KERNEL | PSW_PROBLEM };
		u8 code[4] = { (u8)(opcode >> 8), (u8)opcode, 0, 0x29 };

		e.gpr[9] = (ulong)operand;
		EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 4), execute(code, 4, &e));
	}
}

TEST(csp, "COMPARE AND SWAP AND PURGE (CSP): a word, as COMPARE AND SWAP",
     SPEC("PoP SA22-7832-13, chapter 10, COMPARE AND SWAP AND PURGE"))
{
	check_swap_and_purge(32, 0xb250);
}

TEST(cspg, "COMPARE AND SWAP AND PURGE (CSPG): a doubleword, as COMPARE AND SWAP",
     SPEC("PoP SA22-7832-13, chapter 10, COMPARE AND SWAP AND PURGE"),
	  REQUIRES(has_facility(FACILITY_DAT_ENHANCEMENT_1)))
{
	check_swap_and_purge(64, 0xb98a);
}
