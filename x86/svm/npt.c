/* SPDX-License-Identifier: MIT */
/* Nested paging: permissions, faults, what is translated. APM vol. 2, 15.25. */
#include "nested.h"

#include <string.h>

SUITE("SVM: nested paging", REQUIRES(svm_available() && cpu_has(X86_FEATURE_NPT)));

/* On i386 the top level is PDPTEs, which have no permissions. */
static u32 permission_levels(void)
{
	return sizeof(ulong) == 8 ? 4 : 2;
}

static const u64 permission_bits[4] = { PTE_P, PTE_W, PTE_U, PTE_NX };

/* What the walk of the nested tables answers to an access, if the entry has these bits. */
static u64 model_fault(u64 bits, enum access access)
{
	const u64 info = nested_info(access) | NPF_FINAL;

	if (!(bits & PTE_P))
		return info;
	if (!(bits & PTE_U) || (access == ACCESS_WRITE && !(bits & PTE_W)) ||
	    (access == ACCESS_FETCH && (bits & PTE_NX)))
		return info | PF_P;
	return 0;
}

TEST(npt_permissions,
     "an access to guest-physical memory needs the permissions of a user access at every level of the nested tables",
     SPEC("APM vol. 2, 15.25.5, 15.25.6, 15.25.7"), REQUIRES(cpu_has(X86_FEATURE_NX)))
{
	struct nested n = nested_new();

	for (u32 level = 0; level < permission_levels(); level++)
		for (u32 i = 0; i < 16 * 3; i++) {
			const enum access access = i % 3;
			u64 bits = 0, fault;
			pte_t *entry;

			for (u32 j = 0; j < 4; j++)
				bits |= i / 3 & BIT(j) ? permission_bits[j] : 0;
			SUBTEST("level%u-%s%s%s%s-%s", level, bits & PTE_P ? "p" : "-",
				bits & PTE_W ? "w" : "-", bits & PTE_U ? "u" : "-",
				bits & PTE_NX ? "nx" : "x", nested_access_names[access]);
			nested_reset(&n);
			entry = space_entry_at(n.npt, n.address, level);
			*entry = (*entry & ~(PTE_P | PTE_W | PTE_U | PTE_NX)) | bits;
			nested_code(&n, access, NESTED_OFFSET);
			fault = model_fault(bits, access);
			if (fault)
				nested_expect_fault(&n, fault, n.address + NESTED_OFFSET);
			else
				nested_expect_access(&n, access, NESTED_OFFSET);
			*entry = (*entry & ~PTE_NX) | PTE_P | PTE_W | PTE_U;
		}
}

TEST(npt_cpl3, "the guest's privilege has no say in the nested tables",
     SPEC("APM vol. 2, 15.25.5, 15.25.7"))
{
	struct nested n = nested_new();

	for (u32 i = 0; i < 3 * 3; i++) {
		const enum access access = i % 3;
		const u64 bits = i / 3 == 0   ? PTE_P | PTE_W | PTE_U
				 : i / 3 == 1 ? PTE_P | PTE_U
					      : PTE_P | PTE_W;
		const u64 fault = model_fault(bits, access);
		pte_t *entry;

		SUBTEST("%s-%s",
			i / 3 == 0   ? "all"
			: i / 3 == 1 ? "read-only"
				     : "supervisor",
			nested_access_names[access]);
		nested_reset(&n);
		svm_set_cpl(n.g, 3);
		entry = space_entry_at(n.npt, n.address, 0);
		*entry = (*entry & ~(PTE_P | PTE_W | PTE_U)) | bits;
		nested_code(&n, access, NESTED_OFFSET);
		if (fault)
			nested_expect_fault(&n, fault, n.address + NESTED_OFFSET);
		else
			nested_expect_access(&n, access, NESTED_OFFSET);
	}
}

