/* SPDX-License-Identifier: MIT */
/*
 * The formats of x86 page tables, for space_create_format() and space_create_like_kernel(), and the
 * change from one to another: SDM vol. 3A, 4.1.1-4.1.2. space_switch() changes CR4.PAE, PSE and LA57 as
 * the space's format needs it, with paging off where the manual wants that; what runs is mapped one to
 * one, below 4 GiB.
 */
#ifndef ASSAY_X86_PAGING_H
#define ASSAY_X86_PAGING_H

#include <mm/space.h>

#ifdef __x86_64__
extern const struct space_format paging_4_level;
extern const struct space_format paging_5_level; /* where the CPU has LA57 */
#else
/* 32-bit paging; pages of 4 MiB, by CR4.PSE, where the CPU has PSE. */
extern const struct space_format paging_32_bit;
extern const struct space_format paging_pae; /* where the CPU has PAE */

/* The kernel's format is PAE, or 32-bit on a CPU without PAE: as boot.S has found. At start. */
void paging_init(void);

/*
 * An entry of a 4 MiB page at an address of up to 40 bits: bits 39-32 of it are in bits 20-13.
 * SDM vol. 3A, table 4-4; where there is PSE-36.
 */
static inline u32 pse36_address(phys_t phys)
{
	return (u32)(phys & 0xffc00000) | (u32)(phys >> 32 & 0xff) << 13;
}
#endif

/* The control bits of CR4 that choose the format. */
#ifdef __x86_64__
#define PAGING_CR4	  (CR4_PAE | CR4_LA57)
#define PAGING_CR4_KERNEL CR4_PAE
#else
#define PAGING_CR4	  (CR4_PAE | CR4_PSE)
#define PAGING_CR4_KERNEL (cpu_has(X86_FEATURE_PAE) ? CR4_PAE : CR4_PSE)
#endif

/*
 * Loads CR3 and CR4 while paging is off (long mode left, on x86_64) and turns it on again. Everything
 * that runs is below 4 GiB, CR4.PCIDE is clear, interrupts are off.
 */
void paging_restart(ulong cr3, ulong cr4);

/* Makes the kernel's space the current one, whatever paging and protection there was. */
void paging_reset(void);

#endif
