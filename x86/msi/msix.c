/* SPDX-License-Identifier: MIT */
/* MSI-X: PCI Local Bus Specification 3.0, 6.8.2, 6.8.3. */
#include "devices.h"

#include <sys/time.h>

#include <sys/time.h>

SUITE("MSI-X",
      REQUIRES(cpu_has(X86_FEATURE_APIC) && ioapic_is_there() && rng_is_there() && rng_msix()));

#define FIRST 0x60u /* vector of entry 0 */

static u32 to_self(void)
{
	return MSI_ADDRESS(apic_id());
}

/* Every entry its own vector, on this CPU; the device uses entry n. */
static void begin(u32 n)
{
	rng_begin(n, PCI_MSIX_ENABLE);
	for (u32 i = 0; i < rng_vectors(); i++)
		rng_set_entry(i, to_self(), FIRST + i);
}

/* The message, or the pending bit in its stead, follows the used buffer. */
static bool wait_for_pending(u32 bits)
{
	return wait_until(rng_pending() == bits);
}

TEST(msix_capability,
     "control has the table's size, read-only; mask and enable can be set and cleared",
     SPEC("PCI Local Bus Specification 3.0, 6.8.2.3"))
{
	u32 at = rng_msix() + PCI_MSIX_CONTROL;
	u16 size = pci_read16(rng_bdf(), at) & 0x7ff;

	rng_begin(0, 0);
	for (u32 bits = 0; bits < 4; bits++) {
		pci_write16(rng_bdf(), at, (u16)(bits << 14 | 0x7ff));
		EXPECT_EQ(pci_read16(rng_bdf(), at), (u16)(bits << 14 | size));
	}
	rng_enable_msix(0);
}

TEST(msix_table, "each word of each entry holds what is written, and no entry is another",
     SPEC("PCI Local Bus Specification 3.0, 6.8.2.6-6.8.2.9"))
{
	rng_begin(0, 0);
	for (u32 n = 0; n < rng_vectors(); n++) {
		*rng_entry(n, PCI_MSIX_ADDRESS) = 0xfee00000 + (n << 12);
		*rng_entry(n, PCI_MSIX_ADDRESS_HIGH) = 0x89ab0000 + n;
		*rng_entry(n, PCI_MSIX_DATA) = 0xcdef0000 + n;
		*rng_entry(n, PCI_MSIX_VECTOR_CONTROL) = n & 1;
	}
	for (u32 n = 0; n < rng_vectors(); n++) {
		EXPECT_EQ(*rng_entry(n, PCI_MSIX_ADDRESS), 0xfee00000 + (n << 12), "entry %u", n);
		EXPECT_EQ(*rng_entry(n, PCI_MSIX_ADDRESS_HIGH), 0x89ab0000 + n, "entry %u", n);
		EXPECT_EQ(*rng_entry(n, PCI_MSIX_DATA), 0xcdef0000 + n, "entry %u", n);
		EXPECT_EQ(*rng_entry(n, PCI_MSIX_VECTOR_CONTROL) & 1, n & 1, "entry %u", n);
	}
	begin(0);
}

TEST(msix_each_vector, "each vector sends its own entry's message, once for each event",
     SPEC("PCI Local Bus Specification 3.0, 6.8.2, 6.8.3"))
{
	for (u32 n = 0; n < rng_vectors(); n++) {
		SUBTEST("vector-%u", n);
		begin(n);
		for (u32 count = 1; count <= 5; count++) {
			ASSERT(rng_raise());
			EXPECT(irq_wait(0, FIRST + n, count));
			EXPECT_EQ(irq_history_length(0), count);
		}
		irq_window_ns(WATCH_NS);
		EXPECT_EQ(irq_history_length(0), 5u);
	}
}

TEST(msix_disabled, "with MSI-X disabled no message is sent",
     SPEC("PCI Local Bus Specification 3.0, 6.8.2.3"))
{
	begin(0);
	rng_enable_msix(0);
	ASSERT(rng_raise());
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_history_length(0), 0u);
}

