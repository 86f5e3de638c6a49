/* SPDX-License-Identifier: MIT */
/* Advanced SIMD long, wide and narrow, by element, permutations, tables, copies, immediates. */
#include <test.h>

#include <arm/a64_check.h>
#include <arm/features.h>

SUITE("Advanced SIMD, sources of different shapes", REQUIRES(has_fp()));

#define Q    BIT(30)
#define SIZE BITS(23, 22)
#define ANY  .flags = A64_FP | A64_ANY_FP

#define DIFFERENT(name, u, opcode) \
	ROW(name, 0x0e200000 | (u) << 29 | (opcode) << 12, Q | SIZE | RDNM, a64_simd_different, ANY)
#define SCALAR(name, u, opcode)                                                   \
	ROW(name "-scalar", 0x5e200000 | (u) << 29 | (opcode) << 12, SIZE | RDNM, \
	    a64_simd_different, ANY)

static const struct a64_row different[] = {
	DIFFERENT("saddl", 0, 0),
	DIFFERENT("uaddl", 1, 0),
	DIFFERENT("saddw", 0, 1),
	DIFFERENT("uaddw", 1, 1),
	DIFFERENT("ssubl", 0, 2),
	DIFFERENT("usubl", 1, 2),
	DIFFERENT("ssubw", 0, 3),
	DIFFERENT("usubw", 1, 3),
	DIFFERENT("addhn", 0, 4),
	DIFFERENT("raddhn", 1, 4),
	DIFFERENT("sabal", 0, 5),
	DIFFERENT("uabal", 1, 5),
	DIFFERENT("subhn", 0, 6),
	DIFFERENT("rsubhn", 1, 6),
	DIFFERENT("sabdl", 0, 7),
	DIFFERENT("uabdl", 1, 7),
	DIFFERENT("smlal", 0, 8),
	DIFFERENT("umlal", 1, 8),
	DIFFERENT("sqdmlal", 0, 9),
	DIFFERENT("smlsl", 0, 10),
	DIFFERENT("umlsl", 1, 10),
	DIFFERENT("sqdmlsl", 0, 11),
	DIFFERENT("smull", 0, 12),
	DIFFERENT("umull", 1, 12),
	DIFFERENT("sqdmull", 0, 13),
	SCALAR("sqdmlal", 0, 9),
	SCALAR("sqdmlsl", 0, 11),
	SCALAR("sqdmull", 0, 13),
	DIFFERENT("unallocated", 1, 9),
	SCALAR("unallocated", 0, 12),
	ROW("pmull-8", 0x0e20e000, Q | RDNM, a64_simd_different, ANY),
	ROW("pmull-64", 0x0ee0e000, Q | RDNM, a64_simd_different, .present = has_pmull, ANY),
	ROW("pmull-unallocated", 0x0e60e000, Q | RDNM, a64_simd_different, ANY),
};

TEST(simd_different, "long, wide and narrow operations of lower and upper halves",
     SPEC("DDI 0487, C4.1.96.21, three different; C7.2, SADDW, RADDHN, SQDMLSL, PMULL and others"))
{
	a64_check(different, ARRAY_SIZE(different));
}

#define ELEMENT(name, u, opcode)                           \
	ROW(name, 0x0f000000 | (u) << 29 | (opcode) << 12, \
	    Q | SIZE | BIT(11) | BITS(21, 16) | RDN, a64_simd_by_element, ANY)
#define ELEMENT_SCALAR(name, u, opcode)                              \
	ROW(name "-scalar", 0x5f000000 | (u) << 29 | (opcode) << 12, \
	    SIZE | BIT(11) | BITS(21, 16) | RDN, a64_simd_by_element, ANY)
