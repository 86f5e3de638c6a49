/* SPDX-License-Identifier: MIT */
/*
 * Address spaces as the CPU walks them: permissions by privilege, two names for one page, what
 * is absent, and the kernel's space back in place for the next case.
 */
#include <test.h>

#include <harness/variables.h>
#include <mm/page.h>
#include <mm/space.h>
#include <sys/cpu.h>

#include "memory.h"

SUITE("Address spaces: accesses");

TEST(space_absent_faults, "an access to an unmapped page faults with its address",
     SPEC("lib/mm/space.h, space_unmap()"))
{
	u8 *pages = pages_alloc(3, PAGE_SIZE);

	write_byte(pages + PAGE_SIZE);
	space_unmap(space_kernel(), (ulong)pages + PAGE_SIZE, PAGE_SIZE);
	EXPECT(is_access_fault(fault_of(read_byte, pages + PAGE_SIZE), pages + PAGE_SIZE));
	EXPECT(is_access_fault(fault_of(write_byte, pages + PAGE_SIZE), pages + PAGE_SIZE));
	EXPECT(is_access_fault(run_user(read_byte, pages + PAGE_SIZE), pages + PAGE_SIZE));
	EXPECT_NO_FAULT(fault_of(write_byte, pages + PAGE_SIZE - 1));
	EXPECT_NO_FAULT(fault_of(write_byte, pages + 2 * PAGE_SIZE));
	space_map(space_kernel(), (ulong)pages + PAGE_SIZE, (ulong)pages + PAGE_SIZE, PAGE_SIZE,
		  PROT_ALL);
	EXPECT_NO_FAULT(fault_of(read_byte, pages + PAGE_SIZE));
	EXPECT_EQ(pages[PAGE_SIZE], 0x5a);
}

/* Each page is used before its permission changes, so that an old translation would show. */
TEST(space_user_denied, "user privilege reads with PROT_USER, and writes with PROT_WRITE on top",
     SPEC("lib/mm/space.h, PROT_USER"))
{
	u8 *page = page_alloc();

	for (u32 prot = 0; prot <= PROT_ALL; prot++) {
		/* Some cannot be taken away everywhere. */
		const u32 has = prot | arch_kernel_format.prot(arch_kernel_format.page(0, 0, 0), 0);
		struct fault read, write;

		write_byte(page);
		space_protect(space_kernel(), (ulong)page, PAGE_SIZE, prot);
		read = run_user(read_byte, page);
		write = run_user(write_byte, page);
		SUBTEST("prot %u", prot);
		if (has & PROT_USER)
			EXPECT_NO_FAULT(read);
		else
			EXPECT(is_access_fault(read, page));
		if ((has & PROT_USER) && (has & PROT_WRITE))
			EXPECT_NO_FAULT(write);
		else
			EXPECT(is_access_fault(write, page));
		EXPECT_NO_FAULT(fault_of(read_byte, page));
		space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_ALL);
	}
}

TEST(space_read_only, "the kernel cannot write a page without PROT_WRITE",
     SPEC("lib/mm/space.h, PROT_WRITE"))
{
	u8 *page = page_alloc();

	write_byte(page);
	space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_USER);
	EXPECT(is_access_fault(fault_of(write_byte, page), page));
	EXPECT_NO_FAULT(fault_of(read_byte, page));
	space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_WRITE);
	EXPECT_NO_FAULT(fault_of(write_byte, page));
}

TEST(space_alias, "two virtual pages on one physical page show the same bytes",
     SPEC("lib/mm/space.h, space_map()"))
{
	volatile u8 *page = page_alloc(), *one = (u8 *)AREA, *two = (u8 *)AREA + 5 * PAGE_SIZE;

	space_map(space_kernel(), (ulong)one, (ulong)page, PAGE_SIZE, PROT_ALL);
	space_map(space_kernel(), (ulong)two, (ulong)page, PAGE_SIZE, PROT_ALL);
	for (u32 i = 0; i < 256; i++) {
		one[i * 16] = (u8)i;
		EXPECT_EQ(two[i * 16], (u8)i);
		EXPECT_EQ(page[i * 16], (u8)i);
		two[i * 16 + 1] = (u8)~i;
		EXPECT_EQ(one[i * 16 + 1], (u8)~i);
	}
	space_map(space_kernel(), (ulong)two, (ulong)page_alloc(), PAGE_SIZE, PROT_ALL);
	EXPECT_EQ(two[16], 0);
	EXPECT_EQ(one[16], 1);
}

/* The page that the address leads to, large pages included, is another in each of the spaces.
 */
