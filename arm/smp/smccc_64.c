/* SPDX-License-Identifier: MIT */
/* What a call leaves alone, register by register. */
#include <test.h>

#include <arm/execute.h>
#include <arm/psci.h>

SUITE("SMCCC registers", REQUIRES(psci_conduit() != PSCI_NONE));

TEST(smccc_registers,
     "a call changes X0 to X3 at most beside what it may corrupt, and no flags that matter to it",
     SPEC("DEN 0028, 2.6: X18 to X30 and SP are preserved; from version 1.1 on X4 to X17, too"))
{
	static const struct {
		const char *name;
		u32 function;
	} rows[] = { { "psci-version", PSCI_VERSION },
		     { "unknown", 0x8400abcd },
		     { "unknown-64", 0xc400abcd },
		     { "affinity-info", PSCI_64(PSCI_AFFINITY_INFO) } };
	bool all = psci_call(PSCI_VERSION, 0, 0, 0) >= 0x10000 &&
		   psci_call(PSCI_FEATURES, SMCCC_VERSION, 0, 0) >= 0;
	const u32 code[] = { psci_conduit() == PSCI_HVC ? 0xd4000002 : 0xd4000003 };

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arm_registers r = { .sp = 0x123456780 };

		SUBTEST("%s", rows[i].name);
		for (u32 n = 0; n < 31; n++)
			r.x[n] = 0x1111111111111111 * (n & 15) + n;
		r.x[0] = rows[i].function;
		r.x[1] = read_sys(MPIDR) & MPIDR_AFFINITY;
		r.x[2] = 0;
		r.x[3] = 0;
		EXPECT_NO_FAULT(arm_execute(ARM_EL1, code, 1, &r));
		for (u32 n = all ? 4 : 18; n < 31; n++)
			EXPECT_EQ(r.x[n], 0x1111111111111111 * (n & 15) + n, "x%u", n);
		EXPECT_EQ(r.sp, 0x123456780);
	}
}

TEST(smccc_el0, "HVC and SMC of EL0 are UNDEFINED, whatever the conduit",
     SPEC("DDI 0487, C6.2, HVC, SMC: UNDEFINED at EL0"))
{
	static const u32 insns[] = { 0xd4000002, 0xd4000003 };

	for (u32 i = 0; i < 2; i++) {
		struct arm_registers r = { .x = { PSCI_VERSION } };

		SUBTEST("%s", i ? "smc" : "hvc");
		EXPECT_FAULT(UNDEFINED, arm_execute(ARM_EL0, &insns[i], 1, &r));
		EXPECT_EQ(r.x[0], PSCI_VERSION);
	}
}
