/* SPDX-License-Identifier: MIT */
#include "pmu.h"

#include <arm/gic.h>
#include <dev/devicetree.h>

void pmu_reset(void)
{
	write_sys(PMCR, PMCR_P | PMCR_C | PMCR_LC);
	write_sys(PMCNTENCLR, 0xffffffff);
	write_sys(PMINTENCLR, 0xffffffff);
	write_sys(PMOVSCLR, 0xffffffff);
	write_sys(PMCCFILTR, 0);
	isb();
	for (u32 n = 0; n < pmu_counters(); n++)
		pmu_set_event(n, EVENT_SW_INCR);
}

static void choose(u32 n)
{
	write_sys(PMSELR, n);
	isb();
}

void pmu_set_event(u32 n, u64 type)
{
	choose(n);
	write_sys(PMXEVTYPER, type);
	isb();
}

u64 pmu_event(u32 n)
{
	choose(n);
	return read_sys(PMXEVTYPER);
}

void pmu_set_count(u32 n, u64 value)
{
	choose(n);
	write_sys(PMXEVCNTR, value);
	isb();
}

u64 pmu_count(u32 n)
{
	choose(n);
	return read_sys(PMXEVCNTR);
}

u32 pmu_intid(void)
{
	dt_node node = dt_find_compatible(NULL, "arm,armv8-pmuv3");
	u32 cells[3];

	if (!node)
		return 0;
	for (u32 i = 0; i < 3; i++)
		cells[i] = dt_cell(node, "interrupts", i, ~0u);
	return gic_intid_of(cells);
}
