/* SPDX-License-Identifier: MIT */
/* The model of the walk by itself, on tables written out here: each rule against the manual's words. */
#include <test.h>

#include <string.h>
#include <x86/model/walk.h>

SUITE("Model of the walk");

/* Bits of registers, entries and error codes, as the manual numbers them. */
#define WP	0x10000
#define PSE	0x10
#define PAE	0x20
#define LA57	0x1000
#define SMEP	0x100000
#define SMAP	0x200000
#define PKE	0x400000
#define PKS	0x1000000
#define LMA	0x400
#define NXE	0x800
#define E_P	1
#define E_WR	2
#define E_US	4
#define E_RSVD	8
#define E_ID	16
#define E_PK	32
#define ALLOWED 0x067ull /* P, R/W, U/S, A, D */

/* Physical memory of the model: an entry by its address. */
static struct {
	phys_t address;
	u64 entry;
} memory[8];

static u64 read_memory(phys_t address, u32 size)
{
	for (u32 i = 0; i < ARRAY_SIZE(memory); i++)
		if (memory[i].address == address)
			return size == 4 ? (u32)memory[i].entry : memory[i].entry;
	return 0;
}

static struct walk_state long_mode(void)
{
	return (struct walk_state){
		.cr0 = WP,
		.cr3 = 0x1000,
		.cr4 = PAE,
		.efer = LMA | NXE,
		.physical_bits = 40,
		.has_1g = true,
		.read = read_memory,
	};
}

/* The tables of 0x0000_8080_8060_5123: PML4E 0x101, PDPTE 2, PDE 3, PTE 5. Everything is allowed. */
#define ADDRESS 0xffff808080605123ull

static void fill_tables(void)
{
	memset(memory, 0, sizeof(memory));
	memory[0].address = 0x1000 + 8 * 0x101;
	memory[0].entry = 0x2000 | ALLOWED;
	memory[1].address = 0x2000 + 8 * 2;
	memory[1].entry = 0x3000 | ALLOWED;
	memory[2].address = 0x3000 + 8 * 3;
	memory[2].entry = 0x4000 | ALLOWED;
	memory[3].address = 0x4000 + 8 * 5;
	memory[3].entry = 0x9876543000 | ALLOWED;
}

static struct walk_result walk_of(const struct walk_state *state, enum walk_kind kind, bool user)
{
	struct walk_access access = { .address = ADDRESS, .kind = kind, .user = user };
	struct walk_result result;

	walk(state, &access, &result);
	return result;
}

TEST(model_path, "the model goes from CR3 down to the page, by 9 bits of the address each",
     SPEC("SDM vol. 3A, 4.5, figures 4-8 to 4-10"))
{
	struct walk_state state = long_mode();
	struct walk_result r;

	fill_tables();
	r = walk_of(&state, WALK_READ, false);
	EXPECT_EQ(r.end, WALK_DONE);
	EXPECT_EQ(r.steps, 4);
	EXPECT_EQ(r.phys, 0x9876543123ull);
	for (u32 i = 0; i < 4; i++) {
		EXPECT_EQ(r.step[i].address, memory[i].address);
		EXPECT_EQ(r.step[i].level, 3 - i);
	}
	memory[2].entry = 0x8000600000 | ALLOWED | 0x80;
	r = walk_of(&state, WALK_READ, false);
	EXPECT_EQ(r.phys, 0x8000600000ull + 0x5123);
	EXPECT_EQ(r.page_level, 1);
	memory[1].entry = 0x4040000000 | ALLOWED | 0x80;
	r = walk_of(&state, WALK_READ, false);
	EXPECT_EQ(r.phys, 0x4040000000ull + 0x605123);
	EXPECT_EQ(r.page_level, 2);
}

