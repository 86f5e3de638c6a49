/* SPDX-License-Identifier: MIT */
/* Guests that are interrupted all the time: nothing is lost at the borders. */
#include "intercept.h"

#include <x86/storm.h>

SUITE("SVM: guests under interrupts", REQUIRES(svm_available()));

static void start(void *guest)
{
	struct svm_guest *g = guest;

	svm_reset(g, g->mode);
	svm_code_bytes(g, storm_code, STORM_CODE_SIZE);
	g->save->rflags |= FLAG_IF;
	svm_intercept(g, SVM_EXIT_INTR, true);
}

static bool step(void *guest)
{
	svm_run(guest);
	return svm_exit(guest) == SVM_EXIT_INTR;
}

static void storm(enum svm_mode mode, void (*start_it)(void *guest), bool (*step_it)(void *guest))
{
	struct svm_guest *g = svm_new(mode);
	const struct storm s = { &g->registers.bx, &g->registers.cx, start_it, step_it, g };
	const char *why;

	svm_touch(g, mode);
	why = storm_run(&s);
	if (why)
		SKIP("%s", why);
	EXPECT_DONE(g);
}

static void storm_exits(enum svm_mode mode)
{
	storm(mode, start, step);
}

TEST_IN_FLAT_MODES(storm_exits,
		   "a guest that interrupts end again and again computes what it does without",
		   SPEC("APM vol. 2, 15.6, 15.13.1"))

static void start_with_handlers(void *guest)
{
	/* IRET. */
	static const u8 iret_code[] = { SVM_NATIVE == SVM_LONG ? 0x48 : 0x90, 0xcf };
	struct svm_guest *g = guest;

	start(g);
	for (u32 vector = 0x60; vector < 0x62; vector++) {
		g->stubs[vector * SVM_STUB_SIZE] = iret_code[0];
		g->stubs[vector * SVM_STUB_SIZE + 1] = iret_code[1];
	}
}

/* What was being delivered has to be delivered again; else an injection and a virtual interrupt, in turn. */
static bool step_with_events(void *guest)
{
	static u32 exits;
	struct svm_guest *g = guest;

	if (!step(g))
		return false;
	if (g->control->exitintinfo & EVENT_V)
		g->control->eventinj = g->control->exitintinfo;
	else if (exits++ % 2)
		g->control->eventinj = EVENT_V | EVENT_TYPE_INTR | 0x60;
	else
		g->control->vintr = V_IRQ | V_INTR_PRIO(5) | V_INTR_VECTOR(0x61);
	return true;
}

TEST(storm_events,
     "a guest that is resumed with virtual interrupts and injections pending computes what it does without",
     SPEC("APM vol. 2, 15.20, 15.21.4"))
{
	storm(SVM_NATIVE, start_with_handlers, step_with_events);
}
