/* SPDX-License-Identifier: MIT */
/* Packs, unpacks, shuffles, blends, widening moves, insertions, extractions, permutations. */
#include "simd.h"

#include <test.h>

SUITE("Shuffles of vectors");

/* ------------------------------------------------------------------------------ pack and unpack */

#define PACKS(op)	 op(packsswb) op(packssdw) op(packuswb)
#define UNPACKS(op)	 op(punpcklbw) op(punpcklwd) op(punpckldq)
#define UNPACKS_HIGH(op) op(punpckhbw) op(punpckhwd) op(punpckhdq)
#define UNPACKS_QUAD(op) op(punpcklqdq) op(punpckhqdq)
#define PACK_SPEC	 "SDM vol. 2B, PACKSSWB/PACKSSDW, PACKUSWB, PACKUSDW, PUNPCKLBW, PUNPCKHBW"

/* The low unpacks read half of a memory operand. */
#define MMX_UNPACK_LOW(op)                                                                     \
	SIMD(#op, simd_##op, 8, #op " %%mm2, %%mm1", .kind = SIMD_MMX, .dst = V(1), .a = V(1), \
	     .b = V(2))                                                                        \
	SIMD(#op, simd_##op, 8, #op " " AT("di") ", %%mm1", .kind = SIMD_MMX, .dst = V(1),     \
	     .a = V(1), .b = SIMD_MEMORY, .b_bytes = 4)

TEST(mmx_pack, "MMX packs saturate, unpacks interleave",
     SPEC(PACK_SPEC), REQUIRES(cpu_has(X86_FEATURE_MMX)))
{
	SIMD_CHECK(PACKS(MMX_OP) UNPACKS_HIGH(MMX_OP) UNPACKS(MMX_UNPACK_LOW));
}

TEST(sse_pack, "packs of XMM registers saturate, unpacks interleave",
     SPEC(PACK_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(PACKS(SSE_OP) UNPACKS(SSE_OP) UNPACKS_HIGH(SSE_OP) UNPACKS_QUAD(SSE_OP));
}

TEST(sse4_pack, "PACKUSDW takes its source's sign into account",
     SPEC(PACK_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE4_1)))
{
	SIMD_CHECK(SSE_OP(packusdw));
}

