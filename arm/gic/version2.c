/* SPDX-License-Identifier: MIT */
/* What only GICv2 has: aliased registers for group 1, the sources of SGIs. */
#include <test.h>

#include <arm/gic.h>
#include <arm/io.h>

#include "signal.h"

SUITE("GICv2", REQUIRES(gic_version() == 2));

#define SGI_TEST 3

TEST(aliased_registers, "AIAR acknowledges an interrupt of group 1 without AckCtl, AEOIR ends it",
     SPEC("IHI 0048, 4.4.11 GICC_AIAR, 4.4.12 GICC_AEOIR"), REQUIRES(gic_has_group0()))
{
	ulong ctlr = gicc_base() + GICC_CTLR;
	u32 spi = free_spi();

	write32(ctlr, read32(ctlr) & ~(u32)GICC_CTLR_ACKCTL);
	gic_enable(spi);
	gic_set_pending(spi);
	ASSERT(signalled(PSTATE_I));
	SUBTEST("IAR");
	EXPECT_EQ(read32(gicc_base() + GICC_IAR), 1022);
	SUBTEST("AIAR");
	EXPECT_EQ(read32(gicc_base() + GICC_AIAR), spi);
	EXPECT(gic_is_active(spi));
	SUBTEST("AEOIR");
	write32(gicc_base() + GICC_AEOIR, spi);
	EXPECT(!gic_is_active(spi));
}

TEST(sgi_source, "IAR has the CPU interface that sent the SGI; SPENDSGIR and CPENDSGIR know it too",
     SPEC("IHI 0048, 4.3.16, 4.3.17, 4.4.4"))
{
	ulong set = gicd_base() + GICD_SPENDSGIR, clear = gicd_base() + GICD_CPENDSGIR;

	gic_enable(SGI_TEST);
	write8(set + SGI_TEST, 0x01);
	EXPECT_EQ(read8(set + SGI_TEST), 0x01);
	EXPECT_EQ(read8(clear + SGI_TEST), 0x01);
	ASSERT(signalled(PSTATE_I));
	write8(clear + SGI_TEST, 0x01);
	EXPECT_EQ(read8(set + SGI_TEST), 0);
	EXPECT(quiet(PSTATE_I));
	gic_send_sgi(0, SGI_TEST);
	ASSERT(signalled(PSTATE_I));
	EXPECT_EQ(gic_ack(), SGI_TEST);
	gic_eoi(SGI_TEST);
}

TEST(sgi_pending_is_read_only, "the pending bits of SGIs in ISPENDR and ICPENDR are read-only",
     SPEC("IHI 0048, 4.3.7, 4.3.8"))
{
	gic_set_pending(SGI_TEST);
	EXPECT(!gic_is_pending(SGI_TEST));
	gic_send_sgi(0, SGI_TEST);
	EXPECT(gic_is_pending(SGI_TEST));
	gic_clear_pending(SGI_TEST);
	EXPECT(gic_is_pending(SGI_TEST));
}

TEST(private_targets, "ITARGETSR of SGIs and PPIs is read-only and names the CPU that reads it",
     SPEC("IHI 0048, 4.3.12"))
{
	u32 value = read32(gicd_base() + GICD_ITARGETSR);

	EXPECT_EQ(value, (value & 0xff) * 0x01010101);
	write32(gicd_base() + GICD_ITARGETSR, ~value);
	EXPECT_EQ(read32(gicd_base() + GICD_ITARGETSR), value);
}
