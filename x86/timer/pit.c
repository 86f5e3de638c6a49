/* SPDX-License-Identifier: MIT */
/*
 * The programmable interval timer's counters, on channel 2, whose gate and output the PC has in system
 * control port B: Intel 8254 data sheet (231164), "Programming the 8254", "Mode definitions".
 */
#include "pit_test.h"

#include <sys/cpu.h>
#include <sys/time.h>

SUITE("Programmable interval timer");

#define US_PER_TRY 1000

/* A count of 54.9 ms, and less than that. */
#define LONG_COUNT		0xffff
#define LESS_THAN_LONG_COUNT_NS 40000000ull

static bool wait_for_out(bool high)
{
	return wait_until(pit_out() == high);
}

/* Clocks of the PIT that can have passed in so many ticks of the TSC, at most and at least. */
static u64 clocks_max(u64 ticks)
{
	return ticks * PIT_HZ / clock_hz_min() + 2;
}

static u64 clocks_min(u64 ticks)
{
	u64 clocks = ticks * PIT_HZ / clock_hz_max();

	return clocks - MIN(clocks, clocks / 500 + 2);
}

/* ------------------------------------------------------------------------------------------- counting */

TEST(counts_down, "the counter decreases by one each clock of 1.193182 MHz, by two in mode 3",
     SPEC("8254 data sheet, Mode definitions"))
{
	static const struct {
		u8 mode, step;
	} rows[] = { { 0, 1 }, { 2, 1 }, { 3, 2 }, { 4, 1 } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 tries;

		SUBTEST("mode-%u", rows[i].mode);
		for (tries = 0; tries < TRIES; tries++) {
			u64 before_1, after_1, before_2, after_2;
			u16 first, second;
			u64 counted;

			pit_program(rows[i].mode, 0);
			delay_us(100);
			before_1 = arch_ticks();
			first = pit_read_latched(CHANNEL);
			after_1 = arch_ticks();
			delay_us(5000);
			before_2 = arch_ticks();
			second = pit_read_latched(CHANNEL);
			after_2 = arch_ticks();
			/* It wraps after 27 ms in mode 3: a longer pause of the host says nothing. */
			if (pit_disturbed(before_1, 20000000))
				continue;
			counted = (u16)(first - second) / rows[i].step;
			EXPECT_LE(counted, clocks_max(after_2 - before_1) * 501 / 500, "too fast");
			EXPECT_GE(counted + 1, clocks_min(before_2 - after_1), "too slow");
			break;
		}
		if (tries == TRIES)
			SKIP_ROW(TOO_BUSY);
	}
}

TEST(reloads,
     "in modes 2 and 3 the count is loaded again at the end and stays within 1 to the initial count",
     SPEC("8254 data sheet, Mode 2, Mode 3"))
{
	static const struct {
		u8 mode;
		u16 count;
	} rows[] = { { 2, 100 }, { 2, 1000 }, { 2, 3 }, { 3, 100 }, { 3, 1000 }, { 3, 2 } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("mode-%u-count-%u", rows[i].mode, rows[i].count);
		pit_program(rows[i].mode, rows[i].count);
		delay_us(20);
		for (u32 n = 0; n < 200; n++) {
			u16 now = pit_read_latched(CHANNEL);

			EXPECT_GE(now, 1);
			EXPECT_LE(now, rows[i].count);
			if (rows[i].mode == 3)
				EXPECT_EQ(now & 1, 0, "counts by two from an even count");
		}
	}
}

TEST(mode_0_output, "in mode 0 OUT is low from the control word to the terminal count, then high",
     SPEC("8254 data sheet, Mode 0"))
{
	u64 start;

	SUBTEST("low-from-control-word-on");
	pit_program(0, 100);
	ASSERT(wait_for_out(true));
	pit_control(CHANNEL, PIT_ACCESS_BOTH | PIT_MODE(0));
	EXPECT(!pit_out());
	SUBTEST("high-after-count-+-1-clocks");
	start = arch_ticks();
	pit_write(CHANNEL, 2000);
	ASSERT(wait_for_out(true));
	EXPECT_GE(arch_ticks() - start, 2000 * clock_hz_min() / PIT_HZ);
	SUBTEST("stays-high");
	delay_us(3000);
	EXPECT(pit_out());
	SUBTEST("low-again-with-a-new-count");
	for (u32 tries = 0; tries < TRIES; tries++) {
		bool high;

		start = arch_ticks();
		pit_write(CHANNEL, LONG_COUNT);
		high = pit_out();
		if (high && pit_disturbed(start, LESS_THAN_LONG_COUNT_NS))
			continue;
		EXPECT(!high);
		return;
	}
	SKIP_ROW(TOO_BUSY);
}

