/* SPDX-License-Identifier: MIT */
/* The HPET's registers and main counter: IA-PC HPET specification 1.0a, 2.3. */
#include "hpet_test.h"

#include <sys/cpu.h>
#include <sys/time.h>

SUITE("HPET: registers and main counter", REQUIRES(hpet_is_there()));

TEST(hpet_capabilities,
     "revision, period, number of timers and counter size are legal, and read-only",
     SPEC("IA-PC HPET specification 1.0a, 2.3.4"))
{
	u64 before = hpet_read(HPET_GCAP_ID);

	EXPECT_NE(HPET_GCAP_REV(before), 0u);
	EXPECT_GT(HPET_GCAP_PERIOD(before), 0u);
	EXPECT_LE(HPET_GCAP_PERIOD(before), HPET_PERIOD_MAX);
	EXPECT_GE(hpet_timers(), 3u);
	hpet_write(HPET_GCAP_ID, 0);
	EXPECT_EQ(hpet_read(HPET_GCAP_ID), before);
	hpet_write(HPET_GCAP_ID, ~0ull);
	EXPECT_EQ(hpet_read(HPET_GCAP_ID), before);
}

TEST(hpet_general_configuration,
     "enable and legacy replacement can be set and cleared; reserved bits read as 0",
     SPEC("IA-PC HPET specification 1.0a, 2.3.5"))
{
	u32 bits = HPET_ENABLE_CNF | HPET_LEG_RT_CNF;

	hpet_reset();
	if (!(hpet_read(HPET_GCAP_ID) & HPET_GCAP_LEG_RT))
		bits = HPET_ENABLE_CNF;
	for (u32 value = 0; value < 4; value++) {
		hpet_write32(HPET_GEN_CONF, value & bits);
		EXPECT_EQ(hpet_read32(HPET_GEN_CONF), value & bits);
	}
	hpet_write32(HPET_GEN_CONF, 0xfffffffc);
	EXPECT_EQ(hpet_read32(HPET_GEN_CONF), 0u);
	hpet_reset();
}

TEST(hpet_counter_halted, "halted, the main counter stands still and takes what is written",
     SPEC("IA-PC HPET specification 1.0a, 2.3.5, 2.3.7"))
{
	static const u64 values[] = { 0, 0x0123456789abcdef, 0xfedcba9876543210, 0xffffffff };
	u64 mask = hpet_read(HPET_GCAP_ID) & HPET_GCAP_COUNT_SIZE ? ~0ull : 0xffffffff;

	hpet_reset();
	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		SUBTEST("%#llx", values[i]);
		hpet_write(HPET_MAIN_CNT, values[i]);
		EXPECT_EQ(hpet_read(HPET_MAIN_CNT), values[i] & mask);
		delay_us(100);
		EXPECT_EQ(hpet_read(HPET_MAIN_CNT), values[i] & mask);
	}
	hpet_reset();
}

TEST(hpet_counter_runs, "enabled, the main counter goes on from its value, up and never back",
     SPEC("IA-PC HPET specification 1.0a, 2.3.5, 2.3.7"))
{
	const u64 start = 0x100000000ull - 50;
	u64 last;

	if (!(hpet_read(HPET_GCAP_ID) & HPET_GCAP_COUNT_SIZE))
		SKIP("the main counter has 32 bits");
	hpet_reset();
	hpet_write(HPET_MAIN_CNT, start);
	hpet_run(0);
	last = hpet_counter();
	EXPECT_GE(last, start);
	for (u32 n = 0; n < 1000; n++) {
		u64 now = hpet_counter();

		EXPECT_GE(now, last);
		last = now;
	}
	delay_us(100);
	EXPECT_GT(hpet_counter(), last);
	EXPECT_LT(hpet_counter(), start + hpet_counts(60000 * HPET_MS));
	last = hpet_counter();
	hpet_halt();
	EXPECT_GE(hpet_counter(), last, "halted again: it keeps its value");
	last = hpet_counter();
	delay_us(100);
	EXPECT_EQ(hpet_counter(), last, "halted again");
	hpet_run(0);
	EXPECT_GE(hpet_counter(), last, "it goes on from there");
	EXPECT_LT(hpet_counter(), last + hpet_counts(60000 * HPET_MS));
	hpet_reset();
}

TEST(hpet_halves_carry, "the halves of the running counter carry into each other",
     SPEC("IA-PC HPET specification 1.0a, 2.3.7, 2.4.7"))
{
	if (!(hpet_read(HPET_GCAP_ID) & HPET_GCAP_COUNT_SIZE))
		SKIP("the main counter has 32 bits");
	hpet_reset();
	hpet_write(HPET_MAIN_CNT, 0x5ffffffffull - hpet_counts(HPET_MS));
	hpet_run(0);
	ASSERT(wait_until(hpet_read32(HPET_MAIN_CNT + 4) != 5));
	EXPECT_EQ(hpet_read32(HPET_MAIN_CNT + 4), 6u);
	EXPECT_LT(hpet_read32(HPET_MAIN_CNT), 0xf0000000u);
	hpet_reset();
}

/* ----------------------------------------------------------------------------- timers' registers */

#define READ_ONLY (HPET_PER_INT_CAP | HPET_SIZE_CAP | HPET_FSB_CAP | BITS(63, 32))

