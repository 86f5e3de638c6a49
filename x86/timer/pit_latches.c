/* SPDX-License-Identifier: MIT */
/*
 * What the programmable interval timer keeps until it is read, which byte comes next, and modes 1 and 5:
 * Intel 8254 data sheet (231164), "Read operations", "Mode definitions".
 */
#include "pit_test.h"

#include <sys/time.h>

SUITE("Programmable interval timer: latches, bytes, triggers");

/* Of the count only this byte. */
static void program_byte(u32 access, u32 mode, u8 byte)
{
	pit_set_gate(true);
	pit_control(CHANNEL, access | PIT_MODE(mode));
	pit_write_byte(CHANNEL, byte);
}

TEST(second_status_latch_is_ignored,
     "a status that was latched stays until it is read, whatever is latched meanwhile",
     SPEC("8254 data sheet, Read-back command: all but the first are ignored"))
{
	for (u32 tries = 0; tries < TRIES; tries++) {
		u64 start = arch_ticks();
		u8 status;

		pit_program(0, 5000);
		pit_read_back(BIT(CHANNEL), false, true);
		if (pit_disturbed(start, 3000000))
			continue;
		ASSERT(wait_until(pit_out()));
		pit_read_back(BIT(CHANNEL), false, true);
		status = pit_read_byte(CHANNEL);
		EXPECT_EQ(status & PIT_STATUS_OUT, 0, "of the first command");
		pit_read_back(BIT(CHANNEL), false, true);
		EXPECT_EQ(pit_read_byte(CHANNEL) & PIT_STATUS_OUT, PIT_STATUS_OUT, "read again");
		return;
	}
	SKIP(TOO_BUSY);
}

TEST(second_count_by_read_back_is_ignored,
     "a read-back of the count before the latched one was read is ignored",
     SPEC("8254 data sheet, Read-back command"))
{
	u16 first;

	pit_program(0, 5);
	ASSERT(wait_until(pit_out()));
	/* Counts on from FFFFH: after 5 ms it is far from where it was. */
	for (u32 tries = 0; tries < TRIES; tries++) {
		u64 start = arch_ticks();

		pit_program(0, 0xf000);
		pit_read_back(BIT(CHANNEL), true, false);
		if (pit_disturbed(start, 1000000))
			continue;
		delay_us(5000);
		pit_read_back(BIT(CHANNEL), true, true);
		EXPECT_EQ(pit_read_byte(CHANNEL) & 0x3f, PIT_ACCESS_BOTH | PIT_MODE(0));
		first = pit_read(CHANNEL);
		/* 1 ms is 1194 clocks. */
		EXPECT_GE(first, 0xf000 - 1300);
		return;
	}
	SKIP(TOO_BUSY);
}

TEST(latch_of_one_byte,
     "with one-byte access one read takes what is latched, and the next one does not",
     SPEC("8254 data sheet, Counter latch command, Read operations"))
{
	SUBTEST("high-byte");
	for (u32 tries = 0;; tries++) {
		u64 start = arch_ticks();
		u8 latched, now;

		if (tries == TRIES) {
			SKIP_ROW(TOO_BUSY);
			break;
		}
		program_byte(PIT_ACCESS_HIGH, 0, 0xf0);
		pit_latch(CHANNEL);
		delay_us(5000);
		latched = pit_read_byte(CHANNEL);
		now = pit_read_byte(CHANNEL);
		/* It wraps after 51 ms. */
		if (pit_disturbed(start, 40000000))
			continue;
		EXPECT_LE(latched, 0xf0);
		EXPECT_GE(latched, 0xf0 - 0x05, "not of the moment of the command");
		/* 5 ms are 5965 clocks. */
		EXPECT_LE(now, latched - 0x10);
		break;
	}
	SUBTEST("low-byte");
	program_byte(PIT_ACCESS_LOW, 2, 1);
	pit_control(CHANNEL, PIT_ACCESS_LOW | PIT_MODE(2));
	pit_write_byte(CHANNEL, 2);
	delay_us(20);
	for (u32 n = 0; n < 20; n++) {
		pit_latch(CHANNEL);
		EXPECT_GE(pit_read_byte(CHANNEL), 1);
		EXPECT_LE(pit_read_byte(CHANNEL), 2);
	}
}

TEST(bytes_alternate, "with two-byte access reads give the low and the high byte by turns",
     SPEC("8254 data sheet, Read operations"))
{
	pit_program(2, 2);
	delay_us(20);
	SUBTEST("not-latched");
	for (u32 n = 0; n < 10; n++) {
		u8 low = pit_read_byte(CHANNEL), high = pit_read_byte(CHANNEL);

		EXPECT_GE(low, 1);
		EXPECT_LE(low, 2);
		EXPECT_EQ(high, 0);
	}
	SUBTEST("latched");
	for (u32 n = 0; n < 10; n++) {
		u8 low, high;

		pit_latch(CHANNEL);
		low = pit_read_byte(CHANNEL);
		high = pit_read_byte(CHANNEL);
		EXPECT_GE(low, 1);
		EXPECT_LE(low, 2);
		EXPECT_EQ(high, 0);
	}
}

