/* SPDX-License-Identifier: MIT */
/* What a CPU begins with that PSCI has started, in AArch64. */
#include <test.h>

#include <arm/psci.h>

#include "psci.h"

SUITE("Start by PSCI", REQUIRES(psci_conduit() != PSCI_NONE && cpu_count() >= 2 && boot_el == 1));

const char *const kept_names[] = { "x18", "x19", "x20", "x21", "x22", "x23",
				   "x24", "x25", "x26", "x27", "x28", NULL };

static void expect_start_state(void)
{
	EXPECT_EQ(start_record.state, 1 << 2);
	EXPECT_EQ(start_record.masks, PSTATE_DAIF);
	EXPECT_EQ(start_record.sctlr & (SCTLR_M | SCTLR_C), 0);
	EXPECT_EQ(start_record.mpidr & MPIDR_AFFINITY, cpu_by_number(1)->hardware_id);
}

TEST(start_state, "a CPU starts at EL1 in AArch64 with D, A, I and F set, MMU and data cache off",
     SPEC("DEN 0022, 6.4, initial core configuration"))
{
	record_start((ulong)start_recording, 0);
	expect_start_state();
}

TEST(context_by_call_of_32_bits, "CPU_ON of 32-bit arguments starts a CPU too, context in w0",
     SPEC("DEN 0022, 5.6 CPU_ON; DEN 0028, 3.1, arguments of SMC32 and HVC32 calls"))
{
	struct cpu *cpu = cpu_by_number(1);

	switch_off(cpu);
	prepare_recording(cpu);
	ASSERT_EQ(
		psci_call(PSCI_CPU_ON, (ulong)cpu->hardware_id, (ulong)start_recording, 0x89abcdef),
		PSCI_SUCCESS);
	finish_recording(cpu);
	EXPECT_EQ((u32)start_record.context, 0x89abcdef);
	expect_start_state();
}
