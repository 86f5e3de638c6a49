/* SPDX-License-Identifier: MIT */
/* compat.h: the way into compatibility mode, with all registers, and out of it at any vector. */
#include <x86/desc.h>

	.text
	/* void compat_enter(struct compat *): leaves through a stub. */
	.globl compat_enter
compat_enter:
	pushq	152(%rdi)
	pushq	32(%rdi)
	pushq	144(%rdi)
	pushq	136(%rdi)
	pushq	128(%rdi)
	movq	0(%rdi), %rax
	movq	8(%rdi), %rcx
	movq	16(%rdi), %rdx
	movq	24(%rdi), %rbx
	movq	40(%rdi), %rbp
	movq	48(%rdi), %rsi
	movq	64(%rdi), %r8
	movq	72(%rdi), %r9
	movq	80(%rdi), %r10
	movq	88(%rdi), %r11
	movq	96(%rdi), %r12
	movq	104(%rdi), %r13
	movq	112(%rdi), %r14
	movq	120(%rdi), %r15
	movq	56(%rdi), %rdi
	iretq

	/* The handlers: note the registers in compat_registers, then go on as a raw gate does. */
	.balign 16
	.globl compat_stubs
compat_stubs:
	.set vector, 0
	.rept 256
	.balign 32
	movq	%rax, compat_registers
	leaq	raw_gate_stubs + 16 * vector(%rip), %rax
	jmp	note
	.set vector, vector + 1
	.endr

note:
	movq	%rcx, compat_registers + 8
	movq	%rdx, compat_registers + 16
	movq	%rbx, compat_registers + 24
	movq	%rsp, compat_registers + 32
	movq	%rbp, compat_registers + 40
	movq	%rsi, compat_registers + 48
	movq	%rdi, compat_registers + 56
	movq	%r8, compat_registers + 64
	movq	%r9, compat_registers + 72
	movq	%r10, compat_registers + 80
	movq	%r11, compat_registers + 88
	movq	%r12, compat_registers + 96
	movq	%r13, compat_registers + 104
	movq	%r14, compat_registers + 112
	movq	%r15, compat_registers + 120
	jmp	*%rax

	.bss
	.balign 8
	.globl compat_registers
compat_registers:
	.skip	128

	.section .note.GNU-stack, "", @progbits
