/* SPDX-License-Identifier: MIT */
#include "two.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/cr.h>
#include <stdio.h>
#include <string.h>

#define FIRST_BASE  9
#define SECOND_BASE 10

static u8 expected_pages[2 * PAGE_SIZE];

struct layout {
	u32 first, second; /* offsets in operand_pages() */
	u32 length, second_length;
	u64 psw, garbage;
	bool leftmost;
	enum { DIRECTLY, BY_EX, BY_EX_OR, BY_EXRL } how;
};

/* What may be looked at: both operands and some bytes around them. */
static void window(const struct layout *l, u32 *start, u32 *end)
{
	u32 first = MIN(l->first, l->second), last = MAX(l->first, l->second);

	*start = ALIGN_DOWN(first < 64 ? 0 : first - 64, 8);
	*end = MIN(ALIGN_UP(last + 320, 8), (u32)(2 * PAGE_SIZE));
}

/* Random bytes in the window. */
static void fill(const struct two *t, const struct layout *l)
{
	u8 *pages = operand_pages();
	u32 start, end;

	window(l, &start, &end);
	for (u32 n = start; n < end; n += 8) {
		u64 value = random_u64();

		memcpy(pages + n, &value, 8);
	}
	if ((t->flags & TWO_LEFTMOST) && !l->leftmost) {
		pages[l->second] = 0;
		if (t->flags & TWO_UNICODE)
			pages[l->second + 1] = 0;
	}
}

static u32 encode(const struct two *t, const struct layout *l, u8 *code)
{
	struct insn_fields f = { .b1 = FIRST_BASE, .b2 = SECOND_BASE, .d1 = 0xfff, .d2 = 0x801 };

	switch (t->lengths) {
	case TWO_LENGTHS:
		f.length = (u8)((l->length - 1) << 4 | (l->second_length - 1));
		break;
	case SECOND_LENGTH:
		f.length = (u8)(l->second_length - 1);
		break;
	default:
		f.length = (u8)(l->length - 1);
		break;
	}
	return insn_encode(t->format, t->opcode, &f, code);
}

static struct execution registers(const struct two *t, const struct layout *l, u32 cc)
{
	struct execution e = { .cc = cc, .psw = l->psw };
	u32 last = t->flags & TWO_BACKWARD ? l->second_length - 1 : 0;
	u8 *pages = operand_pages();

	fill_registers(&e);
	e.gpr[FIRST_BASE] = (ulong)pages + l->first - 0xfff + l->garbage;
	e.gpr[SECOND_BASE] = (ulong)pages + l->second + last - 0x801 + l->garbage;
	if (t->lengths == REGISTER_0)
		e.gpr[0] = 0xabcdef0123456700 | (l->length - 1);
	return e;
}

static struct fault run(const struct layout *l, u8 *code, u32 size, struct execution *e)
{
	u8 length = code[1];

	switch (l->how) {
	case DIRECTLY:
		return execute(code, size, e);
	case BY_EX:
		return execute_target(EXECUTE_BY_EX, code, size, 0, e);
	case BY_EX_OR:
		code[1] = 0;
		return execute_target(EXECUTE_BY_EX, code, size, length, e);
	default:
		return execute_target(EXECUTE_BY_EXRL, code, size, 0, e);
	}
}

static bool try(const struct two *t, const struct layout *l, u32 cc)
{
	u8 *pages = operand_pages(), code[6];
	struct execution e, expected;
	struct two_state s;
	char where[80];
	u32 size, start, end;
	bool held;

	fill(t, l);
	/* Operands that are equal for a while. */
	if ((t->flags & TWO_FETCH) && t->lengths == ONE_LENGTH && random_below(3)) {
		memcpy(pages + l->first, pages + l->second, l->length);
		if (random_below(3))
			pages[l->first + random_below(l->length)] ^= (u8)BIT(random_below(8));
	}
	memcpy(expected_pages, pages, sizeof(expected_pages));
	e = registers(t, l, cc);
	expected = e;
	s = (struct two_state){ expected_pages + l->first, expected_pages + l->second, l->length,
				l->second_length, cc };
	t->model(&s);
	expected.cc = s.cc;
	size = encode(t, l, code);
	snprintf(where, sizeof(where), "length %u, %u, operands at %#x, %#x", l->length,
		 l->second_length, l->first, l->second);
	held = EXPECT_NO_FAULT(run(l, code, size, &e), "%s", where);
	if (l->how != DIRECTLY) {
		expected.gpr[14] = e.gpr[14];
		expected.gpr[15] = e.gpr[15];
	}
	if (!same_state(&e, &expected))
		held &= expect_state(&e, &expected, where);
	window(l, &start, &end);
	held &= EXPECT_MEM_EQ(pages + start, expected_pages + start, end - start, "%s", where);
	return held;
}

static const u16 lengths[] = { 1,  2,  3,  4,  7,  8,	9,   15,  16,  17,
			       31, 32, 33, 64, 65, 100, 128, 200, 255, 256 };

/* Lengths of both operands that this instruction can have, number n; false after the last. */
static bool nth_length(const struct two *t, u32 n, struct layout *l)
{
	switch (t->lengths) {
	case TWO_LENGTHS:
		l->length = n / 16 + 1;
		l->second_length = n % 16 + 1;
		return n < 256;
	case SECOND_LENGTH:
		l->length = 16;
		l->second_length = t->flags & TWO_UNICODE ? 2 * n + 2 : n + 1;
		return n < (t->flags & TWO_UNICODE ? 16u : 32u);
	case FIRST_LENGTH:
		l->length = t->flags & TWO_UNICODE ? 2 * n + 2 : n + 1;
		l->second_length = 16;
		return n < 32;
	default:
		if (n >= ARRAY_SIZE(lengths))
			return false;
		l->length = lengths[n];
		l->second_length = t->lengths == TABLE ? 256 : lengths[n];
		return true;
	}
}

