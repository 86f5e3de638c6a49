/* SPDX-License-Identifier: MIT */
#include "raw.h"

#include <arm/granule.h>
#include <arm/sysreg.h>
#include <mm/page.h>

#define TCR_T1SZ BITS(21, 16)
#define TCR_EPD1 BIT(23)
#define TCR_TG1	 BITS(31, 30)

static u64 old_tcr;

static u32 index_bits(struct raw_shape shape)
{
	return shape.granule - 3;
}

static u32 shift_of(struct raw_shape shape, u32 level)
{
	return shape.granule + (3 - level) * index_bits(shape);
}

u32 raw_first_level(struct raw_shape shape)
{
	u32 levels = (shape.bits - shape.granule + index_bits(shape) - 1) / index_bits(shape);

	return 4 - levels;
}

pte_t *raw_table(struct raw_shape shape)
{
	return pages_alloc(BIT(shape.granule) / PAGE_SIZE, BIT(shape.granule));
}

u64 raw_size(struct raw_shape shape, u32 level)
{
	return BIT(shift_of(shape, level));
}

pte_t *raw_entry(pte_t *root, struct raw_shape shape, ulong va, u32 level)
{
	pte_t *table = root;

	va &= BITS(shape.bits - 1, 0);
	for (u32 at = raw_first_level(shape);; at++) {
		u32 bits = at == raw_first_level(shape) ? shape.bits - shift_of(shape, at)
							: index_bits(shape);
		pte_t *entry = &table[va >> shift_of(shape, at) & BITS(bits - 1, 0)];

		if (at == level)
			return entry;
		if (!(*entry & PTE_VALID))
			*entry = (ulong)raw_table(shape) | PTE_TABLE | PTE_VALID;
		table = (pte_t *)(ulong)(*entry & BITS(47, shape.granule));
	}
}

u64 raw_tcr(struct raw_shape shape)
{
	u64 tg1 = shape.granule == 12 ? 2 : shape.granule == 14 ? 1 : 3;

	return (read_sys(TCR) & ~(TCR_T1SZ | TCR_EPD1 | TCR_TG1)) | (u64)(64 - shape.bits) << 16 |
	       tg1 << 30;
}

void raw_begin(pte_t *root, u64 tcr)
{
	old_tcr = read_sys(TCR);
	write_sys(TTBR1, (ulong)root);
	isb();
	translation_set(read_sys(TTBR0), tcr);
	arch_tlb_flush_all();
}

void raw_end(void)
{
	translation_set(read_sys(TTBR0), old_tcr);
	write_sys(TTBR1, 0);
	isb();
	arch_tlb_flush_all();
}
