/* SPDX-License-Identifier: MIT */
/* TRANSLATE ONE or TWO TO ONE or TWO, and the long moves and comparisons of two-byte characters. */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/execute.h>
#include <s390x/facility.h>
#include <string.h>

SUITE("Translation of one- and two-byte characters", REQUIRES(has_facility(FACILITY_ETF_2)));

#define FACILITY_ETF_2_ENHANCEMENT 24

static const struct translation {
	const char *name;
	u8 opcode;
	u8 from, to; /* bytes of a character */
} translations[] = {
	{ "TROO", 0x93, 1, 1 },
	{ "TROT", 0x92, 1, 2 },
	{ "TRTO", 0x91, 2, 1 },
	{ "TRTT", 0x90, 2, 2 },
};

/* Condition code 3 is not for ever. */
#define MOST_EXECUTIONS 10000

/* The largest table has 64 Ki entries of two bytes. */
static u8 table[0x20000] __aligned(PAGE_SIZE), source[4 * PAGE_SIZE] __aligned(PAGE_SIZE),
	target[4 * PAGE_SIZE] __aligned(PAGE_SIZE), expected[4 * PAGE_SIZE];

static u32 get(const u8 *at, u32 size)
{
	return size == 1 ? at[0] : (u32)at[0] << 8 | at[1];
}

static void put(u8 *at, u32 value, u32 size)
{
	if (size == 2)
		*at++ = (u8)(value >> 8);
	*at = (u8)value;
}

static u32 function_of(const struct translation *t, u32 character)
{
	return (character * 7 + character / 256 * 3 + 5) & (t->to == 1 ? 0xff : 0xffff);
}

static void make_table(const struct translation *t)
{
	for (u32 n = 0; n < (t->from == 1 ? 256u : 65536u); n++)
		put(table + n * t->to, function_of(t, n), t->to);
}

struct translation_state {
	ulong to, from;
	u64 length; /* of the source, in bytes */
	u32 cc;
};

/* With this test character, or without any if it is negative. */
static struct fault translate(const struct translation *t, s32 test, struct translation_state *s)
{
	u8 code[4] = { 0xb9, t->opcode, test < 0 ? 0x10 : 0x00, 0x24 };
	struct execution e = { .cc = 0 };
	struct fault fault;
	u32 executions = 0;

	e.gpr[0] = 0x1122334455660000 | (test < 0 ? 0u : (u32)test);
	e.gpr[1] = (ulong)table;
	e.gpr[2] = s->to;
	e.gpr[3] = s->length;
	e.gpr[4] = s->from;

	do {
		fault = execute(code, 4, &e);
	} while (!fault.kind && e.cc == 3 && ++executions < MOST_EXECUTIONS);
	EXPECT_EQ(e.gpr[1], (ulong)table);
	*s = (struct translation_state){ e.gpr[2], e.gpr[4], e.gpr[3], e.cc };
	return fault;
}

static void make_text(const struct translation *t, u32 count, u8 *from)
{
	for (u32 n = 0; n < count; n++) {
		put(from + n * t->from, (u32)random_u64(), t->from);
		put(expected + n * t->to, function_of(t, get(from + n * t->from, t->from)), t->to);
	}
}

TEST(translate_all, "without a test character all are translated, whatever their functions are",
     SPEC("PoP SA22-7832-13, chapter 7, TRANSLATE ONE TO ONE and others"),
	  REQUIRES(has_facility(FACILITY_ETF_2_ENHANCEMENT)))
{
	static const u32 counts[] = { 1, 2, 3, 255, 256, 257, 1000 };

	for (u32 n = 0; n < ARRAY_SIZE(translations); n++) {
		const struct translation *t = &translations[n];

		make_table(t);
		for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
			u32 count = counts[i];
			struct translation_state s = { (ulong)target, (ulong)source,
						       count * t->from, 0 };

			SUBTEST("%s of %u", t->name, count);
			make_text(t, count, source);
			memset(target, 0xee, count * t->to + 8);
			EXPECT_NO_FAULT(translate(t, -1, &s));
			EXPECT_EQ(s.cc, 0u);
			EXPECT_MEM_EQ(target, expected, count * t->to);
			EXPECT_EQ(target[count * t->to], 0xee);
			EXPECT_EQ(s.to, (ulong)target + count * t->to);
			EXPECT_EQ(s.from, (ulong)source + count * t->from);
			EXPECT_EQ(s.length, 0u);
		}
	}
}

TEST(translate_nothing, "of length 0, nothing is translated or accessed, with condition code 0",
     SPEC("PoP SA22-7832-13, chapter 7, TRANSLATE ONE TO ONE and others"))
{
	u8 *absent = page_alloc();

	space_unmap(space_kernel(), (ulong)absent, PAGE_SIZE);
	for (u32 n = 0; n < ARRAY_SIZE(translations); n++) {
		struct translation_state s = { (ulong)absent, (ulong)absent, 0, 0 };

		SUBTEST("%s", translations[n].name);
		EXPECT_NO_FAULT(translate(&translations[n], 0x42, &s));
		EXPECT_EQ(s.cc, 0u);
		EXPECT_EQ(s.from, (ulong)absent);
	}
}

