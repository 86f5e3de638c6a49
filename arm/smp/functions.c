/* SPDX-License-Identifier: MIT */
/* Which functions of PSCI and SMCCC there are, by PSCI_FEATURES, and what calls of others return. */
#include <test.h>

#include <arm/gic.h>
#include <arm/psci.h>
#include <arm/sysreg.h>

static bool has_features(void)
{
	return psci_conduit() != PSCI_NONE && (u32)psci_call(PSCI_VERSION, 0, 0, 0) >= 0x10000;
}

SUITE("PSCI functions", REQUIRES(has_features()));

#define PSCI_MIGRATE	       0x84000005u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u

static const struct {
	const char *name;
	u32 function;
} mandatory[] = {
	{ "version", PSCI_VERSION },
	{ "cpu-suspend", PSCI_CPU_SUSPEND },
	{ "cpu-off", PSCI_CPU_OFF },
	{ "cpu-on", PSCI_CPU_ON },
	{ "affinity-info", PSCI_AFFINITY_INFO },
	{ "system-off", PSCI_SYSTEM_OFF },
	{ "system-reset", PSCI_SYSTEM_RESET },
	{ "features", PSCI_FEATURES },
	/* On arm, these are the same again. */
	{ "cpu-suspend-native", PSCI_NATIVE(PSCI_CPU_SUSPEND) },
	{ "cpu-on-native", PSCI_NATIVE(PSCI_CPU_ON) },
	{ "affinity-info-native", PSCI_NATIVE(PSCI_AFFINITY_INFO) },
};

TEST(psci_features, "PSCI_FEATURES knows every function that version 1.0 makes mandatory",
     SPEC("DEN 0022, 5.15, PSCI_FEATURES; 4.3, mandatory functions"))
{
	for (u32 i = 0; i < ARRAY_SIZE(mandatory); i++) {
		SUBTEST("%s", mandatory[i].name);
		/* CPU_SUSPEND has flags; for the others it is 0. */
		EXPECT_GE(psci_call(PSCI_FEATURES, mandatory[i].function, 0, 0), 0);
	}
}

TEST(psci_features_unknown,
     "PSCI_FEATURES of what is no function is NOT_SUPPORTED, and so is a call of it",
     SPEC("DEN 0022, 5.15; DEN 0028, 5.2, unknown function identifiers"))
{
	static const u32 functions[] = { 0x8400001f, 0x840000ff, 0xc4000000, 0xc4000002, 0xc4000008,
					 0x04000000, 0x84010000, 0x85000000, 0x8600ffff, 0 };

	for (u32 i = 0; i < ARRAY_SIZE(functions); i++) {
		SUBTEST("%#010x", functions[i]);
		EXPECT_EQ(psci_call(PSCI_FEATURES, functions[i], 0, 0), PSCI_NOT_SUPPORTED);
		EXPECT_EQ((s32)smccc_call(functions[i], 0, 0, 0).r[0], PSCI_NOT_SUPPORTED);
	}
}

TEST(migrate_info,
     "MIGRATE_INFO_TYPE is that no Trusted OS has to move, or NOT_SUPPORTED; MIGRATE is then not supported",
     SPEC("DEN 0022, 5.9, MIGRATE_INFO_TYPE; 5.8, MIGRATE"))
{
	s32 type = psci_call(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0);

	EXPECT(type == 2 || type == PSCI_NOT_SUPPORTED || type == 0 || type == 1);
	if (type == 2 || type == PSCI_NOT_SUPPORTED)
		EXPECT_EQ(psci_call(PSCI_NATIVE(PSCI_MIGRATE), 0, 0, 0), PSCI_NOT_SUPPORTED);
}

TEST(suspend_with_interrupt,
     "CPU_SUSPEND to standby with an interrupt pending returns SUCCESS, and the registers' state stays",
     SPEC("DEN 0022, 5.4, CPU_SUSPEND: standby states"), REQUIRES(gic_version()))
{
	gic_set_edge(gic_intid_end() - 1, true);
	gic_enable(gic_intid_end() - 1);
	gic_set_pending(gic_intid_end() - 1);
	dsb();
	EXPECT_EQ(psci_call(PSCI_NATIVE(PSCI_CPU_SUSPEND), 0, 0, 0), PSCI_SUCCESS);
	EXPECT(read_sys(ISR) & PSTATE_I);
	gic_clear_pending(gic_intid_end() - 1);
}

TEST(version_stays, "PSCI_VERSION is the same by each call, with reserved bits clear",
     SPEC("DEN 0022, 5.3, PSCI_VERSION"))
{
	u32 version = (u32)psci_call(PSCI_VERSION, 0, 0, 0);

	EXPECT_EQ(version >> 31, 0);
	for (u32 i = 0; i < 8; i++)
		EXPECT_EQ((u32)psci_call(PSCI_VERSION, i, ~0ul, i * 77), version);
}
