/* SPDX-License-Identifier: MIT */
#include <mm/space.h>

#include <mm/page.h>

void *space_map_device(phys_t phys, u64 size)
{
	phys_t start = ALIGN_DOWN(phys, PAGE_SIZE);

	if (phys + size > 4 * GiB)
		space_map(space_kernel(), (ulong)start, start,
			  ALIGN_UP(phys + size, PAGE_SIZE) - start,
			  PROT_DEVICE | PROT_WRITE | PROT_USER);
	return (void *)(ulong)phys;
}
