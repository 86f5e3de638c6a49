/* SPDX-License-Identifier: MIT */
/* Channel programs: commands, chaining, counts, what ends them, and where the status says that they ended. */
#include "device.h"

#include <mm/page.h>
#include <string.h>

SUITE("Channel programs");

/* Storage for programs and data is below 2 GiB, and below 16 MiB for format 0. */
static struct ccw1 ccw[8];
static struct ccw0 old_ccw[4];
static u8 data[512] __aligned(8);

static u32 address_of(const void *p)
{
	return (u32)(ulong)p;
}

static struct ccw1 command(u8 code, u8 flags, u16 count, const void *at)
{
	return (struct ccw1){ code, flags, count, address_of(at) };
}

static void fill_data(void)
{
	memset(data, 0xee, sizeof(data));
}

/* Channel end and device end, nothing else, with the address after the last command. */
#define EXPECT_ENDED(irb, last)                                                                   \
	do {                                                                                      \
		EXPECT_EQ((irb).scsw.device_status, DSTAT_CHANNEL_END | DSTAT_DEVICE_END);        \
		EXPECT_EQ((irb).scsw.subchannel_status, 0);                                       \
		EXPECT_EQ((irb).scsw.address, address_of(last) + 8);                              \
		EXPECT_EQ((irb).scsw.control &(SCSW_START | SCSW_HALT | SCSW_CLEAR), SCSW_START); \
		EXPECT_EQ((irb).scsw.control &SCSW_STATUS,                                        \
			  SCSW_PRIMARY | SCSW_SECONDARY | SCSW_PENDING);                          \
		EXPECT_EQ((irb).scsw.control &SCSW_ACTIVITY, 0);                                  \
	} while (0)

#define EXPECT_PROGRAM_CHECK(irb, last)                                               \
	do {                                                                          \
		EXPECT_EQ((irb).scsw.subchannel_status, CSTAT_PROGRAM_CHECK);         \
		EXPECT_EQ((irb).scsw.address, address_of(last) + 8);                  \
		EXPECT_EQ((irb).scsw.control &SCSW_STATUS,                            \
			  SCSW_ALERT | SCSW_PRIMARY | SCSW_SECONDARY | SCSW_PENDING); \
	} while (0)

TEST(no_operation, "a no-operation ends with channel end and device end",
     SPEC("PoP SA22-7832-13, chapter 15, Channel-Command Word; chapter 16, SCSW; SA22-7204, No-Operation"))
{
	u32 schid = device_start(0x55);
	struct irb irb;

	ccw[0] = command(CMD_NOP, CCW_SLI, 1, data);
	irb = device_execute(schid, ccw);
	EXPECT_ENDED(irb, &ccw[0]);
	EXPECT_EQ(irb.scsw.flags & SCSW_FORMAT_1, SCSW_FORMAT_1);
	device_end(schid);
}

TEST(path_used, "the path that a program used is available, and the last one that was used",
     SPEC("PoP SA22-7832-13, chapter 15, PMCW: Last-Path-Used Mask, Path-Available Mask"))
{
	u32 schid = device_start(0x55);
	struct schib schib;

	ccw[0] = command(CMD_NOP, CCW_SLI, 1, data);
	device_execute(schid, ccw);
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	EXPECT_NE(schib.pmcw.pam & schib.pmcw.pim & schib.pmcw.pom, 0);
	EXPECT_NE(schib.pmcw.lpum & schib.pmcw.pim, 0);
	device_end(schid);
}

