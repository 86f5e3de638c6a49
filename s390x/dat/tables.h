/* SPDX-License-Identifier: MIT */
/*
 * Translation tables of every kind, of which each maps one page, for the secondary space: instructions
 * and the library's data stay in the primary one. PoP SA22-7832-13, chapter 3, "Dynamic Address Translation".
 */
#ifndef ASSAY_S390X_DAT_TABLES_H
#define ASSAY_S390X_DAT_TABLES_H

#include <arch/fault.h>
#include <test.h>

/* Levels: 0 page table, 1 segment table, 2 to 4 region-third, -second, -first table. */
#define LEVELS 5

struct tables {
	u32 top;	    /* level of the table that the ASCE designates, 1 to 4 */
	u64 *table[LEVELS]; /* NULL above `top` */
	u64 asce;
	ulong address; /* that is mapped; its indexes are in the first quarter of each table */
	u8 *page;
};

/* Tables in memory of the test, with nothing else in them than what maps the page. */
struct tables make_tables(u32 top);

/* The entry that the mapping has at a level; and its index there. */
u64 *entry_of(const struct tables *t, u32 level);
u32 index_of(ulong address, u32 level);

/* The same address with another index at a level. */
ulong with_index(ulong address, u32 level, u32 index);

/* Makes the tables those of the secondary space from now on and forgets what was translated. */
void use_tables(const struct tables *t);

/* Around code that uses the secondary space: the controls that it needs, and what they were. */
void enter_secondary(void);
void leave_secondary(void);

/* A byte is loaded from or stored into the secondary space. Between them the primary one is in use. */
struct fault load_secondary(ulong address, u8 *value);
struct fault store_secondary(ulong address, u8 value);

/* The exception of an entry at this level that is invalid. */
struct fault invalid_fault(u32 level, ulong address);

const char *level_name(u32 level);

/*
 * LOAD REAL ADDRESS (64) in the secondary space: the condition code; R1 is *result before and after it.
 */
u32 load_real_address(ulong address, u64 *result);

#endif
