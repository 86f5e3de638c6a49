/* SPDX-License-Identifier: MIT */
/* STORE and MODIFY SUBCHANNEL: which there are, what can be changed, what is refused. */
#include "device.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>

SUITE("Subchannels");

#define NO_SUBCHANNEL SCHID(0, 0xffff)

static struct schib schib, again;

TEST(scan,
     "subchannels are stored up to the last one, then condition code 3; what is valid has a path",
     SPEC("PoP SA22-7832-13, chapter 14, STORE SUBCHANNEL; chapter 15, Path-Management-Control Word"))
{
	u32 valid = 0, n = 0;

	for (; n < 0x10000 && store_subchannel(SCHID(0, n), &schib) == 0; n++) {
		if (!(schib.pmcw.flags & PMCW_VALID))
			continue;
		valid++;
		EXPECT_NE(schib.pmcw.pim, 0u, "subchannel %u", n);
		EXPECT_EQ(schib.pmcw.lpm & ~schib.pmcw.pim, 0u, "subchannel %u", n);
		EXPECT_EQ(schib.pmcw.flags & 0x0700, 0u, "reserved bits of subchannel %u", n);
		EXPECT_EQ(schib.pmcw.characteristics & 0xff1ffff8, 0u, "subchannel %u", n);
	}
	EXPECT_GE(valid, 2u);
	EXPECT_LT(n, 0x10000u);
	/* Once 3, always 3. */
	for (u32 more = n; more < n + 20; more++)
		EXPECT_EQ(store_subchannel(SCHID(0, more), &schib), 3u, "subchannel %u", more);
	EXPECT_EQ(store_subchannel(NO_SUBCHANNEL, &schib), 3u);
}

TEST(initial_state, "after a reset, subchannels are disabled, without function, activity or status",
     SPEC("PoP SA22-7832-13, chapter 17, I/O-System Reset; chapter 15, Path-Management-Control Word"))
{
	u32 schid = find_device(DEVICE_BALLOON);

	if (!schid)
		SKIP("no device %#x", DEVICE_BALLOON);
	ASSERT_EQ(store_subchannel(schid, &schib), 0u);
	EXPECT_EQ(schib.pmcw.device, DEVICE_BALLOON);
	EXPECT_EQ(schib.pmcw.flags & (PMCW_ENABLED | PMCW_LIMIT | PMCW_MEASUREMENT), 0);
	EXPECT_EQ(schib.scsw.control, 0u);
	EXPECT_EQ(schib.scsw.device_status | schib.scsw.subchannel_status, 0u);
}

TEST(modify, "MODIFY SUBCHANNEL changes what it may, and the rest stays whatever the block says",
     SPEC("PoP SA22-7832-13, chapter 14, MODIFY SUBCHANNEL"))
{
	u32 schid = device_start(0);
	u16 may = PMCW_ISC_MASK | PMCW_ENABLED | PMCW_LIMIT | PMCW_MEASUREMENT | PMCW_MULTIPATH;
	struct schib before;

	ASSERT_EQ(store_subchannel(schid, &before), 0u);
	for (u32 isc = 0; isc < 8; isc++) {
		SUBTEST("ISC %u", isc);
		schib = before;
		schib.pmcw.flags = (u16)((before.pmcw.flags & ~PMCW_ISC_MASK) | PMCW_ISC(isc));
		EXPECT_EQ(modify_subchannel(schid, &schib), 0u);
		ASSERT_EQ(store_subchannel(schid, &again), 0u);
		EXPECT_EQ(again.pmcw.flags, schib.pmcw.flags);
	}
	SUBTEST("interruption parameter");
	schib = before;
	schib.pmcw.parameter = 0xfedcba98;
	EXPECT_EQ(modify_subchannel(schid, &schib), 0u);
	ASSERT_EQ(store_subchannel(schid, &again), 0u);
	EXPECT_EQ(again.pmcw.parameter, 0xfedcba98u);
	SUBTEST("enabled");
	schib = before;
	schib.pmcw.flags &= (u16)~PMCW_ENABLED;
	EXPECT_EQ(modify_subchannel(schid, &schib), 0u);
	ASSERT_EQ(store_subchannel(schid, &again), 0u);
	EXPECT_EQ(again.pmcw.flags & PMCW_ENABLED, 0);
	SUBTEST("logical-path mask, path-operational mask, measurement-block index");
	schib = before;
	schib.pmcw.lpm = 0x55;
	schib.pmcw.pom = 0x7f;
	schib.pmcw.mbi = 0x1357;
	EXPECT_EQ(modify_subchannel(schid, &schib), 0u);
	ASSERT_EQ(store_subchannel(schid, &again), 0u);
	EXPECT_EQ(again.pmcw.lpm, 0x55);
	EXPECT_EQ(again.pmcw.pom, 0x7f);
	EXPECT_EQ(again.pmcw.mbi, 0x1357);
	EXPECT_EQ(modify_subchannel(schid, &before), 0u);
	SUBTEST("concurrent sense");
	schib = before;
	schib.pmcw.characteristics |= PMCW_CSENSE;
	EXPECT_EQ(modify_subchannel(schid, &schib), 0u);
	ASSERT_EQ(store_subchannel(schid, &again), 0u);
	EXPECT_EQ(again.pmcw.characteristics & PMCW_CSENSE, PMCW_CSENSE);
	SUBTEST("what is not the program's");
	schib = before;
	schib.pmcw.device ^= 0xffff;
	schib.pmcw.flags ^= PMCW_TIMING | PMCW_VALID;
	schib.pmcw.pnom ^= 0xff;
	schib.pmcw.lpum ^= 0xff;
	schib.pmcw.pim ^= 0xff;
	schib.pmcw.pam ^= 0xff;
	memset(schib.pmcw.chpid, 0x77, sizeof(schib.pmcw.chpid));
	memset(&schib.scsw, 0xff, sizeof(schib.scsw));
	EXPECT_EQ(modify_subchannel(schid, &schib), 0u);
	ASSERT_EQ(store_subchannel(schid, &again), 0u);
	EXPECT_EQ(again.pmcw.device, before.pmcw.device);
	EXPECT_EQ(again.pmcw.flags & ~may, before.pmcw.flags & ~may);
	EXPECT_EQ(again.pmcw.pnom, before.pmcw.pnom);
	EXPECT_EQ(again.pmcw.lpum, before.pmcw.lpum);
	EXPECT_EQ(again.pmcw.pim, before.pmcw.pim);
	EXPECT_EQ(again.pmcw.pam, before.pmcw.pam);
	EXPECT_MEM_EQ(again.pmcw.chpid, before.pmcw.chpid, 8);
	EXPECT_MEM_EQ(&again.scsw, &before.scsw, sizeof(before.scsw));
	device_end(schid);
}

