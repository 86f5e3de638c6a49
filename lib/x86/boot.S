/* SPDX-License-Identifier: MIT */
/*
 * The way in. Multiboot (0.6.96) and PVH (Xen's docs/misc/pvh.pandoc) both enter in 32-bit protected
 * mode with flat segments and paging off. From there, and from the trampoline of the other CPUs, to
 * paging with 64-bit entries (4-level on x86_64, PAE on i386) and to C.
 */
#include <x86/boot.h>
#include <x86/desc.h>

#define CR0_BITS  0x80010033 /* PG WP NE ET MP PE */
#define CR4_PAE	  0x20
#define EFER_MSR  0xc0000080
#define EFER_LME  0x100
#define PTE_TABLE 0x007 /* P W U */
#define PTE_LARGE 0x0e7 /* P W U A D PS */

	.section .boot, "ax"
	.code32

	/* With addresses in the header, a Multiboot loader takes a 64-bit ELF as well. */
	.balign 4
multiboot_header:
	.long	MULTIBOOT_HEADER_MAGIC
	.long	MULTIBOOT_FLAGS
	.long	-(MULTIBOOT_HEADER_MAGIC + MULTIBOOT_FLAGS)
	.long	multiboot_header
	.long	image_start
	.long	image_data_end
	.long	image_end
	.long	start_multiboot

	.globl start_multiboot
start_multiboot:
	movl	%eax, %ebp
	jmp	start

start_pvh:
	movl	$PVH_START_MAGIC, %ebp
start:
	cli
	cld
	/* Tables that map the first 4 GiB one to one. */
	movl	$boot_page_directories, %edi
	movl	$PTE_LARGE, %eax
1:	movl	%eax, (%edi)
	movl	$0, 4(%edi)
	addl	$8, %edi
	addl	$0x200000, %eax
	jnc	1b
	movl	$boot_pdpt, %edi
	movl	$(boot_page_directories + PTE_PDPTE), %eax
	movl	$4, %ecx
2:	movl	%eax, (%edi)
	addl	$8, %edi
	addl	$0x1000, %eax
	loop	2b
#ifdef __x86_64__
	movl	$(boot_pdpt + PTE_TABLE), boot_pml4
#endif
	movl	$boot_stack_top, %esp
	pushl	%ebx
	pushl	%ebp
	movl	$x86_start, %esi
	jmp	enter_kernel

/*
 * The common part of all CPUs. ESI: the C function to call; at ESP: its two arguments, 32 bits each.
 */
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
	movl	$CR4_PAE, %eax
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

	.section .note.pvh, "a", @note
	.balign 4
	.long	4, 4, PVH_NOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.long	start_pvh

	/* Until desc_init(); the entries have the places of desc.h, this is CPU 0. */
	.data
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
	.quad	0x0040f30000000000
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
	.globl boot_pml4, boot_pdpt
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
