/* SPDX-License-Identifier: MIT */
/*
 * Clocks against each other. Each is read between two reads of the other, at both ends of an interval:
 * that gives a least and a most time by either clock, whatever the host did, and the two ranges must
 * meet. PIT: 1.193182 MHz; ACPI power management timer: 3.579545 MHz (ACPI 6.4, 4.8.3.3).
 */
#include <test.h>

#include <dev/acpi.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/hpet.h>
#include <x86/io.h>
#include <x86/pic.h>
#include <x86/pit.h>

SUITE("Ratios between clocks");

#define PM_TIMER_HZ 3579545
#define NS_PER_S    1000000000ull

/* 0.2%: drift of clocks of different sources, and hosts that steer theirs. */
#define TOLERANCE 500

#define INTERVAL_US 20000
/* The PIT wraps after 54.9 ms: longer intervals are measured again. */
#define WRAP_NS	    50000000ull
#define MAX_TRIES   40

/* A clock that counts up; its frequency in Hz is known to be within bounds. */
struct clock {
	const char *name;
	u64 (*read)(void);
	u64 mask; /* of the bits that count */
	u64 hz_min, hz_max;
};

static u64 read_tsc(void)
{
	return arch_ticks();
}

static u64 read_pit(void)
{
	return (u16)-pit_read_latched(2);
}

static u64 read_pm_timer(void)
{
	return inl(acpi_pm_timer_port());
}

static u64 read_apic_timer(void)
{
	return ~apic_read(APIC_TIMER_CURRENT);
}

static struct clock tsc_clock(void)
{
	return (struct clock){ "TSC", read_tsc, ~0ull, clock_hz_min(), clock_hz_max() };
}

static struct clock pit_clock(void)
{
	pit_set_gate(true);
	pit_control(2, PIT_ACCESS_BOTH | PIT_MODE(2));
	pit_write(2, 0);
	delay_us(10);
	return (struct clock){ "PIT", read_pit, 0xffff, PIT_HZ - 1, PIT_HZ + 1 };
}

static struct clock pm_clock(void)
{
	return (struct clock){ "PM timer", read_pm_timer, BITS(acpi_pm_timer_bits() - 1, 0),
			       PM_TIMER_HZ, PM_TIMER_HZ };
}

/* Its frequency is nowhere documented: measured against the TSC first. */
static struct clock apic_clock(void)
{
	struct apic_timer_rate rate = apic_timer_measure(5000000);
	u64 hz_min = rate.counts * clock_hz_min() / rate.tsc_max;
	u64 hz_max = (rate.counts + 1) * clock_hz_max() / rate.tsc_min + 1;

	/* Periodic: it wraps where the mask does. */
	apic_timer_start(APIC_TIMER_PERIODIC | APIC_LVT_MASKED, 0, ~0u);
	return (struct clock){ "APIC timer", read_apic_timer, 0xffffffff, hz_min, hz_max };
}

static u64 read_hpet(void)
{
	return hpet_read32(HPET_MAIN_CNT);
}

/* Its period is in femtoseconds. */
static struct clock hpet_clock(void)
{
	u64 hz = 1000000000000000ull / HPET_GCAP_PERIOD(hpet_read(HPET_GCAP_ID));

	hpet_reset();
	hpet_write32(HPET_GEN_CONF, HPET_ENABLE_CNF);
	return (struct clock){ "HPET", read_hpet, 0xffffffff, hz, hz + 1 };
}

struct range {
	u64 min, max; /* ns */
};

static struct range time_of(const struct clock *clock, u64 least, u64 most)
{
	struct range range = {
		.min = least * NS_PER_S / clock->hz_max,
		.max = most * NS_PER_S / clock->hz_min + 1,
	};

	range.min -= range.min / TOLERANCE;
	range.max += range.max / TOLERANCE;
	return range;
}

