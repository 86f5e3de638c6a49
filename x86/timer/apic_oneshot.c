/* SPDX-License-Identifier: MIT */
/*
 * The local APIC's timer in one-shot mode: SDM vol. 3A, 10.5.4. "Never early" is checked against the TSC
 * with bounds of the timer's rate that hold whatever the host does.
 */
#include <test.h>

#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/cpuid.h>
#include <x86/irq.h>

#include "apic_timer.h"

SUITE("APIC timer, one-shot", REQUIRES(cpu_has(X86_FEATURE_APIC)));

TEST(oneshot_fires_once, "a one-shot timer fires exactly once", SPEC("SDM vol. 3A, 10.5.4"))
{
	timer_begin();
	apic_timer_start(APIC_TIMER_ONESHOT | TIMER_VECTOR, 0, timer_counts(MS / 2, 0));
	EXPECT(irq_wait(0, TIMER_VECTOR, 1));
	irq_window_ns(4 * WATCH_NS);
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 1);
	EXPECT_EQ(apic_read(APIC_TIMER_CURRENT), 0);
}

TEST(oneshot_never_early, "the timer does not fire before its count at any divisor has passed",
     SPEC("SDM vol. 3A, 10.5.4, figure 10-10"))
{
	for (u32 shift = 0; shift < 8; shift++) {
		SUBTEST("divide-by-%u", 1u << shift);
		for (u32 round = 0; round < 3; round++) {
			u32 count = timer_counts((round + 1) * MS / 2, shift);
			u64 start;

			timer_begin();
			start = arch_ticks();
			apic_timer_start(APIC_TIMER_ONESHOT | TIMER_VECTOR, shift, count);
			if (!EXPECT(irq_wait(0, TIMER_VECTOR, 1), "it does not fire"))
				break;
			timer_expect_not_early(start, irq_history_ticks(0, 0), count, shift);
		}
	}
}

TEST(oneshot_fires_at_zero, "when the interrupt becomes pending the current count is 0",
     SPEC("SDM vol. 3A, 10.5.4"))
{
	for (u32 round = 0; round < 5; round++) {
		timer_begin();
		apic_timer_start(APIC_TIMER_ONESHOT | TIMER_VECTOR, 4, timer_counts(MS / 2, 4));
		ASSERT(timer_wait_pending(TIMER_VECTOR));
		EXPECT_EQ(apic_read(APIC_TIMER_CURRENT), 0);
		irq_window();
	}
}

TEST(oneshot_short_counts, "the smallest initial counts fire once too", SPEC("SDM vol. 3A, 10.5.4"))
{
	static const u32 counts[] = { 1, 2, 3, 10 };

	for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
		SUBTEST("count-%u", counts[i]);
		timer_begin();
		apic_timer_start(APIC_TIMER_ONESHOT | TIMER_VECTOR, 0, counts[i]);
		EXPECT(irq_wait(0, TIMER_VECTOR, 1));
		irq_window_ns(MS);
		EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 1);
	}
}

TEST(count_zero_stops, "writing 0 to the initial count stops the timer",
     SPEC("SDM vol. 3A, 10.5.4"), BUG("CVE-2013-6367"))
{
	timer_begin();
	SUBTEST("running");
	apic_timer_start(APIC_TIMER_ONESHOT | TIMER_VECTOR, 0, LONG_COUNT);
	EXPECT_NE(apic_read(APIC_TIMER_CURRENT), 0);
	apic_write(APIC_TIMER_INITIAL, 0);
	EXPECT_EQ(apic_read(APIC_TIMER_CURRENT), 0);
	EXPECT_EQ(apic_read(APIC_TIMER_INITIAL), 0);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0);
	SUBTEST("never-started");
	apic_write(APIC_TIMER_INITIAL, 0);
	EXPECT_EQ(apic_read(APIC_TIMER_CURRENT), 0);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0);
}

TEST(current_count_decreases, "the current count starts at the initial count and only decreases",
     SPEC("SDM vol. 3A, 10.5.4"))
{
	for (u32 shift = 0; shift < 8; shift++) {
		u32 last, first;

		SUBTEST("divide-by-%u", 1u << shift);
		apic_timer_start(APIC_LVT_MASKED, shift, LONG_COUNT);
		first = last = apic_read(APIC_TIMER_CURRENT);
		EXPECT_LE(first, LONG_COUNT);
		for (u32 i = 0; i < 500; i++) {
			u32 now = apic_read(APIC_TIMER_CURRENT);

			EXPECT_LE(now, last);
			last = now;
		}
		EXPECT_LT(last, first);
		EXPECT_EQ(apic_read(APIC_TIMER_INITIAL), LONG_COUNT);
	}
	apic_timer_stop();
}

