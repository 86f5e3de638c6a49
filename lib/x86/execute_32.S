/* SPDX-License-Identifier: MIT */
/* execute(code, registers): execute.h has the layout of the registers. */

	.text
	.globl execute
	.type execute, @function
execute:
	pushl	%ebx
	pushl	%ebp
	pushl	%esi
	pushl	%edi
	movl	20(%esp), %eax
	movl	24(%esp), %esi
	pushl	%esi
	pushl	%eax
	pushl	28(%esi)
	movl	0(%esi), %eax
	movl	4(%esi), %ecx
	movl	8(%esi), %edx
	movl	12(%esi), %ebx
	movl	16(%esi), %ebp
	movl	24(%esi), %edi
	movl	20(%esi), %esi
	popfl
	call	*(%esp)
	pushfl
	pushl	%esi
	movl	12(%esp), %esi
	movl	%eax, 0(%esi)
	movl	%ecx, 4(%esi)
	movl	%edx, 8(%esi)
	movl	%ebx, 12(%esi)
	movl	%ebp, 16(%esi)
	movl	%edi, 24(%esi)
	popl	20(%esi)
	popl	28(%esi)
	addl	$8, %esp
	cld
	popl	%edi
	popl	%esi
	popl	%ebp
	popl	%ebx
	ret

	.section .note.GNU-stack, "", @progbits