TEST(npt_fault_state, "a nested page fault exits at the instruction, before it has done anything",
     SPEC("APM vol. 2, 15.25.6"))
{
	struct nested n = nested_new();

	for (u32 access = 0; access < 3; access++) {
		SUBTEST("%s", nested_access_names[access]);
		nested_reset(&n);
		intercept_patterns(n.g);
		*space_entry_at(n.npt, n.address, 0) = 0;
		nested_code(&n, access, 0);
		svm_run(n.g);
		EXPECT_EXIT(n.g, SVM_EXIT_NPF);
		EXPECT_EQ(n.g->save->rip, access == ACCESS_FETCH ? (u64)n.address : svm_start(n.g));
		EXPECT_EQ(n.g->save->rax, 0x12345678ull);
		EXPECT_EQ(n.g->control->exitintinfo & EVENT_V, 0ull);
		EXPECT_EQ(n.g->control->n_cr3, (u64)(ulong)n.npt->root);
	}
}

TEST(npt_fault_address,
     "EXITINFO2 of a nested page fault is the guest-physical address, to the byte",
     SPEC("APM vol. 2, 15.25.6"))
{
	static const u32 offsets[] = { 0, 1, 7, 8, 0x123, 0x800, 0xff0, 0xffc };
	struct nested n = nested_new();

	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++) {
		SUBTEST("offset-%#x", offsets[i]);
		nested_reset(&n);
		*space_entry_at(n.npt, n.address, 0) = 0;
		nested_code(&n, ACCESS_WRITE, offsets[i]);
		nested_expect_fault(&n, PF_U | PF_W | NPF_FINAL, n.address + offsets[i]);
	}
}

TEST(npt_repaired, "a guest goes on where the nested page fault was, when its cause is gone",
     SPEC("APM vol. 2, 15.25.6"))
{
	struct nested n = nested_new();

	for (u32 access = 0; access < 3; access++) {
		SUBTEST("%s", nested_access_names[access]);
		nested_reset(&n);
		*space_entry_at(n.npt, n.address, 0) = 0;
		nested_code(&n, access, NESTED_OFFSET);
		nested_expect_fault(&n, nested_info(access) | NPF_FINAL, n.address + NESTED_OFFSET);
		space_map(n.npt, n.address, (ulong)n.page, PAGE_SIZE, PROT_ALL);
		nested_expect_access(&n, access, NESTED_OFFSET);
	}
}

TEST(npt_remapped, "the nested tables decide which page a guest-physical address is",
     SPEC("APM vol. 2, 15.25.1, 15.25.5"))
{
	struct nested n = nested_new();
	u8 *first = n.page, *second = page_alloc();

	for (u32 i = 0; i < 4; i++) {
		SUBTEST("round-%u", i);
		n.page = i % 2 ? second : first;
		nested_reset(&n);
		*(u32 *)(first + 0x40) = 0x11111111;
		*(u32 *)(second + 0x40) = 0x22222222;
		nested_code(&n, ACCESS_READ, 0x40);
		nested_expect_access(&n, ACCESS_READ, 0x40);
		EXPECT_EQ((u32)n.g->save->rax, i % 2 ? 0x22222222u : 0x11111111u);
	}
}

TEST(npt_large_pages, "large pages in the nested tables translate with all bits of their offset",
     SPEC("APM vol. 2, 15.25.5, 15.25.9"))
{
	struct nested n = nested_new();
	u8 *run = pages_alloc(512, 2 * MiB);

	for (u32 level = 0; level <= 1; level++)
		for (u32 i = 0; i < 9; i++) {
			const ulong offset = level ? (ulong)PAGE_SIZE << i : 0;
			const ulong target = n.address + offset;

			if (!level && i)
				break;
			SUBTEST("level%u-offset-%#lx", level, offset);
			nested_reset(&n);
			/* The guest's page is of 4 KiB, whatever the nested one is. */
			space_map(n.guest, n.address, n.address, 2 * MiB, PROT_ALL);
			space_map_page(n.npt, n.address, (ulong)run, level, PROT_ALL);
			*(u32 *)(run + offset + 0x18) = 0x33330000 + i;
			nested_code(&n, ACCESS_READ, 0x18);
			n.g->registers.bx = target + 0x18;
			svm_run(n.g);
			EXPECT_DONE(n.g);
			EXPECT_EQ((u32)n.g->save->rax, 0x33330000 + i);
			space_unmap(n.npt, n.address, 2 * MiB);
		}
}

