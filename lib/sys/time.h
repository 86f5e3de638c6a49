/* SPDX-License-Identifier: MIT */
/*
 * Time. The clock is the architecture's free-running counter (the time-stamp counter on x86),
 * calibrated at start against a clock whose frequency a manual fixes. Calibration gives two bounds,
 * so that "at least" is exact whatever a loaded host did meanwhile.
 */
#ifndef ASSAY_SYS_TIME_H
#define ASSAY_SYS_TIME_H

#include <types.h>

/* Nanoseconds since start; monotonic on one CPU. */
u64 clock_ns(void);

/* Returns after at least this long, by the reference clock too. Up to 2^32 us. */
void delay_us(u64 us);
void delay_ns(u64 ns);

/* Long enough for a device to have seen the last access: 1 us. */
void io_delay(void);

/* Ticks of the counter that last at least `ns`, and at most 1% more unless calibration was poor. */
u64 clock_ticks_at_least(u64 ns);

/* The counter's frequency in Hz as calibrated: not less than, not more than. */
u64 clock_hz_min(void);
u64 clock_hz_max(void);

/* For the architecture's start-up: what calibration found. */
void clock_set_frequency(u64 hz_min, u64 hz_max);

#endif
