/* SPDX-License-Identifier: MIT */
/* IRETQ with the frame, flags and result of struct iret_try: iret.h. */
#include <x86/desc.h>

	.text
	.globl iret_asm, iret_instruction, iret_target
iret_asm:
	pushq	32(%rdi)
	pushq	24(%rdi)
	pushq	16(%rdi)
	pushq	8(%rdi)
	pushq	(%rdi)
	movq	%rsp, 48(%rdi)
	pushq	40(%rdi)
	movl	56(%rdi), %ecx
	jecxz	1f
	movl	%ecx, %ds
	movl	%ecx, %es
1:	popfq
iret_instruction:
	iretq

/* With the same UD2 in 32-bit code. */
iret_target:
	ud2

	.globl iret_same_asm
iret_same_asm:
	popq	%rax
	movq	%rsp, %rdx
	movl	%ss, %ecx
	pushq	%rcx
	pushq	%rdx
	pushq	%rdi
	movl	%cs, %ecx
	pushq	%rcx
	pushq	%rax
	iretq

	.globl iret_to_kernel_asm
iret_to_kernel_asm:
	pushq	$SEL_KERNEL_DATA
	pushq	%rsp
	pushfq
	pushq	$SEL_KERNEL_CODE
	pushq	$iret_target
	iretq

/* The frame is in memory; there is no way back but an exception. */
	.globl iretl_at_asm, iretw_at_asm
iretl_at_asm:
	movq	%rdi, %rsp
	iretl
iretw_at_asm:
	movq	%rdi, %rsp
	iretw

	.section .note.GNU-stack, "", @progbits
