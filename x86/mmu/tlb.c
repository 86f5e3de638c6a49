/* SPDX-License-Identifier: MIT */
/*
 * What forgets translations: entries of every level change between accesses, and after each of these
 * operations the next access must find what the entries say then. Nothing is expected of what may or may
 * not have been cached.
 */
#include "dimensions.h"

#include <harness/random.h>
#include <mm/page.h>
#include <x86/desc.h>
#include <x86/insn.h>
#include <x86/msr.h>

SUITE("Forgetting translations");

static void invlpg(ulong address)
{
	arch_tlb_flush_page(address);
}

static void forget_nothing(struct world *world)
{
	(void)world;
}

static void forget_by_invlpg(struct world *world)
{
	invlpg(world->address);
}

/* Any address in the page will do: the first, the last, and whichever. */
static void forget_elsewhere(struct world *world)
{
	const ulong size = (ulong)space_size_at(world->space, world->leaf);
	const ulong start = ALIGN_DOWN(world->address, size);

	switch (random_below(4)) {
	case 0:
		invlpg(start);
		break;
	case 1:
		invlpg(start + size - 1);
		break;
	default:
		invlpg(start + (ulong)random_below(size));
		break;
	}
}

/* The operand's address is the sum of a segment's base and the offset. */
static void forget_by_segment(struct world *world)
{
	const ulong base = 0x12340;

#ifdef __x86_64__
	wrmsr(MSR_FS_BASE, base);
#else
	u16 selector = gdt_set_spare(4, DESC_FLAT | DESC_DB | DESC_BASE(base));

	__asm__ volatile("mov %0, %%fs" : : "r"((u32)selector));
#endif
	__asm__ volatile("invlpg %%fs:(%0)" : : "r"(world->address - base) : "memory");
	__asm__ volatile("mov %0, %%fs" : : "r"(0));
}

static void forget_by_cr3(struct world *world)
{
	(void)world;
	write_cr3(read_cr3());
}

static void forget_by_pge(struct world *world)
{
	(void)world;
	write_cr4(read_cr4() ^ CR4_PGE);
	write_cr4(read_cr4() ^ CR4_PGE);
}

/* From 0 to 1. */
static void forget_by_smep(struct world *world)
{
	(void)world;
	write_cr4(read_cr4() & ~CR4_SMEP);
	write_cr4(read_cr4() | CR4_SMEP);
}

static void forget_by_pg(struct world *world)
{
	(void)world;
	paging_restart(read_cr3(), read_cr4());
}

static const struct {
	const char *name;
	void (*forget)(struct world *world);
	bool globals; /* pages with G, too */
	void (*accesses)(struct dimensions *d);
	enum x86_feature feature; /* or 0 */
	u32 controls;		  /* those that are on */
} ways[] = {
	{ "invlpg", forget_by_invlpg, true, vary_access, 0, 0 },
	{ "invlpg-elsewhere", forget_elsewhere, true, vary_data, 0, 0 },
	{ "invlpg-elsewhere-fetch", forget_elsewhere, true, vary_fetch, 0, 0 },
	{ "invlpg-segment", forget_by_segment, true, vary_access, 0, 0 },
	{ "cr3", forget_by_cr3, false, vary_access, 0, 0 },
	{ "cr4-pge", forget_by_pge, true, vary_access, X86_FEATURE_PGE, CONTROL_PGE },
	{ "cr4-smep", forget_by_smep, false, vary_access, X86_FEATURE_SMEP, CONTROL_SMEP },
	{ "cr0-pg", forget_by_pg, true, vary_access, 0, 0 },
};

#define SAMPLES 400

