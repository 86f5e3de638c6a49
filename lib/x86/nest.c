/* SPDX-License-Identifier: MIT */
#include <x86/nest.h>

#include <arch/machine.h>
#include <string.h>
#include <x86/cpuid.h>
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

bool nest_is_guest(void)
{
	return nested;
}
