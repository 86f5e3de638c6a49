/* SPDX-License-Identifier: MIT */
/* The commands of the ITS, each with what it must do and what it must leave alone. */
#include <test.h>

#include <arm/gic.h>
#include <arm/io.h>
#include <sys/cpu.h>
#include <sys/time.h>

#include "its.h"

SUITE("ITS commands and LPIs", REQUIRES(has_its()));

#define DEVICE	   5u
#define EVENT	   3u
#define LPI	   (FIRST_LPI + 77)
#define COLLECTION 1u
#define OTHER	   2u /* a collection of another CPU */

/* A device with an event that leads to LPI, in a collection of CPU 0; whether the LPI is enabled. */
static void start(bool enabled)
{
	its_start();
	lpi_configure(LPI, LPI_PRIORITY | enabled);
	its_mapc(COLLECTION, 0, true);
	its_mapd(DEVICE, its_itt(0), 5, true);
	its_mapti(DEVICE, EVENT, LPI, COLLECTION);
}

static void enable(u32 intid, u32 device, u32 event)
{
	lpi_configure(intid, LPI_PRIORITY | LPI_ENABLE);
	its_inv(device, event);
}

TEST(its_identification,
     "the ITS is one for physical LPIs of GICv3 or later, and has a table for devices",
     SPEC("IHI 0069, 12.19.4, GITS_BASER<n>; 12.19.16, GITS_TYPER; GITS_PIDR2"))
{
	bool devices = false;

	EXPECT(its_read64(GITS_TYPER) & GITS_TYPER_PHYSICAL);
	EXPECT_GE(read32(its_base() + GITS_PIDR2) >> 4 & 15, 3);
	for (u32 i = 0; i < 8; i++)
		devices |= GITS_BASER_TYPE(its_read64(GITS_BASER + 8 * i)) == BASER_DEVICES;
	EXPECT(devices);
}

TEST(its_registers,
     "types and entry sizes of tables are read-only, offsets between registers read as zero",
     SPEC("IHI 0069, 12.18, 12.19.4, GITS_BASER<n>"))
{
	its_start();
	write32(its_base() + GITS_CTLR, 0);
	for (u32 i = 0; i < 8; i++) {
		u64 before = its_read64(GITS_BASER + 8 * i), after;

		SUBTEST("baser-%u", i);
		its_write64(GITS_BASER + 8 * i, ~BIT(63) & ~BITS(47, 12));
		after = its_read64(GITS_BASER + 8 * i);
		EXPECT_EQ(after & (BITS(58, 56) | BITS(52, 48)),
			  before & (BITS(58, 56) | BITS(52, 48)));
		its_write64(GITS_BASER + 8 * i, before);
	}
	SUBTEST("typer");
	{
		u64 typer = its_read64(GITS_TYPER);

		its_write64(GITS_TYPER, ~typer);
		EXPECT_EQ(its_read64(GITS_TYPER), typer);
	}
	SUBTEST("reserved");
	for (u32 offset = 0x98; offset < 0x100; offset += 8)
		EXPECT_EQ(read32(its_base() + offset), 0, "offset %#x", offset);
	for (u32 offset = 0x140; offset < 0xc000; offset += 0x40)
		EXPECT_EQ(read32(its_base() + offset), 0, "offset %#x", offset);
}

static u64 read_whole(ulong at)
{
	u64 value;

	__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(at) : "memory");
	return value;
}

static void write_whole(ulong at, u64 value)
{
	__asm__ volatile("str %0, [%1]" : : "r"(value), "r"(at) : "memory");
}

/* A register with an address in it, as one of 64 bits and as two of 32. */
static void expect_halves(ulong at, u64 bits)
{
	u64 before = read_whole(at), first = 0x0000123456780000ull & bits,
	    second = 0x00000fedcba90000ull & bits;

	write_whole(at, first);
	EXPECT_EQ(read_whole(at) & bits, first);
	EXPECT_EQ(read32(at), (u32)read_whole(at));
	EXPECT_EQ(read32(at + 4), (u32)(read_whole(at) >> 32));
	write32(at, (u32)second);
	EXPECT_EQ(read_whole(at) & bits, (first & BITS(63, 32)) | (second & BITS(31, 0)));
	write32(at + 4, (u32)(second >> 32));
	EXPECT_EQ(read_whole(at) & bits, second);
	write_whole(at, before);
	EXPECT_EQ(read_whole(at) & bits, before & bits);
}

