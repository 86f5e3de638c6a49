/* SPDX-License-Identifier: MIT */
/* Calls at CPL 3, 64 bits. */
#include <x86/desc.h>

	.text

/* void enter_user_asm(fn, arg, user_stack, u64 *tss_rsp0): TSS.RSP0 becomes this stack. */
	.globl enter_user_asm
enter_user_asm:
	movq	%rsp, (%rcx)
	leaq	-8(%rdx), %rdx
	leaq	user_return(%rip), %rax
	/* With AC set, as that is a user page and CR4.SMAP may be on. */
	pushq	$0x40002
	popfq
	movq	%rax, (%rdx)
	pushq	$2
	popfq
	pushq	$SEL_USER_DATA
	pushq	%rdx
	pushq	$2
	pushq	$SEL_USER_CS64
	pushq	%rdi
	movq	%rsi, %rdi
	xorl	%ebp, %ebp
	iretq

	.section .user_text, "ax"
user_return:
	int	$VEC_USER_RETURN

	.section .note.GNU-stack, "", @progbits
