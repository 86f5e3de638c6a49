/* SPDX-License-Identifier: MIT */
/*
 * Cases that fail, skip or pass in each way that the harness knows. Their sentences say what
 * the harness and the runner must conclude. This image is for their tests and not part of any
 * group that runs.
 */
#include <test.h>

SUITE("Cases with a verdict of their own");

TEST(passes, "a case whose expectations hold is a PASS")
{
	EXPECT_EQ(1, 1);
}

TEST(fails_true, "EXPECT that does not hold is a FAIL and shows the condition")
{
	volatile int zero = 0;

	EXPECT(zero, "with %s", "context");
}

TEST(fails_eq, "EXPECT_EQ that does not hold is a FAIL, shows both values and is false")
{
	volatile u32 actual = 0x81;

	if (EXPECT_EQ(actual, 0x13u, "bit %d", 7))
		ktap_note("wrong: EXPECT_EQ was true");
}

TEST(fails_fault, "EXPECT_FAULT that does not hold is a FAIL and shows both faults")
{
	EXPECT_FAULT(((struct fault){ .kind = 1 }), NO_FAULT);
}

TEST(fails_mem_eq, "EXPECT_MEM_EQ that does not hold is a FAIL and shows the bytes that differ")
{
	u8 actual[64] = { [40] = 1 }, expected[64] = { [40] = 2 };

	EXPECT_MEM_EQ(actual, expected, sizeof(actual));
}

TEST(fails_str_eq, "EXPECT_STR_EQ that does not hold is a FAIL and shows both strings")
{
	EXPECT_STR_EQ("actual", "expected");
}

TEST(fails_often, "failures beyond the tenth are counted but not shown, and the case is one FAIL")
{
	for (volatile u32 i = 0; i < 1000; i++)
		EXPECT_EQ(i, 1000u);
}

TEST(fails_long_text, "a failure with a very long text is a FAIL, its lines are cut")
{
	static char text[3000];

	for (u32 i = 0; i < sizeof(text) - 1; i++)
		text[i] = 'x';
	EXPECT_STR_EQ(text, "short");
}

TEST(assert_ends_case, "ASSERT that does not hold is a FAIL, and what stands after it does not run")
{
	volatile u32 one = 1;

	ASSERT_EQ(one, 2u);
	ktap_note("wrong: the case went on");
}

TEST(fails_in_row, "a row that fails among others is a FAIL of the row and of the case")
{
	for (volatile u32 i = 0; i < 4; i++) {
		SUBTEST("row %u", i);
		EXPECT_NE(i, 2u);
	}
}

/* As a string of its own: where the name is to be seen, lint refuses it. */
TEST(row_named_like_case, "a row that is named like its case is a FAIL of the case")
{
	SUBTEST("%s", "row_named_like_case");
	EXPECT(true);
	SUBTEST("another");
	EXPECT(true);
}

TEST(assert_in_row,
     "ASSERT in a row is a FAIL of the row and of the case, whose later rows are not there")
{
	for (volatile u32 i = 0; i < 4; i++) {
		SUBTEST("row %u", i);
		ASSERT_NE(i, 2u);
	}
}

TEST(skips, "SKIP is a SKIP with its reason")
{
	SKIP("this machine lacks %s", "everything");
}

TEST(skips_by_requires, "REQUIRES that does not hold is a SKIP with the condition as its reason",
     REQUIRES(1 > 2))
{
	FAIL("the body ran");
}

TEST(skips_rows, "a case of which every row is skipped is a SKIP")
{
	SUBTEST("first");
	SKIP_ROW("no first");
	SUBTEST("second");
	SKIP_ROW("no second");
}

TEST(skips_after_failure, "SKIP after a failure does not hide it: a FAIL")
{
	volatile u32 one = 1;

	EXPECT_EQ(one, 2u);
	SKIP("too late");
}

TEST(asserts_nothing, "a case that evaluates no expectation is a FAIL, as it has tested nothing")
{
}
