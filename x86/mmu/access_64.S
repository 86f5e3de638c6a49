/* SPDX-License-Identifier: MIT */
/* access.h has the contracts. */
#include <x86/desc.h>

#define VEC_ACCESS_DONE 0x30

	.macro stubs name
	.balign 16
	.globl \name
\name:
	movb	(%rdi), %al
	int	$VEC_ACCESS_DONE
	.balign 16
	movb	%al, (%rdi)
	int	$VEC_ACCESS_DONE
	.balign 16
	addb	%al, (%rdi)
	int	$VEC_ACCESS_DONE
	.balign 16
	lock addb %al, (%rdi)
	int	$VEC_ACCESS_DONE
	.balign 16
	jmp	*%rdi
	.balign 16
	movl	%eax, %fs
	int	$VEC_ACCESS_DONE
	.endm

	.text
	stubs	access_kernel_stubs
	.section .user_text, "ax"
	stubs	access_user_stubs

	.text
	.globl access_enter
	.type access_enter, @function
access_enter:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rdi, running(%rip)
	movq	%rsp, stack(%rip)
	pushq	48(%rdi)
	pushq	40(%rdi)
	pushq	32(%rdi)
	pushq	24(%rdi)
	pushq	16(%rdi)
	movq	8(%rdi), %rax
	movq	0(%rdi), %rdi
	iretq

	/* Only what access_enter() has started ends here; anything else is the harness's. */
	.macro gate name vector coded
	.balign 16
	.globl \name
\name:
	cmpq	$0, running(%rip)
	je	trap_stubs + 16 * \vector
	movq	running(%rip), %rdi
	movq	%rax, 8(%rdi)
	movq	$\vector, 56(%rdi)
	.if	\coded
	popq	64(%rdi)
	.endif
	jmp	1f
	.endm

	gate	access_gate_done VEC_ACCESS_DONE 0
	gate	access_gate_pf VEC_PF 1
	gate	access_gate_gp VEC_GP 1
	gate	access_gate_ss VEC_SS 1
1:	popq	80(%rdi)
	movq	%cr2, %rax
	movq	%rax, 72(%rdi)
	xorl	%eax, %eax
	movl	%eax, %fs
	movq	%rax, running(%rip)
	movq	stack(%rip), %rsp
	pushq	$2
	popfq
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.bss
	.balign 8
running:
	.skip	8
stack:
	.skip	8

	.section .note.GNU-stack, "", @progbits
