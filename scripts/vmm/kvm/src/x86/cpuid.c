/* SPDX-License-Identifier: MIT */
/*
 * What CPUID tells: all that this KVM supports, as it is for this CPU. Leaves are those of the SDM, vol. 2A, CPUID, and of the
 * APM, vol. 3, appendix E.
 */
#include "pc.h"

#include <cpuid.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ENTRIES 256

#define TSC_DEADLINE (1u << 24)
#define HYPERVISOR   (1u << 31)
#define HTT	     (1u << 28)
#define CMP_LEGACY   (1u << 1)

/* Bits that hold numbers below `count`. */
static unsigned int width(unsigned int count)
{
	unsigned int bits = 0;

	while (1u << bits < count)
		bits++;
	return bits;
}

static unsigned int thread_bits(void)
{
	return width(options.threads);
}

static unsigned int package_bits(void)
{
	return width(options.cores) + thread_bits();
}

uint32_t pc_apic_id(unsigned int number)
{
	unsigned int thread = number % options.threads;
	unsigned int core = number / options.threads % options.cores;
	unsigned int socket = number / options.threads / options.cores;

	return socket << package_bits() | core << thread_bits() | thread;
}

/* Leaves BH and 1FH: threads, then cores. */
static void topology(struct kvm_cpuid_entry2 *entry, uint32_t apic_id)
{
	static const struct {
		uint32_t type;
	} levels[] = { { 1 }, { 2 } };

	entry->eax = entry->ebx = 0;
	entry->ecx = entry->index & 0xff;
	entry->edx = apic_id;
	if (entry->index >= COUNTOF(levels))
		return;
	entry->ecx |= levels[entry->index].type << 8;
	entry->eax = entry->index ? package_bits() : thread_bits();
	entry->ebx = entry->index ? options.cores * options.threads : options.threads;
}

/* Those that share a cache: of the first two levels, a core's threads, then a package's. */
static unsigned int sharing(const struct kvm_cpuid_entry2 *entry)
{
	return (entry->eax >> 5 & 7) <= 2 ? options.threads : options.cores * options.threads;
}

static void adapt(struct kvm_cpuid_entry2 *entry, uint32_t apic_id)
{
	unsigned int in_package = options.cores * options.threads;

	switch (entry->function) {
	case 1:
		entry->ebx = (entry->ebx & 0xffff) | 1u << (16 + package_bits()) | apic_id << 24;
		entry->ecx |= HYPERVISOR; /* whose leaves KVM has added */
		entry->edx &= ~HTT;
		if (in_package > 1)
			entry->edx |= HTT;
		if (has_extension(KVM_CAP_TSC_DEADLINE_TIMER) > 0)
			entry->ecx |= TSC_DEADLINE;
		break;
	case 4:
		if (entry->eax & 0x1f)
			entry->eax = (entry->eax & 0x3fff) |
				     ((1u << width(options.cores)) - 1) << 26 |
				     ((1u << width(sharing(entry))) - 1) << 14;
		break;
	case 0xb:
	case 0x1f:
		topology(entry, apic_id);
		break;
	case 0x80000001:
		entry->ecx &= ~CMP_LEGACY;
		if (in_package > 1)
			entry->ecx |= CMP_LEGACY;
		break;
	case 0x80000008:
		entry->ecx = (entry->ecx & ~0xf0ffu) | package_bits() << 12 | (in_package - 1);
		break;
	case 0x8000001d:
		if (entry->eax & 0x1f)
			entry->eax = (entry->eax & ~0x03ffc000u) | (sharing(entry) - 1) << 14;
		break;
	case 0x8000001e:
		entry->eax = apic_id;
		entry->ebx = (options.threads - 1) << 8 |
			     (apic_id >> thread_bits() & ((1u << width(options.cores)) - 1));
		entry->ecx = apic_id >> package_bits();
		break;
	}
}

/* Every subleaf of BH and 1FH has the APIC ID; KVM may name only those that the host has. */
static void complete_topology(struct kvm_cpuid2 *cpuid, uint32_t function, uint32_t apic_id)
{
	bool has = false;
	unsigned int kept = 0;

	for (unsigned int i = 0; i < cpuid->nent; i++) {
		if (cpuid->entries[i].function == function)
			has = true;
		else
			cpuid->entries[kept++] = cpuid->entries[i];
	}
	cpuid->nent = kept;
	for (uint32_t index = 0; has && index < 3 && cpuid->nent < MAX_ENTRIES; index++) {
		struct kvm_cpuid_entry2 *entry = &cpuid->entries[cpuid->nent++];

		*entry = (struct kvm_cpuid_entry2){ .function = function,
						    .index = index,
						    .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX };
		topology(entry, apic_id);
	}
}

/* The brand string is the host's: KVM leaves it to its users. */
static void complete_brand(struct kvm_cpuid2 *cpuid)
{
	for (unsigned int i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 *entry = &cpuid->entries[i];

		if (entry->function >= 0x80000002 && entry->function <= 0x80000004)
			__get_cpuid(entry->function, &entry->eax, &entry->ebx, &entry->ecx,
				    &entry->edx);
	}
}

void cpuid_set(struct vcpu *vcpu)
{
	uint32_t apic_id = pc_apic_id(vcpu->number);
	struct kvm_cpuid2 *cpuid = calloc(1,
					  sizeof(*cpuid) + MAX_ENTRIES * sizeof(cpuid->entries[0]));

	if (!cpuid)
		fail("no memory");
	cpuid->nent = MAX_ENTRIES;
	IOCTL(kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid);
	for (unsigned int i = 0; i < cpuid->nent; i++)
		adapt(&cpuid->entries[i], apic_id);
	complete_brand(cpuid);
	complete_topology(cpuid, 0xb, apic_id);
	complete_topology(cpuid, 0x1f, apic_id);
	cpuid_without(cpuid);
	IOCTL(vcpu->fd, KVM_SET_CPUID2, cpuid);
	free(cpuid);
}
