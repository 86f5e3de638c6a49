/* SPDX-License-Identifier: MIT */
#include "gate.h"

void gate_set_stack(u32 cpl, ulong sp)
{
	tss_of_this_cpu()->rsp[cpl] = sp;
}
