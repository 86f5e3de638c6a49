/* SPDX-License-Identifier: MIT */
/* The command line of a test kernel: case=GLOB[,GLOB] from=N seed=N shuffle=N nested=KIND verbose exhaustive. */
#ifndef ASSAY_HARNESS_ARGS_H
#define ASSAY_HARNESS_ARGS_H

#include <types.h>

struct args {
	const char *cases; /* globs with commas between; "*" by default */
	u32 from; /* start with the Nth of the selected cases in their order, counted from 1 */
	u64 seed;
	s64 shuffle; /* the seed of an order of chance; -1: in the order of the files */
	const char
		*nested; /* of which hypervisor in the image the cases are guests; NULL: of none */
	bool verbose;	 /* show every failure of a case, however many */
	bool exhaustive; /* all combinations where a case takes samples otherwise */
};

#define DEFAULT_SEED 1

/*
 * Parses `line`, which is cut into words in place and has to stay. Returns NULL, or the first word
 * that is not understood.
 */
const char *args_parse(char *line, struct args *args);

#endif
