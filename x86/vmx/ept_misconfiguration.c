/* SPDX-License-Identifier: MIT */
/* Misconfigurations of EPT, by table and bit: SDM vol. 3C, 28.2.2, tables 28-1 to 28-6; 28.2.3.1. */
#include "nested.h"

SUITE("VMX: EPT misconfigurations", REQUIRES(vmx_available() && vmx_has_ept()));

static u64 beyond_physical(void)
{
	return cpu_physical_bits() < 52 ? BITS(51, cpu_physical_bits()) : 0;
}

/* Each bit, set in the entry, is a misconfiguration, or is none. */
static void bits(u32 level, u64 set, const char *kind, bool reserved)
{
	struct nested n = nested_new();

	for_each_set_bit(bit, set) {
		pte_t *entry = nested_entry(&n, level), before = *entry;

		SUBTEST("%s-bit-%llu", kind, bit);
		nested_reset(&n);
		*entry = before | BIT(bit);
		nested_flush();
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		if (reserved)
			nested_expect_misconfiguration(&n, NESTED_OFFSET);
		else
			nested_expect_access(&n, ACCESS_READ, NESTED_OFFSET);
		*entry = before;
		nested_flush();
	}
}

#define SPEC_TABLES "SDM vol. 3C, 28.2.2, tables 28-1 to 28-6; 28.2.3.1"

/* Bits 10 and 11 have meanings in later editions, with controls of their own. */
#define IGNORED (EPT_A | EPT_D | BITS(11, 10) | BITS(62, 61) | BITS(59, 58) | BITS(56, 52))

TEST(ept_misconfigured_pte,
     "reserved bits of an EPT PTE are a misconfiguration, ignored ones are not", SPEC(SPEC_TABLES))
{
	bits(0, beyond_physical(), "reserved", true);
	bits(0, IGNORED | BIT(7) | EPT_IGNORE_PAT | EPT_SUPPRESS_VE, "ignored", false);
}

TEST(ept_misconfigured_pde,
     "reserved bits of an EPT PDE are a misconfiguration, ignored ones are not", SPEC(SPEC_TABLES))
{
	bits(1, beyond_physical() | BITS(6, 3), "reserved", true);
	bits(1, IGNORED, "ignored", false);
}

TEST(ept_misconfigured_pdpte,
     "reserved bits of an EPT PDPTE are a misconfiguration, ignored ones are not",
     SPEC(SPEC_TABLES))
{
	bits(2, beyond_physical() | BITS(6, 3), "reserved", true);
	bits(2, IGNORED, "ignored", false);
}

TEST(ept_misconfigured_pml4e,
     "reserved bits of an EPT PML4E are a misconfiguration, ignored ones are not",
     SPEC(SPEC_TABLES), REQUIRES(nested_has_own_root_entry()))
{
	struct nested n;

	bits(3, beyond_physical() | BITS(7, 3), "reserved", true);
	bits(3, IGNORED, "ignored", false);
	/* It would be a page of 512 GiB, whose address is right. */
	SUBTEST("page");
	n = nested_new();
	*nested_entry(&n, 3) = EPT_RWX | EPT_PS;
	nested_flush();
	nested_code(&n, ACCESS_READ, NESTED_OFFSET);
	nested_expect_misconfiguration(&n, NESTED_OFFSET);
}

/* A page of level 1 or 2 with these bits turned over. */
static void large_bits(u32 level, u64 set, const char *kind, bool reserved)
{
	struct nested n = nested_new();
	const ulong base = ALIGN_DOWN((ulong)n.page, (ulong)nine_bits_size(level));
	const u32 offset = (u32)((ulong)n.page - base);
	const ulong address = n.address;

	space_map(n.guest, address + offset, address + offset, PAGE_SIZE, PROT_ALL);
	for_each_set_bit(bit, set) {
		pte_t *entry;

		SUBTEST("%s-bit-%llu", kind, bit);
		nested_reset(&n);
		space_map_page(n.ept, address, base, level, PROT_ALL);
		entry = space_entry_at(n.ept, address, level);
		*entry |= BIT(bit);
		nested_flush();
		n.address += offset;
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		if (reserved)
			nested_expect_misconfiguration(&n, NESTED_OFFSET);
		else
			nested_expect_access(&n, ACCESS_READ, NESTED_OFFSET);
		n.address = address;
	}
}

TEST(ept_misconfigured_2m, "reserved bits of an EPT PDE that maps a page are a misconfiguration",
     SPEC(SPEC_TABLES), REQUIRES(vmx_ept_vpid_cap() & BIT(16)))
{
	large_bits(1, beyond_physical() | BITS(20, 12), "reserved", true);
	large_bits(1, IGNORED | EPT_IGNORE_PAT | EPT_SUPPRESS_VE, "ignored", false);
}

