/* SPDX-License-Identifier: MIT */
/* Exceptions, interrupts and calls at CPL 3, 64 bits. The frame is struct trap_frame. */
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
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	.set vector, vector + 1
	.endr

trap_common:
	cld
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rbx
	pushq	%rbp
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, %rdi
	movq	%rsp, %rbx
	andq	$~15, %rsp
	call	trap_handle
	movq	%rbx, %rsp
/* Goes to where the struct trap_frame that the stack pointer is at says, with its registers. */
	.globl trap_return
trap_return:
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rbp
	popq	%rbx
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq

/* void enter_user_asm(fn, arg, user_stack, u64 *tss_rsp0): TSS.RSP0 becomes this stack. */
	.globl enter_user_asm
enter_user_asm:
	movq	%rsp, (%rcx)
	leaq	-8(%rdx), %rdx
	leaq	user_return(%rip), %rax
	/* With AC set, as that is a user page and CR4.SMAP may be on. */
	pushq	$0x40002
	popfq
	movq	%rax, (%rdx)
	pushq	$2
	popfq
	pushq	$SEL_USER_DATA
	pushq	%rdx
	pushq	$2
	pushq	$SEL_USER_CS64
	pushq	%rdi
	movq	%rsi, %rdi
	xorl	%ebp, %ebp
	iretq

	.section .user_text, "ax"
user_return:
	int	$VEC_USER_RETURN
	.text

/* void restart_asm(stack, fn) */
	.globl restart_asm
restart_asm:
	movq	%rdi, %rsp
	xorl	%ebp, %ebp
	call	*%rsi
	ud2

/* void arch_leave_exception(void): an IRET to the next instruction. NT would make it a fault. */
	.globl arch_leave_exception
	.type arch_leave_exception, @function
arch_leave_exception:
	pushfq
	andl	$~0x4000, (%rsp)
	popfq
	movq	%rsp, %rax
	pushq	$SEL_KERNEL_DATA
	pushq	%rax
	pushfq
	pushq	$SEL_KERNEL_CODE
	leaq	1f(%rip), %rax
	pushq	%rax
	iretq
1:	ret

	.section .note.GNU-stack, "", @progbits
