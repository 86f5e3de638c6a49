/* SPDX-License-Identifier: MIT */
/* What the topics on the HPET share: timers that interrupt this CPU through the I/O APIC. */
#ifndef ASSAY_TIMER_HPET_TEST_H
#define ASSAY_TIMER_HPET_TEST_H

#include <test.h>

#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/hpet.h>
#include <x86/ioapic.h>
#include <x86/irq.h>

#define HPET_VECTOR 0x51u
#define HPET_OTHER  0x61u
#define HPET_MS	    1000000ull /* ns */
#define HPET_WATCH  (5 * HPET_MS)

/* So many timers are looked at. */
#define HPET_USED MIN(hpet_timers(), 4u)

/* The HPET and the I/O APIC in their reset state, interrupts counted. */
void hpet_begin(void);

/* A pin that this timer can be led to. */
u32 hpet_pin(u32 timer);

/* The pin's entry: HPET_VECTOR to this CPU, level-triggered if these bits of the timer's configuration say so. */
void hpet_unmask(u32 timer, u64 bits);

/* Leads the timer to its pin, which is unmasked, and enables it with these bits of its configuration. */
void hpet_connect(u32 timer, u64 bits);

/* Whether timer 0 can be periodic; starts it, so that it matches first at `first`, with these bits of its configuration. */
bool hpet_has_periodic(void);
void hpet_start_periodic(u64 first, u64 period, u64 bits);

bool hpet_has_legacy(void);

static inline void hpet_run(u64 bits)
{
	hpet_write32(HPET_GEN_CONF, (u32)(HPET_ENABLE_CNF | bits));
}

static inline void hpet_halt(void)
{
	hpet_write32(HPET_GEN_CONF, 0);
}

#endif
