/* SPDX-License-Identifier: MIT */
/* What the topics on the I/O APIC share: a known state, lines by their pins, handlers of levels. */
#ifndef ASSAY_IOAPIC_IOAPIC_TEST_H
#define ASSAY_IOAPIC_IOAPIC_TEST_H

#include <test.h>

#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/ioapic.h>
#include <x86/irq.h>
#include <x86/irq_line.h>

/* Vectors for tests: one, another of the same class, one of a higher class. */
#define PIN_VECTOR    0x51u
#define OTHER_VECTOR  0x53u
#define HIGHER_VECTOR 0x71u
#define FLUSH_VECTOR  0x21u /* of the lowest class: is taken after all others */

/* How long something that must not arrive is waited for. */
#define WATCH_NS 1000000ull

#define HAS_IOAPIC (cpu_has(X86_FEATURE_APIC) && ioapic_is_there())

/* An entry for this CPU: fixed, edge-triggered, not masked; other bits are ored in. */
u64 pin_entry(u32 vector);

/* For a CPU by its number. */
u64 pin_entry_for(u32 cpu, u32 vector);

/* The pin of a line. */
u32 line_pin(enum irq_line line);

/*
 * All pins masked and without remote IRR, all lines low, the 8259s masked; interrupts from 0x20 to 0xef
 * are counted and ended.
 */
void ioapic_begin(void);

/* Waits until every CPU has taken what had reached its APIC; CPU 0 with interrupts on meanwhile. */
bool ioapic_flush(void);

/* What the handler of a level-triggered interrupt has seen, the last time. */
struct level_seen {
	u32 count;
	u64 entry_in_handler, entry_after_eoi;
	bool tmr;
};

extern struct level_seen level_seen;

/*
 * Interrupts of `vector` are handled so: `line` is lowered once `after` of them have come, and then EOI.
 * At 1000 the pin is masked, so that a storm ends.
 */
void level_handle(u32 vector, enum irq_line line, u32 after);

#endif
