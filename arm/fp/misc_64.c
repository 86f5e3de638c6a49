/* SPDX-License-Identifier: MIT */
/* Advanced SIMD with one source, across lanes, and with shifts by immediates, against a model. */
#include <test.h>

#include <arm/a64_check.h>
#include <arm/features.h>

SUITE("Advanced SIMD, one source", REQUIRES(has_fp()));

#define Q    BIT(30)
#define SIZE BITS(23, 22)
#define ANY  .flags = A64_FP | A64_ANY_FP

#define MISC(name, u, opcode) \
	ROW(name, 0x0e200800 | (u) << 29 | (opcode) << 12, Q | SIZE | RDN, a64_simd_misc, ANY)
#define SCALAR(name, u, opcode) \
	ROW(name "-scalar", 0x5e200800 | (u) << 29 | (opcode) << 12, SIZE | RDN, a64_simd_misc, ANY)
#define BOTH(name, u, opcode) MISC(name, u, opcode), SCALAR(name, u, opcode)

static const struct a64_row integers[] = {
	MISC("rev64", 0, 0),
	MISC("rev32", 1, 0),
	MISC("rev16", 0, 1),
	MISC("saddlp", 0, 2),
	MISC("uaddlp", 1, 2),
	BOTH("suqadd", 0, 3),
	BOTH("usqadd", 1, 3),
	MISC("cls", 0, 4),
	MISC("clz", 1, 4),
	MISC("cnt", 0, 5),
	MISC("not-rbit", 1, 5),
	MISC("sadalp", 0, 6),
	MISC("uadalp", 1, 6),
	BOTH("sqabs", 0, 7),
	BOTH("sqneg", 1, 7),
	BOTH("cmgt-zero", 0, 8),
	BOTH("cmge-zero", 1, 8),
	BOTH("cmeq-zero", 0, 9),
	BOTH("cmle-zero", 1, 9),
	BOTH("cmlt-zero", 0, 10),
	BOTH("abs", 0, 11),
	BOTH("neg", 1, 11),
	MISC("xtn", 0, 0x12),
	BOTH("sqxtun", 1, 0x12),
	MISC("shll", 1, 0x13),
	BOTH("sqxtn", 0, 0x14),
	BOTH("uqxtn", 1, 0x14),
	MISC("unallocated-a", 1, 10),
	MISC("unallocated-10", 0, 0x10),
};

TEST(simd_misc,
     "reversals, pairwise sums, counts, absolute values, comparisons with zero, narrowing",
     SPEC("DDI 0487, C4.1.96.19, two-register miscellaneous; C7.2, REV64, SADALP, SUQADD, SQXTUN and others"))
{
	a64_check(integers, ARRAY_SIZE(integers));
}

#define FLOAT(name, form, u, a, opcode)                                                      \
	ROW(name "-s", (form) | 0x0e200800 | (u) << 29 | (a) << 23 | (opcode) << 12,         \
	    FORM_Q(form) | RDN, a64_simd_misc, .flags = A64_FP | A64_SINGLE),                \
		ROW(name "-d", (form) | 0x0e600800 | (u) << 29 | (a) << 23 | (opcode) << 12, \
		    FORM_Q(form) | RDN, a64_simd_misc, .flags = A64_FP)
#define HALF(name, form, u, a, opcode)                                               \
	ROW(name "-h", (form) | 0x0e780800 | (u) << 29 | (a) << 23 | (opcode) << 12, \
	    FORM_Q(form) | RDN, a64_simd_misc_half, .present = has_fp16,             \
	    .flags = A64_FP | A64_HALF)
#define FORM_Q(form)		   ((form) ? 0 : Q)
#define SCALAR_FORM		   0x50000000
#define VECTOR(name, u, a, opcode) FLOAT(name, 0, u, a, opcode), HALF(name, 0, u, a, opcode)
#define EITHER(name, u, a, opcode)                                                    \
	VECTOR(name, u, a, opcode), FLOAT(name "-scalar", SCALAR_FORM, u, a, opcode), \
		HALF(name "-scalar", SCALAR_FORM, u, a, opcode)

