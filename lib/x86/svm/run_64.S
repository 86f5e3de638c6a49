/* SPDX-License-Identifier: MIT */
/* void svm_run_asm(vmcb, struct svm_registers *, host_vmcb): svm.h. */
	.text
	.globl svm_run_asm
svm_run_asm:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%rdx
	pushq	%rsi
	clgi
	movq	%rdx, %rax
	vmsave
	movq	%rdi, %rax
	vmload
	pushq	112(%rsi)
	popfq
	movq	(%rsi), %rbx
	movq	8(%rsi), %rcx
	movq	16(%rsi), %rdx
	movq	32(%rsi), %rdi
	movq	40(%rsi), %rbp
	movq	48(%rsi), %r8
	movq	56(%rsi), %r9
	movq	64(%rsi), %r10
	movq	72(%rsi), %r11
	movq	80(%rsi), %r12
	movq	88(%rsi), %r13
	movq	96(%rsi), %r14
	movq	104(%rsi), %r15
	movq	24(%rsi), %rsi
	.globl svm_vmrun_next
	vmrun
svm_vmrun_next:
	/* rAX and the stack are the host's again. */
	pushfq
	pushq	$2
	popfq
	vmsave
	pushq	%rsi
	movq	16(%rsp), %rsi
	movq	%rbx, (%rsi)
	movq	%rcx, 8(%rsi)
	movq	%rdx, 16(%rsi)
	popq	24(%rsi)
	movq	%rdi, 32(%rsi)
	movq	%rbp, 40(%rsi)
	movq	%r8, 48(%rsi)
	movq	%r9, 56(%rsi)
	movq	%r10, 64(%rsi)
	movq	%r11, 72(%rsi)
	movq	%r12, 80(%rsi)
	movq	%r13, 88(%rsi)
	movq	%r14, 96(%rsi)
	movq	%r15, 104(%rsi)
	popq	112(%rsi)
	movq	8(%rsp), %rax
	vmload
	addq	$16, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.section .note.GNU-stack, "", @progbits
