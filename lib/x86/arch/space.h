/* SPDX-License-Identifier: MIT */
/*
 * Page tables with 64-bit entries: 4-level on x86_64, PAE on i386. SDM vol. 3A, 4.4-4.5.
 * docs/adding-an-architecture.md has the contracts.
 */
#ifndef ASSAY_X86_ARCH_SPACE_H
#define ASSAY_X86_ARCH_SPACE_H

#include <mm/nine_bits.h>
#include <types.h>
#include <x86/boot.h>

struct space;

#define PTE_P	BIT(0)
#define PTE_W	BIT(1)
#define PTE_U	BIT(2)
#define PTE_PWT BIT(3)
#define PTE_PCD BIT(4)
#define PTE_A	BIT(5)
#define PTE_D	BIT(6)
#define PTE_PS	BIT(7) /* levels 1 and 2: a page */
#define PTE_G	BIT(8)
#define PTE_NX	BIT(63)

#define PTE_ADDRESS BITS(51, 12)

/* Memory that the kernel's space covers and that is the image's; the first MiB is the firmware's. */
#define ARCH_MIN_MEMORY	 (1 * MiB)
#define ARCH_IMAGE_START ((ulong)image_start)
#define ARCH_IMAGE_END	 ((ulong)image_end)

#define ARCH_MAX_MEMORY (sizeof(ulong) == 8 ? 512 * GiB : 4 * GiB)

/* Level 2 has pages where CPUID has PDPE1GB and paging is 4-level. */
u32 arch_max_page_level(void);

static inline bool arch_pte_present(pte_t entry, u32 level)
{
	(void)level;
	return entry & PTE_P;
}

static inline bool arch_pte_is_page(pte_t entry, u32 level)
{
	return level == 0 || (entry & PTE_PS);
}

static inline phys_t arch_pte_phys(pte_t entry, u32 level)
{
	phys_t address = entry & PTE_ADDRESS;

	/* Bit 12 of a large page's entry is PAT. */
	return arch_pte_is_page(entry, level) ? ALIGN_DOWN(address, 1ull << arch_level_shift(level))
					      : address;
}

/* A page with these PROT_ bits; accessed and dirty, so that its use does not change the entry. */
pte_t arch_pte_page(phys_t phys, u32 level, u32 prot);

/* A table that leaves the decision on permissions to its pages. */
static inline pte_t arch_pte_table(phys_t table, u32 level)
{
#ifdef __i386__
	if (level == 2)
		return table | PTE_P;
#else
	(void)level;
#endif
	return table | PTE_P | PTE_W | PTE_U | PTE_A;
}

u32 arch_pte_prot(pte_t entry, u32 level);

/* Changes an entry that may be in use; who does so flushes afterwards. */
static inline void arch_pte_write(pte_t *entry, pte_t value)
{
	*entry = value;
}

static inline pte_t *arch_kernel_root(void)
{
	return BOOT_ROOT_TABLE;
}

/* Forgets this CPU's translations of the page at `address`, global ones too. SDM vol. 2A, INVLPG. */
static inline void arch_tlb_flush_page(ulong address)
{
	__asm__ volatile("invlpg %0" : : "m"(*(const u8 *)address) : "memory");
}

/* Forgets all translations of this CPU, global ones too. */
void arch_tlb_flush_all(void);

/* Makes this CPU walk the space's tables. */
void arch_space_switch(const struct space *space);

#endif
