/* SPDX-License-Identifier: MIT */
/* Spaces of a given format, empty ones and copies of the kernel's, and spaces without user pages. */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>

#include "memory.h"

SUITE("Address spaces: formats");

static bool user_can_be_taken_away(void)
{
	return !(arch_kernel_format.prot(arch_kernel_format.page(0, 0, 0), 0) & PROT_USER);
}

TEST(space_format_empty, "a new space of a format maps nothing, and then what is mapped in it",
     SPEC("lib/mm/space.h, space_create_format()"))
{
	struct space *space = space_create_format(&arch_kernel_format);
	const struct space_format *format = space->format;
	u32 level;
	phys_t phys;

	EXPECT(!space_translate(space, (ulong)space, &phys));
	space_find_entry(space, AREA, &level);
	EXPECT_EQ(level, format->top_level);
	space_map_page(space, AREA, AREA + PAGE_SIZE, 0, PROT_WRITE);
	EXPECT(space_translate(space, AREA + 1, &phys));
	EXPECT_EQ(phys, AREA + PAGE_SIZE + 1ull);
	EXPECT(!space_translate(space, AREA + PAGE_SIZE, &phys));
}

TEST(space_entry_values, "an entry reads as the value that was written, at the level that it has",
     SPEC("lib/mm/space.h, space_get_entry()"))
{
	struct space *space = space_create();
	const struct space_format *format = space->format;

	for (u32 level = 0; level <= format->max_page_level(); level++) {
		u64 entry = format->page(AREA, level, PROT_WRITE);
		u32 found;

		SUBTEST("level %u", level);
		space_set_entry(space, AREA, level, entry);
		EXPECT_EQ(space_get_entry(space, AREA, level), entry);
		EXPECT_EQ(space_find_entry(space, AREA, &found), entry);
		EXPECT_EQ(found, level);
		if (format->entry_size == sizeof(pte_t))
			EXPECT_EQ(*space_entry(space, AREA, NULL), entry);
	}
}

TEST(space_like_kernel, "a copy by ranges maps what the kernel's space does",
     SPEC("lib/mm/space.h, space_create_like_kernel()"))
{
	struct space *space;
	u8 *page = page_alloc();

	space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_USER);
	space = space_create_like_kernel(&arch_kernel_format, ~0u);
	for (u32 i = 0; i < 200; i++) {
		ulong address = i ? (ulong)random_below(page_memory_end()) : (ulong)page;
		phys_t phys = 0, expected = 0;
		u32 level;
		u64 entry = space_find_entry(space_kernel(), address, &level);
		u32 prot = arch_kernel_format.prot(entry, level);
		bool mapped = space_translate(space_kernel(), address, &expected);

		if (!EXPECT_EQ(space_translate(space, address, &phys), mapped, "at %#lx",
			       address) ||
		    !mapped)
			continue;
		EXPECT_EQ(phys, expected);
		entry = space_find_entry(space, address, &level);
		EXPECT_EQ(arch_kernel_format.prot(entry, level), prot, "at %#lx", address);
	}
	space_switch(space);
	EXPECT_NO_FAULT(fault_of(read_byte, page));
	EXPECT(is_access_fault(fault_of(write_byte, page), page));
	space_switch(space_kernel());
}

TEST(space_supervisor, "a supervisor space gives user privilege only what it was granted",
     SPEC("lib/mm/space.h, space_create_supervisor()"), REQUIRES(user_can_be_taken_away()))
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);
	struct space *space = space_create_supervisor();
	const ulong code = (ulong)read_byte;
	u32 level;
	u64 entry = space_find_entry(space, code, &level);

	EXPECT(!(space->format->prot(entry, level) & PROT_USER), "the image's code");
	space_grant_user(space, (ulong)pages + 8, 8);
	entry = space_find_entry(space, (ulong)pages, &level);
	EXPECT_EQ(level, 0);
	EXPECT(space->format->prot(entry, level) & PROT_USER);
	EXPECT(space->format->prot(entry, level) & PROT_WRITE);
	entry = space_find_entry(space, (ulong)pages + PAGE_SIZE, &level);
	EXPECT(!(space->format->prot(entry, level) & PROT_USER), "the page after it");
	space_switch(space);
	EXPECT_NO_FAULT(fault_of(write_byte, pages));
	EXPECT_NO_FAULT(fault_of(write_byte, pages + PAGE_SIZE));
	EXPECT(run_user(read_byte, pages).kind, "code that was not granted ran");
	space_switch(space_kernel());
}
