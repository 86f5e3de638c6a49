/* SPDX-License-Identifier: MIT */
/* Packed integer arithmetic in MMX, XMM and YMM registers. */
#include "simd.h"

#include <test.h>

SUITE("Packed integer arithmetic");

#define MODULAR(op) op(paddb) op(paddw) op(paddd) op(paddq) op(psubb) op(psubw) op(psubd) op(psubq)
#define SATURATING(op) \
	op(paddsb) op(paddsw) op(paddusb) op(paddusw) op(psubsb) op(psubsw) op(psubusb) op(psubusw)
#define COMPARING(op)	op(pcmpeqb) op(pcmpeqw) op(pcmpeqd) op(pcmpgtb) op(pcmpgtw) op(pcmpgtd)
#define MULTIPLYING(op) op(pmullw) op(pmulhw) op(pmulhuw) op(pmaddwd) op(pmuludq)
#define EXTREMES(op)	op(pmaxub) op(pmaxsw) op(pminub) op(pminsw) op(pavgb) op(pavgw) op(psadbw)
#define SSSE3(op)                                                                            \
	op(pabsb) op(pabsw) op(pabsd) op(psignb) op(psignw) op(psignd) op(phaddw) op(phaddd) \
		op(phaddsw) op(phsubw) op(phsubd) op(phsubsw) op(pmulhrsw) op(pmaddubsw)
#define SSE4(op)                                                                                 \
	op(pcmpeqq) op(pmaxuw) op(pmaxud) op(pmaxsb) op(pmaxsd) op(pminuw) op(pminud) op(pminsb) \
		op(pminsd) op(pmulld) op(pmuldq)

/* PABS has one source, so that its VEX form has no second one either. */
#define AVX_SSSE3(op)                                                                            \
	op(psignb) op(psignw) op(psignd) op(phaddw) op(phaddd) op(phaddsw) op(phsubw) op(phsubd) \
		op(phsubsw) op(pmulhrsw) op(pmaddubsw)
#define ADD_SPEC "SDM vol. 2B, PADDB to PADDUSW, PSUBB to PSUBUSW"

