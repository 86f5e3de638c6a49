/* SPDX-License-Identifier: MIT */
/*
 * Faults as values.
 *
 * A test never "expects a crash": it runs one instruction (a *_try() helper of lib/<arch>/) or one
 * function (fault_of(), run_user()) and gets back what was raised, as a struct fault:
 *
 *	EXPECT_FAULT(GP(0), rdmsr_try(0x40000fff, &value));
 *	EXPECT_FAULT(NO_FAULT, run_user(read_byte, page));
 *
 * <arch/fault.h> has the names of the architecture's faults: GP(0), PF(code, address) on x86.
 */
#ifndef ASSAY_HARNESS_FAULT_H
#define ASSAY_HARNESS_FAULT_H

#include <types.h>

struct fault {
	u32 kind;    /* 0: none; otherwise the architecture's number of the exception plus 1 */
	u32 fields;  /* FAULT_CODE | FAULT_ADDRESS: which of these this fault carries */
	u64 code;    /* error code (x86), syndrome (arm), instruction length (s390x) */
	u64 address; /* the address that the fault is about */
};

#define FAULT_CODE     1u
#define FAULT_ADDRESS  2u
#define FAULT_ANY_CODE 4u /* of an expectation: any code, or none */

#define NO_FAULT ((struct fault){ 0 })

/*
 * True if `actual` is what `expected` describes: the same kind; the same code, or none where `expected` has
 * none, unless that has FAULT_ANY_CODE; and the same address if `expected` names one.
 */
bool fault_matches(struct fault expected, struct fault actual);

/*
 * Runs fn(arg) at the present privilege. Returns the fault that ended it, or NO_FAULT if it
 * returned. On a fault, nothing of fn's stack frames is left and the interrupt flag is what it was
 * before; other state that fn changed stays changed. Calls may nest.
 */
struct fault fault_of(void (*fn)(void *arg), void *arg);

/*
 * The same at user privilege, on a stack of its own. All memory that the kernel's address space maps
 * is accessible to fn, the kernel's own code and data included, unless the test changed that. fn must
 * not use EXPECT_*: the console is out of its reach; it leaves values for its caller to check.
 */
struct fault run_user(void (*fn)(void *arg), void *arg);

/*
 * For *_try() helpers, before and after the guarded instruction: forgets this CPU's last fault;
 * returns what the instruction raised.
 */
void fault_clear(void);
struct fault fault_taken(void);

/* ------------------------------------------------------------- for the architectures' handlers */

struct trap_frame;

/*
 * The common end of every exception that no test handler took. Either `frame` has been changed to
 * go on after a guarded instruction (then it returns), or the innermost landing takes the fault, or
 * the running case ends as failed and nothing returns.
 */
void fault_dispatch(struct trap_frame *frame, struct fault fault);

/* Ends the innermost run_user() of this CPU as having returned normally. */
void fault_user_returned(void) __noreturn;

/* An exception that nobody expected: reports it with registers and backtrace, ends the case. */
void fault_unexpected(const struct trap_frame *frame, struct fault fault) __noreturn;

#endif
