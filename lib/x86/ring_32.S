/* SPDX-License-Identifier: MIT */
/* Entering a privilege level, 32 bits. */
#include <x86/desc.h>

	.text

/*
 * void enter_ring_asm(fn, arg, stack, u32 *tss_esp0, cs, ss): TSS.ESP0 becomes this stack, and fn
 * returns to an INT VEC_USER_RETURN.
 */
	.globl enter_ring_asm
enter_ring_asm:
	movl	%esp, %esi
	movl	12(%esi), %edx
	movl	16(%esi), %eax
	movl	%esp, (%eax)
	movl	8(%esi), %eax
	/* With AC set, as that is a user page and CR4.SMAP may be on. */
	pushl	$0x40002
	popfl
	movl	%eax, -4(%edx)
	movl	$1f, -8(%edx)
	pushl	$2
	popfl
	subl	$8, %edx
	pushl	24(%esi)
	pushl	%edx
	pushl	$2
	pushl	20(%esi)
	pushl	4(%esi)
	movl	$SEL_USER_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	xorl	%ebp, %ebp
	iretl
	.section .user_text, "ax"
1:	int	$VEC_USER_RETURN

	.section .note.GNU-stack, "", @progbits
