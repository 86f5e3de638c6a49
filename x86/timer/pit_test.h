/* SPDX-License-Identifier: MIT */
/* Channel 2 of the PIT, whose gate and output the PC has in system control port B, and a host that pauses the CPU. */
#ifndef ASSAY_TIMER_PIT_TEST_H
#define ASSAY_TIMER_PIT_TEST_H

#include <test.h>

#include <x86/pit.h>

#define CHANNEL	 2
#define TRIES	 50
#define TOO_BUSY "the host was too busy"

/* The gate high, and then the mode with this count, by both bytes; 0 stands for 65536. */
void pit_program(u32 mode, u16 count);

/*
 * True if so much time has passed since `start`, in ticks of the TSC, that the host must have paused the CPU:
 * what was read meanwhile says nothing.
 */
bool pit_disturbed(u64 start, u64 ns);

#endif