TEST(mode_0_wraps, "in mode 0 the count goes on after 0, from 0xffff down",
     SPEC("8254 data sheet, Operation common to all modes"))
{
	for (u32 tries = 0; tries < TRIES; tries++) {
		u64 start = arch_ticks();
		u16 count;

		pit_program(0, 100);
		ASSERT(wait_for_out(true));
		delay_us(500);
		count = pit_read_latched(CHANNEL);
		if (pit_disturbed(start, 20000000))
			continue;
		EXPECT_GT(count, 0x8000);
		EXPECT(pit_out());
		return;
	}
	SKIP(TOO_BUSY);
}

TEST(mode_2_output, "in mode 2 OUT is high but for one clock of each period",
     SPEC("8254 data sheet, Mode 2"))
{
	u32 high = 0;

	pit_program(2, 50000);
	delay_us(20);
	for (u32 n = 0; n < 100; n++)
		high += pit_out();
	EXPECT_GE(high, 90, "of 100 looks");
}

TEST(mode_3_output, "in mode 3 OUT is high for one half of the period and low for the other",
     SPEC("8254 data sheet, Mode 3"))
{
	u64 start;

	pit_program(3, 4000);
	EXPECT(wait_for_out(true));
	for (u32 n = 0; n < 5; n++) {
		EXPECT(wait_for_out(false));
		EXPECT(wait_for_out(true));
	}
	/* The first half after the count was written: low before its end would be early. */
	start = arch_ticks();
	pit_program(3, 40000);
	EXPECT(wait_for_out(false));
	EXPECT_GE(arch_ticks() - start, 20000 * clock_hz_min() / PIT_HZ);
}

/* How long OUT is so, at most: from a look before to a look after it. */
static u64 half_at_most(bool high)
{
	u64 before, look = arch_ticks();

	ASSERT(wait_for_out(!high));
	do {
		before = look;
		look = arch_ticks();
	} while (pit_out() != high);
	ASSERT(wait_for_out(!high));
	return arch_ticks() - before;
}

TEST(mode_3_halves, "in mode 3 neither half of the period is shorter than half of the count",
     SPEC("8254 data sheet, Mode 3"))
{
	pit_program(3, 20000);
	for (u32 n = 0; n < 4; n++) {
		EXPECT_GE(half_at_most(true), (10000 - 2) * clock_hz_min() / PIT_HZ, "high");
		EXPECT_GE(half_at_most(false), (10000 - 2) * clock_hz_min() / PIT_HZ, "low");
	}
}

TEST(mode_1_output,
     "in mode 1 a rising edge of the gate makes OUT low for as many clocks as the count",
     SPEC("8254 data sheet, Mode 1"))
{
	for (u32 round = 0; round < 10; round++) {
		u64 start;

		pit_set_gate(false);
		pit_control(CHANNEL, PIT_ACCESS_BOTH | PIT_MODE(1));
		pit_write(CHANNEL, 3000);
		EXPECT(pit_out(), "before the trigger");
		start = arch_ticks();
		pit_set_gate(true);
		ASSERT(wait_for_out(true));
		EXPECT_GE(arch_ticks() - start, 3000 * clock_hz_min() / PIT_HZ);
	}
}

/* ----------------------------------------------------------------------------------------------- gate */

TEST(gate_stops_count, "with the gate low the counter stands still in modes 0, 2, 3 and 4",
     SPEC("8254 data sheet, Gate pin operations summary"))
{
	static const u8 modes[] = { 0, 2, 3, 4 };

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		u16 first, second;

		SUBTEST("mode-%u", modes[i]);
		pit_program(modes[i], 0);
		delay_us(100);
		pit_set_gate(false);
		delay_us(20);
		first = pit_read_latched(CHANNEL);
		delay_us(US_PER_TRY);
		second = pit_read_latched(CHANNEL);
		EXPECT_EQ(second, first);
		pit_set_gate(true);
	}
}

