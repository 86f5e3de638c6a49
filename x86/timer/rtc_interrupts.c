/* SPDX-License-Identifier: MIT */
/* The interrupts of the real-time clock: MC146818A data sheet, "Interrupts", Registers A, B and C. */
#include <test.h>

#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/hpet.h>
#include <x86/ioapic.h>
#include <x86/irq.h>
#include <x86/pic.h>
#include <x86/rtc.h>

SUITE("Real-time clock: interrupts", REQUIRES(cpu_has(X86_FEATURE_APIC) && ioapic_is_there()));

#define RTC_VECTOR 0x51u
#define MS	   1000000ull

static struct {
	u32 count;
	u8 first; /* register C at the first one */
	u64 ticks[64];
} taken;

static void take(struct trap_frame *frame)
{
	u64 now = arch_ticks();
	u8 flags = rtc_read(RTC_C);

	(void)frame;
	if (!taken.count)
		taken.first = flags;
	if (taken.count < ARRAY_SIZE(taken.ticks))
		taken.ticks[taken.count] = now;
	WRITE_ONCE(taken.count, taken.count + 1);
	apic_eoi();
}

static void begin(void)
{
	if (hpet_is_there())
		hpet_reset();
	ioapic_reset();
	rtc_reset();
	apic_drain();
	taken.count = 0;
	taken.first = 0;
	trap_set_handler(RTC_VECTOR, take);
	ioapic_set_entry(ioapic_pin_of_irq(RTC_IRQ), IOAPIC_DESTINATION(apic_id()) | RTC_VECTOR);
}

static bool wait_for(u32 count)
{
	return irq_wait_until(READ_ONCE(taken.count) >= count);
}

TEST(rtc_periodic_rates,
     "the periodic interrupt comes at the rate that register A selects, not faster",
     SPEC("MC146818A data sheet, Register A, RS3-RS0, table 5"))
{
	static const u8 rates[] = { 3, 4, 6, 8, 1, 2 };

	for (u32 i = 0; i < ARRAY_SIZE(rates); i++) {
		/* With the PC's time base rates 1 and 2 are those of 8 and 9. */
		u32 hz = 32768u >> (rates[i] + (rates[i] < 3 ? 7 : 0) - 1);
		u64 start;

		SUBTEST("rate-%u-%u-Hz", rates[i], hz);
		begin();
		start = arch_ticks();
		rtc_write(RTC_A, RTC_A_DIVIDER_32K | rates[i]);
		(void)rtc_read(RTC_C);
		rtc_write(RTC_B, RTC_B_24 | RTC_B_PIE);
		EXPECT(wait_for(10));
		rtc_write(RTC_B, RTC_B_24);
		/* The first one's phase is the divider's. */
		for (u32 n = 1; n < 10; n++)
			EXPECT_GE(taken.ticks[n] - start,
				  (u64)n * (clock_hz_min() - clock_hz_min() / 500) / hz,
				  "TSC ticks, interrupt %u", n);
		EXPECT_EQ(taken.first & (RTC_C_IRQF | RTC_C_PF), RTC_C_IRQF | RTC_C_PF);
		EXPECT_EQ(taken.first & RTC_C_AF & RTC_C_UF, 0ull);
	}
	rtc_reset();
}

TEST(rtc_periodic_off, "without PIE, or with rate 0, there is no periodic interrupt",
     SPEC("MC146818A data sheet, Register A, RS3-RS0; Register B, PIE"))
{
	begin();
	SUBTEST("no-PIE");
	rtc_write(RTC_A, RTC_A_DIVIDER_32K | 3);
	irq_window_ns(5 * MS);
	EXPECT_EQ(taken.count, 0u);
	SUBTEST("rate-0");
	rtc_write(RTC_A, RTC_A_DIVIDER_32K);
	(void)rtc_read(RTC_C);
	rtc_write(RTC_B, RTC_B_24 | RTC_B_PIE);
	irq_window_ns(5 * MS);
	EXPECT_EQ(taken.count, 0u);
	rtc_reset();
}

