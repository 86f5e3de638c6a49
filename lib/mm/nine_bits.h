/* SPDX-License-Identifier: MIT */
/*
 * For <arch/space.h>: tables of 4 KiB with entries of 64 bits, so that each level has 9 bits of address.
 * Four levels of them on 64-bit targets; on 32-bit targets three, of which the top one has four entries.
 */
#ifndef ASSAY_MM_NINE_BITS_H
#define ASSAY_MM_NINE_BITS_H

#include <types.h>

typedef u64 pte_t;

static inline u32 arch_top_level(void)
{
	return sizeof(ulong) == 8 ? 3 : 2;
}

static inline u32 arch_level_entries(u32 level)
{
	return sizeof(ulong) == 8 || level < 2 ? 512 : 4;
}

static inline u32 arch_level_shift(u32 level)
{
	return 12 + 9 * level;
}

/* Zeros are an absent entry at all levels. */
static inline pte_t arch_pte_absent(u32 level)
{
	(void)level;
	return 0;
}

#endif
