/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <mm/page.h>
#include <stdio.h>
#include <string.h>

/* How an execution differs from the plain one. */
struct shape {
	u8 r1, r2, r3;
	u8 base, index;
	s32 displacement;
	u64 psw;
	u64 garbage; /* added to the base, and taken away again by the addressing mode or by wrapping */
	u8 *at;	     /* the storage operand */
	enum { DIRECTLY, BY_EX, BY_EX_OR, BY_EXRL } how;
};

#define ADDRESS_REGISTER 9
#define INDEX_REGISTER	 10
#define COUNT_REGISTER	 6
#define OPERAND		 (operand_pages() + 0x800)

static const struct shape plain = { .r1 = 2, .r2 = 7, .r3 = 11, .base = ADDRESS_REGISTER };

static bool in_storage(const struct insn *i)
{
	return i->format == INSN_RX || i->format == INSN_RXY || i->format == INSN_RIL_S;
}

static bool is_immediate(const struct insn *i)
{
	return i->format == INSN_RI || i->format == INSN_RIL || i->format == INSN_RIE_D;
}

/* The first operand is not R1's: it is in R2 (RRF) or in R3. */
static bool has_three(const struct insn *i)
{
	return i->format == INSN_RRF || (i->flags & INSN_THREE);
}

static bool is_pair(const struct insn *i)
{
	return i->alu.operation >= ALU_MULTIPLY && i->alu.operation != ALU_POPULATION;
}

static u32 operand_size(const struct insn *i)
{
	switch (i->alu.operand) {
	case ALU_WHOLE:
		return i->alu.width / 8;
	case ALU_SIGNED_32:
	case ALU_UNSIGNED_32:
		return 4;
	case ALU_SIGNED_16:
	case ALU_UNSIGNED_16:
		return 2;
	default:
		return 1;
	}
}

static u64 get_operand(const u8 *at, u32 size)
{
	u64 value = 0;

	for (u32 n = 0; n < size; n++)
		value = value << 8 | at[n];
	return value;
}

static void put_operand(u8 *at, u64 value, u32 size)
{
	for (u32 n = 0; n < size; n++)
		at[n] = (u8)(value >> 8 * (size - 1 - n));
}

static u64 replace_field(u64 old, u64 value, u32 width, u32 shift)
{
	u64 mask = (width == 64 ? ~0ull : BIT(width) - 1) << shift;

	return (old & ~mask) | (value << shift & mask);
}

/* What the registers are afterwards; false if that is an exception. */
static bool expect(const struct insn *i, const struct shape *s, u64 second, struct execution *e)
{
	u8 from = !has_three(i) ? s->r1 : i->format == INSN_RRF ? s->r2 : s->r3;
	struct alu_state state = { .first = e->gpr[from] >> i->shift,
				   .second = second,
				   .cc = e->cc };

	if (is_pair(i))
		state.odd = has_three(i) ? e->gpr[from] : e->gpr[s->r1 | 1];
	if (!alu_execute(&i->alu, &state))
		return false;
	if (i->alu.operation != ALU_COMPARE && i->alu.operation != ALU_COMPARE_LOGICAL &&
	    i->alu.operation != ALU_TEST_UNDER_MASK) {
		if (is_pair(i) && i->alu.width == 64) {
			e->gpr[s->r1] = state.first;
			e->gpr[s->r1 | 1] = state.odd;
		} else if (is_pair(i)) {
			e->gpr[s->r1] = replace_field(e->gpr[s->r1], state.first, 32, 0);
			e->gpr[s->r1 | 1] = replace_field(e->gpr[s->r1 | 1], state.odd, 32, 0);
		} else {
			e->gpr[s->r1] = replace_field(e->gpr[s->r1], state.first, i->alu.width,
						      i->shift);
		}
	}
	if (!(i->flags & INSN_QUIET))
		e->cc = state.cc;
	return true;
}

/* Fills the fields and the registers with what the operands are; the second operand's value. */
static u64 set_up(const struct insn *i, const struct shape *s, u64 first, u64 odd, u64 second,
		  struct insn_fields *f, struct execution *e)
{
	u8 source = i->format == INSN_RRF ? s->r3 : s->r2;
	u8 target = !has_three(i) ? s->r1 : i->format == INSN_RRF ? s->r2 : s->r3;

