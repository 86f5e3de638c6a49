/* SPDX-License-Identifier: MIT */
/* A PL011 (DDI 0183) whose wire takes any number of characters at once and brings none. */
#include "virt.h"

#include <string.h>

#define DR    0x00
#define FR    0x18
#define IBRD  0x24
#define FBRD  0x28
#define LCR_H 0x2c
#define CR    0x30
#define IFLS  0x34
#define IMSC  0x38
#define RIS   0x3c
#define MIS   0x40
#define ICR   0x44
#define ID    0xfe0

#define FR_EMPTY 0x90 /* TXFE, RXFE */
#define INT_TX	 0x20

static const uint8_t id[] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static uint32_t ibrd, fbrd, lcr_h, cr = 0x300, ifls = 0x12, imsc, ris;

static uint32_t get(uint64_t offset)
{
	switch (offset) {
	case FR:
		return FR_EMPTY;
	case IBRD:
		return ibrd;
	case FBRD:
		return fbrd;
	case LCR_H:
		return lcr_h;
	case CR:
		return cr;
	case IFLS:
		return ifls;
	case IMSC:
		return imsc;
	case RIS:
		return ris;
	case MIS:
		return ris & imsc;
	}
	if (offset >= ID && offset < ID + 4 * sizeof(id))
		return id[(offset - ID) / 4];
	return 0;
}

static void set(uint64_t offset, uint32_t value)
{
	switch (offset) {
	case DR:
		console_put((uint8_t)value);
		if ((uint8_t)value == '\n')
			console_flush();
		ris |= INT_TX;
		break;
	case IBRD:
		ibrd = value & 0xffff;
		break;
	case FBRD:
		fbrd = value & 0x3f;
		break;
	case LCR_H:
		lcr_h = value & 0xff;
		break;
	case CR:
		cr = value & 0xffff;
		break;
	case IFLS:
		ifls = value & 0x3f;
		break;
	case IMSC:
		imsc = value & 0x7ff;
		break;
	case ICR:
		ris &= ~value;
		break;
	}
	spi_set(UART_SPI, ris & imsc);
}

void uart_access(uint64_t offset, void *data, unsigned int size, bool write)
{
	uint32_t value = 0;

	if (size > sizeof(value))
		size = sizeof(value);
	if (write) {
		memcpy(&value, data, size);
		set(offset, value);
	} else {
		value = get(offset);
		memcpy(data, &value, size);
	}
}
