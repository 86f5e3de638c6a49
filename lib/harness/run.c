/* SPDX-License-Identifier: MIT */
/*
 * The case loop. For each selected case: bring the machine to the documented state, run the body,
 * collect what it left behind, say what came of it. The body ends by returning, by an ASSERT_* or
 * SKIP, or by an exception that nobody expected; all of them land in run_body().
 */
#include <harness/run.h>

#include <arch/machine.h>
#include <glob.h>
#include <harness/args.h>
#include <harness/case.h>
#include <harness/command_line.h>
#include <harness/expect.h>
#include <harness/ktap.h>
#include <harness/random.h>
#include <harness/state.h>
#include <harness/variables.h>
#include <harness/verdict.h>
#include <mm/heap.h>
#include <mm/page.h>
#include <mm/space.h>
#include <stdio.h>
#include <string.h>
#include <sys/console.h>
#include <sys/cpu.h>
#include <sys/landing.h>
#include <sys/time.h>

static struct args args;

/* Why no case runs, or "". */
static char not_nested[96];

/* The running case. */
static struct {
	const char *name;
	bool skipped;
	char skip_reason[128];
	char row[96]; /* "" outside rows */
	u32 rows;
	u32 rows_skipped;
	bool row_skipped;
	char row_skip_reason[128];
	u32 failures_before_row, expectations_before_row;
} now;

/* Where an end lands that no case has a landing for. */
static struct landing outermost = { .kind = LANDING_END };

static struct {
	u32 pass, fail, skip;
} totals;

u64 run_seed(void)
{
	return args.seed;
}

bool run_is_exhaustive(void)
{
	return args.exhaustive;
}

void run_skip(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(now.skip_reason, sizeof(now.skip_reason), format, list);
	va_end(list);
	now.skipped = true;
	landing_end();
}

/* ------------------------------------------------------------------------------------------ rows */

static void end_row(void)
{
	bool ok;

	if (!*now.row)
		return;
	if (case_failures() == now.failures_before_row && !now.row_skipped && !now.skipped &&
	    expectations_evaluated == now.expectations_before_row)
		case_error("the row evaluated no expectation, so it has tested nothing");
	ok = case_failures() == now.failures_before_row;
	if (ok && now.row_skipped) {
		now.rows_skipped++;
		ktap_result(true, now.rows, now.row, "SKIP", now.row_skip_reason);
	} else {
		ktap_result(ok, now.rows, now.row, "", "");
	}
	now.row[0] = '\0';
	now.row_skipped = false;
	ktap_indent(0);
}

void run_row(const char *format, ...)
{
	va_list list;

	end_row();
	ktap_indent(1);
	if (now.rows++ == 0) {
		ktap_line("KTAP version 1");
		ktap_note("Subtest: %s", now.name);
	}
	va_start(list, format);
	vsnprintf(now.row, sizeof(now.row), format, list);
	va_end(list);
	now.failures_before_row = case_failures();
	/* Readers of KTAP take the result of such a row for that of the case. */
	if (!strcmp(now.row, now.name))
		case_error("the row has the name of its case");
	now.expectations_before_row = expectations_evaluated;
}

void run_skip_row(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(now.row_skip_reason, sizeof(now.row_skip_reason), format, list);
	va_end(list);
	now.row_skipped = true;
}

/* ------------------------------------------------------------------------------------- the cases */

/* What the machine lacks for this case, or NULL. */
static const char *missing_for(const struct test_case *c)
{
	const char *missing = *not_nested ? not_nested : c->suite->missing();

	return missing ? missing : c->missing();
}

/* Runs the body; true if it returned, false if it was ended before its last line. */
static bool run_body(const struct test_case *c)
{
	struct landing landing = { .kind = LANDING_END };
	volatile bool returned = false;
	const char *missing;

	if (landing_set(&landing)) {
		missing = missing_for(c);
		if (missing)
			run_skip("%s", missing);
		c->body();
		returned = true;
	}
	landing_clear(&landing);
	return returned;
}

/* Brings CPUs, memory and devices back to what a case may rely on. */
static void reset_machine(void)
{
	cpus_park();
	console_reset();
	landing_reset(&outermost);
	landing_withdraw_request();
	state_reset();
	space_reset_kernel();
	heap_reset();
	page_free_case();
	variables_reset();
}

static void judge_expectations(void)
{
	if (case_failures() || now.skipped || expectations_evaluated)
		return;
	/* The last row has not ended yet. */
	if (now.rows && now.rows == now.rows_skipped + now.row_skipped) {
		now.skipped = true;
		snprintf(now.skip_reason, sizeof(now.skip_reason), "every row was skipped");
	} else {
		case_error("the case evaluated no expectation, so it has tested nothing");
	}
}