TEST(translate_test,
     "a function that is the test character ends it with condition code 1, before that one",
     SPEC("PoP SA22-7832-13, chapter 7, TRANSLATE ONE TO ONE and others"))
{
	for (u32 n = 0; n < ARRAY_SIZE(translations); n++) {
		const struct translation *t = &translations[n];

		make_table(t);
		for (u32 at = 0; at < 300; at += at < 4 ? 1 : 59) {
			struct translation_state s = { (ulong)target, (ulong)source, 400 * t->from,
						       0 };

			SUBTEST("%s, at %u", t->name, at);
			/* One character whose function nothing before it has. */
			for (u32 i = 0; i < 400; i++) {
				u32 character = i == at ? 0x42 : 0x30 + i % 5;

				put(source + i * t->from, character, t->from);
				put(expected + i * t->to, function_of(t, character), t->to);
			}
			memset(target, 0xee, 1000);
			EXPECT_NO_FAULT(translate(t, (s32)function_of(t, 0x42), &s));
			EXPECT_EQ(s.cc, 1u);
			EXPECT_EQ(s.from, (ulong)source + at * t->from);
			EXPECT_EQ(s.to, (ulong)target + at * t->to);
			EXPECT_EQ(s.length, (u64)(400 - at) * t->from);
			EXPECT_MEM_EQ(target, expected, at * t->to);
			EXPECT_EQ(target[at * t->to], 0xee);
		}
	}
}

TEST(translate_refused, "an odd R1, and an odd length of two-byte characters, are refused",
     SPEC("PoP SA22-7832-13, chapter 7, TRANSLATE ONE TO ONE and others"))
{
	for (u32 n = 0; n < ARRAY_SIZE(translations); n++) {
		const struct translation *t = &translations[n];
		u8 code[4] = { 0xb9, t->opcode, 0x00, 0x34 };
		struct translation_state s = { (ulong)target, (ulong)source, 5, 0 };
		struct execution e = { .cc = 0 };

		SUBTEST("%s, odd register", t->name);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(code, 4, &e));
		if (t->from == 1)
			continue;
		SUBTEST("%s, odd length", t->name);
		make_table(t);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), translate(t, 0x1234, &s));
	}
}

TEST(translate_fault,
     "a page that is absent in the middle is an exception, after which translation can go on",
     SPEC("PoP SA22-7832-13, chapter 7, TRANSLATE ONE TO ONE; chapter 5, Interruptible Instructions"),
	  REQUIRES(has_facility(FACILITY_ETF_2_ENHANCEMENT)))
{
	for (u32 n = 0; n < 2 * ARRAY_SIZE(translations); n++) {
		const struct translation *t = &translations[n / 2];
		bool of_target = n & 1;
		u8 *page = (of_target ? target : source) + PAGE_SIZE;
		u8 *from = source + PAGE_SIZE - 100, *to = target + PAGE_SIZE - 100;
		struct translation_state s = { (ulong)to, (ulong)from, 300 * t->from, 0 };
		struct fault fault;

		SUBTEST("%s, %s", t->name, of_target ? "target" : "source");
		make_table(t);
		make_text(t, 300, from);
		space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
		fault = translate(t, -1, &s);
		space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_ALL);
		EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(page), 4), fault);
		EXPECT_LE(of_target ? s.to : s.from, (ulong)page);
		EXPECT_EQ(300ull * t->from - s.length, s.from - (ulong)from);
		EXPECT_EQ((s.from - (ulong)from) / t->from, (s.to - (ulong)to) / t->to);
		EXPECT_NO_FAULT(translate(t, -1, &s));
		EXPECT_EQ(s.length, 0u);
		EXPECT_MEM_EQ(to, expected, 300 * t->to);
	}
}

/* ------------------------------------------------------------------------------- MVCLU and CLCLU */

struct long_operands {
	ulong first, second;
	u64 first_length, second_length;
	u32 cc;
};

#define MVCLU 0x8e
#define CLCLU 0x8f

static struct fault move_or_compare(u8 opcode, u32 padding, struct long_operands *s)
{
	/* The padding character is bits 48-63 of the second-operand address. */
	u8 code[6] = { 0xeb, 0x24, 0x90, 0x00, 0x00, opcode };
	struct execution e = { .cc = 0 };
	struct fault fault;
	u32 executions = 0;

	e.gpr[2] = s->first;
	e.gpr[3] = s->first_length;
	e.gpr[4] = s->second;
	e.gpr[5] = s->second_length;
	e.gpr[9] = 0xffffffffffff0000 | padding;

	do {
		fault = execute(code, 6, &e);
	} while (!fault.kind && e.cc == 3 && ++executions < MOST_EXECUTIONS);
	*s = (struct long_operands){ e.gpr[2], e.gpr[4], e.gpr[3], e.gpr[5], e.cc };
	return fault;
}

