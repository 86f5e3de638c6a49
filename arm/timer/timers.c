/* SPDX-License-Identifier: MIT */
#include "timer.h"

#include <arm/gic.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>

#define ACCESSORS(lower, upper)                     \
	static u64 lower##_ctl(void)                \
	{                                           \
		return read_sys(CNT##upper##_CTL);  \
	}                                           \
	static u64 lower##_cval(void)               \
	{                                           \
		return read_sys(CNT##upper##_CVAL); \
	}                                           \
	static u64 lower##_tval(void)               \
	{                                           \
		return read_sys(CNT##upper##_TVAL); \
	}                                           \
	static u64 lower##_count(void)              \
	{                                           \
		isb();                              \
		return read_sys(CNT##upper##CT);    \
	}                                           \
	static void lower##_set_ctl(u64 v)          \
	{                                           \
		write_sys(CNT##upper##_CTL, v);     \
		isb();                              \
	}                                           \
	static void lower##_set_cval(u64 v)         \
	{                                           \
		write_sys(CNT##upper##_CVAL, v);    \
		isb();                              \
	}                                           \
	static void lower##_set_tval(u64 v)         \
	{                                           \
		write_sys(CNT##upper##_TVAL, v);    \
		isb();                              \
	}

/* clang-format off */
ACCESSORS(v, V)
ACCESSORS(p, P)
/* clang-format on */

const struct timer timers[2] = {
	{ "virtual", v_count, v_ctl, v_cval, v_tval, v_set_ctl, v_set_cval, v_set_tval,
	  timer_virtual_intid },
	{ "physical", p_count, p_ctl, p_cval, p_tval, p_set_ctl, p_set_cval, p_set_tval,
	  timer_physical_intid },
};

bool timer_wait_for_status(const struct timer *t, u64 *before, u64 *after)
{
	*before = *after = 0;
	if (!wait_until((*before = t->count(), t->ctl() & CNT_CTL_ISTATUS)))
		return false;
	*after = t->count();
	return true;
}

static const struct timer *ticking;
static u32 ticks;
u64 timer_tick_count, timer_tick_ctl;

static void tick(u32 intid)
{
	(void)intid;
	timer_tick_count = ticking->count();
	timer_tick_ctl = ticking->ctl();
	/* Level-sensitive: it must be off before the interrupt ends. */
	ticking->set_ctl(0);
	atomic_add(&ticks, 1);
}

void timer_listen(const struct timer *t)
{
	ticking = t;
	ticks = 0;
	irq_set_handler(t->intid(), tick);
	gic_enable(t->intid());
}

void timer_take_interrupts(void)
{
	arch_irq_restore(0);
	isb();
	arch_irq_restore(PSTATE_I);
}

bool timer_wait_for_tick(u32 count)
{
	wait_until((timer_take_interrupts(), atomic_load(&ticks) >= count));
	return ticks == count;
}
