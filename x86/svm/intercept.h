/* SPDX-License-Identifier: MIT */
/* What the cases of intercepts share. */
#ifndef SVM_INTERCEPT_H
#define SVM_INTERCEPT_H

#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/msr.h>
#include <x86/svm/svm.h>

/* A value that is found nowhere else in each general register, RAX included; not in RSP. */
void intercept_patterns(struct svm_guest *g);

/* Pushes a word of the size that PUSH has in this mode by default. */
void intercept_push(struct svm_guest *g, u64 value);

/* Pushes what IRET in this mode takes to go to the VMMCALL behind the code. */
void intercept_iret_frame(struct svm_guest *g);

/*
 * Runs the guest, which exits at its first instruction with `code`, and expects that no register has
 * changed, EXITINTINFO is not valid, and nothing is injected any more.
 */
bool intercept_run_and_expect(struct svm_guest *g, u64 code);

#endif
