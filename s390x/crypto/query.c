/* SPDX-License-Identifier: MIT */
/* Query functions, functions that are not there, and operands that are none. */
#include "crypto.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/facility.h>
#include <string.h>

SUITE("Message-security assist: functions");

static bool is_there(u32 insn)
{
	if (has_facility(crypto_names[insn].facility))
		return true;
	SKIP_ROW("facility %u is not there", crypto_names[insn].facility);
	return false;
}

TEST(query, "function 0 stores a status word of 16 bytes that has bit 0, and changes nothing else",
     SPEC("PoP SA22-7832-13, chapter 7, CIPHER MESSAGE and others, Query"))
{
	for (u32 insn = 0; insn < CRYPTO_INSNS; insn++) {
		u8 block[48];
		struct execution e = { .cc = 2 }, before;

		SUBTEST("%s", crypto_names[insn].name);
		if (!is_there(insn))
			continue;
		memset(block, 0xee, sizeof(block));
		for (u32 n = 2; n < 16; n++)
			e.gpr[n] = 0x0102030405060708ull * n;
		e.gpr[0] = 0;
		e.gpr[1] = (ulong)block + 16;
		before = e;
		EXPECT_NO_FAULT(crypto(insn, 0, block + 16, &e));
		EXPECT_EQ(e.cc, insn == PCKMO ? 2u : 0u);
		EXPECT_MEM_EQ(e.gpr + 1, before.gpr + 1, 15 * sizeof(u64));
		EXPECT_EQ(block[15], 0xee);
		EXPECT_EQ(block[32], 0xee);
		EXPECT_EQ(block[16] & 0x80, 0x80);
	}
}

TEST(query_again, "the status word is the same each time",
     SPEC("PoP SA22-7832-13, chapter 7, CIPHER MESSAGE and others, Query"))
{
	for (u32 insn = 0; insn < CRYPTO_INSNS; insn++) {
		u8 first[16], second[16];
		struct execution e = { .cc = 0 };

		SUBTEST("%s", crypto_names[insn].name);
		if (!is_there(insn))
			continue;
		memset(first, 0, 16);
		memset(second, 0xff, 16);
		EXPECT_NO_FAULT(crypto(insn, 0, first, &e));
		EXPECT_NO_FAULT(crypto(insn, 0, second, &e));
		EXPECT_MEM_EQ(first, second, 16);
	}
}

TEST(query_fault, "a status word that cannot be stored is an access exception",
     SPEC("PoP SA22-7832-13, chapter 7, CIPHER MESSAGE and others, Access Exceptions"))
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);

	space_unmap(space_kernel(), (ulong)pages + PAGE_SIZE, PAGE_SIZE);
	for (u32 insn = 0; insn < CRYPTO_INSNS; insn++) {
		struct execution e = { .cc = 0 };

		SUBTEST("%s", crypto_names[insn].name);
		if (!is_there(insn))
			continue;
		EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(pages + PAGE_SIZE), 4),
			     crypto(insn, 0, pages + PAGE_SIZE - 8, &e));
	}
}

TEST(absent_functions,
     "a function whose bit in the status word is zero is a specification exception",
     SPEC("PoP SA22-7832-13, chapter 7, CIPHER MESSAGE and others, Program Exceptions"))
{
	static u8 parameters[4096];

	for (u32 insn = 0; insn < CRYPTO_INSNS; insn++) {
		for (u32 function = 1; function < 128; function++) {
			struct execution e = { .cc = 0 };

			if (!has_facility(crypto_names[insn].facility) ||
			    has_function(insn, function))
				continue;
			SUBTEST("%s, function %u", crypto_names[insn].name, function);
			EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4),
				     crypto(insn, function, parameters, &e));
		}
	}
}

TEST(crypto_modifier,
     "bit 56 of register 0 has to be zero where there is no modifier, also for a query",
     SPEC("PoP SA22-7832-13, chapter 7, COMPUTE MESSAGE AUTHENTICATION CODE and others: General Register 0"))
{
	static const enum crypto_insn insns[] = { KMAC, KIMD, KLMD };
	static u8 block[16];

	for (u32 n = 0; n < ARRAY_SIZE(insns); n++) {
		struct execution e = { .cc = 0 };

		SUBTEST("%s", crypto_names[insns[n]].name);
		if (!is_there(insns[n])) {
			SKIP_ROW("not there");
			continue;
		}
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), crypto(insns[n], 0x80, block, &e));
		EXPECT_EQ(block[0], 0);
	}
}

