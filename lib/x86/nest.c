/* SPDX-License-Identifier: MIT */
#include <x86/nest.h>

#include <arch/machine.h>
#include <string.h>
#include <x86/cpuid.h>
#include <x86/svm/nest.h>

static bool nested;

const char *machine_become_guest(const char *kind)
{
	bool nested_paging = !strcmp(kind, "svm-npt");
	const char *missing;

	if (!nested_paging && strcmp(kind, "svm"))
		return "a hypervisor of this name; there are svm and svm-npt";
	missing = svm_nest_init(nested_paging);
	if (missing)
		return missing;
	nested = true;
	nest_join();
	/* The guest has another CPUID. */
	cpuid_init();
	return NULL;
}

void nest_join(void)
{
	if (nested)
		svm_nest_enter();
}

bool nest_is_guest(void)
{
	return nested;
}