TEST(status_of_last, "what a program ended with is not found in the status of the next one",
     SPEC("PoP SA22-7832-13, chapter 16, Subchannel-Status Word"))
{
	u32 schid = device_start(0x55);
	struct irb irb;

	ccw[0] = command(0x00, CCW_SLI, 4, data);
	irb = device_execute(schid, ccw);
	EXPECT_PROGRAM_CHECK(irb, &ccw[0]);
	ccw[0] = command(CMD_NOP, CCW_SLI, 1, data);
	irb = device_execute(schid, ccw);
	EXPECT_ENDED(irb, &ccw[0]);
	irb = device_command(schid, 0x77, data, 4);
	EXPECT_EQ(irb.scsw.device_status & DSTAT_UNIT_CHECK, DSTAT_UNIT_CHECK);
	irb = device_execute(schid, ccw);
	EXPECT_ENDED(irb, &ccw[0]);
	device_end(schid);
}

TEST(sense_id,
     "SENSE ID says that there is a virtio device behind its control unit, and how many bytes",
     SPEC("virtio 1.2, 4.3.1.1, Device Identification; SA22-7204, Sense ID"))
{
	static const u16 counts[] = { 4, 5, 7, 8, 12, 16, 64, 300 };
	u32 schid = device_start(0);

	for (u32 n = 0; n < ARRAY_SIZE(counts); n++) {
		struct irb irb;

		SUBTEST("count %u", counts[n]);
		fill_data();
		irb = device_command(schid, CMD_SENSE_ID, data, counts[n]);
		EXPECT_EQ(irb.scsw.device_status, DSTAT_CHANNEL_END | DSTAT_DEVICE_END);
		EXPECT_EQ(irb.scsw.subchannel_status, 0);
		EXPECT_EQ(data[0], 0xff);
		EXPECT_EQ(data[1] << 8 | data[2], 0x3832);
		EXPECT_EQ(data[3], 4); /* entropy source */
		/* Device type and model are not set. */
		for (u32 at = 4; at + irb.scsw.count < counts[n] && at < 7; at++)
			EXPECT_EQ(data[at], 0, "byte %u", at);
		EXPECT_LE(irb.scsw.count, counts[n]);
		/* What was not transferred was not touched. */
		EXPECT_EQ(data[counts[n]], 0xee);
		EXPECT_EQ(data[counts[n] - irb.scsw.count], 0xee);
	}
	device_end(schid);
}

TEST(format_0, "a program of format 0 has 24-bit addresses and does the same",
     SPEC("PoP SA22-7832-13, chapter 15, Channel-Command Word: Format 0"))
{
	u32 schid = device_start(0), at = address_of(data);
	struct irb irb;

	fill_data();
	old_ccw[0] = (struct ccw0){ .command = CMD_SENSE_ID,
				    .flags = CCW_SLI,
				    .count = 7,
				    .address = { (u8)(at >> 16), (u8)(at >> 8), (u8)at } };
	ASSERT_EQ(device_run(schid, old_ccw, 0), 0u);
	ASSERT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_ENDED(irb, &old_ccw[0]);
	EXPECT_EQ(data[0], 0xff);
	EXPECT_EQ(data[7], 0xee);
	device_end(schid);
}

TEST(format_bit, "the subchannel-status word has the format that the last ORB had",
     SPEC("PoP SA22-7832-13, chapter 16, CCW Format (F)"))
{
	u32 schid = device_start(0), at = address_of(data);
	struct irb irb;

	ccw[0] = command(CMD_NOP, CCW_SLI, 1, data);
	irb = device_execute(schid, ccw);
	EXPECT_EQ(irb.scsw.flags & SCSW_FORMAT_1, SCSW_FORMAT_1);
	old_ccw[0] = (struct ccw0){ .command = CMD_NOP,
				    .flags = CCW_SLI,
				    .count = 1,
				    .address = { (u8)(at >> 16), (u8)(at >> 8), (u8)at } };
	ASSERT_EQ(device_run(schid, old_ccw, 0), 0u);
	ASSERT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_EQ(irb.scsw.flags & SCSW_FORMAT_1, 0);
	device_end(schid);
}

