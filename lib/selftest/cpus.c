/* SPDX-License-Identifier: MIT */
/*
 * CPUs: their numbers, work run on them, one stack each, and that they are parked again before
 * each case, whatever they are doing.
 */
#include <test.h>

#include <harness/variables.h>
#include <string.h>
#include <sys/atomic.h>
#include <sys/console.h>
#include <sys/cpu.h>
#include <sys/lock.h>

SUITE("CPUs");

/* What each CPU has to say about itself. */
struct report {
	u32 number;
	u32 calls;
	u64 hardware_id;
	ulong stack;
};

static struct report reports[MAX_CPUS];

static void report(void *array)
{
	struct report *mine = (struct report *)array + this_cpu()->number;

	mine->number = this_cpu()->number;
	mine->hardware_id = this_cpu()->hardware_id;
	mine->stack = (ulong)__builtin_frame_address(0);
	mine->calls++;
}

static void clear_reports(void)
{
	memset(reports, 0xff, sizeof(reports));
	for (u32 i = 0; i < MAX_CPUS; i++)
		reports[i].calls = 0;
}

TEST(cpu_numbers, "cases run on CPU 0, and CPUs are numbered without a gap",
     SPEC("lib/sys/cpu.h, cpu_count()"))
{
	EXPECT_EQ(this_cpu()->number, 0u);
	EXPECT_GE(cpu_count(), 1u);
	EXPECT_LE(cpu_count(), (u32)MAX_CPUS);
	for (u32 i = 0; i < cpu_count(); i++) {
		EXPECT_EQ(cpu_by_number(i)->number, i);
		for (u32 j = 0; j < i; j++)
			EXPECT_NE(cpu_by_number(i)->hardware_id, cpu_by_number(j)->hardware_id);
	}
}

TEST(cpu_run_on_self, "work for the CPU itself runs on it, as a call",
     SPEC("lib/sys/cpu.h, run_on_cpu()"))
{
	clear_reports();
	run_on_cpu(0, report, reports);
	EXPECT_EQ(reports[0].calls, 1u);
	EXPECT_EQ(reports[0].number, 0u);
}

TEST(cpu_run_on_each, "work runs once, on the CPU that it is for, before the call returns",
     SPEC("lib/sys/cpu.h, run_on_cpu()"), REQUIRES(cpu_count() > 1))
{
	for (u32 round = 0; round < 20; round++) {
		for (u32 number = cpu_count(); number--;) {
			clear_reports();
			run_on_cpu(number, report, reports);
			EXPECT_EQ(reports[number].calls, 1u);
			EXPECT_EQ(reports[number].number, number);
			EXPECT_EQ(reports[number].hardware_id, cpu_by_number(number)->hardware_id);
			for (u32 other = 0; other < cpu_count(); other++) {
				if (other != number)
					EXPECT_EQ(reports[other].calls, 0u);
			}
		}
	}
}

TEST(cpu_run_on_all, "work for all runs once on each CPU before the call returns",
     SPEC("lib/sys/cpu.h, run_on_all_cpus()"))
{
	clear_reports();
	for (u32 round = 1; round <= 50; round++) {
		run_on_all_cpus(report, reports);
		for (u32 number = 0; number < cpu_count(); number++) {
			EXPECT_EQ(reports[number].calls, round, "CPU %u", number);
			EXPECT_EQ(reports[number].number, number);
		}
	}
}

static void meet(void *barrier)
{
	cpu_barrier_wait(barrier, cpu_count());
}

/* If one ran after the other, none would ever leave the barrier. */
TEST(cpu_run_at_once, "work for all runs on all CPUs at the same time",
     SPEC("lib/sys/cpu.h, run_on_all_cpus()"))
{
	struct cpu_barrier barrier = { 0 };

	for (u32 round = 0; round < 10; round++)
		run_on_all_cpus(meet, &barrier);
	EXPECT_EQ(barrier.round, 10u);
	EXPECT_EQ(barrier.arrived, 0u);
}