TEST(lpi_registers_by_halves,
     "registers with addresses of tables are one of 64 bits or two of 32, with the same contents",
     SPEC("IHI 0069, 12.1.3; 12.19.4, GITS_BASER<n>; 12.19.5, GITS_CBASER; 12.11.33, GICR_PROPBASER; 12.11.32, GICR_PENDBASER"))
{
	const u64 page = BITS(47, 16);
	ulong gicr = gicr_base();

	start(true);
	write32(its_base() + GITS_CTLR, 0);
	SUBTEST("gits-cbaser");
	expect_halves(its_base() + GITS_CBASER, page);
	SUBTEST("gits-baser");
	for (u32 i = 0; i < 8; i++)
		if (GITS_BASER_TYPE(its_read64(GITS_BASER + 8 * i)))
			expect_halves(its_base() + GITS_BASER + 8 * i, page);
	write32(gicr + GICR_CTLR, read32(gicr + GICR_CTLR) & ~(u32)GICR_CTLR_ENABLE_LPI);
	if (read32(gicr + GICR_CTLR) & GICR_CTLR_ENABLE_LPI)
		return;
	ASSERT(wait_until(!(read32(gicr + GICR_CTLR) & GICR_CTLR_RWP)));
	SUBTEST("gicr-propbaser");
	expect_halves(gicr + GICR_PROPBASER, page);
	SUBTEST("gicr-pendbaser");
	expect_halves(gicr + GICR_PENDBASER, page);
	SUBTEST("gicr-typer");
	EXPECT_EQ(read32(gicr + GICR_TYPER), (u32)read_whole(gicr + GICR_TYPER));
	EXPECT_EQ(read32(gicr + GICR_TYPER + 4), (u32)(read_whole(gicr + GICR_TYPER) >> 32));
}

TEST(its_disabled,
     "a disabled ITS is quiescent, takes no command from the queue, and takes them when it is enabled",
     SPEC("IHI 0069, 12.19.6, GITS_CTLR"))
{
	start(true);
	write32(its_base() + GITS_CTLR, 0);
	EXPECT(read32(its_base() + GITS_CTLR) & GITS_CTLR_QUIESCENT);
	EXPECT(!(read32(its_base() + GITS_CTLR) & GITS_CTLR_ENABLED));
}

TEST(int_is_delivered, "INT of a mapped event makes its LPI pending on the collection's CPU, once",
     SPEC("IHI 0069, 5.3.6, INT; 5.3.11, MAPD; 5.3.13, MAPTI"))
{
	start(true);
	EXPECT(lpi_quiet(0));
	for (u32 i = 0; i < 3; i++) {
		its_int(DEVICE, EVENT);
		EXPECT_EQ(lpi_take(0), LPI);
		EXPECT(lpi_quiet(0));
	}
}

TEST(int_of_unmapped,
     "INT of what is not mapped does nothing: another event, another device, one beyond the device's events",
     SPEC("IHI 0069, 5.3.6, INT: command error"))
{
	static const struct {
		const char *name;
		u32 device, event;
	} targets[] = {
		{ "event", DEVICE, EVENT + 1 },	     { "event-0", DEVICE, 0 },
		{ "event-beyond", DEVICE, 32 },	     { "event-far", DEVICE, 0x10000 + EVENT },
		{ "device", DEVICE + 1, EVENT },     { "device-0", 0, EVENT },
		{ "device-far", 0xfffffff5, EVENT },
	};

	start(true);
	for (u32 i = 0; i < ARRAY_SIZE(targets); i++) {
		SUBTEST("%s", targets[i].name);
		its_int(targets[i].device, targets[i].event);
		EXPECT(lpi_quiet(0));
		EXPECT(lpi_quiet(1));
		/* The ITS goes on. */
		its_int(DEVICE, EVENT);
		EXPECT_EQ(lpi_take(0), LPI);
	}
}