TEST(gate_restarts_count, "a rising edge of the gate loads the count again in modes 2 and 3",
     SPEC("8254 data sheet, Mode 2, Mode 3"))
{
	static const u8 modes[] = { 2, 3 };

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		u32 tries;

		SUBTEST("mode-%u", modes[i]);
		for (tries = 0; tries < TRIES; tries++) {
			u64 start;
			u16 count;

			pit_program(modes[i], 0);
			delay_us(3000);
			start = arch_ticks();
			pit_set_gate(false);
			pit_set_gate(true);
			delay_us(10);
			count = pit_read_latched(CHANNEL);
			if (pit_disturbed(start, 1000000))
				continue;
			/* 1 ms is 1194 clocks, twice that in mode 3; 3 ms would have been more. */
			EXPECT_GT(count, 0x10000 - 2 * 1250);
			break;
		}
		if (tries == TRIES)
			SKIP_ROW(TOO_BUSY);
	}
}

/* ------------------------------------------------------------------------------------ reading the count */

TEST(latch_holds_count, "a latched count stays until it is read, while the counter goes on",
     SPEC("8254 data sheet, Counter latch command"))
{
	for (u32 tries = 0; tries < TRIES; tries++) {
		u64 start, end;
		u16 before, latched, now;

		pit_program(2, 0);
		delay_us(50);
		start = arch_ticks();
		before = pit_read_latched(CHANNEL);
		pit_latch(CHANNEL);
		end = arch_ticks();
		delay_us(2000);
		latched = pit_read(CHANNEL);
		now = pit_read_latched(CHANNEL);
		if (pit_disturbed(start, 30000000) || end - start > clock_ticks_at_most(500000))
			continue;
		EXPECT_LE((u16)(before - latched), clocks_max(end - start));
		EXPECT_GE((u16)(latched - now), 2000);
		return;
	}
	SKIP(TOO_BUSY);
}

TEST(second_latch_is_ignored, "a latch command before the latched count was read is ignored",
     SPEC("8254 data sheet, Counter latch command"))
{
	for (u32 tries = 0; tries < TRIES; tries++) {
		u64 start, end;
		u16 before, latched;

		pit_program(2, 0);
		delay_us(50);
		start = arch_ticks();
		before = pit_read_latched(CHANNEL);
		pit_latch(CHANNEL);
		end = arch_ticks();
		delay_us(2000);
		pit_latch(CHANNEL);
		latched = pit_read(CHANNEL);
		if (end - start > clock_ticks_at_most(500000))
			continue;
		EXPECT_LE((u16)(before - latched), clocks_max(end - start));
		return;
	}
	SKIP(TOO_BUSY);
}

TEST(access_modes, "with one-byte access the counter is written and read by that byte alone",
     SPEC("8254 data sheet, Control word format, Read operations"))
{
	SUBTEST("high-byte");
	pit_set_gate(true);
	pit_control(CHANNEL, PIT_ACCESS_HIGH | PIT_MODE(2));
	pit_write_byte(CHANNEL, 0x80);
	delay_us(20);
	for (u32 n = 0; n < 20; n++)
		EXPECT_LE(pit_read_byte(CHANNEL), 0x80);
	SUBTEST("low-byte");
	pit_control(CHANNEL, PIT_ACCESS_LOW | PIT_MODE(2));
	pit_write_byte(CHANNEL, 0x20);
	delay_us(20);
	for (u32 n = 0; n < 50; n++) {
		EXPECT_GE(pit_read_byte(CHANNEL), 1);
		EXPECT_LE(pit_read_byte(CHANNEL), 0x20);
	}
}

/* ------------------------------------------------------------------------------------ read-back command */

