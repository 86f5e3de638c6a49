/* SPDX-License-Identifier: MIT */
#include <x86/desc.h>

	.text

/* void arch_leave_exception(void): an IRET to the next instruction. NT would make it a task return. */
	.globl arch_leave_exception
	.type arch_leave_exception, @function
arch_leave_exception:
	pushfl
	andl	$~0x4000, (%esp)
	popfl
	pushfl
	pushl	$SEL_KERNEL_CODE
	pushl	$1f
	iretl
1:	ret

	.section .note.GNU-stack, "", @progbits
