/* SPDX-License-Identifier: MIT */
/* Numbers from text, sorting and searching: <stdlib.h>. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <test.h>

SUITE("Numbers from text, sorting, searching");

TEST(strtol_text, "strtol and its kin read a number and say where it ends", SPEC("C11, 7.22.1.4"))
{
	static const struct {
		const char *text;
		int base;
		long value;
		size_t end;
	} rows[] = {
		{ "0", 10, 0, 1 },	{ "42", 10, 42, 2 },	{ "42rest", 10, 42, 2 },
		{ "+42", 10, 42, 3 },	{ "-42", 10, -42, 3 },	{ " \t\n\v\f\r7", 10, 7, 7 },
		{ "007", 10, 7, 3 },	{ "123", 0, 123, 3 },	{ "0x1aF", 0, 0x1af, 5 },
		{ "0X1a", 0, 0x1a, 4 }, { "-0x10", 0, -16, 5 }, { "0x1a", 16, 0x1a, 4 },
		{ "1a", 16, 0x1a, 2 },	{ "0123", 0, 0123, 4 }, { "089", 0, 0, 1 },
		{ "0", 0, 0, 1 },	{ "0x", 0, 0, 1 },	{ "0xg", 16, 0, 1 },
		{ "0x1", 10, 0, 1 },	{ "1012", 2, 5, 3 },	{ "zZ", 36, 35 * 36 + 35, 2 },
		{ "12", 3, 5, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = rows[i].text;
		long value = rows[i].value;
		char *end = NULL;

		EXPECT_EQ(strtol(text, &end, rows[i].base), value, "\"%s\"", text);
		EXPECT(end == text + rows[i].end, "\"%s\" ends at %s", text, end);
		end = NULL;
		EXPECT_EQ(strtoll(text, &end, rows[i].base), (long long)value, "\"%s\"", text);
		EXPECT(end == text + rows[i].end, "\"%s\" ends at %s", text, end);
		end = NULL;
		EXPECT_EQ(strtoul(text, &end, rows[i].base), (unsigned long)value, "\"%s\"", text);
		EXPECT(end == text + rows[i].end, "\"%s\" ends at %s", text, end);
		end = NULL;
		EXPECT_EQ(strtoull(text, &end, rows[i].base), (unsigned long long)value, "\"%s\"",
			  text);
		EXPECT(end == text + rows[i].end, "\"%s\" ends at %s", text, end);
		EXPECT_EQ(strtol(text, NULL, rows[i].base), value, "\"%s\"", text);
	}
}

TEST(strtol_no_number, "strtol without a number gives 0 and the start of the text",
     SPEC("C11, 7.22.1.4, paragraphs 7 and 8"))
{
	static const struct {
		const char *text;
		int base;
	} rows[] = {
		{ "", 10 },    { " ", 10 },  { "x", 10 },  { "-", 10 }, { " +-1", 10 },
		{ "+ 1", 10 }, { "2", 2 },   { "-z", 16 }, { "5", 1 },	{ "5", 37 },
		{ "5", -1 },   { "x1", 16 }, { "x1", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *end = NULL;

		EXPECT_EQ(strtol(rows[i].text, &end, rows[i].base), 0L, "\"%s\"", rows[i].text);
		EXPECT(end == rows[i].text, "\"%s\"", rows[i].text);
		end = NULL;
		EXPECT_EQ(strtoull(rows[i].text, &end, rows[i].base), 0ull, "\"%s\"", rows[i].text);
		EXPECT(end == rows[i].text, "\"%s\"", rows[i].text);
	}
}

TEST(strtoll_limits, "strtoll reads up to its limits and stays there beyond them",
     SPEC("C11, 7.22.1.4, paragraph 8"))
{
	static const struct {
		const char *text;
		long long value;
	} rows[] = {
		{ "9223372036854775806", LLONG_MAX - 1 }, { "9223372036854775807", LLONG_MAX },
		{ "9223372036854775808", LLONG_MAX },	  { "18446744073709551615", LLONG_MAX },
		{ "18446744073709551616", LLONG_MAX },	  { "18446744073709551621", LLONG_MAX },
		{ "99999999999999999999", LLONG_MAX },	  { "-9223372036854775807", -LLONG_MAX },
		{ "-9223372036854775808", LLONG_MIN },	  { "-9223372036854775809", LLONG_MIN },
		{ "-18446744073709551617", LLONG_MIN },	  { "-99999999999999999999", LLONG_MIN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *end = NULL;

		EXPECT_EQ(strtoll(rows[i].text, &end, 10), rows[i].value, "\"%s\"", rows[i].text);
		EXPECT(*end == '\0', "\"%s\"", rows[i].text);
	}
}

TEST(strtoull_limits, "strtoull reads up to its limit, stays there beyond it and negates",
     SPEC("C11, 7.22.1.4, paragraphs 5 and 8"))
{
	static const struct {
		const char *text;
		unsigned long long value;
	} rows[] = {
		{ "18446744073709551614", ULLONG_MAX - 1 },
		{ "18446744073709551615", ULLONG_MAX },
		{ "18446744073709551616", ULLONG_MAX },
		{ "18446744073709551621", ULLONG_MAX },
		{ "36893488147419103233", ULLONG_MAX },
		{ "-1", ULLONG_MAX },
		{ "-2", ULLONG_MAX - 1 },
		{ "-18446744073709551615", 1 },
		{ "-18446744073709551616", ULLONG_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_EQ(strtoull(rows[i].text, NULL, 10), rows[i].value, "\"%s\"", rows[i].text);
	EXPECT_EQ(strtoull("0xffffffffffffffff", NULL, 0), ULLONG_MAX);
	EXPECT_EQ(strtoull("0x10000000000000000", NULL, 0), ULLONG_MAX);
}

TEST(strtol_limits, "strtol and strtoul stay at the limits of a long, whatever its width",
     SPEC("C11, 7.22.1.4, paragraph 8"))
{
	bool is_64bit = sizeof(long) == 8;
	const char *max = is_64bit ? "0x7fffffffffffffff" : "0x7fffffff";
	const char *above = is_64bit ? "0x8000000000000000" : "0x80000000";
	const char *min = is_64bit ? "-0x8000000000000000" : "-0x80000000";
	const char *below = is_64bit ? "-0x8000000000000001" : "-0x80000001";
	const char *umax = is_64bit ? "0xffffffffffffffff" : "0xffffffff";
	const char *uabove = is_64bit ? "0x10000000000000000" : "0x100000000";

	EXPECT_EQ(strtol(max, NULL, 0), LONG_MAX);
	EXPECT_EQ(strtol(above, NULL, 0), LONG_MAX);
	EXPECT_EQ(strtol(min, NULL, 0), LONG_MIN);
	EXPECT_EQ(strtol(below, NULL, 0), LONG_MIN);
	EXPECT_EQ(strtoul(umax, NULL, 0), ULONG_MAX);
	EXPECT_EQ(strtoul(uabove, NULL, 0), ULONG_MAX);
	EXPECT_EQ(strtoul("-1", NULL, 0), ULONG_MAX);
}

TEST(atoi_text, "atoi reads a decimal number and stays at an int's limits",
     SPEC("C11, 7.22.1.2; the limits are a promise of lib/libc"))
{
	EXPECT_EQ(atoi(" 12abc"), 12);
	EXPECT_EQ(atoi("-7"), -7);
	EXPECT_EQ(atoi("0x10"), 0);
	EXPECT_EQ(atoi("none"), 0);
	EXPECT_EQ(atoi("2147483648"), INT_MAX);
	EXPECT_EQ(atoi("-2147483649"), INT_MIN);
}

TEST(abs_magnitude, "abs gives the magnitude", SPEC("C11, 7.22.6.1"))
{
	EXPECT_EQ(abs(0), 0);
	EXPECT_EQ(abs(5), 5);
	EXPECT_EQ(abs(-5), 5);
	EXPECT_EQ(abs(-INT_MAX), INT_MAX);
}

enum { MAX_COUNT = 200, MAX_SIZE = 24 };

static size_t element_size;
static u8 array[MAX_COUNT * MAX_SIZE + 1];

/* Elements are compared whole, as big-endian numbers. */
static int compare_elements(const void *a, const void *b)
{
	return memcmp(a, b, element_size);
}

