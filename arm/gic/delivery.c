/* SPDX-License-Identifier: MIT */
/* From pending to inactive: what is signalled, what an acknowledgement and an end of interrupt change. */
#include <test.h>

#include <arm/gic.h>
#include <arm/io.h>
#include <arm/timer.h>
#include <sys/atomic.h>
#include <sys/cpu.h>

#include "signal.h"

SUITE("Delivery of interrupts", REQUIRES(gic_version()));

#define SGI_TEST 3

/* INTID of what IAR said; GICv2 has an SGI's source above. */
static u32 intid_of(u32 iar)
{
	return gic_version() == 2 ? iar & 0x3ff : iar;
}

TEST(nothing_pending, "with nothing pending, IAR and HPPIR are 1023 and no interrupt is signalled",
     SPEC("IHI 0048, 3.2.3, 4.4.4; IHI 0069, 2.2.1"))
{
	EXPECT(quiet(PSTATE_I | PSTATE_F));
	EXPECT_EQ(gic_highest_pending(), GIC_SPURIOUS);
	EXPECT_EQ(gic_ack(), GIC_SPURIOUS);
	EXPECT_EQ(gic_running_priority(), 0xff);
}

/*
 * Makes an interrupt pending, and no longer: a PPI by its device, the virtual timer, and others by
 * writing that to the distributor.
 */
static void raise(u32 intid)
{
	if (intid == timer_virtual_intid()) {
		write_sys(CNTV_CVAL, 0);
		write_sys(CNTV_CTL, CNT_CTL_ENABLE);
		isb();
	} else if (intid == SGI_TEST) {
		gic_send_sgi(0, intid);
	} else {
		gic_set_pending(intid);
	}
}

static void lower(u32 intid)
{
	if (intid == timer_virtual_intid()) {
		write_sys(CNTV_CTL, 0);
		isb();
	} else {
		gic_clear_pending(intid);
	}
}

/* One interrupt's way through all of its states. */
static void check_life(u32 intid)
{
	u32 iar;

	gic_enable(intid);
	gic_set_pending(intid);
	EXPECT(gic_is_pending(intid));
	EXPECT(!gic_is_active(intid));
	ASSERT(signalled(PSTATE_I));
	EXPECT_EQ(intid_of(gic_highest_pending()), intid);
	iar = gic_ack();
	ASSERT_EQ(intid_of(iar), intid);
	EXPECT(!gic_is_pending(intid));
	EXPECT(gic_is_active(intid));
	EXPECT(quiet(PSTATE_I));
	EXPECT_EQ(gic_running_priority(), GIC_PRIORITY_DEFAULT);
	gic_eoi(iar);
	EXPECT(!gic_is_active(intid));
	EXPECT_EQ(gic_running_priority(), 0xff);
	EXPECT_EQ(gic_ack(), GIC_SPURIOUS);
}

TEST(states_of_spi,
     "an SPI made pending is signalled, active when acknowledged, inactive at its end",
     SPEC("IHI 0048, 3.2.4; IHI 0069, 4.1.2"))
{
	SUBTEST("edge");
	gic_set_edge(free_spi(), true);
	check_life(free_spi());
	SUBTEST("level");
	gic_set_edge(free_spi(), false);
	check_life(free_spi());
}

TEST(states_of_ppi, "a PPI goes the same way",
     SPEC("IHI 0048, 3.2.4; IHI 0069, 4.1.2"), REQUIRES(timer_virtual_intid()))
{
	check_life(timer_virtual_intid());
}

TEST(disabled_stays_pending,
     "an interrupt that is disabled is not signalled, stays pending, and comes later",
     SPEC("IHI 0048, 4.3.5; IHI 0069, 4.1.1"))
{
	u32 intids[2] = { free_spi(), timer_virtual_intid() };

	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", i ? "ppi" : "spi");
		raise(intids[i]);
		EXPECT(quiet(PSTATE_I));
		EXPECT_EQ(gic_ack(), GIC_SPURIOUS);
		EXPECT(gic_is_pending(intids[i]));
		gic_enable(intids[i]);
		EXPECT(signalled(PSTATE_I));
		gic_disable(intids[i]);
		EXPECT(quiet(PSTATE_I));
		lower(intids[i]);
		EXPECT(!gic_is_pending(intids[i]));
		gic_enable(intids[i]);
		EXPECT(quiet(PSTATE_I));
		gic_disable(intids[i]);
	}
}

