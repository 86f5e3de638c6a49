/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <types.h>

static unsigned int digit_value(char c)
{
	if (isdigit(c))
		return (unsigned int)(c - '0');
	if (isalpha(c))
		return (unsigned int)(tolower(c) - 'a' + 10);
	return UINT_MAX;
}

struct number {
	unsigned long long magnitude;
	bool negative;
	bool too_large; /* the magnitude is more than the limit */
};

/* Magnitudes up to `limit` are in range. */
static struct number parse(const char *s, char **end, unsigned int base, unsigned long long limit)
{
	struct number n = { 0 };
	const char *at = s;

	if (end)
		*end = (char *)s;
	if (base == 1 || base > 36)
		return n;

	while (isspace(*at))
		at++;
	if (*at == '+' || *at == '-')
		n.negative = *at++ == '-';
	if ((base == 0 || base == 16) && at[0] == '0' && tolower(at[1]) == 'x' &&
	    digit_value(at[2]) < 16) {
		at += 2;
		base = 16;
	} else if (base == 0) {
		base = *at == '0' ? 8 : 10;
	}
	if (digit_value(*at) >= base)
		return n;

	unsigned long long whole = ULLONG_MAX / base;

	for (; digit_value(*at) < base; at++) {
		unsigned int digit = digit_value(*at);

		if (n.magnitude > whole || n.magnitude * base > ULLONG_MAX - digit)
			n.too_large = true;
		n.magnitude = n.magnitude * base + digit;
	}
	if (n.magnitude > limit)
		n.too_large = true;
	if (end)
		*end = (char *)at;
	return n;
}

static unsigned long long parse_unsigned(const char *s, char **end, int base,
					 unsigned long long max)
{
	struct number n = parse(s, end, (unsigned int)base, max);

	if (n.too_large)
		return max;
	return n.negative ? -n.magnitude : n.magnitude;
}

/* Two's complement: the smallest value is -max - 1. */
static long long parse_signed(const char *s, char **end, int base, long long max)
{
	struct number n = parse(s, end, (unsigned int)base, ULLONG_MAX);

	if (n.negative) {
		if (n.too_large || n.magnitude > (unsigned long long)max)
			return -max - 1;
		return -(long long)n.magnitude;
	}
	if (n.too_large || n.magnitude > (unsigned long long)max)
		return max;
	return (long long)n.magnitude;
}

long strtol(const char *restrict s, char **restrict end, int base)
{
	return (long)parse_signed(s, end, base, LONG_MAX);
}

long long strtoll(const char *restrict s, char **restrict end, int base)
{
	return parse_signed(s, end, base, LLONG_MAX);
}

unsigned long strtoul(const char *restrict s, char **restrict end, int base)
{
	return (unsigned long)parse_unsigned(s, end, base, ULONG_MAX);
}

unsigned long long strtoull(const char *restrict s, char **restrict end, int base)
{
	return parse_unsigned(s, end, base, ULLONG_MAX);
}

int atoi(const char *s)
{
	return (int)parse_signed(s, NULL, 10, INT_MAX);
}

static void swap(u8 *a, u8 *b, size_t size)
{
	for (; size; size--) {
		u8 byte = *a;

		*a++ = *b;
		*b++ = byte;
	}
}

struct heap {
	u8 *elements;
	size_t count;
	size_t size;
	int (*compare)(const void *a, const void *b);
};

/* Lets the element at `parent` sink until no child of it is greater. */
static void sift_down(const struct heap *heap, size_t parent)
{
	while (parent < heap->count / 2) {
		size_t child = 2 * parent + 1;
		u8 *p = heap->elements + parent * heap->size;
		u8 *c = heap->elements + child * heap->size;

		if (child + 1 < heap->count && heap->compare(c, c + heap->size) < 0) {
			child++;
			c += heap->size;
		}
		if (heap->compare(p, c) >= 0)
			return;
		swap(p, c, heap->size);
		parent = child;
	}
}

/* Heapsort: its worst case is its usual one, and a sorted array is nothing special to it. */
void qsort(void *array, size_t count, size_t size, int (*compare)(const void *a, const void *b))
{
	struct heap heap = { array, count, size, compare };

	for (size_t parent = count / 2; parent-- > 0;)
		sift_down(&heap, parent);
	while (heap.count > 1) {
		heap.count--;
		swap(heap.elements, heap.elements + heap.count * size, size);
		sift_down(&heap, 0);
	}
}

void *bsearch(const void *key, const void *array, size_t count, size_t size,
	      int (*compare)(const void *key, const void *element))
{
	const u8 *base = array;

	while (count) {
		const u8 *middle = base + count / 2 * size;
		int order = compare(key, middle);

		if (order == 0)
			return (void *)middle;
		if (order > 0) {
			base = middle + size;
			count -= count / 2 + 1;
		} else {
			count /= 2;
		}
	}
	return NULL;
}
