/* SPDX-License-Identifier: MIT */
#include "device.h"

#include <s390x/cr.h>
#include <string.h>
#include <sys/time.h>

u32 find_device(u16 number)
{
	struct schib schib;

	for (u32 n = 0; n < 0x10000; n++) {
		if (store_subchannel(SCHID(0, n), &schib))
			return 0;
		if ((schib.pmcw.flags & PMCW_VALID) && schib.pmcw.device == number)
			return SCHID(0, n);
	}
	return 0;
}

/* Whatever is pending goes; the state after that is idle. */
static void quiesce(u32 schid)
{
	struct irb irb;

	if (clear_subchannel(schid, NULL) == 0)
		ASSERT(wait_until(test_subchannel(schid, &irb) == 0));
}

void device_forget_interruptions(void)
{
	struct io_code code;

	write_cr(6, BITS(31, 24));
	while (test_pending_interruption(0, &code) == 1)
		;
	write_cr(6, 0);
}

u32 device_start_number(u16 number, u32 parameter, u32 isc)
{
	u32 schid = find_device(number);
	struct schib schib;

	if (!schid)
		SKIP("no device %#x", number);
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	if (schib.pmcw.flags & PMCW_ENABLED)
		quiesce(schid);
	schib.pmcw.parameter = parameter;
	schib.pmcw.flags &= PMCW_VALID | PMCW_TIMING;
	schib.pmcw.flags |= PMCW_ENABLED | PMCW_ISC(isc);
	schib.pmcw.characteristics = 0;
	ASSERT_EQ(modify_subchannel(schid, &schib), 0u);
	quiesce(schid);
	device_forget_interruptions();
	return schid;
}

u32 device_start(u32 parameter)
{
	return device_start_number(DEVICE_RNG, parameter, 3);
}

void device_end(u32 schid)
{
	struct schib schib;

	quiesce(schid);
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	schib.pmcw.flags &= (u16)~PMCW_ENABLED;
	modify_subchannel(schid, &schib);
}

u32 device_run(u32 schid, const void *program, u16 control)
{
	struct orb orb = { .parameter = 0x11223344, .control = control, .lpm = 0xff };

	orb.program = (u32)(ulong)program;
	return start_subchannel(schid, &orb);
}

struct irb device_execute(u32 schid, const struct ccw1 *program)
{
	return device_execute_with(schid, program, ORB_FORMAT_1);
}

struct irb device_execute_with(u32 schid, const struct ccw1 *program, u16 control)
{
	struct irb irb;

	memset(&irb, 0xee, sizeof(irb));
	ASSERT_EQ(device_run(schid, program, control), 0u);
	ASSERT(wait_until(test_subchannel(schid, &irb) != 1));
	ASSERT(irb.scsw.control & SCSW_PENDING);
	return irb;
}

struct irb device_command(u32 schid, u8 command, void *data, u16 count)
{
	static struct ccw1 ccw;

	ccw = (struct ccw1){ command, CCW_SLI, count, (u32)(ulong)data };
	return device_execute(schid, &ccw);
}

struct irb device_revision(u32 schid, u16 revision)
{
	static u16 words[2];
	struct schib schib;

	/* Disabling it resets the device, its revision included. */
	device_end(schid);
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	schib.pmcw.flags |= PMCW_ENABLED;
	ASSERT_EQ(modify_subchannel(schid, &schib), 0u);
	words[0] = revision;
	words[1] = 0;
	return device_command(schid, CMD_SET_REVISION, words, sizeof(words));
}
