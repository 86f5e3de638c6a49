/* SPDX-License-Identifier: MIT */
/* Advanced SIMD with two sources of the same shape, of vectors and scalars, against a model. */
#include <test.h>

#include <arm/a64_check.h>
#include <arm/features.h>

SUITE("Advanced SIMD, three same", REQUIRES(has_fp()));

#define Q    BIT(30)
#define SIZE BITS(23, 22)
#define ANY  .flags = A64_FP | A64_ANY_FP

/* Every size, also those that are reserved, of vectors and of scalars. */
#define SAME(name, u, opcode) \
	ROW(name, 0x0e200400 | (u) << 29 | (opcode) << 11, Q | SIZE | RDNM, a64_simd_same, ANY)
#define SCALAR(name, u, opcode)                                                                  \
	ROW(name "-scalar", 0x5e200400 | (u) << 29 | (opcode) << 11, SIZE | RDNM, a64_simd_same, \
	    ANY)
#define BOTH(name, u, opcode) SAME(name, u, opcode), SCALAR(name, u, opcode)

static const struct a64_row integers[] = {
	SAME("shadd", 0, 0x00),
	SAME("uhadd", 1, 0x00),
	BOTH("sqadd", 0, 0x01),
	BOTH("uqadd", 1, 0x01),
	SAME("srhadd", 0, 0x02),
	SAME("urhadd", 1, 0x02),
	SAME("shsub", 0, 0x04),
	SAME("uhsub", 1, 0x04),
	BOTH("sqsub", 0, 0x05),
	BOTH("uqsub", 1, 0x05),
	SAME("smax", 0, 0x0c),
	SAME("umax", 1, 0x0c),
	SAME("smin", 0, 0x0d),
	SAME("umin", 1, 0x0d),
	SAME("sabd", 0, 0x0e),
	SAME("uabd", 1, 0x0e),
	SAME("saba", 0, 0x0f),
	SAME("uaba", 1, 0x0f),
	BOTH("add", 0, 0x10),
	BOTH("sub", 1, 0x10),
	SAME("mla", 0, 0x12),
	SAME("mls", 1, 0x12),
	SAME("mul", 0, 0x13),
	SAME("pmul", 1, 0x13),
	SAME("smaxp", 0, 0x14),
	SAME("umaxp", 1, 0x14),
	SAME("sminp", 0, 0x15),
	SAME("uminp", 1, 0x15),
	BOTH("sqdmulh", 0, 0x16),
	BOTH("sqrdmulh", 1, 0x16),
	SAME("addp", 0, 0x17),
	SCALAR("unallocated-0", 0, 0x00),
	SCALAR("unallocated-c", 0, 0x0c),
	SCALAR("unallocated-12", 0, 0x12),
};

TEST(simd_integers,
     "integer operations on two vectors: halving, saturating, absolute, pairwise, doubling",
     SPEC("DDI 0487, C4.1.96.23, Advanced SIMD three same; C7.2, SHADD, SQADD, SABA, SQDMULH (vector) and others"))
{
	a64_check(integers, ARRAY_SIZE(integers));
}

static const struct a64_row comparisons[] = {
	BOTH("cmgt", 0, 0x06),	  BOTH("cmhi", 1, 0x06),   BOTH("cmge", 0, 0x07),
	BOTH("cmhs", 1, 0x07),	  BOTH("cmtst", 0, 0x11),  BOTH("cmeq", 1, 0x11),
	SAME("logical", 0, 0x03), SAME("select", 1, 0x03),
};

TEST(simd_comparisons, "comparisons of elements, and AND, BIC, ORR, ORN, EOR, BSL, BIT, BIF",
     SPEC("DDI 0487, C4.1.96.23; C7.2, CMGT (register), CMTST, BIF and others"))
{
	a64_check(comparisons, ARRAY_SIZE(comparisons));
}

static const struct a64_row shifts[] = {
	BOTH("sshl", 0, 0x08),	 BOTH("ushl", 1, 0x08),	  BOTH("sqshl", 0, 0x09),
	BOTH("uqshl", 1, 0x09),	 BOTH("srshl", 0, 0x0a),  BOTH("urshl", 1, 0x0a),
	BOTH("sqrshl", 0, 0x0b), BOTH("uqrshl", 1, 0x0b),
};

