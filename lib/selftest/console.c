/* SPDX-License-Identifier: MIT */
/* What KTAP lines and printf() put on the console, to the letter. */
#include <test.h>

#include <stdio.h>
#include <string.h>
#include <sys/console.h>
#include <sys/cpu.h>
#include <sys/lock.h>

SUITE("Console and KTAP");

static char text[8192], long_text[2000];

static void begin(void)
{
	memset(text, 0, sizeof(text));
	console_capture(text, sizeof(text));
}

static void end(void)
{
	console_capture(NULL, 0);
}

/* Expectations print on the console: they are checked when it is one again. */
#define CAPTURED(...)        \
	({                   \
		begin();     \
		__VA_ARGS__; \
		end();       \
		text;        \
	})

TEST(console_printf, "printf() puts out what it formats and returns its length",
     SPEC("C11, 7.21.6.3"))
{
	int length;

	EXPECT_STR_EQ(CAPTURED(length = printf("%s %d\n", "text", 42)), "text 42\n");
	EXPECT_EQ(length, 8);
	EXPECT_STR_EQ(CAPTURED(printf("")), "");
}

TEST(ktap_lines, "notes and lines are indented, with their marks, one line each",
     SPEC("lib/harness/ktap.h"))
{
	EXPECT_STR_EQ(CAPTURED(ktap_note("a %d", 1)), "# a 1\n");
	EXPECT_STR_EQ(CAPTURED(ktap_line("1..%u", 3u)), "1..3\n");
	EXPECT_STR_EQ(CAPTURED(ktap_bail_out("no %s", "way")), "Bail out! no way\n");
	begin();
	ktap_indent(1);
	ktap_note("a");
	ktap_line("b");
	ktap_indent(0);
	end();
	EXPECT_STR_EQ(text, "  # a\n  b\n");
}

TEST(ktap_results, "a result has its number, its name and its directive, a # in the name escaped",
     SPEC("lib/harness/ktap.h, ktap_result()"))
{
	EXPECT_STR_EQ(CAPTURED(ktap_result(true, 3, "name", "", "")), "ok 3 name\n");
	EXPECT_STR_EQ(CAPTURED(ktap_result(false, 4, "name", "", "")), "not ok 4 name\n");
	EXPECT_STR_EQ(CAPTURED(ktap_result(true, 5, "n", "time=0.3ms", "")),
		      "ok 5 n # time=0.3ms\n");
	EXPECT_STR_EQ(CAPTURED(ktap_result(true, 6, "n", "SKIP", "no NX")),
		      "ok 6 n # SKIP no NX\n");
	EXPECT_STR_EQ(CAPTURED(ktap_result(true, 7, "a#b\\c", "", "")), "ok 7 a\\#b\\\\c\n");
}

TEST(ktap_one_line, "control characters in a text do not make a second line, nor anything else",
     SPEC("lib/harness/ktap.h"))
{
	EXPECT_STR_EQ(CAPTURED(ktap_note("a\nok 1 b\r\tc\033[1m")), "# a ok 1 b  c [1m\n");
	EXPECT_STR_EQ(CAPTURED(ktap_line("a\n1..5")), "a 1..5\n");
}

TEST(ktap_long_lines, "a line that is too long ends in ..., a line that just fits does not",
     SPEC("lib/harness/ktap.h"))
{
	size_t longest;

	memset(long_text, 'x', sizeof(long_text) - 1);
	CAPTURED(ktap_note("%s", long_text));
	longest = strlen(text);
	ASSERT_GT(longest, 100u);
	EXPECT_LT(longest, 600u);
	EXPECT_STR_EQ(text + longest - 5, "x...\n");
	EXPECT_EQ(strchr(text, '\n'), text + longest - 1);
	EXPECT_EQ(strspn(text + 2, "x"), longest - 6);
	for (size_t length = longest - 10; length < longest + 10; length++) {
		long_text[length] = '\0';
		CAPTURED(ktap_note("%s", long_text));
		long_text[length] = 'x';
		EXPECT_EQ(strlen(text), MIN(length + 3, longest), "%zu characters", length);
		EXPECT_EQ(strstr(text, "...") != NULL, length + 3 > longest, "%zu characters",
			  length);
		EXPECT_EQ(text[strlen(text) - 1], '\n');
	}
}

/* ------------------------------------------------------------------------------- several CPUs
 */

static void note_many(void *barrier)
{
	cpu_barrier_wait(barrier, cpu_count());
	for (u32 i = 0; i < 20; i++)
		ktap_note("line %02u of a CPU", i);
}

/* "# [cpu 3] line 07 of a CPU"; CPU 0 does not name itself. The line's CPU and number, or
 * false. */
static bool parse(const char *line, u32 *cpu, u32 *number)
{
	static const char tail[] = " of a CPU\n";
	char expected[64];

	for (*cpu = 0; *cpu < cpu_count(); ++*cpu) {
		for (*number = 0; *number < 20; ++*number) {
			int length = *cpu ? snprintf(expected, sizeof(expected),
						     "# [cpu %u] line %02u%s", *cpu, *number, tail)
					  : snprintf(expected, sizeof(expected), "# line %02u%s",
						     *number, tail);

			if (!strncmp(line, expected, (size_t)length))
				return true;
		}
	}
	return false;
}

TEST(console_whole_lines, "lines of several CPUs do not mix, and name their CPU",
     SPEC("lib/sys/console.h, console_write()"), REQUIRES(cpu_count() > 1 && cpu_count() <= 8))
{
	struct cpu_barrier barrier = { 0 };
	u32 next[8] = { 0 };

	CAPTURED(run_on_all_cpus(note_many, &barrier));
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		u32 cpu, number;

		ASSERT(parse(line, &cpu, &number), "%.40s", line);
		EXPECT_EQ(number, next[cpu]);
		next[cpu]++;
	}
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		EXPECT_EQ(next[cpu], 20u);
}
