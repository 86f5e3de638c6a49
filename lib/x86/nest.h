/* SPDX-License-Identifier: MIT */
/* Which hypervisor in the image its CPUs are guests of: machine_become_guest() of <arch/machine.h>. */
#ifndef ASSAY_X86_NEST_H
#define ASSAY_X86_NEST_H

#include <types.h>
#include <x86/cpuid.h>

/* Makes a CPU that has just been started a guest, if the one that runs the cases is. */
void nest_join(void);

/* True where the CPUs are guests; what is hidden from them (EFER.SVME, for one) is set all the same. */
bool nest_is_guest(void);

/* ----------------------------------------------------------------------- for the hypervisors themselves */

/* run(nest) on another stack. */
void __noreturn nest_run_on(void *stack_top, void (*run)(void *nest), void *nest);

/* CPUID for a guest with this CR4, of which two bits of features are copies; the CPU's is the host's. */
struct cpuid nest_cpuid(u32 leaf, u32 subleaf, u64 cr4);

/* A shutdown of the guest is one of the machine. */
void __noreturn nest_shut_down(void);

#endif
