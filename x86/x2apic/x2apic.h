/* SPDX-License-Identifier: MIT */
/* What the topics on x2APIC mode share. */
#ifndef ASSAY_X2APIC_X2APIC_H
#define ASSAY_X2APIC_X2APIC_H

#include <types.h>
#include <x86/cpuid.h>

#define HAS_X2APIC (cpu_has(X86_FEATURE_APIC) && cpu_has(X86_FEATURE_X2APIC))

/*
 * Brings this CPU into x2APIC mode if it is not yet there. The image has no way back, not between cases either: not every VMM
 * knows one.
 */
void x2apic_enter(void);

/* The MSRs that are reserved for the registers: the 2016 SDM has 800H-BFFH, later ones 800H-8FFH. */
#define X2APIC_FIRST 0x800u
#define X2APIC_LAST  0x8ffu

struct x2apic_register {
	const char *name;
	u32 msr;
	u64 bits; /* that may be set by a write: all others are #GP(0) */
	bool readable, writable;
	u32 min_lvt; /* there if the version register's Max LVT Entry is at least this */
};

/* Table 10-6: those that this CPU has. */
u32 x2apic_count(void);
struct x2apic_register x2apic_register(u32 index);

/* The register with this MSR address, false if there is none. */
bool x2apic_find(u32 msr, struct x2apic_register *found);

#endif
