/* SPDX-License-Identifier: MIT */
#include <mm/space.h>

#include <mm/heap.h>
#include <mm/page.h>
#include <string.h>

/* A table of the kernel's space, and what it holds at the start of a case. */
struct kept_table {
	pte_t *table;
	pte_t *copy;
	u32 entries;
	struct kept_table *next;
};

static struct space_shape kernel_shape;
static struct space kernel_space = { .shape = &kernel_shape };
static struct kept_table *kept;

static u32 index_at(const struct space *space, ulong address, u32 level)
{
	return (u32)(address >> space->shape->shift[level]) & (space->shape->entries[level] - 1);
}

static u64 size_at(const struct space *space, u32 level)
{
	return 1ull << space->shape->shift[level];
}

u64 space_page_size(u32 level)
{
	return 1ull << arch_level_shift(level);
}

u32 space_max_page_level(void)
{
	return arch_max_page_level();
}

struct space *space_kernel(void)
{
	if (kernel_space.root)
		return &kernel_space;
	for (u32 level = 0; level <= arch_top_level(); level++) {
		kernel_shape.entries[level] = arch_level_entries(level);
		kernel_shape.shift[level] = arch_level_shift(level);
	}
	kernel_shape.top_level = arch_top_level();
	kernel_shape.max_page_level = arch_max_page_level();
	kernel_space.root = arch_kernel_root();
	return &kernel_space;
}

static pte_t *table_alloc(const struct space_shape *shape, u32 level)
{
	size_t bytes = shape->entries[level] * sizeof(pte_t);
	pte_t *table = pages_alloc((bytes + PAGE_SIZE - 1) / PAGE_SIZE,
				   MAX(bytes, (size_t)PAGE_SIZE));

	for (u32 i = 0; i < shape->entries[level]; i++)
		table[i] = arch_pte_absent(level);
	return table;
}

/* Replaces the page at `entry` by a table of pages of the next level that together are the same. */
static void split(const struct space *space, pte_t *entry, u32 level)
{
	pte_t *table = table_alloc(space->shape, level - 1);
	phys_t phys = arch_pte_phys(*entry, level);
	u32 prot = arch_pte_prot(*entry, level);

	for (u32 i = 0; i < space->shape->entries[level - 1]; i++)
		table[i] = arch_pte_page(phys + i * size_at(space, level - 1), level - 1, prot);
	arch_pte_write(entry, arch_pte_table((ulong)table, level));
}

pte_t *space_entry_at(struct space *space, ulong address, u32 level)
{
	pte_t *table = space->root;

	for (u32 at = space->shape->top_level; at > level; at--) {
		pte_t *entry = &table[index_at(space, address, at)];

		if (!arch_pte_present(*entry, at))
			*entry = arch_pte_table((ulong)table_alloc(space->shape, at - 1), at);
		else if (arch_pte_is_page(*entry, at))
			split(space, entry, at);
		table = (pte_t *)(ulong)arch_pte_phys(*entry, at);
	}
	return &table[index_at(space, address, level)];
}

pte_t *space_entry(struct space *space, ulong address, u32 *level)
{
	pte_t *table = space->root;

	for (u32 at = space->shape->top_level;; at--) {
		pte_t *entry = &table[index_at(space, address, at)];

		if (at == 0 || !arch_pte_present(*entry, at) || arch_pte_is_page(*entry, at)) {
			if (level)
				*level = at;
			return entry;
		}
		table = (pte_t *)(ulong)arch_pte_phys(*entry, at);
	}
}

bool space_translate(struct space *space, ulong address, phys_t *phys)
{
	u32 level;
	pte_t entry = *space_entry(space, address, &level);

	if (!arch_pte_present(entry, level))
		return false;
	*phys = arch_pte_phys(entry, level) + (address & (size_at(space, level) - 1));
	return true;
}

void space_map_page(struct space *space, ulong address, phys_t phys, u32 level, u32 prot)
{
	arch_pte_write(space_entry_at(space, address, level), arch_pte_page(phys, level, prot));
	arch_tlb_flush_page(address);
}

