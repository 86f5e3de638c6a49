/* SPDX-License-Identifier: MIT */
/* Spaces that begin as copies of the kernel's, and the kernel's own, kept for the next case. */
#include <mm/space.h>

#include <mm/heap.h>
#include <mm/page.h>
#include <string.h>

/* ------------------------------------------------------------------------------- the same tables */

/* A deep copy: of tables, not of the memory that they map. */
static void *copy_tables(const void *table, u32 level)
{
	const struct space_format *format = &arch_kernel_format;
	void *copy = space_table_alloc(format, level);

	for (u32 i = 0; i < format->entries[level]; i++) {
		u64 entry = space_table_get(format, table, i);

		if (level && format->present(entry, level) && !format->is_page(entry, level)) {
			const void *next = (const void *)(ulong)format->phys(entry, level);

			entry = format->table((ulong)copy_tables(next, level - 1), level);
		}
		space_table_put(format, copy, i, entry);
	}
	return copy;
}

struct space *space_create(void)
{
	struct space *space = malloc(sizeof(*space));

	space->format = &arch_kernel_format;
	space->root = copy_tables(space_kernel()->root, space->format->top_level);
	return space;
}

/* ------------------------------------------------------------------ the same memory, other tables */

/* A range that the kernel's space maps one to one with the same permissions throughout. */
struct range {
	u64 start, end;
	u32 prot;
};

/* Maps the page at `address`, with what other ranges have of it. */
static void widen_page(struct space *space, u64 address, u32 prot)
{
	u32 level;
	u64 entry = space_find_entry(space, address, &level);

	if (space->format->present(entry, level))
		prot |= space->format->prot(entry, level);
	space_map_page(space, address, address, 0, prot);
}

static void copy_range(struct space *space, struct range range)
{
	const u64 page = space_size_at(space, 0);

	while (range.start < range.end) {
		u64 whole = ALIGN_DOWN(range.end, page) - range.start;

		if (IS_ALIGNED(range.start, page) && whole) {
			space_map(space, range.start, range.start, whole, range.prot);
			range.start += whole;
		} else {
			widen_page(space, ALIGN_DOWN(range.start, page), range.prot);
			range.start = ALIGN_DOWN(range.start, page) + page;
		}
	}
}

struct space *space_create_like_kernel(const struct space_format *format, u32 prot_mask)
{
	const struct space_format *kernel = &arch_kernel_format;
	const u64 end = (u64)kernel->entries[kernel->top_level] << kernel->shift[kernel->top_level];
	struct space *space = space_create_format(format);
	struct range range = { 0 };
	u32 level;

	for (u64 at = 0; at < end; at += space_page_size(level)) {
		u64 entry = space_find_entry(space_kernel(), at, &level);
		u32 prot;

		if (!kernel->present(entry, level) || kernel->phys(entry, level) != at)
			continue;
		prot = kernel->prot(entry, level) & prot_mask;
		if (at != range.end || prot != range.prot) {
			copy_range(space, range);
			range = (struct range){ at, at, prot };
		}
		range.end += space_page_size(level);
	}
	copy_range(space, range);
	space_unmap(space, 0, space_size_at(space, 0));
	return space;
}

struct space *space_create_supervisor(void)
{
	struct space *space = space_create_like_kernel(&arch_kernel_format, (u32)~PROT_USER);

	arch_space_grant_user(space);
	return space;
}

/* ----------------------------------------------------------------- the kernel's space, kept */

/* A table of the kernel's space, and what it holds at the start of a case. */
struct kept_table {
	void *table;
	void *copy;
	u32 entries;
	struct kept_table *next;
};

static struct kept_table *kept;

static void keep_table(void *table, u32 level)
{
	const struct space_format *format = &arch_kernel_format;
	struct kept_table *k = malloc(sizeof(*k));

	k->table = table;
	k->entries = format->entries[level];
	k->copy = space_table_alloc(format, level);
	memcpy(k->copy, table, k->entries * format->entry_size);
	k->next = kept;
	kept = k;
	for (u32 i = 0; level && i < k->entries; i++) {
		u64 entry = space_table_get(format, table, i);

		if (format->present(entry, level) && !format->is_page(entry, level))
			keep_table((void *)(ulong)format->phys(entry, level), level - 1);
	}
}

void space_keep_kernel(void)
{
	keep_table(space_kernel()->root, arch_kernel_format.top_level);
	heap_reset();
}

void space_reset_kernel(void)
{
	const struct space_format *format = &arch_kernel_format;
	const u32 per_word = sizeof(u64) / format->entry_size;

	for (const struct kept_table *k = kept; k; k = k->next) {
		const u64 *table = k->table, *copy = k->copy;

		/* Most are unchanged: 64 bits at a time, whatever the size of an entry. */
		for (u32 word = 0; word < k->entries / per_word; word++) {
			if (table[word] == copy[word])
				continue;
			for (u32 i = word * per_word; i < (word + 1) * per_word; i++)
				format->write((u8 *)k->table + i * format->entry_size,
					      space_table_get(format, k->copy, i));
		}
	}
	space_switch(space_kernel());
}
