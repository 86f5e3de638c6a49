/* SPDX-License-Identifier: MIT */
#include <arm/timer.h>

#include <arm/gic.h>
#include <arm/sysreg.h>
#include <dev/devicetree.h>

/* Of /timer's "interrupts": devicetree bindings, arm,arch_timer.yaml. */
enum { SECURE_PHYSICAL, PHYSICAL, VIRTUAL, HYPERVISOR, HYPERVISOR_VIRTUAL };

static u32 intids[5];

void timer_init(void)
{
	dt_node node = dt_find_compatible(NULL, "arm,armv8-timer");
	u32 cells[4];

	if (!node)
		node = dt_find_compatible(NULL, "arm,armv7-timer");
	for (u32 i = 0; i < ARRAY_SIZE(intids); i++) {
		if (dt_interrupt(node, i, cells) >= 3)
			intids[i] = gic_intid_of(cells);
	}
}

u32 timer_virtual_intid(void)
{
	return intids[VIRTUAL];
}

u32 timer_physical_intid(void)
{
	return intids[PHYSICAL];
}

u32 timer_hypervisor_intid(void)
{
	return intids[HYPERVISOR];
}

u32 timer_hypervisor_virtual_intid(void)
{
	return intids[HYPERVISOR_VIRTUAL];
}

void timer_reset(void)
{
	write_sys(CNTV_CTL, 0);
	write_sys(CNTP_CTL, 0);
	write_sys(CNTV_CVAL, ~0ull);
	write_sys(CNTP_CVAL, ~0ull);
	isb();
}
