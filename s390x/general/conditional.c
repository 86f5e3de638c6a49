/* SPDX-License-Identifier: MIT */
/* Loads, stores and selections on a condition: all masks with all condition codes. */
#include "check.h"

#include <mm/page.h>
#include <stdio.h>

SUITE("Load, store, select on condition");

#define R1	2
#define R2	7
#define R3	11
#define ADDRESS 9
#define OPERAND (operand_pages() + 0x800)

struct conditional {
	enum insn_format format;
	u16 opcode;
	u8 width, shift;
	enum { FROM_REGISTER, FROM_STORAGE, FROM_IMMEDIATE, TO_STORAGE, SELECT } kind;
};

#define VALUE 0x9182a3b4c5d6e7f8ull

static u64 replace(u64 old, u64 value, u32 width, u32 shift)
{
	u64 mask = (width == 64 ? ~0ull : BIT(width) - 1) << shift;

	return (old & ~mask) | (value << shift & mask);
}

static u64 get(const u8 *at, u32 size)
{
	u64 value = 0;

	for (u32 n = 0; n < size; n++)
		value = value << 8 | at[n];
	return value;
}

/* With this mask and condition code, in this mode, by EXECUTE or not. */
static void check_one(const struct conditional *c, u32 mask, u32 cc, u64 psw, bool ex)
{
	struct insn_fields f = { .r1 = R1, .r2 = R2, .b2 = ADDRESS, .imm = 0x8765 };
	struct execution e = { .cc = cc, .psw = psw }, expected;
	bool holds = mask >> (3 - cc) & 1;
	u32 bytes = c->width / 8, size;
	u64 source = VALUE, stored = 0;
	u8 code[6];
	char where[32];

	fill_operand_pages();
	fill_registers(&e);
	e.gpr[R2] = c->shift ? VALUE << 32 : VALUE;
	e.gpr[R3] = c->shift ? 0x0badcafe00000000 : 0x1badcafe2badcafe;
	e.gpr[ADDRESS] = (ulong)OPERAND;
	f.m3 = (u8)mask;
	switch (c->kind) {
	case FROM_STORAGE:
		source = get(OPERAND, bytes);
		break;
	case FROM_IMMEDIATE:
		source = 0xffffffffffff8765;
		break;
	case TO_STORAGE:
		stored = holds ? e.gpr[R1] >> c->shift : get(OPERAND, bytes);
		if (c->width == 32)
			stored &= 0xffffffff;
		break;
	case SELECT:
		f.m3 = 0;
		f.r3 = R3;
		f.m4 = (u8)mask;
		if (!holds)
			source = e.gpr[R3] >> c->shift;
		holds = true;
		break;
	default:
		break;
	}
	expected = e;
	if (holds && c->kind != TO_STORAGE)
		expected.gpr[R1] = replace(e.gpr[R1], source, c->width, c->shift);
	size = insn_encode(c->format, c->opcode, &f, code);
	if (ex)
		EXPECT_NO_FAULT(execute_target(EXECUTE_BY_EX, code, size, 0, &e));
	else
		EXPECT_NO_FAULT(execute(code, size, &e));
	expected.gpr[14] = e.gpr[14];
	snprintf(where, sizeof(where), "mask %u, cc %u", mask, cc);
	expect_state(&e, &expected, where);
	if (c->kind == TO_STORAGE)
		EXPECT_EQ(get(OPERAND, bytes), stored, "%s", where);
	expect_pattern(OPERAND, c->kind == TO_STORAGE ? bytes : 0, where);
}

static void check_absent(const struct conditional *c)
{
	struct insn_fields f = { .r1 = R1, .b2 = ADDRESS, .m3 = 15 };
	struct execution e = { .cc = 1 }, expected;
	u8 code[6], *end = operand_end();
	u32 size;

	fill_registers(&e);
	e.gpr[ADDRESS] = (ulong)end - 2;
	expected = e;
	size = insn_encode(c->format, c->opcode, &f, code);
	fill_operand_pages();
	EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(end), 6), execute(code, size, &e));
	expect_state(&e, &expected, "after the exception");
	expect_pattern(end - 2, 0, "after the exception");
}

