/* SPDX-License-Identifier: MIT */
/* Calls of 64 bits, which AArch32 does not have. */
#include <test.h>

#include <arm/psci.h>
#include <sys/cpu.h>

SUITE("SMCCC from AArch32", REQUIRES(psci_conduit() != PSCI_NONE));

TEST(calls_of_64_bits,
     "a function whose identifier is of the calls of 64 bits is NOT_SUPPORTED, and does nothing",
     SPEC("DEN 0028, 2.5, SMC64 and HVC64 calls are of AArch64; 5.2, unknown function identifiers"))
{
	static const struct {
		const char *name;
		u32 function;
	} rows[] = {
		{ "cpu-suspend", PSCI_CPU_SUSPEND },
		{ "cpu-on", PSCI_CPU_ON },
		{ "affinity-info", PSCI_AFFINITY_INFO },
	};
	u32 self = (u32)cpu_by_number(0)->hardware_id;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		EXPECT_EQ(psci_call(PSCI_64(rows[i].function), self, 0, 0), PSCI_NOT_SUPPORTED);
		SUBTEST("features-of-%s", rows[i].name);
		EXPECT_EQ(psci_call(PSCI_FEATURES, PSCI_64(rows[i].function), 0, 0),
			  PSCI_NOT_SUPPORTED);
	}
}