TEST(crypto_registers, "odd registers and register 0 as an operand are specification exceptions",
     SPEC("PoP SA22-7832-13, chapter 7, CIPHER MESSAGE and others, Program Exceptions"))
{
	static const struct {
		enum crypto_insn insn;
		u8 fields; /* R1, R2 */
		u8 r3;
	} rows[] = {
		{ KM, 0x34, 0 },    { KM, 0x25, 0 },	{ KM, 0x04, 0 },    { KM, 0x20, 0 },
		{ KMC, 0x34, 0 },   { KMC, 0x25, 0 },	{ KMC, 0x04, 0 },   { KMC, 0x20, 0 },
		{ KMAC, 0x05, 0 },  { KMAC, 0x00, 0 },	{ KIMD, 0x05, 0 },  { KIMD, 0x00, 0 },
		{ KLMD, 0x05, 0 },  { KLMD, 0x00, 0 },	{ PRNO, 0x34, 0 },  { PRNO, 0x25, 0 },
		{ PRNO, 0x04, 0 },  { KMF, 0x34, 0 },	{ KMF, 0x25, 0 },   { KMF, 0x04, 0 },
		{ KMF, 0x20, 0 },   { KMO, 0x34, 0 },	{ KMO, 0x25, 0 },   { KMO, 0x04, 0 },
		{ KMO, 0x20, 0 },   { KMCTR, 0x34, 6 }, { KMCTR, 0x25, 6 }, { KMCTR, 0x24, 7 },
		{ KMCTR, 0x24, 0 }, { KMCTR, 0x04, 6 }, { KMCTR, 0x20, 6 }, { KMA, 0x34, 6 },
		{ KMA, 0x25, 6 },   { KMA, 0x24, 7 },	{ KMA, 0x24, 0 },   { KMA, 0x24, 2 },
		{ KMA, 0x24, 4 },
	};
	static u8 block[16];

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		u16 opcode = crypto_names[rows[n].insn].opcode;
		u8 code[4] = { (u8)(opcode >> 8), (u8)opcode, (u8)(rows[n].r3 << 4),
			       rows[n].fields };
		struct execution e = { .cc = 0 };

		if (rows[n].insn == KMCTR || rows[n].insn == KMA)
			SUBTEST("%s %u,%u,%u", crypto_names[rows[n].insn].name, rows[n].fields >> 4,
				rows[n].r3, rows[n].fields & 15);
		else
			SUBTEST("%s %u,%u", crypto_names[rows[n].insn].name, rows[n].fields >> 4,
				rows[n].fields & 15);
		if (!is_there(rows[n].insn))
			continue;
		e.gpr[1] = (ulong)block;
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(code, 4, &e));
	}
}

TEST(pckmo_privileged, "PCKMO in problem state is a privileged-operation exception",
     SPEC("PoP SA22-7832-13, chapter 10, PERFORM CRYPTOGRAPHIC KEY MANAGEMENT OPERATION"),
	  REQUIRES(has_facility(FACILITY_MSA_3)))
{
	struct execution e = { .psw = PSW_KERNEL | PSW_PROBLEM };
	static u8 block[16];

	EXPECT_FAULT(WITH_ILC(PGM_PRIVILEGED_OPERATION, 4), crypto(PCKMO, 0, block, &e));
}

TEST(random, "the true-random-number function fills both operands, differently each time",
     SPEC("PoP SA22-7832-13, chapter 7, PERFORM RANDOM NUMBER OPERATION, PRNO-TRNG"),
	  REQUIRES(has_function(PRNO, 114)))
{
	static u8 first[2][64], second[2][64];
	static const u8 zeros[64];

	for (u32 n = 0; n < 2; n++) {
		struct execution e = { .cc = 0 };

		memset(first[n], 0, 64);
		memset(second[n], 0, 64);
		e.gpr[2] = (ulong)first[n];
		e.gpr[3] = 48;
		e.gpr[4] = (ulong)second[n];
		e.gpr[5] = 32;
		EXPECT_NO_FAULT(crypto(PRNO, 114, NULL, &e));
		EXPECT_EQ(e.cc, 0u);
		EXPECT_EQ(e.gpr[2], (ulong)first[n] + 48);
		EXPECT_EQ(e.gpr[3], 0u);
		EXPECT_EQ(e.gpr[4], (ulong)second[n] + 32);
		EXPECT_EQ(e.gpr[5], 0u);
		EXPECT_MEM_EQ(first[n] + 48, zeros, 16);
		EXPECT_MEM_EQ(second[n] + 32, zeros, 32);
	}
	EXPECT_NE(memcmp(first[0], first[1], 48), 0);
	EXPECT_NE(memcmp(second[0], second[1], 32), 0);
	EXPECT_NE(memcmp(first[0], second[0], 32), 0);
}