TEST(npt_reserved_bits, "a reserved bit in an entry of the nested tables is a fault with RSV",
     SPEC("APM vol. 2, 15.25.6; 5.3.3"))
{
	struct nested n = nested_new();
	const u32 top = sizeof(ulong) == 8 ? 3 : 1;

	for (u32 level = 0; level <= top; level++) {
		u64 bits = BITS(51, cpu_physical_bits());

		if (level == 3)
			bits |= PTE_PS;
		for_each_set_bit(bit, bits) {
			pte_t *entry;

			SUBTEST("level%u-bit-%llu", level, bit);
			nested_reset(&n);
			entry = space_entry_at(n.npt, n.address, level);
			*entry |= BIT(bit);
			nested_code(&n, ACCESS_READ, NESTED_OFFSET);
			nested_expect_fault(&n, PF_P | PF_U | PF_RSVD | NPF_FINAL,
					    n.address + NESTED_OFFSET);
			*entry &= ~BIT(bit);
		}
	}
	for (u32 bit = 13; bit < 21; bit++) {
		SUBTEST("large-page-bit-%u", bit);
		nested_reset(&n);
		space_map_page(n.npt, n.address, 2 * MiB, 1, PROT_ALL);
		*space_entry_at(n.npt, n.address, 1) |= BIT(bit);
		nested_code(&n, ACCESS_READ, NESTED_OFFSET);
		nested_expect_fault(&n, PF_P | PF_U | PF_RSVD | NPF_FINAL,
				    n.address + NESTED_OFFSET);
		space_unmap(n.npt, n.address, 2 * MiB);
	}
}

TEST(npt_write_protection,
     "neither the host's nor the guest's CR0.WP makes a page writable that the nested tables have read-only",
     SPEC("APM vol. 2, 15.25.7"))
{
	struct nested n = nested_new();

	for (u32 i = 0; i < 8; i++) {
		const bool host_wp = i & 1, guest_wp = i & 2, nested_w = i & 4;

		SUBTEST("host-wp%u-guest-wp%u-%s", host_wp, guest_wp, nested_w ? "w" : "ro");
		nested_reset(&n);
		space_protect(n.npt, n.address, PAGE_SIZE,
			      PROT_ALL & (nested_w ? ~0u : ~PROT_WRITE));
		nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
		n.g->save->cr0 = (n.g->save->cr0 & ~CR0_WP) | (guest_wp ? CR0_WP : 0);
		write_cr0(host_wp ? read_cr0() | CR0_WP : read_cr0() & ~CR0_WP);
		if (nested_w)
			nested_expect_access(&n, ACCESS_WRITE, NESTED_OFFSET);
		else
			nested_expect_fault(&n, PF_P | PF_W | PF_U | NPF_FINAL,
					    n.address + NESTED_OFFSET);
		write_cr0(read_cr0() | CR0_WP);
	}
}

TEST(npt_guest_write_protection,
     "a page that the guest's tables have read-only is written by CR0.WP of the guest, if the nested tables allow it",
     SPEC("APM vol. 2, 15.25.7"))
{
	struct nested n = nested_new();

	for (u32 i = 0; i < 4; i++) {
		const bool guest_wp = i & 1, host_wp = i & 2;

		SUBTEST("guest-wp%u-host-wp%u", guest_wp, host_wp);
		nested_reset(&n);
		space_protect(n.guest, n.address, PAGE_SIZE, PROT_ALL & ~PROT_WRITE);
		nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
		n.g->save->cr0 = (n.g->save->cr0 & ~CR0_WP) | (guest_wp ? CR0_WP : 0);
		write_cr0(host_wp ? read_cr0() | CR0_WP : read_cr0() & ~CR0_WP);
		if (guest_wp) {
			svm_run(n.g);
			EXPECT_EXIT(n.g, SVM_EXIT_EXCP(VEC_PF));
			EXPECT_EQ(n.g->control->exitinfo1, PF_P | PF_W);
			EXPECT_EQ(n.g->control->exitinfo2, (u64)(n.address + NESTED_OFFSET));
		} else {
			nested_expect_access(&n, ACCESS_WRITE, NESTED_OFFSET);
		}
		write_cr0(read_cr0() | CR0_WP);
	}
}

