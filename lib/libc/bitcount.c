/* SPDX-License-Identifier: MIT */
/*
 * What compilers call to count bits where the machine has no instruction for it that they may
 * use, also on 64-bit machines: popcount on x86-64 before SSE4.2, on arm64 without SIMD, and on
 * s390x. The names and types are libgcc's. All is arithmetic on masks, so that nothing compiles
 * into one of these calls.
 */
#include <types.h>

/* Only compilers call these. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static inline int count_ones32(u32 x)
{
	x -= x >> 1 & 0x55555555;
	x = (x & 0x33333333) + (x >> 2 & 0x33333333);
	x = (x + (x >> 4)) & 0x0f0f0f0f;
	return (int)(x * 0x01010101 >> 24);
}

static inline int count_ones64(u64 x)
{
	return count_ones32((u32)x) + count_ones32((u32)(x >> 32));
}

/* The zeros below the lowest one become ones, everything else zero. */
static inline int trailing_zeros32(u32 x)
{
	return count_ones32(~x & (x - 1));
}

/* All below the highest one become ones. */
static inline int leading_zeros32(u32 x)
{
	x |= x >> 1;
	x |= x >> 2;
	x |= x >> 4;
	x |= x >> 8;
	x |= x >> 16;
	return count_ones32(~x);
}

static inline int trailing_zeros64(u64 x)
{
	return (u32)x ? trailing_zeros32((u32)x) : 32 + trailing_zeros32((u32)(x >> 32));
}

/* The number of ones. */
int __popcountsi2(u32 x)
{
	return count_ones32(x);
}

int __popcountdi2(u64 x)
{
	return count_ones64(x);
}

/* The number of ones modulo 2. */
int __paritysi2(u32 x)
{
	return count_ones32(x) & 1;
}

int __paritydi2(u64 x)
{
	return count_ones64(x) & 1;
}

/* The number of zeros below the lowest one, or all if there is none. */
int __ctzsi2(u32 x)
{
	return trailing_zeros32(x);
}

int __ctzdi2(u64 x)
{
	return trailing_zeros64(x);
}

/* The number of zeros above the highest one, or all if there is none. */
int __clzsi2(u32 x)
{
	return leading_zeros32(x);
}

int __clzdi2(u64 x)
{
	return x >> 32 ? leading_zeros32((u32)(x >> 32)) : 32 + leading_zeros32((u32)x);
}

/* The number of the lowest one, counted from 1; 0 if there is none. */
int __ffssi2(u32 x)
{
	return x ? trailing_zeros32(x) + 1 : 0;
}

int __ffsdi2(u64 x)
{
	return x ? trailing_zeros64(x) + 1 : 0;
}

/* The bytes in reverse order. */
u32 __bswapsi2(u32 x)
{
	x = (x & 0x00ff00ff) << 8 | (x >> 8 & 0x00ff00ff);
	return x << 16 | x >> 16;
}

u64 __bswapdi2(u64 x)
{
	return (u64)__bswapsi2((u32)x) << 32 | __bswapsi2((u32)(x >> 32));
}
