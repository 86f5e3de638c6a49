/* SPDX-License-Identifier: MIT */
#include <arm/gic_base.h>

#include <arm/gic.h>

struct gic gic = { .intid_end = 32 };

u32 gic_version(void)
{
	return gic.version;
}

bool gic_has_group0(void)
{
	return gic.group0_is_ours;
}

void gic_set_group0(bool ours)
{
	gic.group0_is_ours = ours;
}

u32 gic_intid_end(void)
{
	return gic.intid_end;
}

ulong gicd_base(void)
{
	return gic.distributor;
}
