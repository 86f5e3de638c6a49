/* SPDX-License-Identifier: MIT */
/* The registers in x2APIC mode, MSRs from 800H on: SDM vol. 3A, 10.12.1-10.12.3, table 10-6. */
#include <test.h>

#include <x86/apic.h>
#include <x86/apic_again.h>
#include <x86/cpuid.h>
#include <x86/irq.h>
#include <x86/msr.h>

#include "x2apic.h"

SUITE("Registers in x2APIC mode", REQUIRES(cpu_has(X86_FEATURE_APIC) && cpu_has(X86_FEATURE_MSR)));

#define HAS_X2APIC (cpu_has(X86_FEATURE_X2APIC) && apic_enables_again())

/* Rows are of 16 MSRs. */
static void expect_no_registers(const char *mode)
{
	for (u32 msr = X2APIC_FIRST; msr <= X2APIC_LAST; msr++) {
		u64 value = 0x1122334455667788;

		if (msr % 16 == 0)
			SUBTEST("%s-%#x-%#x", mode, msr, msr + 15);
		EXPECT_FAULT(GP(0), rdmsr_try(msr, &value), "RDMSR of %#x", msr);
		EXPECT_FAULT(GP(0), wrmsr_try(msr, 0), "WRMSR of %#x", msr);
	}
}

TEST(x2apic_msrs_in_xapic_mode, "in xAPIC mode RDMSR and WRMSR of 800H to 8FFH are #GP(0)",
     SPEC("SDM vol. 3A, 10.12.2, table 10-7"), BUG("qemu#330"), BUG("CVE-2016-4440"))
{
	expect_no_registers("xapic");
}

