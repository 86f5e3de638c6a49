/* SPDX-License-Identifier: MIT */
/* IRETD with the frame, flags and result of struct iret_try: iret.h. */
#include <x86/desc.h>

	.text
	.globl iret_asm, iret_instruction, iret_target
iret_asm:
	movl	4(%esp), %ecx
	pushl	16(%ecx)
	pushl	12(%ecx)
	pushl	8(%ecx)
	pushl	4(%ecx)
	pushl	(%ecx)
	movl	%esp, 24(%ecx)
	pushl	20(%ecx)
	movl	28(%ecx), %ecx
	jecxz	1f
	movl	%ecx, %ds
	movl	%ecx, %es
1:	popfl
iret_instruction:
	iretl

iret_target:
	ud2

	.globl iret_same_asm
iret_same_asm:
	popl	%eax
	pushl	(%esp)
	movl	%cs, %ecx
	pushl	%ecx
	pushl	%eax
	iretl

	.globl iret_to_kernel_asm
iret_to_kernel_asm:
	pushfl
	pushl	$SEL_KERNEL_CODE
	pushl	$iret_target
	iretl

/* The frame is in memory; there is no way back but an exception. */
	.globl iretl_at_asm, iretw_at_asm
iretl_at_asm:
	movl	4(%esp), %esp
	iretl
iretw_at_asm:
	movl	4(%esp), %esp
	iretw

	.section .note.GNU-stack, "", @progbits
