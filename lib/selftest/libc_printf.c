/* SPDX-License-Identifier: MIT */
/*
 * snprintf() and vsnprintf(). The expected texts are what C11 7.21.6.1 says, written out by
 * hand.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <test.h>

SUITE("Formatted output");

/* Not marked as printf-like: many of the formats are such as compilers rightly warn of. */
static int print(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(to, size, format, args);
	va_end(args);
	return length;
}

/* EXPECT_PRINTED(expected, format, ...): text and result of a conversion. */
#define EXPECT_PRINTED(expected, ...)                                                 \
	do {                                                                          \
		char printed[160];                                                    \
		int length = print(printed, sizeof(printed), __VA_ARGS__);            \
                                                                                      \
		EXPECT_STR_EQ(printed, expected, "for %s", #__VA_ARGS__);             \
		EXPECT_EQ(length, (int)sizeof(expected) - 1, "for %s", #__VA_ARGS__); \
	} while (0)

TEST(snprintf_plain, "Text without conversions is printed as it is, and %% as a per cent sign",
     SPEC("C11, 7.21.6.1, paragraph 3"))
{
	EXPECT_PRINTED("", "");
	EXPECT_PRINTED("text\n", "text\n");
	EXPECT_PRINTED("\xe4\xff", "\xe4\xff");
	EXPECT_PRINTED("100%", "%d%%", 100);
	EXPECT_PRINTED("%d", "%%d");
}

TEST(snprintf_signed, "%d and %i print signed decimal numbers", SPEC("C11, 7.21.6.1, paragraph 8"))
{
	EXPECT_PRINTED("0", "%d", 0);
	EXPECT_PRINTED("42", "%d", 42);
	EXPECT_PRINTED("-42", "%i", -42);
	EXPECT_PRINTED("2147483647", "%d", INT_MAX);
	EXPECT_PRINTED("-2147483648", "%d", INT_MIN);
	EXPECT_PRINTED("9223372036854775807", "%lld", LLONG_MAX);
	EXPECT_PRINTED("-9223372036854775808", "%lld", LLONG_MIN);
	EXPECT_PRINTED("4294967296", "%lld", 1ll << 32);
	EXPECT_PRINTED("42949672960000000001", "%lld%010lld", 4294967296ll, 1ll);
}

TEST(snprintf_unsigned, "%u, %x, %X, %o and %b print unsigned numbers in their base",
     SPEC("C11, 7.21.6.1, paragraph 8; C23, 7.23.6.1 for %b"))
{
	EXPECT_PRINTED("0 0 0 0 0", "%u %x %X %o %b", 0, 0, 0, 0, 0);
	EXPECT_PRINTED("4294967295", "%u", UINT_MAX);
	EXPECT_PRINTED("deadbeef", "%x", 0xdeadbeef);
	EXPECT_PRINTED("DEADBEEF", "%X", 0xdeadbeef);
	EXPECT_PRINTED("1234567", "%o", 01234567);
	EXPECT_PRINTED("10100101", "%b", 0xa5);
	EXPECT_PRINTED("18446744073709551615", "%llu", ULLONG_MAX);
	EXPECT_PRINTED("10000000000000000000", "%llu", 10000000000000000000ull);
	EXPECT_PRINTED("123456789abcdef0", "%llx", 0x123456789abcdef0ull);
	EXPECT_PRINTED("1777777777777777777777", "%llo", ULLONG_MAX);
	EXPECT_PRINTED("1000000000000000000000000000000000000000000000000000000000000000", "%llb",
		       1ull << 63);
}

TEST(snprintf_lengths, "A length says how much of the argument counts",
     SPEC("C11, 7.21.6.1, paragraph 7"))
{
	EXPECT_PRINTED("-128 128", "%hhd %hhu", 0x180, 0x180);
	EXPECT_PRINTED("-1 255 ff", "%hhd %hhu %hhx", -1, -1, -1);
	EXPECT_PRINTED("-32768 32768", "%hd %hu", 0x18000, 0x18000);
	EXPECT_PRINTED("-1 177777", "%hi %ho", -1, -1);
	EXPECT_PRINTED("-5 fb", "%ld %hhx", -5l, -5);
	EXPECT_PRINTED("-5 7", "%lld %d", -5ll, 7);
	EXPECT_PRINTED("-6 7", "%jd %d", (intmax_t)-6, 7);
	EXPECT_PRINTED("fedcba9876543210", "%jx", (uintmax_t)0xfedcba9876543210);
	EXPECT_PRINTED("-7 7", "%td %d", (ptrdiff_t)-7, 7);
	EXPECT_PRINTED("8 7", "%zu %d", (size_t)8, 7);
	if (sizeof(size_t) == 8) {
		EXPECT_PRINTED("18446744073709551615", "%zu", SIZE_MAX);
		EXPECT_PRINTED("18446744073709551615", "%lu", ULONG_MAX);
	} else {
		EXPECT_PRINTED("4294967295", "%zu", SIZE_MAX);
		EXPECT_PRINTED("4294967295", "%lu", ULONG_MAX);
	}
}

TEST(snprintf_width,
     "A width pads with spaces on the left, with - on the right, and never cuts off",
     SPEC("C11, 7.21.6.1, paragraphs 4 and 6"))
{
	EXPECT_PRINTED("[   42]", "[%5d]", 42);
	EXPECT_PRINTED("[42   ]", "[%-5d]", 42);
	EXPECT_PRINTED("[  -42]", "[%5d]", -42);
	EXPECT_PRINTED("[-42  ]", "[%-5d]", -42);
	EXPECT_PRINTED("[12345]", "[%3d]", 12345);
	EXPECT_PRINTED("[          ab]", "[%12x]", 0xab);
	EXPECT_PRINTED("[   42]", "[%*d]", 5, 42);
	EXPECT_PRINTED("[42   ]", "[%*d]", -5, 42);
	EXPECT_PRINTED("[42   ]", "[%-*d]", 5, 42);
	EXPECT_PRINTED("[42]", "[%*d]", 0, 42);
}

TEST(snprintf_zero, "The flag 0 pads with zeros after the sign, unless - or a precision is given",
     SPEC("C11, 7.21.6.1, paragraph 6"))
{
	EXPECT_PRINTED("[00042]", "[%05d]", 42);
	EXPECT_PRINTED("[-0042]", "[%05d]", -42);
	EXPECT_PRINTED("[+0042]", "[%+05d]", 42);
	EXPECT_PRINTED("[ 0042]", "[% 05d]", 42);
	EXPECT_PRINTED("[0x002a]", "[%#06x]", 42);
	EXPECT_PRINTED("[42   ]", "[%-05d]", 42);
	EXPECT_PRINTED("[42   ]", "[%0-5d]", 42);
	EXPECT_PRINTED("[  042]", "[%05.3d]", 42);
	EXPECT_PRINTED("[00000]", "[%05d]", 0);
	EXPECT_PRINTED("[0000000000000042]", "[%016llx]", 0x42ull);
}

TEST(snprintf_sign, "The flags + and space show the sign of numbers that are not negative",
     SPEC("C11, 7.21.6.1, paragraph 6"))
{
	EXPECT_PRINTED("+42 -42 +0", "%+d %+d %+d", 42, -42, 0);
	EXPECT_PRINTED("[ 42] [-42] [ 0]", "[% d] [% d] [% d]", 42, -42, 0);
	EXPECT_PRINTED("+42", "% +d", 42);
	EXPECT_PRINTED("+42", "%+ d", 42);
	EXPECT_PRINTED("[  +42]", "[%+5d]", 42);
	EXPECT_PRINTED("[+42  ]", "[%-+5d]", 42);
	EXPECT_PRINTED("42 2a", "%+u %+x", 42, 42);
}

TEST(snprintf_alternate,
     "The flag # shows the base: 0 in front of %o, 0x, 0X or 0b unless it is zero",
     SPEC("C11, 7.21.6.1, paragraph 6"))
{
	EXPECT_PRINTED("0x2a 0X2A 052 0b101010", "%#x %#X %#o %#b", 42, 42, 42, 42);
	EXPECT_PRINTED("0 0 0 0", "%#x %#X %#o %#b", 0, 0, 0, 0);
	EXPECT_PRINTED("[  0x2a]", "[%#6x]", 42);
	EXPECT_PRINTED("[0x2a  ]", "[%-#6x]", 42);
	EXPECT_PRINTED("0x0000002a", "%#.8x", 42);
	EXPECT_PRINTED("0052", "%#.4o", 42);
	EXPECT_PRINTED("052", "%#.3o", 42);
	EXPECT_PRINTED("0", "%#.0o", 0);
}

TEST(snprintf_int_precision, "A precision is the least number of digits; 0 prints nothing for 0",
     SPEC("C11, 7.21.6.1, paragraphs 4 and 8"))
{
	EXPECT_PRINTED("00042", "%.5d", 42);
	EXPECT_PRINTED("-00042", "%.5d", -42);
	EXPECT_PRINTED("12345", "%.3d", 12345);
	EXPECT_PRINTED("[   00042]", "[%8.5d]", 42);
	EXPECT_PRINTED("[00042   ]", "[%-8.5d]", 42);
	EXPECT_PRINTED("[]", "[%.0d]", 0);
	EXPECT_PRINTED("[]", "[%.d]", 0);
	EXPECT_PRINTED("[  ]", "[%2.0x]", 0);
	EXPECT_PRINTED("[+]", "[%+.0d]", 0);
	EXPECT_PRINTED("5", "%.0d", 5);
	EXPECT_PRINTED("[00042]", "[%.*d]", 5, 42);
	EXPECT_PRINTED("[42]", "[%.*d]", -5, 42);
	EXPECT_PRINTED("[0]", "[%.*d]", -1, 0);
	EXPECT_PRINTED("[  00042]", "[%*.*d]", 7, 5, 42);
}

TEST(snprintf_string, "%s prints a string, no more of it than the precision says",
     SPEC("C11, 7.21.6.1, paragraph 8"))
{
	static const char no_end[3] = { 'a', 'b', 'c' };

	EXPECT_PRINTED("[]", "[%s]", "");
	EXPECT_PRINTED("[abc]", "[%s]", "abc");
	EXPECT_PRINTED("[  abc]", "[%5s]", "abc");
	EXPECT_PRINTED("[abc  ]", "[%-5s]", "abc");
	EXPECT_PRINTED("[abc]", "[%2s]", "abc");
	EXPECT_PRINTED("[ab]", "[%.2s]", "abc");
	EXPECT_PRINTED("[abc]", "[%.9s]", "abc");
	EXPECT_PRINTED("[]", "[%.0s]", "abc");
	EXPECT_PRINTED("[   ab]", "[%5.2s]", "abc");
	EXPECT_PRINTED("[ab   ]", "[%-*.*s]", 5, 2, "abc");
	EXPECT_PRINTED("[abc]", "[%.*s]", 3, no_end);
	EXPECT_PRINTED("[abc]", "[%.*s]", -1, "abc");
}

TEST(snprintf_null_string, "%s prints NULL as (null)", SPEC("lib/libc/stdio.h"))
{
	EXPECT_PRINTED("[(null)]", "[%s]", (char *)NULL);
	EXPECT_PRINTED("[  (null)]", "[%8s]", (char *)NULL);
}

TEST(snprintf_char, "%c prints one character, also a terminator",
     SPEC("C11, 7.21.6.1, paragraph 8"))
{
	char text[8];

	EXPECT_PRINTED("[a]", "[%c]", 'a');
	EXPECT_PRINTED("[  a]", "[%3c]", 'a');
	EXPECT_PRINTED("[a  ]", "[%-3c]", 'a');
	EXPECT_PRINTED("\xe4", "%c", 0xe4);

	EXPECT_EQ(snprintf(text, sizeof(text), "a%cb", '\0'), 3);
	EXPECT_MEM_EQ(text, "a\0b", 4);
}

TEST(snprintf_pointer, "%p prints a pointer as 0x and hexadecimal digits", SPEC("lib/libc/stdio.h"))
{
	EXPECT_PRINTED("0x0", "%p", NULL);
	EXPECT_PRINTED("0x1234abcd", "%p", (void *)0x1234abcd);
	EXPECT_PRINTED("[   0x1000]", "[%9p]", (void *)0x1000);
	EXPECT_PRINTED("[0x1000   ]", "[%-9p]", (void *)0x1000);
	if (sizeof(void *) == 8)
		EXPECT_PRINTED("0xffffffffffffffff", "%p", (void *)UINTPTR_MAX);
	else
		EXPECT_PRINTED("0xffffffff", "%p", (void *)UINTPTR_MAX);
}

TEST(snprintf_unknown,
     "A conversion that is not known is printed as it stands and takes no argument",
     SPEC("lib/libc/stdio.h"))
{
	EXPECT_PRINTED("%q 7", "%q %d", 7);
	EXPECT_PRINTED("%-5q 7", "%-5q %d", 7);
	EXPECT_PRINTED("%ls 7", "%ls %d", 7);
	EXPECT_PRINTED("%f%e 7", "%f%e %d", 7);
	EXPECT_PRINTED("%", "%");
	EXPECT_PRINTED("7%", "%d%", 7);
	EXPECT_PRINTED("%ll", "%ll");
	EXPECT_PRINTED("%08.3", "%08.3");
}

TEST(snprintf_no_n, "%n stores nothing", SPEC("lib/libc/stdio.h"))
{
	int stored = 77;

	EXPECT_PRINTED("ab%n", "ab%n", &stored);
	EXPECT_EQ(stored, 77);
}

TEST(snprintf_many_arguments, "Arguments beyond those passed in registers arrive in their order",
     SPEC("C11, 7.16"))
{
	EXPECT_PRINTED("1 -2 3 a four 5 6 0x7 8 9 -10 11",
		       "%d %lld %u %c %s %lu %zu %p %llu %d %jd %x", 1, -2ll, 3u, 'a', "four", 5ul,
		       (size_t)6, (void *)7, 8ull, 9, (intmax_t)-10, 0x11);
}

TEST(snprintf_truncates, "What does not fit is cut off, terminated, and counted all the same",
     SPEC("C11, 7.21.6.5"))
{
	static const char whole[] = "ab 00012 xyz  -345";
	const int length = sizeof(whole) - 1;

	for (size_t size = 1; size <= sizeof(whole) + 2; size++) {
		char text[sizeof(whole) + 4];
		char cut[sizeof(whole)];

		memset(text, '#', sizeof(text));
		strlcpy(cut, whole, MIN(size, sizeof(cut)));
		EXPECT_EQ(snprintf(text, size, "%s %05d %-4s%5d", "ab", 12, "xyz", -345), length,
			  "%zu bytes", size);
		EXPECT_STR_EQ(text, cut, "%zu bytes", size);
		for (size_t i = strlen(cut) + 1; i < sizeof(text); i++)
			EXPECT_EQ(text[i], '#', "byte %zu with room for %zu", i, size);
	}
}

TEST(snprintf_no_room, "With no room at all nothing is written, and the length is counted",
     SPEC("C11, 7.21.6.5"))
{
	char text[] = "#";

	EXPECT_EQ(print(text, 0, "%s", "abc"), 3);
	EXPECT_STR_EQ(text, "#");
	EXPECT_EQ(print(NULL, 0, "%d%5s", 12345, ""), 10);
}

TEST(snprintf_huge_width, "A width of a million is counted, and only what fits is written",
     SPEC("C11, 7.21.6.5"))
{
	char text[8];

	memset(text, '#', sizeof(text));
	EXPECT_EQ(print(text, 4, "%1000000d", 1), 1000000);
	EXPECT_MEM_EQ(text, "   \0####", sizeof(text));
	EXPECT_EQ(print(text, 4, "%.*d", 1000000, 1), 1000000);
	EXPECT_STR_EQ(text, "000");
}

static int forward(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int first, second;

	va_start(args, format);
	first = vsnprintf(to, size, format, args);
	va_end(args);
	va_start(args, format);
	second = vsnprintf(to, size, format, args);
	va_end(args);
	return first == second ? first : -1;
}

TEST(vsnprintf_restarts, "vsnprintf prints the same for the same arguments again",
     SPEC("C11, 7.21.6.12"))
{
	char text[32];

	EXPECT_EQ(forward(text, sizeof(text), "%d %s %llx", 1, "two", 3ull), 7);
	EXPECT_STR_EQ(text, "1 two 3");
}

TEST(snprintf_random, "Random numbers are printed digit by digit as their value says",
     SPEC("C11, 7.21.6.1, paragraph 8"))
{
	for (int i = 0; i < 2000; i++) {
		u64 value = random_u64() >> random_u64() % 64;
		u64 decimal = 0, hexadecimal = 0;
		char text[32];

		print(text, sizeof(text), "%ju", value);
		for (char *c = text; *c; c++)
			decimal = decimal * 10 + (u64)(*c - '0');
		ASSERT_EQ(decimal, value, "%s", text);

		print(text, sizeof(text), "%jx", value);
		for (char *c = text; *c; c++)
			hexadecimal = hexadecimal << 4 |
				      (u64)(*c <= '9' ? *c - '0' : *c - 'a' + 10);
		ASSERT_EQ(hexadecimal, value, "%s", text);
	}
}
