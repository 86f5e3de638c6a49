/* SPDX-License-Identifier: MIT */
/* setjmp and longjmp; the layout is jmp_buf's in arch/setjmp.h. */

	.text
	.globl setjmp
	.type setjmp, @function
setjmp:
	movl	4(%esp), %eax
	movl	(%esp), %edx
	leal	4(%esp), %ecx
	movl	%ebx, 0(%eax)
	movl	%ebp, 4(%eax)
	movl	%esi, 8(%eax)
	movl	%edi, 12(%eax)
	movl	%ecx, 16(%eax)
	movl	%edx, 20(%eax)
	xorl	%eax, %eax
	ret

	.globl longjmp
	.type longjmp, @function
longjmp:
	cld
	movl	4(%esp), %edx
	movl	8(%esp), %eax
	testl	%eax, %eax
	jnz	1f
	incl	%eax
1:	movl	0(%edx), %ebx
	movl	4(%edx), %ebp
	movl	8(%edx), %esi
	movl	12(%edx), %edi
	movl	16(%edx), %esp
	jmp	*20(%edx)

	.section .note.GNU-stack, "", @progbits
