/* SPDX-License-Identifier: MIT */
/* GICv2's CPU interface and groups: who is signalled how, and by which binary point a priority makes its group. */
#include <test.h>

#include <arm/gic.h>
#include <arm/io.h>

#include "signal.h"

SUITE("Groups of GICv2", REQUIRES(gic_version() == 2), REQUIRES(gic_has_group0()));

#define BOTH (PSTATE_I | PSTATE_F)
#define STEP 0x10

static void set_control(u32 value)
{
	write32(gicc_base() + GICC_CTLR, value);
	dsb();
}

/* `intid` pending at this priority, in this group. */
static void raise(u32 intid, u32 group, u32 priority)
{
	gic_set_edge(intid, true);
	gic_set_group(intid, group);
	gic_set_priority(intid, (u8)priority);
	gic_enable(intid);
	gic_set_pending(intid);
	dsb();
}

/* What is signalled, of IRQ and FIQ; a CPU interface that signals nothing has 20 us to change its mind. */
static u64 signals(void)
{
	isb();
	if (!(read_sys(ISR) & BOTH))
		delay_us(20);
	isb();
	return read_sys(ISR) & BOTH;
}

TEST(group_signals,
     "each group is signalled if its bit is set, group 0 as FIQ with FIQEn and as IRQ without",
     SPEC("IHI 0048, 4.4.1, GICC_CTLR.EnableGrp0, EnableGrp1, FIQEn"))
{
	u32 spi = free_spi();

	write_sys(DAIF, BOTH);
	for (u32 control = 0; control < 8; control++) {
		bool enabled[2] = { control & 1, control & 2 }, fiq = control & 4;

		SUBTEST("grp0-%u-grp1-%u-fiqen-%u", enabled[0], enabled[1], fiq);
		set_control((enabled[0] ? GICC_CTLR_GRP0 : 0) | (enabled[1] ? GICC_CTLR_GRP1 : 0) |
			    (fiq ? GICC_CTLR_FIQEN : 0) | GICC_CTLR_ACKCTL);
		for (u32 group = 0; group < 2; group++) {
			u64 expected = !enabled[group] ? 0 : !group && fiq ? PSTATE_F : PSTATE_I;

			raise(spi, group, 0x80);
			EXPECT_EQ(signals(), expected, "group %u", group);
			gic_clear_pending(spi);
			EXPECT_EQ(signals(), 0, "group %u", group);
		}
	}
	gic_set_group(spi, 1);
}

TEST(distributor_group_signals, "GICD_CTLR forwards the interrupts of each group if its bit is set",
     SPEC("IHI 0048, 4.3.1, GICD_CTLR.EnableGrp0, EnableGrp1"))
{
	u32 spi = free_spi();

	write_sys(DAIF, BOTH);
	for (u32 control = 0; control < 4; control++) {
		SUBTEST("grp0-%u-grp1-%u", control & 1, control >> 1);
		write32(gicd_base() + GICD_CTLR, control);
		EXPECT_EQ(read32(gicd_base() + GICD_CTLR), control);
		for (u32 group = 0; group < 2; group++) {
			u64 expected = !(control >> group & 1) ? 0 : group ? PSTATE_I : PSTATE_F;

			raise(spi, group, 0x80);
			EXPECT_EQ(signals(), expected, "group %u", group);
			gic_clear_pending(spi);
		}
	}
	gic_set_group(spi, 1);
}

/* The bits of a priority that make its group: 3.3.3, table of GICC_BPR and of the Non-secure copy, GICC_ABPR. */
static u32 group_mask(bool aliased, u32 point)
{
	return 0xff & ~((1u << (point + !aliased)) - 1);
}

static const struct {
	const char *name;
	u32 group, control;
	bool aliased; /* by GICC_ABPR */
} points[] = {
	{ "group-1-by-abpr", 1, 0, true },
	{ "group-1-by-bpr-with-cbpr", 1, GICC_CTLR_CBPR, false },
	{ "group-0-by-bpr", 0, 0, false },
	{ "group-0-by-bpr-with-cbpr", 0, GICC_CTLR_CBPR, false },
};

TEST(gicc_binary_points,
     "an active interrupt is preempted by one whose group priority, by its group's binary point, is higher",
     SPEC("IHI 0048, 3.3.3, priority grouping; 4.4.1, CBPR; 4.4.3, GICC_BPR; 4.4.10, GICC_ABPR"))
{
	u32 low = free_spi(), high = low - 1;

	write_sys(DAIF, BOTH);
	for (u32 i = 0; i < ARRAY_SIZE(points); i++) {
		u32 group = points[i].group;
		u64 signal = group ? PSTATE_I : PSTATE_F;

		SUBTEST("%s", points[i].name);
		set_control(GICC_CTLR_GRP0 | GICC_CTLR_GRP1 | GICC_CTLR_FIQEN | GICC_CTLR_ACKCTL |
			    points[i].control);
		for (u32 point = 3; point < 8; point++) {
			u32 mask = group_mask(points[i].aliased, point);

			/* The other one must not matter. */
			write32(gicc_base() + GICC_BPR,
				points[i].aliased ? 3 + (point == 3) : point);
			write32(gicc_base() + GICC_ABPR,
				points[i].aliased ? point : 4 + (point == 4));
			for (u32 active = STEP; active <= 0xf0; active += 3 * STEP)
				for (u32 pending = 0; pending <= 0xf0; pending += STEP) {
					bool preempts = (pending & mask) < (active & mask);

					raise(low, group, active);
					EXPECT_EQ(read32(gicc_base() + GICC_IAR), low);
					raise(high, group, pending);
					isb();
					if (preempts)
						EXPECT(signalled(signal), "point %u: %#x over %#x",
						       point, pending, active);
					else
						EXPECT_EQ(read_sys(ISR) & BOTH, 0,
							  "point %u: %#x over %#x", point, pending,
							  active);
					gic_clear_pending(high);
					write32(gicc_base() + GICC_EOIR, low);
				}
		}
	}
	gic_set_group(low, 1);
	gic_set_group(high, 1);
}

