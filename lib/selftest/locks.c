/* SPDX-License-Identifier: MIT */
/* Locks, barriers and atomic operations, alone and with every CPU at them. */
#include <test.h>

#include <mm/heap.h>
#include <mm/page.h>
#include <string.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/lock.h>
#include <sys/time.h>

SUITE("Locks, barriers, atomics");

#define ROUNDS	       2000u
/*
 * A lock that goes round in order waits for CPUs that the host has put aside: under load, a number of
 * rounds takes seconds.
 */
#define CONTENTION_NS  10000000u
#define BARRIER_ROUNDS 20u

TEST(lock_alone, "a lock that is held cannot be tried, one that was given back can",
     SPEC("lib/sys/lock.h, lock_try()"))
{
	struct lock l = { 0 };

	for (u32 round = 0; round < 5; round++) {
		lock(&l);
		EXPECT(!lock_try(&l));
		EXPECT(!lock_try(&l));
		unlock(&l);
		EXPECT(lock_try(&l));
		EXPECT(!lock_try(&l));
		unlock(&l);
	}
}

/* After 2^32 tickets the numbers start from 0 again. */
TEST(lock_wraps, "a lock outlives the overflow of its tickets", SPEC("lib/sys/lock.h"))
{
	struct lock l = { .next_ticket = UINT32_MAX - 1, .now_serving = UINT32_MAX - 1 };

	for (u32 round = 0; round < 4; round++) {
		lock(&l);
		EXPECT(!lock_try(&l));
		unlock(&l);
	}
	EXPECT_EQ(l.now_serving, 2u);
}

/* Two words that are only ever equal outside the lock, by accesses that are not atomic. */
struct shared {
	struct cpu_barrier start;
	struct lock lock;
	volatile u32 a, b;
	u32 torn, total; /* atomic */
	bool by_trying;
};

static void count_locked(void *arg)
{
	struct shared *s = arg;
	u64 start;

	cpu_barrier_wait(&s->start, cpu_count());
	start = clock_ns();
	while (clock_ns() - start < CONTENTION_NS) {
		if (s->by_trying) {
			while (!lock_try(&s->lock))
				arch_relax();
		} else {
			lock(&s->lock);
		}
		if (s->a != s->b)
			atomic_add(&s->torn, 1);
		s->a = s->a + 1;
		barrier();
		s->b = s->b + 1;
		unlock(&s->lock);
		atomic_add(&s->total, 1);
	}
}

TEST(lock_excludes, "what is done under a lock is not seen half done, and no update is lost",
     SPEC("lib/sys/lock.h, lock()"), REQUIRES(cpu_count() > 1))
{
	static const char *const ways[] = { "lock", "lock_try" };

	for (u32 way = 0; way < 2; way++) {
		struct shared shared = { .by_trying = way };

		SUBTEST("%s", ways[way]);
		run_on_all_cpus(count_locked, &shared);
		EXPECT_EQ(shared.torn, 0u);
		EXPECT_GT(shared.total, 0u);
		EXPECT_EQ(shared.a, shared.total);
		EXPECT_EQ(shared.b, shared.total);
	}
}

/* -------------------------------------------------------------------------------------
 * barriers */

struct rounds {
	struct cpu_barrier barrier;
	u32 at[MAX_CPUS];
	u32 early; /* atomic */
};

static void keep_step(void *arg)
{
	struct rounds *r = arg;

	for (u32 round = 1; round <= BARRIER_ROUNDS; round++) {
		atomic_store(&r->at[this_cpu()->number], round);
		cpu_barrier_wait(&r->barrier, cpu_count());
		for (u32 number = 0; number < cpu_count(); number++) {
			u32 other = atomic_load(&r->at[number]);

			if (other != round && other != round + 1)
				atomic_add(&r->early, 1);
		}
	}
}

TEST(barrier_holds_all, "no CPU leaves a barrier before the last has come, used again at once",
     SPEC("lib/sys/lock.h, cpu_barrier_wait()"))
{
	static struct rounds rounds;

	memset(&rounds, 0, sizeof(rounds));
	run_on_all_cpus(keep_step, &rounds);
	EXPECT_EQ(rounds.early, 0u);
	EXPECT_EQ(rounds.barrier.round, BARRIER_ROUNDS);
	EXPECT_EQ(rounds.barrier.arrived, 0u);
}

/* --------------------------------------------------------------------------------------
 * atomics */

TEST(atomic_values, "each operation returns the value before and leaves the right one",
     SPEC("lib/sys/atomic.h"))
{
	u32 word = 0xf0;

	EXPECT_EQ(atomic_add(&word, 0x10), 0xf0u);
	EXPECT_EQ(atomic_sub(&word, 1), 0x100u);
	EXPECT_EQ(atomic_or(&word, 0xf00), 0xffu);
	EXPECT_EQ(atomic_and(&word, 0x0f3), 0xfffu);
	EXPECT_EQ(atomic_exchange(&word, 7), 0xf3u);
	EXPECT(!atomic_compare_exchange(&word, 8, 9));
	EXPECT_EQ(atomic_load(&word), 7u);
	EXPECT(atomic_compare_exchange(&word, 7, 9));
	EXPECT_EQ(atomic_load(&word), 9u);
	atomic_store(&word, UINT32_MAX);
	EXPECT_EQ(atomic_add(&word, 2), UINT32_MAX);
	EXPECT_EQ(word, 1u);
}

struct counters {
	struct cpu_barrier start;
	u32 added, subtracted, swapped, bits;
};

static void count_atomically(void *arg)
{
	struct counters *c = arg;
	u32 mine = 1u << this_cpu()->number % 32, old;

	cpu_barrier_wait(&c->start, cpu_count());
	for (u32 i = 0; i < ROUNDS; i++) {
		atomic_add(&c->added, 1);
		atomic_sub(&c->subtracted, 3);
		do {
			old = atomic_load(&c->swapped);
		} while (!atomic_compare_exchange(&c->swapped, old, old + 1));
		if (i % 2)
			atomic_and(&c->bits, ~mine);
		else
			atomic_or(&c->bits, mine);
	}
}

TEST(atomic_contended, "no update of an atomic counter is lost, however many CPUs count",
     SPEC("lib/sys/atomic.h"), REQUIRES(cpu_count() > 1))
{
	struct counters c = { 0 };
	const u32 total = ROUNDS * cpu_count();

	run_on_all_cpus(count_atomically, &c);
	EXPECT_EQ(c.added, total);
	EXPECT_EQ(c.subtracted, 0u - 3 * total);
	EXPECT_EQ(c.swapped, total);
	EXPECT_EQ(c.bits, 0u);
}

/* ------------------------------------------------------------- the library's own locks,
 * contended */

static void allocate_much(void *arg)
{
	u32 *wrong = arg, mine = this_cpu()->number + 1;
	u64 start = clock_ns();

	for (u32 i = 0; clock_ns() - start < CONTENTION_NS; i++) {
		u32 *page = page_alloc(), *block = malloc(24 + i % 200 * 16);

		if (*page || *block)
			atomic_add(wrong, 1);
		*page = *block = mine;
		for (u32 spin = 0; spin < 20; spin++)
			arch_relax();
		if (*page != mine || *block != mine)
			atomic_add(wrong, 1);
		page_free(page);
		free(block);
	}
}

TEST(lock_allocators, "pages and blocks can be allocated and freed on all CPUs at once",
     SPEC("lib/mm/page.h, lib/mm/heap.h"), REQUIRES(cpu_count() > 1))
{
	u32 wrong = 0;

	run_on_all_cpus(allocate_much, &wrong);
	EXPECT_EQ(wrong, 0u);
}
