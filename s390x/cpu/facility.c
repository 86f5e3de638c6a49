/* SPDX-License-Identifier: MIT */
/* What a CPU says about itself: STFLE and STSI. */
#include <test.h>

#include <mm/page.h>
#include <s390x/facility.h>
#include <string.h>

SUITE("Facility list, system information");

/* STFLE with room for `doublewords`; the condition code, and how many the whole list takes. */
static u32 facility_list(u64 *list, u32 doublewords, u32 *needed)
{
	ulong r0 = doublewords - 1;
	u32 cc;

	__asm__ volatile("lgr %%r0,%1\n"
			 "stfle 0(%2)\n"
			 "lgr %1,%%r0\n"
			 "ipm %0"
			 : "=d"(cc), "+d"(r0)
			 : "a"(list)
			 : "0", "cc", "memory");
	*needed = (u32)(r0 & 0xff) + 1;
	return cc >> 28;
}

TEST(facility_list_length,
     "STFLE stores what fits and says how much there is, with condition code 3 if it is more",
     SPEC("PoP SA22-7832-13, chapter 7, STORE FACILITY LIST EXTENDED"))
{
	u64 whole[32], list[32];
	u32 length, needed;

	memset(whole, 0xee, sizeof(whole));
	EXPECT_EQ(facility_list(whole, 32, &length), 0u);
	ASSERT_LE(length, 32u);
	for (u32 room = 1; room <= 32; room++) {
		memset(list, 0xee, sizeof(list));
		EXPECT_EQ(facility_list(list, room, &needed), room < length ? 3u : 0u,
			  "room for %u", room);
		EXPECT_EQ(needed, length);
		EXPECT_MEM_EQ(list, whole, MIN(room, length) * sizeof(u64));
		if (room < 32)
			EXPECT_EQ(list[room], 0xeeeeeeeeeeeeeeeeu);
	}
}

TEST(facility_dependencies,
     "z/Architecture is installed and active; facilities that need others have them",
     SPEC("PoP SA22-7832-13, chapter 4, Facility Indications"))
{
	static const struct {
		u32 facility, needs;
	} rows[] = {
		{ 2, 1 },     { 4, 3 },	    { 5, 3 },	  { 78, 8 },
		{ 134, 129 }, { 135, 129 }, { 148, 135 }, { 50, 73 },
	};

	EXPECT(has_facility(1));
	EXPECT(has_facility(2));
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (has_facility(rows[i].facility))
			EXPECT(has_facility(rows[i].needs), "facility %u needs %u",
			       rows[i].facility, rows[i].needs);
	}
}

TEST(system_information_level,
     "STSI with function code 0 gives the level of the configuration, 1 to 3",
     SPEC("PoP SA22-7832-13, chapter 10, STORE SYSTEM INFORMATION"))
{
	ulong level = 0;
	u32 cc;

	__asm__ volatile("lghi %%r0,0\n"
			 "lghi %%r1,0\n"
			 "stsi 0(%%r0)\n"
			 "ipm %0\n"
			 "lgr %1,%%r0"
			 : "=d"(cc), "=d"(level)
			 :
			 : "0", "1", "cc", "memory");
	EXPECT_EQ(cc >> 28, 0u);
	EXPECT_GE(level >> 28 & 0xf, 1u);
	EXPECT_LE(level >> 28 & 0xf, 3u);
}

TEST(system_information_invalid,
     "STSI of what does not exist has condition code 3 and stores nothing",
     SPEC("PoP SA22-7832-13, chapter 10, STORE SYSTEM INFORMATION"))
{
	static const u8 codes[][3] = {
		{ 4, 1, 1 }, { 5, 1, 1 }, { 14, 1, 1 }, { 1, 0, 1 }, { 1, 1, 0 },
		{ 1, 9, 1 }, { 2, 9, 1 }, { 3, 1, 1 },	{ 3, 2, 9 },
	};
	u64 *block = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
		SUBTEST("%u.%u.%u", codes[i][0], codes[i][1], codes[i][2]);
		EXPECT_EQ(store_system_information(codes[i][0], codes[i][1], codes[i][2], block),
			  3u);
		EXPECT_EQ(block[0] | block[4] | block[6], 0u);
	}
	SUBTEST("1.1.1");
	EXPECT_EQ(store_system_information(1, 1, 1, block), 0u);
	EXPECT_NE(block[4], 0u);
}