TEST(disabled_lpi_waits,
     "an LPI that is disabled stays pending, and is signalled when it is enabled and INV made known",
     SPEC("IHI 0069, 5.3.7, INV; 5.1.1, LPI configuration tables"))
{
	start(false);
	its_int(DEVICE, EVENT);
	EXPECT(lpi_quiet(0));
	enable(LPI, DEVICE, EVENT);
	EXPECT_EQ(lpi_take(0), LPI);
	EXPECT(lpi_quiet(0));
	/* And back. */
	lpi_configure(LPI, LPI_PRIORITY);
	its_inv(DEVICE, EVENT);
	its_int(DEVICE, EVENT);
	EXPECT(lpi_quiet(0));
}

TEST(clear, "CLEAR makes a pending LPI not pending", SPEC("IHI 0069, 5.3.3, CLEAR"))
{
	start(false);
	its_int(DEVICE, EVENT);
	its_clear(DEVICE, EVENT);
	enable(LPI, DEVICE, EVENT);
	EXPECT(lpi_quiet(0));
	its_int(DEVICE, EVENT);
	EXPECT_EQ(lpi_take(0), LPI);
}

TEST(discard, "DISCARD takes the mapping away, and what was pending with it",
     SPEC("IHI 0069, 5.3.4, DISCARD"))
{
	start(false);
	its_int(DEVICE, EVENT);
	its_discard(DEVICE, EVENT);
	lpi_configure(LPI, LPI_PRIORITY | LPI_ENABLE);
	its_invall(COLLECTION);
	SUBTEST("pending");
	EXPECT(lpi_quiet(0));
	SUBTEST("mapping");
	its_int(DEVICE, EVENT);
	EXPECT(lpi_quiet(0));
	SUBTEST("mapped-again");
	its_mapti(DEVICE, EVENT, LPI, COLLECTION);
	EXPECT(lpi_quiet(0));
	its_int(DEVICE, EVENT);
	EXPECT_EQ(lpi_take(0), LPI);
}

TEST(movi, "MOVI moves an event to another collection, pending or not",
     SPEC("IHI 0069, 5.3.15, MOVI"), REQUIRES(cpu_count() > 1))
{
	start(true);
	its_mapc(OTHER, 1, true);
	SUBTEST("not-pending");
	its_movi(DEVICE, EVENT, OTHER);
	its_int(DEVICE, EVENT);
	EXPECT_EQ(lpi_take(1), LPI);
	EXPECT(lpi_quiet(0));
	SUBTEST("back");
	its_movi(DEVICE, EVENT, COLLECTION);
	its_int(DEVICE, EVENT);
	EXPECT_EQ(lpi_take(0), LPI);
	EXPECT(lpi_quiet(1));
	SUBTEST("pending");
	lpi_configure(LPI, LPI_PRIORITY);
	its_inv(DEVICE, EVENT);
	its_int(DEVICE, EVENT);
	its_movi(DEVICE, EVENT, OTHER);
	enable(LPI, DEVICE, EVENT);
	EXPECT(lpi_quiet(0));
	EXPECT_EQ(lpi_take(1), LPI);
}

TEST(movall, "MOVALL moves what is pending from one redistributor to another",
     SPEC("IHI 0069, 5.3.14, MOVALL"), REQUIRES(cpu_count() > 1))
{
	start(false);
	its_mapti(DEVICE, EVENT + 1, LPI + 1, COLLECTION);
	its_int(DEVICE, EVENT);
	its_int(DEVICE, EVENT + 1);
	its_movall(0, 1);
	its_mapc(COLLECTION, 1, true);
	lpi_configure(LPI, LPI_PRIORITY | LPI_ENABLE);
	lpi_configure(LPI + 1, LPI_PRIORITY | LPI_ENABLE);
	its_invall(COLLECTION);
	EXPECT(lpi_quiet(0));
	EXPECT_EQ(lpi_take(1), LPI);
	EXPECT_EQ(lpi_take(1), LPI + 1);
	EXPECT(lpi_quiet(1));
}

