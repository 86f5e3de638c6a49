/* SPDX-License-Identifier: MIT */
/* void enter_asm(struct trap_frame *): enter.h. */
	.text
	.globl enter_asm
enter_asm:
	movl	4(%esp), %esp
	jmp	trap_return

	.section .note.GNU-stack, "", @progbits
