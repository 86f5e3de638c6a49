/* SPDX-License-Identifier: MIT */
#include "seg.h"

#include <mm/page.h>
#include <string.h>
#include <x86/insn.h>

bool forced;

bool way_set(bool is_forced)
{
	forced = is_forced && !place_missing(FORCED);
	return forced == is_forced;
}

u64 *gdt_on_page(u16 limit)
{
	u64 *gdt = page_alloc();

	memcpy(gdt, gdt_entries(), GDT_ENTRIES * sizeof(*gdt));
	lgdt(&(struct desc_table_register){ limit, (ulong)gdt });
	return gdt;
}

u64 system_desc(u32 type, ulong base, u32 limit)
{
	return DESC_TYPE(type) | DESC_P | DESC_BASE((u64)base) | DESC_LIMIT(limit);
}

u16 set_spare_system(u32 index, u64 low, ulong base)
{
	if (sizeof(ulong) == 8)
		gdt_set_spare(index + 1, (u64)base >> 32);
	return gdt_set_spare(index, low);
}

u64 *load_new_ldt(u32 entries)
{
	u64 *ldt = page_alloc();
	u64 descriptor = system_desc(DESC_LDT, (ulong)ldt, entries * 8 - 1);

	ASSERT_NO_FAULT(lldt_try(set_spare_system(0, descriptor, (ulong)ldt)));
	return ldt;
}

void unload_ldt(void)
{
	EXPECT_NO_FAULT(lldt_try(SEL_NULL));
}
