/* SPDX-License-Identifier: MIT */
/* Addresses in channel programs where there is nothing, and what flags and optional facilities do not do. */
#include "device.h"

#include <mm/page.h>
#include <string.h>
#include <sys/time.h>

SUITE("Invalid channel programs");

static struct ccw1 ccw[8];
static u8 data[64] __aligned(8);
static u64 words[4] __aligned(8);

static u32 address_of(const void *p)
{
	return (u32)(ulong)p;
}

/* Below 2 GiB, but not in the configuration. */
#define NOWHERE 0x7f000000u

static void expect_program_check(struct irb irb)
{
	EXPECT_EQ(irb.scsw.subchannel_status, CSTAT_PROGRAM_CHECK);
	EXPECT_EQ(irb.scsw.control & (SCSW_ALERT | SCSW_PENDING), SCSW_ALERT | SCSW_PENDING);
}

static struct irb indirect(u32 schid, u32 count, u16 control)
{
	ccw[0] = (struct ccw1){ CMD_SENSE_ID, CCW_SLI | CCW_IDA, (u16)count, address_of(words) };
	return device_execute_with(schid, ccw, ORB_FORMAT_1 | control);
}

/* The low 31 bits of indirect-data-address words of format 1, of which two are in a doubleword. */
static void put_word(u32 n, u32 value)
{
	((u32 *)words)[n] = value;
}

TEST(data_absent, "data outside of the configuration is a program check",
     SPEC("PoP SA22-7832-13, chapter 16, Program Check: Invalid Data Address, Invalid IDAW"))
{
	u8 *pages = pages_alloc(2, 2 * PAGE_SIZE);
	u32 schid = device_start(0);

	if (page_memory_end() > NOWHERE)
		SKIP("2 GiB of storage");
	SUBTEST("CCW");
	ccw[0] = (struct ccw1){ CMD_SENSE_ID, CCW_SLI, 4, NOWHERE };
	expect_program_check(device_execute(schid, ccw));
	SUBTEST("IDAW, format 1");
	put_word(0, NOWHERE);
	expect_program_check(indirect(schid, 4, 0));
	SUBTEST("IDAW, format 2");
	words[0] = NOWHERE;
	expect_program_check(indirect(schid, 4, ORB_IDA_2));
	SUBTEST("second IDAW");
	words[0] = (ulong)pages + PAGE_SIZE - 2;
	words[1] = NOWHERE;
	expect_program_check(indirect(schid, 4, ORB_IDA_2));
	SUBTEST("list of IDAWs");
	ccw[0] = (struct ccw1){ CMD_SENSE_ID, CCW_SLI | CCW_IDA, 4, NOWHERE };
	expect_program_check(device_execute(schid, ccw));
	SUBTEST("program");
	expect_program_check(device_execute(schid, (void *)(ulong)NOWHERE));
	device_end(schid);
}

TEST(idaw_invalid,
     "an IDAW of 32 bits, a list off its boundary, and a second IDAW off a block are program checks",
     SPEC("PoP SA22-7832-13, chapter 15, Indirect Data Addressing; chapter 16, Program Check: Invalid IDAW"))
{
	u8 *pages = pages_alloc(4, 4 * PAGE_SIZE);
	u32 schid = device_start(0);

	SUBTEST("format 1, bit 0");
	put_word(0, 0x80000000 | address_of(data));
	expect_program_check(indirect(schid, 4, 0));
	SUBTEST("format 1, second IDAW inside a block");
	put_word(0, address_of(pages + 2048 - 2));
	put_word(1, address_of(pages + PAGE_SIZE + 8));
	expect_program_check(indirect(schid, 4, 0));
	SUBTEST("format 2, second IDAW inside a block");
	words[0] = (ulong)pages + PAGE_SIZE - 2;
	words[1] = (ulong)pages + 2 * PAGE_SIZE + 2048;
	expect_program_check(indirect(schid, 4, ORB_IDA_2));
	SUBTEST("format 2 of 2 KiB, second IDAW inside a block");
	words[0] = (ulong)pages + 2048 - 2;
	words[1] = (ulong)pages + 2 * PAGE_SIZE + 1024;
	expect_program_check(indirect(schid, 4, ORB_IDA_2 | ORB_IDA_2K));
	for (u32 off = 1; off < 8; off <<= 1) {
		static const char *const names[] = { "1", "2" };

		for (u32 format = 0; format < 2; format++) {
			if (!format && off == 4)
				continue;
			SUBTEST("list of format %s off by %u", names[format], off);
			words[0] = words[1] = 0;
			ccw[0] = (struct ccw1){ CMD_SENSE_ID, CCW_SLI | CCW_IDA, 4,
						address_of(words) + off };
			expect_program_check(device_execute_with(
				schid, ccw, ORB_FORMAT_1 | (format ? ORB_IDA_2 : 0)));
		}
	}
	device_end(schid);
}

