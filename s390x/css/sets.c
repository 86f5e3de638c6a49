/* SPDX-License-Identifier: MIT */
/* Subchannel sets other than 0. The facility stays enabled: sets 1 to 3 are in no other case's way. */
#include "device.h"

#include <arch/cpu.h>
#include <mm/page.h>
#include <s390x/cr.h>
#include <string.h>
#include <sys/time.h>

SUITE("Subchannel sets");

#define CHSC_DOMAIN_ATTRIBUTES 0x0031
#define ATTRIBUTE_SETS	       2 /* multiple-subchannel-set facility */

static struct {
	u16 length, command;
	u32 words[(PAGE_SIZE - 4) / 4];
} block __aligned(PAGE_SIZE);

/* The subchannel of the device in set 1; the case is skipped if there are no sets, or no such device. */
static u32 find_in_set_1(void)
{
	struct schib schib;

	memset(&block, 0, sizeof(block));
	block.length = 1024;
	block.command = CHSC_DOMAIN_ATTRIBUTES;
	block.words[0] = ATTRIBUTE_SETS;
	if (channel_subsystem_call(0, &block) || (block.words[255] & 0xffff) != 1)
		SKIP("no multiple-subchannel-set facility");
	for (u32 n = 0; n < 0x10000 && store_subchannel(SCHID(1, n), &schib) == 0; n++) {
		if ((schib.pmcw.flags & PMCW_VALID) && schib.pmcw.device == DEVICE_SET_1)
			return SCHID(1, n);
	}
	SKIP("no device %#x in set 1", DEVICE_SET_1);
	return 0;
}

static struct io_code code;
static u32 taken;

static void record(struct trap_frame *frame)
{
	code = (struct io_code){ frame->info.subsystem_id, frame->info.io_parameter,
				 frame->info.io_word };
	taken++;
}

TEST(set_of_subchannel,
     "a subchannel of set 1 is started, interrupts and has its status like one of set 0",
     SPEC("PoP SA22-7832-13, chapter 14, I/O Instructions: Subchannel-Set ID; Linux, drivers/s390/cio/chsc.c, "
	  "chsc_enable_facility()"))
{
	static struct ccw1 ccw;
	static u8 data[8];
	u32 schid = find_in_set_1();
	struct orb orb = { .parameter = 0x55667788, .control = ORB_FORMAT_1, .lpm = 0xff };
	struct schib schib;
	struct irb irb;

	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	schib.pmcw.flags |= PMCW_ENABLED | PMCW_ISC(5);
	ASSERT_EQ(modify_subchannel(schid, &schib), 0u);
	device_forget_interruptions();
	memset(data, 0xee, sizeof(data));
	ccw = (struct ccw1){ CMD_SENSE_ID, CCW_SLI, 4, (u32)(ulong)data };
	orb.program = (u32)(ulong)&ccw;
	ASSERT_EQ(start_subchannel(schid, &orb), 0u);
	taken = 0;
	trap_set_handler(TRAP_IO, record);
	write_cr(6, CR6_ISC(5));
	arch_irq_restore(2);
	arch_irq_save();
	write_cr(6, 0);
	trap_set_handler(TRAP_IO, NULL);
	EXPECT_EQ(taken, 1u);
	EXPECT_EQ(code.schid, schid);
	EXPECT_EQ(code.parameter, 0x55667788u);
	EXPECT_EQ(test_subchannel(schid, &irb), 0u);
	EXPECT_EQ(irb.scsw.device_status, DSTAT_CHANNEL_END | DSTAT_DEVICE_END);
	EXPECT_EQ(data[0], 0xff);
	EXPECT_EQ(data[3], 4);
	device_end(schid);
}

TEST(sets_are_apart, "subchannels of the same number in two sets are two, and each set has an end",
     SPEC("PoP SA22-7832-13, chapter 14, STORE SUBCHANNEL"))
{
	u32 schid = find_in_set_1();
	struct schib schib;
	u32 n;

	if (store_subchannel(SCHID(0, schid & 0xffff), &schib) == 0)
		EXPECT_NE(schib.pmcw.device, DEVICE_SET_1);
	for (u32 set = 1; set < 4; set++) {
		SUBTEST("set %u", set);
		for (n = 0; n < 0x10000 && store_subchannel(SCHID(set, n), &schib) == 0; n++)
			;
		EXPECT_LT(n, 0x10000u);
		EXPECT_EQ(store_subchannel(SCHID(set, n), &schib), 3u);
	}
}