/* Bits 29 and 15-12 are the operation; size is 2 or 3, or 0 for half precision. */
#define FLOAT(name, op)                                                                          \
	ROW(name "-s", 0x0f800000 | (op), Q | BIT(11) | BITS(21, 16) | RDN, a64_simd_by_element, \
	    .flags = A64_FP | A64_SINGLE),                                                       \
		ROW(name "-d", 0x0fc00000 | (op), Q | BIT(11) | BITS(21, 16) | RDN,              \
		    a64_simd_by_element, .flags = A64_FP),                                       \
		ROW(name "-h", 0x0f000000 | (op), Q | BIT(11) | BITS(21, 16) | RDN,              \
		    a64_simd_by_element, .present = has_fp16, .flags = A64_FP | A64_HALF),       \
		ROW(name "-scalar-s", 0x5f800000 | (op), BIT(11) | BITS(21, 16) | RDN,           \
		    a64_simd_by_element, .flags = A64_FP | A64_SINGLE),                          \
		ROW(name "-scalar-d", 0x5fc00000 | (op), BIT(11) | BITS(21, 16) | RDN,           \
		    a64_simd_by_element, .flags = A64_FP),                                       \
		ROW(name "-scalar-h", 0x5f000000 | (op), BIT(11) | BITS(21, 16) | RDN,           \
		    a64_simd_by_element, .present = has_fp16, .flags = A64_FP | A64_HALF)

static const struct a64_row elements[] = {
	ELEMENT("mla", 1, 0),
	ELEMENT("mls", 1, 4),
	ELEMENT("mul", 0, 8),
	ROW("smlal", 0x0f002000, Q | BIT(22) | BIT(11) | BITS(21, 16) | RDN, a64_simd_by_element,
	    ANY),
	ELEMENT("umlal", 1, 2),
	ELEMENT("smlsl", 0, 6),
	ELEMENT("umlsl", 1, 6),
	ELEMENT("smull", 0, 10),
	ELEMENT("umull", 1, 10),
	ELEMENT("sqdmlal", 0, 3),
	ELEMENT("sqdmlsl", 0, 7),
	ELEMENT("sqdmull", 0, 11),
	ELEMENT("sqdmulh", 0, 12),
	ELEMENT("sqrdmulh", 0, 13),
	ELEMENT_SCALAR("sqdmlal", 0, 3),
	ELEMENT_SCALAR("sqdmlsl", 0, 7),
	ELEMENT_SCALAR("sqdmull", 0, 11),
	ELEMENT_SCALAR("sqdmulh", 0, 12),
	ELEMENT_SCALAR("sqrdmulh", 0, 13),
	FLOAT("fmla", 0x1000),
	FLOAT("fmls", 0x5000),
	FLOAT("fmul", 0x9000),
	FLOAT("fmulx", 0x20009000),
};

TEST(simd_by_element, "products with one element of the second vector, at each index",
     SPEC("DDI 0487, C4.1.96.25, vector x indexed element; C7.2, MLA (by element), SQDMULH (by element), FMULX (by element) and others"))
{
	a64_check(elements, ARRAY_SIZE(elements));
}

static const struct a64_row element_extensions[] = {
	ROW("sqrdmlah", 0x2f00d000, Q | SIZE | BIT(11) | BITS(21, 16) | RDN, a64_simd_by_element,
	    .present = has_rdm, ANY),
	ROW("sqrdmlsh", 0x2f00f000, Q | SIZE | BIT(11) | BITS(21, 16) | RDN, a64_simd_by_element,
	    .present = has_rdm, ANY),
	ROW("sqrdmlah-scalar", 0x7f00d000, SIZE | BIT(11) | BITS(21, 16) | RDN, a64_simd_by_element,
	    .present = has_rdm, ANY),
	ROW("sdot-udot", 0x0f80e000, Q | BIT(29) | BIT(11) | BITS(21, 16) | RDN,
	    a64_simd_by_element, .present = has_dotprod, ANY),
	ROW("sudot-usdot", 0x0f00f000, Q | BIT(23) | BIT(11) | BITS(21, 16) | RDN,
	    a64_simd_by_element, .present = has_i8mm, ANY),
	ROW("fcmla-h", 0x2f401000, Q | BITS(14, 13) | BIT(11) | BITS(21, 16) | RDN,
	    a64_simd_by_element, .present = has_fcma, .flags = A64_FP | A64_HALF),
	ROW("fcmla-s", 0x2f801000, Q | BITS(14, 13) | BIT(11) | BITS(21, 16) | RDN,
	    a64_simd_by_element, .present = has_fcma, .flags = A64_FP | A64_SINGLE),
	ROW("fmlal-fmlsl", 0x0f800000, Q | BIT(14) | BIT(11) | BITS(21, 16) | RDN,
	    a64_simd_by_element, .present = has_fhm, .flags = A64_FP | A64_HALF),
	ROW("fmlal2-fmlsl2", 0x2f808000, Q | BIT(14) | BIT(11) | BITS(21, 16) | RDN,
	    a64_simd_by_element, .present = has_fhm, .flags = A64_FP | A64_HALF),
};

