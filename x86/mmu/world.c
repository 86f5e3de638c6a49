/* SPDX-License-Identifier: MIT */
/* The space that combinations are made in, and one access in it. */
#include "mmu.h"

#include <harness/random.h>
#include <mm/heap.h>
#include <mm/page.h>
#include <sys/cpu.h>
#include <x86/desc.h>
#include <x86/insn.h>
#include <x86/msr.h>
#include <x86/ring.h>
#include <x86/xsave.h>

/* An offset in the page for what is read and written; the start is a descriptor, the end is code. */
#define DATA_OFFSET 0x230
#define CODE_OFFSET 0xff0

#define LDT_SELECTOR 0x07 /* entry 0 of the LDT, RPL 3 */
#define SPARE_LDT    0	  /* and 1, on x86_64 */

/* Nothing else is at this address: an index above that of all memory, 57 or 32 bits of address. */
#ifdef __x86_64__
#define FREE_ADDRESS_48 0xffff924000000000ul
#define FREE_ADDRESS_57 0xff2a924000000000ul
#else
#define FREE_ADDRESS (2 * GiB)
#endif

/* --------------------------------------------------------------------------------- control bits */

static const struct {
	u32 control;
	enum x86_feature feature;
	ulong cr4;
} controls[] = {
	{ CONTROL_SMEP, X86_FEATURE_SMEP, CR4_SMEP }, { CONTROL_SMAP, X86_FEATURE_SMAP, CR4_SMAP },
	{ CONTROL_PKE, X86_FEATURE_PKU, CR4_PKE },    { CONTROL_PKS, X86_FEATURE_PKS, CR4_PKS },
	{ CONTROL_PGE, X86_FEATURE_PGE, CR4_PGE },
};

u32 controls_available(void)
{
	u32 available = CONTROL_WP;

	if (cpu_has(X86_FEATURE_NX))
		available |= CONTROL_NXE;
	for (u32 i = 0; i < ARRAY_SIZE(controls); i++) {
		/* Keys are IA-32e paging's alone. */
		if (sizeof(ulong) == 4 && (controls[i].control & (CONTROL_PKE | CONTROL_PKS)))
			continue;
		if (cpu_has(controls[i].feature))
			available |= controls[i].control;
	}
	return available;
}

ulong world_cr4(ulong cr4, u32 wanted)
{
	for (u32 i = 0; i < ARRAY_SIZE(controls); i++) {
		cr4 &= ~controls[i].cr4;
		if (wanted & controls[i].control)
			cr4 |= controls[i].cr4;
	}
	return cr4;
}

static void set_controls(struct world *world, u32 wanted)
{
	const u32 changed = world->controls ^ wanted;

	if (!changed)
		return;
	if (changed & CONTROL_WP)
		write_cr0(wanted & CONTROL_WP ? read_cr0() | CR0_WP : read_cr0() & ~CR0_WP);
	if (changed & CONTROL_NXE)
		wrmsr(MSR_EFER, wanted & CONTROL_NXE ? rdmsr(MSR_EFER) | EFER_NXE
						     : rdmsr(MSR_EFER) & ~EFER_NXE);
	if (changed & ~(CONTROL_WP | CONTROL_NXE))
		write_cr4(world_cr4(read_cr4(), wanted));
	/* A change of EFER.NXE alone forgets nothing. */
	if (!world->keep)
		arch_tlb_flush_all();
	world->controls = wanted;
}

/* Only what has changed: writing these registers forgets translations on some VMMs, which takes time. */
static void set_keys(struct world *world, const struct combination *c)
{
	if ((c->controls & CONTROL_PKE) && c->pkru != world->pkru) {
		wrpkru(c->pkru);
		world->pkru = c->pkru;
	}
	if ((c->controls & CONTROL_PKS) && c->pkrs != world->pkrs) {
		wrmsr(MSR_IA32_PKRS, c->pkrs);
		world->pkrs = c->pkrs;
	}
}

/* --------------------------------------------------------------------------------------- the space */

const struct space_format *const *world_formats(void)
{
	static const struct space_format *formats[3];

#ifdef __x86_64__
	formats[0] = &paging_4_level;
	formats[1] = cpu_has(X86_FEATURE_LA57) ? &paging_5_level : NULL;
#else
	formats[0] = &paging_pae;
	formats[1] = &paging_32_bit;
#endif
	return formats;
}

bool world_has_page(const struct space_format *format, u32 level)
{
	return level <= format->max_page_level();
}

