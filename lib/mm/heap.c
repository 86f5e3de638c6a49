/* SPDX-License-Identifier: MIT */
/*
 * Blocks of powers of two from 32 bytes to half a page, each size with a list of free ones, cut from
 * pages; larger blocks are pages of their own.
 */
#include <mm/heap.h>

#include <harness/verdict.h>
#include <mm/page.h>
#include <string.h>
#include <sys/landing.h>
#include <sys/lock.h>

#define MIN_SHIFT 5
#define MAX_SHIFT 11
#define SIZES	  (MAX_SHIFT - MIN_SHIFT + 1)

#define MAGIC_USED 0xa110ca7eu
#define MAGIC_FREE 0xf7eef7eeu

/* Before every block; 16 bytes, so that what follows is aligned. */
struct header {
	u32 magic;
	u32 shift; /* of the block's size, header included; 0: pages */
	u64 size;  /* asked for; in a free block, the next free one */
};

static struct header *free_blocks[SIZES];
static struct lock heap_lock;

static u32 shift_for(size_t size)
{
	u32 shift = MIN_SHIFT;

	while (((size_t)1 << shift) < size)
		shift++;
	return shift;
}

/* Cuts a page into free blocks of this size. */
static void refill(u32 shift)
{
	u8 *page = page_alloc();

	for (size_t offset = 0; offset < PAGE_SIZE; offset += (size_t)1 << shift) {
		struct header *block = (struct header *)(page + offset);

		block->magic = MAGIC_FREE;
		block->shift = shift;
		block->size = (ulong)free_blocks[shift - MIN_SHIFT];
		free_blocks[shift - MIN_SHIFT] = block;
	}
}

static struct header *take_block(u32 shift)
{
	struct header *block;

	lock(&heap_lock);
	if (!free_blocks[shift - MIN_SHIFT])
		refill(shift);
	block = free_blocks[shift - MIN_SHIFT];
	free_blocks[shift - MIN_SHIFT] = (struct header *)(ulong)block->size;
	unlock(&heap_lock);
	memset(block, 0, (size_t)1 << shift);
	block->shift = shift;
	return block;
}

void *malloc(size_t size)
{
	size_t total = size + sizeof(struct header);
	struct header *block;

	if (total < size || total > page_memory_size()) {
		case_error("malloc(%#zx): more than the machine has", size);
		landing_end();
	}
	if (total <= (size_t)1 << MAX_SHIFT)
		block = take_block(shift_for(total));
	else
		block = pages_alloc((total + PAGE_SIZE - 1) / PAGE_SIZE, PAGE_SIZE);
	block->magic = MAGIC_USED;
	block->size = size;
	return block + 1;
}

void *calloc(size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total)) {
		case_error("calloc(%#zx, %#zx): the product overflows", count, size);
		landing_end();
	}
	return malloc(total);
}

const char *heap_why_not_free(const void *memory)
{
	const struct header *block = (const struct header *)memory - 1;

	if (!page_is_memory((ulong)block) || !IS_ALIGNED((ulong)block, sizeof(*block)))
		return "not from the heap";
	if (block->magic == MAGIC_FREE)
		return "already free";
	if (block->magic != MAGIC_USED)
		return "not from the heap, or its header was overwritten";
	return NULL;
}

static bool check(const char *function, const void *memory)
{
	const char *why_not = heap_why_not_free(memory);

	if (why_not)
		case_error("%s(%p): %s", function, memory, why_not);
	return !why_not;
}

void free(void *memory)
{
	struct header *block;

	if (!memory || !check("free", memory))
		return;
	block = (struct header *)memory - 1;
	block->magic = MAGIC_FREE;
	if (!block->shift) {
		page_free(block);
		return;
	}
	lock(&heap_lock);
	block->size = (ulong)free_blocks[block->shift - MIN_SHIFT];
	free_blocks[block->shift - MIN_SHIFT] = block;
	unlock(&heap_lock);
}

void *realloc(void *memory, size_t size)
{
	const struct header *block;
	void *moved;

	if (!memory)
		return malloc(size);
	if (!check("realloc", memory))
		return NULL;
	block = (const struct header *)memory - 1;
	moved = malloc(size);
	memcpy(moved, memory, MIN(size, (size_t)block->size));
	free(memory);
	return moved;
}

void heap_reset(void)
{
	memset(free_blocks, 0, sizeof(free_blocks));
	heap_lock = (struct lock){ 0 };
}
