/* SPDX-License-Identifier: MIT */
/*
 * The TOD clock, the clock comparator and the CPU timer: PoP SA22-7832-13, chapter 4, "Timing". In all
 * three, bit 51 stands for a microsecond.
 */
#ifndef ASSAY_S390X_CLOCK_H
#define ASSAY_S390X_CLOCK_H

#include <types.h>

#define TOD_HZ	   4096000000ull /* units of bit 63 */
#define TOD_PER_US 4096ull

/* STORE CLOCK: unique among all CPUs; serialises. */
static inline u64 store_clock(void)
{
	u64 tod;

	__asm__ volatile("stck %0" : "=Q"(tod) : : "cc", "memory");
	return tod;
}

/* STORE CLOCK FAST: neither. */
static inline u64 store_clock_fast(void)
{
	u64 tod;

	__asm__ volatile("stckf %0" : "=Q"(tod) : : "cc", "memory");
	return tod;
}

/* An external interruption is pending while the TOD clock is greater than this. */
static inline void set_clock_comparator(u64 tod)
{
	__asm__ volatile("sckc %0" : : "Q"(tod) : "memory");
}

static inline u64 store_clock_comparator(void)
{
	u64 tod;

	__asm__ volatile("stckc %0" : "=Q"(tod));
	return tod;
}

/* Counts down; an external interruption is pending while it is negative. */
static inline void set_cpu_timer(s64 ticks)
{
	__asm__ volatile("spt %0" : : "Q"(ticks) : "memory");
}

static inline s64 store_cpu_timer(void)
{
	s64 ticks;

	__asm__ volatile("stpt %0" : "=Q"(ticks) : : "memory");
	return ticks;
}

#define CLOCK_COMPARATOR_NEVER (~0ull)
#define CPU_TIMER_NEVER	       0x7fffffffffffffffll

#endif
