/* SPDX-License-Identifier: MIT */
/*
 * Interrupt remapping: VT-d 5.10, 5.1, 9.9. A message of the device and a pin of the I/O APIC name an entry
 * of the table, and that has vector, mode and destination.
 */
#include "remap.h"

#include <stdio.h>
#include <string.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/ioapic.h>
#include <x86/irq.h>
#include <x86/irq_line.h>
#include <x86/pci.h>

SUITE("Interrupt remapping", REQUIRES(HAS_REMAPPING && (vtd_read(VTD_ECAP) & VTD_ECAP_IR) &&
				      pci_capability(dma_bdf(), PCI_CAP_MSI) && ioapic_is_there()));

#define ENTRY_VECTOR   0x61u
#define OTHER_VECTOR   0x71u
#define REQUEST_VECTOR 0x51u /* what stands in the request, where the entry's vector counts */
#define EVENT_VECTOR   0x63u
#define FLUSH_VECTOR   0x21u
#define WATCH_NS       1000000ull
#define INDEX	       5u
#define LOG_ENTRIES    8u

static u64 *table; /* entries of two words */
static u8 *buffers;
static u32 flushes;

static void do_nothing(void *arg)
{
	(void)arg;
}

static u32 id_of(u32 cpu)
{
	return (u32)cpu_by_number(cpu)->hardware_id & 0xff;
}

/* Entries for `log` bits of index, all absent; remapping on, no translation of addresses. */
static void begin_sized(u32 log)
{
	run_on_all_cpus(do_nothing, NULL);
	vtd_reset();
	ioapic_reset();
	lines_reset();
	dma_begin();
	dma_interrupts(true);
	buffers = pages_alloc(2, PAGE_SIZE);
	dma_prepare(buffers, DMA_IDS);
	table = pages_alloc(MAX((16u << log) / PAGE_SIZE, 1u), MAX(16u << log, PAGE_SIZE));
	ASSERT(vtd_queue_start(page_alloc()));
	ASSERT(vtd_set_interrupts(table, log));
	ASSERT(vtd_command(VTD_IRE, true));
	apic_drain();
	irq_record(0x20, 0xef);
	flushes = 0;
}

static void begin(void)
{
	begin_sized(LOG_ENTRIES);
}

static void set_entry(u32 index, u64 low, u64 high)
{
	table[2 * index + 1] = high;
	table[2 * index] = low;
	vtd_queue_add(VTD_DESC_INTERRUPT, 0);
	EXPECT(vtd_queue_wait());
}

static u64 entry_for(u32 cpu, u32 vector)
{
	return VTD_PRESENT | VTD_IRTE_APIC(id_of(cpu)) | VTD_IRTE_VECTOR(vector);
}

/* The device sends this message. */
static void send(u32 address, u32 data)
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

static void send_index(u32 index)
{
	send(VTD_MSI_ADDRESS(index), REQUEST_VECTOR);
}

/* Every CPU takes what has reached its APIC. */
static void flush(void)
{
	flushes++;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		apic_send_vector(cpu, FLUSH_VECTOR);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		EXPECT(irq_wait(cpu, FLUSH_VECTOR, flushes));
}

/* Since begin(): `count` interrupts of the vector at this CPU, and none of other vectors or at other CPUs. */
static void expect_taken(u32 cpu, u32 vector, u32 count)
{
	u32 all = 0;

	flush();
	EXPECT_EQ(irq_taken(cpu, vector), count, "vector %#x at CPU %u", vector, cpu);
	for (u32 other = 0x22; other < 0xf0; other++)
		all += irq_taken_by_all(other);
	EXPECT_EQ(all, count, "all interrupts");
}

/* Nothing was sent to anybody; `reason` is recorded, in a row of its own. */
static void expect_blocked(const char *name, u32 reason, u32 index)
{
	u32 status = vtd_read32(VTD_FSTS), n = VTD_FSTS_FRI(status);
	u64 recorded = vtd_fault(n), information = vtd_fault_address(n);

	expect_taken(0, ENTRY_VECTOR, 0);
	vtd_faults_clear();
	SUBTEST("%s-recorded", name);
	EXPECT_EQ(status & VTD_FSTS_PPF, VTD_FSTS_PPF);
	EXPECT_EQ(VTD_FRCD_FR(recorded), reason);
	EXPECT_EQ(VTD_FRCD_SID(recorded), dma_source());
	/* 11.4.7.6, FI: "interrupt_index". */
	if (reason != VTD_FR_IR_COMPATIBILITY)
		EXPECT_EQ(information >> 48, (u64)index);
}

