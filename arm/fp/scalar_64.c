/* SPDX-License-Identifier: MIT */
/* Scalar floating point of A64: values, rounding, NaNs, denormals and the flags of FPSR, against a model. */
#include <test.h>

#include <arm/a64_check.h>
#include <arm/features.h>

SUITE("A64 scalar floating point", REQUIRES(has_fp()));

#define H .flags = A64_FP | A64_HALF, .present = has_fp16
#define S .flags = A64_FP | A64_SINGLE
#define D .flags = A64_FP

/* A row for each of single, double and half precision. */
#define EACH(name, code, vary, model)                                                              \
	ROW(name "-s", (code), vary, model, S), ROW(name "-d", (code) | 1u << 22, vary, model, D), \
		ROW(name "-h", (code) | 3u << 22, vary, model, H)

#define ONE(name, opcode) EACH(name, 0x1e204000 | (opcode) << 15, RDN, a64_fp_one_source)
#define TWO(name, opcode) EACH(name, 0x1e200800 | (opcode) << 12, RDNM, a64_fp_two_sources)

static const struct a64_row arithmetic[] = {
	TWO("fmul", 0),
	TWO("fdiv", 1),
	TWO("fadd", 2),
	TWO("fsub", 3),
	TWO("fmax", 4),
	TWO("fmin", 5),
	TWO("fmaxnm", 6),
	TWO("fminnm", 7),
	TWO("fnmul", 8),
	ONE("fmov", 0),
	ONE("fabs", 1),
	ONE("fneg", 2),
	ONE("fsqrt", 3),
	ROW("unallocated-type", 0x1ea00800, BITS(15, 12) | RDNM, a64_fp_two_sources, D),
	ROW("unallocated-opcode", 0x1e209800, BITS(23, 22) | RDNM, a64_fp_two_sources, D),
};

TEST(fp_arithmetic, "FADD, FSUB, FMUL, FNMUL, FDIV, FSQRT, FMAX, FMIN, FMAXNM, FMINNM, FABS, FNEG",
     SPEC("DDI 0487, C7.2, FADD (scalar) and others; J1.3, FPAdd, FPRound, FPProcessNaNs"))
{
	a64_check(arithmetic, ARRAY_SIZE(arithmetic));
}

static const struct a64_row fused[] = {
	EACH("fmadd", 0x1f000000, RA | RDNM, a64_fp_three_sources),
	EACH("fmsub", 0x1f008000, RA | RDNM, a64_fp_three_sources),
	EACH("fnmadd", 0x1f200000, RA | RDNM, a64_fp_three_sources),
	EACH("fnmsub", 0x1f208000, RA | RDNM, a64_fp_three_sources),
};

TEST(fp_fused, "FMADD, FMSUB, FNMADD, FNMSUB round once",
     SPEC("DDI 0487, C7.2, FMADD and others; J1.3, FPMulAdd"))
{
	a64_check(fused, ARRAY_SIZE(fused));
}

static const struct a64_row comparisons[] = {
	EACH("fcmp", 0x1e202000, RN | RM, a64_fp_compare),
	EACH("fcmp-zero", 0x1e202008, RN, a64_fp_compare),
	EACH("fcmpe", 0x1e202010, RN | RM, a64_fp_compare),
	EACH("fcmpe-zero", 0x1e202018, RN, a64_fp_compare),
	EACH("fccmp", 0x1e200400, BITS(15, 12) | RN | RM | BITS(3, 0), a64_fp_conditional_compare),
	EACH("fccmpe", 0x1e200410, BITS(15, 12) | RN | RM | BITS(3, 0), a64_fp_conditional_compare),
	EACH("fcsel", 0x1e200c00, BITS(15, 12) | RDNM, a64_fp_conditional_select),
};

TEST(fp_comparisons, "FCMP, FCMPE, FCCMP, FCCMPE set the flags, quiet and signalling; FCSEL",
     SPEC("DDI 0487, C7.2, FCMP, FCCMPE, FCSEL; J1.3, FPCompare"))
{
	a64_check(comparisons, ARRAY_SIZE(comparisons));
}

static const struct a64_row roundings[] = {
	ONE("frintn", 8),
	ONE("frintp", 9),
	ONE("frintm", 10),
	ONE("frintz", 11),
	ONE("frinta", 12),
	ONE("frintx", 14),
	ONE("frinti", 15),
	ROW("frint32z-s", 0x1e284000, RDN, a64_fp_one_source, .present = has_frintts, S),
	ROW("frint32x-s", 0x1e28c000, RDN, a64_fp_one_source, .present = has_frintts, S),
	ROW("frint64z-s", 0x1e294000, RDN, a64_fp_one_source, .present = has_frintts, S),
	ROW("frint64x-s", 0x1e29c000, RDN, a64_fp_one_source, .present = has_frintts, S),
	ROW("frint32z-d", 0x1e684000, RDN, a64_fp_one_source, .present = has_frintts, D),
	ROW("frint32x-d", 0x1e68c000, RDN, a64_fp_one_source, .present = has_frintts, D),
	ROW("frint64z-d", 0x1e694000, RDN, a64_fp_one_source, .present = has_frintts, D),
	ROW("frint64x-d", 0x1e69c000, RDN, a64_fp_one_source, .present = has_frintts, D),
};

