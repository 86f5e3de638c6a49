/* SPDX-License-Identifier: MIT */
/* What has no register, or one that affinity routing replaces, reads as zero and ignores writes. */
#include <test.h>

#include <arm/gic.h>
#include <arm/io.h>

#include "signal.h"

SUITE("GICv3 register maps", REQUIRES(gic_version() == 3));

static void expect_zero(ulong base, u32 first, u32 last)
{
	for (u32 offset = first; offset <= last; offset += 4) {
		EXPECT_EQ(read32(base + offset), 0, "offset %#x", offset);
		write32(base + offset, 0xffffffff);
		EXPECT_EQ(read32(base + offset), 0, "offset %#x", offset);
	}
}

TEST(distributor_of_private,
     "with affinity routing the distributor's registers of SGIs and PPIs are RAZ/WI",
     SPEC("IHI 0069, 12.9, GICD_ISENABLER<n> and others: for n = 0 when affinity routing is enabled"))
{
	static const u32 words[] = { GICD_IGROUPR, GICD_ISENABLER, GICD_ICENABLER, GICD_ISPENDR,
				     GICD_ICPENDR, GICD_ISACTIVER, GICD_ICACTIVER };

	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		SUBTEST("offset-%#x", words[i]);
		expect_zero(gicd_base(), words[i], words[i]);
	}
	SUBTEST("priorities");
	expect_zero(gicd_base(), GICD_IPRIORITYR, GICD_IPRIORITYR + 28);
	SUBTEST("configuration");
	expect_zero(gicd_base(), GICD_ICFGR, GICD_ICFGR + 4);
}

TEST(distributor_legacy,
     "with affinity routing GICD_ITARGETSR, GICD_SGIR, GICD_CPENDSGIR and GICD_SPENDSGIR are RAZ/WI",
     SPEC("IHI 0069, 12.9.37, GICD_ITARGETSR<n>; 12.9.41, GICD_SGIR"))
{
	SUBTEST("itargetsr");
	expect_zero(gicd_base(), GICD_ITARGETSR, GICD_ITARGETSR + 0x3f8);
	SUBTEST("sgir");
	write32(gicd_base() + GICD_SGIR, 2u << 24 | 5);
	EXPECT(!gic_is_pending(5));
	SUBTEST("pendsgir");
	expect_zero(gicd_base(), GICD_CPENDSGIR, GICD_SPENDSGIR + 12);
}

TEST(distributor_reserved, "offsets of the distributor without a register are RAZ/WI",
     SPEC("IHI 0069, 12.8, table of the distributor's registers"))
{
	SUBTEST("0x60-0x7c");
	expect_zero(gicd_base(), 0x60, 0x7c);
	SUBTEST("0xf30-0xf7c");
	expect_zero(gicd_base(), 0xf30, 0xf7c);
	SUBTEST("0x2000-0x60fc");
	for (u32 offset = 0x4000; offset < 0x6100; offset += 0x40)
		expect_zero(gicd_base(), offset, offset);
	SUBTEST("0x8000-0xbffc");
	for (u32 offset = 0x8000; offset < 0xc000; offset += 0x100)
		expect_zero(gicd_base(), offset, offset);
}

TEST(redistributor_reserved,
     "offsets of a redistributor's SGI frame without a register are RAZ/WI, and there are 32 interrupts in it",
     SPEC("IHI 0069, 12.10, table of the redistributor's registers, SGI_base"))
{
	ulong sgi = gicr_base() + GICR_SGI;

	SUBTEST("igroupr");
	expect_zero(sgi, GICD_IGROUPR + 0xc, GICD_IGROUPR + 0x7c);
	SUBTEST("isenabler");
	expect_zero(sgi, GICD_ISENABLER + 0xc, GICD_ISENABLER + 0x7c);
	SUBTEST("isactiver");
	expect_zero(sgi, GICD_ISACTIVER + 0xc, GICD_ISACTIVER + 0x7c);
	SUBTEST("ipriorityr");
	expect_zero(sgi, GICD_IPRIORITYR + 0x60, GICD_IPRIORITYR + 0x3f8);
	SUBTEST("itargetsr");
	expect_zero(sgi, GICD_ITARGETSR, GICD_ITARGETSR + 0x3f8);
}

#define GICD_SETSPI_NSR 0x40
#define GICD_CLRSPI_NSR 0x48
#define TYPER_MBIS	BIT(16)

TEST(message_spi,
     "GICD_SETSPI_NSR makes an SPI pending by its number, GICD_CLRSPI_NSR not pending; both are RAZ/WI where there is none",
     SPEC("IHI 0069, 12.9.39, GICD_SETSPI_NSR; 12.9.4, GICD_CLRSPI_NSR; GICD_TYPER.MBIS"))
{
	u32 spi = free_spi();
	bool there = read32(gicd_base() + GICD_TYPER) & TYPER_MBIS;

	gic_set_edge(spi, true);
	write32(gicd_base() + GICD_SETSPI_NSR, spi);
	EXPECT_EQ(gic_is_pending(spi), there);
	EXPECT(!gic_is_pending(spi - 1));
	write32(gicd_base() + GICD_CLRSPI_NSR, spi);
	EXPECT(!gic_is_pending(spi));
}

TEST(control,
     "GICD_CTLR keeps the group enables and affinity routing; DS is set where there is one security state",
     SPEC("IHI 0069, 12.9.5, GICD_CTLR"))
{
	u32 old = read32(gicd_base() + GICD_CTLR);

	if (!gic_has_group0())
		SKIP("another security state has group 0");
	EXPECT(old & GICD_CTLR_DS);
	for (u32 i = 0; i < 4; i++) {
		write32(gicd_base() + GICD_CTLR, (old & ~3u) | i);
		EXPECT_EQ(read32(gicd_base() + GICD_CTLR) & 3, i);
	}
	write32(gicd_base() + GICD_CTLR, old);
}
