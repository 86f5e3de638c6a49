/* SPDX-License-Identifier: MIT */
/* Bytes under mask: all sixteen masks, what stays, the condition code, and where the operand ends. */
#include "check.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/cr.h>
#include <stdio.h>
#include <string.h>

SUITE("Characters under mask");

#define R1	2
#define BASE	9
#define OPERAND (operand_pages() + 0x800)

struct masked {
	enum insn_format format;
	u16 opcode;
	u8 shift; /* 32: the left half */
	enum { INSERT, STORE, COMPARE } kind;
};

static const u8 contents[][4] = {
	{ 0, 0, 0, 0 },
	{ 0x80, 0, 0, 0 },
	{ 0, 0x80, 0, 0 },
	{ 0, 0, 0, 1 },
	{ 0x7f, 0xff, 0xff, 0xff },
	{ 0xff, 0xff, 0xff, 0xff },
	{ 0x11, 0x22, 0x33, 0x44 },
	{ 0x9a, 0xbc, 0xde, 0xf0 },
};

static u32 shift_of(const struct masked *m, u32 byte)
{
	return m->shift + 24 - 8 * byte;
}

static void model(const struct masked *m, u32 mask, u8 *storage, struct execution *e)
{
	u32 next = 0, code = 0;
	bool any = false, first = true, minus = false;

	for (u32 byte = 0; byte < 4; byte++) {
		u32 shift = shift_of(m, byte);
		u8 mine = (u8)(e->gpr[R1] >> shift);

		if (!(mask & 8 >> byte))
			continue;
		if (m->kind == STORE) {
			storage[next] = mine;
		} else if (m->kind == COMPARE && !code && mine != storage[next]) {
			code = mine < storage[next] ? 1 : 2;
		} else if (m->kind == INSERT) {
			e->gpr[R1] = (e->gpr[R1] & ~(0xffull << shift)) | (u64)storage[next]
										  << shift;
			any |= storage[next] != 0;
			minus |= first && (storage[next] & 0x80);
			first = false;
		}
		next++;
	}
	if (m->kind == INSERT)
		e->cc = !any ? 0 : minus ? 1 : 2;
	else if (m->kind == COMPARE)
		e->cc = code;
}

static void check_one(const struct masked *m, u32 mask, const u8 *bytes, u64 value, u64 psw,
		      bool ex)
{
	struct insn_fields f = { .r1 = R1, .m3 = (u8)mask, .b2 = BASE, .d2 = 0x234 };
	struct execution e = { .cc = 3, .psw = psw }, expected;
	u8 wanted[4], code[6];
	char where[64];
	u32 size;

	fill_operand_pages();
	memcpy(OPERAND, bytes, 4);
	memcpy(wanted, bytes, 4);
	fill_registers(&e);
	e.gpr[R1] = value;
	e.gpr[BASE] = (ulong)OPERAND - 0x234 + (psw && !(psw & PSW_EA) ? 0xfedcba9880000000 : 0);
	expected = e;
	model(m, mask, wanted, &expected);
	size = insn_encode(m->format, m->opcode, &f, code);
	EXPECT_NO_FAULT(ex ? execute_target(EXECUTE_BY_EX, code, size, 0, &e)
			   : execute(code, size, &e));
	expected.gpr[14] = e.gpr[14];
	snprintf(where, sizeof(where), "mask %u, %#llx", mask, value);
	if (!same_state(&e, &expected))
		expect_state(&e, &expected, where);
	EXPECT_MEM_EQ(OPERAND, wanted, 4, "%s", where);
	expect_pattern(OPERAND, 4, where);
}

