/* SPDX-License-Identifier: MIT */
#include "dimensions.h"

static void add(struct dimensions *d, struct dimension dimension)
{
	d->list[d->count++] = dimension;
}

static void apply_control(const struct world *world, struct combination *c, u32 control, u32 value)
{
	(void)world;
	if (value)
		c->controls ^= control;
}

void vary_controls(struct dimensions *d, u32 mask)
{
	static const char *const names[] = { "wp", "nxe", "smep", "smap", "pke", "pks", "pge" };

	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (mask & controls_available() & BIT(i))
			add(d, (struct dimension){ names[i], 2, apply_control, (u32)BIT(i) });
}

static u64 bit_of(u32 vary, bool *sets)
{
	*sets = vary == VARY_NX || vary == VARY_G;
	switch (vary) {
	case VARY_W:
		return PTE_W;
	case VARY_U:
		return PTE_U;
	case VARY_NX:
		return PTE_NX;
	case VARY_P:
		return PTE_P;
	case VARY_A:
		return PTE_A;
	case VARY_D:
		return PTE_D;
	default:
		return PTE_G;
	}
}

/* The argument is the level, and the VARY_ bits from bit 8 on; the value has a bit for each of them. */
static void apply_entry(const struct world *world, struct combination *c, u32 argument, u32 value)
{
	const u32 level = argument & 0xff;

	(void)world;
	for_each_set_bit(bit, argument >> 8) {
		bool sets;
		u64 mask = bit_of((u32)BIT(bit), &sets);

		if (value & 1) {
			if (sets)
				c->entry[level] |= mask;
			else
				c->entry[level] &= ~mask;
		}
		value >>= 1;
	}
}

void vary_entry(struct dimensions *d, u32 level, u32 bits)
{
	static const char *const names[] = { "pte", "pde", "pdpte", "pml4e", "pml5e" };

	add(d, (struct dimension){ names[level], 1u << __builtin_popcount(bits), apply_entry,
				   level | bits << 8 });
}

void vary_entries(struct dimensions *d, const struct world *world, u32 bits)
{
	if (world->format->entry_size == 4)
		bits &= ~VARY_NX;
	for (u32 level = world->top + 1; level-- > world->leaf;)
		vary_entry(d, level, level == world->leaf ? bits : bits & ~(u32)(VARY_D | VARY_G));
}

static void apply_stub(const struct world *world, struct combination *c, u32 first, u32 value)
{
	(void)world;
	c->stub = first + value;
}

void vary_data(struct dimensions *d)
{
	add(d, (struct dimension){ "access", STUB_FETCH, apply_stub, STUB_READ });
}

void vary_fetch(struct dimensions *d)
{
	add(d, (struct dimension){ "access", 1, apply_stub, STUB_FETCH });
}

void vary_access(struct dimensions *d)
{
	add(d, (struct dimension){ "access", STUB_SEGMENT, apply_stub, 0 });
}

static void apply_implicit(const struct world *world, struct combination *c, u32 argument,
			   u32 value)
{
	(void)world;
	(void)argument;
	c->stub = STUB_SEGMENT;
	c->accessed_descriptor = !value;
}

void vary_implicit(struct dimensions *d)
{
	add(d, (struct dimension){ "access", 2, apply_implicit, 0 });
}

static const struct {
	u32 count;
	enum who who[WHOS];
} groups[] = {
	[WHO_CPL_0_3] = { 2, { CPL_0, CPL_3 } },
	[WHO_NO_AC] = { 4, { CPL_0, CPL_3, CPL_1, CPL_2 } },
	[WHO_AC] = { 2, { CPL_0_AC, CPL_3_AC } },
	[WHO_ALL] = { 6, { CPL_0, CPL_3, CPL_0_AC, CPL_3_AC, CPL_1, CPL_2 } },
};

static void apply_who(const struct world *world, struct combination *c, u32 whos, u32 value)
{
	(void)world;
	c->who = groups[whos].who[value];
}

void vary_who(struct dimensions *d, enum whos whos)
{
	add(d, (struct dimension){ "who", groups[whos].count, apply_who, whos });
}

/* Key 0 is everything else's, and has all rights. The rights: 1 is AD, 2 is WD. */
static const struct {
	u32 key, rights;
} keys[] = {
	{ 0, 0 }, { 1, 0 }, { 1, 1 }, { 1, 2 }, { 1, 3 }, { 15, 1 }, { 15, 2 }, { 6, 1 }, { 8, 2 },
};

static void apply_key(const struct world *world, struct combination *c, u32 argument, u32 value)
{
	(void)argument;
	c->entry[world->leaf] &= ~PTE_PK(15);
	c->entry[world->leaf] |= PTE_PK(keys[value].key);
	c->pkru = c->pkrs = keys[value].rights << (2 * keys[value].key);
}

/* Other rights in one of the two registers: only one of them is to be asked. */
static void apply_other(const struct world *world, struct combination *c, u32 argument, u32 value)
{
	u32 key = (u32)(c->entry[world->leaf] >> 59) & 15;

	(void)argument;
	if (!value || !key)
		return;
	if (value == 1)
		c->pkru ^= 3u << (2 * key);
	else
		c->pkrs ^= 3u << (2 * key);
}

void vary_keys(struct dimensions *d)
{
	add(d, (struct dimension){ "key", ARRAY_SIZE(keys), apply_key, 0 });
	add(d, (struct dimension){ "other", 3, apply_other, 0 });
}

static void apply_frame(const struct world *world, struct combination *c, u32 argument, u32 value)
{
	(void)argument;
	if (!value)
		return;
	c->other_frame = true;
	c->entry[0] += (ulong)world->other;
	c->entry[0] -= (ulong)world->target;
}

void vary_frame(struct dimensions *d, const struct world *world)
{
	if (world->leaf == 0)
		add(d, (struct dimension){ "frame", 2, apply_frame, 0 });
}
