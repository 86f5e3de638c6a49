/* SPDX-License-Identifier: MIT */
/*
 * Mutual exclusion and barriers, made of atomic operations alone or of stores, loads and full fences:
 * they hold whatever the CPUs do.
 */
#include <test.h>

#include <string.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/landing.h>
#include <sys/lock.h>
#include <sys/time.h>

SUITE("Locks and barriers", REQUIRES(cpu_count() > 1));

#define ROUNDS 25

/* A lock that goes round waits for CPUs that the host has put aside: so long, not so often. */
#define CONTENTION_NS 20000000u

static struct cpu_barrier meeting;

/* Two words that are equal whenever nobody holds the lock. */
static struct {
	struct lock lock;
	volatile u32 first, second;
	u32 total, torn; /* atomic */
} guarded;

static void count_under_lock(void *arg)
{
	u64 start;

	(void)arg;
	cpu_barrier_wait(&meeting, cpu_count());
	start = clock_ns();
	do {
		lock(&guarded.lock);
		if (guarded.first != guarded.second)
			atomic_add(&guarded.torn, 1);
		guarded.first = guarded.first + 1;
		barrier();
		guarded.second = guarded.second + 1;
		unlock(&guarded.lock);
		atomic_add(&guarded.total, 1);
	} while (clock_ns() - start < CONTENTION_NS);
}

TEST(lock_excludes, "one CPU at a time holds a lock, and sees all that was done under it",
     SPEC("SDM vol. 3A, 8.10.6.1; DDI 0487, K14.3; PoP SA22-7832-13, chapter 5, "
	  "Interlocked-Update References"))
{
	memset(&meeting, 0, sizeof(meeting));
	memset((void *)&guarded, 0, sizeof(guarded));
	run_on_all_cpus(count_under_lock, NULL);
	EXPECT_EQ(guarded.torn, 0);
	EXPECT_GE(guarded.total, cpu_count());
	EXPECT_EQ(guarded.first, guarded.total);
	EXPECT_EQ(guarded.second, guarded.total);
	EXPECT(lock_try(&guarded.lock), "nobody holds it any more");
	EXPECT(!lock_try(&guarded.lock), "somebody holds it");
}

static u32 at_round[MAX_CPUS];

static void meet(void *arg)
{
	u32 self = this_cpu()->number;

	(void)arg;
	for (u32 round = 1; round <= ROUNDS; round++) {
		atomic_store(&at_round[self], round);
		cpu_barrier_wait(&meeting, cpu_count());
		/* Nobody is behind; nobody can be more than one round ahead. */
		for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
			u32 theirs = atomic_load(&at_round[cpu]);

			EXPECT_GE(theirs, round, "CPU %u seen by %u", cpu, self);
			EXPECT_LE(theirs, round + 1, "CPU %u seen by %u", cpu, self);
		}
	}
}

TEST(barrier_holds_all, "no CPU passes a barrier before all have come to it",
     SPEC("SDM vol. 3A, 8.10.6.1; DDI 0487, K14.2; PoP SA22-7832-13, chapter 5, "
	  "Interlocked-Update References"))
{
	memset(&meeting, 0, sizeof(meeting));
	memset(at_round, 0, sizeof(at_round));
	run_on_all_cpus(meet, NULL);
}

/* ------------------------------------------------------------------------------ by fences alone */

#define CRITICAL_ROUNDS 60

static struct {
	volatile u32 wants[2], turn;
	volatile u32 counter, inside;
	u32 intruders;
} peterson;

/* Correct with a fence between the stores and the loads, and only then. */
static void count_exclusively(void *arg)
{
	u32 self = arg ? 1 : 0, other = 1 - self;

	for (u32 round = 0; round < CRITICAL_ROUNDS && !landing_is_ending(); round++) {
		peterson.wants[self] = 1;
		peterson.turn = other;
		atomic_fence();
		while (peterson.wants[other] && peterson.turn == other && !landing_is_ending())
			arch_relax();
		atomic_fence();
		if (peterson.inside)
			atomic_add(&peterson.intruders, 1);
		peterson.inside = 1;
		peterson.counter = peterson.counter + 1;
		peterson.inside = 0;
		atomic_fence();
		peterson.wants[self] = 0;
	}
}

TEST(mutual_exclusion_by_fence,
     "Peterson's algorithm with full fences keeps two CPUs out of each other's way",
     SPEC("SDM vol. 3A, 8.2.5; DDI 0487, B2.3.7, DMB; PoP SA22-7832-13, chapter 5, "
	  "CPU Serialization"))
{
	memset((void *)&peterson, 0, sizeof(peterson));
	cpu_start_work(1, count_exclusively, &peterson);
	count_exclusively(NULL);
	cpu_wait(1);
	EXPECT_EQ(peterson.intruders, 0);
	EXPECT_EQ(peterson.counter, 2 * CRITICAL_ROUNDS);
}
