/* SPDX-License-Identifier: MIT */
/* Branches that save, count or compare an index, and what the addressing mode makes of addresses. */
#include "check.h"

#include <stdio.h>
#include <string.h>

SUITE("Branches that save and count, addressing modes");

#define PSW_MODE_64 PSW_KERNEL
#define PSW_MODE_31 (PSW_KERNEL & ~PSW_EA)
#define PSW_MODE_24 (PSW_KERNEL & ~(PSW_EA | PSW_BA))

static const struct {
	const char *name;
	u64 psw;
	u64 mask; /* of an address */
} modes[] = { { "64-bit", PSW_MODE_64, ~0ull },
	      { "31-bit", PSW_MODE_31, 0x7fffffff },
	      { "24-bit", PSW_MODE_24, 0xffffff } };

/* What a register holds after an address was put there in a mode: bits left of it stay, bit 32 is zero. */
static u64 address_in(u32 mode, u64 before, u64 address)
{
	if (mode == 0)
		return address;
	return (before & ~0xffffffffull) | (address & modes[mode].mask);
}

/* -------------------------------------------------------------------------------- branch and save */

struct saving {
	const char *name;
	u8 code[6];
	u32 length;
	bool link; /* BAL and BALR, which differ in the 24-bit mode; bit 32 is the 31-bit mode */
};

/* R1 is 2; the target, in register 9, is the end of the slot; LGHI r12,0 comes between. */
static void check_saving(const struct saving *s)
{
	for (u32 mode = 0; mode < 3; mode++) {
		struct execution e = { .cc = 2, .pm = 9, .psw = modes[mode].psw }, expected;
		ulong next = execute_address(4);
		u8 code[10];

		SUBTEST("%s, %s", s->name, modes[mode].name);
		memcpy(code, s->code, s->length);
		memcpy(code + s->length, "\xa7\xc9\x00\x00", 4);
		fill_registers(&e);
		e.gpr[9] = execute_address(0) | (mode ? 0xfedcba9800000000 : 0);
		e.gpr[12] = 1;
		expected = e;
		if (mode == 2 && s->link)
			expected.gpr[2] = (e.gpr[2] & ~0xffffffffull) | (u64)(s->length / 2) << 30 |
					  (u64)e.cc << 28 | (u64)e.pm << 24 | next;
		else
			expected.gpr[2] = address_in(mode, e.gpr[2], next) |
					  (mode == 1 ? 0x80000000 : 0);
		EXPECT_NO_FAULT(execute(code, s->length + 4, &e));
		expect_state(&e, &expected, "after the branch");
	}
}

TEST(branch_and_save, "the address after the instruction is saved as the mode has addresses",
     SPEC("PoP SA22-7832-13, chapter 7, BRANCH AND SAVE, BRANCH AND LINK, BRANCH RELATIVE AND SAVE"))
{
	static const struct saving rows[] = {
		{ "BASR", { 0x0d, 0x29 }, 2, false },
		{ "BAS", { 0x4d, 0x20, 0x90, 0x00 }, 4, false },
		{ "BRAS", { 0xa7, 0x25, 0x00, 0x04 }, 4, false },
		{ "BRASL", { 0xc0, 0x25, 0x00, 0x00, 0x00, 0x05 }, 6, false },
		{ "BALR", { 0x05, 0x29 }, 2, true },
		{ "BAL", { 0x45, 0x20, 0x90, 0x00 }, 4, true },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++)
		check_saving(&rows[n]);
}

