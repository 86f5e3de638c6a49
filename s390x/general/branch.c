/* SPDX-License-Identifier: MIT */
/* Compare and branch, compare and trap: every condition of every comparison. */
#include "check.h"

#include <stdio.h>

SUITE("Compare and branch, compare and trap");

#define R1     2
#define R2     7
#define RESULT 12
#define TARGET 9

enum second { REGISTER, IMMEDIATE_8, IMMEDIATE_16, STORAGE };

struct comparison {
	enum insn_format format;
	u16 opcode;
	u8 width;
	bool logical;
	enum second second;
};

#define OPERAND (operand_pages() + 0x800)

static const u64 first_operands[] = {
	0,
	1,
	0x7f,
	0x80,
	0xff,
	0x7fff,
	0x8000,
	0x7fffffff,
	0x80000000,
	0xffffffff80000000,
	0xffffffff,
	0x100000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffffffffff80,
	~0ull,
};

static u64 truncate(u64 value, u32 width)
{
	return width == 64 ? value : value & 0xffffffff;
}

/* The second operand as the instruction has it. */
static u64 second_value(const struct comparison *c, u64 value)
{
	if (c->second == IMMEDIATE_8)
		value = c->logical ? (u8)value : (u64)(s8)value;
	else if (c->second == IMMEDIATE_16)
		value = c->logical ? (u16)value : (u64)(s16)value;
	return truncate(value, c->width);
}

/* Bits of the mask: equal, first operand low, first operand high; the last one is ignored. */
static bool holds(const struct comparison *c, u32 mask, u64 first, u64 second)
{
	u64 sign = c->logical ? 0 : BIT(c->width - 1);

	first = truncate(first, c->width);
	second = second_value(c, second);
	if (first == second)
		return mask & 8;
	return mask & ((first ^ sign) < (second ^ sign) ? 4 : 2);
}

static struct insn_fields fields(const struct comparison *c, u32 mask, u64 second)
{
	struct insn_fields f = { .r1 = R1, .b2 = TARGET, .m3 = (u8)mask, .i2 = (u8)second };

	if (c->second == REGISTER)
		f.r2 = R2;
	return f;
}

static void set_up(const struct comparison *c, struct execution *e, u64 first, u64 second, u32 cc)
{
	*e = (struct execution){ .cc = cc };
	fill_registers(e);
	e->gpr[R1] = first;
	e->gpr[R2] = second;
	(void)c;
}

/* Over LGHI r12,0, or to what comes after it by way of a register. */
static void branch(const struct comparison *c, u32 mask, u64 first, u64 second, u32 cc)
{
	bool relative = c->format == INSN_RIE_B || c->format == INSN_RIE_C;
	struct insn_fields f = fields(c, mask, second);
	struct execution e, expected;
	u8 code[12] = { 0 };
	char where[80];

	set_up(c, &e, first, second, cc);
	e.gpr[RESULT] = 1;
	e.gpr[TARGET] = execute_address(0) - 0x123;
	f.d2 = 0x123;
	f.imm = relative ? 5 : 0;
	insn_encode(c->format, c->opcode, &f, code);
	code[6] = 0xa7;
	code[7] = RESULT << 4 | 9;
	expected = e;
	expected.gpr[RESULT] = holds(c, mask, first, second);
	EXPECT_NO_FAULT(execute(code, 10, &e));
	if (same_state(&e, &expected))
		return;
	snprintf(where, sizeof(where), "mask %u, %#llx with %#llx", mask, first, second);
	expect_state(&e, &expected, where);
}

static void trap(const struct comparison *c, u32 mask, u64 first, u64 second, u32 cc)
{
	struct insn_fields f = fields(c, mask, second);
	struct execution e, expected;
	struct fault fault;
	char where[80];
	u8 code[6];
	u32 size;

	set_up(c, &e, first, second, cc);
	f.imm = (u16)second;
	if (c->second == STORAGE) {
		e.gpr[TARGET] = (ulong)OPERAND;
		for (u32 n = 0; n < 8; n++)
			OPERAND[n] = (u8)(truncate(second, c->width) >> (c->width - 8 - 8 * n));
	}
	expected = e;
	size = insn_encode(c->format, c->opcode, &f, code);
	fault = execute(code, size, &e);
	snprintf(where, sizeof(where), "mask %u, %#llx with %#llx", mask, first, second);
	if (holds(c, mask, first, second)) {
		EXPECT_FAULT(WITH_ILC(PGM_DATA, size), fault, "%s", where);
		EXPECT_EQ(trap_last_frame()->info.dxc, 0xffu, "%s", where);
		/* Completed. */
		EXPECT_EQ(trap_last_frame()->psw.addr, execute_address(0));
	} else {
		EXPECT_NO_FAULT(fault, "%s", where);
	}
	expect_state(&e, &expected, where);
}

