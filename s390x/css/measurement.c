/* SPDX-License-Identifier: MIT */
/* Channel-subsystem monitoring, the address limit, and resets of channel paths. */
#include "device.h"

#include <mm/page.h>
#include <s390x/execute.h>
#include <string.h>
#include <sys/time.h>

SUITE("Channel-subsystem monitoring and channel paths");

#define PMCW_MB_UPDATE 0x0010 /* measurement-block-update enable */
#define SCHM_UPDATE    2      /* R1 bit 62 */
#define SCHM_TIMES     1      /* R1 bit 63: device-connect time */

static u8 blocks[PAGE_SIZE] __aligned(PAGE_SIZE);

/* SCHM takes registers 1 and 2, RCHP and SAL register 1. */
static const u8 schm[4] = { 0xb2, 0x3c }, rchp[4] = { 0xb2, 0x3b }, sal[4] = { 0xb2, 0x37 };

static struct fault channel_insn(const u8 *code, u64 r1, u64 r2, u32 *cc)
{
	struct execution e = { .cc = 2 };
	struct fault fault;

	e.gpr[1] = r1;
	e.gpr[2] = r2;
	fault = execute(code, 4, &e);
	*cc = e.cc;
	return fault;
}

TEST(schm_operands,
     "SET CHANNEL MONITOR refuses reserved bits, and a measurement block off 32 bytes",
     SPEC("PoP SA22-7832-13, chapter 14, SET CHANNEL MONITOR"))
{
	u32 cc;

	for (u32 bit = 36; bit < 62; bit++) {
		/* These say which partition is meant where there are some. */
		if (bit == 39 || (bit >= 45 && bit <= 47))
			continue;
		SUBTEST("bit %u", bit);
		EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4), channel_insn(schm, BIT(63 - bit), 0, &cc));
	}
	for (u32 off = 1; off < 32; off <<= 1) {
		SUBTEST("block off by %u", off);
		EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4),
			     channel_insn(schm, SCHM_UPDATE, (ulong)blocks + off, &cc));
		/* Without the update, the address is not looked at. */
		EXPECT_NO_FAULT(channel_insn(schm, 0, (ulong)blocks + off, &cc));
		EXPECT_EQ(cc, 2u);
	}
	SUBTEST("the left half of register 1, and the key");
	EXPECT_NO_FAULT(channel_insn(schm, 0xffffffff00000000, 0, &cc));
}

/* Runs some no-operations with a measurement block of the format, which is where `format_1` says. */
static bool measure(bool update, bool enabled, bool format_1, u32 count)
{
	u32 schid = device_start(0x55), cc;
	struct schib schib;
	bool there = true;

	memset(blocks, 0, sizeof(blocks));
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	schib.pmcw.mbi = 3;
	if (enabled)
		schib.pmcw.flags |= PMCW_MB_UPDATE;
	if (format_1) {
		schib.pmcw.characteristics |= PMCW_MBFC;
		schib.measurement_block = (ulong)blocks + 0x400;
	}
	if (modify_subchannel(schid, &schib))
		there = false;
	EXPECT_NO_FAULT(channel_insn(schm, update ? SCHM_UPDATE : 0, (ulong)blocks, &cc));
	for (u32 n = 0; n < count && there; n++)
		device_command(schid, CMD_NOP, blocks + 0x800, 1);
	EXPECT_NO_FAULT(channel_insn(schm, 0, 0, &cc));
	device_end(schid);
	return there;
}

TEST(measurement_block, "each start counts in the measurement block of the subchannel's index",
     SPEC("PoP SA22-7832-13, chapter 17, Measurement Block, Format 0"))
{
	static const u8 zeros[96];

	ASSERT_EQ(measure(true, true, false, 5), true);
	EXPECT_EQ((u32)blocks[96] << 8 | blocks[97], 5u);
	EXPECT_MEM_EQ(blocks, zeros, 96);
	EXPECT_MEM_EQ(blocks + 128, zeros, 96);
}

