/* SPDX-License-Identifier: MIT */
/*
 * Accesses that a page refuses, by kind of access and privilege: each raises its fault with its address,
 * and leaves memory, the page's neighbours and the page's later use as they were.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <sys/cpu.h>

SUITE("Refused accesses");

#define MANUALS                                                                                 \
	"SDM vol. 3A, 4.6, 4.7; DDI 0487, D8.2, D8.4; PoP SA22-7832-13, chapter 6, Protection " \
	"Exception, Page-Translation Exception"

/* Whose byte is that of a page before anything is stored, and what is stored. */
#define BEFORE 0xa5
#define STORED 0x5a

/* Where in the page: the first byte, one in the middle, the last one. */
static const u32 offsets[] = { 0, 0x7f3, PAGE_SIZE - 1 };

static void read_byte(void *address)
{
	(void)*(volatile u8 *)address;
}

static void write_byte(void *address)
{
	*(volatile u8 *)address = STORED;
}

/* Within one page, wherever that is mapped. */
__noinline __aligned(64) static void return_at_once(void *arg)
{
	(void)arg;
	barrier();
}

/* What these permissions are on this architecture, which cannot take each of them away. */
static u32 effective(u32 prot)
{
	return arch_kernel_format.prot(arch_kernel_format.page(0, 0, prot), 0);
}

/* One page between two others, all of them filled and usable. */
static u8 *make_page(void)
{
	u8 *pages = pages_alloc(3, PAGE_SIZE);

	memset(pages, BEFORE, 3 * PAGE_SIZE);
	return pages + PAGE_SIZE;
}

static void expect_untouched(const u8 *page)
{
	const u8 *pages = page - PAGE_SIZE;
	u32 changed = 0;

	for (u32 i = 0; i < 3 * PAGE_SIZE; i++)
		changed += pages[i] != BEFORE;
	EXPECT_EQ(changed, 0, "bytes of the page and its neighbours");
}

/* Reads and writes; each is refused by `absent`, or by permissions that lack what it needs. */
static void check_data(u8 *page, u32 prot, bool absent)
{
	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		u8 *at = page + offsets[i];

		for (u32 user = 0; user < 2; user++) {
			struct fault (*run)(void (*fn)(void *arg), void *arg) = user ? run_user
										     : fault_of;
			bool read = !absent && (!user || (prot & PROT_USER));
			bool write = read && (prot & PROT_WRITE);

			EXPECT_FAULT(read ? NO_FAULT : space_fault(ACCESS_READ, user, absent, at),
				     run(read_byte, at), "offset %#x", offsets[i]);
			EXPECT_FAULT(write ? NO_FAULT : space_fault(ACCESS_WRITE, user, absent, at),
				     run(write_byte, at), "offset %#x", offsets[i]);
			if (write) {
				EXPECT_EQ(*at, STORED);
				*at = BEFORE;
			}
		}
	}
}

static const struct {
	const char *name;
	bool absent;
	u32 prot;
} rows[] = {
	{ "absent", true, 0 },
	{ "read-only", false, PROT_USER | PROT_EXEC },
	{ "read-only-for-the-kernel", false, PROT_EXEC },
	{ "for-the-kernel", false, PROT_WRITE | PROT_EXEC },
	{ "for-everybody", false, PROT_ALL },
};

TEST(refused_data_accesses,
     "what a page does not allow faults at either privilege, and changes nothing", SPEC(MANUALS))
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 *page = make_page();

		SUBTEST("%s", rows[i].name);
		/* Once used, so that an old translation would show. */
		EXPECT_NO_FAULT(run_user(read_byte, page));
		if (rows[i].absent)
			space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
		else
			space_protect(space_kernel(), (ulong)page, PAGE_SIZE, rows[i].prot);
		check_data(page, effective(rows[i].prot), rows[i].absent);
		/* What is after the page is still what it was, and the neighbours can be used. */
		EXPECT_NO_FAULT(fault_of(read_byte, page - 1));
		EXPECT_NO_FAULT(fault_of(read_byte, page + PAGE_SIZE));
		space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_ALL);
		expect_untouched(page);
		check_data(page, effective(PROT_ALL), false);
	}
}

/* ------------------------------------------------------------------------------------------ fetches */

static void call(void *code)
{
	((void (*)(void *))code)(NULL);
}

/* The code of return_at_once() in a page of its own, with these permissions. */
static void *map_code(u8 *page, u32 prot)
{
	const ulong code = (ulong)return_at_once;

	space_map(space_kernel(), (ulong)page, ALIGN_DOWN(code, (ulong)PAGE_SIZE), PAGE_SIZE, prot);
	return page + code % PAGE_SIZE;
}

static void expect_fetches(void *code, bool absent, bool kernel, bool user)
{
	EXPECT_FAULT(kernel ? NO_FAULT : space_fault(ACCESS_FETCH, false, absent, code),
		     fault_of(call, code));
	EXPECT_FAULT(user ? NO_FAULT : space_fault(ACCESS_FETCH, true, absent, code),
		     run_user(call, code));
}

TEST(refused_fetches,
     "code in a page that may not be executed, or is absent, faults at its first byte",
     SPEC(MANUALS))
{
	u8 *page = page_alloc();
	void *code;

	SUBTEST("executable");
	code = map_code(page, PROT_USER | PROT_EXEC);
	expect_fetches(code, false, true, true);

	SUBTEST("absent");
	space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
	expect_fetches(code, true, false, false);

	SUBTEST("for-the-kernel");
	map_code(page, PROT_EXEC);
	expect_fetches(code, false, true, effective(PROT_EXEC) & PROT_USER);

	SUBTEST("not-executable");
	map_code(page, PROT_USER);
	if (effective(PROT_USER) & PROT_EXEC)
		SKIP_ROW("every page is executable here");
	else
		expect_fetches(code, false, false, false);

	SUBTEST("executable-again");
	map_code(page, PROT_USER | PROT_EXEC);
	expect_fetches(code, false, true, true);
}

/* ------------------------------------------------------------------- within and beside other faults */

struct nest {
	u8 *page;
	struct fault inner[2];
};

/* A fault at user privilege and one in the kernel, and then one that ends the function. */
static void fault_thrice(void *arg)
{
	struct nest *nest = arg;

	nest->inner[0] = run_user(write_byte, nest->page + 8);
	nest->inner[1] = fault_of(read_byte, nest->page + 16);
	write_byte(nest->page + 24);
}

static void expect_nested(void *page)
{
	struct nest nest = { .page = page };
	struct fault outer = fault_of(fault_thrice, &nest);

	EXPECT_FAULT(space_fault(ACCESS_WRITE, true, true, nest.page + 8), nest.inner[0]);
	EXPECT_FAULT(space_fault(ACCESS_READ, false, true, nest.page + 16), nest.inner[1]);
	EXPECT_FAULT(space_fault(ACCESS_WRITE, false, true, nest.page + 24), outer);
}

TEST(faults_behind_faults,
     "a fault after others, of either privilege, is reported as the first one is", SPEC(MANUALS))
{
	u8 *page = page_alloc();

	space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
	for (u32 round = 0; round < 20; round++)
		expect_nested(page);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		run_on_cpu(cpu, expect_nested, page);
}
