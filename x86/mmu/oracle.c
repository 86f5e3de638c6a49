/* SPDX-License-Identifier: MIT */
/* What the model says of a combination, and whether the machine's outcome is that. */
#include "mmu.h"

#include <x86/desc.h>
#include <x86/msr.h>

static u64 read_memory(phys_t address, u32 size)
{
	return size == 4 ? READ_ONCE(*(const u32 *)(ulong)address)
			 : READ_ONCE(*(const u64 *)(ulong)address);
}

void world_state(const struct world *world, const struct combination *c, struct walk_state *s)
{
	*s = (struct walk_state){
		.cr0 = CR0_PE | CR0_PG | (c->controls & CONTROL_WP ? CR0_WP : 0),
		.cr3 = (ulong)world->space->root,
		.cr4 = world_cr4(0, c->controls),
		.efer = c->controls & CONTROL_NXE ? EFER_NXE : 0,
		.pkru = c->pkru,
		.pkrs = c->pkrs,
		.physical_bits = cpu_physical_bits(),
		.has_1g = cpu_has(X86_FEATURE_PDPE1GB),
		.has_pse36 = cpu_has(X86_FEATURE_PSE36),
		.read = read_memory,
	};
	if (world->format->entry_size == 4) {
		s->cr4 |= cpu_has(X86_FEATURE_PSE) && !world->no_pse ? CR4_PSE : 0;
		return;
	}
	s->cr4 |= CR4_PAE | (world->format->top_level == 4 ? CR4_LA57 : 0);
	if (sizeof(ulong) == 8)
		s->efer |= EFER_LME | EFER_LMA;
	else
		for (u32 i = 0; i < 4; i++)
			s->pdpte[i] = ((const u64 *)world->space->root)[i];
}

/* What is expected, of which there may be two forms: `other` is the read of a read and write. */
static void expect_of(const struct world *world, const struct combination *c, enum walk_kind kind,
		      struct walk_result *result)
{
	struct walk_state state;
	struct walk_access access = {
		.address = world->address + combination_offset(c->stub),
		.kind = kind,
		.user = combination_cpl(c->who) == 3 && c->stub != STUB_SEGMENT,
		.implicit = c->stub == STUB_SEGMENT,
		.ac = combination_ac(c->who),
	};

	world_state(world, c, &state);
	walk(&state, &access, result);
}

/* A flags may be set before a fault is found; nothing else may change then (SDM vol. 3A, 4.8). */
static bool entries_match(const struct world *world, const struct combination *c,
			  const struct walk_result *r, const struct outcome *o)
{
	u64 sets[WALK_LEVELS] = { 0 };

	for (u32 i = 0; i < r->steps; i++)
		sets[r->step[i].level] = r->step[i].sets;
	if (r->end == WALK_RESERVED && !world->strict)
		sets[r->step[r->steps - 1].level] = PTE_A;
	for (u32 level = world->leaf; level <= world->top; level++) {
		u64 before = c->entry[level], changed = before ^ o->entry[level];

		if (r->end == WALK_DONE ? changed != sets[level] : changed & ~(sets[level] & PTE_A))
			return false;
	}
	return true;
}

/* P of an error code with RSVD is a case of its own: that one is wrong must not hide everything else. */
static u32 comparable(const struct world *world, u32 error)
{
	return (error & PF_RSVD) && !world->strict ? error | PF_P : error;
}

/* Which of a descriptor's bytes the CPU accesses, and in which order, is its own affair. */
static u32 cr2_slack(const struct combination *c)
{
	return c->stub == STUB_SEGMENT ? 7 : 0;
}

static bool matches(const struct world *world, const struct combination *c, enum walk_kind kind,
		    const struct outcome *o)
{
	struct walk_result r;

	expect_of(world, c, kind, &r);
	if (!entries_match(world, c, &r, o) || !o->data_ok)
		return false;
	if (r.end == WALK_DONE)
		return o->vector == VEC_ACCESS_DONE;
	return o->vector == VEC_PF &&
	       !((comparable(world, o->error) ^ comparable(world, r.error)) & ~r.error_open) &&
	       o->cr2 - (world->address + combination_offset(c->stub)) <= cr2_slack(c);
}

void world_model(const struct world *world, const struct combination *c, struct walk_result *result)
{
	for (u32 level = world->leaf; level <= world->top; level++)
		world_write_entry(world, level, c->entry[level]);
	expect_of(world, c, combination_kind(c), result);
}

bool world_check(struct world *world, const struct combination *c)
{
	struct outcome o;
	struct walk_result r;

	world->done++;
	world_run(world, c, &o);
	/* The model reads what the access found. */
	for (u32 level = world->leaf; level <= world->top; level++)
		world_write_entry(world, level, c->entry[level]);
	if (matches(world, c, combination_kind(c), &o))
		return true;
	/* What reads and writes may be refused as a read, if that alone is refused. */
	if (c->stub == STUB_READ || combination_kind(c) != WALK_WRITE || c->stub == STUB_WRITE)
		return false;
	expect_of(world, c, WALK_READ, &r);
	return r.end != WALK_DONE && matches(world, c, WALK_READ, &o);
}
