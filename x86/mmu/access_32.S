/* SPDX-License-Identifier: MIT */
/* access.h has the contracts. */
#include <x86/desc.h>

#define VEC_ACCESS_DONE 0x30

	.macro stubs name
	.balign 16
	.globl \name
\name:
	movb	(%edi), %al
	int	$VEC_ACCESS_DONE
	.balign 16
	movb	%al, (%edi)
	int	$VEC_ACCESS_DONE
	.balign 16
	addb	%al, (%edi)
	int	$VEC_ACCESS_DONE
	.balign 16
	lock addb %al, (%edi)
	int	$VEC_ACCESS_DONE
	.balign 16
	jmp	*%edi
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
	movl	4(%esp), %eax
	pushl	%ebx
	pushl	%ebp
	pushl	%esi
	pushl	%edi
	movl	%eax, running
	movl	%esp, stack
	movl	$SEL_USER_DATA, %ecx
	movl	%ecx, %ds
	movl	%ecx, %es
	pushl	24(%eax)
	pushl	20(%eax)
	pushl	16(%eax)
	pushl	12(%eax)
	pushl	8(%eax)
	movl	0(%eax), %edi
	movl	4(%eax), %eax
	iretl

	/* Only what access_enter() has started ends here; anything else is the harness's. */
	.macro gate name vector coded
	.balign 16
	.globl \name
\name:
	cmpl	$0, %ss:running
	je	trap_stubs + 16 * \vector
	movl	%ss:running, %edi
	movl	%eax, %ss:4(%edi)
	movl	$\vector, %ss:28(%edi)
	.if	\coded
	popl	%ss:32(%edi)
	.endif
	jmp	2f
	.endm

	gate	access_gate_done VEC_ACCESS_DONE 0
	gate	access_gate_pf VEC_PF 1
	gate	access_gate_gp VEC_GP 1
	gate	access_gate_ss VEC_SS 1
2:	movl	$SEL_KERNEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	popl	40(%edi)
	movl	%cr2, %eax
	movl	%eax, 36(%edi)
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, running
	movl	stack, %esp
	pushl	$2
	popfl
	popl	%edi
	popl	%esi
	popl	%ebp
	popl	%ebx
	ret

	.bss
	.balign 4
running:
	.skip	4
stack:
	.skip	4

	.section .note.GNU-stack, "", @progbits
