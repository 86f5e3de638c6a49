/* SPDX-License-Identifier: MIT */
/* What the vector-enhancements facilities 1 and 2 have added, and gathering and scattering of elements. */
#include "check.h"

#include <mm/page.h>
#include <string.h>

SUITE("Vector enhancements");

static u8 storage[PAGE_SIZE] __aligned(PAGE_SIZE);

#define OPERAND (storage + 0x800)

static void fill_storage(void)
{
	for (u32 n = 0; n < PAGE_SIZE; n++)
		storage[n] = (u8)(n * 13 + (n >> 8) * 7 + 1);
}

static struct execution set_up(const u8 *at)
{
	struct execution e = { .cc = 2 };

	fill_storage();
	fill_vectors(&e);
	e.gpr[VECTOR_BASE] = (ulong)at - 0x10;
	return e;
}

/* V18 from or to the operand, with this M3; the first byte is that of the second facility. */
static void encode_reversing(u8 *code, u32 m, u8 opcode)
{
	encode_vector_storage(code, 2, 0, 0x10, m, 8, opcode);
	code[0] = 0xe6;
}

static struct bytes16 reversed(const u8 *from, u32 bytes)
{
	struct bytes16 v;

	for (u32 n = 0; n < 16; n++)
		v.byte[n] = from[n / bytes * bytes + bytes - 1 - n % bytes];
	return v;
}

#define ENHANCED_2(name, manual)                   \
	TEST(name, manual,                         \
	     SPEC("PoP SA22-7832-13, chapter 21"), \
		  REQUIRES(has_facility(FACILITY_VECTOR_ENHANCEMENTS_2)))

ENHANCED_2(vlbr, "VECTOR LOAD BYTE REVERSED ELEMENTS: the bytes of each element in reversed order")
{
	for (u32 size = 1; size <= 4; size++) {
		u8 code[6];

		SUBTEST("size %u", size);
		encode_reversing(code, size, 0x06);
		fill_storage();
		expect_loaded(code, set_up(OPERAND + 3), 18, reversed(OPERAND + 3, 1u << size));
	}
}

ENHANCED_2(vstbr,
	   "VECTOR STORE BYTE REVERSED ELEMENTS: the bytes of each element in reversed order")
{
	for (u32 size = 1; size <= 4; size++) {
		struct execution e = set_up(OPERAND + 5);
		struct bytes16 v = get_vector(&e, 18), out = reversed(v.byte, 1u << size);
		u8 code[6], before = OPERAND[4], after = OPERAND[21];

		SUBTEST("size %u", size);
		encode_reversing(code, size, 0x0e);
		EXPECT_NO_FAULT(execute(code, 6, &e));
		EXPECT_MEM_EQ(OPERAND + 5, out.byte, 16);
		EXPECT_EQ(OPERAND[4], before);
		EXPECT_EQ(OPERAND[21], after);
	}
}

static struct bytes16 elements_reversed(const u8 *from, u32 bytes)
{
	struct bytes16 v;

	for (u32 n = 0; n < 16; n++)
		v.byte[n] = from[16 - bytes - n / bytes * bytes + n % bytes];
	return v;
}

ENHANCED_2(vler, "VECTOR LOAD and STORE ELEMENTS REVERSED: the elements in reversed order")
{
	for (u32 size = 1; size <= 3; size++) {
		struct execution e = set_up(OPERAND + 1);
		struct bytes16 v = get_vector(&e, 18), out = elements_reversed(v.byte, 1u << size);
		u8 code[6];

		SUBTEST("store, size %u", size);
		encode_reversing(code, size, 0x0f);
		EXPECT_NO_FAULT(execute(code, 6, &e));
		EXPECT_MEM_EQ(OPERAND + 1, out.byte, 16);
		SUBTEST("load, size %u", size);
		encode_reversing(code, size, 0x07);
		fill_storage();
		expect_loaded(code, set_up(OPERAND + 1), 18,
			      elements_reversed(OPERAND + 1, 1u << size));
	}
}

