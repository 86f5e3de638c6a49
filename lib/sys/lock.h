/* SPDX-License-Identifier: MIT */
/*
 * Ticket locks and barriers between CPUs. All-zero is a lock that nobody holds and a barrier that
 * nobody waits at. Waiting ends when the case does (landing_is_ending()), so that the failure of one CPU
 * does not hang the others.
 */
#ifndef ASSAY_SYS_LOCK_H
#define ASSAY_SYS_LOCK_H

#include <types.h>

struct lock {
	u32 next_ticket;
	u32 now_serving;
};

/* Takes the lock; CPUs get it in the order in which they asked. */
void lock(struct lock *lock);
/* Takes the lock if nobody has it; false if somebody does. */
bool lock_try(struct lock *lock);
void unlock(struct lock *lock);

struct cpu_barrier {
	u32 arrived;
	u32 round;
};

/* Waits until `cpus` CPUs, this one included, have come here. May be used again at once. */
void cpu_barrier_wait(struct cpu_barrier *barrier, u32 cpus);

#endif
