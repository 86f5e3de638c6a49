/* SPDX-License-Identifier: MIT */
/* void enter_asm(struct trap_frame *): enter.h. */
	.text
	.globl enter_asm
enter_asm:
	movl	4(%esp), %esp
	popl	%gs
	popl	%fs
	popl	%es
	popl	%ds
	popal
	addl	$8, %esp
	iretl

	.section .note.GNU-stack, "", @progbits
