/* SPDX-License-Identifier: MIT */
/* The variables of the image's own files, which every case finds with their first values. */
#ifndef ASSAY_HARNESS_VARIABLES_H
#define ASSAY_HARNESS_VARIABLES_H

/* Keeps the first values; once, before the first case and before page_start_cases(). */
void variables_keep(void);

/* Brings them back. No other CPU may be running code of a test. */
void variables_reset(void);

#endif
