/* SPDX-License-Identifier: MIT */
/* The running case, as the rest of the library sees it: how to end it, how to report on it. */
#ifndef ASSAY_HARNESS_RUN_H
#define ASSAY_HARNESS_RUN_H

#include <harness/fault.h>
#include <types.h>

/*
 * Records that something other than an expectation failed (the library caught a double free, a CPU
 * did not start), with a diagnostic line. The case goes on. Any CPU.
 */
void run_error(const char *format, ...) __printf_like(1, 2);

/* Records a failure of the present row and case; the caller has printed why. Any CPU. */
void run_record_failure(void);

/* True while failures of this case are still printed in full; says once that the rest is not. */
bool run_failure_is_shown(void);

/* Ends the running case, whatever is in progress on this CPU. On another CPU, ends its work. */
void run_end_case(void) __noreturn;

/* True if another CPU asked for the end of the case; who waits for that CPU calls run_end_case(). */
bool run_is_ending(void);

/* An exception that nobody expected: reports it with registers and backtrace, ends the case. */
void run_unexpected_fault(const struct trap_frame *frame, struct fault fault) __noreturn;

/* True if cases are to run all combinations of which they take samples otherwise (exhaustive). */
bool run_is_exhaustive(void);

/* The seed of this run (seed=N). */
u64 run_seed(void);

/* What the architecture's entry code calls at the end of its own start-up. */
void run_all(void) __noreturn;

#endif