static void report(const struct test_case *c, u32 number, u64 ns)
{
	char time[32];

	snprintf(time, sizeof(time), "time=%llu.%llums", ns / 1000000, ns / 100000 % 10);
	if (case_failures()) {
		totals.fail++;
		if (*c->spec)
			ktap_note("spec: %s", c->spec);
		ktap_result(false, number, c->name, time, "");
	} else if (now.skipped) {
		totals.skip++;
		ktap_result(true, number, c->name, "SKIP", now.skip_reason);
	} else {
		totals.pass++;
		ktap_result(true, number, c->name, time, "");
	}
}

static void run_case(const struct test_case *c, u32 number)
{
	char leaks[256] = "";
	bool returned;
	u64 start;

	memset(&now, 0, sizeof(now));
	now.name = c->name;
	case_begin(args.verbose);
	ktap_note("start %u %s", number, c->name);
	random_seed(args.seed, c->name);

	start = clock_ns();
	returned = run_body(c);
	start = clock_ns() - start;

	if (returned)
		state_describe_leaks(leaks, sizeof(leaks));
	reset_machine();
	judge_expectations();
	end_row();
	if (*leaks)
		ktap_note("leaked: %s", leaks);
	report(c, number, start);
}

/* The selected cases, in the order in which they run. */
static const struct test_case **order;

/* Lehmer's generator with the constants of Park, Miller and Stockmeyer (1993): the runner computes the same order. */
static void shuffle(u32 count)
{
	u64 state = (u64)args.shuffle % 2147483646 + 1;

	for (u32 i = count; i-- > 1;) {
		const struct test_case *last = order[i];
		u32 other;

		state = state * 48271 % 2147483647;
		other = (u32)(state % (i + 1));
		order[i] = order[other];
		order[other] = last;
	}
}

/* Fills in `order`; returns how many cases it has. */
static u32 select_cases(void)
{
	size_t size = (size_t)(test_cases_end - test_cases_start) * sizeof(*order);
	u32 count = 0;

	order = pages_alloc(size / PAGE_SIZE + 1, PAGE_SIZE);
	for (const struct test_case *const *c = test_cases_start; c < test_cases_end; c++) {
		if (glob_list_match(args.cases, (*c)->name))
			order[count++] = *c;
	}
	if (args.shuffle >= 0)
		shuffle(count);
	return count;
}

static void bail_out(const char *what, const char *word)
{
	ktap_bail_out(
		"%s '%s'; known: case=GLOB[,GLOB] from=N seed=N shuffle=N nested=KIND verbose exhaustive",
		what, word);
	machine_exit(false);
}

__attribute__((weak)) void image_main(void)
{
	run_all();
}

void run_main(void (*init)(void))
{
	if (landing_set(&outermost)) {
		init();
		image_main();
	}
	ktap_bail_out("the test library itself failed, outside any case");
	machine_exit(false);
}

static void become_guest(void)
{
	const char *missing = machine_become_guest(args.nested);

	if (missing)
		snprintf(not_nested, sizeof(not_nested), "nested=%s needs %s", args.nested,
			 missing);
}

void run_all(void)
{
	char env[256];
	u32 count;
	char none[] = "", *line = machine_command_line();
	const char *wrong = args_parse(line ? line : none, &args);

	if (!wrong && args.nested)
		become_guest();
	variables_keep();
	count = select_cases();
	page_start_cases();
	reset_machine();
	/* Firmware may have left the line begun. */
	console_write("\n", 1);
	ktap_line("KTAP version 1");
	if (!line) {
		ktap_bail_out("the command line has more than %u bytes", COMMAND_LINE_SIZE - 1);
		machine_exit(false);
	}
	if (wrong)
		bail_out("unknown argument", wrong);
	if (count < args.from)
		bail_out(count ? "from= is past the last case of" : "no case matches", args.cases);

	machine_describe(env, sizeof(env));
	ktap_note("suite: %s", machine_image_name());
	ktap_note("env: %s", env);
	if (cpus_left_out())
		ktap_note("not used: %u CPUs more than the library can start", cpus_left_out());
	ktap_note("seed: %llu", args.seed);
	if (args.nested)
		ktap_note("nested: %s", args.nested);
	if (args.shuffle >= 0)
		ktap_note("shuffle: %lld", args.shuffle);
	ktap_line("1..%u", count - args.from + 1);
	for (u32 i = args.from - 1; i < count; i++)
		run_case(order[i], i - args.from + 2);
	ktap_note("totals: pass=%u fail=%u skip=%u", totals.pass, totals.fail, totals.skip);
	machine_exit(totals.fail == 0);
}
