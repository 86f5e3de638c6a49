/* SPDX-License-Identifier: MIT */
/* State that VM entry loads into unrestricted guests, which no other guest can show: SDM vol. 3C, 26.3.2. */
#include "checks.h"

SUITE("VMX: state of unrestricted guests",
      REQUIRES(vmx_available() && vmx_mode_possible(VMX_REAL)));

TEST(efer_without_paging,
     "VM entry without IA32_EFER and without paging clears LMA and leaves LME as the host's",
     SPEC("SDM vol. 3C, 26.3.2.1"), REQUIRES(vmx_can(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS)))
{
	struct vmx_guest *g = vmx_new();
	const u64 lme = rdmsr(MSR_EFER) & EFER_LME;

	vmx_set_mode(g, VMX_PROTECTED);
	vmx_code(g, "\x0f\x32", 2); /* RDMSR */
	vmcs_set(VMCS_PRIMARY_CONTROLS, CPU_MSR_BITMAPS);
	g->registers.cx = (u32)MSR_EFER;
	vmx_run(g);
	EXPECT_VMX_DONE(g);
	EXPECT_EQ((u64)g->registers.ax & EFER_LMA, 0ull);
	EXPECT_EQ((u64)g->registers.ax & EFER_LME, lme);
}

TEST(host_lme_and_lma,
     "an exit without IA32_EFER makes LME and LMA what the host's address-space size says, whatever LME was",
     SPEC("SDM vol. 3C, 27.5.1"), REQUIRES(cpu_has(X86_FEATURE_LM)),
	  REQUIRES(vmx_can(VMCS_ENTRY_CONTROLS, ENTRY_LOAD_EFER)))
{
	struct vmx_guest *g = vmx_new();
	const u64 both = EFER_LME | EFER_LMA, host = rdmsr(MSR_EFER);

	for (u32 lme = 0; lme < 2; lme++) {
		SUBTEST("guest-lme-%u", lme);
		vmx_reset(g);
		vmx_set_mode(g, VMX_PROTECTED);
		vmcs_set(VMCS_ENTRY_CONTROLS, ENTRY_LOAD_EFER);
		vmcs_write(VMCS_GUEST_IA32_EFER, (host & ~both) | (lme ? EFER_LME : 0));
		vmx_run(g);
		EXPECT_VMX_EXIT(g, VMX_EXIT_VMCALL);
		EXPECT_EQ(rdmsr(MSR_EFER) & both, sizeof(ulong) == 8 ? both : 0ull);
	}
}

TEST(cpl_is_dpl_of_ss, "after VM entry CPL is the DPL of SS, whatever the selectors have as RPL",
     SPEC("SDM vol. 3C, 26.3.2.2"))
{
	static const enum vmx_mode modes[] = { VMX_PROTECTED, VMX_REAL };
	struct vmx_guest *g = vmx_new();

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++)
		for (u32 rpl = 0; rpl < 4; rpl += 3) {
			SUBTEST("%s-cs-rpl-%u", vmx_mode_name(modes[i]), rpl);
			vmx_reset(g);
			vmx_set_mode(g, modes[i]);
			vmx_code(g, "\x0f\x06", 2); /* CLTS, at CPL 0 only */
			vmcs_set(VMCS_GUEST_CS_SELECTOR, rpl);
			vmcs_set(VMCS_GUEST_CR0, CR0_TS);
			vmx_run(g);
			EXPECT_VMX_DONE(g);
			EXPECT_EQ(vmcs_read(VMCS_GUEST_CR0) & CR0_TS, 0ull);
		}
}
