/* SPDX-License-Identifier: MIT */
/*
 * Features that a test wants a CPU without. KVM hides what CPUID does not have if it is enabled by a control register or an
 * MSR, or intercepted; other instructions are executed whatever CPUID says, so that they cannot be taken away.
 */
#include "pc.h"

#include <string.h>

enum cpuid_register { EAX, EBX, ECX, EDX };

static const struct feature {
	const char *name; /* as Linux's /proc/cpuinfo has it */
	uint32_t function;
	enum cpuid_register in;
	unsigned int bit;
	bool can_be_hidden, with_xsave; /* the latter: once there is no XSAVE, either */
} features[] = {
	{ "abm", 0x80000001, ECX, 5, false, false },
	{ "adx", 7, EBX, 19, false, false },
	{ "aes", 1, ECX, 25, false, false },
	{ "avx", 1, ECX, 28, false, true },
	{ "avx2", 7, EBX, 5, false, true },
	{ "bmi1", 7, EBX, 3, false, false },
	{ "bmi2", 7, EBX, 8, false, false },
	{ "clflushopt", 7, EBX, 23, false, false },
	{ "clwb", 7, EBX, 24, false, false },
	{ "cx16", 1, ECX, 13, false, false },
	{ "f16c", 1, ECX, 29, false, true },
	{ "fma", 1, ECX, 12, false, true },
	{ "fsgsbase", 7, EBX, 0, true, false },
	{ "invpcid", 7, EBX, 10, true, false },
	{ "la57", 7, ECX, 16, true, false },
	{ "lahf_lm", 0x80000001, ECX, 0, false, false },
	{ "monitor", 1, ECX, 3, false, false },
	{ "movbe", 1, ECX, 22, false, false },
	{ "mpx", 7, EBX, 14, false, true },
	{ "nx", 0x80000001, EDX, 20, true, false },
	{ "pcid", 1, ECX, 17, true, false },
	{ "pclmulqdq", 1, ECX, 1, false, false },
	{ "pks", 7, ECX, 31, true, false },
	{ "pku", 7, ECX, 3, true, false },
	{ "popcnt", 1, ECX, 23, false, false },
	{ "rdpid", 7, ECX, 22, false, false },
	{ "rdrand", 1, ECX, 30, false, false },
	{ "rdtscp", 0x80000001, EDX, 27, true, false },
	{ "sep", 1, EDX, 11, false, false },
	{ "smap", 7, EBX, 20, false, false }, /* no: STAC and CLAC are executed */
	{ "smep", 7, EBX, 7, true, false },
	{ "sse3", 1, ECX, 0, false, false },
	{ "sse4_1", 1, ECX, 19, false, false },
	{ "sse4_2", 1, ECX, 20, false, false },
	{ "sse4a", 0x80000001, ECX, 6, false, false },
	{ "ssse3", 1, ECX, 9, false, false },
	{ "svm", 0x80000001, ECX, 2, true, false },
	{ "umip", 7, ECX, 2, true, false },
	{ "x2apic", 1, ECX, 21, true, false },
	{ "xsave", 1, ECX, 26, true, false },
};

static bool is_named(const char *name)
{
	size_t length = strlen(name);

	for (const char *word = options.without; word; word = strchr(word, ',')) {
		word += *word == ',';
		if (!strncmp(word, name, length) && (!word[length] || word[length] == ','))
			return true;
	}
	return false;
}

static struct kvm_cpuid_entry2 *leaf(struct kvm_cpuid2 *cpuid, uint32_t function)
{
	for (unsigned int i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == function && !cpuid->entries[i].index)
			return &cpuid->entries[i];
	return NULL;
}

/* The leaves that describe a feature; those that are not there read as zeros. */
static void remove_leaves(struct kvm_cpuid2 *cpuid, uint32_t function)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function != function)
			cpuid->entries[kept++] = cpuid->entries[i];
	cpuid->nent = kept;
}

static void take_away(struct kvm_cpuid2 *cpuid, const struct feature *feature)
{
	struct kvm_cpuid_entry2 *entry = leaf(cpuid, feature->function);
	uint32_t *const registers[] = { entry ? &entry->eax : NULL, entry ? &entry->ebx : NULL,
					entry ? &entry->ecx : NULL, entry ? &entry->edx : NULL };

	if (!entry || !(*registers[feature->in] >> feature->bit & 1))
		return; /* it is not there anyhow */
	if (!feature->can_be_hidden && !(feature->with_xsave && is_named("xsave")))
		fail_lacking("a way to take %s from the CPU", feature->name);
	*registers[feature->in] &= ~(1u << feature->bit);
}

static const struct feature *find_feature(const char *name, size_t length)
{
	for (size_t i = 0; i < COUNTOF(features); i++)
		if (!strncmp(features[i].name, name, length) && !features[i].name[length])
			return &features[i];
	return NULL;
}

void cpuid_without(struct kvm_cpuid2 *cpuid)
{
	for (const char *word = options.without; word; word = strchr(word, ',')) {
		const struct feature *feature;
		size_t length;

		word += *word == ',';
		length = strcspn(word, ",");
		feature = find_feature(word, length);
		if (!feature)
			fail_lacking("a way to take %.*s from the CPU", (int)length, word);
		take_away(cpuid, feature);
	}
	if (is_named("xsave"))
		remove_leaves(cpuid, 0xd);
	if (is_named("svm"))
		remove_leaves(cpuid, 0x8000000a);
}