TEST(branch_register_0, "with register 0 as second operand, nothing is branched to",
     SPEC("PoP SA22-7832-13, chapter 7, BRANCH AND SAVE (BASR), BRANCH ON COUNT, BRANCH ON CONDITION"))
{
	static const struct {
		const char *name;
		u8 code[4];
		u32 length;
	} rows[] = { { "BASR", { 0x0d, 0x20 }, 2 },
		     { "BALR", { 0x05, 0x20 }, 2 },
		     { "BCR", { 0x07, 0xf0 }, 2 },
		     { "BCTR", { 0x06, 0x20 }, 2 },
		     { "BCTGR", { 0xb9, 0x46, 0x00, 0x20 }, 4 } };

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct execution e = { .cc = 1 };
		u8 code[8];

		SUBTEST("%s", rows[n].name);
		memcpy(code, rows[n].code, rows[n].length);
		memcpy(code + rows[n].length, "\xa7\xc9\x00\x00", 4);
		fill_registers(&e);
		e.gpr[0] = execute_address(0);
		e.gpr[2] = 5;
		e.gpr[12] = 1;
		EXPECT_NO_FAULT(execute(code, rows[n].length + 4, &e));
		EXPECT_EQ(e.gpr[12], 0u);
		EXPECT_EQ(e.gpr[2], n < 2 ? execute_address(4) : n == 2 ? 5u : 4u);
	}
}

/* ------------------------------------------------------------------------------ count and index */

struct counting {
	const char *name;
	u8 code[6];
	u32 length;
	u8 width, shift;
	enum { COUNT, HIGH, LOW_OR_EQUAL } kind;
};

static u64 part(u64 value, const struct counting *c)
{
	return c->width == 64 ? value : value >> c->shift & 0xffffffff;
}

static u64 with_part(u64 value, u64 new, const struct counting *c)
{
	if (c->width == 64)
		return new;
	return (value & ~(0xffffffffull << c->shift)) | (new & 0xffffffff) << c->shift;
}

/* R1 = 2, R3 = 4 and 5 */
static void check_counting(const struct counting *c, bool odd)
{
	static const u64 values[] = { 0,
				      1,
				      2,
				      0x7fffffff,
				      0x80000000,
				      0xffffffff,
				      0x100000000,
				      0x7fffffffffffffff,
				      0x8000000000000000,
				      ~0ull,
				      5 };

	for (u32 n = 0; n < ARRAY_SIZE(values); n++) {
		SUBTEST("%s%s of %#llx", c->name, odd ? ", odd R3" : "", values[n]);
		for (u32 k = 0; k < ARRAY_SIZE(values); k++) {
			for (u32 m = 0; m < ARRAY_SIZE(values); m += c->kind == COUNT ? 20 : 1) {
				struct execution e = { .cc = k & 3 }, expected;
				u64 sign = BIT(c->width - 1), sum, limit;
				u8 code[10];
				bool taken;

				memcpy(code, c->code, c->length);
				if (odd)
					code[1] |= 1;
				memcpy(code + c->length, "\xa7\xc9\x00\x00", 4);
				fill_registers(&e);
				e.gpr[9] = execute_address(0);
				e.gpr[12] = 1;
				e.gpr[2] = c->shift ? values[n] << 32 | 0x1234 : values[n];
				e.gpr[4] = values[k];
				e.gpr[5] = values[m];
				expected = e;
				if (c->kind == COUNT) {
					sum = part(e.gpr[2], c) - 1;
					taken = c->width == 64 ? sum != 0 : (u32)sum != 0;
				} else {
					/* Of an odd R3, the register is both increment and limit. */
					sum = e.gpr[2] + e.gpr[odd ? 5 : 4];
					limit = part(e.gpr[5], c) ^ sign;
					taken = (part(sum, c) ^ sign) > limit;
					if (c->kind == LOW_OR_EQUAL)
						taken = !taken;
				}
				expected.gpr[2] = with_part(e.gpr[2], sum, c);
				if (!taken)
					expected.gpr[12] = 0;
				EXPECT_NO_FAULT(execute(code, c->length + 4, &e));
				if (!same_state(&e, &expected))
					expect_state(&e, &expected, "after the branch");
			}
		}
	}
}

