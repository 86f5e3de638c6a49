/* SPDX-License-Identifier: MIT */
/* Protection keys: of user pages by PKRU, of supervisor pages by IA32_PKRS. */
#include "dimensions.h"

SUITE("Protection keys", REQUIRES(cpu_has(X86_FEATURE_PKU) || cpu_has(X86_FEATURE_PKS)));

static void check_keys(struct world *world)
{
	struct dimensions d = { .count = 0 };

	vary_controls(&d, CONTROL_PKE | CONTROL_PKS | CONTROL_WP | CONTROL_SMAP | CONTROL_NXE);
	vary_keys(&d);
	vary_entry(&d, world->leaf, VARY_W | VARY_U | VARY_NX);
	vary_access(&d);
	vary_who(&d, WHO_ALL);
	check_combinations(world, d.list, d.count, 5000);
}

TEST(rights_by_key,
     "a key's AD and WD refuse data accesses, PKRU to user pages and PKRS to supervisor pages, with PK",
     SPEC("SDM vol. 3A, 4.6.2 and 4.7; of IA32_PKRS in later editions"))
{
	for_each_world(check_keys);
}

/* A register in which this key has these rights, and the other ones but 0 the other rights. */
static u32 rights_of_key(u32 key, u32 rights)
{
	return (0x55555555u * (rights ^ 3) & ~3u & ~(3u << (2 * key))) | rights << (2 * key);
}

static void check_all_keys(struct world *world)
{
	for (u32 key = 1; key < 16; key++) {
		for (u32 rights = 0; rights < 4; rights++) {
			struct combination c = world->plain;

			c.controls |= controls_available() & (CONTROL_PKE | CONTROL_PKS);
			c.entry[world->leaf] |= PTE_PK(key);
			c.pkru = rights_of_key(key, rights);
			c.pkrs = c.pkru;
			for (u32 user = 0; user < 2; user++) {
				c.entry[world->leaf] &= ~PTE_U;
				c.entry[world->leaf] |= user ? PTE_U : 0;
				c.who = user ? CPL_3 : CPL_0;
				for (c.stub = STUB_READ; c.stub <= STUB_WRITE; c.stub++)
					world_expect(world, &c);
			}
		}
	}
}

TEST(each_key, "each of the keys 1 to 15 has two rights of its own in the register",
     SPEC("SDM vol. 3A, 4.6.2"))
{
	for_each_world(check_all_keys);
}

/* The same of user pages and accesses alone, and with PKRU. */
static void check_user_keys(struct world *world)
{
	for (u32 key = 1; key < 16; key++) {
		for (u32 rights = 0; rights < 4; rights++) {
			struct combination c = world->plain;

			c.controls |= CONTROL_PKE;
			c.entry[world->leaf] |= PTE_PK(key) | PTE_U;
			c.who = CPL_3;
			c.pkru = rights_of_key(key, rights);
			for (c.stub = STUB_READ; c.stub <= STUB_WRITE; c.stub++)
				world_expect(world, &c);
		}
	}
}

TEST(each_user_key, "each of the keys 1 to 15 has two rights of its own in PKRU",
     SPEC("SDM vol. 3A, 4.6.2"), REQUIRES(cpu_has(X86_FEATURE_PKU)))
{
	for_each_world(check_user_keys);
}

static void check_table_keys(struct world *world)
{
	struct combination c = world->plain;

	c.controls |= controls_available() & (CONTROL_PKE | CONTROL_PKS);
	c.pkru = c.pkrs = 0xfffffffc;
	for (u32 level = world->leaf + 1; level <= world->top; level++)
		c.entry[level] |= PTE_PK(level + 1);
	for (c.who = CPL_0; c.who < WHOS; c.who++)
		for (c.stub = STUB_READ; c.stub <= STUB_FETCH; c.stub++)
			world_expect(world, &c);
}

TEST(keys_of_tables, "bits 62-59 of an entry that leads to a table are ignored",
     SPEC("SDM vol. 3A, 4.5, tables 4-14 to 4-18: bits 62:52 of an entry that references a table"))
{
	for_each_world(check_table_keys);
}

static void keep(struct world *world)
{
	(void)world;
}

/* Nothing but the register changes, and nothing is told to forget. */
static void check_changes(struct world *world)
{
	void (*const forget)(struct world * world) = world->forget;
	const u32 key = 5;

	for (u32 user = 0; user < 2; user++)
		for (enum stub stub = STUB_READ; stub <= STUB_WRITE; stub++) {
			struct combination c = world->plain;

			c.controls |= controls_available() &
				      (CONTROL_PKE | CONTROL_PKS | CONTROL_WP);
			c.entry[world->leaf] |= PTE_PK(key);
			c.entry[world->leaf] &= ~PTE_U;
			c.entry[world->leaf] |= user ? PTE_U : 0;
			c.who = user ? CPL_3 : CPL_0;
			c.stub = stub;
			world->forget = forget;
			world_expect(world, &c);
			world->forget = keep;
			/* 1 is AD, 2 is WD. */
			for (u32 step = 0; step < 8; step++) {
				const u32 rights = (step & 1 ? 1 + (step >> 1 & 1) : 0)
						   << (2 * key);

				/* The other register stays: writing it could make the CPU forget. */
				*(user ? &c.pkru : &c.pkrs) = rights;
				world_expect(world, &c);
			}
		}
	world->forget = forget;
}

TEST(key_rights_at_once,
     "a change of PKRU or PKRS counts from the next access on, whatever the TLB has",
     SPEC("SDM vol. 3A, 4.6.2; 4.10.2.2; vol. 2D, WRPKRU"))
{
	for_each_world(check_changes);
}

/* Each change forgets all translations: a TLB entry need not have the key of a page while there are no keys. */
static void check_switch(struct world *world)
{
	static const struct {
		u32 control;
		bool user_page, user;
	} rows[] = {
		{ CONTROL_PKE, true, true },
		{ CONTROL_PKE, true, false },
		{ CONTROL_PKS, false, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const u32 control = rows[i].control;

		for (enum stub stub = STUB_READ; stub <= STUB_WRITE; stub++) {
			struct combination c = world->plain;

			if (!(controls_available() & control))
				break;
			c.controls &= ~(CONTROL_SMAP | CONTROL_PKE | CONTROL_PKS);
			c.entry[world->leaf] |= PTE_PK(5);
			c.entry[world->leaf] &= ~PTE_U;
			c.entry[world->leaf] |= rows[i].user_page ? PTE_U : 0;
			c.who = rows[i].user ? CPL_3 : CPL_0;
			c.stub = stub;
			c.pkru = c.pkrs = 1u << 10;
			for (u32 step = 0; step < 5; step++) {
				world_expect(world, &c);
				c.controls ^= control;
			}
		}
	}
}

TEST(keys_switched,
     "CR4.PKE and PKS switch the rights by keys on and off, which PKRU and PKRS keep meanwhile",
     SPEC("SDM vol. 3A, 4.6.2; 2.5, CR4.PKE"))
{
	for_each_world(check_switch);
}
