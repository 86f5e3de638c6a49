/* SPDX-License-Identifier: MIT */
/* The harness: its command line, which cases it selects, expectations that hold, random
 * numbers. */
#include <test.h>

#include <glob.h>
#include <harness/args.h>
#include <stdio.h>
#include <string.h>

SUITE("Harness");

/* ------------------------------------------------------------------------------ command line
 */

TEST(args_understood, "every word of the command line sets its value, the last of several wins",
     SPEC("lib/harness/args.h, case= from= seed= shuffle= verbose exhaustive"))
{
	static const struct {
		const char *line;
		struct args args;
	} table[] = {
		{ "", { "*", 1, DEFAULT_SEED, -1, NULL, false, false } },
		{ "   ", { "*", 1, DEFAULT_SEED, -1, NULL, false, false } },
		{ "verbose", { "*", 1, DEFAULT_SEED, -1, NULL, true, false } },
		{ "exhaustive", { "*", 1, DEFAULT_SEED, -1, NULL, false, true } },
		{ "case=a", { "a", 1, DEFAULT_SEED, -1, NULL, false, false } },
		{ "case=a*,b?", { "a*,b?", 1, DEFAULT_SEED, -1, NULL, false, false } },
		{ "case==", { "=", 1, DEFAULT_SEED, -1, NULL, false, false } },
		{ "from=1", { "*", 1, DEFAULT_SEED, -1, NULL, false, false } },
		{ "from=27", { "*", 27, DEFAULT_SEED, -1, NULL, false, false } },
		{ "from=0x1b", { "*", 27, DEFAULT_SEED, -1, NULL, false, false } },
		{ "from=4294967295", { "*", 4294967295u, DEFAULT_SEED, -1, NULL, false, false } },
		{ "seed=0", { "*", 1, 0, -1, NULL, false, false } },
		{ "seed=18446744073709551615", { "*", 1, UINT64_MAX, -1, NULL, false, false } },
		{ "seed=0xfedcba9876543210",
		  { "*", 1, 0xfedcba9876543210ull, -1, NULL, false, false } },
		{ "shuffle=7", { "*", 1, DEFAULT_SEED, 7, NULL, false, false } },
		{ "nested=svm", { "*", 1, DEFAULT_SEED, -1, "svm", false, false } },
		{ " from=3  seed=4 verbose case=x ", { "x", 3, 4, -1, NULL, true, false } },
		{ "case=a case=b from=2 from=5 seed=1 seed=9",
		  { "b", 5, 9, -1, NULL, false, false } },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		const struct args *expected = &table[i].args;
		char line[80];
		struct args args;

		SUBTEST("'%s'", table[i].line);
		strlcpy(line, table[i].line, sizeof(line));
		EXPECT_EQ(args_parse(line, &args), NULL);
		EXPECT_STR_EQ(args.cases, expected->cases);
		EXPECT_EQ(args.from, expected->from);
		EXPECT_EQ(args.seed, expected->seed);
		EXPECT_EQ(args.shuffle, expected->shuffle);
		EXPECT_STR_EQ(args.nested ? args.nested : "",
			      expected->nested ? expected->nested : "");
		EXPECT_EQ(args.verbose, expected->verbose);
		EXPECT_EQ(args.exhaustive, expected->exhaustive);
	}
}

