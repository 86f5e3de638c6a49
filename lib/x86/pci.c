/* SPDX-License-Identifier: MIT */
#include <x86/pci.h>

#include <x86/io.h>

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  BIT(31)

#define BAR_IO	   BIT(0)
#define BAR_TYPE   0x6u
#define BAR_64	   0x4u
#define BAR_MEMORY 0xfffffff0u

/* Above all memory of a PC's below 4 GiB, and below the APICs. */
#define FIRST_FREE 0xf8000000u
#define END_FREE   0xfe000000u

static void select(u32 bdf, u32 offset)
{
	outl(CONFIG_ADDRESS, (u32)CONFIG_ENABLE | bdf | (offset & 0xfc));
}

u32 pci_read32(u32 bdf, u32 offset)
{
	select(bdf, offset);
	return inl(CONFIG_DATA);
}

u16 pci_read16(u32 bdf, u32 offset)
{
	select(bdf, offset);
	return inw((u16)(CONFIG_DATA + (offset & 2)));
}

u8 pci_read8(u32 bdf, u32 offset)
{
	select(bdf, offset);
	return inb((u16)(CONFIG_DATA + (offset & 3)));
}

void pci_write32(u32 bdf, u32 offset, u32 value)
{
	select(bdf, offset);
	outl(CONFIG_DATA, value);
}

void pci_write16(u32 bdf, u32 offset, u16 value)
{
	select(bdf, offset);
	outw((u16)(CONFIG_DATA + (offset & 2)), value);
}

void pci_write8(u32 bdf, u32 offset, u8 value)
{
	select(bdf, offset);
	outb((u16)(CONFIG_DATA + (offset & 3)), value);
}

u32 pci_find(u16 vendor, u16 device)
{
	for (u32 slot = 0; slot < 32; slot++)
		for (u32 function = 0; function < 8; function++) {
			u32 bdf = PCI_BDF(0, slot, function);

			if (pci_read32(bdf, PCI_VENDOR_ID) == ((u32)device << 16 | vendor))
				return bdf;
			if (!function && !(pci_read8(bdf, PCI_HEADER_TYPE) & 0x80))
				break;
		}
	return PCI_NONE;
}

u32 pci_capability(u32 bdf, u8 id)
{
	u32 at;

	if (!(pci_read16(bdf, PCI_STATUS) & PCI_STATUS_CAPABILITIES))
		return 0;
	at = pci_read8(bdf, PCI_CAPABILITIES) & 0xfc;
	for (u32 i = 0; at && i < 48; i++) {
		if (pci_read8(bdf, at) == id)
			return at;
		at = pci_read8(bdf, at + 1) & 0xfc;
	}
	return 0;
}

u64 pci_bar_size(u32 bdf, u32 bar)
{
	u16 command = pci_read16(bdf, PCI_COMMAND);
	u32 before = pci_read32(bdf, PCI_BAR(bar)), mask;

	if (before & BAR_IO)
		return 0;
	pci_write16(bdf, PCI_COMMAND, (u16)(command & ~(PCI_COMMAND_MEMORY | PCI_COMMAND_IO)));
	pci_write32(bdf, PCI_BAR(bar), 0xffffffff);
	mask = pci_read32(bdf, PCI_BAR(bar)) & BAR_MEMORY;
	pci_write32(bdf, PCI_BAR(bar), before);
	pci_write16(bdf, PCI_COMMAND, command);
	return mask ? (u64)~mask + 1 : 0;
}

ulong pci_bar(u32 bdf, u32 bar)
{
	static u32 next_free = FIRST_FREE;
	u32 value = pci_read32(bdf, PCI_BAR(bar));

	if (!(value & BAR_MEMORY)) {
		u64 size = pci_bar_size(bdf, bar);

		next_free = (u32)ALIGN_UP((u64)next_free, size);
		if (!size || next_free + size > END_FREE)
			return 0;
		pci_write32(bdf, PCI_BAR(bar), next_free);
		if ((value & BAR_TYPE) == BAR_64)
			pci_write32(bdf, PCI_BAR(bar + 1), 0);
		next_free += (u32)size;
		value = pci_read32(bdf, PCI_BAR(bar));
	}
	pci_write16(bdf, PCI_COMMAND,
		    (u16)(pci_read16(bdf, PCI_COMMAND) | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
	return value & BAR_MEMORY;
}
