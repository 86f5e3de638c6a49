/* SPDX-License-Identifier: MIT */
#include <x86/apic_again.h>

#include <x86/apic.h>
#include <x86/msr.h>

static bool tried, again;

static void disable_and_enable(void *arg)
{
	u64 base = rdmsr(MSR_IA32_APIC_BASE);

	(void)arg;
	wrmsr(MSR_IA32_APIC_BASE, base & ~(u64)APIC_BASE_ENABLE);
	wrmsr(MSR_IA32_APIC_BASE, base | APIC_BASE_ENABLE);
	again = rdmsr(MSR_IA32_APIC_BASE) & APIC_BASE_ENABLE;
}

bool apic_enables_again(void)
{
	if (cpu_count() < 2)
		return true;
	if (!tried)
		run_on_cpu(APIC_VICTIM, disable_and_enable, NULL);
	tried = true;
	return again;
}
