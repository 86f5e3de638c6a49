/* SPDX-License-Identifier: MIT */
/*
 * SET CLOCK. The clock is set forward and back again by the same amount, so that it is nowhere less than it was
 * before; what passes between the reading and the setting is lost.
 */
#include <test.h>

#include <s390x/clock.h>
#include <s390x/cr.h>
#include <s390x/execute.h>
#include <sys/cpu.h>
#include <sys/time.h>

SUITE("SET CLOCK");

#define HOUR (3600 * TOD_HZ)

static u64 operand;

/* The condition code: 0 set, 1 secure. */
static u32 set_clock(u64 tod)
{
	u32 cc;

	operand = tod & ~0xfffull;
	__asm__ volatile("sck %1\n"
			 "ipm %0"
			 : "=d"(cc)
			 : "Q"(operand)
			 : "cc", "memory");
	return cc >> 28;
}

static void back(void)
{
	EXPECT_EQ(set_clock(store_clock() - HOUR), 0u);
}

TEST(clock_is_set, "the clock goes on from the value that it is set to",
     SPEC("PoP SA22-7832-13, chapter 10, SET CLOCK; chapter 4, Time-of-Day Clock, Setting and Inspecting"))
{
	for (u32 n = 0; n < 3; n++) {
		u64 before = store_clock(), after;

		if (set_clock(before + HOUR) == 1)
			SKIP("the clock is secure");
		after = store_clock();
		EXPECT_GE(after, (before + HOUR) & ~0xfffull);
		/* Half an hour is much for an instruction. */
		EXPECT_LT(after, before + HOUR + HOUR / 2);
		back();
		after = store_clock();
		EXPECT_GE(after, before & ~0xfffull);
		EXPECT_LT(after, before + HOUR / 2);
	}
}

static u64 others;

static void read_other(void *arg)
{
	(void)arg;
	others = store_clock();
}

TEST(clock_of_all, "all CPUs have the clock that was set",
     SPEC("PoP SA22-7832-13, chapter 4, TOD-Clock Synchronization: one clock of the configuration"),
	  REQUIRES(cpu_count() > 1))
{
	u64 before, after;

	/* It is started before, as that waits by the clock. */
	run_on_cpu(1, read_other, NULL);
	before = store_clock();
	if (set_clock(before + HOUR) == 1)
		SKIP("the clock is secure");
	run_on_cpu(1, read_other, NULL);
	after = store_clock();
	back();
	EXPECT_GT(others, before + HOUR / 2);
	EXPECT_LE(others, after);
}

TEST(comparator_of_set_clock, "the clock comparator is compared with the clock that was set",
     SPEC("PoP SA22-7832-13, chapter 4, Clock Comparator; chapter 6, Clock Comparator"))
{
	u64 cr0 = (read_cr(0) & ~CR0_SUBCLASSES) | CR0_CLOCK_COMPARATOR;
	u64 before = store_clock();
	bool early, came = false;

	set_clock_comparator(before + HOUR / 2);
	early = external_window(cr0);
	if (set_clock(before + HOUR) == 1)
		SKIP("the clock is secure");
	/* Recognition may take 1.05 s. */
	came = wait_until_ns(external_window(cr0), 1500000000ull);
	back();
	set_clock_comparator(CLOCK_COMPARATOR_NEVER);
	external_window(cr0);
	EXPECT(!early);
	EXPECT(came);
}

TEST(set_clock_refused, "SET CLOCK is privileged, and its operand has to be accessible",
     SPEC("PoP SA22-7832-13, chapter 10, SET CLOCK, Program Exceptions"))
{
	static const u8 sck[4] = { 0xb2, 0x04, 0x50, 0x00 };
	struct execution e = { .psw = PSW_KERNEL | PSW_PROBLEM };
	u64 before = store_clock();

	SUBTEST("problem state");
	e.gpr[5] = (ulong)&operand;
	EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 4), execute(sck, 4, &e));
	SUBTEST("absent");
	e = (struct execution){ .cc = 0 };
	e.gpr[5] = 8;
	EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(0), 4), execute(sck, 4, &e));
	EXPECT_LT(store_clock(), before + HOUR / 2);
}
