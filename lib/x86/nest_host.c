/* SPDX-License-Identifier: MIT */
#include <x86/nest_host.h>

#include <x86/cr.h>
#include <x86/desc.h>

void nest_run_on(void *stack_top, void (*run)(void *nest), void *nest)
{
#ifdef __x86_64__
	__asm__ volatile("mov %0, %%rsp; xor %%ebp, %%ebp; call *%1"
			 :
			 : "r"(stack_top), "r"(run), "D"(nest)
			 : "memory");
#else
	__asm__ volatile("mov %0, %%esp; push %2; call *%1"
			 :
			 : "r"(stack_top), "r"(run), "r"(nest)
			 : "memory");
#endif
	__builtin_unreachable();
}

struct cpuid nest_cpuid(u32 leaf, u32 subleaf, u64 cr4)
{
	const u32 osxsave = (u32)BIT(27), ospke = (u32)BIT(4);
	struct cpuid r = cpuid(leaf, subleaf);

	if (leaf == 1)
		r.ecx = (r.ecx & ~osxsave) | (cr4 & CR4_OSXSAVE ? osxsave : 0);
	else if (leaf == 7 && subleaf == 0)
		r.ecx = (r.ecx & ~ospke) | (cr4 & CR4_PKE ? ospke : 0);
	return r;
}

void nest_shut_down(void)
{
	const struct desc_table_register none = { 0 };

	__asm__ volatile("lidt %0; int3" : : "m"(none));
	__builtin_unreachable();
}
