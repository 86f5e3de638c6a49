/* SPDX-License-Identifier: MIT */
/* Non-local jumps, C11 7.13. */
#ifndef ASSAY_LIBC_SETJMP_H
#define ASSAY_LIBC_SETJMP_H

/* Defines jmp_buf, an array of one structure with what the architecture's calls preserve. */
#include <arch/setjmp.h>

/*
 * Saves the place of the call in `env` and returns 0; returns again, with longjmp()'s value,
 * each time longjmp() is called for `env`. Valid until the function that called it returns. A
 * local variable that is changed in between must be volatile to keep its value.
 */
int setjmp(jmp_buf env) __attribute__((returns_twice));

/* Goes back to where `env` was saved; setjmp() there returns `value`, or 1 if that is 0. */
void longjmp(jmp_buf env, int value) __attribute__((noreturn));

#endif
