/* SPDX-License-Identifier: MIT */
/*
 * Emergency signals and external calls: any number of signals can be pending, one from each CPU; of calls,
 * one. Both are held until the subclass mask and the PSW let them through.
 */
#include <s390x/cr.h>

#include "other.h"

SUITE("Emergency signal, external call", REQUIRES(cpu_count() > 1));

static void send_to_0(void *order)
{
	sigp_wait((ulong)order, (u16)cpu_by_number(0)->hardware_id, 0, NULL);
}

static void send(u32 from, u64 order)
{
	run_on_cpu(from, send_to_0, (void *)(ulong)order);
}

/* Takes one external interruption of the subclasses, if one is pending, and says which. */
static u32 take(u64 subclasses)
{
	u64 cr0 = (read_cr(0) & ~CR0_SUBCLASSES) | subclasses;

	return external_window(cr0) ? LOWCORE->info.ext_code : 0;
}

static u16 sender(void)
{
	return LOWCORE->info.ext_cpu_address;
}

TEST(emergency, "an emergency signal says who sent it, and is taken once",
     SPEC("PoP SA22-7832-13, chapter 6, Emergency Signal; chapter 4, Emergency Signal"))
{
	for (u32 from = 0; from < cpu_count(); from++) {
		SUBTEST("from CPU %u", from);
		send(from, SIGP_EMERGENCY_SIGNAL);
		EXPECT_EQ(take(CR0_EMERGENCY), (u32)EXT_EMERGENCY_SIGNAL);
		EXPECT_EQ(sender(), (u16)cpu_by_number(from)->hardware_id);
		EXPECT_EQ(take(CR0_SUBCLASSES), 0u);
	}
}

TEST(emergencies_of_all,
     "emergency signals of several CPUs are each taken, twice from one only once",
     SPEC("PoP SA22-7832-13, chapter 6, Emergency Signal"))
{
	u64 seen = 0;

	for (u32 from = 0; from < cpu_count(); from++) {
		send(from, SIGP_EMERGENCY_SIGNAL);
		send(from, SIGP_EMERGENCY_SIGNAL);
	}
	for (u32 from = 0; from < cpu_count(); from++) {
		EXPECT_EQ(take(CR0_EMERGENCY), (u32)EXT_EMERGENCY_SIGNAL);
		EXPECT_EQ(seen & BIT(sender()), 0u);
		seen |= BIT(sender());
	}
	EXPECT_EQ(take(CR0_EMERGENCY), 0u);
	for (u32 from = 0; from < cpu_count(); from++)
		EXPECT(seen & BIT(cpu_by_number(from)->hardware_id));
}

TEST(emergencies_in_order,
     "of emergency signals of several CPUs that of the smallest address is taken first",
     SPEC("PoP SA22-7832-13, chapter 6, External Interruption: \"the request associated with the smallest "
	  "CPU address is honored first\""))
{
	for (u32 from = cpu_count(); from-- > 0;)
		send(from, SIGP_EMERGENCY_SIGNAL);
	for (u32 from = 0, last = 0; from < cpu_count(); from++) {
		EXPECT_EQ(take(CR0_EMERGENCY), (u32)EXT_EMERGENCY_SIGNAL);
		if (from)
			EXPECT_GT(sender(), last);
		last = sender();
	}
}

TEST(external_call, "an external call says who sent it, and is taken once",
     SPEC("PoP SA22-7832-13, chapter 6, External Call; chapter 4, External Call"))
{
	for (u32 from = 0; from < cpu_count(); from++) {
		SUBTEST("from CPU %u", from);
		send(from, SIGP_EXTERNAL_CALL);
		EXPECT_EQ(take(CR0_EXTERNAL_CALL), (u32)EXT_EXTERNAL_CALL);
		EXPECT_EQ(sender(), (u16)cpu_by_number(from)->hardware_id);
		EXPECT_EQ(take(CR0_SUBCLASSES), 0u);
	}
}

