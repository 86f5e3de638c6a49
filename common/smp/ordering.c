/* SPDX-License-Identifier: MIT */
/*
 * The order in which CPUs see each other's stores, by what every architecture has: accesses with acquire
 * and release, and full fences. How strong plain accesses are is the architecture's own.
 */
#include <test.h>

#include <string.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/litmus.h>
#include <sys/time.h>

SUITE("Memory ordering between CPUs", REQUIRES(cpu_count() > 1));

/* Role 0 stores to x, role 1 to y; each looks at the other's. */
static volatile u32 *mine(u32 role, u32 slot)
{
	return role ? &litmus.y[slot] : &litmus.x[slot];
}

static volatile u32 *other(u32 role, u32 slot)
{
	return mine(1 - role, slot);
}

static bool neither_seen(u32 slot)
{
	return !litmus.seen[0][slot] && !litmus.seen[1][slot];
}

static void store_fence_load(u32 role, u32 slot)
{
	WRITE_ONCE(*mine(role, slot), 1);
	atomic_fence();
	litmus.seen[role][slot] = READ_ONCE(*other(role, slot));
}

static void exchange_load(u32 role, u32 slot)
{
	atomic_exchange(mine(role, slot), 1);
	litmus.seen[role][slot] = atomic_load(other(role, slot));
}

TEST(store_buffering,
     "of two CPUs that store and then load each other's word, with a full fence, one sees the store",
     SPEC("SDM vol. 3A, 8.2.5; DDI 0487, B2.3.7, DMB; PoP SA22-7832-13, chapter 5, "
	  "CPU Serialization"))
{
	static const struct {
		const char *name;
		litmus_program program;
	} rows[] = {
		{ "fence", store_fence_load },
		{ "atomic-exchange", exchange_load },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		EXPECT_EQ(litmus_run(rows[i].program, 2, neither_seen), 0);
	}
}

static void load_then_store(u32 role, u32 slot)
{
	litmus.seen[role][slot] = atomic_load_acquire(other(role, slot));
	atomic_store_release(mine(role, slot), 1);
}

static bool both_seen(u32 slot)
{
	return litmus.seen[0][slot] && litmus.seen[1][slot];
}

TEST(load_buffering, "a store with release is not seen before the loads that precede it are done",
     SPEC("SDM vol. 3A, 8.2.3.3; DDI 0487, B2.3.7; PoP SA22-7832-13, chapter 5, "
	  "Storage-Operand References"))
{
	EXPECT_EQ(litmus_run(load_then_store, 2, both_seen), 0);
}

#define SEEN_FLAG 2
#define SEEN_DATA 1

static void pass_by_release(u32 role, u32 slot)
{
	if (role) {
		if (atomic_load_acquire(&litmus.y[slot]))
			litmus.seen[1][slot] |= SEEN_FLAG;
		if (READ_ONCE(litmus.x[slot]))
			litmus.seen[1][slot] |= SEEN_DATA;
	} else {
		WRITE_ONCE(litmus.x[slot], 1);
		atomic_store_release(&litmus.y[slot], 1);
	}
}

static void pass_by_fence(u32 role, u32 slot)
{
	if (role) {
		if (READ_ONCE(litmus.y[slot]))
			litmus.seen[1][slot] |= SEEN_FLAG;
		atomic_fence();
		if (READ_ONCE(litmus.x[slot]))
			litmus.seen[1][slot] |= SEEN_DATA;
	} else {
		WRITE_ONCE(litmus.x[slot], 1);
		atomic_fence();
		WRITE_ONCE(litmus.y[slot], 1);
	}
}

static bool flag_without_data(u32 slot)
{
	return litmus.seen[1][slot] == SEEN_FLAG;
}

TEST(message_passing, "who sees the flag that was stored after the data sees the data too",
     SPEC("SDM vol. 3A, 8.2.3.2; DDI 0487, B2.3.7; PoP SA22-7832-13, chapter 5, "
	  "Storage-Operand References"))
{
	SUBTEST("release-and-acquire");
	EXPECT_EQ(litmus_run(pass_by_release, 2, flag_without_data), 0);
	SUBTEST("fences");
	EXPECT_EQ(litmus_run(pass_by_fence, 2, flag_without_data), 0);
}

