/* SPDX-License-Identifier: MIT */
/*
 * The free-running counter that the architecture gives every program: the time-stamp counter, the
 * virtual count, the TOD clock. It only goes up, on one CPU and from one to the other, never stops, and
 * can be read at user privilege.
 */
#include <test.h>

#include <string.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/landing.h>
#include <sys/time.h>

SUITE("Free-running counter");

#define MANUALS \
	"SDM vol. 3B, 17.15; DDI 0487, D11.1.2; PoP SA22-7832-13, chapter 4, Time-of-Day Clock"

#define READS 5000

/* How often a read gave less than the one before. */
static u32 count_backwards(u64 *last)
{
	u32 backwards = 0;

	for (u32 i = 0; i < READS; i++) {
		u64 now = arch_ticks();

		backwards += now < *last;
		*last = now;
	}
	return backwards;
}

static void read_often(void *arg)
{
	u64 first = arch_ticks(), last = first;

	(void)arg;
	EXPECT_EQ(count_backwards(&last), 0);
	EXPECT_GT(last, first);
}

TEST(ticks_go_up, "successive reads of the counter never decrease, on any CPU, and it advances",
     SPEC(MANUALS))
{
	run_on_all_cpus(read_often, NULL);
}

struct user_reads {
	u64 first, last;
	u32 backwards;
};

static void read_at_user(void *arg)
{
	struct user_reads *reads = arg;

	reads->first = reads->last = arch_ticks();
	reads->backwards = count_backwards(&reads->last);
}

TEST(user_reads_the_same,
     "user privilege reads the same counter as the kernel does before and after it",
     SPEC("SDM vol. 2B, RDTSC; DDI 0487, D17.11.1, CNTKCTL_EL1.EL0VCTEN; "
	  "PoP SA22-7832-13, chapter 7, STORE CLOCK"))
{
	struct user_reads reads = { 0 };
	u64 before = arch_ticks();

	EXPECT_NO_FAULT(run_user(read_at_user, &reads));
	EXPECT_GE(reads.first, before);
	EXPECT_EQ(reads.backwards, 0);
	EXPECT_GT(reads.last, reads.first);
	EXPECT_GE(arch_ticks(), reads.last);
}

/* ------------------------------------------------------------------------------------ between CPUs */

#define TURNS 120

static struct {
	u64 ticks; /* that the last CPU read */
	u32 turn;  /* whose turn it is: this number, modulo the number of CPUs */
} relay;

/* Reads the counter only after another CPU has: the hand-over makes the order certain. */
static void run_relay(void *arg)
{
	(void)arg;
	for (u32 turn = this_cpu()->number; turn < TURNS; turn += cpu_count()) {
		u64 now;

		while (atomic_load(&relay.turn) != turn) {
			if (landing_is_ending())
				landing_end();
			arch_relax();
		}
		now = arch_ticks();
		EXPECT_GE(now, relay.ticks, "CPU %u behind %u", this_cpu()->number,
			  (turn + cpu_count() - 1) % cpu_count());
		relay.ticks = now;
		atomic_store(&relay.turn, turn + 1);
	}
}

TEST(ticks_go_up_between_cpus, "a CPU that reads the counter after another reads no less",
     SPEC("SDM vol. 3B, 17.15.1, 17.15.3; DDI 0487, D11.1.1; "
	  "PoP SA22-7832-13, chapter 4, TOD-Clock Synchronization"),
	  BUG("linux 1d5f066e0b63"), REQUIRES(cpu_count() > 1))
{
	memset(&relay, 0, sizeof(relay));
	run_on_all_cpus(run_relay, NULL);
	EXPECT_EQ(relay.turn, TURNS);
}

/* ----------------------------------------------------------------------------------------- waiting */

#define WAIT_US 1000

TEST(ticks_go_on_while_waiting, "the counter goes on while the CPU waits in a loop", SPEC(MANUALS))
{
	u64 before = arch_ticks();

	delay_us(WAIT_US);
	EXPECT_GE(arch_ticks() - before, clock_hz_min() / (1000000 / WAIT_US));
}

static struct {
	u64 before, after;
	u32 waits, go;
} sleeper;

static void sleep(void *arg)
{
	(void)arg;
	sleeper.before = arch_ticks();
	atomic_store(&sleeper.waits, 1);
	while (!atomic_load(&sleeper.go))
		arch_wait_for_kick();
	sleeper.after = arch_ticks();
}

TEST(ticks_go_on_while_halted,
     "the counter goes on on a CPU that is halted, as fast as on one that runs",
     SPEC("SDM vol. 3B, 17.15; DDI 0487, D11.1.2; PoP SA22-7832-13, chapter 4, Time-of-Day Clock, States"),
	  REQUIRES(cpu_count() > 1))
{
	u64 outer, inner;

	memset(&sleeper, 0, sizeof(sleeper));
	outer = arch_ticks();
	cpu_start_work(1, sleep, NULL);
	while (!atomic_load(&sleeper.waits)) {
		if (landing_is_ending())
			landing_end();
		arch_relax();
	}
	inner = arch_ticks();
	delay_us(10 * WAIT_US);
	inner = arch_ticks() - inner;
	atomic_store(&sleeper.go, 1);
	arch_kick(cpu_by_number(1));
	cpu_wait(1);
	outer = arch_ticks() - outer;
	EXPECT_GE(sleeper.after - sleeper.before, inner);
	EXPECT_LE(sleeper.after - sleeper.before, outer);
}

/* ------------------------------------------------------------------------------------------ delays */

static void wait_for_a_while(void *arg)
{
	u64 before = arch_ticks();

	delay_us(*(u32 *)arg);
	/* At the highest frequency that calibration left possible: not short by any clock. */
	EXPECT_GE(arch_ticks() - before, clock_hz_max() / 1000 * *(u32 *)arg / 1000);
}

TEST(delay_is_not_short, "a delay is never short, by the CPU's own counter and by another CPU's",
     SPEC(MANUALS))
{
	static const u32 delays[] = { 1, 10, 100, 1000, 5000 };

	for (u32 i = 0; i < ARRAY_SIZE(delays); i++) {
		u32 us = delays[i];

		SUBTEST("%u-us", us);
		run_on_all_cpus(wait_for_a_while, &us);
		for (u32 cpu = 1; cpu < cpu_count(); cpu++) {
			u64 before = arch_ticks();

			run_on_cpu(cpu, wait_for_a_while, &us);
			EXPECT_GE(arch_ticks() - before, clock_hz_max() / 1000 * us / 1000,
				  "CPU %u", cpu);
		}
	}
}
