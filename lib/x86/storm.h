/* SPDX-License-Identifier: MIT */
/*
 * A guest that interrupts end again and again, the same under SVM and VMX: APM vol. 2, 15.13.1; SDM vol. 3C, 25.2. Its
 * code makes a sum, which any step that is lost or done twice changes.
 *
 *	const struct storm s = { &g->registers.bx, &g->registers.cx, start, step, g };
 *	const char *why = storm_run(&s);
 *
 *	if (why)
 *		SKIP("%s", why);
 *	EXPECT_DONE(g);
 */
#ifndef ASSAY_X86_STORM_H
#define ASSAY_X86_STORM_H

#include <types.h>

/* For code segments of 32 bits or more. The guest has RFLAGS.IF, and every interrupt of the host ends it. */
#define STORM_CODE_SIZE 11
extern const u8 storm_code[STORM_CODE_SIZE];

struct storm {
	ulong *bx, *cx;		    /* the guest's registers */
	void (*start)(void *guest); /* gives it the code, from the beginning */
	bool (*step)(void *guest);  /* enters it once; true if it goes on afterwards */
	void *guest;
};

/*
 * Starts the guest and runs it step by step to its end, under a periodic interrupt of the APIC's timer; between two steps
 * the host takes what is pending. The registers must then have what the code computes. That again, if no interrupt came
 * while the code ran: one before its first instruction interrupts nothing. NULL, or why the host was too slow or too
 * fast for that, which is no fault of it.
 */
const char *storm_run(const struct storm *s);

#endif
