/* SPDX-License-Identifier: MIT */
/* Insertion and extraction of elements, duplicates, and the permutations of AVX. */
#include "simd.h"

#include <test.h>

SUITE("Elements of vectors");

/* ------------------------------------------------------------------------------ insert, extract */

#define INSERT_SSE(op, i, read)                                                         \
	SIMD(#op, simd_##op, 16, #op " $" #i ", %%eax, %%xmm1", .dst = V(1), .a = V(1), \
	     .b = SIMD_AX, .immediate = i)
#define INSERT_AVX(op, i, read)                                                                   \
	SIMD("v" #op, simd_##op, 16, "v" #op " $" #i ", %%eax, %%xmm3, %%xmm1", .kind = SIMD_VEX, \
	     .dst = V(1), .a = V(3), .b = SIMD_AX, .immediate = i)
#define EXTRACT_SSE(op, i, bytes_)                                                                 \
	SIMD(#op, simd_##op, 16, #op " $" #i ", %%xmm2, %%eax", .dst = SIMD_AX, .b = V(2),         \
	     .immediate = i)                                                                       \
	SIMD(#op, simd_##op, 16, #op " $" #i ", %%xmm2, " AT("di"), .dst = SIMD_MEMORY, .b = V(2), \
	     .dst_bytes = bytes_, .stores_ax = true, .immediate = i)
#define EXTRACT_AVX(op, i, bytes_)                                                            \
	SIMD("v" #op, simd_##op, 16, "v" #op " $" #i ", %%xmm2, %%eax", .kind = SIMD_VEX,     \
	     .dst = SIMD_AX, .b = V(2), .immediate = i)                                       \
	SIMD("v" #op, simd_##op, 16, "v" #op " $" #i ", %%xmm2, " AT("di"), .kind = SIMD_VEX, \
	     .dst = SIMD_MEMORY, .b = V(2), .dst_bytes = bytes_, .stores_ax = true,           \
	     .immediate = i)
#define BYTES_OF(op, rows)                                                          \
	rows(op, 0, 1) rows(op, 1, 1) rows(op, 7, 1) rows(op, 8, 1) rows(op, 15, 1) \
		rows(op, 0xf6, 1)
#define WORDS_OF(op, rows) \
	rows(op, 0, 2) rows(op, 3, 2) rows(op, 4, 2) rows(op, 7, 2) rows(op, 0xfa, 2)
#define DOUBLES_OF(op, rows) \
	rows(op, 0, 4) rows(op, 1, 4) rows(op, 2, 4) rows(op, 3, 4) rows(op, 0xfe, 4)

TEST(sse_pinsrw, "PINSRW and PEXTRW take the low bits of the immediate as the index",
     SPEC("SDM vol. 2B, PINSRW, PEXTRW"), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
#define EXTRACT_W(op, i, bytes_)                                                           \
	SIMD(#op, simd_##op, 16, #op " $" #i ", %%xmm2, %%eax", .dst = SIMD_AX, .b = V(2), \
	     .immediate = i)
	SIMD_CHECK(WORDS_OF(pinsrw, INSERT_SSE) WORDS_OF(pextrw, EXTRACT_W));
}

TEST(sse4_insert, "PINSRB, PINSRD and INSERTPS change one element, INSERTPS can clear others",
     SPEC("SDM vol. 2B, PINSRB/PINSRD; vol. 2A, INSERTPS"), REQUIRES(cpu_has(X86_FEATURE_SSE4_1)))
{
#define INSERT_SINGLE(op, i)                                                                 \
	SIMD("insertps", simd_insertps, 16, "insertps $" #i ", %%xmm2, %%xmm1", .dst = V(1), \
	     .a = V(1), .b = V(2), .immediate = i)                                           \
	SIMD("insertps", simd_insertps_memory, 16, "insertps $" #i ", " AT("di") ", %%xmm1", \
	     .dst = V(1), .a = V(1), .b = SIMD_MEMORY, .b_bytes = 4, .immediate = i)
	SIMD_CHECK(BYTES_OF(pinsrb, INSERT_SSE) DOUBLES_OF(pinsrd, INSERT_SSE)
			   EACH_IMMEDIATE(insertps, INSERT_SINGLE));
}

#define simd_extractps simd_pextrd

TEST(sse4_extract, "PEXTRB, PEXTRW, PEXTRD and EXTRACTPS, zero-extended or to memory",
     SPEC("SDM vol. 2B, PEXTRB/PEXTRD, PEXTRW; vol. 2A, EXTRACTPS"),
	  REQUIRES(cpu_has(X86_FEATURE_SSE4_1)))
{
	SIMD_CHECK(BYTES_OF(pextrb, EXTRACT_SSE) WORDS_OF(pextrw, EXTRACT_SSE)
			   DOUBLES_OF(pextrd, EXTRACT_SSE) DOUBLES_OF(extractps, EXTRACT_SSE));
}

