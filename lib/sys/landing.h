/* SPDX-License-Identifier: MIT */
/*
 * Landings: where a CPU goes on when what it runs is ended early, by ASSERT_*, by SKIP, by an exception,
 * or because another CPU has ended the case. Whoever runs code that may be ended so sets a landing
 * around it:
 *
 *	struct landing landing = { .kind = LANDING_END };
 *
 *	if (landing_set(&landing))
 *		body();
 *	landing_clear(&landing);
 *
 * Each CPU has a stack of them. The body of a case has one, the work of another CPU, fault_of() and
 * run_user(), and whatever runs a guest: code in a guest must not jump into frames of its hypervisor
 * while it is still in guest mode, so that a landing can say how its place is left.
 */
#ifndef ASSAY_SYS_LANDING_H
#define ASSAY_SYS_LANDING_H

#include <harness/fault.h>
#include <setjmp.h>
#include <types.h>

enum landing_kind {
	LANDING_FAULT, /* a fault inside lands here, as a value; the end of the case passes by */
	LANDING_END,   /* the end of what runs here; a fault inside is one that nobody expected */
};

struct landing {
	enum landing_kind kind;
	/*
	 * Leaves the place in which the code inside ran (guest mode, say), or NULL. Runs there, when this
	 * landing is no longer the innermost one. It need not return: a guest that has left goes on in
	 * its hypervisor, which calls landing_end() or landing_fault() again.
	 */
	void (*leave)(struct landing *landing);

	struct landing *outer;
	jmp_buf resume;
	struct fault fault;
	ulong irq_state;
};

/*
 * True: the landing is set, and the code that it is for comes next. False: that code was ended, all its
 * frames are gone, and landing->fault says by what (NO_FAULT: by the end of the case). A macro, as
 * setjmp() has to be called in the frame that stays.
 */
#define landing_set(landing) (landing_push(landing), setjmp((landing)->resume) == 0)

/*
 * Takes the landing away, whichever way its code ended. Interrupts are on or off as they were when it
 * was set. Returns landing->fault.
 */
struct fault landing_clear(struct landing *landing);

/* Ends what this CPU runs: goes to the innermost LANDING_END, leaving every place on the way. */
void landing_end(void) __noreturn;

/* True if a fault now would land as a value. */
bool landing_takes_faults(void);

/* Goes to the innermost landing, which takes faults, with this one. */
void landing_fault(struct fault fault) __noreturn;

/* Goes to this landing, which is set, past all inside of it. */
void landing_go(struct landing *landing, struct fault fault) __noreturn;

/*
 * The end of the case as a wish: a CPU whose work was ended wants the one that runs the case to end, too.
 * Who waits for another CPU looks at landing_is_ending() and then calls landing_end().
 */
void landing_request_end(void);
bool landing_is_ending(void);

/* ---------------------------------------------------------------- for the library */

void landing_push(struct landing *landing);

/* Forgets this CPU's landings but for this one, which may be NULL. */
void landing_reset(struct landing *outermost);

/* What landing_request_end() asked for has been done. */
void landing_withdraw_request(void);

#endif