TEST(x2apic_msrs_reserved, "in x2APIC mode the MSRs that are no registers are #GP(0)",
     SPEC("SDM vol. 3A, 10.12.1.2, table 10-6"), REQUIRES(HAS_X2APIC))
{
	struct x2apic_register reg;
	u32 row = 0;

	apic_enter_x2apic();
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

TEST(x2apic_access, "read-only registers refuse WRMSR and write-only ones RDMSR, with #GP(0)",
     SPEC("SDM vol. 3A, table 10-6"), REQUIRES(HAS_X2APIC))
{
	apic_enter_x2apic();
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

TEST(x2apic_reserved_bits, "WRMSR with a reserved bit is #GP(0), and the register keeps its value",
     SPEC("SDM vol. 3A, 10.12.1.3, table 10-6"), REQUIRES(HAS_X2APIC))
{
	apic_enter_x2apic();
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

TEST(x2apic_bits,
     "each bit that may be written can be set and cleared; what is reserved reads as 0",
     SPEC("SDM vol. 3A, 10.12.1.3, table 10-6"), REQUIRES(HAS_X2APIC))
{
	apic_enter_x2apic();
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

TEST(x2apic_upper_halves, "RDMSR of a 32-bit register returns 0 in EDX",
     SPEC("SDM vol. 3A, 10.12.1.1"), REQUIRES(HAS_X2APIC))
{
	apic_enter_x2apic();
	for (u32 i = 0; i < x2apic_count(); i++) {
		struct x2apic_register reg = x2apic_register(i);

		if (reg.readable && reg.msr != apic_msr(APIC_ICR))
			EXPECT_EQ(rdmsr(reg.msr) >> 32, 0ull, "%s", reg.name);
	}
}

TEST(x2apic_id, "the ID in x2APIC mode is all 32 bits of CPUID.0BH:EDX",
     SPEC("SDM vol. 3A, 10.12.8.1"), REQUIRES(HAS_X2APIC))
{
	apic_enter_x2apic();
	EXPECT_EQ(rdmsr(apic_msr(APIC_ID)), (u64)cpuid(0xb, 0).edx);
}

TEST(x2apic_version, "the version register is the same in xAPIC and x2APIC mode",
     SPEC("SDM vol. 3A, table 10-6"), REQUIRES(HAS_X2APIC))
{
	u32 version = apic_read(APIC_VERSION);

	apic_enter_x2apic();
	EXPECT_EQ(rdmsr(apic_msr(APIC_VERSION)), (u64)version);
}

/* --------------------------------------------------------------------------------- the page is dead */

static volatile u32 *mmio(u32 reg)
{
	return (volatile u32 *)(ulong)(APIC_DEFAULT_BASE + reg);
}

TEST(x2apic_page_is_dead, "in x2APIC mode the page in memory is no way to the registers",
     SPEC("SDM vol. 3A, 10.12.2, table 10-7"), BUG("linux d1766202779e"), REQUIRES(HAS_X2APIC))
{
	irq_record(0x20, 0xef);
	apic_enter_x2apic();
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

/* ------------------------------------------------------------------------------------ across a change */

TEST(x2apic_keeps_state,
     "going to x2APIC mode keeps the registers but LDR and the high half of ICR",
     SPEC("SDM vol. 3A, 10.12.5.1, State Changes From xAPIC Mode to x2APIC Mode"),
	  REQUIRES(HAS_X2APIC))
{
	static const struct {
		const char *name;
		u32 reg, value;
	} rows[] = {
		{ "TPR", APIC_TPR, 0x25 },
		{ "SVR", APIC_SVR, APIC_SVR_ENABLE | 0xfe },
		{ "LVT-timer", APIC_LVT_TIMER, APIC_LVT_MASKED | APIC_TIMER_PERIODIC | 0x31 },
		{ "LVT-LINT0", APIC_LVT_LINT0, APIC_LVT_MASKED | APIC_LVT_LEVEL | 0x32 },
		{ "LVT-LINT1", APIC_LVT_LINT1, APIC_LVT_MASKED | 0x33 },
		{ "LVT-error", APIC_LVT_ERROR, 0x34 },
		{ "initial-count", APIC_TIMER_INITIAL, 0xfeeddccc },
		{ "divide", APIC_TIMER_DIVIDE, 0xa },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		apic_write(rows[i].reg, rows[i].value);
	apic_write(APIC_LDR, 0x55000000);
	apic_enter_x2apic();
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		EXPECT_EQ(apic_read(rows[i].reg), rows[i].value);
	}
	SUBTEST("current-count");
	EXPECT_GT(apic_read(APIC_TIMER_CURRENT), 0xf0000000u);
}

TEST(x2apic_keeps_pending, "what is pending in xAPIC mode is taken in x2APIC mode",
     SPEC("SDM vol. 3A, 10.12.5.1"), REQUIRES(HAS_X2APIC))
{
	irq_record(0x20, 0xef);
	apic_send_vector(0, 0x41);
	apic_send_vector(0, 0x92);
	apic_enter_x2apic();
	EXPECT(apic_vector_bit(APIC_IRR, 0x41));
	EXPECT(apic_vector_bit(APIC_IRR, 0x92));
	irq_window();
	ASSERT_EQ(irq_history_length(0), 2u);
	EXPECT_EQ(irq_history_vector(0, 0), 0x92u);
	EXPECT_EQ(irq_history_vector(0, 1), 0x41u);
}

static struct {
	bool isr_before, isr_after, isr_ended;
	u32 ppr;
} service;

static void change_in_service(struct trap_frame *frame)
{
	u32 vector = (u32)frame->vector;

	service.isr_before = apic_vector_bit(APIC_ISR, vector);
	apic_enter_x2apic();
	service.isr_after = apic_vector_bit(APIC_ISR, vector);
	service.ppr = apic_read(APIC_PPR);
	apic_eoi();
	service.isr_ended = !apic_vector_bit(APIC_ISR, vector);
}

TEST(x2apic_keeps_service,
     "what came in xAPIC mode is still in service in x2APIC mode, until its EOI",
     SPEC("SDM vol. 3A, 10.12.5.1, 10.8.4"), REQUIRES(HAS_X2APIC))
{
	irq_record(0x20, 0xef);
	trap_set_handler(0x61, change_in_service);
	service = (__typeof__(service)){ .isr_before = false };
	apic_send_vector(0, 0x61);
	irq_window();
	EXPECT(service.isr_before);
	EXPECT(service.isr_after);
	EXPECT_EQ(service.ppr, 0x60u);
	EXPECT(service.isr_ended);
}
