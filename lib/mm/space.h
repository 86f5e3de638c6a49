/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: page tables, the same interface on every architecture. The format is the back end's,
 * <arch/space.h>; level 0 is the level of the smallest pages, PAGE_SIZE bytes.
 *
 * A case starts in the kernel's space: all memory one to one, everything allowed, also at user
 * privilege; page 0 and the page below each CPU's stack are absent. A case may change it, and create
 * others; both end with the case.
 */
#ifndef ASSAY_MM_SPACE_H
#define ASSAY_MM_SPACE_H

#include <arch/space.h>
#include <harness/fault.h>
#include <types.h>

#define SPACE_LEVELS 5

/* What tables look like, by level: entries of a table, address bits below those that index it. */
struct space_shape {
	u32 top_level, max_page_level;
	u32 entries[SPACE_LEVELS], shift[SPACE_LEVELS];
};

struct space {
	pte_t *root;
	const struct space_shape *shape; /* the kernel's, unless <arch/space.h> knows others */
};

/* Permissions. Reading is always allowed at the kernel's privilege. */
#define PROT_READ  0
#define PROT_WRITE BIT(0)
#define PROT_EXEC  BIT(1)
#define PROT_USER  BIT(2)
#define PROT_ALL   (PROT_WRITE | PROT_EXEC | PROT_USER)

/* The space that cases start in. */
struct space *space_kernel(void);

/* A new space that maps what the kernel's does now; later changes of the one do not show in the other. */
struct space *space_create(void);

/*
 * Maps [address, address + size) to physical memory from `phys` on, with the largest pages that fit,
 * replacing what was mapped. All three are multiples of PAGE_SIZE.
 */
void space_map(struct space *space, ulong address, phys_t phys, u64 size, u32 prot);

/* Maps one page of the size that `level` has, 0 to space_max_page_level(), at aligned addresses. */
void space_map_page(struct space *space, ulong address, phys_t phys, u32 level, u32 prot);

/* Removes the mappings of [address, address + size), splitting larger pages at its ends. */
void space_unmap(struct space *space, ulong address, u64 size);

/* Changes permissions of [address, address + size), which is mapped; splits pages at its ends. */
void space_protect(struct space *space, ulong address, u64 size, u32 prot);

/*
 * The entry that decides on `address`: of a page at any level, or the entry, not present, where the
 * walk ends. *level, if not NULL, is its level.
 */
pte_t *space_entry(struct space *space, ulong address, u32 *level);

/* The entry for `address` at exactly this level; missing tables are made, larger pages split. */
pte_t *space_entry_at(struct space *space, ulong address, u32 level);

/* True and the physical address, if `address` is mapped. */
bool space_translate(struct space *space, ulong address, phys_t *phys);

/* Makes this CPU use the space; flushes what it had cached of the last one. */
void space_switch(struct space *space);

/* Bytes of a page at this level, and the highest level at which this CPU has pages. */
u64 space_page_size(u32 level);
u32 space_max_page_level(void);

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };

/*
 * What an access to `address` raises that a page of level 0 refuses: one that is absent, or one whose
 * permissions do not suffice. <arch/fault.h> has the names.
 */
struct fault space_fault(enum access access, bool user, bool absent, const void *address);

/* ---------------------------------------------------------------- for the library */

/* Remembers the kernel's space as it is now; space_reset_kernel() brings that back and uses it. */
void space_keep_kernel(void);
void space_reset_kernel(void);

#endif
