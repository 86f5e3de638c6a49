/* SPDX-License-Identifier: MIT */
/* 4 MiB pages of 32-bit paging: their 40 bits of address, their reserved bits, and CR4.PSE. */
#include "mmu.h"

#include <mm/page.h>
#include <x86/desc.h>

SUITE("4 MiB pages", REQUIRES(cpu_has(X86_FEATURE_PSE)));

#define PSE36_BITS BITS(20, 13)

static u64 reserved_bits(void)
{
	struct walk_state state = { .cr4 = CR4_PSE,
				    .physical_bits = cpu_physical_bits(),
				    .has_pse36 = cpu_has(X86_FEATURE_PSE36) };

	return walk_reserved_bits(&state, 1, true);
}

TEST(pse36_reserved,
     "in a 4 MiB page's entry, each bit of 21-13 that no address can have is reserved",
     SPEC("SDM vol. 3A, 4.3: bits 21:(M-19), M being the minimum of 40 and MAXPHYADDR"))
{
	struct world *world = world_create(&paging_32_bit, 1);

	for_each_set_bit(bit, reserved_bits()) {
		struct combination c = world->plain;

		SUBTEST("bit-%llu", bit);
		check_begin();
		c.entry[1] |= BIT(bit);
		for (c.stub = STUB_READ; c.stub < STUBS; c.stub++)
			world_expect(world, &c);
		c.who = CPL_3;
		for (c.stub = STUB_READ; c.stub < STUBS; c.stub++)
			world_expect(world, &c);
		check_end(world);
	}
	world_leave(world);
}

/*
 * Above 4 GiB there is no memory on these machines. What is read there is not said by any manual, but it
 * is not the memory below, from which only bits 39-32 of the address tell it apart.
 */
TEST(pse36_address, "bits 20-13 of a 4 MiB page's entry are bits 39-32 of its address",
     SPEC("SDM vol. 3A, 4.3 and table 4-4"),
	  REQUIRES(cpu_has(X86_FEATURE_PSE36) && page_memory_end() <= 4 * GiB))
{
	struct world *world = world_create(&paging_32_bit, 1);

	for_each_set_bit(bit, PSE36_BITS & ~reserved_bits()) {
		struct combination c = world->plain;
		struct outcome o;

		SUBTEST("bit-%llu", bit);
		c.entry[1] |= BIT(bit);
		c.stub = STUB_WRITE;
		world_run(world, &c, &o);
		EXPECT_EQ(o.vector, (u32)VEC_ACCESS_DONE);
		EXPECT(!o.data_ok, "the memory at bits 31-0 of the address was written");
	}
	world_leave(world);
}

TEST(pse_off, "without CR4.PSE, PS of a PDE is ignored, and no bit is reserved",
     SPEC("SDM vol. 3A, 4.3: if CR4.PSE = 0, no bits are reserved with 32-bit paging"))
{
	struct world *world = world_create(&paging_32_bit, 0);

	world_without_pse(world);
	check_begin();
	for (u32 i = 0; i < 2; i++) {
		struct combination c = world->plain;

		c.entry[1] |= i ? PTE_PS : 0;
		for (c.who = CPL_0; c.who < WHOS; c.who++)
			for (c.stub = STUB_READ; c.stub < STUBS; c.stub++)
				world_expect(world, &c);
	}
	check_end(world);
	world_leave(world);
}

/* A bit that chooses a memory type does not change where the page is. */
TEST(large_page_pat, "PAT, PWT and PCD of a 4 MiB page's entry do not change its address",
     SPEC("SDM vol. 3A, 4.3, table 4-4; 4.9.2"), REQUIRES(cpu_has(X86_FEATURE_PAT)))
{
	struct world *world = world_create(&paging_32_bit, 1);

	check_begin();
	for (u32 i = 0; i < 8; i++) {
		struct combination c = world->plain;

		c.entry[1] |= (i & 1 ? PTE_PWT : 0) | (i & 2 ? PTE_PCD : 0) |
			      (i & 4 ? PTE_PAT_LARGE : 0);
		for (c.stub = STUB_READ; c.stub < STUBS; c.stub++)
			world_expect(world, &c);
	}
	check_end(world);
	world_leave(world);
}
