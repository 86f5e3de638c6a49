/* SPDX-License-Identifier: MIT */
/* What may be a shadow stack, and what may not: SDM vol. 3A of later editions, 4.6, 4.7. */
#include <test.h>

#include "cet.h"

#include <mm/page.h>
#include <mm/space.h>

SUITE("Shadow-stack pages", REQUIRES(cpu_has(X86_FEATURE_CET_SS)));

/* Above the memory, in a region of 2 MiB that nothing else is in: the entry above is the case's, too. */
#define TARGET 0x50000000ul

static const struct {
	const char *name;
	u64 set, clear; /* against an entry of a shadow stack of the same privilege */
	bool other_privilege, read_only_table;
	bool good;
} pages[] = {
	{ "shadow-stack", 0, 0, false, false, true },
	{ "writable", PTE_W, 0, false, false, false },
	{ "writable-clean", PTE_W, PTE_D, false, false, false },
	{ "read-only-clean", 0, PTE_D, false, false, false },
	{ "other-privilege", 0, 0, true, false, false },
	{ "read-only-table", 0, 0, false, true, false },
	{ "absent", 0, PTE_P, false, false, false },
};

/* The target as `row` says, of `place`; returns the bit of the error code that says whether it is there. */
static u64 map_target(u32 row, enum place place)
{
	struct space *space = space_kernel();
	u64 entry = shadow_entry(page_alloc(), place);
	u64 table;

	entry = (entry | pages[row].set) & ~pages[row].clear;
	if (pages[row].other_privilege)
		entry ^= PTE_U;
	space_set_entry(space, TARGET, 0, entry);
	table = space_get_entry(space, TARGET, 1) | PTE_W;
	space_set_entry(space, TARGET, 1, pages[row].read_only_table ? table & ~PTE_W : table);
	arch_tlb_flush_all();
	return entry & PTE_P ? PF_P : 0;
}

TEST(shadow_write_pages,
     "a shadow-stack write goes to shadow-stack pages of its privilege only: #PF with SS and W elsewhere",
     SPEC("SDM vol. 3A of later editions, 4.6.1, 4.7; vol. 2D of later editions, WRSS"))
{
	const struct cet_code code = CET_CODE("wrssd %%eax, " AT("si"));

	for_each_place(place, KERNEL | USER)
	{
		for (u32 i = 0; i < ARRAY_SIZE(pages); i++) {
			struct shadow_stack stack = shadow_stack(place);
			struct registers r = { .si = TARGET, .flags = FLAG_1 };
			u64 present = map_target(i, place), user = place == USER ? PF_U : 0;

			SUBTEST("%s-%s", place_name(place), pages[i].name);
			EXPECT_FAULT(
				pages[i].good ? NO_FAULT
					      : PF(present | PF_W | PF_SS | user, TARGET),
				cet_run(place, CET_SH_STK_EN | CET_WR_SHSTK_EN, &stack, &code, &r));
		}
	}
}

TEST(wruss_pages,
     "WRUSS is a user-mode access: to a supervisor shadow stack it is #PF with SS, U and W",
     SPEC("SDM vol. 2D of later editions, WRUSS; vol. 3A of later editions, 4.6.1, 4.7"))
{
	const struct cet_code code = CET_CODE("wrussd %%eax, " AT("si"));

	for (u32 i = 0; i < ARRAY_SIZE(pages); i++) {
		struct shadow_stack stack = shadow_stack(KERNEL);
		struct registers r = { .si = TARGET, .flags = FLAG_1 };
		u64 present = map_target(i, USER);

		SUBTEST("%s", pages[i].name);
		EXPECT_FAULT(pages[i].good ? NO_FAULT : PF(present | PF_W | PF_SS | PF_U, TARGET),
			     cet_run(KERNEL, CET_SH_STK_EN, &stack, &code, &r));
	}
}

TEST(user_stack_pages,
     "CALL and INCSSP at CPL 3 with SSP elsewhere than on a user shadow stack are #PF with SS, SSP stays",
     SPEC("SDM vol. 3A of later editions, 4.6.1, 4.7; vol. 2A, CALL; of later editions, INCSSP"))
{
	const struct {
		const char *name;
		struct cet_code code;
		u64 write;
	} rows[] = {
		{ "call", CET_CODE("call 2f; nop; 2: nop"), PF_W },
		{ "incssp", CET_CODE("movl $1, %%eax; incsspd %%eax"), 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		for (u32 page = 0; page < ARRAY_SIZE(pages); page++) {
			struct shadow_stack stack = { .page = TARGET,
						      .top = TARGET + PAGE_SIZE / 2 };
			struct registers r = { .flags = FLAG_1 };
			u64 present = map_target(page, USER);
			ulong address = stack.top - (rows[i].write ? WORD : 0);

			SUBTEST("%s-%s", rows[i].name, pages[page].name);
			EXPECT_FAULT(pages[page].good
					     ? NO_FAULT
					     : PF(present | rows[i].write | PF_SS | PF_U, address),
				     cet_run(USER, CET_SH_STK_EN, &stack, &rows[i].code, &r));
			if (!pages[page].good)
				EXPECT_EQ(cet_ssp(), stack.top);
		}
}

TEST(ordinary_access,
     "a shadow-stack page is read like another, and an ordinary write is #PF without SS, also with CET",
     SPEC("SDM vol. 3A of later editions, 4.6.1, 4.7"))
{
	const struct cet_code load = CET_CODE("movl " AT("si") ", %%eax");
	const struct cet_code store = CET_CODE("movl %%eax, " AT("si"));
	const struct cet_code locked = CET_CODE("lock; orl $1, " AT("si"));

	for_each_place(place, KERNEL | USER)
	{
		for (u32 on = 0; on < 2; on++) {
			struct shadow_stack stack = shadow_stack(place);
			ulong address = stack.top - 64;
			u64 bits = on ? CET_SH_STK_EN | CET_WR_SHSTK_EN : 0;
			u64 code = PF_P | PF_W | (place == USER ? PF_U : 0);
			struct registers r = { .si = address, .flags = FLAG_1 };

			shadow_write8(&stack, address, 0x12345678);
			SUBTEST("%s-load-%s", place_name(place), on ? "on" : "off");
			EXPECT_NO_FAULT(cet_run(place, bits, &stack, &load, &r));
			EXPECT_EQ(r.ax, 0x12345678ul);
			SUBTEST("%s-store-%s", place_name(place), on ? "on" : "off");
			EXPECT_FAULT(PF(code, address), cet_run(place, bits, &stack, &store, &r));
			SUBTEST("%s-locked-%s", place_name(place), on ? "on" : "off");
			EXPECT_FAULT(PF(code, address), cet_run(place, bits, &stack, &locked, &r));
			EXPECT_EQ(shadow_read8(&stack, address), 0x12345678ull);
		}
	}
}