static void check(const struct comparison *c,
		  void (*one)(const struct comparison *, u32, u64, u64, u32), u32 step)
{
	for (u32 mask = 0; mask < 16; mask++) {
		SUBTEST("mask %u", mask);
		for (u32 j = 0; j < ARRAY_SIZE(first_operands); j += step) {
			for (u32 k = 0; k < ARRAY_SIZE(first_operands); k++)
				one(c, mask, first_operands[k], first_operands[j], (j + k) & 3);
			one(c, mask, second_value(c, first_operands[j]), first_operands[j],
			    mask & 3);
		}
	}
}

#define COMPARE_AND(name_, manual, rule, one, step, format_, opcode_, width_, logical_, second_)  \
	TEST(name_, manual rule,                                                                  \
	     SPEC("PoP SA22-7832-13, chapter 7, " manual), REQUIRES(has_facility(FACILITY_GIEF))) \
	{                                                                                         \
		static const struct comparison c = { INSN_##format_, opcode_, width_, logical_,   \
						     second_ };                                   \
                                                                                                  \
		check(&c, one, step);                                                             \
	}

#define BRANCH(name, manual, ...)                                                                \
	COMPARE_AND(name, manual, ": branches where the comparison is as the mask says", branch, \
		    3, __VA_ARGS__)
#define TRAP(name, manual, ...)                                                                  \
	COMPARE_AND(name, manual, ": a data exception where the comparison is as the mask says", \
		    trap, 5, __VA_ARGS__)

/* clang-format off */
BRANCH(crb, "COMPARE AND BRANCH (CRB)", RRS, 0xecf6, 32, false, REGISTER)
BRANCH(cgrb, "COMPARE AND BRANCH (CGRB)", RRS, 0xece4, 64, false, REGISTER)
BRANCH(crj, "COMPARE AND BRANCH RELATIVE (CRJ)", RIE_B, 0xec76, 32, false, REGISTER)
BRANCH(cgrj, "COMPARE AND BRANCH RELATIVE (CGRJ)", RIE_B, 0xec64, 64, false, REGISTER)
BRANCH(cib, "COMPARE IMMEDIATE AND BRANCH (CIB)", RIS, 0xecfe, 32, false, IMMEDIATE_8)
BRANCH(cgib, "COMPARE IMMEDIATE AND BRANCH (CGIB)", RIS, 0xecfc, 64, false, IMMEDIATE_8)
BRANCH(cij, "COMPARE IMMEDIATE AND BRANCH RELATIVE (CIJ)", RIE_C, 0xec7e, 32, false, IMMEDIATE_8)
BRANCH(cgij, "COMPARE IMMEDIATE AND BRANCH RELATIVE (CGIJ)", RIE_C, 0xec7c, 64, false, IMMEDIATE_8)
BRANCH(clrb, "COMPARE LOGICAL AND BRANCH (CLRB)", RRS, 0xecf7, 32, true, REGISTER)
BRANCH(clgrb, "COMPARE LOGICAL AND BRANCH (CLGRB)", RRS, 0xece5, 64, true, REGISTER)
BRANCH(clrj, "COMPARE LOGICAL AND BRANCH RELATIVE (CLRJ)", RIE_B, 0xec77, 32, true, REGISTER)
BRANCH(clgrj, "COMPARE LOGICAL AND BRANCH RELATIVE (CLGRJ)", RIE_B, 0xec65, 64, true, REGISTER)
BRANCH(clib, "COMPARE LOGICAL IMMEDIATE AND BRANCH (CLIB)", RIS, 0xecff, 32, true, IMMEDIATE_8)
BRANCH(clgib, "COMPARE LOGICAL IMMEDIATE AND BRANCH (CLGIB)", RIS, 0xecfd, 64, true, IMMEDIATE_8)
BRANCH(clij, "COMPARE LOGICAL IMMEDIATE AND BRANCH RELATIVE (CLIJ)", RIE_C, 0xec7f, 32, true, IMMEDIATE_8)
BRANCH(clgij, "COMPARE LOGICAL IMMEDIATE AND BRANCH RELATIVE (CLGIJ)", RIE_C, 0xec7d, 64, true, IMMEDIATE_8)
TRAP(crt, "COMPARE AND TRAP (CRT)", RRF, 0xb972, 32, false, REGISTER)
TRAP(cgrt, "COMPARE AND TRAP (CGRT)", RRF, 0xb960, 64, false, REGISTER)
TRAP(cit, "COMPARE IMMEDIATE AND TRAP (CIT)", RIE_A, 0xec72, 32, false, IMMEDIATE_16)
TRAP(cgit, "COMPARE IMMEDIATE AND TRAP (CGIT)", RIE_A, 0xec70, 64, false, IMMEDIATE_16)
TRAP(clrt, "COMPARE LOGICAL AND TRAP (CLRT)", RRF, 0xb973, 32, true, REGISTER)
TRAP(clgrt, "COMPARE LOGICAL AND TRAP (CLGRT)", RRF, 0xb961, 64, true, REGISTER)
TRAP(clfit, "COMPARE LOGICAL IMMEDIATE AND TRAP (CLFIT)", RIE_A, 0xec73, 32, true, IMMEDIATE_16)
TRAP(clgit, "COMPARE LOGICAL IMMEDIATE AND TRAP (CLGIT)", RIE_A, 0xec71, 64, true, IMMEDIATE_16)
TRAP(clt, "COMPARE LOGICAL AND TRAP (CLT)", RSY, 0xeb23, 32, true, STORAGE)
TRAP(clgt, "COMPARE LOGICAL AND TRAP (CLGT)", RSY, 0xeb2b, 64, true, STORAGE)
/* clang-format on */

