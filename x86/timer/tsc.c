/* SPDX-License-Identifier: MIT */
/*
 * What the time-stamp counter counts: SDM vol. 3B, 17.15. Who may read it, and what else RDTSC and its relatives
 * do, is in sys/counters.c and insn/processor.c.
 */
#include <test.h>

#include <sys/cpu.h>
#include <x86/cpuid.h>
#include <x86/msr.h>
#include <x86/tsc.h>

SUITE("Time-stamp counter", REQUIRES(cpu_has(X86_FEATURE_TSC)));

#define READS 2000

static u64 by_rdtsc(void)
{
	return arch_ticks();
}

static u64 by_rdtscp(void)
{
	u32 aux;

	return rdtscp(&aux);
}

static u64 by_rdmsr(void)
{
	return rdmsr(MSR_IA32_TSC);
}

static const struct {
	const char *name;
	enum x86_feature feature;
	u64 (*read)(void);
} ways[] = {
	{ "RDTSC", X86_FEATURE_TSC, by_rdtsc },
	{ "RDTSCP", X86_FEATURE_RDTSCP, by_rdtscp },
	{ "RDMSR", X86_FEATURE_MSR, by_rdmsr },
};

TEST(tsc_never_runs_backwards,
     "successive reads of the TSC on one CPU never decrease, and it advances",
     SPEC("SDM vol. 3B, 17.15"))
{
	for (u32 i = 0; i < ARRAY_SIZE(ways); i++) {
		u64 first, last;
		u32 backwards = 0;

		SUBTEST("%s", ways[i].name);
		if (!cpu_has(ways[i].feature)) {
			SKIP_ROW("not in CPUID");
			continue;
		}
		first = last = ways[i].read();
		for (u32 n = 0; n < READS; n++) {
			u64 now = ways[i].read();

			backwards += now < last;
			last = now;
		}
		EXPECT_EQ(backwards, 0);
		EXPECT_GT(last, first);
	}
}

TEST(tsc_has_one_value, "RDTSC, RDTSCP and RDMSR of IA32_TIME_STAMP_COUNTER read the same counter",
     SPEC("SDM vol. 2B, RDTSC, RDTSCP; vol. 3B, 17.15"))
{
	for (u32 i = 1; i < ARRAY_SIZE(ways); i++) {
		SUBTEST("%s-between-two-RDTSC", ways[i].name);
		if (!cpu_has(ways[i].feature)) {
			SKIP_ROW("not in CPUID");
			continue;
		}
		for (u32 n = 0; n < 10; n++) {
			u64 before = by_rdtsc(), between = ways[i].read(), after = by_rdtsc();

			EXPECT_GE(between, before);
			EXPECT_LE(between, after);
		}
	}
}