TEST(hpet_timer_read_only, "a timer's capabilities cannot be written",
     SPEC("IA-PC HPET specification 1.0a, 2.3.8"))
{
	hpet_reset();
	for (u32 n = 0; n < HPET_USED; n++) {
		u64 before = hpet_read(HPET_TIM_CONF(n)) & READ_ONLY;

		SUBTEST("timer-%u", n);
		hpet_write(HPET_TIM_CONF(n), READ_ONLY);
		EXPECT_EQ(hpet_read(HPET_TIM_CONF(n)) & READ_ONLY, before);
		hpet_write(HPET_TIM_CONF(n), 0);
		EXPECT_EQ(hpet_read(HPET_TIM_CONF(n)) & READ_ONLY, before);
	}
}

TEST(hpet_timer_bits,
     "a timer's configuration bits can be set, and those of absent capabilities cannot",
     SPEC("IA-PC HPET specification 1.0a, 2.3.8"))
{
	static const struct {
		const char *name;
		u64 bit, capability;
	} rows[] = {
		{ "level", HPET_INT_TYPE_LEVEL, 0 },
		{ "enable", HPET_INT_ENB, 0 },
		{ "periodic", HPET_TYPE_PERIODIC, HPET_PER_INT_CAP },
		{ "32-bit-mode", HPET_32MODE, HPET_SIZE_CAP },
		{ "fsb", HPET_FSB_EN, HPET_FSB_CAP },
	};

	hpet_reset();
	for (u32 n = 0; n < HPET_USED; n++)
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			u64 capabilities = hpet_read(HPET_TIM_CONF(n));
			bool settable = (capabilities & rows[i].capability) == rows[i].capability;

			SUBTEST("timer-%u-%s", n, rows[i].name);
			hpet_write32(HPET_TIM_CONF(n), (u32)rows[i].bit);
			EXPECT_EQ(hpet_read(HPET_TIM_CONF(n)) & rows[i].bit,
				  settable ? rows[i].bit : 0);
			hpet_write32(HPET_TIM_CONF(n), 0);
			EXPECT_EQ(hpet_read(HPET_TIM_CONF(n)) & rows[i].bit, 0ull);
		}
	hpet_reset();
}

TEST(hpet_routes,
     "a route that the timer can have reads back, and one that it cannot have does not",
     SPEC("IA-PC HPET specification 1.0a, 2.3.8, Tn_INT_ROUTE_CNF"))
{
	hpet_reset();
	for (u32 n = 0; n < HPET_USED; n++) {
		u32 routes = HPET_ROUTE_CAP(hpet_read(HPET_TIM_CONF(n)));

		for (u32 legal = 0; legal < 2; legal++) {
			SUBTEST("timer-%u-%s", n, legal ? "legal" : "illegal");
			EXPECT_NE(routes, 0u);
			for (u32 pin = 0; pin < 32; pin++) {
				u64 read;

				/* 0 is what the field has after reset, whatever it may be. */
				if ((routes >> pin & 1) != legal || (!legal && !pin))
					continue;
				hpet_write32(HPET_TIM_CONF(n), (u32)HPET_INT_ROUTE(pin));
				read = hpet_read(HPET_TIM_CONF(n)) & HPET_INT_ROUTE_BITS;
				if (legal)
					EXPECT_EQ(read, HPET_INT_ROUTE(pin), "pin %u", pin);
				else
					EXPECT_NE(read, HPET_INT_ROUTE(pin), "pin %u", pin);
			}
		}
	}
	hpet_reset();
}

TEST(hpet_comparator_bits, "a comparator holds what is written: 64 bits, or 32 in a 32-bit timer",
     SPEC("IA-PC HPET specification 1.0a, 2.3.9"))
{
	static const u64 values[] = { 0x0123456789abcdef, 0xfedcba9876543210 };

	hpet_reset();
	for (u32 n = 0; n < HPET_USED; n++) {
		bool wide = hpet_read(HPET_TIM_CONF(n)) & HPET_SIZE_CAP;

		SUBTEST("timer-%u", n);
		for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
			hpet_write(HPET_TIM_COMP(n), values[i]);
			EXPECT_EQ(hpet_read(HPET_TIM_COMP(n)), wide ? values[i] : (u32)values[i]);
		}
		if (!wide)
			continue;
		SUBTEST("timer-%u-32-bit-mode", n);
		hpet_write32(HPET_TIM_CONF(n), HPET_32MODE);
		hpet_write32(HPET_TIM_COMP(n), 0x89abcdef);
		EXPECT_EQ(hpet_read32(HPET_TIM_COMP(n)), 0x89abcdefu);
		EXPECT_EQ(hpet_read32(HPET_TIM_COMP(n) + 4), 0u);
		hpet_write32(HPET_TIM_CONF(n), 0);
	}
	hpet_reset();
}

TEST(hpet_timers_are_separate, "the registers of one timer are not those of another",
     SPEC("IA-PC HPET specification 1.0a, 2.3.1, table 2"))
{
	hpet_reset();
	for (u32 n = 0; n < HPET_USED; n++) {
		hpet_write(HPET_TIM_COMP(n), 0x1000 + n);
		hpet_write32(HPET_TIM_CONF(n), n & 1 ? HPET_INT_TYPE_LEVEL : 0);
	}
	for (u32 n = 0; n < HPET_USED; n++) {
		EXPECT_EQ(hpet_read(HPET_TIM_COMP(n)), 0x1000ull + n, "timer %u", n);
		EXPECT_EQ(hpet_read(HPET_TIM_CONF(n)) & HPET_INT_TYPE_LEVEL,
			  n & 1 ? HPET_INT_TYPE_LEVEL : 0, "timer %u", n);
	}
	hpet_reset();
}