TEST(remapped_vector,
     "a message in remappable format has the vector of its entry, whatever its data",
     SPEC("VT-d 5.10, 5.1.3, 5.1.4; 9.9, V"))
{
	static const u8 vectors[] = { 0x22, 0x31, 0x55, 0x7f, 0x80, 0xaa, 0xef };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		SUBTEST("%#x", vectors[i]);
		begin();
		set_entry(INDEX, entry_for(0, vectors[i]), 0);
		send_index(INDEX);
		expect_taken(0, vectors[i], 1);
		send(VTD_MSI_ADDRESS(INDEX), 0);
		expect_taken(0, vectors[i], 2);
	}
}

TEST(remapped_index, "the handle in a message's address is the entry's index, all 16 bits",
     SPEC("VT-d 5.10, 5.1.2.2, 5.1.3; 11.4.10, S"))
{
	static const u32 indexes[] = { 0, 1, 2, 0x80, 0x4000, 0x7fff, 0x8000, 0xaaaa, 0xffff };

	for (u32 i = 0; i < ARRAY_SIZE(indexes); i++) {
		SUBTEST("%#x", indexes[i]);
		begin_sized(16);
		set_entry(indexes[i], entry_for(0, ENTRY_VECTOR), 0);
		send_index(indexes[i]);
		expect_taken(0, ENTRY_VECTOR, 1);
	}
}

TEST(remapped_subhandle, "with SHV the message's data is added to the handle, without it is not",
     SPEC("VT-d 5.10, 5.1.2.2, 5.1.3"))
{
	begin();
	set_entry(10, entry_for(0, ENTRY_VECTOR), 0);
	set_entry(14, entry_for(0, OTHER_VECTOR), 0);
	send((u32)(VTD_MSI_ADDRESS(10) | VTD_MSI_SHV), 4);
	expect_taken(0, OTHER_VECTOR, 1);
	SUBTEST("zero");
	begin();
	set_entry(10, entry_for(0, ENTRY_VECTOR), 0);
	send((u32)(VTD_MSI_ADDRESS(10) | VTD_MSI_SHV), 0);
	expect_taken(0, ENTRY_VECTOR, 1);
	SUBTEST("without");
	begin();
	set_entry(10, entry_for(0, ENTRY_VECTOR), 0);
	set_entry(14, entry_for(0, OTHER_VECTOR), 0);
	send(VTD_MSI_ADDRESS(10), 4);
	expect_taken(0, ENTRY_VECTOR, 1);
}

TEST(remapped_destination, "the interrupt goes to the CPU of the entry",
     SPEC("VT-d 5.10, 5.1.4; 9.9, DST, DM"))
{
	for (u32 cpu = 0; cpu < MIN(cpu_count(), 4u); cpu++) {
		SUBTEST("cpu%u", cpu);
		begin();
		set_entry(INDEX, entry_for(cpu, ENTRY_VECTOR), 0);
		send_index(INDEX);
		expect_taken(cpu, ENTRY_VECTOR, 1);
	}
	SUBTEST("logical");
	begin();
	apic_write(APIC_DFR, APIC_DFR_FLAT);
	apic_write(APIC_LDR, 0x40000000);
	set_entry(INDEX,
		  VTD_PRESENT | VTD_IRTE_APIC(0x40) | VTD_IRTE_LOGICAL |
			  VTD_IRTE_VECTOR(ENTRY_VECTOR),
		  0);
	send_index(INDEX);
	expect_taken(0, ENTRY_VECTOR, 1);
	SUBTEST("lowest-priority");
	set_entry(INDEX,
		  VTD_PRESENT | VTD_IRTE_APIC(0x40) | VTD_IRTE_LOGICAL | VTD_IRTE_HINT |
			  VTD_IRTE_MODE(1) | VTD_IRTE_VECTOR(ENTRY_VECTOR),
		  0);
	send_index(INDEX);
	expect_taken(0, ENTRY_VECTOR, 2);
	SUBTEST("nobody");
	set_entry(INDEX,
		  VTD_PRESENT | VTD_IRTE_APIC(0x20) | VTD_IRTE_LOGICAL |
			  VTD_IRTE_VECTOR(ENTRY_VECTOR),
		  0);
	send_index(INDEX);
	expect_taken(0, ENTRY_VECTOR, 2);
}

static u32 nmis;

static void count_nmi(struct trap_frame *frame)
{
	(void)frame;
	atomic_add(&nmis, 1);
}

