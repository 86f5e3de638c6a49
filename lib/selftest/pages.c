/* SPDX-License-Identifier: MIT */
/*
 * The page allocator: what it hands out is zeroed, aligned, in a row and nobody else's; what it
 * takes back is only what it handed out; a case's pages are free when the next one starts.
 */
#include <test.h>

#include <harness/variables.h>
#include <mm/page.h>
#include <string.h>

SUITE("Page allocator");

#define STRESS_STEPS 3000
#define STRESS_RUNS  64

#define PAGE_WORDS (PAGE_SIZE / sizeof(u64))

static void fill_words(u64 *words, size_t count, u64 value)
{
	for (size_t i = 0; i < count; i++)
		words[i] = value;
}

/* The index of the first word that is not `value`, or count. */
static size_t first_other(const u64 *words, size_t count, u64 value)
{
	size_t i = 0;

	while (i < count && words[i] == value)
		i++;
	return i;
}

TEST(page_zeroed, "a page comes zeroed and aligned, also when it was used before",
     SPEC("lib/mm/page.h, page_alloc()"))
{
	const size_t free = page_free_count();
	u64 *pages[16];

	for (u32 round = 0; round < 4; round++) {
		for (u32 i = 0; i < ARRAY_SIZE(pages); i++) {
			pages[i] = page_alloc();
			EXPECT(IS_ALIGNED((ulong)pages[i], PAGE_SIZE));
			EXPECT_EQ(first_other(pages[i], PAGE_WORDS, 0), PAGE_WORDS, "round %u",
				  round);
			fill_words(pages[i], PAGE_WORDS, ~0ull);
		}
		for (u32 i = 0; i < ARRAY_SIZE(pages); i++)
			page_free(pages[i]);
	}
	EXPECT_EQ(page_free_count(), free);
}

TEST(page_run_zeroed, "a run that is put together from freed pages comes zeroed",
     SPEC("lib/mm/page.h, pages_alloc()"))
{
	u64 *run = pages_alloc(64, PAGE_SIZE);
	ulong low = (ulong)run;

	fill_words(run, 64 * PAGE_WORDS, 0x5a5a5a5a5a5a5a5aull);
	page_free(run);
	for (u32 size = 1; size <= 32; size *= 2) {
		bool reused = false;

		/* The search goes on where it ended: it comes round to the freed ones after a
		 * while. */
		for (u32 i = 0; i < 8; i++) {
			u64 *again = pages_alloc(size, PAGE_SIZE);

			reused |= (ulong)again >= low && (ulong)again < low + 64 * PAGE_SIZE;
			EXPECT_EQ(first_other(again, size * PAGE_WORDS, 0), size * PAGE_WORDS,
				  "%u pages at %p", size, again);
			fill_words(again, size * PAGE_WORDS, ~0ull);
			page_free(again);
		}
		if (reused)
			ktap_note("%u pages: among those freed before", size);
	}
}

TEST(page_run_aligned, "a run is in a row and starts at a multiple of the alignment asked for",
     SPEC("lib/mm/page.h, pages_alloc()"))
{
	for (size_t align = PAGE_SIZE; align <= MiB; align *= 2) {
		for (size_t count = 1; count <= 9; count += 4) {
			u8 *run = pages_alloc(count, align);

			SUBTEST("%zu pages, alignment %#zx", count, align);
			EXPECT(IS_ALIGNED((ulong)run, align), "at %p", run);
			EXPECT_EQ(first_other((u64 *)run, count * PAGE_WORDS, 0),
				  count * PAGE_WORDS);
			EXPECT(page_is_memory((ulong)run));
			EXPECT(page_is_memory((ulong)run + count * PAGE_SIZE - 1));
		}
	}
}

TEST(page_no_run, "what cannot be had gives NULL and takes nothing",
     SPEC("lib/mm/page.h, pages_try_alloc()"))
{
	const size_t free = page_free_count();

	EXPECT_EQ(pages_try_alloc(free + 1, PAGE_SIZE), NULL);
	EXPECT_EQ(pages_try_alloc(0, PAGE_SIZE), NULL);
	EXPECT_EQ(pages_try_alloc(SIZE_MAX / PAGE_SIZE, PAGE_SIZE), NULL);
	EXPECT_EQ(page_free_count(), free);
}

