/* SPDX-License-Identifier: MIT */
/* A PC's serial port: National Semiconductor PC16550D, data sheet of June 1995. */
#ifndef ASSAY_DEV_UART16550_H
#define ASSAY_DEV_UART16550_H

#include <types.h>

/* The one at this I/O port from now on: 115200 baud, 8N1, FIFOs on, no interrupts. */
void uart16550_init(u16 port);

/* Waits until the last character is on the wire. */
void uart16550_drain(void);

#endif