TEST(skip_of_writing, "the skip flag of a command that transfers to the device does nothing",
     SPEC("PoP SA22-7832-13, chapter 15, Skipping: read, read backward and sense"))
{
	u32 schid = device_start(0);
	struct irb irb;

	device_revision(schid, 1);
	data[0] = 3; /* acknowledge, driver */
	ccw[0] = (struct ccw1){ CMD_WRITE_STATUS, CCW_SLI | CCW_SKIP, 1, address_of(data) };
	irb = device_execute(schid, ccw);
	EXPECT_EQ(irb.scsw.device_status, DSTAT_CHANNEL_END | DSTAT_DEVICE_END);
	data[0] = 0xee;
	device_command(schid, CMD_READ_STATUS, data, 1);
	EXPECT_EQ(data[0], 3);
	device_command(schid, CMD_VDEV_RESET, data, 1);
	device_end(schid);
}

TEST(midaw, "modified indirect data addressing is refused by START SUBCHANNEL, or works",
     SPEC("PoP SA22-7832-13, chapter 14, START SUBCHANNEL; chapter 15, Modified Indirect Data Addressing"))
{
	u32 schid = device_start(0), cc = 9;
	struct orb orb = { .control = ORB_FORMAT_1, .lpm = 0xff, .control_2 = 0x40 };
	struct fault fault;
	struct irb irb;

	memset(data, 0xee, sizeof(data));
	/* A MIDAW: flags in bits 40-47, count in bits 48-63, address in the second doubleword. */
	words[0] = 0x800004; /* the last one */
	words[1] = (ulong)data;
	ccw[0] = (struct ccw1){ CMD_SENSE_ID, CCW_SLI | CCW_MIDA, 4, address_of(words) };
	orb.program = address_of(ccw);
	fault = start_subchannel_try(schid, &orb, &cc);
	if (fault.kind) {
		EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4), fault);
	} else {
		EXPECT_EQ(cc, 0u);
		ASSERT(wait_until(test_subchannel(schid, &irb) == 0));
		EXPECT_EQ(irb.scsw.subchannel_status, 0);
		EXPECT_EQ(data[0], 0xff);
	}
	device_end(schid);
}

TEST(extended_measurement_words,
     "the extended-measurement-word mode is refused by MODIFY SUBCHANNEL, or set",
     SPEC("PoP SA22-7832-13, chapter 14, MODIFY SUBCHANNEL; chapter 15, PMCW: XMWME, word 6 bit 30"))
{
	u32 schid = device_start(0), cc = 9;
	struct schib schib;
	struct fault fault;

	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	schib.pmcw.characteristics |= 2;
	fault = modify_subchannel_try(schid, &schib, &cc);
	if (fault.kind) {
		EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4), fault);
	} else {
		EXPECT_EQ(cc, 0u);
		ASSERT_EQ(store_subchannel(schid, &schib), 0u);
		EXPECT_EQ(schib.pmcw.characteristics & 2, 2u);
	}
	device_end(schid);
}
