/* SPDX-License-Identifier: MIT */
#include "two.h"

SUITE("Two operands in storage");

static void mvc(struct two_state *s)
{
	for (u32 n = 0; n < s->first_length; n++)
		s->first[n] = s->second[n];
}

static void mvcin(struct two_state *s)
{
	for (u32 n = 0; n < s->first_length; n++)
		s->first[n] = s->second[s->second_length - 1 - n];
}

/* Right to left. */
static void mvcrl(struct two_state *s)
{
	for (u32 n = s->first_length; n > 0; n--)
		s->first[n - 1] = s->second[n - 1];
}

static void mvn(struct two_state *s)
{
	for (u32 n = 0; n < s->first_length; n++)
		s->first[n] = (u8)((s->first[n] & 0xf0) | (s->second[n] & 0x0f));
}

static void mvz(struct two_state *s)
{
	for (u32 n = 0; n < s->first_length; n++)
		s->first[n] = (u8)((s->first[n] & 0x0f) | (s->second[n] & 0xf0));
}

static void nc(struct two_state *s)
{
	u32 any = 0;

	for (u32 n = 0; n < s->first_length; n++) {
		s->first[n] &= s->second[n];
		any |= s->first[n];
	}
	s->cc = any != 0;
}

static void oc(struct two_state *s)
{
	u32 any = 0;

	for (u32 n = 0; n < s->first_length; n++) {
		s->first[n] |= s->second[n];
		any |= s->first[n];
	}
	s->cc = any != 0;
}

static void xc(struct two_state *s)
{
	u32 any = 0;

	for (u32 n = 0; n < s->first_length; n++) {
		s->first[n] ^= s->second[n];
		any |= s->first[n];
	}
	s->cc = any != 0;
}

static void clc(struct two_state *s)
{
	s->cc = 0;
	for (u32 n = 0; n < s->first_length && !s->cc; n++) {
		if (s->first[n] != s->second[n])
			s->cc = s->first[n] < s->second[n] ? 1 : 2;
	}
}

static void tr(struct two_state *s)
{
	for (u32 n = 0; n < s->first_length; n++)
		s->first[n] = s->second[s->first[n]];
}

/* clang-format off */
#define Z FACILITY_Z_ARCHITECTURE
CHECK_TWO(mvc, "MOVE (MVC)", mvc, SS, 0xd200, ONE_LENGTH, Z)
CHECK_TWO(mvcin, "MOVE INVERSE", mvcin, SS, 0xe800, ONE_LENGTH, Z, .flags = TWO_BACKWARD | TWO_APART)
CHECK_TWO(mvcrl, "MOVE RIGHT TO LEFT", mvcrl, SSE, 0xe50a, REGISTER_0, FACILITY_MISC_EXT_3)
CHECK_TWO(mvn, "MOVE NUMERICS", mvn, SS, 0xd100, ONE_LENGTH, Z)
CHECK_TWO(mvz, "MOVE ZONES", mvz, SS, 0xd300, ONE_LENGTH, Z)
CHECK_TWO(nc, "AND (NC)", nc, SS, 0xd400, ONE_LENGTH, Z)
CHECK_TWO(oc, "OR (OC)", oc, SS, 0xd600, ONE_LENGTH, Z)
CHECK_TWO(xc, "EXCLUSIVE OR (XC)", xc, SS, 0xd700, ONE_LENGTH, Z)
CHECK_TWO(clc, "COMPARE LOGICAL (CLC)", clc, SS, 0xd500, ONE_LENGTH, Z, .flags = TWO_FETCH)
CHECK_TWO(tr, "TRANSLATE", tr, SS, 0xdc00, TABLE, Z)
/* clang-format on */

/* -------------------------------------------------------------------------- TRANSLATE AND TEST */

