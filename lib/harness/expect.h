/* SPDX-License-Identifier: MIT */
/*
 * Expectations: EXPECT_* records a failure and goes on, ASSERT_* ends the case. Every one takes
 * optional printf arguments after its operands, which say where in a loop it failed:
 *
 *	EXPECT_EQ(sum, a + b, "a=%#x b=%#x", a, b);
 *
 * The actual value comes first, the expected one second. Operands are evaluated once and compared as
 * C compares them. EXPECT_* yield whether the expectation held. They work on every CPU, also in
 * interrupt handlers, but not at user privilege.
 */
#ifndef ASSAY_HARNESS_EXPECT_H
#define ASSAY_HARNESS_EXPECT_H

#include <harness/fault.h>
#include <harness/verdict.h>
#include <types.h>

/* Where an expectation stands and what it says. */
struct expectation {
	const char *file;
	u32 line;
	bool fatal; /* ASSERT_*: a failure ends the case */
	const char *text;
	const char *relation; /* shown before the expected value; "" for equality */
};

/* An operand as it is shown. */
struct operand {
	u64 value;
	bool is_signed;
	const char *name; /* the value's name in the manual, or NULL */
};

/* clang-format off */
#define EXPECT(condition, ...)	     EXPECT_TRUE_(false, "EXPECT(" #condition ")", condition, ##__VA_ARGS__)
#define EXPECT_EQ(a, b, ...)	     EXPECT_OP_(false, "EXPECT_EQ(" #a ", " #b ")", a, ==, "", b, ##__VA_ARGS__)
#define EXPECT_NE(a, b, ...)	     EXPECT_OP_(false, "EXPECT_NE(" #a ", " #b ")", a, !=, "not ", b, ##__VA_ARGS__)
#define EXPECT_LT(a, b, ...)	     EXPECT_OP_(false, "EXPECT_LT(" #a ", " #b ")", a, <, "less than ", b, ##__VA_ARGS__)
#define EXPECT_LE(a, b, ...)	     EXPECT_OP_(false, "EXPECT_LE(" #a ", " #b ")", a, <=, "at most ", b, ##__VA_ARGS__)
#define EXPECT_GT(a, b, ...)	     EXPECT_OP_(false, "EXPECT_GT(" #a ", " #b ")", a, >, "more than ", b, ##__VA_ARGS__)
#define EXPECT_GE(a, b, ...)	     EXPECT_OP_(false, "EXPECT_GE(" #a ", " #b ")", a, >=, "at least ", b, ##__VA_ARGS__)
/* Both operands are shown by the names that `const char *namer(u64 value)` gives them. */
#define EXPECT_EQ_NAMED(namer, a, b, ...) EXPECT_NAMED_(false, "EXPECT_EQ(" #a ", " #b ")", namer, a, b, ##__VA_ARGS__)
#define EXPECT_STR_EQ(a, b, ...)     EXPECT_STR_(false, "EXPECT_STR_EQ(" #a ", " #b ")", a, b, ##__VA_ARGS__)
#define EXPECT_MEM_EQ(a, b, n, ...)  EXPECT_MEM_(false, "EXPECT_MEM_EQ(" #a ", " #b ", " #n ")", a, b, n, ##__VA_ARGS__)
/* `expected` is a fault of <arch/fault.h> or NO_FAULT, `actual` what a *_try(), fault_of()... gave. */
#define EXPECT_FAULT(expected, actual, ...) EXPECT_FAULT_(false, "EXPECT_FAULT(" #expected ", " #actual ")", expected, actual, ##__VA_ARGS__)
#define EXPECT_NO_FAULT(actual, ...) EXPECT_FAULT_(false, "EXPECT_NO_FAULT(" #actual ")", NO_FAULT, actual, ##__VA_ARGS__)

#define ASSERT(condition, ...)	     EXPECT_TRUE_(true, "ASSERT(" #condition ")", condition, ##__VA_ARGS__)
#define ASSERT_EQ(a, b, ...)	     EXPECT_OP_(true, "ASSERT_EQ(" #a ", " #b ")", a, ==, "", b, ##__VA_ARGS__)
#define ASSERT_NE(a, b, ...)	     EXPECT_OP_(true, "ASSERT_NE(" #a ", " #b ")", a, !=, "not ", b, ##__VA_ARGS__)
#define ASSERT_LT(a, b, ...)	     EXPECT_OP_(true, "ASSERT_LT(" #a ", " #b ")", a, <, "less than ", b, ##__VA_ARGS__)
#define ASSERT_LE(a, b, ...)	     EXPECT_OP_(true, "ASSERT_LE(" #a ", " #b ")", a, <=, "at most ", b, ##__VA_ARGS__)
#define ASSERT_GT(a, b, ...)	     EXPECT_OP_(true, "ASSERT_GT(" #a ", " #b ")", a, >, "more than ", b, ##__VA_ARGS__)
#define ASSERT_GE(a, b, ...)	     EXPECT_OP_(true, "ASSERT_GE(" #a ", " #b ")", a, >=, "at least ", b, ##__VA_ARGS__)
#define ASSERT_STR_EQ(a, b, ...)     EXPECT_STR_(true, "ASSERT_STR_EQ(" #a ", " #b ")", a, b, ##__VA_ARGS__)
#define ASSERT_MEM_EQ(a, b, n, ...)  EXPECT_MEM_(true, "ASSERT_MEM_EQ(" #a ", " #b ", " #n ")", a, b, n, ##__VA_ARGS__)
#define ASSERT_FAULT(expected, actual, ...) EXPECT_FAULT_(true, "ASSERT_FAULT(" #expected ", " #actual ")", expected, actual, ##__VA_ARGS__)
#define ASSERT_NO_FAULT(actual, ...) EXPECT_FAULT_(true, "ASSERT_NO_FAULT(" #actual ")", NO_FAULT, actual, ##__VA_ARGS__)