	*f = (struct insn_fields){ .r1 = s->r1, .r2 = s->r2, .r3 = s->r3 };
	if (is_pair(i) && !has_three(i))
		e->gpr[s->r1 | 1] = odd;
	e->gpr[target] = first;
	if (i->flags & INSN_COUNT) {
		f->b2 = COUNT_REGISTER;
		f->d2 = s->displacement;
		if (!(i->flags & INSN_THREE))
			f->r3 = 0;
		e->gpr[COUNT_REGISTER] = second - (u64)(s64)s->displacement;
		return second;
	}
	if (is_immediate(i)) {
		f->r3 = i->flags & INSN_THREE ? s->r3 : 0;
		f->imm = (u32)second;
		second &= i->format == INSN_RIL ? 0xffffffff : 0xffff;
		return second << i->second_shift;
	}
	if (in_storage(i)) {
		u64 address = (ulong)s->at;

		put_operand(s->at, second, operand_size(i));
		if (i->format == INSN_RIL_S)
			return get_operand(s->at, operand_size(i));
		f->b2 = s->base;
		f->x2 = s->index;
		f->d2 = s->displacement;
		address += s->garbage - (u64)(s64)s->displacement;
		if (s->index && s->base && s->index != s->base) {
			e->gpr[s->index] = 0xfffffffffffff000;
			address += 0x1000;
		}
		if (s->base)
			e->gpr[s->base] = address;
		else if (s->index)
			e->gpr[s->index] = address;
		return get_operand(s->at, operand_size(i));
	}
	e->gpr[source] = second;
	/* One register may have been given two values. */
	return e->gpr[source] >> i->second_shift;
}

static struct fault run(const struct shape *s, u8 *bytes, u32 size, struct execution *e)
{
	u8 second_byte = bytes[1];

	switch (s->how) {
	case DIRECTLY:
		return execute(bytes, size, e);
	case BY_EX:
		return execute_target(EXECUTE_BY_EX, bytes, size, 0, e);
	case BY_EX_OR:
		bytes[1] = 0;
		return execute_target(EXECUTE_BY_EX, bytes, size, second_byte, e);
	default:
		return execute_target(EXECUTE_BY_EXRL, bytes, size, 0, e);
	}
}

/* EX uses registers 14 and 15, as execute_target() says. */
static void expect_executed(const struct shape *s, struct execution *expected,
			    const struct execution *actual)
{
	if (s->how == DIRECTLY)
		return;
	expected->gpr[14] = actual->gpr[14];
	expected->gpr[15] = actual->gpr[15];
}

/* The dividend of 64 bits that has no positive counterpart, by -1. */
static bool is_least_by_minus_one(const struct insn *i, const struct execution *e,
				  const struct shape *s, u64 second)
{
	return i->alu.operation == ALU_DIVIDE && (u32)e->gpr[s->r1] == 0x80000000 &&
	       !(u32)e->gpr[s->r1 | 1] && (u32)second == 0xffffffff;
}

/* Executes the instruction with these operands and compares. False if something was wrong. */
static bool try(const struct insn *i, const struct shape *s, u64 first, u64 odd, u64 second, u32 cc)
{
	struct execution e = { .cc = cc, .pm = cc ^ 1, .psw = s->psw }, expected;
	struct fault fault, expected_fault = NO_FAULT;
	struct insn_fields f;
	char where[96];
	u8 bytes[6];
	u32 size;

	fill_registers(&e);
	second = set_up(i, s, first, odd, second, &f, &e);
	expected = e;
	if (is_least_by_minus_one(i, &e, s, second))
		return true; /* general:divide_least is about this one */
	if (!expect(i, s, second, &expected))
		expected_fault = PGM_FIXED_POINT_DIVIDE; /* suppressed */
	size = insn_encode(i->format, i->opcode, &f, bytes);
	if (i->format == INSN_RIL_S) {
		ulong here = s->how == DIRECTLY ? execute_address(size) : execute_target_address();

		f.imm = (u32)(((ulong)s->at - here) / 2);
		insn_encode(i->format, i->opcode, &f, bytes);
	}
	fault = run(s, bytes, size, &e);
	expect_executed(s, &expected, &e);
	if (fault.kind == expected_fault.kind && same_state(&e, &expected)) {
		EXPECT(true);
		return true;
	}
	snprintf(where, sizeof(where), "%#llx, %#llx with %#llx, cc %u", first, odd, second, cc);
	return EXPECT_FAULT(expected_fault, fault, "%s", where) &&
	       expect_state(&e, &expected, where);
}

