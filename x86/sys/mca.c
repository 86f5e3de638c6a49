/* SPDX-License-Identifier: MIT */
/* Machine-check banks: SDM vol. 3B, 15.3; APM vol. 2, chapter 9. */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/msr.h>

SUITE("Machine-check architecture", REQUIRES(cpu_has(X86_FEATURE_MCA)));

#define MSR_MCG_CAP	 0x179
#define MSR_MCG_STATUS	 0x17a
#define MSR_MCG_CTL	 0x17b
#define MSR_MC_CTL(n)	 (0x400 + 4 * (n))
#define MSR_MC_STATUS(n) (0x401 + 4 * (n))
#define MSR_MC_ADDR(n)	 (0x402 + 4 * (n))
#define MSR_MC_MISC(n)	 (0x403 + 4 * (n))

#define MCG_CAP_COUNT 0xffu
#define MCG_CAP_CTL_P BIT(8)

static u32 banks(void)
{
	return (u32)rdmsr(MSR_MCG_CAP) & MCG_CAP_COUNT;
}

TEST(mcg_cap, "MCG_CAP has a count of banks and cannot be written",
     SPEC("SDM vol. 3B, 15.3.1.1: read-only"))
{
	u64 before = rdmsr(MSR_MCG_CAP);

	SUBTEST("count");
	EXPECT_LE(banks(), 64u);
	EXPECT_GT(banks(), 0u);
	SUBTEST("keeps-value");
	wrmsr_try(MSR_MCG_CAP, 0);
	EXPECT_EQ(rdmsr(MSR_MCG_CAP), before);
	SUBTEST("write");
	EXPECT_FAULT(GP(0), wrmsr_try(MSR_MCG_CAP, before));
}

TEST(mcg_ctl,
     "MCG_CTL takes all ones and all zeros where MCG_CAP says it is there; else it is #GP(0)",
     SPEC("SDM vol. 3B, 15.3.1.3"))
{
	u64 before = 0, value = 0;

	if (!(rdmsr(MSR_MCG_CAP) & MCG_CAP_CTL_P)) {
		EXPECT_FAULT(GP(0), rdmsr_try(MSR_MCG_CTL, &value));
		return;
	}
	before = rdmsr(MSR_MCG_CTL);
	SUBTEST("ones");
	EXPECT_NO_FAULT(wrmsr_try(MSR_MCG_CTL, ~0ull));
	EXPECT_NE(rdmsr(MSR_MCG_CTL), 0ull);
	SUBTEST("zeros");
	EXPECT_NO_FAULT(wrmsr_try(MSR_MCG_CTL, 0));
	EXPECT_EQ(rdmsr(MSR_MCG_CTL), 0ull);
	wrmsr(MSR_MCG_CTL, before);
}

TEST(mcg_status, "MCG_STATUS can be cleared", SPEC("SDM vol. 3B, 15.3.1.2"))
{
	EXPECT_NO_FAULT(wrmsr_try(MSR_MCG_STATUS, 0));
	EXPECT_EQ(rdmsr(MSR_MCG_STATUS), 0ull);
}

TEST(mc_banks,
     "each bank has CTL, which takes all ones and all zeros, and STATUS, which can be cleared",
     SPEC("SDM vol. 3B, 15.3.2"))
{
	for (u32 i = 0; i < banks(); i++) {
		u64 ctl = 0, value = 0;

		SUBTEST("bank-%u", i);
		EXPECT_NO_FAULT(rdmsr_try(MSR_MC_CTL(i), &ctl));
		EXPECT_NO_FAULT(wrmsr_try(MSR_MC_CTL(i), ~0ull));
		EXPECT_NE(rdmsr(MSR_MC_CTL(i)), 0ull);
		EXPECT_NO_FAULT(wrmsr_try(MSR_MC_CTL(i), 0));
		EXPECT_EQ(rdmsr(MSR_MC_CTL(i)), 0ull);
		wrmsr(MSR_MC_CTL(i), ctl);
		EXPECT_NO_FAULT(wrmsr_try(MSR_MC_STATUS(i), 0));
		EXPECT_NO_FAULT(rdmsr_try(MSR_MC_STATUS(i), &value));
		EXPECT_EQ(value, 0ull);
	}
}

