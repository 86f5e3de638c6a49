/* SPDX-License-Identifier: MIT */
#include <x86/ioapic.h>

#include <dev/acpi.h>

#define IOREGSEL 0x00
#define IOWIN	 0x10
#define IOEOI	 0x40

static ulong base;
static bool used;

static volatile u32 *at(u32 offset)
{
	if (!base)
		base = acpi_io_apic_address();
	return (volatile u32 *)(base + offset);
}

bool ioapic_is_there(void)
{
	return acpi_io_apic_address();
}

u32 ioapic_selected(void)
{
	return *at(IOREGSEL) & 0xff;
}

void ioapic_select(u32 reg)
{
	*at(IOREGSEL) = reg;
}

u32 ioapic_read(u32 reg)
{
	ioapic_select(reg);
	return *at(IOWIN);
}

void ioapic_write(u32 reg, u32 value)
{
	used = true;
	ioapic_select(reg);
	*at(IOWIN) = value;
}

u32 ioapic_pins(void)
{
	return IOAPIC_VERSION_PINS(ioapic_read(IOAPIC_VERSION));
}

u32 ioapic_pin_of_irq(u32 irq)
{
	return acpi_isa_interrupt(irq);
}

u64 ioapic_entry(u32 pin)
{
	u64 high = ioapic_read(IOAPIC_REDTBL + 2 * pin + 1);

	return high << 32 | ioapic_read(IOAPIC_REDTBL + 2 * pin);
}

void ioapic_set_entry(u32 pin, u64 entry)
{
	ioapic_write(IOAPIC_REDTBL + 2 * pin + 1, (u32)(entry >> 32));
	ioapic_write(IOAPIC_REDTBL + 2 * pin, (u32)entry);
}

void ioapic_mask(u32 pin, bool mask)
{
	u32 low = ioapic_read(IOAPIC_REDTBL + 2 * pin) & ~(u32)IOAPIC_MASKED;

	ioapic_write(IOAPIC_REDTBL + 2 * pin, low | (mask ? (u32)IOAPIC_MASKED : 0));
}

void ioapic_eoi(u32 vector)
{
	*at(IOEOI) = vector;
}

void ioapic_reset(void)
{
	for (u32 pin = 0; pin < ioapic_pins(); pin++) {
		u64 entry = ioapic_entry(pin);

		ioapic_set_entry(pin, entry | IOAPIC_MASKED);
		if ((entry & IOAPIC_REMOTE_IRR) &&
		    IOAPIC_VERSION_NUMBER(ioapic_read(IOAPIC_VERSION)) >= IOAPIC_VERSION_HAS_EOI)
			ioapic_eoi(entry & IOAPIC_VECTOR);
		ioapic_set_entry(pin, IOAPIC_MASKED);
	}
}

void ioapic_restore(void)
{
	if (used)
		ioapic_reset();
	used = false;
}
