/* SPDX-License-Identifier: MIT */
/*
 * Locked instructions are atomic whatever their size and place: SDM vol. 3A, 8.1.2.2 ("the integrity of
 * a bus lock is not affected by the alignment of the memory field"), and XCHG is locked without prefix.
 */
#include "atomic.h"

#include <test.h>

#include <mm/page.h>
#include <string.h>
#include <sys/cpu.h>
#include <sys/atomic.h>
#include <sys/landing.h>
#include <sys/lock.h>
#include <x86/cpuid.h>

SUITE("Locked instructions under contention", REQUIRES(cpu_count() > 1));

#define GUARD 0xa5

static struct {
	atomic_op op;
	void *memory;
	struct cpu_barrier start;
} contention;

struct atomic_place atomic_place(u32 index, u32 size)
{
	switch (index) {
	case 0:
		return (struct atomic_place){ "aligned", 64 };
	case 1:
		return (struct atomic_place){ "misaligned", 64 + 1 };
	case 2:
		return (struct atomic_place){ "across-a-cache-line", 128 - size / 2 };
	default:
		return (struct atomic_place){ "across-a-page", PAGE_SIZE - size / 2 };
	}
}

void *atomic_memory(struct atomic_place place)
{
	u8 *pages = pages_alloc(2, PAGE_SIZE);

	memset(pages, GUARD, 2 * PAGE_SIZE);
	return pages + place.offset;
}

bool atomic_guards_intact(const void *memory, u32 size)
{
	const u8 *bytes = memory;

	for (u32 i = 1; i <= 16; i++) {
		if (bytes[-(int)i] != GUARD || bytes[size - 1 + i] != GUARD)
			return false;
	}
	return true;
}

static void contend(void *arg)
{
	u32 cpu = this_cpu()->number;

	(void)arg;
	cpu_barrier_wait(&contention.start, cpu_count());
	for (u32 round = 0; round < ATOMIC_ROUNDS; round++)
		contention.op(contention.memory, cpu, round);
}

u32 atomic_contend(atomic_op op, void *memory)
{
	memset(&contention, 0, sizeof(contention));
	contention.op = op;
	contention.memory = memory;
	run_on_all_cpus(contend, NULL);
	return cpu_count() * ATOMIC_ROUNDS;
}

/* -------------------------------------------------------------------------------- the instructions */

/* Helpers for operands of 8, 16 and 32 bits: `t` the type, `s` the suffix. Each adds one. */
#define DEFINE_OPS_(t, s, reg)                                                                     \
	static void lock_inc_##t(void *memory, u32 cpu, u32 round)                                 \
	{                                                                                          \
		(void)cpu;                                                                         \
		(void)round;                                                                       \
		__asm__ volatile("lock inc" s " %0" : "+m"(*(t *)memory) : : "cc");                \
	}                                                                                          \
	static void lock_add_##t(void *memory, u32 cpu, u32 round)                                 \
	{                                                                                          \
		(void)cpu;                                                                         \
		(void)round;                                                                       \
		__asm__ volatile("lock add" s " %1, %0" : "+m"(*(t *)memory) : reg((t)1) : "cc");  \
	}                                                                                          \
	static void lock_sub_##t(void *memory, u32 cpu, u32 round)                                 \
	{                                                                                          \
		(void)cpu;                                                                         \
		(void)round;                                                                       \
		__asm__ volatile("lock sub" s " %1, %0" : "+m"(*(t *)memory) : reg((t)-1) : "cc"); \
	}                                                                                          \
	static void lock_xadd_##t(void *memory, u32 cpu, u32 round)                                \
	{                                                                                          \
		t one = 1;                                                                         \
                                                                                                   \
		(void)cpu;                                                                         \
		(void)round;                                                                       \
		__asm__ volatile("lock xadd" s " %1, %0"                                           \
				 : "+m"(*(t *)memory), "+q"(one)                                   \
				 :                                                                 \
				 : "cc");                                                          \
	}                                                                                          \
	static void lock_cmpxchg_##t(void *memory, u32 cpu, u32 round)                             \
	{                                                                                          \
		t seen = *(volatile t *)memory, before;                                            \
                                                                                                   \
		(void)cpu;                                                                         \
		(void)round;                                                                       \
		do {                                                                               \
			before = seen;                                                             \
			__asm__ volatile("lock cmpxchg" s " %2, %0"                                \
					 : "+m"(*(t *)memory), "+a"(seen)                          \
					 : "q"((t)(before + 1))                                    \
					 : "cc");                                                  \
		} while (seen != before);                                                          \
	}

DEFINE_OPS_(u8, "b", "qi")
DEFINE_OPS_(u16, "w", "ri")
DEFINE_OPS_(u32, "l", "ri")

