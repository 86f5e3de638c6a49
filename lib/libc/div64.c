/* SPDX-License-Identifier: MIT */
/*
 * What compilers call on 32-bit machines to multiply, divide and shift 64-bit integers; the
 * names and types are libgcc's. Nothing here may use an operation that compiles into one of
 * these calls, so 64-bit values are only added, compared, multiplied from halves and shifted
 * by 32.
 *
 * Division by zero is undefined and gives some result here, rather than a trap.
 */
#include <limits.h>
#include <types.h>

/* Only compilers call these. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#if UINTPTR_MAX == UINT32_MAX

#define HALF_BITS 32

static inline u32 high(u64 x)
{
	return (u32)(x >> HALF_BITS);
}

static inline u32 low(u64 x)
{
	return (u32)x;
}

static inline u64 join(u32 high, u32 low)
{
	return (u64)high << HALF_BITS | low;
}

/* Shifts by 0..63. A 32-bit shift by 32 is undefined, hence the cases. */
static inline u64 shift_left(u64 x, unsigned int by)
{
	if (by >= HALF_BITS)
		return join(low(x) << (by - HALF_BITS), 0);
	if (by == 0)
		return x;
	return join(high(x) << by | low(x) >> (HALF_BITS - by), low(x) << by);
}

static inline u64 shift_right(u64 x, unsigned int by)
{
	if (by >= HALF_BITS)
		return high(x) >> (by - HALF_BITS);
	if (by == 0)
		return x;
	return join(high(x) >> by, high(x) << (HALF_BITS - by) | low(x) >> by);
}

/* n / d for d with its top bit set and high(n) < d, so that the quotient has 32 bits. */
static u32 divide_normalised(u64 n, u32 d, u32 *rest)
{
	u32 d1 = d >> 16, d0 = d & 0xffff;
	u32 r = high(n), quotient = 0;

	/*
	 * Two digits of 16 bits. One estimated from d's upper half is at most 2 too large, so
	 * that its product with d0 has 32 bits.
	 */
	for (int shift = 16; shift >= 0; shift -= 16) {
		u32 next = low(n) >> shift & 0xffff;
		u32 digit = r / d1;
		u32 partial = r - digit * d1;

		while (digit * d0 > (partial << 16 | next)) {
			digit--;
			partial += d1;
			if (partial > 0xffff)
				break;
		}
		/* What is left is below d; what overflows on the way cancels out. */
		r = (r << 16 | next) - digit * d;
		quotient = quotient << 16 | digit;
	}
	*rest = r;
	return quotient;
}

/* n / d for high(n) < d. */
static u32 divide_by_half(u64 n, u32 d, u32 *rest)
{
	unsigned int shift = (unsigned int)__builtin_clz(d);
	u32 quotient = divide_normalised(shift_left(n, shift), d << shift, rest);

	*rest >>= shift;
	return quotient;
}

static u64 divide(u64 n, u64 d, u64 *rest)
{
	if (high(d) == 0) {
		u32 upper = 0, upper_rest = high(n), lower, lower_rest;

		if (low(d) == 0) {
			*rest = n;
			return ~0ull;
		}
		if (upper_rest >= low(d)) {
			upper = upper_rest / low(d);
			upper_rest %= low(d);
		}
		if (upper_rest == 0) {
			lower = low(n) / low(d);
			lower_rest = low(n) % low(d);
		} else {
			lower = divide_by_half(join(upper_rest, low(n)), low(d), &lower_rest);
		}
		*rest = lower_rest;
		return join(upper, lower);
	}
	if (n < d) {
		*rest = n;
		return 0;
	}

	/*
	 * The quotient has 32 bits. Dividing by the upper 32 significant bits of d alone makes
	 * it too large by one at most; n is halved to keep that division's quotient in 32 bits.
	 */
	unsigned int shift = (unsigned int)__builtin_clz(high(d));
	u32 ignored;
	u32 estimate = divide_normalised(shift_right(n, 1), high(shift_left(d, shift)), &ignored);
	u32 quotient = estimate >> (HALF_BITS - 1 - shift);

	if (quotient)
		quotient--;
	n -= (u64)quotient * low(d) + ((u64)(quotient * high(d)) << HALF_BITS);
	if (n >= d) {
		n -= d;
		quotient++;
	}
	*rest = n;
	return quotient;
}

static inline u64 magnitude(s64 x)
{
	return x < 0 ? -(u64)x : (u64)x;
}

/* Rounds towards zero; the remainder has the sign of n. */
static s64 divide_signed(s64 n, s64 d, s64 *rest)
{
	u64 r;
	u64 q = divide(magnitude(n), magnitude(d), &r);

	*rest = (s64)(n < 0 ? -r : r);
	return (s64)((n < 0) != (d < 0) ? -q : q);
}

/* n / d; the remainder goes to *rest unless rest is NULL. */
u64 __udivmoddi4(u64 n, u64 d, u64 *rest)
{
	u64 r;
	u64 q = divide(n, d, &r);

	if (rest)
		*rest = r;
	return q;
}

/* n / d, signed; the remainder goes to *rest. */
s64 __divmoddi4(s64 n, s64 d, s64 *rest)
{
	return divide_signed(n, d, rest);
}

/* n / d */
u64 __udivdi3(u64 n, u64 d)
{
	u64 rest;

	return divide(n, d, &rest);
}

/* n % d */
u64 __umoddi3(u64 n, u64 d)
{
	u64 rest;

	divide(n, d, &rest);
	return rest;
}

/* n / d, signed */
s64 __divdi3(s64 n, s64 d)
{
	s64 rest;

	return divide_signed(n, d, &rest);
}

/* n % d, signed */
s64 __moddi3(s64 n, s64 d)
{
	s64 rest;

	divide_signed(n, d, &rest);
	return rest;
}

/* The lower 64 bits of a * b. */
s64 __muldi3(s64 a, s64 b)
{
	u64 x = (u64)a, y = (u64)b;
	u64 product = (u64)low(x) * low(y);

	return (s64)join(high(product) + low(x) * high(y) + high(x) * low(y), low(product));
}

/* x << by, for by = 0..63 */
s64 __ashldi3(s64 x, int by)
{
	return (s64)shift_left((u64)x, (unsigned int)by);
}

/* x >> by without a sign, for by = 0..63 */
s64 __lshrdi3(s64 x, int by)
{
	return (s64)shift_right((u64)x, (unsigned int)by);
}

/* x >> by, for by = 0..63; the sign is shifted in. */
s64 __ashrdi3(s64 x, int by)
{
	u64 sign = x < 0 ? ~0ull : 0;

	/* The complement of a negative number has zeros where it has ones to shift in. */
	return (s64)(shift_right((u64)x ^ sign, (unsigned int)by) ^ sign);
}

#endif