/* clang-format on */

/* A failure for which no comparison stands, with printf arguments that say what is wrong. */
#define FAIL(...) EXPECT_TRUE_(false, "FAIL", false, __VA_ARGS__)

/*
 * Ends the case as skipped, for what REQUIRES() cannot see before it starts. A case in which an
 * expectation has already failed stays failed. Only on the CPU that runs the case.
 */
#define SKIP(...) run_skip(__VA_ARGS__)

/*
 * Starts a row: a result of its own, named by the printf arguments, that ends at the next SUBTEST()
 * or with the case. Names are stable: parameters, never measured values. Rows are many values of one
 * rule; cases are what one selects. Only on the CPU that runs the case.
 */
#define SUBTEST(...)  run_row(__VA_ARGS__)
/* Marks the present row as skipped; the test goes on after it. */
#define SKIP_ROW(...) run_skip_row(__VA_ARGS__)

void run_skip(const char *format, ...) __printf_like(1, 2) __noreturn;
void run_row(const char *format, ...) __printf_like(1, 2);
void run_skip_row(const char *format, ...) __printf_like(1, 2);

/* ------------------------------------------------------------------ what the macros are made of */

void expect_failed(const struct expectation *e, const char *format, ...) __printf_like(2, 3);
void expect_failed_values(const struct expectation *e, struct operand actual,
			  struct operand expected, const char *format, ...) __printf_like(4, 5);
bool expect_str(const struct expectation *e, const char *actual, const char *expected,
		const char *format, ...) __printf_like(4, 5);
bool expect_mem(const struct expectation *e, const void *actual, const void *expected, size_t size,
		const char *format, ...) __printf_like(5, 6);
bool expect_fault(const struct expectation *e, struct fault expected, struct fault actual,
		  const char *format, ...) __printf_like(4, 5);

#define EXPECTATION_(fatal, text, relation)                                                \
	({                                                                                 \
		static const struct expectation here_ = { __FILE__, __LINE__, fatal, text, \
							  relation };                      \
		&here_;                                                                    \
	})

/* Without a variable, so that the condition may hold another of these. */
#define EXPECT_TRUE_(fatal, text, condition, ...)                                              \
	({                                                                                     \
		expectations_evaluated++;                                                      \
		__builtin_expect(!!(condition), 1) ||                                          \
			(expect_failed(EXPECTATION_(fatal, text, ""), "" __VA_ARGS__), false); \
	})

#define EXPECT_OP_(fatal, text, a, op, relation, b, ...)                             \
	({                                                                           \
		__auto_type actual_ = (a);                                           \
		__auto_type expected_ = (b);                                         \
		bool held_ = actual_ op expected_;                                   \
		expectations_evaluated++;                                            \
		if (__builtin_expect(!held_, 0))                                     \
			expect_failed_values(EXPECTATION_(fatal, text, relation),    \
					     OPERAND_(actual_), OPERAND_(expected_), \
					     "" __VA_ARGS__);                        \
		held_;                                                               \
	})

#define EXPECT_NAMED_(fatal, text, namer, a, b, ...)                                              \
	({                                                                                        \
		u64 actual_ = (a);                                                                \
		u64 expected_ = (b);                                                              \
		expectations_evaluated++;                                                         \
		if (__builtin_expect(actual_ != expected_, 0))                                    \
			expect_failed_values(                                                     \
				EXPECTATION_(fatal, text, ""),                                    \
				(struct operand){ .value = actual_, .name = namer(actual_) },     \
				(struct operand){ .value = expected_, .name = namer(expected_) }, \
				"" __VA_ARGS__);                                                  \
		actual_ == expected_;                                                             \
	})

#define EXPECT_STR_(fatal, text, a, b, ...) \
	expect_str(EXPECTATION_(fatal, text, ""), a, b, "" __VA_ARGS__)
#define EXPECT_MEM_(fatal, text, a, b, n, ...) \
	expect_mem(EXPECTATION_(fatal, text, ""), a, b, n, "" __VA_ARGS__)
#define EXPECT_FAULT_(fatal, text, expected, actual, ...)                                       \
	({                                                                                      \
		struct fault actual_ = (actual);                                                \
		expect_fault(EXPECTATION_(fatal, text, ""), expected, actual_, "" __VA_ARGS__); \
	})

/* Integers and pointers alike, as 64 bits; pointers first, as C has no cast that takes both. */
#define OPERAND_(x)                                                                   \
	((struct operand){                                                            \
		.value = (u64) __builtin_choose_expr(__builtin_classify_type(x) == 5, \
						     (uintptr_t)(x), (x)),            \
		.is_signed = _Generic((x), signed char                                \
				      : true, short                                   \
				      : true, int                                     \
				      : true, long                                    \
				      : true, long long                               \
				      : true, default                                 \
				      : false),                                       \
	})

#endif
