/* SPDX-License-Identifier: MIT */
/*
 * Address spaces as tables: what is mapped where after map, protect and unmap at each level,
 * and that splitting a large page leaves the parts alone that were not meant. spaces_used.c has
 * the accesses.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>

#include "memory.h"

SUITE("Address spaces: tables");

static phys_t translate(struct space *space, ulong address)
{
	phys_t phys;

	return space_translate(space, address, &phys) ? phys : ~0ull;
}

static u32 level_of(struct space *space, ulong address)
{
	u32 level;

	space_find_entry(space, address, &level);
	return level;
}

static u32 prot_of(struct space *space, ulong address)
{
	u32 level;
	u64 entry = space_find_entry(space, address, &level);

	return space->format->prot(entry, level);
}

/* PROT_ bits as they come back from an entry: some cannot be taken away everywhere. */
static u32 readable(u32 prot)
{
	return prot | arch_kernel_format.prot(arch_kernel_format.page(0, 0, 0), 0);
}

TEST(space_kernel_is_flat, "the kernel's space maps memory one to one, everything allowed",
     SPEC("lib/mm/space.h"))
{
	for (u32 i = 0; i < 200; i++) {
		ulong address = (ulong)(random_below(page_memory_end()) & ~0xfffull);

		if (!page_is_memory(address) || translate(space_kernel(), address) == ~0ull)
			continue;
		EXPECT_EQ(translate(space_kernel(), address + 5), address + 5);
		EXPECT_EQ(prot_of(space_kernel(), address), PROT_ALL, "at %#lx", address);
	}
	EXPECT_EQ(translate(space_kernel(), (ulong)page_alloc()) & 0xfff, 0u);
	EXPECT_EQ(translate(space_kernel(), 0), ~0ull);
	EXPECT_EQ(translate(space_kernel(), PAGE_SIZE), (phys_t)PAGE_SIZE);
}

TEST(space_map_each_level, "a page of each size maps from its first byte to its last",
     SPEC("lib/mm/space.h, space_map_page()"))
{
	struct space *space;

	area_map();
	space = space_create();
	for (u32 level = 0; level <= space_max_page_level(); level++) {
		const u64 size = space_page_size(level);
		const phys_t phys = size * 5;

		SUBTEST("level %u", level);
		space_map_page(space, AREA, phys, level, PROT_WRITE);
		EXPECT_EQ(level_of(space, AREA), level);
		EXPECT_EQ(translate(space, AREA), phys);
		EXPECT_EQ(translate(space, AREA + (ulong)size / 2 + 1), phys + size / 2 + 1);
		EXPECT_EQ(translate(space, AREA + (ulong)size - 1), phys + size - 1);
		EXPECT_EQ(translate(space, AREA + (ulong)size), (phys_t)AREA + size);
		EXPECT_EQ(translate(space, AREA - 1), (phys_t)AREA - 1);
		EXPECT_EQ(prot_of(space, AREA), readable(PROT_WRITE));
		EXPECT_EQ(prot_of(space, AREA + (ulong)size),
			  prot_of(space_kernel(), AREA + (ulong)size));
	}
}

TEST(space_map_largest,
     "a range is mapped with the largest pages that fit, both addresses regarded",
     SPEC("lib/mm/space.h, space_map()"), REQUIRES(space_max_page_level() > 0))
{
	struct space *space = space_create();
	const u64 large = space_page_size(1);
	const ulong start = AREA - 3 * PAGE_SIZE;
	const u64 size = 3 * PAGE_SIZE + 2 * large + 2 * PAGE_SIZE;

	space_map(space, start, start, size, PROT_USER);
	EXPECT_EQ(level_of(space, start), 0u);
	EXPECT_EQ(level_of(space, AREA - 1), 0u);
	EXPECT_EQ(level_of(space, AREA), 1u);
	EXPECT_EQ(level_of(space, AREA + (ulong)large), 1u);
	EXPECT_EQ(level_of(space, AREA + 2 * (ulong)large), 0u);
	/* The page sizes of the two addresses differ now, so that only small ones fit. */
	space_map(space, AREA, AREA + PAGE_SIZE, large, PROT_USER);
	EXPECT_EQ(level_of(space, AREA), 0u);
	for (ulong offset = 0; offset < large; offset += PAGE_SIZE)
		EXPECT_EQ(translate(space, AREA + offset), (phys_t)AREA + offset + PAGE_SIZE);
	EXPECT_EQ(prot_of(space, start - 1), prot_of(space_kernel(), start - 1));
	EXPECT_EQ(prot_of(space, start), readable(PROT_USER));
	EXPECT_EQ(prot_of(space, start + (ulong)size - 1), readable(PROT_USER));
	EXPECT_EQ(prot_of(space, start + (ulong)size),
		  prot_of(space_kernel(), start + (ulong)size));
}

