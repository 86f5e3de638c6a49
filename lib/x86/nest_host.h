/* SPDX-License-Identifier: MIT */
/* What the hypervisors of an image that is its own guest share: lib/x86/svm/nest.h, lib/x86/vmx/nest.h. */
#ifndef ASSAY_X86_NEST_HOST_H
#define ASSAY_X86_NEST_HOST_H

#include <types.h>
#include <x86/cpuid.h>

/* run(nest) on another stack. */
void __noreturn nest_run_on(void *stack_top, void (*run)(void *nest), void *nest);

/* CPUID for a guest with this CR4, of which two bits of features are copies; the CPU's is the host's. */
struct cpuid nest_cpuid(u32 leaf, u32 subleaf, u64 cr4);

/* A shutdown of the guest is one of the machine. */
void __noreturn nest_shut_down(void);

#endif
