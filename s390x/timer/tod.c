/* SPDX-License-Identifier: MIT */
/* The TOD clock as it is read: it never goes back, on one CPU or seen from another. */
#include <test.h>

#include <s390x/clock.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/landing.h>
#include <sys/time.h>

SUITE("TOD clock");

TEST(store_clock_grows, "each value that STORE CLOCK gives is greater than the last",
     SPEC("PoP SA22-7832-13, chapter 7, STORE CLOCK: the values are unique"))
{
	u64 before = store_clock();

	for (u32 i = 0; i < 20000; i++) {
		u64 now = store_clock();

		if (!EXPECT_GT(now, before))
			break;
		before = now;
	}
}

TEST(store_clock_fast_grows, "STORE CLOCK FAST never goes back",
     SPEC("PoP SA22-7832-13, chapter 7, STORE CLOCK FAST"))
{
	u64 before = store_clock_fast();

	for (u32 i = 0; i < 20000; i++) {
		u64 now = store_clock_fast();

		if (!EXPECT_GE(now, before))
			break;
		before = now;
	}
}

TEST(condition_code, "the clock is set: condition code 0",
     SPEC("PoP SA22-7832-13, chapter 7, STORE CLOCK"))
{
	u32 cc;
	u64 tod;

	__asm__ volatile("stck %1\n"
			 "ipm %0"
			 : "=d"(cc), "=Q"(tod)
			 :
			 : "cc");
	EXPECT_EQ(cc >> 28, 0u);
}

struct extended {
	u8 epoch;
	u8 bytes[15];
} __packed;

/* STORE CLOCK EXTENDED; the clock's bits 0-63 are after the epoch's byte. */
static u64 store_clock_extended(struct extended *value)
{
	u64 tod = 0;

	__asm__ volatile("stcke %0" : "=Q"(*value) : : "cc", "memory");
	for (u32 i = 0; i < 8; i++)
		tod = tod << 8 | value->bytes[i];
	return tod;
}

TEST(store_clock_extended_agrees, "STORE CLOCK EXTENDED is between the values before and after it",
     SPEC("PoP SA22-7832-13, chapter 7, STORE CLOCK EXTENDED"))
{
	for (u32 i = 0; i < 1000; i++) {
		struct extended value;
		u64 before = store_clock(), now = store_clock_extended(&value);
		u64 after = store_clock();

		EXPECT_GE(now, before);
		EXPECT_LE(now, after);
		EXPECT_EQ(value.epoch, 0);
	}
}

TEST(programmable_field, "STORE CLOCK EXTENDED ends in the TOD programmable register",
     SPEC("PoP SA22-7832-13, chapter 10, SET CLOCK PROGRAMMABLE FIELD"))
{
	static const u16 fields[] = { 0, 1, 0x8000, 0x1234, 0xffff, 0 };

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		struct extended value;
		register ulong r0 __asm__("0") = fields[i];

		__asm__ volatile("sckpf" : : "d"(r0) : "memory");
		store_clock_extended(&value);
		EXPECT_EQ(value.bytes[13] << 8 | value.bytes[14], fields[i]);
	}
}

/* ---------------------------------------------------------------------------------- several CPUs */

static u64 turn, last_tod, backwards;

/* In turn, each CPU reads the clock after it has seen the other's value. */
static void take_turns(void *arg)
{
	u32 self = this_cpu()->number;

	(void)arg;
	if (self > 1)
		return;
	for (u32 i = 0; i < 500; i++) {
		u64 now;

		while ((atomic_load(&turn) & 1) != self) {
			if (landing_is_ending())
				landing_end();
			arch_relax();
		}
		now = store_clock();
		if (now <= last_tod)
			backwards++;
		last_tod = now;
		atomic_add(&turn, 1);
	}
}

TEST(causal_on_all_cpus, "a CPU that has seen another's value is given a greater one",
     SPEC("PoP SA22-7832-13, chapter 7, STORE CLOCK; chapter 4, TOD-Clock Synchronization"),
	  REQUIRES(cpu_count() > 1))
{
	turn = last_tod = backwards = 0;
	run_on_all_cpus(take_turns, NULL);
	EXPECT_EQ(turn, 1000u);
	EXPECT_EQ(backwards, 0u);
}
