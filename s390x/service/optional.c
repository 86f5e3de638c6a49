/* SPDX-License-Identifier: MIT */
/* Instructions of facilities that few VMMs have: STORE HYPERVISOR INFORMATION, those of adjunct processors. */
#include <test.h>

#include <mm/page.h>
#include <s390x/execute.h>
#include <s390x/facility.h>
#include <string.h>

SUITE("Optional control instructions");

#define FACILITY_STHYI 74

static u8 page[2 * PAGE_SIZE] __aligned(PAGE_SIZE);

/* STHYI r2,r4 */
static struct fault sthyi(u64 function, u64 address, struct execution *e)
{
	static const u8 code[4] = { 0xb2, 0x56, 0x00, 0x24 };

	*e = (struct execution){ .cc = 2 };
	e->gpr[2] = function;
	e->gpr[4] = address;
	e->gpr[5] = 0x7777;
	return execute(code, sizeof(code), e);
}

TEST(sthyi,
     "STORE HYPERVISOR INFORMATION is there if the facility is: a page and a return code, or code 3",
     SPEC("Linux, Documentation/virt/kvm/s390/s390-diag.rst; arch/s390/kernel/sthyi.c"))
{
	struct execution e;
	struct fault fault;

	memset(page, 0xee, sizeof(page));
	fault = sthyi(0, (ulong)page, &e);
	if (!has_facility(FACILITY_STHYI)) {
		EXPECT_FAULT(WITH_ILC(PGM_OPERATION, 4), fault);
		return;
	}
	EXPECT_NO_FAULT(fault);
	if (e.cc == 0) {
		EXPECT_EQ(e.gpr[5], 0u);
	} else {
		EXPECT_EQ(e.cc, 3u);
		EXPECT_NE(e.gpr[5], 0u);
		EXPECT_EQ(page[0], 0xee);
	}
	EXPECT_EQ(page[PAGE_SIZE], 0xee);
	SUBTEST("a function that does not exist");
	EXPECT_NO_FAULT(sthyi(0x1234, (ulong)page, &e));
	EXPECT_EQ(e.cc, 3u);
	EXPECT_EQ(e.gpr[5], 4u);
}

TEST(sthyi_specification,
     "odd registers, one register twice, and an address off a page are refused",
     SPEC("Linux, arch/s390/kernel/sthyi.c, handle_sthyi()"),
	  REQUIRES(has_facility(FACILITY_STHYI)))
{
	static const u8 registers[] = { 0x34, 0x25, 0x22 };
	struct execution e;

	for (u32 n = 0; n < ARRAY_SIZE(registers); n++) {
		u8 code[4] = { 0xb2, 0x56, 0x00, registers[n] };

		SUBTEST("registers %02x", registers[n]);
		e = (struct execution){ .cc = 2 };
		e.gpr[4] = e.gpr[5] = (ulong)page;
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(code, 4, &e));
	}
	SUBTEST("off a page");
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), sthyi(0, (ulong)page + 8, &e));
}

/* PQAP, NQAP and DQAP with these registers. */
static struct fault adjunct(u8 opcode, u64 r0, u64 psw, struct execution *e)
{
	u8 code[4] = { 0xb2, opcode, 0x00, 0x24 };

	*e = (struct execution){ .cc = 2, .psw = psw };
	e->gpr[0] = r0;
	e->gpr[4] = (ulong)page;
	return execute(code, sizeof(code), e);
}

#define PQAP	 0xaf
#define NQAP	 0xad
#define DQAP	 0xae
#define NO_QUEUE 0xffff

TEST(adjunct_processors, "either all instructions of adjunct processors are there, or none",
     SPEC("Linux, arch/s390/include/asm/ap.h, ap_instructions_available()"))
{
	static const u8 opcodes[] = { PQAP, NQAP, DQAP };
	struct execution e;
	bool there = !adjunct(PQAP, NO_QUEUE, PSW_KERNEL, &e).kind;

	for (u32 n = 0; n < ARRAY_SIZE(opcodes); n++) {
		SUBTEST("b2%02x", opcodes[n]);
		if (there)
			EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 4),
				     adjunct(opcodes[n], NO_QUEUE, PSW_KERNEL | PSW_PROBLEM, &e));
		else
			EXPECT_FAULT(WITH_ILC(PGM_OPERATION, 4),
				     adjunct(opcodes[n], NO_QUEUE, PSW_KERNEL, &e));
	}
}

TEST(adjunct_absent_queue,
     "testing, and resetting, a queue that is not there has condition code 3 and response 1",
     SPEC("Linux, arch/s390/include/asm/ap.h, struct ap_queue_status, AP_RESPONSE_Q_NOT_AVAIL"))
{
	/* Function codes, bits 32-39: test, reset, zeroize. */
	static const u8 functions[] = { 0x00, 0x01, 0x02 };
	struct execution e;

	for (u32 n = 0; n < ARRAY_SIZE(functions); n++) {
		if (adjunct(PQAP, (u64)functions[n] << 24 | NO_QUEUE, PSW_KERNEL, &e).kind)
			SKIP("no adjunct processors");
		SUBTEST("function %u", functions[n]);
		EXPECT_EQ(e.cc, 3u);
		EXPECT_EQ(e.gpr[1] >> 16 & 0xff, 1u);
	}
}
