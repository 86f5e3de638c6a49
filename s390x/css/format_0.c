/* SPDX-License-Identifier: MIT */
/* Channel programs of format 0: TRANSFER IN CHANNEL of any code, 24-bit addresses. */
#include "device.h"

#include <mm/page.h>
#include <string.h>
#include <sys/time.h>

SUITE("Channel programs of format 0");

static struct ccw0 ccw[4];
static u8 data[16] __aligned(8);

static struct ccw0 command(u8 code, u8 flags, u16 count, u32 at)
{
	return (struct ccw0){ .command = code,
			      .flags = flags,
			      .count = count,
			      .address = { (u8)(at >> 16), (u8)(at >> 8), (u8)at } };
}

static struct irb run(u32 schid)
{
	struct irb irb;

	ASSERT_EQ(device_run(schid, ccw, 0), 0u);
	ASSERT(wait_until(test_subchannel(schid, &irb) == 0));
	return irb;
}

TEST(format_0_tic,
     "in format 0, each code that ends in 8 is TRANSFER IN CHANNEL; count and flags do not count",
     SPEC("PoP SA22-7832-13, chapter 15, Transfer in Channel: format-0 CCWs"))
{
	u32 schid = device_start(0);

	for (u32 high = 0; high < 16; high++) {
		struct irb irb;

		SUBTEST("code %#x", high << 4 | CMD_TIC);
		memset(data, 0xee, sizeof(data));
		ccw[0] = command(CMD_NOP, CCW_SLI | CCW_CHAIN_COMMAND, 1, (u32)(ulong)data);
		ccw[1] = command((u8)(high << 4 | CMD_TIC),
				 high & 1 ? CCW_SLI | CCW_CHAIN_COMMAND : 0, (u16)(high << 3),
				 (u32)(ulong)&ccw[3]);
		ccw[2] = command(0, 0, 0, 0);
		ccw[3] = command(CMD_SENSE_ID, CCW_SLI, 4, (u32)(ulong)data);
		irb = run(schid);
		EXPECT_EQ(irb.scsw.subchannel_status, 0);
		EXPECT_EQ(irb.scsw.address, (u32)(ulong)&ccw[3] + 8);
		EXPECT_EQ(data[0], 0xff);
		EXPECT_EQ(data[4], 0xee);
	}
	device_end(schid);
}

TEST(format_0_end, "in format 0, data that goes beyond 16 MiB is a program check",
     SPEC("PoP SA22-7832-13, chapter 16, Program Check: Invalid Data Address"))
{
	static const u8 nothing[8];
	u8 *end = (u8 *)(ulong)(16 * MiB), before[8];
	u32 schid = device_start(0);
	struct irb irb;

	if (page_memory_end() < 17 * MiB)
		SKIP("16 MiB of storage");
	memcpy(before, end - 4, 8);
	memset(end - 4, 0, 8);
	ccw[0] = command(CMD_SENSE_ID, CCW_SLI, 6, (u32)(ulong)end - 2);
	irb = run(schid);
	EXPECT_EQ(irb.scsw.subchannel_status, CSTAT_PROGRAM_CHECK);
	EXPECT_MEM_EQ(end, nothing, 4);
	memcpy(end - 4, before, 8);
	device_end(schid);
}
