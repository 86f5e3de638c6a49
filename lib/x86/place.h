/* SPDX-License-Identifier: MIT */
/*
 * Places where code can run, as values, so that a case can say the same of several of them:
 *
 *	for_each_place(place, KERNEL | USER | GUEST) {
 *		struct registers r = { .flags = FLAG_1 };
 *
 *		SUBTEST("%s", place_name(place));
 *		if (place_missing(place))
 *			SKIP_ROW("%s", place_missing(place));
 *		else
 *			EXPECT_FAULT(place == USER ? GP(0) : NO_FAULT,
 *				     execute_in(place, CODE("clts"), &r));
 *	}
 *
 * What ends the code early, an exception or ASSERT_*, leaves the place, whichever it is.
 */
#ifndef ASSAY_X86_PLACE_H
#define ASSAY_X86_PLACE_H

#include <arch/fault.h>
#include <types.h>
#include <x86/execute.h>

/* One bit each, so that several make a set. */
enum place {
	KERNEL = 1 << 0, /* CPL 0, the place of a case's own code */
	RING_1 = 1 << 1, /* CPL 1 and 2; on i386 DS and ES are of DPL 3 there */
	RING_2 = 1 << 2,
	USER = 1 << 3, /* CPL 3, interrupts off, IOPL 0 */
	GUEST = 1
		<< 4, /* CPL 0 of a guest under SVM, with the space, the tables and the state of this CPU */
	FORCED =
		1
		<< 5, /* CPL 0, the first instruction emulated by KVM on demand: FORCED_EMULATION */
	CODE_16 = 1 << 6, /* CPL 0, a code segment of 16 bits; i386 only, elsewhere <x86/mode.h> */
	/* CPL 0, an operand where the VMM emulates every access: in mmio_window(). A VMM that cannot may end: last. */
	EMULATED = 1 << 7,
	PLACES_END = 1 << 8,
};

#define ANY_CPL (KERNEL | RING_1 | RING_2 | USER)

/* KERNEL, RING_1, RING_2 or USER. */
static inline enum place at_cpl(u32 cpl)
{
	return (enum place)(1 << cpl);
}

/* 0 to 3. */
u32 place_cpl(enum place place);

/* "kernel", "ring1" and so on. */
const char *place_name(enum place place);

/* Why there is no such place here, or NULL. */
const char *place_missing(enum place place);

/* Each place of a set, also those that are missing, from KERNEL on. */
#define for_each_place(place, set)                                                            \
	for (enum place place = KERNEL; place < PLACES_END; place = (enum place)(place << 1)) \
		if (!((set)&place)) {                                                         \
		} else

/*
 * Runs fn(arg) there. Returns the fault that ended it, or NO_FAULT. Only in KERNEL and GUEST may it use
 * EXPECT_*, and only there is it sure to find its caller's data in reach when a test has changed the space.
 */
struct fault run_in(enum place place, void (*fn)(void *arg), void *arg);

/*
 * execute_try() there: one instruction or a few, all registers given, and as they were at the end or at
 * the fault. `code` is CODE(), code_bytes(), or of FORCED and CODE_16 what code_in() gives.
 */
struct fault execute_in(enum place place, const void *code, struct registers *registers);

/* The same text for each place that has its own encoding of it. */
struct code {
	const void *native, *forced;
	const void *code16; /* NULL on x86_64 */
};

#define CODE_IN_ALL(text)                                                 \
	{                                                                 \
		CODE(text), CODE(FORCED_EMULATION text), CODE_16BIT(text) \
	}

/* What execute_in() takes, until the next call. */
const void *code_in(enum place place, const struct code *code);

/* For the reset before each case: what the last case had for GUEST is gone. */
void place_reset(void);

#endif
