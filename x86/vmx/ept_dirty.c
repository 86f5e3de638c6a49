/* SPDX-License-Identifier: MIT */
/* Accessed and dirty flags for EPT, and the page-modification log: SDM vol. 3C, 28.2.4, 28.2.5. */
#include "nested.h"

#include <string.h>

SUITE("VMX: accessed and dirty flags for EPT",
      REQUIRES(vmx_available() && vmx_has_ept() && nested_has_accessed_dirty()));

static struct nested new_with(bool accessed_dirty)
{
	struct nested n = nested_new();

	n.accessed_dirty = accessed_dirty;
	nested_reset(&n);
	return n;
}

static u32 own_levels(void)
{
	return nested_has_own_root_entry() ? 4 : 3;
}

TEST(ept_accessed, "with the flags enabled, an access sets accessed in every entry that translates",
     SPEC("SDM vol. 3C, 28.2.4"))
{
	struct nested n = new_with(true);

	for (u32 level = 0; level < own_levels(); level++)
		for (u32 access = 0; access < 3; access++) {
			pte_t *entry;

			SUBTEST("level-%u-%s", level, nested_access_names[access]);
			nested_reset(&n);
			nested_code(&n, access, NESTED_OFFSET);
			entry = nested_entry(&n, level);
			*entry &= ~(EPT_A | EPT_D);
			nested_flush();
			nested_expect_access(&n, access, NESTED_OFFSET);
			EXPECT_EQ(*entry & EPT_A, EPT_A);
			EXPECT_EQ(*entry & EPT_D,
				  level == 0 && access == ACCESS_WRITE ? EPT_D : 0ull);
		}
}

TEST(ept_no_flags, "with the flags not enabled, no access sets them", SPEC("SDM vol. 3C, 28.2.4"))
{
	struct nested n = new_with(false);

	for (u32 level = 0; level < own_levels(); level++)
		for (u32 access = 0; access < 3; access++) {
			pte_t *entry;

			SUBTEST("level-%u-%s", level, nested_access_names[access]);
			nested_reset(&n);
			nested_code(&n, access, NESTED_OFFSET);
			entry = nested_entry(&n, level);
			*entry &= ~(EPT_A | EPT_D);
			nested_flush();
			nested_expect_access(&n, access, NESTED_OFFSET);
			EXPECT_EQ(*entry & (EPT_A | EPT_D), 0ull);
		}
}

TEST(ept_flags_sticky, "the processor does not clear the flags", SPEC("SDM vol. 3C, 28.2.4"))
{
	struct nested n = new_with(true);
	pte_t *entry = nested_entry(&n, 0);

	*entry |= EPT_A | EPT_D;
	nested_flush();
	nested_code(&n, ACCESS_READ, NESTED_OFFSET);
	nested_expect_access(&n, ACCESS_READ, NESTED_OFFSET);
	EXPECT_EQ(*entry & (EPT_A | EPT_D), EPT_A | EPT_D);
}

TEST(ept_dirty_after_read, "a write to a page that has been read sets dirty",
     SPEC("SDM vol. 3C, 28.2.4"))
{
	struct nested n = new_with(true);
	pte_t *entry = nested_entry(&n, 0);

	*entry &= ~(EPT_A | EPT_D);
	nested_flush();
	/* MOV EAX, [BX]; MOV [BX], EAX */
	vmx_code(n.g, "\x8b\x03\x89\x03", 4);
	n.g->registers.bx = n.address;
	vmx_run(n.g);
	EXPECT_VMX_DONE(n.g);
	EXPECT_EQ(*entry & (EPT_A | EPT_D), EPT_A | EPT_D);
}

TEST(ept_dirty_large, "dirty of a large page is in the entry that maps it",
     SPEC("SDM vol. 3C, 28.2.4"), REQUIRES(vmx_ept_vpid_cap() & BIT(16)))
{
	struct nested n = new_with(true);
	const ulong base = ALIGN_DOWN((ulong)n.page, (ulong)nine_bits_size(1));

	for (u32 write = 0; write < 2; write++) {
		pte_t *entry;

		SUBTEST("%s", write ? "write" : "read");
		nested_reset(&n);
		space_map_page(n.ept, n.address, base, 1, PROT_ALL);
		space_map(n.guest, n.address + ((ulong)n.page - base),
			  n.address + ((ulong)n.page - base), PAGE_SIZE, PROT_ALL);
		entry = space_entry_at(n.ept, n.address, 1);
		nested_flush();
		vmx_code(n.g, write ? "\x89\x03" : "\x8b\x03", 2);
		n.g->registers.bx = n.address + ((ulong)n.page - base);
		vmx_run(n.g);
		EXPECT_VMX_DONE(n.g);
		EXPECT_EQ(*entry & (EPT_A | EPT_D), EPT_A | (write ? EPT_D : 0));
	}
}

