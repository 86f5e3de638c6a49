/* SPDX-License-Identifier: MIT */
/* Nested paging: which modes of the host's and of the guest's have a say, and addresses above 4 GiB. */
#include "nested.h"

SUITE("SVM: modes under nested paging", REQUIRES(svm_available() && cpu_has(X86_FEATURE_NPT)));

static void host_and_guest_cr4(struct nested *n, ulong host, ulong guest, enum access access)
{
	nested_reset(n);
	n->g->save->cr4 |= guest;
	nested_code(n, access, NESTED_OFFSET);
	write_cr4(read_cr4() | host);
	nested_expect_access(n, access, NESTED_OFFSET);
	write_cr4(read_cr4() & ~host);
}

TEST(npt_host_cr4,
     "nested page table accesses are user accesses: neither SMEP nor SMAP nor PGE of the host or the guest refuses one",
     SPEC("APM vol. 2, 15.25.6, 15.25.7"))
{
	static const struct {
		const char *name;
		u32 feature;
		ulong cr4;
	} rows[] = {
		{ "smep", X86_FEATURE_SMEP, CR4_SMEP },
		{ "smap", X86_FEATURE_SMAP, CR4_SMAP },
		{ "pge", X86_FEATURE_PGE, CR4_PGE },
	};
	struct nested n = nested_new();

	/* Pages of the supervisor alone, in the host's space and in the guest's; the nested ones are the user's. */
	n.guest = space_create_supervisor();
	space_map(n.guest, n.address, n.address, PAGE_SIZE, PROT_WRITE | PROT_EXEC);
	space_switch(space_create_supervisor());
	for (u32 i = 0; i < ARRAY_SIZE(rows) * 4 * 3; i++) {
		const ulong cr4 = rows[i / 12].cr4;
		const bool host = i & 1, guest = i & 2;
		const enum access access = i / 4 % 3;

		if (!cpu_has(rows[i / 12].feature))
			continue;
		SUBTEST("host-%s%u-guest-%s%u-%s", rows[i / 12].name, host, rows[i / 12].name,
			guest, nested_access_names[access]);
		host_and_guest_cr4(&n, host ? cr4 : 0, guest ? cr4 : 0, access);
	}
}

/* P is always set here; whether it is together with RSV, other cases see. */
static void expect_nx_fault(struct nested *n, u64 exit, bool nxe, enum access access, u64 others)
{
	svm_run(n->g);
	if (!EXPECT_EXIT(n->g, exit))
		return;
	EXPECT_EQ(n->g->control->exitinfo1 | PF_P,
		  PF_P | others | (nxe ? PF_I : PF_RSVD) | (access == ACCESS_WRITE ? PF_W : 0));
	EXPECT_EQ(n->g->control->exitinfo2, (u64)(n->address + NESTED_OFFSET));
}

/* An access as host and guest have NXE; NX in the nested tables and in the guest's. */
static void check_nxe(struct nested *n, bool host, bool guest, bool nested_nx, bool guest_nx,
		      enum access access)
{
	const u64 efer = rdmsr(MSR_EFER);
	pte_t *nested_entry, *guest_entry;

	nested_reset(n);
	nested_entry = space_entry_at(n->npt, n->address, 0);
	guest_entry = space_entry_at(n->guest, n->address, 0);
	if (nested_nx)
		*nested_entry |= PTE_NX;
	if (guest_nx)
		*guest_entry |= PTE_NX;
	n->g->save->efer = (n->g->save->efer & ~EFER_NXE) | (guest ? EFER_NXE : 0);
	nested_code(n, access, NESTED_OFFSET);
	if (!host)
		wrmsr(MSR_EFER, efer & ~EFER_NXE);
	if (guest_nx && (!guest || access == ACCESS_FETCH))
		expect_nx_fault(n, SVM_EXIT_EXCP(VEC_PF), guest, access, 0);
	else if (nested_nx && (!host || access == ACCESS_FETCH))
		expect_nx_fault(n, SVM_EXIT_NPF, host, access, PF_U | NPF_FINAL);
	else
		nested_expect_access(n, access, NESTED_OFFSET);
	wrmsr(MSR_EFER, efer);
	*nested_entry &= ~PTE_NX;
	*guest_entry &= ~PTE_NX;
}

