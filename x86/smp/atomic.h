/* SPDX-License-Identifier: MIT */
/* Every CPU does the same locked operation on the same memory; the sum tells whether one was lost. */
#ifndef ASSAY_SMP_ATOMIC_H
#define ASSAY_SMP_ATOMIC_H

#include <types.h>

#define ATOMIC_ROUNDS 1024

/* One locked operation, by CPU `cpu`, in round `round` (0 to ATOMIC_ROUNDS - 1). */
typedef void (*atomic_op)(void *memory, u32 cpu, u32 round);

/* Where in a line of 64 bytes the operand begins. */
struct atomic_place {
	const char *name;
	u32 offset;
};

/* Places for an operand of `size` bytes: aligned, misaligned, across a cache line, across a page. */
#define ATOMIC_PLACES 4
struct atomic_place atomic_place(u32 index, u32 size);

/* Zeroed memory for an operand at this place, surrounded by guard bytes. */
void *atomic_memory(struct atomic_place place);

/* True if the bytes around the operand are as they were. */
bool atomic_guards_intact(const void *memory, u32 size);

/* Has every CPU do ATOMIC_ROUNDS operations at once; the number of all of them. */
u32 atomic_contend(atomic_op op, void *memory);

#endif
