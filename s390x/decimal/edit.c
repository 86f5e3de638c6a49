/* SPDX-License-Identifier: MIT */
/* EDIT, EDIT AND MARK, SHIFT AND ROUND DECIMAL, TEST DECIMAL. */
#include "decimal.h"

#include <s390x/facility.h>
#include <string.h>

SUITE("Decimal editing, shifting and testing");

#define DIGIT_SELECTOR	     0x20
#define SIGNIFICANCE_STARTER 0x21
#define FIELD_SEPARATOR	     0x22

#define ED   0xde
#define EDMK 0xdf

struct edit_state {
	u32 cc;
	u8 *mark; /* the last result byte that was the first significant digit of its field; or NULL */
	bool data; /* a digit that is none */
};

/* As the definition has it, on a copy of the pattern. */
static struct edit_state edit(u8 *pattern, u32 length, const u8 *source)
{
	struct edit_state s = { .cc = 0 };
	u8 fill = pattern[0];
	bool significant = false, nonzero = false, right = false;

	for (u32 n = 0; n < length; n++) {
		u8 digit, sign = 0;

		if (pattern[n] == FIELD_SEPARATOR) {
			pattern[n] = fill;
			significant = nonzero = false;
			continue;
		}
		if (pattern[n] != DIGIT_SELECTOR && pattern[n] != SIGNIFICANCE_STARTER) {
			if (!significant)
				pattern[n] = fill;
			continue;
		}
		if (right) {
			digit = *source++ & 0xf;
			right = false;
		} else {
			digit = *source >> 4;
			sign = *source & 0xf;
			right = sign < 10;
			if (!right)
				source++;
			if (digit > 9) {
				s.data = true;
				return s;
			}
		}
		if (digit && !significant)
			s.mark = pattern + n;
		nonzero |= digit != 0;
		significant |= pattern[n] == SIGNIFICANCE_STARTER && digit;
		if (digit || significant) {
			significant = true;
			pattern[n] = 0xf0 | digit;
		} else {
			significant = pattern[n] == SIGNIFICANCE_STARTER;
			pattern[n] = fill;
		}
		if (sign >= 10 && sign != 0xb && sign != 0xd)
			significant = false;
	}
	s.cc = !nonzero ? 0 : significant ? 1 : 2;
	return s;
}

static void make_pattern(u8 *at, u32 length)
{
	static const u8 bytes[16] = { 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20,
				      0x20, 0x21, 0x21, 0x22, 0x6b, 0x4b, 0x5c, 0x60 };

	for (u32 n = 0; n < length; n++)
		at[n] = bytes[random_u64() >> 20 & 15];
	if (random_u64() & 1)
		at[0] = 0x40;
}

static void make_source(u8 *at)
{
	for (u32 n = 0; n < 256;) {
		u32 bytes = 1 + (u32)(random_u64() >> 30) % 5;

		put_decimal(random_decimal(2 * bytes - 1), at + n, bytes);
		vary_sign(at + n + bytes - 1);
		n += bytes;
	}
}

static void check_edit(u8 opcode, u32 length)
{
	u8 code[6] = { opcode, (u8)(length - 1), 0x90, 0x00, 0xa0, 0x00 };
	struct execution e = { .cc = 3 };
	struct edit_state s;
	u64 mark = 0xeeeeeeeeeeeeeeee;

	clear_decimal_pages();
	make_pattern(FIRST, length);
	make_source(SECOND);
	memcpy(decimal_expected, decimal_page, PAGE_SIZE);
	s = edit(EXPECTED, length, SECOND);
	e.gpr[1] = mark;
	e.gpr[9] = (ulong)FIRST;
	e.gpr[10] = (ulong)SECOND;
	if (opcode == EDMK && s.mark)
		mark = (ulong)FIRST + (ulong)(s.mark - EXPECTED);
	EXPECT_NO_FAULT(execute(code, 6, &e));
	EXPECT_EQ(e.cc, s.cc);
	EXPECT_EQ(e.gpr[1], mark);
	EXPECT_MEM_EQ(decimal_page, decimal_expected, PAGE_SIZE);
}