/* ------------------------------------------------------------------------------------ load and trap */

struct load_and_trap {
	const char *name;
	u16 opcode;
	u8 width, shift; /* of the register that is replaced */
	u64 mask;	 /* of what is loaded */
};

TEST(load_and_trap, "LOAD AND TRAP loads, and then zero is a data exception with DXC 0xff",
     SPEC("PoP SA22-7832-13, chapter 7, LOAD AND TRAP, LOAD HIGH AND TRAP, LOAD LOGICAL AND TRAP, "
	  "LOAD LOGICAL THIRTY ONE BITS AND TRAP"),
	  REQUIRES(has_facility(FACILITY_MISC_EXT_1)))
{
	static const struct load_and_trap rows[] = {
		{ "LAT", 0xe39f, 32, 0, 0xffffffff },	 { "LGAT", 0xe385, 64, 0, ~0ull },
		{ "LFHAT", 0xe3c8, 32, 32, 0xffffffff }, { "LLGFAT", 0xe39d, 64, 0, 0xffffffff },
		{ "LLGTAT", 0xe39c, 64, 0, 0x7fffffff },
	};
	static const u64 values[] = {
		0, 1, 0x80000000, 0x7fffffff, 0x100000000, 0xffffffff, ~0ull
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows) * ARRAY_SIZE(values); n++) {
		const struct load_and_trap *r = &rows[n / ARRAY_SIZE(values)];
		u64 value = values[n % ARRAY_SIZE(values)], loaded;
		struct insn_fields f = { .r1 = R1, .b2 = TARGET };
		struct execution e = { .cc = n & 3 }, expected;
		bool whole = r->opcode == 0xe385;
		struct fault fault;
		u8 code[6];

		SUBTEST("%s of %#llx", r->name, value);
		for (u32 byte = 0; byte < 8; byte++)
			OPERAND[byte] = (u8)((whole ? value : value << 32) >> (56 - 8 * byte));
		fill_registers(&e);
		e.gpr[TARGET] = (ulong)OPERAND;
		loaded = value & r->mask;
		expected = e;
		expected.gpr[R1] = r->width == 64 ? loaded
				   : r->shift	  ? (e.gpr[R1] & 0xffffffff) | loaded << 32
						  : (e.gpr[R1] & ~0xffffffffull) | loaded;
		insn_encode(INSN_RXY, r->opcode, &f, code);
		fault = execute(code, 6, &e);
		if (loaded) {
			EXPECT_NO_FAULT(fault);
		} else {
			EXPECT_FAULT(WITH_ILC(PGM_DATA, 6), fault);
			EXPECT_EQ(trap_last_frame()->info.dxc, 0xffu);
		}
		expect_state(&e, &expected, "afterwards");
	}
}
