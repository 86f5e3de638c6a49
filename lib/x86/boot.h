/* SPDX-License-Identifier: MIT */
/* What the entry code shares with C: the boot protocols' numbers, the early tables and stack. */
#ifndef ASSAY_X86_BOOT_H
#define ASSAY_X86_BOOT_H

#include <harness/command_line.h>

/* Multiboot Specification 0.6.96: the header's addresses are valid, and memory is to be described. */
#define MULTIBOOT_HEADER_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS	       0x00010002
#define MULTIBOOT_START_MAGIC  0x2badb002

/* Xen, include/public/elfnote.h and arch-x86/hvm/start_info.h. */
#define PVH_NOTE_PHYS32_ENTRY 18
#define PVH_START_MAGIC	      0x336ec578

#define BOOT_STACK_SIZE 0x8000

/* PDPTEs have no U and W bits with PAE paging (SDM vol. 3A, table 4-8). */
#ifdef __x86_64__
#define PTE_PDPTE	0x007
#define BOOT_ROOT_TABLE boot_pml4
#else
#define PTE_PDPTE	0x001
#define BOOT_ROOT_TABLE boot_pdpt
#endif

/* Where the other CPUs start: below 1 MiB, at a multiple of 4 KiB that is the vector of the SIPI. */
#define TRAMPOLINE_ADDRESS 0x8000

#ifndef __ASSEMBLER__
#include <types.h>

extern u8 boot_stack_guard[], boot_stack_top[];
extern u64 BOOT_ROOT_TABLE[];
extern u8 image_start[], image_data_end[], image_end[];

/* What smp.c copies: trampoline.S. */
extern const u8 trampoline_start[], trampoline_end[];

/*
 * What the boot loader says, but for memory. Words of the command line that are about the machine are
 * not left for the harness: debug-exit=PORT, console=PORT.
 */
struct boot_info {
	char command_line[COMMAND_LINE_SIZE];
	bool is_cut;	     /* there was more of it */
	phys_t rsdp;	     /* 0: to be searched for */
	u16 debug_exit_port; /* QEMU's isa-debug-exit; 0: there is none */
	u16 console_port;    /* a 16550 */
};

extern struct boot_info boot_info;

/*
 * Reads what the loader left at `info`, by the protocol that `magic` names; calls memory() for each
 * range of RAM.
 */
typedef void memory_found(phys_t start, phys_t end);
void boot_info_read(u32 magic, u32 info, memory_found *memory);
#endif
#endif
