/* SPDX-License-Identifier: MIT */
#include "tables.h"

#include <arch/space.h>
#include <mm/page.h>
#include <s390x/cr.h>
#include <string.h>

static const u8 shifts[LEVELS] = { 12, 20, 31, 42, 53 };
static const u16 indexes[LEVELS] = { 0x35, 0x123, 0x77, 0x1a5, 0x42 };

u32 index_of(ulong address, u32 level)
{
	return (u32)(address >> shifts[level]) & (level ? 0x7ff : 0xff);
}

ulong with_index(ulong address, u32 level, u32 index)
{
	address &= ~((level ? 0x7fful : 0xfful) << shifts[level]);
	return address | (ulong)index << shifts[level];
}

u64 *entry_of(const struct tables *t, u32 level)
{
	return &t->table[level][index_of(t->address, level)];
}

struct tables make_tables(u32 top)
{
	struct tables t = { .top = top, .page = page_alloc() };

	for (u32 level = 0; level <= top; level++) {
		u32 entries = level ? 2048 : 256;

		t.table[level] = pages_alloc(level ? 4 : 1, PAGE_SIZE);
		for (u32 n = 0; n < entries; n++)
			t.table[level][n] = level ? XTE_INVALID | XTE_TYPE_OF(level) : PTE_INVALID;
		t.address = with_index(t.address, level, indexes[level]);
	}
	*entry_of(&t, 0) = (ulong)t.page;
	for (u32 level = 1; level <= top; level++)
		*entry_of(&t, level) = (ulong)t.table[level - 1] | XTE_TYPE_OF(level) |
				       (level > 1 ? RTE_LENGTH : 0);
	t.asce = (ulong)t.table[top] | XTE_TYPE_OF(top) | ASCE_LENGTH;
	t.address += 0x123;
	for (u32 n = 0; n < PAGE_SIZE; n++)
		t.page[n] = (u8)(n * 7);
	return t;
}

static u64 secondary, kernels_cr0, kernels_cr7;

void use_tables(const struct tables *t)
{
	secondary = t->asce;
	purge_tlb();
}

void enter_secondary(void)
{
	kernels_cr0 = read_cr(0);
	kernels_cr7 = read_cr(7);
	write_cr(0, kernels_cr0 | CR0_SECONDARY);
	write_cr(7, secondary);
}

void leave_secondary(void)
{
	write_cr(0, kernels_cr0);
	write_cr(7, kernels_cr7);
}

struct fault load_secondary(ulong address, u8 *value)
{
	ulong result = 0;

	enter_secondary();
	fault_clear();
	__asm__ volatile("sacf 0x100\n" GUARDED("ic %0,0(%1)") "sacf 0"
			 : "+d"(result)
			 : "a"(address)
			 : "memory");
	leave_secondary();
	*value = (u8)result;
	return fault_taken();
}

struct fault store_secondary(ulong address, u8 value)
{
	enter_secondary();
	fault_clear();
	__asm__ volatile("sacf 0x100\n" GUARDED("stc %0,0(%1)") "sacf 0"
			 :
			 : "d"((ulong)value), "a"(address)
			 : "memory");
	leave_secondary();
	return fault_taken();
}

struct fault invalid_fault(u32 level, ulong address)
{
	switch (level) {
	case 0:
		return PGM_PAGE_TRANSLATION(address);
	case 1:
		return PGM_SEGMENT_TRANSLATION(address);
	case 2:
		return PGM_REGION_THIRD_TRANSLATION(address);
	case 3:
		return PGM_REGION_SECOND_TRANSLATION(address);
	default:
		return PGM_REGION_FIRST_TRANSLATION(address);
	}
}

const char *level_name(u32 level)
{
	static const char *const names[LEVELS] = { "page", "segment", "region third",
						   "region second", "region first" };

	return names[level];
}

u32 load_real_address(ulong address, u64 *result)
{
	u32 cc;

	enter_secondary();
	__asm__ volatile("sacf 0x100\n"
			 "lrag %1,0(%2)\n"
			 "sacf 0\n"
			 "ipm %0"
			 : "=d"(cc), "+d"(*result)
			 : "a"(address)
			 : "cc", "memory");
	leave_secondary();
	return cc >> 28;
}