TEST(simd_by_element_extensions, "SQRDMLAH, SDOT, SUDOT, FCMLA, FMLAL by element",
     SPEC("DDI 0487, C7.2, SQRDMLAH (by element), SUDOT (by element), FCMLA (by element), FMLAL (by element) and others"))
{
	a64_check(element_extensions, ARRAY_SIZE(element_extensions));
}

static const struct a64_row permutations[] = {
	ROW("uzp1-uzp2", 0x0e001800, Q | SIZE | BIT(14) | RDNM, a64_simd_permute, ANY),
	ROW("trn1-trn2", 0x0e002800, Q | SIZE | BIT(14) | RDNM, a64_simd_permute, ANY),
	ROW("zip1-zip2", 0x0e003800, Q | SIZE | BIT(14) | RDNM, a64_simd_permute, ANY),
	ROW("ext", 0x2e000000, Q | BITS(14, 11) | RDNM, a64_simd_extract, ANY),
	ROW("tbl", 0x0e000000, Q | BITS(14, 13) | RDNM, a64_simd_table, ANY),
	ROW("tbx", 0x0e001000, Q | BITS(14, 13) | RDNM, a64_simd_table, ANY),
	ROW("dup-element", 0x0e000400, Q | BITS(20, 16) | RDN, a64_simd_copy, ANY),
	ROW("dup-general", 0x0e000c00, Q | BITS(20, 16) | RDN, a64_simd_copy, ANY),
	ROW("dup-scalar", 0x5e000400, BITS(20, 16) | RDN, a64_simd_copy, ANY),
	ROW("ins-general", 0x4e001c00, BITS(20, 16) | RDN, a64_simd_copy, ANY),
	ROW("ins-element", 0x6e000400, BITS(20, 16) | BITS(14, 11) | RDN, a64_simd_copy, ANY),
	ROW("smov", 0x0e002c00, Q | BITS(20, 16) | RDN, a64_simd_copy, ANY),
	ROW("umov", 0x0e003c00, Q | BITS(19, 16) | RDN, a64_simd_copy, ANY),
	ROW("movi-mvni-orr-bic", 0x0f000400,
	    Q | BIT(29) | BITS(18, 16) | BITS(15, 12) | BITS(9, 5) | RD, a64_simd_immediate, ANY),
	ROW("movi-64", 0x2f00e400, Q | BITS(18, 16) | BITS(9, 5) | RD, a64_simd_immediate, ANY),
	ROW("fmov", 0x0f00f400, Q | BIT(29) | BITS(18, 16) | BITS(9, 5) | RD, a64_simd_immediate,
	    ANY),
	ROW("fmov-half", 0x0f00fc00, Q | BITS(18, 16) | BITS(9, 5) | RD, a64_simd_immediate_half,
	    .present = has_fp16, ANY),
};

TEST(simd_permutations,
     "UZP, TRN, ZIP, EXT, TBL, TBX, DUP, INS, SMOV, UMOV, and modified immediates",
     SPEC("DDI 0487, C4.1.96.12 to C4.1.96.16, C4.1.96.23; C7.2, TBX, EXT, SMOV, MOVI and others"))
{
	a64_check(permutations, ARRAY_SIZE(permutations));
}
