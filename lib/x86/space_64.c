/* SPDX-License-Identifier: MIT */
/* 4-level and 5-level paging: SDM vol. 3A, 4.5. */
#include <x86/paging.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/entries.h>

static u32 max_page_level(void)
{
	return cpu_has(X86_FEATURE_PDPE1GB) ? 2 : 1;
}

void entry64_write(void *entry, u64 value)
{
	WRITE_ONCE(*(u64 *)entry, value);
}

static void use_4_level(const struct space *space)
{
	paging_use(space, CR4_PAE);
}

static void use_5_level(const struct space *space)
{
	paging_use(space, CR4_PAE | CR4_LA57);
}

#define FORMAT_4_LEVEL                                                                            \
	{                                                                                         \
		.name = "4-level", NINE_BITS_48, .max_page_level = max_page_level, ENTRIES_64,    \
		.flush_page = entry_flush_page, .flush_all = entry_flush_all, .use = use_4_level, \
	}

struct space_format arch_kernel_format = FORMAT_4_LEVEL;
const struct space_format paging_4_level = FORMAT_4_LEVEL;

const struct space_format paging_5_level = {
	.name = "5-level",
	NINE_BITS_57,
	.max_page_level = max_page_level,
	ENTRIES_64,
	.flush_page = entry_flush_page,
	.flush_all = entry_flush_all,
	.use = use_5_level,
};
