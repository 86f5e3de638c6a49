/* SPDX-License-Identifier: MIT */
#include <test.h>

#include <arm/execute.h>

#include "pmu.h"

SUITE("Absent performance monitors", REQUIRES(!has_pmu()));

TEST(absent_pmu, "without FEAT_PMUv3 its registers are UNDEFINED",
     SPEC("DDI 0487, D24.5, PMCR_EL0 and others: present only when FEAT_PMUv3 is implemented"))
{
	static const struct {
		const char *name;
		u32 code; /* MRS x1 */
	} registers[] = {
		{ "pmcr", 0xd53b9c01 },	      { "pmcntenset", 0xd53b9c21 },
		{ "pmovsclr", 0xd53b9c61 },   { "pmselr", 0xd53b9ca1 },
		{ "pmceid0", 0xd53b9cc1 },    { "pmccntr", 0xd53b9d01 },
		{ "pmxevtyper", 0xd53b9d21 }, { "pmxevcntr", 0xd53b9d41 },
		{ "pmuserenr", 0xd53b9e01 },  { "pmintenset", 0xd5389e21 },
		{ "pmevcntr0", 0xd53be801 },  { "pmccfiltr", 0xd53befe1 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(registers); i++) {
		struct arm_registers r = { 0 };

		SUBTEST("%s", registers[i].name);
		EXPECT_FAULT(UNDEFINED, arm_execute(ARM_EL1, &registers[i].code, 1, &r));
	}
}
