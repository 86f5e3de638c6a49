/* SPDX-License-Identifier: MIT */
/* Numbers from text, sorting and searching, C11 7.22. The heap is <mm/heap.h>. */
#ifndef ASSAY_LIBC_STDLIB_H
#define ASSAY_LIBC_STDLIB_H

#include <stddef.h>

/*
 * Read a number after optional white space and a sign. Base 0 takes it from the text: 0x for
 * 16, 0 for 8, otherwise 10; base 16 allows 0x. `*end`, unless end is NULL, becomes where the
 * number ends, or `s` if there is none or the base is not 0 or 2..36, and the result is then 0.
 *
 * A number out of range gives the type's limit. There is no errno to tell it from that very
 * number. As C has it, "-1" is in range for the unsigned ones and gives the greatest value.
 */
long strtol(const char *restrict s, char **restrict end, int base);
long long strtoll(const char *restrict s, char **restrict end, int base);
unsigned long strtoul(const char *restrict s, char **restrict end, int base);
unsigned long long strtoull(const char *restrict s, char **restrict end, int base);

/* The decimal number at the start of `s`, 0 if there is none; out of range it is an int's
 * limit. */
int atoi(const char *s);

/* The magnitude of `n`, which must not be INT_MIN. */
static inline int abs(int n)
{
	return n < 0 ? -n : n;
}

/*
 * Sorts `count` elements of `size` bytes in place, ascending as `compare` says (negative, zero
 * or positive as *a belongs before, with or after *b). Not stable. Takes n log n time at
 * worst, and neither recursion nor memory.
 */
void qsort(void *array, size_t count, size_t size, int (*compare)(const void *a, const void *b));

/*
 * Returns an element of the ascending array for which compare(key, element) is 0, NULL if there
 * is none. Of several, any.
 */
void *bsearch(const void *key, const void *array, size_t count, size_t size,
	      int (*compare)(const void *key, const void *element));

#endif
