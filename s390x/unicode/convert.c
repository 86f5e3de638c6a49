/* SPDX-License-Identifier: MIT */
/* CONVERT UTF-8, UTF-16, UTF-32 to each other: every length, both ends, what is not well formed, faults. */
#include "model.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/facility.h>
#include <string.h>

SUITE("Unicode conversion");

#define COUNT 700 /* characters: more than is converted in one go */

static u8 source[8 * PAGE_SIZE] __aligned(PAGE_SIZE), target[8 * PAGE_SIZE] __aligned(PAGE_SIZE),
	expected[8 * PAGE_SIZE];

static bool is_there(const struct conversion *c)
{
	if (!c->facility || has_facility(c->facility))
		return true;
	SKIP_ROW("facility %u is not there", c->facility);
	return false;
}

/* Whether the instruction has the control, and it is to be one. */
static u32 checks(const struct conversion *c)
{
	return c->has_check && has_facility(FACILITY_ETF3_ENHANCEMENT) ? 2 : 1;
}

TEST(convert_each,
     "a character is converted to the bytes of its other form, and no other bytes are stored",
     SPEC("PoP SA22-7832-13, chapter 7, CONVERT UTF-8 TO UTF-16 and others"))
{
	for (u32 n = 0; n < conversion_count; n++) {
		const struct conversion *c = &conversions[n];

		for (u32 check = 0; check < checks(c); check++) {
			for (u32 i = 0; i < 16; i++) {
				u32 from = put_character(c->from, some_character(i), source);
				struct conversion_state s = { target, source, 16, from, 0 };
				u32 to;

				SUBTEST("%s, W %u, U+%04x", c->name, check, some_character(i));
				if (!is_there(c))
					continue;
				memset(target, 0xee, 16);
				memset(expected, 0xee, 16);
				to = put_character(c->to, some_character(i), expected);
				memset(expected + to, 0xee, 16 - to);
				EXPECT_NO_FAULT(convert(c, check, &s));
				EXPECT_EQ(s.cc, 0u);
				EXPECT_MEM_EQ(target, expected, 16);
				EXPECT_EQ(s.to_length, 16ull - to);
				EXPECT_EQ((ulong)s.to, (ulong)target + to);
				EXPECT_EQ(s.from_length, 0u);
				EXPECT_EQ((ulong)s.from, (ulong)source + from);
			}
		}
	}
}

/* Some characters in both forms; their lengths. */
static void make_text(const struct conversion *c, u32 count, u32 *from, u32 *to)
{
	*from = *to = 0;
	for (u32 n = 0; n < count; n++) {
		u32 character = some_character(n);

		*from += put_character(c->from, character, source + *from);
		*to += put_character(c->to, character, expected + *to);
	}
}

TEST(convert_many,
     "many characters of all lengths are converted, by as many executions as it takes",
     SPEC("PoP SA22-7832-13, chapter 7, CONVERT UTF-8 TO UTF-16 and others"))
{
	for (u32 n = 0; n < conversion_count; n++) {
		const struct conversion *c = &conversions[n];
		struct conversion_state s;
		u32 from, to;

		SUBTEST("%s", c->name);
		if (!is_there(c))
			continue;
		make_text(c, COUNT, &from, &to);
		s = (struct conversion_state){ target, source, sizeof(target), from, 0 };
		EXPECT_NO_FAULT(convert(c, false, &s));
		EXPECT_EQ(s.cc, 0u);
		EXPECT_EQ(s.from_length, 0u);
		EXPECT_EQ(sizeof(target) - s.to_length, to);
		EXPECT_MEM_EQ(target, expected, to);
	}
}

