/* SPDX-License-Identifier: MIT */
#include <arm/granule.h>

#include <arm/sysreg.h>
#include <mm/heap.h>
#include <mm/page.h>

/*
 * 48 bits of address. Blocks are at the manual's levels 1 (4 KiB alone) and 2: the larger ones came with
 * 52 bits of address. DDI 0487, D8.2, "VMSAv8-64 translation using the 16KB granule", "the 64KB granule".
 */
static const struct space_shape shape_4k = {
	.top_level = 3,
	.max_page_level = 2,
	.entries = { 512, 512, 512, 512 },
	.shift = { 12, 21, 30, 39 },
};
static const struct space_shape shape_16k = {
	.top_level = 3,
	.max_page_level = 1,
	.entries = { 2048, 2048, 2048, 2 },
	.shift = { 14, 25, 36, 47 },
};
static const struct space_shape shape_64k = {
	.top_level = 2,
	.max_page_level = 1,
	.entries = { 8192, 8192, 64 },
	.shift = { 16, 29, 42 },
};

bool has_granule(u32 granule)
{
	u64 features = read_sys(ID_AA64MMFR0);

	switch (granule) {
	case GRANULE_4K:
		return (features >> 28 & 0xf) != 0xf;
	case GRANULE_16K:
		return (features >> 20 & 0xf) != 0;
	default:
		return (features >> 24 & 0xf) != 0xf;
	}
}

static const struct space_shape *shape_of(u32 granule)
{
	return granule == GRANULE_4K ? &shape_4k : granule == GRANULE_16K ? &shape_16k : &shape_64k;
}

/* Maps the page or block of the kernel's space at `address`; what is smaller than a page widens it. */
static void copy_page(struct space *space, ulong address, pte_t entry, u32 level)
{
	const u64 granule = granule_page_size(space, 0), size = space_page_size(level);
	u32 prot = arch_pte_prot(entry, level);
	pte_t *wider;
	u32 wider_level;

	if (arch_pte_phys(entry, level) != address)
		return;
	if (size >= granule) {
		space_map(space, address, address, size, prot);
		return;
	}
	address = ALIGN_DOWN(address, (ulong)granule);
	wider = space_entry(space, address, &wider_level);
	if (arch_pte_present(*wider, wider_level))
		prot |= arch_pte_prot(*wider, wider_level);
	space_map_page(space, address, address, 0, prot);
}

struct space *space_create_granule(u32 granule)
{
	struct space *space = malloc(sizeof(*space));
	const pte_t *entry;
	u32 level;

	space->shape = shape_of(granule);
	space->root = pages_alloc(1, PAGE_SIZE);
	for (u64 address = 0; address < BIT(48); address += space_page_size(level)) {
		entry = space_entry(space_kernel(), (ulong)address, &level);
		if (arch_pte_present(*entry, level))
			copy_page(space, (ulong)address, *entry, level);
	}
	if (granule != GRANULE_4K)
		space_unmap(space, 0, granule_page_size(space, 0));
	return space;
}
