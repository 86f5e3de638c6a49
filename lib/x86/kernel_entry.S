/* SPDX-License-Identifier: MIT */
/*
 * The common part of the way in, for the boot CPU and from the trampoline for the others: to paging with
 * 64-bit entries (4-level on x86_64, PAE on i386, where there is PAE) and to C. And the memory that they start with.
 */
#include <x86/boot.h>
#include <x86/desc.h>

#define CR0_BITS 0x80010033 /* PG WP NE ET MP PE */
#define CR4_PAE	 0x20
#define EFER_MSR 0xc0000080
#define EFER_LME 0x100

	.section .boot.kernel_entry, "ax"
	.code32

/* ESI: the C function to call; at ESP: its two arguments, 32 bits each. */
	.globl enter_kernel
enter_kernel:
	popl	%ebp
	popl	%ebx
	lgdt	boot_gdt_register
	movl	$SEL_KERNEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	boot_cr4, %eax
	movl	%eax, %cr4
	movl	$BOOT_ROOT_TABLE, %eax
	movl	%eax, %cr3
#ifdef __x86_64__
	movl	$EFER_MSR, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
#endif
	movl	$CR0_BITS, %eax
	movl	%eax, %cr0
	ljmp	$SEL_KERNEL_CODE, $1f
#ifdef __x86_64__
	.code64
1:	movl	%ebp, %edi
	movl	%ebx, %eax
	movl	%esi, %edx
	movl	%eax, %esi
	movl	%esp, %esp
	xorl	%ebp, %ebp
	andq	$~15, %rsp
	call	*%rdx
#else
1:	pushl	%ebx
	pushl	%ebp
	xorl	%ebp, %ebp
	call	*%esi
#endif
	ud2

	/* PAE; on i386, boot.S changes that for a CPU that has only 32-bit paging. */
	.data
	.globl boot_cr4
boot_cr4:
	.long	CR4_PAE

	/* Until desc_init(); the entries have the places of desc.h, this is CPU 0. */
	.balign 8
boot_gdt:
	.quad	0
#ifdef __x86_64__
	.quad	0x00af9b000000ffff
#else
	.quad	0x00cf9b000000ffff
#endif
	.quad	0x00cf93000000ffff
	.quad	0x00cf9b000000ffff
	.fill	5, 8, 0
	.quad	0x004cf3000000a000 /* CPU_NUMBER_MARK, CPU 0 */
boot_gdt_end:
	.globl boot_gdt_register
boot_gdt_register:
	.word	boot_gdt_end - boot_gdt - 1
#ifdef __x86_64__
	.quad	boot_gdt
#else
	.long	boot_gdt
#endif

	.bss
	.balign 4096
	.globl boot_pml4, boot_pdpt, boot_page_directories
#ifdef __x86_64__
boot_pml4:
	.skip	4096
#endif
boot_pdpt:
	.skip	4096
boot_page_directories:
	.skip	4 * 4096

	/* A page that mm takes away, so that an overflow of the stack is a fault. */
	.globl boot_stack_guard, boot_stack_top
boot_stack_guard:
	.skip	4096
	.skip	BOOT_STACK_SIZE
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
