/* SPDX-License-Identifier: MIT */
/* CR8, the task priority: SDM vol. 3A, 10.8.6. */
#include <test.h>

#include <x86/apic.h>
#include <x86/cr.h>

SUITE("CR8");

TEST(cr8_values, "CR8 keeps each of its 16 values; the local APIC's TPR has it in bits 7-4",
     SPEC("SDM vol. 3A, 10.8.6, 10.8.6.1"))
{
	for (ulong value = 0; value <= 15; value++) {
		SUBTEST("%lu", value);
		EXPECT_NO_FAULT(write_cr8_try(value));
		EXPECT_EQ(read_cr8(), value);
		EXPECT_EQ(apic_read(APIC_TPR), (u32)value << 4);
	}
	write_cr8(0);
}

TEST(cr8_follows_tpr, "CR8 is bits 7-4 of a TPR that was written by memory access",
     SPEC("SDM vol. 3A, 10.8.6.1"))
{
	for (u32 value = 0; value <= 255; value += 17) {
		SUBTEST("tpr-%#x", value);
		apic_write(APIC_TPR, value);
		EXPECT_EQ(read_cr8(), (ulong)value >> 4);
	}
	apic_write(APIC_TPR, 0);
}
