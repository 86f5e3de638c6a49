/* SPDX-License-Identifier: MIT */
/*
 * Repeatable random numbers. Before each case the generator starts again from the run's seed and the
 * case's name, so that a case sees the same numbers alone and among others. Not cryptographic.
 */
#ifndef ASSAY_HARNESS_RANDOM_H
#define ASSAY_HARNESS_RANDOM_H

#include <types.h>

/* 64 uniformly distributed bits. Only on the CPU that runs the case. */
u64 random_u64(void);

/* A number from 0 to bound - 1; bound is not 0. */
u64 random_below(u64 bound);

/* Starts the sequence that belongs to this seed and name. */
void random_seed(u64 seed, const char *name);

#endif
