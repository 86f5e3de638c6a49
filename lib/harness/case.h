/* SPDX-License-Identifier: MIT */
/*
 * Declaring cases: SUITE() once per file, TEST() per case. <test.h> shows a whole file.
 */
#ifndef ASSAY_HARNESS_CASE_H
#define ASSAY_HARNESS_CASE_H

#include <types.h>

struct test_suite {
	const char *title;
	const char *(*missing)(void); /* NULL or what this machine lacks for these cases */
};

struct test_case {
	const char *name;
	const char *spec; /* the manual, or "" */
	const struct test_suite *suite;
	const char *(*missing)(void);
	void (*body)(void);
};

/* All cases of the image, in the order of the files' names and of the lines in a file. */
extern const struct test_case *const test_cases_start[], *const test_cases_end[];

/*
 * SUITE("Title" [, REQUIRES(condition) ...]): what the cases of this file are about, and what all
 * of them need. One per file, before the first TEST().
 *
 * TEST(name, "Sentence." [, attribute ...]) { body }: one case. The name is unique in the image, the
 * sentence says what must hold. Attributes:
 *	SPEC("document, section")	where the manual says so
 *	BUG("CVE-2021-3653")		a real bug that the case would have found; may be repeated
 *	REQUIRES(condition)		C expression; if false, the case is skipped with its text
 */
#define SUITE(title, ...)                                \
	static const char *suite_missing(void)           \
	{                                                \
		TEST_FOR_EACH(TEST_CODE_, ##__VA_ARGS__) \
		return NULL;                             \
	}                                                \
	static const struct test_suite this_suite = { title, suite_missing }

/* clang-format off */
#define TEST(name_, sentence, ...)                                                                 \
	static void test_##name_(void);                                                            \
	static const char *missing_for_##name_(void)                                               \
	{                                                                                          \
		TEST_FOR_EACH(TEST_CODE_, ##__VA_ARGS__)                                           \
		return NULL;                                                                       \
	}                                                                                          \
	/* Not static: the linker refuses a name that comes twice in an image. */                  \
	extern const struct test_case test_case_##name_;                                           \
	const struct test_case test_case_##name_ = {                                               \
		.name = #name_,                                                                    \
		.spec = "" TEST_FOR_EACH(TEST_SPEC_, ##__VA_ARGS__),                               \
		.suite = &this_suite,                                                              \
		.missing = missing_for_##name_,                                                    \
		.body = test_##name_,                                                              \
	};                                                                                         \
	TEST_IN_ORDER __section(".assay.cases") static const struct test_case                      \
		*const test_pointer_##name_ = &test_case_##name_;                                  \
	/* What --list shows without booting: fields with tabs between, a line per case. */       \
	TEST_IN_ORDER __section(".assay.list") static const char test_list_##name_[] =             \
		#name_ "\t" sentence "\t" TEST_FOR_EACH(TEST_SPEC_, ##__VA_ARGS__)                 \
			"\t" TEST_FOR_EACH(TEST_BUG_, ##__VA_ARGS__)                               \
			"\t" __FILE__ "\t" TEST_STRING(__LINE__) "\n";                             \
	static void test_##name_(void)
/* clang-format on */

/* gcc may reorder variables within a section, clang does not. */
#ifdef __clang__
#define TEST_IN_ORDER __used
#else
#define TEST_IN_ORDER __used __attribute__((no_reorder))
#endif

/*
 * The attributes are not macros: each is dispatched on its name, pasted to one of these prefixes,
 * so that the manual's reference can stand in static data and a condition in a function.
 */
#define TEST_CODE_SPEC(text)
#define TEST_CODE_BUG(text)
#define TEST_CODE_REQUIRES(...) \
	if (!(__VA_ARGS__))     \
		return "requires " #__VA_ARGS__;

#define TEST_SPEC_SPEC(text) text
#define TEST_SPEC_BUG(text)
#define TEST_SPEC_REQUIRES(...)

#define TEST_BUG_SPEC(text)
#define TEST_BUG_BUG(text) text ";"
#define TEST_BUG_REQUIRES(...)

#define TEST_STRING(x)	TEST_STRING_(x)
#define TEST_STRING_(x) #x

/* TEST_FOR_EACH(prefix, a, b, ...): prefix##a prefix##b ..., for up to eight attributes. */
#define TEST_FOR_EACH(p, ...) \
	TEST_COUNTED(p, ##__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1, 0)(p, ##__VA_ARGS__)
#define TEST_COUNTED(p, _1, _2, _3, _4, _5, _6, _7, _8, n, ...) TEST_EACH_##n
#define TEST_EACH_0(p)
#define TEST_EACH_1(p, a)      p##a
#define TEST_EACH_2(p, a, ...) p##a TEST_EACH_1(p, __VA_ARGS__)
#define TEST_EACH_3(p, a, ...) p##a TEST_EACH_2(p, __VA_ARGS__)
#define TEST_EACH_4(p, a, ...) p##a TEST_EACH_3(p, __VA_ARGS__)
#define TEST_EACH_5(p, a, ...) p##a TEST_EACH_4(p, __VA_ARGS__)
#define TEST_EACH_6(p, a, ...) p##a TEST_EACH_5(p, __VA_ARGS__)
#define TEST_EACH_7(p, a, ...) p##a TEST_EACH_6(p, __VA_ARGS__)
#define TEST_EACH_8(p, a, ...) p##a TEST_EACH_7(p, __VA_ARGS__)

#endif
