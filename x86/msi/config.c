/* SPDX-License-Identifier: MIT */
/* PCI configuration space by ports CF8H and CFCH: PCI Local Bus Specification 3.0, 3.2.2.3.2, 6.1, 6.2. */
#include "devices.h"

#include <x86/io.h>

SUITE("PCI configuration");

#define HOST PCI_BDF(0, 0, 0)

static u32 a_device(void)
{
	return edu_is_there() ? edu_bdf() : HOST;
}

TEST(config_address, "the address register reads as written, and only by accesses of 32 bits",
     SPEC("PCI Local Bus Specification 3.0, 3.2.2.3.2"))
{
	for (u32 device = 0; device < 32; device++) {
		u32 value = (u32)BIT(31) | PCI_BDF(3, device, device & 7) | (device * 4 & 0xfc);

		outl(0xcf8, value);
		EXPECT_EQ(inl(0xcf8), value);
	}
}

TEST(config_disabled, "without the enable bit the data port is no configuration access",
     SPEC("PCI Local Bus Specification 3.0, 3.2.2.3.2"))
{
	u32 id = pci_read32(HOST, PCI_VENDOR_ID);

	outl(0xcf8, HOST);
	EXPECT_NE(inl(0xcfc), id);
	EXPECT_EQ(pci_read32(HOST, PCI_VENDOR_ID), id);
}

TEST(config_absent, "a device that is absent reads as all ones, and takes writes for nothing",
     SPEC("PCI Local Bus Specification 3.0, 6.1"))
{
	u32 absent = PCI_NONE;

	for (u32 device = 1; device < 31 && absent == PCI_NONE; device++)
		if (pci_read16(PCI_BDF(0, device, 0), PCI_VENDOR_ID) == 0xffff)
			absent = PCI_BDF(0, device, 0);
	ASSERT_NE(absent, PCI_NONE);
	for (u32 offset = 0; offset < 0x40; offset += 4) {
		EXPECT_EQ(pci_read32(absent, offset), 0xffffffffu, "offset %#x", offset);
		pci_write32(absent, offset, 0);
		EXPECT_EQ(pci_read32(absent, offset), 0xffffffffu, "offset %#x", offset);
	}
}

TEST(config_widths, "bytes and words of configuration space are parts of its dwords",
     SPEC("PCI Local Bus Specification 3.0, 3.2.2.3.2"))
{
	for (u32 offset = 0; offset < 0x40; offset += 4) {
		u32 value = pci_read32(a_device(), offset);

		for (u32 i = 0; i < 4; i++)
			EXPECT_EQ(pci_read8(a_device(), offset + i), (u8)(value >> 8 * i),
				  "offset %#x", offset + i);
		for (u32 i = 0; i < 4; i += 2)
			EXPECT_EQ(pci_read16(a_device(), offset + i), (u16)(value >> 8 * i),
				  "offset %#x", offset + i);
	}
}

TEST(config_read_only, "IDs, class, header type and capability pointer cannot be written",
     SPEC("PCI Local Bus Specification 3.0, 6.2.1"))
{
	static const u8 offsets[] = { PCI_VENDOR_ID, PCI_CLASS_REVISION, PCI_CAPABILITIES };

	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		u32 before = pci_read32(a_device(), offsets[i]);

		/* Without capabilities there is no pointer. */
		if (offsets[i] == PCI_CAPABILITIES &&
		    !(pci_read16(a_device(), PCI_STATUS) & PCI_STATUS_CAPABILITIES))
			continue;
		SUBTEST("offset-%#x", offsets[i]);
		pci_write32(a_device(), offsets[i], ~before);
		EXPECT_EQ(pci_read32(a_device(), offsets[i]), before);
	}
}

TEST(config_interrupt_line,
     "the interrupt line register takes any value, and the pin register none",
     SPEC("PCI Local Bus Specification 3.0, 6.2.4"), REQUIRES(edu_is_there()))
{
	u8 line = pci_read8(edu_bdf(), PCI_INTERRUPT_LINE);
	u8 pin = pci_read8(edu_bdf(), PCI_INTERRUPT_PIN);

	EXPECT_GE(pin, 1u);
	EXPECT_LE(pin, 4u);
	for (u32 value = 0; value < 256; value += 51) {
		pci_write8(edu_bdf(), PCI_INTERRUPT_LINE, (u8)value);
		EXPECT_EQ(pci_read8(edu_bdf(), PCI_INTERRUPT_LINE), value);
		pci_write8(edu_bdf(), PCI_INTERRUPT_PIN, (u8)value);
		EXPECT_EQ(pci_read8(edu_bdf(), PCI_INTERRUPT_PIN), pin);
	}
	pci_write8(edu_bdf(), PCI_INTERRUPT_LINE, line);
}

TEST(bar_moves, "a device's memory is where its BAR says, and nowhere without memory space enabled",
     SPEC("PCI Local Bus Specification 3.0, 6.2.5.1, 6.2.2"), REQUIRES(edu_is_there()))
{
	ulong base = pci_bar(edu_bdf(), 0);
	u64 size = pci_bar_size(edu_bdf(), 0);
	u16 command = pci_read16(edu_bdf(), PCI_COMMAND);
	u32 id;

	ASSERT(base && size);
	EXPECT_EQ(size & (size - 1), 0ull);
	EXPECT_EQ(base & (size - 1), 0ull);
	id = *(volatile u32 *)base;
	SUBTEST("disabled");
	pci_write16(edu_bdf(), PCI_COMMAND, (u16)(command & ~PCI_COMMAND_MEMORY));
	EXPECT_NE(*(volatile u32 *)base, id);
	pci_write16(edu_bdf(), PCI_COMMAND, command);
	EXPECT_EQ(*(volatile u32 *)base, id);
	SUBTEST("moved");
	pci_write32(edu_bdf(), PCI_BAR(0), (u32)(base + size));
	EXPECT_EQ(*(volatile u32 *)(base + (ulong)size), id);
	pci_write32(edu_bdf(), PCI_BAR(0), (u32)base);
	EXPECT_EQ(*(volatile u32 *)base, id);
}
