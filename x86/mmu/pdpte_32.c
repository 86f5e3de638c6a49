/* SPDX-License-Identifier: MIT */
/* The PDPTE registers of PAE paging: when they are loaded, what is refused, what they hold. */
#include "mmu.h"

#include <mm/page.h>
#include <string.h>

SUITE("PDPTEs");

/*
 * APM vol. 2, 15.25.10: with nested paging a guest's PDPTEs are not loaded as CR3 is written, but read in
 * each walk. A guest on AMD's processors cannot tell whether there is nested paging.
 */
static bool loads_pdptes(void)
{
	return !cpu_is_amd() || !*cpu_hypervisor();
}

/* A copy of the kernel's four PDPTEs, at an address that is aligned to 32 bytes and no more. */
static u64 *make_table(void)
{
	u64 *table = (u64 *)((u8 *)page_alloc() + 0x7e0);

	memcpy(table, space_kernel()->root, 4 * sizeof(u64));
	return table;
}

static u64 reserved_bits(void)
{
	struct walk_state state = { .cr4 = CR4_PAE, .physical_bits = cpu_physical_bits() };

	return walk_pdpte_reserved_bits(&state);
}

TEST(pdpte_alignment, "PAE paging's CR3 has bits 31-5 of the table's address; bits 4-0 are ignored",
     SPEC("SDM vol. 3A, 4.4.1, table 4-7"))
{
	u64 *table = make_table();

	EXPECT_NO_FAULT(write_cr3_try((ulong)table));
	EXPECT_EQ(READ_ONCE(*table), READ_ONCE(*(u64 *)space_kernel()->root));
	EXPECT_NO_FAULT(write_cr3_try((ulong)table | 0x18));
	EXPECT_EQ(READ_ONCE(*table), READ_ONCE(*(u64 *)space_kernel()->root));
}

TEST(pdpte_reserved, "MOV to CR3 with a PDPTE that has P and a reserved bit is #GP(0), CR3 stays",
     SPEC("SDM vol. 3A, 4.4.1"), REQUIRES(loads_pdptes()))
{
	u64 *table = make_table();

	for_each_set_bit(bit, reserved_bits()) {
		SUBTEST("bit-%llu", bit);
		/* Not the first: who takes it would be lost with what runs there. */
		for (u32 i = 1; i < 4; i++) {
			u64 entry = table[i];

			table[i] |= BIT(bit);
			EXPECT_FAULT(GP(0), write_cr3_try((ulong)table), "PDPTE %u", i);
			EXPECT_EQ(read_cr3(), (ulong)space_kernel()->root);
			table[i] = entry;
		}
		EXPECT_NO_FAULT(write_cr3_try((ulong)table));
		write_cr3((ulong)space_kernel()->root);
	}
}

TEST(pdpte_ignored, "bits 11-9, PWT and PCD of a PDPTE are no fault",
     SPEC("SDM vol. 3A, 4.4.1, table 4-8"))
{
	u64 *table = make_table();

	for (u32 i = 0; i < 4; i++)
		table[i] |= 0xe18;
	EXPECT_NO_FAULT(write_cr3_try((ulong)table));
	EXPECT_EQ(READ_ONCE(table[0]), READ_ONCE(*(u64 *)space_kernel()->root) | 0xe18);
}

/* Bits of these registers, whose change loads the PDPTEs. */
static const struct {
	const char *name;
	ulong cr0, cr4;
	enum x86_feature feature;
} changes[] = {
	{ "pge", 0, CR4_PGE, X86_FEATURE_PGE },	       { "pse", 0, CR4_PSE, X86_FEATURE_PSE },
	{ "smep", 0, CR4_SMEP, X86_FEATURE_SMEP },     { "cd", CR0_CD, 0, X86_FEATURE_PAE },
	{ "nw", CR0_CD | CR0_NW, 0, X86_FEATURE_PAE },
};

