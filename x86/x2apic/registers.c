/* SPDX-License-Identifier: MIT */
/* The registers in x2APIC mode, MSRs from 800H on: SDM vol. 3A, 10.12.1-10.12.3, table 10-6. */
#include <test.h>

#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/irq.h>
#include <x86/msr.h>

#include "x2apic.h"

SUITE("Registers in x2APIC mode", REQUIRES(HAS_X2APIC));

TEST(msrs_reserved, "in x2APIC mode the MSRs that are no registers are #GP(0)",
     SPEC("SDM vol. 3A, 10.12.1.2, table 10-6"))
{
	struct x2apic_register reg;
	u32 row = 0;

	x2apic_enter();
	for (u32 msr = X2APIC_FIRST; msr <= X2APIC_LAST; msr++) {
		u64 value = 0;

		if (x2apic_find(msr, &reg))
			continue;
		/* AMD: extended registers; Intel has LVT CMCI where Max LVT Entry says so. */
		if (msr >= 0x840 && msr <= 0x853 &&
		    (apic_read(APIC_VERSION) & APIC_VERSION_EXTENDED))
			continue;
		if (row != msr / 16) {
			row = msr / 16;
			SUBTEST("%#x-%#x", 16 * row, 16 * row + 15);
		}
		EXPECT_FAULT(GP(0), rdmsr_try(msr, &value), "RDMSR of %#x", msr);
		EXPECT_FAULT(GP(0), wrmsr_try(msr, 0), "WRMSR of %#x", msr);
	}
}

TEST(access, "read-only registers refuse WRMSR and write-only ones RDMSR, with #GP(0)",
     SPEC("SDM vol. 3A, table 10-6"))
{
	x2apic_enter();
	for (u32 i = 0; i < x2apic_count(); i++) {
		struct x2apic_register reg = x2apic_register(i);
		u64 value = 0;

		SUBTEST("%s-read", reg.name);
		EXPECT_FAULT(reg.readable ? NO_FAULT : GP(0), rdmsr_try(reg.msr, &value));
		if (reg.msr == apic_msr(APIC_ICR) || reg.msr == apic_msr(APIC_SELF_IPI))
			continue;
		SUBTEST("%s-write", reg.name);
		EXPECT_FAULT(reg.writable ? NO_FAULT : GP(0),
			     wrmsr_try(reg.msr, reg.writable ? value : 0));
	}
}

TEST(reserved_bits, "WRMSR with a reserved bit is #GP(0), and the register keeps its value",
     SPEC("SDM vol. 3A, 10.12.1.3, table 10-6"))
{
	x2apic_enter();
	for (u32 i = 0; i < x2apic_count(); i++) {
		struct x2apic_register reg = x2apic_register(i);
		u64 tolerated = 0, before = 0;

		if (!reg.writable || reg.msr == apic_msr(APIC_ICR))
			continue;
		/* Read-only bits of the LVT, SVR's bits 9 and 12, and TSC-deadline mode. */
		if (reg.msr >= 0x82f && reg.msr <= 0x837)
			tolerated = APIC_LVT_PENDING | APIC_LVT_REMOTE_IRR;
		if (reg.msr == apic_msr(APIC_SVR))
			tolerated = BIT(9) | APIC_SVR_SUPPRESS_EOI;
		SUBTEST("%s", reg.name);
		if (reg.readable)
			before = rdmsr(reg.msr);
		for_each_set_bit(bit, ~(reg.bits | tolerated)) {
			EXPECT_FAULT(GP(0), wrmsr_try(reg.msr, before | BIT(bit)), "bit %llu", bit);
			if (reg.readable)
				EXPECT_EQ(rdmsr(reg.msr), before, "bit %llu", bit);
		}
	}
}

