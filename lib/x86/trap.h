/* SPDX-License-Identifier: MIT */
/* Who takes an exception or interrupt before the harness does; for the library. */
#ifndef ASSAY_X86_TRAP_H
#define ASSAY_X86_TRAP_H

#include <arch/fault.h>
#include <types.h>

/* Takes the frame or leaves it: false means that it is somebody else's. */
typedef bool trap_taker(struct trap_frame *frame);

/* Who is asked for a vector that no handler of a test has; NULL: nobody. For every CPU, for ever. */
void trap_set_default(u32 vector, trap_taker *taker);

/* Who is asked first of all, for every vector, on this CPU; NULL: nobody. */
void trap_set_filter(trap_taker *filter);

/* What exception this frame is, as a value. */
struct fault trap_fault(const struct trap_frame *frame);

/* Keeps the frame for trap_last_frame(), as it is. */
void trap_note(const struct trap_frame *frame);

#endif
