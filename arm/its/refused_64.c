/* SPDX-License-Identifier: MIT */
/* Commands that the ITS refuses: they change no mapping and no memory outside its tables. */
#include <test.h>

#include <arm/gic.h>
#include <arm/io.h>
#include <arm/sysreg.h>
#include <sys/cpu.h>
#include <sys/time.h>

#include "its.h"

SUITE("Refused ITS commands", REQUIRES(has_its()));

#define DEVICE	   5u
#define EVENT	   3u
#define LPI	   (FIRST_LPI + 77)
#define COLLECTION 1u
#define OTHER	   2u

static void start(void)
{
	its_start();
	lpi_configure(LPI, LPI_PRIORITY | LPI_ENABLE);
	lpi_configure(LPI + 1, LPI_PRIORITY | LPI_ENABLE);
	its_mapc(COLLECTION, 0, true);
	its_mapd(DEVICE, its_itt(0), 5, true);
	its_mapti(DEVICE, EVENT, LPI, COLLECTION);
}

/* What has been mapped by start() still is. */
static void expect_mapped(void)
{
	its_int(DEVICE, EVENT);
	EXPECT_EQ(lpi_take(0), LPI);
	EXPECT(lpi_quiet(0));
}

static u32 table_of(u32 type)
{
	for (u32 i = 0; i < 8; i++)
		if (GITS_BASER_TYPE(its_read64(GITS_BASER + 8 * i)) == type)
			return i;
	return 8;
}

/* How many entries GITS_BASER<n> has room for. */
static u64 entries_of(u32 n)
{
	return ITS_TABLE_BYTES / ((its_read64(GITS_BASER + 8 * n) >> 48 & 31) + 1);
}

static u32 set_bytes(const u8 *memory, u32 from, u32 to)
{
	u32 count = 0;

	for (u32 i = from; i < to; i++)
		count += memory[i] != 0;
	return count;
}

TEST(mapti_beyond_the_table,
     "MAPTI of an event beyond those of the device maps nothing and writes nothing after the table",
     SPEC("IHI 0069, 5.3.13, MAPTI: command error; 5.2.4, interrupt translation table"))
{
	static const u32 events[] = { 32, 33, 63, 64, 0x10000 };
	/* GITS_TYPER.ITT_entry_size, less one. */
	u32 size;

	start();
	size = 32 * (u32)((its_read64(GITS_TYPER) >> 4 & 15) + 1);
	EXPECT_LE(size, 1024);
	for (u32 i = 0; i < ARRAY_SIZE(events); i++) {
		SUBTEST("event-%u", events[i]);
		its_mapti(DEVICE, events[i], LPI + 1, COLLECTION);
		EXPECT_EQ(set_bytes((const u8 *)(ulong)its_itt(0), size, 4096), 0);
		its_int(DEVICE, events[i]);
		EXPECT(lpi_quiet(0));
		expect_mapped();
	}
}

TEST(event_beyond_the_table, "what stands in memory after a device's table is no mapping",
     SPEC("IHI 0069, 5.3.6, INT: command error; 5.3.11, MAPD.Size"))
{
	start();
	/* The same table, with more events and with fewer. */
	its_mapd(DEVICE, its_itt(0), 6, true);
	its_mapti(DEVICE, EVENT, LPI, COLLECTION);
	its_mapti(DEVICE, 32 + EVENT, LPI + 1, COLLECTION);
	its_int(DEVICE, 32 + EVENT);
	EXPECT_EQ(lpi_take(0), LPI + 1);
	its_mapd(DEVICE, its_itt(0), 5, true);
	its_mapti(DEVICE, EVENT, LPI, COLLECTION);
	its_int(DEVICE, 32 + EVENT);
	EXPECT(lpi_quiet(0));
	expect_mapped();
}

TEST(mapd_beyond_the_table,
     "MAPD of a device that the table has no entry for changes no other table",
     SPEC("IHI 0069, 5.3.11, MAPD: command error; 12.19.4, GITS_BASER<n>"))
{
	static const u32 more[] = { 0, 1, 30 };
	u32 devices = table_of(BASER_DEVICES);

	start();
	ASSERT_LT(devices, 8);
	for (u32 i = 0; i < ARRAY_SIZE(more); i++) {
		u64 device = entries_of(devices) + more[i];

		SUBTEST("entries-and-%u", more[i]);
		if (device >> 32 || (its_read64(GITS_TYPER) >> 13 & 31) < 15) {
			SKIP_ROW("no such device number");
			continue;
		}
		its_mapd((u32)device, its_itt(1), 5, true);
		/* In what follows the table, after the entries of start(). */
		EXPECT_EQ(set_bytes(its_table(devices) + ITS_TABLE_BYTES, 64, 4096), 0);
		its_mapti((u32)device, EVENT, LPI + 1, COLLECTION);
		its_int((u32)device, EVENT);
		EXPECT(lpi_quiet(0));
		expect_mapped();
	}
}

TEST(mapd_size_refused, "MAPD with more bits of events than the ITS has changes nothing",
     SPEC("IHI 0069, 5.3.11, MAPD.Size: command error; 12.19.16, GITS_TYPER.ID_bits"))
{
	u32 bits = (u32)(its_read64(GITS_TYPER) >> 8 & 31) + 1;

	start();
	if (bits > 31)
		SKIP("every size is allowed");
	its_mapd(DEVICE, its_itt(1), bits + 1, true);
	expect_mapped();
}