TEST(bits, "each bit that may be written can be set and cleared; what is reserved reads as 0",
     SPEC("SDM vol. 3A, 10.12.1.3, table 10-6"))
{
	x2apic_enter();
	for (u32 i = 0; i < x2apic_count(); i++) {
		struct x2apic_register reg = x2apic_register(i);
		u64 bits = reg.bits, base = 0;

		if (!reg.readable || !reg.writable || !bits || reg.msr == apic_msr(APIC_ICR))
			continue;
		/* Bit 18 depends on TSC-deadline mode; without the enable bit the LVT stays masked. */
		if (reg.msr == apic_msr(APIC_LVT_TIMER))
			bits &= ~BIT(18);
		if (reg.msr == apic_msr(APIC_SVR))
			bits = 0xff, base = APIC_SVR_ENABLE;
		if (reg.msr == apic_msr(APIC_TIMER_INITIAL))
			base = 0xf0000000;
		SUBTEST("%s", reg.name);
		for_each_set_bit(bit, bits) {
			EXPECT_NO_FAULT(wrmsr_try(reg.msr, base | BIT(bit)), "bit %llu", bit);
			EXPECT_EQ(rdmsr(reg.msr), base | BIT(bit), "bit %llu", bit);
			EXPECT_NO_FAULT(wrmsr_try(reg.msr, base | (bits & ~BIT(bit))), "bit %llu",
					bit);
			EXPECT_EQ(rdmsr(reg.msr), base | (bits & ~BIT(bit)), "bit %llu", bit);
		}
	}
}

TEST(upper_halves, "RDMSR of a 32-bit register returns 0 in EDX", SPEC("SDM vol. 3A, 10.12.1.1"))
{
	x2apic_enter();
	for (u32 i = 0; i < x2apic_count(); i++) {
		struct x2apic_register reg = x2apic_register(i);

		if (reg.readable && reg.msr != apic_msr(APIC_ICR))
			EXPECT_EQ(rdmsr(reg.msr) >> 32, 0ull, "%s", reg.name);
	}
}

TEST(id, "the ID in x2APIC mode is all 32 bits of CPUID.0BH:EDX", SPEC("SDM vol. 3A, 10.12.8.1"))
{
	x2apic_enter();
	EXPECT_EQ(rdmsr(apic_msr(APIC_ID)), (u64)cpuid(0xb, 0).edx);
}

/* --------------------------------------------------------------------------------- the page is dead */

static volatile u32 *mmio(u32 reg)
{
	return (volatile u32 *)(ulong)(APIC_DEFAULT_BASE + reg);
}

TEST(page_is_dead, "in x2APIC mode the page in memory is no way to the registers",
     SPEC("SDM vol. 3A, 10.12.2, table 10-7"), BUG("linux d1766202779e"))
{
	irq_record(0x20, 0xef);
	x2apic_enter();
	SUBTEST("TPR");
	apic_write(APIC_TPR, 0x35);
	*mmio(APIC_TPR) = 0x40;
	EXPECT_EQ(apic_read(APIC_TPR), 0x35u);
	apic_write(APIC_TPR, 0);
	SUBTEST("LVT-error");
	*mmio(APIC_LVT_ERROR) = 0x77;
	EXPECT_EQ(apic_read(APIC_LVT_ERROR), (u32)APIC_LVT_MASKED);
	SUBTEST("ICR");
	*mmio(APIC_ICR_HIGH) = apic_id() << 24;
	*mmio(APIC_ICR) = ICR_FIXED | ICR_ASSERT | ICR_SELF | 0x51;
	irq_window();
	EXPECT_EQ(irq_taken(0, 0x51), 0u);
	EXPECT(!apic_vector_bit(APIC_IRR, 0x51));
	SUBTEST("EOI");
	apic_send_vector(0, 0x52);
	trap_set_handler(0x52, NULL);
	EXPECT(apic_vector_bit(APIC_IRR, 0x52));
	*mmio(APIC_EOI) = 0;
	EXPECT(apic_vector_bit(APIC_IRR, 0x52));
	irq_record(0x20, 0xef);
	irq_window();
	EXPECT_EQ(irq_taken(0, 0x52), 1u);
}
