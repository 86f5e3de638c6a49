/* SPDX-License-Identifier: MIT */
/*
 * Interrupt remapping: VT-d 5.10, 5.1, 9.9. A message of the device names an entry of the table, and that has
 * vector, mode and destination.
 */
#include "entries.h"

#include <string.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/irq.h>

SUITE("Interrupt remapping", REQUIRES(HAS_INTERRUPT_REMAPPING));

TEST(remapped_vector,
     "a message in remappable format has the vector of its entry, whatever its data",
     SPEC("VT-d 5.10, 5.1.3, 5.1.4; 9.9, V"))
{
	static const u8 vectors[] = { 0x22, 0x31, 0x55, 0x7f, 0x80, 0xaa, 0xef };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		SUBTEST("%#x", vectors[i]);
		irte_begin();
		irte_set(INDEX, irte_for(0, vectors[i]), 0);
		irte_send_index(INDEX);
		irte_expect_taken(0, vectors[i], 1);
		irte_send(VTD_MSI_ADDRESS(INDEX), 0);
		irte_expect_taken(0, vectors[i], 2);
	}
}

TEST(remapped_index, "the handle in a message's address is the entry's index, all 16 bits",
     SPEC("VT-d 5.10, 5.1.2.2, 5.1.3; 11.4.10, S"))
{
	static const u32 indexes[] = { 0, 1, 2, 0x80, 0x4000, 0x7fff, 0x8000, 0xaaaa, 0xffff };

	for (u32 i = 0; i < ARRAY_SIZE(indexes); i++) {
		SUBTEST("%#x", indexes[i]);
		irte_begin_sized(16);
		irte_set(indexes[i], irte_for(0, ENTRY_VECTOR), 0);
		irte_send_index(indexes[i]);
		irte_expect_taken(0, ENTRY_VECTOR, 1);
	}
}

TEST(remapped_subhandle, "with SHV the message's data is added to the handle, without it is not",
     SPEC("VT-d 5.10, 5.1.2.2, 5.1.3"))
{
	irte_begin();
	irte_set(10, irte_for(0, ENTRY_VECTOR), 0);
	irte_set(14, irte_for(0, OTHER_VECTOR), 0);
	irte_send((u32)(VTD_MSI_ADDRESS(10) | VTD_MSI_SHV), 4);
	irte_expect_taken(0, OTHER_VECTOR, 1);
	SUBTEST("zero");
	irte_begin();
	irte_set(10, irte_for(0, ENTRY_VECTOR), 0);
	irte_send((u32)(VTD_MSI_ADDRESS(10) | VTD_MSI_SHV), 0);
	irte_expect_taken(0, ENTRY_VECTOR, 1);
	SUBTEST("without");
	irte_begin();
	irte_set(10, irte_for(0, ENTRY_VECTOR), 0);
	irte_set(14, irte_for(0, OTHER_VECTOR), 0);
	irte_send(VTD_MSI_ADDRESS(10), 4);
	irte_expect_taken(0, ENTRY_VECTOR, 1);
}

TEST(remapped_destination, "the interrupt goes to the CPU of the entry",
     SPEC("VT-d 5.10, 5.1.4; 9.9, DST, DM"))
{
	for (u32 cpu = 0; cpu < MIN(cpu_count(), 4u); cpu++) {
		SUBTEST("cpu%u", cpu);
		irte_begin();
		irte_set(INDEX, irte_for(cpu, ENTRY_VECTOR), 0);
		irte_send_index(INDEX);
		irte_expect_taken(cpu, ENTRY_VECTOR, 1);
	}
	SUBTEST("logical");
	irte_begin();
	apic_write(APIC_DFR, APIC_DFR_FLAT);
	apic_write(APIC_LDR, 0x40000000);
	irte_set(INDEX,
		 VTD_PRESENT | VTD_IRTE_APIC(0x40) | VTD_IRTE_LOGICAL |
			 VTD_IRTE_VECTOR(ENTRY_VECTOR),
		 0);
	irte_send_index(INDEX);
	irte_expect_taken(0, ENTRY_VECTOR, 1);
	SUBTEST("lowest-priority");
	irte_set(INDEX,
		 VTD_PRESENT | VTD_IRTE_APIC(0x40) | VTD_IRTE_LOGICAL | VTD_IRTE_HINT |
			 VTD_IRTE_MODE(1) | VTD_IRTE_VECTOR(ENTRY_VECTOR),
		 0);
	irte_send_index(INDEX);
	irte_expect_taken(0, ENTRY_VECTOR, 2);
	SUBTEST("nobody");
	irte_set(INDEX,
		 VTD_PRESENT | VTD_IRTE_APIC(0x20) | VTD_IRTE_LOGICAL |
			 VTD_IRTE_VECTOR(ENTRY_VECTOR),
		 0);
	irte_send_index(INDEX);
	irte_expect_taken(0, ENTRY_VECTOR, 2);
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
	irte_begin();
	atomic_store(&nmis, 0);
	trap_set_handler(VEC_NMI, count_nmi);
	irte_set(INDEX, irte_for(0, ENTRY_VECTOR) | VTD_IRTE_MODE(4), 0);
	irte_send_index(INDEX);
	EXPECT(wait_until(atomic_load(&nmis)));
	irte_expect_taken(0, ENTRY_VECTOR, 0);
	EXPECT_EQ(atomic_load(&nmis), 1u);
}

TEST(remapped_level, "the trigger mode of an entry is that of the interrupt: TMR",
     SPEC("VT-d 5.10, 9.9, TM; SDM vol. 3A, 10.8.4"))
{
	for (u32 level = 0; level < 2; level++) {
		SUBTEST("%s", level ? "level" : "edge");
		irte_begin();
		irte_set(INDEX, irte_for(0, ENTRY_VECTOR) | (level ? VTD_IRTE_LEVEL : 0), 0);
		irte_send_index(INDEX);
		EXPECT(apic_vector_bit(APIC_IRR, ENTRY_VECTOR));
		EXPECT_EQ(apic_vector_bit(APIC_TMR, ENTRY_VECTOR), (bool)level);
		irte_expect_taken(0, ENTRY_VECTOR, 1);
	}
}
