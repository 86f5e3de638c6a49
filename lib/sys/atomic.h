/* SPDX-License-Identifier: MIT */
/*
 * Atomic operations on integers of 8, 16 and 32 bits, and of 64 bits on 64-bit machines, sequentially
 * consistent (C11, 7.17.3) where the name does not say otherwise. A u64 does not even link on all 32-bit machines, so that u32 is what
 * shared counters should be.
 */
#ifndef ASSAY_SYS_ATOMIC_H
#define ASSAY_SYS_ATOMIC_H

#include <types.h>

#define atomic_load(p)	      __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define atomic_store(p, v)    __atomic_store_n(p, v, __ATOMIC_SEQ_CST)
/* These return the value before the operation. */
#define atomic_add(p, v)      __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST)
#define atomic_sub(p, v)      __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST)
#define atomic_or(p, v)	      __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST)
#define atomic_and(p, v)      __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST)
#define atomic_xor(p, v)      __atomic_fetch_xor(p, v, __ATOMIC_SEQ_CST)
#define atomic_exchange(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)

/* For messages between CPUs: what precedes the release is seen by who has acquired its value. */
#define atomic_load_acquire(p)	   __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define atomic_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/* Every access before it comes before every access after it, as all CPUs see them. */
#define atomic_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* Stores `desired` if *p is `expected`; true if it was. */
#define atomic_compare_exchange(p, expected, desired)                                           \
	({                                                                                      \
		__typeof__(*(p)) cas_expected = (expected);                                     \
		__atomic_compare_exchange_n(p, &cas_expected, desired, false, __ATOMIC_SEQ_CST, \
					    __ATOMIC_SEQ_CST);                                  \
	})

#endif