ENHANCED_2(vlebr, "VECTOR LOAD and STORE BYTE REVERSED ELEMENT: one element, the others stay")
{
	static const u8 loads[] = { 0, 0x01, 0x03, 0x02 }, stores[] = { 0, 0x09, 0x0b, 0x0a };

	for (u32 size = 1; size <= 3; size++) {
		u32 bytes = 1u << size;

		for (u32 n = 0; n < 16 / bytes; n++) {
			struct execution e = set_up(OPERAND + 7);
			struct bytes16 v = get_vector(&e, 18), in = reversed(OPERAND + 7, bytes);
			struct bytes16 out = reversed(v.byte, bytes);
			u8 code[6], after = OPERAND[7 + bytes];

			SUBTEST("load, size %u, element %u", size, n);
			encode_reversing(code, n, loads[size]);
			memcpy(v.byte + n * bytes, in.byte, bytes);
			expect_loaded(code, e, 18, v);
			SUBTEST("store, size %u, element %u", size, n);
			encode_reversing(code, n, stores[size]);
			EXPECT_NO_FAULT(execute(code, 6, &e));
			EXPECT_MEM_EQ(OPERAND + 7, out.byte + n * bytes, bytes);
			EXPECT_EQ(OPERAND[7 + bytes], after);
		}
	}
}

ENHANCED_2(vlbrrep, "VECTOR LOAD BYTE REVERSED ELEMENT AND REPLICATE: one element in all places")
{
	for (u32 size = 1; size <= 3; size++) {
		struct execution e = set_up(OPERAND + 7);
		u32 bytes = 1u << size;
		struct bytes16 in = reversed(OPERAND + 7, bytes), v;
		u8 code[6];

		SUBTEST("size %u", size);
		for (u32 n = 0; n < 16; n++)
			v.byte[n] = in.byte[n % bytes];
		encode_reversing(code, size, 0x05);
		expect_loaded(code, e, 18, v);
	}
}

ENHANCED_2(vllebrz, "VECTOR LOAD BYTE REVERSED ELEMENT AND ZERO: in the left half, zeros around it")
{
	/* M3: the element size, to the right end of the left half; 6 is a word at its left end. */
	static const struct {
		u32 m3, bytes, at;
	} rows[] = { { 1, 2, 6 }, { 2, 4, 4 }, { 3, 8, 0 }, { 6, 4, 0 } };

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct execution e = set_up(OPERAND + 7);
		struct bytes16 in = reversed(OPERAND + 7, rows[n].bytes), v = { { 0 } };
		u8 code[6];

		SUBTEST("M3 %u", rows[n].m3);
		memcpy(v.byte + rows[n].at, in.byte, rows[n].bytes);
		encode_reversing(code, rows[n].m3, 0x04);
		expect_loaded(code, e, 18, v);
	}
}

/* Both operands side by side, shifted by up to seven bits. */
static void check_double_shift(u8 opcode, bool left)
{
	for (u32 by = 0; by < 8; by++) {
		for (u32 n = 0; n < 8; n++) {
			struct execution e = { .cc = 1 };
			struct bytes16 a = random_vector(), b = random_vector(), out;
			u8 both[33] = { 0 }, code[6];

			SUBTEST("by %u, %u", by, n);
			fill_vectors(&e);
			put_vector(&e, 7, a);
			put_vector(&e, 27, b);
			memcpy(both, a.byte, 16);
			memcpy(both + 16, b.byte, 16);
			for (u32 i = 0; i < 16; i++) {
				u32 at = left ? i : 16 + i;
				u32 bits = left ? ((u32)both[at] << 8 | both[at + 1]) << by
						: ((u32)both[at - 1] << 8 | both[at]) << (8 - by);

				out.byte[i] = (u8)(bits >> 8);
			}
			encode_vector(code, opcode, 18, 7, 27, 0, by, 0);
			expect_loaded(code, e, 18, out);
		}
	}
}

ENHANCED_2(vsld, "VECTOR SHIFT LEFT DOUBLE BY BIT: the leftmost 128 bits of both, shifted left")
{
	check_double_shift(0x86, true);
}

