/* SPDX-License-Identifier: MIT */
/*
 * A heap for objects smaller than a page. All of it is freed when the case ends. Not for memory whose
 * physical place matters: that is what pages are for.
 */
#ifndef ASSAY_MM_HEAP_H
#define ASSAY_MM_HEAP_H

#include <types.h>

/*
 * As in C11, 7.22.3, with memory zeroed by malloc() too and 16-byte alignment. Out of memory fails and
 * ends the case. A pointer that free() or realloc() cannot take (freed before, foreign, its header
 * overwritten) fails the case.
 */
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);
void free(void *memory);

/* Why `memory` cannot be freed, or NULL if it can. */
const char *heap_why_not_free(const void *memory);

/* For the library: forgets all that was allocated. */
void heap_reset(void);

#endif
