/* SPDX-License-Identifier: MIT */
/* The time-stamp counter: SDM vol. 3B, 17.15; vol. 2B, RDTSC, RDTSCP. */
#include <test.h>

#include <sys/cpu.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
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

/* ------------------------------------------------------------------------------------------ CR4.TSD */

static void user_rdtsc(void *arg)
{
	(void)arg;
	__asm__ volatile("rdtsc" : : : "eax", "edx");
}

static void user_rdtscp(void *arg)
{
	(void)arg;
	__asm__ volatile("rdtscp" : : : "eax", "ecx", "edx");
}

TEST(tsd_refuses_user_reads, "with CR4.TSD set RDTSC is #GP(0) at CPL 3, and works at CPL 0",
     SPEC("SDM vol. 3A, 2.5; vol. 2B, RDTSC"))
{
	EXPECT_NO_FAULT(run_user(user_rdtsc, NULL), "TSD clear");
	write_cr4(read_cr4() | CR4_TSD);
	EXPECT_FAULT(GP(0), run_user(user_rdtsc, NULL));
	EXPECT_NO_FAULT(rdtsc_try());
	write_cr4(read_cr4() & ~CR4_TSD);
	EXPECT_NO_FAULT(run_user(user_rdtsc, NULL), "TSD clear again");
}

TEST(tsd_refuses_user_rdtscp, "with CR4.TSD set RDTSCP is #GP(0) at CPL 3, and works at CPL 0",
     SPEC("SDM vol. 3A, 2.5; vol. 2B, RDTSCP"), REQUIRES(cpu_has(X86_FEATURE_RDTSCP)))
{
	EXPECT_NO_FAULT(run_user(user_rdtscp, NULL), "TSD clear");
	write_cr4(read_cr4() | CR4_TSD);
	EXPECT_FAULT(GP(0), run_user(user_rdtscp, NULL));
	EXPECT_NO_FAULT(rdtscp_try());
	write_cr4(read_cr4() & ~CR4_TSD);
}

TEST(tsd_leaves_rdmsr_alone, "CR4.TSD does not keep CPL 0 from RDMSR of the TSC",
     SPEC("SDM vol. 3A, 2.5"))
{
	u64 value = 0;

	write_cr4(read_cr4() | CR4_TSD);
	EXPECT_NO_FAULT(rdmsr_try(MSR_IA32_TSC, &value));
	write_cr4(read_cr4() & ~CR4_TSD);
}

TEST(rdtscp_absent, "without RDTSCP in CPUID the instruction is #UD",
     SPEC("SDM vol. 2B, RDTSCP"), REQUIRES(!cpu_has(X86_FEATURE_RDTSCP)))
{
	EXPECT_FAULT(UD, rdtscp_try());
}

/* --------------------------------------------------------------------------------------------- AUX */

static const u32 aux_values[] = { 0, 1, 0x12345678, 0x80000000, 0xffffffff };

TEST(rdtscp_reads_aux, "RDTSCP returns IA32_TSC_AUX in ECX",
     SPEC("SDM vol. 2B, RDTSCP"), REQUIRES(cpu_has(X86_FEATURE_RDTSCP)))
{
	for (u32 i = 0; i < ARRAY_SIZE(aux_values); i++) {
		u32 aux = ~aux_values[i];

		wrmsr(MSR_TSC_AUX, aux_values[i]);
		rdtscp(&aux);
		EXPECT_EQ(aux, aux_values[i]);
	}
	wrmsr(MSR_TSC_AUX, 0);
}

TEST(tsc_aux_reads_back, "RDMSR of IA32_TSC_AUX returns what was written",
     SPEC("SDM vol. 4, 2.1"), REQUIRES(cpu_has(X86_FEATURE_RDTSCP)))
{
	for (u32 i = 0; i < ARRAY_SIZE(aux_values); i++) {
		wrmsr(MSR_TSC_AUX, aux_values[i]);
		EXPECT_EQ(rdmsr(MSR_TSC_AUX), aux_values[i]);
	}
	wrmsr(MSR_TSC_AUX, 0);
}

TEST(rdpid_reads_aux, "RDPID returns IA32_TSC_AUX, at CPL 3 and with CR4.TSD too",
     SPEC("SDM vol. 2B, RDPID"), REQUIRES(cpu_has(X86_FEATURE_RDPID)))
{
	write_cr4(read_cr4() | CR4_TSD);
	for (u32 i = 0; i < ARRAY_SIZE(aux_values); i++) {
		wrmsr(MSR_TSC_AUX, aux_values[i]);
		EXPECT_EQ(rdpid(), (ulong)aux_values[i]);
	}
	wrmsr(MSR_TSC_AUX, 0);
	write_cr4(read_cr4() & ~CR4_TSD);
}