/* Each of these adds 1 each time: the final value is the number of operations, as far as it fits. */
static const struct {
	const char *name;
	u32 size;
	atomic_op op;
} adders[] = {
	{ "lock-inc-8", 1, lock_inc_u8 },	    { "lock-inc-16", 2, lock_inc_u16 },
	{ "lock-inc-32", 4, lock_inc_u32 },	    { "lock-add-8", 1, lock_add_u8 },
	{ "lock-add-16", 2, lock_add_u16 },	    { "lock-add-32", 4, lock_add_u32 },
	{ "lock-sub-8", 1, lock_sub_u8 },	    { "lock-sub-16", 2, lock_sub_u16 },
	{ "lock-sub-32", 4, lock_sub_u32 },	    { "lock-xadd-8", 1, lock_xadd_u8 },
	{ "lock-xadd-16", 2, lock_xadd_u16 },	    { "lock-xadd-32", 4, lock_xadd_u32 },
	{ "lock-cmpxchg-8", 1, lock_cmpxchg_u8 },   { "lock-cmpxchg-16", 2, lock_cmpxchg_u16 },
	{ "lock-cmpxchg-32", 4, lock_cmpxchg_u32 },
};

TEST(locked_adds_count, "no locked addition is lost, whatever its size and alignment",
     SPEC("SDM vol. 3A, 8.1.2.2"))
{
	for (u32 i = 0; i < ARRAY_SIZE(adders); i++) {
		for (u32 p = 0; p < (adders[i].size == 1 ? 1 : ATOMIC_PLACES); p++) {
			struct atomic_place place = atomic_place(p, adders[i].size);
			void *memory = atomic_memory(place);
			u32 expected, sum = 0;

			SUBTEST("%s-%s", adders[i].name, place.name);
			memset(memory, 0, adders[i].size);
			expected = atomic_contend(adders[i].op, memory);
			memcpy(&sum, memory, adders[i].size);
			EXPECT_EQ(sum, expected & (u32)BITS(adders[i].size * 8 - 1, 0));
			EXPECT(atomic_guards_intact(memory, adders[i].size));
		}
	}
}

static void lock_cmpxchg8b_inc(void *memory, u32 cpu, u32 round)
{
	u32 low = ((volatile u32 *)memory)[0], high = ((volatile u32 *)memory)[1];
	bool done;

	(void)cpu;
	(void)round;
	/* The two halves count in step: a torn access shows as halves that differ. */
	do {
		__asm__ volatile("lock cmpxchg8b %0\n"
				 "setz %1"
				 : "+m"(*(u64 *)memory), "=qm"(done), "+a"(low), "+d"(high)
				 : "b"(low + 1), "c"(high + 1)
				 : "cc");
	} while (!done);
}

TEST(cmpxchg8b_counts, "LOCK CMPXCHG8B exchanges eight bytes as one, at any alignment",
     SPEC("SDM vol. 3A, 8.1.2.2; vol. 2A, CMPXCHG8B"), REQUIRES(cpu_has(X86_FEATURE_CX8)))
{
	for (u32 p = 0; p < ATOMIC_PLACES; p++) {
		struct atomic_place place = atomic_place(p, 8);
		u32 *memory = atomic_memory(place);
		u32 expected;

		SUBTEST("%s", place.name);
		memset(memory, 0, 8);
		expected = atomic_contend(lock_cmpxchg8b_inc, memory);
		EXPECT_EQ(memory[0], expected);
		EXPECT_EQ(memory[1], expected);
		EXPECT(atomic_guards_intact(memory, 8));
	}
}

/* --------------------------------------------------------------------------------- exchange and bits */

static u32 critical, xchg_size;

/* A lock made of XCHG without prefix, and the plain counter that it protects. */
static void xchg_lock(void *memory, u32 cpu, u32 round)
{
	u32 taken = 1;

	(void)cpu;
	if (round >= 40)
		return;
	do {
		taken = 1;
		if (xchg_size == 1)
			__asm__ volatile("xchgb %b1, %0" : "+m"(*(u8 *)memory), "+q"(taken));
		else if (xchg_size == 2)
			__asm__ volatile("xchgw %w1, %0" : "+m"(*(u16 *)memory), "+r"(taken));
		else
			__asm__ volatile("xchgl %1, %0" : "+m"(*(u32 *)memory), "+r"(taken));
		if (taken)
			arch_relax();
	} while (taken && !landing_is_ending());
	WRITE_ONCE(critical, READ_ONCE(critical) + 1);
	barrier();
	if (xchg_size == 1)
		*(volatile u8 *)memory = 0;
	else if (xchg_size == 2)
		*(volatile u16 *)memory = 0;
	else
		*(volatile u32 *)memory = 0;
}