TEST(simd_shifts_by_register,
     "shifts of each element by another, left and right, rounding, saturating",
     SPEC("DDI 0487, C7.2, SSHL, SQRSHL and others"))
{
	a64_check(shifts, ARRAY_SIZE(shifts));
}

/* Of single and double precision, and, for those who have it, of half precision. */
#define FLOAT(name, u, a, op)                                                                    \
	ROW(name "-s", 0x0e20c400 | (u) << 29 | (a) << 23 | (op) << 11, Q | RDNM, a64_simd_same, \
	    .flags = A64_FP | A64_SINGLE),                                                       \
		ROW(name "-d", 0x0e60c400 | (u) << 29 | (a) << 23 | (op) << 11, Q | RDNM,        \
		    a64_simd_same, .flags = A64_FP),                                             \
		ROW(name "-h", 0x0e400400 | (u) << 29 | (a) << 23 | (op) << 11, Q | RDNM,        \
		    a64_simd_same_half, .present = has_fp16, .flags = A64_FP | A64_HALF)
#define FLOAT_SCALAR(name, u, a, op)                                                         \
	ROW(name "-scalar-s", 0x5e20c400 | (u) << 29 | (a) << 23 | (op) << 11, RDNM,         \
	    a64_simd_same, .flags = A64_FP | A64_SINGLE),                                    \
		ROW(name "-scalar-d", 0x5e60c400 | (u) << 29 | (a) << 23 | (op) << 11, RDNM, \
		    a64_simd_same, .flags = A64_FP),                                         \
		ROW(name "-scalar-h", 0x5e400400 | (u) << 29 | (a) << 23 | (op) << 11, RDNM, \
		    a64_simd_same_half, .present = has_fp16, .flags = A64_FP | A64_HALF)

static const struct a64_row floats[] = {
	FLOAT("fmaxnm", 0, 0, 0),  FLOAT("fminnm", 0, 1, 0),  FLOAT("fmaxnmp", 1, 0, 0),
	FLOAT("fminnmp", 1, 1, 0), FLOAT("fmla", 0, 0, 1),    FLOAT("fmls", 0, 1, 1),
	FLOAT("fadd", 0, 0, 2),	   FLOAT("fsub", 0, 1, 2),    FLOAT("faddp", 1, 0, 2),
	FLOAT("fabd", 1, 1, 2),	   FLOAT("fmulx", 0, 0, 3),   FLOAT("fmul", 1, 0, 3),
	FLOAT("fcmeq", 0, 0, 4),   FLOAT("fcmge", 1, 0, 4),   FLOAT("fcmgt", 1, 1, 4),
	FLOAT("facge", 1, 0, 5),   FLOAT("facgt", 1, 1, 5),   FLOAT("fmax", 0, 0, 6),
	FLOAT("fmin", 0, 1, 6),	   FLOAT("fmaxp", 1, 0, 6),   FLOAT("fminp", 1, 1, 6),
	FLOAT("frecps", 0, 0, 7),  FLOAT("frsqrts", 0, 1, 7), FLOAT("fdiv", 1, 0, 7),
};

TEST(simd_floats, "floating-point operations on two vectors of half, single and double precision",
     SPEC("DDI 0487, C4.1.96.17, C4.1.96.23; C7.2, FABD, FMULX, FRECPS and others"))
{
	a64_check(floats, ARRAY_SIZE(floats));
}

static const struct a64_row float_scalars[] = {
	FLOAT_SCALAR("fmulx", 0, 0, 3),	 FLOAT_SCALAR("fcmeq", 0, 0, 4),
	FLOAT_SCALAR("fcmge", 1, 0, 4),	 FLOAT_SCALAR("fcmgt", 1, 1, 4),
	FLOAT_SCALAR("facge", 1, 0, 5),	 FLOAT_SCALAR("facgt", 1, 1, 5),
	FLOAT_SCALAR("frecps", 0, 0, 7), FLOAT_SCALAR("frsqrts", 0, 1, 7),
	FLOAT_SCALAR("fabd", 1, 1, 2),
};

