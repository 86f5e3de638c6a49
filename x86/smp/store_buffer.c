/* SPDX-License-Identifier: MIT */
/* What keeps a store before a load that follows it: SDM vol. 3A, 8.2.5, one instruction each. */
#include <test.h>

#include <sys/cpu.h>
#include <sys/litmus.h>

SUITE("Store buffers and what empties them", REQUIRES(cpu_count() > 1));

/* Each stores to its own word and then reads the other's, with a fence between. */
#define DEFINE_STORE_LOAD_(name, fence)                                                  \
	static void name(u32 role, u32 slot)                                             \
	{                                                                                \
		volatile u32 *mine = role ? &litmus.y[slot] : &litmus.x[slot];           \
		volatile u32 *other = role ? &litmus.x[slot] : &litmus.y[slot];          \
		u32 scratch = 0;                                                         \
                                                                                         \
		*mine = 1;                                                               \
		__asm__ volatile(fence : "+r"(scratch) : "m"(scratch) : "memory", "cc"); \
		litmus.seen[role][slot] = *other;                                        \
	}

DEFINE_STORE_LOAD_(store_mfence_load, "mfence")
DEFINE_STORE_LOAD_(store_xchg_load, "xchgl %0, %1")
DEFINE_STORE_LOAD_(store_lock_or_load, "lock orl $0, %1")

static void xchg_store_load(u32 role, u32 slot)
{
	volatile u32 *mine = role ? &litmus.y[slot] : &litmus.x[slot];
	volatile u32 *other = role ? &litmus.x[slot] : &litmus.y[slot];
	u32 one = 1;

	__asm__ volatile("xchgl %0, %1" : "+r"(one), "+m"(*mine) : : "memory");
	litmus.seen[role][slot] = *other;
}

static bool neither_seen(u32 slot)
{
	return !litmus.seen[0][slot] && !litmus.seen[1][slot];
}

TEST(store_load_with_fence,
     "of two CPUs that store, fence and load each other's word one sees the store",
     SPEC("SDM vol. 3A, 8.2.3.8, 8.2.3.9, 8.2.5, 8.3"))
{
	static const struct {
		const char *name;
		litmus_program program;
	} rows[] = {
		{ "MFENCE", store_mfence_load },
		{ "XCHG-of-another-word", store_xchg_load },
		{ "LOCK-OR-of-another-word", store_lock_or_load },
		{ "XCHG-as-the-store", xchg_store_load },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		EXPECT_EQ(litmus_run(rows[i].program, 2, neither_seen), 0);
	}
}
