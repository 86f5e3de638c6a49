/* SPDX-License-Identifier: MIT */
/*
 * A model of the translation of linear addresses: what a walk of the tables in memory comes to, which
 * accesses it permits, what the CPU writes into the entries, and the error code of a page fault. It is
 * the oracle that accesses of the machine are compared with, so it executes none of them and knows no
 * caches: it says what holds when nothing is cached.
 *
 * SDM vol. 3A (June 2016), chapter 4; protection keys of supervisor pages and 5-level paging are in later
 * editions only (4.5.5, 4.6.2 there).
 */
#ifndef ASSAY_X86_MODEL_WALK_H
#define ASSAY_X86_MODEL_WALK_H

#include <types.h>

#define WALK_LEVELS 5

/* What translation depends on. Bits have their places in the registers. */
struct walk_state {
	u64 cr0, cr3, cr4, efer;
	u32 pkru, pkrs;
	u32 physical_bits;	/* MAXPHYADDR */
	bool has_1g, has_pse36; /* CPUID: pages of 1 GiB, PSE-36 */
	u64 pdpte[4];		/* PAE: the PDPTE registers */
	/* An entry of 4 or 8 bytes in physical memory. */
	u64 (*read)(phys_t address, u32 size);
};

enum walk_kind { WALK_READ, WALK_WRITE, WALK_FETCH };

struct walk_access {
	u64 address;
	enum walk_kind kind;
	bool user;     /* a user-mode access: at CPL 3, and not one of the CPU's own */
	bool implicit; /* a supervisor-mode access of the CPU's own, such as to a descriptor */
	bool ac;       /* EFLAGS.AC */
};

enum walk_end {
	WALK_DONE,	    /* the access is permitted */
	WALK_NOT_CANONICAL, /* #GP or #SS */
	WALK_ABSENT,	    /* #PF: P = 0 in the last entry */
	WALK_RESERVED,	    /* #PF: reserved bits are set in the last entry */
	WALK_FORBIDDEN,	    /* #PF: there is a translation, but not for this access */
};

/* An entry that the walk came to. */
struct walk_step {
	phys_t address;
	u64 entry;
	u32 level;    /* of the table that it is in; 0: a PTE */
	u64 reserved; /* its reserved bits that are set */
	u64 sets;     /* the bits that the access sets in it, if it is permitted */
};

struct walk_result {
	enum walk_end end;
	u32 error;	/* of the page fault */
	u32 error_open; /* bits of it that no manual decides */
	phys_t phys;	/* if there is a translation */
	u32 page_level; /* the level of its page */
	u32 steps;
	struct walk_step step[WALK_LEVELS];
};

/* Fills in *result. PDPTE registers are no steps. */
void walk(const struct walk_state *state, const struct walk_access *access,
	  struct walk_result *result);

/* Levels of tables in memory that a walk goes through: 2 for 32-bit and PAE paging, 4 or 5. */
u32 walk_levels(const struct walk_state *state);

/* log2 of the bytes that an entry of this level stands for. */
u32 walk_shift(const struct walk_state *state, u32 level);

/* The bits that must be 0 in an entry of this level that is present; `page`: PS is set, or level 0. */
u64 walk_reserved_bits(const struct walk_state *state, u32 level, bool page);

/* The bits that must be 0 in a PDPTE of PAE paging that is present: #GP(0) of what loads it. */
u64 walk_pdpte_reserved_bits(const struct walk_state *state);

bool walk_is_canonical(const struct walk_state *state, u64 address);

#endif
