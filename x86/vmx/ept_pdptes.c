/* SPDX-License-Identifier: MIT */
/* PDPTEs of guests with PAE paging: SDM vol. 3C, 26.3.1.6, 26.3.2.4, 27.3.4, 28.2.1; 26.7 on what is told. */
#include "nested.h"

#include <string.h>

SUITE("VMX: PDPTEs under EPT", REQUIRES(vmx_available() && vmx_has_ept()));

/* A guest with PAE paging whose tables are g->tables, under n->ept. */
static void set_up(struct nested *n)
{
	nested_reset(n);
	vmx_set_mode(n->g, VMX_PAE);
	vmcs_write(VMCS_GUEST_CR3, (ulong)n->g->tables);
	if (VMX_NATIVE == VMX_PAE)
		memcpy(n->g->tables, (const void *)read_cr3(), 32);
	vmx_use_eptp((ulong)n->ept->root | EPTP_WB | EPTP_WALK_4);
	vmx_code(n->g, "\xff\xc3", 2);
}

static void run(struct vmx_guest *g, bool refused)
{
	g->registers.bx = 0x1000;
	vmx_run(g);
	if (refused) {
		EXPECT_VMX_EXIT(g, VMX_ENTRY_FAILURE | VMX_EXIT_INVALID_GUEST_STATE);
		/* 26.7: 2 for a failure of loading or checking PDPTEs. */
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), 2ull);
		EXPECT_EQ(g->registers.bx, 0x1000ul);
	} else {
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(g->registers.bx, 0x1001ul);
	}
}

#define RESERVED (BITS(2, 1) | BITS(8, 5) | BITS(63, cpu_physical_bits()))

TEST(pdpte_fields_checked, "under EPT, a field of a PDPTE that is present has no reserved bit",
     SPEC("SDM vol. 3C, 26.3.1.6; vol. 3A, 4.4.1"))
{
	struct nested n = nested_new();

	for (u32 i = 0; i < 4; i++)
		for_each_set_bit(bit, RESERVED | BITS(4, 3) | BITS(11, 9)) {
			SUBTEST("pdpte%u-bit-%llu", i, bit);
			set_up(&n);
			vmcs_set(VMCS_GUEST_PDPTE0 + 2 * i, BIT(bit));
			run(n.g, BIT(bit) & RESERVED);
		}
}

TEST(pdpte_fields_absent, "a field of a PDPTE that is not present is not checked",
     SPEC("SDM vol. 3C, 26.3.1.6; vol. 3A, 4.4.1"))
{
	struct nested n = nested_new();

	/* The fourth is of addresses that nothing here uses. */
	for_each_set_bit(bit, RESERVED) {
		SUBTEST("bit-%llu", bit);
		set_up(&n);
		vmcs_write(VMCS_GUEST_PDPTE3, BIT(bit));
		run(n.g, false);
	}
}

TEST(pdpte_fields_used, "under EPT, PDPTEs come from their fields and not from the memory at CR3",
     SPEC("SDM vol. 3C, 26.3.2.4"))
{
	struct nested n = nested_new();

	SUBTEST("memory-absent");
	set_up(&n);
	memset(n.g->tables, 0, 32);
	run(n.g, false);
	SUBTEST("memory-reserved-bits");
	set_up(&n);
	for (u32 i = 0; i < 4; i++)
		n.g->tables[i] = ~0ull;
	run(n.g, false);
	SUBTEST("field-absent");
	set_up(&n);
	vmcs_write(VMCS_GUEST_PDPTE0, 0);
	vmx_run(n.g);
	EXPECT_VMX_EXCEPTION(n.g, VEC_PF);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), vmx_start(n.g));
}

