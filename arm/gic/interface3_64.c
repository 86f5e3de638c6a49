/* SPDX-License-Identifier: MIT */
/* The CPU interface of GICv3 by its system registers: groups of priorities, active priorities, group 0, SGIs. */
#include <test.h>

#include <arm/gic.h>
#include <arm/io.h>
#include <arm/sysreg.h>
#include <sys/cpu.h>

#include "signal.h"

SUITE("GICv3 CPU interface", REQUIRES(gic_version() == 3));

#define STEP 0x10

/* Has `intid` pending at this priority. */
static void raise(u32 intid, u32 priority)
{
	gic_set_edge(intid, true);
	gic_set_priority(intid, (u8)priority);
	gic_enable(intid);
	gic_set_pending(intid);
}

/* The bits of a priority that make its group, for Group 1 by ICC_BPR1_EL1: 4.8.6. */
static u32 group_mask(u32 bpr)
{
	return 0xff & ~((1u << bpr) - 1);
}

TEST(binary_point,
     "an active interrupt is preempted by one whose group priority, by ICC_BPR1_EL1, is higher, and by no other",
     SPEC("IHI 0069, 4.8.6, priority grouping; 12.2.6, ICC_BPR1_EL1"))
{
	u32 low = free_spi(), high = free_spi() - 1;

	for (u32 bpr = 4; bpr < 8; bpr++) {
		SUBTEST("bpr-%u", bpr);
		write_sys(ICC_BPR1, bpr);
		isb();
		EXPECT_EQ(read_sys(ICC_BPR1), bpr);
		for (u32 active = STEP; active <= 0xf0; active += 3 * STEP)
			for (u32 pending = 0; pending <= 0xf0; pending += STEP) {
				bool preempts = (pending & group_mask(bpr)) <
						(active & group_mask(bpr));

				raise(low, active);
				EXPECT_EQ(gic_ack(), low, "%#x", active);
				raise(high, pending);
				if (preempts)
					EXPECT(signalled(PSTATE_I), "%#x over %#x", pending,
					       active);
				else
					EXPECT(!(read_sys(ISR) & PSTATE_I), "%#x over %#x", pending,
					       active);
				gic_clear_pending(high);
				gic_eoi(low);
			}
	}
	write_sys(ICC_BPR1, 0);
}

TEST(active_priorities,
     "ICC_AP1R0_EL1 has a bit for each group priority that is active, and ICC_RPR_EL1 the highest",
     SPEC("IHI 0069, 12.2.4, ICC_AP1R<n>_EL1; 12.2.20, ICC_RPR_EL1"))
{
	static const u8 priorities[] = { 0xc0, 0x80, 0x40, 0x20 };
	u32 first = free_spi() - 3;
	u64 before = 0;

	write_sys(ICC_BPR1, 0);
	isb();
	EXPECT_EQ(read_sys(ICC_RPR), 0xff);
	EXPECT_EQ(read_sys(ICC_AP1R0), 0);
	for (u32 i = 0; i < 4; i++) {
		raise(first + i, priorities[i]);
		EXPECT_EQ(gic_ack(), first + i);
		EXPECT_EQ(read_sys(ICC_RPR), priorities[i]);
		EXPECT_EQ(read_sys(ICC_AP1R0) & before, before);
		EXPECT_EQ(__builtin_popcountll(read_sys(ICC_AP1R0)), i + 1);
		/* A higher priority has a lower bit. */
		if (before)
			EXPECT_LT(read_sys(ICC_AP1R0) & ~before, before & -before);
		before = read_sys(ICC_AP1R0);
	}
	for (u32 i = 4; i-- > 0;) {
		gic_eoi(first + i);
		EXPECT_EQ(read_sys(ICC_RPR), i ? priorities[i - 1] : 0xff);
		EXPECT_EQ(__builtin_popcountll(read_sys(ICC_AP1R0)), i);
	}
}

TEST(eoi_of_special, "the end of a special INTID changes nothing",
     SPEC("IHI 0069, 12.2.10, ICC_EOIR1_EL1"))
{
	u32 spi = free_spi();

	raise(spi, 0x80);
	EXPECT_EQ(gic_ack(), spi);
	for (u32 intid = 1020; intid < 1024; intid++) {
		gic_eoi(intid);
		EXPECT_EQ(read_sys(ICC_RPR), 0x80, "%u", intid);
	}
	EXPECT(gic_is_active(spi));
	gic_eoi(spi);
	EXPECT(!gic_is_active(spi));
}