TEST(modify_reserved, "a reserved bit in the block of MODIFY SUBCHANNEL is an operand exception",
     SPEC("PoP SA22-7832-13, chapter 14, MODIFY SUBCHANNEL, Program Exceptions"))
{
	static const u8 word_1[] = { 0, 1, 6, 7 };
	u32 schid = device_start(0), cc;
	struct schib before;

	ASSERT_EQ(store_subchannel(schid, &before), 0u);
	for (u32 n = 0; n < ARRAY_SIZE(word_1); n++) {
		u32 bit = word_1[n];

		SUBTEST("bit %u of word 1", bit);
		schib = before;
		schib.pmcw.parameter = 0x99;
		schib.pmcw.flags |= (u16)(0x8000 >> bit);
		EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4), modify_subchannel_try(schid, &schib, &cc));
	}
	for (u32 bit = 0; bit <= 28; bit++) {
		if (bit >= 8 && bit <= 10)
			continue; /* subchannel type, not the program's */
		SUBTEST("bit %u of word 6", bit);
		schib = before;
		schib.pmcw.parameter = 0x99;
		schib.pmcw.characteristics |= 0x80000000u >> bit;
		EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4), modify_subchannel_try(schid, &schib, &cc));
	}
	ASSERT_EQ(store_subchannel(schid, &again), 0u);
	EXPECT_EQ(again.pmcw.parameter, before.pmcw.parameter);
	device_end(schid);
}

/* ------------------------------------------------------------------------ every instruction's operands */

struct instruction {
	const char *name;
	struct fault (*try)(u32 schid, void *operand, u32 *cc);
	u32 operand; /* bytes of storage, 0 for none */
	bool stores;
};

static const struct instruction instructions[] = {
	{ "STSCH", store_subchannel_try, sizeof(struct schib), true },
	{ "MSCH", modify_subchannel_try, sizeof(struct schib), false },
	{ "SSCH", start_subchannel_try, 12, false },
	{ "TSCH", test_subchannel_try, 64, true },
	{ "CSCH", clear_subchannel_try, 0, false },
	{ "HSCH", halt_subchannel_try, 0, false },
	{ "RSCH", resume_subchannel_try, 0, false },
	{ "XSCH", cancel_subchannel_try, 0, false },
};

static u8 block[128] __aligned(128);

