/* SPDX-License-Identifier: MIT */
/*
 * What every case starts from, as a table: a row is a register, a hook is a device or a mode. The same
 * table brings the state back before each case, says what a case has left changed, is what the selftest
 * messes up, and is printed in docs/state.md.
 *
 * The architecture has the table (lib/<arch>/state*.c); the loops over it are common.
 */
#ifndef ASSAY_HARNESS_STATE_H
#define ASSAY_HARNESS_STATE_H

#include <types.h>

/*
 * In this order. What runs in STATE_TABLES may rely on nothing that a test can change: neither on the
 * descriptor or vector tables nor on this_cpu().
 */
enum state_stage {
	STATE_TABLES,  /* address space, descriptor and vector tables: exceptions work after it */
	STATE_GUEST,   /* hypervisor modes are left */
	STATE_CPU,     /* the rows, and what else is of this CPU alone */
	STATE_DEVICES, /* interrupt controllers, timers; some of it on CPU 0 only */
};

struct state_row {
	const char *name;  /* the manual's */
	const char *words; /* the value, as a reader wants it */
	/* What follows gets the row's `id`: the number of an MSR, say. */
	u32 id;
	u64 (*read)(u32 id);
	void (*write)(u32 id, u64 value);
	/* The value; NULL: as it was when this CPU came to the library. */
	u64 (*value)(void);
	/* Whether this machine has the register; NULL: every one does. */
	bool (*exists)(u32 id);
	/* Bits that are no state, or that change by themselves. */
	u64 ignored;
	/* Every exception, or the like, changes it: reset, but no word of a leak. */
	bool silent;
	/* Bits that the selftest may flip with the library still working; 0: it lets the row alone. */
	u64 flips;
};

struct state_hook {
	enum state_stage stage;
	const char *name;
	const char *words;
	void (*reset)(void);
	/* What is not as reset() leaves it, or NULL. May be NULL itself: then nobody can tell. */
	const char *(*changed)(void);
	bool cpu_0_only;
};

/* The architecture's. Hooks of one stage run in the order of the table, rows after those of STATE_CPU. */
extern const struct state_row state_rows[];
extern const u32 state_row_count;
extern const struct state_hook state_hooks[];
extern const u32 state_hook_count;

/* Brings this CPU, and on CPU 0 the devices too, to the state that every case starts from. */
void state_reset(void);

/* Says in `text` what of that state differs now, "" if nothing. */
void state_describe_leaks(char *text, size_t size);

/* True if this machine has the row's register. */
bool state_row_exists(const struct state_row *row);

/* What the row's register is to be on this CPU. */
u64 state_row_value(const struct state_row *row);

#endif