TEST(remapped_nmi, "an entry's delivery mode counts: NMI is one, whatever the vector",
     SPEC("VT-d 5.10, 5.1.4; 9.9, DLM"))
{
	begin();
	atomic_store(&nmis, 0);
	trap_set_handler(VEC_NMI, count_nmi);
	set_entry(INDEX, entry_for(0, ENTRY_VECTOR) | VTD_IRTE_MODE(4), 0);
	send_index(INDEX);
	EXPECT(wait_until(atomic_load(&nmis)));
	expect_taken(0, ENTRY_VECTOR, 0);
	EXPECT_EQ(atomic_load(&nmis), 1u);
}

TEST(remapped_level, "the trigger mode of an entry is that of the interrupt: TMR",
     SPEC("VT-d 5.10, 9.9, TM; SDM vol. 3A, 10.8.4"))
{
	for (u32 level = 0; level < 2; level++) {
		SUBTEST("%s", level ? "level" : "edge");
		begin();
		set_entry(INDEX, entry_for(0, ENTRY_VECTOR) | (level ? VTD_IRTE_LEVEL : 0), 0);
		send_index(INDEX);
		EXPECT(apic_vector_bit(APIC_IRR, ENTRY_VECTOR));
		EXPECT_EQ(apic_vector_bit(APIC_TMR, ENTRY_VECTOR), (bool)level);
		expect_taken(0, ENTRY_VECTOR, 1);
	}
}

/* ------------------------------------------------------------------------------- what is blocked */

TEST(entry_not_present, "a message whose entry has P clear is blocked: reason 22H",
     SPEC("VT-d 5.10, 5.1.4, 5.1.4.1; 9.9, P"))
{
	SUBTEST("absent");
	begin();
	set_entry(INDEX, entry_for(0, ENTRY_VECTOR) & ~VTD_PRESENT, 0);
	send_index(INDEX);
	expect_blocked("absent", VTD_FR_IR_ABSENT, INDEX);
}

TEST(index_too_large, "a message whose index is not in the table is blocked: reason 21H",
     SPEC("VT-d 5.10, 5.1.3, 5.1.4.1; 11.4.10, S"))
{
	static const struct {
		const char *name;
		u32 log;
	} rows[] = { { "2-entries", 1 }, { "16-entries", 4 }, { "256-entries", 8 } };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 count = (u32)BIT(rows[i].log);

		SUBTEST("%s-last", rows[i].name);
		begin_sized(12);
		for (u32 index = 0; index < 4096; index++)
			table[2 * index] = entry_for(0, ENTRY_VECTOR);
		EXPECT(vtd_set_interrupts(table, rows[i].log));
		send_index(count - 1);
		expect_taken(0, ENTRY_VECTOR, 1);
		SUBTEST("%s-beyond", rows[i].name);
		irq_record(0x20, 0xef);
		flushes = 0;
		send_index(count);
		expect_blocked(rows[i].name, VTD_FR_IR_INDEX, count);
	}
}

TEST(entry_reserved_bits, "a message whose entry has a reserved bit set is blocked: reason 24H",
     SPEC("VT-d 5.10, 5.1.4.1; 9.9"))
{
	static const u8 bits[] = { 24, 31, 84, 95, 96, 127 };
	char name[16];

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		u64 entry[2] = { entry_for(0, ENTRY_VECTOR), 0 };

		SUBTEST("bit-%u", bits[i]);
		begin();
		entry[bits[i] / 64] |= BIT(bits[i] % 64);
		set_entry(INDEX, entry[0], entry[1]);
		send_index(INDEX);
		snprintf(name, sizeof(name), "bit-%u", bits[i]);
		expect_blocked(name, VTD_FR_IR_RESERVED, INDEX);
	}
}