static const struct a64_row floats[] = {
	VECTOR("frintn", 0, 0, 0x18),
	VECTOR("frinta", 1, 0, 0x18),
	VECTOR("frintm", 0, 0, 0x19),
	VECTOR("frintx", 1, 0, 0x19),
	VECTOR("frintp", 0, 1, 0x18),
	VECTOR("frintz", 0, 1, 0x19),
	VECTOR("frinti", 1, 1, 0x19),
	VECTOR("fabs", 0, 1, 0x0f),
	VECTOR("fneg", 1, 1, 0x0f),
	VECTOR("fsqrt", 1, 1, 0x1f),
	EITHER("fcmgt-zero", 0, 1, 0x0c),
	EITHER("fcmge-zero", 1, 1, 0x0c),
	EITHER("fcmeq-zero", 0, 1, 0x0d),
	EITHER("fcmle-zero", 1, 1, 0x0d),
	EITHER("fcmlt-zero", 0, 1, 0x0e),
	EITHER("frecpe", 0, 1, 0x1d),
	EITHER("frsqrte", 1, 1, 0x1d),
	FLOAT("frecpx-scalar", SCALAR_FORM, 0, 1, 0x1f),
	HALF("frecpx-scalar", SCALAR_FORM, 0, 1, 0x1f),
	ROW("urecpe", 0x0ea1c800, Q | BIT(22) | RDN, a64_simd_misc, ANY),
	ROW("ursqrte", 0x2ea1c800, Q | BIT(22) | RDN, a64_simd_misc, ANY),
};

TEST(simd_floats_one_source,
     "FRINT..., FABS, FSQRT, comparisons with zero, and estimates of reciprocals",
     SPEC("DDI 0487, C4.1.96.19; C7.2, FRINTN (vector), FRECPE, FRSQRTE, FRECPX, URSQRTE and others"))
{
	a64_check(floats, ARRAY_SIZE(floats));
}

static const struct a64_row conversions[] = {
	EITHER("fcvtns", 0, 0, 0x1a),
	EITHER("fcvtnu", 1, 0, 0x1a),
	EITHER("fcvtms", 0, 0, 0x1b),
	EITHER("fcvtmu", 1, 0, 0x1b),
	EITHER("fcvtps", 0, 1, 0x1a),
	EITHER("fcvtpu", 1, 1, 0x1a),
	EITHER("fcvtzs", 0, 1, 0x1b),
	EITHER("fcvtzu", 1, 1, 0x1b),
	EITHER("fcvtas", 0, 0, 0x1c),
	EITHER("fcvtau", 1, 0, 0x1c),
	EITHER("scvtf", 0, 0, 0x1d),
	EITHER("ucvtf", 1, 0, 0x1d),
	ROW("fcvtn-h", 0x0e216800, Q | RDN, a64_simd_misc, .flags = A64_FP | A64_SINGLE),
	ROW("fcvtn-s", 0x0e616800, Q | RDN, a64_simd_misc, .flags = A64_FP),
	ROW("fcvtl-h", 0x0e217800, Q | RDN, a64_simd_misc, .flags = A64_FP | A64_HALF),
	ROW("fcvtl-s", 0x0e617800, Q | RDN, a64_simd_misc, .flags = A64_FP | A64_SINGLE),
	ROW("fcvtxn", 0x2e616800, Q | RDN, a64_simd_misc, .flags = A64_FP),
	ROW("fcvtxn-scalar", 0x7e616800, RDN, a64_simd_misc, .flags = A64_FP),
	ROW("frint32z-frint32x-s", 0x0e21e800, Q | BIT(29) | RDN, a64_simd_misc,
	    .present = has_frintts, .flags = A64_FP | A64_SINGLE),
	ROW("frint64z-frint64x-s", 0x0e21f800, Q | BIT(29) | RDN, a64_simd_misc,
	    .present = has_frintts, .flags = A64_FP | A64_SINGLE),
	ROW("frint32z-frint32x-d", 0x4e61e800, BIT(29) | RDN, a64_simd_misc, .present = has_frintts,
	    .flags = A64_FP),
	ROW("frint64z-frint64x-d", 0x4e61f800, BIT(29) | RDN, a64_simd_misc, .present = has_frintts,
	    .flags = A64_FP),
};

