/* SPDX-License-Identifier: MIT */
/* EL2 with HCR_EL2.E2H, in the kernel's address space. */
#ifndef ASSAY_ARM_EL2_VHE_H
#define ASSAY_ARM_EL2_VHE_H

#include <arm/el2.h>
#include <arm/sysreg.h>

/* CPTR_EL2 with E2H is as CPACR_EL1: nothing trapped. CNTHCTL_EL2: everything for EL0 and EL1. */
#define VHE_CPTR     (CPACR_FPEN | CPACR_ZEN)
#define VHE_CNTHCTL  (BITS(1, 0) | BITS(11, 8))
#define VHE_EL1PCTEN BIT(10)
#define VHE_EL1PTEN  BIT(11)
#define VHE_SETTINGS 6

/* EL2 uses the kernel's space, which is fit for two levels of privilege. */
static inline void vhe(struct el2_setting s[VHE_SETTINGS], u64 hcr)
{
	s[0] = (struct el2_setting){ EL2_HCR, EL2_HCR_DEFAULT | HCR_E2H | hcr };
	s[1] = (struct el2_setting){ EL2_SCTLR, read_sys(SCTLR) };
	s[2] = (struct el2_setting){ EL2_TCR, read_sys(TCR) };
	s[3] = (struct el2_setting){ EL2_TTBR0, read_sys(TTBR0) };
	s[4] = (struct el2_setting){ EL2_CPTR, VHE_CPTR };
	s[5] = (struct el2_setting){ EL2_CNTHCTL, VHE_CNTHCTL };
}

static inline struct fault run_vhe(u64 hcr, enum arm_el el, const u32 *code, u32 words,
				   struct arm_registers *r, struct el2_exit *exit)
{
	struct el2_setting s[VHE_SETTINGS];

	vhe(s, hcr);
	*exit = (struct el2_exit){ 0 };
	return el2_run(s, VHE_SETTINGS, el, arm_code(code, words), r, exit);
}

#endif
