/* SPDX-License-Identifier: MIT */
/* DIAGNOSE: the codes that a hypervisor of Linux's kind has, and those that there are not. */
#include <test.h>

#include <mm/page.h>
#include <s390x/execute.h>
#include <string.h>

SUITE("DIAGNOSE");

static u8 block[2 * PAGE_SIZE] __aligned(PAGE_SIZE);

/* DIAG r2,r4 with this code. */
static struct fault diagnose(u16 code, struct execution *e)
{
	u8 bytes[4] = { 0x83, 0x24, (u8)(code >> 8), (u8)code };

	return execute(bytes, sizeof(bytes), e);
}

TEST(diagnose_unknown, "a code that does not exist is a specification exception",
     SPEC("Linux, Documentation/virt/kvm/s390/s390-diag.rst; arch/s390/kvm/diag.c"))
{
	static const u16 codes[] = { 0x001, 0x009, 0x0ff, 0x123, 0x309, 0x501, 0x7fff, 0xffff };

	for (u32 n = 0; n < ARRAY_SIZE(codes); n++) {
		struct execution e = { .cc = 2 }, before;

		SUBTEST("code %#x", codes[n]);
		memset(&e.gpr, 0, sizeof(e.gpr));
		before = e;
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), diagnose(codes[n], &e));
		EXPECT_MEM_EQ(e.gpr, before.gpr, sizeof(e.gpr));
	}
}

TEST(diagnose_privileged, "in problem state every code is a privileged-operation exception",
     SPEC("PoP SA22-7832-13, chapter 10, DIAGNOSE"))
{
	static const u16 codes[] = { 0x010, 0x044, 0x09c, 0x258, 0x288, 0x308, 0x500, 0x501 };

	for (u32 n = 0; n < ARRAY_SIZE(codes); n++) {
		struct execution e = { .psw = PSW_KERNEL | PSW_PROBLEM };

		SUBTEST("code %#x", codes[n]);
		EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 4), diagnose(codes[n], &e));
	}
}

TEST(diagnose_yield, "DIAGNOSE X'44' gives up a time slice and changes nothing",
     SPEC("Linux, arch/s390/kvm/diag.c, __diag_time_slice_end()"))
{
	struct execution e = { .cc = 3 }, before;

	for (u32 r = 0; r < 16; r++)
		e.gpr[r] = 0xfff0 + r;
	before = e;
	EXPECT_NO_FAULT(diagnose(0x044, &e));
	EXPECT_MEM_EQ(e.gpr, before.gpr, sizeof(e.gpr));
	EXPECT_EQ(e.cc, 3u);
}

TEST(diagnose_308, "DIAGNOSE X'308' refuses subcodes, registers and blocks that are none",
     SPEC("QEMU, target/s390x/diag.c, handle_diag_308(); Linux, arch/s390/kernel/ipl.c"))
{
	struct execution e;

	SUBTEST("subcode with bits left of 48");
	e = (struct execution){ .gpr[2] = (ulong)block, .gpr[4] = 0x10006 };
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), diagnose(0x308, &e));
	SUBTEST("subcode that does not exist");
	e = (struct execution){ .gpr[2] = (ulong)block, .gpr[4] = 0x7f };
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), diagnose(0x308, &e));
	for (u32 subcode = 5; subcode <= 6; subcode++) {
		static const u8 odd[4] = { 0x83, 0x34, 0x03, 0x08 };

		SUBTEST("subcode %u, odd R1", subcode);
		e = (struct execution){ .gpr[3] = (ulong)block, .gpr[4] = subcode };
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(odd, 4, &e));
		SUBTEST("subcode %u, off a page", subcode);
		e = (struct execution){ .gpr[2] = (ulong)block + 8, .gpr[4] = subcode };
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), diagnose(0x308, &e));
		SUBTEST("subcode %u, beyond storage", subcode);
		e = (struct execution){ .gpr[2] = 0x7ffff000, .gpr[4] = subcode };
		EXPECT_FAULT(WITH_ILC(PGM_ADDRESSING, 4), diagnose(0x308, &e));
	}
	SUBTEST("set of a block of length 0");
	memset(block, 0, sizeof(block));
	e = (struct execution){ .gpr[2] = (ulong)block, .gpr[4] = 5 };
	EXPECT_NO_FAULT(diagnose(0x308, &e));
	EXPECT_EQ(e.gpr[3], 0x402u); /* invalid */
}

