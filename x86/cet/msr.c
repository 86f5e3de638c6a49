/* SPDX-License-Identifier: MIT */
/* The MSRs of Control-flow Enforcement, bit by bit; without it there are none of them. */
#include <test.h>

#include "cet.h"

SUITE("Control-flow Enforcement, registers", REQUIRES(cpu_has(X86_FEATURE_MSR)));

static bool has_ss(void)
{
	return cpu_has(X86_FEATURE_CET_SS);
}

static bool has_ibt(void)
{
	return cpu_has(X86_FEATURE_CET_IBT);
}

static bool has_either(void)
{
	return has_ss() || has_ibt();
}

static const struct {
	const char *name;
	u32 index;
} controls[] = { { "u", MSR_IA32_U_CET }, { "s", MSR_IA32_S_CET } }, pointers[] = {
	{ "pl0", MSR_IA32_PL0_SSP },
	{ "pl1", MSR_IA32_PL1_SSP },
	{ "pl2", MSR_IA32_PL2_SSP },
	{ "pl3", MSR_IA32_PL3_SSP },
};

TEST(cet_control_bits,
     "IA32_U_CET and IA32_S_CET keep the bits of features that there are; bits 9-6 are #GP(0)",
     SPEC("SDM vol. 4, table 2-2; vol. 1 of later editions, 17.1.2"), REQUIRES(has_either()))
{
	const u64 ss = CET_SH_STK_EN | CET_WR_SHSTK_EN;
	const u64 ibt = CET_ENDBR_EN | CET_LEG_IW_EN | CET_NO_TRACK_EN | CET_SUPPRESS_DIS |
			CET_SUPPRESS | CET_TRACKER | BITS(sizeof(ulong) == 8 ? 46 : 31, 12);
	const u64 good = (has_ss() ? ss : 0) | (has_ibt() ? ibt : 0);
	const u64 bad = BITS(9, 6) | (has_ibt() ? 0 : ibt);

	/* CR4.CET is clear: nothing is enabled. */
	for (u32 i = 0; i < ARRAY_SIZE(controls); i++) {
		SUBTEST("%s", controls[i].name);
		for_each_set_bit(bit, good) {
			EXPECT_NO_FAULT(wrmsr_try(controls[i].index, BIT(bit)), "bit %d", (int)bit);
			EXPECT_EQ(rdmsr(controls[i].index), BIT(bit));
		}
		for_each_set_bit(bit, bad) {
			wrmsr(controls[i].index, 0);
			EXPECT_FAULT(GP(0), wrmsr_try(controls[i].index, BIT(bit)), "bit %d",
				     (int)bit);
			EXPECT_EQ(rdmsr(controls[i].index), 0ull);
		}
		wrmsr(controls[i].index, 0);
	}
}

TEST(cet_suppress_and_tracker, "SUPPRESS and TRACKER cannot be set both: #GP(0)",
     SPEC("SDM vol. 4, table 2-2; vol. 1 of later editions, 17.1.2"), REQUIRES(has_ibt()))
{
	for (u32 i = 0; i < ARRAY_SIZE(controls); i++) {
		SUBTEST("%s", controls[i].name);
		EXPECT_FAULT(GP(0), wrmsr_try(controls[i].index, CET_SUPPRESS | CET_TRACKER));
		EXPECT_EQ(rdmsr(controls[i].index), 0ull);
	}
}

TEST(ssp_bits, "the pointers to shadow stacks keep bits from 2 on; bits 1-0 are #GP(0)",
     SPEC("SDM vol. 4, table 2-2; APM vol. 2, 18.12"), REQUIRES(has_ss()))
{
	for (u32 i = 0; i < ARRAY_SIZE(pointers); i++) {
		SUBTEST("%s", pointers[i].name);
		for (u32 bit = 0; bit < (sizeof(ulong) == 8 ? 47u : 32u); bit++) {
			wrmsr(pointers[i].index, 0);
			EXPECT_FAULT(bit < 2 ? GP(0) : NO_FAULT,
				     wrmsr_try(pointers[i].index, BIT(bit)), "bit %u", bit);
			EXPECT_EQ(rdmsr(pointers[i].index), bit < 2 ? 0 : BIT(bit), "bit %u", bit);
		}
	}
}

TEST(cet_canonical, "the addresses in the MSRs of CET are canonical: others are #GP(0)",
     SPEC("SDM vol. 2D, WRMSR; vol. 4, table 2-2"),
	  REQUIRES(has_ss() && has_ibt() && sizeof(ulong) == 8))
{
	static const u32 all[] = { MSR_IA32_U_CET,    MSR_IA32_S_CET,	MSR_IA32_PL0_SSP,
				   MSR_IA32_PL1_SSP,  MSR_IA32_PL2_SSP, MSR_IA32_PL3_SSP,
				   MSR_IA32_SSP_TABLE };

	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		SUBTEST("%#x", all[i]);
		EXPECT_NO_FAULT(wrmsr_try(all[i], BITS(63, 47)));
		EXPECT_EQ(rdmsr(all[i]), BITS(63, 47));
		/* Bit 57 and above are beyond 5-level paging's addresses, too. */
		for (u32 bit = 57; bit < 64; bit++)
			EXPECT_FAULT(GP(0), wrmsr_try(all[i], BIT(bit)), "bit %u", bit);
		EXPECT_EQ(rdmsr(all[i]), BITS(63, 47));
		wrmsr(all[i], 0);
	}
}

TEST(cet_absent, "without shadow stacks, their MSRs are #GP(0), read and written",
     SPEC("SDM vol. 4, 2.1, table 2-2; vol. 2B, RDMSR; vol. 2D, WRMSR"), REQUIRES(!has_ss()))
{
	static const u32 all[] = { MSR_IA32_PL0_SSP, MSR_IA32_PL1_SSP, MSR_IA32_PL2_SSP,
				   MSR_IA32_PL3_SSP, MSR_IA32_SSP_TABLE };

	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		u64 value = 0;

		SUBTEST("%#x", all[i]);
		EXPECT_FAULT(GP(0), rdmsr_try(all[i], &value));
		EXPECT_FAULT(GP(0), wrmsr_try(all[i], 0));
	}
}
