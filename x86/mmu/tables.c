/* SPDX-License-Identifier: MIT */
/*
 * Tables that are shared, moved, mapped and written while they are in use: what a VMM that keeps tables of
 * its own has to notice. Every change is followed by what the manual wants, INVLPG or MOV to CR3.
 */
#include "mmu.h"

#include <mm/page.h>
#include <string.h>

SUITE("Tables in use");

/* Two addresses whose walks part at the top level, or wherever a case joins them. */
#define FREE_ADDRESS (sizeof(ulong) == 8 ? 0xffff924000000000ull : 2 * GiB)

static struct {
	struct space *space;
	u8 *page;
	ulong address;
} area;

static void prepare(void)
{
	area.space = space_create();
	area.page = page_alloc();
	area.address = (ulong)FREE_ADDRESS;
	memset(area.page, 0xc3, PAGE_SIZE); /* RET */
	space_map_page(area.space, area.address, (ulong)area.page, 0, PROT_ALL);
	space_switch(area.space);
}

static void fetch(void *arg)
{
	((void (*)(void))arg)();
}

static u32 table_levels(void)
{
	/* PDPTEs of PAE paging hold no rights. */
	return sizeof(ulong) == 8 ? arch_kernel_format.top_level : 1;
}

/* ------------------------------------------------------------- one table, two ways to it (CVE-2021-38198) */

static const struct {
	const char *name;
	u64 change; /* turned over in the second way's entry */
	void (*access)(void *arg);
	u32 error; /* of that access */
	bool user;
} rights[] = {
	{ "read-only", PTE_W, access_write_byte, PF_P | PF_W, false },
	{ "read-only-user", PTE_W, access_write_byte, PF_P | PF_W | PF_U, true },
	{ "supervisor", PTE_U, access_read_byte, PF_P | PF_U, true },
	{ "no-execute", PTE_NX, fetch, PF_P | PF_I, false },
	{ "absent", PTE_P, access_read_byte, 0, false },
};

static struct fault run(u32 row, ulong address)
{
	struct fault fault = rights[row].user ? run_user(rights[row].access, (void *)address)
					      : fault_of(rights[row].access, (void *)address);

	*area.page = 0xc3;
	return fault;
}

/* Address `second` leads through `entry`, which refuses, and then the tables that `address` has. */
static void check_shared(u32 row, u32 level, bool refused_first)
{
	const ulong second = area.address + (ulong)space_size_at(area.space, level);
	const u64 entry = space_get_entry(area.space, area.address, level);
	const struct fault refused = PF(rights[row].error, second);

	space_set_entry(area.space, second, level, entry ^ rights[row].change);
	for (u32 round = 0; round < 3; round++) {
		if (refused_first || round)
			EXPECT_FAULT(refused, run(row, second), "round %u", round);
		EXPECT_NO_FAULT(run(row, area.address), "round %u", round);
		EXPECT_FAULT(refused, run(row, second), "round %u", round);
	}
	/* The rights change places. */
	space_set_entry(area.space, second, level, entry);
	space_set_entry(area.space, area.address, level, entry ^ rights[row].change);
	EXPECT_NO_FAULT(run(row, second));
	EXPECT_FAULT(PF(rights[row].error, area.address), run(row, area.address));
	EXPECT_NO_FAULT(run(row, second));
	space_set_entry(area.space, area.address, level, entry);
	space_set_entry(area.space, second, level, 0);
}

TEST(shared_tables,
     "rights are those of the way that led to a shared table, whoever used it before",
     SPEC("SDM vol. 3A, 4.6.1: every paging-structure entry controlling the translation; 4.10.3.3"),
	  BUG("CVE-2021-38198"))
{
	for (u32 row = 0; row < ARRAY_SIZE(rights); row++) {
		for (u32 level = 1; level <= table_levels(); level++) {
			for (u32 first = 0; first < 2; first++) {
				SUBTEST("%s-level-%u-%s", rights[row].name, level,
					first ? "refused-first" : "permitted-first");
				if ((rights[row].change & PTE_NX) && !cpu_has(X86_FEATURE_NX)) {
					SKIP_ROW("no NX");
					continue;
				}
				prepare();
				check_shared(row, level, first);
				space_switch(space_kernel());
			}
		}
	}
}

