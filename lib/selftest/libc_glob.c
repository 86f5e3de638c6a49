/* SPDX-License-Identifier: MIT */
/* The patterns that select cases: <glob.h>. */
#include <glob.h>
#include <string.h>
#include <test.h>

SUITE("Patterns");

struct row {
	const char *pattern;
	const char *string;
	bool matches;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		EXPECT_EQ(glob_match(rows[i].pattern, rows[i].string), rows[i].matches,
			  "pattern \"%s\", string \"%s\"", rows[i].pattern, rows[i].string);
}

TEST(glob_plain, "A pattern without special characters matches itself and nothing else",
     SPEC("lib/libc/glob.h"))
{
	static const struct row rows[] = {
		{ "", "", true },	  { "", "a", false },	    { "a", "", false },
		{ "abc", "abc", true },	  { "abc", "abcd", false }, { "abc", "ab", false },
		{ "abc", "xabc", false }, { "abc", "Abc", false },  { "a.c", "abc", false },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

TEST(glob_star, "A star matches any characters or none", SPEC("lib/libc/glob.h"))
{
	static const struct row rows[] = {
		{ "*", "", true },
		{ "*", "abc", true },
		{ "**", "abc", true },
		{ "a*", "a", true },
		{ "a*", "abc", true },
		{ "a*", "ba", false },
		{ "*c", "abc", true },
		{ "*c", "abcd", false },
		{ "a*c", "ac", true },
		{ "a*c", "abcbc", true },
		{ "a*c", "abcb", false },
		{ "*ab*", "xxaab", true },
		{ "*ab*ab*", "abxab", true },
		{ "*ab*ab*", "abxa", false },
		{ "*aab", "aaaab", true },
		{ "a*b*c*d", "a1b2bc3cd", true },
		{ "a*b*c*d", "a1c2b3d", false },
		{ "vmrun_*_zero", "vmrun_asid_zero", true },
		{ "vmrun_*_zero", "vmrun_zero", false },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

TEST(glob_question, "A question mark matches exactly one character", SPEC("lib/libc/glob.h"))
{
	static const struct row rows[] = {
		{ "?", "", false },	{ "?", "a", true },	{ "?", "ab", false },
		{ "a?c", "abc", true }, { "a?c", "ac", false }, { "??*", "ab", true },
		{ "??*", "a", false },	{ "*??", "abc", true }, { "*?", "", false },
		{ "?", "?", true },	{ "?", "\xe4", true },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

TEST(glob_set, "Brackets match one character of a set, ranges included", SPEC("lib/libc/glob.h"))
{
	static const struct row rows[] = {
		{ "[abc]", "b", true },
		{ "[abc]", "d", false },
		{ "[abc]", "", false },
		{ "[abc]", "ab", false },
		{ "[a-c]x", "bx", true },
		{ "[a-c]", "d", false },
		{ "[a-c]", "-", false },
		{ "[a-cx-z]", "y", true },
		{ "[a-cx-z]", "m", false },
		{ "cr[0-4]", "cr3", true },
		{ "cr[0-4]", "cr8", false },
		{ "[c-a]", "b", false },
		{ "[-a]", "-", true },
		{ "[a-]", "-", true },
		{ "[a-]", "b", false },
		{ "[]a]", "]", true },
		{ "[]a]", "a", true },
		{ "[]a]", "b", false },
		{ "*[0-9]", "a1b2", true },
		{ "*[0-9]", "a1b", false },
		{ "[*]", "*", true },
		{ "[*]", "a", false },
		{ "[?]", "a", false },
		{ "[a!]", "!", true },
		{ "[\xe0-\xef]", "\xe4", true },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

TEST(glob_inverted_set, "Brackets with ! match one character that is not in the set",
     SPEC("lib/libc/glob.h"))
{
	static const struct row rows[] = {
		{ "[!abc]", "d", true },  { "[!abc]", "b", false }, { "[!abc]", "", false },
		{ "[!a-c]", "b", false }, { "[!a-c]", "!", true },  { "[!]a]", "]", false },
		{ "[!]a]", "b", true },	  { "x[!0]", "x", false },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

TEST(glob_open_set, "A bracket without its end stands for itself", SPEC("lib/libc/glob.h"))
{
	static const struct row rows[] = {
		{ "[", "[", true },	 { "[abc", "[abc", true }, { "[abc", "a", false },
		{ "[]", "[]", true },	 { "[!]", "[!]", true },   { "a[*", "a[bc", true },
		{ "a[*", "abc", false }, { "[a\\]", "[a]", true },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

TEST(glob_escape, "A backslash makes the next character stand for itself", SPEC("lib/libc/glob.h"))
{
	static const struct row rows[] = {
		{ "\\*", "*", true },	  { "\\*", "a", false },     { "\\?", "a", false },
		{ "\\[a]", "[a]", true }, { "\\[a]", "a", false },   { "\\\\", "\\", true },
		{ "\\a", "a", true },	  { "a\\", "a\\", true },    { "[\\]]", "]", true },
		{ "[a\\-c]", "-", true }, { "[a\\-c]", "b", false },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

TEST(glob_many_stars, "A pattern with many stars that does not match is told quickly",
     SPEC("lib/libc/glob.h"))
{
	/* Backtracking over every star would take some 10^20 steps. */
	static char string[301];

	memset(string, 'a', sizeof(string) - 1);
	EXPECT_EQ(glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", string), false);
	EXPECT_EQ(glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*", string), true);
}

/* What a pattern of letters, ? and * means, by trying everything; for short ones. */
static bool matches_by_trial(const char *pattern, const char *s)
{
	if (!*pattern)
		return !*s;
	if (*pattern == '*')
		return matches_by_trial(pattern + 1, s) || (*s && matches_by_trial(pattern, s + 1));
	return *s && (*pattern == '?' || *pattern == *s) && matches_by_trial(pattern + 1, s + 1);
}

static void random_text(char *to, size_t size, const char *letters)
{
	size_t length = random_u64() % size;

	for (size_t i = 0; i < length; i++)
		to[i] = letters[random_u64() % strlen(letters)];
	to[length] = '\0';
}

TEST(glob_random, "glob_match agrees with a matcher that tries every way", SPEC("lib/libc/glob.h"))
{
	unsigned int matches = 0;

	for (int i = 0; i < 5000; i++) {
		char pattern[8], string[10];

		random_text(pattern, sizeof(pattern), "ab?**");
		random_text(string, sizeof(string), "ab");
		bool expected = matches_by_trial(pattern, string);

		matches += expected;
		ASSERT_EQ(glob_match(pattern, string), expected, "pattern \"%s\", string \"%s\"",
			  pattern, string);
	}
	/* Otherwise the patterns tested nothing. */
	EXPECT_GT(matches, 500u);
	EXPECT_LT(matches, 4500u);
}

TEST(glob_list, "A list matches when one of its patterns does", SPEC("lib/libc/glob.h"))
{
	static const struct row rows[] = {
		{ "a", "a", true },	  { "a,b", "a", true },	   { "a,b", "b", true },
		{ "a,b", "c", false },	  { "a,b", "a,b", false }, { "a,b", "", false },
		{ "a*,*b", "xb", true },  { "a*,*b", "ax", true }, { "a*,*b", "x", false },
		{ "", "", false },	  { "", "a", false },	   { ",", "", false },
		{ "a,", "", false },	  { ",a", "a", true },	   { "a,,b", "b", true },
		{ "a\\,b", "a,b", true }, { "a\\,b", "b", false }, { "ab,c", "a", false },
		{ "[ab],c", "b", true },  { "[ab],c", "c", true }, { "x,[a", "[a", true },
		{ "[a,b]", "b", false },  { "[a,b]", "b]", true }, { "a\\", "a\\", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_EQ(glob_list_match(rows[i].pattern, rows[i].string), rows[i].matches,
			  "list \"%s\", string \"%s\"", rows[i].pattern, rows[i].string);
}
