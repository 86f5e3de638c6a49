/* SPDX-License-Identifier: MIT */
/* The variables of the image's own files, which every case finds with their first values. */
#ifndef ASSAY_HARNESS_VARIABLES_H
#define ASSAY_HARNESS_VARIABLES_H

/*
 * A variable that the next case finds as this one has left it; it has a first value. For a pair of cases of which one leaves
 * something and the other looks at what has become of it: the second is a SKIP where it is not run after the first. And for
 * what can be found out only once.
 */
#define FOR_NEXT_CASE __attribute__((section(".data.for_next_case")))

/* Keeps the first values; once, before the first case and before page_start_cases(). */
void variables_keep(void);

/* Brings them back. No other CPU may be running code of a test. */
void variables_reset(void);

#endif
