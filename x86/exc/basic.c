/* SPDX-License-Identifier: MIT */
#include <test.h>
#include <x86/msr.h>

SUITE("Basic");

TEST(unknown_msr_faults, "reading an MSR that does not exist raises #GP(0)", SPEC("SDM vol. 2B, RDMSR"))
{
	u64 value = 0;

	EXPECT_FAULT(GP(0), rdmsr_try(0x40000fff, &value));
	EXPECT_FAULT(GP(1), wrmsr_try(MSR_EFER, ~0ull));
	EXPECT_EQ(value, 5, "hello %d", 3);
}
static void user(void *arg) { (void)arg; asm volatile("hlt"); }
static void noop(void *arg) { *(int *)arg = 5; }
TEST(user, "hlt at CPL 3 is #GP", SPEC("SDM"))
{
	int x = 0;
	EXPECT_FAULT(GP(0), run_user(user, NULL));
	EXPECT_NO_FAULT(run_user(noop, &x));
	EXPECT_EQ(x, 5);
	SUBTEST("row %d", 1);
	EXPECT_FAULT(PF(2,8), fault_of(noop, (void*)8));
	SUBTEST("row %d", 2);
	EXPECT_FAULT(PF(2,9), fault_of(noop, (void*)8));
}
TEST(crash, "x") { asm volatile("ud2"); }
TEST(crash2, "broken stack") { asm volatile("mov $0x800, %%esp; call 1f; 1:" ::: "memory"
); }
TEST(nothing, "y") { }