TEST(simd_conversions,
     "conversions between integers and each precision, in each rounding; FCVTN, FCVTXN, FCVTL",
     SPEC("DDI 0487, C4.1.96.19; C7.2, FCVTNS (vector), FCVTXN, UCVTF (vector, integer) and others"))
{
	a64_check(conversions, ARRAY_SIZE(conversions));
}

#define ACROSS(name, u, opcode) \
	ROW(name, 0x0e300800 | (u) << 29 | (opcode) << 12, Q | SIZE | RDN, a64_simd_across, ANY)

static const struct a64_row across[] = {
	ACROSS("saddlv", 0, 0x03),
	ACROSS("uaddlv", 1, 0x03),
	ACROSS("smaxv", 0, 0x0a),
	ACROSS("umaxv", 1, 0x0a),
	ACROSS("sminv", 0, 0x1a),
	ACROSS("uminv", 1, 0x1a),
	ACROSS("addv", 0, 0x1b),
	ROW("fmaxnmv-fminnmv", 0x6e30c800, BIT(23) | RDN, a64_simd_across,
	    .flags = A64_FP | A64_SINGLE),
	ROW("fmaxv-fminv", 0x6e30f800, BIT(23) | RDN, a64_simd_across,
	    .flags = A64_FP | A64_SINGLE),
	ROW("fmaxnmv-fminnmv-h", 0x0e30c800, Q | BIT(23) | RDN, a64_simd_across,
	    .present = has_fp16, .flags = A64_FP | A64_HALF),
	ROW("fmaxv-fminv-h", 0x0e30f800, Q | BIT(23) | RDN, a64_simd_across, .present = has_fp16,
	    .flags = A64_FP | A64_HALF),
	ROW("float-unallocated", 0x2e30c800, Q | BIT(22) | RDN, a64_simd_across,
	    .flags = A64_FP | A64_SINGLE),
	ROW("addp-scalar", 0x5e31b800, SIZE | RDN, a64_simd_pairwise_scalar, ANY),
	ROW("faddp-s", 0x7e30d800, RDN, a64_simd_pairwise_scalar, .flags = A64_FP | A64_SINGLE),
	ROW("faddp-d", 0x7e70d800, RDN, a64_simd_pairwise_scalar, .flags = A64_FP),
	ROW("faddp-h", 0x5e30d800, RDN, a64_simd_pairwise_scalar, .present = has_fp16,
	    .flags = A64_FP | A64_HALF),
	ROW("fmaxp-fminp-s", 0x7e30f800, BIT(23) | RDN, a64_simd_pairwise_scalar,
	    .flags = A64_FP | A64_SINGLE),
	ROW("fmaxp-fminp-d", 0x7e70f800, BIT(23) | RDN, a64_simd_pairwise_scalar, .flags = A64_FP),
	ROW("fmaxp-fminp-h", 0x5e30f800, BIT(23) | RDN, a64_simd_pairwise_scalar,
	    .present = has_fp16, .flags = A64_FP | A64_HALF),
	ROW("fmaxnmp-fminnmp-s", 0x7e30c800, BIT(23) | RDN, a64_simd_pairwise_scalar,
	    .flags = A64_FP | A64_SINGLE),
	ROW("fmaxnmp-fminnmp-d", 0x7e70c800, BIT(23) | RDN, a64_simd_pairwise_scalar,
	    .flags = A64_FP),
	ROW("fmaxnmp-fminnmp-h", 0x5e30c800, BIT(23) | RDN, a64_simd_pairwise_scalar,
	    .present = has_fp16, .flags = A64_FP | A64_HALF),
};

TEST(simd_across, "sums, maxima and minima across a vector, and of the two elements of one",
     SPEC("DDI 0487, C4.1.96.20, across lanes; C4.1.96.9, scalar pairwise; C7.2, SADDLV, FMAXNMV, ADDP (scalar) and others"))
{
	a64_check(across, ARRAY_SIZE(across));
}

