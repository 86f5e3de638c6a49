/* SPDX-License-Identifier: MIT */
/* The PC AT's keyboard controller, an Intel 8042, with nothing attached: what software puts into its output buffer. */
#include "pc.h"

/* From 60H on; those between are other devices'. */
#define DATA_PORT   0
#define STATUS_PORT 4

#define STATUS_OUTPUT_FULL 0x01
#define STATUS_SYSTEM	   0x04
#define STATUS_COMMAND	   0x08
#define STATUS_MOUSE	   0x20

#define READ_MODE      0x20
#define WRITE_MODE     0x60
#define SELF_TEST      0xaa
#define SELF_TEST_GOOD 0x55
#define WRITE_KEYBOARD 0xd2
#define WRITE_MOUSE    0xd3
#define RESET	       0xfe

#define MODE_KEYBOARD_IRQ 0x01
#define MODE_MOUSE_IRQ	  0x02

static uint8_t mode = STATUS_SYSTEM, command, output;
static bool full, from_mouse, last_was_command;

static void update(void)
{
	irq_set(IRQ_KEYBOARD, full && !from_mouse && (mode & MODE_KEYBOARD_IRQ));
	irq_set(IRQ_MOUSE, full && from_mouse && (mode & MODE_MOUSE_IRQ));
}

static void put(uint8_t value, bool mouse)
{
	output = value;
	full = true;
	from_mouse = mouse;
	update();
}

uint32_t keyboard_read(unsigned int offset, unsigned int size)
{
	(void)size;
	if (offset == STATUS_PORT)
		return (full ? STATUS_OUTPUT_FULL : 0u) | (full && from_mouse ? STATUS_MOUSE : 0u) |
		       (mode & STATUS_SYSTEM) | (last_was_command ? STATUS_COMMAND : 0u);
	if (offset != DATA_PORT)
		return 0xff;
	full = false;
	update();
	return output;
}

static void take_data(uint8_t value)
{
	switch (command) {
	case WRITE_MODE:
		mode = value;
		update();
		break;
	case WRITE_KEYBOARD:
	case WRITE_MOUSE:
		put(value, command == WRITE_MOUSE);
		break;
	}
	command = 0;
}

void keyboard_write(unsigned int offset, unsigned int size, uint32_t value)
{
	(void)size;
	if (offset != DATA_PORT && offset != STATUS_PORT)
		return;
	last_was_command = offset == STATUS_PORT;
	if (offset == DATA_PORT) {
		take_data((uint8_t)value);
		return;
	}
	command = (uint8_t)value;
	switch (command) {
	case READ_MODE:
		put(mode, false);
		break;
	case SELF_TEST:
		put(SELF_TEST_GOOD, false);
		break;
	case RESET:
		end(0, "the guest reset the machine by its keyboard controller");
	}
}
