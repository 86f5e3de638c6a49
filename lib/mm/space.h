/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: page tables, the same interface on every architecture and in every format of tables.
 * Level 0 is the level of the smallest pages, PAGE_SIZE bytes in the kernel's format.
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

struct space;

/*
 * What tables look like and how they are used. Entries are values of 64 bits here, whatever their size
 * in memory; levels are those of the table that the entry is in.
 */
struct space_format {
	const char *name; /* as rows are to say it */
	u32 top_level;
	u32 entry_size; /* bytes: 4 or 8 */
	/* By level: entries of a table, address bits below those that index it. */
	u32 entries[SPACE_LEVELS], shift[SPACE_LEVELS];

	/* The highest level at which this CPU has pages. */
	u32 (*max_page_level)(void);

	/* An entry that is absent; NULL: zeros. */
	u64 (*absent)(u32 level);
	/* A page with these PROT_ bits, whose use does not change the entry. */
	u64 (*page)(phys_t phys, u32 level, u32 prot);
	/* A table that leaves the decision on permissions to its pages. */
	u64 (*table)(phys_t table, u32 level);

	bool (*present)(u64 entry, u32 level);
	bool (*is_page)(u64 entry, u32 level);
	phys_t (*phys)(u64 entry, u32 level); /* of a page or a table */
	u32 (*prot)(u64 entry, u32 level);

	/* Changes an entry in memory that may be in use; who does so flushes afterwards. */
	void (*write)(void *entry, u64 value);
	/* Forget what is cached of one page, or of the whole space; the first never leaves less than that. */
	void (*flush_page)(const struct space *space, u64 address);
	void (*flush_all)(const struct space *space);
	/* Makes this CPU's own accesses use the space; NULL: they cannot, as with nested tables. */
	void (*use)(const struct space *space);
};

struct space {
	void *root;
	const struct space_format *format;
};

/* Permissions. Reading is always allowed at the kernel's privilege. */
#define PROT_READ  0
#define PROT_WRITE BIT(0)
#define PROT_EXEC  BIT(1)
#define PROT_USER  BIT(2)
#define PROT_ALL   (PROT_WRITE | PROT_EXEC | PROT_USER)

/* The format of the kernel's space; each back end has one, some choose it at start. */
extern struct space_format arch_kernel_format;

/* The space that cases start in. */
struct space *space_kernel(void);

/* A new space that maps what the kernel's does now; later changes of the one do not show in the other. */
struct space *space_create(void);

/* A new space of this format that maps nothing. */
struct space *space_create_format(const struct space_format *format);

/*
 * A new space of this format that maps what the kernel's does now, one to one, with those permissions
 * that are in `prot`, too. Where a page of the format has parts that the kernel's smaller ones treat
 * differently, it is mapped if one of them is, with all their permissions; page 0 is absent.
 */
struct space *space_create_like_kernel(const struct space_format *format, u32 prot);

/*
 * A new space of the kernel's format in which nothing is accessible at user privilege but what
 * run_user() itself needs (<arch/space.h> says what that is). space_grant_user() adds more.
 */
struct space *space_create_supervisor(void);

/* Gives the pages that [address, address + size) is in PROT_USER on top of what they have. */
void space_grant_user(struct space *space, u64 address, u64 size);

/*
 * Maps [address, address + size) to physical memory from `phys` on, with the largest pages that fit,
 * replacing what was mapped. All three are multiples of the size of a page of level 0.
 */
void space_map(struct space *space, u64 address, phys_t phys, u64 size, u32 prot);

/* Maps one page of the size that `level` has, 0 to the highest that has pages, at aligned addresses. */
void space_map_page(struct space *space, u64 address, phys_t phys, u32 level, u32 prot);

/* Removes the mappings of [address, address + size), splitting larger pages at its ends. */
void space_unmap(struct space *space, u64 address, u64 size);

/* A page that the kernel's space does not map: every use of it is a fault, until the case ends. */
void *space_absent_page(void);

/* Changes permissions of [address, address + size), which is mapped; splits pages at its ends. */
void space_protect(struct space *space, u64 address, u64 size, u32 prot);

/*
 * The entry that decides on `address`: of a page at any level, or the entry, not present, where the
 * walk ends. *level, if not NULL, is its level. Only in formats whose entries are as large as pte_t.
 */
pte_t *space_entry(struct space *space, u64 address, u32 *level);

/*
 * The entry for `address` at exactly this level; missing tables are made, larger pages split. Only in
 * formats whose entries are as large as pte_t.
 */
pte_t *space_entry_at(struct space *space, u64 address, u32 level);

/* The same two entries, of any size, as values. */
u64 space_find_entry(struct space *space, u64 address, u32 *level);
u64 space_get_entry(struct space *space, u64 address, u32 level);

/* Writes the entry for `address` at exactly this level, and forgets what is cached of that address. */
void space_set_entry(struct space *space, u64 address, u32 level, u64 value);

/* True and the physical address, if `address` is mapped. */
bool space_translate(struct space *space, u64 address, phys_t *phys);

/* Makes this CPU use the space; flushes what it had cached of the last one. */
void space_switch(struct space *space);

/* Bytes of a page of the kernel's space at this level, and the highest level at which it has pages. */
u64 space_page_size(u32 level);
u32 space_max_page_level(void);

/* Bytes that an entry of this level stands for, and so those of a page of it. */
static inline u64 space_size_at(const struct space *space, u32 level)
{
	return 1ull << space->format->shift[level];
}

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };

/*
 * What an access to `address` raises that a page of level 0 of the kernel's space refuses: one that is
 * absent, or one whose permissions do not suffice. <arch/fault.h> has the names.
 */
struct fault space_fault(enum access access, bool user, bool absent, const void *address);

/* ---------------------------------------------------------------- for the library */

/* The root of the kernel's space. */
void *arch_kernel_root(void);

/* Gives user privilege what run_user() needs in a space that has nothing for it. */
void arch_space_grant_user(struct space *space);

/* A table of this level, of absent entries. */
void *space_table_alloc(const struct space_format *format, u32 level);

/* Entry `index` of a table: read, and written while it is not in use. */
u64 space_table_get(const struct space_format *format, const void *table, u32 index);
void space_table_put(const struct space_format *format, void *table, u32 index, u64 value);

/* Remembers the kernel's space as it is now; space_reset_kernel() brings that back and uses it. */
void space_keep_kernel(void);
void space_reset_kernel(void);

#endif
