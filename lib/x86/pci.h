/* SPDX-License-Identifier: MIT */
/* PCI configuration by mechanism #1, and message-signalled interrupts: PCI Local Bus Specification 3.0, 3.2.2.3.2, 6. */
#ifndef ASSAY_X86_PCI_H
#define ASSAY_X86_PCI_H

#include <types.h>

/* Bus, device and function as CONFIG_ADDRESS has them. */
#define PCI_BDF(bus, device, function) \
	((u32)(bus) << 16 | (u32)(device) << 11 | (u32)(function) << 8)
#define PCI_NONE 0xffffffffu

/* Configuration space, by byte offsets. */
#define PCI_VENDOR_ID	   0x00 /* and the device ID after it */
#define PCI_COMMAND	   0x04
#define PCI_STATUS	   0x06
#define PCI_CLASS_REVISION 0x08
#define PCI_HEADER_TYPE	   0x0e
#define PCI_BAR(n)	   (0x10 + 4 * (n))
#define PCI_CAPABILITIES   0x34
#define PCI_INTERRUPT_LINE 0x3c
#define PCI_INTERRUPT_PIN  0x3d

#define PCI_COMMAND_IO		 BIT(0)
#define PCI_COMMAND_MEMORY	 BIT(1)
#define PCI_COMMAND_MASTER	 BIT(2)
#define PCI_COMMAND_INTX_DISABLE BIT(10)
#define PCI_STATUS_INTX		 BIT(3)
#define PCI_STATUS_CAPABILITIES	 BIT(4)

#define PCI_CAP_MSI  0x05
#define PCI_CAP_MSIX 0x11

/* Message control of MSI. */
#define PCI_MSI_CONTROL	     0x02
#define PCI_MSI_ADDRESS	     0x04
#define PCI_MSI_ADDRESS_HIGH 0x08 /* with 64-bit addresses */
#define PCI_MSI_DATA_32	     0x08
#define PCI_MSI_DATA_64	     0x0c
#define PCI_MSI_ENABLE	     BIT(0)
#define PCI_MSI_CAPABLE(c)   ((c) >> 1 & 7)
#define PCI_MSI_64	     BIT(7)

/* Message control of MSI-X, and its table. */
#define PCI_MSIX_CONTROL	0x02
#define PCI_MSIX_TABLE		0x04 /* offset, and in bits 2-0 which BAR */
#define PCI_MSIX_PBA		0x08
#define PCI_MSIX_VECTORS(c)	(((c)&0x7ff) + 1)
#define PCI_MSIX_MASK_ALL	BIT(14)
#define PCI_MSIX_ENABLE		BIT(15)
#define PCI_MSIX_ENTRY_SIZE	16
#define PCI_MSIX_ADDRESS	0
#define PCI_MSIX_ADDRESS_HIGH	4
#define PCI_MSIX_DATA		8
#define PCI_MSIX_VECTOR_CONTROL 12
#define PCI_MSIX_MASKED		BIT(0)

/* A message to local APICs: SDM vol. 3A, 10.11. */
#define MSI_ADDRESS(id) (0xfee00000u | (u32)(id) << 12)
#define MSI_REDIRECT	BIT(3)
#define MSI_LOGICAL	BIT(2)
/* Data: vector, delivery mode as ICR's. */
#define MSI_ASSERT	BIT(14)
#define MSI_LEVEL	BIT(15)

u32 pci_read32(u32 bdf, u32 offset);
u16 pci_read16(u32 bdf, u32 offset);
u8 pci_read8(u32 bdf, u32 offset);
void pci_write32(u32 bdf, u32 offset, u32 value);
void pci_write16(u32 bdf, u32 offset, u16 value);
void pci_write8(u32 bdf, u32 offset, u8 value);

/* The first function on bus 0 with these IDs, or PCI_NONE. */
u32 pci_find(u16 vendor, u16 device);

/* The offset of a capability, or 0. */
u32 pci_capability(u32 bdf, u8 id);

/* The size of a memory BAR in bytes, 0 if there is none. The BAR keeps its value. */
u64 pci_bar_size(u32 bdf, u32 bar);

/*
 * The address of a memory BAR, enabled for accesses and bus mastering; where the firmware has assigned
 * none, it gets one.
 */
ulong pci_bar(u32 bdf, u32 bar);

#endif
