/* SPDX-License-Identifier: MIT */
/* The rate at which the APIC timer counts, and what a change of the divisor does: SDM vol. 3A, 10.5.4. */
#include <test.h>

#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/cpuid.h>
#include <x86/irq.h>

#include "apic_timer.h"

SUITE("APIC timer, divide configuration", REQUIRES(cpu_has(X86_FEATURE_APIC)));

/* 1/500: drift of clocks of different sources, as in apic_timer_min_tsc(), on either side. */
#define TOLERANCE 500

static u64 mul_div(u64 a, u64 b, u64 c)
{
	return a / c * b + a % c * b / c;
}

/* The most and the fewest counts, not divided, that fit in so many ticks of the TSC. */
static u64 counts_max(u64 tsc)
{
	u64 counts = mul_div(tsc, timer_rate()->counts + 1, timer_rate()->tsc_min);

	return counts + counts / TOLERANCE;
}

static u64 counts_min(u64 tsc)
{
	u64 counts = mul_div(tsc, timer_rate()->counts, timer_rate()->tsc_max);

	return counts - counts / TOLERANCE;
}

TEST(divisors_scale, "each of the eight divide configurations divides the clock by its value",
     SPEC("SDM vol. 3A, 10.5.4, figure 10-10"))
{
	timer_rate();
	for (u32 shift = 0; shift < 8; shift++) {
		u64 before_start, after_start, before_end, after_end, counted;

		SUBTEST("divide-by-%u", 1u << shift);
		before_start = arch_ticks();
		apic_timer_start(APIC_LVT_MASKED, shift, ~0u);
		after_start = arch_ticks();
		delay_us(3000);
		before_end = arch_ticks();
		counted = ~0u - apic_read(APIC_TIMER_CURRENT);
		after_end = arch_ticks();
		EXPECT_LE((counted - MIN(counted, 1ull)) << shift,
			  counts_max(after_end - before_start), "too fast");
		EXPECT_GE((counted + 1) << shift, counts_min(before_end - after_start), "too slow");
	}
	apic_timer_stop();
}

TEST(divide_register_bits, "the divide configuration has bits 0, 1 and 3; the others read as 0",
     SPEC("SDM vol. 3A, 10.5.4, figure 10-10"))
{
	for (u32 value = 0; value < 16; value++) {
		if (value & 4)
			continue;
		apic_write(APIC_TIMER_DIVIDE, value);
		EXPECT_EQ(apic_read(APIC_TIMER_DIVIDE), value);
	}
}

/*
 * The divisor is changed from one to the other between two reads of the current count. A host that pauses
 * in between hides a jump, so that it is done again then.
 */
static void change_divisor(u32 from, u32 to)
{
	u64 start, end;
	u32 before, after, tries = 0;

	do {
		apic_timer_start(APIC_LVT_MASKED, from, LONG_COUNT);
		delay_us(1000);
		start = arch_ticks();
		before = apic_read(APIC_TIMER_CURRENT);
		apic_write(APIC_TIMER_DIVIDE, apic_timer_divide(to));
		after = apic_read(APIC_TIMER_CURRENT);
		end = arch_ticks();
	} while (end - start > clock_ticks_at_most(MS / 10) && ++tries < 100);
	EXPECT_LE(after, before, "it went back");
	EXPECT_LE((u64)(before - MIN(after, before)),
		  (counts_max(end - start) >> MIN(from, to)) + 1, "it jumped ahead");
}

TEST(divisor_changed_while_running,
     "changing the divisor of a running timer leaves its current count alone",
     SPEC("SDM vol. 3A, 10.5.4"), BUG("linux c301b909e4b9"))
{
	static const struct {
		u8 from, to;
	} rows[] = { { 0, 7 }, { 7, 0 }, { 1, 2 }, { 4, 3 }, { 0, 1 }, { 5, 5 } };

	timer_rate();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%u-to-%u", 1u << rows[i].from, 1u << rows[i].to);
		change_divisor(rows[i].from, rows[i].to);
	}
	apic_timer_stop();
}

TEST(divisor_lowered_while_running,
     "with a lower divisor the rest of the count passes faster, but not early",
     SPEC("SDM vol. 3A, 10.5.4"), BUG("linux c301b909e4b9"))
{
	u32 count = timer_counts(64 * MS, 7), rest;
	u64 start;

	timer_begin();
	apic_timer_start(APIC_TIMER_ONESHOT | TIMER_VECTOR, 7, count);
	start = arch_ticks();
	rest = apic_read(APIC_TIMER_CURRENT);
	apic_write(APIC_TIMER_DIVIDE, apic_timer_divide(2));
	rest = MIN(rest, apic_read(APIC_TIMER_CURRENT));
	ASSERT(irq_wait(0, TIMER_VECTOR, 1));
	if (rest > 1)
		timer_expect_not_early(start, irq_history_ticks(0, 0), rest, 2);
}
