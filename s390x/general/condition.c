/* SPDX-License-Identifier: MIT */
/*
 * The condition code goes from each kind of instruction that sets it straight into each kind that uses it,
 * with nothing between: an emulator that does not compute it until it is asked for has to remember how.
 */
#include "check.h"

#include <stdio.h>
#include <string.h>

SUITE("Condition code from instruction to instruction");

#define R1     2
#define R2     7
#define COUNT  6
#define RESULT 12
#define OTHER  13

struct producer {
	struct insn insn;
	u8 bytes[6];
	u32 size;
};

/* Operands of which the model says that they give the condition code `cc`, or pass it on. */
struct operands {
	u64 first, odd, second;
	u32 before, after;
};

#define PER_CODE 3

/* Up to PER_CODE operands for each condition code that the instruction can have. */
static u32 choose(const struct producer *p, struct operands *found)
{
	u32 seen[4] = { 0 }, count = 0;

	for (u32 n = 0; n < edge_operand_count * edge_operand_count; n++) {
		struct operands o = { edge_operands[n / edge_operand_count], random_u64(),
				      edge_operands[n % edge_operand_count], n & 3, 0 };
		struct alu_state state = { o.first >> p->insn.shift, o.odd, o.second, o.before };

		if (!alu_execute(&p->insn.alu, &state) || seen[state.cc]++ >= PER_CODE)
			continue;
		o.after = state.cc;
		found[count++] = o;
	}
	return count;
}

static struct execution run(const struct producer *p, const struct operands *o, const u8 *consumer,
			    u32 size)
{
	struct execution e = { .cc = o->before };
	u8 code[EXECUTE_MAX];

	fill_registers(&e);
	e.gpr[R1] = o->first;
	e.gpr[R1 + 1] = o->odd;
	e.gpr[R2] = e.gpr[COUNT] = o->second;
	e.gpr[RESULT] = 1;
	e.gpr[OTHER] = 0x7ffffffffffffffe;
	memcpy(code, p->bytes, p->size);
	memcpy(code + p->size, consumer, size);
	EXPECT_NO_FAULT(execute(code, p->size + size, &e));
	return e;
}

#define WHERE_TEXT   "cc %u of %#llx with %#llx"
#define WHERE_VALUES o->after, o->first, o->second

static void into_brc(const struct producer *p, const struct operands *o, u32 mask)
{
	/* BRC over LGHI r12,0 */
	u8 code[8] = { 0xa7, (u8)(mask << 4 | 4), 0, 4, 0xa7, RESULT << 4 | 9, 0, 0 };

	EXPECT_EQ(run(p, o, code, sizeof(code)).gpr[RESULT], (u64)(mask >> (3 - o->after) & 1),
		  "mask %u, " WHERE_TEXT, mask, WHERE_VALUES);
}

static void into_bcr(const struct producer *p, const struct operands *o, u32 mask)
{
	/* BC over LGHI r12,0, to an address that is in no register before: LARL first, which keeps the code. */
	u8 code[14] = { 0xc0, 14 << 4,	       0, 0, 0, 6, 0x07, (u8)(mask << 4 | 14),
			0xa7, RESULT << 4 | 9, 0, 0 };

	EXPECT_EQ(run(p, o, code, 12).gpr[RESULT], (u64)(mask >> (3 - o->after) & 1),
		  "mask %u, " WHERE_TEXT, mask, WHERE_VALUES);
}

static void into_locgr(const struct producer *p, const struct operands *o, u32 mask)
{
	u8 code[4] = { 0xb9, 0xe2, (u8)(mask << 4), RESULT << 4 | OTHER };
	bool moved = mask >> (3 - o->after) & 1;

	EXPECT_EQ(run(p, o, code, sizeof(code)).gpr[RESULT], moved ? 0x7ffffffffffffffeull : 1ull,
		  "mask %u, " WHERE_TEXT, mask, WHERE_VALUES);
}

static void all_masks(const struct producer *p, const struct operands *o, u32 count,
		      void (*into)(const struct producer *, const struct operands *, u32))
{
	for (u32 mask = 0; mask < 16; mask++) {
		for (u32 n = 0; n < count; n++)
			into(p, o + n, mask);
	}
}