TEST(pdpte_fields_not_used, "in a guest without PAE paging, the fields of PDPTEs are not checked",
     SPEC("SDM vol. 3C, 26.3.1.6"))
{
	struct nested n = nested_new();
	static const enum vmx_mode modes[] = { VMX_LONG, VMX_COMPAT, VMX_PAGED, VMX_PROTECTED };

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		if (sizeof(ulong) == 4 && modes[i] <= VMX_COMPAT)
			continue;
		SUBTEST("%s", vmx_mode_name(modes[i]));
		if (!vmx_mode_possible(modes[i])) {
			SKIP_ROW("no guest of this mode");
			continue;
		}
		nested_reset(&n);
		vmx_set_mode(n.g, modes[i]);
		vmx_use_eptp((ulong)n.ept->root | EPTP_WB | EPTP_WALK_4);
		vmx_code(n.g, "\xff\xc3", 2);
		for (u32 j = 0; j < 4; j++)
			vmcs_write(VMCS_GUEST_PDPTE0 + 2 * j, ~0ull);
		run(n.g, false);
	}
}

TEST(pdpte_memory_checked, "without EPT, PDPTEs come from the memory at CR3, and are checked",
     SPEC("SDM vol. 3C, 26.3.1.6, 26.3.2.4"))
{
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < 4; i++)
		for_each_set_bit(bit, RESERVED | BITS(4, 3) | BITS(11, 9)) {
			SUBTEST("pdpte%u-bit-%llu", i, bit);
			vmx_reset(g);
			vmx_set_mode(g, VMX_PAE);
			if (VMX_NATIVE == VMX_PAE)
				memcpy(g->tables, (const void *)read_cr3(), 32);
			vmcs_write(VMCS_GUEST_CR3, (ulong)g->tables);
			vmx_code(g, "\xff\xc3", 2);
			g->tables[i] |= BIT(bit);
			run(g, BIT(bit) & RESERVED);
		}
}

TEST(pdpte_memory_absent, "without EPT, a PDPTE in memory that is not present is not checked",
     SPEC("SDM vol. 3C, 26.3.1.6; vol. 3A, 4.4.1"))
{
	struct vmx_guest *g = vmx_new();

	for_each_set_bit(bit, RESERVED) {
		SUBTEST("bit-%llu", bit);
		vmx_reset(g);
		vmx_set_mode(g, VMX_PAE);
		if (VMX_NATIVE == VMX_PAE)
			memcpy(g->tables, (const void *)read_cr3(), 32);
		vmcs_write(VMCS_GUEST_CR3, (ulong)g->tables);
		vmx_code(g, "\xff\xc3", 2);
		g->tables[3] = BIT(bit);
		run(g, false);
	}
}

/* The tables that are right are at `offset` in their page, and what is at its start is refused. */
static void move_tables(struct vmx_guest *g, u8 *page, u32 offset)
{
	memset(page, 0xff, PAGE_SIZE);
	memcpy(page + offset, g->tables, 32);
}

TEST(pdpte_aligned_32,
     "the PDPTEs are where all of CR3's bits 31:5 say: at a VM entry, and at MOV to CR3",
     SPEC("SDM vol. 3A, 4.4.1, table 4-7; vol. 3C, 26.3.2.4; 28.2.1"))
{
	struct nested n = nested_new();
	struct vmx_guest *g = n.g;
	u8 *page = page_alloc();

	for (u32 offset = 0x20; offset < PAGE_SIZE; offset <<= 1) {
		SUBTEST("entry-%#x", offset);
		vmx_reset(g);
		vmx_set_mode(g, VMX_PAE);
		if (VMX_NATIVE == VMX_PAE)
			memcpy(g->tables, (const void *)read_cr3(), 32);
		move_tables(g, page, offset);
		vmcs_write(VMCS_GUEST_CR3, (ulong)page + offset);
		vmx_code(g, "\xff\xc3", 2);
		run(g, false);
		SUBTEST("mov-to-cr3-%#x", offset);
		set_up(&n);
		move_tables(g, page, offset);
		g->registers.ax = (ulong)page + offset;
		vmx_code(g, "\x0f\x22\xd8", 3);
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_CR3), (u64)(ulong)page + offset);
	}
}

