/* SPDX-License-Identifier: MIT */
/* What the entry code shares with C: the format of the tables, early memory, the image's parts. */
#ifndef ASSAY_ARM_BOOT_H
#define ASSAY_ARM_BOOT_H

#define BOOT_STACK_SIZE	     0x8000
#define EXCEPTION_STACK_SIZE 0x4000
#define EL2_STACK_SIZE	     0x2000

/*
 * MAIR_EL1 (AArch32: MAIR0 and MAIR1): DDI 0487, D17.2.97. Attribute 0 is Normal Write-Back, 1 is
 * Device-nGnRnE, 2 is Normal Non-cacheable, 3 is Device-nGnRE.
 */
#define MAIR_VALUE	0x044400ff
#define ATTR_NORMAL	0
#define ATTR_DEVICE	1
#define ATTR_UNCACHED	2
#define ATTR_DEVICE_GRE 3

/* A 1 GiB block of Normal memory for the kernel: valid, AF, inner shareable. */
#define BOOT_BLOCK 0x701
/* A table. */
#define BOOT_TABLE 0x003

/*
 * TCR_EL1 but for IPS (DDI 0487, D17.2.131): T0SZ = 16, that is 48 bits; 4 KiB granule; walks are
 * cacheable and inner shareable; T1SZ and TG1 are valid, but EPD1 lets nothing be walked from TTBR1.
 */
#define TCR_VALUE   0x80903510
/* TTBCR (DDI 0487, G8.2.167): EAE, long descriptors; T0SZ = 0, that is 32 bits; the same otherwise. */
#define TTBCR_VALUE 0x80803500

/* Of the kernel's tables; LPAE begins with four entries, aligned to their size. */
#ifdef __aarch64__
#define ROOT_ENTRIES 512
#else
#define ROOT_ENTRIES 4
#endif

#ifndef __ASSEMBLER__
#include <types.h>

/* Parts of the image; text is what user code may execute and nobody may write. */
extern u8 image_start[], text_end[], image_end[];
extern u8 boot_stack_guard[], boot_stack_top[], exception_stack_top[];
extern u64 kernel_root[ROOT_ENTRIES];

/* Run-time minus link-time address: what a debugger has to be told. */
extern ulong image_offset;
/* The exception level that the loader entered at. */
extern u32 boot_el;

/* Where a CPU that PSCI started begins; the context is its number. */
void secondary_start(void);
#endif
#endif
