/* SPDX-License-Identifier: MIT */
/* Messages that interrupt remapping refuses, and entries that change: VT-d 5.10, 5.1.4, 6.5.2.8. */
#include "entries.h"

#include <stdio.h>
#include <string.h>
#include <x86/irq.h>

SUITE("Interrupt remapping: what is blocked", REQUIRES(HAS_INTERRUPT_REMAPPING));

TEST(entry_not_present, "a message whose entry has P clear is blocked: reason 22H",
     SPEC("VT-d 5.10, 5.1.4, 5.1.4.1; 9.9, P"))
{
	SUBTEST("absent");
	irte_begin();
	irte_set(INDEX, irte_for(0, ENTRY_VECTOR) & ~VTD_PRESENT, 0);
	irte_send_index(INDEX);
	irte_expect_blocked("absent", VTD_FR_IR_ABSENT, INDEX);
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
		irte_begin_sized(12);
		for (u32 index = 0; index < 4096; index++)
			irte_table[2 * index] = irte_for(0, ENTRY_VECTOR);
		EXPECT(vtd_set_interrupts(irte_table, rows[i].log));
		irte_send_index(count - 1);
		irte_expect_taken(0, ENTRY_VECTOR, 1);
		SUBTEST("%s-beyond", rows[i].name);
		irte_count_from_here();
		irte_send_index(count);
		irte_expect_blocked(rows[i].name, VTD_FR_IR_INDEX, count);
	}
}

TEST(entry_reserved_bits, "a message whose entry has a reserved bit set is blocked: reason 24H",
     SPEC("VT-d 5.10, 5.1.4.1; 9.9"))
{
	static const u8 bits[] = { 24, 31, 84, 95, 96, 127 };
	char name[16];

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		u64 entry[2] = { irte_for(0, ENTRY_VECTOR), 0 };

		SUBTEST("bit-%u", bits[i]);
		irte_begin();
		entry[bits[i] / 64] |= BIT(bits[i] % 64);
		irte_set(INDEX, entry[0], entry[1]);
		irte_send_index(INDEX);
		snprintf(name, sizeof(name), "bit-%u", bits[i]);
		irte_expect_blocked(name, VTD_FR_IR_RESERVED, INDEX);
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
		irte_begin();
		irte_set(INDEX, irte_for(0, ENTRY_VECTOR), rows[i].high);
		irte_send_index(INDEX);
		if (rows[i].taken)
			irte_expect_taken(0, ENTRY_VECTOR, 1);
		else
			irte_expect_blocked(rows[i].name, VTD_FR_IR_SOURCE, INDEX);
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
		irte_begin();
		irte_set(INDEX,
			 (irte_for(0, ENTRY_VECTOR) & ~VTD_PRESENT) | VTD_IRTE_FPD | rows[i].low,
			 rows[i].high);
		irte_send_index(INDEX);
		irte_expect_taken(0, ENTRY_VECTOR, 0);
		EXPECT_EQ(vtd_read32(VTD_FSTS) & VTD_FSTS_PPF, 0ull);
	}
}

TEST(compatibility_format,
     "a message in compatibility format is blocked while CFIS is clear: reason 25H",
     SPEC("VT-d 5.10, 5.1.4, 5.1.4.1; 11.4.4.2, CFIS"))
{
	SUBTEST("blocked");
	irte_begin();
	EXPECT_EQ(vtd_read32(VTD_GSTS) & VTD_CFI, 0ull);
	irte_send(MSI_ADDRESS(irte_cpu_id(0)), ENTRY_VECTOR);
	irte_expect_blocked("blocked", VTD_FR_IR_COMPATIBILITY, 0);
	SUBTEST("remapping-off");
	irte_begin();
	EXPECT(vtd_command(VTD_IRE, false));
	irte_send(MSI_ADDRESS(irte_cpu_id(0)), ENTRY_VECTOR);
	irte_expect_taken(0, ENTRY_VECTOR, 1);
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
		irte_begin();
		irte_set(INDEX, irte_for(0, ENTRY_VECTOR), 0);
		irte_send_index(INDEX);
		irte_expect_taken(0, ENTRY_VECTOR, 1);
		irte_table[2 * INDEX] = irte_for(0, OTHER_VECTOR);
		vtd_queue_add(VTD_DESC_INTERRUPT | rows[i].descriptor, 0);
		EXPECT(vtd_queue_wait());
		irte_send_index(INDEX);
		irte_flush();
		EXPECT_EQ(irq_taken(0, ENTRY_VECTOR), 1u);
		EXPECT_EQ(irq_taken(0, OTHER_VECTOR), 1u);
	}
}
