/* SPDX-License-Identifier: MIT */
/* Devices by the device tree. */
#ifndef ASSAY_ARM_DT_DEVICE_H
#define ASSAY_ARM_DT_DEVICE_H

#include <types.h>

/* Where the first device of this kind has its registers, mapped; 0 if there is none. */
ulong device_base(const char *compatible);

/* Its interrupt's INTID, or 0. */
u32 device_intid(const char *compatible);

#endif