TEST(read_back_status, "the status byte has access, mode and BCD as written",
     SPEC("8254 data sheet, Read-back command"))
{
	static const struct {
		const char *name;
		u8 control;
	} rows[] = {
		{ "both-bytes-mode-0", PIT_ACCESS_BOTH | PIT_MODE(0) },
		{ "both-bytes-mode-2", PIT_ACCESS_BOTH | PIT_MODE(2) },
		{ "both-bytes-mode-3", PIT_ACCESS_BOTH | PIT_MODE(3) },
		{ "low-byte-mode-4", PIT_ACCESS_LOW | PIT_MODE(4) },
		{ "high-byte-mode-2-BCD", PIT_ACCESS_HIGH | PIT_MODE(2) | PIT_BCD },
	};

	pit_set_gate(true);
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		pit_control(CHANNEL, rows[i].control);
		pit_write_byte(CHANNEL, 0x90);
		if ((rows[i].control & PIT_ACCESS_BOTH) == PIT_ACCESS_BOTH)
			pit_write_byte(CHANNEL, 0x90);
		pit_read_back(BIT(CHANNEL), false, true);
		EXPECT_EQ(pit_read_byte(CHANNEL) & 0x3f, rows[i].control);
	}
}

TEST(read_back_output, "bit 7 of the status byte is OUT",
     SPEC("8254 data sheet, Read-back command"))
{
	u32 tries;

	SUBTEST("low");
	for (tries = 0; tries < TRIES; tries++) {
		u64 start = arch_ticks();
		u8 status;

		pit_program(0, LONG_COUNT);
		pit_read_back(BIT(CHANNEL), false, true);
		status = pit_read_byte(CHANNEL);
		if (pit_disturbed(start, LESS_THAN_LONG_COUNT_NS))
			continue;
		EXPECT_EQ(status & PIT_STATUS_OUT, 0);
		break;
	}
	if (tries == TRIES)
		SKIP_ROW(TOO_BUSY);
	pit_program(0, 10);
	ASSERT(wait_for_out(true));
	pit_read_back(BIT(CHANNEL), false, true);
	SUBTEST("high");
	EXPECT_EQ(pit_read_byte(CHANNEL) & PIT_STATUS_OUT, PIT_STATUS_OUT);
}

TEST(read_back_null_count,
     "the null count flag is set until the count written is in the counting element",
     SPEC("8254 data sheet, Read-back command, figure 12"))
{
	pit_program(2, 1000);
	delay_us(100);
	SUBTEST("after-control-word");
	pit_control(CHANNEL, PIT_ACCESS_BOTH | PIT_MODE(2));
	pit_read_back(BIT(CHANNEL), false, true);
	EXPECT_EQ(pit_read_byte(CHANNEL) & PIT_STATUS_NULL, PIT_STATUS_NULL);
	SUBTEST("after-count-is-loaded");
	pit_write(CHANNEL, 1000);
	delay_us(100);
	pit_read_back(BIT(CHANNEL), false, true);
	EXPECT_EQ(pit_read_byte(CHANNEL) & PIT_STATUS_NULL, 0);
}

TEST(read_back_both, "of status and count latched by one command the status is read first",
     SPEC("8254 data sheet, Read-back command"))
{
	u16 count;

	pit_program(2, 0x1000);
	delay_us(20);
	pit_read_back(BIT(CHANNEL), true, true);
	EXPECT_EQ(pit_read_byte(CHANNEL) & 0x3f, PIT_ACCESS_BOTH | PIT_MODE(2));
	count = pit_read(CHANNEL);
	EXPECT_GE(count, 1);
	EXPECT_LE(count, 0x1000);
}

/* ------------------------------------------------------------------------------------------------- BCD */

TEST(bcd_counts_in_decimal, "with BCD set the counter counts in decimal digits",
     SPEC("8254 data sheet, Control word format"))
{
	pit_set_gate(true);
	pit_control(CHANNEL, PIT_ACCESS_BOTH | PIT_MODE(2) | PIT_BCD);
	pit_write(CHANNEL, 0x0100);
	delay_us(20);
	for (u32 n = 0; n < 300; n++) {
		u16 now = pit_read_latched(CHANNEL);

		EXPECT_LE(now, 0x100);
		EXPECT_LE(now & 0xf, 9, "count %#x", now);
		EXPECT_LE(now >> 4 & 0xf, 9, "count %#x", now);
	}
	pit_program(0, 1);
}
