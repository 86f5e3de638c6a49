/* SPDX-License-Identifier: MIT */
/* Every CPU does the same atomic operation on one word of some size; what comes out tells if one was lost. */
#ifndef ASSAY_SMP_ATOMICS_H
#define ASSAY_SMP_ATOMICS_H

#include <sys/atomic.h>
#include <sys/cpu.h>
#include <types.h>

/* CPUs beyond this have no bit of their own in a word, and watch. */
static inline bool atomics_has_bit(u32 cpu, u32 size)
{
	return cpu < size * 8;
}

struct atomics_row {
	const char *name;
	u32 size;
	/*
	 * One operation or more, on the word at `memory`, by CPU `cpu`, whose *kept it may use; counts
	 * in *wrong what could not be.
	 */
	void (*step)(void *memory, u32 cpu, u64 *kept, u32 *wrong);
	/* The word and the sum of all CPUs' *kept after `count` steps of all CPUs together. */
	u64 (*word)(u64 count);
	u64 (*sum)(u64 count);
	bool exchanges; /* only the sum of the word and all that is kept is known, which is that of 1 to CPUs */
};

/* Runs the row on all CPUs and expects what it says. */
void atomics_check(const struct atomics_row *row);

u64 atomics_none(u64 count);
u64 atomics_count(u64 count);
u64 atomics_negative_count(u64 count);
u64 atomics_sum_below(u64 count);
u64 atomics_negative_sum_below(u64 count);

/* The functions for words of type `t`. Additions keep the sum of the values that were returned. */
#define ATOMICS_STEPS(t)                                                               \
	static void add_##t(void *memory, u32 cpu, u64 *kept, u32 *wrong)              \
	{                                                                              \
		(void)cpu;                                                             \
		(void)wrong;                                                           \
		*kept += atomic_add((t *)memory, 1);                                   \
	}                                                                              \
	static void sub_##t(void *memory, u32 cpu, u64 *kept, u32 *wrong)              \
	{                                                                              \
		(void)cpu;                                                             \
		(void)wrong;                                                           \
		*kept += atomic_sub((t *)memory, 1);                                   \
	}                                                                              \
	static void compare_exchange_##t(void *memory, u32 cpu, u64 *kept, u32 *wrong) \
	{                                                                              \
		t old;                                                                 \
                                                                                       \
		(void)cpu;                                                             \
		(void)wrong;                                                           \
		do {                                                                   \
			old = atomic_load((t *)memory);                                \
		} while (!atomic_compare_exchange((t *)memory, old, (t)(old + 1)));    \
		*kept += old;                                                          \
	}                                                                              \
	static void exchange_##t(void *memory, u32 cpu, u64 *kept, u32 *wrong)         \
	{                                                                              \
		(void)cpu;                                                             \
		(void)wrong;                                                           \
		*kept = atomic_exchange((t *)memory, (t)*kept);                        \
	}                                                                              \
	/* Nobody else touches the CPU's own bit, and it touches no other. */          \
	static void bits_##t(void *memory, u32 cpu, u64 *kept, u32 *wrong)             \
	{                                                                              \
		const t bit = (t)(1ull << cpu % (8 * sizeof(t)));                      \
                                                                                       \
		(void)kept;                                                            \
		if (!atomics_has_bit(cpu, sizeof(t)))                                  \
			return;                                                        \
		*wrong += !!(atomic_or((t *)memory, bit) & bit);                       \
		*wrong += !(atomic_or((t *)memory, bit) & bit);                        \
		*wrong += !(atomic_and((t *)memory, (t)~bit) & bit);                   \
		*wrong += !!(atomic_and((t *)memory, (t)~bit) & bit);                  \
		*wrong += !!(atomic_xor((t *)memory, bit) & bit);                      \
		*wrong += !(atomic_load((t *)memory) & bit);                           \
		*wrong += !(atomic_xor((t *)memory, bit) & bit);                       \
		*wrong += !!(atomic_load((t *)memory) & bit);                          \
	}

#define ATOMICS_ROWS(t, bits)                                                                   \
	{ "add-" bits, sizeof(t), add_##t, atomics_count, atomics_sum_below, false },           \
		{ "subtract-" bits,	      sizeof(t), sub_##t, atomics_negative_count,       \
		  atomics_negative_sum_below, false },                                          \
		{ "compare-exchange-" bits, sizeof(t), compare_exchange_##t, atomics_count,     \
		  atomics_sum_below,	    false },                                            \
		{ "or-and-xor-" bits, sizeof(t), bits_##t, atomics_none, atomics_none, false }, \
	{                                                                                       \
		"exchange-" bits, sizeof(t), exchange_##t, atomics_none, atomics_none, true     \
	}

#endif