TEST(xchg_is_locked, "XCHG with memory is locked without a LOCK prefix: a lock made of it excludes",
     SPEC("SDM vol. 3A, 8.1.2.1"))
{
	for (xchg_size = 1; xchg_size <= 4; xchg_size *= 2) {
		u32 *memory = atomic_memory(atomic_place(0, xchg_size));

		SUBTEST("%u-bits", xchg_size * 8);
		memset(memory, 0, 4);
		critical = 0;
		atomic_contend(xchg_lock, memory);
		EXPECT_EQ(critical, cpu_count() * 40);
	}
}

/* Each CPU has one bit of the word, sets it and clears it: a lost update shows as a wrong own bit. */
static u32 own_bit_errors;

static void lock_or_and(void *memory, u32 cpu, u32 round)
{
	u32 bit = 1u << (cpu % 32);

	(void)round;
	if (cpu >= 32)
		return;
	__asm__ volatile("lock orl %1, %0" : "+m"(*(u32 *)memory) : "r"(bit) : "cc");
	if (!(*(volatile u32 *)memory & bit))
		atomic_add(&own_bit_errors, 1);
	__asm__ volatile("lock andl %1, %0" : "+m"(*(u32 *)memory) : "r"(~bit) : "cc");
	if (*(volatile u32 *)memory & bit)
		atomic_add(&own_bit_errors, 1);
	__asm__ volatile("lock xorl %1, %0" : "+m"(*(u32 *)memory) : "r"(bit) : "cc");
	if (!(*(volatile u32 *)memory & bit))
		atomic_add(&own_bit_errors, 1);
	__asm__ volatile("lock xorl %1, %0" : "+m"(*(u32 *)memory) : "r"(bit) : "cc");
}

/* The same with the bit instructions, which also say what the bit was. */
static void lock_bit(void *memory, u32 cpu, u32 round)
{
	bool was_set[4];

	(void)round;
	if (cpu >= 32)
		return;
	__asm__ volatile("lock btsl %2, %0\n"
			 "setc %1"
			 : "+m"(*(u32 *)memory), "=qm"(was_set[0])
			 : "r"(cpu)
			 : "cc");
	__asm__ volatile("lock btrl %2, %0\n"
			 "setc %1"
			 : "+m"(*(u32 *)memory), "=qm"(was_set[1])
			 : "r"(cpu)
			 : "cc");
	__asm__ volatile("lock btcl %2, %0\n"
			 "setc %1"
			 : "+m"(*(u32 *)memory), "=qm"(was_set[2])
			 : "r"(cpu)
			 : "cc");
	__asm__ volatile("lock btcl %2, %0\n"
			 "setc %1"
			 : "+m"(*(u32 *)memory), "=qm"(was_set[3])
			 : "r"(cpu)
			 : "cc");
	if (was_set[0] || !was_set[1] || was_set[2] || !was_set[3])
		atomic_add(&own_bit_errors, 1);
}

/* All CPUs try for the same bit in each word: it has one winner, who saw it clear. */
static void win_bit(void *memory, u32 cpu, u32 round)
{
	bool was_set;

	(void)cpu;
	__asm__ volatile("lock btsl %2, %0\n"
			 "setc %1"
			 : "+m"(*(u32(*)[ATOMIC_ROUNDS / 32]) memory), "=qm"(was_set)
			 : "r"(round)
			 : "cc");
	if (!was_set)
		atomic_add(&critical, 1);
}

TEST(bit_has_one_winner, "of CPUs that set a bit with LOCK BTS exactly one sees it clear",
     SPEC("SDM vol. 3A, 8.1.2.2; vol. 2A, BTS"))
{
	u32 *map = page_alloc();

	critical = 0;
	atomic_contend(win_bit, map);
	EXPECT_EQ(critical, ATOMIC_ROUNDS);
	for (u32 i = 0; i < ATOMIC_ROUNDS / 32; i++)
		EXPECT_EQ(map[i], ~0u, "word %u", i);
}

/* Each CPU has a bit of its own in the word, which is 0 before and after. */
static void contend_for_bits(atomic_op op)
{
	for (u32 p = 0; p < ATOMIC_PLACES; p++) {
		struct atomic_place place = atomic_place(p, 4);
		u32 *memory = atomic_memory(place);

		SUBTEST("%s", place.name);
		memset(memory, 0, 4);
		own_bit_errors = 0;
		atomic_contend(op, memory);
		EXPECT_EQ(own_bit_errors, 0);
		EXPECT_EQ(*memory, 0);
		EXPECT(atomic_guards_intact(memory, 4));
	}
}

TEST(bits_keep_other_bits,
     "LOCK BTS, BTR and BTC change no bit that another CPU changes at the same time",
     SPEC("SDM vol. 3A, 8.1.2.2; vol. 2A, BTC, BTR, BTS"))
{
	contend_for_bits(lock_bit);
}

TEST(logic_keeps_other_bits,
     "LOCK OR, AND and XOR change no bit that another CPU sets at the same time",
     SPEC("SDM vol. 3A, 8.1.2.2"))
{
	contend_for_bits(lock_or_and);
}
