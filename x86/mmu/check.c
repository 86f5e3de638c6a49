/* SPDX-License-Identifier: MIT */
/* Enumerating combinations, and reducing those that do not match. */
#include "mmu.h"

#include <harness/ktap.h>
#include <harness/random.h>
#include <harness/run.h>

/* Mismatches that are printed, and those that are reduced to see whether they are others. */
#define PRINTED 10
#define REDUCED 200

static struct {
	struct combination seen[PRINTED];
	u32 printed;
	u64 mismatches;
	u64 done;
} tally;

static u64 product(const struct dimension *dimensions, u32 count)
{
	u64 total = 1;

	for (u32 i = 0; i < count; i++)
		total *= dimensions[i].count;
	return total;
}

static void make(const struct world *world, const struct dimension *dimensions, u32 count,
		 const u32 *values, struct combination *c)
{
	*c = world->plain;
	for (u32 i = 0; i < count; i++)
		dimensions[i].apply(world, c, dimensions[i].argument, values[i]);
}

static bool same(const struct combination *a, const struct combination *b)
{
	for (u32 level = 0; level < WALK_LEVELS; level++)
		if (a->entry[level] != b->entry[level])
			return false;
	return a->controls == b->controls && a->pkru == b->pkru && a->pkrs == b->pkrs &&
	       a->stub == b->stub && a->who == b->who && a->other_frame == b->other_frame &&
	       a->accessed_descriptor == b->accessed_descriptor;
}

/*
 * Makes each value harmless, or failing that smaller, as long as the rest still shows a mismatch; twice,
 * as one may only become possible by another.
 */
static void reduce(struct world *world, const struct dimension *dimensions, u32 count, u32 *values)
{
	struct combination c;

	for (u32 round = 0; round < 2; round++) {
		for (u32 i = 0; i < count; i++) {
			u32 value = values[i];

			for (values[i] = 0; values[i] < value; values[i]++) {
				make(world, dimensions, count, values, &c);
				if (!world_check(world, &c))
					break;
			}
		}
	}
}

static void mismatch(struct world *world, const struct dimension *dimensions, u32 count,
		     u32 *values)
{
	struct combination c;

	tally.mismatches++;
	if (tally.mismatches > REDUCED || tally.printed == PRINTED)
		return;
	reduce(world, dimensions, count, values);
	make(world, dimensions, count, values, &c);
	for (u32 i = 0; i < tally.printed; i++)
		if (same(&c, &tally.seen[i]))
			return;
	tally.seen[tally.printed++] = c;
	report_mismatch(world, &c);
}

static void check_one(struct world *world, const struct dimension *dimensions, u32 count,
		      const u32 *values)
{
	struct combination c;
	u32 reduced[64];

	make(world, dimensions, count, values, &c);
	if (world_check(world, &c))
		return;
	for (u32 i = 0; i < count; i++)
		reduced[i] = values[i];
	mismatch(world, dimensions, count, reduced);
}

void check_begin(void)
{
	tally.printed = 0;
	tally.mismatches = 0;
}

void check_end(struct world *world)
{
	tally.done += world->done;
	world->done = 0;
	EXPECT_EQ(tally.mismatches, 0u,
		  "combinations that differ; the smallest of each kind are above");
}

static void every(struct world *world, const struct dimension *dimensions, u32 count)
{
	u32 values[64] = { 0 };
	u32 i;

	do {
		check_one(world, dimensions, count, values);
		/* The last dimension counts fastest. */
		for (i = count; i-- > 0;) {
			if (++values[i] < dimensions[i].count)
				break;
			values[i] = 0;
		}
	} while (i != ~0u);
}

static void some(struct world *world, const struct dimension *dimensions, u32 count, u64 samples)
{
	const u64 each = samples / dimensions[0].count + 1;
	u32 values[64];

	for (values[0] = 0; values[0] < dimensions[0].count; values[0]++) {
		for (u64 n = 0; n < each; n++) {
			u64 random = random_u64(), left = 64;

			/* Small ones share a random number. */
			for (u32 i = 1; i < count; i++) {
				if (left < 16) {
					random = random_u64();
					left = 64;
				}
				values[i] = (u32)(random & 0xffff) * dimensions[i].count >> 16;
				random >>= 16;
				left -= 16;
			}
			check_one(world, dimensions, count, values);
		}
	}
}

/*
 * What fits into a minute for all cases together. Large pages are what VMMs are slow with; what has too many
 * combinations for anyone gets a sample.
 */
static u64 most(const struct world *world, u64 product)
{
	if (product > 1000000)
		return world->leaf ? 30000 : 150000;
	return world->leaf ? 60000 : product;
}

void check_combinations(struct world *world, const struct dimension *dimensions, u32 count,
			u64 quick)
{
	const u64 all = product(dimensions, count);
	const u64 samples = run_is_exhaustive() ? most(world, all) : quick;

	if (all <= samples)
		every(world, dimensions, count);
	else
		some(world, dimensions, count, samples);
}

void world_expect(struct world *world, const struct combination *c)
{
	if (!world_check(world, c) && ++tally.mismatches <= PRINTED)
		report_mismatch(world, c);
}

void for_each_world(void (*check)(struct world *world))
{
	tally.done = 0;
	for (const struct space_format *const *format = world_formats(); *format; format++) {
		for (u32 leaf = 0; leaf <= 2; leaf++) {
			struct world *world;

			if (!world_has_page(*format, leaf))
				continue;
			world = world_create(*format, leaf);
			SUBTEST("%s", world->name);
			check_begin();
			check(world);
			check_end(world);
			world_leave(world);
		}
	}
	report_count();
}

void report_count(void)
{
	ktap_note("%llu combinations compared", tally.done);
}