static void check_edits(u8 opcode)
{
	for (u32 length = 1; length <= 200; length += length < 40 ? 1 : 23) {
		SUBTEST("pattern of %u bytes", length);
		for (u32 n = 0; n < 40; n++)
			check_edit(opcode, length);
	}
}

TEST(ed,
     "EDIT: digits, fill byte, message bytes and separators, and the condition code of the last field",
     SPEC("PoP SA22-7832-13, chapter 8, EDIT"))
{
	check_edits(ED);
}

TEST(edmk, "EDIT AND MARK: the same, and register 1 has the first significant digit's address",
     SPEC("PoP SA22-7832-13, chapter 8, EDIT AND MARK"))
{
	check_edits(EDMK);
}

TEST(edit_invalid, "a digit on the left of a byte that is none is a data exception",
     SPEC("PoP SA22-7832-13, chapter 8, EDIT; chapter 6, Data Exception"))
{
	static const u8 opcodes[] = { ED, EDMK };

	for (u32 n = 0; n < 2; n++) {
		for (u32 digit = 10; digit < 16; digit++) {
			u8 code[6] = { opcodes[n], 3, 0x90, 0x00, 0xa0, 0x00 };
			struct execution e = { .cc = 3 };

			SUBTEST("%s, %x", n ? "EDMK" : "ED", digit);
			clear_decimal_pages();
			memset(FIRST, DIGIT_SELECTOR, 4);
			SECOND[0] = 0x12;
			SECOND[1] = (u8)(digit << 4 | 0xc);
			e.gpr[9] = (ulong)FIRST;
			e.gpr[10] = (ulong)SECOND;
			EXPECT_FAULT(WITH_ILC(PGM_DATA, 6), execute(code, 6, &e));
			EXPECT_EQ(trap_last_frame()->info.dxc, 0u);
		}
	}
}

/* ---------------------------------------------------------------------------------------------- SRP */

static struct fault shift(u32 bytes, s32 by, u32 rounding, struct execution *e)
{
	u8 code[6] = { 0xf0, (u8)((bytes - 1) << 4 | rounding), 0x90, 0x00, 0xa0, 0x00 };

	e->cc = 3;
	e->gpr[9] = (ulong)FIRST;
	/* Bits 58-63 of the address alone. */
	e->gpr[10] = 0xffffffffffffff40 | ((u32)by & 0x3f);
	return execute(code, 6, e);
}

/* Dividing is by taking digits away: the packed form is shifted a digit at a time. */
static struct decimal shift_right(struct decimal d, u32 by, u32 rounding)
{
	u8 digits[17];

	for (u32 n = 0; n < by; n++) {
		u32 last;

		put_decimal(d, digits, 17);
		last = digits[16] >> 4;
		d.magnitude = 0;
		for (u32 i = 0; i < 16; i++)
			d.magnitude = (d.magnitude * 10 + (digits[i] >> 4)) * 10 +
				      (digits[i] & 0xf);
		/* The last digit to go is the one that is rounded by. */
		if (n + 1 == by && last + rounding >= 10)
			d.magnitude++;
	}
	return d;
}

