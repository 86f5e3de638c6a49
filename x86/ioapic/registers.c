/* SPDX-License-Identifier: MIT */
/* The registers of the I/O APIC: 82093AA data sheet, 3.0-3.2. */
#include "ioapic_test.h"

SUITE("Registers of the I/O APIC", REQUIRES(HAS_IOAPIC));

#define ENTRY_LOW_BITS 0x1afffu /* vector, delivery, destination mode, polarity, trigger, mask */

TEST(select_reads_back, "the select register holds 8 bits that read as written",
     SPEC("82093AA data sheet, 3.1.1"))
{
	for (u32 value = 0; value < 256; value += 5) {
		ioapic_select(value);
		EXPECT_EQ(ioapic_selected(), value);
	}
}

TEST(id_bits, "bits 27-24 of the ID can be written and read, and the arbitration register follows",
     SPEC("82093AA data sheet, 3.2.1, 3.2.3"))
{
	u32 before = ioapic_read(IOAPIC_ID);

	for (u32 id = 0; id < 16; id++) {
		ioapic_write(IOAPIC_ID, id << 24);
		EXPECT_EQ(ioapic_read(IOAPIC_ID) & 0x0f000000, id << 24);
		EXPECT_EQ(ioapic_read(IOAPIC_ARBITRATION) & 0x0f000000, id << 24, "arbitration");
	}
	ioapic_write(IOAPIC_ID, before);
	EXPECT_EQ(ioapic_read(IOAPIC_ID), before);
}

TEST(version_is_read_only, "version and arbitration cannot be written",
     SPEC("82093AA data sheet, 3.2.2, 3.2.3"))
{
	static const u32 values[] = { 0, 0xffffffff, 0x5a5a5a5a };
	u32 version = ioapic_read(IOAPIC_VERSION), arbitration = ioapic_read(IOAPIC_ARBITRATION);

	EXPECT_GE(IOAPIC_VERSION_NUMBER(version), 0x10u);
	EXPECT_LE(IOAPIC_VERSION_NUMBER(version), 0x2fu);
	EXPECT_GE(ioapic_pins(), 16u);
	EXPECT_LE(ioapic_pins(), 240u);
	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		ioapic_write(IOAPIC_VERSION, values[i]);
		ioapic_write(IOAPIC_ARBITRATION, values[i]);
		EXPECT_EQ(ioapic_read(IOAPIC_VERSION), version);
		EXPECT_EQ(ioapic_read(IOAPIC_ARBITRATION), arbitration);
	}
}

/* Masked all the while, but for the mask bit's own turn: no line is high. */
TEST(entry_bits, "each bit of an entry that is R/W can be set and cleared alone, at every pin",
     SPEC("82093AA data sheet, 3.2.4"))
{
	ioapic_begin();
	for (u32 pin = 0; pin < ioapic_pins(); pin++) {
		u32 low = IOAPIC_REDTBL + 2 * pin;

		SUBTEST("pin-%u", pin);
		for (u32 bit = 0; bit < 16; bit++) {
			if (!(ENTRY_LOW_BITS >> bit & 1))
				continue;
			ioapic_write(low, (u32)(IOAPIC_MASKED | BIT(bit)));
			EXPECT_EQ(ioapic_read(low) & ENTRY_LOW_BITS, IOAPIC_MASKED | BIT(bit),
				  "bit %u", bit);
			ioapic_write(low, ENTRY_LOW_BITS & ~(u32)BIT(bit));
			EXPECT_EQ(ioapic_read(low) & ENTRY_LOW_BITS, ENTRY_LOW_BITS & ~BIT(bit),
				  "bit %u clear", bit);
		}
		for (u32 bit = 24; bit < 32; bit++) {
			ioapic_write(low + 1, (u32)BIT(bit));
			EXPECT_EQ(ioapic_read(low + 1) & 0xff000000, BIT(bit), "bit %u", bit + 32);
		}
		ioapic_set_entry(pin, IOAPIC_MASKED);
	}
}

TEST(entry_read_only_bits, "delivery status and remote IRR cannot be set by a write",
     SPEC("82093AA data sheet, 3.2.4"))
{
	ioapic_begin();
	for (u32 pin = 0; pin < ioapic_pins(); pin++) {
		u32 low = IOAPIC_REDTBL + 2 * pin;

		SUBTEST("pin-%u", pin);
		ioapic_write(low, (u32)(IOAPIC_MASKED | IOAPIC_LEVEL | IOAPIC_PENDING |
					IOAPIC_REMOTE_IRR | PIN_VECTOR));
		EXPECT_EQ(ioapic_read(low) & (IOAPIC_PENDING | IOAPIC_REMOTE_IRR), 0ull);
		EXPECT_EQ(ioapic_read(low) & IOAPIC_VECTOR, (u64)PIN_VECTOR);
	}
	ioapic_reset();
}

TEST(entries_are_separate, "writing the entry of one pin changes no other",
     SPEC("82093AA data sheet, 3.2.4"))
{
	ioapic_begin();
	for (u32 pin = 0; pin < ioapic_pins(); pin++)
		ioapic_set_entry(pin, IOAPIC_DESTINATION(0x80 + pin) | IOAPIC_MASKED |
					      (pin & 1 ? IOAPIC_LEVEL : 0) | (0x30 + pin));
	for (u32 pin = 0; pin < ioapic_pins(); pin++)
		EXPECT_EQ(ioapic_entry(pin) & ~BITS(55, 17),
			  IOAPIC_DESTINATION(0x80 + pin) | IOAPIC_MASKED |
				  (pin & 1 ? IOAPIC_LEVEL : 0) | (0x30 + pin),
			  "pin %u", pin);
	ioapic_reset();
}

TEST(beyond_last_pin, "indexes after the last pin's entry change no entry",
     SPEC("82093AA data sheet, 3.2"))
{
	u64 before[32];

	ioapic_begin();
	for (u32 pin = 0; pin < MIN(ioapic_pins(), 32u); pin++)
		before[pin] = ioapic_entry(pin);
	for (u32 reg = IOAPIC_REDTBL + 2 * ioapic_pins(); reg < 0x100; reg++)
		ioapic_write(reg, 0x00010055);
	for (u32 reg = IOAPIC_ARBITRATION + 1; reg < IOAPIC_REDTBL; reg++)
		ioapic_write(reg, 0x00010055);
	for (u32 pin = 0; pin < MIN(ioapic_pins(), 32u); pin++)
		EXPECT_EQ(ioapic_entry(pin), before[pin], "pin %u", pin);
}

static u32 seen_by_cpu_1;

static void write_by_cpu_1(void *arg)
{
	(void)arg;
	seen_by_cpu_1 = (u32)ioapic_entry(5);
	ioapic_set_entry(5, IOAPIC_MASKED | 0x62);
}

TEST(registers_are_shared, "every CPU reads and writes the same I/O APIC",
     SPEC("82093AA data sheet, 3.0"), REQUIRES(cpu_count() > 1))
{
	ioapic_begin();
	ioapic_set_entry(5, IOAPIC_MASKED | 0x61);
	run_on_cpu(1, write_by_cpu_1, NULL);
	EXPECT_EQ(seen_by_cpu_1 & IOAPIC_VECTOR, 0x61ull);
	EXPECT_EQ(ioapic_entry(5) & IOAPIC_VECTOR, 0x62ull);
	ioapic_reset();
}
