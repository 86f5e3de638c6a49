/* SPDX-License-Identifier: MIT */
#include <dev/uart16550.h>

#include <arch/machine.h>
#include <x86/io.h>

#define PORT 0x3f8
#define THR  (PORT + 0) /* transmit; with DLAB the divisor's low byte */
#define IER  (PORT + 1) /* with DLAB the divisor's high byte */
#define FCR  (PORT + 2)
#define LCR  (PORT + 3)
#define MCR  (PORT + 4)
#define LSR  (PORT + 5)

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

void uart16550_init(void)
{
	outb(IER, 0);
	outb(LCR, LCR_DLAB);
	outb(THR, DIVISOR_115200);
	outb(IER, 0);
	outb(LCR, LCR_8N1);
	outb(FCR, FCR_ENABLE);
	outb(MCR, MCR_DTR_RTS);
}

static void wait_until_empty(void)
{
	/* A port that is not there reads as all ones. */
	while (!(inb(LSR) & LSR_THRE))
		__asm__ volatile("pause");
}

/* A whole line by one string instruction where the port is not a real wire. */
void machine_console_write(const char *text, size_t size)
{
	if (speed == INSTANT) {
		outsb(THR, text, size);
		return;
	}
	while (size) {
		size_t burst = MIN(size, (size_t)FIFO_SIZE);

		wait_until_empty();
		outsb(THR, text, burst);
		if (speed == UNKNOWN && burst > 2)
			speed = inb(LSR) & LSR_TEMT ? INSTANT : PACED;
		text += burst;
		size -= burst;
	}
}