TEST(srp, "SHIFT AND ROUND DECIMAL: by -32 to 31 digits, with each rounding digit",
     SPEC("PoP SA22-7832-13, chapter 8, SHIFT AND ROUND DECIMAL"))
{
	for (s32 by = -32; by < 32; by++) {
		for (u32 bytes = 1; bytes <= MOST_BYTES; bytes += 5) {
			SUBTEST("%u bytes by %d", bytes, by);
			for (u32 n = 0; n < 10; n++) {
				struct decimal d = random_decimal(2 * bytes - 1), result = d;
				struct execution e = { .pm = 0 };
				bool fits = true;
				u32 cc;

				clear_decimal_pages();
				put_decimal(d, FIRST, bytes);
				vary_sign(FIRST + bytes - 1);
				memcpy(decimal_expected, decimal_page, PAGE_SIZE);
				if (by < 0)
					result = shift_right(d, (u32)-by, n);
				for (s32 i = 0; i < by; i++) {
					/* Digits that go out at the left are lost. */
					u8 digits[17];

					fits &= put_decimal(result, digits + 1, bytes);
					result.magnitude *= 10;
					fits &= put_decimal(result, digits + 1, bytes);
					result.magnitude = 0;
					for (u32 j = 1; j <= bytes; j++) {
						result.magnitude = result.magnitude * 10 +
								   (digits[j] >> 4);
						if (j < bytes)
							result.magnitude = result.magnitude * 10 +
									   (digits[j] & 0xf);
					}
				}
				if (fits && !result.magnitude)
					result.minus = false;
				fits &= put_decimal(result, EXPECTED, bytes);
				cc = !fits ? 3 : !result.magnitude ? 0 : result.minus ? 1 : 2;
				EXPECT_NO_FAULT(shift(bytes, by, n, &e));
				EXPECT_EQ(e.cc, cc);
				EXPECT_MEM_EQ(decimal_page, decimal_expected, PAGE_SIZE);
			}
		}
	}
}

TEST(srp_exceptions, "overflow by the mask, and a rounding digit, a digit or a sign that is none",
     SPEC("PoP SA22-7832-13, chapter 8, SHIFT AND ROUND DECIMAL"))
{
	struct execution e = { .pm = 4 };

	SUBTEST("overflow");
	clear_decimal_pages();
	put_decimal((struct decimal){ 12345, false }, FIRST, 3);
	EXPECT_FAULT(WITH_ILC(PGM_DECIMAL_OVERFLOW, 6), shift(3, 1, 0, &e));
	EXPECT_EQ(FIRST[0], 0x23);
	EXPECT_EQ(FIRST[2], 0x0c);
	for (u32 rounding = 10; rounding < 16; rounding++) {
		SUBTEST("rounding digit %x", rounding);
		e.pm = 0;
		EXPECT_FAULT(WITH_ILC(PGM_DATA, 6), shift(3, -1, rounding, &e));
	}
	SUBTEST("digit");
	FIRST[1] = 0xa0;
	EXPECT_FAULT(WITH_ILC(PGM_DATA, 6), shift(3, 1, 0, &e));
	SUBTEST("sign");
	FIRST[1] = 0;
	FIRST[2] = 0x03;
	EXPECT_FAULT(WITH_ILC(PGM_DATA, 6), shift(3, 0, 0, &e));
}

/* ----------------------------------------------------------------------------------------------- TP */

TEST(tp, "TEST DECIMAL: condition code 1 for a sign that is none, 2 for a digit, 3 for both",
     SPEC("PoP SA22-7832-13, chapter 8, TEST DECIMAL"), REQUIRES(has_facility(FACILITY_ETF_2)))
{
	for (u32 bytes = 1; bytes <= MOST_BYTES; bytes++) {
		SUBTEST("%u bytes", bytes);
		for (u32 at = 0; at < 2 * bytes; at++) {
			for (u32 value = 0; value < 16; value++) {
				for (u32 sign = 0; sign < 16; sign += 5) {
					u8 code[6] = { 0xeb, (u8)((bytes - 1) << 4), 0x90, 0, 0,
						       0xc0 };
					struct execution e = { .cc = 3 };
					bool bad_digit = false, bad_sign;
					u8 *byte = FIRST + at / 2;

					memset(FIRST, 0x37, bytes);
					FIRST[bytes - 1] = (u8)(0x30 | sign);
					*byte = (u8)(at & 1 ? (*byte & 0xf0) | value
							    : (*byte & 0x0f) | value << 4);
					bad_sign = (FIRST[bytes - 1] & 0xf) < 10;
					if (at != 2 * bytes - 1)
						bad_digit = value > 9;
					e.gpr[9] = (ulong)FIRST;
					EXPECT_NO_FAULT(execute(code, 6, &e));
					EXPECT_EQ(e.cc, bad_sign + 2u * bad_digit);
				}
			}
		}
	}
}
