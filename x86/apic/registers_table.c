/* SPDX-License-Identifier: MIT */
#include "registers.h"

#include <x86/apic.h>
#include <x86/cpuid.h>

#define VECTOR	 0xffu
#define DELIVERY 0x700u
#define MASK	 ((u32)APIC_LVT_MASKED)
#define PIN	 ((u32)(APIC_LVT_LOW_ACTIVE | APIC_LVT_LEVEL))
#define EIGHT(name_, first)                                                         \
	{ .name = name_ "0", .offset = (first), .read_only = true },                \
		{ .name = name_ "1", .offset = (first) + 0x10, .read_only = true }, \
		{ .name = name_ "2", .offset = (first) + 0x20, .read_only = true }, \
		{ .name = name_ "3", .offset = (first) + 0x30, .read_only = true }, \
		{ .name = name_ "4", .offset = (first) + 0x40, .read_only = true }, \
		{ .name = name_ "5", .offset = (first) + 0x50, .read_only = true }, \
		{ .name = name_ "6", .offset = (first) + 0x60, .read_only = true }, \
	{                                                                           \
		.name = name_ "7", .offset = (first) + 0x70, .read_only = true      \
	}

/*
 * The vector in `base` is legal, so that no error is recorded, and entries stay masked while one bit is
 * set at a time. SVR keeps its enable bit, without which the LVT's mask bits could not be cleared; the
 * timer's count, ICR and ID are looked at by other cases.
 */
static const struct apic_register table[] = {
	{ .name = "version", .offset = APIC_VERSION, .read_only = true },
	{ .name = "TPR", .offset = APIC_TPR, .bits = 0xff },
	{ .name = "PPR", .offset = APIC_PPR, .read_only = true, .follows = APIC_TPR },
	{ .name = "LDR", .offset = APIC_LDR, .bits = 0xff000000 },
	{ .name = "DFR", .offset = APIC_DFR, .bits = 0xf0000000, .base = 0x0fffffff },
	{ .name = "SVR", .offset = APIC_SVR, .bits = VECTOR, .base = APIC_SVR_ENABLE },
	EIGHT("ISR", APIC_ISR),
	EIGHT("TMR", APIC_TMR),
	EIGHT("IRR", APIC_IRR),
	{ .name = "LVT-CMCI",
	  .offset = APIC_LVT_CMCI,
	  .bits = VECTOR | DELIVERY | MASK,
	  .min_lvt = 6 },
	{ .name = "ICR-high", .offset = APIC_ICR_HIGH, .bits = 0xff000000 },
	{ .name = "LVT-timer",
	  .offset = APIC_LVT_TIMER,
	  .bits = VECTOR | MASK | APIC_TIMER_PERIODIC },
	{ .name = "LVT-thermal",
	  .offset = APIC_LVT_THERMAL,
	  .bits = VECTOR | DELIVERY | MASK,
	  .min_lvt = 5 },
	{ .name = "LVT-performance",
	  .offset = APIC_LVT_PERF,
	  .bits = VECTOR | DELIVERY | MASK,
	  .min_lvt = 4 },
	{ .name = "LVT-LINT0", .offset = APIC_LVT_LINT0, .bits = VECTOR | DELIVERY | PIN | MASK },
	{ .name = "LVT-LINT1", .offset = APIC_LVT_LINT1, .bits = VECTOR | DELIVERY | PIN | MASK },
	{ .name = "LVT-error", .offset = APIC_LVT_ERROR, .bits = VECTOR | MASK },
	{ .name = "timer-initial-count",
	  .offset = APIC_TIMER_INITIAL,
	  .bits = 0xffffffff,
	  .base = 0xf0000000 },
	{ .name = "timer-current-count",
	  .offset = APIC_TIMER_CURRENT,
	  .read_only = true,
	  .follows = APIC_TIMER_INITIAL },
	{ .name = "timer-divide-configuration", .offset = APIC_TIMER_DIVIDE, .bits = 0xb },
};

static bool is_there(u32 i)
{
	return APIC_VERSION_MAX_LVT(apic_read(APIC_VERSION)) >= table[i].min_lvt;
}

u32 apic_register_count(void)
{
	u32 count = 0;

	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		count += is_there(i);
	return count;
}

struct apic_register apic_register(u32 index)
{
	u32 i = 0;

	for (;; i++)
		if (is_there(i) && !index--)
			return table[i];
}