TEST(convert_target_full,
     "a character that does not fit any more is condition code 1, and not begun",
     SPEC("PoP SA22-7832-13, chapter 7, CONVERT UTF-8 TO UTF-16 and others"))
{
	for (u32 n = 0; n < conversion_count; n++) {
		const struct conversion *c = &conversions[n];

		for (u32 room = 0; room < 24; room++) {
			u32 from, to, fits = 0, taken = 0, count = 0;
			struct conversion_state s;

			SUBTEST("%s to %u bytes", c->name, room);
			if (!is_there(c))
				continue;
			make_text(c, 16, &from, &to);
			for (u8 ignored[4]; count < 16; count++) {
				u32 length = put_character(c->to, some_character(count), ignored);

				if (fits + length > room)
					break;
				fits += length;
				taken += put_character(c->from, some_character(count), ignored);
			}
			memset(target, 0xee, 32);
			s = (struct conversion_state){ target, source, room, from, 0 };
			EXPECT_NO_FAULT(convert(c, false, &s));
			EXPECT_EQ(s.cc, 1u);
			EXPECT_EQ((ulong)s.to, (ulong)target + fits);
			EXPECT_EQ(s.to_length, (u64)room - fits);
			EXPECT_EQ((ulong)s.from, (ulong)source + taken);
			EXPECT_EQ(s.from_length, (u64)from - taken);
			EXPECT_MEM_EQ(target, expected, fits);
			EXPECT_EQ(target[fits], 0xee);
		}
	}
}

TEST(convert_incomplete, "a character of which not all is there is left, with condition code 0",
     SPEC("PoP SA22-7832-13, chapter 7, CONVERT UTF-8 TO UTF-16 and others"))
{
	for (u32 n = 0; n < conversion_count; n++) {
		const struct conversion *c = &conversions[n];

		for (u32 i = 0; i < 16; i++) {
			u32 whole = put_character(c->from, 0x41, source);
			u32 length = put_character(c->from, some_character(i), source + whole);

			for (u32 there = 1; there < length; there++) {
				struct conversion_state s = { target, source, 64, whole + there,
							      0 };

				SUBTEST("%s, %u bytes of U+%04x", c->name, there,
					some_character(i));
				if (!is_there(c))
					continue;
				EXPECT_NO_FAULT(convert(c, false, &s));
				EXPECT_EQ(s.cc, 0u);
				EXPECT_EQ(s.from_length, there);
				EXPECT_EQ((ulong)s.from, (ulong)source + whole);
			}
		}
	}
}

TEST(convert_invalid,
     "what is no character has condition code 2; some of it only with well-formedness checking",
     SPEC("PoP SA22-7832-13, chapter 7, CONVERT UTF-8 TO UTF-16 and others"))
{
	static const struct {
		const char *name;
		u8 bytes[4];
		u8 length;
		enum form form;
		bool always; /* also without checking */
	} rows[] = {
		{ "80", { 0x80, 0x80 }, 2, UTF8, true },
		{ "bf", { 0xbf, 0x80 }, 2, UTF8, true },
		{ "f8", { 0xf8, 0x88, 0x80, 0x80 }, 4, UTF8, true },
		{ "ff", { 0xff, 0xff, 0xff, 0xff }, 4, UTF8, true },
		{ "c0 80", { 0xc0, 0x80 }, 2, UTF8, false },
		{ "c1 bf", { 0xc1, 0xbf }, 2, UTF8, false },
		{ "c2 41", { 0xc2, 0x41 }, 2, UTF8, false },
		{ "df c0", { 0xdf, 0xc0 }, 2, UTF8, false },
		{ "e0 9f bf", { 0xe0, 0x9f, 0xbf }, 3, UTF8, false },
		{ "e1 80 41", { 0xe1, 0x80, 0x41 }, 3, UTF8, false },
		{ "e1 41 80", { 0xe1, 0x41, 0x80 }, 3, UTF8, false },
		{ "ed a0 80", { 0xed, 0xa0, 0x80 }, 3, UTF8, false },
		{ "f0 8f bf bf", { 0xf0, 0x8f, 0xbf, 0xbf }, 4, UTF8, false },
		{ "f1 80 80 c0", { 0xf1, 0x80, 0x80, 0xc0 }, 4, UTF8, false },
		{ "f4 90 80 80", { 0xf4, 0x90, 0x80, 0x80 }, 4, UTF8, false },
		{ "f5 80 80 80", { 0xf5, 0x80, 0x80, 0x80 }, 4, UTF8, false },
		{ "d800 0041", { 0xd8, 0x00, 0x00, 0x41 }, 4, UTF16, false },
		{ "dbff e000", { 0xdb, 0xff, 0xe0, 0x00 }, 4, UTF16, false },
		{ "d800 d800", { 0xd8, 0x00, 0xd8, 0x00 }, 4, UTF16, false },
		{ "00110000", { 0x00, 0x11, 0x00, 0x00 }, 4, UTF32, true },
		{ "ffffffff", { 0xff, 0xff, 0xff, 0xff }, 4, UTF32, true },
		{ "0000d800", { 0x00, 0x00, 0xd8, 0x00 }, 4, UTF32, true },
		{ "0000dbff", { 0x00, 0x00, 0xdb, 0xff }, 4, UTF32, true },
	};

	for (u32 n = 0; n < conversion_count; n++) {
		const struct conversion *c = &conversions[n];

		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			for (u32 check = 0; check < checks(c) && rows[i].form == c->from; check++) {
				bool refused = rows[i].always || check;
				u32 whole = put_character(c->from, 0x41, source);
				struct conversion_state s = { target, source, 64,
							      whole + rows[i].length, 0 };

				SUBTEST("%s, W %u, %s", c->name, check, rows[i].name);
				if (!is_there(c))
					continue;
				memcpy(source + whole, rows[i].bytes, rows[i].length);
				EXPECT_NO_FAULT(convert(c, check, &s));
				EXPECT_EQ(s.cc, refused ? 2u : 0u);
				EXPECT_EQ((ulong)s.from,
					  (ulong)source + whole + (refused ? 0 : rows[i].length));
			}
		}
	}
}