static ulong free_address(const struct space_format *format)
{
#ifdef __x86_64__
	return format->top_level == 4 ? FREE_ADDRESS_57 : FREE_ADDRESS_48;
#else
	(void)format;
	if (page_memory_end() > FREE_ADDRESS)
		SKIP("the machine has memory at %#llx, where the page tested is to be",
		     FREE_ADDRESS);
	return FREE_ADDRESS;
#endif
}

static const char *name_of(const struct space_format *format, u32 leaf)
{
	static const char *const names[][3] = {
		{ "4-level-4k", "4-level-2m", "4-level-1g" },
		{ "5-level-4k", "5-level-2m", "5-level-1g" },
		{ "pae-4k", "pae-2m", "" },
		{ "32-bit-4k", "32-bit-4m", "" },
	};

	if (format->entry_size == 4)
		return names[3][leaf];
	return names[format->top_level == 3 ? 0 : format->top_level == 4 ? 1 : 2][leaf];
}

static u64 read_entry(const struct world *world, u32 level)
{
	return world->format->entry_size == 4 ? READ_ONCE(*(u32 *)world->at[level])
					      : READ_ONCE(*(u64 *)world->at[level]);
}

void world_write_entry(const struct world *world, u32 level, u64 value)
{
	if (world->format->entry_size == 4)
		WRITE_ONCE(*(u32 *)world->at[level], (u32)value);
	else
		WRITE_ONCE(*(u64 *)world->at[level], value);
}

u64 world_entry(const struct world *world, u32 level)
{
	return level < world->leaf ? 0 : world->plain.entry[level];
}

/* The tables down to level 0, of which large pages need fewer; the entries of the plain combination. */
static void make_tables(struct world *world)
{
	const struct space_format *format = world->format;

	space_map_page(world->space, world->address, (ulong)world->target, 0, PROT_ALL);
	for (u32 level = format->top_level + 1; level-- > 0;) {
		u32 index = (u32)((u64)world->address >> format->shift[level]) &
			    (format->entries[level] - 1);
		u8 *table = world->space->root;

		if (level < format->top_level)
			table = (u8 *)(ulong)format->phys(
				space_get_entry(world->space, world->address, level + 1),
				level + 1);
		world->at[level] = table + index * format->entry_size;
		if (level <= world->top)
			world->plain.entry[level] = read_entry(world, level);
	}
	if (world->leaf) {
		phys_t page = ALIGN_DOWN((ulong)world->target,
					 space_size_at(world->space, world->leaf));

		world->plain.entry[world->leaf] = format->page(page, world->leaf, PROT_ALL);
	}
}

/* The start of the page as an LDT of one descriptor: flat data of DPL 3. */
static void make_ldt(struct world *world)
{
	const u64 base = world->address;
	u16 selector = gdt_set_spare(SPARE_LDT, DESC_LIMIT(7) | DESC_BASE(base) | DESC_P |
							DESC_TYPE(DESC_LDT));

	if (sizeof(ulong) == 8)
		gdt_set_spare(SPARE_LDT + 1, base >> 32);
	/* LLDT reads the GDT, not the LDT. */
	lldt_try(selector);
}

static void forget_page(struct world *world)
{
	arch_tlb_flush_page(world->address);
}

static struct {
	u16 cs, ss;
} selectors[4];

/*
 * With the memory's low bits, a page of any size leads from the address to the memory. The others differ: in a TLB that
 * finds an entry's place by these, what the case itself does to the memory would drive the page tested out.
 */
static ulong offset_of_page(const struct world *world)
{
	ulong differs = world->leaf ? (ulong)space_size_at(world->space, world->leaf)
				    : 1024 * PAGE_SIZE;

	return ((ulong)world->target ^ differs) & (1 * GiB - 1);
}

struct world *world_create(const struct space_format *format, u32 leaf)
{
	struct world *world = malloc(sizeof(*world));

