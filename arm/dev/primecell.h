/* SPDX-License-Identifier: MIT */
#ifndef ASSAY_ARM_DEV_PRIMECELL_H
#define ASSAY_ARM_DEV_PRIMECELL_H

#include <types.h>

/* Expects that the identification registers from 0xfe0 and 0xff0 on are these: a PrimeCell's. */
void expect_primecell(ulong base, u32 part);

#endif
