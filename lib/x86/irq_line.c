/* SPDX-License-Identifier: MIT */
#include <x86/irq_line.h>

#include <arch/cpu.h>
#include <sys/time.h>
#include <x86/io.h>

/* The keyboard controller is a microprocessor: its interrupt follows the byte in its own time. */
#define KBC_DELAY_US 500

/* Serial port: PC16550D data sheet. */
#define UART_IER  1
#define UART_MCR  4
#define UART_LSR  5
#define UART_SCR  7
#define IER_ETBEI BIT(1) /* THR empty raises an interrupt, at once if it is empty */
#define MCR_DTR	  BIT(0)
#define MCR_RTS	  BIT(1)
#define MCR_OUT2  BIT(3) /* on the PC it lets the interrupt through to the bus */
#define LSR_TEMT  BIT(6)

/* Keyboard controller: Intel 8042 as in the IBM PC AT. */
#define KBC_DATA	       0x60
#define KBC_STATUS	       0x64
#define KBC_COMMAND	       0x64
#define KBC_STATUS_OUTPUT_FULL BIT(0)
#define KBC_STATUS_INPUT_FULL  BIT(1)
#define KBC_WRITE_MODE	       0x60 /* "command byte" */
#define KBC_WRITE_KEYBOARD \
	0xd2 /* puts a byte into the output buffer as if the keyboard had sent it */
#define KBC_WRITE_MOUSE	      0xd3
#define KBC_MODE_KEYBOARD_IRQ BIT(0)
#define KBC_MODE_MOUSE_IRQ    BIT(1)
#define KBC_MODE_SYSTEM	      BIT(2)

static bool used;

static const struct {
	const char *name;
	u8 irq;
	u16 uart;
	u8 kbc_command;
} lines[LINES] = {
	[LINE_COM1] = { "COM1", 4, 0x3f8, 0 },
	[LINE_COM2] = { "COM2", 3, 0x2f8, 0 },
	[LINE_KEYBOARD] = { "keyboard", 1, 0, KBC_WRITE_KEYBOARD },
	[LINE_MOUSE] = { "mouse", 12, 0, KBC_WRITE_MOUSE },
};

const char *line_name(enum irq_line line)
{
	return lines[line].name;
}

u32 line_irq(enum irq_line line)
{
	return lines[line].irq;
}

bool line_is_there(enum irq_line line)
{
	u16 uart = lines[line].uart;

	if (!uart)
		return inb(KBC_STATUS) != 0xff;
	outb(uart + UART_SCR, 0x5a);
	return inb(uart + UART_SCR) == 0x5a;
}

/* Waits until a bit of a port is as it should be; gives up, as the case then fails anyhow. */
static void wait_for(u16 port, u8 mask, u8 value)
{
	wait_until_ns((inb(port) & mask) == value, 1000000000ull);
}

static void kbc_send(u8 command, u8 data)
{
	wait_for(KBC_STATUS, KBC_STATUS_INPUT_FULL, 0);
	outb(KBC_COMMAND, command);
	wait_for(KBC_STATUS, KBC_STATUS_INPUT_FULL, 0);
	outb(KBC_DATA, data);
}

static void kbc_empty(void)
{
	for (u32 i = 0; i < 64 && (inb(KBC_STATUS) & KBC_STATUS_OUTPUT_FULL); i++)
		(void)inb(KBC_DATA);
}

void line_raise(enum irq_line line)
{
	u16 uart = lines[line].uart;

	used = true;
	if (!uart) {
		kbc_send(lines[line].kbc_command, 0x00);
		wait_for(KBC_STATUS, KBC_STATUS_OUTPUT_FULL, KBC_STATUS_OUTPUT_FULL);
		delay_us(KBC_DELAY_US);
		return;
	}
	wait_for(uart + UART_LSR, LSR_TEMT, LSR_TEMT);
	outb(uart + UART_IER, IER_ETBEI);
}

void line_lower(enum irq_line line)
{
	if (lines[line].uart)
		outb(lines[line].uart + UART_IER, 0);
	else
		kbc_empty();
}

void lines_reset(void)
{
	for (enum irq_line line = 0; line < LINES; line++) {
		u16 uart = lines[line].uart;

		if (!uart)
			continue;
		outb(uart + UART_IER, 0);
		outb(uart + UART_MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
	}
	kbc_empty();
	kbc_send(KBC_WRITE_MODE, KBC_MODE_KEYBOARD_IRQ | KBC_MODE_MOUSE_IRQ | KBC_MODE_SYSTEM);
	kbc_empty();
}

void lines_restore(void)
{
	if (used)
		lines_reset();
	used = false;
}
