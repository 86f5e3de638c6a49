/* SPDX-License-Identifier: MIT */
/* Exceptions, interrupts and calls at CPL 3, 32 bits. The frame is struct trap_frame. */
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

/* void enter_user_asm(fn, arg, user_stack, u32 *tss_esp0): TSS.ESP0 becomes this stack. */
	.globl enter_user_asm
enter_user_asm:
	movl	4(%esp), %eax
	movl	8(%esp), %ecx
	movl	12(%esp), %edx
	movl	16(%esp), %ebx
	movl	%esp, (%ebx)
	/* With AC set, as that is a user page and CR4.SMAP may be on. */
	pushl	$0x40002
	popfl
	movl	%ecx, -4(%edx)
	movl	$user_return, -8(%edx)
	pushl	$2
	popfl
	subl	$8, %edx
	pushl	$SEL_USER_DATA
	pushl	%edx
	pushl	$2
	pushl	$SEL_USER_CS32
	pushl	%eax
	movl	$SEL_USER_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	xorl	%ebp, %ebp
	iretl

	.section .user_text, "ax"
user_return:
	int	$VEC_USER_RETURN
	.text

/* void restart_asm(stack, fn) */
	.globl restart_asm
restart_asm:
	movl	8(%esp), %eax
	movl	4(%esp), %esp
	xorl	%ebp, %ebp
	call	*%eax
	ud2

/* void arch_leave_exception(void): an IRET to the next instruction. NT would make it a task return. */
	.globl arch_leave_exception
	.type arch_leave_exception, @function
arch_leave_exception:
	pushfl
	andl	$~0x4000, (%esp)
	popfl
	pushfl
	pushl	$SEL_KERNEL_CODE
	pushl	$1f
	iretl
1:	ret

/* The task of the double-fault gate starts here, on its own stack; the error code is pushed. */
	.globl double_fault_task
double_fault_task:
	call	double_fault_task_handle
	ud2

	.section .note.GNU-stack, "", @progbits
