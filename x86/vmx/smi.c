/* SPDX-License-Identifier: MIT */
/* SMIs under the default treatment: SDM vol. 3C, 34.14. */
#include "checks.h"

#include <string.h>
#include <sys/time.h>
#include <x86/apic.h>
#include <x86/smi.h>

SUITE("VMX: SMIs", REQUIRES(vmx_available() && smi_works()));

TEST(smi_in_root, "an SMI leaves VMX operation with CR4.VMXE clear, and RSM comes back to it",
     SPEC("SDM vol. 3C, 34.14.1; 34.14.2"))
{
	u32 *region = vmx_region();
	u64 pointer = 0;

	vmx_enable();
	EXPECT_VMX(vmclear_try((ulong)region), VMX_SUCCEED);
	EXPECT_VMX(vmptrld_try((ulong)region), VMX_SUCCEED);
	smi_prepare();
	smi_send();
	delay_us(200);
	EXPECT_EQ(smi_count(), 1u);
	EXPECT_EQ(smi_cr4() & (u32)CR4_VMXE, 0u);
	EXPECT_EQ(read_cr4() & CR4_VMXE, (ulong)CR4_VMXE);
	EXPECT_VMX(vmptrst_try(&pointer), VMX_SUCCEED);
	EXPECT_EQ(pointer, (u64)(ulong)region);
}

/* The guest sends it by MOV [BX], EAX, does nothing for some time, and adds one to CX. */
static void set_up(struct vmx_guest *g, enum vmx_mode mode, bool user)
{
	u8 code[66];

	vmx_reset(g);
	vmx_set_mode(g, mode);
	if (user)
		vmx_set_user(g);
	memset(code, 0x90, sizeof(code));
	memcpy(code, "\x89\x03", 2);
	memcpy(code + 64, "\xff\xc1", 2);
	vmx_code(g, code, sizeof(code));
	g->registers.bx = APIC_DEFAULT_BASE + APIC_ICR;
	g->registers.ax = ICR_SMI | ICR_ASSERT;
	g->registers.cx = 0x5000;
	apic_write(APIC_ICR_HIGH, apic_id() << 24);
	smi_prepare();
}

/* What the guest has before and after. */
static const enum vmcs_field kept[] = {
	VMCS_GUEST_CR0,
	VMCS_GUEST_CR3,
	VMCS_GUEST_CR4,
	VMCS_GUEST_DR7,
	VMCS_GUEST_RSP,
	VMCS_GUEST_CS_SELECTOR,
	VMCS_GUEST_CS_ACCESS_RIGHTS,
	VMCS_GUEST_CS_BASE,
	VMCS_GUEST_SS_SELECTOR,
	VMCS_GUEST_SS_ACCESS_RIGHTS,
	VMCS_GUEST_DS_SELECTOR,
	VMCS_GUEST_DS_ACCESS_RIGHTS,
	VMCS_GUEST_TR_SELECTOR,
	VMCS_GUEST_TR_BASE,
	VMCS_GUEST_GDTR_BASE,
	VMCS_GUEST_IDTR_BASE,
	VMCS_GUEST_GDTR_LIMIT,
	VMCS_GUEST_IDTR_LIMIT,
};

static void goes_on(struct vmx_guest *g, enum vmx_mode mode, bool user)
{
	u64 before[ARRAY_SIZE(kept)];

	set_up(g, mode, user);
	for (u32 i = 0; i < ARRAY_SIZE(kept); i++)
		before[i] = vmcs_read(kept[i]);
	vmx_run(g);
	delay_us(200);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ(smi_count(), 1u);
	EXPECT_EQ(smi_cr4() & (u32)CR4_VMXE, 0u);
	EXPECT_EQ(g->registers.cx, 0x5001ul);
	EXPECT_EQ(read_cr4() & CR4_VMXE, (ulong)CR4_VMXE);
	for (u32 i = 0; i < ARRAY_SIZE(kept); i++)
		EXPECT_EQ(vmcs_read(kept[i]), before[i], "%s", vmcs_field_name(kept[i]));
}

TEST(smi_in_guest, "an SMI in a guest is no exit: the guest goes on after RSM, with its state",
     SPEC("SDM vol. 3C, 34.14.1; 34.14.2"))
{
	static const enum vmx_mode modes[] = { VMX_LONG, VMX_COMPAT, VMX_PAE, VMX_PAGED };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++)
		for (u32 user = 0; user < 2; user++) {
			SUBTEST("%s-cpl%u", vmx_mode_name(modes[i]), user ? 3 : 0);
			if (vmx_mode_possible(modes[i]))
				goes_on(g, modes[i], user);
			else
				SKIP_ROW("the image has no such guest");
		}
}

TEST(smi_in_unrestricted, "the same of a guest without paging",
     SPEC("SDM vol. 3C, 34.14.1; 34.14.2"), REQUIRES(vmx_mode_possible(VMX_PROTECTED)))
{
	goes_on(vmx_new(), VMX_PROTECTED, false);
}