TEST(space_prot, "all combinations of permissions can be read back from the entry",
     SPEC("lib/mm/space.h, space_protect()"))
{
	struct space *space = space_create();

	for (u32 level = 0; level <= MIN(1u, space_max_page_level()); level++) {
		for (u32 prot = 0; prot <= PROT_ALL; prot++) {
			const ulong size = (ulong)space_page_size(level);

			SUBTEST("level %u prot %u", level, prot);
			space_map_page(space, AREA, AREA, level, PROT_ALL);
			space_protect(space, AREA, size, prot);
			EXPECT_EQ(prot_of(space, AREA), readable(prot));
			EXPECT_EQ(translate(space, AREA), (phys_t)AREA);
			EXPECT_EQ(level_of(space, AREA), level);
			space_map_page(space, AREA, AREA, level, prot);
			EXPECT_EQ(prot_of(space, AREA), readable(prot));
		}
	}
}

/* What stands at `address` when [low, high) of a large page was changed. */
static void expect_around(struct space *space, ulong low, ulong high, phys_t inside, u32 prot)
{
	const ulong at[] = { low, low + PAGE_SIZE / 2, high - PAGE_SIZE, high - 1 };

	for (u32 i = 0; i < ARRAY_SIZE(at); i++) {
		EXPECT_EQ(translate(space, at[i]),
			  inside == ~0ull ? inside : inside + (at[i] - low), "at %#lx", at[i]);
		if (inside != ~0ull)
			EXPECT_EQ(prot_of(space, at[i]), readable(prot), "at %#lx", at[i]);
	}
	EXPECT_EQ(translate(space, low - 1), (phys_t)low - 1);
	EXPECT_EQ(translate(space, high), (phys_t)high);
	EXPECT_EQ(prot_of(space, low - 1), prot_of(space_kernel(), low - 1));
	EXPECT_EQ(prot_of(space, high), prot_of(space_kernel(), high));
}

/* Parts of large pages: at the start, in the middle, at the end, over a border, with a whole one
 * in it. */
TEST(space_split, "changing a part of a large page leaves the rest of it as it was",
     SPEC("lib/mm/space.h, space_unmap(), space_protect()"))
{
	const ulong large = (ulong)space_page_size(1);
	const struct {
		const char *name;
		ulong offset, size;
	} parts[] = {
		{ "first page", 0, PAGE_SIZE },
		{ "second page", PAGE_SIZE, PAGE_SIZE },
		{ "last page", large - PAGE_SIZE, PAGE_SIZE },
		{ "all but the first", PAGE_SIZE, large - PAGE_SIZE },
		{ "all but the last", 0, large - PAGE_SIZE },
		{ "one", 0, large },
		{ "two", 0, 2 * large },
		{ "over a border", large - PAGE_SIZE, 2 * PAGE_SIZE },
		{ "a whole one and its neighbours", large - PAGE_SIZE, large + 3 * PAGE_SIZE },
	};

	area_map();
	for (u32 i = 0; i < ARRAY_SIZE(parts); i++) {
		const ulong low = AREA + parts[i].offset, high = low + parts[i].size;
		struct space *space = space_create();

		SUBTEST("unmap %s", parts[i].name);
		space_unmap(space, low, high - low);
		expect_around(space, low, high, ~0ull, 0);

		SUBTEST("protect %s", parts[i].name);
		space = space_create();
		space_protect(space, low, high - low, PROT_USER);
		expect_around(space, low, high, low, PROT_USER);

		SUBTEST("map %s", parts[i].name);
		space = space_create();
		space_map(space, low, low + 8 * large, high - low, PROT_WRITE);
		expect_around(space, low, high, low + 8 * large, PROT_WRITE);
	}
}

TEST(space_split_keeps_whole, "all pages that a split makes are as the large one was",
     SPEC("lib/mm/space.h, space_get_entry()"), REQUIRES(space_max_page_level() > 0))
{
	struct space *space = space_create();
	const u64 large = space_page_size(1);
	const phys_t phys = 7 * large;

	space_map_page(space, AREA, phys, 1, PROT_USER);
	space_get_entry(space, AREA + PAGE_SIZE, 0);
	for (ulong offset = 0; offset < large; offset += PAGE_SIZE) {
		EXPECT_EQ(translate(space, AREA + offset), phys + offset);
		EXPECT_EQ(prot_of(space, AREA + offset), readable(PROT_USER));
		EXPECT_EQ(level_of(space, AREA + offset), 0u);
	}
	EXPECT_EQ(translate(space, AREA + (ulong)large), AREA + large);
}