TEST(simd_float_scalars, "the same on scalars: FMULX, FABD, FRECPS, FRSQRTS, comparisons",
     SPEC("DDI 0487, C4.1.96.4, C4.1.96.11; C7.2, FACGT, FMULX and others"))
{
	a64_check(float_scalars, ARRAY_SIZE(float_scalars));
}

#define EXTRA(name, u, opcode, vary, has, ...)                                                 \
	ROW(name, 0x0e008400 | (u) << 29 | (opcode) << 11, (vary) | RDNM, a64_simd_same_extra, \
	    .present = has, ##__VA_ARGS__)

static const struct a64_row extras[] = {
	EXTRA("sqrdmlah", 1, 0, Q | SIZE, has_rdm, ANY),
	EXTRA("sqrdmlsh", 1, 1, Q | SIZE, has_rdm, ANY),
	ROW("sqrdmlah-scalar", 0x7e008400, SIZE | RDNM, a64_simd_same_extra, .present = has_rdm,
	    ANY),
	ROW("sqrdmlsh-scalar", 0x7e008c00, SIZE | RDNM, a64_simd_same_extra, .present = has_rdm,
	    ANY),
	EXTRA("sdot", 0, 2 | 2 << 11, Q, has_dotprod, ANY),
	EXTRA("udot", 1, 2 | 2 << 11, Q, has_dotprod, ANY),
	EXTRA("usdot", 0, 3 | 2 << 11, Q, has_i8mm, ANY),
	ROW("smmla", 0x4e80a400, RDNM, a64_simd_same_extra, .present = has_i8mm, ANY),
	ROW("ummla", 0x6e80a400, RDNM, a64_simd_same_extra, .present = has_i8mm, ANY),
	ROW("usmmla", 0x4e80ac00, RDNM, a64_simd_same_extra, .present = has_i8mm, ANY),
	EXTRA("fcmla-s", 1, 8 | 2 << 11, Q | BITS(12, 11), has_fcma, .flags = A64_FP | A64_SINGLE),
	EXTRA("fcmla-d", 1, 8 | 3 << 11, Q | BITS(12, 11), has_fcma, .flags = A64_FP),
	EXTRA("fcmla-h", 1, 8 | 1 << 11, Q | BITS(12, 11), has_fcma, .flags = A64_FP | A64_HALF),
	EXTRA("fcadd-s", 1, 12 | 2 << 11, Q | BIT(12), has_fcma, .flags = A64_FP | A64_SINGLE),
	EXTRA("fcadd-d", 1, 12 | 3 << 11, Q | BIT(12), has_fcma, .flags = A64_FP),
	EXTRA("fcadd-h", 1, 12 | 1 << 11, Q | BIT(12), has_fcma, .flags = A64_FP | A64_HALF),
	ROW("fmlal", 0x0e20ec00, Q | RDNM, a64_simd_same, .present = has_fhm,
	    .flags = A64_FP | A64_HALF),
	ROW("fmlsl", 0x0ea0ec00, Q | RDNM, a64_simd_same, .present = has_fhm,
	    .flags = A64_FP | A64_HALF),
	ROW("fmlal2", 0x2e20cc00, Q | RDNM, a64_simd_same, .present = has_fhm,
	    .flags = A64_FP | A64_HALF),
	ROW("fmlsl2", 0x2ea0cc00, Q | RDNM, a64_simd_same, .present = has_fhm,
	    .flags = A64_FP | A64_HALF),
};

TEST(simd_extensions,
     "SQRDMLAH, SDOT, USDOT, SMMLA, FCMLA, FCADD, FMLAL and others of later features",
     SPEC("DDI 0487, C4.1.96.22; C7.2, SQRDMLAH (vector), SDOT (vector), USMMLA (vector), FCMLA, FMLAL (vector) and others"))
{
	a64_check(extras, ARRAY_SIZE(extras));
}
