/* SPDX-License-Identifier: MIT */
/* What the topics on the local APIC's timer share. */
#ifndef ASSAY_TIMER_APIC_TIMER_H
#define ASSAY_TIMER_APIC_TIMER_H

#include <types.h>
#include <x86/apic.h>

#define TIMER_VECTOR 0x51
#define OTHER_VECTOR 0x71

#define MS 1000000ull /* in ns */

/* How long a timer that must not fire is watched: a bug may hide, nothing flakes. */
#define WATCH_NS (3 * MS)

/* A count so long that it does not expire while a case runs. */
#define LONG_COUNT 0xf0000000u

/* Measures the timer's clock, once for all cases. */
const struct apic_timer_rate *timer_rate(void);

/* Counts interrupts of both vectors from here on. */
void timer_begin(void);

/* The initial count for about `ns` with this divisor. */
u32 timer_counts(u64 ns, u32 shift);

/*
 * Checks that from TSC `start` to `end` at least `counts` of the timer's clock divided by 1 << shift can
 * have passed; one is allowed for the divider's phase.
 */
void timer_expect_not_early(u64 start, u64 end, u64 counts, u32 shift);

/* The interrupt of TIMER_VECTOR is pending, or becomes so within some seconds; interrupts are off. */
bool timer_wait_pending(u32 vector);

#endif
