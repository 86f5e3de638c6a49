/* SPDX-License-Identifier: MIT */
/* The distributor's registers, as memory: what can be written, what a bit of one changes in another. */
#include <test.h>

#include <arm/gic.h>
#include <arm/io.h>

#include "signal.h"

SUITE("Registers of the distributor", REQUIRES(gic_version()));

/* Words of a register with a bit for each interrupt: the first one is of SGIs and PPIs. */
static ulong word(u32 reg, u32 index)
{
	return gic_frame(index * 32) + reg + index * 4;
}

static const struct {
	const char *name;
	u32 set, clear;
} pairs[] = {
	{ "enable", GICD_ISENABLER, GICD_ICENABLER },
	{ "pending", GICD_ISPENDR, GICD_ICPENDR },
	{ "active", GICD_ISACTIVER, GICD_ICACTIVER },
};

TEST(set_and_clear,
     "ISxR sets where 1 is written, ICxR clears, 0 changes nothing; both read the same",
     SPEC("IHI 0048, 4.3.5 to 4.3.9; IHI 0069, 12.9"))
{
	u32 last = gic_intid_end() / 32 - 1;

	for (u32 i = 0; i < ARRAY_SIZE(pairs); i++) {
		ulong set = word(pairs[i].set, last), clear = word(pairs[i].clear, last);

		SUBTEST("%s", pairs[i].name);
		EXPECT_EQ(read32(set), 0);
		write32(set, 0xa5a50000);
		EXPECT_EQ(read32(set), 0xa5a50000);
		EXPECT_EQ(read32(clear), 0xa5a50000);
		write32(set, 0x00000000);
		EXPECT_EQ(read32(set), 0xa5a50000);
		write32(set, 0x0f000000);
		EXPECT_EQ(read32(set), 0xafa50000);
		write32(clear, 0);
		EXPECT_EQ(read32(set), 0xafa50000);
		write32(clear, 0xf0050000);
		EXPECT_EQ(read32(set), 0x0fa00000);
		write32(clear, ~0u);
		EXPECT_EQ(read32(set), 0);
		EXPECT_EQ(read32(clear), 0);
	}
}

TEST(words_are_separate, "each word is of its own 32 interrupts",
     SPEC("IHI 0048, 4.3.5; IHI 0069, 12.9.7"))
{
	u32 words = gic_intid_end() / 32;

	for (u32 i = 1; i < words; i++)
		write32(word(GICD_ISENABLER, i), (u32)BIT(i % 32));
	for (u32 i = 1; i < words; i++)
		EXPECT_EQ(read32(word(GICD_ISENABLER, i)), BIT(i % 32), "word %u", i);
}

TEST(priority_bytes,
     "each interrupt has a priority of its own, of at least 4 bits, the highest ones",
     SPEC("IHI 0048, 3.3 and 4.3.11; IHI 0069, 4.8 and 12.9.19"))
{
	u32 spi = free_spi() & ~3u;
	u8 implemented;

	gic_set_priority(spi, 0xff);
	implemented = gic_priority(spi);
	EXPECT_EQ(implemented & 0xf0, 0xf0);
	/* A row of ones from the top. */
	EXPECT_EQ((u8)(implemented | (implemented << 1)), implemented);
	for (u32 i = 0; i < 4; i++)
		gic_set_priority(spi + i, (u8)(0x10 * (i + 5)));
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(gic_priority(spi + i), 0x10 * (i + 5));
	EXPECT_EQ(read32(gicd_base() + GICD_IPRIORITYR + spi), 0x80706050);
	write32(gicd_base() + GICD_IPRIORITYR + spi, 0x20c040e0);
	EXPECT_EQ(gic_priority(spi), 0xe0);
	EXPECT_EQ(gic_priority(spi + 3), 0x20);
}

TEST(private_priorities, "SGIs and PPIs have priorities too",
     SPEC("IHI 0048, 4.3.11; IHI 0069, 12.11.20"))
{
	for (u32 intid = 0; intid < 32; intid++)
		gic_set_priority(intid, (u8)(intid * 8 & 0xf0));
	for (u32 intid = 0; intid < 32; intid++)
		EXPECT_EQ(gic_priority(intid), intid * 8 & 0xf0, "INTID %u", intid);
}