TEST(ept_table_dirty, "the walk of a guest's table counts as a write of its page",
     SPEC("SDM vol. 3C, 28.2.4"))
{
	struct nested n = new_with(true);

	for (u32 level = 0; level < (sizeof(ulong) == 8 ? 4u : 2u); level++) {
		pte_t *own;

		SUBTEST("level-%u", level);
		nested_reset(&n);
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		own = nested_entry_of(&n, space_entry_at(n.guest, n.address, level));
		*own &= ~(EPT_A | EPT_D);
		nested_flush();
		nested_expect_access(&n, ACCESS_READ, NESTED_OFFSET);
		EXPECT_EQ(*own & (EPT_A | EPT_D), EPT_A | EPT_D);
	}
}

TEST(ept_violation_no_dirty, "a write that is a violation does not set dirty",
     SPEC("SDM vol. 3C, 28.2.4"))
{
	struct nested n = new_with(true);
	pte_t *entry = nested_entry(&n, 0);

	*entry &= ~(EPT_A | EPT_D | EPT_W);
	nested_flush();
	nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
	nested_expect_violation(
		&n, VIOLATION_WRITE | VIOLATION_ENTRY(5) | VIOLATION_LINEAR | VIOLATION_TRANSLATION,
		ACCESS_WRITE, NESTED_OFFSET);
	EXPECT_EQ(*entry & EPT_D, 0ull);
}

/* ------------------------------------------------------------------------ page-modification log */

#define HAS_PML vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_PML)

/* Clears dirty of all entries of 4 KiB that the guest's run may use, by making the page's the only one clear. */
static u64 *pml_new(struct nested *n, u32 index)
{
	u64 *log = page_alloc();

	nested_reset(n);
	nested_code(n, ACCESS_WRITE, NESTED_OFFSET);
	/* All other pages are dirty already. */
	vmx_run(n->g);
	EXPECT_VMX_EXIT(n->g, VMX_EXIT_VMCALL);
	vmcs_write(VMCS_GUEST_RIP, vmx_start(n->g));
	*nested_entry(n, 0) &= ~EPT_D;
	nested_flush();
	vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_PML);
	vmcs_write(VMCS_PML_ADDRESS, (ulong)log);
	vmcs_write(VMCS_PML_INDEX, index);
	return log;
}

TEST(pml_log, "a write that sets dirty logs the page's address at the index, which goes down",
     SPEC("SDM vol. 3C, 28.2.5"), REQUIRES(HAS_PML))
{
	static const u32 indexes[] = { 511, 510, 256, 1, 0 };
	struct nested n = new_with(true);

	for (u32 i = 0; i < ARRAY_SIZE(indexes); i++) {
		u64 *log;

		SUBTEST("index-%u", indexes[i]);
		log = pml_new(&n, indexes[i]);
		nested_expect_access(&n, ACCESS_WRITE, NESTED_OFFSET);
		EXPECT_EQ(log[indexes[i]] >> 12, (u64)n.address >> 12);
		EXPECT_EQ(vmcs_read(VMCS_PML_INDEX), (u64)((indexes[i] - 1) & 0xffff));
		EXPECT_EQ(*nested_entry(&n, 0) & EPT_D, EPT_D);
		for (u32 j = 0; j < 512; j++)
			if (j != indexes[i])
				EXPECT_EQ(log[j], 0ull);
	}
}

TEST(pml_aligned, "bits 11:0 of what is logged are 0",
     SPEC("SDM vol. 3C, 28.2.5"), REQUIRES(HAS_PML))
{
	struct nested n = new_with(true);
	u64 *log = pml_new(&n, 511);

	nested_expect_access(&n, ACCESS_WRITE, NESTED_OFFSET);
	EXPECT_EQ(log[511], (u64)n.address);
}

TEST(pml_not_logged, "an access that sets no dirty flag is not logged",
     SPEC("SDM vol. 3C, 28.2.5"), REQUIRES(HAS_PML))
{
	static const struct {
		const char *name;
		enum access access;
		bool dirty;
	} rows[] = {
		{ "read", ACCESS_READ, false },
		{ "fetch", ACCESS_FETCH, false },
		{ "write-dirty", ACCESS_WRITE, true },
	};
	struct nested n = new_with(true);

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 *log;

		SUBTEST("%s", rows[i].name);
		log = pml_new(&n, 511);
		nested_code(&n, rows[i].access, NESTED_OFFSET + 4);
		if (rows[i].dirty)
			*nested_entry(&n, 0) |= EPT_D;
		nested_flush();
		nested_expect_access(&n, rows[i].access, NESTED_OFFSET + 4);
		EXPECT_EQ(log[511], 0ull);
		EXPECT_EQ(vmcs_read(VMCS_PML_INDEX), 511ull);
	}
}

