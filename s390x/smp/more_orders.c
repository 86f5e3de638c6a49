/* SPDX-License-Identifier: MIT */
/* SIGNAL PROCESSOR: what it takes from its registers, orders that need no other CPU, conditional signals. */
#include <mm/page.h>
#include <s390x/cr.h>
#include <s390x/execute.h>
#include <s390x/facility.h>
#include <string.h>

#include "other.h"

SUITE("SIGP instruction", REQUIRES(cpu_count() > 1));

/* SIGP r2,r4,0(r9) with these registers; R1 is even, so that the parameter is in r3. */
static struct fault execute_sigp(u64 order, u64 address, u64 parameter, struct execution *e)
{
	static const u8 code[4] = { 0xae, 0x24, 0x90, 0x00 };

	*e = (struct execution){ .cc = 3 };
	e->gpr[2] = 0x1122334455667788;
	e->gpr[3] = parameter;
	e->gpr[4] = address;
	e->gpr[9] = order;
	return execute(code, sizeof(code), e);
}

TEST(sigp_order_code,
     "the order is bits 56-63 of the second operand's address, whatever is left of them",
     SPEC("PoP SA22-7832-13, chapter 7, SIGNAL PROCESSOR"))
{
	struct execution e;

	start_other();
	for (u32 n = 0; n < 3; n++) {
		static const u64 orders[] = { SIGP_SENSE, 0xfedcba9876543200 | SIGP_SENSE, 0xff01 };

		SUBTEST("%#llx", orders[n]);
		EXPECT_NO_FAULT(execute_sigp(orders[n], other_address(), 0, &e));
		EXPECT_EQ(e.cc, (u32)SIGP_ACCEPTED);
		EXPECT_EQ(e.gpr[2], 0x1122334455667788ull);
	}
}

TEST(sigp_cpu_address, "the CPU address is bits 48-63 of R3, whatever is left of them",
     SPEC("PoP SA22-7832-13, chapter 7, SIGNAL PROCESSOR"))
{
	struct execution e;

	start_other();
	EXPECT_NO_FAULT(execute_sigp(SIGP_SENSE, 0xabcdef0123450000 | other_address(), 0, &e));
	EXPECT_EQ(e.cc, (u32)SIGP_ACCEPTED);
	EXPECT_NO_FAULT(execute_sigp(SIGP_SENSE, 0x10000 + 0x7ff0, 0, &e));
	EXPECT_EQ(e.cc, (u32)SIGP_NOT_OPERATIONAL);
}

TEST(sigp_parameter_register, "the parameter is in R1 if that is odd, else in the next register",
     SPEC("PoP SA22-7832-13, chapter 7, SIGNAL PROCESSOR"))
{
	static const u8 odd[4] = { 0xae, 0x34, 0x90, 0x00 };
	ulong area = (ulong)pages_alloc(2, LOWCORE_SIZE);
	struct execution e = { .cc = 1 };

	start_other();
	stop_other();
	e.gpr[2] = 1;
	e.gpr[3] = area;
	e.gpr[4] = other_address();
	e.gpr[9] = SIGP_SET_PREFIX;
	EXPECT_NO_FAULT(execute(odd, 4, &e));
	EXPECT_EQ(e.cc, (u32)SIGP_ACCEPTED);
	EXPECT_NO_FAULT(execute_sigp(SIGP_SET_PREFIX, other_address(), 0x7fffe000, &e));
	EXPECT_EQ(e.cc, (u32)SIGP_STATUS_STORED);
	EXPECT_EQ((u32)e.gpr[2], (u32)SIGP_STATUS_INVALID_PARAMETER);
	EXPECT_EQ(e.gpr[2] >> 32, 0x11223344u);
	EXPECT_NO_FAULT(execute_sigp(SIGP_SET_PREFIX, other_address(), area, &e));
	EXPECT_EQ(e.cc, (u32)SIGP_ACCEPTED);
}

TEST(sigp_privileged, "SIGP in problem state is a privileged-operation exception",
     SPEC("PoP SA22-7832-13, chapter 7, SIGNAL PROCESSOR, Program Exceptions"))
{
	static const u8 code[4] = { 0xae, 0x24, 0x90, 0x00 };
	struct execution e = { .psw = PSW_KERNEL | PSW_PROBLEM };

	e.gpr[4] = other_address();
	e.gpr[9] = SIGP_SENSE;
	EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 4), execute(code, 4, &e));
}