static void check_way(struct world *world, u32 way, u64 samples)
{
	struct dimensions d = { .count = 0 };
	u32 bits = VARY_P | VARY_W | VARY_U | VARY_NX | VARY_A | VARY_D;

	world->forget = ways[way].forget;
	world->plain.controls |= ways[way].controls;
	if (ways[way].globals && cpu_has(X86_FEATURE_PGE)) {
		world->plain.controls |= CONTROL_PGE;
		bits |= VARY_G;
	}
	if (ways[way].accesses == vary_fetch) {
		/* Few bits, so that few samples have every change of them. */
		vary_entry(&d, world->leaf, VARY_P | VARY_U);
		if (world->format->entry_size == 8 && cpu_has(X86_FEATURE_NX))
			vary_entry(&d, world->leaf, VARY_NX);
	} else {
		vary_frame(&d, world);
		vary_entries(&d, world, bits);
	}
	ways[way].accesses(&d);
	vary_who(&d, WHO_CPL_0_3);
	check_combinations(world, d.list, d.count, samples);
}

static bool has_way(u32 way)
{
	return !ways[way].feature || cpu_has(ways[way].feature);
}

/*
 * Several times, with pages at other addresses: code that an emulator has kept may give way to whatever
 * else has run, at some addresses always.
 */
static void check_row(const struct space_format *format, u32 leaf, u32 way)
{
	const bool fetches = ways[way].accesses == vary_fetch;
	const u32 times = fetches ? 8 : 1;

	for (u32 i = 0; i < times; i++) {
		struct world *world = world_create(format, leaf);

		if (i == 0) {
			SUBTEST("%s-%s", ways[way].name, world->name);
			check_begin();
		}
		if (has_way(way)) {
			check_way(world, way, fetches ? SAMPLES / 4 : SAMPLES);
			if (i == times - 1)
				check_end(world);
		} else {
			SKIP_ROW("the CPU does not have it");
		}
		world_leave(world);
	}
}

TEST(changes_forgotten,
     "after INVLPG, MOV to CR3, and changes of PGE, SMEP and PG, entries that were changed are used",
     SPEC("SDM vol. 3A, 4.10.4.1"))
{
	for (u32 way = 0; way < ARRAY_SIZE(ways); way++) {
		for (const struct space_format *const *format = world_formats(); *format;
		     format++) {
			for (u32 leaf = 0; leaf <= 2; leaf++) {
				if (world_has_page(*format, leaf))
					check_row(*format, leaf, way);
			}
		}
	}
}