TEST(measurement_off, "without the monitor's or the subchannel's control nothing is counted",
     SPEC("PoP SA22-7832-13, chapter 17, Measurement-Block-Update Mode"))
{
	static const u8 zeros[256];

	u8 prefix[128];

	memcpy(prefix, LOWCORE->ipl, sizeof(prefix));
	SUBTEST("SET CHANNEL MONITOR");
	ASSERT_EQ(measure(false, true, false, 2), true);
	EXPECT_MEM_EQ(blocks, zeros, 256);
	/* Nor where there is no origin. */
	EXPECT_MEM_EQ(LOWCORE->ipl, prefix, sizeof(prefix));
	SUBTEST("subchannel");
	ASSERT_EQ(measure(true, false, false, 2), true);
	EXPECT_MEM_EQ(blocks, zeros, 256);
}

TEST(measurement_format_1,
     "a block of format 1 is where the subchannel says, with a count of 32 bits",
     SPEC("PoP SA22-7832-13, chapter 17, Measurement Block, Format 1"))
{
	static const u8 zeros[256];

	if (!measure(true, true, true, 7))
		SKIP("no extended measurement blocks");
	EXPECT_EQ(*(const u32 *)(blocks + 0x400), 7u);
	EXPECT_MEM_EQ(blocks, zeros, 256);
}

TEST(measurement_format_1_boundary, "a block of format 1 is on 64 bytes",
     SPEC("PoP SA22-7832-13, chapter 14, MODIFY SUBCHANNEL, Operand Exception; chapter 15, SCHIB word 11"))
{
	u32 schid = device_start(0), cc = 9;
	struct schib schib;

	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	schib.pmcw.characteristics |= PMCW_MBFC;
	schib.measurement_block = (ulong)blocks;
	if (modify_subchannel_try(schid, &schib, &cc).kind)
		SKIP("no extended measurement blocks");
	for (u32 off = 1; off < 64; off <<= 1) {
		SUBTEST("off by %u", off);
		schib.measurement_block = (ulong)blocks + off;
		EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4), modify_subchannel_try(schid, &schib, &cc));
	}
	/* With format 0 it is not looked at. */
	SUBTEST("format 0");
	schib.pmcw.characteristics &= ~PMCW_MBFC;
	EXPECT_NO_FAULT(modify_subchannel_try(schid, &schib, &cc));
	EXPECT_EQ(cc, 0u);
	device_end(schid);
}

static u32 count_at(u32 offset)
{
	return (u32)blocks[offset] << 8 | blocks[offset + 1];
}

TEST(measurement_moves, "another address for the measurement blocks, while it is active, is taken",
     SPEC("PoP SA22-7832-13, chapter 14, SET CHANNEL MONITOR; chapter 17, Measurement-Block Origin"))
{
	u32 schid = device_start(0x55), cc;
	struct schib schib;

	memset(blocks, 0, sizeof(blocks));
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	schib.pmcw.mbi = 0;
	schib.pmcw.flags |= PMCW_MB_UPDATE;
	ASSERT_EQ(modify_subchannel(schid, &schib), 0u);
	EXPECT_NO_FAULT(channel_insn(schm, SCHM_UPDATE, (ulong)blocks, &cc));
	device_command(schid, CMD_NOP, blocks + 0x800, 1);
	EXPECT_NO_FAULT(channel_insn(schm, SCHM_UPDATE, (ulong)blocks + 0x200, &cc));
	device_command(schid, CMD_NOP, blocks + 0x800, 1);
	device_command(schid, CMD_NOP, blocks + 0x800, 1);
	EXPECT_NO_FAULT(channel_insn(schm, 0, 0, &cc));
	EXPECT_EQ(count_at(0), 1u);
	EXPECT_EQ(count_at(0x200), 2u);
	device_end(schid);
}