TEST(branch_on_count_forms,
     "a count is decremented, and the branch is taken unless it is zero then",
     SPEC("PoP SA22-7832-13, chapter 7, BRANCH ON COUNT, BRANCH RELATIVE ON COUNT"))
{
	static const struct counting rows[] = {
		{ "BCTR", { 0x06, 0x29 }, 2, 32, 0, COUNT },
		{ "BCTGR", { 0xb9, 0x46, 0, 0x29 }, 4, 64, 0, COUNT },
		{ "BCT", { 0x46, 0x20, 0x90, 0 }, 4, 32, 0, COUNT },
		{ "BCTG", { 0xe3, 0x20, 0x90, 0, 0, 0x46 }, 6, 64, 0, COUNT },
		{ "BRCT", { 0xa7, 0x26, 0, 4 }, 4, 32, 0, COUNT },
		{ "BRCTG", { 0xa7, 0x27, 0, 4 }, 4, 64, 0, COUNT },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++)
		check_counting(&rows[n], false);
}

TEST(branch_on_count_high, "BRCTH counts in the left half of the register",
     SPEC("PoP SA22-7832-13, chapter 7, BRANCH RELATIVE ON COUNT HIGH"),
	  REQUIRES(has_facility(FACILITY_DISTINCT_OPERANDS)))
{
	static const struct counting row = {
		"BRCTH", { 0xcc, 0x26, 0, 0, 0, 5 }, 6, 32, 32, COUNT
	};

	check_counting(&row, false);
}

TEST(branch_on_index,
     "the increment is added, and the sum compared with the limit of the odd register",
     SPEC("PoP SA22-7832-13, chapter 7, BRANCH ON INDEX HIGH, LOW OR EQUAL; BRANCH RELATIVE ON INDEX"))
{
	static const struct counting rows[] = {
		{ "BXH", { 0x86, 0x24, 0x90, 0 }, 4, 32, 0, HIGH },
		{ "BXLE", { 0x87, 0x24, 0x90, 0 }, 4, 32, 0, LOW_OR_EQUAL },
		{ "BXHG", { 0xeb, 0x24, 0x90, 0, 0, 0x44 }, 6, 64, 0, HIGH },
		{ "BXLEG", { 0xeb, 0x24, 0x90, 0, 0, 0x45 }, 6, 64, 0, LOW_OR_EQUAL },
		{ "BRXH", { 0x84, 0x24, 0, 4 }, 4, 32, 0, HIGH },
		{ "BRXLE", { 0x85, 0x24, 0, 4 }, 4, 32, 0, LOW_OR_EQUAL },
		{ "BRXHG", { 0xec, 0x24, 0, 5, 0, 0x44 }, 6, 64, 0, HIGH },
		{ "BRXLG", { 0xec, 0x24, 0, 5, 0, 0x45 }, 6, 64, 0, LOW_OR_EQUAL },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		check_counting(&rows[n], false);
		check_counting(&rows[n], true);
	}
}

/* ----------------------------------------------------------------------------- addressing modes */

TEST(test_addressing_mode, "TAM has the mode as condition code: 0 for 24 bits, 1 for 31, 3 for 64",
     SPEC("PoP SA22-7832-13, chapter 7, TEST ADDRESSING MODE"))
{
	static const u8 code[2] = { 0x01, 0x0b };

	for (u32 mode = 0; mode < 3; mode++) {
		struct execution e = { .cc = 2, .psw = modes[mode].psw };

		SUBTEST("%s", modes[mode].name);
		EXPECT_NO_FAULT(execute(code, 2, &e));
		EXPECT_EQ(e.cc, mode == 0 ? 3u : mode == 1 ? 1u : 0u);
	}
}

TEST(set_addressing_mode, "SAM24, SAM31 and SAM64 set the mode, from each of the others",
     SPEC("PoP SA22-7832-13, chapter 7, SET ADDRESSING MODE"))
{
	static const struct {
		const char *name;
		u8 code, cc;
	} rows[] = { { "SAM24", 0x0c, 0 }, { "SAM31", 0x0d, 1 }, { "SAM64", 0x0e, 3 } };

	for (u32 mode = 0; mode < 3; mode++) {
		for (u32 n = 0; n < 3; n++) {
			struct execution e = { .cc = 2, .psw = modes[mode].psw };
			u8 code[4] = { 0x01, rows[n].code, 0x01, 0x0b };

			SUBTEST("%s in the %s mode", rows[n].name, modes[mode].name);
			EXPECT_NO_FAULT(execute(code, 4, &e));
			EXPECT_EQ(e.cc, rows[n].cc);
		}
	}
}

