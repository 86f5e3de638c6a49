/* SPDX-License-Identifier: MIT */
/*
 * Address spaces of arm64 with other granules than the kernel's 4 KiB. After space_create_granule(), all
 * of <mm/space.h> that has a space takes them: addresses and sizes are then multiples of the granule,
 * levels those of <mm/space.h>, so that 3 - level is the manual's at every granule.
 */
#ifndef ASSAY_ARM_GRANULE_H
#define ASSAY_ARM_GRANULE_H

#include <mm/space.h>

/* log2 of the bytes in a granule. */
#define GRANULE_4K  12
#define GRANULE_16K 14
#define GRANULE_64K 16

/* TCR_EL1.TG0: DDI 0487, D17, TCR_EL1. */
#define TCR_TG0 BITS(15, 14)
static inline u64 granule_tg0(u32 granule)
{
	return (granule == GRANULE_4K ? 0ull : granule == GRANULE_64K ? 1 : 2) << 14;
}

/* ID_AA64MMFR0_EL1.TGran4, TGran16, TGran64: whether this CPU has the granule at stage 1. */
bool has_granule(u32 granule);

/*
 * A new space of 48 bits with this granule, which the CPU has. It maps what the kernel's does now one to
 * one; where a page has parts that the kernel's smaller ones treat differently, it is mapped if one of
 * them is, with all their permissions. So the guards below stacks are not there, but page 0 is absent,
 * and the image is as in the kernel's space, which keeps its parts 64 KiB apart.
 */
struct space *space_create_granule(u32 granule);

/*
 * Has this CPU walk with these TTBR0_EL1 and TCR_EL1; what it has cached is another matter. Where TCR_EL1
 * changes, that is done with translation off, as walks may come between the two. Whatever is in use is
 * mapped one to one.
 */
void translation_set(u64 ttbr0, u64 tcr);

#endif
