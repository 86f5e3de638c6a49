/* SPDX-License-Identifier: MIT */
/* Tables of a remapping unit for the one device that tests have, and what it reports: VT-d 5.10, chapters 3, 7, 9. */
#ifndef ASSAY_IOMMU_REMAP_H
#define ASSAY_IOMMU_REMAP_H

#include <test.h>

#include <mm/page.h>
#include <x86/vtd.h>

#include "dma.h"

#define HAS_REMAPPING (vtd_is_there() && dma_is_there())

#define RW	   (VTD_READ | VTD_WRITE)
#define OUR_DOMAIN 0x25u

/* Where the device sees the page of commands, and that of responses; one page for both where they are alike. */
#define COMMANDS_AT  0x40201000ull
#define RESPONSES_AT 0x40405000ull

/* The tables in use: of the device's bus and of its second-stage tables. */
struct remap {
	u64 *root, *context; /* tables; entries have two words */
	u64 *top;
	u32 levels;
	void *commands, *responses; /* pages */
};

extern struct remap remap;

/* The levels that the unit has: 3, 4 or both; bit n is n levels. */
u32 remap_levels(void);

/*
 * Translation on, with tables of so many levels (0: the most that there are) of which nothing but the two
 * pages above is present; no fault pending.
 */
void remap_begin(u32 levels);

/* The device's entry in the context table, and its bus' in the root table: two words each. */
u64 *remap_context_entry(void);
u64 *remap_root_entry(void);

/* The entry of `address` at this level (1: a 4-KByte page), with the tables above it made present. */
u64 *remap_entry(u64 address, u32 level);

/* Forgets all that the unit may have kept. */
void remap_forget(void);

/* Prepares both pages and does one transfer from COMMANDS_AT to RESPONSES_AT. */
void remap_transfer(enum dma_command command);

/* The response came to the page where it has to be, and no fault. */
#define EXPECT_TRANSFERRED(command, ...)                                              \
	do {                                                                          \
		EXPECT(dma_has(remap.responses, command), ##__VA_ARGS__);             \
		EXPECT_EQ(vtd_read32(VTD_FSTS) & (VTD_FSTS_PPF | VTD_FSTS_PFO), 0ull, \
			  ##__VA_ARGS__);                                             \
	} while (0)

/* What is recorded, of the first register that FSTS names. */
struct remap_fault {
	u32 reason; /* 0: no fault */
	u32 source;
	bool read;
	u64 address;
};

/* Reads it and clears it, and all others. */
struct remap_fault remap_fault(void);

/* One fault of our device for the page of this address, and the response was not written. */
void remap_expect_fault(u32 reason, bool read, u64 address);

#endif