TEST(external_call_pending,
     "a call while one is pending is refused with status bit 56, which sense shows",
     SPEC("PoP SA22-7832-13, chapter 4, Status Bits: External Call Pending"))
{
	u16 self = store_cpu_address();
	u32 status;

	send(1, SIGP_EXTERNAL_CALL);
	EXPECT_EQ(sigp_wait(SIGP_SENSE, self, 0, &status), (u32)SIGP_STATUS_STORED);
	EXPECT_EQ(status, SIGP_STATUS_EXTERNAL_CALL_PENDING);
	EXPECT_EQ(sigp_wait(SIGP_EXTERNAL_CALL, self, 0, &status), (u32)SIGP_STATUS_STORED);
	EXPECT_EQ(status, SIGP_STATUS_EXTERNAL_CALL_PENDING);
	/* The first one stays. */
	EXPECT_EQ(take(CR0_EXTERNAL_CALL), (u32)EXT_EXTERNAL_CALL);
	EXPECT_EQ(sender(), other_address());
	EXPECT_EQ(sigp_wait(SIGP_SENSE, self, 0, &status), (u32)SIGP_ACCEPTED);
	EXPECT_EQ(sigp_wait(SIGP_EXTERNAL_CALL, self, 0, &status), (u32)SIGP_ACCEPTED);
	EXPECT_EQ(take(CR0_EXTERNAL_CALL), (u32)EXT_EXTERNAL_CALL);
	EXPECT_EQ(sender(), self);
}

TEST(subclass_masks, "what a subclass mask holds back stays pending",
     SPEC("PoP SA22-7832-13, chapter 6, External Interruption; chapter 4, CR0 bits 49 and 50"))
{
	send(1, SIGP_EMERGENCY_SIGNAL);
	send(1, SIGP_EXTERNAL_CALL);
	EXPECT_EQ(take(0), 0u);
	EXPECT_EQ(take(CR0_SUBCLASSES & ~(CR0_EMERGENCY | CR0_EXTERNAL_CALL)), 0u);
	EXPECT_EQ(take(CR0_EXTERNAL_CALL), (u32)EXT_EXTERNAL_CALL);
	EXPECT_EQ(take(CR0_EXTERNAL_CALL), 0u);
	EXPECT_EQ(take(CR0_EMERGENCY), (u32)EXT_EMERGENCY_SIGNAL);
	EXPECT_EQ(take(CR0_EMERGENCY), 0u);
}

TEST(priority, "an emergency signal comes before an external call",
     SPEC("PoP SA22-7832-13, chapter 6, External Interruption: priority"))
{
	const u64 both = CR0_EMERGENCY | CR0_EXTERNAL_CALL;

	send(1, SIGP_EXTERNAL_CALL);
	send(1, SIGP_EMERGENCY_SIGNAL);
	EXPECT_EQ(take(both), (u32)EXT_EMERGENCY_SIGNAL);
	EXPECT_EQ(take(both), (u32)EXT_EXTERNAL_CALL);
	EXPECT_EQ(take(both), 0u);
}

static u32 taken, taken_code;

static void count_external(struct trap_frame *frame)
{
	taken_code = frame->info.ext_code;
	WRITE_ONCE(taken, taken + 1);
}

/* Enabled, so that signals interrupt. */
static void count_enabled(void *arg)
{
	(void)arg;
	__asm__ volatile("stosm %0,0x01" : "=Q"(*(u8 *)arg) : : "memory");
	for (;;)
		WRITE_ONCE(rounds, rounds + 1);
}

TEST(interrupts_running, "every emergency signal to a CPU that is enabled interrupts it",
     SPEC("PoP SA22-7832-13, chapter 6, Emergency Signal"))
{
	static u8 mask;

	taken = 0;
	trap_set_handler(TRAP_EXTERNAL, count_external);
	rounds = 0;
	cpu_start_work(1, count_enabled, &mask);
	ASSERT(other_counts());
	for (u32 i = 1; i <= 200; i++) {
		sigp_wait(SIGP_EMERGENCY_SIGNAL, other_address(), 0, NULL);
		ASSERT(wait_until(READ_ONCE(taken) >= i));
		ASSERT_EQ(READ_ONCE(taken), i);
		EXPECT_EQ(taken_code, (u32)EXT_EMERGENCY_SIGNAL);
	}
	EXPECT(other_counts());
}

TEST(reset_clears_pending, "CPU reset clears a pending external call",
     SPEC("PoP SA22-7832-13, chapter 4, CPU Reset"))
{
	u32 status;

	start_other();
	EXPECT_EQ(sigp_wait(SIGP_EXTERNAL_CALL, other_address(), 0, NULL), (u32)SIGP_ACCEPTED);
	EXPECT_EQ(sigp_wait(SIGP_SENSE, other_address(), 0, &status), (u32)SIGP_STATUS_STORED);
	EXPECT_EQ(status, SIGP_STATUS_EXTERNAL_CALL_PENDING);
	EXPECT_EQ(sigp_wait(SIGP_CPU_RESET, other_address(), 0, NULL), (u32)SIGP_ACCEPTED);
	EXPECT_EQ(sigp_wait(SIGP_SENSE, other_address(), 0, &status), (u32)SIGP_STATUS_STORED);
	EXPECT_EQ(status, SIGP_STATUS_STOPPED);
}
