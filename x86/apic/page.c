/* SPDX-License-Identifier: MIT */
/*
 * Every offset of the APIC's page in xAPIC mode: SDM vol. 3A, table 10-1, and 10.5.3, illegal register
 * address. Registers are read and written by aligned accesses of 32 bits; what others do is undefined
 * (10.4.1), so that no case makes them.
 */
#include <test.h>

#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/irq.h>

SUITE("The local APIC's page", REQUIRES(cpu_has(X86_FEATURE_APIC)));

/*
 * What is written to reserved registers: bits 7-0 are a legal vector and the rest of the low byte's
 * neighbours 0, so that a register that should not be there does no harm.
 */
#define HARMLESS 0x41u

/* Ranges of reserved offsets, first and last: table 10-1. */
static const struct {
	u16 first, last;
} reserved[] = {
	{ 0x000, 0x010 }, { 0x040, 0x070 }, { 0x290, 0x2e0 }, { 0x3a0, 0x3d0 },
	{ 0x3f0, 0x3f0 }, { 0x400, 0x530 }, { 0x540, 0x7f0 }, { 0x800, 0xff0 },
};

/* AMD's extended registers are where Intel's table has nothing: APM vol. 2, 16.3.4. */
static bool has_extended_registers(void)
{
	return apic_read(APIC_VERSION) & APIC_VERSION_EXTENDED;
}

static u32 errors_since_last(void)
{
	apic_write(APIC_ESR, 0);
	return apic_read(APIC_ESR);
}

static bool open_row(u32 i, const char *what)
{
	SUBTEST("%s-%#05x-%#05x", what, reserved[i].first, reserved[i].last);
	if (reserved[i].first == 0x400 && has_extended_registers()) {
		SKIP_ROW("the APIC has AMD's extended registers");
		return false;
	}
	return true;
}

TEST(reserved_reads, "a read of a reserved register sets illegal register address in ESR",
     SPEC("SDM vol. 3A, 10.5.3, table 10-1; APM vol. 2, 16.4.6"))
{
	for (u32 i = 0; i < ARRAY_SIZE(reserved); i++) {
		if (!open_row(i, "read"))
			continue;
		for (u32 offset = reserved[i].first; offset <= reserved[i].last; offset += 16) {
			errors_since_last();
			(void)apic_read(offset);
			EXPECT_EQ(errors_since_last(), (u32)APIC_ESR_ILLEGAL_ADDRESS, "offset %#x",
				  offset);
		}
	}
}

TEST(reserved_writes, "a write to a reserved register sets illegal register address in ESR",
     SPEC("SDM vol. 3A, 10.5.3, table 10-1; APM vol. 2, 16.4.6"))
{
	for (u32 i = 0; i < ARRAY_SIZE(reserved); i++) {
		if (!open_row(i, "write"))
			continue;
		irq_record(0x20, 0xef);
		for (u32 offset = reserved[i].first; offset <= reserved[i].last; offset += 16) {
			errors_since_last();
			apic_write(offset, HARMLESS);
			EXPECT_EQ(errors_since_last(), (u32)APIC_ESR_ILLEGAL_ADDRESS, "offset %#x",
				  offset);
		}
		irq_window();
		EXPECT_EQ(irq_taken(0, HARMLESS), 0u, "a write to a reserved register interrupts");
	}
}

/* Write-only and the registers of old APICs included: their bit 7 is for reserved ones only. */
TEST(registers_are_no_error, "reading and writing registers that exist sets no bit of ESR",
     SPEC("SDM vol. 3A, 10.5.3, table 10-1"))
{
	static const u16 offsets[] = {
		APIC_ID,	   APIC_VERSION,   APIC_TPR,	       APIC_PPR,
		APIC_LDR,	   APIC_DFR,	   APIC_SVR,	       APIC_ISR,
		APIC_ISR + 0x70,   APIC_TMR,	   APIC_TMR + 0x70,    APIC_IRR,
		APIC_IRR + 0x70,   APIC_ICR_HIGH,  APIC_LVT_TIMER,     APIC_LVT_LINT0,
		APIC_LVT_LINT1,	   APIC_LVT_ERROR, APIC_TIMER_INITIAL, APIC_TIMER_CURRENT,
		APIC_TIMER_DIVIDE,
	};
	u32 before;

	/* What an APIC that does not clear ESR had before is not held against it here. */
	before = errors_since_last();
	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		u32 value;

		value = apic_read(offsets[i]);
		EXPECT_EQ(errors_since_last() & ~before, 0u, "read of %#x", offsets[i]);
		apic_write(offsets[i], value);
		EXPECT_EQ(errors_since_last() & ~before, 0u, "write of %#x", offsets[i]);
	}
	apic_write(APIC_EOI, 0);
	EXPECT_EQ(errors_since_last() & ~before, 0u, "write of EOI");
}
