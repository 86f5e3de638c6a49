/* SPDX-License-Identifier: MIT */
/* Program-event recording of a few instructions: PoP SA22-7832-13, chapter 4, "Program-Event Recording". */
#ifndef ASSAY_S390X_PER_H
#define ASSAY_S390X_PER_H

#include <s390x/execute.h>
#include <test.h>

/* Control register 9: which events, and how. */
#define PER_BRANCH	BIT(63 - 32) /* successful branching */
#define PER_FETCH	BIT(63 - 33) /* instruction fetching */
#define PER_STORE	BIT(63 - 34) /* storage alteration */
#define PER_STORE_REAL	BIT(63 - 36) /* store using real address, with PER_STORE */
#define PER_NULLIFY	BIT(63 - 39) /* instruction-fetching nullification, with PER_FETCH */
#define PER_BRANCH_AREA BIT(63 - 40) /* branch-address control */
#define PER_STORE_SPACE BIT(63 - 42) /* storage-alteration-space control */

/* The PER code, locations 150-151. */
#define PER_CODE_BRANCH	    0x8000
#define PER_CODE_FETCH	    0x4000
#define PER_CODE_STORE	    0x2000
#define PER_CODE_STORE_REAL 0x0800
#define PER_CODE_NULLIFIED  0x0100
#define PER_CODE_EVENTS	    0xff00

/* The addressing-and-translation-mode identification, bits 8-13 of it. */
#define PER_ATMID	0x00fc
#define PER_ATMID_EA	0x0080 /* PSW bit 31 */
#define PER_ATMID_VALID 0x0040
#define PER_ATMID_BA	0x0020 /* PSW bit 32 */
#define PER_ATMID_DAT	0x0010 /* PSW bit 5 */
#define PER_ATMID_ASC	0x000c /* PSW bits 16 and 17 */
#define PER_ATMID_AI	0x0003 /* which ASCE: 0 primary, 2 secondary, 3 home */

/* A program interruption. */
struct per_event {
	u32 pgm_code, length;
	u16 code;
	u64 address;
	struct psw old;
};

#define PER_EVENTS 16

/* Those of the last execution, in order; the count may be higher than what is kept. */
extern struct per_event per_events[PER_EVENTS];
extern u32 per_event_count;

/*
 * Executes the instructions as execute() does, with PER as control registers 9 to 11 say. Each event of one
 * of them is kept, and they go on, but for one that ended without being executed, which ends them all.
 */
void per_execute(u64 control, ulong start, ulong end, const void *bytes, u32 size,
		 struct execution *e);

/* All addresses; where the instructions are that size bytes have. */
#define PER_EVERYWHERE 0, ~0ul
#define PER_CODE(size) execute_address(size), execute_address(1)

/*
 * Expects this event, of the instruction at `address` of length `length`, which is not said of one that was
 * nullified; the old PSW has the address `next`.
 */
void expect_event(u32 number, u16 events, ulong address, u32 length, ulong next);

#endif
