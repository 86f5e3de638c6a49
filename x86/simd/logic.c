/* SPDX-License-Identifier: MIT */
/* Logic, shifts and tests of vectors. */
#include "simd.h"

#include <test.h>

SUITE("Logic and shifts of vectors");

#define LOGIC(op) op(pand) op(pandn) op(por) op(pxor)

TEST(mmx_logic, "PAND, PANDN, POR and PXOR of MMX registers",
     SPEC("SDM vol. 2B, PAND to PXOR"), REQUIRES(cpu_has(X86_FEATURE_MMX)))
{
	SIMD_CHECK(LOGIC(MMX_OP));
}

/* ANDPS and so on are other opcodes of the same operations. */
#define SSE_AS(op, like)                                                                     \
	SIMD(#op, simd_##like, 16, #op " %%xmm2, %%xmm1", .dst = V(1), .a = V(1), .b = V(2)) \
	SIMD(#op, simd_##like, 16, #op " " AT("di") ", %%xmm1", .dst = V(1), .a = V(1),      \
	     .b = SIMD_MEMORY, .aligned = true)
#define VEX_AS_(op, like, bytes, r)                                                              \
	SIMD(#op, simd_##like, bytes, #op " %%" r "2, %%" r "3, %%" r "1", .kind = SIMD_VEX,     \
	     .dst = V(1), .a = V(3), .b = V(2))                                                  \
	SIMD(#op, simd_##like, bytes, #op " " AT("di") ", %%" r "3, %%" r "1", .kind = SIMD_VEX, \
	     .dst = V(1), .a = V(3), .b = SIMD_MEMORY)

TEST(sse_logic, "PAND, ANDPS, ANDPD and their kin combine all 128 bits",
     SPEC("SDM vol. 2, ANDPS, ANDNPS, ORPS, XORPS; PAND to PXOR"),
	  REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(LOGIC(SSE_OP) SSE_AS(andps, pand) SSE_AS(andnps, pandn) SSE_AS(orps, por)
			   SSE_AS(xorps, pxor) SSE_AS(andpd, pand) SSE_AS(andnpd, pandn)
				   SSE_AS(orpd, por) SSE_AS(xorpd, pxor));
}

TEST(avx_logic, "the same with VEX.128, clearing bits 255:128, and of YMM registers",
     SPEC("SDM vol. 2, ANDPS, ANDNPS, ORPS, XORPS; PAND to PXOR"),
	  REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(LOGIC(AVX_OP) VEX_AS_(vandps, pand, 32, "ymm") VEX_AS_(vandnps, pandn, 32, "ymm")
			   VEX_AS_(vorps, por, 32, "ymm") VEX_AS_(vxorps, pxor, 32, "ymm") VEX_AS_(
				   vandpd, pand, 32, "ymm") VEX_AS_(vandnpd, pandn, 32, "ymm")
				   VEX_AS_(vorpd, por, 32, "ymm") VEX_AS_(vxorpd, pxor, 32, "ymm"));
}

TEST(avx2_logic, "VPAND, VPANDN, VPOR and VPXOR of YMM registers",
     SPEC("SDM vol. 2B, PAND to PXOR"), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(LOGIC(AVX_OP_Y));
}

/* ---------------------------------------------------------------------------------------- shifts */

#define SHIFTS(op) op(psllw) op(pslld) op(psllq) op(psrlw) op(psrld) op(psrlq) op(psraw) op(psrad)
#define SHIFT_SPEC "SDM vol. 2B, PSLLW/PSLLD/PSLLQ, PSRLW/PSRLD/PSRLQ, PSRAW/PSRAD"

TEST(mmx_shift, "MMX shifts by a register: all 64 bits of the count matter",
     SPEC(SHIFT_SPEC), REQUIRES(cpu_has(X86_FEATURE_MMX)))
{
	SIMD_CHECK(SHIFTS(MMX_OP));
}

TEST(sse_shift, "shifts of XMM registers: the low 64 bits of the count matter, no others",
     SPEC(SHIFT_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(SHIFTS(SSE_OP));
}

TEST(avx_shift, "shifts with VEX.128", SPEC(SHIFT_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(SHIFTS(AVX_OP));
}

/* The count is an XMM register or 128 bits of memory. */
#define AVX2_SHIFT(op)                                                                          \
	SIMD("v" #op, simd_##op, 32, "v" #op " %%xmm2, %%ymm3, %%ymm1", .kind = SIMD_VEX,       \
	     .dst = V(1), .a = V(3), .b = V(2))                                                 \
	SIMD("v" #op, simd_##op, 32, "v" #op " " AT("di") ", %%ymm3, %%ymm1", .kind = SIMD_VEX, \
	     .dst = V(1), .a = V(3), .b = SIMD_MEMORY, .b_bytes = 16)

TEST(avx2_shift, "shifts of YMM registers by the low quadword of an XMM register",
     SPEC(SHIFT_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(SHIFTS(AVX2_SHIFT));
}

TEST(avx2_variable_shift, "each element has a count of its own",
     SPEC("SDM vol. 2C, VPSLLVD, VPSRLVD, VPSRAVD"), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(VEX_AS_(vpsllvd, vpsllvd, 16, "xmm") VEX_AS_(vpsllvd, vpsllvd, 32, "ymm")
			   VEX_AS_(vpsllvq, vpsllvq, 16, "xmm") VEX_AS_(vpsllvq, vpsllvq, 32, "ymm")
				   VEX_AS_(vpsrlvd, vpsrlvd, 16, "xmm") VEX_AS_(vpsrlvd, vpsrlvd,
										32, "ymm")
					   VEX_AS_(vpsrlvq, vpsrlvq, 16,
						   "xmm") VEX_AS_(vpsrlvq, vpsrlvq, 32, "ymm")
						   VEX_AS_(vpsravd, vpsravd, 16, "xmm")
							   VEX_AS_(vpsravd, vpsravd, 32, "ymm"));
}

#define MMX_BY(op, i)                                                                     \
	SIMD(#op, simd_##op##_i, 8, #op " $" #i ", %%mm1", .kind = SIMD_MMX, .dst = V(1), \
	     .b = V(1), .immediate = i)
#define SSE_BY(op, i)                                                                        \
	SIMD(#op, simd_##op##_i, 16, #op " $" #i ", %%xmm1", .dst = V(1), .b = V(1),         \
	     .immediate = i)                                                                 \
	ONLY_64(SIMD(#op, simd_##op##_i, 16, #op " $" #i ", %%xmm9", .dst = V(9), .b = V(9), \
		     .immediate = i))
#define VEX_BY_(op, i, bytes, r)                                                    \
	SIMD("v" #op, simd_##op##_i, bytes, "v" #op " $" #i ", %%" r "2, %%" r "1", \
	     .kind = SIMD_VEX, .dst = V(1), .b = V(2), .immediate = i)
#define AVX_BY(op, i)	VEX_BY_(op, i, 16, "xmm")
#define AVX_BY_Y(op, i) VEX_BY_(op, i, 32, "ymm")
/* Around the widths of the elements. */
#define EACH_COUNT(op, rows)                                                                     \
	rows(op, 0) rows(op, 1) rows(op, 15) rows(op, 16) rows(op, 17) rows(op, 31) rows(op, 32) \
		rows(op, 33) rows(op, 63) rows(op, 64) rows(op, 0x80) rows(op, 0xff)
#define SHIFTS_BY(rows)         \
	EACH_COUNT(psllw, rows) \
	EACH_COUNT(pslld, rows) \
	EACH_COUNT(psllq, rows) \
	EACH_COUNT(psrlw, rows) \
	EACH_COUNT(psrld, rows) \
	EACH_COUNT(psrlq, rows) EACH_COUNT(psraw, rows) EACH_COUNT(psrad, rows)

TEST(mmx_shift_immediate, "MMX shifts by an immediate, up to and beyond the width",
     SPEC(SHIFT_SPEC), REQUIRES(cpu_has(X86_FEATURE_MMX)))
{
	SIMD_CHECK(SHIFTS_BY(MMX_BY));
}

TEST(sse_shift_immediate, "shifts of XMM registers by an immediate",
     SPEC(SHIFT_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(SHIFTS_BY(SSE_BY));
}

TEST(avx_shift_immediate, "shifts with VEX.128 by an immediate",
     SPEC(SHIFT_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(SHIFTS_BY(AVX_BY));
}

TEST(avx2_shift_immediate, "shifts of YMM registers by an immediate",
     SPEC(SHIFT_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(SHIFTS_BY(AVX_BY_Y));
}

#define SSE_BYTES(op, i) \
	SIMD(#op, simd_##op, 16, #op " $" #i ", %%xmm1", .dst = V(1), .b = V(1), .immediate = i)
#define VEX_BYTES_(op, i, bytes, r)                                                               \
	SIMD("v" #op, simd_##op, bytes, "v" #op " $" #i ", %%" r "2, %%" r "1", .kind = SIMD_VEX, \
	     .dst = V(1), .b = V(2), .immediate = i)
#define AVX_BYTES(op, i)   VEX_BYTES_(op, i, 16, "xmm")
#define AVX_BYTES_Y(op, i) VEX_BYTES_(op, i, 32, "ymm")

TEST(sse_shift_bytes, "PSLLDQ and PSRLDQ shift by bytes; 16 and more leave zero",
     SPEC("SDM vol. 2B, PSLLDQ, PSRLDQ"), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(EACH_COUNT(pslldq, SSE_BYTES) EACH_COUNT(psrldq, SSE_BYTES));
}

TEST(avx_shift_bytes, "VPSLLDQ and VPSRLDQ of XMM registers",
     SPEC("SDM vol. 2B, PSLLDQ, PSRLDQ"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(EACH_COUNT(pslldq, AVX_BYTES) EACH_COUNT(psrldq, AVX_BYTES));
}

TEST(avx2_shift_bytes, "VPSLLDQ and VPSRLDQ shift each half of a YMM register",
     SPEC("SDM vol. 2B, PSLLDQ, PSRLDQ"), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(EACH_COUNT(pslldq, AVX_BYTES_Y) EACH_COUNT(psrldq, AVX_BYTES_Y));
}

/* ----------------------------------------------------------------------------- tests and masks */

TEST(sse4_ptest, "PTEST sets ZF and CF, and clears the other status flags",
     SPEC("SDM vol. 2B, PTEST"), REQUIRES(cpu_has(X86_FEATURE_SSE4_1)))
{
	SIMD_CHECK(SIMD("ptest", simd_ptest, 16, "ptest %%xmm2, %%xmm1", .a = V(1), .b = V(2)) SIMD(
		"ptest", simd_ptest, 16, "ptest " AT("di") ", %%xmm1", .a = V(1), .b = SIMD_MEMORY,
		.aligned = true) SIMD("ptest_same", simd_ptest, 16, "ptest %%xmm1, %%xmm1",
				      .a = V(1), .b = V(1)));
}

#define AVX_TEST(op, bytes, r)                                                                  \
	SIMD(#op, simd_##op, bytes, #op " %%" r "2, %%" r "1", .kind = SIMD_VEX, .a = V(1),     \
	     .b = V(2))                                                                         \
	SIMD(#op, simd_##op, bytes, #op " " AT("di") ", %%" r "1", .kind = SIMD_VEX, .a = V(1), \
	     .b = SIMD_MEMORY)
#define simd_vptest simd_ptest

TEST(avx_test, "VPTEST, VTESTPS and VTESTPD look at all bits, or at the signs of elements",
     SPEC("SDM vol. 2C, VTESTPD/VTESTPS; vol. 2B, PTEST"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(AVX_TEST(vptest, 16, "xmm") AVX_TEST(vptest, 32, "ymm")
			   AVX_TEST(vtestps, 16, "xmm") AVX_TEST(vtestps, 32, "ymm")
				   AVX_TEST(vtestpd, 16, "xmm") AVX_TEST(vtestpd, 32, "ymm"));
}

#define MASK(op, model, bytes, r, ...)                                                    \
	SIMD(#op, simd_##model, bytes, #op " %%" r "2, %%eax", .dst = SIMD_AX, .b = V(2), \
	     ##__VA_ARGS__)

TEST(mmx_mask, "PMOVMSKB gathers the sign bits of an MMX register's bytes",
     SPEC("SDM vol. 2B, PMOVMSKB"), REQUIRES(cpu_has(X86_FEATURE_MMX) && cpu_has(X86_FEATURE_SSE)))
{
	SIMD_CHECK(MASK(pmovmskb, pmovmskb, 8, "mm", .kind = SIMD_MMX));
}

TEST(sse_mask, "PMOVMSKB, MOVMSKPS and MOVMSKPD gather sign bits, the rest of the register is zero",
     SPEC("SDM vol. 2B, PMOVMSKB, MOVMSKPS, MOVMSKPD"), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(MASK(pmovmskb, pmovmskb, 16, "xmm") MASK(movmskps, movmskps, 16, "xmm")
			   MASK(movmskpd, movmskpd, 16, "xmm"));
}

TEST(avx_mask, "VMOVMSKPS and VMOVMSKPD of XMM and YMM registers",
     SPEC("SDM vol. 2B, MOVMSKPS, MOVMSKPD"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(MASK(vpmovmskb, pmovmskb, 16, "xmm",
			.kind = SIMD_VEX) MASK(vmovmskps, movmskps, 16, "xmm", .kind = SIMD_VEX)
			   MASK(vmovmskps, movmskps, 32, "ymm", .kind = SIMD_VEX)
				   MASK(vmovmskpd, movmskpd, 16, "xmm", .kind = SIMD_VEX)
					   MASK(vmovmskpd, movmskpd, 32, "ymm", .kind = SIMD_VEX));
}

TEST(avx2_mask, "VPMOVMSKB of a YMM register gives 32 bits",
     SPEC("SDM vol. 2B, PMOVMSKB"), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(MASK(vpmovmskb, pmovmskb, 32, "ymm", .kind = SIMD_VEX));
}