TEST(count_written_again,
     "a count that is written without a control word has a low and a high byte, too",
     SPEC("8254 data sheet, Write operations, Mode 2"))
{
	static const u16 counts[] = { 2, 0x0103, 3, 0x0201, 2 };

	pit_program(2, 0x0104);
	for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
		u16 highest = 0;

		pit_write(CHANNEL, counts[i]);
		/* It is loaded when the last one has run out. */
		delay_us(2000);
		for (u32 n = 0; n < 300; n++)
			highest = MAX(highest, pit_read_latched(CHANNEL));
		EXPECT_LE(highest, counts[i], "count %#x", counts[i]);
	}
	pit_program(0, 1);
}

TEST(control_word_begins_again,
     "a control word makes the next byte the low one, of a write and of a read",
     SPEC("8254 data sheet, Programming the 8254"))
{
	SUBTEST("write");
	pit_program(2, 1000);
	pit_write_byte(CHANNEL, 0x80);
	pit_program(2, 0x0040);
	delay_us(200);
	for (u32 n = 0; n < 20; n++) {
		u16 now = pit_read_latched(CHANNEL);

		EXPECT_GE(now, 1);
		EXPECT_LE(now, 0x40);
	}
	SUBTEST("read");
	(void)pit_read_byte(CHANNEL);
	pit_program(2, 2);
	delay_us(20);
	EXPECT_GE(pit_read_byte(CHANNEL), 1, "the low byte");
	EXPECT_EQ(pit_read_byte(CHANNEL), 0, "the high byte");
}

TEST(read_back_mask, "a read-back and a latch are for the channels that they name alone",
     SPEC("8254 data sheet, Counter latch command, Read-back command"))
{
	pit_quiet();
	pit_program(0, 5000);
	ASSERT(wait_until(pit_out()));
	SUBTEST("status-of-another");
	pit_read_back(BIT(0), false, true);
	/* Channel 2's next read is its count: two bytes, of which the status would be the first. */
	pit_latch(CHANNEL);
	pit_read_back(BIT(CHANNEL), false, true);
	EXPECT_EQ(pit_read_byte(CHANNEL) & 0x3f, PIT_ACCESS_BOTH | PIT_MODE(0));
	(void)pit_read(CHANNEL);
	(void)pit_read_byte(0);
	SUBTEST("count-of-another");
	for (u32 tries = 0; tries < TRIES; tries++) {
		u64 start = arch_ticks();
		u16 count;

		pit_program(0, 0xf000);
		pit_latch(0);
		pit_read_back(BIT(0), true, false);
		delay_us(5000);
		pit_latch(CHANNEL);
		count = pit_read(CHANNEL);
		(void)pit_read(0);
		if (pit_disturbed(start, 40000000))
			continue;
		EXPECT_LE(count, 0xf000 - 5900);
		pit_quiet();
		return;
	}
	SKIP_ROW(TOO_BUSY);
}

/* ---------------------------------------------------------------------------------------- modes */

TEST(trigger_loads_count, "a rising edge of the gate loads the count in modes 1 and 5, each time",
     SPEC("8254 data sheet, Mode 1, Mode 5"))
{
	static const u8 modes[] = { 1, 5 };

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		u32 tries;

		SUBTEST("mode-%u", modes[i]);
		for (tries = 0; tries < TRIES; tries++) {
			u64 start;
			u16 count;

			pit_program(modes[i], 0xf000);
			pit_set_gate(false);
			pit_set_gate(true);
			delay_us(5000);
			start = arch_ticks();
			pit_set_gate(false);
			pit_set_gate(true);
			delay_us(10);
			count = pit_read_latched(CHANNEL);
			if (pit_disturbed(start, 1000000))
				continue;
			EXPECT_LE(count, 0xf000);
			EXPECT_GT(count, 0xf000 - 1250);
			break;
		}
		if (tries == TRIES)
			SKIP_ROW(TOO_BUSY);
	}
}

/* "X" in the control word's table of modes. */
TEST(mode_bit_2_ignored, "modes 6 and 7 are modes 2 and 3: bit M2 is not looked at there",
     SPEC("8254 data sheet, Control word format, M: X 1 0, X 1 1"))
{
	for (u32 mode = 6; mode <= 7; mode++) {
		u32 high = 0;

		SUBTEST("mode-%u", mode);
		pit_program(mode, 1000);
		delay_us(2000);
		for (u32 n = 0; n < 50; n++) {
			u16 now = pit_read_latched(CHANNEL);

			EXPECT_GE(now, 1, "it is loaded again");
			EXPECT_LE(now, 1000, "it is loaded again");
		}
		for (u32 n = 0; n < 1000; n++)
			high += pit_out();
		if (mode == 6)
			EXPECT_GE(high, 900u, "of 1000 looks");
		else
			EXPECT(wait_until(!pit_out()) && wait_until(pit_out()) &&
			       wait_until(!pit_out()));
	}
	pit_program(0, 1);
}
