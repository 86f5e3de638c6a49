/* SPDX-License-Identifier: MIT */
/* Locked instructions of 64 and 128 bits. See atomic.c. */
#include "atomic.h"

#include <test.h>

#include <string.h>
#include <sys/cpu.h>
#include <x86/cpuid.h>

SUITE("Locked instructions of 64 bits and more under contention", REQUIRES(cpu_count() > 1));

/* A step that carries from the low into the high half all the time. */
#define STEP 0x40000001ull

static void lock_add(void *memory, u32 cpu, u32 round)
{
	(void)cpu;
	(void)round;
	__asm__ volatile("lock addq %1, %0" : "+m"(*(u64 *)memory) : "r"(STEP) : "cc");
}

static void lock_xadd(void *memory, u32 cpu, u32 round)
{
	u64 step = STEP;

	(void)cpu;
	(void)round;
	__asm__ volatile("lock xaddq %1, %0" : "+m"(*(u64 *)memory), "+r"(step) : : "cc");
}

static void lock_cmpxchg(void *memory, u32 cpu, u32 round)
{
	u64 seen = *(volatile u64 *)memory, before;

	(void)cpu;
	(void)round;
	do {
		before = seen;
		__asm__ volatile("lock cmpxchgq %2, %0"
				 : "+m"(*(u64 *)memory), "+a"(seen)
				 : "r"(before + STEP)
				 : "cc");
	} while (seen != before);
}

static const struct {
	const char *name;
	atomic_op op;
} adders[] = {
	{ "lock-add-64", lock_add },
	{ "lock-xadd-64", lock_xadd },
	{ "lock-cmpxchg-64", lock_cmpxchg },
};

TEST(locked_adds_count_64, "no locked 64-bit addition is lost or torn, at any alignment",
     SPEC("SDM vol. 3A, 8.1.2.2"))
{
	for (u32 i = 0; i < ARRAY_SIZE(adders); i++) {
		for (u32 p = 0; p < ATOMIC_PLACES; p++) {
			struct atomic_place place = atomic_place(p, 8);
			u64 *memory = atomic_memory(place);
			u64 expected;

			SUBTEST("%s-%s", adders[i].name, place.name);
			*memory = 0;
			expected = atomic_contend(adders[i].op, memory) * STEP;
			EXPECT_EQ(*memory, expected);
			EXPECT(atomic_guards_intact(memory, 8));
		}
	}
}

static void lock_cmpxchg16b_inc(void *memory, u32 cpu, u32 round)
{
	u64 low = ((volatile u64 *)memory)[0], high = ((volatile u64 *)memory)[1];
	bool done;

	(void)cpu;
	(void)round;
	do {
		__asm__ volatile("lock cmpxchg16b %0\n"
				 "setz %1"
				 : "+m"(*(u64(*)[2])memory), "=qm"(done), "+a"(low), "+d"(high)
				 : "b"(low + 1), "c"(high + STEP)
				 : "cc");
	} while (!done);
}

TEST(cmpxchg16b_counts, "LOCK CMPXCHG16B exchanges sixteen aligned bytes as one",
     SPEC("SDM vol. 2A, CMPXCHG16B"), REQUIRES(cpu_has(X86_FEATURE_CMPXCHG16B)))
{
	u64 *memory = atomic_memory(atomic_place(0, 16));
	u64 expected;

	memset(memory, 0, 16);
	expected = atomic_contend(lock_cmpxchg16b_inc, memory);
	EXPECT_EQ(memory[0], expected);
	EXPECT_EQ(memory[1], expected * STEP);
	EXPECT(atomic_guards_intact(memory, 16));
}