TEST(cpu_own_stack,
     "every CPU works on a stack of its own, at least CPU_STACK_SIZE from the others",
     SPEC("lib/sys/cpu.h"), REQUIRES(cpu_count() > 1))
{
	clear_reports();
	run_on_all_cpus(report, reports);
	for (u32 i = 0; i < cpu_count(); i++) {
		for (u32 j = 0; j < i; j++) {
			ulong a = reports[i].stack, b = reports[j].stack;

			EXPECT_GE(a > b ? a - b : b - a, (ulong)CPU_STACK_SIZE / 2, "CPUs %u %u", i,
				  j);
		}
	}
}

/* ----------------------------------------------------------------------- started and waited
 * for */

static u32 go, seen;

static void wait_for_go(void *unused)
{
	(void)unused;
	atomic_store(&seen, 1);
	while (!atomic_load(&go))
		arch_relax();
	atomic_store(&seen, 2);
}

TEST(cpu_start_work, "work that was started goes on beside the caller until it is waited for",
     SPEC("lib/sys/cpu.h, cpu_start_work(), cpu_wait()"), REQUIRES(cpu_count() > 1))
{
	for (u32 round = 0; round < 8; round++) {
		atomic_store(&go, 0);
		atomic_store(&seen, 0);
		cpu_start_work(1, wait_for_go, NULL);
		while (!atomic_load(&seen))
			arch_relax();
		EXPECT_EQ(atomic_load(&seen), 1u);
		atomic_store(&go, 1);
		cpu_wait(1);
		EXPECT_EQ(atomic_load(&seen), 2u);
	}
}

static void append(void *order)
{
	u32 *list = order;

	list[++list[0]] = this_cpu()->number;
}

TEST(cpu_order, "work that is given one after the other is done in that order",
     SPEC("lib/sys/cpu.h, run_on_cpu()"))
{
	u32 order[64] = { 0 }, expected[64] = { 0 };

	for (u32 i = 1; i < ARRAY_SIZE(order); i++) {
		expected[i] = (u32)random_below(cpu_count());
		run_on_cpu(expected[i], append, order);
	}
	expected[0] = ARRAY_SIZE(order) - 1;
	EXPECT_MEM_EQ(order, expected, sizeof(order));
}

static void expect_here(void *number)
{
	EXPECT_EQ(this_cpu()->number, *(u32 *)number);
	EXPECT_EQ(cpu_by_number(*(u32 *)number), this_cpu());
}

TEST(cpu_expectations, "expectations may be checked on every CPU", SPEC("lib/harness/expect.h"))
{
	for (u32 number = 0; number < cpu_count(); number++)
		run_on_cpu(number, expect_here, &number);
}

/* -------------------------------------------------------------- cases that leave CPUs at work
 */

static bool left_at_work FOR_NEXT_CASE;
static u32 heartbeat;

static void work_for_ever(void *unused)
{
	ulong irq_state = arch_irq_save();

	(void)unused;
	for (;;) {
		atomic_add(&heartbeat, 1);
		/* Takes the console and gives it back, without a word. */
		console_write("", 0);
	}
	arch_irq_restore(irq_state);
}

static void leave_at_work(void)
{
	for (u32 number = 1; number < cpu_count(); number++)
		cpu_start_work(number, work_for_ever, NULL);
	while (atomic_load(&heartbeat) < 1000)
		arch_relax();
}

TEST(cpu_left_at_work, "a case may end while CPUs work, interrupts off, and use the console",
     SPEC("docs/writing-a-test.md, What a case may rely on"), REQUIRES(cpu_count() > 1))
{
	heartbeat = 0;
	leave_at_work();
	left_at_work = EXPECT_GE(atomic_load(&heartbeat), 1000u);
}

TEST(cpu_parked, "the next case finds them parked, and they can be used again",
     SPEC("docs/writing-a-test.md, What a case may rely on"), REQUIRES(cpu_count() > 1))
{
	u32 before = atomic_load(&heartbeat);

	if (!left_at_work)
		SKIP("the case before this one, cpu_left_at_work, did not run");
	for (u32 number = 1; number < cpu_count(); number++)
		EXPECT_NE(cpu_by_number(number)->state, (u32)CPU_WORKING);
	clear_reports();
	run_on_all_cpus(report, reports);
	for (u32 number = 0; number < cpu_count(); number++)
		EXPECT_EQ(reports[number].calls, 1u, "CPU %u", number);
	EXPECT_EQ(atomic_load(&heartbeat), before);
}
