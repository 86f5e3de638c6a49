/* SPDX-License-Identifier: MIT */
#include "vmm.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define MAX_RANGES 4

static struct {
	uint64_t start, size;
	char *host;
} ranges[MAX_RANGES];
static unsigned int count;

void memory_add(uint64_t start, uint64_t size)
{
	struct kvm_userspace_memory_region region = { .slot = count,
						      .guest_phys_addr = start,
						      .memory_size = size };
	char *host = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (host == MAP_FAILED)
		fail("%llu MiB of memory: %s", (unsigned long long)(size / MiB), strerror(errno));
	region.userspace_addr = (uintptr_t)host;
	IOCTL(vm_fd, KVM_SET_USER_MEMORY_REGION, &region);
	/* System-management mode has an address space of its own, with the same memory in it. */
	if (has_extension(KVM_CAP_MULTI_ADDRESS_SPACE) > 1) {
		region.slot |= 1u << 16;
		IOCTL(vm_fd, KVM_SET_USER_MEMORY_REGION, &region);
	}
	ranges[count].start = start;
	ranges[count].size = size;
	ranges[count++].host = host;
}

void *memory_at(uint64_t start, uint64_t size)
{
	for (unsigned int i = 0; i < count; i++) {
		uint64_t offset = start - ranges[i].start;

		if (start >= ranges[i].start && offset < ranges[i].size &&
		    size <= ranges[i].size - offset)
			return ranges[i].host + offset;
	}
	return NULL;
}