/* One interval by both clocks: the outer one is read on either side of the inner one. */
static void compare(struct clock outer, struct clock inner)
{
	for (u32 tries = 0; tries < MAX_TRIES; tries++) {
		u64 before_1, inner_1, after_1, before_2, inner_2, after_2, elapsed;
		u64 start = arch_ticks();
		struct range by_outer, by_inner;

		before_1 = outer.read();
		inner_1 = inner.read();
		after_1 = outer.read();
		delay_us(INTERVAL_US);
		before_2 = outer.read();
		inner_2 = inner.read();
		after_2 = outer.read();
		if (arch_ticks() - start > clock_ticks_at_most(WRAP_NS))
			continue;
		elapsed = (inner_2 - inner_1) & inner.mask;
		by_inner = time_of(&inner, elapsed - 1, elapsed + 1);
		by_outer = time_of(&outer, ((before_2 - after_1) & outer.mask) - 1,
				   ((after_2 - before_1) & outer.mask) + 1);
		EXPECT_LE(by_inner.min, by_outer.max, "ns: %s is fast or %s slow", inner.name,
			  outer.name);
		EXPECT_GE(by_inner.max, by_outer.min, "ns: %s is slow or %s fast", inner.name,
			  outer.name);
		return;
	}
	SKIP("the host was too busy");
}

static bool has_apic(void)
{
	return cpu_has(X86_FEATURE_APIC);
}

TEST(tsc_and_pit, "the TSC keeps the rate that it had against the PIT at start",
     SPEC("SDM vol. 3B, 17.15; 8254 data sheet"), REQUIRES(cpu_has(X86_FEATURE_TSC)))
{
	compare(tsc_clock(), pit_clock());
}

TEST(tsc_and_pm_timer, "the TSC has the same rate against the ACPI timer as against the PIT",
     SPEC("ACPI 6.4, 4.8.3.3; SDM vol. 3B, 17.15"), REQUIRES(acpi_pm_timer_port()))
{
	compare(tsc_clock(), pm_clock());
}

TEST(pm_timer_and_pit, "the ACPI timer counts 3.579545 MHz, three times the PIT's clock",
     SPEC("ACPI 6.4, 4.8.3.3; 8254 data sheet"), REQUIRES(acpi_pm_timer_port()))
{
	compare(pm_clock(), pit_clock());
}

TEST(apic_timer_and_tsc, "the APIC timer's rate against the TSC is constant",
     SPEC("SDM vol. 3A, 10.5.4"), REQUIRES(has_apic()))
{
	compare(tsc_clock(), apic_clock());
	apic_timer_stop();
}

TEST(apic_timer_and_pit, "the APIC timer's rate against the PIT is that against the TSC",
     SPEC("SDM vol. 3A, 10.5.4; 8254 data sheet"), REQUIRES(has_apic()))
{
	compare(apic_clock(), pit_clock());
	apic_timer_stop();
}

TEST(apic_timer_and_pm_timer,
     "the APIC timer's rate against the ACPI timer is that against the TSC",
     SPEC("SDM vol. 3A, 10.5.4; ACPI 6.4, 4.8.3.3"), REQUIRES(has_apic() && acpi_pm_timer_port()))
{
	compare(apic_clock(), pm_clock());
	apic_timer_stop();
}

TEST(hpet_and_tsc, "the HPET's period is what its capabilities say, by the TSC",
     SPEC("IA-PC HPET specification 1.0a, 2.3.4; SDM vol. 3B, 17.15"), REQUIRES(hpet_is_there()))
{
	compare(tsc_clock(), hpet_clock());
	hpet_reset();
}

TEST(hpet_and_pit, "the HPET's period is what its capabilities say, by the PIT",
     SPEC("IA-PC HPET specification 1.0a, 2.3.4; 8254 data sheet"), REQUIRES(hpet_is_there()))
{
	compare(hpet_clock(), pit_clock());
	hpet_reset();
}

