/* SPDX-License-Identifier: MIT */
/*
 * The PIT's channel 0, whose output is IRQ 0 and whose gate is always high: 8254 data sheet, Mode
 * Definitions. "Never early" is against the TSC, whose rate was measured with the same clock.
 */
#include <test.h>

#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/ioapic.h>
#include <x86/irq.h>
#include <x86/pic.h>
#include <x86/pit.h>

SUITE("PIT: interrupts of channel 0", REQUIRES(cpu_has(X86_FEATURE_APIC)));

#define PIT_VECTOR 0x50u
#define MS	   1000000ull
#define WATCH_NS   (5 * MS)

/* Through the 8259, which ends the interrupt itself, and the pin LINT0. */
static void begin(void)
{
	if (ioapic_is_there())
		ioapic_reset();
	pic_set_elcr(0);
	pit_quiet_wait(PIT_VECTOR);
	pic_init(PIT_VECTOR, PIC_ICW4_AEOI, 0, (u16)~BIT(0));
	apic_write(APIC_LVT_LINT0, APIC_LVT_EXTINT);
	irq_record(0x20, 0xef);
}

static void program(u32 mode, u16 count)
{
	pit_control(0, PIT_ACCESS_BOTH | PIT_MODE(mode));
	pit_write(0, count);
}

/* The least TSC ticks that so many clocks of the PIT take. */
static u64 ticks_min(u64 clocks)
{
	u64 ticks = clocks * clock_hz_min() / PIT_HZ;

	return ticks - ticks / 500;
}

TEST(pit_mode_0_interrupts,
     "in mode 0 the terminal count is one interrupt, not before count + 1 clocks",
     SPEC("8254 data sheet, Mode 0"))
{
	static const u16 counts[] = { 2, 1193, 5000 };

	for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
		u64 start;

		SUBTEST("count-%u", counts[i]);
		begin();
		pit_control(0, PIT_ACCESS_BOTH | PIT_MODE(0));
		irq_record(0x20, 0xef);
		start = arch_ticks();
		pit_write(0, counts[i]);
		ASSERT(irq_wait(0, PIT_VECTOR, 1));
		EXPECT_GE(irq_history_ticks(0, 0) - start, ticks_min(counts[i]));
		irq_window_ns(WATCH_NS);
		EXPECT_EQ(irq_taken(0, PIT_VECTOR), 1u);
	}
	pit_quiet();
}

TEST(pit_mode_0_rewritten,
     "in mode 0 a new count before the terminal count starts the interval again",
     SPEC("8254 data sheet, Mode 0"))
{
	u64 first, start;

	begin();
	first = arch_ticks();
	program(0, 60000);
	delay_us(200);
	start = arch_ticks();
	pit_write(0, 3000);
	/* A host may have paused for so long that the first interval was over: says nothing. */
	if (arch_ticks() - first >= ticks_min(60000))
		SKIP("the host was too busy");
	ASSERT(irq_wait(0, PIT_VECTOR, 1));
	EXPECT_GE(irq_history_ticks(0, 0) - start, ticks_min(3000));
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, PIT_VECTOR), 1u);
	pit_quiet();
}

static const u8 periodic_modes[] = { 2, 3 };

TEST(pit_periodic,
     "in modes 2 and 3 each period is one interrupt, and n of them take n - 1 periods",
     SPEC("8254 data sheet, Mode 2, Mode 3"))
{
	static const u16 counts[] = { 1193, 3001 };

	for (u32 i = 0; i < ARRAY_SIZE(periodic_modes); i++)
		for (u32 c = 0; c < ARRAY_SIZE(counts); c++) {
			u64 start;

			SUBTEST("mode-%u-count-%u", periodic_modes[i], counts[c]);
			begin();
			start = arch_ticks();
			program(periodic_modes[i], counts[c]);
			ASSERT(irq_wait(0, PIT_VECTOR, 8));
			for (u32 n = 1; n < 8; n++)
				EXPECT_GE(irq_history_ticks(0, n) - start,
					  ticks_min((u64)n * counts[c]), "interrupt %u", n);
			pit_quiet();
		}
}

