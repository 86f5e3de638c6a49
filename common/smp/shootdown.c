/* SPDX-License-Identifier: MIT */
/*
 * Changing page tables that other CPUs use. A CPU may go on with translations that it has cached until
 * they are flushed: on all CPUs by one instruction, or on each by itself. After that none uses an old one.
 *
 * All CPUs are at the same piece of work throughout: between two of them the library brings each CPU's
 * state back, its TLB included.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <sys/cpu.h>
#include <sys/lock.h>

SUITE("TLB shootdown", REQUIRES(cpu_count() > 1));

#define MANUALS                                                             \
	"SDM vol. 3A, 4.10.4.1, 4.10.5; DDI 0487, D8.13, TLB maintenance; " \
	"PoP SA22-7832-13, chapter 3, Modification of Translation Tables"

static u32 *page;
static u32 *pages[2];

static void read_word(void *address)
{
	(void)*(volatile u32 *)address;
}

static void write_word(void *address)
{
	*(volatile u32 *)address = 0x55;
}

static void flush_page(void)
{
	arch_tlb_flush_page((ulong)page);
}

static const struct {
	const char *name;
	void (*flush)(void);
} ways[] = {
	{ "the-page", flush_page },
	{ "everything", arch_tlb_flush_all },
};

/* One change of what `page` is: what all CPUs see before it, one CPU makes it, what all see after it. */
struct change {
	void (*expect_before)(void);
	void (*make)(void);
	void (*expect_after)(void);
	void (*undo)(void);
};

static struct {
	const struct change *change;
	void (*flush)(void);
	struct cpu_barrier barrier;
} shootdown;

static void meet(void)
{
	cpu_barrier_wait(&shootdown.barrier, cpu_count());
}

/* Each CPU in turn makes the change. */
static void shoot_down(void *arg)
{
	const struct change *change = shootdown.change;
	u32 self = this_cpu()->number;

	(void)arg;
	for (u32 changer = 0; changer < cpu_count(); changer++) {
		change->expect_before();
		meet();
		if (self == changer)
			change->make();
		meet();
		shootdown.flush();
		change->expect_after();
		meet();
		if (self == changer)
			change->undo();
		meet();
		shootdown.flush();
	}
}

static void check_change(const struct change *change)
{
	for (u32 way = 0; way < ARRAY_SIZE(ways); way++) {
		SUBTEST("%s", ways[way].name);
		memset(&shootdown, 0, sizeof(shootdown));
		shootdown.change = change;
		shootdown.flush = ways[way].flush;
		run_on_all_cpus(shoot_down, NULL);
	}
}

static void expect_writable(void)
{
	EXPECT_NO_FAULT(fault_of(write_word, page));
	EXPECT_NO_FAULT(run_user(write_word, page));
}

static void map_again(void)
{
	space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_ALL);
}

/* ------------------------------------------------------------------------------------- permissions */

static void make_read_only(void)
{
	space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_USER);
}

static void expect_read_only(void)
{
	EXPECT_FAULT(space_fault(ACCESS_WRITE, false, false, page), fault_of(write_word, page));
	EXPECT_FAULT(space_fault(ACCESS_WRITE, true, false, page), run_user(write_word, page));
	EXPECT_NO_FAULT(fault_of(read_word, page));
	EXPECT_NO_FAULT(run_user(read_word, page));
}

TEST(shootdown_of_write_permission,
     "after a shootdown no CPU writes to a page that was made read-only", SPEC(MANUALS))
{
	static const struct change change = { expect_writable, make_read_only, expect_read_only,
					      map_again };

	page = page_alloc();
	check_change(&change);
}

/* ---------------------------------------------------------------------------------------- presence */

static void unmap(void)
{
	space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
}

static void expect_absent(void)
{
	EXPECT_FAULT(space_fault(ACCESS_WRITE, false, true, page), fault_of(write_word, page));
	EXPECT_FAULT(space_fault(ACCESS_READ, false, true, page), fault_of(read_word, page));
	EXPECT_FAULT(space_fault(ACCESS_READ, true, true, page), run_user(read_word, page));
}

TEST(shootdown_of_presence, "after a shootdown every CPU faults on a page that is gone",
     SPEC(MANUALS))
{
	static const struct change change = { expect_writable, unmap, expect_absent, map_again };

	page = page_alloc();
	check_change(&change);
}

/* ----------------------------------------------------------------------------------------- mapping */

/* Absent in between and flushed for this CPU: DDI 0487, D8.13.1, "break-before-make". */
static void map_to(const u32 *to)
{
	unmap();
	space_map(space_kernel(), (ulong)page, (ulong)to, PAGE_SIZE, PROT_ALL);
}

static void map_first(void)
{
	map_to(pages[0]);
}

static void map_second(void)
{
	map_to(pages[1]);
}

static void expect_first(void)
{
	EXPECT_EQ(READ_ONCE(*page), 0x1111);
}

static void expect_second(void)
{
	EXPECT_EQ(READ_ONCE(*page), 0x2222);
}

TEST(shootdown_of_mapping, "after a shootdown every CPU reads the page that the table maps now",
     SPEC(MANUALS))
{
	static const struct change change = { expect_first, map_second, expect_second, map_first };

	for (u32 i = 0; i < 2; i++) {
		pages[i] = page_alloc();
		*pages[i] = 0x1111 * (i + 1);
	}
	page = page_alloc();
	map_first();
	check_change(&change);
}
