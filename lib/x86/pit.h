/* SPDX-License-Identifier: MIT */
/* The programmable interval timer: Intel 8254, data sheet 231164. Its clock is 14.31818 MHz / 12. */
#ifndef ASSAY_X86_PIT_H
#define ASSAY_X86_PIT_H

#include <types.h>

#define PIT_HZ 1193182

/*
 * Channel 2, mode 0: starts to count down from `count` (1 to 65535) and returns. pit_done() is true
 * from the moment that count + 1 clocks have passed.
 */
void pit_start(u16 count);
bool pit_done(void);

#endif
