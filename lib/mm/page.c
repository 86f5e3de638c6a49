/* SPDX-License-Identifier: MIT */
/* One byte of state for each page, and a search that goes on where the last one ended. */
#include <mm/page.h>

#include <arch/space.h>
#include <harness/verdict.h>
#include <string.h>
#include <sys/landing.h>
#include <sys/lock.h>

#define MAX_REGIONS  16
#define MAX_RESERVED 16

enum page_state {
	PAGE_IS_FREE,
	PAGE_IS_FIRST, /* of an allocation */
	PAGE_IS_NEXT,  /* of an allocation */
};

/* Set in the state of pages that belong to the running case. */
#define OF_CASE 0x80

struct region {
	phys_t start; /* of the first page that is handed out */
	size_t pages;
	size_t free;
	size_t next;		    /* where to search */
	size_t case_low, case_high; /* the case's pages are within these */
	u8 *state;
};

/* Memory that is not handed out although the machine has it. */
struct reserved {
	phys_t start, end;
};

static struct region regions[MAX_REGIONS];
static struct reserved reserved[MAX_RESERVED];
static u32 reserved_count;
static u32 region_count;
static struct lock page_lock;
static u8 owner;
static u64 memory_size;
static phys_t memory_end;

/* The first run of `count` free pages at or after `from` with the right alignment, or pages. */
static size_t find_run(const struct region *region, size_t from, size_t count, size_t align)
{
	size_t first = from;

	for (size_t i = from; i < region->pages; i++) {
		if (region->state[i] != PAGE_IS_FREE) {
			first = i + 1;
			continue;
		}
		if (i == first && !IS_ALIGNED(region->start + i * PAGE_SIZE, align)) {
			first = i + 1;
			continue;
		}
		if (i - first + 1 == count)
			return first;
	}
	return region->pages;
}

static void *take_run(struct region *region, size_t first, size_t count)
{
	memset(region->state + first, PAGE_IS_NEXT | owner, count);
	region->state[first] = PAGE_IS_FIRST | owner;
	region->free -= count;
	region->next = first + count;
	if (owner) {
		region->case_low = MIN(region->case_low, first);
		region->case_high = MAX(region->case_high, first + count);
	}
	return (void *)(ulong)(region->start + first * PAGE_SIZE);
}

static void *alloc_from(struct region *region, size_t count, size_t align)
{
	size_t first;

	if (region->free < count)
		return NULL;
	first = find_run(region, region->next, count, align);
	if (first == region->pages)
		first = find_run(region, 0, count, align);
	return first == region->pages ? NULL : take_run(region, first, count);
}

void *pages_try_alloc(size_t count, size_t align)
{
	void *pages = NULL;

	if (!count)
		return NULL;
	lock(&page_lock);
	for (u32 i = 0; i < region_count && !pages; i++)
		pages = alloc_from(&regions[i], count, align);
	unlock(&page_lock);
	if (pages)
		memset(pages, 0, count * PAGE_SIZE);
	return pages;
}

static void add_usable(phys_t start, phys_t end)
{
	struct region *region = &regions[region_count];
	size_t pages, state_pages;

	start = ALIGN_UP(start, PAGE_SIZE);
	end = ALIGN_DOWN(MIN(end, (phys_t)ARCH_MAX_MEMORY), PAGE_SIZE);
	if (start >= end || region_count == MAX_REGIONS)
		return;
	pages = (size_t)((end - start) / PAGE_SIZE);
	state_pages = (pages + PAGE_SIZE - 1) / PAGE_SIZE;
	/* Later regions may be higher than what is mapped by now: their states go into the earlier ones. */
	region->state = pages_try_alloc(state_pages, PAGE_SIZE);
	if (!region->state) {
		if (pages <= state_pages)
			return;
		region->state = (u8 *)(ulong)start;
		memset(region->state, PAGE_IS_FREE, pages);
		start += (phys_t)state_pages * PAGE_SIZE;
		pages -= state_pages;
	}
	region->start = start;
	region->pages = region->free = region->case_low = pages;
	region_count++;
}