/* As many bytes as there are ones in the mask have to be there. */
static void check_end(const struct masked *m, u32 mask)
{
	u32 bytes = (mask & 1) + (mask >> 1 & 1) + (mask >> 2 & 1) + (mask >> 3);
	struct insn_fields f = { .r1 = R1, .m3 = (u8)mask, .b2 = BASE };
	struct execution e = { .cc = 1 }, before;
	u8 code[6], *end = operand_end();
	u32 size = insn_encode(m->format, m->opcode, &f, code);

	if (!bytes)
		return; /* access exceptions are then recognised or not */
	fill_operand_pages();
	fill_registers(&e);
	e.gpr[BASE] = (ulong)end - bytes;
	EXPECT_NO_FAULT(execute(code, size, &e), "mask %u", mask);
	fill_operand_pages();
	fill_registers(&e);
	/* Equal, so that a comparison gets there. */
	for (u32 byte = 0, next = 0; byte < 4; byte++) {
		if (mask & 8 >> byte) {
			u64 same = pattern_byte(end - bytes + 1 + next++);

			e.gpr[R1] = (e.gpr[R1] & ~(0xffull << shift_of(m, byte))) |
				    same << shift_of(m, byte);
		}
	}
	e.gpr[BASE] = (ulong)end - bytes + 1;
	before = e;
	EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(end), size), execute(code, size, &e), "mask %u",
		     mask);
	expect_state(&e, &before, "after the exception");
	expect_pattern(end - bytes, 0, "after the exception");
}

static void check(const struct masked *m)
{
	static const u64 values[] = { 0, 0x9abcdef09abcdef0, 0x1122334411223344,
				      0x807fff01807fff01 };

	for (u32 mask = 0; mask < 16; mask++) {
		SUBTEST("mask %u", mask);
		for (u32 n = 0; n < ARRAY_SIZE(contents); n++) {
			for (u32 k = 0; k < ARRAY_SIZE(values); k++)
				check_one(m, mask, contents[n], values[k], 0, false);
		}
	}
	SUBTEST("problem state");
	check_one(m, 10, contents[6], values[1], PSW_KERNEL | PSW_PROBLEM, false);
	SUBTEST("31-bit addresses");
	check_one(m, 11, contents[6], values[1], PSW_KERNEL & ~PSW_EA, false);
	SUBTEST("executed by EX");
	check_one(m, 13, contents[7], values[1], 0, true);
	SUBTEST("end of storage");
	for (u32 mask = 0; mask < 16; mask++)
		check_end(m, mask);
}

#define MASKED(name_, manual, format_, opcode_, shift_, kind_, facility_)                     \
	TEST(name_, manual ": the bytes that the mask selects, and only those",               \
	     SPEC("PoP SA22-7832-13, chapter 7, " manual), REQUIRES(has_facility(facility_))) \
	{                                                                                     \
		static const struct masked m = { INSN_##format_, opcode_, shift_, kind_ };    \
                                                                                              \
		check(&m);                                                                    \
	}

/* clang-format off */
#define Z FACILITY_Z_ARCHITECTURE
#define LD FACILITY_LONG_DISPLACEMENT
MASKED(icm, "INSERT CHARACTERS UNDER MASK (ICM)", RS, 0xbf00, 0, INSERT, Z)
MASKED(icmy, "INSERT CHARACTERS UNDER MASK (ICMY)", RSY, 0xeb81, 0, INSERT, LD)
MASKED(icmh, "INSERT CHARACTERS UNDER MASK (ICMH)", RSY, 0xeb80, 32, INSERT, Z)
MASKED(stcm, "STORE CHARACTERS UNDER MASK (STCM)", RS, 0xbe00, 0, STORE, Z)
MASKED(stcmy, "STORE CHARACTERS UNDER MASK (STCMY)", RSY, 0xeb2d, 0, STORE, LD)
MASKED(stcmh, "STORE CHARACTERS UNDER MASK (STCMH)", RSY, 0xeb2c, 32, STORE, Z)
MASKED(clm, "COMPARE LOGICAL CHARACTERS UNDER MASK (CLM)", RS, 0xbd00, 0, COMPARE, Z)
MASKED(clmy, "COMPARE LOGICAL CHARACTERS UNDER MASK (CLMY)", RSY, 0xeb21, 0, COMPARE, LD)
MASKED(clmh, "COMPARE LOGICAL CHARACTERS UNDER MASK (CLMH)", RSY, 0xeb20, 32, COMPARE, Z)
/* clang-format on */
