/* SPDX-License-Identifier: MIT */
#include <x86/cpuid.h>

#include <arch/cpu.h>
#include <stdio.h>
#include <string.h>

static const struct {
	u32 leaf, subleaf;
	enum { EAX, EBX, ECX, EDX } reg;
} feature_leaves[CPUID_WORDS] = {
	[CPUID_1_ECX] = { 1, 0, ECX },
	[CPUID_1_EDX] = { 1, 0, EDX },
	[CPUID_7_EBX] = { 7, 0, EBX },
	[CPUID_7_ECX] = { 7, 0, ECX },
	[CPUID_7_EDX] = { 7, 0, EDX },
	[CPUID_7_1_EAX] = { 7, 1, EAX },
	[CPUID_D_1_EAX] = { 0xd, 1, EAX },
	[CPUID_80000001_ECX] = { 0x80000001, 0, ECX },
	[CPUID_80000001_EDX] = { 0x80000001, 0, EDX },
	[CPUID_80000007_EDX] = { 0x80000007, 0, EDX },
	[CPUID_80000008_EBX] = { 0x80000008, 0, EBX },
	[CPUID_8000000A_EDX] = { 0x8000000a, 0, EDX },
};

#ifdef __i386__
bool arch_has_lfence;
#endif

static u32 words[CPUID_WORDS];
static char vendor[13], hypervisor[13];
static u32 physical_bits;

/* The highest leaf of the basic or the extended range that `leaf` is in. */
static u32 max_leaf(u32 leaf)
{
	return cpuid(leaf & 0x80000000, 0).eax;
}

void cpuid_init(void)
{
	struct cpuid r = cpuid(0, 0);

	memcpy(vendor, (u32[]){ r.ebx, r.edx, r.ecx }, 12);
	for (u32 i = 0; i < CPUID_WORDS; i++) {
		if (feature_leaves[i].leaf > max_leaf(feature_leaves[i].leaf))
			continue;
		r = cpuid(feature_leaves[i].leaf, feature_leaves[i].subleaf);
		words[i] = (u32[]){ r.eax, r.ebx, r.ecx, r.edx }[feature_leaves[i].reg];
	}
#ifdef __i386__
	arch_has_lfence = cpu_has(X86_FEATURE_SSE2);
#endif
	if (cpu_has(X86_FEATURE_HYPERVISOR)) {
		r = cpuid(0x40000000, 0);
		memcpy(hypervisor, (u32[]){ r.ebx, r.ecx, r.edx }, 12);
	}
	physical_bits = 36;
	if (max_leaf(0x80000008) >= 0x80000008)
		physical_bits = cpuid(0x80000008, 0).eax & 0xff;
}

bool cpu_has(enum x86_feature feature)
{
	return words[feature / 32] & BIT(feature % 32);
}

const char *cpu_vendor(void)
{
	return vendor;
}

bool cpu_is_amd(void)
{
	return !strcmp(vendor, "AuthenticAMD") || !strcmp(vendor, "HygonGenuine");
}

bool cpu_is_intel(void)
{
	return !strcmp(vendor, "GenuineIntel");
}

const char *cpu_hypervisor(void)
{
	return hypervisor;
}

u32 cpu_physical_bits(void)
{
	return physical_bits;
}

void cpu_describe(char *text, size_t size)
{
	u32 eax = cpuid(1, 0).eax;
	u32 family = eax >> 8 & 0xf, model = eax >> 4 & 0xf;

	if (family == 6 || family == 15)
		model |= eax >> 12 & 0xf0;
	if (family == 15)
		family += eax >> 20 & 0xff;
	snprintf(text, size, "%s/%u.%u.%u", vendor, family, model, eax & 0xf);
}