/* The highest level whose pages fit at both addresses and into what is left. */
static u32 level_that_fits(const struct space *space, ulong address, phys_t phys, u64 size)
{
	u32 level = space->shape->max_page_level;

	while (level &&
	       (((address | phys) & (size_at(space, level) - 1)) || size < size_at(space, level)))
		level--;
	return level;
}

void space_map(struct space *space, ulong address, phys_t phys, u64 size, u32 prot)
{
	while (size) {
		u32 level = level_that_fits(space, address, phys, size);

		space_map_page(space, address, phys, level, prot);
		address += (ulong)size_at(space, level);
		phys += size_at(space, level);
		size -= size_at(space, level);
	}
}

/*
 * Calls change(entry, level, prot) for each page in the range, after splitting those that reach
 * beyond it.
 */
static void for_each_page(struct space *space, ulong address, u64 size, u32 prot,
			  void (*change)(pte_t *entry, u32 level, u32 prot))
{
	while (size) {
		u32 level, fits = level_that_fits(space, address, 0, size);
		pte_t *entry = space_entry(space, address, &level);
		u64 step;

		while (level > fits && arch_pte_present(*entry, level)) {
			split(space, entry, level);
			entry = space_entry(space, address, &level);
		}
		if (arch_pte_present(*entry, level))
			change(entry, level, prot);
		arch_tlb_flush_page(address);
		step = size_at(space, level) - (address & (size_at(space, level) - 1));
		step = MIN(step, size);
		address += (ulong)step;
		size -= step;
	}
}

static void make_absent(pte_t *entry, u32 level, u32 prot)
{
	(void)prot;
	*entry = arch_pte_absent(level);
}

static void set_prot(pte_t *entry, u32 level, u32 prot)
{
	arch_pte_write(entry, arch_pte_page(arch_pte_phys(*entry, level), level, prot));
}

void space_unmap(struct space *space, ulong address, u64 size)
{
	for_each_page(space, address, size, 0, make_absent);
}

void space_protect(struct space *space, ulong address, u64 size, u32 prot)
{
	for_each_page(space, address, size, prot, set_prot);
}

/* A deep copy: of tables, not of the memory that they map. */
static pte_t *copy_tables(const pte_t *table, u32 level)
{
	pte_t *copy = table_alloc(&kernel_shape, level);

	for (u32 i = 0; i < kernel_shape.entries[level]; i++) {
		if (level && arch_pte_present(table[i], level) &&
		    !arch_pte_is_page(table[i], level)) {
			const pte_t *next = (const pte_t *)(ulong)arch_pte_phys(table[i], level);

			copy[i] = arch_pte_table((ulong)copy_tables(next, level - 1), level);
		} else {
			copy[i] = table[i];
		}
	}
	return copy;
}

struct space *space_create(void)
{
	struct space *space = malloc(sizeof(*space));

	space->shape = &kernel_shape;
	space->root = copy_tables(space_kernel()->root, kernel_shape.top_level);
	return space;
}

void space_switch(struct space *space)
{
	arch_space_switch(space);
}

/* ----------------------------------------------------------------- the kernel's space, kept */

static void keep_table(pte_t *table, u32 level)
{
	struct kept_table *k = malloc(sizeof(*k));

	k->table = table;
	k->entries = kernel_shape.entries[level];
	k->copy = table_alloc(&kernel_shape, level);
	memcpy(k->copy, table, k->entries * sizeof(pte_t));
	k->next = kept;
	kept = k;
	for (u32 i = 0; level && i < k->entries; i++) {
		if (arch_pte_present(table[i], level) && !arch_pte_is_page(table[i], level))
			keep_table((pte_t *)(ulong)arch_pte_phys(table[i], level), level - 1);
	}
}

void space_keep_kernel(void)
{
	keep_table(space_kernel()->root, kernel_shape.top_level);
	heap_reset();
}

void space_reset_kernel(void)
{
	for (const struct kept_table *k = kept; k; k = k->next) {
		for (u32 i = 0; i < k->entries; i++) {
			if (k->table[i] != k->copy[i])
				arch_pte_write(&k->table[i], k->copy[i]);
		}
	}
	space_switch(space_kernel());
}
