/* SPDX-License-Identifier: MIT */
#include "vgic.h"

enum {
	S_HCR,
	S_VMCR,
	S_LR0,
	S_LR1,
	S_LR2,
	S_LR3,
	S_AP0,
	S_AP1,
	S_ICH_HCR,
	S_MISR,
	S_EISR,
	S_ELRSR,
	SETTINGS
};

static u64 after[SETTINGS];

u32 vgic_list_registers(void)
{
	return ((u32)el2_read(EL2_ICH_VTR) & 31) + 1;
}

void vgic_run(struct guest *g, const u32 *code, u32 words)
{
	struct el2_setting s[] = {
		{ EL2_HCR, EL2_HCR_DEFAULT | g->hcr },
		{ EL2_ICH_VMCR, g->vmcr },
		{ EL2_ICH_LR0, g->lr[0] },
		{ EL2_ICH_LR1, g->lr[1] },
		{ EL2_ICH_LR2, 0 },
		{ EL2_ICH_LR3, 0 },
		{ EL2_ICH_AP0R0, g->ap0r0 },
		{ EL2_ICH_AP1R0, g->ap1r0 },
		{ EL2_ICH_HCR, ICH_HCR_EN | g->ich_hcr },
	};

	g->exit = (struct el2_exit){ .after = after };
	g->r.unmasked = g->unmasked;
	g->fault = el2_execute(s, ARRAY_SIZE(s), ARM_EL1, code, words, &g->r, &g->exit);
	g->lr[0] = after[S_LR0];
	g->lr[1] = after[S_LR1];
	g->vmcr = after[S_VMCR];
	g->ap0r0 = after[S_AP0];
	g->ap1r0 = after[S_AP1];
	g->ich_hcr = after[S_ICH_HCR];
}
