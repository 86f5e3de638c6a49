/* SPDX-License-Identifier: MIT */
/* Exclusives and what is made of them, under contention of all CPUs. */
#include <test.h>

#include <arm/exclusive.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/lock.h>

SUITE("Atomicity between CPUs", REQUIRES(cpu_count() >= 2));

#define ROUNDS 20000

static u32 counter;
static struct lock mutex;
static struct cpu_barrier barrier;

static void count_up(void *arg)
{
	(void)arg;
	cpu_barrier_wait(&barrier, cpu_count());
	for (u32 i = 0; i < ROUNDS; i++)
		atomic_add(&counter, 1);
}

TEST(exclusive_add, "no addition by load- and store-exclusive is lost",
     SPEC("DDI 0487, B2.9, synchronization and semaphores"))
{
	barrier = (struct cpu_barrier){ 0 };
	counter = 0;
	run_on_all_cpus(count_up, NULL);
	EXPECT_EQ(counter, ROUNDS * cpu_count());
}

static void count_up_locked(void *arg)
{
	(void)arg;
	cpu_barrier_wait(&barrier, cpu_count());
	for (u32 i = 0; i < ROUNDS / 20; i++) {
		lock(&mutex);
		WRITE_ONCE(counter, READ_ONCE(counter) + 1);
		unlock(&mutex);
	}
}

TEST(lock_excludes, "a lock of exclusives and barriers admits one CPU at a time",
     SPEC("DDI 0487, K14.3, acquiring and releasing a lock"))
{
	barrier = (struct cpu_barrier){ 0 };
	mutex = (struct lock){ 0 };
	counter = 0;
	run_on_all_cpus(count_up_locked, NULL);
	EXPECT_EQ(counter, ROUNDS / 20 * cpu_count());
}

TEST(store_without_load, "a store-exclusive behind CLREX fails and stores nothing",
     SPEC("DDI 0487, B2.9.2, the local monitor in the Open Access state"))
{
	u32 word = 1;

	EXPECT_EQ(load_exclusive(&word), 1);
	clear_exclusive();
	EXPECT(!store_exclusive(&word, 2));
	EXPECT_EQ(word, 1);
}

TEST(store_once, "a second store-exclusive without a load-exclusive in between fails",
     SPEC("DDI 0487, B2.9.2, the local monitor behind a Store-Exclusive"))
{
	u32 word = 1;
	bool stored = false;

	/* The first may fail without a reason. */
	for (u32 attempt = 0; attempt < 100 && !stored; attempt++) {
		load_exclusive(&word);
		stored = store_exclusive(&word, 1);
	}
	ASSERT(stored);
	/* Not that the value has changed makes the second one fail. */
	EXPECT(!store_exclusive(&word, 2));
	EXPECT_EQ(word, 1);
}

static u32 shared;

static void overwrite(void *arg)
{
	(void)arg;
	atomic_store(&shared, 7);
}

TEST(monitor_sees_others, "a store of another CPU makes the store-exclusive fail",
     SPEC("DDI 0487, B2.9.3, the global monitor"))
{
	u32 seen;

	/*
	 * Exclusive load, then what another CPU does, then the store: with the message to it in between
	 * the monitor may also be lost to an exception, which is the same result.
	 */
	run_on_cpu(1, overwrite, NULL);
	atomic_store(&shared, 1);
	seen = load_exclusive(&shared);
	run_on_cpu(1, overwrite, NULL);
	EXPECT_EQ(seen, 1);
	EXPECT(!store_exclusive(&shared, 2));
	EXPECT_EQ(atomic_load(&shared), 7);
}