static void check_lengths(const struct two *t, const char *row, struct layout l)
{
	/* All 256 pairs of lengths of operands that are apart; some of them in each other way. */
	u32 step = t->lengths == TWO_LENGTHS && strcmp(row, "apart") ? 5 : 1;

	SUBTEST("%s", row);
	for (u32 n = 0; nth_length(t, n, &l); n += step) {
		if (!try(t, &l, n & 3))
			return;
	}
}

/* ------------------------------------------------------------------------------------- exceptions */

enum obstacle { ABSENT, PROTECTED };

/* The third page is absent already; the second one becomes protected. */
static void check_refused(const struct two *t, const char *row, struct layout l,
			  enum obstacle obstacle)
{
	u8 *pages = operand_pages(), code[6],
	   *boundary = pages + (obstacle == ABSENT ? 2 : 1) * PAGE_SIZE;
	struct execution e, expected;
	struct fault fault = obstacle == ABSENT ? PGM_PAGE_TRANSLATION(boundary)
						: PGM_PROTECTION(boundary);
	u32 size;

	SUBTEST("%s", row);
	fill(t, &l);
	/* A comparison may end before it comes to what is not there. */
	for (u32 n = 0; (t->flags & TWO_FETCH) && n < l.length; n++) {
		if (l.first + n < 2 * PAGE_SIZE && l.second + n < 2 * PAGE_SIZE)
			pages[l.first + n] = pages[l.second + n];
	}
	memcpy(expected_pages, pages, sizeof(expected_pages));
	e = registers(t, &l, 2);
	expected = e;
	size = encode(t, &l, code);
	if (obstacle == PROTECTED)
		*space_entry_at(space_kernel(), (ulong)boundary, 0) |= PTE_PROTECT;
	else
		operand_end();
	purge_tlb();
	EXPECT_FAULT(WITH_ILC(fault, l.how == DIRECTLY ? 6u : 4u), run(&l, code, size, &e));
	*space_entry_at(space_kernel(), (ulong)pages + PAGE_SIZE, 0) &= ~PTE_PROTECT;
	purge_tlb();
	if (l.how != DIRECTLY)
		expected.gpr[14] = e.gpr[14];
	expect_state(&e, &expected, "after the exception");
	EXPECT_MEM_EQ(pages, expected_pages, sizeof(expected_pages));
}

void check_two(const struct two *t)
{
	struct layout apart = { .first = 0x300, .second = 0x700 }, l;
	u64 mask24 = PSW_KERNEL & ~(PSW_EA | PSW_BA);
	static const s32 distances[] = { 0, 1, 2, 3, 7, 8, 9, 31, -1, -2, -3, -8, -15, -100 };
	bool table = t->lengths == TABLE, overlaps = !table && !(t->flags & TWO_APART);
	u32 big;

	nth_length(t,
		   t->lengths == TWO_LENGTHS	 ? 255
		   : t->lengths == SECOND_LENGTH ? 15
						 : 7,
		   &apart);
	big = apart.length;
	check_lengths(t, "apart", apart);
	for (u32 n = 0; n < ARRAY_SIZE(distances) && overlaps; n++) {
		char row[40];

		l = apart;
		l.second = l.first - (u32)distances[n];
		snprintf(row, sizeof(row), "first operand %d after the second", distances[n]);
		check_lengths(t, row, l);
	}
	l = apart;
	l.leftmost = true;
	if (t->flags & TWO_LEFTMOST)
		check_lengths(t, "leftmost digits", l);
	l = apart;
	l.first = PAGE_SIZE - 1;
	check_lengths(t, "first operand across pages", l);
	l = apart;
	l.second = PAGE_SIZE - 1;
	check_lengths(t, "second operand across pages", l);
	l = apart;
	l.psw = mask24;
	l.garbage = 0x8765432101000000;
	check_lengths(t, "24-bit addresses", l);
	l.psw = PSW_KERNEL & ~PSW_EA;
	l.garbage = 0x8765432180000000;
	check_lengths(t, "31-bit addresses", l);
	l = apart;
	l.psw = PSW_KERNEL | PSW_PROBLEM;
	check_lengths(t, "problem state", l);
	l.psw = PSW_64;
	check_lengths(t, "DAT off", l);
	l = apart;
	l.how = BY_EX;
	check_lengths(t, "executed by EX", l);
	l.how = BY_EXRL;
	check_lengths(t, "executed by EXRL", l);
	if (t->format == INSN_SS) {
		l.how = BY_EX_OR;
		check_lengths(t, "executed by EX with the length from R1", l);
	}
	if (big < 2 && !table)
		return;
	l = apart;
	l.first = 2 * PAGE_SIZE - 1;
	check_refused(t, "end of the first operand absent", l, ABSENT);
	l.how = BY_EX;
	check_refused(t, "end of the first operand absent, executed", l, ABSENT);
	l = apart;
	l.second = table ? 2 * PAGE_SIZE : 2 * PAGE_SIZE - (t->flags & TWO_UNICODE ? 2 : 1);
	if (t->format != INSN_RSL)
		check_refused(t, "second operand absent", l, ABSENT);
	l = apart;
	l.first = PAGE_SIZE - 1;
	if (!(t->flags & TWO_FETCH))
		check_refused(t, "end of the first operand protected", l, PROTECTED);
}
