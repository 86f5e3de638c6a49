/* SPDX-License-Identifier: MIT */
#include <sys/cpu.h>
#include <x86/cpuid.h>

/* Leaf 0BH has all 32 bits of the APIC ID, leaf 1 the lowest eight. SDM vol. 2A, CPUID. */
u32 arch_find_cpu_number(void)
{
	u32 id = cpuid(1, 0).ebx >> 24;

	if (cpuid(0, 0).eax >= 0xb && cpuid(0xb, 0).ebx)
		id = cpuid(0xb, 0).edx;
	return cpu_number_of(id);
}