/* --------------------------------------------------------------------------- tables under other names */

/* A writable name for the table that the entry of this level is in, at user privilege too. */
static pte_t *name_of_table(u32 level, bool user_mapping)
{
	pte_t *entry = space_entry_at(area.space, area.address, level);
	const ulong table = ALIGN_DOWN((ulong)entry, (ulong)PAGE_SIZE);
	const ulong name = area.address + 0x100000;

	space_map_page(area.space, name, table, 0,
		       user_mapping ? PROT_ALL : PROT_WRITE | PROT_EXEC);
	return (pte_t *)(name + ((ulong)entry - table));
}

struct change {
	void *at;
	u64 value;
};

static void write_whole(void *arg)
{
	struct change *change = arg;

	arch_kernel_format.write(change->at, change->value);
}

/* The low half is enough: P is in it. */
static void write_half(void *arg)
{
	struct change *change = arg;

	WRITE_ONCE(*(u32 *)change->at, (u32)change->value);
}

static void write_first_byte(void *arg)
{
	struct change *change = arg;

	WRITE_ONCE(*(u8 *)change->at, (u8)change->value);
}

static void write_by_string(void *arg)
{
	struct change *change = arg;
	const void *from = &change->value;
	void *to = change->at;
	ulong count = 8;

	__asm__ volatile("cld; rep movsb" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
}

static void write_locked(void *arg)
{
	struct change *change = arg;
	u32 value = (u32)change->value;

	__asm__ volatile("xchgl %0, %1" : "+r"(value), "+m"(*(u32 *)change->at) : : "memory");
}

static const struct {
	const char *name;
	void (*write)(void *arg);
	bool user;
} writes[] = {
	{ "whole", write_whole, false },	  { "half", write_half, false },
	{ "byte", write_first_byte, false },	  { "string", write_by_string, false },
	{ "locked", write_locked, false },	  { "user-half", write_half, true },
	{ "user-string", write_by_string, true },
};

static void check_write(u32 row, u32 level)
{
	pte_t *name = name_of_table(level, writes[row].user);
	const u64 entry = *name;
	struct change off = { name, entry & ~PTE_P }, on = { name, entry };
	struct fault (*run_it)(void (*fn)(void *arg), void *arg) = writes[row].user ? run_user
										    : fault_of;

	for (u32 round = 0; round < 4; round++) {
		EXPECT_NO_FAULT(fault_of(access_read_byte, (void *)area.address));
		ASSERT_NO_FAULT(run_it(writes[row].write, &off));
		arch_tlb_flush_page(area.address);
		EXPECT_FAULT(PF(0, area.address), fault_of(access_read_byte, (void *)area.address));
		ASSERT_NO_FAULT(run_it(writes[row].write, &on));
		arch_tlb_flush_page(area.address);
	}
	EXPECT_NO_FAULT(fault_of(access_read_byte, (void *)area.address));
}

TEST(tables_written_elsewhere,
     "a table in use that is written under another name, in whole or in parts, is walked as it is then",
     SPEC("SDM vol. 3A, 4.10.4.2"))
{
	for (u32 row = 0; row < ARRAY_SIZE(writes); row++) {
		/* The other name is in the same tables above level 0. */
		SUBTEST("%s", writes[row].name);
		prepare();
		check_write(row, 0);
		space_switch(space_kernel());
	}
}

TEST(table_moved, "a table copied elsewhere is walked there once its entry leads to the copy",
     SPEC("SDM vol. 3A, 4.10.4.2"))
{
	u8 *other = page_alloc();

	*other = 0x5a;
	for (u32 level = 1; level <= table_levels(); level++) {
		u64 entry, old;
		u8 *table, *copy = page_alloc();
		u32 index;

		SUBTEST("level-%u", level);
		prepare();
		entry = space_get_entry(area.space, area.address, level);
		table = (u8 *)(ulong)arch_kernel_format.phys(entry, level);
		memcpy(copy, table, PAGE_SIZE);
		EXPECT_EQ(READ_ONCE(*(u8 *)area.address), 0xc3);
		space_set_entry(area.space, area.address, level,
				arch_kernel_format.table((ulong)copy, level));
		EXPECT_EQ(READ_ONCE(*(u8 *)area.address), 0xc3);
		/* What is done to the old one no longer counts, what is done to the new one does. */
		memset(table, 0, PAGE_SIZE);
		arch_tlb_flush_page(area.address);
		EXPECT_EQ(READ_ONCE(*(u8 *)area.address), 0xc3);
		index = (u32)(area.address >> arch_kernel_format.shift[level - 1]) & 511;
		old = ((pte_t *)copy)[index];
		((pte_t *)copy)[index] = 0;
		arch_tlb_flush_page(area.address);
		EXPECT_FAULT(PF(0, area.address), fault_of(access_read_byte, (void *)area.address));
		((pte_t *)copy)[index] = old;
		EXPECT_EQ(READ_ONCE(*(u8 *)area.address), 0xc3);
		space_switch(space_kernel());
	}
}

TEST(table_becomes_page, "a page that was a table is memory like any other, and the reverse",
     SPEC("SDM vol. 3A, 4.10.4.2"))
{
	u64 entry;
	pte_t *table;
	u32 index;

	prepare();
	entry = space_get_entry(area.space, area.address, 1);
	table = (pte_t *)(ulong)arch_kernel_format.phys(entry, 1);
	index = (u32)(area.address >> 12) & 511;
	for (u32 round = 0; round < 5; round++) {
		const u64 pte = table[index];

		EXPECT_EQ(READ_ONCE(*(u8 *)area.address), 0xc3);
		space_set_entry(area.space, area.address, 1, 0);
		memset(table, 0x11 + (int)round, PAGE_SIZE);
		for (u32 i = 0; i < 512; i += 37)
			EXPECT_EQ(((const u8 *)table)[8 * i], 0x11 + round);
		memset(table, 0, PAGE_SIZE);
		table[index] = pte;
		space_set_entry(area.space, area.address, 1, entry);
	}
}

/* The entries of a table that leads to itself are pages of its own. */
TEST(table_in_itself,
     "a table whose entry leads to itself maps itself, and changes through that count",
     SPEC("SDM vol. 3A, 4.10.3.3"))
{
	pte_t *table, *self;
	u64 entry;
	const u32 slot = 77;

	prepare();
	entry = space_get_entry(area.space, area.address, 1);
	table = (pte_t *)(ulong)arch_kernel_format.phys(entry, 1);
	table[slot] = arch_kernel_format.page((ulong)table, 0, PROT_ALL);
	self = (pte_t *)(ALIGN_DOWN(area.address, (ulong)(2 * MiB)) + slot * PAGE_SIZE);
	EXPECT_EQ(READ_ONCE(self[slot]) & PTE_ADDRESS, (u64)(ulong)table);
	for (u32 i = 100; i < 120; i++) {
		u8 *page = page_alloc(),
		   *name = (u8 *)ALIGN_DOWN(area.address, (ulong)(2 * MiB)) + i * PAGE_SIZE;

		*page = (u8)i;
		arch_kernel_format.write(&self[i],
					 arch_kernel_format.page((ulong)page, 0, PROT_ALL));
		EXPECT_EQ(READ_ONCE(*name), i);
		arch_kernel_format.write(&self[i], 0);
		arch_tlb_flush_page((ulong)name);
		EXPECT_FAULT(PF(0, name), fault_of(access_read_byte, name));
	}
}