TEST(args_refused, "the first word that is not understood is named",
     SPEC("lib/harness/args.h, case= from= seed= shuffle= verbose exhaustive"))
{
	static const struct {
		const char *line, *wrong;
	} table[] = {
		{ "x", "x" },
		{ "verbose x y", "x" },
		{ "verbose=1", "verbose=1" },
		{ "Verbose", "Verbose" },
		{ "verbos", "verbos" },
		{ "case", "case" },
		{ "case=", "case=" },
		{ "cases=a", "cases=a" },
		{ "from", "from" },
		{ "from=", "from=" },
		{ "from=0", "from=0" },
		{ "from=-1", "from=-1" },
		{ "from=+1", "from=+1" },
		{ "from=1x", "from=1x" },
		{ "from=x", "from=x" },
		{ "from=4294967296", "from=4294967296" },
		{ "seed=", "seed=" },
		{ "shuffle=", "shuffle=" },
		{ "shuffle=4294967296", "shuffle=4294967296" },
		{ "seed=-1", "seed=-1" },
		{ "seed=1,2", "seed=1,2" },
		{ "seed=1 seed= from=0", "seed=" },
		{ " case=a  =b", "=b" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		char line[80];
		struct args args;

		SUBTEST("'%s'", table[i].line);
		strlcpy(line, table[i].line, sizeof(line));
		EXPECT_STR_EQ(args_parse(line, &args), table[i].wrong);
	}
}

/* --------------------------------------------------------------------------------- selection
 */

TEST(case_selection, "a list of globs selects the cases that any of them matches as a whole",
     SPEC("lib/harness/args.h, case=GLOB[,GLOB]"))
{
	static const struct {
		const char *globs, *name;
		bool selected;
	} table[] = {
		{ "*", "vmrun_zero", true },
		{ "vmrun_zero", "vmrun_zero", true },
		{ "vmrun", "vmrun_zero", false },
		{ "zero", "vmrun_zero", false },
		{ "vmrun_*", "vmrun_zero", true },
		{ "*_zero", "vmrun_zero", true },
		{ "x,vmrun_zero", "vmrun_zero", true },
		{ "x,y", "vmrun_zero", false },
		{ "vmrun_*,x", "x", true },
		{ "vmrun_zer?", "vmrun_zero", true },
		{ "vmrun_zero?", "vmrun_zero", false },
		{ ",", "vmrun_zero", false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s selects %s: %s", table[i].globs, table[i].name,
			table[i].selected ? "yes" : "no");
		EXPECT_EQ(glob_list_match(table[i].globs, table[i].name), table[i].selected);
	}
}

TEST(case_names, "the cases of an image have names that can be typed, each of them once",
     SPEC("docs/writing-a-test.md"))
{
	for (const struct test_case *const *c = test_cases_start; c < test_cases_end; c++) {
		const char *name = (*c)->name;

		EXPECT_EQ(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name), "%s",
			  name);
		for (const struct test_case *const *d = test_cases_start; d < c; d++) {
			if (!strcmp(name, (*d)->name))
				FAIL("%s is there twice", name);
		}
	}
}

TEST(case_order, "the cases of a file are in the order of its lines", SPEC("lib/harness/case.h"))
{
	static const char *const order[] = { "args_understood", "args_refused", "case_selection",
					     "case_names",	"case_order",	"expect_holds" };
	const struct test_case *const *c = test_cases_start;

	while (c < test_cases_end && strcmp((*c)->name, order[0]))
		c++;
	ASSERT_LE(c + ARRAY_SIZE(order), test_cases_end);
	for (u32 i = 0; i < ARRAY_SIZE(order); i++)
		EXPECT_STR_EQ(c[i]->name, order[i]);
}

/* ----------------------------------------------------------------------- expectations that
 * hold */

static const char *name_of(u64 value)
{
	return value ? "something" : "nothing";
}

/* Those that do not hold are in the image negative: they make their case fail. */
TEST(expect_holds, "an expectation that holds is true, and compares as C does",
     SPEC("lib/harness/expect.h"))
{
	const u8 a[] = { 1, 2, 3 }, b[] = { 1, 2, 4 };

	EXPECT(EXPECT(true));
	EXPECT(EXPECT_EQ(-1, -1));
	EXPECT(EXPECT_EQ(0xffffffffffffffffull, ~0ull));
	EXPECT(EXPECT_NE(1, 2));
	EXPECT(EXPECT_LT(-1, 0));
	EXPECT(EXPECT_LT(0xfffffffeu, 0xffffffffu));
	EXPECT(EXPECT_LE(5, 5));
	EXPECT(EXPECT_GT(0x100000000ull, 0xffffffffull));
	EXPECT(EXPECT_GE(5u, 5u));
	EXPECT(EXPECT_EQ_NAMED(name_of, 3, 3));
	EXPECT(EXPECT_STR_EQ("", ""));
	EXPECT(EXPECT_STR_EQ("abc", "abc"));
	EXPECT(EXPECT_MEM_EQ(a, b, 2));
	EXPECT(EXPECT_MEM_EQ(a, b, 0));
	EXPECT(EXPECT_FAULT(NO_FAULT, NO_FAULT));
	EXPECT(EXPECT_NO_FAULT(NO_FAULT));
}

