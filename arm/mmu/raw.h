/* SPDX-License-Identifier: MIT */
/* Translation tables of any granule and size, entry by entry, for TTBR1_EL1. D8.2. */
#ifndef ASSAY_ARM_MMU_RAW_H
#define ASSAY_ARM_MMU_RAW_H

#include <mm/space.h>
#include <types.h>

/* A regime's half: log2 of the granule, bits of address. */
struct raw_shape {
	u32 granule, bits;
};

/* The manual's level of the first lookup. */
u32 raw_first_level(struct raw_shape shape);

/* A table, all of it invalid. */
pte_t *raw_table(struct raw_shape shape);

/* The entry for `va` at the manual's level; tables that are missing are made. */
pte_t *raw_entry(pte_t *root, struct raw_shape shape, ulong va, u32 level);

/* Bytes that an entry at that level maps. */
u64 raw_size(struct raw_shape shape, u32 level);

/* TCR_EL1 as it is now, with TTBR1_EL1 enabled for this shape; other bits by the caller. */
u64 raw_tcr(struct raw_shape shape);

/* Uses these tables in the upper half until raw_end(). */
void raw_begin(pte_t *root, u64 tcr);
void raw_end(void);

#endif