TEST(hpet_and_pm_timer, "the HPET's period is what its capabilities say, by the ACPI timer",
     SPEC("IA-PC HPET specification 1.0a, 2.3.4; ACPI 6.4, 4.8.3.3"),
	  REQUIRES(hpet_is_there() && acpi_pm_timer_port()))
{
	compare(hpet_clock(), pm_clock());
	hpet_reset();
}

/* ---------------------------------------------------------------------------------- ACPI timer alone */

/* 4.8.3.1: status and enable are one half each of the PM1a event block, of 4 bytes here. */
#define PM1_TMR_STS BIT(0)
#define PM1_TMR_EN  BIT(0)
#define PM1_ENABLE  2
#define PM1_SCI_EN  BIT(0) /* of the control block: ACPI mode */

static bool has_pm1_status(void)
{
	return acpi_pm_timer_port() && acpi_pm1a_event_port();
}

static bool in_acpi_mode(void)
{
	return inw(acpi_pm1a_control_port()) & PM1_SCI_EN;
}

/* To ACPI mode and back. False: the machine stays as it is. */
static bool set_acpi_mode(bool on)
{
	u8 enable, disable;
	u16 port = acpi_smi_command_port(&enable, &disable);

	if (in_acpi_mode() == on)
		return true;
	if (!port || !enable)
		return false;
	outb(port, on ? enable : disable);
	return wait_until_ns(in_acpi_mode() == on, NS_PER_S);
}

/* Whose trigger the 8259s let one choose. */
static bool has_sci(void)
{
	const u32 irq = acpi_sci_interrupt();

	return acpi_pm1a_control_port() && irq > 2 && irq < 16 && irq != 8 && irq != 13;
}

/* With TMR_STS set, and clear at the end. Level-triggered and masked, the 8259 has the line in IRR. */
static void expect_sci(u16 status)
{
	const u16 enable = status + PM1_ENABLE, irq = (u16)BIT(acpi_sci_interrupt());

	pic_init(0x50, 0, 0, 0xffff);
	pic_set_elcr(irq);
	outw(enable, 0);
	EXPECT_EQ(pic_irr() & irq, 0, "not enabled");
	outw(enable, PM1_TMR_EN);
	EXPECT_EQ(inw(enable) & PM1_TMR_EN, PM1_TMR_EN);
	EXPECT_EQ(pic_irr() & irq, irq, "enabled");
	outw(enable, 0);
	EXPECT_EQ(pic_irr() & irq, 0, "not enabled any more");
	outw(enable, PM1_TMR_EN);
	outw(status, PM1_TMR_STS);
	EXPECT_EQ(pic_irr() & irq, 0, "status clear");
	outw(enable, 0);
	pic_set_elcr(0);
}

/* At most half of the timer's range: 2.4 s, or for 32 bits ten minutes, which nobody waits for. */
TEST(pm_timer_status,
     "TMR_STS is set when the timer's highest bit changes, not before, and cleared by 1",
     SPEC("ACPI 6.4, 4.8.3.1.1, 4.8.3.3"), REQUIRES(has_pm1_status() && acpi_pm_timer_bits() == 24))
{
	u64 begun = clock_ns(), before, after;
	u16 port = acpi_pm1a_event_port(), status;
	bool was_on;

	do {
		outw(port, PM1_TMR_STS);
		before = read_pm_timer();
		status = inw(port);
		after = read_pm_timer();
	} while ((before ^ after) >> 23 & 1);
	EXPECT_EQ(status & PM1_TMR_STS, 0ull, "just cleared");
	for (;;) {
		u64 timer = read_pm_timer();

		if ((timer ^ before) >> 23 & 1)
			break;
		/* Not in the last eighth: the read after the change is to be the first one for long. */
		if ((timer & (BIT(23) - 1)) < 7 * BIT(20)) {
			status = inw(port);
			after = read_pm_timer();
			if (!((after ^ before) >> 23 & 1))
				EXPECT_EQ(status & PM1_TMR_STS, 0ull,
					  "before the highest bit changes");
		}
		ASSERT_LT(clock_ns() - begun, 10 * NS_PER_S, "the highest bit does not change");
	}
	/* Some VMMs look at it by a timer of theirs. */
	delay_us(20000);
	EXPECT_EQ(inw(port) & PM1_TMR_STS, PM1_TMR_STS);
	outw(port, 0);
	EXPECT_EQ(inw(port) & PM1_TMR_STS, PM1_TMR_STS, "writing 0 clears nothing");
	was_on = acpi_pm1a_control_port() && in_acpi_mode();
	SUBTEST("interrupt");
	if (has_sci() && set_acpi_mode(true))
		expect_sci(port);
	else
		SKIP_ROW("no SCI, or no ACPI mode");
	SUBTEST("cleared");
	outw(port, PM1_TMR_STS);
	EXPECT_EQ(inw(port) & PM1_TMR_STS, 0ull);
	if (!was_on && has_sci())
		set_acpi_mode(false);
}

