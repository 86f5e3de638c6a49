/* SPDX-License-Identifier: MIT */
/*
 * Region-third, segment and page tables: PoP SA22-7832-13, chapter 3, "Dynamic Address Translation".
 * Level 2 is the region-third table, of whose 2048 entries the kernel's space has the first 512: 1 TiB.
 * docs/adding-an-architecture.md has the contracts.
 *
 * DAT knows no permission for problem state: PROT_USER is always there. What it is on other
 * architectures, storage keys are on this one. PROT_EXEC can be taken away where there is the
 * instruction-execution-protection facility.
 */
#ifndef ASSAY_S390X_ARCH_SPACE_H
#define ASSAY_S390X_ARCH_SPACE_H

#include <s390x/boot.h>
#include <types.h>

typedef u64 pte_t;

/* Page-table entries. */
#define PTE_INVALID 0x400ull /* bit 53 */
#define PTE_PROTECT 0x200ull /* bit 54 */
#define PTE_IEP	    0x100ull /* bit 55 */
#define PTE_BIT_52  0x800ull /* must be zero */
#define PTE_ORIGIN  (~0xfffull)

/* Segment- and region-table entries. */
#define STE_ORIGIN	   (~0x7ffull) /* of a page table */
#define RTE_ORIGIN	   (~0xfffull)
#define XTE_ACC		   0xf000ull  /* bits 48-51, with format control: access-control bits */
#define XTE_FETCH	   0x800ull   /* bit 52, with format control: fetch protection */
#define XTE_FORMAT	   0x400ull   /* bit 53: the entry is that of a page */
#define XTE_PROTECT	   0x200ull   /* bit 54 */
#define XTE_IEP		   0x100ull   /* bit 55, with format control */
#define XTE_INVALID	   0x020ull   /* bit 58 */
#define XTE_COMMON	   0x010ull   /* bit 59 */
#define XTE_TYPE	   0x00cull   /* bits 60-61: 0 segment, 1 region third, ... */
#define XTE_ACC_VALID	   0x10000ull /* bit 47, with format control */
#define RTE_LENGTH	   0x003ull   /* bits 62-63 */
#define STE_PAGE	   (~0xfffffull)
#define RTE_PAGE	   (~0x7fffffffull)
#define XTE_TYPE_OF(level) (((level)-1ull) << 2)

/* Address-space-control elements. */
#define ASCE_ORIGIN   (~0xfffull)
#define ASCE_PRIVATE  0x100ull
#define ASCE_REAL     0x020ull
#define ASCE_TYPE     0x00cull
#define ASCE_LENGTH   0x003ull
/* Our tables': 512 entries, a page of them. */
#define ASCE_OF(root) ((ulong)(root) | XTE_TYPE_OF(2))

#define ARCH_MIN_MEMORY	 0x10000 /* what is below is the first CPU's prefix area, and its alias */
#define ARCH_MAX_MEMORY	 (1024 * GiB)
#define ARCH_IMAGE_START ((ulong)image_start)
#define ARCH_IMAGE_END	 ((ulong)image_end)

/* Level 1 with the enhanced-DAT facility 1, level 2 with 2. */
u32 arch_max_page_level(void);

static inline pte_t arch_pte_absent(u32 level)
{
	return level ? XTE_INVALID | XTE_TYPE_OF(level) : PTE_INVALID;
}

static inline bool arch_pte_present(pte_t entry, u32 level)
{
	return !(entry & (level ? XTE_INVALID : PTE_INVALID));
}

static inline bool arch_pte_is_page(pte_t entry, u32 level)
{
	return level == 0 || (entry & XTE_FORMAT);
}

static inline phys_t arch_pte_phys(pte_t entry, u32 level)
{
	if (level == 0)
		return entry & PTE_ORIGIN;
	if (entry & XTE_FORMAT)
		return entry & (level == 1 ? STE_PAGE : RTE_PAGE);
	return entry & (level == 1 ? STE_ORIGIN : RTE_ORIGIN);
}

/* A page with these PROT_ bits. */
pte_t arch_pte_page(phys_t phys, u32 level, u32 prot);
u32 arch_pte_prot(pte_t entry, u32 level);

/* Changes an entry that may be in use; who does so flushes afterwards. */
static inline void arch_pte_write(void *entry, pte_t value)
{
	WRITE_ONCE(*(pte_t *)entry, value);
}

/* A table that leaves the decision on permissions to its pages. */
static inline pte_t arch_pte_table(phys_t table, u32 level)
{
	/* A segment table is always as long as it can be; a page table has no length. */
	return table | XTE_TYPE_OF(level) | (level == 2 ? RTE_LENGTH : 0);
}

/* Both forget all translations of this CPU: PURGE TLB is the one instruction that changes no entry. */
void arch_tlb_flush_page(ulong address);
void arch_tlb_flush_all(void);

#endif