/* Two stores of one CPU to one word, and two loads of another one. */
static void load_twice(u32 role, u32 slot)
{
	if (role) {
		u32 first = READ_ONCE(litmus.x[slot]), second = READ_ONCE(litmus.x[slot]);

		litmus.seen[1][slot] = first > second;
	} else {
		WRITE_ONCE(litmus.x[slot], 1);
		WRITE_ONCE(litmus.x[slot], 2);
		litmus.seen[0][slot] = READ_ONCE(litmus.x[slot]) != 2;
	}
}

static bool went_back(u32 slot)
{
	return litmus.seen[0][slot] || litmus.seen[1][slot];
}

TEST(coherence,
     "loads of one word never see an older value after a newer one, its own store included",
     SPEC("SDM vol. 3A, 8.2.2; DDI 0487, B2.3.5, internal visibility requirement; "
	  "PoP SA22-7832-13, chapter 5, Storage-Operand References"))
{
	EXPECT_EQ(litmus_run(load_twice, 2, went_back), 0);
}

static void two_writers_two_readers(u32 role, u32 slot)
{
	u32 first, second;

	switch (role) {
	case 0:
		atomic_store(&litmus.x[slot], 1);
		return;
	case 1:
		atomic_store(&litmus.y[slot], 1);
		return;
	case 2:
		first = atomic_load(&litmus.x[slot]);
		second = atomic_load(&litmus.y[slot]);
		break;
	default:
		first = atomic_load(&litmus.y[slot]);
		second = atomic_load(&litmus.x[slot]);
	}
	litmus.seen[role][slot] = first == 1 && second == 0;
}

static bool disagreed(u32 slot)
{
	return litmus.seen[2][slot] && litmus.seen[3][slot];
}

TEST(one_order_for_all, "two CPUs see independent stores of two others in the same order",
     SPEC("SDM vol. 3A, 8.2.3.7; DDI 0487, B2.3.5, other-multi-copy atomicity; "
	  "PoP SA22-7832-13, chapter 5, Storage-Operand References"),
	  REQUIRES(cpu_count() >= 4))
{
	EXPECT_EQ(litmus_run(two_writers_two_readers, 4, disagreed), 0);
}

/* ------------------------------------------------------------------ a stream of stores to two words */

/* New values that the reader has to see, and how long the host may take to run both CPUs at once for that. */
#define STREAM_NS	   30000000u
#define STREAM_VALUES	   100
#define STREAM_PATIENCE_NS 10000000000ull

static struct {
	u32 first __aligned(64);
	u32 second __aligned(64);
	u32 enough; /* the reader has seen what it wanted */
	u32 stop;   /* the writer has stopped */
} stream;

static void write_stream(void *arg)
{
	u64 begin = clock_ns(), spent = 0;
	u32 i = 1;

	(void)arg;
	while (spent < STREAM_NS || (!atomic_load(&stream.enough) && spent < STREAM_PATIENCE_NS)) {
		for (u32 j = 0; j < 100; j++, i++) {
			WRITE_ONCE(stream.first, i);
			atomic_store_release(&stream.second, i);
		}
		spent = clock_ns() - begin;
	}
	atomic_store(&stream.stop, 1);
}

TEST(stores_in_order, "a reader never sees a word ahead of one that was stored before it",
     SPEC("SDM vol. 3A, 8.2.3.2; DDI 0487, B2.3.7; PoP SA22-7832-13, chapter 5, "
	  "Storage-Operand References"))
{
	u32 behind = 0, backwards = 0, last = 0, values = 0;

	memset(&stream, 0, sizeof(stream));
	cpu_start_work(1, write_stream, NULL);
	while (!atomic_load(&stream.stop)) {
		u32 second = atomic_load_acquire(&stream.second);
		u32 first = READ_ONCE(stream.first);

		behind += (s32)(first - second) < 0;
		backwards += (s32)(second - last) < 0;
		values += second != last;
		if (values == STREAM_VALUES)
			atomic_store(&stream.enough, 1);
		last = second;
	}
	cpu_wait(1);
	EXPECT_EQ(behind, 0);
	EXPECT_EQ(backwards, 0);
	EXPECT_GT(values, 0, "the reader never saw the stream move");
	if (values < STREAM_VALUES)
		SKIP("the host is too busy: the reader saw only %u values", values);
}
