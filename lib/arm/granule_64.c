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

/* A range that the kernel's space maps one to one with the same permissions throughout. */
struct range {
	u64 start, end;
	u32 prot;
};

/* Maps the page at `address`, with what other ranges have of it. */
static void widen_page(struct space *space, u64 address, u32 prot)
{
	u32 level;
	pte_t entry = *space_entry(space, (ulong)address, &level);

	if (arch_pte_present(entry, level))
		prot |= arch_pte_prot(entry, level);
	space_map_page(space, (ulong)address, address, 0, prot);
}

static void copy_range(struct space *space, struct range range)
{
	const u64 granule = granule_page_size(space, 0);

	while (range.start < range.end) {
		u64 whole = ALIGN_DOWN(range.end, granule) - range.start;

		if (IS_ALIGNED(range.start, granule) && whole) {
			space_map(space, (ulong)range.start, range.start, whole, range.prot);
			range.start += whole;
		} else {
			widen_page(space, ALIGN_DOWN(range.start, granule), range.prot);
			range.start = ALIGN_DOWN(range.start, granule) + granule;
		}
	}
}

struct space *space_create_granule(u32 granule)
{
	struct space *space = malloc(sizeof(*space));
	struct range range = { 0 };
	u32 level;

	space->shape = shape_of(granule);
	space->root = page_alloc();
	for (u64 at = 0; at < BIT(48); at += space_page_size(level)) {
		pte_t entry = *space_entry(space_kernel(), (ulong)at, &level);
		u32 prot = arch_pte_prot(entry, level);

		if (!arch_pte_present(entry, level) || arch_pte_phys(entry, level) != at)
			continue;
		if (at != range.end || prot != range.prot) {
			copy_range(space, range);
			range = (struct range){ at, at, prot };
		}
		range.end += space_page_size(level);
	}
	copy_range(space, range);
	space_unmap(space, 0, granule_page_size(space, 0));
	return space;
}
