/* SPDX-License-Identifier: MIT */
#include <dev/uart16550.h>

#include <arch/machine.h>
#include <x86/io.h>

#define THR 0 /* transmit; with DLAB the divisor's low byte */
#define IER 1 /* with DLAB the divisor's high byte */
#define FCR 2
#define LCR 3
#define MCR 4
#define LSR 5

#define LCR_8N1	       0x03
#define LCR_DLAB       0x80
#define FCR_ENABLE     0x07 /* and both FIFOs cleared */
#define MCR_DTR_RTS    0x03
#define LSR_THRE       0x20 /* the transmit FIFO is empty */
#define LSR_TEMT       0x40 /* and so is the shift register */
#define FIFO_SIZE      16
#define DIVISOR_115200 1

/*
 * On a real wire a FIFO's worth of characters takes a millisecond. A port that has sent it at once is
 * none, and takes any number without being asked in between.
 */
static enum { UNKNOWN, INSTANT, PACED } speed;

static u16 base;

void uart16550_init(u16 port)
{
	base = port;
	outb(base + IER, 0);
	outb(base + LCR, LCR_DLAB);
	outb(base + THR, DIVISOR_115200);
	outb(base + IER, 0);
	outb(base + LCR, LCR_8N1);
	outb(base + FCR, FCR_ENABLE);
	outb(base + MCR, MCR_DTR_RTS);
}

/* A port that is not there reads as all ones. */
static void wait_for(u8 status)
{
	while (!(inb(base + LSR) & status))
		__asm__ volatile("pause");
}

/* A whole line by one string instruction where the port is not a real wire. */
void machine_console_write(const char *text, size_t size)
{
	if (speed == INSTANT) {
		outsb(base + THR, text, size);
		return;
	}
	while (size) {
		size_t burst = MIN(size, (size_t)FIFO_SIZE);

		wait_for(LSR_THRE);
		outsb(base + THR, text, burst);
		if (speed == UNKNOWN && burst > 2)
			speed = inb(base + LSR) & LSR_TEMT ? INSTANT : PACED;
		text += burst;
		size -= burst;
	}
}

void uart16550_drain(void)
{
	wait_for(LSR_TEMT);
}
