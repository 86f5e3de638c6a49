/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines of the PC that software can raise and lower at will, for tests of the controllers that
 * they lead to: the transmitter interrupts of the serial ports, and the output buffers of the keyboard
 * controller. A line that is raised stays so until it is lowered.
 */
#ifndef ASSAY_X86_IRQ_LINE_H
#define ASSAY_X86_IRQ_LINE_H

#include <types.h>

enum irq_line {
	LINE_COM1,     /* IRQ 4: the console's, so that nothing may be printed while it is raised */
	LINE_COM2,     /* IRQ 3 */
	LINE_KEYBOARD, /* IRQ 1 */
	LINE_MOUSE, /* IRQ 12: keyboard and mouse have one buffer, so that one of them can be raised */
	LINES,
};

const char *line_name(enum irq_line line);

/* The ISA interrupt that it is. */
u32 line_irq(enum irq_line line);

/* True if the machine has the device. */
bool line_is_there(enum irq_line line);

void line_raise(enum irq_line line);
void line_lower(enum irq_line line);

/* Lowers all of them, with the devices ready for line_raise(). */
void lines_reset(void);

/* The same if one was raised since the last time: for the library, before each case. */
void lines_restore(void);

#endif