static void check(const struct conditional *c)
{
	for (u32 mask = 0; mask < 16; mask++) {
		SUBTEST("mask %u", mask);
		for (u32 cc = 0; cc < 4; cc++)
			check_one(c, mask, cc, 0, false);
	}
	SUBTEST("problem state");
	for (u32 cc = 0; cc < 4; cc++)
		check_one(c, 10, cc, PSW_KERNEL | PSW_PROBLEM, false);
	SUBTEST("executed by EX");
	for (u32 cc = 0; cc < 4; cc++)
		check_one(c, 6, cc, 0, true);
	if (c->kind == FROM_STORAGE || c->kind == TO_STORAGE) {
		SUBTEST("31-bit addresses");
		for (u32 cc = 0; cc < 4; cc++)
			check_one(c, 12, cc, PSW_KERNEL & ~PSW_EA, false);
		SUBTEST("second page absent");
		check_absent(c);
	}
}

#define CONDITIONAL(name_, manual, format_, opcode_, width_, shift_, kind_, facility_)         \
	TEST(name_, manual ": where the mask has the condition code's bit, and only there",    \
	     SPEC("PoP SA22-7832-13, chapter 7, " manual), REQUIRES(has_facility(facility_)))  \
	{                                                                                      \
		static const struct conditional c = { INSN_##format_, opcode_, width_, shift_, \
						      kind_ };                                 \
                                                                                               \
		check(&c);                                                                     \
	}

#define LOC	 FACILITY_DISTINCT_OPERANDS
#define LOC2	 FACILITY_LOAD_STORE_ON_CONDITION_2
#define SELECT_F FACILITY_MISC_EXT_3

/* clang-format off */
CONDITIONAL(locr, "LOAD ON CONDITION (LOCR)", RRF, 0xb9f2, 32, 0, FROM_REGISTER, LOC)
CONDITIONAL(locgr, "LOAD ON CONDITION (LOCGR)", RRF, 0xb9e2, 64, 0, FROM_REGISTER, LOC)
CONDITIONAL(loc, "LOAD ON CONDITION (LOC)", RSY, 0xebf2, 32, 0, FROM_STORAGE, LOC)
CONDITIONAL(locg, "LOAD ON CONDITION (LOCG)", RSY, 0xebe2, 64, 0, FROM_STORAGE, LOC)
CONDITIONAL(locfhr, "LOAD HIGH ON CONDITION (LOCFHR)", RRF, 0xb9e0, 32, 32, FROM_REGISTER, LOC2)
CONDITIONAL(locfh, "LOAD HIGH ON CONDITION (LOCFH)", RSY, 0xebe0, 32, 32, FROM_STORAGE, LOC2)
CONDITIONAL(lochi, "LOAD HALFWORD IMMEDIATE ON CONDITION (LOCHI)", RIE_G, 0xec42, 32, 0, FROM_IMMEDIATE, LOC2)
CONDITIONAL(locghi, "LOAD HALFWORD IMMEDIATE ON CONDITION (LOCGHI)", RIE_G, 0xec46, 64, 0, FROM_IMMEDIATE, LOC2)
CONDITIONAL(lochhi, "LOAD HALFWORD HIGH IMMEDIATE ON CONDITION (LOCHHI)", RIE_G, 0xec4e, 32, 32, FROM_IMMEDIATE, LOC2)
CONDITIONAL(stoc, "STORE ON CONDITION (STOC)", RSY, 0xebf3, 32, 0, TO_STORAGE, LOC)
CONDITIONAL(stocg, "STORE ON CONDITION (STOCG)", RSY, 0xebe3, 64, 0, TO_STORAGE, LOC)
CONDITIONAL(stocfh, "STORE HIGH ON CONDITION (STOCFH)", RSY, 0xebe1, 32, 32, TO_STORAGE, LOC2)
CONDITIONAL(selr, "SELECT (SELR)", RRF, 0xb9f0, 32, 0, SELECT, SELECT_F)
CONDITIONAL(selgr, "SELECT (SELGR)", RRF, 0xb9e3, 64, 0, SELECT, SELECT_F)
CONDITIONAL(selfhr, "SELECT HIGH (SELFHR)", RRF, 0xb9c0, 32, 32, SELECT, SELECT_F)
/* clang-format on */