void page_reserve(phys_t start, phys_t end)
{
	if (reserved_count < MAX_RESERVED)
		reserved[reserved_count++] = (struct reserved){ start, end };
}

static struct reserved reserved_range(u32 i)
{
	return i ? reserved[i - 1] : (struct reserved){ ARCH_IMAGE_START, ARCH_IMAGE_END };
}

/* Adds what is left of the range without the image and what is reserved, from number `i` of these on. */
static void add_unreserved(phys_t start, phys_t end, u32 i)
{
	for (; i <= reserved_count && start < end; i++) {
		struct reserved hole = reserved_range(i);

		if (end <= hole.start || start >= hole.end)
			continue;
		if (start < hole.start)
			add_unreserved(start, hole.start, i + 1);
		start = hole.end;
	}
	if (start < end)
		add_usable(start, end);
}

void page_add_region(phys_t start, phys_t end)
{
	memory_size += end - start;
	memory_end = MAX(memory_end, end);
	add_unreserved(MAX(start, (phys_t)ARCH_MIN_MEMORY), end, 0);
}

void *pages_alloc(size_t count, size_t align)
{
	void *pages = pages_try_alloc(count, align);

	if (!pages) {
		case_error("out of memory: %zu pages aligned to %#zx, %zu pages free", count, align,
			   page_free_count());
		landing_end();
	}
	return pages;
}

void *page_alloc(void)
{
	return pages_alloc(1, PAGE_SIZE);
}

static struct region *region_of(phys_t address)
{
	for (u32 i = 0; i < region_count; i++) {
		struct region *region = &regions[i];

		if (address >= region->start &&
		    address < region->start + (phys_t)region->pages * PAGE_SIZE)
			return region;
	}
	return NULL;
}

const char *page_why_not_free(const void *pages)
{
	phys_t address = (ulong)pages;
	const struct region *region = region_of(address);

	if (!region)
		return "not from the page allocator";
	if (!IS_ALIGNED(address, PAGE_SIZE))
		return "not the start of a page";
	switch (region->state[(address - region->start) / PAGE_SIZE] & ~OF_CASE) {
	case PAGE_IS_FREE:
		return "already free";
	case PAGE_IS_NEXT:
		return "not the first page of its allocation";
	default:
		return NULL;
	}
}

void page_free(void *pages)
{
	const char *why_not;

	lock(&page_lock);
	why_not = page_why_not_free(pages);
	if (!why_not) {
		struct region *region = region_of((ulong)pages);
		size_t i = (size_t)(((ulong)pages - region->start) / PAGE_SIZE);

		do {
			region->state[i++] = PAGE_IS_FREE;
			region->free++;
		} while (i < region->pages && (region->state[i] & ~OF_CASE) == PAGE_IS_NEXT);
	}
	unlock(&page_lock);
	if (why_not)
		case_error("page_free(%p): %s", pages, why_not);
}

size_t page_free_count(void)
{
	size_t free = 0;

	for (u32 i = 0; i < region_count; i++)
		free += regions[i].free;
	return free;
}

bool page_is_memory(phys_t address)
{
	return region_of(address) || (address >= ARCH_IMAGE_START && address < ARCH_IMAGE_END);
}

void page_start_cases(void)
{
	owner = OF_CASE;
}

/* A case that was ended in the allocator may have left the lock taken. */
void page_free_case(void)
{
	page_lock = (struct lock){ 0 };
	for (u32 i = 0; i < region_count; i++) {
		struct region *region = &regions[i];

		for (size_t page = region->case_low; page < region->case_high; page++) {
			if (region->state[page] & OF_CASE) {
				region->state[page] = PAGE_IS_FREE;
				region->free++;
			}
		}
		region->next = MIN(region->next, region->case_low);
		region->case_low = region->pages;
		region->case_high = 0;
	}
}

u64 page_memory_size(void)
{
	return memory_size;
}

phys_t page_memory_end(void)
{
	return memory_end;
}
