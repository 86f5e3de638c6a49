/* SPDX-License-Identifier: MIT */
/* Each flag of RFLAGS across VM entry and VM exit: SDM vol. 3C, 26.3.2.3; 27.3.3. */
#include "checks.h"

SUITE("VMX: RFLAGS across VM entry and VM exit", REQUIRES(vmx_available()));

/* All that PUSHF shows of a guest that goes on: TF would end it, and RF is not shown. */
#define SHOWN                                                                            \
	(FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_IF | FLAG_DF | FLAG_OF | \
	 FLAG_IOPL | FLAG_NT | FLAG_AC | FLAG_VIF | FLAG_VIP | FLAG_ID)

TEST(state_rflags, "each flag of RFLAGS is loaded, and is saved, and the host has none",
     SPEC("SDM vol. 3C, 26.3.2.3; 27.3.3; 27.5.3"))
{
	struct vmx_guest *g = vmx_new();

	for_each_set_bit(bit, SHOWN) {
		SUBTEST("bit-%llu-alone", bit);
		vmx_reset(g);
		vmx_code(g, "\x9c\x58", 2); /* PUSHF; POP RAX */
		vmcs_write(VMCS_GUEST_RFLAGS, FLAG_1 | BIT(bit));
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ((u64)g->registers.ax, FLAG_1 | BIT(bit));
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS), FLAG_1 | BIT(bit));
		SUBTEST("all-but-bit-%llu", bit);
		vmx_reset(g);
		vmx_code(g, "\x9c\x58", 2);
		vmcs_write(VMCS_GUEST_RFLAGS, (FLAG_1 | SHOWN) & ~BIT(bit));
		vmx_run(g);
		EXPECT_VMX_DONE(g);
		EXPECT_EQ((u64)g->registers.ax, (FLAG_1 | SHOWN) & ~BIT(bit));
		EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS), (FLAG_1 | SHOWN) & ~BIT(bit));
		/* 27.5.3: the host has none of it. */
		EXPECT_EQ((u64)g->registers.flags, FLAG_1);
	}
	/* One that has exited before anything of it is executed. */
	SUBTEST("tf");
	vmx_reset(g);
	vmx_code(g, "", 0);
	vmcs_set(VMCS_GUEST_RFLAGS, FLAG_TF);
	vmx_run(g);
	EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
	EXPECT_EQ(vmcs_read(VMCS_GUEST_RFLAGS), FLAG_1 | FLAG_TF);
}