TEST(not_operational,
     "an I/O instruction for a subchannel that does not exist has condition code 3",
     SPEC("PoP SA22-7832-13, chapter 14, I/O Instructions"))
{
	for (u32 n = 0; n < ARRAY_SIZE(instructions); n++) {
		u32 cc = 9;

		SUBTEST("%s", instructions[n].name);
		memset(block, 0, sizeof(block));
		EXPECT_NO_FAULT(instructions[n].try(NO_SUBCHANNEL, block, &cc));
		EXPECT_EQ(cc, 3u);
	}
}

TEST(disabled, "a subchannel that is not enabled is not operational for all but STSCH and MSCH",
     SPEC("PoP SA22-7832-13, chapter 14, I/O Instructions, Condition Code 3"))
{
	u32 schid = device_start(0);

	device_end(schid);
	for (u32 n = 2; n < ARRAY_SIZE(instructions); n++) {
		u32 cc = 9;

		SUBTEST("%s", instructions[n].name);
		memset(block, 0, sizeof(block));
		EXPECT_NO_FAULT(instructions[n].try(schid, block, &cc));
		EXPECT_EQ(cc, 3u);
	}
}

TEST(identification_word, "what is no subsystem-identification word is an operand exception",
     SPEC("PoP SA22-7832-13, chapter 14, I/O Instructions: general register 1"))
{
	static const struct {
		const char *name;
		u32 schid;
	} rows[] = {
		{ "zero", 0 },
		{ "without the one", 0x00001234 },
		{ "bit 32", 0x80010000 },
		{ "CSSID without m", 0xfe010000 },
	};
	u32 cc;

	for (u32 n = 0; n < ARRAY_SIZE(instructions); n++) {
		for (u32 row = 0; row < ARRAY_SIZE(rows); row++) {
			SUBTEST("%s, %s", instructions[n].name, rows[row].name);
			memset(block, 0, sizeof(block));
			EXPECT_FAULT(WITH_ILC(PGM_OPERAND, 4),
				     instructions[n].try(rows[row].schid, block, &cc));
		}
	}
}

TEST(operand_boundary, "an operand that is not on a word is a specification exception",
     SPEC("PoP SA22-7832-13, chapter 14, I/O Instructions, Program Exceptions"))
{
	u32 schid = device_start(0), cc;

	for (u32 n = 0; n < ARRAY_SIZE(instructions); n++) {
		for (u32 off = 1; off < 4 && instructions[n].operand; off++) {
			SUBTEST("%s, off by %u", instructions[n].name, off);
			memset(block, 0, sizeof(block));
			EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4),
				     instructions[n].try(schid, block + off, &cc));
		}
	}
	SUBTEST("STCRW");
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4),
		     store_channel_report_word_try(0, block + 2, &cc));
	SUBTEST("TPI");
	EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4),
		     test_pending_interruption_try(0, block + 2, &cc));
	device_end(schid);
}

static u8 two_pages[2 * PAGE_SIZE] __aligned(PAGE_SIZE);

TEST(operand_absent, "an operand that is not there is an access exception, for any subchannel",
     SPEC("PoP SA22-7832-13, chapter 14, I/O Instructions, Program Exceptions"))
{
	u32 schid = device_start(0), cc;
	u8 *absent = two_pages + PAGE_SIZE;

	space_unmap(space_kernel(), (ulong)absent, PAGE_SIZE);
	for (u32 n = 0; n < ARRAY_SIZE(instructions); n++) {
		if (!instructions[n].operand)
			continue;
		for (u32 exists = 0; exists < 2; exists++) {
			u32 which = exists ? schid : NO_SUBCHANNEL;

			SUBTEST("%s%s", instructions[n].name, exists ? "" : ", no such subchannel");
			EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(absent), 4),
				     instructions[n].try(which, absent, &cc));
			EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(absent), 4),
				     instructions[n].try(which, absent - 8, &cc));
		}
	}
	device_end(schid);
}

TEST(operand_protected, "a stored operand in a protected page is a protection exception",
     SPEC("PoP SA22-7832-13, chapter 14, I/O Instructions, Program Exceptions"))
{
	u32 schid = device_start(0), cc;

	space_protect(space_kernel(), (ulong)two_pages, PAGE_SIZE, PROT_EXEC | PROT_USER);
	for (u32 n = 0; n < ARRAY_SIZE(instructions); n++) {
		if (!instructions[n].stores)
			continue;
		SUBTEST("%s", instructions[n].name);
		EXPECT_FAULT(WITH_ILC(PGM_PROTECTION(two_pages), 4),
			     instructions[n].try(schid, two_pages, &cc));
	}
	SUBTEST("STCRW");
	EXPECT_FAULT(WITH_ILC(PGM_PROTECTION(two_pages), 4),
		     store_channel_report_word_try(0, two_pages, &cc));
	space_protect(space_kernel(), (ulong)two_pages, PAGE_SIZE, PROT_ALL);
	device_end(schid);
}
