/* SPDX-License-Identifier: MIT */
#include "update.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/cr.h>
#include <stdio.h>
#include <string.h>

struct shape {
	u8 base, index;
	s32 displacement;
	u64 psw, garbage;
	u8 *at;
	enum { DIRECTLY, BY_EX, BY_EXRL } how;
};

#define R1		 2
#define R3		 7
#define ADDRESS_REGISTER 9
#define INDEX_REGISTER	 10
#define OPERAND		 (operand_pages() + 0x800)

static const struct shape plain = { .base = ADDRESS_REGISTER };

static bool is_immediate(const struct update *u)
{
	return u->format == INSN_SI || u->format == INSN_SIY || u->format == INSN_SIL;
}

static u32 size_of(const struct update *u)
{
	return u->alu.width / 8;
}

static u64 get(const u8 *at, u32 size)
{
	u64 value = 0;

	for (u32 n = 0; n < size; n++)
		value = value << 8 | at[n];
	return value;
}

static void put(u8 *at, u64 value, u32 size)
{
	for (u32 n = 0; n < size; n++)
		at[n] = (u8)(value >> 8 * (size - 1 - n));
}

/* Fields, registers; the second operand's value as the instruction has it. */
static u64 set_up(const struct update *u, const struct shape *s, u64 second, struct insn_fields *f,
		  struct execution *e)
{
	u64 address = (ulong)s->at + s->garbage - (u64)(s64)s->displacement;

	*f = (struct insn_fields){ .b1 = s->base,
				   .b2 = s->base,
				   .d1 = s->displacement,
				   .d2 = s->displacement,
				   .x2 = s->index };
	if (s->index && s->base) {
		e->gpr[s->index] = 0xfffffffffffff000;
		address += 0x1000;
	}
	if (u->format != INSN_RIL_S)
		e->gpr[s->base ? s->base : s->index] = address;
	if (is_immediate(u)) {
		f->i2 = (u8)second;
		f->imm = (u16)second;
		return second & (u->format == INSN_SIL ? 0xffff : 0xff);
	}
	f->r1 = R1;
	f->r3 = R3;
	e->gpr[u->flags & UPDATE_LOADS ? R3 : R1] = second;
	return second >> u->shift;
}

static u32 encode(const struct update *u, const struct shape *s, struct insn_fields *f, u8 *bytes)
{
	u32 size = insn_encode(u->format, u->opcode, f, bytes);
	ulong here = s->how == DIRECTLY ? execute_address(size) : execute_target_address();

	f->imm = (u32)(((ulong)s->at - here) / 2);
	return u->format == INSN_RIL_S ? insn_encode(u->format, u->opcode, f, bytes) : size;
}

static struct fault run(const struct shape *s, const u8 *bytes, u32 size, struct execution *e)
{
	if (s->how == DIRECTLY)
		return execute(bytes, size, e);
	return execute_target(s->how == BY_EX ? EXECUTE_BY_EX : EXECUTE_BY_EXRL, bytes, size, 0, e);
}

/* The model: new storage, registers, condition code. */
static u64 expect(const struct update *u, u64 first, u64 second, struct execution *e)
{
	struct alu_state state = { .first = first, .second = second, .cc = e->cc };

	alu_execute(&u->alu, &state);
	e->cc = u->flags & UPDATE_TM && state.cc == 2 ? 1 : state.cc;
	if ((u->flags & UPDATE_LOADS) && u->alu.width == 64)
		e->gpr[R1] = first;
	else if (u->flags & UPDATE_LOADS)
		e->gpr[R1] = (e->gpr[R1] & ~0xffffffffull) | first;
	return u->flags & UPDATE_FETCH ? first : state.first;
}

