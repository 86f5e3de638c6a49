/* SPDX-License-Identifier: MIT */
/*
 * Combinations of table entries, control bits and accesses, made in a space of their own and compared
 * with the model of the walk (x86/model/walk.h).
 *
 *	struct world *world = world_create(&paging_4_level, leaf);
 *
 *	check_combinations(world, dimensions, ARRAY_SIZE(dimensions), quick);
 *
 * A dimension is what can vary, and 0 its harmless value. The walk of the page tested has tables of its
 * own at every level; everything else in the space is of the supervisor's, so that each control bit can
 * be on.
 */
#ifndef ASSAY_MMU_MMU_H
#define ASSAY_MMU_MMU_H

#include <test.h>

#include <mm/space.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/model/walk.h>
#include <x86/paging.h>

#include "access.h"

/* Who makes an access. */
enum who { CPL_0, CPL_0_AC, CPL_1, CPL_2, CPL_3, CPL_3_AC, WHOS };

/* The control bits that differ, as one number. */
enum control {
	CONTROL_WP = 1,
	CONTROL_NXE = 2,
	CONTROL_SMEP = 4,
	CONTROL_SMAP = 8,
	CONTROL_PKE = 16,
	CONTROL_PKS = 32,
	CONTROL_PGE = 64,
	CONTROLS = 128,
};

struct combination {
	u32 controls;
	u32 pkru, pkrs;
	u64 entry[WALK_LEVELS]; /* from the page's level upwards */
	enum stub stub;
	enum who who;
	bool other_frame;	  /* the page's entry leads to the other page */
	bool accessed_descriptor; /* STUB_SEGMENT: the CPU need not write it */
};

/* What came of one, or is to come of it. */
struct outcome {
	u32 vector; /* VEC_ACCESS_DONE, VEC_PF... */
	u32 error;
	ulong cr2;
	u64 entry[WALK_LEVELS];
	bool data_ok; /* what was read or written is in the page that the walk leads to */
};

struct world {
	const struct space_format *format;
	struct space *space;
	const char *name; /* of the format and the page's size, for rows */
	u32 leaf;	  /* the level of the page */
	u32 top;	  /* the highest level whose entries are walked: not that of PDPTEs */
	ulong address;	  /* of the page tested */
	u8 *other;	  /* another page, to which the same address may lead */
	/* Called after the entries were written, before the access: INVLPG, unless a case sets another. */
	void (*forget)(struct world *world);
	u8 *target;		  /* its memory */
	void *at[WALK_LEVELS];	  /* where the entries are */
	struct combination plain; /* all is allowed */
	u32 controls;		  /* those that the machine has now */
	u32 pkru, pkrs;		  /* the same, where they are in use */
	u64 done;		  /* combinations checked */
	/*
	 * P of an error code with RSVD counts, and A of the entry with the reserved bits: cases of
	 * their own, so that VMMs that get these wrong are tested on everything else.
	 */
	bool strict;
	bool no_pse;
	bool keep; /* a change of control bits is that alone: nothing is told to forget */
};

/* The control bits that this CPU has. */
u32 controls_available(void);

/* Formats that this CPU has; the first is the kernel's. NULL at the end. */
const struct space_format *const *world_formats(void);

/* Whether there are pages of this level. */
bool world_has_page(const struct space_format *format, u32 level);

/*
 * A world for this format and page size, in use from now on. Ends with the case, or with world_leave(),
 * which goes back to the kernel's space. Where the machine has so much memory that there is no room for
 * the page tested, the case is skipped.
 */
struct world *world_create(const struct space_format *format, u32 leaf);
void world_leave(struct world *world);

#ifdef __i386__
/* Turns CR4.PSE off in a world of 4 KiB pages; nothing but memory is mapped then. */
void world_without_pse(struct world *world);
#endif

/* An entry of this level that allows everything, with A and D set: of the page, or of a table. */
u64 world_entry(const struct world *world, u32 level);

/* Runs it; says what the machine did. */
void world_run(struct world *world, const struct combination *c, struct outcome *outcome);

/* The model's state for these controls. */
void world_state(const struct world *world, const struct combination *c, struct walk_state *state);

/* For the engine: the parts of a combination, an entry, the bits of CR4 for these controls. */
u32 combination_cpl(enum who who);
bool combination_ac(enum who who);
ulong combination_offset(enum stub stub);
enum walk_kind combination_kind(const struct combination *c);
void world_write_entry(const struct world *world, u32 level, u64 value);
ulong world_cr4(ulong cr4, u32 wanted);

/* What the model says of it; of an update, as a write. */
void world_model(const struct world *world, const struct combination *c,
		 struct walk_result *result);

/* Runs it and compares; true if the machine did what the model says. Nothing is reported. */
bool world_check(struct world *world, const struct combination *c);

/* The same; a mismatch is counted, and reported if it is one of the first ten. */
void world_expect(struct world *world, const struct combination *c);

/* Around all that is counted together: the second is the expectation that nothing was. */
void check_begin(void);
void check_end(struct world *world);

/* -------------------------------------------------------------------------------- enumerations */

struct dimension {
	const char *name;
	u32 count;
	void (*apply)(const struct world *world, struct combination *c, u32 argument, u32 value);
	u32 argument;
};

/*
 * All combinations of the dimensions' values, or a sample if there are more than about `quick`, or than a
 * minute's worth if the run is exhaustive: the first dimension's values evenly, as they are expensive to
 * change, and the others at random. Mismatches are reduced to the smallest combination that shows them; the
 * first ten distinct ones are printed, then they are counted.
 */
void check_combinations(struct world *world, const struct dimension *dimensions, u32 count,
			u64 quick);

/* Calls check() with a row for each format and page size that the CPU has, and counts what it finds. */
void for_each_world(void (*check)(struct world *world));

/* Prints how many combinations the case has compared. */
void report_count(void);

/* Everything about a mismatch, as diagnostic lines. */
void report_mismatch(struct world *world, const struct combination *c);

#endif
