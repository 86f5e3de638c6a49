/* SPDX-License-Identifier: MIT */
#ifndef ASSAY_X86_APIC_AGAIN_H
#define ASSAY_X86_APIC_AGAIN_H

#include <sys/cpu.h>

/*
 * The CPU whose APIC is disabled by cases, the last one: where an APIC that was disabled cannot be enabled
 * again, it is lost, and nobody else needs it.
 */
#define APIC_VICTIM (cpu_count() - 1)

/*
 * Whether an APIC that IA32_APIC_BASE has disabled can be enabled again, which is also the only way out of
 * x2APIC mode. Tried once, on the victim; true where there is no other CPU to try it on.
 */
bool apic_enables_again(void);

#endif
