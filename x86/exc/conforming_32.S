/* SPDX-License-Identifier: MIT */
/*
 * A handler in conforming code: it runs at the CPL of what it interrupted. Notes the stack pointer,
 * CS and flags that it found, and ends the run_user() call.
 */
#include <x86/desc.h>

	.text
	.globl conforming_handler
conforming_handler:
	movl	%esp, conforming_sp
	movl	%cs, %ecx
	movl	%ecx, conforming_cs
	movl	%ss, %ecx
	movl	%ecx, conforming_ss
	pushfl
	popl	conforming_flags
	int	$VEC_USER_RETURN

	.data
	.balign 4
	.globl conforming_sp, conforming_cs, conforming_ss, conforming_flags
conforming_sp:		.skip 4
conforming_cs:		.skip 4
conforming_ss:		.skip 4
conforming_flags:	.skip 4

	.section .note.GNU-stack, "", @progbits
