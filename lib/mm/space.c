/* SPDX-License-Identifier: MIT */
/* The one builder of tables. space_copy.c has the spaces that begin as copies of the kernel's. */
#include <mm/space.h>

#include <harness/verdict.h>
#include <mm/heap.h>
#include <mm/page.h>
#include <sys/landing.h>

static struct space kernel_space = { .format = &arch_kernel_format };

struct space *space_kernel(void)
{
	if (!kernel_space.root)
		kernel_space.root = arch_kernel_root();
	return &kernel_space;
}

u64 space_page_size(u32 level)
{
	return 1ull << arch_kernel_format.shift[level];
}

u32 space_max_page_level(void)
{
	return arch_kernel_format.max_page_level();
}

/* ------------------------------------------------------------------------------- tables, entries */

/* Where an entry is: its address, whose type depends on the format. */
static void *entry_in(const struct space_format *format, void *table, u32 index)
{
	return (u8 *)table + index * format->entry_size;
}

static u64 entry_read(const struct space_format *format, const void *entry)
{
	if (format->entry_size == 4)
		return READ_ONCE(*(const u32 *)entry);
	return READ_ONCE(*(const u64 *)entry);
}

u64 space_table_get(const struct space_format *format, const void *table, u32 index)
{
	return entry_read(format, (const u8 *)table + index * format->entry_size);
}

void space_table_put(const struct space_format *format, void *table, u32 index, u64 value)
{
	if (format->entry_size == 4)
		((u32 *)table)[index] = (u32)value;
	else
		((u64 *)table)[index] = value;
}

static u64 absent(const struct space_format *format, u32 level)
{
	return format->absent ? format->absent(level) : 0;
}

void *space_table_alloc(const struct space_format *format, u32 level)
{
	size_t bytes = format->entries[level] * format->entry_size;
	void *table = pages_alloc((bytes + PAGE_SIZE - 1) / PAGE_SIZE,
				  MAX(bytes, (size_t)PAGE_SIZE));

	/* Pages come zeroed. */
	for (u32 i = 0; format->absent && i < format->entries[level]; i++)
		space_table_put(format, table, i, format->absent(level));
	return table;
}

static void *entry_of(const struct space *space, void *table, u64 address, u32 level)
{
	const struct space_format *format = space->format;
	u32 index = (u32)(address >> format->shift[level]) & (format->entries[level] - 1);

	return entry_in(format, table, index);
}

/* The table that the entry leads to; tables are mapped one to one. */
static void *table_at(const struct space_format *format, u64 entry, u32 level)
{
	return (void *)(ulong)format->phys(entry, level);
}

/* Replaces the page at `entry` by a table of pages of the next level that together are the same. */
static void split(const struct space *space, void *entry, u32 level)
{
	const struct space_format *format = space->format;
	void *table = space_table_alloc(format, level - 1);
	const u64 value = entry_read(format, entry);
	const phys_t phys = format->phys(value, level);
	const u32 prot = format->prot(value, level);

	for (u32 i = 0; i < format->entries[level - 1]; i++)
		space_table_put(
			format, table, i,
			format->page(phys + i * space_size_at(space, level - 1), level - 1, prot));
	format->write(entry, format->table((ulong)table, level));
}

/* -------------------------------------------------------------------------------------- the walk */

static void *walk_to(const struct space *space, u64 address, u32 level)
{
	const struct space_format *format = space->format;
	void *table = space->root;

	for (u32 at = format->top_level; at > level; at--) {
		void *entry = entry_of(space, table, address, at);
		const u64 value = entry_read(format, entry);

		if (!format->present(value, at))
			format->write(entry,
				      format->table((ulong)space_table_alloc(format, at - 1), at));
		else if (format->is_page(value, at))
			split(space, entry, at);
		table = table_at(format, entry_read(format, entry), at);
	}
	return entry_of(space, table, address, level);
}

static void *walk(const struct space *space, u64 address, u32 *level)
{
	const struct space_format *format = space->format;
	void *table = space->root;

	for (u32 at = format->top_level;; at--) {
		void *entry = entry_of(space, table, address, at);
		const u64 value = entry_read(format, entry);

		if (at == 0 || !format->present(value, at) || format->is_page(value, at)) {
			if (level)
				*level = at;
			return entry;
		}
		table = table_at(format, value, at);
	}
}

static void *sized(const struct space *space, void *entry)
{
	if (space->format->entry_size != sizeof(pte_t)) {
		case_error("entries of a %s space have %u bytes: space_get_entry() reads them",
			   space->format->name, space->format->entry_size);
		landing_end();
	}
	return entry;
}