TEST(current_count_stays_zero,
     "a one-shot timer that has fired stays at 0, and keeps its initial count",
     SPEC("SDM vol. 3A, 10.5.4"))
{
	u32 count = timer_counts(MS / 4, 0);

	timer_begin();
	apic_timer_start(APIC_TIMER_ONESHOT | TIMER_VECTOR, 0, count);
	ASSERT(irq_wait(0, TIMER_VECTOR, 1));
	for (u32 i = 0; i < 100; i++)
		EXPECT_EQ(apic_read(APIC_TIMER_CURRENT), 0);
	EXPECT_EQ(apic_read(APIC_TIMER_INITIAL), count);
}

TEST(current_count_is_read_only, "writing the current count changes nothing",
     SPEC("SDM vol. 3A, table 10-1"))
{
	u32 before;

	apic_timer_start(APIC_LVT_MASKED, 7, LONG_COUNT);
	before = apic_read(APIC_TIMER_CURRENT);
	apic_write(APIC_TIMER_CURRENT, 0);
	EXPECT_GT(apic_read(APIC_TIMER_CURRENT), before / 2);
	apic_write(APIC_TIMER_CURRENT, ~0u);
	EXPECT_LE(apic_read(APIC_TIMER_CURRENT), before);
	apic_timer_stop();
}

TEST(reload_shortens, "writing the initial count of a running timer starts it again with that",
     SPEC("SDM vol. 3A, 10.5.4"))
{
	u32 count = timer_counts(MS, 0);
	u64 start;

	timer_begin();
	apic_timer_start(APIC_TIMER_ONESHOT | TIMER_VECTOR, 0, LONG_COUNT);
	delay_us(500);
	start = arch_ticks();
	apic_write(APIC_TIMER_INITIAL, count);
	EXPECT_LE(apic_read(APIC_TIMER_CURRENT), count);
	ASSERT(irq_wait(0, TIMER_VECTOR, 1));
	timer_expect_not_early(start, irq_history_ticks(0, 0), count, 0);
}

TEST(reload_lengthens,
     "a timer that is started again before it fires does not fire at the old time",
     SPEC("SDM vol. 3A, 10.5.4"))
{
	u32 count = timer_counts(20 * MS, 0);
	u64 start, end;

	timer_begin();
	start = arch_ticks();
	apic_timer_start(APIC_TIMER_ONESHOT | TIMER_VECTOR, 0, count);
	apic_write(APIC_TIMER_INITIAL, LONG_COUNT);
	end = arch_ticks();
	/* A host may have paused for so long between the two writes that it did fire: says nothing. */
	if (end - start >= apic_timer_min_tsc(timer_rate(), count - 1))
		SKIP("the host was too busy");
	irq_window_ns(30 * MS);
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0);
	EXPECT_GT(apic_read(APIC_TIMER_CURRENT), 0);
	apic_timer_stop();
}

TEST(vector_changed_while_running,
     "the interrupt has the vector that the LVT entry has when it fires",
     SPEC("SDM vol. 3A, 10.5.1, 10.5.4"))
{
	u32 count = timer_counts(20 * MS, 0);
	u64 start;

	timer_begin();
	start = arch_ticks();
	apic_timer_start(APIC_TIMER_ONESHOT | TIMER_VECTOR, 0, count);
	apic_write(APIC_LVT_TIMER, APIC_TIMER_ONESHOT | OTHER_VECTOR);
	if (arch_ticks() - start >= apic_timer_min_tsc(timer_rate(), count - 1))
		SKIP("the host was too busy");
	EXPECT(irq_wait(0, OTHER_VECTOR, 1));
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0);
}

static u32 fired_on_other;

static void arm_and_wait(void *arg)
{
	(void)arg;
	apic_timer_start(APIC_TIMER_ONESHOT | TIMER_VECTOR, 0, 100000);
	WRITE_ONCE(fired_on_other, irq_wait(this_cpu()->number, TIMER_VECTOR, 1));
}

TEST(timer_is_of_its_cpu, "each CPU has a timer of its own, which interrupts that CPU alone",
     SPEC("SDM vol. 3A, 10.1"), REQUIRES(cpu_count() > 1))
{
	timer_begin();
	apic_timer_start(APIC_TIMER_ONESHOT | TIMER_VECTOR, 7, LONG_COUNT);
	fired_on_other = 0;
	run_on_cpu(1, arm_and_wait, NULL);
	EXPECT_EQ(fired_on_other, 1);
	irq_window();
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 0);
	EXPECT_EQ(irq_taken(1, TIMER_VECTOR), 1);
	EXPECT_GT(apic_read(APIC_TIMER_CURRENT), LONG_COUNT / 2);
	apic_timer_stop();
}

TEST(wakes_halted_cpu, "the timer's interrupt ends HLT", SPEC("SDM vol. 2A, HLT; vol. 3A, 10.5.4"))
{
	timer_begin();
	/* A period, so that the guest does not hang if one comes between STI's shadow and HLT. */
	apic_timer_start(APIC_TIMER_PERIODIC | TIMER_VECTOR, 0, timer_counts(2 * MS, 0));
	for (u32 i = 1; i <= 3; i++) {
		__asm__ volatile("sti; hlt; cli" ::: "memory");
		EXPECT_GE(irq_taken(0, TIMER_VECTOR), i);
	}
	apic_timer_stop();
}
