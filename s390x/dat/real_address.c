/* SPDX-License-Identifier: MIT */
/* LOAD REAL ADDRESS: the address or why there is none, without an exception. */
#include "tables.h"

#include <arch/space.h>
#include <mm/page.h>
#include <s390x/cr.h>
#include <s390x/facility.h>

SUITE("LOAD REAL ADDRESS");

#define BEFORE 0x1122334455667788ull

TEST(lra_mapped, "LRA gives the real address with condition code 0, protected or not",
     SPEC("PoP SA22-7832-13, chapter 10, LOAD REAL ADDRESS"))
{
	for (u32 top = 1; top <= 4; top++) {
		struct tables t = make_tables(top);
		u64 result = BEFORE;

		SUBTEST("%s table", level_name(top));
		use_tables(&t);
		EXPECT_EQ(load_real_address(t.address, &result), 0u);
		EXPECT_EQ(result, (ulong)t.page + 0x123);
		*entry_of(&t, 0) |= PTE_PROTECT;
		purge_tlb();
		result = BEFORE;
		EXPECT_EQ(load_real_address(t.address, &result), 0u);
		EXPECT_EQ(result, (ulong)t.page + 0x123);
	}
}

TEST(lra_segment_invalid, "LRA of an invalid segment has condition code 1 and the entry's address",
     SPEC("PoP SA22-7832-13, chapter 10, LOAD REAL ADDRESS, Condition Code"))
{
	struct tables t = make_tables(3);
	u64 result = BEFORE;

	use_tables(&t);
	*entry_of(&t, 1) |= XTE_INVALID;
	purge_tlb();
	EXPECT_EQ(load_real_address(t.address, &result), 1u);
	EXPECT_EQ(result, (ulong)entry_of(&t, 1));
}

TEST(lra_page_invalid, "LRA of an invalid page has condition code 2 and the entry's address",
     SPEC("PoP SA22-7832-13, chapter 10, LOAD REAL ADDRESS, Condition Code"))
{
	struct tables t = make_tables(3);
	u64 result = BEFORE;

	use_tables(&t);
	*entry_of(&t, 0) |= PTE_INVALID;
	purge_tlb();
	EXPECT_EQ(load_real_address(t.address, &result), 2u);
	EXPECT_EQ(result, (ulong)entry_of(&t, 0));
}

TEST(lra_code,
     "LRA of a region that is invalid or out of reach has condition code 3 and the exception's code",
     SPEC("PoP SA22-7832-13, chapter 10, LOAD REAL ADDRESS, Condition Code 3"))
{
	static const u16 codes[] = { 0, 0, 0x3b, 0x3a, 0x39 };

	for (u32 level = 2; level <= 4; level++) {
		struct tables t = make_tables(4);
		u64 result = BEFORE;

		SUBTEST("%s entry", level_name(level));
		use_tables(&t);
		*entry_of(&t, level) |= XTE_INVALID;
		purge_tlb();
		EXPECT_EQ(load_real_address(t.address, &result), 3u);
		EXPECT_EQ((u32)result, 0x80000000u | codes[level]);
	}
	SUBTEST("ASCE type");
	{
		struct tables t = make_tables(2);
		u64 result = BEFORE;

		use_tables(&t);
		EXPECT_EQ(load_real_address(with_index(t.address, 3, 1), &result), 3u);
		EXPECT_EQ((u32)result, 0x80000038u);
	}
}

TEST(lra_left_half, "with condition code 3, LRA leaves bits 0-31 of R1 as they were",
     SPEC("PoP SA22-7832-13, chapter 10, LOAD REAL ADDRESS, Condition Code 3"))
{
	struct tables t = make_tables(2);
	u64 result = BEFORE;

	use_tables(&t);
	EXPECT_EQ(load_real_address(with_index(t.address, 3, 1), &result), 3u);
	EXPECT_EQ(result >> 32, BEFORE >> 32);
}

TEST(lra_specification,
     "what is a translation-specification exception elsewhere is one of LRA, too",
     SPEC("PoP SA22-7832-13, chapter 10, LOAD REAL ADDRESS, Program Exceptions"))
{
	struct tables t = make_tables(2);
	struct fault fault;

	use_tables(&t);
	*entry_of(&t, 0) |= PTE_BIT_52;
	purge_tlb();
	enter_secondary();
	fault_clear();
	__asm__ volatile("sacf 0x100\n" GUARDED("lrag %%r2,0(%0)") "sacf 0"
			 :
			 : "a"(t.address)
			 : "2", "cc", "memory");
	leave_secondary();
	fault = fault_taken();
	EXPECT_FAULT(WITH_ILC(PGM_TRANSLATION_SPECIFICATION, 6), fault);
}

TEST(lra_halves, "LRA and LRAY change 64 bits of R1 in the 64-bit mode as LRAG does",
     SPEC("PoP SA22-7832-13, chapter 10, LOAD REAL ADDRESS"))
{
	struct tables t = make_tables(2);
	u64 result = BEFORE, result_y = BEFORE;
	u32 cc, cc_y;

	use_tables(&t);
	enter_secondary();
	__asm__ volatile("sacf 0x100\n"
			 "lra %2,0(%4)\n"
			 "ipm %0\n"
			 "lray %3,-8(%5)\n"
			 "ipm %1\n"
			 "sacf 0"
			 : "=&d"(cc), "=&d"(cc_y), "+&d"(result), "+&d"(result_y)
			 : "a"(t.address), "a"(t.address + 8)
			 : "cc", "memory");
	leave_secondary();
	EXPECT_EQ(cc >> 28, 0u);
	EXPECT_EQ(cc_y >> 28, 0u);
	EXPECT_EQ(result, (ulong)t.page + 0x123);
	EXPECT_EQ(result_y, (ulong)t.page + 0x123);
}
