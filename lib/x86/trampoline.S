/* SPDX-License-Identifier: MIT */
/*
 * Where a CPU goes on after INIT and SIPI: real mode, CS = TRAMPOLINE_ADDRESS / 16 (SDM vol. 3A, 8.4).
 * Copied to TRAMPOLINE_ADDRESS. smp.c sets ap_stack, ap_number and ap_entry before.
 */
#include <x86/boot.h>
#include <x86/desc.h>

#define IN_COPY(symbol) (symbol - trampoline_start)

	.section .rodata
	.code16
	.globl trampoline_start, trampoline_end
trampoline_start:
	cli
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	IN_COPY(trampoline_gdt_register)
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$SEL_KERNEL_CODE, $(IN_COPY(protected) + TRAMPOLINE_ADDRESS)

	.code32
protected:
	movl	$SEL_KERNEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %ss
	movl	ap_stack, %esp
	pushl	$0
	pushl	ap_number
	movl	ap_entry, %esi
	movl	$enter_kernel, %eax
	jmp	*%eax

	.balign 8
trampoline_gdt:
	.quad	0
	.quad	0x00cf9b000000ffff
	.quad	0x00cf93000000ffff
trampoline_gdt_end:
trampoline_gdt_register:
	.word	trampoline_gdt_end - trampoline_gdt - 1
	.long	IN_COPY(trampoline_gdt) + TRAMPOLINE_ADDRESS
trampoline_end:

	.data
	.balign 4
	.globl ap_stack, ap_number, ap_entry
ap_stack:
	.long	0
ap_number:
	.long	0
ap_entry:
	.long	0

	.section .note.GNU-stack, "", @progbits
