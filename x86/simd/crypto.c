/* SPDX-License-Identifier: MIT */
/* AES and carry-less multiplication. */
#include "simd.h"

#include <test.h>

SUITE("AES and carry-less multiplication");

#define ROUNDS(op) op(aesenc) op(aesenclast) op(aesdec) op(aesdeclast)
#define AES_SPEC   "SDM vol. 2A, AESENC, AESENCLAST, AESDEC, AESDECLAST, AESIMC, AESKEYGENASSIST"
#define CONSTANTS(op, rows) \
	rows(op, 0x00) rows(op, 0x01) rows(op, 0x1b) rows(op, 0x36) rows(op, 0x80) rows(op, 0xff)
#define QUADWORDS(op, rows) \
	rows(op, 0x00) rows(op, 0x01) rows(op, 0x10) rows(op, 0x11) rows(op, 0xee)

TEST(aes, "one round of AES, its inverse, and the help for keys",
     SPEC(AES_SPEC), REQUIRES(cpu_has(X86_FEATURE_AES)))
{
	SIMD_CHECK(ROUNDS(SSE_OP) SSE_FROM(aesimc) CONSTANTS(aeskeygenassist, SSE_FROM_I));
}

TEST(avx_aes, "AES with VEX.128 clears bits 255:128",
     SPEC(AES_SPEC), REQUIRES(cpu_has(X86_FEATURE_AES) && cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(ROUNDS(AVX_OP) AVX_FROM(aesimc) CONSTANTS(aeskeygenassist, AVX_FROM_I));
}

TEST(sse_pclmulqdq, "PCLMULQDQ multiplies two quadwords without carries",
     SPEC("SDM vol. 2B, PCLMULQDQ"), REQUIRES(cpu_has(X86_FEATURE_PCLMULQDQ)))
{
	SIMD_CHECK(QUADWORDS(pclmulqdq, SSE_OP_I));
}

TEST(avx_pclmulqdq, "VPCLMULQDQ with VEX.128",
     SPEC("SDM vol. 2B, PCLMULQDQ"),
	  REQUIRES(cpu_has(X86_FEATURE_PCLMULQDQ) && cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(QUADWORDS(pclmulqdq, AVX_OP_I));
}