TEST(highest_pending, "ICC_HPPIR1_EL1 names what IAR would acknowledge, without acknowledging it",
     SPEC("IHI 0069, 12.2.12, ICC_HPPIR1_EL1"))
{
	u32 spi = free_spi();

	EXPECT_EQ(gic_highest_pending(), GIC_SPURIOUS);
	raise(spi, 0x80);
	raise(spi - 1, 0x40);
	EXPECT_EQ(gic_highest_pending(), spi - 1);
	EXPECT_EQ(gic_highest_pending(), spi - 1);
	EXPECT(gic_is_pending(spi - 1));
	gic_disable(spi - 1);
	EXPECT_EQ(gic_highest_pending(), spi);
	gic_clear_pending(spi);
	EXPECT_EQ(gic_highest_pending(), GIC_SPURIOUS);
}

TEST(group0,
     "an interrupt of group 0 is acknowledged by IAR0 alone, and IAR1 sees nothing; IGRPEN0 lets it through",
     SPEC("IHI 0069, 4.6; 12.2.14, ICC_IAR0_EL1; 12.2.16, ICC_IGRPEN0_EL1"),
	  REQUIRES(gic_has_group0()))
{
	u32 spi = free_spi();

	write_sys(DAIF, PSTATE_I | PSTATE_F);
	gic_set_group(spi, 0);
	raise(spi, 0x80);
	EXPECT(signalled(PSTATE_F));
	EXPECT_EQ(read_sys(ICC_IAR1), GIC_SPURIOUS);
	EXPECT_EQ(read_sys(ICC_HPPIR0), spi);
	write_sys(ICC_IGRPEN0, 0);
	isb();
	EXPECT(quiet(PSTATE_F));
	write_sys(ICC_IGRPEN0, 1);
	isb();
	EXPECT(signalled(PSTATE_F));
	EXPECT_EQ(read_sys(ICC_IAR0), spi);
	EXPECT_NE(read_sys(ICC_AP0R0), 0);
	EXPECT_EQ(read_sys(ICC_AP1R0), 0);
	EXPECT_EQ(read_sys(ICC_RPR), 0x80);
	write_sys(ICC_EOIR0, spi);
	isb();
	EXPECT_EQ(read_sys(ICC_AP0R0), 0);
	EXPECT(!gic_is_active(spi));
	write_sys(DAIF, PSTATE_I);
}

#define SGI 5
#define IRM BIT(40)

static u32 got[MAX_CPUS];

static void look_for_sgi(void *arg)
{
	(void)arg;
	isb();
	got[this_cpu()->number] = gic_is_pending(SGI);
	gic_clear_pending(SGI);
}

TEST(sgi_broadcast, "an SGI with IRM goes to all CPUs but the one that sends it",
     SPEC("IHI 0069, 12.2.21, ICC_SGI1R_EL1.IRM"), REQUIRES(cpu_count() > 1))
{
	run_on_all_cpus(look_for_sgi, NULL);
	/* Disabled, so that it stays pending. */
	write_sys(ICC_SGI1R, IRM | (u64)SGI << 24);
	isb();
	dsb();
	run_on_all_cpus(look_for_sgi, NULL);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		EXPECT_EQ(got[cpu], cpu != this_cpu()->number, "CPU %u", cpu);
}

TEST(sgi_of_each_number, "each of the 16 SGIs is made pending by its number",
     SPEC("IHI 0069, 12.2.21, ICC_SGI1R_EL1.INTID"),
	  REQUIRES((cpu_by_number(0)->hardware_id & 0xff) < 16))
{
	u64 self = cpu_by_number(0)->hardware_id;

	for (u32 sgi = 0; sgi < 16; sgi++) {
		if (sgi == SGI_KICK || sgi == SGI_STOP)
			continue;
		SUBTEST("sgi-%u", sgi);
		write_sys(ICC_SGI1R, (u64)sgi << 24 | BIT(self & 15));
		isb();
		dsb();
		for (u32 other = 0; other < 16; other++)
			if (other != SGI_KICK && other != SGI_STOP)
				EXPECT_EQ(gic_is_pending(other), other == sgi, "SGI %u", other);
		gic_clear_pending(sgi);
	}
}

TEST(system_register_enable,
     "ICC_SRE_EL1.SRE is 1; ICC_CTLR_EL1 has at least 5 bits of priority, and its read-only fields stay",
     SPEC("IHI 0069, 12.2.24, ICC_SRE_EL1; 12.2.7, ICC_CTLR_EL1"))
{
	u64 control = read_sys(ICC_CTLR);

	EXPECT_EQ(read_sys(ICC_SRE) & 1, 1);
	EXPECT_GE((control >> 8 & 7) + 1, 4);
	write_sys(ICC_CTLR, ~control & BITS(18, 8));
	isb();
	EXPECT_EQ(read_sys(ICC_CTLR) & BITS(18, 8), control & BITS(18, 8));
	write_sys(ICC_CTLR, control);
}
