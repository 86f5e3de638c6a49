/* SPDX-License-Identifier: MIT */
/* The last case of the image, in the family's folder because that comes after common/. */
#include <test.h>

#include <mm/page.h>
#include <sys/atomic.h>
#include <sys/cpu.h>

SUITE("After all that");

static void count(void *calls)
{
	atomic_add((u32 *)calls, 1);
}

TEST(still_here, "whatever the cases before did, this one runs in a clean state and is a PASS")
{
	u32 calls = 0;

	run_on_all_cpus(count, &calls);
	EXPECT_EQ(calls, cpu_count());
	EXPECT_EQ(*(u64 *)page_alloc(), 0u);
	EXPECT_EQ(arch_irq_save(), PSTATE_I);
	EXPECT_EQ(read_sys(SCTLR) & SCTLR_A, 0);
}
