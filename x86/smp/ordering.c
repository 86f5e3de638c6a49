/* SPDX-License-Identifier: MIT */
/*
 * Memory ordering between CPUs: SDM vol. 3A, 8.2. Litmus tests: two CPUs run the same short program on
 * many pairs of words; an outcome that the manual forbids must never be seen. That it is not seen proves
 * nothing on its own: these cases can only catch a machine that shows it.
 */
#include <test.h>

#include <mm/page.h>
#include <string.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/lock.h>
#include <sys/time.h>

SUITE("Memory ordering between CPUs", REQUIRES(cpu_count() > 1));

#define SLOTS 32768

/* A pair of words on cache lines of their own would hide store buffers: they lie in separate arrays. */
static struct {
	volatile u32 *x, *y;
	u32 seen[2][SLOTS];
	volatile u32 at[2]; /* the slot that each is at */
	struct cpu_barrier start;
	void (*program)(u32 role, u32 slot);
} litmus;

static void run_role(void *arg)
{
	u32 role = arg ? 1 : 0;

	cpu_barrier_wait(&litmus.start, 2);
	for (u32 slot = 0; slot < SLOTS; slot++) {
		litmus.at[role] = slot;
		/* Together if possible: but the host may not run the other CPU at all now. */
		for (u32 tries = 0; tries < 200 && litmus.at[1 - role] < slot; tries++)
			barrier();
		litmus.program(role, slot);
	}
}

/* Runs the program on CPUs 0 and 1 at once, over all slots. */
static void run_litmus(void (*program)(u32 role, u32 slot))
{
	memset(&litmus, 0, sizeof(litmus));
	litmus.x = pages_alloc(SLOTS * 4 / PAGE_SIZE, PAGE_SIZE);
	litmus.y = pages_alloc(SLOTS * 4 / PAGE_SIZE, PAGE_SIZE);
	litmus.program = program;
	cpu_start_work(1, run_role, &litmus);
	run_role(NULL);
	cpu_wait(1);
	page_free((void *)litmus.x);
	page_free((void *)litmus.y);
}

/* Counts the slots in which the two CPUs saw `first` and `second`. */
static u32 outcomes(u32 first, u32 second)
{
	u32 count = 0;

	for (u32 slot = 0; slot < SLOTS; slot++)
		count += litmus.seen[0][slot] == first && litmus.seen[1][slot] == second;
	return count;
}

/* Each stores to its own word and then reads the other's, with a fence between. */
#define DEFINE_STORE_LOAD_(name, fence)                                                  \
	static void name(u32 role, u32 slot)                                             \
	{                                                                                \
		volatile u32 *mine = role ? &litmus.y[slot] : &litmus.x[slot];           \
		volatile u32 *other = role ? &litmus.x[slot] : &litmus.y[slot];          \
		u32 scratch = 0;                                                         \
                                                                                         \
		*mine = 1;                                                               \
		__asm__ volatile(fence : "+r"(scratch) : "m"(scratch) : "memory", "cc"); \
		litmus.seen[role][slot] = *other;                                        \
	}

DEFINE_STORE_LOAD_(store_mfence_load, "mfence")
DEFINE_STORE_LOAD_(store_xchg_load, "xchgl %0, %1")
DEFINE_STORE_LOAD_(store_lock_or_load, "lock orl $0, %1")

static void xchg_store_load(u32 role, u32 slot)
{
	volatile u32 *mine = role ? &litmus.y[slot] : &litmus.x[slot];
	volatile u32 *other = role ? &litmus.x[slot] : &litmus.y[slot];
	u32 one = 1;

	__asm__ volatile("xchgl %0, %1" : "+r"(one), "+m"(*mine) : : "memory");
	litmus.seen[role][slot] = *other;
}

TEST(store_load_with_fence,
     "of two CPUs that store, fence and load each other's word one sees the store",
     SPEC("SDM vol. 3A, 8.2.3.8, 8.2.3.9, 8.2.5, 8.3"))
{
	static const struct {
		const char *name;
		void (*program)(u32 role, u32 slot);
	} rows[] = {
		{ "MFENCE", store_mfence_load },
		{ "XCHG-of-another-word", store_xchg_load },
		{ "LOCK-OR-of-another-word", store_lock_or_load },
		{ "XCHG-as-the-store", xchg_store_load },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		run_litmus(rows[i].program);
		EXPECT_EQ(outcomes(0, 0), 0);
	}
}

