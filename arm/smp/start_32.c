/* SPDX-License-Identifier: MIT */
/* What a CPU begins with that PSCI has started, in AArch32. */
#include <test.h>

#include <arm/psci.h>

#include "psci.h"

SUITE("Start by PSCI", REQUIRES(psci_conduit() != PSCI_NONE && cpu_count() >= 2 && boot_el == 1));

const char *const kept_names[KEPT_REGISTERS + 1] = { "r4", "r5", "r6",	"r7",
						     "r8", "r9", "r10", "r11" };

static void expect_start_state(u64 t)
{
	EXPECT_EQ(start_record.state, MODE_SVC | t);
	EXPECT_EQ(start_record.masks, PSTATE_AIF);
	EXPECT_EQ(start_record.sctlr & (SCTLR_M | SCTLR_C), 0);
	EXPECT_EQ(start_record.mpidr & MPIDR_AFFINITY, cpu_by_number(1)->hardware_id);
}

TEST(start_state,
     "a CPU starts in Supervisor mode with A, I and F set, MMU and data cache off; bit 0 is for T32",
     SPEC("DEN 0022, 6.4, initial core configuration"))
{
	SUBTEST("a32");
	record_start((ulong)start_recording, 0);
	expect_start_state(0);
	SUBTEST("t32");
	record_start((ulong)start_recording_t32, 0);
	expect_start_state(PSTATE_T);
}
