/* SPDX-License-Identifier: MIT */
/*
 * The generic timer: the virtual and the physical one, which have the same rules. A timer's condition is
 * met when the count has reached CVAL; TVAL is a signed 32-bit view of CVAL minus the count; ISTATUS says
 * that the condition is met while the timer is enabled, and the interrupt is that and not IMASK.
 */
#include <test.h>

#include <arm/gic.h>
#include <sys/cpu.h>
#include <sys/time.h>

#include "timer.h"

SUITE("Generic timer", REQUIRES(read_sys(CNTFRQ)));

static u64 frequency_there;

static void note_frequency(void *arg)
{
	(void)arg;
	frequency_there = read_sys(CNTFRQ);
}

TEST(frequency, "CNTFRQ is from 1 MHz to 1 GHz, and the same on every CPU",
     SPEC("DDI 0487, D11.1.1, the frequency of the system counter"))
{
	EXPECT_GE(read_sys(CNTFRQ), 1000000u);
	EXPECT_LE(read_sys(CNTFRQ), 1000000000u);
	for (u32 cpu = 1; cpu < cpu_count(); cpu++) {
		frequency_there = 0;
		run_on_cpu(cpu, note_frequency, NULL);
		EXPECT_EQ(frequency_there, read_sys(CNTFRQ), "CPU %u", cpu);
	}
}

TEST(counts_agree, "both counts only go up, and differ by an offset that stays",
     SPEC("DDI 0487, D11.1.2, the physical and the virtual counter"))
{
	u64 last_v = timers[0].count(), last_p = timers[1].count();
	s64 low = (s64)(last_p - last_v), high = low;

	for (u32 i = 0; i < 1000; i++) {
		u64 v1 = timers[0].count(), p = timers[1].count(), v2 = timers[0].count();

		EXPECT_GE(v1, last_v);
		EXPECT_GE(v2, v1);
		EXPECT_GE(p, last_p);
		/* CNTVCT + offset = CNTPCT for an offset between the two: each read narrows it. */
		low = i ? MAX(low, (s64)(p - v2)) : (s64)(p - v2);
		high = i ? MIN(high, (s64)(p - v1)) : (s64)(p - v1);
		last_v = v2;
		last_p = p;
	}
	EXPECT_LE(low, high);
}

TEST(cval_keeps_value, "CVAL has all 64 bits and does not change while the timer is off",
     SPEC("DDI 0487, D17.11.17, CNTP_CVAL_EL0; D17.11.26, CNTV_CVAL_EL0"))
{
	static const u64 values[] = { 0, 1, ~0ull, 0x8000000000000000, 0x0123456789abcdef };

	for_each_timer(t)
	{
		for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
			t->set_cval(values[i]);
			EXPECT_EQ(t->cval(), values[i]);
		}
	}
}

TEST(tval_sets_cval, "a write to TVAL sets CVAL to the count plus the sign-extended value",
     SPEC("DDI 0487, D11.2.4.2, operation of the TimerValue views"))
{
	static const s32 values[] = { 0, 1, 1000, 0x7fffffff, -1, -1000, -0x7fffffff - 1 };

	for_each_timer(t)
	{
		for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
			u64 before = t->count(), after, cval;

			t->set_tval((u32)values[i]);
			after = t->count();
			cval = t->cval();
			EXPECT_GE(cval - (u64)(s64)values[i], before, "TVAL %d", values[i]);
			EXPECT_LE(cval - (u64)(s64)values[i], after, "TVAL %d", values[i]);
		}
	}
}

TEST(tval_is_remaining, "TVAL reads as the low 32 bits of CVAL minus the count",
     SPEC("DDI 0487, D11.2.4.2, operation of the TimerValue views"))
{
	static const s64 distances[] = { 1000000000, 0x7fffffff, -5, 0x123456789ab };

	for_each_timer(t)
	{
		for (u32 i = 0; i < ARRAY_SIZE(distances); i++) {
			u64 before, after, tval, cval = t->count() + (u64)distances[i];

			t->set_cval(cval);
			/* D11.2.4.2: UNKNOWN while the timer is off. */
			t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
			before = t->count();
			tval = t->tval();
			after = t->count();
			EXPECT_LE((u32)(tval - (cval - after)), (u32)(after - before),
				  "distance %lld", distances[i]);
			t->set_ctl(0);
		}
	}
}

TEST(status_of_past,
     "ISTATUS is set at once for a CVAL that is not above the count, clear for one above",
     SPEC("DDI 0487, D11.2.4.1, operation of the CompareValue views"))
{
	for_each_timer(t)
	{
		t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
		t->set_cval(0);
		EXPECT_EQ(t->ctl(), CNT_CTL_ENABLE | CNT_CTL_IMASK | CNT_CTL_ISTATUS);
		t->set_cval(t->count());
		EXPECT_EQ(t->ctl(), CNT_CTL_ENABLE | CNT_CTL_IMASK | CNT_CTL_ISTATUS);
		t->set_cval(~0ull);
		EXPECT_EQ(t->ctl(), CNT_CTL_ENABLE | CNT_CTL_IMASK);
		t->set_tval((u32)-1);
		EXPECT_EQ(t->ctl(), CNT_CTL_ENABLE | CNT_CTL_IMASK | CNT_CTL_ISTATUS);
		t->set_tval(0x7fffffff);
		EXPECT_EQ(t->ctl(), CNT_CTL_ENABLE | CNT_CTL_IMASK);
	}
}

