/* SPDX-License-Identifier: MIT */
/* The string functions of <string.h> and the character classes of <ctype.h>. */
#include <ctype.h>
#include <string.h>
#include <test.h>

SUITE("String functions");

/* Above ASCII: negative where a char is signed. */
#define HIGH "\xe4"

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

TEST(strlen_counts, "strlen counts the characters before the terminator, at every alignment",
     SPEC("C11, 7.24.6.3"))
{
	static char area[64];

	for (size_t start = 0; start < 16; start++) {
		for (size_t length = 0; length < 40; length++) {
			memset(area, 'x', sizeof(area));
			area[start + length] = '\0';
			ASSERT_EQ(strlen(area + start), length, "at +%zu", start);
		}
	}
	EXPECT_EQ(strlen(HIGH HIGH), 2u);
}

TEST(strnlen_limit, "strnlen counts as strlen does, up to the limit", SPEC("POSIX.1-2008, strnlen"))
{
	static const char no_end[4] = { 'a', 'b', 'c', 'd' };

	EXPECT_EQ(strnlen("abc", 10), 3u);
	EXPECT_EQ(strnlen("abc", 3), 3u);
	EXPECT_EQ(strnlen("abc", 2), 2u);
	EXPECT_EQ(strnlen("abc", 0), 0u);
	EXPECT_EQ(strnlen("", 5), 0u);
	EXPECT_EQ(strnlen(no_end, sizeof(no_end)), sizeof(no_end));
	EXPECT_EQ(strnlen("abc", SIZE_MAX), 3u);
}

static const struct comparison {
	const char *a, *b;
	size_t limit;
	int order;	   /* of the strings */
	int order_limited; /* of their first `limit` characters */
	int order_no_case; /* of the strings, letters as lower case */
} comparisons[] = {
	{ "", "", 1, 0, 0, 0 },
	{ "", "a", 1, -1, -1, -1 },
	{ "a", "a", 5, 0, 0, 0 },
	{ "abc", "abd", 2, -1, 0, -1 },
	{ "abc", "abd", 3, -1, -1, -1 },
	{ "ab", "abc", 2, -1, 0, -1 },
	{ "ab", "abc", 3, -1, -1, -1 },
	{ "abc", "b", 0, -1, 0, -1 },
	{ "abc", "ABC", 3, 1, 1, 0 },
	{ "Zebra", "aardvark", 9, -1, -1, 1 },
	{ "case_10", "case_9", 9, -1, -1, -1 },
	/* After Z and before a: as lower case the letters come after. */
	{ "_", "A", 1, 1, 1, -1 },
	{ "[", "{", 1, -1, -1, -1 },
	{ "@", "`", 1, -1, -1, -1 },
	{ "z", HIGH, 1, -1, -1, -1 },
	{ "\x7f", "\x80", 1, -1, -1, -1 },
};

TEST(strcmp_order, "strcmp orders strings by their first difference, as unsigned characters",
     SPEC("C11, 7.24.4.2"))
{
	for (size_t i = 0; i < ARRAY_SIZE(comparisons); i++) {
		const struct comparison *c = &comparisons[i];

		EXPECT_EQ(sign(strcmp(c->a, c->b)), c->order, "%s and %s", c->a, c->b);
		EXPECT_EQ(sign(strcmp(c->b, c->a)), -c->order, "%s and %s", c->b, c->a);
	}
}

TEST(strncmp_limit, "strncmp compares no more than the limit and nothing after a terminator",
     SPEC("C11, 7.24.4.4"))
{
	for (size_t i = 0; i < ARRAY_SIZE(comparisons); i++) {
		const struct comparison *c = &comparisons[i];

		EXPECT_EQ(sign(strncmp(c->a, c->b, c->limit)), c->order_limited, "%zu of %s and %s",
			  c->limit, c->a, c->b);
		EXPECT_EQ(sign(strncmp(c->b, c->a, c->limit)), -c->order_limited,
			  "%zu of %s and %s", c->limit, c->b, c->a);
	}
	EXPECT_EQ(strncmp("a\0b", "a\0c", 3), 0);
}

