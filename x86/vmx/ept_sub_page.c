/* SPDX-License-Identifier: MIT */
/* Write permission by parts of 128 bytes: SDM vol. 3C of later editions, 24.6.21; 28.2.4. */
#include "nested.h"

SUITE("VMX: sub-page write permissions",
      REQUIRES(vmx_available() && vmx_has_ept() &&
	       vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_SUB_PAGE_WRITE)));

#define SUB_PAGE 128
#define LEVELS	 4

/* Qualification of an SPP-related event. */
#define SPP_MISS	  BIT(11)
#define SPP_MISCONFIGURED 0

/* The entry of the table of each level that the page's address is at; level 0 has the permissions. */
struct sub_pages {
	u64 *entry[LEVELS];
};

static struct sub_pages make_table(struct nested *n)
{
	struct sub_pages s;
	u64 *table = page_alloc();

	vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_SUB_PAGE_WRITE);
	vmcs_write(VMCS_SPPTP, (ulong)table);
	for (u32 level = LEVELS; level--;) {
		s.entry[level] = &table[(u64)n->address >> (12 + 9 * level) & 511];
		if (level) {
			table = page_alloc();
			*s.entry[level] = (ulong)table | 1;
		}
	}
	return s;
}

/* The page is read-only by EPT, and names its sub-pages. */
static void protect(struct nested *n)
{
	*nested_entry(n, 0) = (*nested_entry(n, 0) & ~EPT_RWX) | EPT_R | EPT_X | EPT_SUB_PAGE;
	nested_flush();
}

static void expect_violation(struct nested *n, u32 offset, u64 entry)
{
	nested_expect_violation(n,
				VIOLATION_WRITE | VIOLATION_ENTRY(entry) | VIOLATION_LINEAR |
					VIOLATION_TRANSLATION,
				ACCESS_WRITE, offset);
}

static void expect_event(struct nested *n, u64 qualification)
{
	vmx_run(n->g);
	EXPECT_VMX_EXIT(n->g, VMX_EXIT_SPP);
	EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION), qualification);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS), (u64)(n->address + NESTED_OFFSET));
	EXPECT_EQ(vmcs_read(VMCS_GUEST_LINEAR_ADDRESS), (u64)(n->address + NESTED_OFFSET));
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(n->g));
	EXPECT_EQ(*(u32 *)(n->page + NESTED_OFFSET), 0x90c1010fu);
}

TEST(sub_page_writes,
     "a write to a read-only page is allowed by bit 2n of the sub-page-permission vector, for the n-th 128 bytes",
     SPEC("SDM vol. 3C of later editions, 28.2.4"))
{
	struct nested n = nested_new();
	struct sub_pages s;

	for (u32 part = 0; part < PAGE_SIZE / SUB_PAGE; part++)
		for (u32 allowed = 0; allowed < 2; allowed++) {
			/* The first and the last four bytes of it. */
			const u32 offset = part * SUB_PAGE + (part & 1 ? SUB_PAGE - 4 : 0);
			const u64 own = BIT(2 * part);

			SUBTEST("part-%u-%s", part, allowed ? "allowed" : "refused");
			nested_reset(&n);
			s = make_table(&n);
			*s.entry[0] = allowed ? own : 0x5555555555555555ull & ~own;
			nested_code(&n, ACCESS_WRITE, offset);
			protect(&n);
			if (allowed)
				nested_expect_access(&n, ACCESS_WRITE, offset);
			else
				expect_violation(&n, offset, EPT_R | EPT_X);
		}
}

TEST(sub_page_reads, "reads and fetches are no matter of sub-page permissions",
     SPEC("SDM vol. 3C of later editions, 28.2.4"))
{
	struct nested n = nested_new();

	for (u32 access = 0; access < 3; access += 2)
		for (u32 entry = 0; entry < 2; entry++) {
			SUBTEST("%s-%s", nested_access_names[access],
				entry ? "misconfigured" : "none-allowed");
			nested_reset(&n);
			*make_table(&n).entry[0] = entry ? BIT(1) : 0;
			nested_code(&n, access, NESTED_OFFSET);
			protect(&n);
			nested_expect_access(&n, access, NESTED_OFFSET);
		}
}

