/* SPDX-License-Identifier: MIT */
/*
 * Page tables with 64-bit descriptors: on arm64 48 bits of address in four levels of 4 KiB tables, on
 * arm long descriptors (LPAE), 32 bits in three. DDI 0487, D8.3 and G5.5. The library's level 0 is the
 * manual's level 3. docs/adding-an-architecture.md has the contracts.
 */
#ifndef ASSAY_ARM_ARCH_SPACE_H
#define ASSAY_ARM_ARCH_SPACE_H

#include <arm/boot.h>
#include <mm/nine_bits.h>
#include <types.h>

#define PTE_VALID    BIT(0)
#define PTE_TABLE    BIT(1) /* a table; at the manual's level 3, a page; else a block */
#define PTE_ATTR(n)  ((pte_t)(n) << 2)
#define PTE_USER     BIT(6) /* AP[1]: EL0 too */
#define PTE_RO	     BIT(7) /* AP[2] */
#define PTE_SH_INNER (3ull << 8)
#define PTE_AF	     BIT(10)
#define PTE_NG	     BIT(11)
#define PTE_PXN	     BIT(53) /* not executable at EL1 */
#define PTE_UXN	     BIT(54) /* not executable at EL0; AArch32: XN, at neither */

#define PTE_ADDRESS BITS(47, 12)

/*
 * Permissions of <mm/space.h>, here. Memory that EL0 may write is never executable at EL1 in AArch64
 * (D8.4.1.2.1), whatever PROT_EXEC says.
 */
#define PROT_DEVICE   BIT(8) /* Device-nGnRnE; else Normal memory, Write-Back */
#define PROT_UNCACHED BIT(9) /* Normal, Non-cacheable */

#define ARCH_MIN_MEMORY	 0
#define ARCH_IMAGE_START ((ulong)image_start)
#define ARCH_IMAGE_END	 ((ulong)image_end)

#define ARCH_MAX_MEMORY (sizeof(ulong) == 8 ? BIT(48) : 4 * GiB)

static inline bool arch_pte_present(pte_t entry, u32 level)
{
	(void)level;
	return entry & PTE_VALID;
}

static inline bool arch_pte_is_page(pte_t entry, u32 level)
{
	return level == 0 || !(entry & PTE_TABLE);
}

static inline phys_t arch_pte_phys(pte_t entry, u32 level)
{
	phys_t address = entry & PTE_ADDRESS;

	/* Pages of larger granules are aligned to more than that. */
	return arch_pte_is_page(entry, level) ? ALIGN_DOWN(address, nine_bits_size(level))
					      : address;
}

/* A page with these PROT_ bits; its access flag is set, so that its use does not change the entry. */
pte_t arch_pte_page(phys_t phys, u32 level, u32 prot);

/* A table that leaves the decision on permissions to its pages. */
static inline pte_t arch_pte_table(phys_t table, u32 level)
{
	(void)level;
	return table | PTE_TABLE | PTE_VALID;
}

u32 arch_pte_prot(pte_t entry, u32 level);

/*
 * Changes an entry that may be in use. Where the manual asks for break-before-make (DDI 0487, D8, "Using
 * break-before-make when updating translation table entries": for all changes of a valid entry but those
 * of permissions and the access flag), it is invalid in between while all TLBs forget it. This CPU does
 * that with translation off, so that what the entry maps may be its code, stack or tables; no form of
 * FEAT_BBM is needed. Limits: code and entry are mapped one to one, and another CPU that uses what the
 * entry maps may have a translation fault. What parked CPUs run on is safe: the guards below the stacks
 * have split the blocks of the image and the stacks before cases start.
 */
void arch_pte_write(void *entry, pte_t value);

/* Forgets every CPU's translations of the page at `address`. DDI 0487, D8.13. */
void arch_tlb_flush_page(ulong address);

/* Forgets all translations, of every CPU. */
void arch_tlb_flush_all(void);

/* Of struct space_format, for all formats: granules of 4, 16 and 64 KiB have the same descriptors. */
struct space;
void arch_space_flush_page(const struct space *space, u64 address);
void arch_space_flush_all(const struct space *space);
void arch_space_use(const struct space *space);

#define DESCRIPTORS                                                                  \
	.page = arch_pte_page, .table = arch_pte_table, .present = arch_pte_present, \
	.is_page = arch_pte_is_page, .phys = arch_pte_phys, .prot = arch_pte_prot,   \
	.write = arch_pte_write, .flush_page = arch_space_flush_page,                \
	.flush_all = arch_space_flush_all, .use = arch_space_use

/* ------------------------------------------------------------------ beyond the common contract */

/* For arch_pte_write(), each size's: see there. */
void pte_break_and_make(pte_t *entry, pte_t value);

/* Maps a device's registers that the kernel's space does not have: those above 4 GiB. Returns phys. */
void *space_map_device(phys_t phys, u64 size);

/* Makes instructions that were written to [start, start + size) visible to this CPU's fetches. */
void sync_code(const void *start, size_t size);

/* Writes [start, start + size) back to memory and has no cache keep it, for who uses it uncached. */
void flush_data(const void *start, size_t size);

#endif
