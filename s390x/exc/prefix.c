/* SPDX-License-Identifier: MIT */
/*
 * Prefixing: real addresses 0-8191 and the 8 KiB at the prefix change places, all others are absolute
 * addresses. PoP, chapter 3, "Prefixing".
 */
#include <test.h>

#include <mm/page.h>
#include <s390x/cr.h>
#include <string.h>

SUITE("Prefixing");

static struct fault set_prefix_try(u32 prefix)
{
	fault_clear();
	__asm__ volatile(GUARDED("spx %0") : : "Q"(prefix) : "memory");
	return fault_taken();
}

/* A place that can be this CPU's prefix area: it has all that is in the one in use. */
static ulong new_area(void)
{
	void *area = pages_alloc(LOWCORE_SIZE / PAGE_SIZE, LOWCORE_SIZE);

	memcpy(area, LOWCORE, LOWCORE_SIZE);
	return (ulong)area;
}

TEST(prefix_stored, "STORE PREFIX stores what SET PREFIX has set, of which bits 1-18 count",
     SPEC("PoP SA22-7832-13, chapter 10, SET PREFIX, STORE PREFIX"))
{
	u32 area = (u32)new_area();

	EXPECT_EQ(store_prefix(), 0u);
	EXPECT_NO_FAULT(set_prefix_try(area));
	EXPECT_EQ(store_prefix(), area);
	EXPECT_NO_FAULT(set_prefix_try(0));
	EXPECT_NO_FAULT(set_prefix_try(area | 0x80001fff));
	EXPECT_EQ(store_prefix(), area);
	EXPECT_NO_FAULT(set_prefix_try(0));
	EXPECT_EQ(store_prefix(), 0u);
}

TEST(prefix_absent,
     "a prefix area that is not in storage is an addressing exception, and the prefix stays",
     SPEC("PoP SA22-7832-13, chapter 10, SET PREFIX"))
{
	EXPECT_FAULT(WITH_ILC(PGM_ADDRESSING, 4), set_prefix_try(0x7fffe000));
	EXPECT_EQ(store_prefix(), 0u);
	EXPECT_FAULT(WITH_ILC(PGM_ADDRESSING, 4),
		     set_prefix_try((u32)ALIGN_UP(page_memory_end(), LOWCORE_SIZE)));
	EXPECT_EQ(store_prefix(), 0u);
}

TEST(prefix_swaps, "the two areas change places, to their last bytes, and nothing else does",
     SPEC("PoP SA22-7832-13, chapter 3, Prefixing"))
{
	/* Words of our own, at the end of either page of a prefix area; and in the pages around. */
	static const u32 offsets[] = { 0xf00, 0xff8, 0x1f00, 0x1ff8 };
	u8 *pages = pages_alloc(4 * LOWCORE_SIZE / PAGE_SIZE, LOWCORE_SIZE);
	ulong area = (ulong)pages + LOWCORE_SIZE;

	memcpy((void *)area, LOWCORE, LOWCORE_SIZE);
	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		store_real(offsets[i], 0x1000 + i);
		store_real(area + offsets[i], 0x2000 + i);
	}
	store_real(area - 8, 0x3000);
	store_real(area + LOWCORE_SIZE, 0x4000);
	set_prefix((u32)area);
	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		EXPECT_EQ(load_real(offsets[i]), 0x2000u + i);
		EXPECT_EQ(load_real(area + offsets[i]), 0x1000u + i);
	}
	EXPECT_EQ(load_real(area - 8), 0x3000u);
	EXPECT_EQ(load_real(area + LOWCORE_SIZE), 0x4000u);
	store_real(0xf00, 0x5000);
	set_prefix(0);
	EXPECT_EQ(load_real(area + 0xf00), 0x5000u);
	EXPECT_EQ(load_real(0xf00), 0x1000u);
	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++)
		store_real(offsets[i], 0);
}

TEST(prefix_interruptions, "interruptions store into and load from the prefix area",
     SPEC("PoP SA22-7832-13, chapter 3, Assigned Storage Locations"))
{
	struct lowcore *area = (struct lowcore *)new_area();

	LOWCORE->info.pgm_code = 0;
	area->info.pgm_code = 0;
	set_prefix((u32)(ulong)area);
	fault_clear();
	__asm__ volatile(GUARDED(".short 0") : : : "memory");
	set_prefix(0);
	EXPECT_FAULT(PGM_OPERATION, fault_taken());
	EXPECT_EQ(area->info.pgm_code, 1u);
	EXPECT_EQ(LOWCORE->info.pgm_code, 0u);
}
