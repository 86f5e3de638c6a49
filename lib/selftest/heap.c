/* SPDX-License-Identifier: MIT */
/*
 * The heap: alignment, zeroed memory, neighbours left alone at every size where blocks change
 * their kind, and what it says about pointers that it cannot take back.
 */
#include <test.h>

#include <harness/variables.h>
#include <mm/heap.h>
#include <mm/page.h>
#include <string.h>

SUITE("Heap");

#define STRESS_STEPS  4000
#define STRESS_BLOCKS 96
#define ALIGNMENT     16

static bool all_bytes(const u8 *bytes, size_t size, u8 value)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != value)
			return false;
	}
	return true;
}

/* Sizes around each power of two up to some pages, where the size of the block changes. */
TEST(heap_sizes, "blocks of all sizes are aligned, zeroed and apart from their neighbours",
     SPEC("lib/mm/heap.h, malloc()"))
{
	for (size_t power = 8; power <= 4 * PAGE_SIZE; power *= 2) {
		SUBTEST("around %zu bytes", power);
		for (size_t size = MAX(power, (size_t)20) - 20; size <= power + 20; size++) {
			u8 *block[3];

			for (u32 i = 0; i < 3; i++) {
				block[i] = malloc(size);
				EXPECT(IS_ALIGNED((ulong)block[i], ALIGNMENT), "%zu bytes", size);
				EXPECT(all_bytes(block[i], size, 0), "%zu bytes", size);
				memset(block[i], 0xa0 + i, size);
			}
			for (u32 i = 0; i < 3; i++) {
				EXPECT(all_bytes(block[i], size, 0xa0 + i), "%zu bytes", size);
				free(block[i]);
			}
		}
	}
}

TEST(heap_empty_block, "a block of no bytes is one, and NULL may be freed", SPEC("C11, 7.22.3"))
{
	void *a = malloc(0), *b = malloc(0);

	EXPECT_NE(a, NULL);
	EXPECT_NE(a, b);
	EXPECT_EQ(heap_why_not_free(a), NULL);
	free(a);
	free(b);
	free(NULL);
}

TEST(heap_calloc, "calloc() gives count times size bytes, zeroed", SPEC("C11, 7.22.3.2"))
{
	u8 *used = malloc(10 * 30), *block;

	memset(used, 0xff, 300);
	free(used);
	block = calloc(10, 30);
	EXPECT(all_bytes(block, 300, 0));
	memset(block, 0xff, 300);
	used = malloc(280);
	memset(used, 0, 280);
	EXPECT(all_bytes(block, 300, 0xff));
}

TEST(heap_reuse, "a freed block is used again, and comes zeroed", SPEC("lib/mm/heap.h, malloc()"))
{
	for (size_t size = 8; size <= 1024; size *= 2) {
		u8 *first = malloc(size), *again;

		memset(first, 0xff, size);
		free(first);
		again = malloc(size);
		SUBTEST("%zu bytes", size);
		EXPECT_EQ(again, first);
		EXPECT(all_bytes(again, size, 0));
	}
}

/* Any number of blocks, one after the other, need no more memory than one. */
TEST(heap_keeps_nothing, "a freed block gives back all that it took", SPEC("C11, 7.22.3.3"))
{
	static const size_t sizes[] = { 1, 16, 17, 2031, 2032, 2033, 4080, 4081, 20000 };
	size_t free_pages;

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
		free(malloc(sizes[i]));
	free_pages = page_free_count();
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (u32 round = 0; round < 50; round++)
			free(malloc(sizes[i]));
		EXPECT_EQ(page_free_count(), free_pages, "%zu bytes", sizes[i]);
	}
}

TEST(heap_realloc, "realloc() keeps what fits into both sizes", SPEC("C11, 7.22.3.5"))
{
	static const size_t sizes[] = { 1,    40,  15,	 16,   17,   500, 2032,
					2033, 100, 4080, 4081, 9000, 30 };
	size_t kept = 0;
	u8 *block = NULL;

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		block = realloc(block, sizes[i]);
		ASSERT_NE(block, NULL);
		kept = MIN(kept, sizes[i]);
		SUBTEST("step %u, to %zu bytes", i, sizes[i]);
		EXPECT(IS_ALIGNED((ulong)block, ALIGNMENT));
		for (size_t byte = 0; byte < kept; byte++) {
			if (!EXPECT_EQ(block[byte], (u8)(byte * 7 + 1), "byte %zu", byte))
				break;
		}
		EXPECT(all_bytes(block + kept, sizes[i] - kept, 0));
		for (size_t byte = 0; byte < sizes[i]; byte++)
			block[byte] = (u8)(byte * 7 + 1);
		kept = sizes[i];
	}
}

