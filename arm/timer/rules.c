/* SPDX-License-Identifier: MIT */
/* The timers' registers bit by bit, deadlines that move, level-sensitive interrupts, one timer for each CPU. */
#include <test.h>

#include <arm/gic.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>

#include "timer.h"

SUITE("Generic timer, rules", REQUIRES(read_sys(CNTFRQ)));

/* Longer than any case takes. */
#define FAR 0x7000000000ull

TEST(ctl_bits, "CTL has ENABLE and IMASK as written; ISTATUS cannot be written, the rest is RES0",
     SPEC("DDI 0487, D24.10, CNTP_CTL_EL0, CNTV_CTL_EL0"))
{
	for_each_timer(t)
	{
		t->set_cval(t->count() + FAR);
		for (u64 value = 0; value < 8; value++) {
			/* Nothing is due: no interrupt. */
			t->set_ctl(value);
			EXPECT_EQ(t->ctl() & 3, value & 3, "wrote %#llx", value);
			/* ISTATUS is UNKNOWN while ENABLE is 0. */
			if (value & CNT_CTL_ENABLE)
				EXPECT_EQ(t->ctl(), value & 3, "wrote %#llx", value);
		}
		t->set_ctl(0xfffffff8);
		EXPECT_EQ(t->ctl() & ~(u64)CNT_CTL_ISTATUS, 0);
		t->set_ctl(0);
	}
}

TEST(istatus_follows, "ISTATUS goes with the condition each way, as often as CVAL changes",
     SPEC("DDI 0487, D12.2.4.1, operation of the CompareValue views of the timers"))
{
	for_each_timer(t)
	{
		t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
		for (u32 i = 0; i < 20; i++) {
			t->set_cval(t->count() + FAR);
			EXPECT_EQ(t->ctl() & CNT_CTL_ISTATUS, 0);
			t->set_cval(t->count());
			EXPECT_EQ(t->ctl() & CNT_CTL_ISTATUS, CNT_CTL_ISTATUS);
		}
		t->set_ctl(0);
	}
}

TEST(cval_extremes, "the comparison is of 64 bits: each power of two is ahead or behind as it is",
     SPEC("DDI 0487, D12.2.4.1"))
{
	for_each_timer(t)
	{
		t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
		for (u32 bit = 0; bit < 64; bit++) {
			u64 before, after, ctl;

			t->set_cval(BIT(bit));
			before = t->count();
			ctl = t->ctl();
			after = t->count();
			if (before >= BIT(bit))
				EXPECT_EQ(ctl & CNT_CTL_ISTATUS, CNT_CTL_ISTATUS, "bit %u", bit);
			if (after < BIT(bit))
				EXPECT_EQ(ctl & CNT_CTL_ISTATUS, 0, "bit %u", bit);
		}
		t->set_ctl(0);
	}
}

TEST(tval_powers, "TVAL is sign-extended from bit 31, and from no other",
     SPEC("DDI 0487, D12.2.4.2, operation of the TimerValue views of the timers"))
{
	for_each_timer(t)
	{
		for (u32 bit = 0; bit < 32; bit++) {
			u64 before = t->count(), after, cval;

			t->set_tval(1u << bit);
			after = t->count();
			cval = t->cval() - (u64)(s64)(s32)(1u << bit);
			EXPECT_LE(cval - before, after - before, "bit %u", bit);
		}
	}
}

TEST(tval_signed_condition,
     "a TVAL of which bit 31 is set is due at once, one of which it is not is not",
     SPEC("DDI 0487, D12.2.4.2"))
{
	static const struct {
		u32 tval;
		bool due;
	} rows[] = { { 0x80000000, true }, { 0xffffffff, true },  { 0xc0000000, true },
		     { 0, true },	   { 0x7fffffff, false }, { 0x40000000, false } };

	for_each_timer(t)
	{
		t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			/* The count is more than 2^31 only after a while: then a negative one may be ahead. */
			if (rows[i].tval >> 31 && t->count() < 0x80000000)
				continue;
			t->set_tval(rows[i].tval);
			EXPECT_EQ(t->ctl() & CNT_CTL_ISTATUS, rows[i].due ? CNT_CTL_ISTATUS : 0,
				  "TVAL %#x", rows[i].tval);
		}
		t->set_tval(0);
		EXPECT_EQ(t->ctl() & CNT_CTL_ISTATUS, CNT_CTL_ISTATUS);
		t->set_ctl(0);
	}
}

