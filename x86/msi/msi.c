/* SPDX-License-Identifier: MIT */
/* Message-signalled interrupts: PCI Local Bus Specification 3.0, 6.8.1; SDM vol. 3A, 10.11. */
#include "devices.h"

#include <sys/atomic.h>
#include <sys/time.h>

SUITE("Message-signalled interrupts",
      REQUIRES(cpu_has(X86_FEATURE_APIC) && ioapic_is_there() && edu_is_there() && edu_msi()));

#define CPUS	 MIN(cpu_count(), 8u)
#define ALL_CPUS ((u32)BIT(CPUS) - 1)

static u32 id_of(u32 cpu)
{
	return (u32)cpu_by_number(cpu)->hardware_id & 0xff;
}

static void do_nothing(void *arg)
{
	(void)arg;
}

static void begin(void)
{
	run_on_all_cpus(do_nothing, NULL);
	edu_begin();
}

static void send(void)
{
	edu_raise();
	edu_lower();
}

static void expect(u32 address, u32 data, u32 expected)
{
	u32 vector = data & 0xff, before[8];

	for (u32 cpu = 0; cpu < CPUS; cpu++)
		before[cpu] = irq_taken(cpu, vector);
	edu_enable_msi(address, data);
	send();
	EXPECT(msi_flush(), "a CPU does not take interrupts");
	for (u32 cpu = 0; cpu < CPUS; cpu++)
		EXPECT_EQ(irq_taken(cpu, vector) - before[cpu], expected >> cpu & 1,
			  "interrupts at CPU %u, address %#x, data %#x", cpu, address, data);
}

TEST(msi_registers, "address and data hold what is written; the address' bits 1-0 are 0",
     SPEC("PCI Local Bus Specification 3.0, 6.8.1"))
{
	u32 at = edu_msi(), bdf = edu_bdf();
	u16 control = pci_read16(bdf, at + PCI_MSI_CONTROL);
	u32 data = control & PCI_MSI_64 ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32;

	edu_begin();
	pci_write32(bdf, at + PCI_MSI_ADDRESS, 0xffffffff);
	EXPECT_EQ(pci_read32(bdf, at + PCI_MSI_ADDRESS), 0xfffffffcu);
	pci_write32(bdf, at + PCI_MSI_ADDRESS, 0x12345678);
	EXPECT_EQ(pci_read32(bdf, at + PCI_MSI_ADDRESS), 0x12345678u);
	pci_write16(bdf, at + data, 0xa5c3);
	EXPECT_EQ(pci_read16(bdf, at + data), 0xa5c3u);
	if (control & PCI_MSI_64) {
		pci_write32(bdf, at + PCI_MSI_ADDRESS_HIGH, 0x89abcdef);
		EXPECT_EQ(pci_read32(bdf, at + PCI_MSI_ADDRESS_HIGH), 0x89abcdefu);
		pci_write32(bdf, at + PCI_MSI_ADDRESS_HIGH, 0);
	}
	pci_write16(bdf, at + PCI_MSI_CONTROL, (u16)(control ^ 0x8e));
	EXPECT_EQ(pci_read16(bdf, at + PCI_MSI_CONTROL) & 0x8e, control & 0x8e, "read-only bits");
	pci_write16(bdf, at + PCI_MSI_CONTROL, control);
}

TEST(msi_each_message, "each message is one edge-triggered interrupt",
     SPEC("PCI Local Bus Specification 3.0, 6.8.3; SDM vol. 3A, 10.11.2"))
{
	begin();
	edu_enable_msi(MSI_ADDRESS(id_of(0)), MSI_VECTOR);
	for (u32 count = 1; count <= 20; count++) {
		send();
		EXPECT(!apic_vector_bit(APIC_TMR, MSI_VECTOR));
		irq_window();
		EXPECT_EQ(irq_taken(0, MSI_VECTOR), count);
	}
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_history_length(0), 20u);
}

TEST(msi_not_enabled, "with MSI disabled no message is sent",
     SPEC("PCI Local Bus Specification 3.0, 6.8.1.3"))
{
	begin();
	edu_enable_msi(MSI_ADDRESS(id_of(0)), MSI_VECTOR);
	pci_write16(edu_bdf(), edu_msi() + PCI_MSI_CONTROL, 0);
	send();
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, MSI_VECTOR), 0u);
}

