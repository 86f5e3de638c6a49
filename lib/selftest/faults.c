/* SPDX-License-Identifier: MIT */
/*
 * Faults as values: the comparison, nesting, the interrupt flag, other CPUs, user privilege.
 * What needs an architecture's own instructions is in <family>/selftest/.
 */
#include <test.h>

#include <mm/page.h>
#include <mm/space.h>
#include <stdio.h>
#include <sys/cpu.h>

#include "memory.h"

SUITE("Fault capture");

TEST(fault_matches_table,
     "a fault is what was expected in kind and code, unless any code will do, and in address if one is named",
     SPEC("lib/harness/fault.h, fault_matches()"))
{
	const u32 both = FAULT_CODE | FAULT_ADDRESS;
	const struct {
		const char *name;
		struct fault expected, actual;
		bool matches;
	} table[] = {
		{ "none and none", { 0 }, { 0 }, true },
		{ "none and one", { 0 }, { 14, 0, 0, 0 }, false },
		{ "one and none", { 14, 0, 0, 0 }, { 0 }, false },
		{ "same kind", { 14, 0, 0, 0 }, { 14, 0, 0, 0 }, true },
		{ "other kind", { 14, 0, 0, 0 }, { 15, 0, 0, 0 }, false },
		{ "code not named", { 14, 0, 0, 0 }, { 14, FAULT_CODE, 5, 0 }, false },
		{ "any code", { 14, FAULT_ANY_CODE, 0, 0 }, { 14, FAULT_CODE, 5, 0 }, true },
		{ "any code, none", { 14, FAULT_ANY_CODE, 0, 0 }, { 14, 0, 0, 0 }, true },
		{ "any code, kind other",
		  { 14, FAULT_ANY_CODE, 0, 0 },
		  { 13, FAULT_CODE, 5, 0 },
		  false },
		{ "code same", { 14, FAULT_CODE, 5, 0 }, { 14, FAULT_CODE, 5, 0 }, true },
		{ "code other", { 14, FAULT_CODE, 5, 0 }, { 14, FAULT_CODE, 6, 0 }, false },
		{ "code other, high",
		  { 14, FAULT_CODE, BIT(40), 0 },
		  { 14, FAULT_CODE, 0, 0 },
		  false },
		{ "code missing", { 14, FAULT_CODE, 0, 0 }, { 14, 0, 0, 0 }, false },
		{ "code same, kind other",
		  { 14, FAULT_CODE, 5, 0 },
		  { 13, FAULT_CODE, 5, 0 },
		  false },
		{ "address not named", { 14, FAULT_CODE, 5, 0 }, { 14, both, 5, 0x1000 }, true },
		{ "address same", { 14, both, 5, 0x1000 }, { 14, both, 5, 0x1000 }, true },
		{ "address other", { 14, both, 5, 0x1000 }, { 14, both, 5, 0x1001 }, false },
		{ "address other, high", { 14, both, 5, BIT(63) }, { 14, both, 5, 0 }, false },
		{ "address missing", { 14, both, 5, 0 }, { 14, FAULT_CODE, 5, 0 }, false },
		{ "address alone", { 14, FAULT_ADDRESS, 0, 7 }, { 14, both, 5, 7 }, false },
		{ "address, any code",
		  { 14, FAULT_ANY_CODE | FAULT_ADDRESS, 0, 7 },
		  { 14, both, 5, 7 },
		  true },
		{ "address other, any code",
		  { 14, FAULT_ANY_CODE | FAULT_ADDRESS, 0, 7 },
		  { 14, both, 7, 5 },
		  false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		EXPECT_EQ(fault_matches(table[i].expected, table[i].actual), table[i].matches);
	}
}

static void do_nothing(void *ran)
{
	*(u32 *)ran += 1;
}

TEST(fault_none, "a function that returns has no fault, and has run once, at either privilege",
     SPEC("lib/harness/fault.h, fault_of(), run_user()"))
{
	u32 ran = 0;

	EXPECT_NO_FAULT(fault_of(do_nothing, &ran));
	EXPECT_EQ(ran, 1u);
	EXPECT_NO_FAULT(run_user(do_nothing, &ran));
	EXPECT_EQ(ran, 2u);
}

TEST(fault_repeats, "the same fault is reported again and again, and nothing is left of it",
     SPEC("lib/harness/fault.h, fault_of()"))
{
	u8 *page = space_absent_page();
	struct landing *guard = this_cpu()->landing;
	ulong frame = (ulong)__builtin_frame_address(0);
	u32 ran = 0;

	for (u32 i = 0; i < 300; i++) {
		struct fault fault = i % 2 ? fault_of(read_byte, page) : run_user(read_byte, page);

		if (!is_access_fault(fault, page))
			EXPECT(is_access_fault(fault, page), "round %u", i);
		EXPECT_EQ((ulong)__builtin_frame_address(0), frame);
		EXPECT_EQ(this_cpu()->landing, guard);
		EXPECT_NO_FAULT(fault_of(do_nothing, &ran));
	}
	EXPECT_EQ(ran, 300u);
}

/* --------------------------------------------------------------------------------------
 * nesting */

struct nest {
	u8 *page;
	u32 levels;   /* to go */
	u32 returned; /* inner calls that came back to their caller */
	u32 faults;   /* of inner calls, with the right address */
	bool user;    /* the innermost is at user privilege */
};

/* Runs itself in fault_of() until no level is left, then faults at its own address. */
static void fault_nested(void *arg)
{
	struct nest *nest = arg;
	u32 level = nest->levels--;
	struct fault inner;

	if (level) {
		if (level == 1 && nest->user)
			inner = run_user(read_byte, nest->page);
		else
			inner = fault_of(fault_nested, nest);
		nest->returned++;
		nest->faults += is_access_fault(inner, nest->page + (level - 1) * 8);
	}
	read_byte(nest->page + level * 8);
}

TEST(fault_nested, "calls nest: the innermost gets a fault, the others go on and have their own",
     SPEC("lib/harness/fault.h, fault_of()"))
{
	u8 *page = space_absent_page();

	for (u32 user = 0; user < 2; user++) {
		for (u32 levels = 1; levels <= 8; levels++) {
			struct nest nest = { .page = page, .levels = levels, .user = user };

			SUBTEST("%u levels%s", levels,
				user ? ", the innermost at user privilege" : "");
			EXPECT(is_access_fault(fault_of(fault_nested, &nest), page + levels * 8));
			EXPECT_EQ(nest.returned, levels);
			EXPECT_EQ(nest.faults, levels);
		}
	}
}

static void catch_then_return(void *page)
{
	fault_of(read_byte, page);
}

TEST(fault_not_passed_on, "a fault that an inner call got is none of the outer's",
     SPEC("lib/harness/fault.h, fault_of()"))
{
	EXPECT_NO_FAULT(fault_of(catch_then_return, space_absent_page()));
}

/* ------------------------------------------------------------------- state around the function
 */

static void expect_faults_here(void *page)
{
	struct nest nest = { .page = page, .levels = 3, .user = true };
	u32 ran = 0;

	for (u32 i = 0; i < 50; i++) {
		EXPECT(is_access_fault(fault_of(read_byte, page), page));
		EXPECT(is_access_fault(run_user(write_byte, page), page));
		EXPECT_NO_FAULT(run_user(do_nothing, &ran));
	}
	EXPECT_EQ(ran, 50u);
	EXPECT(is_access_fault(fault_of(fault_nested, &nest), (u8 *)page + 24));
}

TEST(fault_on_each_cpu, "faults are captured on every CPU, one after the other",
     SPEC("lib/harness/fault.h"))
{
	u8 *page = space_absent_page();

	for (u32 number = 0; number < cpu_count(); number++)
		run_on_cpu(number, expect_faults_here, page);
}

TEST(fault_on_all_cpus, "faults are captured on all CPUs at the same time",
     SPEC("lib/harness/fault.h"))
{
	run_on_all_cpus(expect_faults_here, space_absent_page());
}

static void store_fault(void *arg)
{
	struct fault *fault = arg;

	*fault = fault_of(read_byte, (void *)(ulong)fault->address);
}

static void fault_elsewhere(void *arg)
{
	struct fault *fault = arg;

	run_on_cpu(cpu_count() - 1, store_fault, fault);
	read_byte((u8 *)(ulong)fault->address + 64);
}

/* The other CPU's guard is its own: this one's is still there when that one's fault is done. */
TEST(fault_of_both_cpus, "a fault on another CPU does not end a call on this one",
     SPEC("lib/harness/fault.h"), REQUIRES(cpu_count() > 1))
{
	u8 *page = space_absent_page();
	struct fault theirs = { .address = (ulong)page };

	EXPECT(is_access_fault(fault_of(fault_elsewhere, &theirs), page + 64));
	EXPECT(is_access_fault(theirs, page));
}

TEST(fault_described, "a fault has a text, and no fault is \"no fault\"",
     SPEC("docs/writing-a-test.md, Faults are values"))
{
	char text[96], cut[8] = "-------";

	fault_describe(NO_FAULT, text, sizeof(text));
	EXPECT_STR_EQ(text, "no fault");
	fault_describe(fault_of(read_byte, space_absent_page()), text, sizeof(text));
	EXPECT_NE(text[0], '\0');
	fault_describe(NO_FAULT, cut, 3);
	EXPECT_STR_EQ(cut, "no");
}
