/* SPDX-License-Identifier: MIT */
#include <dev/pl011.h>

#include <arch/machine.h>
#include <arm/io.h>

/* Registers: DDI 0183, 3.2. */
#define UARTDR	 0x00
#define UARTFR	 0x18
#define UARTLCRH 0x2c
#define UARTCR	 0x30
#define UARTIMSC 0x38

#define FR_BUSY BIT(3)
#define FR_TXFF BIT(5)
#define FR_TXFE BIT(7)

#define LCRH_FEN  BIT(4)
#define LCRH_8BIT (3u << 5)

#define CR_UARTEN BIT(0)
#define CR_TXE	  BIT(8)
#define CR_RXE	  BIT(9)

/* The FIFO of the oldest revision: 2.4.2. */
#define FIFO_SIZE 16

static ulong base;

/*
 * On a real wire a FIFO's worth of characters takes a millisecond. A port that has sent it at once is
 * none, and takes any number without being asked in between.
 */
static enum { UNKNOWN, INSTANT, PACED } speed;

void pl011_init(ulong address)
{
	base = address;
	write32(base + UARTIMSC, 0);
	/* Whatever divisor the firmware chose is right. The line control is written while disabled: 3.3.7. */
	write32(base + UARTCR, 0);
	write32(base + UARTLCRH, LCRH_8BIT | LCRH_FEN);
	write32(base + UARTCR, CR_UARTEN | CR_TXE | CR_RXE);
}

/* On a port that is no real wire, without a look at its state. Nothing before pl011_init(). */
void machine_console_write(const char *text, size_t size)
{
	if (!base)
		return;
	for (size_t i = 0; i < size; i++) {
		if (speed != INSTANT && i % FIFO_SIZE == 0) {
			while (!(read32(base + UARTFR) & FR_TXFE))
				__asm__ volatile("yield");
		}
		write32(base + UARTDR, (u8)text[i]);
		if (speed == UNKNOWN && i == FIFO_SIZE - 1)
			speed = (read32(base + UARTFR) & (FR_BUSY | FR_TXFE)) == FR_TXFE ? INSTANT
											 : PACED;
	}
}
