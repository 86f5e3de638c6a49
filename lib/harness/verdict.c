/* SPDX-License-Identifier: MIT */
#include <harness/verdict.h>

#include <harness/ktap.h>
#include <sys/atomic.h>

/* Failures that one case prints in full, but for `verbose`. The others only count. */
#define FAILURES_SHOWN 10

u32 expectations_evaluated;

static u32 failures, shown;
static bool show_all;

void case_begin(bool verbose)
{
	failures = shown = expectations_evaluated = 0;
	show_all = verbose;
}

u32 case_failures(void)
{
	return atomic_load(&failures);
}

void case_failed(void)
{
	atomic_add(&failures, 1);
}

bool case_failure_is_shown(void)
{
	u32 before = atomic_add(&shown, 1);

	if (show_all)
		return true;
	if (before == FAILURES_SHOWN)
		ktap_note(
			"more failures of this case are counted, but not shown without 'verbose'");
	return before < FAILURES_SHOWN;
}

void case_error(const char *format, ...)
{
	va_list list;

	case_failed();
	va_start(list, format);
	ktap_vnote(format, list);
	va_end(list);
}
