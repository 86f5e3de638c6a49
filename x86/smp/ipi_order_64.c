/* SPDX-License-Identifier: MIT */
/* CR8 is bits 7-4 of the task priority: SDM vol. 3A, 10.8.6. It only exists in 64-bit mode. */
#include <test.h>

#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/irq.h>

SUITE("CR8 as the task priority", REQUIRES(cpu_has(X86_FEATURE_APIC)));

TEST(cr8_is_tpr, "CR8 reads bits 7-4 of TPR, and writing it sets them and clears bits 3-0",
     SPEC("SDM vol. 3A, 10.8.6"))
{
	for (u32 class = 0; class < 16; class ++) {
		apic_write(APIC_TPR, class << 4 | 5);
		EXPECT_EQ(read_cr8(), class);
		write_cr8(15 - class);
		EXPECT_EQ(apic_read(APIC_TPR), (15 - class) << 4);
	}
	write_cr8(0);
}

TEST(cr8_holds_back,
     "CR8 holds back interrupts of its class and below, and lowering it lets them in",
     SPEC("SDM vol. 3A, 10.8.3.1, 10.8.6"))
{
	static const struct {
		u8 cr8, vector;
		bool taken;
	} rows[] = {
		{ 0, 0x20, true },  { 1, 0x20, true }, { 2, 0x2f, false },
		{ 4, 0x4f, false }, { 4, 0x50, true }, { 15, 0xef, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("CR8-%u-vector-%#x", rows[i].cr8, rows[i].vector);
		irq_record(0x20, 0xef);
		write_cr8(rows[i].cr8);
		apic_send_vector(0, rows[i].vector);
		irq_window();
		EXPECT_EQ(irq_taken(0, rows[i].vector), rows[i].taken);
		irq_enable();
		write_cr8(0);
		irq_window();
		EXPECT_EQ(irq_taken(0, rows[i].vector), 1, "once CR8 is 0");
	}
}

TEST(cr8_reserved_bits, "setting a bit of CR8 above bit 3 is #GP(0), and CR8 keeps its value",
     SPEC("SDM vol. 3A, 10.8.6; vol. 2B, MOV to control registers"))
{
	write_cr8(3);
	for (u32 bit = 4; bit < 64; bit++) {
		EXPECT_FAULT(GP(0), write_cr8_try(BIT(bit)), "bit %u", bit);
		EXPECT_EQ(read_cr8(), 3);
	}
	write_cr8(0);
}