TEST(sigp_self, "a CPU may sense itself, which operates and has no status",
     SPEC("PoP SA22-7832-13, chapter 4, Sense"))
{
	u32 status = 9;

	EXPECT_EQ(sigp_wait(SIGP_SENSE, store_cpu_address(), 0, &status), (u32)SIGP_ACCEPTED);
	EXPECT_EQ(status, 0u);
}

TEST(sigp_self_signals, "a CPU may signal itself",
     SPEC("PoP SA22-7832-13, chapter 4, External Call, Emergency Signal"))
{
	u64 cr0 = read_cr(0) & ~CR0_SUBCLASSES;
	u16 self = store_cpu_address();

	SUBTEST("external call");
	EXPECT_EQ(sigp_wait(SIGP_EXTERNAL_CALL, self, 0, NULL), (u32)SIGP_ACCEPTED);
	EXPECT(external_window(cr0 | CR0_EXTERNAL_CALL));
	EXPECT_EQ(LOWCORE->info.ext_code, EXT_EXTERNAL_CALL);
	EXPECT_EQ(LOWCORE->info.ext_cpu_address, self);
	EXPECT(!external_window(cr0 | CR0_EXTERNAL_CALL));
	SUBTEST("emergency signal");
	EXPECT_EQ(sigp_wait(SIGP_EMERGENCY_SIGNAL, self, 0, NULL), (u32)SIGP_ACCEPTED);
	EXPECT(external_window(cr0 | CR0_EMERGENCY));
	EXPECT_EQ(LOWCORE->info.ext_code, EXT_EMERGENCY_SIGNAL);
	EXPECT_EQ(LOWCORE->info.ext_cpu_address, self);
	EXPECT(!external_window(cr0 | CR0_EMERGENCY));
}

TEST(sigp_set_architecture,
     "set architecture to z/Architecture, which is active, has nothing to do",
     SPEC("PoP SA22-7832-13, chapter 4, Set Architecture"))
{
	u32 status, cc;

	start_other();
	stop_other();
	cc = sigp_wait(SIGP_SET_ARCHITECTURE, other_address(), 1, &status);
	/* With the configuration-z/Architecture facility there is nothing else: invalid parameter. */
	EXPECT_EQ(cc, (u32)SIGP_STATUS_STORED);
	EXPECT_EQ(status, (u32)SIGP_STATUS_INVALID_PARAMETER);
}

TEST(sigp_conditional_emergency,
     "a conditional emergency signal is for a CPU that could take it or is disabled",
     SPEC("PoP SA22-7832-13, chapter 4, Conditional Emergency Signal"))
{
	u32 status;

	start_other();
	/* CPU 1 runs disabled for external interruptions: the condition is met. */
	EXPECT_EQ(sigp_wait(SIGP_CONDITIONAL_EMERGENCY, other_address(), 0x123, &status),
		  (u32)SIGP_ACCEPTED);
	EXPECT(other_counts());
}

TEST(sigp_wraps_status_area, "store status at address takes an address on 512 bytes",
     SPEC("PoP SA22-7832-13, chapter 4, Store Status at Address"))
{
	u8 *area = pages_alloc(1, PAGE_SIZE);

	start_other();
	stop_other();
	memset(area, 0xee, PAGE_SIZE);
	/* Bits 55-63 of the parameter are ignored. */
	EXPECT_EQ(sigp_wait(SIGP_STORE_STATUS, other_address(), (ulong)area + 0x200 + 0x1f, NULL),
		  (u32)SIGP_ACCEPTED);
	EXPECT_EQ(area[0x1ff], 0xee);
	EXPECT_EQ(area[0x400], 0xee);
	EXPECT_NE(area[0x307], 0xee); /* the PSW's mask has zeros */
}

TEST(sense_running_operates,
     "sense running status of a CPU that runs is accepted, or says that it does not",
     SPEC("PoP SA22-7832-13, chapter 4, Sense Running Status"),
	  REQUIRES(has_facility(FACILITY_SENSE_RUNNING)))
{
	u32 status = 0, cc;

	start_other();
	cc = sigp_wait(SIGP_SENSE_RUNNING, other_address(), 0, &status);
	EXPECT(cc == SIGP_ACCEPTED ||
	       (cc == SIGP_STATUS_STORED && status == SIGP_STATUS_NOT_RUNNING));
	EXPECT_EQ(sigp_wait(SIGP_SENSE_RUNNING, store_cpu_address(), 0, &status),
		  (u32)SIGP_ACCEPTED);
}
