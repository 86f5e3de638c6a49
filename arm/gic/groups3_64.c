/* SPDX-License-Identifier: MIT */
/* GICv3's CPU interface and groups: binary points of both, the common one, ends and deactivations, SGIs of group 0. */
#include <test.h>

#include <arm/gic.h>
#include <arm/io.h>
#include <arm/sysreg.h>
#include <sys/cpu.h>

#include "signal.h"

SUITE("Groups of GICv3", REQUIRES(gic_version() == 3));

#define BOTH (PSTATE_I | PSTATE_F)
#define STEP 0x10
#define SGI  5

/* `intid` pending at this priority, in this group. */
static void raise(u32 intid, u32 group, u32 priority)
{
	gic_set_edge(intid, true);
	if (gic_has_group0())
		gic_set_group(intid, group);
	gic_set_priority(intid, (u8)priority);
	gic_enable(intid);
	gic_set_pending(intid);
	dsb();
}

static u32 acknowledge(u32 group)
{
	u32 iar = group ? (u32)read_sys(ICC_IAR1) : (u32)read_sys(ICC_IAR0);

	dsb();
	return iar;
}

static void end(u32 group, u32 intid)
{
	if (group)
		write_sys(ICC_EOIR1, intid);
	else
		write_sys(ICC_EOIR0, intid);
	isb();
}

static void set_control(u64 value)
{
	write_sys(ICC_CTLR, value);
	isb();
}

/* The bits of a priority that make its group: 4.8.2, table of priority grouping. */
static u32 group_mask(bool by_bpr1, u32 point)
{
	return 0xff & ~((1u << (point + !by_bpr1)) - 1);
}

/* ICC_CTLR_EL1.CBPR can be set: not where another security state has it. */
static bool has_common_point(void)
{
	bool set;

	set_control(ICC_CTLR_CBPR);
	set = read_sys(ICC_CTLR) & ICC_CTLR_CBPR;
	set_control(0);
	return set;
}

/* Every active priority with every pending one, both in that group. */
static void check_preemption(u32 group, bool by_bpr1, u32 point)
{
	u32 low = free_spi(), high = low - 1, mask = group_mask(by_bpr1, point);
	u64 signal = group ? PSTATE_I : PSTATE_F;

	for (u32 active = STEP; active <= 0xf0; active += 3 * STEP)
		for (u32 pending = 0; pending <= 0xf0; pending += STEP) {
			bool preempts = (pending & mask) < (active & mask);

			raise(low, group, active);
			EXPECT_EQ(acknowledge(group), low, "%#x", active);
			raise(high, group, pending);
			isb();
			if (preempts)
				EXPECT(signalled(signal), "point %u: %#x over %#x", point, pending,
				       active);
			else
				EXPECT_EQ(read_sys(ISR) & BOTH, 0, "point %u: %#x over %#x", point,
					  pending, active);
			gic_clear_pending(high);
			end(group, low);
		}
	if (gic_has_group0()) {
		gic_set_group(low, 1);
		gic_set_group(high, 1);
	}
}

TEST(common_binary_point,
     "with CBPR, ICC_BPR0_EL1 makes the groups of group 1, too; ICC_BPR1_EL1 reads as one more, 7 at most, and ignores writes",
     SPEC("IHI 0069, 12.2.7, ICC_CTLR_EL1.CBPR; 12.2.5, ICC_BPR1_EL1; 4.8.2"),
	  REQUIRES(has_common_point()))
{
	u32 minimum;

	write_sys(DAIF, BOTH);
	write_sys(ICC_BPR0, 0);
	minimum = (u32)read_sys(ICC_BPR0);
	write_sys(ICC_BPR1, 5);
	set_control(ICC_CTLR_CBPR);
	for (u32 point = minimum; point < 8; point++) {
		SUBTEST("point-%u", point);
		write_sys(ICC_BPR0, point);
		isb();
		EXPECT_EQ(read_sys(ICC_BPR1), MIN(point + 1, 7u));
		write_sys(ICC_BPR1, point == 3 ? 6 : 3);
		isb();
		EXPECT_EQ(read_sys(ICC_BPR1), MIN(point + 1, 7u));
		EXPECT_EQ(read_sys(ICC_BPR0), point);
		if (point >= 3)
			check_preemption(1, false, point);
	}
	SUBTEST("back");
	set_control(0);
	EXPECT_EQ(read_sys(ICC_BPR1), 5);
	write_sys(ICC_BPR0, 0);
	write_sys(ICC_BPR1, 0);
}

