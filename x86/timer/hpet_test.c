/* SPDX-License-Identifier: MIT */
#include "hpet_test.h"

#include <sys/time.h>
#include <x86/pit.h>
#include <x86/rtc.h>

void hpet_begin(void)
{
	hpet_reset();
	ioapic_reset();
	pit_quiet();
	rtc_reset();
	delay_us(20);
	apic_drain();
	irq_record(0x20, 0xef);
}

u32 hpet_pin(u32 timer)
{
	u32 routes = HPET_ROUTE_CAP(hpet_read(HPET_TIM_CONF(timer)));

	return routes ? 31 - (u32)__builtin_clz(routes) : 0;
}

void hpet_unmask(u32 timer, u64 bits)
{
	ioapic_set_entry(hpet_pin(timer), IOAPIC_DESTINATION(apic_id()) | HPET_VECTOR |
						  (bits & HPET_INT_TYPE_LEVEL ? IOAPIC_LEVEL : 0));
}

void hpet_connect(u32 timer, u64 bits)
{
	hpet_unmask(timer, bits);
	hpet_write32(HPET_TIM_CONF(timer),
		     (u32)(HPET_INT_ROUTE(hpet_pin(timer)) | HPET_INT_ENB | bits));
}

bool hpet_has_periodic(void)
{
	return hpet_read(HPET_TIM_CONF(0)) & HPET_PER_INT_CAP;
}

/* 2.3.9.2.2 has the order of writes. */
void hpet_start_periodic(u64 first, u64 period, u64 bits)
{
	/* In one-shot mode: bits 63-32, which then stay 0. */
	hpet_write(HPET_TIM_COMP(0), first);
	hpet_connect(0, HPET_TYPE_PERIODIC | HPET_VAL_SET | bits);
	hpet_write32(HPET_TIM_COMP(0), (u32)first);
	hpet_write32(HPET_TIM_COMP(0), (u32)period);
	hpet_run(0);
}

bool hpet_has_legacy(void)
{
	return hpet_read(HPET_GCAP_ID) & HPET_GCAP_LEG_RT;
}
