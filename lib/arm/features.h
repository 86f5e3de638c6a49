/* SPDX-License-Identifier: MIT */
/* Features of A64 by their fields of ID registers: DDI 0487, D24.2. */
#ifndef ASSAY_ARM_FEATURES_H
#define ASSAY_ARM_FEATURES_H

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
HAS_FEATURE(frintts, ID_AA64ISAR1, 32, 1)
HAS_FEATURE(jscvt, ID_AA64ISAR1, 12, 1)
HAS_FEATURE(fcma, ID_AA64ISAR1, 16, 1)
HAS_FEATURE(bf16, ID_AA64ISAR1, 44, 1)
HAS_FEATURE(i8mm, ID_AA64ISAR1, 52, 1)
HAS_FEATURE(rdm, ID_AA64ISAR0, 28, 1)
HAS_FEATURE(dotprod, ID_AA64ISAR0, 44, 1)
HAS_FEATURE(fhm, ID_AA64ISAR0, 48, 1)
HAS_FEATURE(aes, ID_AA64ISAR0, 4, 1)
HAS_FEATURE(pmull, ID_AA64ISAR0, 4, 2)
HAS_FEATURE(sha1, ID_AA64ISAR0, 8, 1)
HAS_FEATURE(sha256, ID_AA64ISAR0, 12, 1)
HAS_FEATURE(sha512, ID_AA64ISAR0, 12, 2)
HAS_FEATURE(sha3, ID_AA64ISAR0, 32, 1)
HAS_FEATURE(sm3, ID_AA64ISAR0, 36, 1)
HAS_FEATURE(sm4, ID_AA64ISAR0, 40, 1)

static inline bool has_fp(void)
{
	return (read_sys(ID_AA64PFR0) >> 16 & 0xf) != 0xf;
}

static inline bool has_fp16(void)
{
	return (read_sys(ID_AA64PFR0) >> 16 & 0xf) == 1;
}

#endif