pte_t *space_entry_at(struct space *space, u64 address, u32 level)
{
	return sized(space, walk_to(space, address, level));
}

pte_t *space_entry(struct space *space, u64 address, u32 *level)
{
	return sized(space, walk(space, address, level));
}

u64 space_find_entry(struct space *space, u64 address, u32 *level)
{
	return entry_read(space->format, walk(space, address, level));
}

u64 space_get_entry(struct space *space, u64 address, u32 level)
{
	return entry_read(space->format, walk_to(space, address, level));
}

void space_set_entry(struct space *space, u64 address, u32 level, u64 value)
{
	space->format->write(walk_to(space, address, level), value);
	space->format->flush_page(space, address);
}

bool space_translate(struct space *space, u64 address, phys_t *phys)
{
	u32 level;
	u64 entry = space_find_entry(space, address, &level);

	if (!space->format->present(entry, level))
		return false;
	*phys = space->format->phys(entry, level) + (address & (space_size_at(space, level) - 1));
	return true;
}

/* ------------------------------------------------------------------------------------- mappings */

struct space *space_create_format(const struct space_format *format)
{
	struct space *space = malloc(sizeof(*space));

	space->format = format;
	space->root = space_table_alloc(format, format->top_level);
	return space;
}

void space_map_page(struct space *space, u64 address, phys_t phys, u32 level, u32 prot)
{
	space_set_entry(space, address, level, space->format->page(phys, level, prot));
}

/* The highest level whose pages fit at both addresses and into what is left. */
static u32 level_that_fits(const struct space *space, u64 address, phys_t phys, u64 size)
{
	u32 level = space->format->max_page_level();

	while (level && (((address | phys) & (space_size_at(space, level) - 1)) ||
			 size < space_size_at(space, level)))
		level--;
	return level;
}

void space_map(struct space *space, u64 address, phys_t phys, u64 size, u32 prot)
{
	while (size) {
		u32 level = level_that_fits(space, address, phys, size);

		space_map_page(space, address, phys, level, prot);
		address += space_size_at(space, level);
		phys += space_size_at(space, level);
		size -= space_size_at(space, level);
	}
}

/*
 * Calls change(entry, level, prot) for each page in the range, after splitting those that reach
 * beyond it.
 */
static void for_each_page(struct space *space, u64 address, u64 size, u32 prot,
			  void (*change)(const struct space_format *format, void *entry, u32 level,
					 u32 prot))
{
	const struct space_format *format = space->format;

	while (size) {
		u32 level, fits = level_that_fits(space, address, 0, size);
		void *entry = walk(space, address, &level);
		u64 step;

		while (level > fits && format->present(entry_read(format, entry), level)) {
			split(space, entry, level);
			entry = walk(space, address, &level);
		}
		if (format->present(entry_read(format, entry), level))
			change(format, entry, level, prot);
		format->flush_page(space, address);
		step = space_size_at(space, level) - (address & (space_size_at(space, level) - 1));
		step = MIN(step, size);
		address += step;
		size -= step;
	}
}

static void make_absent(const struct space_format *format, void *entry, u32 level, u32 prot)
{
	(void)prot;
	format->write(entry, absent(format, level));
}

static void set_prot(const struct space_format *format, void *entry, u32 level, u32 prot)
{
	phys_t phys = format->phys(entry_read(format, entry), level);

	format->write(entry, format->page(phys, level, prot));
}

static void add_prot(const struct space_format *format, void *entry, u32 level, u32 prot)
{
	set_prot(format, entry, level, prot | format->prot(entry_read(format, entry), level));
}

void space_unmap(struct space *space, u64 address, u64 size)
{
	for_each_page(space, address, size, 0, make_absent);
}

void *space_absent_page(void)
{
	void *page = page_alloc();

	space_unmap(space_kernel(), (ulong)page, PAGE_SIZE);
	return page;
}

void space_protect(struct space *space, u64 address, u64 size, u32 prot)
{
	for_each_page(space, address, size, prot, set_prot);
}

void space_grant_user(struct space *space, u64 address, u64 size)
{
	const u64 start = ALIGN_DOWN(address, space_size_at(space, 0));

	for_each_page(space, start, ALIGN_UP(address + size, space_size_at(space, 0)) - start,
		      PROT_USER, add_prot);
}

void space_switch(struct space *space)
{
	if (!space->format->use) {
		case_error("a %s space is not for this CPU's own accesses", space->format->name);
		landing_end();
	}
	space->format->use(space);
}
