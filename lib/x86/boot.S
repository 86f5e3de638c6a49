/* SPDX-License-Identifier: MIT */
/*
 * The way in. Multiboot (0.6.96) and PVH (Xen's docs/misc/pvh.pandoc) both enter in 32-bit protected
 * mode with flat segments and paging off. The tables, the stack and the rest of the way are kernel_entry.S's.
 */
#include <x86/boot.h>
#include <x86/desc.h>

#define PTE_TABLE 0x007 /* P W U */
#define PTE_LARGE 0x0e7 /* P W U A D PS */

#define CPUID_1_EDX_PAE 0x40
#define CR4_PSE		0x10

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
	movl	$boot_stack_top, %esp
	pushl	%ebx
	pushl	%ebp
	/* Tables that map the first 4 GiB one to one. */
#ifdef __i386__
	movl	$1, %eax
	cpuid
	testb	$CPUID_1_EDX_PAE, %dl
	jnz	with_pae
	movl	$CR4_PSE, boot_cr4
	movl	$boot_pdpt, %edi
	movl	$PTE_LARGE, %eax
1:	stosl
	addl	$0x400000, %eax
	jnc	1b
	jmp	mapped
with_pae:
#endif
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
mapped:
	movl	$x86_start, %esi
	jmp	enter_kernel

	.section .note.pvh, "a", @note
	.balign 4
	.long	4, 4, PVH_NOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.long	start_pvh

	.section .note.GNU-stack, "", @progbits
