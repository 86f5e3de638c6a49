/* SPDX-License-Identifier: MIT */
/*
 * Memory is moved in words where the alignment allows it, never by an unaligned access: these
 * functions run with the MMU off and with alignment checks on, too.
 *
 * Compilers recognise the loops of memcpy(), memset() or strlen() and put a call of that
 * function in their place, which would be endless recursion here. hide() in a loop makes it one
 * they do not know.
 */
#include <ctype.h>
#include <string.h>
#include <types.h>

/* The compiler no longer knows how `x`, a variable, came about. Costs no instruction. */
#define hide(x) __asm__ volatile("" : "+r"(x))

typedef ulong __attribute__((may_alias)) word;

#define WORD	   sizeof(word)
#define EVERY_BYTE ((word)-1 / 0xff)

static bool word_aligned(const void *p)
{
	return IS_ALIGNED((ulong)p, WORD);
}

/* Can both be brought to a word boundary by moving them on by the same number of bytes? */
static bool same_alignment(const void *a, const void *b)
{
	return IS_ALIGNED((ulong)a ^ (ulong)b, WORD);
}

static void copy_up(u8 *to, const u8 *from, size_t size)
{
	if (same_alignment(to, from)) {
		for (; size && !word_aligned(to); size--) {
			*to++ = *from++;
			hide(from);
		}
		for (; size >= 4 * WORD; size -= 4 * WORD) {
			word a = ((const word *)from)[0], b = ((const word *)from)[1];
			word c = ((const word *)from)[2], d = ((const word *)from)[3];

			hide(from);
			((word *)to)[0] = a;
			((word *)to)[1] = b;
			((word *)to)[2] = c;
			((word *)to)[3] = d;
			from += 4 * WORD;
			to += 4 * WORD;
		}
		for (; size >= WORD; size -= WORD) {
			*(word *)to = *(const word *)from;
			hide(from);
			from += WORD;
			to += WORD;
		}
	}
	for (; size; size--) {
		*to++ = *from++;
		hide(from);
	}
}

/* From the last byte to the first: `to` and `from` are moved to the ends first. */
static void copy_down(u8 *to, const u8 *from, size_t size)
{
	to += size;
	from += size;
	if (same_alignment(to, from)) {
		for (; size && !word_aligned(to); size--) {
			*--to = *--from;
			hide(from);
		}
		for (; size >= WORD; size -= WORD) {
			from -= WORD;
			to -= WORD;
			*(word *)to = *(const word *)from;
			hide(from);
		}
	}
	for (; size; size--) {
		*--to = *--from;
		hide(from);
	}
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	copy_up(to, from, size);
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	/* Wraps to a large number if `to` is below `from`. */
	if ((ulong)to - (ulong)from < size)
		copy_down(to, from, size);
	else
		copy_up(to, from, size);
	return to;
}

void *memset(void *area, int value, size_t size)
{
	u8 *to = area;
	word pattern = EVERY_BYTE * (u8)value;

	for (; size && !word_aligned(to); size--) {
		*to++ = (u8)value;
		hide(to);
	}
	for (; size >= 4 * WORD; size -= 4 * WORD) {
		((word *)to)[0] = pattern;
		((word *)to)[1] = pattern;
		((word *)to)[2] = pattern;
		((word *)to)[3] = pattern;
		to += 4 * WORD;
		hide(to);
	}
	for (; size; size--) {
		*to++ = (u8)value;
		hide(to);
	}
	return area;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const u8 *p = a, *q = b;

	if (word_aligned(p) && word_aligned(q)) {
		for (; size >= WORD && *(const word *)p == *(const word *)q; size -= WORD) {
			p += WORD;
			q += WORD;
			hide(p);
		}
	}
	for (; size; size--, p++, q++) {
		hide(p);
		if (*p != *q)
			return *p - *q;
	}
	return 0;
}

void *memchr(const void *area, int value, size_t size)
{
	const u8 *p = area;

	for (; size; size--, p++) {
		hide(p);
		if (*p == (u8)value)
			return (void *)p;
	}
	return NULL;
}

size_t strlen(const char *s)
{
	const char *end = s;

	while (*end) {
		end++;
		hide(end);
	}
	return (size_t)(end - s);
}

size_t strnlen(const char *s, size_t limit)
{
	size_t length = 0;

	while (length < limit && s[length]) {
		length++;
		hide(length);
	}
	return length;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t limit)
{
	for (; limit; limit--, a++, b++) {
		hide(a);
		if (*a != *b)
			return (u8)*a - (u8)*b;
		if (!*a)
			return 0;
	}
	return 0;
}

int strcasecmp(const char *a, const char *b)
{
	return strncasecmp(a, b, SIZE_MAX);
}

int strncasecmp(const char *a, const char *b, size_t limit)
{
	for (; limit; limit--, a++, b++) {
		int difference = tolower((u8)*a) - tolower((u8)*b);

		if (difference || !*a)
			return difference;
	}
	return 0;
}

size_t strlcpy(char *restrict to, const char *restrict from, size_t size)
{
	size_t length = strlen(from);

	if (size) {
		size_t copied = MIN(length, size - 1);

		memcpy(to, from, copied);
		to[copied] = '\0';
	}
	return length;
}

size_t strlcat(char *restrict to, const char *restrict from, size_t size)
{
	size_t used = strnlen(to, size);

	return used + strlcpy(to + used, from, size - used);
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++) {
		hide(s);
		if (!*s)
			return NULL;
	}
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;; s++) {
		hide(s);
		if (*s == (char)c)
			last = s;
		if (!*s)
			return (char *)last;
	}
}

char *strstr(const char *s, const char *part)
{
	size_t length = strlen(part);

	for (; strncmp(s, part, length) != 0; s++) {
		if (!*s)
			return NULL;
	}
	return (char *)s;
}

size_t strspn(const char *s, const char *accept)
{
	size_t length = 0;

	while (s[length] && strchr(accept, s[length]))
		length++;
	return length;
}

size_t strcspn(const char *s, const char *reject)
{
	size_t length = 0;

	while (s[length] && !strchr(reject, s[length]))
		length++;
	return length;
}