TEST(msix_masked_entry, "a masked entry sends nothing and sets its pending bit; unmasked, it sends",
     SPEC("PCI Local Bus Specification 3.0, 6.8.2.9, 6.8.2.10, 6.8.3.5"))
{
	for (u32 n = 0; n < rng_vectors(); n++) {
		SUBTEST("vector-%u", n);
		begin(n);
		*rng_entry(n, PCI_MSIX_VECTOR_CONTROL) = (u32)PCI_MSIX_MASKED;
		EXPECT_EQ(rng_pending(), 0u);
		ASSERT(rng_raise());
		EXPECT(wait_for_pending((u32)BIT(n)));
		irq_window();
		EXPECT_EQ(irq_history_length(0), 0u);
		*rng_entry(n, PCI_MSIX_VECTOR_CONTROL) = 0;
		EXPECT(irq_wait(0, FIRST + n, 1));
		irq_window_ns(WATCH_NS);
		EXPECT_EQ(irq_history_length(0), 1u);
		EXPECT_EQ(rng_pending(), 0u);
	}
}

TEST(msix_pending_is_one, "events of a masked vector make one message when it is unmasked",
     SPEC("PCI Local Bus Specification 3.0, 6.8.3.5"))
{
	begin(0);
	*rng_entry(0, PCI_MSIX_VECTOR_CONTROL) = (u32)PCI_MSIX_MASKED;
	for (u32 i = 0; i < 3; i++)
		ASSERT(rng_raise());
	delay_us(50000);
	*rng_entry(0, PCI_MSIX_VECTOR_CONTROL) = 0;
	EXPECT(irq_wait(0, FIRST, 1));
	irq_window_ns(WATCH_NS);
	EXPECT_EQ(irq_history_length(0), 1u);
}

TEST(msix_mask_of_other, "the mask of another entry keeps nothing back",
     SPEC("PCI Local Bus Specification 3.0, 6.8.2.9"), REQUIRES(rng_vectors() > 1))
{
	begin(1);
	*rng_entry(0, PCI_MSIX_VECTOR_CONTROL) = (u32)PCI_MSIX_MASKED;
	ASSERT(rng_raise());
	EXPECT(irq_wait(0, FIRST + 1, 1));
	EXPECT_EQ(rng_pending(), 0u);
}

TEST(msix_function_mask, "the function's mask keeps back every vector, and lets it go",
     SPEC("PCI Local Bus Specification 3.0, 6.8.2.3, 6.8.3.5"))
{
	for (u32 n = 0; n < rng_vectors(); n++) {
		SUBTEST("vector-%u", n);
		begin(n);
		rng_enable_msix(PCI_MSIX_ENABLE | PCI_MSIX_MASK_ALL);
		ASSERT(rng_raise());
		EXPECT(wait_for_pending((u32)BIT(n)));
		irq_window();
		EXPECT_EQ(irq_history_length(0), 0u);
		rng_enable_msix(PCI_MSIX_ENABLE);
		EXPECT(irq_wait(0, FIRST + n, 1));
		irq_window_ns(WATCH_NS);
		EXPECT_EQ(irq_history_length(0), 1u);
	}
}

TEST(msix_changed_while_masked,
     "a pending vector sends the message that its entry has when it is unmasked",
     SPEC("PCI Local Bus Specification 3.0, 6.8.3.5"))
{
	begin(0);
	*rng_entry(0, PCI_MSIX_VECTOR_CONTROL) = (u32)PCI_MSIX_MASKED;
	ASSERT(rng_raise());
	EXPECT(wait_for_pending(BIT(0)));
	*rng_entry(0, PCI_MSIX_DATA) = 0x91;
	*rng_entry(0, PCI_MSIX_VECTOR_CONTROL) = 0;
	EXPECT(irq_wait(0, 0x91, 1));
	EXPECT_EQ(irq_history_length(0), 1u);
}

static void do_nothing(void *arg)
{
	(void)arg;
}

TEST(msix_retargeted, "an entry that is changed sends to the new CPU from then on",
     SPEC("PCI Local Bus Specification 3.0, 6.8.3.5; SDM vol. 3A, 10.11.1"),
	  REQUIRES(cpu_count() > 1))
{
	run_on_all_cpus(do_nothing, NULL);
	begin(0);
	for (u32 round = 1; round <= 10; round++) {
		u32 cpu = round & 1;

		*rng_entry(0, PCI_MSIX_VECTOR_CONTROL) = (u32)PCI_MSIX_MASKED;
		rng_set_entry(0, MSI_ADDRESS(cpu_by_number(cpu)->hardware_id & 0xff), FIRST);
		ASSERT(rng_raise());
		EXPECT(irq_wait(cpu, FIRST, (round + cpu) / 2), "round %u", round);
		EXPECT_EQ(irq_taken_by_all(FIRST), round);
	}
}