TEST(rtc_flag_without_enable,
     "PF is set at each period whether PIE is set or not; IRQF only with it",
     SPEC("MC146818A data sheet, Register C, PF, IRQF"))
{
	u64 begun;
	u8 flags = 0;

	begin();
	rtc_write(RTC_A, RTC_A_DIVIDER_32K | 3);
	for (begun = clock_ns(); !(flags & RTC_C_PF) && clock_ns() - begun < 50 * MS;)
		flags |= rtc_read(RTC_C);
	SUBTEST("PF");
	EXPECT_EQ(flags & RTC_C_PF, RTC_C_PF);
	SUBTEST("IRQF");
	EXPECT_EQ(flags & RTC_C_IRQF, 0ull);
	rtc_reset();
}

/* With the flag of a periodic interrupt set, and its line high. */
static void begin_with_period(void)
{
	begin();
	ioapic_mask(ioapic_pin_of_irq(RTC_IRQ), true);
	/* Masked, the 8259 tells that the line was raised, without a look at the clock. */
	pic_init(0x50, 0, 0, 0xffff);
	rtc_write(RTC_A, RTC_A_DIVIDER_32K | 3);
	(void)rtc_read(RTC_C);
	rtc_write(RTC_B, RTC_B_24 | RTC_B_PIE);
	ASSERT(wait_until(pic_irr() & BIT(RTC_IRQ)));
	/* No more periods after this. */
	rtc_write(RTC_A, RTC_A_DIVIDER_32K);
}

TEST(rtc_flags_cleared_by_read, "reading register C clears it, and lowers the interrupt line",
     SPEC("MC146818A data sheet, Register C"))
{
	u8 first, second;

	begin_with_period();
	first = rtc_read(RTC_C);
	second = rtc_read(RTC_C);
	EXPECT_EQ(first & (RTC_C_IRQF | RTC_C_PF), RTC_C_IRQF | RTC_C_PF);
	EXPECT_EQ(second & (RTC_C_IRQF | RTC_C_PF), 0ull);
	rtc_reset();
}

TEST(rtc_disabled_late,
     "disabling an interrupt whose flag is set lowers the line and IRQF, not the flag",
     SPEC("MC146818A data sheet, Register C, IRQF, PF"))
{
	begin_with_period();
	rtc_write(RTC_B, RTC_B_24);
	EXPECT_EQ(rtc_read(RTC_C) & (RTC_C_IRQF | RTC_C_PF), RTC_C_PF);
	SUBTEST("edge-when-enabled-again");
	/* Had the line stayed high, there would be no edge. */
	rtc_write(RTC_A, RTC_A_DIVIDER_32K | 3);
	rtc_write(RTC_B, RTC_B_24 | RTC_B_PIE);
	ASSERT(wait_until(pic_irr() & BIT(RTC_IRQ)));
	rtc_write(RTC_B, RTC_B_24);
	ioapic_set_entry(ioapic_pin_of_irq(RTC_IRQ), IOAPIC_DESTINATION(apic_id()) | RTC_VECTOR);
	rtc_write(RTC_B, RTC_B_24 | RTC_B_PIE);
	EXPECT(wait_for(1));
	rtc_reset();
}

/* ------------------------------------------------------------------------------- update and alarm */

static void set_alarm(u8 hours, u8 minutes, u8 seconds)
{
	rtc_write(RTC_HOURS_ALARM, hours);
	rtc_write(RTC_MINUTES_ALARM, minutes);
	rtc_write(RTC_SECONDS_ALARM, seconds);
}

/* 12:34:56 of a day of this century, and the next update in half a second. */
static void set_time(u8 enables)
{
	rtc_write(RTC_B, RTC_B_SET | RTC_B_24);
	rtc_write(RTC_A, RTC_A_DIVIDER_STOP);
	rtc_write(RTC_HOURS, 0x12);
	rtc_write(RTC_MINUTES, 0x34);
	rtc_write(RTC_SECONDS, 0x56);
	rtc_write(RTC_DAY_OF_WEEK, 2);
	rtc_write(RTC_DAY, 0x10);
	rtc_write(RTC_MONTH, 0x06);
	rtc_write(RTC_YEAR, 0x24);
	rtc_write(RTC_CENTURY, 0x20);
	rtc_write(RTC_B, RTC_B_24);
	rtc_write(RTC_A, RTC_A_DIVIDER_32K);
	(void)rtc_read(RTC_C);
	rtc_write(RTC_B, (u8)(RTC_B_24 | enables));
}