TEST(command_chaining,
     "command chaining goes on with the next CCW, and the address says where it ended",
     SPEC("PoP SA22-7832-13, chapter 15, Command Chaining; chapter 16, CCW Address"))
{
	u32 schid = device_start(0);

	for (u32 length = 1; length <= 6; length++) {
		struct irb irb;

		SUBTEST("%u commands", length);
		fill_data();
		for (u32 n = 0; n < length; n++)
			ccw[n] = command(CMD_SENSE_ID, CCW_SLI | CCW_CHAIN_COMMAND, 4,
					 data + 8 * n);
		ccw[length - 1].flags = CCW_SLI;
		irb = device_execute(schid, ccw);
		EXPECT_ENDED(irb, &ccw[length - 1]);
		for (u32 n = 0; n < 8; n++)
			EXPECT_EQ(data[8 * n], n < length ? 0xff : 0xee, "command %u", n);
	}
	device_end(schid);
}

TEST(transfer_in_channel, "TRANSFER IN CHANNEL goes on at its address, and ends nothing itself",
     SPEC("PoP SA22-7832-13, chapter 15, Transfer in Channel"))
{
	u32 schid = device_start(0);
	struct irb irb;

	fill_data();
	ccw[0] = command(CMD_NOP, CCW_SLI | CCW_CHAIN_COMMAND, 1, data);
	ccw[1] = (struct ccw1){ CMD_TIC, 0, 0, address_of(&ccw[5]) };
	ccw[2] = command(CMD_SENSE_ID, CCW_SLI, 8, data + 64);
	ccw[5] = command(CMD_SENSE_ID, CCW_SLI, 4, data);
	irb = device_execute(schid, ccw);
	EXPECT_ENDED(irb, &ccw[5]);
	EXPECT_EQ(data[0], 0xff);
	EXPECT_EQ(data[64], 0xee);
	device_end(schid);
}

TEST(program_checks,
     "a channel program that is wrong is a program check, with the address after the CCW",
     SPEC("PoP SA22-7832-13, chapter 16, Program Check"))
{
	u32 schid = device_start(0);
	struct irb irb;

	SUBTEST("command code 0");
	ccw[0] = command(0x00, CCW_SLI, 4, data);
	irb = device_execute(schid, ccw);
	EXPECT_PROGRAM_CHECK(irb, &ccw[0]);
	SUBTEST("command code 0xf0");
	ccw[0] = command(0xf0, CCW_SLI, 4, data);
	irb = device_execute(schid, ccw);
	EXPECT_PROGRAM_CHECK(irb, &ccw[0]);
	SUBTEST("TIC to TIC");
	ccw[0] = command(CMD_NOP, CCW_SLI | CCW_CHAIN_COMMAND, 1, data);
	ccw[1] = (struct ccw1){ CMD_TIC, 0, 0, address_of(&ccw[3]) };
	ccw[3] = (struct ccw1){ CMD_TIC, 0, 0, address_of(&ccw[5]) };
	ccw[5] = command(CMD_NOP, CCW_SLI, 1, data);
	irb = device_execute(schid, ccw);
	EXPECT_PROGRAM_CHECK(irb, &ccw[3]);
	SUBTEST("TIC with a count");
	ccw[1] = (struct ccw1){ CMD_TIC, 0, 1, address_of(&ccw[5]) };
	irb = device_execute(schid, ccw);
	EXPECT_PROGRAM_CHECK(irb, &ccw[1]);
	SUBTEST("TIC with a flag");
	ccw[1] = (struct ccw1){ CMD_TIC, CCW_SLI, 0, address_of(&ccw[5]) };
	irb = device_execute(schid, ccw);
	EXPECT_PROGRAM_CHECK(irb, &ccw[1]);
	SUBTEST("TIC with another code than 8");
	ccw[1] = (struct ccw1){ 0x18, 0, 0, address_of(&ccw[5]) };
	irb = device_execute(schid, ccw);
	EXPECT_PROGRAM_CHECK(irb, &ccw[1]);
	SUBTEST("suspend flag without suspend control");
	ccw[0] = command(CMD_NOP, CCW_SLI | CCW_SUSPEND, 1, data);
	irb = device_execute(schid, ccw);
	EXPECT_PROGRAM_CHECK(irb, &ccw[0]);
	SUBTEST("MIDA flag without MIDAWs");
	ccw[0] = command(CMD_NOP, CCW_SLI | CCW_MIDA, 1, data);
	irb = device_execute(schid, ccw);
	EXPECT_PROGRAM_CHECK(irb, &ccw[0]);
	SUBTEST("a program off a doubleword");
	ccw[2] = command(CMD_NOP, CCW_SLI, 1, data);
	memmove((u8 *)ccw + 4, &ccw[2], 8);
	irb = device_execute(schid, (const void *)((u8 *)ccw + 4));
	EXPECT_EQ(irb.scsw.subchannel_status, CSTAT_PROGRAM_CHECK);
	SUBTEST("a chained command that is wrong");
	ccw[0] = command(CMD_SENSE_ID, CCW_SLI | CCW_CHAIN_COMMAND, 4, data);
	ccw[1] = command(0x00, CCW_SLI, 4, data);
	fill_data();
	irb = device_execute(schid, ccw);
	EXPECT_PROGRAM_CHECK(irb, &ccw[1]);
	EXPECT_EQ(data[0], 0xff);
	SUBTEST("a count of zero in format 0");
	old_ccw[0] = (struct ccw0){ .command = CMD_SENSE_ID, .flags = CCW_SLI };
	ASSERT_EQ(device_run(schid, old_ccw, 0), 0u);
	ASSERT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_PROGRAM_CHECK(irb, &old_ccw[0]);
	/* A TIC of format 0 is any code that ends in 8; its count and flags are not looked at. */
	SUBTEST("first command TIC, format 0");
	old_ccw[0] = (struct ccw0){ .command = CMD_TIC };
	ASSERT_EQ(device_run(schid, old_ccw, 0), 0u);
	ASSERT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_EQ(irb.scsw.subchannel_status, CSTAT_PROGRAM_CHECK);
	device_end(schid);
}