TEST(active_is_not_signalled, "an active interrupt is not signalled again until it is deactivated",
     SPEC("IHI 0048, 3.2.4, 4.3.8, 4.3.9; IHI 0069, 4.1.2"))
{
	u32 intids[2] = { free_spi(), timer_virtual_intid() };

	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", i ? "ppi" : "spi");
		gic_enable(intids[i]);
		gic_set_active(intids[i]);
		raise(intids[i]);
		EXPECT(quiet(PSTATE_I));
		EXPECT_EQ(gic_ack(), GIC_SPURIOUS);
		gic_clear_active(intids[i]);
		EXPECT(!gic_is_active(intids[i]));
		EXPECT(signalled(PSTATE_I));
		lower(intids[i]);
		EXPECT(quiet(PSTATE_I));
		gic_disable(intids[i]);
	}
}

TEST(pending_again_while_active,
     "an edge-triggered interrupt that comes again while active comes once more",
     SPEC("IHI 0048, 3.2.4, active and pending; IHI 0069, 4.1.2"))
{
	u32 spi = free_spi(), iar;

	gic_set_edge(spi, true);
	gic_enable(spi);
	gic_set_pending(spi);
	ASSERT(signalled(PSTATE_I));
	iar = gic_ack();
	gic_set_pending(spi);
	EXPECT(gic_is_pending(spi));
	EXPECT(gic_is_active(spi));
	EXPECT(quiet(PSTATE_I));
	gic_eoi(iar);
	ASSERT(signalled(PSTATE_I));
	EXPECT_EQ(gic_ack(), spi);
	gic_eoi(spi);
	EXPECT_EQ(gic_ack(), GIC_SPURIOUS);
}

TEST(split_eoi, "with EOImode 1, EOIR drops the priority alone and DIR deactivates",
     SPEC("IHI 0048, 3.2.1, 4.4.5, 4.4.15; IHI 0069, 4.8.7"))
{
	u32 spi = free_spi(), other = spi - 1;

	gic_split_eoi(true);
	gic_enable(spi);
	gic_enable(other);
	gic_set_pending(spi);
	ASSERT(signalled(PSTATE_I));
	EXPECT_EQ(gic_ack(), spi);
	EXPECT_EQ(gic_running_priority(), GIC_PRIORITY_DEFAULT);
	gic_set_pending(other);
	EXPECT(quiet(PSTATE_I));
	gic_eoi(spi);
	EXPECT_EQ(gic_running_priority(), 0xff);
	EXPECT(gic_is_active(spi));
	/* Another of the same priority gets through now, and the ends need no order. */
	ASSERT(signalled(PSTATE_I));
	EXPECT_EQ(gic_ack(), other);
	gic_eoi(other);
	gic_deactivate(spi);
	EXPECT(!gic_is_active(spi));
	EXPECT(gic_is_active(other));
	gic_deactivate(other);
	EXPECT(!gic_is_active(other));
}

TEST(level_follows_line,
     "a level-sensitive interrupt is pending as long as its line is, and again after its end",
     SPEC("IHI 0048, 3.2.4, 4.3.8; IHI 0069, 4.1.2"), REQUIRES(timer_virtual_intid()))
{
	u32 ppi = timer_virtual_intid(), iar;

	gic_enable(ppi);
	write_sys(CNTV_CVAL, 0);
	write_sys(CNTV_CTL, CNT_CTL_ENABLE);
	ASSERT(signalled(PSTATE_I));
	/* What the line says cannot be written away. */
	gic_clear_pending(ppi);
	EXPECT(gic_is_pending(ppi));
	iar = gic_ack();
	EXPECT_EQ(iar, ppi);
	EXPECT(gic_is_pending(ppi));
	gic_eoi(iar);
	ASSERT(signalled(PSTATE_I));
	EXPECT_EQ(gic_ack(), ppi);
	write_sys(CNTV_CTL, 0);
	isb();
	EXPECT(!gic_is_pending(ppi));
	gic_eoi(ppi);
	EXPECT(quiet(PSTATE_I));
	EXPECT_EQ(gic_ack(), GIC_SPURIOUS);
}

