/* SPDX-License-Identifier: MIT */
/* The stack that CPU 0 starts with. */
#include <s390x/boot.h>

	.bss
	.balign 4096
	/* A page that mm takes away, so that an overflow of the stack is a fault. */
	.globl boot_stack_guard, boot_stack_top
boot_stack_guard:
	.skip	4096
	.skip	BOOT_STACK_SIZE
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
