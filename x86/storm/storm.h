/* SPDX-License-Identifier: MIT */
/* CPU 1 in an endless chain of exceptions, and whether the rest of the machine goes on. */
#ifndef ASSAY_STORM_STORM_H
#define ASSAY_STORM_STORM_H

#include <test.h>

#include <sys/cpu.h>

/* Set by CPU 1 right before, and after, if there ever is an after; handlers that ran in it. */
extern volatile bool storm_entered, storm_left;
extern volatile u32 storm_count;

/*
 * Runs `enter` on CPU 1 and expects this CPU to go on for a second, and CPU 1 to do new work after
 * INIT.
 */
void storm_run(void (*enter)(void *arg));

#endif
