/* SPDX-License-Identifier: MIT */
/* What the cases of intercepts share. */
#ifndef SVM_INTERCEPT_H
#define SVM_INTERCEPT_H

#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/msr.h>
#include <x86/place.h>
#include <x86/svm/svm.h>

/*
 * A case for each mode that this image can run a guest in: name_long, name_compat and so on, which call
 * name(mode).
 */
#define TEST_IN_MODE_(name, suffix, mode, words, sentence, ...)                                    \
	TEST(name##_##suffix, sentence ": " words, __VA_ARGS__, REQUIRES(svm_mode_possible(mode))) \
	{                                                                                          \
		name(mode);                                                                        \
	}
#define TEST_IN_LEGACY_MODES(name, ...)                                                      \
	TEST_IN_MODE_(name, pae, SVM_PAE, "legacy mode with PAE", __VA_ARGS__)               \
	TEST_IN_MODE_(name, paged, SVM_PAGED, "legacy mode with 32-bit tables", __VA_ARGS__) \
	TEST_IN_MODE_(name, protected, SVM_PROTECTED, "without paging", __VA_ARGS__)
#define TEST_IN_FLAT_MODES(name, ...)                                              \
	TEST_IN_MODE_(name, long, SVM_LONG, "64-bit mode", __VA_ARGS__)            \
	TEST_IN_MODE_(name, compat, SVM_COMPAT, "compatibility mode", __VA_ARGS__) \
	TEST_IN_LEGACY_MODES(name, __VA_ARGS__)
#define TEST_IN_MODES_BUT_VM86(name, ...)                                                       \
	TEST_IN_FLAT_MODES(name, __VA_ARGS__)                                                   \
	TEST_IN_MODE_(name, protected16, SVM_PROTECTED16, "16-bit protected mode", __VA_ARGS__) \
	TEST_IN_MODE_(name, real, SVM_REAL, "real mode", __VA_ARGS__)
#define TEST_IN_MODES(name, ...)                  \
	TEST_IN_MODES_BUT_VM86(name, __VA_ARGS__) \
	TEST_IN_MODE_(name, vm86, SVM_VM86, "virtual-8086 mode", __VA_ARGS__)

/* A value that is found nowhere else in each general register, RAX included; not in RSP. */
void intercept_patterns(struct svm_guest *g);

/* Pushes a word of the size that PUSH has in this mode by default. */
void intercept_push(struct svm_guest *g, u64 value);

/* Pushes what IRET in this mode takes to go to the VMMCALL after the code. */
void intercept_iret_frame(struct svm_guest *g);

/*
 * Puts FORCED_EMULATION before the code, so that KVM emulates its first instruction: after svm_code(), before anything
 * that depends on where the code ends. For cases that require INTERCEPT_FORCED.
 */
void intercept_force_emulation(struct svm_guest *g);
#define INTERCEPT_FORCED (svm_available() && !place_missing(FORCED))

/*
 * Runs the guest, which exits at its first instruction with `code`, and expects that no register has
 * changed, EXITINTINFO is not valid, and nothing is injected any more.
 */
bool intercept_run_and_expect(struct svm_guest *g, u64 code);

#endif
