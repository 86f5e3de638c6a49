/* SPDX-License-Identifier: MIT */
/* One exception or interrupt, raised for real, and all that its delivery must have done. */
#ifndef ASSAY_EXC_EVENT_H
#define ASSAY_EXC_EVENT_H

#include <test.h>

#include <x86/raw_gate.h>

#define AT_CPL0 BIT(0)
#define AT_CPL3 BIT(3)

enum event_kind {
	EVENT_FAULT,	/* the address pushed is the instruction's */
	EVENT_TRAP,	/* that of the next instruction */
	EVENT_SOFTWARE, /* a trap that checks the gate's DPL: INT n, INT3, INTO */
};

struct event {
	void (*raise)(void *arg); /* has one RAISE() */
	void *arg;
	u32 vector;
	enum event_kind kind;
	bool has_error_code;
	u32 error_code;
};

/*
 * Raises the event at CPL 0 (AT_CPL0), CPL 3 (AT_CPL3) or both, each in a row of its own,
 * through an interrupt gate, and expects: the vector; the words pushed, their number, order and
 * values, except RF; the handler's CS, SS and flags.
 */
void expect_event(struct event event, u64 cpls);

/* The same without a row, at CPL 0 or 3; *entry is what the gate saw. */
void expect_event_at(struct event event, u32 cpl, struct raw_entry *entry);

/* Kernel stack pointer before the event, as far as pushing is concerned. */
ulong stack_of_handler(u32 cpl);

/* The selectors of code and data at this CPL. */
u16 code_selector(u32 cpl);
u16 stack_selector(u32 cpl);

/* The frame as pushed, after the error code, if any. */
struct pushed {
	ulong ip, cs, flags;
	ulong sp, ss; /* i386: only from CPL 3 */
};

const struct pushed *pushed_frame(const struct raw_entry *entry, bool has_error_code);

#endif
