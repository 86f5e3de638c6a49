/* SPDX-License-Identifier: MIT */
#include "sysenter.h"

#include <mm/page.h>

const u8 sysenter_code[2] = { 0x0f, 0x34 };
const u8 sysexit_code[2] = { 0x0f, 0x35 };
const u8 sysexitq_code[3] = { 0x48, 0x0f, 0x35 };

ulong sysenter_set_up(void)
{
	ulong stack = (ulong)page_alloc() + PAGE_SIZE;

	wrmsr(MSR_IA32_SYSENTER_CS, SEL_KERNEL_CODE);
	wrmsr(MSR_IA32_SYSENTER_ESP, stack);
	wrmsr(MSR_IA32_SYSENTER_EIP, (ulong)enter_probe);
	return stack;
}
