/* SPDX-License-Identifier: MIT */
/* CET's state components, 11 and 12: SDM vol. 1 of later editions, 13.5.9. */
#include <test.h>

#include "cet.h"

#include <x86/xsave.h>

SUITE("CET and XSAVES", REQUIRES(cpu_has(X86_FEATURE_CET_SS) && cpu_has(X86_FEATURE_XSAVES)));

static const struct {
	const char *name;
	u32 bit, count;
	u32 msrs[3];
} components[] = {
	{ "user", 11, 2, { MSR_IA32_U_CET, MSR_IA32_PL3_SSP } },
	{ "supervisor", 12, 3, { MSR_IA32_PL0_SSP, MSR_IA32_PL1_SSP, MSR_IA32_PL2_SSP } },
};

static bool is_there(u32 i)
{
	return cpuid(0xd, 1).ecx & BIT(components[i].bit);
}

static bool any_is_there(void)
{
	return is_there(0) || is_there(1);
}

/* A value for each MSR, none of them 0, each its own. */
static u64 value_of(u32 msr)
{
	return msr == MSR_IA32_U_CET ? CET_WR_SHSTK_EN : (u64)msr << 4;
}

TEST(xsaves_cet, "XSAVES stores the MSRs of a component of CET, and XRSTORS loads them",
     SPEC("SDM vol. 1 of later editions, 13.5.9; vol. 2D, XSAVES, XRSTORS"),
	  REQUIRES(any_is_there()))
{
	write_cr4(read_cr4() | CR4_OSXSAVE);
	for (u32 i = 0; i < ARRAY_SIZE(components); i++) {
		const u64 bit = BIT(components[i].bit);
		struct xsave_area area = { 0 };

		SUBTEST("%s", components[i].name);
		if (!is_there(i)) {
			SKIP_ROW("CPUID has no such component");
			continue;
		}
		ASSERT_NO_FAULT(wrmsr_try(MSR_IA32_XSS, bit));
		for (u32 k = 0; k < components[i].count; k++)
			wrmsr(components[i].msrs[k], value_of(components[i].msrs[k]));
		EXPECT_NO_FAULT(xsaves_try(&area, bit));
		EXPECT_EQ(area_u64(&area, XSAVE_XSTATE_BV), bit);
		EXPECT_EQ(area_u64(&area, XSAVE_XCOMP_BV), bit | XSAVE_COMPACTED);
		for (u32 k = 0; k < components[i].count; k++) {
			EXPECT_EQ(area_u64(&area, XSAVE_EXTENDED + 8 * k),
				  value_of(components[i].msrs[k]));
			wrmsr(components[i].msrs[k], 0);
		}
		EXPECT_NO_FAULT(xrstors_try(&area, bit));
		for (u32 k = 0; k < components[i].count; k++)
			EXPECT_EQ(rdmsr(components[i].msrs[k]), value_of(components[i].msrs[k]));
		/* Not in XSTATE_BV: the initial state, which is 0. */
		area_set_u64(&area, XSAVE_XSTATE_BV, 0);
		EXPECT_NO_FAULT(xrstors_try(&area, bit));
		for (u32 k = 0; k < components[i].count; k++)
			EXPECT_EQ(rdmsr(components[i].msrs[k]), 0ull);
	}
}

TEST(xrstors_cet_checks, "XRSTORS of a value that WRMSR refuses is #GP(0), and the MSR stays",
     SPEC("SDM vol. 1 of later editions, 13.5.9, 17.2.3; vol. 2D, XRSTORS"),
	  REQUIRES(any_is_there()))
{
	write_cr4(read_cr4() | CR4_OSXSAVE);
	for (u32 i = 0; i < ARRAY_SIZE(components); i++) {
		const u64 bit = BIT(components[i].bit);

		for (u32 k = 0; k < components[i].count; k++) {
			u32 msr = components[i].msrs[k];
			struct xsave_area area = { 0 };

			SUBTEST("%#x", msr);
			if (!is_there(i)) {
				SKIP_ROW("CPUID has no such component");
				continue;
			}
			wrmsr(MSR_IA32_XSS, bit);
			wrmsr(msr, 0);
			area_set_u64(&area, XSAVE_XSTATE_BV, bit);
			area_set_u64(&area, XSAVE_XCOMP_BV, bit | XSAVE_COMPACTED);
			area_set_u64(&area, XSAVE_EXTENDED + 8 * k,
				     msr == MSR_IA32_U_CET ? BIT(6) : BIT(1));
			EXPECT_FAULT(GP(0), xrstors_try(&area, bit));
			EXPECT_EQ(rdmsr(msr), 0ull);
		}
	}
}
