/* SPDX-License-Identifier: MIT */
/* Memory and string functions, C11 7.24, and those of BSD and POSIX that are worth having. */
#ifndef ASSAY_LIBC_STRING_H
#define ASSAY_LIBC_STRING_H

#include <stddef.h>

/* Copies `size` bytes between areas that do not overlap; returns `to`. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);

/* Copies `size` bytes as if through a third area, so that the two may overlap; returns `to`. */
void *memmove(void *to, const void *from, size_t size);

/* Sets `size` bytes to the low byte of `value`; returns `area`. */
void *memset(void *area, int value, size_t size);

/* Compares as unsigned bytes: negative, zero or positive as a is less than, equal to or more
 * than b. */
int memcmp(const void *a, const void *b, size_t size);

/* Returns where the first byte equal to `value` is, NULL if there is none. */
void *memchr(const void *area, int value, size_t size);

/* Returns the number of characters before the terminator. */
size_t strlen(const char *s);

/* As strlen(), but looks at no more than `limit` characters and returns `limit` if none ends
 * it. */
size_t strnlen(const char *s, size_t limit);

/* Compares as unsigned characters: negative, zero or positive as memcmp(). */
int strcmp(const char *a, const char *b);

/* As strcmp(), of the first `limit` characters at most. */
int strncmp(const char *a, const char *b, size_t limit);

/* As strcmp() and strncmp(), with ASCII letters compared as lower case. */
int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t limit);

/*
 * Copies as much of `from` as fits in `size` bytes with a terminator, which is always there
 * unless size is 0. Returns strlen(from); the copy is truncated if that is not less than
 * `size`.
 */
size_t strlcpy(char *restrict to, const char *restrict from, size_t size);

/*
 * Appends as much of `from` to the string in the `size` bytes at `to` as fits with a
 * terminator. Returns the length that the whole would have; it is truncated if that is not less
 * than `size`. With no terminator in those bytes nothing is written.
 */
size_t strlcat(char *restrict to, const char *restrict from, size_t size);

/* Returns the first place of the character (the terminator counts as one), NULL if there is
 * none. */
char *strchr(const char *s, int c);

/* Returns the last place of the character (the terminator counts as one), NULL if there is
 * none. */
char *strrchr(const char *s, int c);

/* Returns the first place where `part` is in `s`, NULL if it is not; an empty part is at the
 * start. */
char *strstr(const char *s, const char *part);

/* Returns how many characters at the start of `s` are all in `accept`. */
size_t strspn(const char *s, const char *accept);

/* Returns how many characters at the start of `s` are all not in `reject`. */
size_t strcspn(const char *s, const char *reject);

#endif
