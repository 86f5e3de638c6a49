/* SPDX-License-Identifier: MIT */
/* Strings that end with a character, checksums, conversions to and from decimal. */
#include "check.h"

#include <mm/page.h>
#include <mm/space.h>
#include <s390x/cr.h>
#include <string.h>

SUITE("Strings, checksums, decimal conversion");

static u8 area[2 * PAGE_SIZE] __aligned(PAGE_SIZE);

/* Goes on while the CPU has determined that it is enough for now. */
static struct fault run(u16 opcode, struct execution *e)
{
	u8 code[4] = { (u8)(opcode >> 8), (u8)opcode, 0, 0x24 };
	struct fault fault;

	do {
		fault = execute(code, 4, e);
	} while (!fault.kind && e->cc == 3);
	return fault;
}

static const u16 lengths[] = { 0, 1, 2, 7, 8, 31, 255, 256, 300, 1000 };

TEST(srst, "SEARCH STRING: where the character is, or that it is not before the end",
     SPEC("PoP SA22-7832-13, chapter 7, SEARCH STRING"))
{
	for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
		for (u32 at = 0; at <= lengths[n] + 3u; at = at * 2 + 1) {
			struct execution e = { .cc = 0 }, expected;
			bool found = at < lengths[n];

			SUBTEST("length %u, character at %u", lengths[n], at);
			memset(area, 0x11, sizeof(area));
			area[at + 50] = 0x7d;
			fill_registers(&e);
			e.gpr[0] = 0x7d;
			e.gpr[4] = (ulong)area + 50;
			e.gpr[2] = (ulong)area + 50 + lengths[n];
			expected = e;
			expected.cc = found ? 1 : 2;
			if (found)
				expected.gpr[2] = (ulong)area + 50 + at;
			EXPECT_NO_FAULT(run(0xb25e, &e));
			expect_state(&e, &expected, "afterwards");
		}
	}
	SUBTEST("bits 32-55 of register 0");
	{
		struct execution e = { .cc = 0 };

		fill_registers(&e);
		e.gpr[0] = 0x17d;
		e.gpr[2] = e.gpr[4] = (ulong)area;
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), run(0xb25e, &e));
	}
}

TEST(mvst, "MOVE STRING: up to the character, which is moved too; register R1 has its address",
     SPEC("PoP SA22-7832-13, chapter 7, MOVE STRING"))
{
	for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
		struct execution e = { .cc = 0 }, expected;

		SUBTEST("length %u", lengths[n]);
		for (u32 k = 0; k < sizeof(area); k++)
			area[k] = (u8)(k % 200 + 1);
		area[100 + lengths[n]] = 0xfe;
		fill_registers(&e);
		e.gpr[0] = 0xfe;
		e.gpr[4] = (ulong)area + 100;
		e.gpr[2] = (ulong)area + PAGE_SIZE - 7;
		expected = e;
		expected.cc = 1;
		expected.gpr[2] += lengths[n];
		EXPECT_NO_FAULT(run(0xb255, &e));
		/* Both addresses may have been advanced by units; at the end R2 is what it was or after them. */
		expected.gpr[4] = e.gpr[4];
		expect_state(&e, &expected, "afterwards");
		EXPECT_MEM_EQ(area + PAGE_SIZE - 7, area + 100, lengths[n] + 1u);
		EXPECT_EQ(area[PAGE_SIZE - 7 + lengths[n] + 1],
			  (u8)((PAGE_SIZE - 7 + lengths[n] + 1) % 200 + 1));
	}
}

TEST(clst, "COMPARE LOGICAL STRING: order up to the character, and where they differ",
     SPEC("PoP SA22-7832-13, chapter 7, COMPARE LOGICAL STRING"))
{
	for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
		for (u32 kind = 0; kind < 5; kind++) {
			struct execution e = { .cc = 0 }, expected;
			u32 length = lengths[n], at = length / 2;

			SUBTEST("length %u, kind %u", length, kind);
			for (u32 k = 0; k < sizeof(area); k++)
				area[k] = 0x30;
			area[100 + length] = area[PAGE_SIZE + 100 + length] = 0;
			/* Equal; one of them high; one of them shorter. */
			if (kind == 1)
				area[100 + at] = 0xf0;
			else if (kind == 2)
				area[PAGE_SIZE + 100 + at] = 0xf0;
			else if (kind == 3)
				area[100 + at] = 0;
			else if (kind == 4)
				area[PAGE_SIZE + 100 + at] = 0;
			fill_registers(&e);
			e.gpr[0] = 0;
			e.gpr[2] = (ulong)area + 100;
			e.gpr[4] = (ulong)area + PAGE_SIZE + 100;
			expected = e;
			if (kind && !(length == 0 && kind >= 3)) {
				expected.cc = kind == 1 || kind == 4 ? 2 : 1;
				expected.gpr[2] += at;
				expected.gpr[4] += at;
			} else {
				expected.cc = 0;
			}
			EXPECT_NO_FAULT(run(0xb25d, &e));
			expect_state(&e, &expected, "afterwards");
		}
	}
}