TEST(unknown_command, "a command that the device does not know is a unit check with command reject",
     SPEC("PoP SA22-7832-13, chapter 16, Device Status; SA22-7204, Command Reject"))
{
	static const u8 codes[] = { 0x02, 0x05, 0x77, 0xc3, 0xfd };
	u32 schid = device_start(0);

	for (u32 n = 0; n < ARRAY_SIZE(codes); n++) {
		struct irb irb;

		SUBTEST("command %#x", codes[n]);
		irb = device_command(schid, codes[n], data, 4);
		EXPECT_EQ(irb.scsw.device_status & DSTAT_UNIT_CHECK, DSTAT_UNIT_CHECK);
		EXPECT_EQ(irb.scsw.subchannel_status & CSTAT_PROGRAM_CHECK, 0);
		/* The sense bytes wait where there is no concurrent sense. */
		EXPECT_EQ(irb.scsw.flags & SCSW_ECW, 0);
		EXPECT_EQ(irb.scsw.control & (SCSW_ALERT | SCSW_PENDING),
			  SCSW_ALERT | SCSW_PENDING);
		/* Basic sense says why, once. */
		fill_data();
		irb = device_command(schid, CMD_SENSE, data, 32);
		EXPECT_EQ(irb.scsw.device_status, DSTAT_CHANNEL_END | DSTAT_DEVICE_END);
		EXPECT_EQ(data[0] & 0x80, 0x80);
		EXPECT_EQ(data[32], 0xee);
		EXPECT_EQ(data[31 - irb.scsw.count], 0);
		EXPECT_EQ(data[32 - irb.scsw.count], 0xee);
		irb = device_command(schid, CMD_SENSE, data, 32);
		EXPECT_EQ(data[0], 0);
	}
	device_end(schid);
}

