/* SPDX-License-Identifier: MIT */
/* Nested paging: the walk of the guest's tables, accessed and dirty bits, the order of faults. */
#include "nested.h"

#include <x86/apic.h>

SUITE("SVM: walks under nested paging", REQUIRES(svm_available() && cpu_has(X86_FEATURE_NPT)));

static u32 guest_levels(void)
{
	return sizeof(ulong) == 8 ? 4 : 3;
}

/* The entry of the guest's tables that is the first to be read at this level. */
static pte_t *guest_entry(struct nested *n, u32 level)
{
	/* The root is read for the code, too, before anything else. */
	if (level == guest_levels() - 1)
		return space_entry_at(n->guest, (ulong)svm_start(n->g), level);
	return space_entry_at(n->guest, n->address, level);
}

static pte_t *nested_entry(struct nested *n, const void *at)
{
	return space_entry_at(n->npt, ALIGN_DOWN((ulong)at, (ulong)PAGE_SIZE), 0);
}

TEST(npt_table_faults,
     "the guest's tables are read as by user writes; a fault of that has the entry's address and bit 33",
     SPEC("APM vol. 2, 15.25.5, 15.25.6"))
{
	static const struct {
		const char *name;
		u64 clear, info;
	} rows[] = {
		{ "absent", PTE_P, 0 },
		{ "read-only", PTE_W, PF_P },
		{ "supervisor", PTE_U, PF_P },
	};
	struct nested n = nested_new();

	for (u32 level = 0; level < guest_levels(); level++)
		for (u32 i = 0; i < ARRAY_SIZE(rows) * 3; i++) {
			const enum access access = i % 3;
			pte_t *entry, *own;

			SUBTEST("level%u-%s-%s", level, rows[i / 3].name,
				nested_access_names[access]);
			nested_reset(&n);
			nested_code(&n, access, NESTED_OFFSET);
			entry = guest_entry(&n, level);
			own = nested_entry(&n, entry);
			*own &= ~rows[i / 3].clear;
			nested_expect_fault(&n, rows[i / 3].info | PF_W | PF_U | NPF_TABLE,
					    (ulong)entry);
			*own |= rows[i / 3].clear;
		}
}

TEST(npt_table_no_execute,
     "NX on the page of a guest's table has no effect: it is not fetched from",
     SPEC("APM vol. 2, 15.25.5"), REQUIRES(cpu_has(X86_FEATURE_NX)))
{
	struct nested n = nested_new();

	for (u32 level = 0; level < guest_levels(); level++) {
		pte_t *own;

		SUBTEST("level%u", level);
		nested_reset(&n);
		nested_code(&n, ACCESS_FETCH, NESTED_OFFSET);
		own = nested_entry(&n, guest_entry(&n, level));
		*own |= PTE_NX;
		nested_expect_access(&n, ACCESS_FETCH, NESTED_OFFSET);
		*own &= ~PTE_NX;
	}
}

TEST(npt_table_dirty,
     "the walk of a guest's table sets accessed and dirty in the nested entry of its page",
     SPEC("APM vol. 2, 15.25.5"))
{
	struct nested n = nested_new();

	for (u32 level = 0; level < guest_levels(); level++) {
		pte_t *own;

		SUBTEST("level%u", level);
		nested_reset(&n);
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		own = nested_entry(&n, guest_entry(&n, level));
		*own &= ~(PTE_A | PTE_D);
		nested_expect_access(&n, ACCESS_READ, NESTED_OFFSET);
		EXPECT_EQ(*own & (PTE_A | PTE_D), PTE_A | PTE_D);
	}
}

TEST(npt_accessed_dirty,
     "an access sets accessed, and a write dirty, in the nested entries of the page",
     SPEC("APM vol. 2, 15.25.6"))
{
	struct nested n = nested_new();
	const u32 levels = sizeof(ulong) == 8 ? 4 : 2;

	for (u32 level = 0; level < levels; level++)
		for (u32 access = 0; access < 3; access++) {
			pte_t *entry;

			SUBTEST("level%u-%s", level, nested_access_names[access]);
			nested_reset(&n);
			nested_code(&n, access, NESTED_OFFSET);
			entry = space_entry_at(n.npt, n.address, level);
			*entry &= ~PTE_A;
			if (level == 0)
				*entry &= ~PTE_D;
			nested_expect_access(&n, access, NESTED_OFFSET);
			EXPECT_EQ(*entry & PTE_A, PTE_A);
			if (level == 0)
				EXPECT_EQ(*entry & PTE_D, access == ACCESS_WRITE ? PTE_D : 0ull);
		}
}

TEST(npt_guest_accessed_dirty,
     "accessed and dirty bits of the guest's own tables are set as without nested paging",
     SPEC("APM vol. 2, 15.25.6"))
{
	struct nested n = nested_new();
	const u32 levels = sizeof(ulong) == 8 ? 4 : 2;

	for (u32 level = 0; level < levels; level++)
		for (u32 access = 0; access < 3; access++) {
			pte_t *entry;

			SUBTEST("level%u-%s", level, nested_access_names[access]);
			nested_reset(&n);
			nested_code(&n, access, NESTED_OFFSET);
			entry = space_entry_at(n.guest, n.address, level);
			*entry &= ~PTE_A;
			if (level == 0)
				*entry &= ~PTE_D;
			nested_expect_access(&n, access, NESTED_OFFSET);
			EXPECT_EQ(*entry & PTE_A, PTE_A);
			if (level == 0)
				EXPECT_EQ(*entry & PTE_D, access == ACCESS_WRITE ? PTE_D : 0ull);
		}
}