TEST(cksm, "CHECKSUM: words with end-around carry, the last one padded with zeros",
     SPEC("PoP SA22-7832-13, chapter 7, CHECKSUM"))
{
	for (u32 length = 0; length < 40; length++) {
		struct execution e = { .cc = 1 }, expected;
		u64 sum = 0xfedcba98;

		SUBTEST("length %u", length);
		for (u32 k = 0; k < 64; k++)
			area[k] = (u8)random_u64();
		for (u32 k = 0; k < length; k += 4) {
			u64 word = 0;

			for (u32 m = 0; m < 4; m++)
				word = word << 8 | (k + m < length ? area[k + m] : 0);
			sum += word;
			sum = (sum & 0xffffffff) + (sum >> 32);
		}
		fill_registers(&e);
		e.gpr[2] = 0x1122334400000000 | 0xfedcba98;
		e.gpr[4] = (ulong)area;
		e.gpr[5] = length;
		expected = e;
		expected.gpr[2] = 0x1122334400000000 | sum;
		expected.gpr[4] += length;
		expected.gpr[5] = 0;
		expected.cc = 0;
		EXPECT_NO_FAULT(run(0xb241, &e));
		expect_state(&e, &expected, "afterwards");
	}
}

TEST(tre, "TRANSLATE EXTENDED: up to the test byte, which is not translated",
     SPEC("PoP SA22-7832-13, chapter 7, TRANSLATE EXTENDED"))
{
	for (u32 n = 0; n < ARRAY_SIZE(lengths); n++) {
		for (u32 at = 0; at <= lengths[n] + 1u; at = at * 3 + 1) {
			u8 *table = area + PAGE_SIZE, code[4] = { 0xb2, 0xa5, 0, 0x24 };
			struct execution e = { .cc = 0 }, expected;
			u32 stop = MIN(at, (u32)lengths[n]);

			SUBTEST("length %u, test byte at %u", lengths[n], at);
			for (u32 k = 0; k < 256; k++)
				table[k] = (u8)(k ^ 0x5a);
			for (u32 k = 0; k < 1500; k++)
				area[k] = (u8)(k % 100 + 1);
			area[10 + at] = 0xee;
			fill_registers(&e);
			e.gpr[0] = 0xabcdef00000000ee;
			e.gpr[2] = (ulong)area + 10;
			e.gpr[3] = lengths[n];
			e.gpr[4] = (ulong)table;
			expected = e;
			expected.gpr[2] += stop;
			expected.gpr[3] -= stop;
			expected.cc = at < lengths[n] ? 1 : 0;
			do {
				EXPECT_NO_FAULT(execute(code, 4, &e));
			} while (e.cc == 3);
			expect_state(&e, &expected, "afterwards");
			for (u32 k = 0; k < stop; k++)
				EXPECT_EQ(area[10 + k], (u8)(((10 + k) % 100 + 1) ^ 0x5a));
			EXPECT_EQ(area[10 + stop], stop == at ? 0xee : (u8)((10 + stop) % 100 + 1));
		}
	}
}

/* ----------------------------------------------------------------------------- decimal conversion */

/* Digits and a sign; `size` bytes. */
static void put_decimal(u8 *at, u32 size, u64 magnitude, u8 sign)
{
	at[size - 1] = (u8)(magnitude % 10 << 4 | sign);
	magnitude /= 10;
	for (u32 n = size - 1; n-- > 0; magnitude /= 100)
		at[n] = (u8)(magnitude / 10 % 10 << 4 | magnitude % 10);
}

static const s64 numbers[] = { 0,
			       1,
			       -1,
			       9,
			       10,
			       -99,
			       123456789,
			       0x7fffffff,
			       -0x80000000ll,
			       0x80000000ll,
			       -0x80000001ll,
			       999999999999999,
			       0x7fffffffffffffff,
			       -0x7fffffffffffffff - 1,
			       1000000000000000000 };