static u32 count(u32 *calls)
{
	return ++*calls;
}

TEST(expect_evaluates_once, "operands are evaluated once, and each expectation counts once",
     SPEC("lib/harness/expect.h"))
{
	u32 before = expectations_evaluated, calls = 0;

	EXPECT_EQ(count(&calls), 1u);
	EXPECT_LT(1u, count(&calls));
	EXPECT(count(&calls));
	EXPECT_EQ_NAMED(name_of, count(&calls), 4);
	EXPECT_MEM_EQ(&calls, &(u32){ 4 }, sizeof(calls), "%u", 1u);
	ASSERT_EQ(calls, 4u);
	EXPECT_EQ(expectations_evaluated - before, 6u);
}

/* ------------------------------------------------------------------------------------------
 * rows */

TEST(row_skipped, "a row that is skipped does not skip its case, nor the next row",
     SPEC("lib/harness/expect.h, SKIP_ROW()"))
{
	SUBTEST("first");
	EXPECT(true);
	SUBTEST("second");
	SKIP_ROW("this one is not %s", "wanted");
	SUBTEST("third");
	EXPECT(true);
}

TEST(row_escaped, "a # in a row's name is no directive", SPEC("lib/harness/ktap.h, ktap_result()"))
{
	SUBTEST("one # SKIP not really");
	EXPECT(true);
}

/* -------------------------------------------------------------------------------- random
 * numbers */

#define NUMBERS 64

static void take(u64 numbers[NUMBERS], u64 seed, const char *name)
{
	random_seed(seed, name);
	for (u32 i = 0; i < NUMBERS; i++)
		numbers[i] = random_u64();
}

TEST(random_repeats, "the same seed and name give the same numbers, another one of them others",
     SPEC("lib/harness/random.h, random_seed()"))
{
	u64 first[NUMBERS], again[NUMBERS], other[NUMBERS];

	take(first, 7, "a_case");
	take(other, 8, "a_case");
	EXPECT_NE(memcmp(first, other, sizeof(first)), 0);
	take(other, 7, "a_casf");
	EXPECT_NE(memcmp(first, other, sizeof(first)), 0);
	take(other, 7, "");
	EXPECT_NE(memcmp(first, other, sizeof(first)), 0);
	take(again, 7, "a_case");
	EXPECT_MEM_EQ(again, first, sizeof(first));
}

TEST(random_starts_with_case, "a case begins with the numbers of its name and the run's seed",
     SPEC("lib/harness/random.h"))
{
	u64 here = random_u64();

	random_seed(run_seed(), "random_starts_with_case");
	EXPECT_EQ(here, random_u64());
}

/* The reference values are those of the authors' splitmix64.c for the state 1234567. */
TEST(random_reference, "the generator is SplitMix64", SPEC("Steele, Lea, Flood 2014"))
{
	static const u64 reference[] = { 6457827717110365317ull, 3203168211198807973ull,
					 9817491932198370423ull, 4593380528125082431ull,
					 16408922859458223821ull };
	const u64 offset_basis = 0xcbf29ce484222325ull, golden = 0x9e3779b97f4a7c15ull;
	u64 inverse = golden;

	/* The seed that gives this state for the empty name: basis ^ seed * golden = 1234567.
	 */
	for (u32 i = 0; i < 6; i++)
		inverse *= 2 - golden * inverse;
	random_seed((offset_basis ^ 1234567) * inverse, "");
	for (u32 i = 0; i < ARRAY_SIZE(reference); i++)
		EXPECT_EQ(random_u64(), reference[i]);
}

TEST(random_spread, "numbers below a bound are below it, and all of them come",
     SPEC("lib/harness/random.h, random_below()"))
{
	for (u64 bound = 1; bound <= 40; bound += 13) {
		u64 seen = 0;

		for (u32 i = 0; i < 2000; i++) {
			u64 number = random_below(bound);

			EXPECT_LT(number, bound);
			seen |= BIT(number);
		}
		EXPECT_EQ(seen, BIT(bound) - 1);
	}
}
