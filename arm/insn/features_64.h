/* SPDX-License-Identifier: MIT */
/* Features by their fields of ID registers: DDI 0487, D24.2. */
#ifndef ASSAY_ARM_INSN_FEATURES_H
#define ASSAY_ARM_INSN_FEATURES_H

#include <arm/sysreg.h>
#include <types.h>

#define HAS_FEATURE(name, reg, low, least)                      \
	static inline bool has_##name(void)                     \
	{                                                       \
		return (read_sys(reg) >> (low)&0xf) >= (least); \
	}

HAS_FEATURE(crc32, ID_AA64ISAR0, 16, 1)
HAS_FEATURE(lse, ID_AA64ISAR0, 20, 2)
HAS_FEATURE(flagm, ID_AA64ISAR0, 52, 1)
HAS_FEATURE(flagm2, ID_AA64ISAR0, 52, 2)
HAS_FEATURE(lor, ID_AA64MMFR1, 16, 1)
HAS_FEATURE(cssc, ID_AA64ISAR2, 52, 1)
HAS_FEATURE(hbc, ID_AA64ISAR2, 20, 1)
HAS_FEATURE(lrcpc, ID_AA64ISAR1, 20, 1)
HAS_FEATURE(lrcpc2, ID_AA64ISAR1, 20, 2)

#endif
