/* SPDX-License-Identifier: MIT */
/* Storage-to-storage operations, bytes under mask, conversion to and from decimal. */
#include <test.h>

#include <string.h>

SUITE("Operations on storage");

static u8 a[512], b[512], expected[512];

static void fill(u8 *bytes, u32 size)
{
	for (u32 i = 0; i < size; i++)
		bytes[i] = (u8)random_u64();
}

/* One instruction of length n with %0 and %1 as addresses; the condition code. */
#define BY_LENGTH(name, mnemonic)                                               \
	static u32 do_##name(u8 *first, const u8 *second, u32 n)                \
	{                                                                       \
		u32 cc;                                                         \
                                                                                \
		__asm__ volatile("larl %%r4,1f\n"                               \
				 "j 2f\n"                                       \
				 "1: " mnemonic " 0(1,%1),0(%2)\n"              \
				 "2: ex %3,0(%%r4)\n"                           \
				 "ipm %0"                                       \
				 : "=d"(cc)                                     \
				 : "a"(first), "a"(second), "a"((ulong)(n - 1)) \
				 : "4", "cc", "memory");                        \
		return cc >> 28 & 3;                                            \
	}
BY_LENGTH(mvc, "mvc")
BY_LENGTH(clc, "clc")
BY_LENGTH(nc, "nc")
BY_LENGTH(oc, "oc")
BY_LENGTH(xc, "xc")
BY_LENGTH(tr, "tr")

TEST(mvc_propagates, "MVC moves byte by byte from the left, so that overlapping operands propagate",
     SPEC("PoP SA22-7832-13, chapter 7, MOVE (MVC)"))
{
	for (u32 distance = 1; distance <= 17; distance++) {
		for (u32 n = 1; n <= 256; n += 15) {
			fill(a, sizeof(a));
			memcpy(expected, a, sizeof(a));
			for (u32 i = 0; i < n; i++)
				expected[distance + i] = expected[i];
			do_mvc(a + distance, a, n);
			EXPECT_MEM_EQ(a, expected, sizeof(a), "distance %u, length %u", distance,
				      n);
		}
	}
}

TEST(clc_condition, "CLC compares as numbers without sign, from the left",
     SPEC("PoP SA22-7832-13, chapter 7, COMPARE LOGICAL (CLC)"))
{
	for (u32 n = 1; n <= 256; n += 5) {
		u32 at = (u32)random_below(n);

		fill(a, n);
		memcpy(b, a, n);
		EXPECT_EQ(do_clc(a, b, n), 0u);
		/* What is after the first difference does not count. */
		fill(b + at, n - at);
		a[at] = 0x7f;
		b[at] = 0x80;
		EXPECT_EQ(do_clc(a, b, n), 1u, "length %u, differs at %u", n, at);
		EXPECT_EQ(do_clc(b, a, n), 2u, "length %u, differs at %u", n, at);
	}
}

TEST(logical_storage, "NC, OC, XC: the bytes, and whether any is not zero",
     SPEC("PoP SA22-7832-13, chapter 7, AND (NC), OR (OC), EXCLUSIVE OR (XC)"))
{
	static u32 (*const operations[])(u8 * first, const u8 *second, u32 n) = { do_nc, do_oc,
										  do_xc };

	for (u32 op = 0; op < 3; op++) {
		for (u32 n = 1; n <= 256; n += 3) {
			bool some = false;

			fill(a, sizeof(a));
			fill(b, sizeof(b));
			memcpy(expected, a, sizeof(a));
			for (u32 i = 0; i < n; i++) {
				expected[i] = (u8)(op == 0   ? a[i] & b[i]
						   : op == 1 ? a[i] | b[i]
							     : a[i] ^ b[i]);
				some |= expected[i] != 0;
			}
			EXPECT_EQ(operations[op](a, b, n), (u32)some);
			EXPECT_MEM_EQ(a, expected, sizeof(a), "operation %u, length %u", op, n);
		}
	}
	fill(a, 256);
	EXPECT_EQ(do_xc(a, a, 256), 0u);
	EXPECT_EQ(a[0] | a[128] | a[255], 0);
}

TEST(translate, "TR replaces each byte by that of the table which it is the index of",
     SPEC("PoP SA22-7832-13, chapter 7, TRANSLATE"))
{
	fill(b, 256);
	for (u32 n = 1; n <= 256; n += 17) {
		fill(a, sizeof(a));
		memcpy(expected, a, sizeof(a));
		for (u32 i = 0; i < n; i++)
			expected[i] = b[a[i]];
		do_tr(a, b, n);
		EXPECT_MEM_EQ(a, expected, sizeof(a), "length %u", n);
	}
}

#define TM_CASE(immediate)                                                \
	do {                                                              \
		for (u32 value = 0; value < 256; value++) {               \
			u32 cc, selected = value & (immediate);           \
                                                                          \
			a[0] = (u8)value;                                 \
			__asm__ volatile("tm %1,%2\n"                     \
					 "ipm %0"                         \
					 : "=d"(cc)                       \
					 : "Q"(a[0]), "i"(immediate)      \
					 : "cc");                         \
			EXPECT_EQ(cc >> 28,                               \
				  !selected		    ? 0u          \
				  : selected == (immediate) ? 3u          \
							    : 1u,         \
				  "%#x with mask %#x", value, immediate); \
		}                                                         \
	} while (0)