/* What is wrong in both tables, and who sees it first. */
TEST(npt_fault_order,
     "nested faults of the guest's tables come first, then the guest's #PF, then the nested fault of the page",
     SPEC("APM vol. 2, 15.25.6"))
{
	struct nested n = nested_new();

	for (u32 i = 0; i < 16; i++) {
		const bool table_absent = i & 1, guest_absent = i & 2, guest_ro = i & 4,
			   page_absent = i & 8;
		pte_t *leaf, *own;

		SUBTEST("table%u-guest-absent%u-guest-ro%u-page%u", table_absent, guest_absent,
			guest_ro, page_absent);
		nested_reset(&n);
		space_map(n.guest, n.address, n.address, PAGE_SIZE, PROT_ALL);
		nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
		n.g->save->cr0 |= CR0_WP;
		leaf = space_entry_at(n.guest, n.address, 0);
		own = nested_entry(&n, leaf);
		if (guest_absent)
			*leaf &= ~PTE_P;
		if (guest_ro)
			*leaf &= ~PTE_W;
		if (page_absent)
			*space_entry_at(n.npt, n.address, 0) = 0;
		if (table_absent)
			*own &= ~PTE_P;
		if (table_absent) {
			nested_expect_fault(&n, PF_W | PF_U | NPF_TABLE, (ulong)leaf);
		} else if (guest_absent || guest_ro) {
			svm_run(n.g);
			EXPECT_EXIT(n.g, SVM_EXIT_EXCP(VEC_PF));
			EXPECT_EQ(n.g->control->exitinfo1, PF_W | (guest_absent ? 0 : PF_P));
			EXPECT_EQ(n.g->control->exitinfo2, (u64)(n.address + NESTED_OFFSET));
		} else if (page_absent) {
			nested_expect_fault(&n, PF_W | PF_U | NPF_FINAL, n.address + NESTED_OFFSET);
		} else {
			nested_expect_access(&n, ACCESS_WRITE, NESTED_OFFSET);
		}
		*own |= PTE_P;
	}
	space_map(n.guest, n.address, n.address, PAGE_SIZE, PROT_ALL);
}

TEST(npt_guest_fault_delivered,
     "a fault of the guest's tables is delivered in the guest with its linear address in CR2",
     SPEC("APM vol. 2, 15.25.6"))
{
	struct nested n = nested_new();

	for (u32 access = 0; access < 3; access++) {
		SUBTEST("%s", nested_access_names[access]);
		nested_reset(&n);
		space_unmap(n.guest, n.address, PAGE_SIZE);
		nested_code(&n, access, NESTED_OFFSET);
		svm_deliver(n.g);
		svm_run(n.g);
		EXPECT_DELIVERED(n.g, VEC_PF);
		EXPECT_EQ(svm_stack_word(n.g, 0), access == ACCESS_WRITE ? PF_W : 0ull);
		EXPECT_EQ(n.g->save->cr2, (u64)(n.address + NESTED_OFFSET));
		space_map(n.guest, n.address, n.address, PAGE_SIZE, PROT_ALL);
	}
}

TEST(npt_guest_permissions,
     "the guest's own permissions apply under nested paging: user pages, read-only pages, NX",
     SPEC("APM vol. 2, 15.25.7"))
{
	struct nested n = nested_new();

	for (u32 i = 0; i < 8 * 3 * 2; i++) {
		const u32 prot = i / 6, cpl = i % 2 ? 3 : 0;
		const enum access access = i / 2 % 3;
		const bool user = prot & PROT_USER, write = prot & PROT_WRITE,
			   exec = prot & PROT_EXEC;
		const bool refused = (cpl && !user) || (access == ACCESS_WRITE && !write) ||
				     (access == ACCESS_FETCH && !exec && cpu_has(X86_FEATURE_NX));

		SUBTEST("%s%s%s-%s-cpl%u", user ? "u" : "s", write ? "w" : "r", exec ? "x" : "n",
			nested_access_names[access], cpl);
		nested_reset(&n);
		space_map(n.guest, n.address, n.address, PAGE_SIZE, prot);
		if (cpl)
			svm_set_cpl(n.g, cpl);
		n.g->save->cr0 |= CR0_WP;
		if (cpu_has(X86_FEATURE_NX))
			n.g->save->efer |= EFER_NXE;
		nested_code(&n, access, NESTED_OFFSET);
		if (refused) {
			svm_run(n.g);
			EXPECT_EXIT(n.g, SVM_EXIT_EXCP(VEC_PF));
			EXPECT_EQ(n.g->control->exitinfo1,
				  PF_P | (cpl ? PF_U : 0) | (access == ACCESS_WRITE ? PF_W : 0) |
					  (access == ACCESS_FETCH ? PF_I : 0));
		} else {
			nested_expect_access(&n, access, NESTED_OFFSET);
		}
	}
	space_map(n.guest, n.address, n.address, PAGE_SIZE, PROT_ALL);
}

