/* SPDX-License-Identifier: MIT */
/* Arithmetic of singles and doubles: SSE, SSE2, SSE3, SSE4.1 and AVX. */
#include "float.h"

#include <test.h>
#include <x86/model/simd_float.h>

SUITE("Floating-point arithmetic of vectors");

const struct simd_mode float_modes[4] = {
	{ MXCSR_ALL_MASKED | FLOAT_NEAREST << MXCSR_RC_SHIFT, ALL_BUT_DE, false },
	{ MXCSR_ALL_MASKED | FLOAT_DOWN << MXCSR_RC_SHIFT, ALL_BUT_DE, false },
	{ MXCSR_ALL_MASKED | FLOAT_UP << MXCSR_RC_SHIFT, ALL_BUT_DE, false },
	{ MXCSR_ALL_MASKED | FLOAT_TO_ZERO << MXCSR_RC_SHIFT, ALL_BUT_DE, false },
};

#define ARITHMETIC_SPEC \
	"SDM vol. 2, ADDPS, SUBPS, MULPS, DIVPS, SQRTPS and their kin; vol. 1, 4.8, 11.5"

TEST(sse_float, "ADD, SUB, MUL, DIV and SQRT round as MXCSR says and set its flags",
     SPEC(ARITHMETIC_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	FLOAT_CHECK(SSE_FOUR(add) SSE_FOUR(sub) SSE_FOUR(mul) SSE_FOUR(div) SSE_FOUR(sqrt));
}

#define AVX_SQRT(op, width, r, ...)                                                          \
	SIMD("v" #op, simd_##op, width, "v" #op " %%" r "2, %%" r "1", .kind = SIMD_VEX,     \
	     .dst = V(1), .b = V(2), __VA_ARGS__)                                            \
	SIMD("v" #op, simd_##op, width, "v" #op " " AT("di") ", %%" r "1", .kind = SIMD_VEX, \
	     .dst = V(1), .b = SIMD_MEMORY, __VA_ARGS__)

TEST(avx_float, "the same with VEX, of XMM and YMM registers",
     SPEC(ARITHMETIC_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	FLOAT_CHECK(
		AVX_FOUR(add) AVX_FOUR(sub) AVX_FOUR(mul) AVX_FOUR(div) AVX_SQRT(
			sqrtps, 16, "xmm", SINGLES) AVX_SQRT(sqrtps, 32, "ymm", SINGLES)
			AVX_SQRT(sqrtpd, 16, "xmm", DOUBLES) AVX_SQRT(sqrtpd, 32, "ymm", DOUBLES)
				AVX_SCALAR(sqrtss, 4, SINGLES) AVX_SCALAR(sqrtsd, 8, DOUBLES));
}

#define EXTREME_SPEC "SDM vol. 2B, MINPS, MAXPS and their kin"

TEST(sse_extremes, "MIN and MAX give the second operand for two zeros and for any NaN",
     SPEC(EXTREME_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	FLOAT_CHECK(SSE_FOUR(min) SSE_FOUR(max));
}

TEST(avx_extremes, "VMIN and VMAX likewise", SPEC(EXTREME_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	FLOAT_CHECK(AVX_FOUR(min) AVX_FOUR(max));
}

#define HORIZONTAL_SPEC "SDM vol. 2A, ADDSUBPS, HADDPS, HSUBPS and the PD ones"

TEST(sse3_float, "ADDSUB, HADD and HSUB",
     SPEC(HORIZONTAL_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE3)))
{
	FLOAT_CHECK(SSE_PACKED(addsubps, SINGLES) SSE_PACKED(addsubpd, DOUBLES)
			    SSE_PACKED(haddps, SINGLES) SSE_PACKED(haddpd, DOUBLES)
				    SSE_PACKED(hsubps, SINGLES) SSE_PACKED(hsubpd, DOUBLES));
}

TEST(avx_sse3_float, "VADDSUB, VHADD and VHSUB, in each half",
     SPEC(HORIZONTAL_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	FLOAT_CHECK(AVX_PACKED(addsubps, SINGLES) AVX_PACKED(addsubpd, DOUBLES)
			    AVX_PACKED(haddps, SINGLES) AVX_PACKED(haddpd, DOUBLES)
				    AVX_PACKED(hsubps, SINGLES) AVX_PACKED(hsubpd, DOUBLES));
}

/* ---------------------------------------------------------------------------------- comparison */

#define PREDICATES(rows, ...)                                                               \
	rows(0, __VA_ARGS__) rows(1, __VA_ARGS__) rows(2, __VA_ARGS__) rows(3, __VA_ARGS__) \
		rows(4, __VA_ARGS__) rows(5, __VA_ARGS__) rows(6, __VA_ARGS__)              \
			rows(7, __VA_ARGS__)
#define MORE_PREDICATES(rows, ...)                                                                \
	rows(8, __VA_ARGS__) rows(9, __VA_ARGS__) rows(10, __VA_ARGS__) rows(11, __VA_ARGS__)     \
		rows(12, __VA_ARGS__) rows(13, __VA_ARGS__) rows(14, __VA_ARGS__) rows(           \
			15, __VA_ARGS__) rows(16, __VA_ARGS__) rows(17, __VA_ARGS__)              \
			rows(18, __VA_ARGS__) rows(19, __VA_ARGS__) rows(20, __VA_ARGS__) rows(   \
				21, __VA_ARGS__) rows(22, __VA_ARGS__) rows(23, __VA_ARGS__)      \
				rows(24, __VA_ARGS__) rows(25, __VA_ARGS__) rows(26, __VA_ARGS__) \
					rows(27, __VA_ARGS__) rows(28, __VA_ARGS__)               \
						rows(29, __VA_ARGS__) rows(30, __VA_ARGS__)       \
							rows(31, __VA_ARGS__)
#define SSE_CMP(i, op, ...)	      SSE_PACKED_I(op, i, __VA_ARGS__)
#define SSE_CMP_SCALAR(i, op, ...)    SSE_SCALAR_I(op, i, __VA_ARGS__)
#define AVX_CMP(i, op, width, r, ...) AVX_FLOAT_I(op, i, width, r, __VA_ARGS__)
#define COMPARE_SPEC		      "SDM vol. 2A, CMPPS, CMPPD, CMPSS, CMPSD, table 3-1"

TEST(sse_float_compare,
     "CMPPS and its kin: eight predicates, NaNs unordered, invalid where signaling",
     SPEC(COMPARE_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	FLOAT_CHECK(PREDICATES(SSE_CMP, cmpps, SINGLES) PREDICATES(SSE_CMP, cmppd, DOUBLES)
			    PREDICATES(SSE_CMP_SCALAR, cmpss, SINGLES)
				    PREDICATES(SSE_CMP_SCALAR, cmpsd, DOUBLES));
}

TEST(avx_float_compare, "VCMPPS and its kin have 32 predicates",
     SPEC(COMPARE_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	FLOAT_CHECK(PREDICATES(AVX_CMP, cmpps, 16, "xmm", SINGLES) MORE_PREDICATES(
		AVX_CMP, cmpps, 32, "ymm", SINGLES) PREDICATES(AVX_CMP, cmppd, 32, "ymm", DOUBLES)
			    MORE_PREDICATES(AVX_CMP, cmppd, 16, "xmm", DOUBLES)
				    MORE_PREDICATES(AVX_CMP, cmpss, 16, "xmm", SINGLES)
					    MORE_PREDICATES(AVX_CMP, cmpsd, 16, "xmm", DOUBLES));
}

#define TO_FLAGS(op, bytes_, ...)                                                          \
	SIMD(#op, simd_##op, 16, #op " %%xmm2, %%xmm1", .a = V(1), .b = V(2), __VA_ARGS__) \
	SIMD(#op, simd_##op, 16, #op " " AT("di") ", %%xmm1", .a = V(1), .b = SIMD_MEMORY, \
	     .b_bytes = bytes_, __VA_ARGS__)
#define TO_FLAGS_VEX(op, ...)                                                                \
	SIMD("v" #op, simd_##op, 16, "v" #op " %%xmm2, %%xmm1", .kind = SIMD_VEX, .a = V(1), \
	     .b = V(2), __VA_ARGS__)

TEST(sse_comi, "COMISS and UCOMISS set ZF, PF and CF; they differ in what a QNaN is",
     SPEC("SDM vol. 2A, COMISS, COMISD; vol. 2B, UCOMISS, UCOMISD"),
	  REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	FLOAT_CHECK(TO_FLAGS(comiss, 4, SINGLES) TO_FLAGS(comisd, 8, DOUBLES)
			    TO_FLAGS(ucomiss, 4, SINGLES) TO_FLAGS(ucomisd, 8, DOUBLES));
}

TEST(avx_comi, "VCOMISS and VUCOMISS likewise",
     SPEC("SDM vol. 2A, COMISS, COMISD; vol. 2B, UCOMISS, UCOMISD"),
	  REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	FLOAT_CHECK(TO_FLAGS_VEX(comiss, SINGLES) TO_FLAGS_VEX(comisd, DOUBLES)
			    TO_FLAGS_VEX(ucomiss, SINGLES) TO_FLAGS_VEX(ucomisd, DOUBLES));
}

/* ------------------------------------------------------------------------- rounding, dot products */

#define ROUNDINGS(rows, ...)                                                                \
	rows(0, __VA_ARGS__) rows(1, __VA_ARGS__) rows(2, __VA_ARGS__) rows(3, __VA_ARGS__) \
		rows(4, __VA_ARGS__) rows(8, __VA_ARGS__) rows(0xa, __VA_ARGS__)            \
			rows(0xf, __VA_ARGS__) rows(0xf1, __VA_ARGS__)
#define ROUND(i, op, ...)                                                                \
	SIMD(#op, simd_##op, 16, #op " $" #i ", %%xmm2, %%xmm1", .dst = V(1), .a = V(1), \
	     .b = V(2), .immediate = i, __VA_ARGS__)
#define ROUND_VEX(i, op, width, r, ...)                                                           \
	SIMD("v" #op, simd_##op, width, "v" #op " $" #i ", %%" r "2, %%" r "1", .kind = SIMD_VEX, \
	     .dst = V(1), .b = V(2), .immediate = i, __VA_ARGS__)
#define ROUND_SPEC "SDM vol. 2B, ROUNDPS, ROUNDPD, ROUNDSS, ROUNDSD"

TEST(sse4_round, "ROUNDPS and its kin round to integers by the immediate, with or without PE",
     SPEC(ROUND_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE4_1)))
{
	FLOAT_CHECK(ROUNDINGS(ROUND, roundps, SINGLES) ROUNDINGS(ROUND, roundpd, DOUBLES)
			    ROUNDINGS(ROUND, roundss, SINGLES) ROUNDINGS(ROUND, roundsd, DOUBLES));
}

TEST(avx_round, "VROUNDPS and its kin", SPEC(ROUND_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	FLOAT_CHECK(ROUNDINGS(ROUND_VEX, roundps, 32, "ymm", SINGLES)
			    ROUNDINGS(ROUND_VEX, roundpd, 32, "ymm", DOUBLES)
				    ROUNDINGS(AVX_CMP, roundss, 16, "xmm", SINGLES)
					    ROUNDINGS(AVX_CMP, roundsd, 16, "xmm", DOUBLES));
}

#define SELECTIONS(rows, ...)                                                   \
	rows(0xff, __VA_ARGS__) rows(0xf1, __VA_ARGS__) rows(0x31, __VA_ARGS__) \
		rows(0x5a, __VA_ARGS__) rows(0x0f, __VA_ARGS__) rows(0xc8, __VA_ARGS__)
#define DOT_SPEC "SDM vol. 2A, DPPS, DPPD"

TEST(sse4_dot, "DPPS and DPPD add the products that the immediate chooses",
     SPEC(DOT_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE4_1)))
{
	FLOAT_CHECK(SELECTIONS(SSE_CMP, dpps, SINGLES) SELECTIONS(SSE_CMP, dppd, DOUBLES));
}

TEST(avx_dot, "VDPPS in each half of a YMM register, VDPPD",
     SPEC(DOT_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	FLOAT_CHECK(SELECTIONS(AVX_CMP, dpps, 32, "ymm", SINGLES)
			    SELECTIONS(AVX_CMP, dppd, 16, "xmm", DOUBLES));
}
