/* SPDX-License-Identifier: MIT */
/* Accesses of 64 bits with one instruction while another CPU writes there. */
#include <test.h>

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>

SUITE("Single-copy atomicity", REQUIRES(cpu_count() >= 2));

/* Where it is not atomic, that shows as soon as a host switches tasks within an access. */
#define TEAR_NS 2000000000ull

/* Accesses between two looks at whether it is time to end. */
#define BURST 1000

static u64 wide[2] __aligned(16);
static u32 end;

static void store_pair(u64 *at, u32 value)
{
	u64 pair = (u64)value << 32 | value;

	__asm__ volatile("strd %Q0, %R0, [%1]" : : "r"(pair), "r"(at) : "memory");
}

/* Writes values whose halves are the same. */
static void keep_writing(void *arg)
{
	u32 value = 0;

	(void)arg;
	while (!atomic_load(&end)) {
		for (u32 i = 0; i < BURST; i++, value++)
			store_pair(wide, value);
	}
}

static bool is_torn(void)
{
	u64 value;

	__asm__ volatile("ldrd %Q0, %R0, [%1]" : "=r"(value) : "r"(wide) : "memory");
	return (u32)value != value >> 32;
}

TEST(ldrd_is_atomic, "an aligned LDRD or STRD is one access, where there are long descriptors",
     SPEC("DDI 0487, E2.2.1, LDRD and STRD to 64-bit aligned locations"))
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