ENHANCED_2(vsrd, "VECTOR SHIFT RIGHT DOUBLE BY BIT: the rightmost 128 bits of both, shifted right")
{
	check_double_shift(0x87, false);
}

ENHANCED_2(vstrs,
	   "VECTOR STRING SEARCH: where the substring is, all of it or what there is room for")
{
	static const struct {
		const char *name;
		const char *string, *substring;
		u8 length, size, flags; /* in bytes; element size; 2: zeros end both */
		u8 cc, index;
	} rows[] = {
		{ "first", "abcdefghijklmnop", "abc", 3, 0, 0, 2, 0 },
		{ "middle", "abcdefghijklmnop", "fgh", 3, 0, 0, 2, 5 },
		{ "last", "abcdefghijklmnop", "p", 1, 0, 0, 2, 15 },
		{ "the first of two", "xxabxxabxxxxxxxx", "ab", 2, 0, 0, 2, 2 },
		{ "overlapping", "aaabaaabaaabaaac", "aac", 3, 0, 0, 2, 13 },
		{ "all", "abcdefghijklmnop", "abcdefghijklmnop", 16, 0, 0, 2, 0 },
		{ "part at the end", "abcdefghijklmnop", "opq", 3, 0, 0, 3, 14 },
		{ "one at the end", "abcdefghijklmnop", "pq", 2, 0, 0, 3, 15 },
		{ "nowhere", "abcdefghijklmnop", "zz", 2, 0, 0, 0, 16 },
		{ "nothing to look for", "abcdefghijklmnop", "zz", 0, 0, 0, 2, 0 },
		{ "halfwords", "aabbccddeeffgghh", "ccdd", 4, 1, 0, 2, 4 },
		{ "halfwords, not between two", "aabbccddeeffgghh", "bccd", 4, 1, 0, 0, 16 },
		{ "words", "aaaabbbbccccdddd", "ccccdddd", 8, 2, 0, 2, 8 },
		{ "words, part at the end", "aaaabbbbccccdddd", "ddddeeee", 8, 2, 0, 3, 12 },
		{ "zero ends the substring", "abcdefghijklmnop", "fg", 5, 0, 2, 2, 5 },
		{ "before the string's zero", "abcdef", "de", 2, 0, 2, 2, 3 },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		struct execution e = { .cc = 1 };
		struct bytes16 string = { { 0 } }, substring = { { 0 } }, length = { { 0 } },
			       out = { { 0 } };
		u8 code[6];

		SUBTEST("%s", rows[n].name);
		fill_vectors(&e);
		memcpy(string.byte, rows[n].string, strlen(rows[n].string));
		memcpy(substring.byte, rows[n].substring, strlen(rows[n].substring));
		length.byte[7] = rows[n].length;
		out.byte[7] = rows[n].index;
		put_vector(&e, 7, string);
		put_vector(&e, 27, substring);
		put_vector(&e, 14, length);
		encode_vector(code, 0x8b, 18, 7, 27, rows[n].size, rows[n].flags << 4, 14);
		EXPECT_NO_FAULT(execute(code, 6, &e));
		EXPECT_EQ(e.cc, rows[n].cc);
		string = get_vector(&e, 18);
		EXPECT_MEM_EQ(string.byte, out.byte, 16);
	}
}

#define ENHANCED_1(name, manual)                   \
	TEST(name, manual,                         \
	     SPEC("PoP SA22-7832-13, chapter 22"), \
		  REQUIRES(has_facility(FACILITY_VECTOR_ENHANCEMENTS_1)))

ENHANCED_1(vbperm, "VECTOR BIT PERMUTE: sixteen bits by index, zeros for what is beyond 127")
{
	for (u32 n = 0; n < 32; n++) {
		struct execution e = { .cc = 1 };
		struct bytes16 a = random_vector(), b = random_vector(), out = { { 0 } };
		u8 code[6];

		SUBTEST("%u", n);
		fill_vectors(&e);
		for (u32 i = 0; i < 16; i++) {
			u32 index = b.byte[i];

			if (n < 8)
				index = b.byte[i] &= 0x7f;
			if (index < 128 && (a.byte[index / 8] >> (7 - index % 8) & 1))
				out.byte[6 + i / 8] |= (u8)(0x80 >> i % 8);
		}
		put_vector(&e, 7, a);
		put_vector(&e, 27, b);
		encode_vector(code, 0x85, 18, 7, 27, 0, 0, 0);
		expect_loaded(code, e, 18, out);
	}
}

