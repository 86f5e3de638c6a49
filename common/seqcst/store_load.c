/* SPDX-License-Identifier: MIT */
/*
 * Stores and loads that are sequentially consistent by themselves, as C11 compiles them: by a fence or an
 * exchange on most architectures, by STLR and LDAR on arm64. An image of its own, because TCG loses the
 * order of STLR and LDAR, now and then and not always, so that known.cfg cannot say it.
 */
#include <test.h>

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/litmus.h>

SUITE("Sequentially consistent accesses", REQUIRES(cpu_count() > 1));

static void store_load(u32 role, u32 slot)
{
	atomic_store(role ? &litmus.y[slot] : &litmus.x[slot], 1);
	litmus.seen[role][slot] = atomic_load(role ? &litmus.x[slot] : &litmus.y[slot]);
}

static bool neither_seen(u32 slot)
{
	return !litmus.seen[0][slot] && !litmus.seen[1][slot];
}

TEST(store_then_load, "of two CPUs that store and then load each other's word one sees the store",
     SPEC("SDM vol. 3A, 8.2.5; DDI 0487, B2.3.7, Load-Acquire after a Store-Release; "
	  "PoP SA22-7832-13, chapter 5, CPU Serialization"))
{
	EXPECT_EQ(litmus_run(store_load, 2, neither_seen), 0);
}
