/* SPDX-License-Identifier: MIT */
/* Cases that misuse the library or break the memory that it lives in: each is a FAIL and no
 * more. */
#include <test.h>

#include <mm/heap.h>
#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <sys/cpu.h>
#include <sys/lock.h>

SUITE("Cases that break memory and the library's rules");

static void absent_write(void *address)
{
	__asm__("" : "+r"(address));
	*(volatile u8 *)address = 1;
}

TEST(writes_null, "a write through a NULL pointer is a FAIL with the exception and registers")
{
	EXPECT(true);
	absent_write(NULL);
}

TEST(faults, "an exception that nobody expected is a FAIL")
{
	EXPECT(true);
	absent_write(space_absent_page());
}

TEST(faults_in_row, "an unexpected exception in a row is a FAIL of the row and of the case")
{
	SUBTEST("first");
	EXPECT(true);
	SUBTEST("second");
	absent_write(space_absent_page());
}

TEST(faults_on_other_cpu, "an unexpected exception on another CPU is a FAIL of the running case",
     REQUIRES(cpu_count() > 1))
{
	EXPECT(true);
	run_on_cpu(1, absent_write, space_absent_page());
	FAIL("the CPU came back");
}

static void fail_assertion(void *unused)
{
	volatile u32 one = 1;

	(void)unused;
	ASSERT_EQ(one, 2u);
}

TEST(asserts_on_other_cpu, "ASSERT on another CPU is a FAIL and ends the running case",
     REQUIRES(cpu_count() > 1))
{
	run_on_cpu(1, fail_assertion, NULL);
	ktap_note("wrong: the case went on");
}

static void fail_under_lock(void *l)
{
	lock(l);
	fail_assertion(NULL);
}

TEST(fails_under_lock,
     "ASSERT on a CPU that holds a lock is a FAIL, and who waits for it does not hang",
     REQUIRES(cpu_count() > 1))
{
	struct lock l = { 0 };

	cpu_start_work(1, fail_under_lock, &l);
	while (!READ_ONCE(l.next_ticket))
		arch_relax();
	lock(&l);
	ktap_note("wrong: the case went on");
}

static __noinline u32 recurse(volatile u32 depth)
{
	volatile u8 frame[256];

	frame[depth % 256] = (u8)depth;
	/* Without an end for as long as there is stack. */
	return depth == UINT32_MAX ? 0 : recurse(depth + 1) + frame[depth % 256];
}

TEST(overflows_stack, "a recursion without end is a FAIL by the page below the stack, not a CRASH")
{
	EXPECT(true);
	EXPECT_NE(recurse(0), 1u);
}

static void overflow(void *unused)
{
	(void)unused;
	recurse(0);
}

TEST(overflows_stack_of_other_cpu, "a stack overflow on another CPU is a FAIL",
     REQUIRES(cpu_count() > 1))
{
	EXPECT(true);
	run_on_cpu(1, overflow, NULL);
}

/*
 * The frame's caller is overwritten with an address at which there is nothing. As it calls a function
 * itself, the return address is in the frame everywhere.
 */
static __noinline void corrupt_return(void)
{
	void *volatile *frame = __builtin_frame_address(0);
	void *target = space_absent_page();

	for (u32 i = 0; i < 2; i++)
		frame[i] = target;
}

TEST(corrupts_return_address, "a return to an address with nothing there is a FAIL")
{
	EXPECT(true);
	corrupt_return();
	FAIL("came back");
}

TEST(frees_page_twice, "a page freed twice is a FAIL")
{
	void *page = page_alloc();

	EXPECT(true);
	page_free(page);
	page_free(page);
}

TEST(frees_foreign_page, "freeing what is not from the page allocator is a FAIL")
{
	static u8 memory[2 * PAGE_SIZE] __aligned(PAGE_SIZE);

	EXPECT(true);
	page_free(memory);
}

TEST(frees_block_twice, "a heap block freed twice is a FAIL")
{
	void *block = malloc(100);

	EXPECT(true);
	free(block);
	free(block);
}

TEST(frees_foreign_block, "freeing what is not from the heap is a FAIL")
{
	EXPECT(true);
	free((u8 *)page_alloc() + 128);
}

TEST(frees_overrun_block, "freeing a block whose header was overwritten is a FAIL")
{
	u8 *block = malloc(100);

	EXPECT(true);
	memset(block - 16, 0xee, 16);
	free(block);
}

TEST(runs_out_of_memory, "allocating more than there is, is a FAIL and ends the case")
{
	EXPECT(true);
	pages_alloc(page_free_count() + 1, PAGE_SIZE);
	ktap_note("wrong: the case went on");
}
