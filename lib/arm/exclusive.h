/* SPDX-License-Identifier: MIT */
/* Exclusive accesses, one by one: DDI 0487, B2.9; <sys/atomic.h> has what is made of them. */
#ifndef ASSAY_ARM_EXCLUSIVE_H
#define ASSAY_ARM_EXCLUSIVE_H

#include <types.h>

#ifdef __aarch64__
#define LOAD_EXCLUSIVE_	 "ldxr %w0, [%1]"
#define STORE_EXCLUSIVE_ "stxr %w0, %w2, [%1]"
#else
#define LOAD_EXCLUSIVE_	 "ldrex %0, [%1]"
#define STORE_EXCLUSIVE_ "strex %0, %2, [%1]"
#endif

static inline u32 load_exclusive(const u32 *at)
{
	u32 value;

	__asm__ volatile(LOAD_EXCLUSIVE_ : "=r"(value) : "r"(at) : "memory");
	return value;
}

/* True if it stored. */
static inline bool store_exclusive(u32 *at, u32 value)
{
	u32 failed;

	__asm__ volatile(STORE_EXCLUSIVE_ : "=&r"(failed) : "r"(at), "r"(value) : "memory");
	return !failed;
}

static inline void clear_exclusive(void)
{
	__asm__ volatile("clrex" ::: "memory");
}

#endif