/* ADD WITH CARRY, SUBTRACT WITH BORROW: bit 0 of the code is the carry, or that there was no borrow. */
static void into_carry(const struct producer *p, const struct operands *o, u32 count, u16 opcode,
		       enum alu_operation operation, u32 width)
{
	u8 code[4] = { (u8)(opcode >> 8), (u8)opcode, 0, RESULT << 4 | OTHER };
	struct alu_instruction insn = { operation, width, ALU_WHOLE };

	for (u32 n = 0; n < count; n++, o++) {
		struct alu_state state = { 1, 0, 0x7ffffffffffffffe, o->after };
		struct execution e = run(p, o, code, sizeof(code));

		alu_execute(&insn, &state);
		EXPECT_EQ(e.gpr[RESULT], state.first, WHERE_TEXT, WHERE_VALUES);
		EXPECT_EQ(e.cc, state.cc, WHERE_TEXT, WHERE_VALUES);
	}
}

static void into_ipm(const struct producer *p, const struct operands *o, u32 count)
{
	u8 code[4] = { 0xb2, 0x22, 0, RESULT << 4 };

	for (u32 n = 0; n < count; n++, o++)
		EXPECT_EQ(run(p, o, code, sizeof(code)).gpr[RESULT], 1 | (u64)o->after << 28,
			  WHERE_TEXT, WHERE_VALUES);
}

static void into_epsw(const struct producer *p, const struct operands *o, u32 count)
{
	u8 code[4] = { 0xb9, 0x8d, 0, RESULT << 4 | OTHER };

	for (u32 n = 0; n < count; n++, o++)
		EXPECT_EQ(run(p, o, code, sizeof(code)).gpr[RESULT],
			  (PSW_KERNEL >> 32 | (u64)o->after << (PSW_CC_SHIFT - 32)), WHERE_TEXT,
			  WHERE_VALUES);
}

/* The old PSW of an interruption: SVC. */
static void into_old_psw(const struct producer *p, const struct operands *o, u32 count)
{
	u8 code[2] = { 0, 0 };

	for (u32 n = 0; n < count; n++, o++) {
		struct execution e = { .cc = o->before };
		u8 both[8];

		fill_registers(&e);
		e.gpr[R1] = o->first;
		e.gpr[R1 + 1] = o->odd;
		e.gpr[R2] = e.gpr[COUNT] = o->second;
		memcpy(both, p->bytes, p->size);
		memcpy(both + p->size, code, sizeof(code));
		EXPECT_FAULT(PGM_OPERATION, execute(both, p->size + 2, &e));
		EXPECT_EQ((trap_last_frame()->psw.mask & PSW_CC) >> PSW_CC_SHIFT, (u64)o->after,
			  WHERE_TEXT, WHERE_VALUES);
	}
}

/* Encodes the producer and chooses its operands; how many. */
static u32 prepare(struct producer *p, struct operands *found)
{
	struct insn_fields f = { .r1 = R1, .r2 = R2, .r3 = R2, .b2 = COUNT };

	if (p->insn.format == INSN_RRF)
		f.r2 = R1;
	else if (p->insn.format == INSN_RS)
		f.r3 = 0;
	else if (p->insn.flags & INSN_THREE)
		f.r3 = R1;
	p->size = insn_encode(p->insn.format, p->insn.opcode, &f, p->bytes);
	return choose(p, found);
}

static void check_producer(struct producer p)
{
	struct operands found[4 * PER_CODE];
	u32 count = prepare(&p, found);

	SUBTEST("BRC");
	all_masks(&p, found, count, into_brc);
	SUBTEST("BCR");
	all_masks(&p, found, count, into_bcr);
	SUBTEST("LOCGR");
	all_masks(&p, found, count, into_locgr);
	SUBTEST("ALCR");
	into_carry(&p, found, count, 0xb998, ALU_ADD_CARRY, 32);
	SUBTEST("ALCGR");
	into_carry(&p, found, count, 0xb988, ALU_ADD_CARRY, 64);
	SUBTEST("SLBR");
	into_carry(&p, found, count, 0xb999, ALU_SUBTRACT_BORROW, 32);
	SUBTEST("SLBGR");
	into_carry(&p, found, count, 0xb989, ALU_SUBTRACT_BORROW, 64);
	SUBTEST("IPM");
	into_ipm(&p, found, count);
	SUBTEST("old PSW");
	into_old_psw(&p, found, count);
}

