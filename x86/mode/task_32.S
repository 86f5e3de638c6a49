/* SPDX-License-Identifier: MIT */
/* What test tasks execute: task.h. */
#include <x86/desc.h>

	.text
	.globl task_entry, task_entry_16, task_resumed, task_resumed_after_jump, task_caller, task_user
	/* Calls the task of task_next_pointer first. */
task_caller:
	lcall	*%cs:task_next_pointer
task_entry:
	pushfl
	pushl	%ds
	pushl	$SEL_KERNEL_DATA
	popl	%ds
	popl	task_seen + 48
	popl	task_seen + 32
	call	note
	cmpl	$0, task_leaves_by_jump
	jne	1f
	iretl
task_resumed:
	jmp	task_entry
1:	ljmp	$SEL_TSS, $0
task_resumed_after_jump:
	jmp	task_entry

	/* The same in a code segment whose base is here: `note` is called where it is from here. */
	.balign 16
task_entry_16:
	/* Nobody says what is in the upper half of ESP, and `note` goes by all of it. */
	movzwl	%sp, %esp
	pushfl
	pushl	%ds
	pushl	$SEL_KERNEL_DATA
	popl	%ds
	popl	task_seen + 48
	popl	task_seen + 32
	call	note
	cmpl	$0, task_leaves_by_jump
	jne	1f
	iretl
	jmp	task_entry_16
1:	ljmp	$SEL_TSS, $0
	jmp	task_entry_16

note:
	movl	%eax, task_seen
	movl	%ecx, task_seen + 4
	movl	%edx, task_seen + 8
	movl	%ebx, task_seen + 12
	movl	%ebp, task_seen + 20
	movl	%esi, task_seen + 24
	movl	%edi, task_seen + 28
	leal	4(%esp), %eax
	movl	%eax, task_seen + 16
	movw	%es, task_seen + 36
	movw	%cs, task_seen + 40
	movw	%ss, task_seen + 44
	movw	%fs, task_seen + 52
	movw	%gs, task_seen + 56
	movl	4(%esp), %eax
	movl	%eax, task_seen + 80
	xorl	%eax, %eax
	str	%ax
	movl	%eax, task_seen + 60
	sldt	%ax
	movl	%eax, task_seen + 64
	movl	%cr0, %eax
	movl	%eax, task_seen + 68
	movl	%cr3, %eax
	movl	%eax, task_seen + 72
	movl	%dr7, %eax
	movl	%eax, task_seen + 76
	movl	task_probe, %eax
	movl	(%eax), %eax
	movl	%eax, task_seen + 84
	incl	task_seen + 88
	movl	task_case_eip, %eax
	movl	task_skip, %ecx
	addl	%ecx, (%eax)
	ret

	/* At CPL 3. */
task_user:
	int	$0x50

	.data
	.balign 4
	.globl task_seen, task_probe, task_leaves_by_jump, task_skip, task_case_eip
	.globl task_pointer, task_next_pointer
task_seen:	.fill 23, 4, 0
task_probe:	.long task_seen
task_leaves_by_jump: .long 0
task_skip:	.long 0
task_case_eip:	.long 0
task_pointer:	.long 0, 0
task_next_pointer: .long 0, 0

	.section .note.GNU-stack, "", @progbits
