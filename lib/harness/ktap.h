/* SPDX-License-Identifier: MIT */
/*
 * Writes KTAP, as Documentation/dev-tools/ktap.rst of the Linux kernel defines it, on the console.
 * Every call writes whole lines at once, so that lines of several CPUs do not mix.
 */
#ifndef ASSAY_HARNESS_KTAP_H
#define ASSAY_HARNESS_KTAP_H

#include <types.h>

/* Lines of a case are indented by no level, lines of its rows by one. */
void ktap_indent(u32 levels);

/* "# ..." and, on a CPU that is not the first, "# [cpu 3] ...". */
void ktap_note(const char *format, ...) __printf_like(1, 2);
void ktap_vnote(const char *format, va_list args);

/* A line as it is, indented. */
void ktap_line(const char *format, ...) __printf_like(1, 2);

/* "ok 3 name # SKIP reason" and "ok 3 name # time=0.3ms"; `directive` and what follows it, or "". */
void ktap_result(bool ok, u32 number, const char *name, const char *directive, const char *text);

/* "Bail out! ..." for what makes the whole run void. */
void ktap_bail_out(const char *format, ...) __printf_like(1, 2);

#endif
