/* SPDX-License-Identifier: MIT */
/*
 * Start, halt, clear, resume and cancel: their condition codes in each state of a subchannel, and what
 * TEST SUBCHANNEL makes of it. A program that is suspended keeps the start function.
 */
#include "device.h"

#include <string.h>
#include <sys/time.h>

SUITE("Functions of a subchannel");

static struct ccw1 ccw[4];
static struct irb irb;
static struct schib schib;
static u8 data[64];

static void program(u8 flags)
{
	for (u32 n = 0; n < ARRAY_SIZE(ccw); n++)
		ccw[n] = (struct ccw1){ CMD_NOP, CCW_SLI, 1, (u32)(ulong)data };
	ccw[0].flags |= CCW_CHAIN_COMMAND;
	ccw[1].flags |= flags;
}

static struct scsw status(u32 schid)
{
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	return schib.scsw;
}

TEST(status_pending, "after a start, status is pending until TSCH, which stores it once",
     SPEC("PoP SA22-7832-13, chapter 14, TEST SUBCHANNEL, Condition Code"))
{
	u32 schid = device_start(0x2468);
	struct scsw before;

	EXPECT_EQ(test_subchannel(schid, &irb), 1u);
	EXPECT_EQ(irb.scsw.control, 0u);
	program(0);
	ASSERT_EQ(device_run(schid, ccw, ORB_FORMAT_1), 0u);
	before = status(schid);
	EXPECT_EQ(before.control & (SCSW_START | SCSW_PENDING), SCSW_START | SCSW_PENDING);
	/* The ORB's parameter is the subchannel's from now on. */
	EXPECT_EQ(schib.pmcw.parameter, 0x11223344u);
	memset(&irb, 0xee, sizeof(irb));
	EXPECT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_MEM_EQ(&irb.scsw, &before, sizeof(before));
	EXPECT_EQ(irb.emw[0], 0xee); /* only with the extended-measurement mode */
	EXPECT_EQ(status(schid).control, 0u);
	EXPECT_EQ(test_subchannel(schid, &irb), 1u);
	device_end(schid);
}

TEST(while_pending, "while status is pending, other functions are refused with condition code 1",
     SPEC("PoP SA22-7832-13, chapter 14, START, HALT, MODIFY, RESUME, CANCEL SUBCHANNEL"))
{
	u32 schid = device_start(0);

	program(0);
	ASSERT_EQ(device_run(schid, ccw, ORB_FORMAT_1), 0u);
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	SUBTEST("SSCH");
	EXPECT_EQ(device_run(schid, ccw, ORB_FORMAT_1), 1u);
	SUBTEST("HSCH");
	EXPECT_EQ(halt_subchannel(schid, NULL), 1u);
	SUBTEST("RSCH");
	EXPECT_EQ(resume_subchannel(schid, NULL), 1u);
	SUBTEST("XSCH");
	EXPECT_EQ(cancel_subchannel(schid, NULL), 1u);
	SUBTEST("MSCH");
	schib.pmcw.parameter = 0x999;
	EXPECT_EQ(modify_subchannel(schid, &schib), 1u);
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	EXPECT_NE(schib.pmcw.parameter, 0x999u);
	SUBTEST("CSCH");
	EXPECT_EQ(clear_subchannel(schid, NULL), 0u);
	EXPECT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_EQ(irb.scsw.control & (SCSW_START | SCSW_HALT | SCSW_CLEAR), SCSW_CLEAR);
	device_end(schid);
}

