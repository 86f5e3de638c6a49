/* SPDX-License-Identifier: MIT */
/* Guests that are interrupted all the time: nothing is lost at the borders. */
#include "intercept.h"

#include <sys/time.h>
#include <x86/apic.h>
#include <x86/irq.h>

SUITE("SVM: guests under interrupts", REQUIRES(svm_available()));

#define VECTOR_1 0x53
#define LOOPS	 200000u
#define STORM_NS 3000000000ull

/* ADD EBX, ECX; ROL EBX, 3; XOR EBX, ECX; DEC ECX; JNZ: a sum that any lost or doubled step changes. */
static const u8 sum_code[] = { 0x01, 0xcb, 0xc1, 0xc3, 0x03, 0x31, 0xcb, 0xff, 0xc9, 0x75, 0xf5 };

static u32 model_sum(u32 bx, u32 cx)
{
	do {
		bx += cx;
		bx = bx << 3 | bx >> 29;
		bx ^= cx;
	} while (--cx);
	return bx;
}

static void start(struct svm_guest *g, enum svm_mode mode)
{
	svm_reset(g, mode);
	svm_code_bytes(g, sum_code, sizeof(sum_code));
	g->registers.bx = 0x12345678;
	g->registers.cx = LOOPS;
	g->save->rflags |= FLAG_IF;
	irq_record(VECTOR_1, VECTOR_1);
	apic_timer_start(VECTOR_1 | APIC_TIMER_PERIODIC, 0, 100000);
}

static void expect_sum(struct svm_guest *g)
{
	EXPECT_DONE(g);
	EXPECT_EQ((u32)g->registers.bx, model_sum(0x12345678, LOOPS));
	EXPECT_EQ((u32)g->registers.cx, 0u);
}

/*
 * Runs the guest until it is done, resume() before it goes on; again, if no interrupt came while it ran. One that
 * comes before its first instruction interrupts nothing.
 */
static void storm(enum svm_mode mode, void (*resume)(struct svm_guest *g, u32 exits))
{
	struct svm_guest *g = svm_new(mode);
	const u64 end = clock_ns() + STORM_NS;
	u32 exits = 0;
	bool interrupted = false;

	svm_touch(g, mode);
	do {
		start(g, mode);
		svm_intercept(g, SVM_EXIT_INTR, true);
		for (;;) {
			svm_run(g);
			if (svm_exit(g) != SVM_EXIT_INTR)
				break;
			irq_window();
			/* A host that lets nothing but interrupts come is slow, not wrong. */
			if (clock_ns() > end) {
				apic_timer_stop();
				SKIP("the guest had no time between the interrupts");
			}
			interrupted |= g->registers.cx != LOOPS;
			resume(g, exits++);
		}
		apic_timer_stop();
		expect_sum(g);
	} while (!interrupted && clock_ns() < end);
	if (!interrupted)
		SKIP("no interrupt came while the guest ran");
}

static void resume_as_it_is(struct svm_guest *g, u32 exits)
{
	(void)g;
	(void)exits;
}

static void storm_exits(enum svm_mode mode)
{
	storm(mode, resume_as_it_is);
}

TEST_IN_FLAT_MODES(storm_exits,
		   "a guest that interrupts end again and again computes what it does without",
		   SPEC("APM vol. 2, 15.6, 15.13.1"))

/* In turn; what was being delivered has to be delivered again. */
static void resume_with_events(struct svm_guest *g, u32 exits)
{
	/* The handlers: IRET. */
	static const u8 iret_code[] = { SVM_NATIVE == SVM_LONG ? 0x48 : 0x90, 0xcf };

	for (u32 vector = 0x60; vector < 0x62; vector++) {
		g->stubs[vector * SVM_STUB_SIZE] = iret_code[0];
		g->stubs[vector * SVM_STUB_SIZE + 1] = iret_code[1];
	}
	if (g->control->exitintinfo & EVENT_V)
		g->control->eventinj = g->control->exitintinfo;
	else if (exits % 2)
		g->control->eventinj = EVENT_V | EVENT_TYPE_INTR | 0x60;
	else
		g->control->vintr = V_IRQ | V_INTR_PRIO(5) | V_INTR_VECTOR(0x61);
}

TEST(storm_events,
     "a guest that is resumed with virtual interrupts and injections pending computes what it does without",
     SPEC("APM vol. 2, 15.20, 15.21.4"))
{
	storm(SVM_NATIVE, resume_with_events);
}