TEST(ept_misconfigured_1g, "reserved bits of an EPT PDPTE that maps a page are a misconfiguration",
     SPEC(SPEC_TABLES), REQUIRES(vmx_ept_vpid_cap() & BIT(17)))
{
	large_bits(2, beyond_physical() | BITS(29, 12), "reserved", true);
	large_bits(2, IGNORED | EPT_IGNORE_PAT | EPT_SUPPRESS_VE, "ignored", false);
}

TEST(ept_no_1g, "bit 7 of an EPT PDPTE is reserved where there are no pages of 1 GiB",
     SPEC("SDM vol. 3C, 28.2.2; A.10"), REQUIRES(!(vmx_ept_vpid_cap() & BIT(17))))
{
	bits(2, EPT_PS, "reserved", true);
}

static void memory_types(u32 level)
{
	struct nested n = nested_new();
	const ulong base = ALIGN_DOWN((ulong)n.page, (ulong)nine_bits_size(level));
	const u32 offset = (u32)((ulong)n.page - base);
	const ulong address = n.address;

	space_map(n.guest, address + offset, address + offset, PAGE_SIZE, PROT_ALL);
	for (u32 type = 0; type < 8; type++)
		for (u32 ipat = 0; ipat < 2; ipat++) {
			pte_t *entry;

			SUBTEST("type-%u%s", type, ipat ? "-ignore-pat" : "");
			nested_reset(&n);
			space_map_page(n.ept, address, base, level, PROT_ALL);
			entry = space_entry_at(n.ept, address, level);
			*entry &= ~EPT_MEMORY_TYPE(7);
			*entry |= EPT_MEMORY_TYPE(type) | (ipat ? EPT_IGNORE_PAT : 0);
			nested_flush();
			n.address += offset;
			nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
			if (type == 2 || type == 3 || type == 7)
				nested_expect_misconfiguration(&n, NESTED_OFFSET);
			else
				nested_expect_access(&n, ACCESS_WRITE, NESTED_OFFSET);
			n.address = address;
		}
}

TEST(ept_memory_types_pte, "memory types 2, 3 and 7 of an EPT PTE are a misconfiguration",
     SPEC("SDM vol. 3C, 28.2.3.1; 28.2.6.2"))
{
	memory_types(0);
}

TEST(ept_memory_types_2m, "memory types 2, 3 and 7 of a page of 2 MiB are a misconfiguration",
     SPEC("SDM vol. 3C, 28.2.3.1; 28.2.6.2"), REQUIRES(vmx_ept_vpid_cap() & BIT(16)))
{
	memory_types(1);
}

TEST(ept_memory_types_1g, "memory types 2, 3 and 7 of a page of 1 GiB are a misconfiguration",
     SPEC("SDM vol. 3C, 28.2.3.1; 28.2.6.2"), REQUIRES(vmx_ept_vpid_cap() & BIT(17)))
{
	memory_types(2);
}

TEST(ept_misconfigured_first,
     "a misconfiguration further down comes before a violation by permissions further up",
     SPEC("SDM vol. 3C, 28.2.3.3"))
{
	struct nested n = nested_new();

	for (u32 level = 1; level < 3; level++)
		for (u32 access = 0; access < 3; access++) {
			pte_t *upper = nested_entry(&n, level), before = *upper;

			SUBTEST("level-%u-%s", level, nested_access_names[access]);
			nested_reset(&n);
			/* Read-only or execute-only would be allowed for one access each. */
			*upper = (before & ~EPT_RWX) | EPT_R;
			*nested_entry(&n, 0) |= EPT_MEMORY_TYPE(7);
			nested_flush();
			nested_code(&n, access, NESTED_OFFSET);
			nested_expect_misconfiguration(&n, NESTED_OFFSET);
			*upper = before;
			nested_flush();
		}
}

TEST(ept_not_present_first,
     "an entry that is not present ends the walk before what is misconfigured below",
     SPEC("SDM vol. 3C, 28.2.3.3"))
{
	struct nested n = nested_new();

	for (u32 level = 1; level < 3; level++) {
		pte_t *upper = nested_entry(&n, level), before = *upper;

		SUBTEST("level-%u", level);
		nested_reset(&n);
		*nested_entry(&n, 0) |= EPT_MEMORY_TYPE(7);
		*upper = before & ~EPT_RWX;
		nested_flush();
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		nested_expect_violation(&n,
					VIOLATION_READ | VIOLATION_LINEAR | VIOLATION_TRANSLATION,
					ACCESS_READ, NESTED_OFFSET);
		*upper = before;
		nested_flush();
	}
}