TEST(configuration_of_spi, "an SPI can be made edge-triggered and level-sensitive again",
     SPEC("IHI 0048, 4.3.13; IHI 0069, 12.9.9"))
{
	u32 spi = free_spi();
	ulong at = gicd_base() + GICD_ICFGR + spi / 16 * 4;

	gic_set_edge(spi, true);
	EXPECT_EQ(read32(at) >> spi % 16 * 2 & 2, 2);
	gic_set_edge(spi, false);
	EXPECT_EQ(read32(at) >> spi % 16 * 2 & 2, 0);
}

TEST(configuration_words,
     "each word of GICD_ICFGR is of its own 16 SPIs, and bit 0 of each of them is not the configuration",
     SPEC("IHI 0048, 4.3.13; IHI 0069, 12.9.9, GICD_ICFGR<n>"))
{
	ulong at = gicd_base() + GICD_ICFGR;
	u32 words = (gic_intid_end() - 1) / 16 + 1;
	u32 ours[64];

	/* What lines are connected to may be fixed. */
	for (u32 i = 2; i < words; i++) {
		write32(at + 4 * i, 0xaaaaaaaa);
		ours[i] = read32(at + 4 * i) & 0xaaaaaaaa;
		write32(at + 4 * i, 0x55555555);
		EXPECT_EQ(read32(at + 4 * i) & ours[i], 0, "word %u", i);
	}
	/* One of ones among zeros, then one of zeros among ones. */
	for (u32 zeros = 0; zeros < 2; zeros++) {
		for (u32 i = 2; i < words; i++)
			write32(at + 4 * i, zeros ? 0xaaaaaaaa : 0);
		for (u32 i = 2; i < words; i++) {
			write32(at + 4 * i, zeros ? 0 : 0xaaaaaaaa);
			for (u32 other = 2; other < words; other++)
				EXPECT_EQ(read32(at + 4 * other) & 0xaaaaaaaa,
					  (other == i) != zeros ? ours[other] : 0,
					  "word %u, after %u", other, i);
			write32(at + 4 * i, zeros ? 0xaaaaaaaa : 0);
		}
	}
}

TEST(sgi_is_edge, "SGIs are always edge-triggered", SPEC("IHI 0048, 4.3.13; IHI 0069, 12.11.9"))
{
	ulong at = gic_frame(0) + GICD_ICFGR;

	write32(at, 0);
	EXPECT_EQ(read32(at) & 0xaaaaaaaa, 0xaaaaaaaa);
}

TEST(identification, "TYPER is read-only, and PIDR2 has the architecture's version",
     SPEC("IHI 0048, 4.3.2, 4.3.18; IHI 0069, 12.9.38, 12.1.13"))
{
	u32 typer = read32(gicd_base() + GICD_TYPER);
	ulong pidr2 = gicd_base() + (gic_version() == 3 ? GICD_PIDR2 : 0xfe8);

	write32(gicd_base() + GICD_TYPER, ~typer);
	EXPECT_EQ(read32(gicd_base() + GICD_TYPER), typer);
	if (gic_version() == 3)
		EXPECT_GE(read32(pidr2) >> 4 & 0xf, 3);
	else
		EXPECT_EQ(read32(pidr2) >> 4 & 0xf, 2);
}

TEST(interrupts_not_there, "registers of interrupts after the last one are RAZ/WI",
     SPEC("IHI 0048, 4.1.2; IHI 0069, 12.9"), REQUIRES(gic_intid_end() < 992))
{
	u32 index = gic_intid_end() / 32;

	/* What is there after all must not be both enabled and pending, and not stay so. */
	write32(word(GICD_ISENABLER, index), ~0u);
	EXPECT_EQ(read32(word(GICD_ISENABLER, index)), 0);
	write32(word(GICD_ICENABLER, index), ~0u);
	write32(word(GICD_ISPENDR, index), ~0u);
	EXPECT_EQ(read32(word(GICD_ISPENDR, index)), 0);
	write32(word(GICD_ICPENDR, index), ~0u);
	gic_set_priority(index * 32, 0xf0);
	EXPECT_EQ(gic_priority(index * 32), 0);
}