static void npt_modes(enum svm_mode mode)
{
	struct nested n = nested_new();
	static const u8 store[] = { 0x89,
				    0x03 }; /* MOV [BX], EAX; in 16-bit code MOV [BP+DI], AX */

	for (u32 fault = 0; fault < 2; fault++) {
		struct svm_guest *g = n.g;
		u8 *data = mode >= SVM_PROTECTED16 ? low8(MODE_SS) : g->data;

		SUBTEST("%s", fault ? "fault" : "access");
		svm_reset(g, mode);
		g->control->np_control = NP_ENABLE;
		g->control->n_cr3 = (ulong)n.npt->root;
		svm_code_bytes(g, store, sizeof(store));
		g->registers.bx = (ulong)g->data;
		g->save->rax = 0x7788;
		*(u32 *)data = 0;
		space_map(n.npt, (ulong)data, (ulong)data, PAGE_SIZE,
			  PROT_ALL & (fault ? ~PROT_WRITE : ~0u));
		if (fault) {
			nested_expect_fault(&n, PF_P | PF_W | PF_U | NPF_FINAL, (ulong)data);
			EXPECT_EQ(*(u32 *)data, 0u);
		} else {
			svm_run(g);
			EXPECT_DONE(g);
			EXPECT_EQ(*(u32 *)data, 0x7788u);
		}
		space_map(n.npt, (ulong)data, (ulong)data, PAGE_SIZE, PROT_ALL);
	}
}

TEST_IN_MODES(npt_modes, "guests of every mode run under nested paging, and have its faults",
	      SPEC("APM vol. 2, 15.25.5, 15.25.6"))

TEST(npt_off, "with NP_ENABLE clear, the nested tables mean nothing", SPEC("APM vol. 2, 15.25.3"))
{
	struct nested n = nested_new();

	for (u32 access = 0; access < 3; access++) {
		SUBTEST("%s", nested_access_names[access]);
		nested_reset(&n);
		space_map(n.guest, n.address, (ulong)n.page, PAGE_SIZE, PROT_ALL);
		n.g->control->np_control = 0;
		n.g->control->n_cr3 = 0x1000;
		nested_code(&n, access, NESTED_OFFSET);
		nested_expect_access(&n, access, NESTED_OFFSET);
	}
}

TEST(npt_off_in_host, "#VMEXIT disables nested paging: the host's accesses are the host's own",
     SPEC("APM vol. 2, 15.25.3"))
{
	struct nested n = nested_new();
	u8 *other = page_alloc();

	*(u32 *)n.g->data = 0x1234;
	*(u32 *)other = 0x5678;
	nested_code(&n, ACCESS_READ, 0);
	space_map(n.npt, (ulong)n.g->data, (ulong)other, PAGE_SIZE, PROT_ALL);
	n.g->registers.bx = (ulong)n.g->data;
	svm_run(n.g);
	EXPECT_DONE(n.g);
	EXPECT_EQ((u32)n.g->save->rax, 0x5678u);
	EXPECT_EQ(READ_ONCE(*(u32 *)n.g->data), 0x1234u);
}

TEST(npt_vmcb_is_physical,
     "the VMCB and the permission maps are at physical addresses, whatever the nested tables say",
     SPEC("APM vol. 2, 15.5.1, 15.10.1, 15.11"))
{
	struct nested n = nested_new();
	static const u8 in_al[] = { 0xe4, 0x80 }, rdmsr_code[] = { 0x0f, 0x32 };

	space_unmap(n.npt, (ulong)n.g->vmcb, PAGE_SIZE);
	space_unmap(n.npt, (ulong)n.g->iopm, 3 * PAGE_SIZE);
	space_unmap(n.npt, (ulong)n.g->msrpm, 2 * PAGE_SIZE);
	SUBTEST("ioio");
	svm_code_bytes(n.g, in_al, sizeof(in_al));
	svm_intercept(n.g, SVM_EXIT_IOIO, true);
	svm_intercept_port(n.g, 0x80, true);
	intercept_run_and_expect(n.g, SVM_EXIT_IOIO);
	SUBTEST("msr");
	nested_reset(&n);
	svm_code_bytes(n.g, rdmsr_code, sizeof(rdmsr_code));
	n.g->registers.cx = MSR_IA32_PAT;
	svm_intercept(n.g, SVM_EXIT_MSR, true);
	svm_intercept_msr(n.g, MSR_IA32_PAT, true, true);
	intercept_run_and_expect(n.g, SVM_EXIT_MSR);
}
