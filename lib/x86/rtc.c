/* SPDX-License-Identifier: MIT */
#include <x86/rtc.h>

#include <arch/cpu.h>
#include <sys/time.h>
#include <x86/io.h>

#define RTC_INDEX 0x70
#define RTC_DATA  0x71
#define NMI_MASK  BIT(7)

static u8 nmi_mask;
static bool used;

u8 rtc_read(u32 reg)
{
	outb(RTC_INDEX, (u8)(nmi_mask | reg));
	return inb(RTC_DATA);
}

void rtc_write(u32 reg, u8 value)
{
	used = true;
	outb(RTC_INDEX, (u8)(nmi_mask | reg));
	outb(RTC_DATA, value);
}

void rtc_mask_nmi(bool mask)
{
	nmi_mask = mask ? NMI_MASK : 0;
	(void)rtc_read(RTC_D);
}

void rtc_reset(void)
{
	rtc_mask_nmi(false);
	rtc_write(RTC_B, RTC_B_24);
	rtc_write(RTC_A, RTC_A_DIVIDER_32K | 6);
	(void)rtc_read(RTC_C);
}

bool rtc_wait_stable(void)
{
	return wait_until_ns(!(rtc_read(RTC_A) & RTC_A_UIP), 2000000000ull);
}

void rtc_restore(void)
{
	if (used)
		rtc_reset();
	used = false;
}
