/* SPDX-License-Identifier: MIT */
/* The real-time clock: Motorola MC146818A and what PCs have of it, at ports 70H and 71H. Its interrupt is IRQ 8. */
#ifndef ASSAY_X86_RTC_H
#define ASSAY_X86_RTC_H

#include <types.h>

#define RTC_IRQ 8

enum rtc_register {
	RTC_SECONDS,
	RTC_SECONDS_ALARM,
	RTC_MINUTES,
	RTC_MINUTES_ALARM,
	RTC_HOURS,
	RTC_HOURS_ALARM,
	RTC_DAY_OF_WEEK, /* 1 is Sunday */
	RTC_DAY,
	RTC_MONTH,
	RTC_YEAR,
	RTC_A,
	RTC_B,
	RTC_C,
	RTC_D,
	RTC_CENTURY = 0x32, /* where the PC's firmware keeps it, in BCD */
};

/* Register A. */
#define RTC_A_UIP	   BIT(7) /* an update is coming within 244 us, or going on */
#define RTC_A_DIVIDER	   0x70u
#define RTC_A_DIVIDER_32K  0x20u /* the one that counts, with the PC's 32.768 kHz */
#define RTC_A_DIVIDER_STOP 0x70u /* the divider is held in reset */
#define RTC_A_RATE	   0x0fu /* of the periodic interrupt: 32768 Hz >> (rate - 1), 3 to 15 */

/* Register B. */
#define RTC_B_SET  BIT(7) /* no update while set */
#define RTC_B_PIE  BIT(6)
#define RTC_B_AIE  BIT(5)
#define RTC_B_UIE  BIT(4)
#define RTC_B_SQWE BIT(3)
#define RTC_B_DM   BIT(2) /* binary, not BCD */
#define RTC_B_24   BIT(1)
#define RTC_B_DSE  BIT(0)

/* Register C: reading it clears it. */
#define RTC_C_IRQF BIT(7)
#define RTC_C_PF   BIT(6)
#define RTC_C_AF   BIT(5)
#define RTC_C_UF   BIT(4)

#define RTC_D_VRT BIT(7)

/* An alarm register with both high bits set matches every value. */
#define RTC_DO_NOT_CARE 0xc0u
#define RTC_PM		BIT(7) /* of the hours, in 12-hour mode */

u8 rtc_read(u32 reg);
void rtc_write(u32 reg, u8 value);

/* Port 70H, bit 7: while set, NMIs do not get to the CPU. */
void rtc_mask_nmi(bool mask);

/* No interrupt enabled, none pending, the clock running at 32.768 kHz, in BCD and 24 hours. */
void rtc_reset(void);

/* The same if anything was written since the last time: for the library, before each case. */
void rtc_restore(void);

/* Waits until no update can happen for 244 us. False if that takes more than two seconds. */
bool rtc_wait_stable(void);

static inline u8 bcd(u32 binary)
{
	return (u8)(binary / 10 << 4 | binary % 10);
}

#endif