TEST(pm_timer_counts_up, "the ACPI timer counts up, modulo 2^24 or 2^32, and never back",
     SPEC("ACPI 6.4, 4.8.3.3"), REQUIRES(acpi_pm_timer_port()))
{
	u64 mask = BITS(acpi_pm_timer_bits() - 1, 0);
	u32 last = (u32)read_pm_timer(), advanced = 0;

	for (u32 n = 0; n < 1000; n++) {
		u32 now = (u32)read_pm_timer();

		EXPECT_LT((now - last) & mask, (mask >> 1) + 1, "it went back");
		advanced += now != last;
		last = now;
	}
	EXPECT_GT(advanced, 0);
}

TEST(pm_timer_width, "a 24-bit ACPI timer reads as 0 in bits 31-24",
     SPEC("ACPI 6.4, 4.8.3.3"), REQUIRES(acpi_pm_timer_port() && acpi_pm_timer_bits() == 24))
{
	for (u32 n = 0; n < 100; n++)
		EXPECT_EQ(read_pm_timer() >> 24, 0);
}

TEST(pm_timer_is_read_only, "writing the ACPI timer does not set it",
     SPEC("ACPI 6.4, 4.8.3.3"), REQUIRES(acpi_pm_timer_port()))
{
	u64 mask = BITS(acpi_pm_timer_bits() - 1, 0);

	for (u32 tries = 0; tries < MAX_TRIES; tries++) {
		u64 start = arch_ticks(), before, after;

		before = read_pm_timer();
		outl(acpi_pm_timer_port(), (u32)(before + 0x800000));
		after = read_pm_timer();
		if (arch_ticks() - start > clock_ticks_at_most(NS_PER_S))
			continue;
		/* A second is 3579545 ticks, less than the step of 8388608. */
		EXPECT_LT((after - before) & mask, 4000000);
		return;
	}
	SKIP("the host was too busy");
}

TEST(delays_are_not_short, "a delay lasts as long as asked by the PIT and by the ACPI timer, too",
     SPEC("ACPI 6.4, 4.8.3.3"), REQUIRES(acpi_pm_timer_port()))
{
	static const u32 delays_us[] = { 10, 100, 1000, 10000 };
	u64 mask = BITS(acpi_pm_timer_bits() - 1, 0);

	for (u32 i = 0; i < ARRAY_SIZE(delays_us); i++) {
		u64 start = arch_ticks(), before, after, least;

		before = read_pm_timer();
		delay_us(delays_us[i]);
		after = read_pm_timer();
		least = (u64)delays_us[i] * PM_TIMER_HZ / 1000000;
		if (arch_ticks() - start < clock_ticks_at_least(4 * NS_PER_S))
			EXPECT_GE(((after - before) & mask) + 1, least - least / TOLERANCE, "%u us",
				  delays_us[i]);
	}
}
