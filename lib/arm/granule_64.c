/* SPDX-License-Identifier: MIT */
#include <arm/granule.h>

#include <arm/sysreg.h>

static u32 one(void)
{
	return 1;
}

/*
 * 48 bits of address. Blocks are at the manual's levels 1 (4 KiB alone) and 2: the larger ones came with
 * 52 bits of address. DDI 0487, D8.2, "VMSAv8-64 translation using the 16KB granule", "the 64KB granule".
 */
static const struct space_format format_16k = {
	.name = "16k",
	.top_level = 3,
	.entry_size = 8,
	.entries = { 2048, 2048, 2048, 2 },
	.shift = { 14, 25, 36, 47 },
	.max_page_level = one,
	DESCRIPTORS,
};
static const struct space_format format_64k = {
	.name = "64k",
	.top_level = 2,
	.entry_size = 8,
	.entries = { 8192, 8192, 64 },
	.shift = { 16, 29, 42 },
	.max_page_level = one,
	DESCRIPTORS,
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

static const struct space_format *format_of(u32 granule)
{
	return granule == GRANULE_4K	? &arch_kernel_format
	       : granule == GRANULE_16K ? &format_16k
					: &format_64k;
}

struct space *space_create_granule(u32 granule)
{
	return space_create_like_kernel(format_of(granule), ~0u);
}