TEST(distributor_groups, "GICD_CTLR, with the group disabled, forwards no interrupt of it",
     SPEC("IHI 0048, 4.3.1; IHI 0069, 4.6.2, 12.9.4"))
{
	u32 intids[3] = { free_spi(), timer_virtual_intid(), SGI_TEST };
	static const char *const names[] = { "spi", "ppi", "sgi" };
	u32 ctlr = read32(gicd_base() + GICD_CTLR);
	u32 without = ctlr &
		      ~(u32)(gic_has_group0() ? GICD_CTLR_GRP1 : GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
	u32 iar;

	for (u32 i = 0; i < 3; i++) {
		SUBTEST("%s", names[i]);
		gic_enable(intids[i]);
		write32(gicd_base() + GICD_CTLR, without);
		raise(intids[i]);
		EXPECT(quiet(PSTATE_I));
		write32(gicd_base() + GICD_CTLR, ctlr);
		EXPECT(signalled(PSTATE_I));
		EXPECT_EQ(intid_of(gic_highest_pending()), intids[i]);
		iar = gic_ack();
		lower(intids[i]);
		gic_eoi(iar);
		EXPECT(quiet(PSTATE_I));
	}
}

static u32 fiqs;

static void count_fiq(u32 intid)
{
	(void)intid;
	fiqs++;
}

TEST(group0_is_fiq, "group 0 is signalled as FIQ, group 1 as IRQ",
     SPEC("IHI 0048, 3.7; IHI 0069, 4.6.1"), REQUIRES(gic_has_group0()))
{
	u32 spi = free_spi();

	/* IRQs are masked here and FIQs are not. */
	fiqs = 0;
	irq_set_handler(spi, count_fiq);
	gic_enable(spi);
	gic_set_pending(spi);
	EXPECT(signalled(PSTATE_I));
	EXPECT_EQ(fiqs, 0);
	gic_clear_pending(spi);
	EXPECT(quiet(PSTATE_I));
	gic_set_group(spi, 0);
	gic_set_pending(spi);
	EXPECT(quiet(PSTATE_I));
	EXPECT_EQ(fiqs, 1);
	gic_set_group(spi, 1);
}

static u32 taken_by[MAX_CPUS];

static void take(u32 intid)
{
	(void)intid;
	atomic_add(&taken_by[this_cpu()->number], 1);
}

static void listen(void *until)
{
	atomic_store((u32 *)until, 1);
	while (atomic_load((u32 *)until) != 2)
		arch_wait_for_kick();
}

TEST(routing_of_spi, "an SPI goes to the CPU that it is routed to, and to no other",
     SPEC("IHI 0048, 4.3.12 GICD_ITARGETSR; IHI 0069, 12.9.22 GICD_IROUTER"),
	  REQUIRES(cpu_count() >= 2))
{
	u32 spi = free_spi(), state = 0;

	taken_by[0] = taken_by[1] = 0;
	irq_set_handler(spi, take);
	gic_set_edge(spi, true);
	gic_enable(spi);
	cpu_start_work(1, listen, &state);
	ASSERT(wait_until(atomic_load(&state)));
	gic_set_target(spi, 1);
	gic_set_pending(spi);
	EXPECT(wait_until(atomic_load(&taken_by[1])));
	EXPECT_EQ(taken_by[1], 1);
	EXPECT(quiet(PSTATE_I));
	gic_set_target(spi, 0);
	gic_set_pending(spi);
	EXPECT(signalled(PSTATE_I));
	arch_irq_restore(0);
	isb();
	arch_irq_restore(PSTATE_I);
	EXPECT_EQ(taken_by[0], 1);
	EXPECT_EQ(taken_by[1], 1);
	atomic_store(&state, 2);
	arch_kick(cpu_by_number(1));
	cpu_wait(1);
}
