/* SPDX-License-Identifier: MIT */
/* The registers' part of arch_reset_state() and arch_describe_leaks(), for each size. */
#ifndef ASSAY_ARM_STATE_H
#define ASSAY_ARM_STATE_H

#include <types.h>

/* Appends "NAME actual (was expected)" where the two differ; returns how much of `text` is used. */
size_t state_describe_leak(char *text, size_t size, size_t used, const char *name, u64 actual,
			   u64 expected);

/* Writes this CPU's registers as docs/writing-a-test.md says, but for the interrupts' mask. */
void state_reset_registers(void);

void state_describe_leaks(char *text, size_t size);

/* Main identification: "41/d08.r0p3", from MIDR. */
void state_describe_cpu(char *text, size_t size);

#endif
