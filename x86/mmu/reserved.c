/* SPDX-License-Identifier: MIT */
/* Reserved bits of entries, at each level: one by one, and what else there may be with them. */
#include "dimensions.h"

SUITE("Reserved bits");

static bool is_physical(u64 bit)
{
	return bit >= 12 && bit < 52 && bit < cpu_physical_bits();
}

/*
 * Bits that can be turned over without another table or page: those that are reserved and those that are
 * ignored. An address that is not that of memory must not be reached.
 */
static u64 free_bits(const struct world *world, u32 level)
{
	struct walk_state state;
	const bool page = level == world->leaf;
	u64 mask = 0, reserved;

	world_state(world, &world->plain, &state);
	reserved = walk_reserved_bits(&state, level, page);
	for (u64 bit = 3; bit < 8 * world->format->entry_size; bit++) {
		if (is_physical(bit) && !(reserved & BIT(bit)))
			continue;
		/* Address bits of PSE-36, or reserved: pse36_32.c. */
		if (world->format->entry_size == 4 && page && level && bit >= 13 && bit <= 20)
			continue;
		/* PS would make a table of a page and a page of a table, where it is not reserved. */
		if (bit == 7 && level && !(reserved & BIT(7)) && (page || level <= 2))
			continue;
		mask |= BIT(bit);
	}
	return mask;
}

static void expect_all_accesses(struct world *world, struct combination c)
{
	static const enum who whos[] = { CPL_0, CPL_3 };

	for (u32 i = 0; i < ARRAY_SIZE(whos); i++) {
		for (c.stub = STUB_READ; c.stub < STUBS; c.stub++) {
			c.who = whos[i];
			world_expect(world, &c);
		}
	}
}

static void check_each_bit(struct world *world)
{
	for (u32 level = world->leaf; level <= world->top; level++) {
		for_each_set_bit(bit, free_bits(world, level)) {
			struct combination c = world->plain;

			c.entry[level] ^= BIT(bit);
			expect_all_accesses(world, c);
			c.controls &= ~CONTROL_NXE;
			expect_all_accesses(world, c);
		}
	}
}

TEST(reserved_each_bit,
     "each reserved bit of each level is #PF with RSVD, each ignored one is ignored",
     SPEC("SDM vol. 3A, 4.3, 4.4.2, 4.5 and 4.7"))
{
	for_each_world(check_each_bit);
}

/* The value is one of the bits that are free; 0 is none. */
static u8 free_bit_numbers[WALK_LEVELS][64];

static void apply_free_bit(const struct world *world, struct combination *c, u32 level, u32 value)
{
	(void)world;
	if (value)
		c->entry[level] ^= BIT(free_bit_numbers[level][value - 1]);
}

static void vary_free_bit(struct dimensions *d, const struct world *world, u32 level)
{
	u32 count = 0;

	for_each_set_bit(bit, free_bits(world, level))
		free_bit_numbers[level][count++] = (u8)bit;
	d->list[d->count++] = (struct dimension){ "bit", 1 + count, apply_free_bit, level };
}

static void check_with_others(struct world *world)
{
	struct dimensions d = { .count = 0 };

	vary_controls(&d, CONTROL_WP | CONTROL_NXE | CONTROL_SMEP | CONTROL_SMAP);
	for (u32 level = world->leaf; level <= world->top; level++)
		vary_free_bit(&d, world, level);
	vary_entries(&d, world, VARY_P | VARY_W | VARY_U | VARY_A);
	vary_access(&d);
	vary_who(&d, WHO_CPL_0_3);
	check_combinations(world, d.list, d.count, 3000);
}

TEST(reserved_with_others,
     "a reserved bit is checked in the order of the walk, if P is set, before all access rights",
     SPEC("SDM vol. 3A, 4.3, 4.4.2, 4.5 and 4.7"))
{
	for_each_world(check_with_others);
}

static void check_p(struct world *world)
{
	struct walk_state state;

	world->strict = true;
	for (u32 level = world->leaf; level <= world->top; level++) {
		struct combination c = world->plain;
		u64 reserved;

		world_state(world, &c, &state);
		reserved = walk_reserved_bits(&state, level, level == world->leaf);
		if (!reserved)
			continue;
		c.entry[level] |= reserved;
		expect_all_accesses(world, c);
	}
}

TEST(reserved_has_p, "an error code with RSVD has P, too",
     SPEC("SDM vol. 3A, 4.7: bit 3 of the error code can be set only if bit 0 is also set"))
{
	for_each_world(check_p);
}

static void expect_untouched(struct world *world, u32 level, u64 bit)
{
	struct combination c = world->plain;
	struct outcome o;

	c.entry[level] |= bit;
	c.entry[level] &= ~(PTE_A | PTE_D);
	for (c.stub = STUB_READ; c.stub <= STUB_WRITE; c.stub++) {
		world_run(world, &c, &o);
		EXPECT_EQ(o.entry[level], c.entry[level], "level %u", level);
	}
}

static void check_untouched(struct world *world)
{
	struct walk_state state;

	world_state(world, &world->plain, &state);
	for (u32 level = world->leaf; level <= world->top; level++)
		for_each_set_bit(bit, walk_reserved_bits(&state, level, level == world->leaf))
			expect_untouched(world, level, BIT(bit));
}

TEST(reserved_not_used, "an entry with reserved bits is not used, so that A and D stay clear",
     SPEC("SDM vol. 3A, 4.5: the entry is used neither to reference another paging-structure entry "
	  "nor to map a page; 4.8"))
{
	for_each_world(check_untouched);
}
