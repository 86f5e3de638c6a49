/* SPDX-License-Identifier: MIT */
/* An aligned load or store is one access, not several: no other CPU sees a part of it. */
#include "tearing.h"

#include <test.h>

#include <mm/page.h>
#include <sys/atomic.h>
#include <sys/cpu.h>
#include <sys/time.h>

SUITE("Single-copy atomicity", REQUIRES(cpu_count() > 1));

#define LOOK_NS	    20000000u
/* How often a load must have found something new, and how long the host may take to run both CPUs. */
#define CHANGES	    20
#define PATIENCE_NS 10000000000ull

static struct {
	const struct tearing_row *row;
	void *at;
	u32 end;
} writer;

static void keep_storing(void *arg)
{
	(void)arg;
	for (u8 byte = 0; !atomic_load(&writer.end); byte += (u8)TEARING_BURST)
		writer.row->store(writer.at, byte);
}

static void check_at(const struct tearing_row *row, void *at)
{
	u64 start = clock_ns(), spent = 0;
	u32 torn = 0, changes = 0;

	writer.row = row;
	writer.at = at;
	writer.end = 0;
	cpu_start_work(1, keep_storing, NULL);
	while (!torn && (spent < LOOK_NS || (changes < CHANGES && spent < PATIENCE_NS))) {
		row->load(at, &torn, &changes);
		spent = clock_ns() - start;
	}
	atomic_store(&writer.end, 1);
	cpu_wait(1);
	EXPECT_EQ(torn, 0);
	EXPECT_GE(changes, CHANGES, "the stores were hardly seen");
}

void tearing_check(const struct tearing_row *row)
{
	u8 *page = page_alloc();

	SUBTEST("%s-first-in-a-page", row->name);
	check_at(row, page);
	SUBTEST("%s-second-in-a-page", row->name);
	check_at(row, page + row->size);
	SUBTEST("%s-last-in-64-bytes", row->name);
	check_at(row, page + 64 - row->size);
	SUBTEST("%s-last-in-a-page", row->name);
	check_at(row, page + PAGE_SIZE - row->size);
}

TEARING_ACCESSES(u16)
TEARING_ACCESSES(u32)

static const struct tearing_row rows[] = {
	{ "16-bits", 2, store_u16, load_u16 },
	{ "32-bits", 4, store_u32, load_u32 },
};

TEST(aligned_access_is_not_torn, "an aligned load or store of 16 or 32 bits is one access",
     SPEC("SDM vol. 3A, 8.1.1; DDI 0487, B2.2.1, requirements for single-copy atomicity; "
	  "PoP SA22-7832-13, chapter 5, Block-Concurrent References"))
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		tearing_check(&rows[i]);
}
