/* SPDX-License-Identifier: MIT */
/* Atomic operations on 64 bits, which only machines with registers of that size have. */
#include <test.h>

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/lock.h>

SUITE("Atomics of 64 bits");

#define ROUNDS		 2000u
/* Both halves count alike, so that a value in which they differ was torn. */
#define ONE_IN_EACH_HALF 0x100000001ull

TEST(atomic_wide_values, "operations on 64 bits carry into the upper half and compare all of it",
     SPEC("lib/sys/atomic.h"))
{
	u64 wide = 0xffffffffull;

	EXPECT_EQ(atomic_add(&wide, 1), 0xffffffffull);
	EXPECT_EQ(atomic_load(&wide), 0x100000000ull);
	EXPECT(!atomic_compare_exchange(&wide, 0x200000000ull, 5));
	EXPECT(atomic_compare_exchange(&wide, 0x100000000ull, 5));
	EXPECT_EQ(atomic_sub(&wide, 6), 5u);
	EXPECT_EQ(atomic_exchange(&wide, 0x1234567800000000ull), ~0ull);
	EXPECT_EQ(atomic_or(&wide, 0xff), 0x1234567800000000ull);
	EXPECT_EQ(atomic_and(&wide, 0xff), 0x12345678000000ffull);
	EXPECT_EQ(wide, 0xffu);
}

struct wide {
	struct cpu_barrier start;
	u64 count;
	u32 torn;
};

static void count_wide(void *arg)
{
	struct wide *w = arg;

	cpu_barrier_wait(&w->start, cpu_count());
	for (u32 i = 0; i < ROUNDS; i++) {
		u64 now = atomic_load(&w->count);

		if ((u32)now != (u32)(now >> 32))
			atomic_add(&w->torn, 1);
		atomic_add(&w->count, ONE_IN_EACH_HALF);
	}
}

TEST(atomic_wide_contended, "64 bits are read and written at once, however many CPUs do",
     SPEC("lib/sys/atomic.h"), REQUIRES(cpu_count() > 1))
{
	struct wide w = { 0 };

	run_on_all_cpus(count_wide, &w);
	EXPECT_EQ(w.count, ROUNDS * cpu_count() * ONE_IN_EACH_HALF);
	EXPECT_EQ(w.torn, 0u);
}
