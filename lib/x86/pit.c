/* SPDX-License-Identifier: MIT */
#include <x86/pit.h>

#include <sys/time.h>
#include <x86/io.h>
#include <x86/pic.h>

#define PIT_CHANNEL(n)	 (0x40 + (n))
#define PIT_CONTROL	 0x43
#define SYSTEM_CONTROL_B 0x61

#define READ_BACK	    0xc0
#define READ_BACK_NO_COUNT  BIT(5)
#define READ_BACK_NO_STATUS BIT(4)

#define GATE_2	BIT(0)
#define SPEAKER BIT(1)
#define OUT_2	BIT(5)

void pit_control(u32 channel, u32 control)
{
	outb(PIT_CONTROL, (u8)(channel << 6 | control));
}

void pit_write_byte(u32 channel, u8 byte)
{
	outb((u16)PIT_CHANNEL(channel), byte);
}

void pit_write(u32 channel, u16 count)
{
	pit_write_byte(channel, (u8)count);
	pit_write_byte(channel, (u8)(count >> 8));
}

u8 pit_read_byte(u32 channel)
{
	return inb((u16)PIT_CHANNEL(channel));
}

u16 pit_read(u32 channel)
{
	u8 low = pit_read_byte(channel);

	return (u16)(pit_read_byte(channel) << 8 | low);
}

void pit_latch(u32 channel)
{
	pit_control(channel, PIT_ACCESS_LATCH);
}

u16 pit_read_latched(u32 channel)
{
	pit_latch(channel);
	return pit_read(channel);
}

void pit_read_back(u32 channels, bool count, bool status)
{
	outb(PIT_CONTROL, (u8)(READ_BACK | channels << 1 | (count ? 0 : READ_BACK_NO_COUNT) |
			       (status ? 0 : READ_BACK_NO_STATUS)));
}

void pit_set_gate(bool high)
{
	u8 port = (u8)(inb(SYSTEM_CONTROL_B) & ~(SPEAKER | GATE_2));

	outb(SYSTEM_CONTROL_B, (u8)(port | (high ? GATE_2 : 0)));
}

bool pit_out(void)
{
	return inb(SYSTEM_CONTROL_B) & OUT_2;
}

void pit_quiet(void)
{
	pit_control(0, PIT_ACCESS_BOTH | PIT_MODE(0));
	pit_write(0, 1);
}

void pit_quiet_wait(u32 vector)
{
	pic_init(vector, PIC_ICW4_AEOI, 0, 0xffff);
	pit_quiet();
	wait_until(pic_irr() & BIT(0));
}

void pit_start(u16 count)
{
	pit_set_gate(true);
	pit_control(2, PIT_ACCESS_BOTH | PIT_MODE(0));
	pit_write(2, count);
}

bool pit_done(void)
{
	return pit_out();
}
