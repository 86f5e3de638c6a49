/* SPDX-License-Identifier: MIT */
/* Exceptions and interrupts, 32 bits. The frame is struct trap_frame. */
#include <x86/desc.h>

	.text

/* One stub for each vector, 16 bytes each; those with an error code of the CPU's push none. */
	.balign 16
	.globl trap_stubs
trap_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	.if vector != VEC_DF && vector != VEC_TS && vector != VEC_NP && vector != VEC_SS && \
	    vector != VEC_GP && vector != VEC_PF && vector != VEC_AC && vector != VEC_CP && \
	    vector != 29 && vector != 30
	pushl	$0
	.endif
	pushl	$vector
	jmp	trap_common
	.set vector, vector + 1
	.endr

trap_common:
	cld
	pushal
	pushl	%ds
	pushl	%es
	pushl	%fs
	pushl	%gs
	movl	$SEL_KERNEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%esp, %ebx
	pushl	%esp
	call	trap_handle
	movl	%ebx, %esp
/* Goes to where the struct trap_frame that the stack pointer is at says, with its registers. */
	.globl trap_return
trap_return:
	popl	%gs
	popl	%fs
	popl	%es
	popl	%ds
	popal
	addl	$8, %esp
	iretl

	.section .note.GNU-stack, "", @progbits
