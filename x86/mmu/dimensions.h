/* SPDX-License-Identifier: MIT */
/* What varies: dimensions for check_combinations(). 0 is the harmless value of each. */
#ifndef ASSAY_MMU_DIMENSIONS_H
#define ASSAY_MMU_DIMENSIONS_H

#include "mmu.h"

/* Bits of an entry that are taken away or put in, as the bits of the value: argument >> 8 has them. */
enum {
	VARY_W = 1,  /* clear R/W */
	VARY_U = 2,  /* clear U/S */
	VARY_NX = 4, /* set XD */
	VARY_P = 8,  /* clear P */
	VARY_A = 16, /* clear A */
	VARY_D = 32, /* clear D */
	VARY_G = 64, /* set G */
};

/*
 * The list that a case's dimensions are put together in. The controls come first: changing them is what
 * takes time.
 */
struct dimensions {
	struct dimension list[32];
	u32 count;
};

/* The controls of `mask` that the CPU has, each on and off. */
void vary_controls(struct dimensions *d, u32 mask);

/* Of the entry of this level: each of the VARY_ bits in `bits`, in every combination. */
void vary_entry(struct dimensions *d, u32 level, u32 bits);

/* The same at all levels of the world's walk; of D and G, the page's alone. */
void vary_entries(struct dimensions *d, const struct world *world, u32 bits);

/* Reads, writes, updates, locked updates and fetches. */
void vary_access(struct dimensions *d);

/* The same without fetches, and fetches alone. */
void vary_data(struct dimensions *d);
void vary_fetch(struct dimensions *d);

/* The CPU's own accesses, to a descriptor: a read, and a read and write. */
void vary_implicit(struct dimensions *d);

enum whos { WHO_CPL_0_3, WHO_NO_AC, WHO_AC, WHO_ALL };
void vary_who(struct dimensions *d, enum whos whos);

/* The protection key of the page, and the rights of that key in PKRU and IA32_PKRS. */
void vary_keys(struct dimensions *d);

/* Which of two pages the address leads to; pages of level 0 alone. */
void vary_frame(struct dimensions *d, const struct world *world);

#endif
