/* SPDX-License-Identifier: MIT */
#include "nested.h"

#include <string.h>

const char *const nested_access_names[3] = {
	[ACCESS_READ] = "read",
	[ACCESS_WRITE] = "write",
	[ACCESS_FETCH] = "fetch",
};

bool nested_has_own_root_entry(void)
{
	return sizeof(ulong) == 8 && cpu_physical_bits() > 39;
}

/* Nothing else is below the same entry of any table, the root excepted where that cannot be. */
static ulong own_address(void)
{
	if (sizeof(ulong) == 4)
		return 0xc0000000ul;
	return (ulong)BIT(nested_has_own_root_entry() ? 39 : 38);
}

bool nested_has_accessed_dirty(void)
{
	return vmx_ept_vpid_cap() & BIT(21);
}

void nested_flush(void)
{
	EXPECT_VMX(invept_try(2, (struct vmx_descriptor){ 0, 0 }), VMX_SUCCEED);
}

static void fill_page(struct nested *n)
{
	static const u8 vmcall[] = { 0x0f, 0x01, 0xc1, 0x90 };

	for (u32 i = 0; i < PAGE_SIZE; i += sizeof(vmcall))
		memcpy(n->page + i, vmcall, sizeof(vmcall));
}

void nested_reset(struct nested *n)
{
	vmx_reset(n->g);
	space_map(n->ept, n->address, (ulong)n->page, PAGE_SIZE, PROT_ALL);
	vmcs_write(VMCS_GUEST_CR3, (ulong)n->guest->root);
	vmx_use_eptp((ulong)n->ept->root | EPTP_WB | EPTP_WALK_4 |
		     (n->accessed_dirty ? EPTP_ACCESSED_DIRTY : 0));
	fill_page(n);
}

struct nested nested_new(void)
{
	struct nested n = {
		.g = vmx_new(),
		.ept = space_create_like_kernel(&vmx_ept_format, PROT_ALL),
		.guest = space_create(),
		.page = page_alloc(),
		.address = own_address(),
	};

	space_map(n.guest, n.address, n.address, PAGE_SIZE, PROT_ALL);
	nested_reset(&n);
	return n;
}

pte_t *nested_entry(struct nested *n, u32 level)
{
	return space_entry_at(n->ept, n->address, level);
}

pte_t *nested_entry_of(struct nested *n, const void *at)
{
	return space_entry_at(n->ept, ALIGN_DOWN((ulong)at, (ulong)PAGE_SIZE), 0);
}

void nested_code(struct nested *n, enum access access, u32 offset)
{
	static const u8 codes[3][2] = {
		[ACCESS_READ] = { 0x8b, 0x03 },	 /* MOV EAX, [BX] */
		[ACCESS_WRITE] = { 0x89, 0x03 }, /* MOV [BX], EAX */
		[ACCESS_FETCH] = { 0xff, 0xe3 }, /* JMP BX */
	};

	vmx_code(n->g, codes[access], 2);
	n->g->registers.bx = n->address + offset;
	n->g->registers.ax = 0x12345678;
}

bool nested_expect_access(struct nested *n, enum access access, u32 offset)
{
	struct vmx_guest *g = n->g;

	vmx_run(g);
	if (!EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL))
		return false;
	switch (access) {
	case ACCESS_READ:
		return EXPECT_EQ((u32)g->registers.ax, *(u32 *)(n->page + offset));
	case ACCESS_WRITE:
		return EXPECT_EQ(*(u32 *)(n->page + offset), 0x12345678u);
	default:
		return EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), (u64)(n->address + offset));
	}
}

/* What of the exit is the same for violations and misconfigurations. */
static bool nothing_done(struct nested *n, u32 offset)
{
	bool ok = EXPECT_EQ(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS), (u64)(n->address + offset));

	ok &= EXPECT_EQ(vmcs_read(VMCS_IDT_VECTORING_INFO) & INTR_VALID, 0ull);
	ok &= EXPECT_EQ(vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & INTR_VALID, 0ull);
	ok &= EXPECT_EQ(*(u32 *)(n->page + offset), 0x90c1010fu);
	return ok && EXPECT_EQ(n->g->registers.ax, 0x12345678ul);
}

bool nested_expect_violation(struct nested *n, u64 qualification, enum access access, u32 offset)
{
	struct vmx_guest *g = n->g;
	bool ok;

	vmx_run(g);
	ok = EXPECT_VMX_EXIT(g, VMX_EXIT_EPT_VIOLATION);
	ok &= EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & VIOLATION_MASK, qualification);
	ok &= EXPECT_EQ(vmcs_read(VMCS_GUEST_LINEAR_ADDRESS), (u64)(n->address + offset));
	ok &= EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP),
			access == ACCESS_FETCH ? (u64)(n->address + offset) : vmx_start(g));
	return ok && nothing_done(n, offset);
}

bool nested_expect_misconfiguration(struct nested *n, u32 offset)
{
	vmx_run(n->g);
	return EXPECT_VMX_EXIT(n->g, VMX_EXIT_EPT_MISCONFIGURATION) && nothing_done(n, offset);
}

bool nested_has_switching(void)
{
	return vmx_can(VMCS_SECONDARY_CONTROLS, CPU2_VM_FUNCTIONS) &&
	       (rdmsr(MSR_IA32_VMX_VMFUNC) & 1);
}

void nested_enable_functions(u64 functions, const u64 *list)
{
	vmcs_set(VMCS_SECONDARY_CONTROLS, CPU2_VM_FUNCTIONS);
	vmcs_write(VMCS_VM_FUNCTION_CONTROLS, functions);
	vmcs_write(VMCS_EPTP_LIST_ADDRESS, (ulong)list);
}
