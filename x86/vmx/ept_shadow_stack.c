/* SPDX-License-Identifier: MIT */
/* Shadow stacks of supervisors under EPT: SDM vol. 3C of later editions, 24.6.11; 28.2.3.2; 27.2.1, table 27-7. */
#include "nested.h"

/* EPTP, and an entry that maps a page. */
#define EPTP_SHADOW_STACK BIT(7)
#define EPT_SHADOW_STACK  BIT(60)

/* Qualification: a shadow-stack access, and the entry's bit. */
#define VIOLATION_SHADOW_STACK BIT(13)
#define VIOLATION_ENTRY_BIT    BIT(14)

#define S_CET_SHADOW_STACK BIT(0)

#define SSP_OFFSET 0x400

SUITE("VMX: shadow stacks under EPT",
      REQUIRES(vmx_available() && vmx_has_ept() && cpu_has(X86_FEATURE_CET_SS) &&
	       vmx_can(VMCS_ENTRY_CONTROLS, ENTRY_LOAD_CET) &&
	       vmx_can(VMCS_EXIT_CONTROLS, EXIT_LOAD_CET)));

/* CALL, with a shadow stack in the page, which the guest's tables have as one: not writable, and dirty. */
static void set_up(struct nested *n, bool control)
{
	nested_reset(n);
	space_map(n->guest, n->address, n->address, PAGE_SIZE, 0);
	*space_entry_at(n->guest, n->address, 0) |= PTE_A | PTE_D;
	vmcs_set(VMCS_GUEST_CR0, CR0_WP);
	vmcs_set(VMCS_GUEST_CR4, CR4_CET);
	vmcs_set(VMCS_ENTRY_CONTROLS, ENTRY_LOAD_CET);
	vmcs_write(VMCS_GUEST_IA32_S_CET, S_CET_SHADOW_STACK);
	vmcs_write(VMCS_GUEST_SSP, n->address + SSP_OFFSET);
	vmcs_set(VMCS_EPTP, control ? EPTP_SHADOW_STACK : 0);
	/* The host has none. */
	vmcs_set(VMCS_EXIT_CONTROLS, EXIT_LOAD_CET);
	vmcs_write(VMCS_HOST_IA32_S_CET, 0);
	/* A CALL of the next instruction would push nothing there. */
	vmx_code(n->g, "\xe8\x01\x00\x00\x00\x90", 6);
}

TEST(ept_shadow_stack,
     "with the control of the EPTP, a supervisor's shadow stack is in pages whose entry has bit 60, writable or not",
     SPEC("SDM vol. 3C of later editions, 24.6.11; 28.2.3.2; 27.2.1, table 27-7"))
{
	static const struct {
		const char *name;
		bool control;
		u64 entry;
		bool refused;
	} rows[] = {
		{ "off-writable", false, EPT_R | EPT_W, false },
		{ "off-read-only", false, EPT_R, true },
		{ "off-read-only-bit-60", false, EPT_R | EPT_SHADOW_STACK, true },
		{ "on-writable", true, EPT_R | EPT_W, true },
		{ "on-read-only", true, EPT_R, true },
		{ "on-writable-bit-60", true, EPT_R | EPT_W | EPT_SHADOW_STACK, false },
		{ "on-read-only-bit-60", true, EPT_R | EPT_SHADOW_STACK, false },
		{ "on-execute-only-bit-60", true, EPT_X | EPT_SHADOW_STACK, true },
	};
	struct nested n = nested_new();

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		const u64 ssp = n.address + SSP_OFFSET;
		u64 mask = VIOLATION_WRITE | VIOLATION_LINEAR | VIOLATION_TRANSLATION |
			   VIOLATION_SHADOW_STACK;
		u64 expected = mask;

		SUBTEST("%s", rows[i].name);
		if ((rows[i].control && !(vmx_ept_vpid_cap() & BIT(23))) ||
		    (!(rows[i].entry & EPT_R) && !(vmx_ept_vpid_cap() & BIT(0)))) {
			SKIP_ROW("IA32_VMX_EPT_VPID_CAP has it not");
			continue;
		}
		set_up(&n, rows[i].control);
		*nested_entry(&n, 0) = (*nested_entry(&n, 0) & ~EPT_RWX) | rows[i].entry;
		nested_flush();
		vmx_run(n.g);
		if (!rows[i].refused) {
			EXPECT_VMX_DONE(n.g);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_SSP), ssp - sizeof(ulong));
			EXPECT_EQ(*(ulong *)(n.page + SSP_OFFSET - sizeof(ulong)),
				  (ulong)vmx_start(n.g) + 5);
			continue;
		}
		if (rows[i].control) {
			mask |= VIOLATION_ENTRY_BIT;
			expected |= rows[i].entry & EPT_SHADOW_STACK ? VIOLATION_ENTRY_BIT : 0;
		}
		EXPECT_VMX_EXIT(n.g, VMX_EXIT_EPT_VIOLATION);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) & mask, expected);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_LINEAR_ADDRESS), ssp - sizeof(ulong));
		EXPECT_EQ(vmcs_read(VMCS_GUEST_SSP), ssp);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RSP), (u64)(ulong)n.g->stack_top);
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RIP), vmx_start(n.g));
	}
}

TEST(ept_shadow_stack_other_access,
     "bit 60 of an entry gives no other access, and the qualification tells it",
     SPEC("SDM vol. 3C of later editions, 28.2.3.2; 27.2.1, table 27-7"),
	  REQUIRES(vmx_ept_vpid_cap() & BIT(23)))
{
	struct nested n = nested_new();

	for (u32 bit = 0; bit < 2; bit++) {
		SUBTEST("%s", bit ? "bit-60" : "no-bit-60");
		nested_reset(&n);
		vmcs_set(VMCS_EPTP, EPTP_SHADOW_STACK);
		*nested_entry(&n, 0) = (*nested_entry(&n, 0) & ~EPT_RWX) | EPT_R |
				       (bit ? EPT_SHADOW_STACK : 0);
		nested_flush();
		nested_code(&n, ACCESS_WRITE, NESTED_OFFSET);
		vmx_run(n.g);
		EXPECT_VMX_EXIT(n.g, VMX_EXIT_EPT_VIOLATION);
		EXPECT_EQ(vmcs_read(VMCS_EXIT_QUALIFICATION) &
				  (VIOLATION_MASK | VIOLATION_SHADOW_STACK | VIOLATION_ENTRY_BIT),
			  VIOLATION_WRITE | VIOLATION_ENTRY(EPT_R) | VIOLATION_LINEAR |
				  VIOLATION_TRANSLATION | (bit ? VIOLATION_ENTRY_BIT : 0));
	}
}