/* All pairs of edges and some operands from the seed. */
static void check_operands(const struct insn *i, const struct shape *s, u32 randoms)
{
	u32 count = edge_operand_count;

	for (u32 j = 0; j < count; j++) {
		for (u32 k = 0; k < count; k++) {
			for (u32 cc = 0; cc < 4; cc++) {
				if (!try(i, s, edge_operands[k], edge_operands[(k + j) % count],
					 edge_operands[j], cc))
					return;
			}
		}
	}
	for (u32 n = 0; n < randoms; n++) {
		u64 second = random_operand();

		for (u32 cc = 0; cc < 4; cc++) {
			if (!try(i, s, random_operand(), random_operand(), second, cc))
				return;
		}
	}
}

/* A few operands, for what does not depend on them. */
static void check_some(const struct insn *i, const struct shape *s)
{
	for (u32 cc = 0; cc < 4; cc++) {
		if (!try(i, s, 0x8070605040302011 + cc, 0x1020304050607080, 0x9182736455463728, cc))
			return;
		/* A quotient that fits. */
		if (!try(i, s, 0x7f00000012345678 + cc, 0x1020304050607080, 0x7182736455463728, cc))
			return;
	}
}

static void check_shape(const struct insn *i, const char *row, struct shape s)
{
	SUBTEST("%s", row);
	check_some(i, &s);
}

#define SHAPE(row, ...)                    \
	do {                               \
		struct shape s = plain;    \
		s.at = OPERAND;            \
		__VA_ARGS__;               \
		check_shape(insn, row, s); \
	} while (0)

/* ------------------------------------------------------------------------------- register operands */

static void check_registers(const struct insn *insn)
{
	bool pair = is_pair(insn);

	if (in_storage(insn) || is_immediate(insn) || (insn->flags & INSN_COUNT))
		return;
	SHAPE("R1 = R2", s.r1 = s.r2 = s.r3 = 4);
	SHAPE("register 0", s.r2 = 0, s.r3 = pair ? 0 : s.r3);
	SHAPE("to register 0", s.r1 = 0);
	SHAPE("to register 14", s.r1 = 14, s.r2 = 15);
	if (insn->format == INSN_RRF) {
		SHAPE("R1 = R3", s.r1 = s.r3 = 4);
		SHAPE("R2 = R3", s.r2 = s.r3 = 8);
	}
	if (pair)
		SHAPE("R2 = R1 + 1", s.r1 = 4, s.r2 = s.r3 = 5);
}

/* -------------------------------------------------------------------------------- storage operands */

static void check_addresses(const struct insn *insn)
{
	bool has_index = insn->format != INSN_RIL_S;
	u64 mask24 = PSW_KERNEL & ~(PSW_EA | PSW_BA), mask31 = PSW_KERNEL & ~PSW_EA;

	if (!has_index)
		return;
	SHAPE("index alone", s.base = 0, s.index = INDEX_REGISTER);
	SHAPE("base and index", s.index = INDEX_REGISTER);
	SHAPE("the same register as base", s.r1 = 4, s.base = 4);
	SHAPE("displacement 4095", s.displacement = 4095);
	if (insn->format == INSN_RXY) {
		SHAPE("displacement 524287", s.displacement = 524287);
		SHAPE("displacement -1", s.displacement = -1);
		SHAPE("displacement -524288", s.displacement = -524288);
	}
	SHAPE("24-bit addresses", s.psw = mask24, s.garbage = 0xdeadbeefff000000);
	SHAPE("24-bit addresses, index", s.psw = mask24, s.garbage = 0xdeadbeef81000000,
	      s.index = INDEX_REGISTER);
	SHAPE("31-bit addresses", s.psw = mask31, s.garbage = 0xdeadbeef80000000);
	SHAPE("31-bit addresses, index", s.psw = mask31, s.garbage = 0xdeadbeef80000000,
	      s.index = INDEX_REGISTER);
	SHAPE("DAT off", s.psw = PSW_64);
}

static void check_boundaries(const struct insn *insn)
{
	u32 size = operand_size(insn);

	for (u32 by = 1; by < size && !(insn->flags & INSN_ALIGNED); by++) {
		SUBTEST("across pages by %u", by);
		struct shape s = plain;

		s.at = operand_pages() + PAGE_SIZE - by;
		if (insn->format != INSN_RIL_S || !(by & 1))
			check_some(insn, &s);
		else
			EXPECT(true); /* a relative address is even */
	}
}

/* ------------------------------------------------------------------------------------- exceptions */

