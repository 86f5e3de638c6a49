/* SPDX-License-Identifier: MIT */
/* Atomic operations of 64 bits, which only machines with registers of that size have. See atomics.c. */
#include "atomics.h"

#include <test.h>

SUITE("Atomic operations of 64 bits under contention", REQUIRES(cpu_count() > 1));

ATOMICS_STEPS(u64)

static const struct atomics_row rows[] = { ATOMICS_ROWS(u64, "64") };

TEST(atomics_lose_nothing_64, "no atomic update of 64 bits is lost, whatever the operation",
     SPEC("SDM vol. 3A, 8.1.2.2; DDI 0487, B2.9; PoP SA22-7832-13, chapter 5, "
	  "Interlocked-Update References"))
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		atomics_check(&rows[i]);
	}
}

/* A step that carries from the low half into the high one all the time. */
#define STEP   0x40000001ull
#define ROUNDS 20000

static u64 carrying;

static void add_step(void *arg)
{
	(void)arg;
	for (u32 round = 0; round < ROUNDS; round++)
		atomic_add(&carrying, STEP);
}

TEST(atomic_carries_64, "an addition of 64 bits carries into the upper half, whoever adds",
     SPEC("SDM vol. 3A, 8.1.2.2; DDI 0487, B2.9; PoP SA22-7832-13, chapter 5, "
	  "Interlocked-Update References"))
{
	carrying = 0;
	run_on_all_cpus(add_step, NULL);
	EXPECT_EQ(carrying, ROUNDS * STEP * cpu_count());
}
