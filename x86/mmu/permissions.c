/* SPDX-License-Identifier: MIT */
/*
 * Permissions, presence, A and D, by every level of the walk, with every control bit, for every access:
 * the machine against the model.
 */
#include "dimensions.h"

SUITE("Access rights");

#define ACCESS_CONTROLS (CONTROL_WP | CONTROL_NXE | CONTROL_SMEP | CONTROL_SMAP)

static void check_rights(struct world *world)
{
	struct dimensions d = { .count = 0 };

	vary_controls(&d, ACCESS_CONTROLS);
	vary_entries(&d, world, VARY_W | VARY_U | VARY_NX);
	vary_access(&d);
	vary_who(&d, WHO_CPL_0_3);
	check_combinations(world, d.list, d.count, 8000);
}

TEST(rights_by_level,
     "R/W, U/S and XD of every level together decide, as CR0.WP, EFER.NXE, SMEP and SMAP say",
     SPEC("SDM vol. 3A, 4.6.1 and 4.7"))
{
	for_each_world(check_rights);
}

static void check_ac(struct world *world)
{
	struct dimensions d = { .count = 0 };

	vary_controls(&d, ACCESS_CONTROLS);
	vary_entry(&d, world->leaf, VARY_W | VARY_U);
	vary_entry(&d, world->top, VARY_W | VARY_U);
	vary_access(&d);
	vary_who(&d, WHO_ALL);
	check_combinations(world, d.list, d.count, 3000);
}

TEST(rights_by_cpl,
     "CPL 0, 1 and 2 are supervisors; EFLAGS.AC opens user pages to them, not at CPL 3",
     SPEC("SDM vol. 3A, 4.6 and 4.6.1"))
{
	for_each_world(check_ac);
}

static void check_presence(struct world *world)
{
	struct dimensions d = { .count = 0 };

	vary_controls(&d, ACCESS_CONTROLS);
	vary_entries(&d, world, VARY_P | VARY_W | VARY_U);
	vary_access(&d);
	vary_who(&d, WHO_CPL_0_3);
	check_combinations(world, d.list, d.count, 3000);
}

TEST(absent_by_level,
     "an entry with P clear at any level is #PF with P clear, whatever else it holds",
     SPEC("SDM vol. 3A, 4.7"))
{
	for_each_world(check_presence);
}

static void check_accessed(struct world *world)
{
	struct dimensions d = { .count = 0 };

	vary_controls(&d, CONTROL_WP | CONTROL_SMAP);
	vary_entries(&d, world, VARY_A | VARY_D);
	vary_entry(&d, world->leaf, VARY_W | VARY_U);
	vary_access(&d);
	vary_who(&d, WHO_CPL_0_3);
	check_combinations(world, d.list, d.count, 3000);
}

TEST(accessed_and_dirty,
     "an access sets A at every level, a write D in the page's entry, and a refused one neither D nor more",
     SPEC("SDM vol. 3A, 4.8"))
{
	for_each_world(check_accessed);
}

static void check_implicit(struct world *world)
{
	struct dimensions d = { .count = 0 };

	vary_controls(&d, ACCESS_CONTROLS);
	vary_entries(&d, world, VARY_W | VARY_U | VARY_A);
	vary_implicit(&d);
	vary_who(&d, WHO_NO_AC);
	check_combinations(world, d.list, d.count, 3000);
}

TEST(rights_of_implicit_accesses,
     "the CPU's own accesses to descriptors are supervisor-mode accesses at every CPL",
     SPEC("SDM vol. 3A, 4.6 and 4.6.1"))
{
	for_each_world(check_implicit);
}

static void check_implicit_ac(struct world *world)
{
	struct dimensions d = { .count = 0 };

	vary_controls(&d, CONTROL_WP | CONTROL_SMAP);
	vary_entry(&d, world->leaf, VARY_W | VARY_U);
	vary_implicit(&d);
	vary_who(&d, WHO_AC);
	check_combinations(world, d.list, d.count, 3000);
}

TEST(implicit_accesses_ignore_ac,
     "EFLAGS.AC does not open user pages to the CPU's own accesses to descriptors",
     SPEC("SDM vol. 3A, 4.6.1: if CR4.SMAP = 1 and the access is implicit"),
	  REQUIRES(cpu_has(X86_FEATURE_SMAP)))
{
	for_each_world(check_implicit_ac);
}