TEST(source_verified, "SID, SQ and SVT of an entry say from whom a message is taken: reason 26H",
     SPEC("VT-d 5.10, 5.1.4.1; 9.9, SVT, SQ, SID"))
{
	u32 ours = dma_source(), bus = ours >> 8;
	const struct {
		const char *name;
		u64 high;
		bool taken;
	} rows[] = {
		{ "not-verified", VTD_IRTE_SID(ours ^ 0xffff), true },
		{ "same", VTD_IRTE_VERIFY | VTD_IRTE_SID(ours), true },
		{ "other-bus", VTD_IRTE_VERIFY | VTD_IRTE_SID(ours ^ 0x100), false },
		{ "other-device", VTD_IRTE_VERIFY | VTD_IRTE_SID(ours ^ 8), false },
		{ "other-function", VTD_IRTE_VERIFY | VTD_IRTE_SID(ours ^ 1), false },
		{ "SQ-1-bit-2", VTD_IRTE_VERIFY | VTD_IRTE_SQ(1) | VTD_IRTE_SID(ours ^ 4), true },
		{ "SQ-1-bit-1", VTD_IRTE_VERIFY | VTD_IRTE_SQ(1) | VTD_IRTE_SID(ours ^ 2), false },
		{ "SQ-2-bits-2-1", VTD_IRTE_VERIFY | VTD_IRTE_SQ(2) | VTD_IRTE_SID(ours ^ 6),
		  true },
		{ "SQ-2-bit-0", VTD_IRTE_VERIFY | VTD_IRTE_SQ(2) | VTD_IRTE_SID(ours ^ 1), false },
		{ "SQ-3-bits-2-0", VTD_IRTE_VERIFY | VTD_IRTE_SQ(3) | VTD_IRTE_SID(ours ^ 7),
		  true },
		{ "SQ-3-bit-3", VTD_IRTE_VERIFY | VTD_IRTE_SQ(3) | VTD_IRTE_SID(ours ^ 8), false },
		{ "bus-range", VTD_IRTE_VERIFY_BUS | VTD_IRTE_SID(bus | (bus + 1) << 8), true },
		{ "bus-exactly", VTD_IRTE_VERIFY_BUS | VTD_IRTE_SID(bus | bus << 8), true },
		{ "bus-above", VTD_IRTE_VERIFY_BUS | VTD_IRTE_SID((bus + 1) | (bus + 3) << 8),
		  false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		begin();
		set_entry(INDEX, entry_for(0, ENTRY_VECTOR), rows[i].high);
		send_index(INDEX);
		if (rows[i].taken)
			expect_taken(0, ENTRY_VECTOR, 1);
		else
			expect_blocked(rows[i].name, VTD_FR_IR_SOURCE, INDEX);
	}
}

TEST(fault_of_entry_disabled, "FPD of an entry keeps its faults from being recorded",
     SPEC("VT-d 5.10, 5.1.4.1; 9.9, FPD"))
{
	static const struct {
		const char *name;
		u64 low, high;
	} rows[] = {
		{ "absent", 0, 0 },
		{ "reserved", VTD_PRESENT | BIT(24), 0 },
		{ "source", VTD_PRESENT, VTD_IRTE_VERIFY | VTD_IRTE_SID(0xffff) },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		begin();
		set_entry(INDEX,
			  (entry_for(0, ENTRY_VECTOR) & ~VTD_PRESENT) | VTD_IRTE_FPD | rows[i].low,
			  rows[i].high);
		send_index(INDEX);
		expect_taken(0, ENTRY_VECTOR, 0);
		EXPECT_EQ(vtd_read32(VTD_FSTS) & VTD_FSTS_PPF, 0ull);
	}
}

TEST(compatibility_format,
     "a message in compatibility format is blocked while CFIS is clear: reason 25H",
     SPEC("VT-d 5.10, 5.1.4, 5.1.4.1; 11.4.4.2, CFIS"))
{
	SUBTEST("blocked");
	begin();
	EXPECT_EQ(vtd_read32(VTD_GSTS) & VTD_CFI, 0ull);
	send(MSI_ADDRESS(id_of(0)), ENTRY_VECTOR);
	expect_blocked("blocked", VTD_FR_IR_COMPATIBILITY, 0);
	SUBTEST("remapping-off");
	begin();
	EXPECT(vtd_command(VTD_IRE, false));
	send(MSI_ADDRESS(id_of(0)), ENTRY_VECTOR);
	expect_taken(0, ENTRY_VECTOR, 1);
}

/* ------------------------------------------------------------------------------- changed entries */

TEST(entry_changed, "after an invalidation of the interrupt entry cache, a changed entry is used",
     SPEC("VT-d 5.10, 6.5.2.8"))
{
	static const struct {
		const char *name;
		u64 descriptor;
		bool masked;
	} rows[] = {
		{ "global", 0, false },
		{ "index", VTD_DESC_INDEX(INDEX), false },
		{ "index-mask", VTD_DESC_INDEX(INDEX & ~7u) | VTD_DESC_INDEX_MASK(3), true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].masked && VTD_ECAP_MHMV(vtd_read(VTD_ECAP)) < 3)
			continue;
		SUBTEST("%s", rows[i].name);
		begin();
		set_entry(INDEX, entry_for(0, ENTRY_VECTOR), 0);
		send_index(INDEX);
		expect_taken(0, ENTRY_VECTOR, 1);
		table[2 * INDEX] = entry_for(0, OTHER_VECTOR);
		vtd_queue_add(VTD_DESC_INTERRUPT | rows[i].descriptor, 0);
		EXPECT(vtd_queue_wait());
		send_index(INDEX);
		flush();
		EXPECT_EQ(irq_taken(0, ENTRY_VECTOR), 1u);
		EXPECT_EQ(irq_taken(0, OTHER_VECTOR), 1u);
	}
}

