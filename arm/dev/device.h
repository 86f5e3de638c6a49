/* SPDX-License-Identifier: MIT */
/* Devices by the device tree. */
#ifndef ASSAY_ARM_DEV_DEVICE_H
#define ASSAY_ARM_DEV_DEVICE_H

#include <dev/devicetree.h>
#include <types.h>

/* Where the first device of this kind has its registers, mapped; 0 if there is none. */
ulong device_base(const char *compatible);

/* Its interrupt's INTID, or 0. */
u32 device_intid(const char *compatible);

/* Expects that the identification registers from 0xfe0 and 0xff0 on are these: a PrimeCell's. */
void expect_primecell(ulong base, u32 part);

#endif
