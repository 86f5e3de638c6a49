/* SPDX-License-Identifier: MIT */
/* What the instructions that read the TSC leave in the upper halves of 64-bit registers. */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/msr.h>

SUITE("Time-stamp counter in 64-bit registers", REQUIRES(cpu_has(X86_FEATURE_TSC)));

TEST(rdtsc_clears_upper_halves, "RDTSC clears bits 63-32 of RAX and RDX",
     SPEC("SDM vol. 2B, RDTSC"))
{
	u64 rax = ~0ull, rdx = ~0ull;

	__asm__ volatile("rdtsc" : "+a"(rax), "+d"(rdx));
	EXPECT_EQ(rax >> 32, 0);
	EXPECT_EQ(rdx >> 32, 0);
}

TEST(rdtscp_clears_upper_halves, "RDTSCP clears bits 63-32 of RAX, RDX and RCX",
     SPEC("SDM vol. 2B, RDTSCP"), REQUIRES(cpu_has(X86_FEATURE_RDTSCP)))
{
	u64 rax = ~0ull, rdx = ~0ull, rcx = ~0ull;

	wrmsr(MSR_TSC_AUX, 0xffffffff);
	__asm__ volatile("rdtscp" : "+a"(rax), "+d"(rdx), "+c"(rcx));
	wrmsr(MSR_TSC_AUX, 0);
	EXPECT_EQ(rax >> 32, 0);
	EXPECT_EQ(rdx >> 32, 0);
	EXPECT_EQ(rcx >> 32, 0);
	EXPECT_EQ(rcx, 0xffffffff);
}

TEST(rdmsr_tsc_clears_upper_halves, "RDMSR of the TSC clears bits 63-32 of RAX and RDX",
     SPEC("SDM vol. 2B, RDMSR"))
{
	u64 rax = ~0ull, rdx = ~0ull;

	__asm__ volatile("rdmsr" : "+a"(rax), "+d"(rdx) : "c"((u64)MSR_IA32_TSC));
	EXPECT_EQ(rax >> 32, 0);
	EXPECT_EQ(rdx >> 32, 0);
}

TEST(tsc_aux_reserved_bits, "WRMSR of IA32_TSC_AUX with a bit above 31 is #GP(0)",
     SPEC("SDM vol. 4, table 2-2, IA32_TSC_AUX"),
	  REQUIRES(cpu_has(X86_FEATURE_RDTSCP) && cpu_is_intel()))
{
	wrmsr(MSR_TSC_AUX, 7);
	for (u32 bit = 32; bit < 64; bit++) {
		EXPECT_FAULT(GP(0), wrmsr_try(MSR_TSC_AUX, BIT(bit)), "bit %u", bit);
		EXPECT_EQ(rdmsr(MSR_TSC_AUX), 7);
	}
	wrmsr(MSR_TSC_AUX, 0);
}
