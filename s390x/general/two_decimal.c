/* SPDX-License-Identifier: MIT */
#include "two.h"

SUITE("Zoned and packed formats");

/* Digits go from the right; a byte of the result is stored when both of its digits are known. */
static void pack(struct two_state *s)
{
	s32 from = (s32)s->second_length - 1;

	s->first[s->first_length - 1] = (u8)(s->second[from] << 4 | s->second[from] >> 4);
	from--;
	for (s32 to = (s32)s->first_length - 2; to >= 0; to--) {
		u8 byte = 0;

		if (from >= 0)
			byte = s->second[from--] & 0xf;
		if (from >= 0)
			byte = (u8)(byte | s->second[from--] << 4);
		s->first[to] = byte;
	}
}

static void unpk(struct two_state *s)
{
	s32 from = (s32)s->second_length - 1, to = (s32)s->first_length - 2;

	s->first[s->first_length - 1] = (u8)(s->second[from] << 4 | s->second[from] >> 4);
	from--;
	while (to >= 0) {
		u8 byte = from >= 0 ? s->second[from] : 0;

		from--;
		s->first[to--] = (byte & 0xf) | 0xf0;
		if (to >= 0)
			s->first[to--] = byte >> 4 | 0xf0;
	}
}

/* The second operand goes to the left of the first one's rightmost digit. */
static void mvo(struct two_state *s)
{
	s32 from = (s32)s->second_length - 1;
	u8 digit = s->second[from] & 0xf, byte = s->second[from--];

	s->first[s->first_length - 1] = (u8)((s->first[s->first_length - 1] & 0xf) | digit << 4);
	for (s32 to = (s32)s->first_length - 2; to >= 0; to--) {
		u8 next = from >= 0 ? s->second[from] : 0;

		from--;
		s->first[to] = (u8)(byte >> 4 | next << 4);
		byte = next;
	}
}

/* 31 digits and a plus sign from bytes or halfwords, of which the right four bits count. */
static void pack_characters(struct two_state *s, u32 unit)
{
	s32 from = (s32)s->second_length - 1;

	for (s32 to = 15; to >= 0; to--) {
		u8 low = 0xc, high = 0;

		if (to != 15) {
			low = from >= 0 ? s->second[from] & 0xf : 0;
			from -= (s32)unit;
		}
		high = from >= 0 ? s->second[from] & 0xf : 0;
		from -= (s32)unit;
		s->first[to] = (u8)(high << 4 | low);
	}
}

static void pka(struct two_state *s)
{
	pack_characters(s, 1);
}

static void pku(struct two_state *s)
{
	pack_characters(s, 2);
}

/* The condition code is about the sign: plus, minus, invalid. */
static void unpack_characters(struct two_state *s, u32 unit)
{
	u32 sign = s->second[15] & 0xf, digit = 0;
	u8 digits[32] = { 0 };

	for (u32 n = 0; n < 31; n++)
		digits[30 - n] = n & 1 ? s->second[n / 2] & 0xf : s->second[n / 2] >> 4;
	for (s32 to = (s32)s->first_length - (s32)unit; to >= 0; to -= (s32)unit) {
		s->first[to] = unit == 2 ? 0 : 0x30 | digits[digit];
		if (unit == 2)
			s->first[to + 1] = 0x30 | digits[digit];
		digit++;
	}
	s->cc = sign < 10 ? 3 : sign == 11 || sign == 13 ? 1 : 0;
}

static void unpka(struct two_state *s)
{
	unpack_characters(s, 1);
}

static void unpku(struct two_state *s)
{
	unpack_characters(s, 2);
}

/* clang-format off */
#define Z FACILITY_Z_ARCHITECTURE
CHECK_TWO(pack, "PACK", pack, SS, 0xf200, TWO_LENGTHS, Z)
CHECK_TWO(unpk, "UNPACK", unpk, SS, 0xf300, TWO_LENGTHS, Z, .flags = TWO_APART | TWO_LEFTMOST)
CHECK_TWO(mvo, "MOVE WITH OFFSET", mvo, SS, 0xf100, TWO_LENGTHS, Z)
CHECK_TWO(pka, "PACK ASCII", pka, SS, 0xe900, SECOND_LENGTH, FACILITY_ETF_2, .flags = TWO_APART | TWO_LEFTMOST)
CHECK_TWO(pku, "PACK UNICODE", pku, SS, 0xe100, SECOND_LENGTH, FACILITY_ETF_2, .flags = TWO_UNICODE | TWO_APART | TWO_LEFTMOST)
CHECK_TWO(unpka, "UNPACK ASCII", unpka, SS, 0xea00, FIRST_LENGTH, FACILITY_ETF_2, .flags = TWO_APART)
CHECK_TWO(unpku, "UNPACK UNICODE", unpku, SS, 0xe200, FIRST_LENGTH, FACILITY_ETF_2, .flags = TWO_UNICODE | TWO_APART)
/* clang-format on */

/* ---------------------------------------------------------------------------- lengths that are not */

TEST(unicode_lengths,
     "lengths beyond what the decimal operand has, and odd ones of Unicode, are refused",
     SPEC("PoP SA22-7832-13, chapter 7, PACK ASCII, PACK UNICODE, UNPACK ASCII, UNPACK UNICODE"),
	  REQUIRES(has_facility(FACILITY_ETF_2)))
{
	static const struct {
		const char *name;
		u16 opcode;
		bool unicode;
	} rows[] = {
		{ "PKA", 0xe900, false },
		{ "PKU", 0xe100, true },
		{ "UNPKA", 0xea00, false },
		{ "UNPKU", 0xe200, true },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		for (u32 length = 1; length <= 256; length += length < 70 ? 1 : 31) {
			struct insn_fields f = { .length = (u8)(length - 1), .b1 = 9, .b2 = 10 };
			bool valid = rows[n].unicode ? length <= 64 && length % 2 == 0
						     : length <= 32;
			struct execution e = { .cc = 0 };
			struct fault fault;
			u8 code[6];

			SUBTEST("%s of length %u", rows[n].name, length);
			fill_operand_pages();
			fill_registers(&e);
			e.gpr[9] = (ulong)operand_pages() + 0x200;
			e.gpr[10] = (ulong)operand_pages() + 0x600;
			insn_encode(INSN_SS, rows[n].opcode, &f, code);
			fault = execute(code, 6, &e);
			if (valid) {
				EXPECT_NO_FAULT(fault);
			} else {
				EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6), fault);
				expect_pattern(operand_pages() + 0x200, 0, "suppressed");
			}
		}
	}
}
