/* SPDX-License-Identifier: MIT */
/* execute(code, registers): execute.h has the layout of the registers. */

	.text
	.globl execute
	.type execute, @function
execute:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%rsi
	pushq	%rdi
	pushq	120(%rsi)
	movq	0(%rsi), %rax
	movq	8(%rsi), %rcx
	movq	16(%rsi), %rdx
	movq	24(%rsi), %rbx
	movq	32(%rsi), %rbp
	movq	48(%rsi), %rdi
	movq	56(%rsi), %r8
	movq	64(%rsi), %r9
	movq	72(%rsi), %r10
	movq	80(%rsi), %r11
	movq	88(%rsi), %r12
	movq	96(%rsi), %r13
	movq	104(%rsi), %r14
	movq	112(%rsi), %r15
	movq	40(%rsi), %rsi
	popfq
	call	*(%rsp)
	pushfq
	pushq	%rsi
	movq	24(%rsp), %rsi
	movq	%rax, 0(%rsi)
	movq	%rcx, 8(%rsi)
	movq	%rdx, 16(%rsi)
	movq	%rbx, 24(%rsi)
	movq	%rbp, 32(%rsi)
	movq	%rdi, 48(%rsi)
	movq	%r8, 56(%rsi)
	movq	%r9, 64(%rsi)
	movq	%r10, 72(%rsi)
	movq	%r11, 80(%rsi)
	movq	%r12, 88(%rsi)
	movq	%r13, 96(%rsi)
	movq	%r14, 104(%rsi)
	movq	%r15, 112(%rsi)
	popq	40(%rsi)
	popq	120(%rsi)
	addq	$16, %rsp
	cld
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.section .note.GNU-stack, "", @progbits
