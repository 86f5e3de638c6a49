/* SPDX-License-Identifier: MIT */
/* SIGNAL PROCESSOR: orders, condition codes and status. */
#include <mm/page.h>
#include <s390x/cr.h>
#include <s390x/facility.h>
#include <string.h>

#include "other.h"

SUITE("SIGP orders", REQUIRES(cpu_count() > 1));

#define NO_CPU 0xfff0 /* an address that no CPU has */

TEST(not_operational, "every order to an address without a CPU has condition code 3",
     SPEC("PoP SA22-7832-13, chapter 7, SIGNAL PROCESSOR; chapter 4, Conditions Determining Response"))
{
	static const u8 orders[] = { SIGP_SENSE,     SIGP_EXTERNAL_CALL, SIGP_EMERGENCY_SIGNAL,
				     SIGP_START,     SIGP_STOP,		 SIGP_RESTART,
				     SIGP_CPU_RESET, SIGP_SET_PREFIX };

	for (u32 i = 0; i < ARRAY_SIZE(orders); i++) {
		u32 status;

		SUBTEST("order %#x", orders[i]);
		EXPECT_EQ(sigp_wait(orders[i], NO_CPU, 0, &status), (u32)SIGP_NOT_OPERATIONAL);
		EXPECT_EQ(status, 0u);
	}
}

TEST(invalid_order, "an order that does not exist is status bit 62",
     SPEC("PoP SA22-7832-13, chapter 4, Status Bits: Invalid Order"))
{
	static const u8 orders[] = { 0x00, 0x07, 0x0f, 0x30, 0x80, 0xff };

	start_other();
	for (u32 i = 0; i < ARRAY_SIZE(orders); i++) {
		u32 status;

		SUBTEST("order %#x", orders[i]);
		EXPECT_EQ(sigp_wait(orders[i], other_address(), 0, &status),
			  (u32)SIGP_STATUS_STORED);
		EXPECT_EQ(status, SIGP_STATUS_INVALID_ORDER);
	}
}

TEST(sense, "sense has no status for a CPU that operates, and says if it is stopped",
     SPEC("PoP SA22-7832-13, chapter 4, Signal-Processor Orders: Sense"))
{
	u32 status;

	start_other();
	EXPECT_EQ(sigp_wait(SIGP_SENSE, other_address(), 0, &status), (u32)SIGP_ACCEPTED);
	EXPECT_EQ(status, 0u);
	stop_other();
	EXPECT_EQ(sigp_wait(SIGP_SENSE, other_address(), 0, &status), (u32)SIGP_STATUS_STORED);
	EXPECT_EQ(status, SIGP_STATUS_STOPPED);
}

TEST(sense_keeps_left_half, "status replaces the right half of the register alone",
     SPEC("PoP SA22-7832-13, chapter 7, SIGNAL PROCESSOR"))
{
	ulong address = other_address(), result = 0x1122334455667788;

	start_other();
	stop_other();
	__asm__ volatile("lgr %%r2,%0\n"
			 "lghi %%r3,0\n"
			 "0: sigp %%r2,%1,%2(%%r0)\n"
			 "brc 2,0b\n"
			 "lgr %0,%%r2"
			 : "+d"(result)
			 : "d"(address), "i"(SIGP_SENSE)
			 : "2", "3", "cc", "memory");
	EXPECT_EQ(result, 0x1122334400000000ul | SIGP_STATUS_STOPPED);
}

TEST(sense_running, "a stopped CPU is not running",
     SPEC("PoP SA22-7832-13, chapter 4, Sense Running Status"),
	  REQUIRES(has_facility(FACILITY_SENSE_RUNNING)))
{
	u32 status;

	start_other();
	stop_other();
	EXPECT_EQ(sigp_wait(SIGP_SENSE_RUNNING, other_address(), 0, &status),
		  (u32)SIGP_STATUS_STORED);
	EXPECT_EQ(status, SIGP_STATUS_NOT_RUNNING);
}

