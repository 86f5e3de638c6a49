/* SPDX-License-Identifier: MIT */
/* The entries of raw_gate.h's gates, 64 bits. Nothing returns: raw_gate_entered() jumps away. */
	.text

	.balign 16
	.globl raw_gate_stubs
raw_gate_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	pushq	$vector
	jmp	raw_gate_common
	.set vector, vector + 1
	.endr

raw_gate_common:
	pushfq
	cld
	movq	%rsp, %rdi
	movl	%ds, %esi
	movl	%es, %edx
	movl	%ss, %ecx
	movl	%cs, %r8d
	andq	$~15, %rsp
	xorl	%ebp, %ebp
	call	raw_gate_entered

	.section .note.GNU-stack, "", @progbits
