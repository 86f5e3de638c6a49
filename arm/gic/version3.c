/* SPDX-License-Identifier: MIT */
/* What only GICv3 has: affinities, system registers, the groups' enables in the CPU interface. */
#include <test.h>

#include <arm/gic.h>
#include <arm/io.h>
#include <arm/sysreg.h>
#include <sys/cpu.h>

#include "signal.h"

SUITE("GICv3", REQUIRES(gic_version() == 3));

#define SGI_TEST 3

/* ICC_SGI1R: Aff3, Aff2, Aff1 in these bits; the target list is of Aff0 below 16. */
static void send_sgi_to(u64 affinity, u64 targets)
{
	write_sys(ICC_SGI1R, (affinity >> 32 & 0xff) << 48 | (affinity >> 16 & 0xff) << 32 |
				     (u64)SGI_TEST << 24 | (affinity >> 8 & 0xff) << 16 | targets);
	isb();
}

TEST(sgi_affinity,
     "an SGI goes to CPUs whose Aff3, Aff2, Aff1 are those given and whose Aff0 is listed",
     SPEC("IHI 0069, 12.2.21, ICC_SGI1R_EL1"),
	  REQUIRES((cpu_by_number(0)->hardware_id & 0xff) < 16))
{
	u64 self = cpu_by_number(0)->hardware_id, bit = BIT(self & 0xff);

	gic_enable(SGI_TEST);
	SUBTEST("self");
	send_sgi_to(self, bit);
	EXPECT(signalled(PSTATE_I));
	EXPECT_EQ(gic_ack(), SGI_TEST);
	gic_eoi(SGI_TEST);
	SUBTEST("not-in-list");
	send_sgi_to(self, 0xffff & ~bit);
	EXPECT(quiet(PSTATE_I));
	SUBTEST("other-aff1");
	send_sgi_to(self ^ 0x5500, bit);
	EXPECT(quiet(PSTATE_I));
	SUBTEST("other-aff2");
	send_sgi_to(self ^ 0x550000, bit);
	EXPECT(quiet(PSTATE_I));
}

TEST(group_enables, "ICC_IGRPEN1, clear, signals no interrupt of group 1 and acknowledges none",
     SPEC("IHI 0069, 12.2.17, ICC_IGRPEN1_EL1"))
{
	gic_enable(free_spi());
	gic_set_pending(free_spi());
	EXPECT(signalled(PSTATE_I));
	write_sys(ICC_IGRPEN1, 0);
	isb();
	EXPECT(quiet(PSTATE_I));
	EXPECT_EQ(gic_ack(), GIC_SPURIOUS);
	write_sys(ICC_IGRPEN1, 1);
	isb();
	EXPECT(signalled(PSTATE_I));
}

TEST(redistributor_of_cpu,
     "GICR_TYPER has the affinity of the CPU that the redistributor belongs to",
     SPEC("IHI 0069, 12.11.35, GICR_TYPER"))
{
	u64 self = cpu_by_number(0)->hardware_id;

	EXPECT_EQ(read32(gicr_base() + GICR_TYPER + 4),
		  (self >> 8 & 0xff000000) | (self & 0xffffff));
	EXPECT_EQ(read32(gicr_base() + GICR_WAKER) &
			  (GICR_WAKER_PROCESSOR_SLEEP | GICR_WAKER_CHILDREN_ASLEEP),
		  0);
}

TEST(route_keeps_value, "GICD_IROUTER keeps the affinity that is written to it",
     SPEC("IHI 0069, 12.9.22, GICD_IROUTER"))
{
	ulong at = gicd_base() + GICD_IROUTER + 8 * free_spi();

	write32(at, 0x00030201);
	EXPECT_EQ(read32(at), 0x00030201);
	write32(at, (u32)cpu_by_number(0)->hardware_id);
	EXPECT_EQ(read32(at), (u32)cpu_by_number(0)->hardware_id);
}

TEST(route_halves,
     "the halves of GICD_IROUTER are written alone, Aff3 in the upper one, and at once by 64 bits",
     SPEC("IHI 0069, 12.9.22, GICD_IROUTER<n>; 12.1.3, sizes of accesses"))
{
	ulong at = gicd_base() + GICD_IROUTER + 8 * free_spi();
	/* GICD_TYPER.A3V: Aff3 is not always zero. */
	u32 aff3 = read32(gicd_base() + GICD_TYPER) & BIT(24) ? 0x5a : 0;

	SUBTEST("upper");
	write32(at, 0x00030201);
	write32(at + 4, 0x5a);
	EXPECT_EQ(read32(at), 0x00030201);
	EXPECT_EQ(read32(at + 4), aff3);
	SUBTEST("lower");
	write32(at, 0x00060504);
	EXPECT_EQ(read32(at), 0x00060504);
	EXPECT_EQ(read32(at + 4), aff3);
	write32(at + 4, 0);
	EXPECT_EQ(read32(at + 4), 0);
	EXPECT_EQ(read32(at), 0x00060504);
}

#define TYPER_LPIS	 BIT(17)
#define GICR_TYPER_PLPIS BIT(0)

TEST(types_agree,
     "GICD_TYPER says that there are LPIs where GICR_TYPER does, and then has 14 bits of INTID or more",
     SPEC("IHI 0069, 12.9.38, GICD_TYPER.LPIS, IDbits; 12.11.35, GICR_TYPER.PLPIS"))
{
	u32 typer = read32(gicd_base() + GICD_TYPER);
	bool lpis = typer & TYPER_LPIS;

	EXPECT_EQ(lpis, (read32(gicr_base() + GICR_TYPER) & GICR_TYPER_PLPIS) != 0);
	EXPECT_GE((typer >> 19 & 31) + 1, lpis ? 14 : 10);
	/* The CPU interface has 16 or 24. */
	EXPECT_LE((typer >> 19 & 31) + 1, (read_sys(ICC_CTLR) >> 11 & 7) ? 24 : 16);
}

TEST(waker, "ChildrenAsleep follows ProcessorSleep",
     SPEC("IHI 0069, 12.11.42, GICR_WAKER"), REQUIRES(gic_has_group0()))
{
	ulong at = gicr_base() + GICR_WAKER;

	write_sys(ICC_IGRPEN0, 0);
	write_sys(ICC_IGRPEN1, 0);
	isb();
	SUBTEST("asleep");
	write32(at, GICR_WAKER_PROCESSOR_SLEEP);
	EXPECT(read32(at) & GICR_WAKER_PROCESSOR_SLEEP);
	EXPECT(wait_until(read32(at) & GICR_WAKER_CHILDREN_ASLEEP));
	SUBTEST("awake");
	write32(at, 0);
	EXPECT(!(read32(at) & GICR_WAKER_PROCESSOR_SLEEP));
	EXPECT(wait_until(!(read32(at) & GICR_WAKER_CHILDREN_ASLEEP)));
}
