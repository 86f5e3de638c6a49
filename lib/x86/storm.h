/* SPDX-License-Identifier: MIT */
/*
 * A guest that interrupts end again and again, the same under SVM and VMX: APM vol. 2, 15.13.1; SDM vol. 3C, 25.2. Its
 * code makes a sum, which any step that is lost or done twice changes.
 *
 *	struct storm s = { &g->registers.bx, &g->registers.cx, step, g };
 *
 *	svm_code_bytes(g, storm_code, STORM_CODE_SIZE);
 *	if (!storm_run(&s))
 *		SKIP(STORM_TOO_SLOW);
 *	EXPECT_DONE(g);
 *	storm_expect(&s);
 */
#ifndef ASSAY_X86_STORM_H
#define ASSAY_X86_STORM_H

#include <types.h>

/* For code segments of 32 bits or more. The guest has RFLAGS.IF, and every interrupt of the host ends it. */
#define STORM_CODE_SIZE 11
extern const u8 storm_code[STORM_CODE_SIZE];

struct storm {
	ulong *bx, *cx;		   /* the guest's registers */
	bool (*step)(void *guest); /* enters it once; true if it goes on afterwards */
	void *guest;
};

/*
 * Sets the registers that the code starts from and runs the guest step by step, under a periodic interrupt of the APIC's
 * timer; between two steps the host takes what is pending. False if it came to no end: a host that lets nothing but
 * interrupts come is slow, not wrong.
 */
bool storm_run(const struct storm *s);
#define STORM_TOO_SLOW "the guest had no time between the interrupts"

/* The registers that the code ends with. */
void storm_expect(const struct storm *s);

#endif