TEST(measurement_resume, "resuming counts as starting does",
     SPEC("PoP SA22-7832-13, chapter 17, Measurement Block: SSCH+RSCH Count"))
{
	static struct ccw1 ccw[2];
	u32 schid = device_start(0x55), cc;
	struct schib schib;
	struct irb irb;

	memset(blocks, 0, sizeof(blocks));
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	schib.pmcw.mbi = 0;
	schib.pmcw.flags |= PMCW_MB_UPDATE;
	ASSERT_EQ(modify_subchannel(schid, &schib), 0u);
	EXPECT_NO_FAULT(channel_insn(schm, SCHM_UPDATE, (ulong)blocks, &cc));
	ccw[0] = (struct ccw1){ CMD_NOP, CCW_SLI | CCW_CHAIN_COMMAND, 1, (u32)(ulong)blocks };
	ccw[1] = (struct ccw1){ CMD_NOP, CCW_SLI | CCW_SUSPEND, 1, (u32)(ulong)blocks };
	ASSERT_EQ(device_run(schid, ccw, ORB_FORMAT_1 | ORB_SUSPEND | ORB_NO_SUSPEND), 0u);
	ASSERT(wait_until(store_subchannel(schid, &schib) == 0 &&
			  (schib.scsw.control & SCSW_SUSPENDED)));
	EXPECT_EQ(count_at(0), 1u);
	ccw[1].flags = CCW_SLI;
	ASSERT_EQ(resume_subchannel(schid, NULL), 0u);
	ASSERT(wait_until(test_subchannel(schid, &irb) == 0));
	EXPECT_NO_FAULT(channel_insn(schm, 0, 0, &cc));
	EXPECT_EQ(irb.scsw.control & SCSW_ACTIVITY, 0);
	EXPECT_EQ(count_at(0), 2u);
	device_end(schid);
}

TEST(sal_operands, "SET ADDRESS LIMIT refuses what is not on 64 KiB, or has a one on its left",
     SPEC("PoP SA22-7832-13, chapter 14, SET ADDRESS LIMIT"))
{
	u32 cc;

	for (u32 bit = 32; bit < 64; bit++) {
		bool refused = bit == 32 || bit >= 48;

		SUBTEST("bit %u", bit);
		if (refused)
			EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4),
				     channel_insn(sal, BIT(63 - bit), 0, &cc));
		else
			EXPECT_NO_FAULT(channel_insn(sal, BIT(63 - bit), 0, &cc));
	}
	EXPECT_NO_FAULT(channel_insn(sal, 0, 0, &cc));
}

TEST(rchp_operands,
     "RESET CHANNEL PATH refuses reserved bits; a path that is not there has condition code 3",
     SPEC("PoP SA22-7832-13, chapter 14, RESET CHANNEL PATH"))
{
	u32 cc;

	for (u32 bit = 32; bit < 56; bit++) {
		/* Bits 40-47 are an image's on later machines. */
		if (bit >= 40 && bit < 48)
			continue;
		SUBTEST("bit %u", bit);
		EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4), channel_insn(rchp, BIT(63 - bit), 0, &cc));
	}
	SUBTEST("path fe");
	EXPECT_NO_FAULT(channel_insn(rchp, 0xfe, 0, &cc));
	EXPECT_EQ(cc, 3u);
}

TEST(rchp_report, "the reset of a path ends with a channel report: initialized, from that path",
     SPEC("PoP SA22-7832-13, chapter 14, RESET CHANNEL PATH; chapter 17, Channel-Report Word"))
{
	u32 schid = device_start(0x55), words[2], cc;
	struct schib schib;

	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	device_end(schid);
	/* What has been reported before. */
	ASSERT(wait_until(store_channel_report_word(0, words) == 1));
	EXPECT_NO_FAULT(channel_insn(rchp, schib.pmcw.chpid[0], 0, &cc));
	ASSERT_EQ(cc, 0u);
	ASSERT(wait_until(store_channel_report_word(0, words) == 0));
	/* Bits 4-7 the source, 4: channel path; 10-15 the error-recovery code, 2: initialized. */
	EXPECT_EQ(words[0] >> 24 & 0xf, 4u);
	EXPECT_EQ(words[0] >> 16 & 0x3f, 2u);
	EXPECT_EQ(words[0] & 0xff, schib.pmcw.chpid[0]);
	/* Solicited, bit 1; no overflow, bit 2. */
	EXPECT_EQ(words[0] & 0x60000000, 0x40000000u);
	EXPECT(wait_until(store_channel_report_word(0, words) == 1));
}
