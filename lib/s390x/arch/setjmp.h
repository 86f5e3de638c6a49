/* SPDX-License-Identifier: MIT */
#ifndef ASSAY_S390X_ARCH_SETJMP_H
#define ASSAY_S390X_ARCH_SETJMP_H

/* What the calling convention makes the callee save, the return address and the stack pointer. */
typedef struct {
	unsigned long r6_to_r15[10];
} jmp_buf[1];

#endif