TEST(group0_binary_point,
     "an active interrupt of group 0 is preempted by one whose group priority, by ICC_BPR0_EL1, is higher",
     SPEC("IHI 0069, 4.8.2; 12.2.4, ICC_BPR0_EL1"), REQUIRES(gic_has_group0()))
{
	write_sys(DAIF, BOTH);
	for (u32 point = 3; point < 8; point++) {
		SUBTEST("point-%u", point);
		write_sys(ICC_BPR0, point);
		/* The other one must not matter. */
		write_sys(ICC_BPR1, point == 7 ? 4 : 7);
		isb();
		EXPECT_EQ(read_sys(ICC_BPR0), point);
		check_preemption(0, false, point);
	}
	write_sys(ICC_BPR0, 0);
	write_sys(ICC_BPR1, 0);
}

TEST(binary_point_values,
     "a binary point keeps what is written, or its minimum if that is less; ICC_BPR1_EL1's is one more than ICC_BPR0_EL1's",
     SPEC("IHI 0069, 12.2.4, ICC_BPR0_EL1; 12.2.5, ICC_BPR1_EL1"), REQUIRES(gic_has_group0()))
{
	u32 minimum;

	write_sys(ICC_BPR0, 0);
	isb();
	minimum = (u32)read_sys(ICC_BPR0);
	EXPECT_LE(minimum, 3);
	for (u32 value = 0; value < 8; value++) {
		SUBTEST("value-%u", value);
		write_sys(ICC_BPR0, value);
		write_sys(ICC_BPR1, 7 - value);
		isb();
		EXPECT_EQ(read_sys(ICC_BPR0), MAX(value, minimum));
		EXPECT_EQ(read_sys(ICC_BPR1), MAX(7 - value, minimum + 1));
	}
	write_sys(ICC_BPR0, 0);
	write_sys(ICC_BPR1, 0);
}

TEST(nested_groups,
     "active interrupts of both groups nest: the running priority is the highest one's, and each end drops its own",
     SPEC("IHI 0069, 4.8.3, priority dropping; 12.2.20, ICC_RPR_EL1; 12.2.9, ICC_EOIR0_EL1"),
	  REQUIRES(gic_has_group0()))
{
	static const u8 priorities[] = { 0xe0, 0xa0, 0x60, 0x20 };
	u32 first = free_spi() - 3;

	write_sys(DAIF, BOTH);
	for (u32 order = 0; order < 2; order++) {
		SUBTEST("group-%u-outermost", order);
		for (u32 i = 0; i < 4; i++) {
			u32 group = (i + order) & 1;

			raise(first + i, group, priorities[i]);
			ASSERT(signalled(group ? PSTATE_I : PSTATE_F));
			EXPECT_EQ(acknowledge(!group), GIC_SPURIOUS);
			EXPECT_EQ(acknowledge(group), first + i);
			EXPECT_EQ(read_sys(ICC_RPR), priorities[i]);
		}
		EXPECT_EQ(__builtin_popcountll(read_sys(ICC_AP0R0)), 2);
		EXPECT_EQ(__builtin_popcountll(read_sys(ICC_AP1R0)), 2);
		for (u32 i = 4; i-- > 0;) {
			end((i + order) & 1, first + i);
			EXPECT_EQ(read_sys(ICC_RPR), i ? priorities[i - 1] : 0xff);
			EXPECT(!gic_is_active(first + i));
			EXPECT_EQ(gic_is_active(first), i != 0);
		}
		EXPECT_EQ(read_sys(ICC_AP0R0) | read_sys(ICC_AP1R0), 0);
	}
	for (u32 i = 0; i < 4; i++)
		gic_set_group(first + i, 1);
}

