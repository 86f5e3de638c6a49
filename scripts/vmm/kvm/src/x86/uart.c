/* SPDX-License-Identifier: MIT */
/* Two PC16550D whose wires take any number of characters at once: the first's lead to the console, nothing comes in. */
#include "pc.h"

#define THR 0
#define IER 1
#define IIR 2 /* FCR when it is written */
#define LCR 3
#define MCR 4
#define LSR 5
#define MSR 6
#define SCR 7

#define IER_ETBEI 0x02
#define IIR_NONE  0x01
#define IIR_THRE  0x02
#define IIR_FIFOS 0xc0
#define FCR_FIFOS 0x01
#define LCR_DLAB  0x80
#define MCR_LOOP  0x10
#define MCR_OUT2  0x08
#define LSR_EMPTY 0x60 /* THRE and TEMT */
#define MSR_LINE  0xb0 /* DCD, DSR, CTS */

struct uart {
	unsigned int irq;
	bool console;
	uint8_t reg[8];
	uint8_t divisor[2];
	bool fifos, thre; /* an interrupt is due as the transmitter is empty */
};

static struct uart com1 = { .irq = IRQ_COM1, .console = true }, com2 = { .irq = IRQ_COM2 };

static void update(struct uart *u)
{
	/* On a PC, OUT2 lets it through. */
	irq_set(u->irq, u->thre && (u->reg[IER] & IER_ETBEI) && (u->reg[MCR] & MCR_OUT2));
}

static uint32_t get(struct uart *u, unsigned int offset)
{
	uint8_t value = u->reg[offset];

	switch (offset) {
	case THR:
	case IER:
		if (u->reg[LCR] & LCR_DLAB)
			return u->divisor[offset];
		return offset == IER ? value : 0;
	case IIR:
		value = u->fifos ? IIR_FIFOS : 0;
		if (!u->thre || !(u->reg[IER] & IER_ETBEI))
			return value | IIR_NONE;
		u->thre = false;
		update(u);
		return value | IIR_THRE;
	case LSR:
		return LSR_EMPTY;
	case MSR:
		return u->reg[MCR] & MCR_LOOP ? 0 : MSR_LINE;
	}
	return value;
}

static void set(struct uart *u, unsigned int offset, uint8_t value)
{
	switch (offset) {
	case THR:
	case IER:
		if (u->reg[LCR] & LCR_DLAB) {
			u->divisor[offset] = value;
			return;
		}
		if (offset == THR) {
			if (u->console && !(u->reg[MCR] & MCR_LOOP))
				console_put(value);
			u->thre = true;
		} else {
			/* Enabling it raises it, as the transmitter is empty. */
			if (value & ~u->reg[IER] & IER_ETBEI)
				u->thre = true;
			u->reg[IER] = value & 0x0f;
		}
		update(u);
		return;
	case IIR:
		u->fifos = value & FCR_FIFOS;
		return;
	case LSR:
	case MSR:
		return;
	case MCR:
		value &= 0x1f;
		break;
	}
	u->reg[offset] = value;
	update(u);
}

uint32_t uart_read_com1(unsigned int offset, unsigned int size)
{
	(void)size;
	return get(&com1, offset);
}

void uart_write_com1(unsigned int offset, unsigned int size, uint32_t value)
{
	(void)size;
	set(&com1, offset, (uint8_t)value);
}

uint32_t uart_read_com2(unsigned int offset, unsigned int size)
{
	(void)size;
	return get(&com2, offset);
}

void uart_write_com2(unsigned int offset, unsigned int size, uint32_t value)
{
	(void)size;
	set(&com2, offset, (uint8_t)value);
}
