/* SPDX-License-Identifier: MIT */
#include "entries.h"

#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/irq.h>
#include <x86/irq_line.h>
#include <x86/pci.h>

#define FLUSH_VECTOR 0x21u
#define LOG_ENTRIES  8u

u64 *irte_table;

static u8 *buffers;
static u32 flushes;

static void do_nothing(void *arg)
{
	(void)arg;
}

u32 irte_cpu_id(u32 cpu)
{
	return (u32)cpu_by_number(cpu)->hardware_id & 0xff;
}

void irte_count_from_here(void)
{
	irq_record(0x20, 0xef);
	flushes = 0;
}

void irte_begin_sized(u32 log)
{
	run_on_all_cpus(do_nothing, NULL);
	vtd_reset();
	ioapic_reset();
	lines_reset();
	dma_begin();
	dma_interrupts(true);
	buffers = pages_alloc(2, PAGE_SIZE);
	dma_prepare(buffers, DMA_IDS);
	irte_table = pages_alloc(MAX((16u << log) / PAGE_SIZE, 1u), MAX(16u << log, PAGE_SIZE));
	ASSERT(vtd_queue_start(page_alloc()));
	ASSERT(vtd_set_interrupts(irte_table, log));
	ASSERT(vtd_command(VTD_IRE, true));
	apic_drain();
	irte_count_from_here();
}

void irte_begin(void)
{
	irte_begin_sized(LOG_ENTRIES);
}

void irte_set(u32 index, u64 low, u64 high)
{
	irte_table[2 * index + 1] = high;
	irte_table[2 * index] = low;
	vtd_queue_add(VTD_DESC_INTERRUPT, 0);
	EXPECT(vtd_queue_wait());
}

u64 irte_for(u32 cpu, u32 vector)
{
	return VTD_PRESENT | VTD_IRTE_APIC(irte_cpu_id(cpu)) | VTD_IRTE_VECTOR(vector);
}

void irte_send(u32 address, u32 data)
{
	u32 bdf = dma_bdf(), at = pci_capability(bdf, PCI_CAP_MSI);
	u16 control = pci_read16(bdf, at + PCI_MSI_CONTROL);

	pci_write32(bdf, at + PCI_MSI_ADDRESS, address);
	if (control & PCI_MSI_64)
		pci_write32(bdf, at + PCI_MSI_ADDRESS_HIGH, 0);
	pci_write16(bdf, at + (control & PCI_MSI_64 ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32),
		    (u16)data);
	pci_write16(bdf, at + PCI_MSI_CONTROL, (u16)(control | PCI_MSI_ENABLE));
	ASSERT(dma_transfer((ulong)buffers, (ulong)buffers + PAGE_SIZE));
	pci_write16(bdf, at + PCI_MSI_CONTROL, (u16)(control & ~PCI_MSI_ENABLE));
}

void irte_send_index(u32 index)
{
	irte_send(VTD_MSI_ADDRESS(index), REQUEST_VECTOR);
}

void irte_flush(void)
{
	flushes++;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		apic_send_vector(cpu, FLUSH_VECTOR);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		EXPECT(irq_wait(cpu, FLUSH_VECTOR, flushes));
}

void irte_expect_taken(u32 cpu, u32 vector, u32 count)
{
	u32 all = 0;

	irte_flush();
	EXPECT_EQ(irq_taken(cpu, vector), count, "vector %#x at CPU %u", vector, cpu);
	for (u32 other = 0x22; other < 0xf0; other++)
		all += irq_taken_by_all(other);
	EXPECT_EQ(all, count, "all interrupts");
}

void irte_expect_blocked(const char *name, u32 reason, u32 index)
{
	u32 status = vtd_read32(VTD_FSTS), n = VTD_FSTS_FRI(status);
	u64 recorded = vtd_fault(n), information = vtd_fault_address(n);

	irte_expect_taken(0, ENTRY_VECTOR, 0);
	vtd_faults_clear();
	SUBTEST("%s-recorded", name);
	EXPECT_EQ(status & VTD_FSTS_PPF, VTD_FSTS_PPF);
	EXPECT_EQ(VTD_FRCD_FR(recorded), reason);
	EXPECT_EQ(VTD_FRCD_SID(recorded), dma_source());
	/* 11.4.7.6, FI: "interrupt_index". */
	if (reason != VTD_FR_IR_COMPATIBILITY)
		EXPECT_EQ(information >> 48, (u64)index);
}