TEST(avx_pack, "packs and unpacks with VEX.128",
     SPEC(PACK_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(PACKS(AVX_OP) UNPACKS(AVX_OP) UNPACKS_HIGH(AVX_OP) UNPACKS_QUAD(AVX_OP)
			   AVX_OP(packusdw));
}

TEST(avx2_pack, "packs and unpacks work in each half of a YMM register",
     SPEC(PACK_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(PACKS(AVX_OP_Y) UNPACKS(AVX_OP_Y) UNPACKS_HIGH(AVX_OP_Y) UNPACKS_QUAD(AVX_OP_Y)
			   AVX_OP_Y(packusdw));
}

/* UNPCKLPS and the like are other opcodes of the same operations. */
#define simd_unpcklps	  simd_punpckldq
#define simd_unpckhps	  simd_punpckhdq
#define simd_unpcklpd	  simd_punpcklqdq
#define simd_unpckhpd	  simd_punpckhqdq
#define UNPACKS_FLOAT(op) op(unpcklps) op(unpckhps) op(unpcklpd) op(unpckhpd)
#define UNPACK_FLOAT_SPEC "SDM vol. 2B, UNPCKLPS, UNPCKHPS, UNPCKLPD, UNPCKHPD"

TEST(sse_unpack_float, "UNPCKLPS and its kin interleave",
     SPEC(UNPACK_FLOAT_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(UNPACKS_FLOAT(SSE_OP));
}

TEST(avx_unpack_float, "VUNPCKLPS and its kin interleave, in each half",
     SPEC(UNPACK_FLOAT_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(UNPACKS_FLOAT(AVX_BOTH));
}

/* ------------------------------------------------------------------------------------- shuffles */

#define SHUFFLE_SPEC "SDM vol. 2B, PSHUFB, PSHUFD, PSHUFLW, PSHUFHW, PSHUFW, SHUFPS, SHUFPD"
#define MMX_FROM_I(op, i)                                                                    \
	SIMD(#op, simd_##op, 8, #op " $" #i ", %%mm2, %%mm1", .kind = SIMD_MMX, .dst = V(1), \
	     .b = V(2), .immediate = i)                                                      \
	SIMD(#op, simd_##op, 8, #op " $" #i ", " AT("di") ", %%mm1", .kind = SIMD_MMX,       \
	     .dst = V(1), .b = SIMD_MEMORY, .immediate = i)

TEST(mmx_shuffle, "PSHUFW chooses words, PSHUFB bytes of an MMX register",
     SPEC(SHUFFLE_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSSE3)))
{
	SIMD_CHECK(EACH_IMMEDIATE(pshufw, MMX_FROM_I) MMX_OP(pshufb));
}

TEST(sse_shuffle, "PSHUFD, PSHUFLW, PSHUFHW, SHUFPS and SHUFPD choose elements",
     SPEC(SHUFFLE_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(EACH_IMMEDIATE(pshufd, SSE_FROM_I) EACH_IMMEDIATE(pshuflw, SSE_FROM_I)
			   EACH_IMMEDIATE(pshufhw, SSE_FROM_I) EACH_IMMEDIATE(shufps, SSE_OP_I)
				   EACH_IMMEDIATE(shufpd, SSE_OP_I));
}

TEST(ssse3_shuffle, "PSHUFB of an XMM register gives zero for selectors with bit 7",
     SPEC(SHUFFLE_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSSE3)))
{
	SIMD_CHECK(SSE_OP(pshufb));
}

TEST(avx_shuffle, "shuffles with VEX.128, VSHUFPS and VSHUFPD of YMM registers",
     SPEC(SHUFFLE_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(AVX_OP(pshufb) EACH_IMMEDIATE(pshufd, AVX_FROM_I)
			   EACH_IMMEDIATE(pshuflw, AVX_FROM_I) EACH_IMMEDIATE(pshufhw, AVX_FROM_I)
				   EACH_IMMEDIATE(shufps, AVX_OP_I)
					   EACH_IMMEDIATE(shufps, AVX_OP_Y_I)
						   EACH_IMMEDIATE(shufpd, AVX_OP_I)
							   EACH_IMMEDIATE(shufpd, AVX_OP_Y_I));
}

TEST(avx2_shuffle, "shuffles work in each half of a YMM register",
     SPEC(SHUFFLE_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(AVX_OP_Y(pshufb) EACH_IMMEDIATE(pshufd, AVX_FROM_Y_I) EACH_IMMEDIATE(
		pshuflw, AVX_FROM_Y_I) EACH_IMMEDIATE(pshufhw, AVX_FROM_Y_I));
}

#define EACH_OFFSET(op, rows)                                                                 \
	rows(op, 0) rows(op, 1) rows(op, 7) rows(op, 8) rows(op, 9) rows(op, 15) rows(op, 16) \
		rows(op, 17) rows(op, 31) rows(op, 32) rows(op, 255)
#define PALIGNR_SPEC "SDM vol. 2B, PALIGNR"

TEST(mmx_palignr, "PALIGNR of MMX registers takes 8 of 16 bytes",
     SPEC(PALIGNR_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSSE3)))
{
	SIMD_CHECK(EACH_OFFSET(palignr, MMX_OP_I));
}

TEST(ssse3_palignr, "PALIGNR of XMM registers takes 16 of 32 bytes",
     SPEC(PALIGNR_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSSE3)))
{
	SIMD_CHECK(EACH_OFFSET(palignr, SSE_OP_I));
}

TEST(avx_palignr, "VPALIGNR with VEX.128", SPEC(PALIGNR_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(EACH_OFFSET(palignr, AVX_OP_I));
}

TEST(avx2_palignr, "VPALIGNR works in each half of a YMM register",
     SPEC(PALIGNR_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(EACH_OFFSET(palignr, AVX_OP_Y_I));
}

/* --------------------------------------------------------------------------------------- blends */

#define BLEND_SPEC "SDM vol. 2, BLENDPS, BLENDPD, PBLENDW, PBLENDVB, BLENDVPS, BLENDVPD, VPBLENDD"
#define BLEND_VARIABLE(op)                                                                         \
	SIMD(#op, simd_##op, 16, #op " %%xmm0, %%xmm2, %%xmm1", .dst = V(1), .a = V(1), .b = V(2), \
	     .c = V(0))                                                                            \
	SIMD(#op, simd_##op, 16, #op " %%xmm0, " AT("di") ", %%xmm1", .dst = V(1), .a = V(1),      \
	     .b = SIMD_MEMORY, .c = V(0), .aligned = true)
#define BLEND_VARIABLE_(op, bytes, r)                                                          \
	SIMD("v" #op, simd_##op, bytes, "v" #op " %%" r "5, %%" r "2, %%" r "3, %%" r "1",     \
	     .kind = SIMD_VEX, .dst = V(1), .a = V(3), .b = V(2), .c = V(5))                   \
	SIMD("v" #op, simd_##op, bytes, "v" #op " %%" r "5, " AT("di") ", %%" r "3, %%" r "1", \
	     .kind = SIMD_VEX, .dst = V(1), .a = V(3), .b = SIMD_MEMORY, .c = V(5))
#define AVX_BLEND_VARIABLE(op)	 BLEND_VARIABLE_(op, 16, "xmm")
#define AVX_BLEND_VARIABLE_Y(op) BLEND_VARIABLE_(op, 32, "ymm")
#define BLENDS(rows) \
	EACH_IMMEDIATE(blendps, rows) EACH_IMMEDIATE(blendpd, rows) EACH_IMMEDIATE(pblendw, rows)

TEST(sse4_blend, "blends by immediate, and by the sign bits of XMM0's elements",
     SPEC(BLEND_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE4_1)))
{
	SIMD_CHECK(BLENDS(SSE_OP_I) BLEND_VARIABLE(pblendvb) BLEND_VARIABLE(blendvps)
			   BLEND_VARIABLE(blendvpd));
}

TEST(avx_blend, "blends with VEX, by a fourth register",
     SPEC(BLEND_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(EACH_IMMEDIATE(blendps, AVX_BOTH_I) EACH_IMMEDIATE(blendpd, AVX_BOTH_I)
			   EACH_IMMEDIATE(pblendw, AVX_OP_I) AVX_BLEND_VARIABLE(pblendvb)
				   AVX_BLEND_VARIABLE(blendvps) AVX_BLEND_VARIABLE_Y(blendvps)
					   AVX_BLEND_VARIABLE(blendvpd)
						   AVX_BLEND_VARIABLE_Y(blendvpd));
}

#define simd_pblendd simd_vpblendd

TEST(avx2_blend, "VPBLENDD, and blends of YMM registers",
     SPEC(BLEND_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(EACH_IMMEDIATE(pblendd, AVX_OP_I) EACH_IMMEDIATE(pblendd, AVX_OP_Y_I)
			   EACH_IMMEDIATE(pblendw, AVX_OP_Y_I) AVX_BLEND_VARIABLE_Y(pblendvb));
}

/* --------------------------------------------------------------------------------- widening moves */

#define WIDENS(op)                                                                              \
	op(pmovsxbw, 8) op(pmovsxbd, 4) op(pmovsxbq, 2) op(pmovsxwd, 8) op(pmovsxwq, 4)         \
		op(pmovsxdq, 8) op(pmovzxbw, 8) op(pmovzxbd, 4) op(pmovzxbq, 2) op(pmovzxwd, 8) \
			op(pmovzxwq, 4) op(pmovzxdq, 8)
#define WIDEN_SSE(op, read)                                                                  \
	SIMD(#op, simd_##op, 16, #op " %%xmm2, %%xmm1", .dst = V(1), .b = V(2))              \
	SIMD(#op, simd_##op, 16, #op " " AT("di") ", %%xmm1", .dst = V(1), .b = SIMD_MEMORY, \
	     .b_bytes = read)
#define WIDEN_AVX(op, read)                                                                    \
	SIMD("v" #op, simd_##op, 16, "v" #op " %%xmm2, %%xmm1", .kind = SIMD_VEX, .dst = V(1), \
	     .b = V(2))                                                                        \
	SIMD("v" #op, simd_##op, 16, "v" #op " " AT("di") ", %%xmm1", .kind = SIMD_VEX,        \
	     .dst = V(1), .b = SIMD_MEMORY, .b_bytes = read)
#define WIDEN_AVX2(op, read)                                                                   \
	SIMD("v" #op, simd_##op, 32, "v" #op " %%xmm2, %%ymm1", .kind = SIMD_VEX, .dst = V(1), \
	     .b = V(2))                                                                        \
	SIMD("v" #op, simd_##op, 32, "v" #op " " AT("di") ", %%ymm1", .kind = SIMD_VEX,        \
	     .dst = V(1), .b = SIMD_MEMORY, .b_bytes = 2 * read)
#define WIDEN_SPEC "SDM vol. 2B, PMOVSX, PMOVZX"

TEST(sse4_widen, "PMOVSX and PMOVZX widen the low elements, and read no more memory than these",
     SPEC(WIDEN_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE4_1)))
{
	SIMD_CHECK(WIDENS(WIDEN_SSE));
}

TEST(avx_widen, "VPMOVSX and VPMOVZX with VEX.128",
     SPEC(WIDEN_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(WIDENS(WIDEN_AVX));
}

TEST(avx2_widen, "VPMOVSX and VPMOVZX from an XMM to a YMM register",
     SPEC(WIDEN_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(WIDENS(WIDEN_AVX2));
}
