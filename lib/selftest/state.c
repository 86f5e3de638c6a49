/* SPDX-License-Identifier: MIT */
/*
 * What every case starts from: each row of the table is changed by code that ends in one of the ways in
 * which a case can end, and has its value again after the reset. And the variables of tests.
 */
#include <test.h>

#include <harness/state.h>
#include <sys/cpu.h>
#include <sys/landing.h>
#include <sys/time.h>

SUITE("The state that a case starts from");

enum way { BY_RETURN, BY_END, BY_EXCEPTION };

struct mess {
	const struct state_row *row;
	enum way way;
	u64 wanted, found, after;
};

/* Page 0 is absent on every architecture; the compiler is not to know where it is. */
static u8 *volatile absent_page;

static void touch_absent_page(void *arg)
{
	(void)arg;
	*(volatile u8 *)absent_page = 0;
}

static void make_mess(struct mess *mess)
{
	const struct state_row *row = mess->row;

	row->write(row->id, mess->wanted);
	mess->found = row->read(row->id);
	if (mess->way == BY_END)
		landing_end();
	if (mess->way == BY_EXCEPTION)
		landing_fault(fault_of(touch_absent_page, NULL));
}

/* As a case: with a landing around it and a reset after it, on whatever CPU this is. */
static void run_mess(void *arg)
{
	struct mess *mess = arg;
	struct landing landing = { .kind = mess->way == BY_EXCEPTION ? LANDING_FAULT
								     : LANDING_END };

	mess->wanted = state_row_value(mess->row) ^ mess->row->flips;
	if (landing_set(&landing))
		make_mess(mess);
	landing_clear(&landing);
	state_reset();
	mess->after = mess->row->read(mess->row->id);
}

static void check_rows(u32 cpu, enum way way)
{
	for (u32 i = 0; i < state_row_count; i++) {
		const struct state_row *row = &state_rows[i];
		struct mess mess = { .row = row, .way = way };

		if (!row->flips || !state_row_exists(row))
			continue;
		SUBTEST("%s", row->name);
		run_on_cpu(cpu, run_mess, &mess);
		EXPECT_EQ((mess.after ^ mess.wanted) & row->flips & ~row->ignored,
			  row->flips & ~row->ignored, "it was %#llx in between", mess.found);
		/* Some have bits that a VMM does not keep: then there was nothing to bring back. */
		if ((mess.found ^ mess.wanted) & row->flips & ~row->ignored)
			SKIP_ROW("the change was not kept: %#llx instead of %#llx", mess.found,
				 mess.wanted);
	}
}

TEST(state_after_return, "each register of the table has its value again after code that returned",
     SPEC("lib/harness/state.h, state_reset()"))
{
	check_rows(0, BY_RETURN);
}

TEST(state_after_end, "each register of the table has its value again after code that was ended",
     SPEC("lib/harness/state.h, state_reset(); lib/sys/landing.h, landing_end()"))
{
	check_rows(0, BY_END);
}

TEST(state_after_exception, "each register of the table has its value again after an exception",
     SPEC("lib/harness/state.h, state_reset(); lib/sys/landing.h, landing_fault()"))
{
	check_rows(0, BY_EXCEPTION);
}

TEST(state_on_another_cpu, "each register of the table has its value again on another CPU",
     SPEC("lib/harness/state.h, state_reset()"), REQUIRES(cpu_count() > 1))
{
	check_rows(1, BY_END);
}

TEST(state_nothing_leaked, "nothing differs from the table at the start of a case",
     SPEC("lib/harness/state.h, state_describe_leaks()"))
{
	char text[256];

	state_describe_leaks(text, sizeof(text));
	EXPECT_STR_EQ(text, "");
}

/* ------------------------------------------------------------------------------------- landings */

static u32 left, leave_order[2];

static void note_leaving(struct landing *landing)
{
	leave_order[left++] = landing->kind;
}

static void set_inner_and_end(void)
{
	struct landing inner = { .kind = LANDING_FAULT, .leave = note_leaving };

	if (landing_set(&inner))
		landing_end();
	FAIL("the end of the case landed where only faults do");
}

TEST(landing_end_leaves_every_place,
     "the end passes a landing of faults and leaves every place, inner ones first",
     SPEC("lib/sys/landing.h, landing_end()"))
{
	struct landing outer = { .kind = LANDING_END, .leave = note_leaving };

	if (landing_set(&outer))
		set_inner_and_end();
	landing_clear(&outer);
	EXPECT_EQ(left, 2u);
	EXPECT_EQ(leave_order[0], (u32)LANDING_FAULT);
	EXPECT_EQ(leave_order[1], (u32)LANDING_END);
	EXPECT_NO_FAULT(outer.fault);
}

TEST(landing_takes_innermost_fault,
     "a fault lands at the innermost landing that takes faults, as a value",
     SPEC("lib/sys/landing.h, landing_fault()"))
{
	struct landing outer = { .kind = LANDING_FAULT };
	struct fault inner = NO_FAULT;

	if (landing_set(&outer))
		inner = fault_of(touch_absent_page, NULL);
	EXPECT_NO_FAULT(landing_clear(&outer));
	EXPECT_NE(inner.kind, 0u);
}

/* ------------------------------------------------------------------------------------- variables */

static u32 initialised = 0x1234, zeroed;

static void check_variables(void)
{
	EXPECT_EQ(initialised, 0x1234u);
	EXPECT_EQ(zeroed, 0u);
	initialised = zeroed = 0xdead;
}

TEST(variables_first, "variables of a test have their first values, whatever another case wrote",
     SPEC("lib/harness/variables.h"))
{
	check_variables();
}

TEST(variables_again, "and so they have in a second case that uses them",
     SPEC("lib/harness/variables.h"))
{
	check_variables();
}
