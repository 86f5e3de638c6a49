/* SPDX-License-Identifier: MIT */
#include "ioapic_test.h"

#include <x86/rtc.h>

#define STORM 1000

struct level_seen level_seen;

static enum irq_line handled_line;
static u32 lower_after;
static u32 flushes;

u64 pin_entry_for(u32 cpu, u32 vector)
{
	return IOAPIC_DESTINATION(cpu_by_number(cpu)->hardware_id & 0xff) | vector;
}

u64 pin_entry(u32 vector)
{
	return pin_entry_for(0, vector);
}

u32 line_pin(enum irq_line line)
{
	return ioapic_pin_of_irq(line_irq(line));
}

void ioapic_begin(void)
{
	ioapic_reset();
	lines_reset();
	rtc_reset();
	/* What a pin has sent before. */
	apic_drain();
	irq_record(0x20, 0xef);
	flushes = 0;
	level_seen = (struct level_seen){ 0 };
}

bool ioapic_flush(void)
{
	bool all = true;

	flushes++;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		apic_send_vector(cpu, FLUSH_VECTOR);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		all &= irq_wait(cpu, FLUSH_VECTOR, flushes);
	return all;
}

static void take_level(struct trap_frame *frame)
{
	u32 pin = line_pin(handled_line);

	level_seen.entry_in_handler = ioapic_entry(pin);
	level_seen.tmr = apic_vector_bit(APIC_TMR, (u32)frame->vector);
	if (level_seen.count + 1 == lower_after)
		line_lower(handled_line);
	if (level_seen.count + 1 >= STORM)
		ioapic_mask(pin, true);
	apic_eoi();
	level_seen.entry_after_eoi = ioapic_entry(pin);
	WRITE_ONCE(level_seen.count, level_seen.count + 1);
}

void level_handle(u32 vector, enum irq_line line, u32 after)
{
	handled_line = line;
	lower_after = after;
	level_seen = (struct level_seen){ 0 };
	trap_set_handler(vector, take_level);
}
