/* SPDX-License-Identifier: MIT */
#include <sys/time.h>

#include <arch/cpu.h>
#include <arch/machine.h>

#define NS_PER_SECOND 1000000000ull

static u64 hz_min = NS_PER_SECOND, hz_max = NS_PER_SECOND;
static u64 start_ticks;

void clock_set_frequency(u64 min, u64 max)
{
	hz_min = min;
	hz_max = max;
	start_ticks = arch_ticks();
}

u64 clock_hz_min(void)
{
	return hz_min;
}

u64 clock_hz_max(void)
{
	return hz_max;
}

/* a * b / c without overflow as long as the result fits, for b and c below 2^34. */
static u64 mul_div(u64 a, u64 b, u64 c)
{
	return a / c * b + a % c * b / c;
}

u64 clock_ns(void)
{
	return mul_div(arch_ticks() - start_ticks, NS_PER_SECOND, hz_min / 2 + hz_max / 2);
}

u64 clock_ticks_at_least(u64 ns)
{
	return mul_div(ns, hz_max, NS_PER_SECOND) + 1;
}

u64 clock_ticks_at_most(u64 ns)
{
	return mul_div(ns, hz_min, NS_PER_SECOND);
}

void delay_ns(u64 ns)
{
	u64 start = arch_ticks(), ticks = clock_ticks_at_least(ns);

	while (arch_ticks() - start < ticks)
		arch_relax();
}

void delay_us(u64 us)
{
	delay_ns(us * 1000);
}

void io_delay(void)
{
	delay_us(1);
}