TEST(comparison_is_unsigned, "the count is compared with CVAL as an unsigned 64-bit number",
     SPEC("DDI 0487, D11.2.4.1"))
{
	for_each_timer(t)
	{
		t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
		t->set_cval(0x8000000000000000);
		EXPECT_EQ(t->ctl() & CNT_CTL_ISTATUS, 0);
	}
}

TEST(never_early, "ISTATUS is never set before the count has reached CVAL",
     SPEC("DDI 0487, D11.2.4.1"))
{
	for_each_timer(t)
	{
		for (u32 i = 0; i < 50; i++) {
			u64 before, after,
				cval = t->count() + clock_ticks_at_least(20000) * (i % 5);

			t->set_ctl(0);
			t->set_cval(cval);
			t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
			ASSERT(timer_wait_for_status(t, &before, &after));
			EXPECT_GE(after, cval);
		}
	}
}

/* ---------------------------------------------------------------------------------- interrupts */

TEST(interrupt_not_early,
     "the interrupt arrives, not before the count has reached CVAL, with ISTATUS",
     SPEC("DDI 0487, D11.2.4.1, D11.2.4.4, the timers' output"), REQUIRES(gic_version()))
{
	for_each_timer(t)
	{
		timer_listen(t);
		for (u32 i = 1; i <= 20; i++) {
			u64 cval = t->count() + clock_ticks_at_least(50000);

			t->set_cval(cval);
			t->set_ctl(CNT_CTL_ENABLE);
			ASSERT(timer_wait_for_tick(i));
			EXPECT_GE(timer_tick_count, cval);
			EXPECT_EQ(timer_tick_ctl, CNT_CTL_ENABLE | CNT_CTL_ISTATUS);
		}
	}
}

TEST(interrupt_wakes_wfi, "the interrupt ends WFI",
     SPEC("DDI 0487, D1.7.2; D11.2.4"), REQUIRES(gic_version()))
{
	for_each_timer(t)
	{
		u64 cval;

		timer_listen(t);
		cval = t->count() + clock_ticks_at_least(1000000);
		t->set_cval(cval);
		t->set_ctl(CNT_CTL_ENABLE);
		while (!(read_sys(ISR) & PSTATE_I))
			__asm__ volatile("wfi" ::: "memory");
		EXPECT_GE(t->count(), cval);
		EXPECT(timer_wait_for_tick(1));
	}
}

TEST(imask_holds_back, "IMASK holds the interrupt back, not ISTATUS; without it, it arrives",
     SPEC("DDI 0487, D17.11.16, CNTP_CTL_EL0.IMASK"), REQUIRES(gic_version()))
{
	for_each_timer(t)
	{
		u32 intid = t->intid();

		timer_listen(t);
		t->set_cval(0);
		t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
		EXPECT_EQ(t->ctl() & CNT_CTL_ISTATUS, CNT_CTL_ISTATUS);
		EXPECT(!gic_is_pending(intid));
		EXPECT_EQ(read_sys(ISR) & PSTATE_I, 0);
		t->set_ctl(CNT_CTL_ENABLE);
		EXPECT(gic_is_pending(intid));
		EXPECT(timer_wait_for_tick(1));
	}
}

TEST(output_is_level, "the interrupt is pending no longer when its condition is gone",
     SPEC("DDI 0487, D11.2.4.4, level-sensitive output"), REQUIRES(gic_version()))
{
	for_each_timer(t)
	{
		u32 intid = t->intid();

		gic_enable(intid);
		t->set_cval(0);
		t->set_ctl(CNT_CTL_ENABLE);
		EXPECT(gic_is_pending(intid));
		SUBTEST("%s-cval", t->name);
		t->set_cval(~0ull);
		EXPECT(!gic_is_pending(intid));
		t->set_cval(0);
		EXPECT(gic_is_pending(intid));
		SUBTEST("%s-imask", t->name);
		t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
		EXPECT(!gic_is_pending(intid));
		t->set_ctl(CNT_CTL_ENABLE);
		EXPECT(gic_is_pending(intid));
		SUBTEST("%s-enable", t->name);
		t->set_ctl(0);
		EXPECT(!gic_is_pending(intid));
	}
}

TEST(status_without_enable,
     "a timer that is off has no output, however IMASK changes, and when it is on again its condition is the present one",
     SPEC("DDI 0487, D17.11.16, CNTP_CTL_EL0: with ENABLE 0 the timer output signal is disabled"),
	  REQUIRES(gic_version()))
{
	for_each_timer(t)
	{
		t->set_cval(0);
		t->set_ctl(CNT_CTL_ENABLE);
		EXPECT(gic_is_pending(t->intid()));
		t->set_ctl(0);
		EXPECT(!gic_is_pending(t->intid()));
		/* ISTATUS is UNKNOWN now, whatever IMASK was while the timer went off; the output is not. */
		for (u32 mask = 0; mask < 2; mask++) {
			t->set_ctl(CNT_CTL_ENABLE | (mask ? CNT_CTL_IMASK : 0));
			t->set_ctl(mask ? CNT_CTL_IMASK : 0);
			for (u32 i = 0; i < 4; i++) {
				t->set_ctl(i & 1 ? CNT_CTL_IMASK : 0);
				EXPECT(!gic_is_pending(t->intid()), "IMASK %u, then %u", mask,
				       i & 1);
			}
		}
		/* When the timer is on again it must be what the condition is. */
		t->set_cval(~0ull);
		t->set_ctl(CNT_CTL_ENABLE | CNT_CTL_IMASK);
		EXPECT_EQ(t->ctl(), CNT_CTL_ENABLE | CNT_CTL_IMASK);
	}
}
