/* SPDX-License-Identifier: MIT */
/* The virtual CPU interface of GICv3 and a guest that uses it: IHI 0069, 12.2, 12.4. */
#ifndef ASSAY_ARM_EL2_VGIC_H
#define ASSAY_ARM_EL2_VGIC_H

#include "trap.h"

/* x<n> = ICC_IAR1_EL1 and so on; the rest write x<n>. */
#define IAR0(n)	    MRS_OF(KEY(3, 0, 12, 8, 0), n)
#define EOIR0(n)    MSR_OF(KEY(3, 0, 12, 8, 1), n)
#define IAR1(n)	    MRS_OF(KEY(3, 0, 12, 12, 0), n)
#define EOIR1(n)    MSR_OF(KEY(3, 0, 12, 12, 1), n)
#define HPPIR0(n)   MRS_OF(KEY(3, 0, 12, 8, 2), n)
#define HPPIR1(n)   MRS_OF(KEY(3, 0, 12, 12, 2), n)
#define RPR(n)	    MRS_OF(KEY(3, 0, 12, 11, 3), n)
#define DIR(n)	    MSR_OF(KEY(3, 0, 12, 11, 1), n)
#define PMR(n)	    MSR_OF(KEY(3, 0, 4, 6, 0), n)
#define READ_PMR(n) MRS_OF(KEY(3, 0, 4, 6, 0), n)
#define BPR1(n)	    MSR_OF(KEY(3, 0, 12, 12, 3), n)
#define BPR0(n)	    MSR_OF(KEY(3, 0, 12, 8, 3), n)
#define CTLR(n)	    MSR_OF(KEY(3, 0, 12, 12, 4), n)
#define IGRPEN0(n)  MSR_OF(KEY(3, 0, 12, 12, 6), n)
#define IGRPEN1(n)  MSR_OF(KEY(3, 0, 12, 12, 7), n)
#define ISB	    0xd5033fdfu

#define LR(state, group, priority, vintid) \
	((u64)(state) << 62 | (u64)(group) << 60 | (u64)(priority) << 48 | (vintid))
#define LR_STATE     BITS(63, 62)
#define LR_EOI	     BIT(41)
#define LR_HW(p)     (BIT(61) | (u64)(p) << 32)
#define PENDING	     1
#define ACTIVE	     2
#define BOTH	     3
#define STATE_OF(lr) ((lr) >> 62)

#define ICH_HCR_EN	 BIT(0)
#define ICH_HCR_UIE	 BIT(1)
#define ICH_HCR_LRENPIE	 BIT(2)
#define ICH_HCR_NPIE	 BIT(3)
#define ICH_HCR_VGRP0EIE BIT(4)
#define ICH_HCR_VGRP0DIE BIT(5)
#define ICH_HCR_VGRP1EIE BIT(6)
#define ICH_HCR_VGRP1DIE BIT(7)
#define ICH_HCR_TC	 BIT(10)
#define ICH_HCR_TALL0	 BIT(11)
#define ICH_HCR_TALL1	 BIT(12)
#define ICH_HCR_TDIR	 BIT(14)
#define ICH_HCR_EOICOUNT BITS(31, 27)

#define VMCR_VENG0   BIT(0)
#define VMCR_VENG1   BIT(1)
#define VMCR_VCBPR   BIT(4)
#define VMCR_VEOIM   BIT(9)
#define VMCR_BPR1(n) ((u64)(n) << 18)
#define VMCR_BPR0(n) ((u64)(n) << 21)
#define VMCR_PMR(n)  ((u64)(n) << 24)
#define VMCR	     (VMCR_PMR(0xf8) | VMCR_VENG0 | VMCR_VENG1 | VMCR_BPR1(3) | VMCR_BPR0(2))

/* What a guest begins with, and what is left after it. */
struct guest {
	u64 hcr, ich_hcr, vmcr, lr[2], ap1r0, ap0r0;
	u64 unmasked;
	struct arm_registers r;
	struct el2_exit exit;
	struct fault fault;
};

#define GUEST(...)                                                    \
	{                                                             \
		.hcr = HCR_IMO | HCR_FMO, .vmcr = VMCR, ##__VA_ARGS__ \
	}

/* Runs code at EL1 as such a guest, with what the structure has. */
void vgic_run(struct guest *g, const u32 *code, u32 words);

/* How many list registers there are. */
u32 vgic_list_registers(void);

#endif