TEST(fp_roundings,
     "FRINTN to FRINTI round to integers in their mode, FRINT32X and others within their range",
     SPEC("DDI 0487, C7.2, FRINTA (scalar) and others; J1.3, FPRoundInt, FPRoundIntN"))
{
	a64_check(roundings, ARRAY_SIZE(roundings));
}

static const struct a64_row precisions[] = {
	ROW("s-to-d", 0x1e22c000, RDN, a64_fp_one_source, S),
	ROW("s-to-h", 0x1e23c000, RDN, a64_fp_one_source, S),
	ROW("d-to-s", 0x1e624000, RDN, a64_fp_one_source, D),
	ROW("d-to-h", 0x1e63c000, RDN, a64_fp_one_source, D),
	ROW("h-to-s", 0x1ee24000, RDN, a64_fp_one_source, .flags = A64_FP | A64_HALF),
	ROW("h-to-d", 0x1ee2c000, RDN, a64_fp_one_source, .flags = A64_FP | A64_HALF),
	ROW("s-to-s-unallocated", 0x1e224000, RDN, a64_fp_one_source, S),
	ROW("type-2-unallocated", 0x1ea24000, BITS(16, 15) | RDN, a64_fp_one_source, S),
};

TEST(fp_precisions,
     "FCVT between half, single and double precision, with both half-precision formats",
     SPEC("DDI 0487, C7.2, FCVT; J1.3, FPConvert; A1.4.2"))
{
	a64_check(precisions, ARRAY_SIZE(precisions));
}

#define CONVERT(name, rmode, opcode) \
	EACH(name, 0x1e200000 | (rmode) << 19 | (opcode) << 16, SF | RDN, a64_fp_integer)

static const struct a64_row integers[] = {
	CONVERT("fcvtns", 0, 0),
	CONVERT("fcvtnu", 0, 1),
	CONVERT("scvtf", 0, 2),
	CONVERT("ucvtf", 0, 3),
	CONVERT("fcvtas", 0, 4),
	CONVERT("fcvtau", 0, 5),
	CONVERT("fcvtps", 1, 0),
	CONVERT("fcvtpu", 1, 1),
	CONVERT("fcvtms", 2, 0),
	CONVERT("fcvtmu", 2, 1),
	CONVERT("fcvtzs", 3, 0),
	CONVERT("fcvtzu", 3, 1),
	ROW("fjcvtzs", 0x1e7e0000, RDN, a64_fp_integer, .present = has_jscvt, D),
	ROW("unallocated-type", 0x1ea00000, SF | BIT(20) | BITS(18, 16) | RDN, a64_fp_integer, D),
	EACH("fcvtzs-fixed", 0x1e180000, SF | BITS(15, 10) | RDN, a64_fp_fixed),
	EACH("fcvtzu-fixed", 0x1e190000, SF | BITS(15, 10) | RDN, a64_fp_fixed),
	EACH("scvtf-fixed", 0x1e020000, SF | BITS(15, 10) | RDN, a64_fp_fixed),
	EACH("ucvtf-fixed", 0x1e030000, SF | BITS(15, 10) | RDN, a64_fp_fixed),
};

TEST(fp_integers,
     "conversions to and from integers and fixed point, in each rounding, saturating; FJCVTZS",
     SPEC("DDI 0487, C7.2, FCVTAS (scalar), FJCVTZS, SCVTF (scalar, fixed-point) and others; J1.3, FPToFixed"),
	  BUG("https://gitlab.com/qemu-project/qemu/-/issues/2375"))
{
	a64_check(integers, ARRAY_SIZE(integers));
}

static const struct a64_row moves[] = {
	ROW("to-general-s", 0x1e260000, RDN, a64_fp_integer, S),
	ROW("from-general-s", 0x1e270000, RDN, a64_fp_integer, S),
	ROW("to-general-d", 0x9e660000, RDN, a64_fp_integer, D),
	ROW("from-general-d", 0x9e670000, RDN, a64_fp_integer, D),
	ROW("to-general-h", 0x1ee60000, SF | RDN, a64_fp_integer, H),
	ROW("from-general-h", 0x1ee70000, SF | RDN, a64_fp_integer, H),
	ROW("to-general-upper-half", 0x9eae0000, RDN, a64_fp_integer, D),
	ROW("from-general-upper-half", 0x9eaf0000, RDN, a64_fp_integer, D),
	ROW("unallocated", 0x1e660000, BIT(16) | RDN, a64_fp_integer, D),
	EACH("immediate", 0x1e201000, BITS(20, 13) | RD, a64_fp_immediate),
	ROW("immediate-unallocated", 0x1e201000, BITS(9, 6) | RD | BIT(5), a64_fp_immediate, S),
};

TEST(fp_moves, "FMOV between general registers, scalars and upper halves, and each immediate",
     SPEC("DDI 0487, C7.2, FMOV (general), FMOV (scalar, immediate); J1.3, VFPExpandImm"))
{
	a64_check(moves, ARRAY_SIZE(moves));
}
