/* SPDX-License-Identifier: MIT */
#include <x86/vga.h>

#include <x86/io.h>

/* Ports: an index register, the data register after it. */
#define VGA_MISC_WRITE 0x3c2
#define VGA_SEQUENCER  0x3c4
#define VGA_GRAPHICS   0x3ce

/* Colour addresses, memory enabled, and a clock. */
#define MISC_VALUE 0xe3

struct setting {
	u16 port;
	u8 index, value;
};

/* Sequencer 2: map mask; 4: memory mode. Graphics 4: read map; 5: mode; 8: bit mask. */
static const struct setting settings[] = {
	{ VGA_SEQUENCER, 0, 0x03 }, /* no reset */
	{ VGA_SEQUENCER, 2, 0x01 }, /* plane 0 is written */
	{ VGA_SEQUENCER, 4, 0x06 }, /* all memory, neither odd/even nor chain 4 */
	{ VGA_GRAPHICS, 0, 0x00 },  /* set/reset */
	{ VGA_GRAPHICS, 1, 0x00 },  /* on no plane */
	{ VGA_GRAPHICS, 3, 0x00 },  /* no rotation, no function */
	{ VGA_GRAPHICS, 4, 0x00 },  /* plane 0 is read */
	{ VGA_GRAPHICS, 5, 0x00 },  /* write mode 0, read mode 0 */
	{ VGA_GRAPHICS, 6, 0x05 },  /* graphics, 64 KiB from A0000h on */
	{ VGA_GRAPHICS, 8, 0xff },  /* all bits come from the CPU */
};

static u8 read_back(const struct setting *s)
{
	outb(s->port, s->index);
	return inb(s->port + 1);
}

bool vga_set_byte_memory(void)
{
	outb(VGA_MISC_WRITE, MISC_VALUE);
	for (u32 i = 0; i < ARRAY_SIZE(settings); i++) {
		outb(settings[i].port, settings[i].index);
		outb(settings[i].port + 1, settings[i].value);
	}
	for (u32 i = 0; i < ARRAY_SIZE(settings); i++)
		if (read_back(&settings[i]) != settings[i].value)
			return false;
	return true;
}