TEST(highest_pending_of_group, "ICC_HPPIR<n>_EL1 names no interrupt of the other group",
     SPEC("IHI 0069, 12.2.11, ICC_HPPIR0_EL1; 12.2.12, ICC_HPPIR1_EL1"), REQUIRES(gic_has_group0()))
{
	u32 spi = free_spi();

	write_sys(DAIF, BOTH);
	for (u32 group = 0; group < 2; group++) {
		SUBTEST("group-%u", group);
		raise(spi, group, 0x80);
		EXPECT(signalled(group ? PSTATE_I : PSTATE_F));
		EXPECT_EQ(read_sys(ICC_HPPIR0), group ? GIC_SPURIOUS : spi);
		EXPECT_EQ(read_sys(ICC_HPPIR1), group ? spi : GIC_SPURIOUS);
		gic_clear_pending(spi);
	}
	gic_set_group(spi, 1);
}

TEST(distributor_group_enables, "GICD_CTLR forwards the interrupts of each group if its bit is set",
     SPEC("IHI 0069, 12.9.4, GICD_CTLR.EnableGrp0, EnableGrp1; 4.6.2"), REQUIRES(gic_has_group0()))
{
	static const u32 intids[] = { 0, SGI }; /* 0: an SPI */
	u32 old = read32(gicd_base() + GICD_CTLR);

	write_sys(DAIF, BOTH);
	for (u32 i = 0; i < ARRAY_SIZE(intids); i++)
		for (u32 control = 0; control < 4; control++) {
			u32 intid = intids[i] ? intids[i] : free_spi();

			SUBTEST("%s-grp0-%u-grp1-%u", intids[i] ? "sgi" : "spi", control & 1,
				control >> 1);
			write32(gicd_base() + GICD_CTLR, (old & ~3u) | control);
			for (u32 group = 0; group < 2; group++) {
				u64 expected = control >> group & 1 ? group ? PSTATE_I : PSTATE_F
								    : 0;

				raise(intid, group, 0x80);
				delay_us(20);
				isb();
				EXPECT_EQ(read_sys(ISR) & BOTH, expected, "group %u", group);
				gic_clear_pending(intid);
				gic_set_group(intid, 1);
			}
		}
	write32(gicd_base() + GICD_CTLR, old);
}

TEST(route_at_once, "GICD_IROUTER is read and written by 64 bits, too",
     SPEC("IHI 0069, 12.9.22, GICD_IROUTER<n>; 12.1.3, sizes of accesses"))
{
	ulong at = gicd_base() + GICD_IROUTER + 8 * free_spi();
	u64 affinity = cpu_by_number(0)->hardware_id & MPIDR_AFFINITY, value;

	__asm__ volatile("str %0, [%1]" : : "r"(0x00030201ull), "r"(at) : "memory");
	EXPECT_EQ(read32(at), 0x00030201);
	EXPECT_EQ(read32(at + 4), 0);
	__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(at) : "memory");
	EXPECT_EQ(value, 0x00030201);
	__asm__ volatile("str %0, [%1]" : : "r"(affinity), "r"(at) : "memory");
	EXPECT_EQ(read32(at), (u32)affinity);
}

TEST(deactivation_ignored, "without EOImode, a write to ICC_DIR_EL1 is ignored",
     SPEC("IHI 0069, 12.2.8, ICC_DIR_EL1"))
{
	u32 spi = free_spi();

	set_control(0);
	raise(spi, 1, 0x80);
	ASSERT(signalled(PSTATE_I));
	EXPECT_EQ(acknowledge(1), spi);
	write_sys(ICC_DIR, spi);
	isb();
	EXPECT(gic_is_active(spi));
	EXPECT_EQ(read_sys(ICC_RPR), 0x80);
	end(1, spi);
	EXPECT(!gic_is_active(spi));
}

