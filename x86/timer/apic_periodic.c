/* SPDX-License-Identifier: MIT */
/* The local APIC's timer in periodic mode, and switches between the modes: SDM vol. 3A, 10.5.4. */
#include <test.h>

#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/cpuid.h>
#include <x86/irq.h>

#include "apic_timer.h"

SUITE("APIC timer, periodic", REQUIRES(cpu_has(X86_FEATURE_APIC)));

#define PERIODS 12

TEST(periodic_fires_repeatedly, "a periodic timer fires again and again, never before its time",
     SPEC("SDM vol. 3A, 10.5.4"), BUG("CVE-2025-71104"))
{
	for (u32 shift = 0; shift < 8; shift += 7) {
		u32 count = timer_counts(MS, shift);
		u64 start;

		SUBTEST("divide-by-%u", 1u << shift);
		timer_begin();
		start = arch_ticks();
		apic_timer_start(APIC_TIMER_PERIODIC | TIMER_VECTOR, shift, count);
		ASSERT(irq_wait(0, TIMER_VECTOR, PERIODS));
		apic_timer_stop();
		irq_window(); /* one that is pending is not the next row's */
		/* Interrupt n can be late, and two can become one, but n periods must have passed. */
		for (u32 n = 1; n <= PERIODS; n++)
			timer_expect_not_early(start, irq_history_ticks(0, n - 1), (u64)n * count,
					       shift);
	}
}

TEST(periodic_reloads,
     "a periodic timer's current count never leaves the range up to its initial count",
     SPEC("SDM vol. 3A, 10.5.4"))
{
	u32 count = timer_counts(MS / 4, 0), reloads = 0, last;
	u64 begin = clock_ns();

	apic_timer_start(APIC_TIMER_PERIODIC | APIC_LVT_MASKED, 0, count);
	last = apic_read(APIC_TIMER_CURRENT);
	while (reloads < 5 && clock_ns() - begin < WAIT_PATIENCE_NS) {
		u32 now = apic_read(APIC_TIMER_CURRENT);

		EXPECT_LE(now, count);
		reloads += now > last;
		last = now;
	}
	EXPECT_EQ(reloads, 5, "masked, it counts all the same");
	EXPECT_EQ(apic_read(APIC_TIMER_INITIAL), count);
	apic_timer_stop();
}

TEST(periodic_coalesces, "periods that pass while the interrupt is pending make one interrupt",
     SPEC("SDM vol. 3A, 10.5.4, 10.8.4"))
{
	timer_begin();
	apic_timer_start(APIC_TIMER_PERIODIC | TIMER_VECTOR, 0, timer_counts(MS / 4, 0));
	ASSERT(timer_wait_pending(TIMER_VECTOR));
	delay_us(3000);
	apic_timer_stop();
	irq_window();
	irq_window();
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), 1);
}

/* The timer is running, periodic, and has fired. */
static void start_periodic(void)
{
	timer_begin();
	apic_timer_start(APIC_TIMER_PERIODIC | TIMER_VECTOR, 0, timer_counts(MS / 2, 0));
	ASSERT(irq_wait(0, TIMER_VECTOR, 2));
}

TEST(periodic_stops, "a periodic timer stops when told so: then no interrupt follows",
     SPEC("SDM vol. 3A, 10.5.4"))
{
	u32 taken;

	SUBTEST("initial-count-0");
	start_periodic();
	apic_write(APIC_TIMER_INITIAL, 0);
	irq_window();
	taken = irq_taken(0, TIMER_VECTOR);
	irq_window_ns(2 * WATCH_NS);
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), taken);
	EXPECT_EQ(apic_read(APIC_TIMER_CURRENT), 0);
	SUBTEST("masked");
	start_periodic();
	apic_write(APIC_LVT_TIMER, APIC_TIMER_PERIODIC | APIC_LVT_MASKED | TIMER_VECTOR);
	irq_window();
	taken = irq_taken(0, TIMER_VECTOR);
	irq_window_ns(2 * WATCH_NS);
	EXPECT_EQ(irq_taken(0, TIMER_VECTOR), taken);
	apic_timer_stop();
}

TEST(periodic_to_oneshot,
     "a periodic timer that is made one-shot fires no more than once after that",
     SPEC("SDM vol. 3A, 10.5.4"))
{
	u32 taken;

	start_periodic();
	apic_write(APIC_LVT_TIMER, APIC_TIMER_ONESHOT | TIMER_VECTOR);
	irq_window();
	taken = irq_taken(0, TIMER_VECTOR);
	irq_window_ns(4 * WATCH_NS);
	EXPECT_LE(irq_taken(0, TIMER_VECTOR), taken + 1);
	apic_timer_stop();
}

TEST(oneshot_to_periodic, "a running one-shot timer that is made periodic fires repeatedly",
     SPEC("SDM vol. 3A, 10.5.4"))
{
	u32 count = timer_counts(20 * MS, 0);
	u64 start;

	timer_begin();
	start = arch_ticks();
	apic_timer_start(APIC_TIMER_ONESHOT | TIMER_VECTOR, 0, count);
	apic_write(APIC_LVT_TIMER, APIC_TIMER_PERIODIC | TIMER_VECTOR);
	if (arch_ticks() - start >= apic_timer_min_tsc(timer_rate(), count - 1))
		SKIP("the host was too busy");
	EXPECT(irq_wait(0, TIMER_VECTOR, 2));
	timer_expect_not_early(start, irq_history_ticks(0, 1), 2ull * count, 0);
	apic_timer_stop();
}