TEST(collection_unmapped,
     "with its collection unmapped an event leads nowhere, and to the new CPU when both are mapped again",
     SPEC("IHI 0069, 5.3.10, MAPC"), REQUIRES(cpu_count() > 1))
{
	start(true);
	its_mapc(COLLECTION, 0, false);
	its_int(DEVICE, EVENT);
	EXPECT(lpi_quiet(0));
	/* what becomes of the event's mapping is UNPREDICTABLE */
	its_mapd(DEVICE, 0, 1, false);
	its_mapd(DEVICE, its_itt(1), 5, true);
	its_mapc(COLLECTION, 1, true);
	its_mapti(DEVICE, EVENT, LPI, COLLECTION);
	its_int(DEVICE, EVENT);
	EXPECT_EQ(lpi_take(1), LPI);
	EXPECT(lpi_quiet(0));
}

TEST(device_unmapped,
     "with its device unmapped an event leads nowhere; mapped again with a fresh table, neither",
     SPEC("IHI 0069, 5.3.11, MAPD"))
{
	start(true);
	its_mapd(DEVICE, 0, 1, false);
	its_int(DEVICE, EVENT);
	EXPECT(lpi_quiet(0));
	its_mapd(DEVICE, its_itt(1), 5, true);
	its_int(DEVICE, EVENT);
	EXPECT(lpi_quiet(0));
	its_mapti(DEVICE, EVENT, LPI, COLLECTION);
	its_int(DEVICE, EVENT);
	EXPECT_EQ(lpi_take(0), LPI);
}

TEST(mapti_refused,
     "MAPTI to an INTID that is no LPI, or beyond the INTIDs there are, maps nothing",
     SPEC("IHI 0069, 5.3.13, MAPTI: command error"))
{
	static const u32 intids[] = { 0, 15, 32, 1023, 8191, 0x01000000, 0xffffffff };

	start(true);
	for (u32 i = 0; i < ARRAY_SIZE(intids); i++) {
		SUBTEST("intid-%u", intids[i]);
		its_mapti(DEVICE, EVENT + 1, intids[i], COLLECTION);
		its_int(DEVICE, EVENT + 1);
		EXPECT(lpi_quiet(0));
		its_int(DEVICE, EVENT);
		EXPECT_EQ(lpi_take(0), LPI);
	}
}

TEST(mapi, "MAPI maps an event to the INTID with the event's number",
     SPEC("IHI 0069, 5.3.12, MAPI"), REQUIRES((its_read64(GITS_TYPER) >> 8 & 31) >= 13))
{
	/* Such events need more bits than the other devices have: an ITT of 2^14 entries. */
	static u8 itt[BIT(14) * 16] __aligned(256);
	const u32 event = FIRST_LPI + 5;

	start(true);
	its_mapd(DEVICE + 1, (ulong)itt, 14, true);
	its_mapi(DEVICE + 1, event, COLLECTION);
	lpi_configure(event, LPI_PRIORITY | LPI_ENABLE);
	its_inv(DEVICE + 1, event);
	its_int(DEVICE + 1, event);
	EXPECT_EQ(lpi_take(0), event);
}

TEST(many, "events of many devices each lead to their own LPI on their own CPU",
     SPEC("IHI 0069, 5.2, The ITS; 5.3.13, MAPTI"))
{
	its_start();
	its_mapc(COLLECTION, 0, true);
	its_mapc(OTHER, cpu_count() > 1, true);
	for (u32 d = 0; d < ITS_DEVICES; d++) {
		its_mapd(d * 3, its_itt(d), 5, true);
		for (u32 e = 0; e < 32; e += 11) {
			lpi_configure(FIRST_LPI + d * 32 + e, LPI_PRIORITY | LPI_ENABLE);
			its_mapti(d * 3, e, FIRST_LPI + d * 32 + e, e & 1 ? OTHER : COLLECTION);
		}
	}
	for (u32 d = 0; d < ITS_DEVICES; d++)
		for (u32 e = 0; e < 32; e += 11) {
			its_int(d * 3, e);
			EXPECT_EQ(lpi_take(e & 1 && cpu_count() > 1 ? 1 : 0),
				  FIRST_LPI + d * 32 + e, "device %u event %u", d * 3, e);
		}
}