static u64 to_self(u32 sgi)
{
	u64 self = this_cpu()->hardware_id;

	return (self >> 32 & 0xff) << 48 | (self >> 16 & 0xff) << 32 | (u64)sgi << 24 |
	       (self >> 8 & 0xff) << 16 | BIT(self & 15);
}

TEST(sgi_of_group,
     "ICC_SGI0R_EL1 makes an SGI of group 0 pending, and none of group 1; ICC_SGI1R_EL1 one of group 1",
     SPEC("IHI 0069, 12.2.21, ICC_SGI0R_EL1, ICC_SGI1R_EL1; 4.7, forwarding an SGI to a target PE"),
	  REQUIRES(gic_has_group0()), REQUIRES((cpu_by_number(0)->hardware_id & 0xff) < 16))
{
	write_sys(DAIF, BOTH);
	SUBTEST("sgi0r-group-0");
	gic_set_group(SGI, 0);
	write_sys(ICC_SGI0R, to_self(SGI));
	isb();
	dsb();
	EXPECT(gic_is_pending(SGI));
	gic_clear_pending(SGI);
	gic_set_group(SGI, 1);
	SUBTEST("sgi0r-group-1");
	write_sys(ICC_SGI0R, to_self(SGI));
	isb();
	dsb();
	EXPECT(!gic_is_pending(SGI));
	gic_clear_pending(SGI);
	SUBTEST("sgi1r-group-1");
	write_sys(ICC_SGI1R, to_self(SGI));
	isb();
	dsb();
	EXPECT(gic_is_pending(SGI));
	gic_clear_pending(SGI);
}

TEST(mask_bits, "ICC_PMR_EL1 has as many bits as ICC_CTLR_EL1.PRIbits says, the highest ones",
     SPEC("IHI 0069, 12.2.19, ICC_PMR_EL1; 12.2.7, ICC_CTLR_EL1.PRIbits"),
	  REQUIRES(gic_has_group0()))
{
	u32 bits = (u32)(read_sys(ICC_CTLR) >> 8 & 7) + 1;

	for (u32 value = 0; value < 256; value++) {
		gic_set_priority_mask((u8)value);
		EXPECT_EQ(gic_priority_mask(), value & ~((1u << (8 - bits)) - 1), "%#x", value);
	}
	gic_set_priority_mask(0xff);
}

TEST(active_priority_bits,
     "ICC_AP<n>R0_EL1 keep what is written, and the running priority is of the lowest bit",
     SPEC("IHI 0069, 12.2.2, ICC_AP0R<n>_EL1; 12.2.3, ICC_AP1R<n>_EL1; 12.2.20, ICC_RPR_EL1"),
	  REQUIRES(gic_has_group0()), REQUIRES((read_sys(ICC_CTLR) >> 8 & 7) == 4))
{
	/* With 5 bits, bit n is priority 8 * n. */
	for (u32 group = 0; group < 2; group++)
		for (u32 bit = 0; bit < 32; bit++) {
			u64 value = ~0ull << bit & 0xffffffff;

			if (group)
				write_sys(ICC_AP1R0, value);
			else
				write_sys(ICC_AP0R0, value);
			isb();
			EXPECT_EQ(group ? read_sys(ICC_AP1R0) : read_sys(ICC_AP0R0), value);
			EXPECT_EQ(read_sys(ICC_RPR), 8 * bit, "group %u", group);
			write_sys(ICC_AP0R0, 0);
			write_sys(ICC_AP1R0, 0);
			isb();
			EXPECT_EQ(read_sys(ICC_RPR), 0xff);
		}
}