TEST(gicc_binary_point_values,
     "GICC_BPR and GICC_ABPR each keep what is written, or their minimum if that is less, and the latter's is one more",
     SPEC("IHI 0048, 4.4.3, GICC_BPR; 4.4.10, GICC_ABPR"))
{
	ulong bpr = gicc_base() + GICC_BPR, abpr = gicc_base() + GICC_ABPR;
	u32 minimum;

	write32(bpr, 0);
	write32(abpr, 0);
	minimum = read32(bpr);
	EXPECT_LE(minimum, 3);
	EXPECT_EQ(read32(abpr), minimum + 1);
	for (u32 value = 0; value < 8; value++) {
		SUBTEST("value-%u", value);
		write32(abpr, 7 - value);
		write32(bpr, value);
		EXPECT_EQ(read32(bpr), MAX(value, minimum));
		EXPECT_EQ(read32(abpr), MAX(7 - value, minimum + 1));
	}
}

TEST(acknowledged_group,
     "without AckCtl, IAR and HPPIR are 1022 for an interrupt of group 1 and name one of group 0; with it, both",
     SPEC("IHI 0048, 4.4.1, GICC_CTLR.AckCtl; 4.4.4, GICC_IAR; 4.4.7, GICC_HPPIR"))
{
	u32 spi = free_spi();

	write_sys(DAIF, BOTH);
	for (u32 control = 0; control < 2; control++)
		for (u32 group = 0; group < 2; group++) {
			u32 expected = group && !control ? 1022 : spi;

			SUBTEST("ackctl-%u-group-%u", control, group);
			set_control(GICC_CTLR_GRP0 | GICC_CTLR_GRP1 | GICC_CTLR_FIQEN |
				    (control ? GICC_CTLR_ACKCTL : 0));
			raise(spi, group, 0x80);
			EXPECT_EQ(signals(), group ? PSTATE_I : PSTATE_F);
			EXPECT_EQ(read32(gicc_base() + GICC_HPPIR), expected);
			EXPECT_EQ(read32(gicc_base() + GICC_IAR), expected);
			EXPECT_EQ(gic_is_active(spi), expected == spi);
			if (expected == spi)
				write32(gicc_base() + GICC_EOIR, spi);
			gic_clear_pending(spi);
		}
	gic_set_group(spi, 1);
}

TEST(gicc_nested_groups,
     "active interrupts of both groups nest: the running priority is the highest one's, and each end drops its own",
     SPEC("IHI 0048, 3.3.1, preemption; 4.4.6, GICC_RPR; 4.4.5, GICC_EOIR"))
{
	/* In one active priorities register, and in one each. */
	static const u8 rows[2][4] = { { 0x70, 0x60, 0x50, 0x40 }, { 0xe0, 0xa0, 0x60, 0x20 } };
	u32 first = free_spi() - 3;

	write_sys(DAIF, BOTH);
	for (u32 row = 0; row < 4; row++) {
		const u8 *priorities = rows[row >> 1];
		u32 order = row & 1;

		SUBTEST("group-%u-outermost-%#x", order, priorities[0]);
		for (u32 i = 0; i < 4; i++) {
			u32 group = (i + order) & 1;

			raise(first + i, group, priorities[i]);
			ASSERT(signalled(group ? PSTATE_I : PSTATE_F));
			EXPECT_EQ(read32(gicc_base() + GICC_IAR), first + i);
			EXPECT_EQ(read32(gicc_base() + GICC_RPR), priorities[i]);
		}
		for (u32 i = 4; i-- > 0;) {
			write32(gicc_base() + GICC_EOIR, first + i);
			EXPECT_EQ(read32(gicc_base() + GICC_RPR), i ? priorities[i - 1] : 0xff);
			EXPECT(!gic_is_active(first + i));
			EXPECT_EQ(gic_is_active(first), i != 0);
		}
		EXPECT_EQ(signals(), 0);
	}
	for (u32 i = 0; i < 4; i++)
		gic_set_group(first + i, 1);
}

TEST(gicc_mask_bits, "GICC_PMR has the bits that the priorities have, and no others",
     SPEC("IHI 0048, 3.3, number of priorities; 4.4.2, GICC_PMR"))
{
	u8 implemented;

	gic_set_priority(free_spi(), 0xff);
	implemented = gic_priority(free_spi());
	for (u32 value = 0; value < 256; value++) {
		gic_set_priority_mask((u8)value);
		EXPECT_EQ(gic_priority_mask(), value & implemented, "%#x", value);
	}
	gic_set_priority_mask(0xff);
}