TEST(pml_full, "with an index that is not 0 to 511, the write exits before it is done",
     SPEC("SDM vol. 3C, 28.2.5; 27.2.1; appendix C"), REQUIRES(HAS_PML))
{
	static const u32 indexes[] = { 512, 513, 0x8000, 0xffff };
	struct nested n = new_with(true);

	for (u32 i = 0; i < ARRAY_SIZE(indexes); i++) {
		u64 *log;

		SUBTEST("index-%#x", indexes[i]);
		log = pml_new(&n, indexes[i]);
		*(u32 *)(n.page + NESTED_OFFSET) = 0x55;
		vmx_run(n.g);
		EXPECT_VMX_EXIT(n.g, VMX_EXIT_PML_FULL);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & BIT(12), 0ull);
		EXPECT_EQ(vmcs_read(VMCS_PML_INDEX), (u64)indexes[i]);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(n.g));
		EXPECT_EQ(*nested_entry(&n, 0) & EPT_D, 0ull);
		EXPECT_EQ(*(u32 *)(n.page + NESTED_OFFSET), 0x55u);
		for (u32 j = 0; j < 512; j++)
			EXPECT_EQ(log[j], 0ull);
		/* With room, it goes on. */
		vmcs_write(VMCS_PML_INDEX, 5);
		nested_expect_access(&n, ACCESS_WRITE, NESTED_OFFSET);
		EXPECT_EQ(log[5] >> 12, (u64)n.address >> 12);
	}
}

TEST(pml_full_nothing_to_set, "an access that sets neither flag does not look at the index",
     SPEC("SDM vol. 3C, 28.2.5"), REQUIRES(HAS_PML))
{
	struct nested n = new_with(true);

	for (u32 access = 0; access < 3; access++) {
		SUBTEST("%s", nested_access_names[access]);
		pml_new(&n, 0xffff);
		nested_code(&n, access, NESTED_OFFSET + 4);
		*nested_entry(&n, 0) |= EPT_A | EPT_D;
		nested_flush();
		nested_expect_access(&n, access, NESTED_OFFSET + 4);
		EXPECT_EQ(vmcs_read(VMCS_PML_INDEX), 0xffffull);
	}
}

TEST(pml_two_pages, "a write across pages logs both",
     SPEC("SDM vol. 3C, 28.2.5"), REQUIRES(HAS_PML))
{
	struct nested n = new_with(true);
	u8 *second = page_alloc();
	u64 *log;

	space_map(n.guest, n.address + PAGE_SIZE, n.address + PAGE_SIZE, PAGE_SIZE, PROT_ALL);
	space_map(n.ept, n.address + PAGE_SIZE, (ulong)second, PAGE_SIZE, PROT_ALL);
	log = pml_new(&n, 511);
	*space_entry_at(n.ept, n.address + PAGE_SIZE, 0) &= ~EPT_D;
	nested_flush();
	n.g->registers.bx = n.address + PAGE_SIZE - 2;
	vmx_run(n.g);
	EXPECT_VMX_DONE(n.g);
	EXPECT_EQ(vmcs_read(VMCS_PML_INDEX), 509ull);
	EXPECT_EQ((log[511] >> 12) + (log[510] >> 12), (u64)(2 * (n.address >> 12) + 1));
	EXPECT_EQ(*space_entry_at(n.ept, n.address + PAGE_SIZE, 0) & EPT_D, EPT_D);
}

TEST(pml_table, "the walk of a guest's table that sets dirty is logged, too",
     SPEC("SDM vol. 3C, 28.2.4, 28.2.5"), REQUIRES(HAS_PML))
{
	struct nested n = new_with(true);
	pte_t *guest = space_entry_at(n.guest, n.address, 0);
	pte_t *own = nested_entry_of(&n, guest);
	u64 *log = pml_new(&n, 511);

	*nested_entry(&n, 0) |= EPT_D;
	*own &= ~EPT_D;
	nested_flush();
	nested_expect_access(&n, ACCESS_WRITE, NESTED_OFFSET);
	EXPECT_EQ(log[511] >> 12, (u64)(ulong)guest >> 12);
	EXPECT_EQ(vmcs_read(VMCS_PML_INDEX), 510ull);
}

TEST(pml_checks, "the page-modification log needs EPT, and an address that is aligned and exists",
     SPEC("SDM vol. 3C, 26.2.1.1"), REQUIRES(HAS_PML))
{
	struct vmx_guest *g = vmx_new();

	SUBTEST("without-ept");
	check_set_up(g);
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_SECONDARY);
	vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_PML);
	vmcs_write(VMCS_PML_ADDRESS, (ulong)g->data);
	check_expect(g, CHECK_CONTROLS, true);
	SUBTEST("good");
	check_set_up(g);
	vmx_use_ept(g);
	vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_PML);
	vmcs_write(VMCS_EPTP, vmcs_read(VMCS_EPTP) | EPTP_ACCESSED_DIRTY);
	vmcs_write(VMCS_PML_ADDRESS, (ulong)g->data);
	vmcs_write(VMCS_PML_INDEX, 511);
	check_expect(g, CHECK_CONTROLS, false);
	for_each_set_bit(bit, BITS(11, 0) | BITS(63, cpu_physical_bits())) {
		SUBTEST("address-bit-%llu", bit);
		check_set_up(g);
		vmx_use_ept(g);
		vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_PML);
		vmcs_write(VMCS_PML_ADDRESS, (ulong)g->data | BIT(bit));
		check_expect(g, CHECK_CONTROLS, true);
	}
	SUBTEST("off-unaligned");
	check_set_up(g);
	vmx_use_ept(g);
	vmcs_write(VMCS_PML_ADDRESS, 1);
	check_expect(g, CHECK_CONTROLS, false);
}