TEST(convert_odd_registers, "both operands are in even-odd pairs of registers",
     SPEC("PoP SA22-7832-13, chapter 7, CONVERT UTF-8 TO UTF-16 and others"))
{
	static const u8 pairs[] = { 0x34, 0x25, 0x35 };

	for (u32 n = 0; n < conversion_count; n++) {
		for (u32 i = 0; i < ARRAY_SIZE(pairs); i++) {
			const struct conversion *c = &conversions[n];
			u8 code[4] = { (u8)(c->opcode >> 8), (u8)c->opcode, 0, pairs[i] };
			struct execution e = { .cc = 0 };

			SUBTEST("%s %u,%u", c->name, pairs[i] >> 4, pairs[i] & 15);
			if (is_there(c))
				EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(code, 4, &e));
		}
	}
}

TEST(convert_fault,
     "a page that is absent in the middle is an exception, after which the conversion can go on",
     SPEC("PoP SA22-7832-13, chapter 7, CONVERT UTF-8 TO UTF-16; chapter 5, Interruptible Instructions"))
{
	for (u32 n = 0; n < conversion_count; n++) {
		for (u32 i = 0; i < 6; i++) {
			const struct conversion *c = &conversions[n];
			bool of_target = i & 1;
			/* The page begins within a character, or between two. */
			u32 from, to, shift = i / 2;
			u8 *page = (of_target ? target : source) + PAGE_SIZE, *s0, *t0;
			struct conversion_state s;
			struct fault fault;

			SUBTEST("%s, %s, %u", c->name, of_target ? "target" : "source", shift);
			if (!is_there(c))
				continue;
			make_text(c, COUNT, &from, &to);
			s0 = source + PAGE_SIZE - from / 2 - shift;
			t0 = target + PAGE_SIZE - to / 2 - shift;
			memmove(s0, source, from);
			memset(t0, 0xee, to + 8);
			s = (struct conversion_state){ t0, s0, 4 * PAGE_SIZE, from, 0 };
			space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
			fault = convert(c, false, &s);
			space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_ALL);
			EXPECT_FAULT(WITH_ILC(PGM_PAGE_TRANSLATION(page), 4), fault);
			/* Nullified: as much is done as the registers say, in whole characters. */
			EXPECT_LE((ulong)(of_target ? s.to : s.from), (ulong)page);
			EXPECT_EQ(4ul * PAGE_SIZE - s.to_length, (ulong)s.to - (ulong)t0);
			EXPECT_EQ((u64)from - s.from_length, (ulong)s.from - (ulong)s0);
			EXPECT_NO_FAULT(convert(c, false, &s));
			EXPECT_EQ(s.cc, 0u);
			EXPECT_MEM_EQ(t0, expected, to);
			EXPECT_EQ(t0[to], 0xee);
		}
	}
}
