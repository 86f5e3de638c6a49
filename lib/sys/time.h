/* SPDX-License-Identifier: MIT */
/*
 * Time. The clock is the architecture's free-running counter (the time-stamp counter on x86),
 * calibrated at start against a clock whose frequency a manual fixes. Calibration gives two bounds,
 * so that "at least" is exact whatever a loaded host did meanwhile.
 */
#ifndef ASSAY_SYS_TIME_H
#define ASSAY_SYS_TIME_H

#include <arch/cpu.h>
#include <types.h>

/* Nanoseconds since start; monotonic on one CPU. */
u64 clock_ns(void);

/* Returns after at least this long, by the reference clock too. Up to 2^32 us. */
void delay_us(u64 us);
void delay_ns(u64 ns);

/*
 * Waits until the condition holds; whether it did before `ns` had passed. It is looked at once more after
 * that: a host that paused the CPU meanwhile is no reason to give up. Interrupts stay as they are.
 */
#define wait_until_ns(condition, ns)                                   \
	({                                                             \
		const u64 wait_begun_ = clock_ns();                    \
		bool wait_late_ = false, wait_held_;                   \
		while (!(wait_held_ = (condition)) && !wait_late_) {   \
			wait_late_ = clock_ns() - wait_begun_ >= (ns); \
			arch_relax();                                  \
		}                                                      \
		wait_held_;                                            \
	})

/* The same with much patience, more than a loaded host asks for: false is a failure. */
#define WAIT_PATIENCE_NS      5000000000ull
#define wait_until(condition) wait_until_ns(condition, WAIT_PATIENCE_NS)

/* Long enough for a device to have seen the last access: 1 us. */
void io_delay(void);

/*
 * Ticks of the counter that last at least, and at most, `ns`: as far apart as calibration was good. Less than
 * the latter passed means that less than `ns` did.
 */
u64 clock_ticks_at_least(u64 ns);
u64 clock_ticks_at_most(u64 ns);

/* The counter's frequency in Hz as calibrated: not less than, not more than. */
u64 clock_hz_min(void);
u64 clock_hz_max(void);

/* For the architecture's start-up: what calibration found. */
void clock_set_frequency(u64 hz_min, u64 hz_max);

#endif