TEST(sense_residual, "the residual count of a sense is what the device has not sent",
     SPEC("PoP SA22-7832-13, chapter 16, Count; SA22-7204, Basic Sense"))
{
	static const u16 counts[] = { 1, 2, 24, 31, 32, 33, 40, 64 };
	u32 schid = device_start(0);

	/* What there is to say of another program is gone then. */
	device_command(schid, CMD_SENSE, data, 32);
	for (u32 n = 0; n < ARRAY_SIZE(counts); n++) {
		struct irb irb;
		u32 sent;

		SUBTEST("count %u", counts[n]);
		fill_data();
		irb = device_command(schid, CMD_SENSE, data, counts[n]);
		EXPECT_EQ(irb.scsw.device_status, DSTAT_CHANNEL_END | DSTAT_DEVICE_END);
		ASSERT_LE(irb.scsw.count, counts[n]);
		sent = counts[n] - irb.scsw.count;
		EXPECT_GE(sent, 1u);
		EXPECT_EQ(data[sent - 1], 0);
		EXPECT_EQ(data[sent], 0xee);
	}
	device_end(schid);
}

TEST(unit_check_ends_chain, "after a unit check, chaining does not go on",
     SPEC("PoP SA22-7832-13, chapter 15, Command Chaining"))
{
	u32 schid = device_start(0);
	struct irb irb;

	fill_data();
	ccw[0] = command(0x77, CCW_SLI | CCW_CHAIN_COMMAND, 4, data);
	ccw[1] = command(CMD_SENSE_ID, CCW_SLI, 4, data + 64);
	irb = device_execute(schid, ccw);
	EXPECT_EQ(irb.scsw.device_status & DSTAT_UNIT_CHECK, DSTAT_UNIT_CHECK);
	EXPECT_EQ(irb.scsw.address, address_of(&ccw[0]) + 8);
	EXPECT_EQ(data[64], 0xee);
	device_end(schid);
}

TEST(concurrent_sense, "with concurrent sense, TSCH stores the sense bytes, and they are gone then",
     SPEC("PoP SA22-7832-13, chapter 15, PMCW: Concurrent Sense; chapter 16, Extended-Control Word"))
{
	u32 schid = device_start(0);
	struct schib schib;
	struct irb irb;

	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	schib.pmcw.characteristics |= PMCW_CSENSE;
	ASSERT_EQ(modify_subchannel(schid, &schib), 0u);
	irb = device_command(schid, 0x77, data, 4);
	EXPECT_EQ(irb.scsw.device_status & DSTAT_UNIT_CHECK, DSTAT_UNIT_CHECK);
	EXPECT_EQ(irb.scsw.flags & SCSW_ECW, SCSW_ECW);
	EXPECT_EQ(irb.esw[1] & 0x01000000, 0x01000000u); /* ERW: concurrent sense */
	EXPECT_EQ(irb.ecw[0] & 0x80, 0x80);
	irb = device_command(schid, CMD_SENSE, data, 32);
	EXPECT_EQ(data[0], 0);
	device_end(schid);
}

TEST(concurrent_sense_count, "the extended-report word says how many sense bytes there are",
     SPEC("PoP SA22-7832-13, chapter 16, Extended-Report Word: Concurrent-Sense Count, bits 10-15"))
{
	u32 schid = device_start(0);
	struct schib schib;
	struct irb irb;

	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	schib.pmcw.characteristics |= PMCW_CSENSE;
	ASSERT_EQ(modify_subchannel(schid, &schib), 0u);
	irb = device_command(schid, 0x77, data, 4);
	EXPECT_GE(irb.esw[1] >> 16 & 0x3f, 1u);
	EXPECT_EQ(irb.esw[1] & 0xffff, 0u);
	device_end(schid);
}

