/* SPDX-License-Identifier: MIT */
/* void mode_switch(void): from C to mode_low.S, in 32-bit protected mode without paging, and back. */
#include <x86/desc.h>
#include <x86/mode.h>

#define CR0_BASE  0x00000031 /* NE ET PE */
#define EFER_MSR  0xc0000080

	.text
	.globl mode_switch, mode_switch_return
	.type mode_switch, @function
#ifdef __x86_64__
	.code64
mode_switch:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushfq
	movq	%cr0, %rax
	movl	%eax, saved_cr0
	movq	%cr3, %rax
	movl	%eax, saved_cr3
	movq	%cr4, %rax
	movl	%eax, saved_cr4
	movl	$EFER_MSR, %ecx
	rdmsr
	movl	%eax, saved_efer
	sgdt	saved_gdtr
	sidt	saved_idtr
	movq	%rsp, saved_sp
	lgdt	low_gdtr
	pushq	$MODE_SEL_CODE
	pushq	$leave_long
	lretq

	.code32
leave_long:
#else
mode_switch:
	pushl	%ebx
	pushl	%ebp
	pushl	%esi
	pushl	%edi
	pushfl
	movl	%cr0, %eax
	movl	%eax, saved_cr0
	movl	%cr3, %eax
	movl	%eax, saved_cr3
	movl	%cr4, %eax
	movl	%eax, saved_cr4
	cmpl	$0, mode_has_efer
	je	1f
	movl	$EFER_MSR, %ecx
	rdmsr
	movl	%eax, saved_efer
1:	sgdt	saved_gdtr
	sidt	saved_idtr
	movl	%esp, saved_sp
	lgdt	low_gdtr
	ljmp	$MODE_SEL_CODE, $1f
1:
#endif
	movl	$CR0_BASE, %eax
	movl	%eax, %cr0
	movl	$MODE_SEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	cmpl	$0, mode_has_efer
	je	1f
	movl	$EFER_MSR, %ecx
	xorl	%eax, %eax
	xorl	%edx, %edx
	wrmsr
1:	jmp	*mode_switch_target

mode_switch_return:
	movl	saved_cr4, %eax
	movl	%eax, %cr4
	movl	saved_cr3, %eax
	movl	%eax, %cr3
	cmpl	$0, mode_has_efer
	je	1f
	movl	$EFER_MSR, %ecx
	movl	saved_efer, %eax
	andl	$~0x400, %eax	/* LMA follows from PG */
	xorl	%edx, %edx
	wrmsr
1:	movl	saved_cr0, %eax
	movl	%eax, %cr0
	lgdt	saved_gdtr
	ljmp	$SEL_KERNEL_CODE, $1f
#ifdef __x86_64__
	.code64
1:	movq	saved_sp, %rsp
	lidt	saved_idtr
	movl	$SEL_KERNEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	popfq
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret
#else
1:	movl	saved_sp, %esp
	lidt	saved_idtr
	movl	$SEL_KERNEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	popfl
	popl	%edi
	popl	%esi
	popl	%ebp
	popl	%ebx
	ret
#endif

	.data
	.balign 8
	.globl mode_has_efer, mode_switch_target
saved_cr0:	.long 0
saved_cr3:	.long 0
saved_cr4:	.long 0
saved_efer:	.long 0
mode_has_efer:	.long 0
mode_switch_target: .long 0
saved_sp:	.quad 0
saved_gdtr:	.word 0, 0, 0, 0, 0
	.balign 8
saved_idtr:	.word 0, 0, 0, 0, 0
	.balign 8
low_gdtr:	.word MODE_GDT_ENTRIES * 8 - 1
	.quad	MODE_GDT

	.section .note.GNU-stack, "", @progbits