TEST(idle,
     "without a function, halt and clear end at once, and there is nothing to resume or cancel",
     SPEC("PoP SA22-7832-13, chapter 14, HALT, CLEAR, RESUME, CANCEL SUBCHANNEL"))
{
	u32 schid = device_start(0);

	SUBTEST("HSCH");
	EXPECT_EQ(halt_subchannel(schid, NULL), 0u);
	EXPECT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_EQ(irb.scsw.control & (SCSW_START | SCSW_HALT | SCSW_CLEAR), SCSW_HALT);
	EXPECT_EQ(irb.scsw.control & SCSW_STATUS, SCSW_PENDING);
	EXPECT_EQ(irb.scsw.subchannel_status, 0);
	EXPECT_EQ(status(schid).control, 0u);
	SUBTEST("CSCH");
	EXPECT_EQ(clear_subchannel(schid, NULL), 0u);
	EXPECT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_EQ(irb.scsw.control & (SCSW_START | SCSW_HALT | SCSW_CLEAR), SCSW_CLEAR);
	EXPECT_EQ(irb.scsw.control & SCSW_STATUS, SCSW_PENDING);
	EXPECT_EQ(irb.scsw.control & SCSW_ACTIVITY, 0);
	EXPECT_EQ(status(schid).control, 0u);
	SUBTEST("RSCH");
	EXPECT_EQ(resume_subchannel(schid, NULL), 2u);
	SUBTEST("XSCH");
	EXPECT_EQ(cancel_subchannel(schid, NULL), 2u);
	device_end(schid);
}

/* Leaves the program suspended before its second command, and whatever told so is taken. */
static u32 suspend(void)
{
	u32 schid = device_start(0);
	struct scsw now;

	program(CCW_SUSPEND | CCW_CHAIN_COMMAND);
	ASSERT_EQ(device_run(schid, ccw, ORB_FORMAT_1 | ORB_SUSPEND | ORB_NO_SUSPEND), 0u);
	now = status(schid);
	ASSERT_EQ(now.control & SCSW_SUSPENDED, SCSW_SUSPENDED);
	ASSERT_EQ(now.control & SCSW_START, SCSW_START);
	return schid;
}

TEST(suspended, "a program with a suspend flag stops before that command and goes on with RSCH",
     SPEC("PoP SA22-7832-13, chapter 15, Suspension of Channel-Program Execution; RESUME SUBCHANNEL"))
{
	u32 schid = suspend();

	ccw[1].flags &= (u8)~CCW_SUSPEND;
	ccw[2] = (struct ccw1){ CMD_SENSE_ID, CCW_SLI, 4, (u32)(ulong)data };
	memset(data, 0xee, sizeof(data));
	EXPECT_EQ(resume_subchannel(schid, NULL), 0u);
	ASSERT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_EQ(irb.scsw.address, (u32)(ulong)&ccw[2] + 8);
	EXPECT_EQ(irb.scsw.device_status, DSTAT_CHANNEL_END | DSTAT_DEVICE_END);
	EXPECT_EQ(irb.scsw.control & SCSW_SUSPENDED, 0);
	EXPECT_EQ(data[0], 0xff);
	device_end(schid);
}

TEST(suspended_busy,
     "while a program is suspended, start and modify are refused with condition code 2",
     SPEC("PoP SA22-7832-13, chapter 14, START SUBCHANNEL, MODIFY SUBCHANNEL, Condition Code 2"))
{
	u32 schid = suspend();

	EXPECT_EQ(device_run(schid, ccw, ORB_FORMAT_1), 2u);
	EXPECT_EQ(modify_subchannel(schid, &schib), 2u);
	EXPECT_EQ(status(schid).control & SCSW_SUSPENDED, SCSW_SUSPENDED);
	device_end(schid);
}

TEST(suspended_ends, "halt, clear and cancel end a suspended program",
     SPEC("PoP SA22-7832-13, chapter 14, HALT, CLEAR, CANCEL SUBCHANNEL"))
{
	u32 schid;

	SUBTEST("HSCH");
	schid = suspend();
	EXPECT_EQ(halt_subchannel(schid, NULL), 0u);
	EXPECT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_EQ(irb.scsw.control & SCSW_HALT, SCSW_HALT);
	EXPECT_EQ(status(schid).control & (SCSW_START | SCSW_SUSPENDED), 0);
	SUBTEST("CSCH");
	schid = suspend();
	EXPECT_EQ(clear_subchannel(schid, NULL), 0u);
	EXPECT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_EQ(irb.scsw.control & (SCSW_START | SCSW_HALT | SCSW_CLEAR), SCSW_CLEAR);
	EXPECT_EQ(status(schid).control, 0u);
	SUBTEST("XSCH");
	schid = suspend();
	EXPECT_EQ(cancel_subchannel(schid, NULL), 0u);
	EXPECT_EQ(status(schid).control, 0u);
	EXPECT_EQ(test_subchannel(schid, &irb), 1u);
	device_end(schid);
}

