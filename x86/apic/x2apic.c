/* SPDX-License-Identifier: MIT */
/*
 * From xAPIC to x2APIC mode: SDM vol. 3A, 10.12.1-10.12.5. What needs no way back is in the image x2apic.
 */
#include <test.h>

#include <x86/apic.h>
#include <x86/apic_again.h>
#include <x86/cpuid.h>
#include <x86/irq.h>
#include <x86/msr.h>

SUITE("From xAPIC to x2APIC mode", REQUIRES(cpu_has(X86_FEATURE_APIC) && cpu_has(X86_FEATURE_MSR)));

/* The MSRs that are reserved for the registers: the 2016 SDM has 800H-BFFH, later ones 800H-8FFH. */
#define X2APIC_FIRST 0x800u
#define X2APIC_LAST  0x8ffu

#define HAS_X2APIC (cpu_has(X86_FEATURE_X2APIC) && apic_enables_again())

TEST(x2apic_msrs_in_xapic_mode, "in xAPIC mode RDMSR and WRMSR of 800H to 8FFH are #GP(0)",
     SPEC("SDM vol. 3A, 10.12.2, table 10-7"), BUG("qemu#330"), BUG("CVE-2016-4440"))
{
	for (u32 msr = X2APIC_FIRST; msr <= X2APIC_LAST; msr++) {
		u64 value = 0x1122334455667788;

		if (msr % 16 == 0)
			SUBTEST("xapic-%#x-%#x", msr, msr + 15);
		EXPECT_FAULT(GP(0), rdmsr_try(msr, &value), "RDMSR of %#x", msr);
		EXPECT_FAULT(GP(0), wrmsr_try(msr, 0), "WRMSR of %#x", msr);
	}
}

TEST(x2apic_version, "the version register is the same in xAPIC and x2APIC mode",
     SPEC("SDM vol. 3A, table 10-6"), REQUIRES(HAS_X2APIC))
{
	u32 version = apic_read(APIC_VERSION);

	apic_enter_x2apic();
	EXPECT_EQ(rdmsr(apic_msr(APIC_VERSION)), (u64)version);
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