TEST(mmx_add, "MMX addition and subtraction wrap or saturate in each element",
     SPEC(ADD_SPEC), REQUIRES(cpu_has(X86_FEATURE_MMX) && cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(MODULAR(MMX_OP) SATURATING(MMX_OP));
}

TEST(sse_add, "addition and subtraction wrap or saturate in each element of an XMM register",
     SPEC(ADD_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(MODULAR(SSE_OP) SATURATING(SSE_OP));
}

TEST(avx_add, "with VEX.128, addition and subtraction also clear bits 255:128",
     SPEC(ADD_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(MODULAR(AVX_OP) SATURATING(AVX_OP));
}

TEST(avx2_add, "addition and subtraction of YMM registers",
     SPEC(ADD_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(MODULAR(AVX_OP_Y) SATURATING(AVX_OP_Y));
}

#define COMPARE_SPEC "SDM vol. 2B, PCMPEQB to PCMPGTQ"

TEST(mmx_compare, "MMX comparisons give all ones or zero in each element",
     SPEC(COMPARE_SPEC), REQUIRES(cpu_has(X86_FEATURE_MMX)))
{
	SIMD_CHECK(COMPARING(MMX_OP));
}

TEST(sse_compare, "comparisons give all ones or zero in each element of an XMM register",
     SPEC(COMPARE_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(COMPARING(SSE_OP));
}

TEST(sse4_compare, "PCMPGTQ compares quadwords with their signs",
     SPEC(COMPARE_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE4_2)))
{
	SIMD_CHECK(SSE_OP(pcmpgtq));
}

TEST(avx_compare, "with VEX.128, comparisons also clear bits 255:128",
     SPEC(COMPARE_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(COMPARING(AVX_OP) AVX_OP(pcmpeqq) AVX_OP(pcmpgtq));
}

TEST(avx2_compare, "comparisons of YMM registers",
     SPEC(COMPARE_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(COMPARING(AVX_OP_Y) AVX_OP_Y(pcmpeqq) AVX_OP_Y(pcmpgtq));
}

#define MULTIPLY_SPEC \
	"SDM vol. 2B, PMULLW, PMULHW, PMULHUW, PMULUDQ, PMADDWD, PMAX, PMIN, PAVG, PSADBW"

TEST(mmx_multiply, "MMX multiplications, extremes, averages, sums of differences",
     SPEC(MULTIPLY_SPEC), REQUIRES(cpu_has(X86_FEATURE_MMX) && cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(MULTIPLYING(MMX_OP) EXTREMES(MMX_OP));
}

TEST(sse_multiply, "multiplications, extremes, averages, sums of differences of XMM registers",
     SPEC(MULTIPLY_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(MULTIPLYING(SSE_OP) EXTREMES(SSE_OP));
}

TEST(avx_multiply, "the same with VEX.128", SPEC(MULTIPLY_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(MULTIPLYING(AVX_OP) EXTREMES(AVX_OP));
}

TEST(avx2_multiply, "the same of YMM registers",
     SPEC(MULTIPLY_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(MULTIPLYING(AVX_OP_Y) EXTREMES(AVX_OP_Y));
}

#define SSSE3_SPEC "SDM vol. 2B, PABS, PSIGN, PHADD, PHSUB, PMULHRSW, PMADDUBSW"

TEST(mmx_ssse3, "SSSE3 arithmetic of MMX registers",
     SPEC(SSSE3_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSSE3)))
{
	SIMD_CHECK(SSSE3(MMX_OP));
}

TEST(ssse3, "SSSE3 arithmetic of XMM registers",
     SPEC(SSSE3_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSSE3)))
{
	SIMD_CHECK(SSSE3(SSE_OP));
}

TEST(avx_ssse3, "SSSE3 arithmetic with VEX.128",
     SPEC(SSSE3_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(AVX_SSSE3(AVX_OP) AVX_FROM(pabsb) AVX_FROM(pabsw) AVX_FROM(pabsd));
}

TEST(avx2_ssse3, "SSSE3 arithmetic of YMM registers, in each half",
     SPEC(SSSE3_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(AVX_SSSE3(AVX_OP_Y) AVX_FROM_Y(pabsb) AVX_FROM_Y(pabsw) AVX_FROM_Y(pabsd));
}

#define SSE4_SPEC \
	"SDM vol. 2B, PMAXUW to PMAXSD, PMINUW to PMINSD, PMULLD, PMULDQ, PHMINPOSUW, MPSADBW"
#define EACH_3_BITS(op, rows)                                                               \
	rows(op, 0) rows(op, 1) rows(op, 2) rows(op, 3) rows(op, 4) rows(op, 5) rows(op, 6) \
		rows(op, 7) rows(op, 0xf8)

TEST(sse4, "SSE4.1 arithmetic of XMM registers",
     SPEC(SSE4_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE4_1)))
{
	SIMD_CHECK(SSE4(SSE_OP) SSE_OP(phminposuw) EACH_3_BITS(mpsadbw, SSE_OP_I));
}

TEST(avx_sse4, "SSE4.1 arithmetic with VEX.128",
     SPEC(SSE4_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(SSE4(AVX_OP) AVX_FROM(phminposuw) EACH_3_BITS(mpsadbw, AVX_OP_I));
}

TEST(avx2_sse4, "SSE4.1 arithmetic of YMM registers; MPSADBW has three bits for each half",
     SPEC(SSE4_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(SSE4(AVX_OP_Y) EACH_3_BITS(mpsadbw, AVX_OP_Y_I) AVX_OP_Y_I(mpsadbw, 0x08)
			   AVX_OP_Y_I(mpsadbw, 0x15) AVX_OP_Y_I(mpsadbw, 0x2f)
				   AVX_OP_Y_I(mpsadbw, 0x3f));
}
