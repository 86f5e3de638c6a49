/* SPDX-License-Identifier: MIT */
/*
 * Setting the TSC, directly and by IA32_TSC_ADJUST: SDM vol. 3B, 17.15.3. The clock of <sys/time.h> is
 * the TSC, so that each case puts back what it moved before it waits for anything.
 */
#include <test.h>

#include <sys/cpu.h>
#include <sys/time.h>
#include <x86/cpuid.h>
#include <x86/msr.h>
#include <x86/tsc.h>

SUITE("Writing the time-stamp counter",
      REQUIRES(cpu_has(X86_FEATURE_TSC) && cpu_has(X86_FEATURE_MSR)));

/* Longer than any pause that a loaded host makes within a few instructions: a minute. */
static u64 pause_ticks(void)
{
	return clock_hz_max() * 60;
}

TEST(wrmsr_sets_tsc, "WRMSR sets the TSC, all 64 bits, and it counts on from there",
     SPEC("SDM vol. 3B, 17.15; vol. 4, table 2-2, IA32_TIME_STAMP_COUNTER"))
{
	static const u64 values[] = { 0x100000000000ull, 0x123456789abcull, 0x7000000000000000ull };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		u64 before, after;

		SUBTEST("%#llx", values[i]);
		before = rdtsc();
		wrmsr(MSR_IA32_TSC, values[i]);
		after = rdtsc();
		wrmsr(MSR_IA32_TSC, before + (after - values[i]));
		EXPECT_GE(after, values[i]);
		EXPECT_LT(after - values[i], pause_ticks());
	}
}

static u64 tsc_at_cpu_1[2];

static void read_tsc_at_cpu_1(void *arg)
{
	tsc_at_cpu_1[arg ? 1 : 0] = arch_ticks();
}

TEST(wrmsr_moves_one_tsc, "setting the TSC of one CPU does not move that of another",
     SPEC("SDM vol. 3B, 17.15"), REQUIRES(cpu_count() > 1))
{
	const u64 step = 1ull << 60;
	u64 before;

	run_on_cpu(1, read_tsc_at_cpu_1, NULL);
	before = rdtsc();
	wrmsr(MSR_IA32_TSC, before + step);
	run_on_cpu(1, read_tsc_at_cpu_1, &before);
	wrmsr(MSR_IA32_TSC, rdtsc() - (rdtsc() - before >= step ? step : 0));
	EXPECT_LT(tsc_at_cpu_1[1] - tsc_at_cpu_1[0], step);
	EXPECT_GE(tsc_at_cpu_1[1], tsc_at_cpu_1[0]);
}

/* ---------------------------------------------------------------------------------------- TSC_ADJUST */

TEST(tsc_adjust_absent, "without TSC_ADJUST in CPUID the MSR does not exist: #GP(0)",
     SPEC("SDM vol. 3B, 17.15.3; vol. 2B, RDMSR; vol. 2D, WRMSR"),
	  REQUIRES(!cpu_has(X86_FEATURE_TSC_ADJUST)))
{
	u64 value = 0;

	EXPECT_FAULT(GP(0), rdmsr_try(MSR_IA32_TSC_ADJUST, &value));
	EXPECT_FAULT(GP(0), wrmsr_try(MSR_IA32_TSC_ADJUST, 0));
}

TEST(tsc_adjust_reads_back, "IA32_TSC_ADJUST holds what was written to it",
     SPEC("SDM vol. 3B, 17.15.3"), REQUIRES(cpu_has(X86_FEATURE_TSC_ADJUST)))
{
	u64 before = rdmsr(MSR_IA32_TSC_ADJUST);

	for (u32 bit = 0; bit < 40; bit += 13) {
		u64 value = before + BIT(bit), actual;

		wrmsr(MSR_IA32_TSC_ADJUST, value);
		actual = rdmsr(MSR_IA32_TSC_ADJUST);
		wrmsr(MSR_IA32_TSC_ADJUST, before);
		EXPECT_EQ(actual, value);
	}
}

TEST(tsc_adjust_moves_tsc, "adding to IA32_TSC_ADJUST adds the same to the TSC, up and down",
     SPEC("SDM vol. 3B, 17.15.3"), REQUIRES(cpu_has(X86_FEATURE_TSC_ADJUST)))
{
	const u64 step = pause_ticks() * 1000;
	u64 adjust = rdmsr(MSR_IA32_TSC_ADJUST);
	u64 before, moved, back;

	before = rdtsc();
	wrmsr(MSR_IA32_TSC_ADJUST, adjust + step);
	moved = rdtsc();
	wrmsr(MSR_IA32_TSC_ADJUST, adjust);
	back = rdtsc();
	EXPECT_GE(moved - before, step);
	EXPECT_LT(moved - before, step + pause_ticks());
	EXPECT_GE(back, moved - step);
	EXPECT_LT(back - (moved - step), pause_ticks());
}

TEST(tsc_write_moves_adjust, "setting the TSC moves IA32_TSC_ADJUST by as much",
     SPEC("SDM vol. 3B, 17.15.3"), REQUIRES(cpu_has(X86_FEATURE_TSC_ADJUST)))
{
	const u64 step = pause_ticks() * 1000;
	u64 adjust = rdmsr(MSR_IA32_TSC_ADJUST);
	u64 before = rdtsc(), moved;

	wrmsr(MSR_IA32_TSC, before + step);
	moved = rdmsr(MSR_IA32_TSC_ADJUST);
	wrmsr(MSR_IA32_TSC_ADJUST, adjust);
	/* The TSC went on between the read and the write: the move is the step less that. */
	EXPECT_LE(moved - adjust, step);
	EXPECT_GT(moved - adjust, step - pause_ticks());
}