#define SHIFT(name, u, opcode)                                                                     \
	ROW(name, 0x0f080400 | (u) << 29 | (opcode) << 11, Q | BITS(22, 16) | RDN, a64_simd_shift, \
	    ANY),                                                                                  \
		ROW(name "-scalar", 0x5f080400 | (u) << 29 | (opcode) << 11, BITS(22, 16) | RDN,   \
		    a64_simd_shift, ANY)
/* At least 16 bits: immh is not 1. */
#define FIXED(name, u, opcode, size, ...)                                                   \
	ROW(name, 0x0f000400 | (u) << 29 | (opcode) << 11 | (size) << 16,                   \
	    Q | (((size)-1u) << 16) | RDN, a64_simd_shift, ##__VA_ARGS__),                  \
		ROW(name "-scalar", 0x5f000400 | (u) << 29 | (opcode) << 11 | (size) << 16, \
		    (((size)-1u) << 16) | RDN, a64_simd_shift, ##__VA_ARGS__)

static const struct a64_row shifts[] = {
	SHIFT("sshr", 0, 0x00),		 SHIFT("ushr", 1, 0x00),
	SHIFT("ssra", 0, 0x02),		 SHIFT("usra", 1, 0x02),
	SHIFT("srshr", 0, 0x04),	 SHIFT("urshr", 1, 0x04),
	SHIFT("srsra", 0, 0x06),	 SHIFT("ursra", 1, 0x06),
	SHIFT("sri", 1, 0x08),		 SHIFT("shl", 0, 0x0a),
	SHIFT("sli", 1, 0x0a),		 SHIFT("sqshlu", 1, 0x0c),
	SHIFT("sqshl", 0, 0x0e),	 SHIFT("uqshl", 1, 0x0e),
	SHIFT("shrn", 0, 0x10),		 SHIFT("sqshrun", 1, 0x10),
	SHIFT("rshrn", 0, 0x11),	 SHIFT("sqrshrun", 1, 0x11),
	SHIFT("sqshrn", 0, 0x12),	 SHIFT("uqshrn", 1, 0x12),
	SHIFT("sqrshrn", 0, 0x13),	 SHIFT("uqrshrn", 1, 0x13),
	SHIFT("sshll", 0, 0x14),	 SHIFT("ushll", 1, 0x14),
	SHIFT("unallocated-8", 0, 0x08), SHIFT("unallocated-c", 0, 0x0c),
};

TEST(simd_shifts,
     "shifts by each amount: right, rounding, accumulating, inserting, saturating, narrowing, long",
     SPEC("DDI 0487, C4.1.96.24, shift by immediate; C7.2, SRSRA, SLI, SQSHLU, UQRSHRN and others"))
{
	a64_check(shifts, ARRAY_SIZE(shifts));
}

static const struct a64_row fixed[] = {
	FIXED("scvtf-s", 0, 0x1c, 32, ANY),
	FIXED("scvtf-d", 0, 0x1c, 64, ANY),
	FIXED("ucvtf-s", 1, 0x1c, 32, ANY),
	FIXED("ucvtf-d", 1, 0x1c, 64, ANY),
	FIXED("fcvtzs-s", 0, 0x1f, 32, .flags = A64_FP | A64_SINGLE),
	FIXED("fcvtzs-d", 0, 0x1f, 64, .flags = A64_FP),
	FIXED("fcvtzu-s", 1, 0x1f, 32, .flags = A64_FP | A64_SINGLE),
	FIXED("fcvtzu-d", 1, 0x1f, 64, .flags = A64_FP),
	FIXED("scvtf-h", 0, 0x1c, 16, .present = has_fp16, ANY),
	FIXED("ucvtf-h", 1, 0x1c, 16, .present = has_fp16, ANY),
	FIXED("fcvtzs-h", 0, 0x1f, 16, .present = has_fp16, .flags = A64_FP | A64_HALF),
	FIXED("fcvtzu-h", 1, 0x1f, 16, .present = has_fp16, .flags = A64_FP | A64_HALF),
};

TEST(simd_fixed,
     "conversions between floating point and fixed point with each number of fraction bits",
     SPEC("DDI 0487, C7.2, SCVTF (vector, fixed-point), FCVTZU (vector, fixed-point)"))
{
	a64_check(fixed, ARRAY_SIZE(fixed));
}
