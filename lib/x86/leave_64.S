/* SPDX-License-Identifier: MIT */
#include <x86/desc.h>

	.text

/* void arch_leave_exception(void): an IRET to the next instruction. NT would make it a fault. */
	.globl arch_leave_exception
	.type arch_leave_exception, @function
arch_leave_exception:
	pushfq
	andl	$~0x4000, (%rsp)
	popfq
	movq	%rsp, %rax
	pushq	$SEL_KERNEL_DATA
	pushq	%rax
	pushfq
	pushq	$SEL_KERNEL_CODE
	leaq	1f(%rip), %rax
	pushq	%rax
	iretq
1:	ret

	.section .note.GNU-stack, "", @progbits
