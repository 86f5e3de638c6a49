/* SPDX-License-Identifier: MIT */
#include "apic_timer.h"

#include <test.h>

#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/irq.h>

static struct apic_timer_rate rate;

const struct apic_timer_rate *timer_rate(void)
{
	if (!rate.counts)
		rate = apic_timer_measure(5 * MS);
	return &rate;
}

void timer_begin(void)
{
	ASSERT(timer_rate()->counts, "the timer does not count");
	irq_record(0x20, 0xef);
}

u32 timer_counts(u64 ns, u32 shift)
{
	return apic_timer_counts(timer_rate(), ns, shift);
}

void timer_expect_not_early(u64 start, u64 end, u64 counts, u32 shift)
{
	EXPECT_GE(end - start, apic_timer_min_tsc(timer_rate(), (counts - 1) << shift),
		  "TSC ticks for %llu counts divided by %u", counts, 1u << shift);
}

bool timer_wait_pending(u32 vector)
{
	return wait_until(apic_vector_bit(APIC_IRR, vector));
}