enum order { SORTED, REVERSED, EQUAL, FEW_VALUES, RANDOM, ORDERS };

static const char *const order_names[ORDERS] = { "sorted", "reversed", "equal", "few_values",
						 "random" };

static void fill_array(enum order order, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		u8 *element = array + i * element_size;
		u8 value = 0;

		switch (order) {
		case SORTED:
			value = (u8)i;
			break;
		case REVERSED:
			value = (u8)(count - i);
			break;
		case FEW_VALUES:
			value = random_u64() % 3;
			break;
		case RANDOM:
			value = (u8)random_u64();
			break;
		default:
			break;
		}
		/* Last byte: in an element that is torn apart it does not fit the first one. */
		memset(element, 0, element_size);
		element[0] = value;
		element[element_size - 1] = value;
	}
}

static void check_sorted(size_t count)
{
	unsigned int before[256] = { 0 }, after[256] = { 0 };

	for (size_t i = 0; i < count; i++)
		before[array[i * element_size]]++;
	array[count * element_size] = 0x5a;
	qsort(array, count, element_size, compare_elements);

	for (size_t i = 0; i < count; i++) {
		u8 *element = array + i * element_size;

		after[element[0]]++;
		ASSERT_EQ(element[element_size - 1], element[0], "element %zu of %zu", i, count);
		if (i)
			ASSERT_LE(element[-(ptrdiff_t)element_size], element[0],
				  "element %zu of %zu", i, count);
	}
	for (unsigned int value = 0; value < 256; value++)
		ASSERT_EQ(after[value], before[value], "elements of value %u among %zu", value,
			  count);
	ASSERT_EQ(array[count * element_size], 0x5a, "after %zu elements", count);
}

