/* SPDX-License-Identifier: MIT */
#include <x86/pit.h>

#include <x86/io.h>

#define PIT_CHANNEL_2	 0x42
#define PIT_CONTROL	 0x43
#define SYSTEM_CONTROL_B 0x61

#define CONTROL_CHANNEL_2_MODE_0 0xb0 /* low byte, then high byte; mode 0; binary */
#define GATE_2			 BIT(0)
#define SPEAKER			 BIT(1)
#define OUT_2			 BIT(5)

void pit_start(u16 count)
{
	outb(SYSTEM_CONTROL_B, (u8)((inb(SYSTEM_CONTROL_B) & ~(SPEAKER | GATE_2)) | GATE_2));
	outb(PIT_CONTROL, CONTROL_CHANNEL_2_MODE_0);
	outb(PIT_CHANNEL_2, (u8)count);
	outb(PIT_CHANNEL_2, (u8)(count >> 8));
}

bool pit_done(void)
{
	return inb(SYSTEM_CONTROL_B) & OUT_2;
}