TEST(rtc_update_ended, "the update-ended interrupt comes once for each update, with the new time",
     SPEC("MC146818A data sheet, Update cycle, Register B, UIE"))
{
	begin();
	set_alarm(0x23, 0x59, 0x59);
	set_time(RTC_B_UIE);
	EXPECT(wait_for(1));
	EXPECT_EQ(taken.first & (RTC_C_IRQF | RTC_C_UF), RTC_C_IRQF | RTC_C_UF);
	EXPECT_EQ(taken.first & RTC_C_AF, 0ull);
	EXPECT_GE(rtc_read(RTC_SECONDS), 0x57u);
	irq_window_ns(100 * MS);
	EXPECT_LE(taken.count, 2u);
	rtc_reset();
}

TEST(rtc_alarm, "the alarm matches the whole time, with every value for don't-care codes",
     SPEC("MC146818A data sheet, Time, calendar and alarm locations; Register C, AF"))
{
	static const struct {
		const char *name;
		u8 enables; /* of register B */
		u8 hours, minutes, seconds;
		bool matches; /* at 12:34:57 */
	} rows[] = {
		{ "without-enables", 0, 0x12, 0x34, 0x57, true },
		{ "exact", RTC_B_AIE | RTC_B_UIE, 0x12, 0x34, 0x57, true },
		{ "other-hour", RTC_B_AIE | RTC_B_UIE, 0x13, 0x34, 0x57, false },
		{ "other-minute", RTC_B_AIE | RTC_B_UIE, 0x12, 0x35, 0x57, false },
		{ "any-hour", RTC_B_AIE | RTC_B_UIE, 0xff, 0x34, 0x57, true },
		{ "any-hour-other-second", RTC_B_AIE | RTC_B_UIE, 0xff, 0x34, 0x30, false },
		{ "each-second", RTC_B_AIE | RTC_B_UIE, 0xc0, 0xff, 0xc0, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 flags = 0;

		SUBTEST("%s", rows[i].name);
		begin();
		set_alarm(rows[i].hours, rows[i].minutes, rows[i].seconds);
		set_time(rows[i].enables);
		if (!EXPECT(wait_until((flags = rtc_read(RTC_C)) & RTC_C_UF)))
			continue;
		EXPECT_EQ(flags & RTC_C_AF, rows[i].matches ? RTC_C_AF : 0ull);
		EXPECT_EQ(flags & RTC_C_IRQF, rows[i].enables ? RTC_C_IRQF : 0ull);
	}
	rtc_reset();
}

TEST(rtc_alarm_of_time, "the alarm matches at carries, and in 12 hours and binary as the time does",
     SPEC("MC146818A data sheet, Time, calendar and alarm locations; Register C, AF"))
{
	static const struct {
		const char *name;
		u8 bits; /* of register B */
		u8 hours, minutes,
			seconds; /* as the alarm's locations: the time is one second before */
		u8 before_hours, before_minutes, before_seconds;
	} rows[] = {
		{ "next-minute", RTC_B_24, 0x12, 0x35, 0x00, 0x12, 0x34, 0x59 },
		{ "any-hour-next-hour", RTC_B_24, 0xff, 0x00, 0x00, 0x12, 0x59, 0x59 },
		{ "midnight", RTC_B_24, 0x00, 0x00, 0x00, 0x23, 0x59, 0x59 },
		{ "any-second-next-minute", RTC_B_24, 0x12, 0x35, 0xff, 0x12, 0x34, 0x59 },
		{ "any-minute-next-hour", RTC_B_24, 0xff, 0xff, 0x00, 0x12, 0x59, 0x59 },
		{ "each-second-midnight", RTC_B_24, 0xff, 0xff, 0xff, 0x23, 0x59, 0x59 },
		{ "noon-12-hours", 0, 0x92, 0x00, 0x00, 0x11, 0x59, 0x59 },
		{ "midnight-12-hours", 0, 0x12, 0x00, 0x00, 0x91, 0x59, 0x59 },
		{ "binary", RTC_B_24 | RTC_B_DM, 23, 34, 57, 23, 34, 56 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 flags = 0;

		SUBTEST("%s", rows[i].name);
		begin();
		rtc_write(RTC_B, (u8)(RTC_B_SET | rows[i].bits));
		rtc_write(RTC_A, RTC_A_DIVIDER_STOP);
		set_alarm(rows[i].hours, rows[i].minutes, rows[i].seconds);
		rtc_write(RTC_HOURS, rows[i].before_hours);
		rtc_write(RTC_MINUTES, rows[i].before_minutes);
		rtc_write(RTC_SECONDS, rows[i].before_seconds);
		/* The same in BCD and binary. */
		rtc_write(RTC_DAY_OF_WEEK, 2);
		rtc_write(RTC_DAY, 3);
		rtc_write(RTC_MONTH, 6);
		rtc_write(RTC_YEAR, 5);
		rtc_write(RTC_CENTURY, rows[i].bits & RTC_B_DM ? 20 : 0x20);
		rtc_write(RTC_B, (u8)(rows[i].bits | RTC_B_AIE | RTC_B_UIE));
		rtc_write(RTC_A, RTC_A_DIVIDER_32K);
		(void)rtc_read(RTC_C);
		ASSERT(wait_until((flags = rtc_read(RTC_C)) & RTC_C_UF));
		EXPECT_EQ(flags & RTC_C_AF, RTC_C_AF);
	}
	rtc_reset();
}

TEST(rtc_alarm_interrupts, "the alarm interrupts with AIE, once",
     SPEC("MC146818A data sheet, Register B, AIE"))
{
	begin();
	set_alarm(0x12, 0x34, 0x57);
	set_time(RTC_B_AIE);
	EXPECT(wait_for(1));
	EXPECT_EQ(taken.first & (RTC_C_IRQF | RTC_C_AF), RTC_C_IRQF | RTC_C_AF);
	irq_window_ns(20 * MS);
	EXPECT_EQ(taken.count, 1u);
	rtc_reset();
}

TEST(rtc_enabled_late, "enabling an interrupt whose flag is already set raises it",
     SPEC("MC146818A data sheet, Register C, IRQF"))
{
	begin();
	set_time(0);
	/* UF can be seen by the time alone: reading C would clear it. */
	ASSERT(wait_until(rtc_read(RTC_SECONDS) != 0x56));
	delay_us(3000);
	EXPECT_EQ(taken.count, 0u);
	rtc_write(RTC_B, RTC_B_24 | RTC_B_UIE);
	EXPECT(wait_for(1));
	EXPECT_EQ(taken.first & (RTC_C_IRQF | RTC_C_UF), RTC_C_IRQF | RTC_C_UF);
	rtc_reset();
}

/* ------------------------------------------------------------------------------------- the NMI mask */

static u32 nmis;

static void count_nmi(struct trap_frame *frame)
{
	(void)frame;
	nmis++;
}

TEST(rtc_nmi_mask,
     "bit 7 of port 70H is no part of the index, and holds back no NMI of the local APIC",
     SPEC("82801FB (ICH6) data sheet, NMI_EN; SDM vol. 3A, 10.6.1"))
{
	begin();
	rtc_write(RTC_MINUTES_ALARM, 0x21);
	rtc_write(RTC_HOURS_ALARM, 0x12);
	for (u32 masked = 0; masked < 2; masked++) {
		SUBTEST("%s", masked ? "masked" : "not-masked");
		rtc_mask_nmi(masked);
		EXPECT_EQ(rtc_read(RTC_D), RTC_D_VRT);
		EXPECT_EQ(rtc_read(RTC_HOURS_ALARM), 0x12);
		rtc_write(RTC_MINUTES_ALARM, (u8)(0x30 + masked));
		EXPECT_EQ(rtc_read(RTC_MINUTES_ALARM), 0x30 + masked);
		nmis = 0;
		trap_set_handler(VEC_NMI, count_nmi);
		apic_send(ICR_NMI | ICR_ASSERT, apic_id());
		EXPECT(wait_until(READ_ONCE(nmis)));
		EXPECT_EQ(nmis, 1u);
	}
	rtc_mask_nmi(false);
	EXPECT_EQ(rtc_read(RTC_MINUTES_ALARM), 0x31);
	rtc_reset();
}
