/* SPDX-License-Identifier: MIT */
/* The I/O APIC: Intel 82093AA, data sheet 290566; version 20H adds the EOI register (ICH6 data sheet, 10.5). */
#ifndef ASSAY_X86_IOAPIC_H
#define ASSAY_X86_IOAPIC_H

#include <types.h>

/* Registers by what IOREGSEL takes. */
#define IOAPIC_ID	   0x00
#define IOAPIC_VERSION	   0x01
#define IOAPIC_ARBITRATION 0x02
#define IOAPIC_REDTBL	   0x10 /* two for each pin, bits 31-0 first */

#define IOAPIC_VERSION_NUMBER(v) ((v)&0xff)
#define IOAPIC_VERSION_PINS(v)	 (((v) >> 16 & 0xff) + 1)
#define IOAPIC_VERSION_HAS_EOI	 0x20u /* from this version on */

/* Redirection table entry. Delivery modes are those of ICR, and IOAPIC_EXTINT. */
#define IOAPIC_VECTOR	       0xffull
#define IOAPIC_DELIVERY	       0x700ull
#define IOAPIC_FIXED	       (0ull << 8)
#define IOAPIC_LOWEST	       (1ull << 8)
#define IOAPIC_NMI	       (4ull << 8)
#define IOAPIC_EXTINT	       (7ull << 8)
#define IOAPIC_LOGICAL	       BIT(11)
#define IOAPIC_PENDING	       BIT(12) /* delivery status, read-only */
#define IOAPIC_LOW_ACTIVE      BIT(13)
#define IOAPIC_REMOTE_IRR      BIT(14) /* read-only */
#define IOAPIC_LEVEL	       BIT(15)
#define IOAPIC_MASKED	       BIT(16)
#define IOAPIC_DESTINATION(id) ((u64)(id) << 56)

/* True if the machine's description (MADT) names one; the functions below are for the first of them. */
bool ioapic_is_there(void);

u32 ioapic_read(u32 reg);
void ioapic_write(u32 reg, u32 value);

/* IOREGSEL itself. */
u32 ioapic_selected(void);
void ioapic_select(u32 reg);

/* How many pins it has. */
u32 ioapic_pins(void);

/* The pin that an ISA interrupt goes to: the same number, or what the MADT says. */
u32 ioapic_pin_of_irq(u32 irq);

u64 ioapic_entry(u32 pin);

/* Writes bits 63-32, then bits 31-0 of the pin's entry. */
void ioapic_set_entry(u32 pin, u64 entry);

/* Changes the mask bit alone. */
void ioapic_mask(u32 pin, bool mask);

/* Writes the EOI register: ends level-triggered interrupts of this vector. From version 20H on. */
void ioapic_eoi(u32 vector);

/* Every pin masked, edge-triggered, and without remote IRR. */
void ioapic_reset(void);

/* The same if anything was written since the last time: for the library, before each case. */
void ioapic_restore(void);

#endif