TEST(sub_page_not_eligible,
     "sub-page permissions are for a page whose entry has bit 61, which may be read but not written, and only with "
     "the control",
     SPEC("SDM vol. 3C of later editions, 28.2.4"))
{
	struct nested n = nested_new();

	SUBTEST("no-bit-61");
	*make_table(&n).entry[0] = ~0ull / 3;
	nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
	protect(&n);
	*nested_entry(&n, 0) &= ~EPT_SUB_PAGE;
	nested_flush();
	expect_violation(&n, NESTED_OFFSET, EPT_R | EPT_X);

	SUBTEST("not-readable");
	if (vmx_ept_vpid_cap() & BIT(0)) {
		nested_reset(&n);
		*make_table(&n).entry[0] = ~0ull / 3;
		nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
		protect(&n);
		*nested_entry(&n, 0) &= ~EPT_R;
		nested_flush();
		expect_violation(&n, NESTED_OFFSET, EPT_X);
	} else {
		SKIP_ROW("no execute-only translations");
	}

	SUBTEST("large-page");
	if (vmx_ept_vpid_cap() & BIT(16)) {
		u8 *block = pages_alloc(512, 512 * PAGE_SIZE);
		struct nested large = nested_new();

		*make_table(&large).entry[0] = ~0ull / 3;
		nested_code(&large, ACCESS_WRITE, NESTED_OFFSET);
		space_map_page(large.ept, large.address, (ulong)block, 1, PROT_EXEC);
		*space_entry_at(large.ept, large.address, 1) |= EPT_SUB_PAGE;
		nested_flush();
		expect_violation(&large, NESTED_OFFSET, EPT_R | EPT_X);
		nested_reset(&n);
	} else {
		SKIP_ROW("no pages of 2 MiB");
	}

	SUBTEST("no-control");
	nested_reset(&n);
	*make_table(&n).entry[0] = ~0ull / 3;
	vmcs_clear(VMCS_SECONDARY_CONTROLS, CPU2_SUB_PAGE_WRITE);
	nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
	protect(&n);
	expect_violation(&n, NESTED_OFFSET, EPT_R | EPT_X);

	SUBTEST("writable");
	nested_reset(&n);
	*make_table(&n).entry[0] = 0;
	nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
	protect(&n);
	*nested_entry(&n, 0) |= EPT_W;
	nested_flush();
	nested_expect_access(&n, ACCESS_WRITE, NESTED_OFFSET);
}

TEST(sub_page_miss, "an entry of the sub-page-permission table that is not valid is an SPP miss",
     SPEC("SDM vol. 3C of later editions, 28.2.4; 27.2.1"))
{
	struct nested n = nested_new();

	for (u32 level = 1; level < LEVELS; level++) {
		SUBTEST("level-%u", level);
		nested_reset(&n);
		*make_table(&n).entry[level] &= ~1ull;
		nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
		protect(&n);
		expect_event(&n, SPP_MISS);
	}
}

TEST(sub_page_misconfiguration,
     "a reserved bit in an entry of the sub-page-permission table, or an odd one in the vector, is an SPP misconfiguration",
     SPEC("SDM vol. 3C of later editions, 28.2.4; 27.2.1"))
{
	struct nested n = nested_new();

	for (u32 bit = 1; bit < 64; bit += 2) {
		SUBTEST("vector-bit-%u", bit);
		nested_reset(&n);
		*make_table(&n).entry[0] = BIT(bit) | ~0ull / 3;
		nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
		protect(&n);
		expect_event(&n, SPP_MISCONFIGURED);
	}
	for (u32 level = 1; level < LEVELS; level++)
		for_each_set_bit(bit, BITS(11, 1) | BITS(63, cpu_physical_bits())) {
			SUBTEST("level-%u-bit-%llu", level, bit);
			nested_reset(&n);
			*make_table(&n).entry[level] |= BIT(bit);
			nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
			protect(&n);
			expect_event(&n, SPP_MISCONFIGURED);
		}
}
