/* SPDX-License-Identifier: MIT */
/* Instructions that do nothing: no register, no flag, no memory, not even an access that could fault. */
#include "encoding.h"

#include <mm/page.h>
#include <mm/space.h>
#include <string.h>
#include <test.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/place.h>

SUITE("Instructions that do nothing");

TEST(nop_forms, "NOP in all its lengths, PAUSE, and what is defined as NOP change nothing",
     SPEC("SDM vol. 2B, NOP, PAUSE; vol. 2A, ENDBR32, ENDBR64"))
{
	static const struct encoding table[] = {
		{ "90", 1, { 0x90 } },
		{ "66_90", 2, { 0x66, 0x90 } },
		{ "pause", 2, { 0xf3, 0x90 } },
		{ "66_pause", 3, { 0x66, 0xf3, 0x90 } },
		{ "0f1f_register", 3, { 0x0f, 0x1f, 0xc0 } },
		{ "66_0f1f_register", 4, { 0x66, 0x0f, 0x1f, 0xc1 } },
		{ "0f1f_3", 3, { 0x0f, 0x1f, 0x00 } },
		{ "0f1f_4", 4, { 0x0f, 0x1f, 0x40, 0 } },
		{ "0f1f_5", 5, { 0x0f, 0x1f, 0x44, 0, 0 } },
		{ "0f1f_6", 6, { 0x66, 0x0f, 0x1f, 0x44, 0, 0 } },
		{ "0f1f_7", 7, { 0x0f, 0x1f, 0x80, 0, 0, 0, 0 } },
		{ "0f1f_8", 8, { 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 } },
		{ "0f1f_9", 9, { 0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 } },
		{ "0f1f_15",
		  15,
		  { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 } },
		{ "endbr32", 4, { 0xf3, 0x0f, 0x1e, 0xfb } },
		{ "endbr64", 4, { 0xf3, 0x0f, 0x1e, 0xfa } },
		/* What is reserved for hints is NOP on CPUs that do not have the hint. */
		{ "0f1e_memory", 3, { 0x0f, 0x1e, 0x06 } },
		{ "0f19_memory", 3, { 0x0f, 0x19, 0x06 } },
	};

	encodings_do_nothing(table, ARRAY_SIZE(table), true);
}

/* [SI], where nothing is mapped, or an address that is not canonical. */
static void run_at(const struct encoding *e, ulong address, enum place place)
{
	struct registers r = encoding_registers(), before;
	const void *code = code_bytes(e->code, e->size);
	ulong cr2 = read_cr2();

	r.si = address;
	before = r;
	EXPECT_NO_FAULT(execute_in(place, code, &r), "address %#llx", (u64)address);
	EXPECT_MEM_EQ(&r, &before, sizeof(r));
	EXPECT_EQ(read_cr2(), cr2);
}

TEST(nop_does_not_access, "NOP and PREFETCHh with a memory operand access nothing that could fault",
     SPEC("SDM vol. 2B, NOP, PREFETCHh, PREFETCHW"))
{
	static const struct encoding table[] = {
		{ "0f1f", 3, { 0x0f, 0x1f, 0x06 } },
		{ "66_0f1f", 4, { 0x66, 0x0f, 0x1f, 0x06 } },
		{ "prefetchnta", 3, { 0x0f, 0x18, 0x06 } },
		{ "prefetcht0", 3, { 0x0f, 0x18, 0x0e } },
		{ "prefetcht1", 3, { 0x0f, 0x18, 0x16 } },
		{ "prefetcht2", 3, { 0x0f, 0x18, 0x1e } },
		{ "0f18_4", 3, { 0x0f, 0x18, 0x26 } },
		{ "0f1c_cldemote", 3, { 0x0f, 0x1c, 0x06 } },
		{ "0f1d", 3, { 0x0f, 0x1d, 0x06 } },
	};
	u8 *absent = page_alloc();

	space_unmap(space_kernel(), (ulong)absent, PAGE_SIZE);
	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		for_each_place(place, KERNEL | USER)
		{
			run_at(&table[i], (ulong)absent, place);
			run_at(&table[i], (ulong)absent + PAGE_SIZE - 1, place);
			if (sizeof(ulong) == 8)
				run_at(&table[i], (ulong)(1ull << 63 >> 2), place);
		}
	}
}

TEST(prefetchw_does_not_fault, "PREFETCHW and PREFETCH of an absent or read-only page do nothing",
     SPEC("SDM vol. 2B, PREFETCHW; APM vol. 3, PREFETCH"),
	  REQUIRES(cpuid(0x80000001, 0).ecx &BIT(8)))
{
	static const struct encoding table[] = {
		{ "prefetch", 3, { 0x0f, 0x0d, 0x06 } },
		{ "prefetchw", 3, { 0x0f, 0x0d, 0x0e } },
	};
	u8 *page = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		SUBTEST("%s", table[i].name);
		space_protect(space_kernel(), (ulong)page, PAGE_SIZE, PROT_USER);
		run_at(&table[i], (ulong)page, KERNEL);
		space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
		run_at(&table[i], (ulong)page, KERNEL);
		run_at(&table[i], (ulong)page, USER);
		space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_ALL);
	}
}
