/* SPDX-License-Identifier: MIT */
/*
 * A memory sieve: many pages, each word holding a value made from its own address. Memory that
 * is there twice, page tables that lead to the wrong page, and writes that go astray all show.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>

SUITE("Memory sieve");

#define AREA	  ((ulong)(2 * GiB))
#define WORDS	  (PAGE_SIZE / sizeof(u32))
#define MAX_PAGES 1024u

static u32 pattern(ulong address, u32 round)
{
	return (u32)((address >> 2) * 2654435761u) ^ round * 0x9e3779b9u;
}

/* Every page is taken from memory that is free; the machine's size decides how many there are.
 */
static u32 page_count(void)
{
	return (u32)MIN(page_free_count() / 4, (size_t)MAX_PAGES);
}

static void fill(u32 *const *pages, u32 count, u32 round)
{
	for (u32 page = 0; page < count; page++) {
		for (u32 i = 0; i < WORDS; i++)
			pages[page][i] = pattern((ulong)&pages[page][i], round);
	}
}

static void verify(u32 *const *pages, u32 count, u32 round)
{
	for (u32 page = 0; page < count; page++) {
		for (u32 i = 0; i < WORDS; i++) {
			u32 *word = &pages[page][i];

			if (*word != pattern((ulong)word, round))
				EXPECT_EQ(*word, pattern((ulong)word, round), "at %p", word);
		}
	}
}

/* Pages from all over memory: blocks in between stay allocated until the end. */
static u32 **take_pages(u32 count)
{
	u32 **pages = pages_alloc(count * sizeof(u32 *) / PAGE_SIZE + 1, PAGE_SIZE);
	const size_t spread = page_free_count() / count;

	for (u32 page = 0; page < count; page++) {
		/* Large alignments reach far; where there is none left, any page will do. */
		if (spread > 4 && page % 16 == 0)
			pages[page] = pages_try_alloc(1, page % 64 ? 256 * KiB : 4 * MiB);
		if (!pages[page])
			pages[page] = page_alloc();
	}
	return pages;
}

TEST(sieve_memory, "every word of many pages keeps the value that was written to it",
     SPEC("lib/mm/page.h"))
{
	const u32 count = page_count();
	u32 **pages = take_pages(count);

	ASSERT_GT(count, 0u);
	for (u32 round = 0; round < 2; round++) {
		fill(pages, count, round);
		verify(pages, count, round);
	}
}

/* The pages in a shuffled order after each other, so that neighbours differ in their place. */
TEST(sieve_mapped, "pages that are mapped in any order keep what is written through the mapping",
     SPEC("lib/mm/space.h, space_map()"))
{
	const u32 count = page_count() / 4;
	u32 **pages = take_pages(count);

	ASSERT_GT(count, 0u);
	for (u32 i = count - 1; i; i--) {
		u32 j = (u32)random_below(i + 1), *page = pages[i];

		pages[i] = pages[j];
		pages[j] = page;
	}
	for (u32 i = 0; i < count; i++)
		space_map(space_kernel(), AREA + i * PAGE_SIZE, (ulong)pages[i], PAGE_SIZE,
			  PROT_ALL);
	for (u32 i = 0; i < count; i++) {
		u32 *mapped = (u32 *)(AREA + i * PAGE_SIZE);

		for (u32 word = 0; word < WORDS; word++)
			mapped[word] = pattern((ulong)&pages[i][word], 7);
	}
	verify(pages, count, 7);
}
