/* SPDX-License-Identifier: MIT */
/*
 * What goes on from one match of an HPET timer to the next: the comparator, the status bit and the line, and who has the
 * interrupt under legacy replacement. IA-PC HPET specification 1.0a, 2.3.5, 2.3.6, 2.3.9.
 */
#include "hpet_test.h"

#include <string.h>
#include <sys/time.h>

SUITE("HPET: from match to match",
      REQUIRES(cpu_has(X86_FEATURE_APIC) && hpet_is_there() && ioapic_is_there()));

static struct {
	u32 count;
	u32 farthest; /* comparator beyond the main counter, bits 31-0 */
} seen;

static void note_distance(struct trap_frame *frame)
{
	/* The comparator first: the counter only gets nearer to it. */
	u32 comparator = hpet_read32(HPET_TIM_COMP(0));
	s32 distance = (s32)(comparator - hpet_read32(HPET_MAIN_CNT));

	(void)frame;
	if (distance > 0)
		seen.farthest = MAX(seen.farthest, (u32)distance);
	WRITE_ONCE(seen.count, seen.count + 1);
	apic_eoi();
	if (seen.count > IRQ_STORM)
		hpet_halt();
}

TEST(hpet_periodic_next, "after a match the next one is at most one period away",
     SPEC("IA-PC HPET specification 1.0a, 2.3.9.2.2"), REQUIRES(hpet_has_periodic()))
{
	static const struct {
		const char *name;
		u64 bits;
	} rows[] = { { "64-bit", 0 }, { "32-bit-mode", HPET_32MODE } };
	const u32 period = (u32)hpet_counts(20 * HPET_MS);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		hpet_begin();
		memset(&seen, 0, sizeof(seen));
		trap_set_handler(HPET_VECTOR, note_distance);
		hpet_start_periodic(period, period, rows[i].bits);
		EXPECT(irq_wait_until(READ_ONCE(seen.count) >= 3));
		EXPECT_LE(seen.farthest, period);
	}
	hpet_reset();
}

/* ---------------------------------------------------------------------------------------- status */

static void clear_status(struct trap_frame *frame)
{
	(void)frame;
	hpet_write32(HPET_GINTR_STA, 1);
	WRITE_ONCE(seen.count, seen.count + 1);
	apic_eoi();
	if (seen.count > IRQ_STORM)
		ioapic_reset();
}

static void begin_level(void)
{
	hpet_begin();
	memset(&seen, 0, sizeof(seen));
	trap_set_handler(HPET_VECTOR, clear_status);
}

TEST(hpet_level_again,
     "a status bit that is cleared lets the line go, so that the next match interrupts",
     SPEC("IA-PC HPET specification 1.0a, 2.3.6"), REQUIRES(hpet_has_periodic()))
{
	const u32 period = (u32)hpet_counts(2 * HPET_MS);
	u32 count;

	begin_level();
	hpet_start_periodic(period, period, HPET_INT_TYPE_LEVEL);
	EXPECT(irq_wait_until(READ_ONCE(seen.count) >= 4));
	count = READ_ONCE(seen.count);
	EXPECT_LE(count, hpet_counter() / period, "one interrupt for each match");
	hpet_reset();
}

/* The status may be cleared by the halt or not: the line is to follow it. */
TEST(hpet_halted_with_status,
     "halted, a timer interrupts no more; enabled again, it does if its status bit is still set",
     SPEC("IA-PC HPET specification 1.0a, 2.3.5, ENABLE_CNF; 2.3.6"))
{
	u32 status;

	begin_level();
	hpet_connect(0, HPET_INT_TYPE_LEVEL);
	ioapic_reset();
	hpet_write(HPET_TIM_COMP(0), hpet_counts(HPET_MS));
	hpet_run(0);
	ASSERT(wait_until(hpet_read32(HPET_GINTR_STA)));
	hpet_halt();
	/* No match is to come of the comparator again. */
	hpet_write(HPET_TIM_COMP(0), hpet_counts(1000000 * HPET_MS));
	hpet_unmask(0, HPET_INT_TYPE_LEVEL);
	SUBTEST("halted");
	irq_window_ns(HPET_WATCH);
	EXPECT_EQ(seen.count, 0u);
	SUBTEST("enabled-again");
	status = hpet_read32(HPET_GINTR_STA);
	hpet_run(0);
	if (status)
		EXPECT(irq_wait_until(READ_ONCE(seen.count) >= 1));
	else
		irq_window_ns(HPET_WATCH);
	EXPECT_EQ(seen.count, status);
	hpet_reset();
}

/* ----------------------------------------------------------------------------- legacy replacement */

TEST(hpet_legacy_leaves_others,
     "with legacy replacement timers from 2 on keep the routes of their own",
     SPEC("IA-PC HPET specification 1.0a, 2.3.5, LEG_RT_CNF"), REQUIRES(hpet_has_legacy()))
{
	for (u32 n = 2; n < HPET_USED; n++) {
		SUBTEST("timer-%u", n);
		hpet_begin();
		hpet_connect(n, 0);
		hpet_write(HPET_TIM_COMP(n), hpet_counts(2 * HPET_MS));
		hpet_run(HPET_LEG_RT_CNF);
		EXPECT(irq_wait(0, HPET_VECTOR, 1));
		EXPECT_EQ(irq_history_length(0), 1u);
	}
	hpet_reset();
}
