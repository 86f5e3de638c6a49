/* SPDX-License-Identifier: MIT */
/* What gic_init() has found out, for the parts of the driver. */
#ifndef ASSAY_ARM_GIC_BASE_H
#define ASSAY_ARM_GIC_BASE_H

#include <types.h>

struct gic {
	u32 version;	   /* 0: there is none */
	ulong distributor; /* mapped */
	u32 intid_end;	   /* the first interrupt that there is not */
	bool group0_is_ours;
};

extern struct gic gic;

#endif
