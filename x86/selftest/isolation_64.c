/* SPDX-License-Identifier: MIT */
/* Case isolation of what only exists in 64-bit mode: segment bases. */
#include <test.h>

#include <x86/cr.h>
#include <x86/msr.h>

SUITE("x86_64: case isolation");

TEST(x86_bases_left, "a case may leave segment bases and CR8 changed",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	wrmsr(MSR_FS_BASE, 0x123456789abcull);
	wrmsr(MSR_GS_BASE, 0x123456789abcull);
	wrmsr(MSR_KERNEL_GS_BASE, 0x123456789abcull);
	write_cr8(5);
	EXPECT_EQ(read_cr8(), 5u);
}

TEST(x86_bases_restored, "the next case finds bases and CR8 zero",
     SPEC("docs/writing-a-test.md, What a case may rely on"))
{
	EXPECT_EQ(rdmsr(MSR_FS_BASE), 0u);
	EXPECT_EQ(rdmsr(MSR_GS_BASE), 0u);
	EXPECT_EQ(rdmsr(MSR_KERNEL_GS_BASE), 0u);
	EXPECT_EQ(read_cr8(), 0u);
}
