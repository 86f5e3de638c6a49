/* SPDX-License-Identifier: MIT */
/*
 * bool vmx_run_asm(struct registers *, bool launched): vmx.h, vmx_run(). True after an exit, false where
 * the instruction failed.
 */
#define HOST_RSP 0x6c14

	.text
	.globl vmx_run_asm
vmx_run_asm:
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movl	20(%esp), %edi
	pushl	%edi
	movl	$HOST_RSP, %eax
	vmwrite	%esp, %eax
	cmpb	$0, 28(%esp)
	movl	(%edi), %eax
	movl	4(%edi), %ecx
	movl	8(%edi), %edx
	movl	12(%edi), %ebx
	movl	16(%edi), %ebp
	movl	20(%edi), %esi
	movl	24(%edi), %edi
	jnz	1f
	vmlaunch
	jmp	2f
1:	vmresume
2:	popl	%edi
	pushfl
	popl	28(%edi)
	xorl	%eax, %eax
	jmp	3f
	.globl vmx_exit_point
vmx_exit_point:
	pushl	%edi
	movl	4(%esp), %edi
	pushfl
	popl	28(%edi)
	movl	%eax, (%edi)
	movl	%ecx, 4(%edi)
	movl	%edx, 8(%edi)
	movl	%ebx, 12(%edi)
	movl	%ebp, 16(%edi)
	movl	%esi, 20(%edi)
	popl	24(%edi)
	addl	$4, %esp
	movl	$1, %eax
3:	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	ret

	.section .note.GNU-stack, "", @progbits
