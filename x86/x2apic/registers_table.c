/* SPDX-License-Identifier: MIT */
#include "x2apic.h"

#include <x86/apic.h>
#include <x86/cpuid.h>

#define R  .readable = true
#define W  .writable = true
#define RW R, W

#define VECTOR	 0xffull
#define DELIVERY 0x700ull
#define PIN	 (APIC_LVT_LOW_ACTIVE | APIC_LVT_LEVEL)

#define EIGHT(name_, first)                                                                     \
	{ .name = name_ "0", .msr = (first), R }, { .name = name_ "1", .msr = (first) + 1, R }, \
		{ .name = name_ "2", .msr = (first) + 2, R },                                   \
		{ .name = name_ "3", .msr = (first) + 3, R },                                   \
		{ .name = name_ "4", .msr = (first) + 4, R },                                   \
		{ .name = name_ "5", .msr = (first) + 5, R },                                   \
		{ .name = name_ "6", .msr = (first) + 6, R },                                   \
	{                                                                                       \
		.name = name_ "7", .msr = (first) + 7, R                                        \
	}

/*
 * The read-only bits of LVT entries, delivery status and remote IRR, are neither here nor expected to be
 * refused. SVR's bit 9 is reserved or focus checking, and is left out of what is tested.
 */
static const struct x2apic_register table[] = {
	{ .name = "ID", .msr = 0x802, R },
	{ .name = "version", .msr = 0x803, R },
	{ .name = "TPR", .msr = 0x808, RW, .bits = 0xff },
	{ .name = "PPR", .msr = 0x80a, R },
	{ .name = "EOI", .msr = 0x80b, W },
	{ .name = "LDR", .msr = 0x80d, R },
	{ .name = "SVR", .msr = 0x80f, RW, .bits = VECTOR | APIC_SVR_ENABLE },
	EIGHT("ISR", 0x810),
	EIGHT("TMR", 0x818),
	EIGHT("IRR", 0x820),
	{ .name = "ESR", .msr = 0x828, RW },
	{ .name = "LVT-CMCI",
	  .msr = 0x82f,
	  RW,
	  .bits = VECTOR | DELIVERY | APIC_LVT_MASKED,
	  .min_lvt = 6 },
	{ .name = "ICR", .msr = 0x830, RW, .bits = 0xffffffff000ccfff },
	{ .name = "LVT-timer", .msr = 0x832, RW, .bits = VECTOR | APIC_LVT_MASKED | BITS(18, 17) },
	{ .name = "LVT-thermal",
	  .msr = 0x833,
	  RW,
	  .bits = VECTOR | DELIVERY | APIC_LVT_MASKED,
	  .min_lvt = 5 },
	{ .name = "LVT-performance",
	  .msr = 0x834,
	  RW,
	  .bits = VECTOR | DELIVERY | APIC_LVT_MASKED,
	  .min_lvt = 4 },
	{ .name = "LVT-LINT0",
	  .msr = 0x835,
	  RW,
	  .bits = VECTOR | DELIVERY | PIN | APIC_LVT_MASKED },
	{ .name = "LVT-LINT1",
	  .msr = 0x836,
	  RW,
	  .bits = VECTOR | DELIVERY | PIN | APIC_LVT_MASKED },
	{ .name = "LVT-error", .msr = 0x837, RW, .bits = VECTOR | APIC_LVT_MASKED },
	{ .name = "timer-initial-count", .msr = 0x838, RW, .bits = 0xffffffff },
	{ .name = "timer-current-count", .msr = 0x839, R },
	{ .name = "timer-divide-configuration", .msr = 0x83e, RW, .bits = 0xb },
	{ .name = "SELF-IPI", .msr = 0x83f, W, .bits = VECTOR },
};

static bool is_there(u32 i)
{
	return APIC_VERSION_MAX_LVT(apic_read(APIC_VERSION)) >= table[i].min_lvt;
}

u32 x2apic_count(void)
{
	u32 count = 0;

	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		count += is_there(i);
	return count;
}

struct x2apic_register x2apic_register(u32 index)
{
	for (u32 i = 0;; i++)
		if (is_there(i) && !index--)
			return table[i];
}

bool x2apic_find(u32 msr, struct x2apic_register *found)
{
	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].msr == msr && is_there(i)) {
			*found = table[i];
			return true;
		}
	return false;
}
