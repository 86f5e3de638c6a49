/* SPDX-License-Identifier: MIT */
/*
 * PSCI: starting and ending CPUs. These cases take the library's CPUs for themselves: a CPU that is on
 * here was started by the library, one that is off was stopped through arch_reset_cpu().
 */
#include <test.h>

#include <arm/psci.h>
#include <mm/page.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>

SUITE("PSCI", REQUIRES(psci_conduit() != PSCI_NONE));

/* Generous: a host with other things to do. */
#define PATIENCE_NS 5000000000ull

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

static void stop_cpu(void *arg)
{
	(void)arg;
	psci_cpu_off();
}

static bool wait_for_affinity_info(u64 affinity, s32 info)
{
	u64 start = clock_ns();

	while (psci_affinity_info(affinity) != info) {
		if (clock_ns() - start > PATIENCE_NS)
			return false;
		arch_relax();
	}
	return true;
}

/* CPU 1 off by its own wish, and for the library as well. */
static void switch_off(struct cpu *cpu)
{
	cpu_start_work(cpu->number, stop_cpu, NULL);
	ASSERT(wait_for_affinity_info(cpu->hardware_id, PSCI_IS_OFF));
	WRITE_ONCE(cpu->work, NULL);
	atomic_store(&cpu->state, CPU_OFF);
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

TEST(unknown_function,
     "an unknown function is NOT_SUPPORTED, and only x0 to x17 (r0 to r3) may change",
     SPEC("DEN 0028, 2.6 and 5.2, unknown function identifier"))
{
	EXPECT_EQ((s32)smccc_call(0x8400ff01u, 1, 2, 3).r[0], PSCI_NOT_SUPPORTED);
	EXPECT_EQ((s32)smccc_call(PSCI_64(0x8400ff01u), 1, 2, 3).r[0], PSCI_NOT_SUPPORTED);
}

TEST(affinity_info_self, "AFFINITY_INFO of the calling CPU is ON", SPEC("DEN 0022, 5.7"))
{
	EXPECT_EQ(psci_affinity_info(cpu_by_number(0)->hardware_id), PSCI_IS_ON);
}

TEST(affinity_info_missing, "AFFINITY_INFO of a CPU that does not exist is INVALID_PARAMETERS",
     SPEC("DEN 0022, 5.7.2"))
{
	EXPECT_EQ(psci_affinity_info(missing_affinity()), PSCI_INVALID_PARAMETERS);
}

TEST(affinity_info_follows, "AFFINITY_INFO is OFF behind CPU_OFF and ON for a CPU that runs",
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

TEST(on_off_repeated, "a CPU can be switched off and on again, many times",
     SPEC("DEN 0022, 5.5, 5.6"), REQUIRES(cpu_count() >= 2))
{
	for (u32 i = 0; i < 10; i++) {
		switch_off(cpu_by_number(1));
		run_on_cpu(1, nothing, NULL);
		EXPECT_EQ(psci_affinity_info(cpu_by_number(1)->hardware_id), PSCI_IS_ON);
	}
}