/*
 * Memory of gigabytes takes too long to be zeroed. A large alignment has few places, and these
 * run out in the same way.
 */
TEST(page_exhaustion, "when the last place is taken there is none, and one freed is found again",
     SPEC("lib/mm/page.h, pages_try_alloc()"))
{
	const size_t free = page_free_count();
	const size_t align = page_memory_size() > GiB	      ? 256 * MiB
			     : page_memory_size() > 128 * MiB ? 64 * MiB
							      : 2 * MiB;
	const size_t places = (size_t)(page_memory_end() / align) + 1;
	void **taken = pages_alloc(places * sizeof(void *) / PAGE_SIZE + 1, PAGE_SIZE);
	size_t count = 0;

	while (count < places && (taken[count] = pages_try_alloc(1, align)))
		count++;
	EXPECT_LT(count, places);
	ASSERT_GT(count, 0u);
	for (size_t i = 1; i < count; i++)
		EXPECT_NE(taken[i], taken[i - 1]);
	EXPECT_EQ(pages_try_alloc(1, align), NULL);
	for (size_t i = 0; i < count; i += count / 4 + 1) {
		page_free(taken[i]);
		EXPECT_EQ(pages_try_alloc(1, align), taken[i]);
		EXPECT_EQ(pages_try_alloc(1, align), NULL);
	}
	for (size_t i = 0; i < count; i++)
		page_free(taken[i]);
	page_free(taken);
	EXPECT_EQ(page_free_count(), free);
}

/* Every page of a small machine, so that all of the allocator's states have been both. */
TEST(page_every_one, "all pages can be had one by one, and after that none",
     SPEC("lib/mm/page.h, pages_try_alloc()"), REQUIRES(page_memory_size() <= 64 * MiB))
{
	const size_t free = page_free_count();
	ulong *newest = NULL, *page;
	size_t count = 0;

	while ((page = pages_try_alloc(1, PAGE_SIZE))) {
		*page = (ulong)newest;
		newest = page;
		count++;
	}
	EXPECT_EQ(count, free);
	EXPECT_EQ(page_free_count(), 0u);
	for (; newest; newest = page, count--) {
		page = (ulong *)*newest;
		page_free(newest);
	}
	EXPECT_EQ(count, 0u);
	EXPECT_EQ(page_free_count(), free);
}

TEST(page_wrong_free, "what is no allocation's first page is told from what is",
     SPEC("lib/mm/page.h, page_why_not_free()"))
{
	u8 *run = pages_alloc(4, PAGE_SIZE), *page = page_alloc(), local[64];
	const size_t free = page_free_count();

	EXPECT_EQ(page_why_not_free(run), NULL);
	EXPECT_EQ(page_why_not_free(page), NULL);
	EXPECT_STR_EQ(page_why_not_free(run + 8), "not the start of a page");
	EXPECT_STR_EQ(page_why_not_free(run + PAGE_SIZE - 1), "not the start of a page");
	EXPECT_STR_EQ(page_why_not_free(run + PAGE_SIZE), "not the first page of its allocation");
	EXPECT_STR_EQ(page_why_not_free(run + 3 * PAGE_SIZE),
		      "not the first page of its allocation");
	EXPECT_STR_EQ(page_why_not_free(NULL), "not from the page allocator");
	EXPECT_STR_EQ(page_why_not_free(local), "not from the page allocator");
	EXPECT_STR_EQ(page_why_not_free(test_cases_start), "not from the page allocator");
	EXPECT_EQ(page_free_count(), free);
	page_free(page);
	EXPECT_STR_EQ(page_why_not_free(page), "already free");
	page_free(run);
	for (u32 i = 0; i < 4; i++)
		EXPECT_STR_EQ(page_why_not_free(run + i * PAGE_SIZE), "already free", "page %u", i);
	EXPECT_EQ(page_free_count(), free + 5);
}

TEST(page_free_whole_run, "freeing a run frees its pages and no neighbour's",
     SPEC("lib/mm/page.h, page_free()"))
{
	u8 *runs[8];
	size_t free = page_free_count();

	for (u32 i = 0; i < ARRAY_SIZE(runs); i++) {
		runs[i] = pages_alloc(i + 1, PAGE_SIZE);
		free -= i + 1;
		EXPECT_EQ(page_free_count(), free);
	}
	for (u32 i = 1; i < ARRAY_SIZE(runs); i += 2) {
		page_free(runs[i]);
		free += i + 1;
		EXPECT_EQ(page_free_count(), free);
	}
	for (u32 i = 0; i < ARRAY_SIZE(runs); i += 2)
		EXPECT_EQ(page_why_not_free(runs[i]), NULL, "run %u", i);
}