TEST(model_rights, "what the model permits, and its error codes, are those of the manual's list",
     SPEC("SDM vol. 3A, 4.6.1, 4.7"))
{
	static const struct {
		const char *name;
		u32 cr0, cr4, efer; /* turned over */
		u64 entry;	    /* turned over in the PDE */
		bool user, ac, implicit;
		/* WALK_READ, WALK_WRITE, WALK_FETCH: the error code, 0 if permitted */
		u32 error[3];
	} rows[] = {
		{ "user page, supervisor", 0, 0, 0, 0, 0, 0, 0, { 0, 0, 0 } },
		{ "user page, user", 0, 0, 0, 0, 1, 0, 0, { 0, 0, 0 } },
		{ "supervisor page, user", 0, 0, 0, 4, 1, 0, 0, { 5, 7, 0x15 } },
		{ "supervisor page, user, no NXE", 0, 0, NXE, 4, 1, 0, 0, { 5, 7, 5 } },
		{ "read-only, user", 0, 0, 0, 2, 1, 0, 0, { 0, 7, 0 } },
		{ "read-only, supervisor", 0, 0, 0, 2, 0, 0, 0, { 0, 3, 0 } },
		{ "read-only, supervisor, no WP", WP, 0, 0, 2, 0, 0, 0, { 0, 0, 0 } },
		{ "read-only, user, no WP", WP, 0, 0, 2, 1, 0, 0, { 0, 7, 0 } },
		{ "XD", 0, 0, 0, 1ull << 63, 0, 0, 0, { 0, 0, 0x11 } },
		{ "XD, user", 0, 0, 0, 1ull << 63, 1, 0, 0, { 0, 0, 0x15 } },
		{ "XD, no NXE", 0, 0, NXE, 1ull << 63, 0, 0, 0, { 9, 11, 9 } },
		{ "SMEP", 0, SMEP, 0, 0, 0, 0, 0, { 0, 0, 0x11 } },
		{ "SMEP, no NXE", 0, SMEP, NXE, 0, 0, 0, 0, { 0, 0, 0x11 } },
		{ "SMEP, supervisor page", 0, SMEP, 0, 4, 0, 0, 0, { 0, 0, 0 } },
		{ "SMEP, user", 0, SMEP, 0, 0, 1, 0, 0, { 0, 0, 0 } },
		{ "SMAP", 0, SMAP, 0, 0, 0, 0, 0, { 1, 3, 0 } },
		{ "SMAP, no WP", WP, SMAP, 0, 2, 0, 0, 0, { 1, 3, 0 } },
		{ "SMAP, AC", 0, SMAP, 0, 0, 0, 1, 0, { 0, 0, 0 } },
		{ "SMAP, AC, read-only", 0, SMAP, 0, 2, 0, 1, 0, { 0, 3, 0 } },
		{ "SMAP, AC, implicit", 0, SMAP, 0, 0, 0, 1, 1, { 1, 3, 0 } },
		{ "SMAP, supervisor page", 0, SMAP, 0, 4, 0, 0, 0, { 0, 0, 0 } },
		{ "SMAP, user", 0, SMAP, 0, 0, 1, 0, 0, { 0, 0, 0 } },
		{ "absent", 0, 0, 0, 1, 0, 0, 0, { 0x100, 0x102, 0x110 } },
		{ "absent, user", 0, 0, 0, 1, 1, 0, 0, { 0x104, 0x106, 0x114 } },
		{ "absent, reserved bits",
		  0,
		  0,
		  0,
		  1 | 1ull << 51,
		  1,
		  0,
		  0,
		  { 0x104, 0x106, 0x114 } },
		{ "reserved bit", 0, 0, 0, 1ull << 40, 0, 0, 0, { 9, 11, 0x19 } },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct walk_state state = long_mode();

		SUBTEST("%s", rows[i].name);
		fill_tables();
		memory[2].entry ^= rows[i].entry;
		state.cr0 ^= rows[i].cr0;
		state.cr4 ^= rows[i].cr4;
		state.efer ^= rows[i].efer;
		for (u32 kind = WALK_READ; kind <= WALK_FETCH; kind++) {
			struct walk_access access = { ADDRESS, kind, rows[i].user, rows[i].implicit,
						      rows[i].ac };
			const u32 error = rows[i].error[kind];
			struct walk_result r;

			walk(&state, &access, &r);
			/* 0x100 stands for an error code without P, which may be 0. */
			EXPECT_EQ(r.end == WALK_DONE, error == 0, "kind %u", kind);
			if (error)
				EXPECT_EQ(r.error, error & 0xff, "kind %u", kind);
		}
	}
}

