/* SPDX-License-Identifier: MIT */
/* What boot_*.S finds out. */
#include <arm/boot.h>

ulong image_offset;
u32 boot_el;
