/* SPDX-License-Identifier: MIT */
#include <x86/cpuid.h>
#include <x86/insn.h>

struct fault hypercall_fault(struct fault taken)
{
	if (cpu_has(X86_FEATURE_HYPERVISOR) && !taken.kind)
		return NO_FAULT;
	return UD;
}
