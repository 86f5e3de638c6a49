/* SPDX-License-Identifier: MIT */
/* Interrupt remapping with a table of entries, and the device that sends messages: VT-d 5.10, 5.1, 9.9. */
#ifndef ASSAY_IOMMU_ENTRIES_H
#define ASSAY_IOMMU_ENTRIES_H

#include "remap.h"

#include <x86/ioapic.h>
#include <x86/pci.h>

#define HAS_INTERRUPT_REMAPPING                                 \
	(HAS_REMAPPING && (vtd_read(VTD_ECAP) & VTD_ECAP_IR) && \
	 pci_capability(dma_bdf(), PCI_CAP_MSI) && ioapic_is_there())

#define ENTRY_VECTOR   0x61u
#define OTHER_VECTOR   0x71u
#define REQUEST_VECTOR 0x51u /* what stands in the request, where the entry's vector counts */
#define INDEX	       5u

/* The table in use; an entry has two words. */
extern u64 *irte_table;

/*
 * A table of 256 entries, or of 1 << log, all absent; remapping on, no translation of addresses; no interrupt
 * counted yet.
 */
void irte_begin(void);
void irte_begin_sized(u32 log);

/* No interrupt counted yet, from here on. */
void irte_count_from_here(void);

/* Writes the entry and has the unit forget the old one. */
void irte_set(u32 index, u64 low, u64 high);

/* The low word of a present entry: an edge, fixed, to this CPU. */
u64 irte_for(u32 cpu, u32 vector);

/* The APIC ID of a CPU. */
u32 irte_cpu_id(u32 cpu);

/* The device sends this message, or one whose handle is `index` and whose data is REQUEST_VECTOR. */
void irte_send(u32 address, u32 data);
void irte_send_index(u32 index);

/* Every CPU takes what has reached its APIC. */
void irte_flush(void);

/* As counted: `count` interrupts of the vector at this CPU, and none of other vectors or at other CPUs. */
void irte_expect_taken(u32 cpu, u32 vector, u32 count);

/* Nothing was sent to anybody; `reason` is recorded for this index, in a row of its own, NAME-recorded. */
void irte_expect_blocked(const char *name, u32 reason, u32 index);

#endif
