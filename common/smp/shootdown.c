/* SPDX-License-Identifier: MIT */
/*
 * Changing page tables that other CPUs use. A CPU may go on with translations that it has cached until
 * they are flushed: on all CPUs by one instruction, or on each by itself. After that none uses an old one.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <sys/cpu.h>

SUITE("TLB shootdown", REQUIRES(cpu_count() > 1));

#define ROUNDS 8

#define MANUALS                                                             \
	"SDM vol. 3A, 4.10.4.1, 4.10.5; DDI 0487, D8.13, TLB maintenance; " \
	"PoP SA22-7832-13, chapter 3, Modification of Translation Tables"

static u32 *page;

static void read_word(void *address)
{
	(void)*(volatile u32 *)address;
}

static void write_word(void *address)
{
	*(volatile u32 *)address = 0x55;
}

static void flush_page(void *arg)
{
	(void)arg;
	arch_tlb_flush_page((ulong)page);
}

static void flush_all(void *arg)
{
	(void)arg;
	arch_tlb_flush_all();
}

static const struct {
	const char *name;
	void (*flush)(void *arg);
} ways[] = {
	{ "the-page", flush_page },
	{ "everything", flush_all },
};

static void expect_writable(void *arg)
{
	(void)arg;
	EXPECT_NO_FAULT(fault_of(write_word, page));
}

static void expect_read_only(void *arg)
{
	(void)arg;
	EXPECT_FAULT(space_fault(ACCESS_WRITE, false, false, page), fault_of(write_word, page));
	EXPECT_FAULT(space_fault(ACCESS_WRITE, true, false, page), run_user(write_word, page));
	EXPECT_NO_FAULT(fault_of(read_word, page));
}

static void expect_absent(void *arg)
{
	(void)arg;
	EXPECT_FAULT(space_fault(ACCESS_WRITE, false, true, page), fault_of(write_word, page));
	EXPECT_FAULT(space_fault(ACCESS_READ, false, true, page), fault_of(read_word, page));
	EXPECT_FAULT(space_fault(ACCESS_READ, true, true, page), run_user(read_word, page));
}

static void expect_value(void *value)
{
	EXPECT_EQ(*(volatile u32 *)page, *(u32 *)value);
}

TEST(shootdown_of_write_permission,
     "after a shootdown no CPU writes to a page that was made read-only", SPEC(MANUALS))
{
	page = page_alloc();
	for (u32 way = 0; way < ARRAY_SIZE(ways); way++) {
		SUBTEST("%s", ways[way].name);
		for (u32 round = 0; round < ROUNDS; round++) {
			run_on_all_cpus(expect_writable, NULL);
			space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_USER);
			run_on_all_cpus(ways[way].flush, NULL);
			run_on_all_cpus(expect_read_only, NULL);
			space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_ALL);
			run_on_all_cpus(ways[way].flush, NULL);
		}
	}
}

TEST(shootdown_of_mapping, "after a shootdown every CPU reads the page that the table maps now",
     SPEC(MANUALS))
{
	u32 *pages[2] = { page_alloc(), page_alloc() };

	page = page_alloc();
	*pages[0] = 0x1111;
	*pages[1] = 0x2222;
	for (u32 way = 0; way < ARRAY_SIZE(ways); way++) {
		SUBTEST("%s", ways[way].name);
		for (u32 round = 0; round < ROUNDS; round++) {
			/* Absent in between, and flushed: nothing else may become of a page that is used. */
			space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
			run_on_all_cpus(ways[way].flush, NULL);
			space_map(space_kernel(), (ulong)page, (ulong)pages[round % 2], PAGE_SIZE,
				  PROT_ALL);
			run_on_all_cpus(expect_value, pages[round % 2]);
		}
	}
}

TEST(shootdown_of_presence,
     "after a shootdown every CPU faults on a page that is gone, and uses it when it is back",
     SPEC(MANUALS))
{
	page = page_alloc();
	for (u32 way = 0; way < ARRAY_SIZE(ways); way++) {
		SUBTEST("%s", ways[way].name);
		for (u32 round = 0; round < ROUNDS; round++) {
			run_on_all_cpus(expect_writable, NULL);
			space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
			run_on_all_cpus(ways[way].flush, NULL);
			run_on_all_cpus(expect_absent, NULL);
			/* Absent entries are not cached: without a flush. */
			space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_ALL);
		}
	}
}

/* Changes by a CPU that is not the first, which the first one has to see. */
static void unmap_page(void *arg)
{
	(void)arg;
	space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
}

TEST(shootdown_by_any_cpu,
     "what a CPU has unmapped and all have flushed is gone for all, whoever it was", SPEC(MANUALS))
{
	page = page_alloc();
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		run_on_all_cpus(expect_writable, NULL);
		run_on_cpu(cpu, unmap_page, NULL);
		run_on_all_cpus(flush_page, NULL);
		run_on_all_cpus(expect_absent, NULL);
		space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_ALL);
	}
}
