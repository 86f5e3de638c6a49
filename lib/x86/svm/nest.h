/* SPDX-License-Identifier: MIT */
/*
 * The image as its own guest: a small hypervisor in it takes a running CPU, makes a guest of what runs there, and lets it
 * go on, in the same memory and with the same devices. So every image tests nested SVM with all that it has: the
 * hypervisor under test runs a hypervisor, and the cases are its guest's.
 *
 * What exits: CPUID, so that SVM is hidden; EFER, VM_CR and VM_HSAVE_PA; SVM's instructions, which are #UD. All else is
 * the CPU's own, interrupts too: APM vol. 2, 15.5 to 15.13.
 */
#ifndef ASSAY_X86_SVM_NEST_H
#define ASSAY_X86_SVM_NEST_H

#include <types.h>

/*
 * Once, on CPU 0 and before the first case: a hypervisor for each CPU. With nested paging (x86_64 only) it maps all
 * physical addresses one to one. Returns NULL, or what the CPU lacks.
 */
const char *svm_nest_init(bool nested_paging);

/* After its return this CPU is in the guest, until an INIT. */
void svm_nest_enter(void);

#endif
