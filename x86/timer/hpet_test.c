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

void hpet_connect(u32 timer, u64 bits)
{
	ioapic_set_entry(hpet_pin(timer), IOAPIC_DESTINATION(apic_id()) | HPET_VECTOR);
	hpet_write32(HPET_TIM_CONF(timer),
		     (u32)(HPET_INT_ROUTE(hpet_pin(timer)) | HPET_INT_ENB | bits));
}
