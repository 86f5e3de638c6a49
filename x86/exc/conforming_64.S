/* SPDX-License-Identifier: MIT */
/*
 * A handler in conforming code: it runs at the CPL of what it interrupted. Notes the stack pointer,
 * CS and flags that it found, and ends the run_user() call.
 */
#include <x86/desc.h>

	.text
	.globl conforming_handler
conforming_handler:
	movq	%rsp, conforming_sp
	movl	%cs, %ecx
	movq	%rcx, conforming_cs
	movl	%ss, %ecx
	movq	%rcx, conforming_ss
	pushfq
	popq	conforming_flags
	int	$VEC_USER_RETURN

	.data
	.balign 8
	.globl conforming_sp, conforming_cs, conforming_ss, conforming_flags
conforming_sp:		.skip 8
conforming_cs:		.skip 8
conforming_ss:		.skip 8
conforming_flags:	.skip 8

	.section .note.GNU-stack, "", @progbits
