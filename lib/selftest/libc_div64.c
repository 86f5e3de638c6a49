/* SPDX-License-Identifier: MIT */
/*
 * 64-bit arithmetic and the counting of bits. On 32-bit machines the operators below compile
 * into calls of lib/libc/div64.c; on 64-bit ones this tests the machine's own division. The
 * functions that count bits exist on both and are called by name.
 *
 * The models do not use the operation that they check: division is done bit by bit,
 * multiplication by adding, shifts one by one.
 */
#include <test.h>

SUITE("64-bit arithmetic");

/* Divides as one does by hand, in base 2. */
static u64 long_division(u64 n, u64 d, u64 *rest)
{
	u64 quotient = 0, r = 0;

	for (int i = 0; i < 64; i++) {
		bool carry = r >> 63;

		r = r + r + (n >> 63);
		n = n + n;
		quotient = quotient + quotient;
		if (carry || r >= d) {
			r -= d;
			quotient++;
		}
	}
	*rest = r;
	return quotient;
}

/* Volatile, so that the compiler neither computes in advance nor replaces a division. */
static u64 quotient_of(u64 n, u64 d)
{
	volatile u64 x = n, y = d;

	return x / y;
}

static u64 remainder_of(u64 n, u64 d)
{
	volatile u64 x = n, y = d;

	return x % y;
}

static s64 signed_quotient_of(s64 n, s64 d)
{
	volatile s64 x = n, y = d;

	return x / y;
}

static s64 signed_remainder_of(s64 n, s64 d)
{
	volatile s64 x = n, y = d;

	return x % y;
}

static void check_division(u64 n, u64 d)
{
	u64 rest;
	u64 quotient = long_division(n, d, &rest);

	ASSERT_EQ(quotient_of(n, d), quotient, "%#llx / %#llx", n, d);
	ASSERT_EQ(remainder_of(n, d), rest, "%#llx %% %#llx", n, d);
}

/* Values at which carries, halves and estimates go wrong. */
static const u64 corners[] = {
	1,
	2,
	3,
	5,
	7,
	10,
	0xff,
	0x7fff,
	0x8000,
	0xffff,
	0x10000,
	0x10001,
	0x7fffffff,
	0x80000000,
	0x80000001,
	0xfffffffe,
	0xffffffff,
	0x100000000,
	0x100000001,
	0x1ffffffff,
	0x7fffffff00000000,
	0x7fffffff7fffffff,
	0x7fffffffffffffff,
	0x8000000000000000,
	0x8000000000000001,
	0x80000000ffffffff,
	0xfffffffe00000001,
	0xfffffffeffffffff,
	0xffffffff00000000,
	0xffffffff00000001,
	0xfffffffffffffffe,
	0xffffffffffffffff,
};

TEST(div64_constants, "Quotients and remainders of 64-bit numbers are those worked out by hand",
     SPEC("C11, 6.5.5, paragraph 6"))
{
	static const struct {
		u64 n, d, quotient, rest;
	} rows[] = {
		{ 0, 1, 0, 0 },
		{ 0, ~0ull, 0, 0 },
		{ 100, 7, 14, 2 },
		{ 10000000000, 3, 3333333333, 1 },
		{ 1000000000000000000, 1000000000, 1000000000, 0 },
		{ 0xffffffffffffffff, 10, 1844674407370955161, 5 },
		{ 0xffffffffffffffff, 0xffffffff, 0x100000001, 0 },
		{ 0xffffffffffffffff, 0x100000000, 0xffffffff, 0xffffffff },
		{ 0xffffffffffffffff, 0xffffffffffffffff, 1, 0 },
		{ 0xfffffffffffffffe, 0xffffffffffffffff, 0, 0xfffffffffffffffe },
		{ 0x8000000000000000, 3, 0x2aaaaaaaaaaaaaaa, 2 },
		{ 0x123456789abcdef0, 0x0fedcba987654321, 1, 0x2468acf13579bcf },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(quotient_of(rows[i].n, rows[i].d), rows[i].quotient, "%#llx / %#llx",
			  rows[i].n, rows[i].d);
		EXPECT_EQ(remainder_of(rows[i].n, rows[i].d), rows[i].rest, "%#llx %% %#llx",
			  rows[i].n, rows[i].d);
	}
}

