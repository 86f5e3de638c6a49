/* SPDX-License-Identifier: MIT */
/*
 * Time as the library tells it. How long is "too long" depends on the host, so that only the
 * lower bounds are exact; the upper ones tell a factor of ten from a scheduler.
 */
#include <test.h>

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>

SUITE("Clock and delays");

TEST(clock_bounds, "the counter's frequency is bounded from both sides, to a few percent",
     SPEC("lib/sys/time.h, clock_hz_min(), clock_hz_max()"))
{
	EXPECT_GT(clock_hz_min(), 1000000u);
	EXPECT_LE(clock_hz_min(), clock_hz_max());
	EXPECT_LT(clock_hz_max(), 100000000000ull);
	EXPECT_LE(clock_hz_max() - clock_hz_min(), clock_hz_min() / 10);
}

TEST(clock_monotonic, "the clock does not go backwards, and goes on",
     SPEC("lib/sys/time.h, clock_ns()"))
{
	u64 first = clock_ns(), last = first;

	for (u32 i = 0; i < 20000; i++) {
		u64 now = clock_ns();

		if (now < last)
			EXPECT_GE(now, last);
		last = now;
	}
	EXPECT_GT(last, first);
}

TEST(clock_ticks, "ticks for a time are enough at the highest frequency, and hardly more",
     SPEC("lib/sys/time.h, clock_ticks_at_least()"))
{
	static const u64 times[] = {
		0, 1, 999, 1000, 1000000, 999999999, 1000000000, 60000000000ull
	};

	for (u32 i = 0; i < ARRAY_SIZE(times); i++) {
		const u64 ns = times[i], ticks = clock_ticks_at_least(ns);
		/* ns = seconds * 10^9 + rest, so that neither product overflows. */
		const u64 exact = ns / 1000000000 * clock_hz_max() +
				  ns % 1000000000 * clock_hz_max() / 1000000000;

		SUBTEST("%llu ns", ns);
		EXPECT_GT(ticks, exact);
		EXPECT_LE(ticks, exact + 2);
	}
}

/* The same time in ticks: clock_ns() and the counter that it is made from must agree. */
TEST(clock_rate, "the clock advances at the counter's rate", SPEC("lib/sys/time.h, clock_ns()"))
{
	u64 ns, outer, inner, start;

	outer = arch_ticks();
	ns = clock_ns();
	inner = arch_ticks();
	start = inner;
	while (arch_ticks() - start < clock_ticks_at_least(2000000))
		arch_relax();
	inner = arch_ticks() - inner;
	ns = clock_ns() - ns;
	outer = arch_ticks() - outer;
	/* One ns more or less, for where each of the readings was cut. */
	EXPECT_GE(ns + 1, inner / (clock_hz_max() / 1000000 + 1) * 1000);
	EXPECT_LE(ns, outer / (clock_hz_min() / 1000000) * 1000 + 1001);
}

TEST(delay_not_short, "a delay is not shorter than asked for, by the clock and by the counter",
     SPEC("lib/sys/time.h, delay_us()"))
{
	static const u32 delays[] = { 0, 1, 2, 5, 10, 50, 100, 500, 1000, 5000 };

	for (u32 i = 0; i < ARRAY_SIZE(delays); i++) {
		SUBTEST("%u us", delays[i]);
		for (u32 round = 0; round < (delays[i] < 1000 ? 10u : 2u); round++) {
			u64 ns = clock_ns(), ticks = arch_ticks();

			delay_us(delays[i]);
			ticks = arch_ticks() - ticks;
			ns = clock_ns() - ns;
			/* clock_ns() takes the middle of the bounds and cuts off at both ends.
			 */
			EXPECT_GE(ns + 1, delays[i] * 1000u);
			EXPECT_GE(ticks, clock_hz_max() / 1000 * delays[i] / 1000);
		}
	}
}

#define ROUNDS	    5u
#define PATIENCE_NS 3000000000ull

/*
 * The shortest of some, or of as many as it takes for one to be at most `enough`: on a loaded host any of
 * them may take longer, but hardly all.
 */
static u64 shortest_delay(void (*delay)(u64 amount), u64 amount, u64 enough)
{
	const u64 begin = clock_ns();
	u64 shortest = ~0ull;

	for (u32 round = 0;
	     round < ROUNDS || (shortest > enough && clock_ns() - begin < PATIENCE_NS); round++) {
		u64 start = clock_ns();

		delay(amount);
		shortest = MIN(shortest, clock_ns() - start);
	}
	return shortest;
}

TEST(delay_scales, "a longer delay takes longer, a shorter one not as long, in either unit",
     SPEC("lib/sys/time.h, delay_us(), delay_ns()"))
{
	u64 last = 0;

	for (u64 us = 100; us <= 3200; us *= 2) {
		const u64 enough = us * 1000 * 10;
		u64 took_us = shortest_delay(delay_us, us, enough),
		    took_ns = shortest_delay(delay_ns, us * 1000, enough);

		SUBTEST("%llu us", us);
		EXPECT_GE(took_us + 1, us * 1000);
		EXPECT_GE(took_ns + 1, us * 1000);
		EXPECT_LE(took_us, enough);
		EXPECT_LE(took_ns, enough);
		EXPECT_GT(took_us + took_us / 8, last);
		last = us * 1000;
	}
}

static void expect_delay(void *unused)
{
	u64 start = clock_ns();

	(void)unused;
	delay_us(200);
	EXPECT_GE(clock_ns() - start + 1, 200000u);
}

TEST(delay_on_each_cpu, "delays are not short on any CPU", SPEC("lib/sys/time.h, delay_us()"))
{
	run_on_all_cpus(expect_delay, NULL);
}

static void delay_at_user(void *took)
{
	u64 start = clock_ns();

	delay_us(100);
	*(u64 *)took = clock_ns() - start;
}

TEST(delay_at_user, "delays work at user privilege", SPEC("lib/sys/time.h, delay_us()"))
{
	u64 took = 0;

	EXPECT_NO_FAULT(run_user(delay_at_user, &took));
	EXPECT_GE(took + 1, 100000u);
}

static u32 looks;

static bool third_look(void)
{
	return ++looks == 3;
}

TEST(wait_until_holds, "a wait ends when its condition holds, or says so when time is up",
     SPEC("lib/sys/time.h, wait_until(), wait_until_ns()"))
{
	u64 begun;

	looks = 0;
	EXPECT(wait_until(third_look()));
	EXPECT_EQ(looks, 3u);
	EXPECT(wait_until_ns(true, 1));
	/* Time is up at the first look, and a second one is taken. */
	looks = 1;
	EXPECT(wait_until_ns(third_look(), 1));
	begun = clock_ns();
	EXPECT(!wait_until_ns(false, 1000000));
	EXPECT_GE(clock_ns() - begun, 1000000ull);
}

TEST(clock_ticks_bounds,
     "ticks that last at most so long are no more than those that last at least so long",
     SPEC("lib/sys/time.h, clock_ticks_at_most()"))
{
	EXPECT_EQ(clock_ticks_at_most(1000000000), clock_hz_min());
	EXPECT_LE(clock_ticks_at_most(5000), clock_ticks_at_least(5000));
}
