/* SPDX-License-Identifier: MIT */
/* The last case of the image, in the family's folder because that comes after common/. */
#include <test.h>

#include <mm/page.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <x86/cr.h>

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
	EXPECT_EQ(read_flags() & (FLAG_IF | FLAG_AC | FLAG_IOPL), 0u);
	EXPECT_EQ(read_cr4() & CR4_TSD, 0u);
}