TEST(incorrect_length, "a length that is not the device's is an incorrect length unless suppressed",
     SPEC("PoP SA22-7832-13, chapter 16, Incorrect Length"))
{
	u32 schid = device_start(0);
	struct irb irb;

	fill_data();
	ccw[0] = command(CMD_SENSE_ID, 0, 4, data);
	irb = device_execute(schid, ccw);
	EXPECT_EQ(irb.scsw.subchannel_status, CSTAT_INCORRECT_LENGTH);
	EXPECT_EQ(irb.scsw.count, 0);
	EXPECT_EQ(data[0], 0xff);
	device_end(schid);
}

TEST(skip, "the skip flag has the device send its bytes and stores none of them",
     SPEC("PoP SA22-7832-13, chapter 15, Skipping"))
{
	u32 schid = device_start(0);
	struct irb irb;

	fill_data();
	ccw[0] = command(CMD_SENSE_ID, CCW_SLI | CCW_SKIP, 7, data);
	irb = device_execute(schid, ccw);
	EXPECT_ENDED(irb, &ccw[0]);
	EXPECT_EQ(data[0], 0xee);
	device_end(schid);
}

/* Two bytes to the end of a block, two to the start of another one. */
static void check_indirect(u16 control, bool format_2, u32 block)
{
	static u64 words[2] __aligned(8);
	u32 schid = device_start(0), *words_1 = (u32 *)words;
	u8 *pages = pages_alloc(2, 2 * PAGE_SIZE), *other = pages_alloc(1, PAGE_SIZE);
	u32 stride = format_2 ? 2 : 1, low = format_2 ? 1 : 0;
	struct irb irb;

	memset(pages, 0xee, 2 * PAGE_SIZE);
	memset(other, 0xee, PAGE_SIZE);
	words[0] = words[1] = 0;
	words_1[low] = address_of(pages + block - 2);
	words_1[low + stride] = address_of(other);
	ccw[0] = command(CMD_SENSE_ID, CCW_SLI | CCW_IDA, 4, words);
	irb = device_execute_with(schid, ccw, ORB_FORMAT_1 | control);
	EXPECT_ENDED(irb, &ccw[0]);
	EXPECT_EQ(pages[block - 2], 0xff);
	EXPECT_EQ(pages[block - 1], 0x38);
	EXPECT_EQ(pages[block], 0xee);
	EXPECT_EQ(other[0], 0x32);
	EXPECT_EQ(other[1], 4);
	EXPECT_EQ(other[2], 0xee);
	device_end(schid);
}

TEST(indirect_data_1, "indirect-data-address words of format 1 have 31 bits and blocks of 2 KiB",
     SPEC("PoP SA22-7832-13, chapter 15, Indirect Data Addressing: Format 1"))
{
	check_indirect(0, false, 2048);
}

TEST(indirect_data_2,
     "indirect-data-address words of format 2 have 64 bits and blocks of 2 or 4 KiB",
     SPEC("PoP SA22-7832-13, chapter 15, Indirect Data Addressing: Format 2"))
{
	SUBTEST("4 KiB");
	check_indirect(ORB_IDA_2, true, 4096);
	SUBTEST("2 KiB");
	check_indirect(ORB_IDA_2 | ORB_IDA_2K, true, 2048);
}

TEST(indirect_one_block, "an indirect address whose block is not left is like a direct one",
     SPEC("PoP SA22-7832-13, chapter 15, Indirect Data Addressing: Format 2"))
{
	static u64 word __aligned(8);
	u32 schid = device_start(0);
	struct irb irb;

	fill_data();
	word = address_of(data + 3);
	ccw[0] = command(CMD_SENSE_ID, CCW_SLI | CCW_IDA, 4, &word);
	irb = device_execute_with(schid, ccw, ORB_FORMAT_1 | ORB_IDA_2);
	EXPECT_ENDED(irb, &ccw[0]);
	EXPECT_EQ(data[2], 0xee);
	EXPECT_EQ(data[3], 0xff);
	EXPECT_EQ(data[4], 0x38);
	EXPECT_EQ(data[5], 0x32);
	EXPECT_EQ(data[7], 0xee);
	device_end(schid);
}