/* Nothing but the old PSW says that there was an instruction. */
static void check_refused(const struct insn *i, struct shape s, struct fault fault, bool nullified)
{
	struct execution e = { .cc = 2, .pm = 5, .psw = s.psw }, expected;
	struct insn_fields f;
	u8 *at = s.at, bytes[6];
	u32 size, length;

	fill_registers(&e);
	/* The operand need not be there: the address alone counts. */
	s.at = OPERAND;
	s.garbage += (ulong)at - (ulong)s.at;
	set_up(i, &s, 0x1234567812345678, 0x4321, 0x99, &f, &e);
	size = length = insn_encode(i->format, i->opcode, &f, bytes);
	if (i->format == INSN_RIL_S) {
		ulong here = s.how == DIRECTLY ? execute_address(size) : execute_target_address();

		f.imm = (u32)(((ulong)at - here) / 2);
		insn_encode(i->format, i->opcode, &f, bytes);
	}
	expected = e;
	EXPECT_FAULT(WITH_ILC(fault, s.how == DIRECTLY	? size
				     : s.how == BY_EXRL ? 6
							: 4),
		     run(&s, bytes, size, &e));
	expect_executed(&s, &expected, &e);
	expect_state(&e, &expected, "after the exception");
	EXPECT_EQ(trap_last_frame()->psw.addr,
		  trap_frame_ip(trap_last_frame()) +
			  (nullified ? 0 : trap_last_frame()->info.pgm_ilc));
}

#define REFUSED(row, fault, nullified, ...)               \
	do {                                              \
		struct shape s = plain;                   \
                                                          \
		s.at = OPERAND;                           \
		SUBTEST("%s", row);                       \
		__VA_ARGS__;                              \
		check_refused(insn, s, fault, nullified); \
	} while (0)

static const char *const off_boundary[] = {
	"",
	"off the boundary by 1",
	"off the boundary by 2",
	"off the boundary by 3",
	"off the boundary by 4",
	"off the boundary by 5",
	"off the boundary by 6",
	"off the boundary by 7",
};

static void check_storage_exceptions(const struct insn *insn)
{
	u32 size = operand_size(insn);
	u8 *end = operand_end();

	REFUSED("absent", PGM_PAGE_TRANSLATION(end), true, s.at = end);
	REFUSED("absent, executed by EX", PGM_PAGE_TRANSLATION(end), true, s.at = end,
		s.how = BY_EX);
	REFUSED("absent, executed by EXRL", PGM_PAGE_TRANSLATION(end), true, s.at = end,
		s.how = BY_EXRL);
	if (size > 1 && !(insn->flags & INSN_ALIGNED)) {
		/* A relative address is even. */
		u32 before = insn->format == INSN_RIL_S ? 2 : 1;

		if (before < size)
			REFUSED("second page absent", PGM_PAGE_TRANSLATION(end), true,
				s.at = end - before);
	}
	for (u32 off = 1; off < size && (insn->flags & INSN_ALIGNED); off++) {
		if (insn->format == INSN_RIL_S && (off & 1))
			continue;
		REFUSED(off_boundary[off], PGM_SPECIFICATION, false, s.at = OPERAND + off);
	}
}

static void check_pair_exceptions(const struct insn *insn)
{
	if (is_pair(insn))
		REFUSED("odd R1", PGM_SPECIFICATION, false, s.r1 = 3);
}

void check_insn(const struct insn *insn)
{
	fill_operand_pages();
	SHAPE("operands", check_operands(insn, &s, is_immediate(insn) ? 12 : 60));
	check_registers(insn);
	if (insn->flags & INSN_COUNT) {
		SHAPE("displacement as count", s.displacement = 0x7e);
		SHAPE("displacement of 4095 as count", s.displacement = 0xfff);
	}
	if (in_storage(insn)) {
		check_addresses(insn);
		check_boundaries(insn);
		SHAPE("storage around the operand", fill_operand_pages());
		expect_pattern(OPERAND, operand_size(insn), "storage");
	}
	SHAPE("problem state", s.psw = PSW_KERNEL | PSW_PROBLEM);
	SHAPE("executed by EX", s.how = BY_EX);
	SHAPE("executed by EXRL", s.how = BY_EXRL);
	if (insn->format == INSN_RR || insn->format == INSN_RX || insn->format == INSN_RXY)
		SHAPE("executed by EX with registers from R1", s.how = BY_EX_OR);
	if (in_storage(insn))
		check_storage_exceptions(insn);
	check_pair_exceptions(insn);
}
