/* SPDX-License-Identifier: MIT */
/* The integer types and small compiler-level macros that everything uses. */
#ifndef ASSAY_TYPES_H
#define ASSAY_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64; /* %llx on every target */
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef long long s64;

/* An unsigned integer as wide as a general register and a pointer. */
typedef unsigned long ulong; /* %lx */

/* A physical address; wider than a pointer on 32-bit machines with PAE or LPAE. */
typedef u64 phys_t;

#define KiB (1024ull)
#define MiB (1024 * KiB)
#define GiB (1024 * MiB)

#define BIT(n)		     (1ull << (n))
/* The bits high..low, both included, as a u64; 0 <= low <= high <= 63. */
#define BITS(high, low)	     ((~0ull >> (63 - (high))) & (~0ull << (low)))
#define ARRAY_SIZE(a)	     (sizeof(a) / sizeof((a)[0]))
/* align must be a power of two. */
#define ALIGN_DOWN(x, align) ((x) & ~((__typeof__(x))(align)-1))
#define ALIGN_UP(x, align)   ALIGN_DOWN((x) + (align)-1, align)
#define IS_ALIGNED(x, align) (((x) & ((__typeof__(x))(align)-1)) == 0)

#define MIN(a, b)                              \
	({                                     \
		__auto_type min_a = (a);       \
		__auto_type min_b = (b);       \
		min_a < min_b ? min_a : min_b; \
	})
#define MAX(a, b)                              \
	({                                     \
		__auto_type max_a = (a);       \
		__auto_type max_b = (b);       \
		max_a > max_b ? max_a : max_b; \
	})

/* Runs the body with `bit` = the number of each bit set in the u64 `mask`, lowest first. */
#define for_each_set_bit(bit, mask)                                          \
	for (u64 bit##_left = (mask), bit = 0;                               \
	     bit##_left && ((bit = (u64)__builtin_ctzll(bit##_left)), true); \
	     bit##_left &= bit##_left - 1)

#define __packed	    __attribute__((packed))
#define __aligned(n)	    __attribute__((aligned(n)))
#define __section(name)	    __attribute__((section(name)))
#define __used		    __attribute__((used))
#define __unused	    __attribute__((unused))
#define __noinline	    __attribute__((noinline))
#define __always_inline	    inline __attribute__((always_inline))
#define __noreturn	    __attribute__((noreturn))
#define __printf_like(f, a) __attribute__((format(printf, f, a)))

/* Keeps the compiler from moving memory accesses across this point. */
#define barrier() __asm__ volatile("" ::: "memory")

/* One access of exactly the object's width, neither torn, merged nor dropped. */
#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#endif
