/* SPDX-License-Identifier: MIT */
/* A device's interrupt pin, level-triggered, through the I/O APIC: PCI Local Bus Specification 3.0, 2.2.6, 6.2.2, 6.2.3. */
#include "devices.h"

SUITE("PCI interrupt pins",
      REQUIRES(cpu_has(X86_FEATURE_APIC) && ioapic_is_there() && edu_is_there()));

#define FIRST_VECTOR 0x80u /* of pin 0 */

static u32 count, pin_seen;

static void take(struct trap_frame *frame)
{
	pin_seen = (u32)frame->vector - FIRST_VECTOR;
	count++;
	if (count > 100)
		ioapic_reset();
	edu_lower();
	apic_eoi();
}

/* Every pin that no ISA interrupt has, level-triggered: which of them is it? */
static void begin(void)
{
	edu_begin();
	count = 0;
	pin_seen = PCI_NONE;
	for (u32 pin = 16; pin < ioapic_pins(); pin++) {
		trap_set_handler(FIRST_VECTOR + pin, take);
		ioapic_set_entry(pin, IOAPIC_DESTINATION(apic_id()) | IOAPIC_LEVEL |
					      (FIRST_VECTOR + pin));
	}
}

static bool intx_status(void)
{
	return pci_read16(edu_bdf(), PCI_STATUS) & PCI_STATUS_INTX;
}

TEST(intx_interrupts,
     "a device's pin interrupts through one pin of the I/O APIC, until it is cleared",
     SPEC("PCI Local Bus Specification 3.0, 2.2.6, 6.2.3"))
{
	u32 pin;

	begin();
	EXPECT(!intx_status());
	edu_raise();
	EXPECT(intx_status());
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(count, 1u);
	EXPECT(!intx_status());
	pin = pin_seen;
	for (u32 i = 0; i < 5; i++) {
		edu_raise();
		irq_window();
		EXPECT_EQ(pin_seen, pin);
	}
	EXPECT_EQ(count, 6u);
}

TEST(intx_disable,
     "INTx disable lowers the pin, not the status bit; cleared, the pin is high again",
     SPEC("PCI Local Bus Specification 3.0, 6.2.2, 6.2.3"))
{
	u16 command;

	begin();
	command = pci_read16(edu_bdf(), PCI_COMMAND);
	pci_write16(edu_bdf(), PCI_COMMAND, (u16)(command | PCI_COMMAND_INTX_DISABLE));
	edu_raise();
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(count, 0u);
	EXPECT(intx_status());
	pci_write16(edu_bdf(), PCI_COMMAND, command);
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(count, 1u);
}

TEST(intx_not_with_msi, "with MSI enabled the device does not assert its pin",
     SPEC("PCI Local Bus Specification 3.0, 6.8.1.3"), REQUIRES(edu_msi()))
{
	begin();
	edu_enable_msi(MSI_ADDRESS(apic_id()), MSI_VECTOR);
	edu_raise();
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(count, 0u);
	EXPECT_EQ(irq_taken(0, MSI_VECTOR), 1u);
	edu_lower();
}
