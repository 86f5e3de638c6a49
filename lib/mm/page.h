/* SPDX-License-Identifier: MIT */
/*
 * Physical pages, PAGE_SIZE bytes each. Pages come zeroed and are mapped one to one, so that a pointer
 * is also the physical address. What a case allocates is freed when it ends.
 */
#ifndef ASSAY_MM_PAGE_H
#define ASSAY_MM_PAGE_H

#include <types.h>

#define PAGE_SIZE 4096u

/* One page. Out of memory fails and ends the case, so that the result need not be checked. */
void *page_alloc(void);

/*
 * `count` pages in a row, the first aligned to `align` bytes (a power of two, at least PAGE_SIZE).
 * pages_try_alloc() returns NULL where there is no such run.
 */
void *pages_alloc(size_t count, size_t align);
void *pages_try_alloc(size_t count, size_t align);

/*
 * Frees what one of these calls returned, the whole run. Anything else (a pointer into a run, a page
 * freed before, memory from elsewhere) fails the case and frees nothing.
 */
void page_free(void *pages);

/* Why `pages` cannot be freed ("already free", ...), or NULL if it can. */
const char *page_why_not_free(const void *pages);

/* Pages that are free now. */
size_t page_free_count(void);

/* True if the address is in memory that the machine described, allocated or not, or in the image. */
bool page_is_memory(phys_t address);

/* ---------------------------------------------------------------- for the library */

/* Keeps a range out of what page_add_region() gives later: the loader's or the firmware's memory. */
void page_reserve(phys_t start, phys_t end);

/* Gives a region of memory to the allocator, except the image and what was reserved before. */
void page_add_region(phys_t start, phys_t end);

/* From here on, allocations are a case's. */
void page_start_cases(void);

/* Frees what was allocated since the last call. */
void page_free_case(void);

/* All memory of the machine in bytes, and the first address after it. */
u64 page_memory_size(void);
phys_t page_memory_end(void);

#endif
