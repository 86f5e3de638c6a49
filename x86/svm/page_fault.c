/* SPDX-License-Identifier: MIT */
/* Page faults of a guest's own tables: the error code that an exit has. APM vol. 2, 15.12.15; 8.4.2. */
#include "nested.h"

SUITE("SVM: page faults of guests", REQUIRES(svm_available()));

/* What the entry of the page has, and at which privilege the guest is. */
struct fault_row {
	const char *name;
	u64 clear, set;
	u32 cpl;
	bool faults[3]; /* by access */
	u64 code;	/* beside what the access itself has */
};

static void check(bool nested)
{
	static const struct fault_row rows[] = {
		{ "absent", PTE_P, 0, 0, { true, true, true }, 0 },
		{ "read-only", PTE_W, 0, 0, { false, true, false }, PF_P },
		{ "read-only-cpl3", PTE_W, 0, 3, { false, true, false }, PF_P | PF_U },
		{ "absent-cpl3", PTE_P, 0, 3, { true, true, true }, PF_U },
		{ "supervisor", PTE_U, 0, 0, { false, false, false }, 0 },
		{ "supervisor-cpl3", PTE_U, 0, 3, { true, true, true }, PF_P | PF_U },
		{ "nx", 0, PTE_NX, 0, { false, false, true }, PF_P },
		{ "nx-cpl3", 0, PTE_NX, 3, { false, false, true }, PF_P | PF_U },
		{ "allowed", 0, 0, 0, { false, false, false }, 0 },
		{ "allowed-cpl3", 0, 0, 3, { false, false, false }, 0 },
	};
	struct nested n = nested_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows) * 3; i++) {
		const struct fault_row *row = &rows[i / 3];
		const enum access access = i % 3;
		pte_t *entry;

		if ((row->set & PTE_NX) && !cpu_has(X86_FEATURE_NX))
			continue;
		SUBTEST("%s-%s", row->name, nested_access_names[access]);
		nested_reset(&n);
		space_map(n.guest, n.address, nested ? n.address : (ulong)n.page, PAGE_SIZE,
			  PROT_ALL);
		if (!nested)
			n.g->control->np_control = 0;
		entry = space_entry_at(n.guest, n.address, 0);
		*entry = (*entry & ~row->clear) | row->set;
		if (row->cpl)
			svm_set_cpl(n.g, row->cpl);
		n.g->save->cr0 |= CR0_WP;
		if (cpu_has(X86_FEATURE_NX))
			n.g->save->efer |= EFER_NXE;
		nested_code(&n, access, NESTED_OFFSET);
		if (!row->faults[access]) {
			nested_expect_access(&n, access, NESTED_OFFSET);
			continue;
		}
		svm_run(n.g);
		EXPECT_EXIT(n.g, SVM_EXIT_EXCP(VEC_PF));
		EXPECT_EQ(n.g->control->exitinfo1,
			  row->code | (access == ACCESS_WRITE ? PF_W : 0) |
				  (access == ACCESS_FETCH && cpu_has(X86_FEATURE_NX) ? PF_I : 0));
		EXPECT_EQ(n.g->control->exitinfo2, (u64)(n.address + NESTED_OFFSET));
		EXPECT_EQ(n.g->save->cpl, row->cpl);
	}
}

TEST(page_fault_info,
     "EXITINFO1 of an intercepted page fault is its error code, EXITINFO2 its address",
     SPEC("APM vol. 2, 15.12.15; 8.4.2"))
{
	check(false);
}

TEST(page_fault_info_nested, "under nested paging, faults of the guest's own tables are the same",
     SPEC("APM vol. 2, 15.12.15; 15.25.6"), REQUIRES(cpu_has(X86_FEATURE_NPT)))
{
	check(true);
}

TEST(page_fault_reserved, "a reserved bit in the guest's own tables is a page fault with RSV",
     SPEC("APM vol. 2, 15.12.15; 8.4.2"))
{
	struct nested n = nested_new();

	for (u32 bit = cpu_physical_bits(); bit < 52; bit++) {
		SUBTEST("bit-%u", bit);
		nested_reset(&n);
		space_map(n.guest, n.address, (ulong)n.page, PAGE_SIZE, PROT_ALL);
		n.g->control->np_control = 0;
		*space_entry_at(n.guest, n.address, 0) |= BIT(bit);
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		svm_run(n.g);
		EXPECT_EXIT(n.g, SVM_EXIT_EXCP(VEC_PF));
		EXPECT_EQ(n.g->control->exitinfo1 & PF_RSVD, PF_RSVD);
		EXPECT_EQ(n.g->control->exitinfo2, (u64)(n.address + NESTED_OFFSET));
	}
}