TEST(diagnose_308_store, "the IPL parameters that are stored can be set again, or there are none",
     SPEC("Linux, arch/s390/kernel/ipl.c, ipl_store_parameters(); arch/s390/include/asm/diag308.h: "
	  "0x0001 is right, 0x0102 no configuration"))
{
	struct execution e;

	memset(block, 0xee, PAGE_SIZE);
	e = (struct execution){ .gpr[2] = (ulong)block, .gpr[4] = 6 };
	ASSERT_NO_FAULT(diagnose(0x308, &e));
	if (e.gpr[3] == 0x102) {
		EXPECT_EQ(block[0], 0xee);
		EXPECT_EQ(block[PAGE_SIZE - 1], 0xee);
		return;
	}
	EXPECT_EQ(e.gpr[3], 1u);
	/* A length in the first word. */
	EXPECT_EQ(block[0] | block[1], 0);
	EXPECT_GE(block[2] << 8 | block[3], 8);
	EXPECT_LE(block[2] << 8 | block[3], (int)PAGE_SIZE);
	e = (struct execution){ .gpr[2] = (ulong)block, .gpr[4] = 5 };
	EXPECT_NO_FAULT(diagnose(0x308, &e));
	EXPECT_EQ(e.gpr[3], 1u);
}

TEST(diagnose_288, "DIAGNOSE X'288' starts a watchdog of at least 15 s, and cancels it",
     SPEC("Linux, drivers/watchdog/diag288_wdt.c"))
{
	struct execution e;

	SUBTEST("14 s");
	e = (struct execution){ .gpr[2] = 0, .gpr[3] = 14, .gpr[4] = 0 };
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), diagnose(0x288, &e));
	SUBTEST("an action that does not exist");
	e = (struct execution){ .gpr[2] = 0, .gpr[3] = 3600, .gpr[4] = 7 };
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), diagnose(0x288, &e));
	SUBTEST("odd R1");
	{
		static const u8 odd[4] = { 0x83, 0x35, 0x02, 0x88 };

		e = (struct execution){ .gpr[3] = 0, .gpr[4] = 3600 };
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(odd, 4, &e));
	}
	SUBTEST("start");
	e = (struct execution){ .gpr[2] = 0, .gpr[3] = 3600, .gpr[4] = 0 };
	EXPECT_NO_FAULT(diagnose(0x288, &e));
	SUBTEST("change");
	e = (struct execution){ .gpr[2] = 1, .gpr[3] = 1800, .gpr[4] = 0 };
	EXPECT_NO_FAULT(diagnose(0x288, &e));
	SUBTEST("cancel");
	e = (struct execution){ .gpr[2] = 2, .gpr[3] = 0, .gpr[4] = 0 };
	EXPECT_NO_FAULT(diagnose(0x288, &e));
	SUBTEST("a function that does not exist");
	e = (struct execution){ .gpr[2] = 9, .gpr[3] = 3600, .gpr[4] = 0 };
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), diagnose(0x288, &e));
}

TEST(diagnose_500, "DIAGNOSE X'500': a device that is not there is -EINVAL in register 2",
     SPEC("Linux, Documentation/virt/kvm/s390/s390-diag.rst, DIAGNOSE function code X'500'"))
{
	static const u8 code[4] = { 0x83, 0x24, 0x05, 0x00 };
	struct execution e;

	e = (struct execution){ .gpr[1] = 3, .gpr[2] = 0x0001fff0 };
	EXPECT_NO_FAULT(execute(code, 4, &e));
	EXPECT_EQ(e.gpr[2], (u64)-22);
}
