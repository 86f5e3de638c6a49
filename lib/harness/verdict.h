/* SPDX-License-Identifier: MIT */
/* What has gone wrong in the running case. Any CPU may say so, and every part of the library. */
#ifndef ASSAY_HARNESS_VERDICT_H
#define ASSAY_HARNESS_VERDICT_H

#include <types.h>

/* Expectations evaluated by the running case; a case that evaluates none has tested nothing. */
extern u32 expectations_evaluated;

/* Records a failure of the present row and case; the caller prints why. */
void case_failed(void);

/*
 * Records that something other than an expectation failed (the library caught a double free, a CPU did
 * not start), with a diagnostic line. The case goes on.
 */
void case_error(const char *format, ...) __printf_like(1, 2);

/* True while failures of this case are still printed in full; says once that the rest is not. */
bool case_failure_is_shown(void);

/* Failures of this case so far. */
u32 case_failures(void);

/* For the case loop: a new case begins. `verbose` shows all failures, however many. */
void case_begin(bool verbose);

#endif
