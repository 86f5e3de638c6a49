/* SPDX-License-Identifier: MIT */
/* Entering a privilege level, 64 bits. */
#include <x86/desc.h>

	.text

/*
 * void enter_ring_asm(fn, arg, stack, u64 *tss_rsp0, cs, ss): TSS.RSP0 becomes this stack, and fn
 * returns to an INT VEC_USER_RETURN.
 */
	.globl enter_ring_asm
enter_ring_asm:
	movq	%rsp, (%rcx)
	subq	$8, %rdx
	leaq	1f(%rip), %rax
	/* With AC set, as that is a user page and CR4.SMAP may be on. */
	pushq	$0x40002
	popfq
	movq	%rax, (%rdx)
	pushq	$2
	popfq
	pushq	%r9
	pushq	%rdx
	pushq	$2
	pushq	%r8
	pushq	%rdi
	movq	%rsi, %rdi
	xorl	%ebp, %ebp
	iretq
	.section .user_text, "ax"
1:	int	$VEC_USER_RETURN

	.section .note.GNU-stack, "", @progbits
