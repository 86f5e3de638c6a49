/* SPDX-License-Identifier: MIT */
#ifndef ASSAY_ARM_ARCH_SETJMP_H
#define ASSAY_ARM_ARCH_SETJMP_H

/*
 * What the procedure call standard makes the callee save, the return address, the stack pointer, and
 * which stack pointer it is: a handler's is not the one that other code has.
 */
typedef struct {
#ifdef __aarch64__
	unsigned long x19_to_x30[12], sp, spsel;
#else
	unsigned long r4_to_r11[8], sp, lr, cpsr;
#endif
} jmp_buf[1];

#endif