static bool try(const struct update *u, const struct shape *s, u64 first, u64 second, u32 cc)
{
	struct execution e = { .cc = cc, .pm = cc ^ 2, .psw = s->psw }, expected;
	u32 size = size_of(u), length;
	u64 value, wanted, stored;
	struct insn_fields f;
	struct fault fault;
	char where[80];
	u8 bytes[6];
	bool held;

	fill_registers(&e);
	value = set_up(u, s, second, &f, &e);
	put(s->at, first, size);
	first = get(s->at, size);
	expected = e;
	wanted = expect(u, first, value, &expected);
	length = encode(u, s, &f, bytes);
	fault = run(s, bytes, length, &e);
	stored = get(s->at, size);
	if (s->how != DIRECTLY)
		expected.gpr[14] = e.gpr[14];
	if (!fault.kind && stored == wanted && same_state(&e, &expected)) {
		EXPECT(true);
		return true;
	}
	snprintf(where, sizeof(where), "%#llx with %#llx, cc %u", first, second, cc);
	held = EXPECT_NO_FAULT(fault, "%s", where);
	held &= EXPECT_EQ(stored, wanted, "%s", where);
	held &= expect_state(&e, &expected, where);
	return held;
}

static void check_operands(const struct update *u, const struct shape *s)
{
	for (u32 j = 0; j < edge_operand_count; j++) {
		for (u32 k = 0; k < edge_operand_count; k++) {
			if (!try(u, s, edge_operands[k], edge_operands[j], (j + k) & 3))
				return;
		}
	}
	for (u32 n = 0; n < 24; n++) {
		u64 second = random_operand();

		for (u32 cc = 0; cc < 4; cc++) {
			if (!try(u, s, random_operand(), second, cc))
				return;
		}
	}
}

static void check_some(const struct update *u, const struct shape *s)
{
	fill_operand_pages();
	for (u32 cc = 0; cc < 4; cc++) {
		if (!try(u, s, 0x8070605040302011 + cc, 0x9182736455463728, cc))
			return;
	}
	expect_pattern(s->at, size_of(u), "around the operand");
}

#define SHAPE(row, ...)                 \
	do {                            \
		struct shape s = plain; \
                                        \
		s.at = OPERAND;         \
		__VA_ARGS__;            \
		SUBTEST("%s", row);     \
		check_some(u, &s);      \
	} while (0)

static void check_addresses(const struct update *u)
{
	u64 mask24 = PSW_KERNEL & ~(PSW_EA | PSW_BA), mask31 = PSW_KERNEL & ~PSW_EA;
	bool far = u->format == INSN_RXY || u->format == INSN_SIY || u->format == INSN_RSY;

	if (u->format == INSN_RX || u->format == INSN_RXY) {
		SHAPE("index alone", s.base = 0, s.index = INDEX_REGISTER);
		SHAPE("base and index", s.index = INDEX_REGISTER);
	}
	SHAPE("displacement 4095", s.displacement = 4095);
	if (far) {
		SHAPE("displacement 524287", s.displacement = 524287);
		SHAPE("displacement -524288", s.displacement = -524288);
	}
	SHAPE("24-bit addresses", s.psw = mask24, s.garbage = 0xdeadbeefff000000);
	SHAPE("31-bit addresses", s.psw = mask31, s.garbage = 0xdeadbeef80000000);
}

/* What a fault leaves: registers, and all of storage. */
static void check_refused(const struct update *u, struct shape s, struct fault fault)
{
	struct execution e = { .cc = 2, .pm = 5, .psw = s.psw }, expected;
	struct insn_fields f;
	u8 bytes[6];
	u32 length;

	fill_operand_pages();
	fill_registers(&e);
	set_up(u, &s, 0x99aabbccddeeff01, &f, &e);
	expected = e;
	length = encode(u, &s, &f, bytes);
	EXPECT_FAULT(WITH_ILC(fault, s.how == DIRECTLY ? length
				     : s.how == BY_EX  ? 4u
						       : 6u),
		     run(&s, bytes, length, &e));
	if (s.how != DIRECTLY)
		expected.gpr[14] = e.gpr[14];
	expect_state(&e, &expected, "after the exception");
	expect_pattern(s.at, 0, "after the exception");
}

