/* SPDX-License-Identifier: MIT */
/*
 * Formatted output, C11 7.21.6, as far as a test kernel needs it:
 *
 *	conversions	d i u x X o b c s p %
 *	flags		- + space 0 #
 *	width, precision	numbers or *
 *	lengths		hh h l ll z t j
 *
 * There is no floating point, no wide character and no %n. A conversion that is not known is
 * printed as it stands, "%q", and takes no argument. NULL for %s is "(null)".
 *
 * A u64 prints with %llx, %llu or %lld and an ulong with %lx or %lu on every architecture. clang 14's
 * warnings do not know %b, which is binary as in C23.
 */
#ifndef ASSAY_LIBC_STDIO_H
#define ASSAY_LIBC_STDIO_H

#include <types.h>

/*
 * Write the text to `size` bytes at `to`, cut off where it does not fit, with a terminator
 * unless size is 0. Return the length of the whole text, so that it was cut off if that is not
 * less than `size`.
 */
int snprintf(char *to, size_t size, const char *format, ...) __printf_like(3, 4);
int vsnprintf(char *to, size_t size, const char *format, va_list args) __printf_like(3, 0);

/* The same to the console, which defines them: sys/console.c. */
int printf(const char *format, ...) __printf_like(1, 2);
int vprintf(const char *format, va_list args) __printf_like(1, 0);

#endif