TEST(stop_and_start, "a CPU that is stopped does nothing, and goes on when it is started",
     SPEC("PoP SA22-7832-13, chapter 4, Stop, Start; Stopped and Operating States"))
{
	for (u32 i = 0; i < 5; i++) {
		u64 before;

		start_other();
		stop_other();
		before = READ_ONCE(rounds);
		delay_us(2000);
		EXPECT_EQ(READ_ONCE(rounds), before);
		/* Stop, stopped already: accepted, and nothing happens. */
		EXPECT_EQ(sigp_wait(SIGP_STOP, other_address(), 0, NULL), (u32)SIGP_ACCEPTED);
		EXPECT(other_is_stopped());
		EXPECT_EQ(sigp_wait(SIGP_START, other_address(), 0, NULL), (u32)SIGP_ACCEPTED);
		EXPECT(other_counts());
		EXPECT_GT(READ_ONCE(rounds), before);
		/* Start, operating already. */
		EXPECT_EQ(sigp_wait(SIGP_START, other_address(), 0, NULL), (u32)SIGP_ACCEPTED);
		EXPECT(other_counts());
		cpus_park();
	}
}

static u32 restarts;

static void count_restart(struct trap_frame *frame)
{
	(void)frame;
	restarts++;
}

TEST(restart_operating, "restart interrupts a CPU that operates, even with everything disabled",
     SPEC("PoP SA22-7832-13, chapter 4, Restart; chapter 6, Restart Interruption"))
{
	restarts = 0;
	trap_set_handler(TRAP_RESTART, count_restart);
	start_other();
	for (u32 i = 1; i <= 10; i++) {
		EXPECT_EQ(sigp_wait(SIGP_RESTART, other_address(), 0, NULL), (u32)SIGP_ACCEPTED);
		EXPECT(wait_until(READ_ONCE(restarts) == i));
		EXPECT(other_counts());
	}
}

TEST(restart_stopped, "restart of a stopped CPU interrupts what it was at, and starts it",
     SPEC("PoP SA22-7832-13, chapter 4, Restart"))
{
	restarts = 0;
	trap_set_handler(TRAP_RESTART, count_restart);
	start_other();
	stop_other();
	EXPECT_EQ(sigp_wait(SIGP_RESTART, other_address(), 0, NULL), (u32)SIGP_ACCEPTED);
	EXPECT(wait_until(READ_ONCE(restarts) == 1));
	EXPECT(other_counts());
	EXPECT_EQ(other_lowcore()->old_psw[TRAP_RESTART].mask & ~(PSW_CC | PSW_PM), PSW_KERNEL);
}

TEST(set_prefix_states, "set prefix is for a stopped CPU and for storage that is there",
     SPEC("PoP SA22-7832-13, chapter 4, Set Prefix"))
{
	ulong area = (ulong)pages_alloc(2, LOWCORE_SIZE);
	u32 status;

	start_other();
	SUBTEST("operating");
	EXPECT_EQ(sigp_wait(SIGP_SET_PREFIX, other_address(), area, &status),
		  (u32)SIGP_STATUS_STORED);
	EXPECT_EQ(status, SIGP_STATUS_INCORRECT_STATE);
	EXPECT(other_counts());
	stop_other();
	SUBTEST("storage that is not there");
	EXPECT_EQ(sigp_wait(SIGP_SET_PREFIX, other_address(), 0x7fffe000, &status),
		  (u32)SIGP_STATUS_STORED);
	EXPECT_EQ(status, SIGP_STATUS_INVALID_PARAMETER);
	SUBTEST("stopped");
	EXPECT_EQ(sigp_wait(SIGP_SET_PREFIX, other_address(), area, &status), (u32)SIGP_ACCEPTED);
	EXPECT(other_is_stopped());
}

/* ------------------------------------------------------------------------------- status and resets */

static struct stored_status status_area __aligned(512);

/* The stopped CPU 1's. */
static const struct stored_status *status_of_other(void)
{
	static const struct stored_status nothing;

	status_area = nothing;
	ASSERT_EQ(sigp_wait(SIGP_STORE_STATUS, other_address(), (ulong)&status_area, NULL),
		  (u32)SIGP_ACCEPTED);
	return &status_area;
}

static void spin_with_known_state(void *arg)
{
	(void)arg;
	set_clock_comparator(0x1122334455667700);
	write_cr(9, 0);
	write_cr(12, 0x1122334455667788);
	WRITE_ONCE(rounds, 1);
	__asm__ volatile("lghi %%r8,-88\n"
			 "lghi %%r9,99\n"
			 "0: lg %%r7,0(%0)\n"
			 "aghi %%r7,1\n"
			 "stg %%r7,0(%0)\n"
			 "j 0b"
			 :
			 : "a"(&rounds)
			 : "7", "8", "9", "memory");
}

