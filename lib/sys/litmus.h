/* SPDX-License-Identifier: MIT */
/*
 * Litmus tests: some CPUs run the same short program on many pairs of words; an outcome that the manual
 * forbids must never be seen. That it is not seen proves nothing on its own: they can only catch a
 * machine that shows it.
 */
#ifndef ASSAY_SYS_LITMUS_H
#define ASSAY_SYS_LITMUS_H

#include <types.h>

#define LITMUS_SLOTS 16384
#define LITMUS_ROLES 4

struct litmus {
	/* The two words of a slot are x[slot] and y[slot]: far from each other. */
	volatile u32 *x, *y;
	/* What the program has to say for a role and a slot. */
	u32 seen[LITMUS_ROLES][LITMUS_SLOTS];
};

extern struct litmus litmus;

/* A program by the role: what one CPU does with the words of one slot, which are 0 before. */
typedef void (*litmus_program)(u32 role, u32 slot);

/*
 * Runs the program on CPUs 0 to roles - 1 at once, over all slots, and again if the host has hardly run
 * the CPUs at the same time. Returns in how many slots there was the outcome that is forbidden.
 */
u32 litmus_run(litmus_program program, u32 roles, bool (*forbidden)(u32 slot));

#endif