TEST(space_switched, "the CPU uses the space that was switched to, for old translations too",
     SPEC("lib/mm/space.h, space_switch()"))
{
	volatile u32 *at = (volatile u32 *)AREA;

	for (u32 level = 0; level <= MIN(1u, space_max_page_level()); level++) {
		struct space *spaces[2] = { space_create(), space_create() };
		const ulong size = (ulong)space_page_size(level);
		u32 *memory[2] = { pages_alloc(size / PAGE_SIZE, size),
				   pages_alloc(size / PAGE_SIZE, size) };

		SUBTEST("level %u", level);
		for (u32 i = 0; i < 2; i++) {
			space_map_page(spaces[i], AREA, (ulong)memory[i], level, PROT_ALL);
			*memory[i] = 0x1000 + i;
		}
		for (u32 i = 0; i < 6; i++) {
			space_switch(spaces[i % 2]);
			EXPECT_EQ(*at, 0x1000 + i % 2);
		}
		*at = 0x77;
		space_switch(space_kernel());
		EXPECT_EQ(*memory[1], 0x77u);
		EXPECT_EQ(*memory[0], 0x1000u);
		page_free(memory[0]);
		page_free(memory[1]);
	}
}

TEST(space_null_absent, "page 0 is absent at both privileges", SPEC("lib/mm/space.h"))
{
	u8 *volatile null = NULL;

	EXPECT(is_access_fault(fault_of(read_byte, null), NULL));
	EXPECT(is_access_fault(fault_of(write_byte, null), NULL));
	EXPECT(is_access_fault(run_user(read_byte, null), NULL));
	EXPECT(is_access_fault(fault_of(read_byte, null + PAGE_SIZE - 1), null + PAGE_SIZE - 1));
	EXPECT_NO_FAULT(fault_of(read_byte, null + PAGE_SIZE));
}

/* ------------------------------------------------------------------------------------ stack
 * guard */

/* The first absent page below `stack`; no stack is larger than a MiB. */
static u8 *guard_below(ulong stack)
{
	phys_t phys;

	for (u32 page = 0; page < MiB / PAGE_SIZE; page++) {
		stack = ALIGN_DOWN(stack, (ulong)PAGE_SIZE) - PAGE_SIZE;
		if (!space_translate(space_kernel(), stack, &phys))
			return (u8 *)stack;
	}
	return NULL;
}

static void find_guard(void *guard)
{
	*(u8 **)guard = guard_below((ulong)__builtin_frame_address(0));
}

static void expect_guard(void *unused)
{
	u8 *guard;

	(void)unused;
	find_guard(&guard);
	ASSERT_NE(guard, NULL);
	EXPECT(is_access_fault(fault_of(write_byte, guard), guard));
	EXPECT_NO_FAULT(fault_of(read_byte, guard + PAGE_SIZE));
}

TEST(space_stack_guard, "the page below each CPU's stack is absent", SPEC("lib/mm/space.h"))
{
	for (u32 number = 0; number < cpu_count() && number < 8; number++)
		run_on_cpu(number, expect_guard, NULL);
}

TEST(space_user_stack_guard, "the page below the user stack is absent", SPEC("lib/mm/space.h"))
{
	u8 *guard = NULL;

	ASSERT_NO_FAULT(run_user(find_guard, &guard));
	ASSERT_NE(guard, NULL);
	EXPECT(is_access_fault(run_user(write_byte, guard), guard));
	EXPECT_NO_FAULT(run_user(read_byte, guard + PAGE_SIZE));
}

/* ----------------------------------------------------------------- a case and the one after it */

static u8 *changed FOR_NEXT_CASE;
static struct space *other_space FOR_NEXT_CASE;

/* The entry that decided on AREA before it was changed. */
static u64 entry_before FOR_NEXT_CASE;
static u32 level_before FOR_NEXT_CASE;

TEST(space_left_changed, "a case may leave the kernel's space changed and another one in use",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	changed = pages_alloc(8, PAGE_SIZE);
	space_unmap(space_kernel(), (ulong)changed, PAGE_SIZE);
	space_protect(space_kernel(), (ulong)changed + PAGE_SIZE, PAGE_SIZE, 0);
	space_map(space_kernel(), (ulong)changed + 2 * PAGE_SIZE, (ulong)changed + 3 * PAGE_SIZE,
		  PAGE_SIZE, PROT_ALL);
	space_map(space_kernel(), 0, (ulong)changed, PAGE_SIZE, PROT_ALL);
	entry_before = space_find_entry(space_kernel(), AREA, &level_before);
	space_unmap(space_kernel(), AREA, 16 * MiB);
	space_map(space_kernel(), AREA + PAGE_SIZE, AREA, PAGE_SIZE, PROT_ALL);
	other_space = space_create();
	space_switch(other_space);
	EXPECT_NO_FAULT(fault_of(read_byte, (void *)16));
	EXPECT(is_access_fault(fault_of(read_byte, changed), changed));
}

TEST(space_restored, "the next case finds the kernel's space as it was, and in use",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	u64 entry;
	u32 level;

	if (!changed)
		SKIP("the case before this one, space_left_changed, did not run");
	for (u32 page = 0; page < 8; page++) {
		u8 *address = changed + page * PAGE_SIZE;
		phys_t phys = 0;

		EXPECT(space_translate(space_kernel(), (ulong)address, &phys));
		EXPECT_EQ(phys, (ulong)address);
		EXPECT_NO_FAULT(run_user(write_byte, address));
	}
	EXPECT(is_access_fault(fault_of(read_byte, (void *)16), (void *)16));
	entry = space_find_entry(space_kernel(), AREA, &level);
	EXPECT_EQ(entry, entry_before);
	EXPECT_EQ(level, level_before);
}
