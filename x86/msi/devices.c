/* SPDX-License-Identifier: MIT */
#include "devices.h"

#include <sys/time.h>

/* edu. */
#define EDU_RAISE  0x60
#define EDU_ACK	   0x64
#define EDU_STATUS 0x24

static u32 edu;
static u32 flushes;

u32 edu_bdf(void)
{
	if (!edu)
		edu = pci_find(0x1234, 0x11e8);
	return edu;
}

bool edu_is_there(void)
{
	return edu_bdf() != PCI_NONE;
}

static volatile u32 *edu_register(u32 offset)
{
	return (volatile u32 *)(pci_bar(edu_bdf(), 0) + offset);
}

u32 edu_msi(void)
{
	return pci_capability(edu_bdf(), PCI_CAP_MSI);
}

static void allow_intx(u32 bdf, bool allow)
{
	u16 command = pci_read16(bdf, PCI_COMMAND) & (u16)~PCI_COMMAND_INTX_DISABLE;

	pci_write16(bdf, PCI_COMMAND, (u16)(command | (allow ? 0 : PCI_COMMAND_INTX_DISABLE)));
}

void msi_begin(u32 bdf)
{
	ioapic_reset();
	if (edu_is_there())
		allow_intx(edu_bdf(), bdf == edu_bdf());
	if (rng_is_there())
		allow_intx(rng_bdf(), bdf == rng_bdf());
	apic_drain();
	irq_record(0x20, 0xef);
	flushes = 0;
}

void edu_begin(void)
{
	pci_write16(edu_bdf(), edu_msi() + PCI_MSI_CONTROL, 0);
	*edu_register(EDU_ACK) = *edu_register(EDU_STATUS);
	msi_begin(edu_bdf());
}

void edu_raise(void)
{
	*edu_register(EDU_RAISE) = 1;
}

void edu_lower(void)
{
	*edu_register(EDU_ACK) = 1;
}

void edu_enable_msi(u32 address, u32 data)
{
	u32 at = edu_msi();
	u16 control = pci_read16(edu_bdf(), at + PCI_MSI_CONTROL);

	pci_write32(edu_bdf(), at + PCI_MSI_ADDRESS, address);
	if (control & PCI_MSI_64)
		pci_write32(edu_bdf(), at + PCI_MSI_ADDRESS_HIGH, 0);
	pci_write16(edu_bdf(), at + (control & PCI_MSI_64 ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32),
		    (u16)data);
	pci_write16(edu_bdf(), at + PCI_MSI_CONTROL, (u16)(control | PCI_MSI_ENABLE));
}

bool msi_flush(void)
{
	bool all = true;

	flushes++;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		apic_send_vector(cpu, MSI_FLUSH);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		all &= irq_wait(cpu, MSI_FLUSH, flushes);
	return all;
}
