/* SPDX-License-Identifier: MIT */
/*
 * PSCI: starting and ending CPUs. These cases take the library's CPUs for themselves: a CPU that is on
 * here was started by the library, one that is off was stopped through arch_reset_cpu().
 */
#include <test.h>

#include <arm/psci.h>
#include <arm/sysreg.h>
#include <mm/page.h>
#include <mm/space.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>

#include "psci.h"

SUITE("PSCI", REQUIRES(psci_conduit() != PSCI_NONE));

/* An affinity that no CPU of the device tree has. */
static u64 missing_affinity(void)
{
	u64 affinity = 0;

	for (u32 i = 0; i < cpu_count(); i++)
		affinity |= cpu_by_number(i)->hardware_id;
	return affinity | 0xff0000;
}

static void nothing(void *arg)
{
	(void)arg;
}

TEST(version, "PSCI_VERSION is at least 0.2, and 1.0 or later has PSCI_FEATURES",
     SPEC("DEN 0022, 5.3 PSCI_VERSION, 5.15 PSCI_FEATURES"))
{
	s32 version = psci_call(PSCI_VERSION, 0, 0, 0);

	EXPECT_GE(version, 2);
	if (version < 0x10000)
		return;
	EXPECT_GE(psci_call(PSCI_FEATURES, PSCI_CPU_OFF, 0, 0), 0);
	EXPECT_GE(psci_call(PSCI_FEATURES, PSCI_NATIVE(PSCI_CPU_ON), 0, 0), 0);
	EXPECT_GE(psci_call(PSCI_FEATURES, PSCI_SYSTEM_OFF, 0, 0), 0);
	EXPECT_EQ(psci_call(PSCI_FEATURES, 0x8400ff00u, 0, 0), PSCI_NOT_SUPPORTED);
}

TEST(unknown_function, "an unknown function is NOT_SUPPORTED",
     SPEC("DEN 0028, 5.2, unknown function identifier"))
{
	EXPECT_EQ((s32)smccc_call(0x8400ff01u, 1, 2, 3).r[0], PSCI_NOT_SUPPORTED);
	EXPECT_EQ((s32)smccc_call(PSCI_64(0x8400ff01u), 1, 2, 3).r[0], PSCI_NOT_SUPPORTED);
}

TEST(registers_kept, "a call keeps x18 to x28 (r4 to r11)",
     SPEC("DEN 0028, 2.6, saved registers; 3.1, register use in AArch64 calls"))
{
	ulong values[KEPT_REGISTERS], before[KEPT_REGISTERS];

	for (u32 i = 0; i < KEPT_REGISTERS; i++)
		values[i] = before[i] = (ulong)random_u64();
	smccc_keep(values, psci_conduit() == PSCI_HVC);
	for (u32 i = 0; kept_names[i]; i++)
		EXPECT_EQ(values[i], before[i], "%s", kept_names[i]);
}

TEST(other_conduit, "HVC without EL2 and SMC without EL3 are UNDEFINED, unless the tree names them",
     SPEC("DDI 0487, C6.2 and F5.1, HVC, SMC; DEN 0028, 2.5, conduits"))
{
	static const struct {
		const char *name;
		enum psci_conduit by;
	} conduits[] = { { "hvc", PSCI_HVC }, { "smc", PSCI_SMC } };

	for (u32 i = 0; i < ARRAY_SIZE(conduits); i++) {
		struct smccc call = { { PSCI_VERSION, 1, 2, 3 } };

		SUBTEST("%s", conduits[i].name);
		if (conduits[i].by == psci_conduit())
			SKIP_ROW("the device tree's");
		else if (has_exception_level(conduits[i].by == PSCI_HVC ? 2 : 3))
			SKIP_ROW("the machine has the exception level");
		else {
			EXPECT_FAULT(UNDEFINED, smccc_try(conduits[i].by, &call));
			EXPECT_EQ(call.r[0], PSCI_VERSION);
			EXPECT_EQ(call.r[1], 1);
			EXPECT_EQ(call.r[2], 2);
			EXPECT_EQ(call.r[3], 3);
		}
	}
}

TEST(affinity_info_self, "AFFINITY_INFO of the calling CPU is ON", SPEC("DEN 0022, 5.7"))
{
	EXPECT_EQ(psci_affinity_info(cpu_by_number(0)->hardware_id), PSCI_IS_ON);
}