TEST(mvclu, "MOVE LONG UNICODE moves, and fills the rest with the padding character",
     SPEC("PoP SA22-7832-13, chapter 7, MOVE LONG UNICODE"))
{
	static const u32 lengths[][2] = { { 0, 0 },	  { 2, 2 },	 { 2, 0 },     { 0, 2 },
					  { 10, 4 },	  { 4, 10 },	 { 300, 300 }, { 5000, 2 },
					  { 3000, 5000 }, { 6000, 5000 } };

	for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
		u32 to = lengths[n][0], from = lengths[n][1], moved = MIN(to, from);
		struct long_operands s = { (ulong)target + 2, (ulong)source + 6, to, from, 0 };

		SUBTEST("%u bytes to %u", from, to);
		for (u32 i = 0; i < from + 8; i++)
			source[i] = (u8)(i * 3 + 1);
		memset(target, 0xee, to + 8);
		EXPECT_NO_FAULT(move_or_compare(MVCLU, 0x1234, &s));
		EXPECT_EQ(s.cc, from == to ? 0u : to < from ? 1u : 2u);
		EXPECT_MEM_EQ(target + 2, source + 6, moved);
		for (u32 i = moved; i < to; i++) {
			if (target[2 + i] != (i & 1 ? 0x34 : 0x12)) {
				FAIL("byte %u is %#x", i, target[2 + i]);
				break;
			}
		}
		EXPECT_EQ(target[2 + to], 0xee);
		EXPECT_EQ(s.first, (ulong)target + 2 + to);
		EXPECT_EQ(s.first_length, 0u);
		EXPECT_EQ(s.second, (ulong)source + 6 + moved);
		EXPECT_EQ(s.second_length, (u64)from - moved);
	}
}

TEST(clclu,
     "COMPARE LOGICAL LONG UNICODE stops at the first unequal character, padding the shorter operand",
     SPEC("PoP SA22-7832-13, chapter 7, COMPARE LOGICAL LONG UNICODE"))
{
	static const struct {
		const char *name;
		u32 first_length, second_length, differs; /* at this byte; 0: nowhere */
		s32 by;
		u32 cc, stop;
	} rows[] = {
		{ "empty", 0, 0, 0, 0, 0, 0 },
		{ "equal", 100, 100, 0, 0, 0, 100 },
		{ "long, equal", 6000, 6000, 0, 0, 0, 6000 },
		{ "left byte greater", 100, 100, 40, 1, 2, 40 },
		{ "right byte less", 100, 100, 41, -1, 1, 40 },
		{ "long, greater at the end", 6000, 6000, 5999, 1, 2, 5998 },
		{ "first longer, padding equal", 104, 100, 0, 0, 0, 104 },
		{ "second longer, padding equal", 100, 104, 0, 0, 0, 104 },
		{ "first longer, then greater", 104, 100, 102, 1, 2, 102 },
		{ "first longer, then less", 104, 100, 102, -1, 1, 102 },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct long_operands s = { (ulong)target, (ulong)source, rows[n].first_length,
					   rows[n].second_length, 0 };

		SUBTEST("%s", rows[n].name);
		for (u32 i = 0; i < 6100; i++)
			source[i] = target[i] = i & 1 ? 0x34 : 0x12;
		if (rows[n].by)
			target[rows[n].differs] = (u8)(target[rows[n].differs] + rows[n].by);
		EXPECT_NO_FAULT(move_or_compare(CLCLU, 0x1234, &s));
		EXPECT_EQ(s.cc, rows[n].cc);
		EXPECT_EQ(s.first, (ulong)target + MIN(rows[n].stop, rows[n].first_length));
		EXPECT_EQ(s.second, (ulong)source + MIN(rows[n].stop, rows[n].second_length));
		EXPECT_EQ(s.first_length, rows[n].first_length - (s.first - (ulong)target));
		EXPECT_EQ(s.second_length, rows[n].second_length - (s.second - (ulong)source));
	}
}

TEST(long_unicode_refused, "odd lengths and odd registers are refused",
     SPEC("PoP SA22-7832-13, chapter 7, MOVE LONG UNICODE, COMPARE LOGICAL LONG UNICODE"))
{
	for (u8 opcode = MVCLU; opcode <= CLCLU; opcode++) {
		static const u8 pairs[] = { 0x34, 0x25 };
		const char *name = opcode == MVCLU ? "MVCLU" : "CLCLU";

		for (u32 n = 1; n < 4; n++) {
			struct long_operands s = { (ulong)target, (ulong)source, 10 + (n & 1),
						   10 + (n >> 1), 0 };

			SUBTEST("%s, odd length, %u", name, n);
			EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6),
				     move_or_compare(opcode, 0x20, &s));
		}
		for (u32 n = 0; n < ARRAY_SIZE(pairs); n++) {
			u8 code[6] = { 0xeb, pairs[n], 0, 0x20, 0, opcode };
			struct execution e = { .cc = 0 };

			SUBTEST("%s, registers %u and %u", name, pairs[n] >> 4, pairs[n] & 15);
			EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6), execute(code, 6, &e));
		}
	}
}
