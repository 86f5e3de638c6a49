/* SPDX-License-Identifier: MIT */
/*
 * Atomic operations on one word by all CPUs at once: no update is lost, each returns what was there
 * when it was done, and the bytes around the word stay.
 */
#include "atomics.h"

#include <test.h>

#include <mm/page.h>
#include <string.h>
#include <sys/lock.h>

SUITE("Atomic operations under contention", REQUIRES(cpu_count() > 1));

#define ROUNDS 20000
#define GUARD  0xa5

static struct {
	const struct atomics_row *row;
	struct cpu_barrier start;
	u8 *memory;
	u64 kept[MAX_CPUS];
	u32 wrong[MAX_CPUS];
} contention;

static void contend(void *arg)
{
	const struct atomics_row *row = contention.row;
	u32 cpu = this_cpu()->number, wrong = 0;
	u64 kept = contention.kept[cpu];

	(void)arg;
	cpu_barrier_wait(&contention.start, cpu_count());
	for (u32 round = 0; round < ROUNDS; round++)
		row->step(contention.memory, cpu, &kept, &wrong);
	contention.kept[cpu] = kept;
	contention.wrong[cpu] = wrong;
}

u64 atomics_none(u64 count)
{
	(void)count;
	return 0;
}

u64 atomics_count(u64 count)
{
	return count;
}

u64 atomics_negative_count(u64 count)
{
	return 0 - count;
}

/* 0 + 1 + ... + count - 1. */
u64 atomics_sum_below(u64 count)
{
	return count * (count - 1) / 2;
}

u64 atomics_negative_sum_below(u64 count)
{
	return 0 - atomics_sum_below(count);
}

/* The word at `memory`. */
static u64 load_word(const u8 *memory, u32 size)
{
	switch (size) {
	case 1:
		return *memory;
	case 2:
		return *(const u16 *)memory;
	case 4:
		return *(const u32 *)memory;
	default:
		return *(const u64 *)memory;
	}
}

/* Each CPU keeps one value that it exchanges for the word, so that of all values none is lost or doubled. */
static void give_values(void)
{
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		contention.kept[cpu] = cpu + 1;
}

void atomics_check(const struct atomics_row *row)
{
	const u64 mask = BITS(row->size * 8 - 1, 0), count = (u64)ROUNDS * cpu_count();
	u8 *page = page_alloc(), *memory = page + 8;
	u64 sum = 0, word;

	memset(&contention, 0, sizeof(contention));
	memset(page, GUARD, 24);
	memset(memory, 0, row->size);
	contention.row = row;
	contention.memory = memory;
	if (row->exchanges)
		give_values();
	run_on_all_cpus(contend, NULL);

	word = load_word(memory, row->size);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		sum += contention.kept[cpu];
		EXPECT_EQ(contention.wrong[cpu], 0, "CPU %u", cpu);
	}
	if (row->exchanges) {
		EXPECT_EQ((sum + word) & mask, atomics_sum_below(cpu_count() + 1) & mask);
	} else {
		EXPECT_EQ(word, row->word(count) & mask);
		EXPECT_EQ(sum & mask, row->sum(count) & mask, "the sum of the values returned");
	}
	for (u32 i = 0; i < 24; i++) {
		if (i < 8 || i >= 8 + row->size)
			EXPECT_EQ(page[i], GUARD, "%d bytes from the word", (int)i - 8);
	}
}

ATOMICS_STEPS(u8)
ATOMICS_STEPS(u16)
ATOMICS_STEPS(u32)

static const struct atomics_row rows[] = {
	ATOMICS_ROWS(u8, "8"),
	ATOMICS_ROWS(u16, "16"),
	ATOMICS_ROWS(u32, "32"),
};

TEST(atomics_lose_nothing, "no atomic update is lost, whatever operation and size",
     SPEC("SDM vol. 3A, 8.1.2.2; DDI 0487, B2.9; PoP SA22-7832-13, chapter 5, "
	  "Interlocked-Update References"))
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		atomics_check(&rows[i]);
	}
}

/* ------------------------------------------------------------------------- words side by side */

static u8 *bytes;

/* Each CPU counts in a byte of its own, of a word that it shares with others, by plain stores. */
static void count_in_own_byte(void *arg)
{
	volatile u8 *mine = bytes + this_cpu()->number;

	(void)arg;
	cpu_barrier_wait(&contention.start, cpu_count());
	for (u32 round = 0; round < ROUNDS; round++)
		*mine = (u8)(*mine + 1);
}

TEST(neighbours_are_kept, "a plain store of a byte changes no byte that another CPU stores to",
     SPEC("SDM vol. 3A, 8.1.1; DDI 0487, B2.2.1; PoP SA22-7832-13, chapter 5, "
	  "Storage-Operand Consistency"))
{
	memset(&contention, 0, sizeof(contention));
	bytes = page_alloc();
	run_on_all_cpus(count_in_own_byte, NULL);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		EXPECT_EQ(bytes[cpu], ROUNDS % 256, "CPU %u", cpu);
}