TEST(tval_goes_below_zero, "TVAL goes on to count down after the deadline: it is negative then",
     SPEC("DDI 0487, D12.2.4.2"))
{
	for_each_timer(t)
	{
		u64 before, after;
		s32 tval;

		t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
		t->set_tval(1);
		ASSERT(timer_wait_for_status(t, &before, &after));
		while (t->count() < t->cval() + 10)
			;
		before = t->count();
		tval = (s32)(u32)t->tval();
		after = t->count();
		EXPECT_LE(tval, -10);
		EXPECT_LE((u64) - (s64)tval, after - t->cval());
		EXPECT_GE((u64) - (s64)tval, before - t->cval());
		t->set_ctl(0);
	}
}

TEST(tval_of_far_cval, "TVAL has the low 32 bits of the distance, whatever is above them",
     SPEC("DDI 0487, D12.2.4.2"))
{
	for_each_timer(t)
	{
		t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
		for (u32 bit = 32; bit < 64; bit++) {
			u64 before, after, tval;

			t->set_cval(t->count() + BIT(bit) + 0x10000000);
			before = t->count();
			tval = t->tval();
			after = t->count();
			EXPECT_LE((u32)((u32)(t->cval() - before) - (u32)tval),
				  (u32)(after - before), "bit %u", bit);
		}
		t->set_ctl(0);
	}
}

TEST(registers_are_apart, "each timer's registers are its own",
     SPEC("DDI 0487, D24.10, CNTP_CVAL_EL0, CNTV_CVAL_EL0"))
{
	for (u32 i = 0; i < 2; i++) {
		const struct timer *one = &timers[i], *other = &timers[1 - i];

		SUBTEST("%s", one->name);
		one->set_cval(0x1111222233334444);
		other->set_cval(0x5555666677778888);
		one->set_ctl(CNT_CTL_IMASK);
		EXPECT_EQ(one->cval(), 0x1111222233334444);
		EXPECT_EQ(other->cval(), 0x5555666677778888);
		EXPECT_EQ(other->ctl() & 3, 0);
		one->set_ctl(0);
	}
}

/* ------------------------------------------------------------------------------- deadlines */

TEST(moved_forward, "a deadline that is moved from far to near is met",
     SPEC("DDI 0487, D12.2.4.1"), REQUIRES(gic_version()))
{
	for_each_timer(t)
	{
		u64 cval;

		timer_listen(t);
		t->set_cval(t->count() + FAR);
		t->set_ctl(CNT_CTL_ENABLE);
		cval = t->count() + clock_ticks_at_least(100000);
		t->set_cval(cval);
		EXPECT(timer_wait_for_tick(1));
		EXPECT_GE(timer_tick_count, cval);
	}
}

TEST(moved_back, "a deadline that is moved before it comes is not met at its old time",
     SPEC("DDI 0487, D12.2.4.1"), REQUIRES(gic_version()))
{
	for_each_timer(t)
	{
		u64 soon = clock_ticks_at_least(200000), moved;

		timer_listen(t);
		t->set_cval(t->count() + 4 * soon);
		t->set_ctl(CNT_CTL_ENABLE);
		moved = t->count() + 16 * soon;
		t->set_cval(moved);
		EXPECT(timer_wait_for_tick(1));
		/* Unless it was met before it was moved: then there is nothing to be seen. */
		if (timer_tick_count >= moved - 12 * soon)
			EXPECT_GE(timer_tick_count, moved);
	}
}

TEST(masked_meanwhile,
     "a deadline that passes while IMASK is set is an interrupt when it is cleared",
     SPEC("DDI 0487, D24.10, CNTP_CTL_EL0.IMASK"), REQUIRES(gic_version()))
{
	for_each_timer(t)
	{
		u64 before, after;

		timer_listen(t);
		t->set_tval((u32)clock_ticks_at_least(20000));
		t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
		ASSERT(timer_wait_for_status(t, &before, &after));
		EXPECT(!gic_is_pending(t->intid()));
		t->set_ctl(CNT_CTL_ENABLE);
		EXPECT(timer_wait_for_tick(1));
	}
}