TEST(lpi_priorities,
     "of several pending LPIs the one of the highest priority comes first; the mask holds back; INV makes a change known",
     SPEC("IHI 0069, 4.8, 5.1.1"))
{
	static const u8 priorities[] = { 0x80, 0x20, 0xe0, 0x40, 0xc0 };
	static const u8 order[] = { 1, 3, 0, 4, 2 };

	start(false);
	for (u32 i = 0; i < ARRAY_SIZE(priorities); i++) {
		lpi_configure(LPI + i, priorities[i]);
		its_mapti(DEVICE, EVENT + i, LPI + i, COLLECTION);
		its_int(DEVICE, EVENT + i);
	}
	for (u32 i = 0; i < ARRAY_SIZE(priorities); i++)
		lpi_configure(LPI + i, priorities[i] | LPI_ENABLE);
	its_invall(COLLECTION);
	SUBTEST("order");
	for (u32 i = 0; i < ARRAY_SIZE(order); i++)
		EXPECT_EQ(lpi_take(0), LPI + order[i]);
	EXPECT(lpi_quiet(0));
	SUBTEST("mask");
	gic_set_priority_mask(0x40);
	its_int(DEVICE, EVENT + 3);
	EXPECT(lpi_quiet(0));
	its_int(DEVICE, EVENT + 1);
	EXPECT_EQ(lpi_take(0), LPI + 1);
	lpi_configure(LPI + 3, 0x10 | LPI_ENABLE);
	its_inv(DEVICE, EVENT + 3);
	EXPECT_EQ(lpi_take(0), LPI + 3);
	gic_set_priority_mask(0xff);
}

TEST(queue_wraps, "the queue is a ring: commands go on at its start after its end",
     SPEC("IHI 0069, 12.19.5, GITS_CREADR; 12.19.7, GITS_CWRITER"))
{
	start(true);
	for (u32 i = 0; i < 2100; i++)
		its_command(0x0c | (u64)DEVICE << 32, EVENT, 0, 0);
	its_int(DEVICE, EVENT);
	EXPECT_EQ(lpi_take(0), LPI);
}

TEST(unknown_commands, "a command that does not exist is passed over",
     SPEC("IHI 0069, 5.3, ITS commands"))
{
	static const u8 commands[] = { 0x00, 0x02, 0x06, 0x07, 0x10, 0x20, 0x30, 0xff };

	start(true);
	for (u32 i = 0; i < ARRAY_SIZE(commands); i++) {
		SUBTEST("command-%#x", commands[i]);
		its_command(commands[i] | (u64)DEVICE << 32, EVENT, BIT(63), 0);
		its_int(DEVICE, EVENT);
		EXPECT_EQ(lpi_take(0), LPI);
	}
}

TEST(lpis_disabled, "with EnableLPIs clear, no LPI is signalled",
     SPEC("IHI 0069, 12.10.1, GICR_CTLR.EnableLPIs"))
{
	ulong gicr = gicr_base();

	start(true);
	write32(gicr + GICR_CTLR, read32(gicr + GICR_CTLR) & ~(u32)GICR_CTLR_ENABLE_LPI);
	/* It may be that what was set stays. */
	if (read32(gicr + GICR_CTLR) & GICR_CTLR_ENABLE_LPI)
		SKIP("EnableLPIs cannot be cleared");
	its_int(DEVICE, EVENT);
	EXPECT(lpi_quiet(0));
	write32(gicr + GICR_CTLR, read32(gicr + GICR_CTLR) | GICR_CTLR_ENABLE_LPI);
}