	*world = (struct world){
		.format = format,
		.name = name_of(format, leaf),
		.leaf = leaf,
		.top = sizeof(ulong) == 4 ? 1 : format->top_level,
		.target = page_alloc(),
		.other = page_alloc(),
		.forget = forget_page,
		.controls = CONTROL_WP | (cpu_has(X86_FEATURE_NX) ? CONTROL_NXE : 0),
		.pkru = ~0u,
		.pkrs = ~0u,
	};
	world->space = space_create_like_kernel(format, (u32)~PROT_USER);
	world->address = free_address(format) + offset_of_page(world);
	arch_space_grant_user(world->space);
	make_tables(world);
	world->plain.controls = world->controls;
	world->plain.accessed_descriptor = true;
	*(u16 *)(world->target + CODE_OFFSET) = ACCESS_RETURN;
	*(u16 *)(world->other + CODE_OFFSET) = ACCESS_RETURN;
	for (u32 level = world->leaf; level <= world->top; level++)
		world_write_entry(world, level, world->plain.entry[level]);
	space_switch(world->space);
	access_prepare();
	make_ldt(world);
	for (u32 cpl = 0; cpl < 4; cpl++) {
		selectors[cpl].cs = ring_code_selector(cpl);
		selectors[cpl].ss = ring_data_selector(cpl);
	}
	return world;
}

void world_leave(struct world *world)
{
	const struct combination none = { .controls = controls_available() };

	set_controls(world, none.controls);
	set_keys(world, &none);
	set_controls(world, CONTROL_WP | (cpu_has(X86_FEATURE_NX) ? CONTROL_NXE : 0));
	lldt_try(SEL_NULL);
	paging_reset();
}

/* ---------------------------------------------------------------------------------------- one access */

u32 combination_cpl(enum who who)
{
	static const u8 cpls[WHOS] = { 0, 0, 1, 2, 3, 3 };

	return cpls[who];
}

bool combination_ac(enum who who)
{
	return who == CPL_0_AC || who == CPL_3_AC;
}

ulong combination_offset(enum stub stub)
{
	return stub == STUB_SEGMENT ? 0 : stub == STUB_FETCH ? CODE_OFFSET : DATA_OFFSET;
}

enum walk_kind combination_kind(const struct combination *c)
{
	if (c->stub == STUB_FETCH)
		return WALK_FETCH;
	if (c->stub == STUB_READ || (c->stub == STUB_SEGMENT && c->accessed_descriptor))
		return WALK_READ;
	return WALK_WRITE;
}

/* Counts, so that what was stored once does not look like what is stored now. */
static u8 next_byte;

static u8 *memory_of(const struct world *world, const struct combination *c)
{
	return c->other_frame ? world->other : world->target;
}

void world_run(struct world *world, const struct combination *c, struct outcome *o)
{
	const u32 cpl = combination_cpl(c->who);
	u8 *byte;
	struct access_run run = {
		.address = world->address + combination_offset(c->stub),
		.stub = access_stub(c->stub, cpl == 3),
		.cs = selectors[cpl].cs,
		.ss = selectors[cpl].ss,
		.flags = FLAG_1 | (combination_ac(c->who) ? FLAG_AC : 0),
	};
	static u8 stack[64] __aligned(16);

	run.sp = (ulong)stack + sizeof(stack);
	set_controls(world, c->controls);
	set_keys(world, c);
	/* In the page that the entries lead to, another value in the other one. */
	byte = memory_of(world, c) + DATA_OFFSET;
	world->target[DATA_OFFSET] = world->other[DATA_OFFSET] = (u8)(next_byte + 0x20);
	*byte = ++next_byte;
	/* What is added is 0. */
	run.value = c->stub == STUB_SEGMENT ? LDT_SELECTOR
		    : c->stub == STUB_WRITE ? (u8)(next_byte + 0x55)
					    : 0;
	if (c->stub == STUB_SEGMENT) {
		u64 *descriptor = (u64 *)memory_of(world, c);

		*descriptor = DESC_FLAT | DESC_DB | DESC_DPL(3);
		if (!c->accessed_descriptor)
			*descriptor &= ~DESC_A;
	}
	for (u32 level = world->leaf; level <= world->top; level++)
		world_write_entry(world, level, c->entry[level]);
	world->forget(world);
	access_enter(&run);

	o->vector = (u32)run.vector;
	o->error = run.vector == VEC_ACCESS_DONE ? 0 : (u32)run.error;
	o->cr2 = run.vector == VEC_PF ? run.cr2 : 0;
	for (u32 level = world->leaf; level <= world->top; level++)
		o->entry[level] = read_entry(world, level);
	o->data_ok = true;
	if (run.vector == VEC_ACCESS_DONE && c->stub == STUB_READ)
		o->data_ok = (u8)run.value == next_byte;
	if (c->stub == STUB_WRITE)
		o->data_ok = *byte == (u8)(next_byte + (run.vector == VEC_ACCESS_DONE ? 0x55 : 0));
}
