/* SPDX-License-Identifier: MIT */
/*
 * Tables of 4 KiB with entries of 64 bits, so that each level has 9 bits of address: the geometry of
 * most formats (struct space_format of <mm/space.h>) of x86 and Arm.
 */
#ifndef ASSAY_MM_NINE_BITS_H
#define ASSAY_MM_NINE_BITS_H

#include <types.h>

typedef u64 pte_t;

/* Three levels, of which the top one has four entries: 32 bits of address. */
#define NINE_BITS_32 \
	.top_level = 2, .entry_size = 8, .entries = { 512, 512, 4 }, .shift = { 12, 21, 30 }

#define NINE_BITS_48                                                        \
	.top_level = 3, .entry_size = 8, .entries = { 512, 512, 512, 512 }, \
	.shift = { 12, 21, 30, 39 }

#define NINE_BITS_57                                                             \
	.top_level = 4, .entry_size = 8, .entries = { 512, 512, 512, 512, 512 }, \
	.shift = { 12, 21, 30, 39, 48 }

/* Bytes that an entry of this level stands for. */
static inline u64 nine_bits_size(u32 level)
{
	return 1ull << (12 + 9 * level);
}

#endif
