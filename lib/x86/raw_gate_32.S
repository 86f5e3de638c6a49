/* SPDX-License-Identifier: MIT */
/* The entries of raw_gate.h's gates, 32 bits. Nothing returns: raw_gate_entered() jumps away. */
#include <x86/desc.h>

	.text

	.balign 16
	.globl raw_gate_stubs
raw_gate_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	pushl	$vector
	jmp	raw_gate_common
	.set vector, vector + 1
	.endr

/* The far jump is for gates whose code segment has a base. */
raw_gate_common:
	pushfl
	cld
	movl	%esp, %eax
	movl	%cs, %ebx
	ljmp	$SEL_KERNEL_CODE, $1f
1:	pushl	%ebx
	movl	%ss, %ebx
	pushl	%ebx
	movl	%es, %ebx
	pushl	%ebx
	movl	%ds, %ebx
	pushl	%ebx
	pushl	%eax
	movl	$SEL_KERNEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	xorl	%ebp, %ebp
	call	raw_gate_entered

	.section .note.GNU-stack, "", @progbits
