/* SPDX-License-Identifier: MIT */
#include <x86/hpet.h>

#include <dev/acpi.h>

static ulong base;
static bool used;

static volatile u32 *at(u32 offset)
{
	if (!base)
		base = acpi_hpet_address();
	return (volatile u32 *)(base + offset);
}

bool hpet_is_there(void)
{
	return acpi_hpet_address();
}

u32 hpet_read32(u32 reg)
{
	return *at(reg);
}

void hpet_write32(u32 reg, u32 value)
{
	used = true;
	*at(reg) = value;
}

/* By two halves, which 2.3.1 allows, on 64-bit machines too. */
u64 hpet_read(u32 reg)
{
	u64 low = hpet_read32(reg);

	return (u64)hpet_read32(reg + 4) << 32 | low;
}

/* The high half first: a comparator that was far away stays so until it has its new value. */
void hpet_write(u32 reg, u64 value)
{
	hpet_write32(reg + 4, (u32)(value >> 32));
	hpet_write32(reg, (u32)value);
}

u64 hpet_counter(void)
{
	u32 high, low;

	do {
		high = hpet_read32(HPET_MAIN_CNT + 4);
		low = hpet_read32(HPET_MAIN_CNT);
	} while (high != hpet_read32(HPET_MAIN_CNT + 4));
	return (u64)high << 32 | low;
}

u32 hpet_timers(void)
{
	return HPET_GCAP_TIMERS(hpet_read(HPET_GCAP_ID));
}

u64 hpet_counts(u64 ns)
{
	return ns * 1000000 / HPET_GCAP_PERIOD(hpet_read(HPET_GCAP_ID)) + 1;
}

/* Far away in 64 and in 32 bits, for years even in nanoseconds, and by the sign of the difference too. */
#define FAR_AWAY 0x0c0000007fffffffull

void hpet_reset(void)
{
	hpet_write32(HPET_GEN_CONF, 0);
	for (u32 n = 0; n < hpet_timers(); n++) {
		hpet_write32(HPET_TIM_CONF(n), 0);
		hpet_write(HPET_TIM_COMP(n), FAR_AWAY);
	}
	hpet_write32(HPET_GINTR_STA, 0xffffffff);
	hpet_write(HPET_MAIN_CNT, 0);
}

void hpet_restore(void)
{
	if (used)
		hpet_reset();
	used = false;
}
