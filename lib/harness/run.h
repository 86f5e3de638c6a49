/* SPDX-License-Identifier: MIT */
/* The case loop. */
#ifndef ASSAY_HARNESS_RUN_H
#define ASSAY_HARNESS_RUN_H

#include <types.h>

/*
 * What the architecture's entry code calls, on CPU 0 and on its own stack: calls init(), which makes the
 * library's own machine of what it finds, and then image_main(). A failure in init() ends the run.
 */
void run_main(void (*init)(void)) __noreturn;

/* What the image does: run_all(), unless the image has a function of this name. */
void image_main(void);

/* Runs the cases that the command line selects, and ends the run. */
void run_all(void) __noreturn;

/* True if cases are to run all combinations of which they take samples otherwise (exhaustive). */
bool run_is_exhaustive(void);

/* The seed of this run (seed=N). */
u64 run_seed(void);

#endif