TEST(test_under_mask, "TM: 0 all selected bits are zero or none selected, 1 mixed, 3 all are one",
     SPEC("PoP SA22-7832-13, chapter 7, TEST UNDER MASK (TM)"))
{
	TM_CASE(0);
	TM_CASE(0x01);
	TM_CASE(0x80);
	TM_CASE(0xa5);
	TM_CASE(0xff);
}

#define TMLL_CASE(immediate)                                                                       \
	do {                                                                                       \
		for (u32 i = 0; i < 300; i++) {                                                    \
			u64 value = random_u64();                                                  \
			u32 cc, selected, expected_cc;                                             \
                                                                                                   \
			if (i < 4)                                                                 \
				value = (const u64[]){ 0, 0xffff, 0x8000, 0x7fff }[i];             \
			selected = (u32)value & (immediate);                                       \
			/* Mixed: the leftmost of the selected bits decides. */                    \
			expected_cc = !selected						     ? 0   \
				      : selected == (immediate)				     ? 3   \
				      : selected & (0x80000000u >> __builtin_clz(immediate)) ? 2   \
											     : 1;  \
			__asm__ volatile("tmll %1,%2\n"                                            \
					 "ipm %0"                                                  \
					 : "=d"(cc)                                                \
					 : "d"(value), "i"(immediate)                              \
					 : "cc");                                                  \
			EXPECT_EQ(cc >> 28, expected_cc, "%#llx with mask %#x", value, immediate); \
		}                                                                                  \
	} while (0)

TEST(test_register_under_mask, "TMLL tells mixed bits apart by the leftmost one",
     SPEC("PoP SA22-7832-13, chapter 7, TEST UNDER MASK (TMLL)"))
{
	TMLL_CASE(0x8001);
	TMLL_CASE(0xffff);
	TMLL_CASE(0x0ff0);
	TMLL_CASE(0x0001);
}

#define ICM_CASE(mask)                                                \
	do {                                                          \
		u64 value = 0x1122334455667788, wanted = value;       \
		u32 cc, next = 0, inserted = 0;                       \
                                                                      \
		for (u32 byte = 0; byte < 4; byte++) {                \
			u32 shift = 24 - 8 * byte;                    \
                                                                      \
			if ((mask)&8 >> byte) {                       \
				wanted &= ~(0xffull << shift);        \
				wanted |= (u64)a[next] << shift;      \
				inserted = inserted << 8 | a[next++]; \
			}                                             \
		}                                                     \
		__asm__ volatile("icm %1,%3,%2\n"                     \
				 "ipm %0"                             \
				 : "=d"(cc), "+d"(value)              \
				 : "Q"(*(const u32 *)a), "i"(mask)    \
				 : "cc");                             \
		EXPECT_EQ(value, wanted, "mask %u", mask);            \
		EXPECT_EQ(cc >> 28,                                   \
			  !inserted			   ? 0u       \
			  : inserted >> (8 * next - 1) & 1 ? 1u       \
							   : 2u,      \
			  "mask %u", mask);                           \
	} while (0)

TEST(insert_under_mask,
     "ICM inserts as many bytes as the mask has ones; the code is that of their sign",
     SPEC("PoP SA22-7832-13, chapter 7, INSERT CHARACTERS UNDER MASK"))
{
	static const u32 words[] = { 0, 0x80000000, 0x01020304, 0x00ff0000, 0xffffffff };

	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		memcpy(a, &words[i], 4);
		ICM_CASE(1);
		ICM_CASE(2);
		ICM_CASE(5);
		ICM_CASE(8);
		ICM_CASE(12);
		ICM_CASE(14);
		ICM_CASE(15);
	}
}

/* Packed decimal of 15 digits and a sign, C or D. */
static u64 packed(s32 value)
{
	u64 magnitude = value < 0 ? (u64) - (s64)value : (u64)value;
	u64 result = value < 0 ? 0xd : 0xc;

	for (u32 shift = 4; magnitude; shift += 4, magnitude /= 10)
		result |= magnitude % 10 << shift;
	return result;
}

static const s32 numbers[] = { 0, 1, -1, 9, 10, -99, 123456789, 0x7fffffff, -0x7fffffff - 1 };

TEST(convert_to_decimal, "CVD makes fifteen digits and a sign, which is plus for zero",
     SPEC("PoP SA22-7832-13, chapter 7, CONVERT TO DECIMAL"))
{
	for (u32 i = 0; i < 200; i++) {
		s32 value = i < ARRAY_SIZE(numbers) ? numbers[i] : (s32)random_u64();
		u64 result = 0;

		__asm__ volatile("cvd %1,%0" : "=R"(result) : "d"(value));
		EXPECT_EQ(result, packed(value), "%d", value);
	}
}

TEST(convert_to_binary, "CVB undoes it", SPEC("PoP SA22-7832-13, chapter 7, CONVERT TO BINARY"))
{
	for (u32 i = 0; i < 200; i++) {
		s32 value = i < ARRAY_SIZE(numbers) ? numbers[i] : (s32)random_u64();
		u64 decimal = packed(value);
		s32 result = 0;

		fault_clear();
		__asm__ volatile(GUARDED("cvb %0,%1") : "+d"(result) : "R"(decimal));
		ASSERT_NO_FAULT(fault_taken());
		EXPECT_EQ(result, value);
	}
}
