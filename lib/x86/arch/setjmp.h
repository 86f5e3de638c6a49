/* SPDX-License-Identifier: MIT */
#ifndef ASSAY_X86_ARCH_SETJMP_H
#define ASSAY_X86_ARCH_SETJMP_H

/* What the calling convention makes the callee save, the stack pointer and the return address. */
typedef struct {
#ifdef __x86_64__
	unsigned long rbx, rbp, r12, r13, r14, r15, rsp, rip;
#else
	unsigned long ebx, ebp, esi, edi, esp, eip;
#endif
} jmp_buf[1];

#endif
