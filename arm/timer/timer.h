/* SPDX-License-Identifier: MIT */
/* The virtual and the physical timer, which have the same rules. */
#ifndef ASSAY_ARM_TIMER_TIMER_H
#define ASSAY_ARM_TIMER_TIMER_H

#include <arm/timer.h>
#include <harness/expect.h>
#include <types.h>

/* The registers of one timer. */
struct timer {
	const char *name;
	u64 (*count)(void);
	u64 (*ctl)(void), (*cval)(void), (*tval)(void);
	void (*set_ctl)(u64 value), (*set_cval)(u64 value), (*set_tval)(u64 value);
	u32 (*intid)(void);
};

extern const struct timer timers[2];

#define for_each_timer(t) \
	for (const struct timer *t = timers; t < timers + 2 && (run_row("%s", t->name), true); t++)

/* Waits until ISTATUS; the count before and after the read that had it, or false. */
bool timer_wait_for_status(const struct timer *t, u64 *before, u64 *after);

/* Has the timer's interrupt, which switches the timer off, counted; waits until there were `count`, and no more. */
void timer_listen(const struct timer *t);
bool timer_wait_for_tick(u32 count);

/* Takes what IRQs are pending. */
void timer_take_interrupts(void);

/* At the last one: the count, CTL. */
extern u64 timer_tick_count, timer_tick_ctl;

#endif