/* ------------------------------------------------------------------------------- the I/O APIC */

static u32 pin(void)
{
	return ioapic_pin_of_irq(line_irq(LINE_COM1));
}

/* 5.1.5.1. */
static u64 pin_entry(u32 index, u32 vector)
{
	return (u64)(index & 0x7fff) << 49 | BIT(48) | (u64)(index >> 15) << 11 | vector;
}

TEST(remapped_pin,
     "an edge at a pin whose entry is in remappable format has vector and CPU of the table",
     SPEC("VT-d 5.10, 5.1.5.1"))
{
	static const u32 indexes[] = { 0, 1, 0x5555, 0x8000, 0xffff };

	for (u32 i = 0; i < ARRAY_SIZE(indexes); i++) {
		u32 cpu = i % MIN(cpu_count(), 2u);

		SUBTEST("%#x", indexes[i]);
		begin_sized(16);
		set_entry(indexes[i], entry_for(cpu, ENTRY_VECTOR), 0);
		ioapic_set_entry(pin(), pin_entry(indexes[i], REQUEST_VECTOR));
		line_raise(LINE_COM1);
		line_lower(LINE_COM1);
		flush();
		EXPECT_EQ(irq_taken(cpu, ENTRY_VECTOR), 1u);
		EXPECT_EQ(irq_taken_by_all(REQUEST_VECTOR), 0u);
		EXPECT_EQ(irq_taken_by_all(ENTRY_VECTOR), 1u);
		ioapic_reset();
	}
}

static u32 level_count;
static u64 in_handler, after_eoi;

static void take_level(struct trap_frame *frame)
{
	(void)frame;
	in_handler = ioapic_entry(pin());
	if (++level_count >= 2)
		line_lower(LINE_COM1);
	apic_eoi();
	after_eoi = ioapic_entry(pin());
}

TEST(remapped_pin_level, "a level at a remapped pin interrupts again after EOI until it is lowered",
     SPEC("VT-d 5.10, 5.1.5.1; 82093AA data sheet, 3.2.4, Remote IRR"))
{
	begin();
	level_count = 0;
	trap_set_handler(ENTRY_VECTOR, take_level);
	set_entry(INDEX, entry_for(0, ENTRY_VECTOR) | VTD_IRTE_LEVEL, 0);
	ioapic_set_entry(pin(), pin_entry(INDEX, ENTRY_VECTOR) | IOAPIC_LEVEL);
	line_raise(LINE_COM1);
	EXPECT(irq_wait_until(READ_ONCE(level_count) >= 2));
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(level_count, 2u);
	EXPECT_EQ(in_handler & IOAPIC_REMOTE_IRR, IOAPIC_REMOTE_IRR);
	EXPECT_EQ(after_eoi & IOAPIC_REMOTE_IRR, 0ull);
}

TEST(pin_blocked, "a pin whose entry in the table is absent interrupts nobody",
     SPEC("VT-d 5.10, 5.1.4, 5.1.5.1"))
{
	begin();
	set_entry(INDEX, entry_for(0, ENTRY_VECTOR) & ~VTD_PRESENT, 0);
	ioapic_set_entry(pin(), pin_entry(INDEX, ENTRY_VECTOR));
	line_raise(LINE_COM1);
	line_lower(LINE_COM1);
	expect_taken(0, ENTRY_VECTOR, 0);
	SUBTEST("present");
	set_entry(INDEX, entry_for(0, ENTRY_VECTOR), 0);
	line_raise(LINE_COM1);
	line_lower(LINE_COM1);
	expect_taken(0, ENTRY_VECTOR, 1);
}

TEST(event_not_remapped, "the unit's own events are not subject to interrupt remapping",
     SPEC("VT-d 5.10, 5.1.6"))
{
	begin();
	vtd_write32(VTD_IEDATA, EVENT_VECTOR);
	vtd_write32(VTD_IEADDR, MSI_ADDRESS(id_of(0)));
	vtd_write32(VTD_IECTL, 0);
	vtd_queue_add(VTD_DESC_WAIT | VTD_DESC_WAIT_IF, 0);
	EXPECT(irq_wait(0, EVENT_VECTOR, 1));
}
