/* SPDX-License-Identifier: MIT */
#include <sys/lock.h>

#include <arch/cpu.h>
#include <sys/atomic.h>
#include <sys/landing.h>

void lock(struct lock *lock)
{
	u32 ticket = atomic_add(&lock->next_ticket, 1);

	while (atomic_load(&lock->now_serving) != ticket) {
		if (landing_is_ending())
			landing_end();
		arch_relax();
	}
}

bool lock_try(struct lock *lock)
{
	u32 ticket = atomic_load(&lock->now_serving);

	return atomic_compare_exchange(&lock->next_ticket, ticket, ticket + 1);
}

void unlock(struct lock *lock)
{
	atomic_store(&lock->now_serving, lock->now_serving + 1);
}

void cpu_barrier_wait(struct cpu_barrier *barrier, u32 cpus)
{
	u32 round = atomic_load(&barrier->round);

	if (atomic_add(&barrier->arrived, 1) + 1 == cpus) {
		atomic_store(&barrier->arrived, 0);
		atomic_add(&barrier->round, 1);
		return;
	}
	while (atomic_load(&barrier->round) == round) {
		if (landing_is_ending())
			landing_end();
		arch_relax();
	}
}