TEST(pit_periodic_stops, "a control word for another mode ends the periodic interrupts",
     SPEC("8254 data sheet, Operation common to all modes"))
{
	for (u32 i = 0; i < ARRAY_SIZE(periodic_modes); i++) {
		u32 taken;

		SUBTEST("mode-%u", periodic_modes[i]);
		begin();
		program(periodic_modes[i], 1193);
		EXPECT(irq_wait(0, PIT_VECTOR, 2));
		pit_quiet();
		delay_us(20);
		irq_window();
		taken = irq_taken(0, PIT_VECTOR);
		irq_window_ns(4 * WATCH_NS);
		/* Mode 0's own edge, which pit_quiet() makes, may be late. */
		EXPECT_LE(irq_taken(0, PIT_VECTOR), taken + 1);
	}
}

TEST(pit_mode_4_interrupts, "in mode 4 the terminal count is one strobe, one interrupt",
     SPEC("8254 data sheet, Mode 4"))
{
	u64 start;

	begin();
	pit_control(0, PIT_ACCESS_BOTH | PIT_MODE(4));
	irq_window();
	irq_record(0x20, 0xef);
	start = arch_ticks();
	pit_write(0, 3000);
	ASSERT(irq_wait(0, PIT_VECTOR, 1));
	EXPECT_GE(irq_history_ticks(0, 0) - start, ticks_min(3000));
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, PIT_VECTOR), 1u);
	pit_quiet();
}

TEST(pit_half_written_count,
     "the first byte of a two-byte count stops mode 0; the second starts it",
     SPEC("8254 data sheet, Mode 0"))
{
	u64 start;

	begin();
	program(0, 4000);
	pit_write_byte(0, 0xa0);
	/* Some VMMs take a while on a loaded host. */
	irq_window_ns(60 * WATCH_NS);
	SUBTEST("first-byte");
	EXPECT_EQ(irq_taken(0, PIT_VECTOR), 0u);
	SUBTEST("second-byte");
	irq_record(0x20, 0xef);
	start = arch_ticks();
	pit_write_byte(0, 0x0f);
	EXPECT(irq_wait(0, PIT_VECTOR, 1));
	EXPECT_GE(irq_history_ticks(0, 0) - start, ticks_min(4000));
	pit_quiet();
}

/* ------------------------------------------------------------------------------- read-back, channels */

TEST(pit_channels_are_separate, "the counters of channels 0 and 2 count by themselves",
     SPEC("8254 data sheet, Read-back command"))
{
	u8 status_0, status_2;
	u16 count_0, count_2;

	pit_set_gate(true);
	pit_control(0, PIT_ACCESS_BOTH | PIT_MODE(2));
	pit_write(0, 300);
	pit_control(2, PIT_ACCESS_BOTH | PIT_MODE(3));
	pit_write(2, 60000);
	delay_us(50);
	SUBTEST("one-command-for-both");
	pit_read_back(BIT(0) | BIT(2), true, true);
	status_2 = pit_read_byte(2);
	status_0 = pit_read_byte(0);
	count_0 = pit_read(0);
	count_2 = pit_read(2);
	EXPECT_EQ(status_0 & 0x3f, PIT_ACCESS_BOTH | PIT_MODE(2));
	EXPECT_EQ(status_2 & 0x3f, PIT_ACCESS_BOTH | PIT_MODE(3));
	EXPECT_LE(count_0, 300u);
	EXPECT_GE(count_0, 1u);
	EXPECT_LE(count_2, 60000u);
	SUBTEST("latch-of-one");
	pit_latch(0);
	pit_write(2, 40000);
	EXPECT_LE(pit_read(0), 300u);
	pit_quiet();
}

TEST(pit_read_back_of_several, "a read-back latches the channels of its mask, until each is read",
     SPEC("8254 data sheet, Read-back command"))
{
	u16 first, again;

	pit_set_gate(true);
	pit_control(0, PIT_ACCESS_BOTH | PIT_MODE(2));
	pit_write(0, 60000);
	pit_control(2, PIT_ACCESS_BOTH | PIT_MODE(2));
	pit_write(2, 60000);
	delay_us(50);
	for (u32 tries = 0; tries < 50; tries++) {
		u64 start = arch_ticks();

		pit_read_back(BIT(0) | BIT(2), true, false);
		delay_us(300);
		/* Of the same moment: both were started within microseconds of each other. */
		first = pit_read(0);
		again = pit_read(2);
		if (arch_ticks() - start > clock_ticks_at_most(20 * MS))
			continue;
		SUBTEST("not-latched-any-more");
		EXPECT_NE(pit_read_latched(0), first);
		EXPECT_LE(again, 60000u);
		pit_quiet();
		return;
	}
	SKIP("the host was too busy");
}