TEST(pdpte_saved, "an exit saves the PDPTEs that the guest had in use", SPEC("SDM vol. 3C, 27.3.4"))
{
	struct nested n = nested_new();
	struct vmx_guest *g = n.g;
	u64 *other = page_alloc();

	SUBTEST("as-loaded");
	set_up(&n);
	vmcs_write(VMCS_GUEST_PDPTE3, 0);
	run(g, false);
	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(vmcs_read(VMCS_GUEST_PDPTE0 + 2 * i) & ~0xe00ull,
			  g->tables[i] & ~0xe00ull);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_PDPTE3) & 1, 0ull);
	SUBTEST("after-mov-cr3");
	set_up(&n);
	memcpy(other, g->tables, 32);
	other[3] = other[2];
	g->registers.ax = (ulong)other;
	vmx_code(g, "\x0f\x22\xd8", 3);
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_CR3), (u64)(ulong)other);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_PDPTE3) & ~0xe00ull, other[2] & ~0xe00ull);
}

TEST(pdpte_load_violation,
     "a load of the PDPTEs that EPT refuses is a violation without a linear address",
     SPEC("SDM vol. 3C, 27.2.1, table 27-7; 28.2.1; 28.2.3.2"))
{
	struct nested n = nested_new();
	struct vmx_guest *g = n.g;
	u64 *other = page_alloc();

	for (u32 rwx = 0; rwx < 2; rwx++) {
		pte_t *own = nested_entry_of(&n, other), before = *own;

		SUBTEST("%s", rwx ? "read-only" : "not-present");
		set_up(&n);
		memcpy(other, g->tables, 32);
		g->registers.ax = (ulong)other;
		vmx_code(g, "\x0f\x22\xd8", 3);
		*own = rwx ? (before & ~EPT_RWX) | EPT_R : 0;
		nested_flush();
		vmx_run(g);
		if (rwx) {
			EXPECT_VMX_DONE(g);
		} else {
			EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_VIOLATION);
			EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & VIOLATION_MASK,
				  VIOLATION_READ);
			EXPECT_EQ(ALIGN_DOWN(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS), 32ull),
				  (u64)(ulong)other);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_CR3), (u64)(ulong)g->tables);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g));
		}
		*own = before;
		nested_flush();
	}
}

TEST(pdpte_load_reserved, "a load of PDPTEs with reserved bits is the guest's #GP(0)",
     SPEC("SDM vol. 3C, 28.2.1; vol. 3A, 4.4.1"))
{
	struct nested n = nested_new();
	struct vmx_guest *g = n.g;
	u64 *other = page_alloc();

	for (u32 i = 0; i < 4; i++) {
		SUBTEST("pdpte%u", i);
		set_up(&n);
		memcpy(other, g->tables, 32);
		other[i] |= 2;
		g->registers.ax = (ulong)other;
		vmx_code(g, "\x0f\x22\xd8", 3);
		vmx_run(g);
		EXPECT_VMX_EXCEPTION(g, VEC_GP);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_CR3), (u64)(ulong)g->tables);
	}
}

TEST(cr3_not_accessed, "outside PAE paging, a load of CR3 does not access memory",
     SPEC("SDM vol. 3C, 28.2.1"), REQUIRES(sizeof(ulong) == 8))
{
	struct nested n = nested_new();
	struct vmx_guest *g = n.g;
	u8 *other = page_alloc();

	/* MOV CR3, RAX; MOV CR3, RDX: the code has a global or cached translation of no importance. */
	*nested_entry_of(&n, other) = 0;
	nested_flush();
	g->registers.ax = (ulong)other;
	vmx_code(g, "\x0f\x22\xd8", 3);
	vmx_run(g);
	/* The next access, here the fetch of the VMCALL, is the one that walks. */
	EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_VIOLATION);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(g) + 3);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_CR3), (u64)(ulong)other);
	EXPECT_EQ(ALIGN_DOWN(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS), (u64)PAGE_SIZE),
		  (u64)(ulong)other);
}
