/* SPDX-License-Identifier: MIT */
/*
 * The uniqueness of what STORE CLOCK gives to CPUs that ask at the same time. What this cannot tell: a machine
 * whose CPUs never run at the same time always passes.
 */
#include <test.h>

#include <mm/page.h>
#include <s390x/clock.h>
#include <sys/cpu.h>
#include <sys/lock.h>

SUITE("Uniqueness of the TOD clock");

#define READINGS 4000u

static u64 *readings;
static struct cpu_barrier begin;

static void read_many(void *arg)
{
	u64 *mine = readings + READINGS * this_cpu()->number;

	(void)arg;
	cpu_barrier_wait(&begin, cpu_count());
	for (u32 i = 0; i < READINGS; i++)
		mine[i] = store_clock();
}

TEST(unique_on_all_cpus, "no two CPUs are ever given the same value",
     SPEC("PoP SA22-7832-13, chapter 7, STORE CLOCK"), REQUIRES(cpu_count() > 1))
{
	u32 at[2] = { 0, 0 }, same = 0;

	readings = pages_alloc(READINGS * sizeof(u64) * cpu_count() / PAGE_SIZE + 1, PAGE_SIZE);
	begin = (struct cpu_barrier){ 0 };
	run_on_all_cpus(read_many, NULL);
	/* Each CPU's grow: two lists side by side. */
	while (at[0] < READINGS && at[1] < READINGS) {
		u64 a = readings[at[0]], b = readings[READINGS + at[1]];

		same += a == b;
		at[a >= b]++;
	}
	EXPECT_EQ(same, 0u);
}