TEST(heap_double_free, "a block that is free already is told from one that is not",
     SPEC("lib/mm/heap.h, heap_why_not_free()"))
{
	static const size_t sizes[] = { 1, 100, 2000, 5000, 100000 };

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *block = malloc(sizes[i]);

		SUBTEST("%zu bytes", sizes[i]);
		EXPECT_EQ(heap_why_not_free(block), NULL);
		free(block);
		EXPECT_STR_EQ(heap_why_not_free(block), "already free");
	}
}

TEST(heap_foreign_free, "memory that is not a block's start is told from one that is",
     SPEC("lib/mm/heap.h, heap_why_not_free()"))
{
	u8 *block = malloc(200), *page = page_alloc();
	static u8 in_image[64];

	EXPECT_STR_EQ(heap_why_not_free(block + 1), "not from the heap");
	EXPECT_STR_EQ(heap_why_not_free(block + 8), "not from the heap");
	EXPECT_NE(heap_why_not_free(block + 16), NULL);
	EXPECT_NE(heap_why_not_free(page), NULL);
	EXPECT_NE(heap_why_not_free(page + 64), NULL);
	EXPECT_NE(heap_why_not_free(in_image + 16), NULL);
	EXPECT_EQ(heap_why_not_free(block), NULL);
}

/* A block that is written beyond its end hits the header of the one after it. */
TEST(heap_overrun, "a header that was overwritten is noticed",
     SPEC("lib/mm/heap.h, heap_why_not_free()"))
{
	u8 *blocks[8];
	u32 noticed = 0;

	for (u32 i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = malloc(48);
	for (u32 i = 0; i < ARRAY_SIZE(blocks); i++)
		EXPECT_EQ(heap_why_not_free(blocks[i]), NULL);
	memset(blocks[3], 0xee, 48 + 16);
	for (u32 i = 0; i < ARRAY_SIZE(blocks); i++) {
		const char *why_not = heap_why_not_free(blocks[i]);

		if (blocks[i] == blocks[3] + 64)
			EXPECT_STR_EQ(why_not, "not from the heap, or its header was overwritten");
		noticed += why_not != NULL;
	}
	EXPECT_EQ(noticed, 1u);
}

/* ------------------------------------------------------------------------------ against a
 * model */

struct block {
	u8 *memory;
	size_t size;
	u8 fill;
};

static void refill(struct block *block)
{
	block->fill = (u8)(random_u64() | 1);
	memset(block->memory, block->fill, block->size);
}

TEST(heap_stress, "a random mix of calls keeps every block's contents", SPEC("lib/mm/heap.h"))
{
	static struct block blocks[STRESS_BLOCKS];

	memset(blocks, 0, sizeof(blocks));
	for (u32 step = 0; step < STRESS_STEPS; step++) {
		struct block *block = &blocks[random_below(STRESS_BLOCKS)];
		size_t size = (size_t)random_below(1u << (3 + random_below(11)));

		if (!block->memory) {
			block->memory = malloc(size);
			block->size = size;
			EXPECT(all_bytes(block->memory, size, 0), "step %u", step);
			refill(block);
		} else if (random_below(3)) {
			EXPECT(all_bytes(block->memory, block->size, block->fill), "step %u", step);
			free(block->memory);
			block->memory = NULL;
		} else {
			block->memory = realloc(block->memory, size);
			EXPECT(all_bytes(block->memory, MIN(size, block->size), block->fill),
			       "step %u", step);
			block->size = size;
			refill(block);
		}
	}
	for (u32 i = 0; i < STRESS_BLOCKS; i++) {
		if (blocks[i].memory)
			EXPECT(all_bytes(blocks[i].memory, blocks[i].size, blocks[i].fill));
	}
}

/* ----------------------------------------------------------------- a case and the one after it */

static bool left FOR_NEXT_CASE;

TEST(heap_left_behind, "a case may end without freeing its blocks",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	for (u32 i = 0; i < 500; i++) {
		u8 *block = malloc(i);

		memset(block, 0xff, i);
		if (i % 3 == 0)
			free(block);
	}
	left = EXPECT_NE(malloc(10), NULL);
}

TEST(heap_starts_anew, "blocks that the last case left in any state are no part of the heap",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	const size_t free_pages = page_free_count();
	u8 *block;

	if (!left)
		SKIP("the case before this one, heap_left_behind, did not run");
	block = malloc(32);
	EXPECT(all_bytes(block, 32, 0));
	/* The first block of a size needs a page, as nothing is left of what was cut before. */
	EXPECT_EQ(page_free_count(), free_pages - 1);
}
