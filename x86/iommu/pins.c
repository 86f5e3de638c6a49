/* SPDX-License-Identifier: MIT */
/* Pins of the I/O APIC under interrupt remapping: VT-d 5.10, 5.1.5.1. */
#include "entries.h"

#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/ioapic.h>
#include <x86/irq.h>
#include <x86/irq_line.h>

SUITE("Interrupt remapping: pins of the I/O APIC", REQUIRES(HAS_INTERRUPT_REMAPPING));

#define EVENT_VECTOR 0x63u
#define WATCH_NS     1000000ull

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
		irte_begin_sized(16);
		irte_set(indexes[i], irte_for(cpu, ENTRY_VECTOR), 0);
		ioapic_set_entry(pin(), pin_entry(indexes[i], REQUEST_VECTOR));
		line_raise(LINE_COM1);
		line_lower(LINE_COM1);
		irte_flush();
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
	irte_begin();
	level_count = 0;
	trap_set_handler(ENTRY_VECTOR, take_level);
	irte_set(INDEX, irte_for(0, ENTRY_VECTOR) | VTD_IRTE_LEVEL, 0);
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
	irte_begin();
	irte_set(INDEX, irte_for(0, ENTRY_VECTOR) & ~VTD_PRESENT, 0);
	ioapic_set_entry(pin(), pin_entry(INDEX, ENTRY_VECTOR));
	line_raise(LINE_COM1);
	line_lower(LINE_COM1);
	irte_expect_taken(0, ENTRY_VECTOR, 0);
	SUBTEST("present");
	irte_set(INDEX, irte_for(0, ENTRY_VECTOR), 0);
	line_raise(LINE_COM1);
	line_lower(LINE_COM1);
	irte_expect_taken(0, ENTRY_VECTOR, 1);
}

TEST(event_not_remapped, "the unit's own events are not subject to interrupt remapping",
     SPEC("VT-d 5.10, 5.1.6"))
{
	irte_begin();
	vtd_write32(VTD_IEDATA, EVENT_VECTOR);
	vtd_write32(VTD_IEADDR, MSI_ADDRESS(irte_cpu_id(0)));
	vtd_write32(VTD_IECTL, 0);
	vtd_queue_add(VTD_DESC_WAIT | VTD_DESC_WAIT_IF, 0);
	EXPECT(irq_wait(0, EVENT_VECTOR, 1));
}