static void load_then_store(u32 role, u32 slot)
{
	volatile u32 *mine = role ? &litmus.y[slot] : &litmus.x[slot];
	volatile u32 *other = role ? &litmus.x[slot] : &litmus.y[slot];

	litmus.seen[role][slot] = *other;
	barrier();
	*mine = 1;
}

TEST(stores_after_loads, "a store is not seen before the loads that precede it are done",
     SPEC("SDM vol. 3A, 8.2.3.3"))
{
	run_litmus(load_then_store);
	EXPECT_EQ(outcomes(1, 1), 0);
}

static void store_both(u32 role, u32 slot)
{
	if (role) {
		litmus.seen[1][slot] = litmus.y[slot] * 2;
		barrier();
		litmus.seen[1][slot] |= litmus.x[slot];
	} else {
		litmus.x[slot] = 1;
		barrier();
		litmus.y[slot] = 1;
	}
}

TEST(message_passing, "who sees the later of two stores of another CPU sees the earlier one too",
     SPEC("SDM vol. 3A, 8.2.3.2"))
{
	run_litmus(store_both);
	EXPECT_EQ(outcomes(0, 2), 0, "the second store seen, the first one not");
}

/* ------------------------------------------------------------------ a stream of stores to two words */

/* New values that the reader has to see, and how long the host may take to run both CPUs at once for that. */
#define STREAM_VALUES	   100
#define STREAM_PATIENCE_NS 10000000000ull

static struct {
	volatile u32 first __aligned(64);
	volatile u32 second __aligned(64);
	u32 enough; /* the reader has seen what it wanted */
	u32 stop;   /* the writer has stopped */
} stream;

static void write_stream(void *arg)
{
	u64 begin = clock_ns(), spent = 0;
	u32 i = 1;

	(void)arg;
	while (spent < 30000000 || (!atomic_load(&stream.enough) && spent < STREAM_PATIENCE_NS)) {
		for (u32 j = 0; j < 100; j++, i++) {
			stream.first = i;
			stream.second = i;
		}
		spent = clock_ns() - begin;
	}
	atomic_store(&stream.stop, 1);
}

TEST(stores_in_order, "a reader never sees a word ahead of one that was stored before it",
     SPEC("SDM vol. 3A, 8.2.3.2"))
{
	u32 behind = 0, backwards = 0, last = 0, values = 0;

	memset(&stream, 0, sizeof(stream));
	cpu_start_work(1, write_stream, NULL);
	while (!atomic_load(&stream.stop)) {
		u32 second = stream.second;
		u32 first;

		barrier();
		first = stream.first;
		behind += first < second;
		backwards += second < last;
		values += second != last;
		if (values == STREAM_VALUES)
			atomic_store(&stream.enough, 1);
		last = second;
	}
	cpu_wait(1);
	EXPECT_EQ(behind, 0);
	EXPECT_EQ(backwards, 0);
	EXPECT_GE(values, STREAM_VALUES, "the reader hardly saw the stream");
}

/* ------------------------------------------------------------------------------- mutual exclusion */

#define CRITICAL_ROUNDS 60

static struct {
	volatile u32 wants[2], turn;
	u32 counter;
	volatile u32 inside;
	u32 intruders;
} dekker;

/* Peterson's algorithm: correct with a fence between the stores and the loads, and only then. */
static void count_exclusively(void *arg)
{
	u32 self = arg ? 1 : 0, other = 1 - self;

	for (u32 round = 0; round < CRITICAL_ROUNDS && !run_is_ending(); round++) {
		dekker.wants[self] = 1;
		dekker.turn = other;
		__asm__ volatile("mfence" ::: "memory");
		while (dekker.wants[other] && dekker.turn == other && !run_is_ending())
			arch_relax();
		if (dekker.inside)
			atomic_add(&dekker.intruders, 1);
		dekker.inside = 1;
		WRITE_ONCE(dekker.counter, READ_ONCE(dekker.counter) + 1);
		dekker.inside = 0;
		barrier();
		dekker.wants[self] = 0;
	}
}

TEST(mutual_exclusion_by_fence,
     "Peterson's algorithm with MFENCE keeps two CPUs out of each other's way",
     SPEC("SDM vol. 3A, 8.2.5"))
{
	memset((void *)&dekker, 0, sizeof(dekker));
	cpu_start_work(1, count_exclusively, &dekker);
	count_exclusively(NULL);
	cpu_wait(1);
	EXPECT_EQ(dekker.intruders, 0);
	EXPECT_EQ(dekker.counter, 2 * CRITICAL_ROUNDS);
}