TEST(model_keys, "AD refuses reads and writes, WD writes: those of supervisors with WP alone",
     SPEC("SDM vol. 3A, 4.6.2, 4.7"))
{
	for (u32 rights = 0; rights < 4; rights++) {
		for (u32 row = 0; row < 8; row++) {
			struct walk_state state = long_mode();
			const bool user = row & 1, wp = row & 2, on = row & 4;
			const bool read = on && (rights & 1);
			const bool write = read || (on && (rights & 2) && (user || wp));
			const u32 us = user ? E_US : 0;
			struct walk_result r;

			SUBTEST("rights-%u-user-%u-wp-%u-pke-%u", rights, user, wp, on);
			fill_tables();
			memory[3].entry |= 9ull << 59;
			state.cr0 = wp ? WP : 0;
			state.cr4 |= on ? PKE : 0;
			state.pkru = rights << 18 | 3u << 16 | 3u << 20;
			state.pkrs = ~state.pkru;
			r = walk_of(&state, WALK_READ, user);
			EXPECT_EQ(r.error, read ? E_P | E_PK | us : us);
			EXPECT_EQ(r.end == WALK_DONE, !read);
			r = walk_of(&state, WALK_WRITE, user);
			EXPECT_EQ(r.error, write ? E_P | E_PK | E_WR | us : E_WR | us);
			EXPECT_EQ(r.end == WALK_DONE, !write);
			EXPECT_EQ(walk_of(&state, WALK_FETCH, user).end, WALK_DONE);
		}
	}
}

TEST(model_sets,
     "the model sets A in each entry used, D in the page's by a write, and nothing else",
     SPEC("SDM vol. 3A, 4.8"))
{
	struct walk_state state = long_mode();
	struct walk_result r;

	fill_tables();
	for (u32 i = 0; i < 4; i++)
		memory[i].entry &= ~0x60ull;
	r = walk_of(&state, WALK_READ, true);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(r.step[i].sets, 0x20u);
	r = walk_of(&state, WALK_WRITE, true);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(r.step[i].sets, i == 3 ? 0x60u : 0x20u);
	fill_tables();
	r = walk_of(&state, WALK_WRITE, true);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(r.step[i].sets, 0u);
}

