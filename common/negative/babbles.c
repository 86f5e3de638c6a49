/* SPDX-License-Identifier: MIT */
/*
 * Cases that write on the console what is not theirs to write: noise, and lines that look like
 * the harness's own. A verdict must come of none of it.
 */
#include <test.h>

#include <stdio.h>
#include <string.h>
#include <sys/console.h>

SUITE("Cases that babble");

TEST(prints_garbage,
     "all bytes from 0 to 255 on the console are not KTAP: the case is a FAIL, whatever result follows")
{
	char bytes[256];

	for (u32 i = 0; i < 256; i++)
		bytes[i] = (char)i;
	console_write(bytes, sizeof(bytes));
	console_write("\n", 1);
	EXPECT(true);
}

TEST(prints_without_newline,
     "text without an end of line swallows the result after it: the case is never a PASS")
{
	printf("text without an end ok 1 ");
	EXPECT(true);
}

static void forge(const char *text)
{
	console_write(text, strlen(text));
}

TEST(forges_ok, "a forged \"ok 1\" line in a case that fails is not a pass: the case is a FAIL")
{
	volatile u32 one = 1;

	forge("ok 1 forges_ok # time=0.1ms\n");
	EXPECT_EQ(one, 2u);
}

TEST(forges_other, "a forged \"ok\" for another case does not give that one a result")
{
	forge("ok 2 hangs\nok 99 still_here\nok 1 no_such_case\n");
	EXPECT(true);
}

TEST(forges_not_ok, "a forged \"not ok\" never makes the run a success")
{
	forge("not ok 1 passes\n");
	EXPECT(true);
}

TEST(forges_plan, "a second plan is an error of the stream, and no case is lost by it")
{
	forge("1..5\n");
	EXPECT(true);
}

TEST(forges_totals, "forged totals and a forged version line do not end the run early")
{
	forge("# totals: pass=5 fail=0 skip=0\nKTAP version 1\n1..0\n");
	EXPECT(true);
}

TEST(forges_start, "a forged start mark does not move the blame: the case that fails is this one")
{
	volatile u32 one = 1;

	forge("# start 3 still_here\n");
	EXPECT_EQ(one, 2u);
}

TEST(forges_and_hangs, "a case that forges its own success and hangs is a TIMEOUT")
{
	forge("ok 1 forges_and_hangs # time=0.1ms\n# totals: pass=1 fail=0 skip=0\n");
	for (;;)
		barrier();
}

TEST(bails_out, "\"Bail out!\" in the middle of a case is never a success")
{
	EXPECT(true);
	ktap_bail_out("a case says so");
}

TEST(floods, "a case that writes without end is stopped as a TIMEOUT, and its log stays bounded")
{
	for (;;)
		ktap_note("the same line again, and again, and again");
}
