/* SPDX-License-Identifier: MIT */
/* SYSENTER and SYSEXIT: how they are set up, and the code that has them. */
#ifndef ASSAY_SYS_SYSENTER_H
#define ASSAY_SYS_SYSENTER_H

#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/enter.h>
#include <x86/msr.h>

extern const u8 sysenter_code[2], sysexit_code[2], sysexitq_code[3];
#define SYSENTER_SIZE 2

/* Long mode has them on Intel's CPUs; on AMD's they are #UD there (APM vol. 3, SYSENTER). */
static inline bool sysenter_exists(void)
{
	return cpu_has(X86_FEATURE_SEP) && (sizeof(ulong) == 4 || cpu_is_intel());
}

/* How the probe ends in code of the kernel's size. */
#define ENTER_PROBE_KERNEL (sizeof(ulong) == 8 ? ENTER_PROBE_64 : ENTER_PROBE_32)

/*
 * SYSENTER_CS is the kernel's code segment, SYSENTER_EIP the probe and SYSENTER_ESP a stack of its own,
 * which is returned.
 */
ulong sysenter_set_up(void);

#endif
