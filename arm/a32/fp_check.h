/* SPDX-License-Identifier: MIT */
/* Floating point and Advanced SIMD of A32 and T32 at EL0 against the model, with all rounding modes and kinds of values. */
#ifndef ASSAY_ARM_A32_FP_CHECK_H
#define ASSAY_ARM_A32_FP_CHECK_H

#include "check.h"

#define COND  BITS(31, 28)
#define VD    (BITS(15, 12) | BIT(22))
#define VN    (BITS(19, 16) | BIT(7))
#define VM    (BITS(3, 0) | BIT(5))
#define Q_BIT BIT(6)

struct a32_fp_row {
	const char *name;
	u32 code, vary; /* of A32; the bits of `vary` take any value */
	a64_model *model;
	u32 size; /* of elements: 32 or 64, or 0 for any bits */
};

/* A row (SUBTEST) for each entry, of A32, and one for its encoding of T32. */
void a32_fp_check(const struct a32_fp_row *rows, u32 count);

/* The same for loads and stores, with memory in their reach. */
void a32_fp_check_memory(const struct a32_fp_row *rows, u32 count);

#endif