/* ADDR or MISC: there, and then it can be cleared, or not there, and then both accesses say so. */
static void expect_cleared_or_absent(u32 index)
{
	u64 value = 0;
	struct fault absent = rdmsr_try(index, &value);

	if (absent.kind) {
		EXPECT_FAULT(GP(0), absent);
		EXPECT_FAULT(GP(0), wrmsr_try(index, 0));
		return;
	}
	EXPECT_NO_FAULT(wrmsr_try(index, 0));
	EXPECT_EQ(rdmsr(index), 0ull);
}

TEST(mc_addr_misc,
     "ADDR and MISC of each bank can be cleared; where one is not implemented, reading and writing are #GP(0)",
     SPEC("SDM vol. 3B, 15.3.2.3, 15.3.2.4"))
{
	for (u32 i = 0; i < banks(); i++) {
		SUBTEST("bank-%u-addr", i);
		expect_cleared_or_absent(MSR_MC_ADDR(i));
		SUBTEST("bank-%u-misc", i);
		expect_cleared_or_absent(MSR_MC_MISC(i));
	}
}

TEST(mc_addr_misc_ones, "writing ones to ADDR or MISC of a bank is #GP(0) on Intel",
     SPEC("SDM vol. 3B, 15.3.2.3, 15.3.2.4"), REQUIRES(cpu_is_intel()))
{
	for (u32 i = 0; i < banks(); i++) {
		SUBTEST("bank-%u-addr", i);
		EXPECT_FAULT(GP(0), wrmsr_try(MSR_MC_ADDR(i), ~0ull));
		wrmsr_try(MSR_MC_ADDR(i), 0);
		SUBTEST("bank-%u-misc", i);
		EXPECT_FAULT(GP(0), wrmsr_try(MSR_MC_MISC(i), ~0ull));
		wrmsr_try(MSR_MC_MISC(i), 0);
	}
}

TEST(mc_ctl_separate, "each bank's CTL is a register of its own", SPEC("SDM vol. 3B, 15.3.2.1"))
{
	u64 before[64];
	u32 count = MIN(banks(), 64u);

	for (u32 i = 0; i < count; i++) {
		before[i] = rdmsr(MSR_MC_CTL(i));
		wrmsr(MSR_MC_CTL(i), i & 1 ? ~0ull : 0);
	}
	for (u32 i = 0; i < count; i++) {
		SUBTEST("bank-%u", i);
		EXPECT_EQ(rdmsr(MSR_MC_CTL(i)) != 0, (i & 1) != 0);
		wrmsr(MSR_MC_CTL(i), before[i]);
	}
}

TEST(mc_status_nonzero, "writing anything but 0 to a bank's STATUS is #GP(0), and it stays",
     SPEC("SDM vol. 3B, 15.3.2.2; APM vol. 2, 9.3.2.2, with HWCR.McStatusWrEn clear"))
{
	for (u32 i = 0; i < banks(); i++) {
		SUBTEST("bank-%u", i);
		wrmsr(MSR_MC_STATUS(i), 0);
		EXPECT_FAULT(GP(0), wrmsr_try(MSR_MC_STATUS(i), 1));
		EXPECT_FAULT(GP(0), wrmsr_try(MSR_MC_STATUS(i), BIT(63)));
		EXPECT_EQ(rdmsr(MSR_MC_STATUS(i)), 0ull);
		wrmsr(MSR_MC_STATUS(i), 0);
	}
}

TEST(mc_beyond_count, "there is no bank beyond MCG_CAP's count: #GP(0)",
     SPEC("SDM vol. 3B, 15.3.2"), REQUIRES(banks() < 32))
{
	u64 value = 0;

	EXPECT_FAULT(GP(0), rdmsr_try(MSR_MC_CTL(banks()), &value));
	EXPECT_FAULT(GP(0), wrmsr_try(MSR_MC_CTL(banks()), 0));
}