TEST(pdpte_reserved_by_others,
     "a change of CR4.PGE, PSE, SMEP, CR0.CD or NW loads the PDPTEs: #GP(0)",
     SPEC("SDM vol. 3A, 4.4.1; vol. 2B, MOV to control registers"), REQUIRES(loads_pdptes()))
{
	u64 *table = make_table();
	struct space *space = space_create_supervisor();

	memcpy(table, space->root, 4 * sizeof(u64));
	for (u32 i = 0; i < ARRAY_SIZE(changes); i++) {
		SUBTEST("%s", changes[i].name);
		if (!cpu_has(changes[i].feature)) {
			SKIP_ROW("the CPU does not have it");
			continue;
		}
		write_cr3((ulong)table);
		table[2] |= BIT(5);
		if (changes[i].cr4) {
			const ulong cr4 = read_cr4();

			EXPECT_FAULT(GP(0), write_cr4_try(cr4 ^ changes[i].cr4));
			EXPECT_EQ(read_cr4(), cr4);
			table[2] &= ~BIT(5);
			EXPECT_NO_FAULT(write_cr4_try(cr4 ^ changes[i].cr4));
			write_cr4(cr4);
		} else {
			const ulong cr0 = read_cr0();

			EXPECT_FAULT(GP(0), write_cr0_try(cr0 ^ changes[i].cr0));
			EXPECT_EQ(read_cr0(), cr0);
			table[2] &= ~BIT(5);
			EXPECT_NO_FAULT(write_cr0_try(cr0 ^ changes[i].cr0));
			write_cr0(cr0);
		}
		write_cr3((ulong)space_kernel()->root);
	}
}

/* The third GiB: nothing of the image is there. */
#define THIRD (2 * GiB)

TEST(pdpte_registers, "a PDPTE changed in memory is used once CR3 is loaded, and not before that",
     SPEC("SDM vol. 3A, 4.4.1 and 4.4.2: PDPTE registers; 4.10.4.2"),
	  REQUIRES(loads_pdptes() && page_memory_end() <= THIRD))
{
	struct space *space = space_create();
	u64 *root = space->root;
	u8 *page = page_alloc(), *alias = (u8 *)(ulong)THIRD + 0x5000;

	*page = 0x77;
	space_map_page(space, (ulong)alias, (ulong)page, 0, PROT_ALL);
	space_switch(space);
	EXPECT_EQ(READ_ONCE(*alias), 0x77);
	/* INVLPG does not load PDPTE registers. */
	root[2] = 0;
	arch_tlb_flush_page((ulong)alias);
	EXPECT_EQ(READ_ONCE(*alias), 0x77);
	write_cr3(read_cr3());
	EXPECT_FAULT(PF(0, alias), fault_of(access_read_byte, alias));
	space_switch(space_kernel());
}

TEST(pdpte_absent,
     "a PDPTE with P clear is #PF with P clear in all of its GiB, whatever else it holds",
     SPEC("SDM vol. 3A, 4.4.2"), REQUIRES(page_memory_end() <= THIRD))
{
	struct space *space = space_create();
	u64 *root = space->root;
	u8 *first = (u8 *)(ulong)THIRD, *last = first + 1 * GiB - 1;

	root[2] = ~0xfffull & BITS(cpu_physical_bits() - 1, 0);
	space_switch(space);
	EXPECT_FAULT(PF(0, first), fault_of(access_read_byte, first));
	EXPECT_FAULT(PF(0, last), fault_of(access_read_byte, last));
	EXPECT_FAULT(PF(PF_U, last), run_user(access_read_byte, last));
	EXPECT_NO_FAULT(fault_of(access_read_byte, last + 1));
	space_switch(space_kernel());
}

TEST(pdpte_reserved_refused,
     "a reserved bit in a PDPTE is #GP(0) as it is loaded, or #PF with RSVD",
     SPEC("SDM vol. 3A, 4.4.1; APM vol. 2, 15.25.10"), REQUIRES(page_memory_end() <= THIRD))
{
	u8 *byte = (u8 *)(ulong)THIRD + 0x123;

	for_each_set_bit(bit, reserved_bits()) {
		u64 *table = make_table();
		struct fault load, use;

		SUBTEST("bit-%llu", bit);
		table[2] |= BIT(bit);
		load = write_cr3_try((ulong)table);
		if (load.kind) {
			EXPECT_FAULT(GP(0), load);
			continue;
		}
		use = fault_of(access_read_byte, byte);
		/* P is reserved_has_p's. */
		use.code |= PF_P;
		EXPECT_FAULT(PF(PF_P | PF_RSVD, byte), use);
		write_cr3((ulong)space_kernel()->root);
	}
}