TEST(avx_insert, "VPINSRB, VPINSRW and VPINSRD take the other elements from a third register",
     SPEC("SDM vol. 2B, PINSRB/PINSRD, PINSRW"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(BYTES_OF(pinsrb, INSERT_AVX) WORDS_OF(pinsrw, INSERT_AVX)
			   DOUBLES_OF(pinsrd, INSERT_AVX));
}

TEST(avx_extract, "VPEXTRB, VPEXTRW, VPEXTRD and VEXTRACTPS",
     SPEC("SDM vol. 2B, PEXTRB/PEXTRD, PEXTRW"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(BYTES_OF(pextrb, EXTRACT_AVX) WORDS_OF(pextrw, EXTRACT_AVX)
			   DOUBLES_OF(pextrd, EXTRACT_AVX) DOUBLES_OF(extractps, EXTRACT_AVX));
}

/* ----------------------------------------------------------------------------------- duplicates */

#define MOVDDUP_SSE                                                                         \
	SIMD("movddup", simd_movddup, 16, "movddup %%xmm2, %%xmm1", .dst = V(1), .b = V(2)) \
	SIMD("movddup", simd_movddup, 16, "movddup " AT("di") ", %%xmm1", .dst = V(1),      \
	     .b = SIMD_MEMORY, .b_bytes = 8)

TEST(sse3_duplicate, "MOVDDUP, MOVSLDUP and MOVSHDUP double elements",
     SPEC("SDM vol. 2B, MOVDDUP, MOVSLDUP, MOVSHDUP"), REQUIRES(cpu_has(X86_FEATURE_SSE3)))
{
	SIMD_CHECK(MOVDDUP_SSE SSE_FROM(movsldup) SSE_FROM(movshdup));
}

TEST(avx_duplicate, "VMOVDDUP, VMOVSLDUP and VMOVSHDUP of XMM and YMM registers",
     SPEC("SDM vol. 2B, MOVDDUP, MOVSLDUP, MOVSHDUP"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(SIMD("vmovddup", simd_movddup, 16, "vmovddup %%xmm2, %%xmm1", .kind = SIMD_VEX,
			.dst = V(1), .b = V(2)) AVX_FROM_Y(movddup) AVX_FROM(movsldup)
			   AVX_FROM_Y(movsldup) AVX_FROM(movshdup) AVX_FROM_Y(movshdup));
}

#define BROADCAST(op, model, bytes, r, read)                                            \
	SIMD(#op, simd_##model, bytes, #op " " AT("di") ", %%" r "1", .kind = SIMD_VEX, \
	     .dst = V(1), .b = SIMD_MEMORY, .b_bytes = read)
#define BROADCAST_R(op, model, bytes, r, read)                                                 \
	BROADCAST(op, model, bytes, r, read)                                                   \
	SIMD(#op, simd_##model, bytes, #op " %%xmm2, %%" r "1", .kind = SIMD_VEX, .dst = V(1), \
	     .b = V(2))

TEST(avx_broadcast, "VBROADCASTSS, VBROADCASTSD and VBROADCASTF128 from memory",
     SPEC("SDM vol. 2C, VBROADCAST"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(BROADCAST(vbroadcastss, vbroadcastd, 16, "xmm", 4)
			   BROADCAST(vbroadcastss, vbroadcastd, 32, "ymm", 4)
				   BROADCAST(vbroadcastsd, vbroadcastq, 32, "ymm", 8)
					   BROADCAST(vbroadcastf128, vbroadcast128, 32, "ymm", 16));
}

TEST(avx2_broadcast, "VPBROADCASTB to VPBROADCASTQ, from registers too",
     SPEC("SDM vol. 2C, VPBROADCAST, VBROADCAST"), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(BROADCAST_R(vpbroadcastb, vbroadcastb, 16, "xmm", 1) BROADCAST_R(
		vpbroadcastb, vbroadcastb, 32, "ymm",
		1) BROADCAST_R(vpbroadcastw, vbroadcastw, 16, "xmm",
			       2) BROADCAST_R(vpbroadcastw, vbroadcastw, 32, "ymm", 2)
			   BROADCAST_R(vpbroadcastd, vbroadcastd, 16, "xmm", 4) BROADCAST_R(
				   vpbroadcastd, vbroadcastd, 32, "ymm",
				   4) BROADCAST_R(vpbroadcastq, vbroadcastq, 16, "xmm", 8)
				   BROADCAST_R(vpbroadcastq, vbroadcastq, 32, "ymm", 8) BROADCAST(
					   vbroadcasti128, vbroadcast128, 32, "ymm", 16)
					   SIMD("vbroadcastss", simd_vbroadcastd, 32,
						"vbroadcastss %%xmm2, %%ymm1", .kind = SIMD_VEX,
						.dst = V(1), .b = V(2))
						   SIMD("vbroadcastsd", simd_vbroadcastq, 32,
							"vbroadcastsd %%xmm2, %%ymm1",
							.kind = SIMD_VEX, .dst = V(1), .b = V(2)));
}

/* --------------------------------------------------------------------------------- permutations */

#define EXTRACT_128(op, i)                                                                   \
	SIMD(#op, simd_vextract128, 16, #op " $" #i ", %%ymm2, %%xmm1", .kind = SIMD_VEX,    \
	     .dst = V(1), .b = V(2), .immediate = i)                                         \
	SIMD(#op, simd_vextract128, 16, #op " $" #i ", %%ymm2, " AT("di"), .kind = SIMD_VEX, \
	     .dst = SIMD_MEMORY, .b = V(2), .immediate = i)
#define INSERT_128(op, i)                                                                        \
	SIMD(#op, simd_vinsert128, 32, #op " $" #i ", %%xmm2, %%ymm3, %%ymm1", .kind = SIMD_VEX, \
	     .dst = V(1), .a = V(3), .b = V(2), .immediate = i)                                  \
	SIMD(#op, simd_vinsert128, 32, #op " $" #i ", " AT("di") ", %%ymm3, %%ymm1",             \
	     .kind = SIMD_VEX, .dst = V(1), .a = V(3), .b = SIMD_MEMORY, .b_bytes = 16,          \
	     .immediate = i)
#define PERMUTE_128(op, i)                                                                       \
	SIMD(#op, simd_vperm2x128, 32, #op " $" #i ", %%ymm2, %%ymm3, %%ymm1", .kind = SIMD_VEX, \
	     .dst = V(1), .a = V(3), .b = V(2), .immediate = i)                                  \
	SIMD(#op, simd_vperm2x128, 32, #op " $" #i ", " AT("di") ", %%ymm3, %%ymm1",             \
	     .kind = SIMD_VEX, .dst = V(1), .a = V(3), .b = SIMD_MEMORY, .immediate = i)
#define HALVES(op, rows) rows(op, 0) rows(op, 1) rows(op, 0xfe)
#define CHOICES(op, rows)                                                                         \
	rows(op, 0x00) rows(op, 0x11) rows(op, 0x20) rows(op, 0x31) rows(op, 0x02) rows(op, 0x13) \
		rows(op, 0x08) rows(op, 0x81) rows(op, 0x88) rows(op, 0x44)

TEST(avx_halves, "VEXTRACTF128, VINSERTF128 and VPERM2F128 move halves of YMM registers",
     SPEC("SDM vol. 2C, VEXTRACTF128, VINSERTF128, VPERM2F128"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(HALVES(vextractf128, EXTRACT_128) HALVES(vinsertf128, INSERT_128)
			   CHOICES(vperm2f128, PERMUTE_128));
}

TEST(avx2_halves, "VEXTRACTI128, VINSERTI128 and VPERM2I128 move halves of YMM registers",
     SPEC("SDM vol. 2C, VEXTRACTI128, VINSERTI128, VPERM2I128"),
	  REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(HALVES(vextracti128, EXTRACT_128) HALVES(vinserti128, INSERT_128)
			   CHOICES(vperm2i128, PERMUTE_128));
}

#define PERMUTE_I(op, model, i, bytes, r)                                                        \
	SIMD(#op, simd_##model, bytes, #op " $" #i ", %%" r "2, %%" r "1", .kind = SIMD_VEX,     \
	     .dst = V(1), .b = V(2), .immediate = i)                                             \
	SIMD(#op, simd_##model, bytes, #op " $" #i ", " AT("di") ", %%" r "1", .kind = SIMD_VEX, \
	     .dst = V(1), .b = SIMD_MEMORY, .immediate = i)
#define PERMILPS_X(op, i) PERMUTE_I(vpermilps, vpermilps_i, i, 16, "xmm")
#define PERMILPS_Y(op, i) PERMUTE_I(vpermilps, vpermilps_i, i, 32, "ymm")
#define PERMILPD_X(op, i) PERMUTE_I(vpermilpd, vpermilpd_i, i, 16, "xmm")
#define PERMILPD_Y(op, i) PERMUTE_I(vpermilpd, vpermilpd_i, i, 32, "ymm")
#define PERMQ(op, i)	  PERMUTE_I(vpermq, vpermq, i, 32, "ymm")
#define PERMPD(op, i)	  PERMUTE_I(vpermpd, vpermq, i, 32, "ymm")
#define simd_permilps	  simd_vpermilps
#define simd_permilpd	  simd_vpermilpd
#define simd_permd	  simd_vpermd
#define simd_permps	  simd_vpermd

TEST(avx_permute, "VPERMILPS and VPERMILPD choose within each half, by immediate or by elements",
     SPEC("SDM vol. 2C, VPERMILPS, VPERMILPD"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(EACH_IMMEDIATE(vpermilps, PERMILPS_X) EACH_IMMEDIATE(vpermilps, PERMILPS_Y)
			   AVX_BOTH(permilps) EACH_IMMEDIATE(vpermilpd, PERMILPD_X)
				   EACH_IMMEDIATE(vpermilpd, PERMILPD_Y) AVX_BOTH(permilpd));
}

TEST(avx2_permute, "VPERMQ, VPERMPD, VPERMD and VPERMPS choose across the whole register",
     SPEC("SDM vol. 2C, VPERMQ, VPERMPD, VPERMD, VPERMPS"), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(EACH_IMMEDIATE(vpermq, PERMQ) EACH_IMMEDIATE(vpermpd, PERMPD) AVX_OP_Y(permd)
			   AVX_OP_Y(permps));
}
