/* SPDX-License-Identifier: MIT */
/*
 * The registers of the local APIC in xAPIC mode: SDM vol. 3A, table 10-1 and the figures of chapter 10.
 * What reserved bits read as is left open by the manual ("do not depend on the states of any reserved
 * bits"), so that only defined bits are looked at.
 */
#include <test.h>

#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/irq.h>

#include "registers.h"

SUITE("Registers of the local APIC", REQUIRES(cpu_has(X86_FEATURE_APIC)));

TEST(apic_register_bits, "each bit that software may write can be set and cleared alone",
     SPEC("SDM vol. 3A, table 10-1, figures 10-8, 10-13, 10-14, 10-18, 10-23"))
{
	for (u32 i = 0; i < apic_register_count(); i++) {
		struct apic_register reg = apic_register(i);

		if (!reg.bits)
			continue;
		SUBTEST("%s", reg.name);
		for_each_set_bit(bit, reg.bits) {
			apic_write(reg.offset, reg.base | (u32)BIT(bit));
			EXPECT_EQ(apic_read(reg.offset) & reg.bits,
				  (reg.base | BIT(bit)) & reg.bits, "bit %llu set", bit);
			apic_write(reg.offset, reg.bits & ~(u32)BIT(bit));
			EXPECT_EQ(apic_read(reg.offset) & reg.bits, reg.bits & ~BIT(bit),
				  "bit %llu clear", bit);
		}
		apic_reset();
	}
}

/* Values that differ in every register, so that one write that hits two shows. */
TEST(apic_registers_are_separate, "a write changes the register that it is for and no other",
     SPEC("SDM vol. 3A, table 10-1"))
{
	const u32 pattern = 0x51617182;
	u32 before[APIC_REGISTERS_MAX];

	for (u32 i = 0; i < apic_register_count(); i++) {
		struct apic_register written = apic_register(i);

		if (!written.bits)
			continue;
		SUBTEST("%s", written.name);
		for (u32 j = 0; j < apic_register_count(); j++)
			before[j] = apic_read(apic_register(j).offset);
		apic_write(written.offset, (pattern & written.bits) | written.base);
		for (u32 j = 0; j < apic_register_count(); j++) {
			struct apic_register reg = apic_register(j);

			/* PPR follows TPR, and the current count the initial one. */
			if (j == i || reg.follows == written.offset)
				continue;
			EXPECT_EQ(apic_read(reg.offset), before[j], "%s", reg.name);
		}
		apic_reset();
	}
}

TEST(apic_read_only_registers, "writing a read-only register changes nothing",
     SPEC("SDM vol. 3A, table 10-1"))
{
	static const u32 values[] = { 0, 0xffffffff, 0x5a5a5a5a };

	for (u32 i = 0; i < apic_register_count(); i++) {
		struct apic_register reg = apic_register(i);
		u32 before = apic_read(reg.offset);

		if (!reg.read_only)
			continue;
		SUBTEST("%s", reg.name);
		for (u32 v = 0; v < ARRAY_SIZE(values); v++) {
			apic_write(reg.offset, values[v]);
			EXPECT_EQ(apic_read(reg.offset), before, "%#x written", values[v]);
		}
	}
	irq_record(0x20, 0xff);
	irq_window();
	EXPECT_EQ(irq_history_length(0), 0u, "a write to IRR is no interrupt");
}

struct versions {
	u32 versions[32];
};

static void read_version(void *arg)
{
	struct versions *seen = arg;

	seen->versions[this_cpu()->number % 32] = apic_read(APIC_VERSION);
}

TEST(apic_version, "the version is that of an integrated APIC, with the LVT entries that there are",
     SPEC("SDM vol. 3A, 10.4.8"))
{
	u32 version = apic_read(APIC_VERSION);
	struct versions seen = { 0 };

	EXPECT_GE(APIC_VERSION_NUMBER(version), 0x10u);
	EXPECT_LE(APIC_VERSION_NUMBER(version), 0x1fu);
	EXPECT_GE(APIC_VERSION_MAX_LVT(version), 3u);
	if (cpu_count() > 1) {
		run_on_cpu(1, read_version, &seen);
		EXPECT_EQ(seen.versions[1], version, "CPU 1");
	}
}

TEST(apic_reads_change_nothing, "reading every register twice gives the same, and no error",
     SPEC("SDM vol. 3A, 10.4.1, 10.5.3"))
{
	u32 first[APIC_REGISTERS_MAX], errors;

	apic_write(APIC_ESR, 0);
	errors = apic_read(APIC_ESR);
	for (u32 i = 0; i < apic_register_count(); i++)
		first[i] = apic_read(apic_register(i).offset);
	for (u32 i = 0; i < apic_register_count(); i++)
		EXPECT_EQ(apic_read(apic_register(i).offset), first[i], "%s",
			  apic_register(i).name);
	apic_write(APIC_ESR, 0);
	EXPECT_EQ(apic_read(APIC_ESR) & ~errors, 0u);
}

TEST(apic_registers_are_own, "the registers of one CPU's APIC are not those of another's",
     SPEC("SDM vol. 3A, 10.4.1"), REQUIRES(cpu_count() > 1))
{
	struct versions seen = { 0 };

	for (u32 i = 0; i < apic_register_count(); i++) {
		struct apic_register reg = apic_register(i);

		if (!reg.bits || reg.offset == APIC_ICR)
			continue;
		apic_write(reg.offset, reg.base | (0x51617182 & reg.bits));
	}
	/* CPU 1 starts with the reset state, which is CPU 1's. */
	run_on_cpu(1, read_version, &seen);
	EXPECT_EQ(apic_read(APIC_TPR), 0x82u);
	EXPECT_EQ(apic_read(APIC_LVT_ERROR) & 0xff, 0x82u);
	EXPECT_EQ(apic_read(APIC_TIMER_INITIAL), 0xf1617182u);
}
