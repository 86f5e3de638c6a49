/* SPDX-License-Identifier: MIT */
#include <x86/nest.h>

#include <arch/machine.h>
#include <string.h>
#include <x86/cr.h>
#include <x86/desc.h>
#include <x86/svm/nest.h>
#include <x86/vmx/nest.h>

static const char *init_svm(void)
{
	return svm_nest_init(false);
}

static const char *init_svm_npt(void)
{
	return svm_nest_init(true);
}

static const struct kind {
	const char *name;
	const char *(*init)(void);
	void (*enter)(void);
} kinds[] = {
	{ "svm", init_svm, svm_nest_enter },
	{ "svm-npt", init_svm_npt, svm_nest_enter },
	{ "vmx", vmx_nest_init, vmx_nest_enter },
};

static const struct kind *nested;

static const struct kind *find_kind(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

const char *machine_become_guest(const char *name)
{
	const struct kind *kind = find_kind(name);
	const char *missing;

	if (!kind)
		return "a hypervisor of this name; there are svm, svm-npt and vmx";
	missing = kind->init();
	if (missing)
		return missing;
	nested = kind;
	nest_join();
	/* The guest has another CPUID. */
	cpuid_init();
	return NULL;
}

void nest_join(void)
{
	if (nested)
		nested->enter();
}

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

bool nest_is_guest(void)
{
	return nested;
}
