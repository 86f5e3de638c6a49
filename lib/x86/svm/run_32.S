/* SPDX-License-Identifier: MIT */
/* void svm_run_asm(vmcb, struct svm_registers *, host_vmcb): svm.h. */
	.text
	.globl svm_run_asm
svm_run_asm:
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	clgi
	movl	28(%esp), %eax
	vmsave
	movl	20(%esp), %eax
	vmload
	movl	24(%esp), %esi
	pushl	24(%esi)
	popfl
	movl	(%esi), %ebx
	movl	4(%esi), %ecx
	movl	8(%esi), %edx
	movl	16(%esi), %edi
	movl	20(%esi), %ebp
	movl	12(%esi), %esi
	.globl svm_vmrun_next
	vmrun
svm_vmrun_next:
	/* EAX and the stack are the host's again. */
	pushfl
	pushl	$2
	popfl
	vmsave
	pushl	%esi
	movl	32(%esp), %esi
	movl	%ebx, (%esi)
	movl	%ecx, 4(%esi)
	movl	%edx, 8(%esi)
	popl	12(%esi)
	movl	%edi, 16(%esi)
	movl	%ebp, 20(%esi)
	popl	24(%esi)
	movl	28(%esp), %eax
	vmload
	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	ret

	.section .note.GNU-stack, "", @progbits