/* Without NXE no section says whether the ID bit tells of a fetch. */
TEST(npt_nxe,
     "NX in the nested tables follows the host's EFER.NXE, and NX in the guest's the guest's: without it, the bit is reserved",
     SPEC("APM vol. 2, 15.25.6, 15.25.7; 5.6.2"), REQUIRES(cpu_has(X86_FEATURE_NX)))
{
	struct nested n = nested_new();

	for (u32 i = 0; i < 16 * 3; i++) {
		const bool host = i & 1, guest = i & 2, nested_nx = i & 4, guest_nx = i & 8;
		const enum access access = i / 16;

		if (access == ACCESS_FETCH && ((nested_nx && !host) || (guest_nx && !guest)))
			continue;
		SUBTEST("host-nxe%u-guest-nxe%u-nested-%s-guest-%s-%s", host, guest,
			nested_nx ? "nx" : "x", guest_nx ? "nx" : "x", nested_access_names[access]);
		check_nxe(&n, host, guest, nested_nx, guest_nx, access);
	}
}

/* Guest-physical memory that is nowhere else. */
#define HIGH BIT(32)

/* Tables of the guest that are above 4 GiB, guest-physically, and not below: their physical addresses, from the root on. */
static void move_tables(struct nested *n, ulong tables[4], pte_t *entries[4])
{
	tables[0] = (ulong)n->guest->root;
	for (u32 i = 0; i < 4; i++) {
		entries[i] = space_entry_at(n->guest, n->address, 3 - i);
		tables[i] = ALIGN_DOWN((ulong)entries[i], (ulong)PAGE_SIZE);
	}
	for (u32 i = 0; i < 4; i++) {
		if (i < 3)
			*entries[i] |= HIGH;
		space_unmap(n->npt, tables[i], PAGE_SIZE);
		space_map(n->npt, HIGH + tables[i], tables[i], PAGE_SIZE, PROT_ALL);
	}
}

TEST(npt_high_tables,
     "the guest's tables can be above 4 GiB, and so can CR3, also in a fault's EXITINFO2",
     SPEC("APM vol. 2, 15.25.1, 15.25.5, 15.25.6"), REQUIRES(sizeof(ulong) == 8))
{
	struct nested n = nested_new();
	ulong tables[4];
	pte_t *entries[4];

	move_tables(&n, tables, entries);
	for (u32 access = 0; access < 3; access++) {
		SUBTEST("%s", nested_access_names[access]);
		nested_reset(&n);
		n.g->save->cr3 += HIGH;
		nested_code(&n, access, NESTED_OFFSET);
		nested_expect_access(&n, access, NESTED_OFFSET);
		EXPECT_EQ(n.g->save->cr3, HIGH + tables[0]);
	}
	SUBTEST("mov-cr3");
	nested_reset(&n);
	space_map(n.npt, 2 * HIGH + tables[0], tables[0], PAGE_SIZE, PROT_ALL);
	n.g->save->cr3 += HIGH;
	svm_code_bytes(n.g, "\x0f\x22\xd8", 3);
	n.g->save->rax = 2 * HIGH + tables[0];
	svm_run(n.g);
	EXPECT_DONE(n.g);
	EXPECT_EQ(n.g->save->cr3, 2 * HIGH + tables[0]);
	for (u32 i = 0; i < 4; i++) {
		const ulong entry = i ? (ulong)entries[i]
				      : tables[0] + (svm_start(n.g) >> 39 & 0x1ff) * 8;

		SUBTEST("fault-level%u", 3 - i);
		nested_reset(&n);
		n.g->save->cr3 += HIGH;
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		space_unmap(n.npt, HIGH + tables[i], PAGE_SIZE);
		nested_expect_fault(&n, PF_W | PF_U | NPF_TABLE, HIGH + entry);
		space_map(n.npt, HIGH + tables[i], tables[i], PAGE_SIZE, PROT_ALL);
	}
}