TEST(mapc_refused, "MAPC to a redistributor that does not exist changes nothing",
     SPEC("IHI 0069, 5.3.10, MAPC: command error"))
{
	start();
	its_mapc_nowhere(COLLECTION);
	expect_mapped();
	its_mapc_nowhere(OTHER);
	its_mapti(DEVICE, EVENT + 1, LPI + 1, OTHER);
	its_int(DEVICE, EVENT + 1);
	EXPECT(lpi_quiet(0));
	expect_mapped();
}

TEST(movi_refused,
     "MOVI to a collection that is not mapped, or of an event that is not, moves nothing",
     SPEC("IHI 0069, 5.3.15, MOVI: command error"))
{
	start();
	SUBTEST("collection");
	its_movi(DEVICE, EVENT, OTHER);
	expect_mapped();
	SUBTEST("event");
	its_movi(DEVICE, EVENT + 1, COLLECTION);
	its_int(DEVICE, EVENT + 1);
	EXPECT(lpi_quiet(0));
	expect_mapped();
	SUBTEST("device");
	its_movi(DEVICE + 1, EVENT, COLLECTION);
	its_int(DEVICE + 1, EVENT);
	EXPECT(lpi_quiet(0));
	expect_mapped();
}

TEST(lpi_beyond_the_tables, "an LPI beyond GICR_PROPBASER.IDbits is not signalled",
     SPEC("IHI 0069, 12.11.33, GICR_PROPBASER.IDbits"))
{
	start();
	lpi_configure((u32)BIT(ID_BITS) + 5, LPI_PRIORITY | LPI_ENABLE);
	its_mapti(DEVICE, EVENT + 1, (u32)BIT(ID_BITS) + 5, COLLECTION);
	its_int(DEVICE, EVENT + 1);
	EXPECT(lpi_quiet(0));
	expect_mapped();
}

TEST(movall_keeps, "MOVALL leaves pending what was pending at the destination",
     SPEC("IHI 0069, 5.3.14, MOVALL"), REQUIRES(cpu_count() > 1))
{
	its_start();
	its_mapc(COLLECTION, 0, true);
	its_mapc(OTHER, 1, true);
	its_mapd(DEVICE, its_itt(0), 5, true);
	/* Neighbours in the pending tables, disabled. */
	for (u32 i = 0; i < 4; i++) {
		its_mapti(DEVICE, i, LPI + i, i & 1 ? OTHER : COLLECTION);
		its_int(DEVICE, i);
	}
	its_movall(0, 1);
	for (u32 i = 0; i < 4; i++)
		lpi_configure(LPI + i, LPI_PRIORITY | LPI_ENABLE);
	its_mapc(COLLECTION, 1, true);
	its_invall(OTHER);
	its_invall(COLLECTION);
	for (u32 i = 0; i < 4; i++) {
		u32 intid = lpi_take(1);

		EXPECT_GE(intid, LPI);
		EXPECT_LT(intid, LPI + 4);
	}
	EXPECT(lpi_quiet(1));
	EXPECT(lpi_quiet(0));
}

TEST(lpi_group,
     "with group 1 disabled in GICD_CTLR no LPI is signalled; it is when the group is enabled",
     SPEC("IHI 0069, 12.9.4, GICD_CTLR.EnableGrp1; 4.6, LPIs are in group 1"))
{
	u32 control = read32(gicd_base() + GICD_CTLR);
	u32 group1 = gic_has_group0() ? GICD_CTLR_GRP1 : GICD_CTLR_GRP0 | GICD_CTLR_GRP1;

	start();
	write32(gicd_base() + GICD_CTLR, control & ~group1);
	/* Without SYNC, for which the other CPUs would be asked, by SGIs of that group. */
	its_command(0x03 | (u64)DEVICE << 32, EVENT, 0, 0);
	delay_us(20);
	isb();
	EXPECT_EQ(gic_highest_pending(), GIC_SPURIOUS);
	EXPECT(!(read_sys(ISR) & PSTATE_I));
	write32(gicd_base() + GICD_CTLR, control);
	EXPECT_EQ(lpi_take(0), LPI);
}

TEST(lpis_enabled_again,
     "an LPI whose bit is set in the pending table when EnableLPIs is set is signalled",
     SPEC("IHI 0069, 5.1.2, LPI pending tables; 12.11.2, GICR_CTLR.EnableLPIs"))
{
	ulong gicr = gicr_base();

	start();
	write32(gicr + GICR_CTLR, read32(gicr + GICR_CTLR) & ~(u32)GICR_CTLR_ENABLE_LPI);
	if (read32(gicr + GICR_CTLR) & GICR_CTLR_ENABLE_LPI)
		SKIP("EnableLPIs cannot be cleared");
	ASSERT(wait_until(!(read32(gicr + GICR_CTLR) & GICR_CTLR_RWP)));
	its_pending_table(0)[LPI / 8] |= (u8)BIT(LPI % 8);
	dsb();
	EXPECT_EQ(gic_highest_pending(), GIC_SPURIOUS);
	write32(gicr + GICR_CTLR, read32(gicr + GICR_CTLR) | GICR_CTLR_ENABLE_LPI);
	EXPECT_EQ(lpi_take(0), LPI);
	EXPECT(lpi_quiet(0));
}