/* TRT and TRTR, in each addressing mode: where the function byte is not zero, and what registers 1 and 2 get. */
static void check_translate_and_test(u16 opcode, bool backward)
{
	static const struct {
		const char *name;
		u64 psw, kept; /* of register 1 */
	} modes[] = {
		{ "64-bit", 0, 0 },
		{ "31-bit", PSW_KERNEL & ~PSW_EA, ~0xffffffffull },
		{ "24-bit", PSW_KERNEL & ~(PSW_EA | PSW_BA), ~0xffffffull },
	};
	u8 *argument = operand_pages() + 0x400, *table = operand_pages() + 0x800;

	for (u32 mode = 0; mode < ARRAY_SIZE(modes); mode++) {
		for (u32 length = 1; length <= 256; length = length * 3 + 2) {
			SUBTEST("%s, length %u", modes[mode].name, length);
			for (u32 at = 0; at <= length; at += at < 3 || at + 3 >= length ? 1 : 13) {
				struct insn_fields f = { .length = (u8)(length - 1),
							 .b1 = 9,
							 .b2 = 10 };
				struct execution e = { .cc = 3, .psw = modes[mode].psw }, expected;
				u8 *where = backward ? argument - at : argument + at, code[6];

				for (u32 n = 0; n < 512; n++)
					argument[(s32)n - 256] = 0x11;
				for (u32 n = 0; n < 256; n++)
					table[n] = n == 0xc7 ? 0x9a : 0;
				if (at < length)
					*where = 0xc7;
				fill_registers(&e);
				e.gpr[9] = (ulong)argument;
				e.gpr[10] = (ulong)table;
				expected = e;
				expected.cc = at == length ? 0 : at == length - 1 ? 2 : 1;
				if (at < length) {
					expected.gpr[1] = (e.gpr[1] & modes[mode].kept) |
							  ((ulong)where & ~modes[mode].kept);
					expected.gpr[2] = (e.gpr[2] & ~0xffull) | 0x9a;
				}
				insn_encode(INSN_SS, opcode, &f, code);
				EXPECT_NO_FAULT(execute(code, 6, &e));
				if (!expect_state(&e, &expected, "function byte not zero"))
					break;
			}
		}
	}
}

TEST(trt, "TRANSLATE AND TEST stops at the first function byte that is not zero",
     SPEC("PoP SA22-7832-13, chapter 7, TRANSLATE AND TEST"))
{
	check_translate_and_test(0xdd00, false);
}

TEST(trtr, "TRANSLATE AND TEST REVERSE does so from right to left",
     SPEC("PoP SA22-7832-13, chapter 7, TRANSLATE AND TEST REVERSE"),
	  REQUIRES(has_facility(FACILITY_ETF_3)))
{
	check_translate_and_test(0xd000, true);
}

TEST(mvcrl_lengths,
     "MOVE RIGHT TO LEFT moves 1 to 256 bytes, the rightmost first, so that some operands propagate",
     SPEC("PoP SA22-7832-13, chapter 7, MOVE RIGHT TO LEFT"),
	  REQUIRES(has_facility(FACILITY_MISC_EXT_3)))
{
	static const u8 code[6] = { 0xe5, 0x0a, 0x50, 0x00, 0x60, 0x00 };
	static const s32 distances[] = { -300, -256, -7, -1, 0, 1, 2, 100, 255, 300 };
	static u8 area[1024], expected[1024];

	for (u32 way = 0; way < ARRAY_SIZE(distances); way++) {
		SUBTEST("to %d bytes from there", distances[way]);
		for (u32 length = 1; length <= 256; length += length == 1 ? 1 : 17) {
			u32 from = 400, to = (u32)(400 + distances[way]);
			struct execution e = { .cc = 2 };

			for (u32 n = 0; n < sizeof(area); n++)
				area[n] = expected[n] = (u8)(n * 7 + (n >> 8));
			for (u32 n = length; n-- > 0;)
				expected[to + n] = expected[from + n];
			/* Nothing left of bits 56-63, which one emulator cannot do with. */
			e.gpr[0] = length - 1;
			e.gpr[5] = (ulong)area + to;
			e.gpr[6] = (ulong)area + from;
			EXPECT_NO_FAULT(execute(code, 6, &e));
			EXPECT_MEM_EQ(area, expected, sizeof(area), "length %u", length);
			EXPECT_EQ(e.cc, 2u);
		}
	}
}
