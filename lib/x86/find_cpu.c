/* SPDX-License-Identifier: MIT */
#include <sys/cpu.h>
#include <x86/apic.h>
#include <x86/cpuid.h>

/*
 * Leaf 0BH has all 32 bits of the APIC ID, leaf 1 the lowest eight, since the Pentium 4: SDM vol. 2A, CPUID.
 * Before, only the APIC itself knows, where there is one;
 * that has no other mode, and was not moved.
 */
u32 arch_find_cpu_number(void)
{
	u32 id = cpuid(1, 0).ebx >> 24;

	if (cpuid(0, 0).eax >= 0xb && cpuid(0xb, 0).ebx)
		id = cpuid(0xb, 0).edx;
	else if (!cpu_has(X86_FEATURE_SSE2) && cpu_has(X86_FEATURE_APIC))
		id = *(volatile u32 *)(ulong)(APIC_DEFAULT_BASE + APIC_ID) >> 24;
	return cpu_number_of(id);
}
