/* SPDX-License-Identifier: MIT */
#include "gate.h"

void gate_set_stack(u32 cpl, ulong sp)
{
	struct tss *tss = tss_of_this_cpu();

	gdt_set_spare(GATE_STACK + cpl, DATA_SEG | DESC_DPL(cpl));
	tss->ring[cpl].esp = sp;
	tss->ring[cpl].ss = gate_stack_selector(cpl);
}