TEST(space_split_largest, "a page of the highest level is split down to the smallest",
     SPEC("lib/mm/space.h"), REQUIRES(space_max_page_level() > 1))
{
	const u32 top = space_max_page_level();
	const u64 size = space_page_size(top);
	const ulong low = (ulong)(3 * size), hole = low + (ulong)size / 2 + 3 * PAGE_SIZE;
	struct space *space = space_create();

	space_map_page(space, low, size, top, PROT_USER);
	space_unmap(space, hole, PAGE_SIZE);
	EXPECT_EQ(translate(space, hole), ~0ull);
	EXPECT_EQ(level_of(space, low), top - 1);
	for (u32 i = 0; i < 500; i++) {
		u64 offset = random_below(size);

		if (ALIGN_DOWN(low + offset, (ulong)PAGE_SIZE) == hole)
			continue;
		EXPECT_EQ(translate(space, low + (ulong)offset), size + offset);
		EXPECT_EQ(prot_of(space, low + (ulong)offset), readable(PROT_USER));
	}
	EXPECT_EQ(translate(space, hole - 1), size + (hole - low) - 1);
	EXPECT_EQ(translate(space, hole + PAGE_SIZE), size + (hole - low) + PAGE_SIZE);
}

/* Where nothing was mapped, the range may be larger than what is missing at its level. */
TEST(space_unmap_absent, "unmapping what is absent changes nothing else",
     SPEC("lib/mm/space.h, space_unmap()"))
{
	const ulong large = (ulong)space_page_size(1);
	struct space *space;

	area_map();
	space = space_create();
	space_unmap(space, AREA, large);
	space_unmap(space, AREA + PAGE_SIZE, PAGE_SIZE);
	EXPECT_EQ(translate(space, AREA), ~0ull);
	EXPECT_EQ(translate(space, AREA + large), (phys_t)AREA + large);
	/* From the middle of the hole to the middle of the next page. */
	space_unmap(space, AREA + large - PAGE_SIZE, 2 * PAGE_SIZE);
	EXPECT_EQ(translate(space, AREA + large), ~0ull);
	EXPECT_EQ(translate(space, AREA + large + PAGE_SIZE), (phys_t)AREA + large + PAGE_SIZE);
	/* Then the hole is filled by one small page. */
	space_map(space, AREA + PAGE_SIZE, AREA, PAGE_SIZE, PROT_ALL);
	EXPECT_EQ(translate(space, AREA + PAGE_SIZE), (phys_t)AREA);
	EXPECT_EQ(translate(space, AREA), ~0ull);
	EXPECT_EQ(translate(space, AREA + 2 * PAGE_SIZE), ~0ull);
}

TEST(space_independent,
     "spaces that were created do not see each other's changes, nor the kernel's",
     SPEC("lib/mm/space.h, space_create()"))
{
	struct space *a, *b;

	area_map();
	a = space_create();
	space_map(a, AREA, 8 * MiB, PAGE_SIZE, PROT_ALL);
	b = space_create();
	EXPECT_EQ(translate(a, AREA), 8 * MiB);
	EXPECT_EQ(translate(b, AREA), (phys_t)AREA);
	EXPECT_EQ(translate(space_kernel(), AREA), (phys_t)AREA);
	space_map(b, AREA, 16 * MiB, PAGE_SIZE, PROT_ALL);
	space_unmap(space_kernel(), AREA, PAGE_SIZE);
	EXPECT_EQ(translate(a, AREA), 8 * MiB);
	EXPECT_EQ(translate(b, AREA), 16 * MiB);
	EXPECT_EQ(translate(space_kernel(), AREA), ~0ull);
	EXPECT_EQ(translate(space_create(), AREA), ~0ull);
	/* A table below the top, shared by mistake, would show here: the page was split in the
	 * kernel's. */
	space_unmap(a, AREA + PAGE_SIZE, PAGE_SIZE);
	EXPECT_EQ(translate(space_kernel(), AREA + PAGE_SIZE), (phys_t)AREA + PAGE_SIZE);
	EXPECT_EQ(translate(b, AREA + PAGE_SIZE), (phys_t)AREA + PAGE_SIZE);
}