TEST(msi_needs_bus_mastering, "a device that may not be bus master sends no message",
     SPEC("PCI Local Bus Specification 3.0, 6.2.2, 6.8.1"))
{
	u16 command;

	begin();
	edu_enable_msi(MSI_ADDRESS(id_of(0)), MSI_VECTOR);
	command = pci_read16(edu_bdf(), PCI_COMMAND);
	pci_write16(edu_bdf(), PCI_COMMAND, (u16)(command & ~PCI_COMMAND_MASTER));
	/* Not by edu_raise(), which would allow it again. */
	*(volatile u32 *)((ulong)(pci_read32(edu_bdf(), PCI_BAR(0)) & ~0xfu) + 0x60) = 1;
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_taken(0, MSI_VECTOR), 0u);
	pci_write16(edu_bdf(), PCI_COMMAND, command);
	edu_lower();
	send();
	EXPECT(irq_wait(0, MSI_VECTOR, 1));
}

TEST(msi_vectors, "the message's vector is delivered, whichever it is",
     SPEC("SDM vol. 3A, 10.11.2"))
{
	begin();
	for (u32 vector = 0x22; vector <= 0xef; vector += 0x0d) {
		SUBTEST("vector-%#x", vector);
		expect(MSI_ADDRESS(id_of(0)), vector, 1);
	}
}

TEST(msi_physical, "a message goes to the CPU whose ID is in its address, and to no other",
     SPEC("SDM vol. 3A, 10.11.1"))
{
	begin();
	for (u32 cpu = 0; cpu < CPUS; cpu++) {
		SUBTEST("cpu%u", cpu);
		expect(MSI_ADDRESS(id_of(cpu)), MSI_VECTOR, (u32)BIT(cpu));
	}
	SUBTEST("nobody");
	expect(MSI_ADDRESS(0xfe), MSI_VECTOR, 0);
	SUBTEST("everybody");
	expect(MSI_ADDRESS(0xff), MSI_VECTOR, ALL_CPUS);
}

static void set_logical(struct trap_frame *frame)
{
	(void)frame;
	apic_write(APIC_LDR, (u32)BIT(24 + this_cpu()->number % 8));
	apic_eoi();
}

TEST(msi_logical, "a message in logical mode goes to every CPU with one of the bits",
     SPEC("SDM vol. 3A, 10.11.1, 10.6.2.2"))
{
	begin();
	trap_set_handler(0x31, set_logical);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		apic_send_vector(cpu, 0x31);
	ASSERT(msi_flush());
	for (u32 set = 0; set < BIT(MIN(cpu_count(), 4u)); set++) {
		SUBTEST("cpus-%#x", set);
		/* With RH clear the manual lets DM be ignored; every chipset uses it with RH set. */
		expect((u32)(MSI_ADDRESS(set) | MSI_LOGICAL | MSI_REDIRECT), MSI_VECTOR, set);
	}
}

TEST(msi_lowest_priority, "a lowest-priority message goes to exactly one of the CPUs addressed",
     SPEC("SDM vol. 3A, 10.11.1, 10.11.2, 10.6.2.4"))
{
	begin();
	trap_set_handler(0x31, set_logical);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		apic_send_vector(cpu, 0x31);
	ASSERT(msi_flush());
	for (u32 set = 1; set < BIT(MIN(cpu_count(), 4u)); set++) {
		u32 before = irq_taken_by_all(MSI_VECTOR);

		SUBTEST("cpus-%#x", set);
		edu_enable_msi((u32)(MSI_ADDRESS(set) | MSI_LOGICAL | MSI_REDIRECT),
			       ICR_LOWEST | MSI_VECTOR);
		send();
		EXPECT(msi_flush());
		EXPECT_EQ(irq_taken_by_all(MSI_VECTOR) - before, 1u);
	}
}

static u32 nmis;

static void count_nmi(struct trap_frame *frame)
{
	(void)frame;
	atomic_add(&nmis, 1);
}

TEST(msi_nmi, "a message with delivery mode NMI raises an NMI, whatever its vector",
     SPEC("SDM vol. 3A, 10.11.2"))
{
	begin();
	atomic_store(&nmis, 0);
	trap_set_handler(VEC_NMI, count_nmi);
	edu_enable_msi(MSI_ADDRESS(id_of(0)), ICR_NMI | MSI_VECTOR);
	send();
	wait_until(atomic_load(&nmis));
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(atomic_load(&nmis), 1u);
	EXPECT_EQ(irq_taken(0, MSI_VECTOR), 0u);
}
