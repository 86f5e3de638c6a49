/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include <string.h>
#include <arch/cpu.h>
#include <mm/page.h>
#include <sys/time.h>
#include <x86/cpuid.h>
#include <x86/smp.h>

extern const u8 probe_start_of_code[], probe_end_of_code[];

static volatile struct probe_state *state_in(u32 page)
{
	return (volatile struct probe_state *)(ulong)((page << 12) + PROBE_STATE);
}

volatile struct probe_state *probe_prepare(u32 page)
{
	u8 *memory = (u8 *)(ulong)(page << 12);

	memset(memory, 0, PAGE_SIZE);
	memcpy(memory, probe_start_of_code, (size_t)(probe_end_of_code - probe_start_of_code));
	state_in(page)->wants = (cpu_has(X86_FEATURE_APIC) ? PROBE_WANT_APIC : 0) |
				(cpu_has(X86_FEATURE_SEP) ? PROBE_WANT_MSR : 0) |
				(cpu_has(X86_FEATURE_NX) ? PROBE_WANT_EFER : 0) |
				(cpu_has(X86_FEATURE_RDTSCP) ? PROBE_WANT_AUX : 0) |
				(cpu_has(X86_FEATURE_SSE) ? PROBE_WANT_SSE : 0);
	return state_in(page);
}

u32 probe_apic(u32 page, u32 reg)
{
	return *(volatile u32 *)(ulong)((page << 12) + PROBE_APIC + reg / 4);
}

bool probe_wait(u32 page, u32 starts)
{
	return wait_until(state_in(page)->starts >= starts);
}

bool probe_start(u32 cpu_number)
{
	u32 before = state_in(PROBE_PAGE)->starts;

	cpu_take_over(cpu_number);
	cpu_send_init(cpu_number);
	cpu_send_sipi(cpu_number, PROBE_PAGE);
	return probe_wait(PROBE_PAGE, before + 1);
}