static void start_with_known_state(void)
{
	rounds = 0;
	cpu_start_work(1, spin_with_known_state, NULL);
	ASSERT(other_counts());
}

static void expect_known_state(const struct stored_status *status)
{
	EXPECT_EQ(status->gpr[8], (u64)-88);
	EXPECT_EQ(status->gpr[9], 99u);
	EXPECT_EQ(status->prefix, (u32)cpu_by_number(1)->arch.prefix);
	EXPECT_EQ(status->cr[12], 0x1122334455667788u);
	EXPECT_EQ(status->cr[1], read_cr(1));
	EXPECT_EQ(status->clock_comparator >> 48 & 0xff, 0x11);
	EXPECT_EQ(status->clock_comparator & 0xff, 0x77);
}

TEST(store_status, "store status at address stores the registers of a stopped CPU",
     SPEC("PoP SA22-7832-13, chapter 4, Store Status at Address"))
{
	const struct stored_status *status;
	u32 why;

	start_with_known_state();
	EXPECT_EQ(sigp_wait(SIGP_STORE_STATUS, other_address(), (ulong)&status_area, &why),
		  (u32)SIGP_STATUS_STORED);
	EXPECT_EQ(why, SIGP_STATUS_INCORRECT_STATE);
	stop_other();
	status = status_of_other();
	expect_known_state(status);
	EXPECT_EQ(status->psw.mask & ~(PSW_CC | PSW_PM), PSW_KERNEL);
	EXPECT_LT(status->psw.addr - (ulong)spin_with_known_state, 0x200ul);
}

TEST(store_status_absent, "store status at an address without storage is an invalid parameter",
     SPEC("PoP SA22-7832-13, chapter 4, Store Status at Address; Status Bits: Invalid Parameter"))
{
	u32 why;

	start_other();
	stop_other();
	EXPECT_EQ(sigp_wait(SIGP_STORE_STATUS, other_address(), 0x7ffffe00, &why),
		  (u32)SIGP_STATUS_STORED);
	EXPECT_EQ(why, SIGP_STATUS_INVALID_PARAMETER);
}

TEST(stop_and_store_status, "stop and store status stops the CPU and stores at absolute 4608",
     SPEC("PoP SA22-7832-13, chapter 4, Stop and Store Status; Store Status"))
{
	start_with_known_state();
	/* The prefix of this CPU is 0. */
	memset(LOWCORE->saved_gpr, 0, sizeof(LOWCORE->saved_gpr));
	EXPECT_EQ(sigp_wait(SIGP_STOP_AND_STORE_STATUS, other_address(), 0, NULL),
		  (u32)SIGP_ACCEPTED);
	EXPECT(wait_until(other_is_stopped()));
	expect_known_state((const void *)LOWCORE->saved_fpr);
}

TEST(cpu_reset, "CPU reset stops a CPU; its registers, prefix and clock comparator stay",
     SPEC("PoP SA22-7832-13, chapter 4, CPU Reset"))
{
	start_with_known_state();
	EXPECT_EQ(sigp_wait(SIGP_CPU_RESET, other_address(), 0, NULL), (u32)SIGP_ACCEPTED);
	ASSERT(other_is_stopped());
	expect_known_state(status_of_other());
}

TEST(initial_cpu_reset,
     "initial CPU reset initialises PSW, prefix, timers and control registers, not the rest",
     SPEC("PoP SA22-7832-13, chapter 4, Initial CPU Reset"))
{
	const struct stored_status *status;

	start_with_known_state();
	EXPECT_EQ(sigp_wait(SIGP_INITIAL_CPU_RESET, other_address(), 0, NULL), (u32)SIGP_ACCEPTED);
	ASSERT(other_is_stopped());
	status = status_of_other();
	EXPECT_EQ(status->gpr[8], (u64)-88);
	EXPECT_EQ(status->gpr[9], 99u);
	EXPECT_EQ(status->psw.mask, 0u);
	EXPECT_EQ(status->psw.addr, 0u);
	EXPECT_EQ(status->prefix, 0u);
	EXPECT_EQ(status->clock_comparator >> 48 & 0xff, 0u);
	EXPECT_EQ(status->tod_programmable, 0u);
	for (u32 i = 0; i < 16; i++)
		EXPECT_EQ(status->cr[i], i == 0 ? 0xe0u : i == 14 ? CR14_INITIAL : 0u, "CR%u", i);
}
