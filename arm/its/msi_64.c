/* SPDX-License-Identifier: MIT */
/* MSIs of a PCI function through the ITS: QEMU's edu device, docs/specs/edu.rst, which raises them when it is told to. */
#include <test.h>

#include <arm/io.h>
#include <dev/devicetree.h>
#include <mm/space.h>
#include <sys/cpu.h>

#include "its.h"

#define EDU_ID 0x11e81234u

#define PCI_COMMAND	   0x04
#define PCI_BAR0	   0x10
#define PCI_CAPABILITIES   0x34
#define COMMAND_MEMORY	   BIT(1)
#define COMMAND_BUS_MASTER BIT(2)
#define CAPABILITY_MSI	   5
#define MSI_ENABLE	   BIT(16)
#define MSI_64_BITS	   BIT(23)

#define EDU_RAISE 0x60
#define EDU_ACK	  0x64

#define GITS_TRANSLATER 0x10040

/* Of the function that was found: configuration space, number, registers, MSI capability. */
static ulong config, registers;
static u32 function, msi;

static ulong first_window(dt_node node)
{
	/* Seven cells an entry: space and PCI address, address here, size. */
	for (u32 i = 0; dt_cell(node, "ranges", i + 6, 0); i += 7)
		if ((dt_cell(node, "ranges", i, 0) >> 24 & 3) == 2)
			return dt_cell(node, "ranges", i + 4, 0);
	return 0;
}

static bool find(void)
{
	dt_node node = dt_find_compatible(NULL, "pci-host-ecam-generic");
	phys_t address;
	u64 size;
	ulong base;

	if (!has_its() || !node || !dt_reg(node, 0, &address, &size) || address + size > 4 * GiB)
		return false;
	base = (ulong)space_map_device(address, 1 * MiB);
	for (function = 0; function < 256; function++) {
		config = base + function * 4096ul;
		if (read32(config) == EDU_ID)
			break;
	}
	if (function == 256)
		return false;
	registers = first_window(node);
	write32(config + PCI_BAR0, (u32)registers);
	for (msi = read8(config + PCI_CAPABILITIES); msi; msi = read8(config + msi + 1))
		if (read8(config + msi) == CAPABILITY_MSI)
			break;
	return msi != 0;
}

SUITE("MSIs through the ITS", REQUIRES(find()));

#define EVENT	   4u
#define LPI	   (FIRST_LPI + 130)
#define COLLECTION 1u
#define OTHER	   2u

static void set_msi(u32 event, bool enable)
{
	u64 address = its_base() + GITS_TRANSLATER;
	u32 control = read32(config + msi);

	write32(config + msi, control & ~(u32)MSI_ENABLE);
	write32(config + msi + 4, (u32)address);
	if (control & MSI_64_BITS) {
		write32(config + msi + 8, (u32)(address >> 32));
		write32(config + msi + 12, event);
	} else {
		write32(config + msi + 8, event);
	}
	write32(config + msi, enable ? control | MSI_ENABLE : control & ~(u32)MSI_ENABLE);
}

static void start(void)
{
	find();
	its_start();
	lpi_configure(LPI, LPI_PRIORITY | LPI_ENABLE);
	lpi_configure(LPI + 1, LPI_PRIORITY | LPI_ENABLE);
	its_mapc(COLLECTION, 0, true);
	its_mapd(function, its_itt(0), 5, true);
	its_mapti(function, EVENT, LPI, COLLECTION);
	its_mapti(function, EVENT + 1, LPI + 1, COLLECTION);
	write32(config + PCI_COMMAND, COMMAND_MEMORY | COMMAND_BUS_MASTER);
	set_msi(EVENT, true);
}

/* One interrupt; what it was for is acknowledged at once. */
static void raise(void)
{
	write32(registers + EDU_RAISE, 1);
	write32(registers + EDU_ACK, 1);
}

TEST(msi_is_delivered,
     "a function's MSI is the LPI that its number and the event in the data lead to, once",
     SPEC("IHI 0069, 5.2, the ITS; 12.19, GITS_TRANSLATER; PCI Local Bus 3.0, 6.8.1"))
{
	start();
	EXPECT(lpi_quiet(0));
	for (u32 i = 0; i < 4; i++) {
		raise();
		EXPECT_EQ(lpi_take(0), LPI);
		EXPECT(lpi_quiet(0));
	}
}

TEST(msi_data, "the data of the MSI is the event", SPEC("IHI 0069, 12.19, GITS_TRANSLATER.EventID"))
{
	start();
	for (u32 i = 0; i < 4; i++) {
		set_msi(EVENT + (i & 1), true);
		raise();
		EXPECT_EQ(lpi_take(0), LPI + (i & 1));
	}
}

TEST(msi_unmapped, "an MSI whose event or device is not mapped leads nowhere",
     SPEC("IHI 0069, 5.2; 5.3, DISCARD, MAPD"))
{
	start();
	SUBTEST("event");
	set_msi(EVENT + 2, true);
	raise();
	EXPECT(lpi_quiet(0));
	SUBTEST("event-beyond-the-table");
	set_msi(0x1234, true);
	raise();
	EXPECT(lpi_quiet(0));
	SUBTEST("device");
	set_msi(EVENT, true);
	its_mapd(function, its_itt(0), 5, false);
	raise();
	EXPECT(lpi_quiet(0));
	SUBTEST("again");
	start();
	raise();
	EXPECT_EQ(lpi_take(0), LPI);
}

TEST(msi_moves, "an MSI goes to the CPU that its event was moved to",
     SPEC("IHI 0069, 5.3, MOVI"), REQUIRES(cpu_count() > 1))
{
	start();
	its_mapc(OTHER, 1, true);
	its_movi(function, EVENT, OTHER);
	raise();
	EXPECT(lpi_quiet(0));
	EXPECT_EQ(lpi_take(1), LPI);
	its_movi(function, EVENT, COLLECTION);
	raise();
	EXPECT_EQ(lpi_take(0), LPI);
}

TEST(msi_disabled_lpi, "an MSI whose LPI is disabled waits until it is enabled",
     SPEC("IHI 0069, 5.1, LPI configuration; 5.3, INV"))
{
	start();
	lpi_configure(LPI, LPI_PRIORITY);
	its_inv(function, EVENT);
	raise();
	EXPECT(lpi_quiet(0));
	lpi_configure(LPI, LPI_PRIORITY | LPI_ENABLE);
	its_inv(function, EVENT);
	EXPECT_EQ(lpi_take(0), LPI);
}

TEST(msi_controls, "without MSI Enable or without Bus Master Enable the function writes nothing",
     SPEC("PCI Local Bus 3.0, 6.8.1.3, Message Control; 6.2.2, Command register"))
{
	start();
	SUBTEST("msi-enable");
	set_msi(EVENT, false);
	raise();
	EXPECT(lpi_quiet(0));
	SUBTEST("bus-master-enable");
	set_msi(EVENT, true);
	write32(config + PCI_COMMAND, COMMAND_MEMORY);
	raise();
	EXPECT(lpi_quiet(0));
	SUBTEST("both");
	write32(config + PCI_COMMAND, COMMAND_MEMORY | COMMAND_BUS_MASTER);
	raise();
	EXPECT_EQ(lpi_take(0), LPI);
}
