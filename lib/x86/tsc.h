/* SPDX-License-Identifier: MIT */
/*
 * The time-stamp counter: SDM vol. 3B, 17.15; vol. 2B, RDTSC, RDTSCP. For measuring time there
 * is <sys/time.h>; this is for tests of the counter itself.
 */
#ifndef ASSAY_X86_TSC_H
#define ASSAY_X86_TSC_H

#include <arch/fault.h>
#include <types.h>

static inline u64 rdtsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (u64)high << 32 | low;
}

/* *aux is IA32_TSC_AUX, bits 31-0. */
static inline u64 rdtscp(u32 *aux)
{
	u32 low, high;

	__asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(*aux) : : "memory");
	return (u64)high << 32 | low;
}

#endif