TEST(model_reserved,
     "reserved bits by paging mode, level, page size and MAXPHYADDR are the manual's",
     SPEC("SDM vol. 3A, 4.3, 4.4.1, 4.4.2, 4.5"))
{
	static const struct {
		const char *name;
		u64 cr4, efer;
		u32 bits;
		bool has_1g;
		u32 level;
		bool page;
		u64 reserved;
	} rows[] = {
		{ "pml4e", PAE, LMA | NXE, 40, 1, 3, 0, 0x000fff0000000080 },
		{ "pml4e-52", PAE, LMA | NXE, 52, 1, 3, 0, 0x0000000000000080 },
		{ "pml4e-no-nxe", PAE, LMA, 40, 1, 3, 0, 0x800fff0000000080 },
		{ "pml5e", PAE | LA57, LMA | NXE, 46, 1, 4, 0, 0x000fc00000000080 },
		{ "pdpte", PAE, LMA | NXE, 40, 1, 2, 0, 0x000fff0000000000 },
		{ "pdpte-1g", PAE, LMA | NXE, 40, 1, 2, 1, 0x000fff003fffe000 },
		{ "pdpte-no-1g", PAE, LMA | NXE, 40, 0, 2, 1, 0x000fff0000000080 },
		{ "pde", PAE, LMA | NXE, 39, 1, 1, 0, 0x000fff8000000000 },
		{ "pde-2m", PAE, LMA | NXE, 40, 1, 1, 1, 0x000fff00001fe000 },
		{ "pte", PAE, LMA | NXE, 40, 1, 0, 1, 0x000fff0000000000 },
		{ "pae-pde", PAE, NXE, 40, 0, 1, 0, 0x7fffff0000000000 },
		{ "pae-pde-2m", PAE, NXE, 36, 0, 1, 1, 0x7ffffff0001fe000 },
		{ "pae-pte-no-nxe", PAE, 0, 36, 0, 0, 1, 0xfffffff000000000 },
		{ "32-bit-pde-4m", PSE, NXE, 36, 0, 1, 1, 0x00000000003e0000 },
		{ "32-bit-pde-4m-40", PSE, NXE, 48, 0, 1, 1, 0x0000000000200000 },
		{ "32-bit-pde-no-pse", 0, NXE, 36, 0, 1, 1, 0 },
		{ "32-bit-pte", PSE, NXE, 36, 0, 0, 1, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct walk_state state = {
			.cr4 = rows[i].cr4,
			.efer = rows[i].efer,
			.physical_bits = rows[i].bits,
			.has_1g = rows[i].has_1g,
			.has_pse36 = true,
		};

		SUBTEST("%s", rows[i].name);
		EXPECT_EQ(walk_reserved_bits(&state, rows[i].level, rows[i].page),
			  rows[i].reserved);
	}
	SUBTEST("32-bit-pde-4m-no-pse36");
	EXPECT_EQ(walk_reserved_bits(&(struct walk_state){ .cr4 = PSE, .physical_bits = 40 }, 1,
				     true),
		  0x003fe000u);
	SUBTEST("pae-pdpte");
	EXPECT_EQ(walk_pdpte_reserved_bits(&(struct walk_state){ .cr4 = PAE, .physical_bits = 36 }),
		  0xfffffff0000001e6);
}

TEST(model_32_bit, "32-bit paging has 10 bits of each level, and PSE-36 bits 39-32 of a 4 MiB page",
     SPEC("SDM vol. 3A, 4.3, figures 4-2 and 4-3"))
{
	struct walk_state state = { .cr3 = 0x5000,
				    .cr4 = PSE,
				    .physical_bits = 40,
				    .has_pse36 = true,
				    .read = read_memory };
	struct walk_access access = { .address = 0x80403123 };
	struct walk_result r;

	memset(memory, 0, sizeof(memory));
	memory[0].address = 0x5000 + 4 * 0x201;
	memory[0].entry = 0x7000 | ALLOWED;
	memory[1].address = 0x7000 + 4 * 3;
	memory[1].entry = 0xfedcb000 | ALLOWED;
	walk(&state, &access, &r);
	EXPECT_EQ(r.phys, 0xfedcb123u);
	memory[0].entry = 0xfec00000 | 0x1b << 13 | ALLOWED | 0x80;
	walk(&state, &access, &r);
	EXPECT_EQ(r.phys, 0x1bfec03123);
	EXPECT_EQ(r.page_level, 1);
	/* Without CR4.PSE, that is a table. */
	state.cr4 = 0;
	memory[0].entry = 0x7000 | ALLOWED | 0x80;
	walk(&state, &access, &r);
	EXPECT_EQ(r.phys, 0xfedcb123u);
}

TEST(model_pae, "PAE paging begins with the PDPTE register of bits 31-30 of the address",
     SPEC("SDM vol. 3A, 4.4.2"))
{
	struct walk_state state = { .cr4 = PAE,
				    .efer = NXE,
				    .physical_bits = 36,
				    .pdpte = { 0x1001, 0, 0x3001, 0x4000 },
				    .read = read_memory };
	struct walk_access access = { .address = 0x80603123, .kind = WALK_WRITE };
	struct walk_result r;

	memset(memory, 0, sizeof(memory));
	memory[0].address = 0x3000 + 8 * 3;
	memory[0].entry = 0x7000 | ALLOWED;
	memory[1].address = 0x7000 + 8 * 3;
	memory[1].entry = 0xf12345000 | ALLOWED;
	walk(&state, &access, &r);
	EXPECT_EQ(r.phys, 0xf12345123);
	EXPECT_EQ(r.steps, 2);
	access.address = 0x40000000;
	walk(&state, &access, &r);
	EXPECT_EQ(r.end, WALK_ABSENT);
	EXPECT_EQ(r.error, E_WR);
	access.address = 0xc0000000;
	walk(&state, &access, &r);
	EXPECT_EQ(r.end, WALK_ABSENT);
}

TEST(model_canonical, "an address is canonical if bits 63 to 47, or 56, are the same",
     SPEC("SDM vol. 1, 3.3.7.1"))
{
	struct walk_state state = long_mode();

	EXPECT(walk_is_canonical(&state, 0x00007fffffffffff));
	EXPECT(!walk_is_canonical(&state, 0x0000800000000000));
	EXPECT(!walk_is_canonical(&state, 0xffff7fffffffffff));
	EXPECT(walk_is_canonical(&state, 0xffff800000000000));
	state.cr4 |= LA57;
	EXPECT(walk_is_canonical(&state, 0x00ffffffffffffff));
	EXPECT(!walk_is_canonical(&state, 0x0100000000000000));
	EXPECT(!walk_is_canonical(&state, 0xfeffffffffffffff));
	EXPECT(walk_is_canonical(&state, 0xff00000000000000));
	EXPECT_EQ(walk_levels(&state), 5);
}