TEST(load_address, "LA, LAY and LARL give an address as the mode has addresses",
     SPEC("PoP SA22-7832-13, chapter 7, LOAD ADDRESS, LOAD ADDRESS RELATIVE LONG"))
{
	static const struct {
		const char *name;
		u8 code[6];
		u32 length;
		s32 displacement;
	} rows[] = {
		{ "LA", { 0x41, 0x27, 0x9f, 0xff }, 4, 0xfff },
		{ "LAY", { 0xe3, 0x27, 0x9f, 0xff, 0x7f, 0x71 }, 6, 0x7ffff },
		{ "LAY", { 0xe3, 0x27, 0x90, 0x00, 0x80, 0x71 }, 6, -0x80000 },
		{ "LARL", { 0xc0, 0x20, 0x00, 0x00, 0x12, 0x34 }, 6, 0x2468 },
	};

	for (u32 mode = 0; mode < 3; mode++) {
		for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
			struct execution e = { .cc = 1, .psw = modes[mode].psw }, expected;
			u64 address;

			SUBTEST("%s %d, %s", rows[n].name, rows[n].displacement, modes[mode].name);
			fill_registers(&e);
			e.gpr[7] = 0x8123456789abcdef;
			e.gpr[9] = 0x7fffffff76543210;
			address = e.gpr[7] + e.gpr[9] + (u64)(s64)rows[n].displacement;
			if (rows[n].code[0] == 0xc0)
				address = execute_address(6) + (u64)rows[n].displacement;
			expected = e;
			expected.gpr[2] = address_in(mode, e.gpr[2], address);
			EXPECT_NO_FAULT(execute(rows[n].code, rows[n].length, &e));
			expect_state(&e, &expected, "afterwards");
		}
	}
}

TEST(program_mask, "SPM sets condition code and program mask, IPM inserts them and two zeros",
     SPEC("PoP SA22-7832-13, chapter 7, SET PROGRAM MASK, INSERT PROGRAM MASK"))
{
	for (u32 value = 0; value < 64; value++) {
		static const u8 code[6] = { 0x04, 0x20, 0xb2, 0x22, 0x00, 0x30 };
		struct execution e = { .cc = ~value & 3, .pm = ~value & 15 };

		SUBTEST("%#x", value);
		fill_registers(&e);
		e.gpr[2] = 0xfedcba98c0abcdef | (u64)value << 24;
		e.gpr[3] = 0x1122334455667788;
		EXPECT_NO_FAULT(execute(code, 6, &e));
		EXPECT_EQ(e.cc, value >> 4);
		EXPECT_EQ(e.pm, value & 15);
		EXPECT_EQ(e.gpr[3], 0x1122334400667788 | (u64)value << 24);
	}
}

TEST(access_registers, "SAR, EAR and CPYA move access registers",
     SPEC("PoP SA22-7832-13, chapter 7, SET ACCESS, EXTRACT ACCESS, COPY ACCESS"))
{
	for (u32 a = 0; a < 16; a++) {
		u8 sar[4] = { 0xb2, 0x4e, 0x00, (u8)(a << 4 | 5) };
		u8 ear[4] = { 0xb2, 0x4f, 0x00, (u8)(5 << 4 | a) };
		struct execution e = { .cc = 1, .flags = EXECUTE_AR };

		SUBTEST("access register %u", a);
		fill_registers(&e);
		for (u32 n = 0; n < 16; n++)
			e.ar[n] = 0x10203040 * (n + 1);
		e.gpr[5] = 0xfedcba9876543210;
		EXPECT_NO_FAULT(execute(sar, 4, &e));
		for (u32 n = 0; n < 16; n++)
			EXPECT_EQ(e.ar[n], n == a ? 0x76543210u : 0x10203040 * (n + 1));
		e.gpr[5] = 0x1122334455667788;
		EXPECT_NO_FAULT(execute(ear, 4, &e));
		EXPECT_EQ(e.gpr[5], 0x1122334476543210ull);
	}
}