/* SDM vol. 3A, 4.10.4.1, 4.10.4.3: an upgrade may be noticed by a fault only, and then at once. */
static void check_upgrade(struct world *world)
{
	static const struct {
		u64 clear;
		enum stub stub;
		enum who who;
	} upgrades[] = {
		{ PTE_W, STUB_WRITE, CPL_0 }, { PTE_W, STUB_LOCKED, CPL_3 },
		{ PTE_U, STUB_READ, CPL_3 },  { PTE_U, STUB_FETCH, CPL_3 },
		{ PTE_P, STUB_READ, CPL_0 },  { PTE_P, STUB_WRITE, CPL_3 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(upgrades); i++) {
		for (u32 level = world->leaf; level <= world->top; level++) {
			struct combination c = world->plain;
			struct outcome o;

			c.stub = upgrades[i].stub;
			c.who = upgrades[i].who;
			c.entry[level] &= ~upgrades[i].clear;
			world->forget = forget_by_cr3;
			world_expect(world, &c);
			c.stub = STUB_READ;
			c.who = CPL_0;
			world_run(world, &c, &o);
			/* Nothing is told to forget now. */
			world->forget = forget_nothing;
			c = world->plain;
			c.stub = upgrades[i].stub;
			c.who = upgrades[i].who;
			world_run(world, &c, &o);
			if (o.vector != VEC_ACCESS_DONE)
				world_run(world, &c, &o);
			EXPECT_EQ(o.vector, (u32)VEC_ACCESS_DONE, "upgrade %u at level %u", i,
				  level);
		}
	}
}

TEST(fault_forgets,
     "an access that faults because of a translation kept from before succeeds when it is repeated",
     SPEC("SDM vol. 3A, 4.10.4.1: page faults invalidate entries in the TLBs"))
{
	for_each_world(check_upgrade);
}

/* A TLB entry has the R/W flags of the structures, not what CR0.WP made of them: SDM vol. 3A, 4.10.2.2. */
TEST(wp_at_once, "a change of CR0.WP counts from the next access on, whatever the TLB has",
     SPEC("SDM vol. 3A, 4.6.1; 4.10.2.2"))
{
	u8 *page = page_alloc();

	space_map(space_kernel(), (ulong)page, (ulong)page, PAGE_SIZE, PROT_READ);
	SUBTEST("set");
	write_cr0(read_cr0() & ~CR0_WP);
	EXPECT_NO_FAULT(fault_of(access_write_byte, page));
	write_cr0(read_cr0() | CR0_WP);
	EXPECT_FAULT(PF(PF_P | PF_W, (ulong)page), fault_of(access_write_byte, page));
	SUBTEST("cleared");
	write_cr0(read_cr0() & ~CR0_WP);
	EXPECT_NO_FAULT(fault_of(access_write_byte, page));
}

/* It has the U/S flags, too, not what CR4.SMAP makes of them. */
static void check_smap(struct world *world)
{
	struct combination c = world->plain;

	c.controls &= ~CONTROL_SMAP;
	for (c.stub = STUB_READ; c.stub <= STUB_LOCKED; c.stub++) {
		world_expect(world, &c);
		world->forget = forget_nothing;
		world->keep = true;
		for (u32 step = 0; step < 4; step++) {
			c.controls ^= CONTROL_SMAP;
			world_expect(world, &c);
		}
		world->keep = false;
		world->forget = forget_by_invlpg;
	}
}

TEST(smap_at_once, "a change of CR4.SMAP counts from the next access on, whatever the TLB has",
     SPEC("SDM vol. 3A, 4.6.1; 4.10.2.2"), REQUIRES(cpu_has(X86_FEATURE_SMAP)))
{
	for_each_world(check_smap);
}

/* A translation that one access has left in the TLB serves another, whose rights are its own. */
static void check_who(struct world *world)
{
	static const enum who whos[] = { CPL_3, CPL_0, CPL_0_AC, CPL_0, CPL_1, CPL_3_AC, CPL_0 };
	struct combination c = world->plain;

	c.controls |= controls_available() & (CONTROL_SMEP | CONTROL_SMAP);
	for (c.stub = STUB_READ; c.stub <= STUB_FETCH; c.stub++) {
		for (u32 user = 0; user < 2; user++) {
			c.entry[world->leaf] &= ~PTE_U;
			c.entry[world->leaf] |= user ? PTE_U : 0;
			world->forget = forget_by_invlpg;
			for (u32 i = 0; i < ARRAY_SIZE(whos); i++) {
				c.who = whos[i];
				world_expect(world, &c);
				world->forget = forget_nothing;
			}
		}
	}
	world->forget = forget_by_invlpg;
}

TEST(who_at_once,
     "CPL and EFLAGS.AC of an access count, with SMEP and SMAP, whatever the TLB has from another",
     SPEC("SDM vol. 3A, 4.6.1; 4.10.2.2"))
{
	for_each_world(check_who);
}

/* SDM vol. 2A, INVLPG: no #GP for an address that is not canonical; the operand is not accessed. */
TEST(invlpg_any_address,
     "INVLPG of an absent page, or of an address that is not canonical, is no fault",
     SPEC("SDM vol. 2A, INVLPG"))
{
	static const ulong addresses[] = {
		0,
		(ulong)(2 * GiB) - 1,
#ifdef __x86_64__
		0x0000800000000000,
		0xffff7fffffffffff,
		0x8000000000000000,
#endif
		~0ul,
	};

	for (u32 i = 0; i < ARRAY_SIZE(addresses); i++)
		EXPECT_NO_FAULT(invlpg_try(addresses[i]), "at %#lx", addresses[i]);
}

static void invlpg_as_user(void *address)
{
	invlpg((ulong)address);
}

TEST(invlpg_privileged, "INVLPG above CPL 0 is #GP(0); with a register it is #UD",
     SPEC("SDM vol. 2A, INVLPG, Protected Mode Exceptions"))
{
	EXPECT_FAULT(GP(0), run_user(invlpg_as_user, NULL));
	EXPECT_FAULT(UD, invlpg_register_try());
}