TEST(disabled_meanwhile,
     "a deadline that passes while the timer is off is an interrupt when it is on",
     SPEC("DDI 0487, D24.10, CNTP_CTL_EL0.ENABLE; D12.2.4.1"), REQUIRES(gic_version()))
{
	for_each_timer(t)
	{
		u64 cval = t->count() + clock_ticks_at_least(20000);

		timer_listen(t);
		t->set_cval(cval);
		while (t->count() <= cval)
			;
		EXPECT(!gic_is_pending(t->intid()));
		t->set_ctl(CNT_CTL_ENABLE);
		EXPECT(timer_wait_for_tick(1));
	}
}

static const struct timer *level_timer;
static u32 level_ticks;

static void leave_asserted(u32 intid)
{
	(void)intid;
	if (atomic_add(&level_ticks, 1) >= 4)
		level_timer->set_ctl(0);
}

TEST(level_repeats,
     "an interrupt whose condition stays is taken again after its end, as it is level-sensitive",
     SPEC("DDI 0487, D12.2.4.4, the timers' output is level-sensitive"), REQUIRES(gic_version()))
{
	for_each_timer(t)
	{
		level_timer = t;
		level_ticks = 0;
		irq_set_handler(t->intid(), leave_asserted);
		gic_enable(t->intid());
		t->set_cval(0);
		t->set_ctl(CNT_CTL_ENABLE);
		wait_until((timer_take_interrupts(), !t->ctl()));
		EXPECT_GE(level_ticks, 4);
		t->set_ctl(0);
		EXPECT(!gic_is_pending(t->intid()));
	}
}

TEST(both_at_once, "both timers' interrupts come when both are due",
     SPEC("DDI 0487, D12.2.4.4"), REQUIRES(gic_version()))
{
	for (u32 i = 0; i < 2; i++) {
		gic_enable(timers[i].intid());
		timers[i].set_cval(0);
		timers[i].set_ctl(CNT_CTL_ENABLE);
	}
	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s-off", timers[i].name);
		EXPECT(gic_is_pending(timers[0].intid()) == (i == 0));
		EXPECT(gic_is_pending(timers[1].intid()));
		timers[i].set_ctl(0);
	}
	EXPECT(!gic_is_pending(timers[1].intid()));
}

/* ------------------------------------------------------------------------------- CPUs */

static struct {
	u64 cval[2], ctl[2], count[2];
	bool pending[2];
} seen;

static void look(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < 2; i++) {
		seen.cval[i] = timers[i].cval();
		seen.ctl[i] = timers[i].ctl();
		seen.count[i] = timers[i].count();
		seen.pending[i] = timers[i].intid() && gic_is_pending(timers[i].intid());
	}
}

TEST(one_for_each_cpu, "each CPU has timers of its own: another's are neither programmed nor due",
     SPEC("DDI 0487, D12.2.4, a PE's timers"), REQUIRES(cpu_count() > 1))
{
	for (u32 i = 0; i < 2; i++) {
		timers[i].set_cval(1);
		timers[i].set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
	}
	run_on_cpu(1, look, NULL);
	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", timers[i].name);
		EXPECT_EQ(seen.cval[i], ~0ull);
		EXPECT_EQ(seen.ctl[i] & 3, 0);
		EXPECT(!seen.pending[i]);
		EXPECT_EQ(timers[i].ctl(), 7);
		timers[i].set_ctl(0);
	}
}

TEST(counts_across_cpus,
     "the counts are one for all CPUs: what one CPU reads after another is not less",
     SPEC("DDI 0487, D12.1.1, the system counter; D12.1.2"), REQUIRES(cpu_count() > 1))
{
	for (u32 i = 0; i < 50; i++) {
		u64 before[2] = { timers[0].count(), timers[1].count() };

		run_on_cpu(1 + i % (cpu_count() - 1), look, NULL);
		for (u32 n = 0; n < 2; n++) {
			EXPECT_GE(seen.count[n], before[n], "%s", timers[n].name);
			EXPECT_LE(seen.count[n], timers[n].count(), "%s", timers[n].name);
		}
	}
}