#define PRODUCER(name_, manual, format_, opcode_, operation_, width_, operand_, facility_, ...) \
	TEST(cc_of_##name_, "the condition code of " manual " goes straight to what uses it",   \
	     SPEC("PoP SA22-7832-13, chapter 7, " manual "; chapter 4, Condition Code"),        \
		  REQUIRES(has_facility(facility_)))                                            \
	{                                                                                       \
		check_producer((struct producer){                                               \
			.insn = { .format = INSN_##format_,                                     \
				  .opcode = opcode_,                                            \
				  .alu = { ALU_##operation_, width_, ALU_##operand_ },          \
				  __VA_ARGS__ } });                                             \
	}

/* clang-format off */
PRODUCER(ar, "ADD (AR)", RR, 0x1a00, ADD, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(agr, "ADD (AGR)", RRE, 0xb908, ADD, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(agfr, "ADD (AGFR)", RRE, 0xb918, ADD, 64, SIGNED_32,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(alr, "ADD LOGICAL (ALR)", RR, 0x1e00, ADD_LOGICAL, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(algr, "ADD LOGICAL (ALGR)", RRE, 0xb90a, ADD_LOGICAL, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(alcr, "ADD LOGICAL WITH CARRY (ALCR)", RRE, 0xb998, ADD_CARRY, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(alcgr, "ADD LOGICAL WITH CARRY (ALCGR)", RRE, 0xb988, ADD_CARRY, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(sr, "SUBTRACT (SR)", RR, 0x1b00, SUBTRACT, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(sgr, "SUBTRACT (SGR)", RRE, 0xb909, SUBTRACT, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(slr, "SUBTRACT LOGICAL (SLR)", RR, 0x1f00, SUBTRACT_LOGICAL, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(slgr, "SUBTRACT LOGICAL (SLGR)", RRE, 0xb90b, SUBTRACT_LOGICAL, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(slbr, "SUBTRACT LOGICAL WITH BORROW (SLBR)", RRE, 0xb999, SUBTRACT_BORROW, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(slbgr, "SUBTRACT LOGICAL WITH BORROW (SLBGR)", RRE, 0xb989, SUBTRACT_BORROW, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(cr, "COMPARE (CR)", RR, 0x1900, COMPARE, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(cgr, "COMPARE (CGR)", RRE, 0xb920, COMPARE, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(cgfr, "COMPARE (CGFR)", RRE, 0xb930, COMPARE, 64, SIGNED_32,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(clr, "COMPARE LOGICAL (CLR)", RR, 0x1500, COMPARE_LOGICAL, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(clgr, "COMPARE LOGICAL (CLGR)", RRE, 0xb921, COMPARE_LOGICAL, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(clgfr, "COMPARE LOGICAL (CLGFR)", RRE, 0xb931, COMPARE_LOGICAL, 64, UNSIGNED_32,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(chlr, "COMPARE HIGH (CHLR)", RRE, 0xb9dd, COMPARE, 32, WHOLE,
	 FACILITY_DISTINCT_OPERANDS, .shift = 32)
PRODUCER(nr, "AND (NR)", RR, 0x1400, AND, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(ngr, "AND (NGR)", RRE, 0xb980, AND, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(or, "OR (OR)", RR, 0x1600, OR, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(ogr, "OR (OGR)", RRE, 0xb981, OR, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(xr, "EXCLUSIVE OR (XR)", RR, 0x1700, XOR, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(xgr, "EXCLUSIVE OR (XGR)", RRE, 0xb982, XOR, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(ltr, "LOAD AND TEST (LTR)", RR, 0x1200, LOAD_TEST, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(ltgr, "LOAD AND TEST (LTGR)", RRE, 0xb902, LOAD_TEST, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(ltgfr, "LOAD AND TEST (LTGFR)", RRE, 0xb912, LOAD_TEST, 64, SIGNED_32,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(lcr, "LOAD COMPLEMENT (LCR)", RR, 0x1300, COMPLEMENT, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(lcgr, "LOAD COMPLEMENT (LCGR)", RRE, 0xb903, COMPLEMENT, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(lpr, "LOAD POSITIVE (LPR)", RR, 0x1000, POSITIVE, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(lpgr, "LOAD POSITIVE (LPGR)", RRE, 0xb900, POSITIVE, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(lnr, "LOAD NEGATIVE (LNR)", RR, 0x1100, NEGATIVE, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(lngr, "LOAD NEGATIVE (LNGR)", RRE, 0xb901, NEGATIVE, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(sla, "SHIFT LEFT SINGLE (SLA)", RS, 0x8b00, SHIFT_LEFT, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(slag, "SHIFT LEFT SINGLE (SLAG)", RSY, 0xeb0b, SHIFT_LEFT, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE, .flags = INSN_THREE)
PRODUCER(sra, "SHIFT RIGHT SINGLE (SRA)", RS, 0x8a00, SHIFT_RIGHT, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(srag, "SHIFT RIGHT SINGLE (SRAG)", RSY, 0xeb0a, SHIFT_RIGHT, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE, .flags = INSN_THREE)
PRODUCER(slda, "SHIFT LEFT DOUBLE (SLDA)", RS, 0x8f00, SHIFT_DOUBLE_LEFT, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(srda, "SHIFT RIGHT DOUBLE (SRDA)", RS, 0x8e00, SHIFT_DOUBLE_RIGHT, 32, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(flogr, "FIND LEFTMOST ONE (FLOGR)", RRE, 0xb983, FIND_LEFTMOST_ONE, 64, WHOLE,
	 FACILITY_EXTENDED_IMMEDIATE)
PRODUCER(popcnt, "POPULATION COUNT (POPCNT)", RRE, 0xb9e1, POPULATION, 64, WHOLE,
	 FACILITY_DISTINCT_OPERANDS)
PRODUCER(msrkc, "MULTIPLY SINGLE (MSRKC)", RRF, 0xb9fd, MULTIPLY_SINGLE_CC, 32, WHOLE,
	 FACILITY_MISC_EXT_2)
PRODUCER(msgrkc, "MULTIPLY SINGLE (MSGRKC)", RRF, 0xb9ed, MULTIPLY_SINGLE_CC, 64, WHOLE,
	 FACILITY_MISC_EXT_2)
PRODUCER(lgr, "LOAD (LGR)", RRE, 0xb904, LOAD, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
PRODUCER(sllg, "SHIFT LEFT SINGLE LOGICAL (SLLG)", RSY, 0xeb0d, SHIFT_LEFT_LOGICAL, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE, .flags = INSN_THREE)
PRODUCER(msgr, "MULTIPLY SINGLE (MSGR)", RRE, 0xb90c, MULTIPLY_SINGLE, 64, WHOLE,
	 FACILITY_Z_ARCHITECTURE)
/* clang-format on */

TEST(cc_into_epsw, "EXTRACT PSW has the condition code of the instruction before it",
     SPEC("PoP SA22-7832-13, chapter 7, EXTRACT PSW"))
{
	static const struct insn insns[] = {
		{ "LGR", INSN_RRE, 0xb904, { ALU_LOAD, 64, ALU_WHOLE }, 0, 0, 0 },
		{ "AR", INSN_RR, 0x1a00, { ALU_ADD, 32, ALU_WHOLE }, 0, 0, 0 },
		{ "ALGR", INSN_RRE, 0xb90a, { ALU_ADD_LOGICAL, 64, ALU_WHOLE }, 0, 0, 0 },
		{ "SLBGR", INSN_RRE, 0xb989, { ALU_SUBTRACT_BORROW, 64, ALU_WHOLE }, 0, 0, 0 },
		{ "CGR", INSN_RRE, 0xb920, { ALU_COMPARE, 64, ALU_WHOLE }, 0, 0, 0 },
		{ "CLR", INSN_RR, 0x1500, { ALU_COMPARE_LOGICAL, 32, ALU_WHOLE }, 0, 0, 0 },
		{ "NGR", INSN_RRE, 0xb980, { ALU_AND, 64, ALU_WHOLE }, 0, 0, 0 },
		{ "LPR", INSN_RR, 0x1000, { ALU_POSITIVE, 32, ALU_WHOLE }, 0, 0, 0 },
		{ "SLA", INSN_RS, 0x8b00, { ALU_SHIFT_LEFT, 32, ALU_WHOLE }, 0, 0, 0 },
	};

	for (u32 n = 0; n < ARRAY_SIZE(insns); n++) {
		struct producer p = { .insn = insns[n] };
		struct operands found[4 * PER_CODE];
		u32 count = prepare(&p, found);

		SUBTEST("%s", insns[n].name);
		into_epsw(&p, found, count);
	}
}
