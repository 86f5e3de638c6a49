/* SPDX-License-Identifier: MIT */
/* Accesses of 64 bits with one instruction while another CPU writes there. */
#include <test.h>

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>

SUITE("Single-copy atomicity", REQUIRES(cpu_count() >= 2));

#define TEAR_NS 50000000ull

/* Accesses between two looks at whether it is time to end. */
#define BURST 1000

static u64 wide[2] __aligned(16);
static u32 end;

/* Writes values whose halves are the same. */
static void keep_writing(void *arg)
{
	u32 value = 0;

	(void)arg;
	while (!atomic_load(&end)) {
		for (u32 i = 0; i < BURST; i++, value++)
			WRITE_ONCE(wide[0], (u64)value << 32 | value);
	}
}

static bool is_torn(void)
{
	u64 value = READ_ONCE(wide[0]);

	return (u32)value != value >> 32;
}

TEST(ldr_is_atomic, "an aligned LDR or STR of 64 bits is one access",
     SPEC("DDI 0487, B2.2.1, requirements for single-copy atomicity"))
{
	u64 start = clock_ns();
	u32 torn = 0;

	wide[0] = wide[1] = 0;
	end = 0;
	cpu_start_work(1, keep_writing, NULL);
	while (!torn && clock_ns() - start < TEAR_NS) {
		for (u32 i = 0; i < BURST; i++)
			torn += is_torn();
	}
	atomic_store(&end, 1);
	cpu_wait(1);
	EXPECT_EQ(torn, 0);
}