TEST(affinity_info_levels,
     "of a higher affinity level, AFFINITY_INFO is ON, as this CPU is, or INVALID_PARAMETERS",
     SPEC("DEN 0022, 5.7, lowest_affinity_level"))
{
	u64 self = cpu_by_number(0)->hardware_id;

	for (u32 level = 1; level < 4; level++) {
		s32 result = psci_call(PSCI_NATIVE(PSCI_AFFINITY_INFO), (ulong)self, level, 0);

		SUBTEST("level-%u", level);
		EXPECT(result == PSCI_IS_ON || result == PSCI_INVALID_PARAMETERS);
	}
}

TEST(affinity_info_missing, "AFFINITY_INFO of a CPU that does not exist is INVALID_PARAMETERS",
     SPEC("DEN 0022, 5.7.2"))
{
	EXPECT_EQ(psci_affinity_info(missing_affinity()), PSCI_INVALID_PARAMETERS);
}

TEST(affinity_info_follows, "AFFINITY_INFO is OFF after CPU_OFF and ON for a CPU that runs",
     SPEC("DEN 0022, 5.5 CPU_OFF, 5.7"), REQUIRES(cpu_count() >= 2))
{
	struct cpu *cpu = cpu_by_number(1);

	run_on_cpu(1, nothing, NULL);
	EXPECT_EQ(psci_affinity_info(cpu->hardware_id), PSCI_IS_ON);
	switch_off(cpu);
	EXPECT_EQ(psci_affinity_info(cpu->hardware_id), PSCI_IS_OFF);
	run_on_cpu(1, nothing, NULL);
	EXPECT_EQ(psci_affinity_info(cpu->hardware_id), PSCI_IS_ON);
}

TEST(cpu_on_running, "CPU_ON of a CPU that is on, the caller too, is ALREADY_ON",
     SPEC("DEN 0022, 5.6 CPU_ON, return values"))
{
	void *entry = page_alloc();

	EXPECT_EQ(psci_cpu_on(cpu_by_number(0)->hardware_id, (ulong)entry, 0), PSCI_ALREADY_ON);
	if (cpu_count() < 2)
		return;
	run_on_cpu(1, nothing, NULL);
	EXPECT_EQ(psci_cpu_on(cpu_by_number(1)->hardware_id, (ulong)entry, 0), PSCI_ALREADY_ON);
}

TEST(cpu_on_missing, "CPU_ON of a CPU that does not exist is INVALID_PARAMETERS",
     SPEC("DEN 0022, 5.6 CPU_ON, return values"))
{
	EXPECT_EQ(psci_cpu_on(missing_affinity(), (ulong)page_alloc(), 0), PSCI_INVALID_PARAMETERS);
}

/* MPIDR has U, MT and a one beside the affinity; a CPU that is on tells the two errors apart. */
TEST(reserved_bits_of_affinity,
     "bits of a CPU's number beside the affinity must be zero: else INVALID_PARAMETERS",
     SPEC("DEN 0022, 5.6.1, target_cpu; 5.7.1, target_affinity"))
{
	u64 affinity = cpu_by_number(0)->hardware_id;

	for_each_set_bit(bit, BITS(sizeof(ulong) * 8 - 1, 24) & ~MPIDR_AFFINITY) {
		SUBTEST("bit-%llu", bit);
		EXPECT_EQ(psci_cpu_on(affinity | BIT(bit), (ulong)page_alloc(), 0),
			  PSCI_INVALID_PARAMETERS);
		EXPECT_EQ(psci_affinity_info(affinity | BIT(bit)), PSCI_INVALID_PARAMETERS);
	}
}

TEST(context, "all bits of the context arrive in x0 (r0)",
     SPEC("DEN 0022, 5.6.1, context_id"), REQUIRES(cpu_count() >= 2))
{
	static const u64 contexts[] = { 0, ~0ull, 0x0123456789abcdef, 0xfedcba9876543210 };

	for (u32 i = 0; i < ARRAY_SIZE(contexts); i++) {
		record_start((ulong)start_recording, (ulong)contexts[i]);
		EXPECT_EQ(start_record.context, (ulong)contexts[i]);
	}
}

TEST(on_off_repeated, "a CPU can be switched off and on again, many times",
     SPEC("DEN 0022, 5.5, 5.6"), REQUIRES(cpu_count() >= 2))
{
	for (u32 i = 0; i < 10; i++) {
		switch_off(cpu_by_number(1));
		run_on_cpu(1, nothing, NULL);
		EXPECT_EQ(psci_affinity_info(cpu_by_number(1)->hardware_id), PSCI_IS_ON);
	}
}
