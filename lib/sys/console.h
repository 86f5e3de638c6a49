/* SPDX-License-Identifier: MIT */
/* The console: where KTAP goes. <stdio.h> has printf(). */
#ifndef ASSAY_SYS_CONSOLE_H
#define ASSAY_SYS_CONSOLE_H

#include <types.h>

/*
 * Writes `size` bytes without a break: text of other CPUs comes before or after it. Callers
 * pass whole lines; on x86 that costs one exit to the hypervisor and not one a character.
 */
void console_write(const char *text, size_t size);

/*
 * For the library's own tests: from here on, text of all CPUs goes to `to` as a string, cut
 * where it does not fit in `size` bytes; with NULL, or when the case ends, to the console
 * again.
 */
void console_capture(char *to, size_t size);

/*
 * For the library, when a case has ended: a CPU that was stopped in the middle of a write, or an
 * exception in it that nobody came back from, has left the console taken.
 */
void console_reset(void);

#endif
