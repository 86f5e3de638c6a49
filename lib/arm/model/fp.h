/* SPDX-License-Identifier: MIT */
/*
 * Floating-point arithmetic of A64 in portable integers, after the pseudocode of DDI 0487, J1.3 (FPAdd,
 * FPRound and others), without FEAT_AFP. Numbers are their bits, 16, 32 or 64 of them, as `size` says.
 */
#ifndef ASSAY_ARM_MODEL_FP_H
#define ASSAY_ARM_MODEL_FP_H

#include <types.h>

/* FPSR: C5.2.10. */
#define FPSR_IOC BIT(0)
#define FPSR_DZC BIT(1)
#define FPSR_OFC BIT(2)
#define FPSR_UFC BIT(3)
#define FPSR_IXC BIT(4)
#define FPSR_IDC BIT(7)
#define FPSR_QC	 BIT(27)

/* The first four are FPCR.RMode. */
enum fp_rounding { FP_TIEEVEN, FP_POSINF, FP_NEGINF, FP_ZERO, FP_TIEAWAY, FP_ODD };

/* FPCR, as far as it matters, and the bits of FPSR that operations set. */
struct fp_context {
	enum fp_rounding rounding;
	bool fz, fz16, dn, ahp;
	bool alternative; /* the result has the alternative half-precision format */
	u64 fpsr;
};

struct fp_context fp_context(u64 fpcr);

/* FPDefaultNaN, FPNeg, FPAbs, 1.0 times a power of two. */
u64 fp_default_nan(u32 size);
u64 fp_negate(u32 size, u64 a);
u64 fp_absolute(u32 size, u64 a);

u64 fp_add(struct fp_context *c, u32 size, u64 a, u64 b);
u64 fp_subtract(struct fp_context *c, u32 size, u64 a, u64 b);
u64 fp_multiply(struct fp_context *c, u32 size, u64 a, u64 b);
/* FPMulX: infinity times zero is two. */
u64 fp_multiply_extended(struct fp_context *c, u32 size, u64 a, u64 b);
u64 fp_divide(struct fp_context *c, u32 size, u64 a, u64 b);
u64 fp_square_root(struct fp_context *c, u32 size, u64 a);
/* addend + a * b, rounded once. */
u64 fp_multiply_add(struct fp_context *c, u32 size, u64 addend, u64 a, u64 b);
u64 fp_max(struct fp_context *c, u32 size, u64 a, u64 b);
u64 fp_min(struct fp_context *c, u32 size, u64 a, u64 b);
u64 fp_max_number(struct fp_context *c, u32 size, u64 a, u64 b);
u64 fp_min_number(struct fp_context *c, u32 size, u64 a, u64 b);

/* FPRecipStepFused: 2 - a * b; FPRSqrtStepFused: (3 - a * b) / 2. */
u64 fp_reciprocal_step(struct fp_context *c, u32 size, u64 a, u64 b);
u64 fp_reciprocal_root_step(struct fp_context *c, u32 size, u64 a, u64 b);
u64 fp_reciprocal_estimate(struct fp_context *c, u32 size, u64 a);
u64 fp_reciprocal_root_estimate(struct fp_context *c, u32 size, u64 a);
u64 fp_reciprocal_exponent(struct fp_context *c, u32 size, u64 a);
u32 fp_unsigned_reciprocal_estimate(u32 a);
u32 fp_unsigned_reciprocal_root_estimate(u32 a);

/* NZCV as FCMP sets it, in bits 31-28. */
u64 fp_compare(struct fp_context *c, u32 size, u64 a, u64 b, bool signal_nans);

/* a == b, a >= b, a > b for FCMEQ, FCMGE, FCMGT. */
bool fp_equal(struct fp_context *c, u32 size, u64 a, u64 b);
bool fp_greater_equal(struct fp_context *c, u32 size, u64 a, u64 b);
bool fp_greater(struct fp_context *c, u32 size, u64 a, u64 b);

/* Conversions: between sizes, to and from fixed point with `fraction` bits after the point. */
u64 fp_convert(struct fp_context *c, u32 from, u32 to, u64 a, enum fp_rounding rounding);
u64 fp_to_fixed(struct fp_context *c, u32 size, u64 a, u32 fraction, bool is_unsigned,
		enum fp_rounding rounding, u32 bits);
u64 fp_from_fixed(struct fp_context *c, u32 size, u64 a, u32 fraction, bool is_unsigned, u32 bits);
/* FJCVTZS: the result, and Z. */
u32 fp_to_javascript(struct fp_context *c, u64 a, bool *z);

/* FRINT...: to an integer; `exact` says whether IXC is set; bits is 0, or 32 or 64 for FRINT32X.... */
u64 fp_round_to_integer(struct fp_context *c, u32 size, u64 a, enum fp_rounding rounding,
			bool exact);
u64 fp_round_to_sized(struct fp_context *c, u32 size, u64 a, enum fp_rounding rounding, u32 bits);

/* ------------------------------------------------------------------ for the model's parts */

typedef unsigned __int128 u128;

enum fp_kind { FP_KIND_ZERO, FP_KIND_FINITE, FP_KIND_INFINITY, FP_KIND_QNAN, FP_KIND_SNAN };

/* significand * 2^exponent; of finite numbers, the significand is not 0. */
struct fp_value {
	enum fp_kind kind;
	bool negative;
	s32 exponent;
	u128 significand;
};

u32 fp_exponent_bits(u32 size);
u32 fp_fraction_bits(u32 size);
struct fp_value fp_unpack(struct fp_context *c, u32 size, u64 a);
u64 fp_round(struct fp_context *c, u32 size, struct fp_value value, enum fp_rounding rounding);
u64 fp_zero(u32 size, bool negative);
u64 fp_infinity(u32 size, bool negative);
u64 fp_max_normal(u32 size, bool negative);
static inline bool fp_is_nan(struct fp_value value)
{
	return value.kind >= FP_KIND_QNAN;
}
u64 fp_process_nan(struct fp_context *c, u32 size, struct fp_value value, u64 a);
bool fp_process_nans(struct fp_context *c, u32 size, struct fp_value x, struct fp_value y, u64 a,
		     u64 b, u64 *result);
/* The exact sum; zero has the sign that the rounding mode gives it. */
struct fp_value fp_sum(struct fp_context *c, struct fp_value x, struct fp_value y);
struct fp_value fp_product(struct fp_value x, struct fp_value y);
/* The nearest integer's magnitude, at most 2^65; *inexact if there was a fraction. */
u128 fp_integer(struct fp_value value, enum fp_rounding rounding, bool *inexact);

#endif
