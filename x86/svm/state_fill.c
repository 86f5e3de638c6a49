/* SPDX-License-Identifier: MIT */
#include "state.h"

void state_fill(struct svm_guest *g)
{
	struct vmcb_save *save = g->save;

	save->es.selector = 0x1234 & ~3;
	save->ds.selector = 0x2340;
	save->es.limit = 0x12345fff;
	save->ds.limit = 0x23456fff;
	save->es.base = 0x11110000;
	save->ds.base = 0x22220000;
	if (g->mode != SVM_LONG) {
		save->ss.selector = 0x3450 | (save->ss.selector & 3);
		save->cs.selector = 0x4560 | (save->cs.selector & 3);
	}
	save->gdtr.limit = 0x1237;
	save->gdtr.base = 0x33330000;
	save->idtr.limit = 0x2347;
	save->idtr.base = 0x44440000;
	save->cr2 = g->mode == SVM_LONG ? 0x0000555566667000 : 0x66667000;
	save->dr6 = DR6_RESET | BIT(1) | BIT(14);
	save->dr7 = DR7_RESET | BIT(8);
	save->rsp = g->mode == SVM_LONG ? 0x0000777788889000 : 0x8889;
	save->rax = g->mode == SVM_LONG ? 0x9999aaaabbbbcccc : 0xbbbbcccc;
	save->rflags |= FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF | FLAG_DF |
			FLAG_AC | FLAG_ID;
	save->cr0 |= CR0_TS | CR0_MP | CR0_WP;
	save->cr4 |= CR4_TSD | CR4_DE | CR4_PCE;
	if (cpu_has(X86_FEATURE_SYSCALL))
		save->efer |= EFER_SCE;
}