TEST(npt_fault_in_delivery,
     "a nested page fault of the delivery of an event reports the event in EXITINTINFO",
     SPEC("APM vol. 2, 15.7.2, 15.25.6"))
{
	struct nested n = nested_new();

	for (u32 i = 0; i < 2; i++) {
		const ulong target = i ? (ulong)n.g->stack_top - PAGE_SIZE : (ulong)n.g->idt;
		const u32 entry = SVM_NATIVE == SVM_LONG ? 16 : 8;

		SUBTEST("%s", i ? "stack" : "idt");
		nested_reset(&n);
		svm_code_bytes(n.g, "\xcd\x40", 2);
		*space_entry_at(n.npt, target, 0) = 0;
		svm_run(n.g);
		EXPECT_EXIT(n.g, SVM_EXIT_NPF);
		EXPECT_EQ(n.g->control->exitintinfo & 0xffffffff,
			  EVENT_V | EVENT_TYPE_SOFTWARE | 0x40);
		EXPECT_EQ(n.g->control->exitinfo1, PF_U | NPF_FINAL | (i ? PF_W : 0));
		if (!i)
			EXPECT_EQ(n.g->control->exitinfo2 & ~(u64)(entry - 1),
				  (u64)(target + 0x40 * entry));
		EXPECT_EQ(n.g->save->rip, svm_start(n.g));
		space_map(n.npt, target, target, PAGE_SIZE, PROT_ALL);
	}
}

TEST(npt_legacy_walks,
     "the walks of legacy guests' tables fault at their entries, of 32 bits and of 64",
     SPEC("APM vol. 2, 15.25.5, 15.25.10"))
{
	struct nested n = nested_new();
	static const enum svm_mode modes[] = { SVM_PAE, SVM_PAGED };

	for (u32 i = 0; i < 4; i++) {
		const enum svm_mode mode = modes[i / 2];
		struct svm_guest *g = n.g;
		ulong entry;

		/* The directory of PAE begins at the second page. */
		SUBTEST("%s-%s", svm_mode_name(mode), i % 2 ? "directory" : "root");
		svm_reset(g, mode);
		g->control->np_control = NP_ENABLE;
		g->control->n_cr3 = (ulong)n.npt->root;
		svm_code_bytes(g, "\x90", 1);
		if (mode == SVM_PAGED)
			entry = (ulong)g->tables + (svm_start(g) >> 22) * 4;
		else
			entry = i % 2 ? (ulong)g->tables + PAGE_SIZE + (svm_start(g) >> 21) * 8
				      : (ulong)g->tables + (svm_start(g) >> 30) * 8;
		*nested_entry(&n, (void *)entry) &= ~PTE_P;
		nested_expect_fault(&n, PF_W | PF_U | NPF_TABLE, entry);
		*nested_entry(&n, (void *)entry) |= PTE_P;
	}
}

TEST(npt_pae_pdpe_on_demand,
     "under nested paging a PDPE's reserved bits are no illegal state; the walk that uses it faults",
     SPEC("APM vol. 2, 15.25.10"))
{
	struct nested n = nested_new();
	struct svm_guest *g = n.g;

	for (u32 i = 0; i < 2; i++) {
		SUBTEST("%s", i ? "used" : "not-used");
		svm_reset(g, SVM_PAE);
		g->control->np_control = NP_ENABLE;
		g->control->n_cr3 = (ulong)n.npt->root;
		svm_code_bytes(g, "\x8b\x03", 2);
		g->registers.bx = i ? 0xc0000000 : (ulong)g->data;
		((u64 *)g->tables)[3] |= BIT(1);
		svm_run(g);
		if (i) {
			EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_PF));
			EXPECT_EQ(g->control->exitinfo1, PF_P | PF_RSVD);
		} else {
			EXPECT_DONE(g);
		}
	}
}

TEST(npt_mmio, "a guest-physical address can be that of a device", SPEC("APM vol. 2, 15.25.1"))
{
	struct nested n = nested_new();

	SUBTEST("read");
	nested_reset(&n);
	space_map(n.npt, n.address, APIC_DEFAULT_BASE, PAGE_SIZE, PROT_ALL);
	nested_code(&n, ACCESS_READ, APIC_ID);
	svm_run(n.g);
	EXPECT_DONE(n.g);
	EXPECT_EQ((u32)n.g->save->rax >> 24, apic_id());
	SUBTEST("write");
	nested_reset(&n);
	space_map(n.npt, n.address, APIC_DEFAULT_BASE, PAGE_SIZE, PROT_ALL);
	nested_code(&n, ACCESS_WRITE, APIC_TPR);
	n.g->save->rax = 0x50;
	svm_run(n.g);
	EXPECT_DONE(n.g);
	EXPECT_EQ(apic_read(APIC_TPR), 0x50u);
	apic_write(APIC_TPR, 0);
}