ENHANCED_1(
	vmsl,
	"VECTOR MULTIPLY SUM LOGICAL: both products, each doubled or not, and the fourth operand")
{
	for (u32 m6 = 0; m6 < 16; m6 += 4) {
		for (u32 n = 0; n < 10; n++) {
			struct execution e = { .cc = 1 };
			struct bytes16 a = random_vector(), b = random_vector(),
				       d = random_vector(), out;
			unsigned __int128 even = element(a, 3, 0), odd = element(a, 3, 1), sum;
			u8 code[6];

			SUBTEST("M6 %u, %u", m6, n);
			fill_vectors(&e);
			even *= element(b, 3, 0);
			odd *= element(b, 3, 1);
			sum = (unsigned __int128)element(d, 3, 0) << 64 | element(d, 3, 1);
			sum += (m6 & 8 ? 2 * even : even) + (m6 & 4 ? 2 * odd : odd);
			set_element(&out, 3, 0, (u64)(sum >> 64));
			set_element(&out, 3, 1, (u64)sum);
			put_vector(&e, 7, a);
			put_vector(&e, 27, b);
			put_vector(&e, 14, d);
			encode_vector(code, 0xb8, 18, 7, 27, 3, m6 << 4, 14);
			expect_loaded(code, e, 18, out);
		}
	}
}

/* The index is an element of V23; other elements of it are addresses of nothing. */
static void check_gathering(u32 size, bool scatter, u8 opcode)
{
	u32 bytes = 1u << size;

	for (u32 n = 0; n < 16 / bytes; n++) {
		struct execution e = set_up(OPERAND + 9);
		struct bytes16 index, v = get_vector(&e, 18);
		u8 code[6], after;

		SUBTEST("element %u", n);
		memset(&index, 0xdb, sizeof(index));
		/* Added without sign. */
		set_element(&index, size, n, 0x123);
		e.gpr[VECTOR_BASE] -= 0x123;
		put_vector(&e, 23, index);
		/* RXB: V1 and V2 are beyond 15. */
		encode_vector_storage(code, 2, 7, 0x10, n, 12, opcode);
		if (!scatter) {
			memcpy(v.byte + n * bytes, OPERAND + 9, bytes);
			expect_loaded(code, e, 18, v);
			continue;
		}
		after = OPERAND[9 + bytes];
		EXPECT_NO_FAULT(execute(code, 6, &e));
		EXPECT_MEM_EQ(OPERAND + 9, v.byte + n * bytes, bytes);
		EXPECT_EQ(OPERAND[9 + bytes], after);
	}
	for (u32 n = 16 / bytes; n < 16; n++) {
		struct execution e = set_up(OPERAND);
		u8 code[6];

		SUBTEST("element %u, which there is not", n);
		encode_vector_storage(code, 2, 7, 0x10, n, 12, opcode);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6), execute(code, 6, &e));
	}
}

#define GATHER(name, manual, size, scatter, opcode)                                          \
	TEST(name, manual ": one element, at an address with an element of V2 as its index", \
	     SPEC("PoP SA22-7832-13, chapter 21, " manual),                                  \
		  REQUIRES(has_facility(FACILITY_VECTOR)))                                   \
	{                                                                                    \
		check_gathering(size, scatter, opcode);                                      \
	}

GATHER(vgef, "VECTOR GATHER ELEMENT (VGEF)", 2, false, 0x13)
GATHER(vgeg, "VECTOR GATHER ELEMENT (VGEG)", 3, false, 0x12)
GATHER(vscef, "VECTOR SCATTER ELEMENT (VSCEF)", 2, true, 0x1b)
GATHER(vsceg, "VECTOR SCATTER ELEMENT (VSCEG)", 3, true, 0x1a)