TEST(start_exceptions,
     "an ORB with reserved bits or an address of more than 31 bits is an operand exception",
     SPEC("PoP SA22-7832-13, chapter 14, START SUBCHANNEL, Program Exceptions"))
{
	u32 schid = device_start(0), cc;
	struct orb orb = { .control = ORB_FORMAT_1, .lpm = 0xff, .program = (u32)(ulong)ccw };

	program(0);
	SUBTEST("bit 13 of word 1");
	orb.control |= ORB_RESERVED;
	EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4), start_subchannel_try(schid, &orb, &cc));
	orb.control &= (u16)~ORB_RESERVED;
	for (u32 bit = 26; bit <= 30; bit++) {
		SUBTEST("bit %u of word 1", bit);
		orb.control_2 = (u8)(0x80000000u >> (bit - 24) >> 24);
		EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4), start_subchannel_try(schid, &orb, &cc));
	}
	SUBTEST("bit 0 of word 2");
	orb.control_2 = 0;
	orb.program |= 0x80000000;
	EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4), start_subchannel_try(schid, &orb, &cc));
	EXPECT_EQ(test_subchannel(schid, &irb), 1u);
	device_end(schid);
}

TEST(clear_paths, "a clear function takes all paths for operational again",
     SPEC("PoP SA22-7832-13, chapter 15, Clear-Function Path Management: path-operational mask"))
{
	u32 schid = device_start(0);

	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	schib.pmcw.pom = 0x55;
	ASSERT_EQ(modify_subchannel(schid, &schib), 0u);
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	EXPECT_EQ(schib.pmcw.pom, 0x55);
	ASSERT_EQ(clear_subchannel(schid, NULL), 0u);
	ASSERT(wait_until(test_subchannel(schid, &irb) == 0));
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	EXPECT_EQ(schib.pmcw.pom, 0xff);
	device_end(schid);
}

TEST(no_path, "a start without a path that is available ends with a deferred condition code 3",
     SPEC("PoP SA22-7832-13, chapter 16, Deferred Condition Code; chapter 15, Logical-Path Mask"))
{
	u32 schid = device_start(0);
	struct orb orb = { .control = ORB_FORMAT_1, .lpm = 0x40, .program = (u32)(ulong)ccw };

	program(0);
	ASSERT_EQ(start_subchannel(schid, &orb), 0u);
	ASSERT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_EQ(irb.scsw.flags & SCSW_DEFERRED_CC, SCSW_DEFERRED_CC);
	EXPECT_EQ(irb.scsw.control & (SCSW_ALERT | SCSW_PENDING), SCSW_ALERT | SCSW_PENDING);
	EXPECT_EQ(irb.scsw.device_status, 0);
	device_end(schid);
}

TEST(deferred_code_goes, "the deferred condition code is that of the last start",
     SPEC("PoP SA22-7832-13, chapter 16, Deferred Condition Code"))
{
	u32 schid = device_start(0);
	struct orb orb = { .control = ORB_FORMAT_1, .lpm = 0x40, .program = (u32)(ulong)ccw };

	program(0);
	ASSERT_EQ(start_subchannel(schid, &orb), 0u);
	ASSERT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_EQ(irb.scsw.flags & SCSW_DEFERRED_CC, SCSW_DEFERRED_CC);
	irb = device_execute(schid, ccw);
	EXPECT_EQ(irb.scsw.flags & SCSW_DEFERRED_CC, 0);
	device_end(schid);
}