TEST(div64_corners, "Division agrees with long division around powers of two",
     SPEC("C11, 6.5.5, paragraph 6"))
{
	for (size_t i = 0; i < ARRAY_SIZE(corners); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(corners); k++) {
			check_division(corners[i], corners[k]);
			/* Just below and just at a multiple, where an estimate is off by one.
			 */
			check_division(corners[i] * corners[k] - 1, corners[k]);
			check_division(corners[i] * corners[k], corners[k]);
		}
	}
}

TEST(div64_random, "Division agrees with long division for numbers of every length",
     SPEC("C11, 6.5.5, paragraph 6"))
{
	for (unsigned int n_bits = 1; n_bits <= 64; n_bits++) {
		for (unsigned int d_bits = 1; d_bits <= 64; d_bits++) {
			u64 n = random_u64() >> (64 - n_bits);
			u64 d = random_u64() >> (64 - d_bits);

			check_division(n, d ? d : 1);
		}
	}
}

TEST(div64_signed, "Signed division rounds towards zero, and the remainder has the dividend's sign",
     SPEC("C11, 6.5.5, paragraph 6"))
{
	static const struct {
		s64 n, d, quotient, rest;
	} rows[] = {
		{ 7, 2, 3, 1 },
		{ -7, 2, -3, -1 },
		{ 7, -2, -3, 1 },
		{ -7, -2, 3, -1 },
		{ -10000000000, 3, -3333333333, -1 },
		{ 10000000000, -10000000001, 0, 10000000000 },
		{ INT64_MIN, 1, INT64_MIN, 0 },
		{ INT64_MIN, 2, -0x4000000000000000, 0 },
		{ INT64_MIN, INT64_MIN, 1, 0 },
		{ INT64_MIN, INT64_MAX, -1, -1 },
		{ INT64_MAX, INT64_MIN, 0, INT64_MAX },
		{ INT64_MAX, -1, -INT64_MAX, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(signed_quotient_of(rows[i].n, rows[i].d), rows[i].quotient, "%lld / %lld",
			  rows[i].n, rows[i].d);
		EXPECT_EQ(signed_remainder_of(rows[i].n, rows[i].d), rows[i].rest, "%lld %% %lld",
			  rows[i].n, rows[i].d);
	}
}

TEST(div64_signed_random, "Signed division agrees with long division of the magnitudes",
     SPEC("C11, 6.5.5, paragraph 6"))
{
	for (int i = 0; i < 2000; i++) {
		u64 n = random_u64() >> (1 + random_u64() % 63);
		u64 d = random_u64() >> (1 + random_u64() % 63) | 1;
		u64 rest;
		s64 quotient = (s64)long_division(n, d, &rest);
		s64 x = (s64)n, y = (s64)d;

		ASSERT_EQ(signed_quotient_of(x, y), quotient, "%lld / %lld", x, y);
		ASSERT_EQ(signed_quotient_of(-x, y), -quotient, "%lld / %lld", -x, y);
		ASSERT_EQ(signed_quotient_of(x, -y), -quotient, "%lld / %lld", x, -y);
		ASSERT_EQ(signed_quotient_of(-x, -y), quotient, "%lld / %lld", -x, -y);
		ASSERT_EQ(signed_remainder_of(x, -y), (s64)rest, "%lld %% %lld", x, -y);
		ASSERT_EQ(signed_remainder_of(-x, y), -(s64)rest, "%lld %% %lld", -x, y);
	}
}

TEST(mul64_random, "Multiplication agrees with adding shifted numbers, modulo 2^64",
     SPEC("C11, 6.5.5 and 6.2.5, paragraph 9"))
{
	for (int i = 0; i < 2000; i++) {
		volatile u64 a = random_u64(), b = random_u64() >> random_u64() % 64;
		u64 sum = 0, shifted = a;

		for (u64 left = b; left; left >>= 1) {
			if (left & 1)
				sum += shifted;
			shifted += shifted;
		}
		ASSERT_EQ(a * b, sum, "%#llx * %#llx", a, b);
	}
}

TEST(shift64_every_count, "Shifts by 0 to 63 agree with shifting one by one", SPEC("C11, 6.5.7"))
{
	for (int i = 0; i < 20; i++) {
		volatile u64 x = random_u64() | (i & 1 ? BIT(63) : 0);
		u64 left = x, right = x, arithmetic = x;

		for (volatile unsigned int by = 0; by < 64; by++) {
			ASSERT_EQ(x << by, left, "%#llx << %u", x, by);
			ASSERT_EQ(x >> by, right, "%#llx >> %u", x, by);
			ASSERT_EQ((u64)((s64)x >> by), arithmetic, "(s64)%#llx >> %u", x, by);
			left += left;
			right = right / 2;
			arithmetic = arithmetic / 2 | (arithmetic & BIT(63));
		}
	}
}

/* What compilers call; no header declares them. */
int __popcountsi2(u32 x);
int __popcountdi2(u64 x);
int __paritysi2(u32 x);
int __paritydi2(u64 x);
int __ctzsi2(u32 x);
int __ctzdi2(u64 x);
int __clzsi2(u32 x);
int __clzdi2(u64 x);
int __ffssi2(u32 x);
int __ffsdi2(u64 x);
u32 __bswapsi2(u32 x);
u64 __bswapdi2(u64 x);

/* Looks at every bit of the lower `width` of x. */
static void check_bit_counts(u64 x, int width)
{
	int ones = 0, lowest = width, highest = -1;

	for (int bit = 0; bit < width; bit++) {
		if (!(x & BIT(bit)))
			continue;
		ones++;
		highest = bit;
		if (lowest == width)
			lowest = bit;
	}

	bool wide = width == 64;
	u32 half = (u32)x;
	int leading = width - 1 - highest;
	int first = ones ? lowest + 1 : 0;

	ASSERT_EQ(wide ? __popcountdi2(x) : __popcountsi2(half), ones, "%#llx", x);
	ASSERT_EQ(wide ? __paritydi2(x) : __paritysi2(half), ones % 2, "%#llx", x);
	ASSERT_EQ(wide ? __ffsdi2(x) : __ffssi2(half), first, "%#llx", x);
	ASSERT_EQ(wide ? __ctzdi2(x) : __ctzsi2(half), lowest, "%#llx", x);
	ASSERT_EQ(wide ? __clzdi2(x) : __clzsi2(half), leading, "%#llx", x);
}

TEST(bits_counted, "Ones and the zeros around them are counted as looking at each bit counts them",
     SPEC("gcc internals, 4.1.2"))
{
	for (int width = 32; width <= 64; width += 32) {
		check_bit_counts(0, width);
		check_bit_counts(~0ull, width);
		for (int bit = 0; bit < width; bit++) {
			check_bit_counts(BIT(bit), width);
			check_bit_counts(~BIT(bit), width);
			check_bit_counts(random_u64() << bit, width);
			check_bit_counts(random_u64() >> (64 - width) >> bit, width);
		}
	}
}

TEST(bits_builtin, "The compiler's own ways to count bits agree with looking at each bit",
     SPEC("gcc, Other Built-in Functions"))
{
	for (int i = 0; i < 64; i++) {
		volatile u64 one = BIT(i), low = BITS(i, 0);

		EXPECT_EQ(__builtin_popcountll(low), i + 1, "%d", i);
		EXPECT_EQ(__builtin_ctzll(one), i, "%d", i);
		EXPECT_EQ(__builtin_clzll(low), 63 - i, "%d", i);
		EXPECT_EQ(__builtin_ffsll((long long)one), i + 1, "%d", i);
	}
}

TEST(bytes_reversed, "The functions for it reverse the order of bytes", SPEC("gcc internals, 4.1"))
{
	EXPECT_EQ(__bswapsi2(0x12345678), 0x78563412u);
	EXPECT_EQ(__bswapsi2(0x000000ff), 0xff000000u);
	EXPECT_EQ(__bswapdi2(0x0123456789abcdef), 0xefcdab8967452301ull);
	EXPECT_EQ(__bswapdi2(0x00000000000000ff), 0xff00000000000000ull);
}
