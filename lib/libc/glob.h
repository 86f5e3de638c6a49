/* SPDX-License-Identifier: MIT */
/* Shell-like patterns: which cases a command line selects. */
#ifndef ASSAY_LIBC_GLOB_H
#define ASSAY_LIBC_GLOB_H

#include <stdbool.h>

/*
 * Does the pattern match the whole string?
 *
 *	*		any characters, or none
 *	?		any one character
 *	[abc] [a-z]	one of the characters; a ] that comes first and a - that comes first or
 * last stand for themselves, and so does a [ without its ]
 *	[!abc]		one character that is none of these
 *	\c		the character c itself, inside brackets too
 *
 * The time is at worst the product of the two lengths.
 */
bool glob_match(const char *pattern, const char *string);

/*
 * Does one of the patterns in `list` match the whole string? They are separated by commas, even
 * inside brackets, except for one after a backslash. Empty ones match nothing.
 */
bool glob_list_match(const char *list, const char *string);

#endif
