/* SPDX-License-Identifier: MIT */
/* The PC's first serial port: National Semiconductor PC16550D, data sheet of June 1995. */
#ifndef ASSAY_DEV_UART16550_H
#define ASSAY_DEV_UART16550_H

#include <types.h>

/* 115200 baud, 8N1, FIFOs on, no interrupts. */
void uart16550_init(void);

#endif