/* ----------------------------------------------------------------------------- against a model
 */

struct run {
	u64 *pages;
	size_t count;
	u64 tag;
};

static void expect_apart(const struct run *runs, u32 chosen)
{
	ulong low = (ulong)runs[chosen].pages, high = low + runs[chosen].count * PAGE_SIZE;

	for (u32 i = 0; i < STRESS_RUNS; i++) {
		ulong other = (ulong)runs[i].pages;

		if (i != chosen && other)
			EXPECT(other >= high || other + runs[i].count * PAGE_SIZE <= low,
			       "runs %#lx and %#lx overlap", low, other);
	}
}

/* The first and the last word of every page of a run carry its tag. */
static void tag_pages(const struct run *run)
{
	for (size_t page = 0; page < run->count; page++) {
		run->pages[page * PAGE_WORDS] = run->tag + page;
		run->pages[(page + 1) * PAGE_WORDS - 1] = ~run->tag - page;
	}
}

static void expect_tags(const struct run *run)
{
	for (size_t page = 0; page < run->count; page++) {
		EXPECT_EQ(run->pages[page * PAGE_WORDS], run->tag + page);
		EXPECT_EQ(run->pages[(page + 1) * PAGE_WORDS - 1], ~run->tag - page);
	}
}

TEST(page_stress, "a random mix of allocations and frees keeps runs apart and the count right",
     SPEC("lib/mm/page.h"))
{
	static struct run runs[STRESS_RUNS];
	size_t free = page_free_count();

	memset(runs, 0, sizeof(runs));
	for (u32 step = 0; step < STRESS_STEPS; step++) {
		u32 chosen = (u32)random_below(STRESS_RUNS);
		struct run *run = &runs[chosen];

		if (run->pages) {
			expect_tags(run);
			page_free(run->pages);
			EXPECT_STR_EQ(page_why_not_free(run->pages), "already free");
			free += run->count;
			run->pages = NULL;
		} else {
			size_t align = (size_t)PAGE_SIZE << random_below(5);

			run->count = (size_t)random_below(6) + 1;
			run->tag = random_u64();
			run->pages = pages_alloc(run->count, align);
			EXPECT(IS_ALIGNED((ulong)run->pages, align));
			for (size_t page = 0; page < run->count; page++) {
				EXPECT_EQ(run->pages[page * PAGE_WORDS], 0u);
				EXPECT_EQ(run->pages[(page + 1) * PAGE_WORDS - 1], 0u);
			}
			expect_apart(runs, chosen);
			tag_pages(run);
			free -= run->count;
		}
		EXPECT_EQ(page_free_count(), free, "step %u", step);
	}
	for (u32 i = 0; i < STRESS_RUNS; i++) {
		if (runs[i].pages)
			expect_tags(&runs[i]);
	}
}

/* ----------------------------------------------------------------- a case and the one after it */

/* What page_left_behind saw; zero if it did not run. */
static size_t free_at_first FOR_NEXT_CASE;
static u64 *left_behind FOR_NEXT_CASE;

TEST(page_left_behind, "a case may end without freeing what it has",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	free_at_first = page_free_count();
	left_behind = pages_alloc(100, PAGE_SIZE);
	fill_words(left_behind, 100 * PAGE_WORDS, ~0ull);
	for (u32 i = 0; i < 10; i++)
		page_alloc();
	EXPECT_EQ(page_free_count(), free_at_first - 110);
}

TEST(page_taken_back, "what the last case left is free and comes zeroed",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	if (!free_at_first)
		SKIP("the case before this one, page_left_behind, did not run");
	EXPECT_EQ(page_free_count(), free_at_first);
	for (u32 i = 0; i < 100; i++)
		EXPECT_STR_EQ(page_why_not_free(left_behind + i * PAGE_WORDS), "already free");
	EXPECT_EQ(first_other(pages_alloc(100, PAGE_SIZE), 100 * PAGE_WORDS, 0), 100 * PAGE_WORDS);
}