TEST(strcasecmp_order, "strcasecmp and strncasecmp compare letters as lower case",
     SPEC("POSIX.1-2008, strcasecmp"))
{
	for (size_t i = 0; i < ARRAY_SIZE(comparisons); i++) {
		const struct comparison *c = &comparisons[i];

		EXPECT_EQ(sign(strcasecmp(c->a, c->b)), c->order_no_case, "%s and %s", c->a, c->b);
		EXPECT_EQ(sign(strcasecmp(c->b, c->a)), -c->order_no_case, "%s and %s", c->b, c->a);
	}
	EXPECT_EQ(strncasecmp("EFER.SVME", "efer.lme", 5), 0);
	EXPECT_GT(strncasecmp("EFER.SVME", "efer.lme", 6), 0);
	EXPECT_EQ(strncasecmp("a", "b", 0), 0);
}

TEST(strlcpy_truncates, "strlcpy copies what fits, always terminated, and returns the whole length",
     SPEC("OpenBSD, strlcpy(3)"))
{
	static const struct {
		const char *from;
		size_t size;
		const char *copy;
	} rows[] = {
		{ "", 8, "" },	      { "abc", 8, "abc" }, { "abc", 4, "abc" },
		{ "abcd", 4, "abc" }, { "abc", 1, "" },	   { "abcdefgh", 8, "abcdefg" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char to[10];

		memset(to, '#', sizeof(to));
		EXPECT_EQ(strlcpy(to, rows[i].from, rows[i].size), strlen(rows[i].from));
		EXPECT_STR_EQ(to, rows[i].copy, "%zu bytes for \"%s\"", rows[i].size, rows[i].from);
		EXPECT_EQ(to[strlen(rows[i].copy) + 1], '#', "%zu bytes for \"%s\"", rows[i].size,
			  rows[i].from);
	}
}

TEST(strlcpy_no_room, "strlcpy writes nothing to zero bytes", SPEC("OpenBSD, strlcpy(3)"))
{
	char to[] = "#";

	EXPECT_EQ(strlcpy(to, "abc", 0), 3u);
	EXPECT_STR_EQ(to, "#");
}

TEST(strlcat_truncates,
     "strlcat appends what fits, always terminated, and returns the whole length",
     SPEC("OpenBSD, strlcat(3)"))
{
	static const struct {
		const char *to, *from;
		size_t size;
		const char *result;
	} rows[] = {
		{ "", "", 4, "" },	   { "ab", "", 3, "ab" },    { "", "abc", 4, "abc" },
		{ "ab", "cd", 5, "abcd" }, { "ab", "cd", 4, "abc" }, { "ab", "cd", 3, "ab" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char to[10];

		memset(to, '#', sizeof(to));
		strlcpy(to, rows[i].to, sizeof(to));
		EXPECT_EQ(strlcat(to, rows[i].from, rows[i].size),
			  strlen(rows[i].to) + strlen(rows[i].from));
		EXPECT_STR_EQ(to, rows[i].result, "row %zu", i);
		EXPECT_EQ(to[strlen(rows[i].result) + 1], '#', "row %zu", i);
	}
}

TEST(strlcat_no_terminator, "strlcat changes nothing when there is no terminator within the size",
     SPEC("OpenBSD, strlcat(3)"))
{
	char to[] = "abcd";

	EXPECT_EQ(strlcat(to, "ef", 2), 4u);
	EXPECT_STR_EQ(to, "abcd");
	EXPECT_EQ(strlcat(to, "ef", 0), 2u);
	EXPECT_STR_EQ(to, "abcd");
}

TEST(strchr_first, "strchr finds the first place of a character and of the terminator",
     SPEC("C11, 7.24.5.2"))
{
	static const char s[] = "abcabc" HIGH;

	EXPECT(strchr(s, 'a') == s);
	EXPECT(strchr(s, 'b') == s + 1);
	EXPECT(strchr(s, HIGH[0]) == s + 6);
	EXPECT(strchr(s, 0xe4) == s + 6);
	EXPECT(strchr(s, '\0') == s + 7);
	EXPECT(strchr(s, 'x') == NULL);
	EXPECT(strchr("", 'x') == NULL);
}

TEST(strrchr_last, "strrchr finds the last place of a character and of the terminator",
     SPEC("C11, 7.24.5.5"))
{
	static const char s[] = "abcabc" HIGH;

	EXPECT(strrchr(s, 'a') == s + 3);
	EXPECT(strrchr(s, 'c') == s + 5);
	EXPECT(strrchr(s, 0xe4) == s + 6);
	EXPECT(strrchr(s, '\0') == s + 7);
	EXPECT(strrchr(s, 'x') == NULL);
	EXPECT(strrchr("", 'x') == NULL);
}

TEST(strstr_first, "strstr finds the first place of a part, also after a partial match",
     SPEC("C11, 7.24.5.7"))
{
	static const char s[] = "aabaabaaab";

	EXPECT(strstr(s, "") == s);
	EXPECT(strstr(s, "a") == s);
	EXPECT(strstr(s, "b") == s + 2);
	EXPECT(strstr(s, "aaab") == s + 6);
	EXPECT(strstr(s, s) == s);
	EXPECT(strstr(s, "aaaa") == NULL);
	EXPECT(strstr(s, "aabaabaaabb") == NULL);
	EXPECT(strstr("", "a") == NULL);
}

TEST(strspn_lengths, "strspn and strcspn measure the part with and the part without a set",
     SPEC("C11, 7.24.5.3 and 7.24.5.6"))
{
	EXPECT_EQ(strspn("aabbcc", "ab"), 4u);
	EXPECT_EQ(strspn("aabbcc", "cba"), 6u);
	EXPECT_EQ(strspn("aabbcc", "x"), 0u);
	EXPECT_EQ(strspn("aabbcc", ""), 0u);
	EXPECT_EQ(strspn("", "ab"), 0u);
	EXPECT_EQ(strcspn("key=value", "=:"), 3u);
	EXPECT_EQ(strcspn("key", "=:"), 3u);
	EXPECT_EQ(strcspn("=", "=:"), 0u);
	EXPECT_EQ(strcspn("key", ""), 3u);
	EXPECT_EQ(strcspn("", "=:"), 0u);
}

enum {
	UPPER = 1,
	LOWER = 2,
	DIGIT = 4,
	HEX = 8,
	SPACE = 16,
	BLANK = 32,
	PUNCT = 64,
	CONTROL = 128
};

/* The classes as C11 7.4.1 lists them, from text rather than from ranges. */
static unsigned int classes_of(int c)
{
	static const struct {
		const char *members;
		unsigned int class;
	} sets[] = {
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZ", UPPER },
		{ "abcdefghijklmnopqrstuvwxyz", LOWER },
		{ "0123456789", DIGIT },
		{ "0123456789abcdefABCDEF", HEX },
		{ " \f\n\r\t\v", SPACE },
		{ " \t", BLANK },
		{ "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", PUNCT },
	};
	unsigned int classes = (c >= 0 && c < 0x20) || c == 0x7f ? CONTROL : 0;

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		for (const char *m = sets[i].members; *m; m++) {
			if (*m == c)
				classes |= sets[i].class;
		}
	}
	return classes;
}

TEST(ctype_classes, "Every character is in the classes that the standard puts it in and no other",
     SPEC("C11, 7.4.1"))
{
	for (int c = -128; c <= 255; c++) {
		unsigned int classes = classes_of(c);
		bool graphic = classes & (UPPER | LOWER | DIGIT | PUNCT);

		EXPECT_EQ(!!isupper(c), !!(classes & UPPER), "%d", c);
		EXPECT_EQ(!!islower(c), !!(classes & LOWER), "%d", c);
		EXPECT_EQ(!!isalpha(c), !!(classes & (UPPER | LOWER)), "%d", c);
		EXPECT_EQ(!!isdigit(c), !!(classes & DIGIT), "%d", c);
		EXPECT_EQ(!!isxdigit(c), !!(classes & HEX), "%d", c);
		EXPECT_EQ(!!isalnum(c), !!(classes & (UPPER | LOWER | DIGIT)), "%d", c);
		EXPECT_EQ(!!isspace(c), !!(classes & SPACE), "%d", c);
		EXPECT_EQ(!!isblank(c), !!(classes & BLANK), "%d", c);
		EXPECT_EQ(!!ispunct(c), !!(classes & PUNCT), "%d", c);
		EXPECT_EQ(!!iscntrl(c), !!(classes & CONTROL), "%d", c);
		EXPECT_EQ(!!isgraph(c), graphic, "%d", c);
		EXPECT_EQ(!!isprint(c), graphic || c == ' ', "%d", c);
	}
}

TEST(ctype_case, "toupper and tolower change letters of the other case only", SPEC("C11, 7.4.2"))
{
	for (int c = -128; c <= 255; c++) {
		unsigned int classes = classes_of(c);

		EXPECT_EQ(toupper(c), classes & LOWER ? c - 32 : c);
		EXPECT_EQ(tolower(c), classes & UPPER ? c + 32 : c);
	}
}
