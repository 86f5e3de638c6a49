/* SPDX-License-Identifier: MIT */
/* A PrimeCell UART, PL011: DDI 0183, and those that do the same (SBSA's generic UART). */
#ifndef ASSAY_DEV_PL011_H
#define ASSAY_DEV_PL011_H

#include <types.h>

/* 8 bits, FIFOs on, no interrupts, at the speed that the firmware has set. */
void pl011_init(ulong address);

#endif