#define REFUSED(row, fault, ...)            \
	do {                                \
		struct shape s = plain;     \
                                            \
		s.at = OPERAND;             \
		SUBTEST("%s", row);         \
		__VA_ARGS__;                \
		check_refused(u, s, fault); \
	} while (0)

static void check_absent(const struct update *u)
{
	u8 *end = operand_end();

	REFUSED("absent", PGM_PAGE_TRANSLATION(end), s.at = end);
	REFUSED("absent, executed by EX", PGM_PAGE_TRANSLATION(end), s.at = end, s.how = BY_EX);
	REFUSED("absent, executed by EXRL", PGM_PAGE_TRANSLATION(end), s.at = end, s.how = BY_EXRL);
	if (size_of(u) > 1 && !(u->flags & UPDATE_ALIGNED))
		REFUSED("second page absent", PGM_PAGE_TRANSLATION(end),
			s.at = end - (u->format == INSN_RIL_S ? 2 : 1) * (size_of(u) > 2 ? 2 : 1));
}

static void check_protected(const struct update *u)
{
	u8 *second = operand_pages() + PAGE_SIZE;

	if (u->flags & UPDATE_FETCH)
		return;
	fill_operand_pages();
	*space_entry_at(space_kernel(), (ulong)second, 0) |= PTE_PROTECT;
	purge_tlb();
#define PROTECTED(row, ...)                                            \
	do {                                                           \
		struct execution e = { .cc = 1 }, expected;            \
		struct shape s = plain;                                \
		struct insn_fields f;                                  \
		u8 bytes[6];                                           \
		u32 length;                                            \
                                                                       \
		SUBTEST("%s", row);                                    \
		__VA_ARGS__;                                           \
		fill_registers(&e);                                    \
		set_up(u, &s, 0x99aabbccddeeff01, &f, &e);             \
		expected = e;                                          \
		length = encode(u, &s, &f, bytes);                     \
		EXPECT_FAULT(WITH_ILC(PGM_PROTECTION(second), length), \
			     run(&s, bytes, length, &e));              \
		expect_state(&e, &expected, "after the exception");    \
		expect_pattern(s.at, 0, "after the exception");        \
	} while (0)
	PROTECTED("protected", s.at = second + 8);
	if (size_of(u) > 1 && !(u->flags & UPDATE_ALIGNED))
		PROTECTED("second page protected",
			  s.at = second -
				 (u->format == INSN_RIL_S ? 2 : 1) * (size_of(u) > 2 ? 2 : 1));
	*space_entry_at(space_kernel(), (ulong)second, 0) &= ~PTE_PROTECT;
	purge_tlb();
}

void check_update(const struct update *u)
{
	struct shape operands = plain;
	u32 size = size_of(u);

	fill_operand_pages();
	operands.at = OPERAND;
	SUBTEST("operands");
	check_operands(u, &operands);
	SHAPE("around the operand");
	if (u->format != INSN_RIL_S)
		check_addresses(u);
	for (u32 by = 1; by < size && !(u->flags & UPDATE_ALIGNED); by++) {
		char row[32];

		if (u->format == INSN_RIL_S && (by & 1))
			continue;
		snprintf(row, sizeof(row), "across pages by %u", by);
		SHAPE(row, s.at = operand_pages() + PAGE_SIZE - by);
	}
	SHAPE("problem state", s.psw = PSW_KERNEL | PSW_PROBLEM);
	SHAPE("DAT off", s.psw = PSW_64);
	SHAPE("executed by EX", s.how = BY_EX);
	SHAPE("executed by EXRL", s.how = BY_EXRL);
	check_protected(u);
	check_absent(u);
	for (u32 off = 1; off < size && (u->flags & UPDATE_ALIGNED); off++) {
		char row[32];

		if (u->format == INSN_RIL_S && (off & 1))
			continue;
		snprintf(row, sizeof(row), "off the boundary by %u", off);
		REFUSED(row, PGM_SPECIFICATION, s.at = OPERAND + off);
	}
}