TEST(qsort_orders, "qsort puts the same elements in ascending order, whatever order they came in",
     SPEC("C11, 7.22.5.2"))
{
	static const size_t sizes[] = { 1, 3, 8, MAX_SIZE };
	static const size_t counts[] = { 0, 1, 2, 3, 4, 5, 16, 17, 100, MAX_COUNT };

	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (enum order order = 0; order < ORDERS; order++) {
			SUBTEST("%s_%u_bytes", order_names[order], (unsigned int)sizes[s]);
			element_size = sizes[s];
			for (size_t c = 0; c < ARRAY_SIZE(counts); c++) {
				fill_array(order, counts[c]);
				check_sorted(counts[c]);
			}
		}
	}
}

static unsigned int comparisons;

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	comparisons++;
	return (x > y) - (x < y);
}

TEST(qsort_effort,
     "qsort needs no more than about n log n comparisons for inputs that upset quicksort",
     SPEC("lib/libc/stdlib.h"))
{
	enum { COUNT = 1024, LOG = 10 };
	static int numbers[COUNT];

	for (int kind = 0; kind < 4; kind++) {
		for (int i = 0; i < COUNT; i++) {
			const int values[] = { i, -i, 0, i < COUNT / 2 ? i : COUNT - i };

			numbers[i] = values[kind];
		}
		comparisons = 0;
		qsort(numbers, COUNT, sizeof(numbers[0]), compare_ints);
		EXPECT_LE(comparisons, 3u * COUNT * LOG, "input %d", kind);
		for (int i = 1; i < COUNT; i++)
			ASSERT_LE(numbers[i - 1], numbers[i], "input %d", kind);
	}
}

TEST(bsearch_finds, "bsearch finds every element and nothing that is not there",
     SPEC("C11, 7.22.5.1"))
{
	int numbers[40];

	for (int i = 0; i < (int)ARRAY_SIZE(numbers); i++)
		numbers[i] = 2 * i;
	for (size_t count = 0; count <= ARRAY_SIZE(numbers); count++) {
		for (int key = -1; key <= 2 * (int)ARRAY_SIZE(numbers); key++) {
			bool there = key >= 0 && key % 2 == 0 && key / 2 < (int)count;
			const int *found = bsearch(&key, numbers, count, sizeof(numbers[0]),
						   compare_ints);

			ASSERT(found == (there ? numbers + key / 2 : NULL), "%d among %zu", key,
			       count);
		}
	}
}

/* The key comes first: it need not look like an element. */
static int compare_name(const void *key, const void *element)
{
	return strcmp(key, *(const char *const *)element);
}

TEST(bsearch_key_first, "bsearch calls compare with the key first and the element second",
     SPEC("C11, 7.22.5.1, paragraph 3"))
{
	static const char *const names[] = { "AC", "BP", "DB", "DF", "GP", "PF", "UD" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT(bsearch(names[i], names, ARRAY_SIZE(names), sizeof(names[0]),
			       compare_name) == &names[i],
		       "%s", names[i]);
	EXPECT(bsearch("NM", names, ARRAY_SIZE(names), sizeof(names[0]), compare_name) == NULL);
}
