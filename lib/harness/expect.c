/* SPDX-License-Identifier: MIT */
#include <harness/expect.h>

#include <arch/fault.h>
#include <harness/ktap.h>
#include <harness/verdict.h>
#include <stdio.h>
#include <string.h>
#include <sys/landing.h>

static void show_context(const char *format, va_list args)
{
	char text[200];

	if (!*format)
		return;
	vsnprintf(text, sizeof(text), format, args);
	ktap_note("  where    %s", text);
}

/* "0x81 (129)", "-1 (0xffffffffffffffff)", "7", "0x13 (CR3 write)". */
static void show_operand(const char *label, const char *relation, struct operand operand)
{
	u64 value = operand.value;

	if (operand.name)
		ktap_note("  %s%s%#llx (%s)", label, relation, value, operand.name);
	else if (operand.is_signed && (s64)value < 0)
		ktap_note("  %s%s%lld (%#llx)", label, relation, (s64)value, value);
	else if (value < 10)
		ktap_note("  %s%s%llu", label, relation, value);
	else if (value < 1000000)
		ktap_note("  %s%s%#llx (%llu)", label, relation, value, value);
	else
		ktap_note("  %s%s%#llx", label, relation, value);
}

/* Counts the failure; true if it is to be shown, and then its head is. */
static bool begin_failure(const struct expectation *e)
{
	bool shown = case_failure_is_shown();

	case_failed();
	if (shown)
		ktap_note("%s:%u: %s", e->file, e->line, e->text);
	return shown;
}

static void end_failure(const struct expectation *e)
{
	if (e->fatal)
		landing_end();
}

void expect_failed(const struct expectation *e, const char *format, ...)
{
	va_list args;

	if (begin_failure(e)) {
		va_start(args, format);
		show_context(format, args);
		va_end(args);
	}
	end_failure(e);
}

void expect_failed_values(const struct expectation *e, struct operand actual,
			  struct operand expected, const char *format, ...)
{
	va_list args;

	if (begin_failure(e)) {
		show_operand("actual   ", "", actual);
		show_operand("expected ", e->relation, expected);
		va_start(args, format);
		show_context(format, args);
		va_end(args);
	}
	end_failure(e);
}

bool expect_str(const struct expectation *e, const char *actual, const char *expected,
		const char *format, ...)
{
	va_list args;

	expectations_evaluated++;
	if (actual && expected && !strcmp(actual, expected))
		return true;
	if (begin_failure(e)) {
		ktap_note("  actual   \"%s\"", actual);
		ktap_note("  expected \"%s\"", expected);
		va_start(args, format);
		show_context(format, args);
		va_end(args);
	}
	end_failure(e);
	return false;
}

/* The bytes around the first that differs, sixteen at most, as "+0x20: 00 11 22 ...". */
static void show_bytes(const char *label, const u8 *bytes, size_t start, size_t size)
{
	char text[3 * 16 + 1] = "";

	for (size_t i = start; i < size && i < start + 16; i++)
		snprintf(text + 3 * (i - start), 4, " %02x", bytes[i]);
	ktap_note("  %s+%#zx:%s", label, start, text);
}

bool expect_mem(const struct expectation *e, const void *actual, const void *expected, size_t size,
		const char *format, ...)
{
	const u8 *a = actual, *b = expected;
	size_t differs = 0;
	va_list args;

	expectations_evaluated++;
	while (differs < size && a[differs] == b[differs])
		differs++;
	if (differs == size)
		return true;
	if (begin_failure(e)) {
		show_bytes("actual   ", a, ALIGN_DOWN(differs, 16), size);
		show_bytes("expected ", b, ALIGN_DOWN(differs, 16), size);
		ktap_note("  differs  at byte %#zx of %#zx", differs, size);
		va_start(args, format);
		show_context(format, args);
		va_end(args);
	}
	end_failure(e);
	return false;
}

bool expect_fault(const struct expectation *e, struct fault expected, struct fault actual,
		  const char *format, ...)
{
	char text[96];
	va_list args;

	expectations_evaluated++;
	if (fault_matches(expected, actual))
		return true;
	if (begin_failure(e)) {
		fault_describe(actual, text, sizeof(text));
		ktap_note("  actual   %s", text);
		fault_describe(expected, text, sizeof(text));
		ktap_note("  expected %s", text);
		va_start(args, format);
		show_context(format, args);
		va_end(args);
	}
	end_failure(e);
	return false;
}
