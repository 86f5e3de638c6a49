/* SPDX-License-Identifier: MIT */
/*
 * SVE with vectors of 128 bits, which are then V registers, so that all registers of an instruction are given
 * and seen as those of any other. Predicates are loaded before it and stored after it.
 */
#ifndef ASSAY_ARM_SVE_SVE_H
#define ASSAY_ARM_SVE_SVE_H

#include <arm/execute.h>
#include <model/fp.h>
#include <types.h>

/* Of elements of `bits` bits: the first and second source, what the destination has. */
typedef u64 sve_operation(struct fp_context *c, u32 bits, u64 a, u64 b, u64 d);

enum sve_kind {
	SVE_UNPREDICATED, /* z0 = op(z1, z2) */
	SVE_DESTRUCTIVE,  /* z0 = op(z0, z1) where p0 is active */
	SVE_UNARY,	  /* z0 = op(z1) where p0 is active, else z0 */
	SVE_ACCUMULATING, /* z0 = op(z1, z2, z0) where p0 is active */
	SVE_COMPARISON,	  /* p2 = op(z1, z2) where p0 is active, else 0; flags */
	SVE_REDUCTION,	  /* z0 = all active elements of z1; the rest of z0 is 0 */
	SVE_PERMUTATION,  /* z0 = what `permute` makes of z1 and z2 */
};

struct sve_row {
	const char *name;
	u32 code;
	u32 sizes; /* a mask of log2 of bytes, for which size is in bits 23-22 */
	enum sve_kind kind;
	sve_operation *operation;
	u64 (*permute)(const u64 *n, const u64 *m, u32 bytes, u32 index);
	u64 start; /* SVE_REDUCTION: what there is before the first element */
	bool fp;   /* elements are floating-point values */
};

/* A row (SUBTEST) for each entry and size. */
void sve_check(const struct sve_row *rows, u32 count);

bool has_sve(void);

/* CPACR_EL1.ZEN and FPEN on, and vectors of 128 bits or as long as there are. */
void sve_enable(bool longest);

#define SYS_ZCR s3_0_c1_c2_0 /* ZCR_EL1 */

/* Bytes of a vector there: what RDVL x0, #1 says. */
u32 sve_vector_length(enum arm_el el);

/* Element `index` of `bytes` bytes of a vector of 128 bits. */
u64 sve_element(const u64 *v, u32 bytes, u32 index);

#endif