TEST(cvd, "CONVERT TO DECIMAL (CVD, CVDY, CVDG): all digits, plus C, minus D",
     SPEC("PoP SA22-7832-13, chapter 7, CONVERT TO DECIMAL"))
{
	static const struct {
		const char *name;
		u8 code[6];
		u32 length, size;
	} rows[] = { { "CVD", { 0x4e, 0x20, 0x90, 0x10 }, 4, 8 },
		     { "CVDY", { 0xe3, 0x20, 0x90, 0x10, 0, 0x26 }, 6, 8 },
		     { "CVDG", { 0xe3, 0x20, 0x90, 0x10, 0, 0x2e }, 6, 16 } };

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		for (u32 k = 0; k < ARRAY_SIZE(numbers); k++) {
			struct execution e = { .cc = 2 }, expected;
			s64 value = rows[n].size == 8 ? (s32)numbers[k] : numbers[k];
			u8 wanted[16];

			SUBTEST("%s of %lld", rows[n].name, numbers[k]);
			put_decimal(wanted, rows[n].size, value < 0 ? ~(u64)value + 1 : (u64)value,
				    value < 0 ? 0xd : 0xc);
			memset(area, 0xee, 64);
			fill_registers(&e);
			e.gpr[2] = (u64)numbers[k];
			e.gpr[9] = (ulong)area + 1;
			expected = e;
			EXPECT_NO_FAULT(execute(rows[n].code, rows[n].length, &e));
			expect_state(&e, &expected, "afterwards");
			EXPECT_MEM_EQ(area + 17, wanted, rows[n].size);
			EXPECT_EQ(area[16] & area[17 + rows[n].size], 0xee);
		}
	}
}

TEST(cvb, "CONVERT TO BINARY (CVB, CVBY, CVBG): every sign code, and what is no number or too big",
     SPEC("PoP SA22-7832-13, chapter 7, CONVERT TO BINARY"))
{
	static const struct {
		const char *name;
		u8 code[6];
		u32 length, size;
	} rows[] = { { "CVB", { 0x4f, 0x20, 0x90, 0x10 }, 4, 8 },
		     { "CVBY", { 0xe3, 0x20, 0x90, 0x10, 0, 0x06 }, 6, 8 },
		     { "CVBG", { 0xe3, 0x20, 0x90, 0x10, 0, 0x0e }, 6, 16 } };

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		for (u8 sign = 0; sign < 16; sign++) {
			struct execution e = { .cc = 2 }, expected;
			bool minus = sign == 0xb || sign == 0xd, valid = sign >= 0xa;
			struct fault fault;

			SUBTEST("%s, sign %#x", rows[n].name, sign);
			fill_registers(&e);
			e.gpr[9] = (ulong)area + 1;
			put_decimal(area + 17, rows[n].size, 1234567, sign);
			expected = e;
			if (valid)
				expected.gpr[2] = rows[n].size == 16
							  ? (u64)(minus ? -1234567ll : 1234567ll)
							  : (e.gpr[2] & ~0xffffffffull) |
								    (u32)(minus ? -1234567
										: 1234567);
			fault = execute(rows[n].code, rows[n].length, &e);
			if (valid) {
				EXPECT_NO_FAULT(fault);
			} else {
				EXPECT_FAULT(WITH_ILC(PGM_DATA, rows[n].length), fault);
				EXPECT_EQ(trap_last_frame()->info.dxc, 0u);
			}
			expect_state(&e, &expected, "afterwards");
		}
		SUBTEST("%s, digit A", rows[n].name);
		{
			struct execution e = { .cc = 2 };

			fill_registers(&e);
			e.gpr[9] = (ulong)area + 1;
			put_decimal(area + 17, rows[n].size, 1234567, 0xc);
			area[17 + rows[n].size - 3] |= 0x0a;
			EXPECT_FAULT(WITH_ILC(PGM_DATA, rows[n].length),
				     execute(rows[n].code, rows[n].length, &e));
		}
		SUBTEST("%s, too big", rows[n].name);
		{
			struct execution e = { .cc = 2 };

			fill_registers(&e);
			e.gpr[9] = (ulong)area + 1;
			put_decimal(area + 17, rows[n].size,
				    rows[n].size == 8 ? 2147483648ull : 9223372036854775808ull,
				    0xc);
			EXPECT_FAULT(WITH_ILC(PGM_FIXED_POINT_DIVIDE, rows[n].length),
				     execute(rows[n].code, rows[n].length, &e));
		}
	}
}
