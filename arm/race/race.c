/* SPDX-License-Identifier: MIT */
/* CPU_ON of one CPU by several at the same time. */
#include <test.h>

#include <arm/psci.h>
#include <arm/psci_start.h>
#include <sys/atomic.h>
#include <sys/lock.h>
#include <sys/time.h>

SUITE("PSCI races", REQUIRES(psci_conduit() != PSCI_NONE), REQUIRES(cpu_count() >= 3));

#define ROUNDS	   20
#define CONTEXT(n) (0x1000 + (ulong)(n))

static struct cpu_barrier barrier;
static s32 results[MAX_CPUS];

/* On CPU 0 and on all from 2 on. */
static void switch_on(void *arg)
{
	u32 number = this_cpu()->number;

	(void)arg;
	cpu_barrier_wait(&barrier, cpu_count() - 1);
	results[number] = psci_cpu_on(cpu_by_number(1)->hardware_id, (ulong)start_recording,
				      CONTEXT(number));
}

TEST(cpu_on_race,
     "of several CPU_ON of one CPU at the same time one is SUCCESS, and its context arrives; the others are ALREADY_ON or ON_PENDING",
     SPEC("DEN 0022, 5.6 CPU_ON, return values; 6.6, races"))
{
	for (u32 round = 0; round < ROUNDS; round++) {
		struct cpu *cpu = cpu_by_number(1);
		u32 winners = 0, winner = 0;

		switch_off(cpu);
		prepare_recording(cpu);
		barrier = (struct cpu_barrier){ 0 };
		for (u32 i = 2; i < cpu_count(); i++)
			cpu_start_work(i, switch_on, NULL);
		switch_on(NULL);
		for (u32 i = 2; i < cpu_count(); i++)
			cpu_wait(i);
		for (u32 i = 0; i < cpu_count(); i++) {
			if (i == 1)
				continue;
			if (results[i] == PSCI_SUCCESS) {
				winners++;
				winner = i;
			} else if (results[i] != PSCI_ON_PENDING) {
				EXPECT_EQ(results[i], PSCI_ALREADY_ON, "CPU %u", i);
			}
		}
		ASSERT_EQ(winners, 1);
		finish_recording(cpu);
		EXPECT_EQ(start_record.context, CONTEXT(winner));
	}
}
