/* SPDX-License-Identifier: MIT */
/* Calls at CPL 3, 32 bits. */
#include <x86/desc.h>

	.text

/* void enter_user_asm(fn, arg, user_stack, u32 *tss_esp0): TSS.ESP0 becomes this stack. */
	.globl enter_user_asm
enter_user_asm:
	movl	4(%esp), %eax
	movl	8(%esp), %ecx
	movl	12(%esp), %edx
	movl	16(%esp), %ebx
	movl	%esp, (%ebx)
	/* With AC set, as that is a user page and CR4.SMAP may be on. */
	pushl	$0x40002
	popfl
	movl	%ecx, -4(%edx)
	movl	$user_return, -8(%edx)
	pushl	$2
	popfl
	subl	$8, %edx
	pushl	$SEL_USER_DATA
	pushl	%edx
	pushl	$2
	pushl	$SEL_USER_CS32
	pushl	%eax
	movl	$SEL_USER_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	xorl	%ebp, %ebp
	iretl

	.section .user_text, "ax"
user_return:
	int	$VEC_USER_RETURN

	.section .note.GNU-stack, "", @progbits
