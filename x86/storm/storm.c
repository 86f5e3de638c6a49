/* SPDX-License-Identifier: MIT */
#include "storm.h"

#include <sys/time.h>
#include <x86/smp.h>

#define STORM_NS 1000000000ull

volatile bool storm_entered, storm_left;
volatile u32 storm_count;

static void note_alive(void *arg)
{
	*(volatile bool *)arg = true;
}

void storm_run(void (*enter)(void *arg))
{
	volatile bool alive = false;
	u64 start, turns = 0;

	storm_entered = storm_left = false;
	storm_count = 0;
	/* The CPU is started before anything of it is changed. */
	run_on_cpu(1, note_alive, (void *)&alive);
	ASSERT(alive);
	cpu_start_work(1, enter, NULL);
	start = clock_ns();
	while (!storm_entered && clock_ns() - start < STORM_NS)
		turns++;
	EXPECT(storm_entered);
	while (clock_ns() - start < STORM_NS)
		turns++;
	EXPECT_GT(turns, 0ull);

	cpu_take_over(1);
	cpu_give_back(1);
	alive = false;
	run_on_cpu(1, note_alive, (void *)&alive);
	EXPECT(alive, "CPU 1 does not start again after INIT");
}
