/* SPDX-License-Identifier: MIT */
/* Moves of vectors and of their parts, between registers, memory and general registers. */
#include "simd.h"

#include <string.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/model/simd_float.h>

SUITE("Moves of vectors");

#define LOAD_(op, model, ...)                                                                 \
	SIMD(op, simd_##model, 16, op " " AT("di") ", %%xmm1", .dst = V(1), .b = SIMD_MEMORY, \
	     ##__VA_ARGS__)
#define STORE_(op, bytes_, ...)                                                        \
	SIMD(op, simd_mov, 16, op " %%xmm2, " AT("di"), .dst = SIMD_MEMORY, .b = V(2), \
	     .dst_bytes = bytes_, ##__VA_ARGS__)
#define FULL(op, aligned_)                                                                \
	SIMD(#op, simd_mov, 16, #op " %%xmm2, %%xmm1", .dst = V(1), .b = V(2))            \
	ONLY_64(SIMD(#op, simd_mov, 16, #op " %%xmm10, %%xmm9", .dst = V(9), .b = V(10))) \
	LOAD_(#op, mov, .aligned = aligned_) STORE_(#op, 16, .aligned = aligned_)
#define FULL_VEX_(op, bytes, r, aligned_)                                                        \
	SIMD(#op, simd_mov, bytes, #op " %%" r "2, %%" r "1", .kind = SIMD_VEX, .dst = V(1),     \
	     .b = V(2))                                                                          \
	SIMD(#op, simd_mov, bytes, #op " " AT("di") ", %%" r "1", .kind = SIMD_VEX, .dst = V(1), \
	     .b = SIMD_MEMORY, .aligned = aligned_)                                              \
	SIMD(#op, simd_mov, bytes, #op " %%" r "2, " AT("di"), .kind = SIMD_VEX,                 \
	     .dst = SIMD_MEMORY, .b = V(2), .aligned = aligned_)
#define FULL_VEX(op, aligned_) FULL_VEX_(op, 16, "xmm", aligned_) FULL_VEX_(op, 32, "ymm", aligned_)

TEST(mmx_move, "MOVD and MOVQ of MMX registers",
     SPEC("SDM vol. 2B, MOVD/MOVQ, MOVQ"), REQUIRES(cpu_has(X86_FEATURE_MMX)))
{
	SIMD_CHECK(SIMD("movd_to", simd_movd, 8, "movd " AT("di") ", %%mm1", .kind = SIMD_MMX,
			.dst = V(1), .b = SIMD_MEMORY, .b_bytes = 4)
			   SIMD("movd_from", simd_mov, 8, "movd %%mm2, " AT("di"), .kind = SIMD_MMX,
				.dst = SIMD_MEMORY, .b = V(2),
				.dst_bytes = 4) SIMD("movd_r", simd_pextrd, 8, "movd %%mm2, %%eax",
						     .kind = SIMD_MMX, .dst = SIMD_AX, .b = V(2))
				   SIMD("movq", simd_mov, 8, "movq %%mm2, %%mm1", .kind = SIMD_MMX,
					.dst = V(1), .b = V(2)) SIMD("movq", simd_mov, 8,
								     "movq " AT("di") ", %%mm1",
								     .kind = SIMD_MMX, .dst = V(1),
								     .b = SIMD_MEMORY)
					   SIMD("movq", simd_mov, 8, "movq %%mm2, " AT("di"),
						.kind = SIMD_MMX, .dst = SIMD_MEMORY, .b = V(2))
						   SIMD("movntq", simd_mov, 8,
							"movntq %%mm2, " AT("di"), .kind = SIMD_MMX,
							.dst = SIMD_MEMORY, .b = V(2)));
}

TEST(mmx_to_sse, "MOVQ2DQ clears the upper quadword, MOVDQ2Q takes the lower one",
     SPEC("SDM vol. 2B, MOVQ2DQ, MOVDQ2Q"), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(SIMD("movq2dq", simd_movq, 16, "movq2dq %%mm2, %%xmm1", .dst = V(1), .b = V(2),
			.b_is_mmx = true) SIMD("movdq2q", simd_mov, 16, "movdq2q %%xmm2, %%mm1",
					       .dst = V(1), .b = V(2), .dst_is_mmx = true));
}

TEST(sse_move, "moves of XMM registers, aligned, unaligned and non-temporal",
     SPEC("SDM vol. 2B, MOVAPS, MOVUPS, MOVDQA, MOVDQU, MOVNTDQ"),
	  REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(FULL(movaps, true) FULL(movapd, true) FULL(movdqa, true) FULL(movups, false)
			   FULL(movupd, false) FULL(movdqu, false)
				   STORE_("movntps", 16, .aligned = true)
					   STORE_("movntpd", 16, .aligned = true)
						   STORE_("movntdq", 16, .aligned = true));
}

TEST(sse3_lddqu, "LDDQU loads unaligned",
     SPEC("SDM vol. 2A, LDDQU"), REQUIRES(cpu_has(X86_FEATURE_SSE3)))
{
	SIMD_CHECK(LOAD_("lddqu", mov));
}

TEST(sse4_movntdqa, "MOVNTDQA loads aligned",
     SPEC("SDM vol. 2B, MOVNTDQA"), REQUIRES(cpu_has(X86_FEATURE_SSE4_1)))
{
	SIMD_CHECK(LOAD_("movntdqa", mov, .aligned = true));
}

TEST(avx_move, "moves of XMM and YMM registers with VEX",
     SPEC("SDM vol. 2B, MOVAPS, MOVUPS, MOVDQA, MOVDQU, MOVNTDQ"),
	  REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(FULL_VEX(vmovaps, true) FULL_VEX(vmovapd, true) FULL_VEX(vmovdqa, true) FULL_VEX(
		vmovups, false) FULL_VEX(vmovupd, false) FULL_VEX(vmovdqu, false));
}

/* --------------------------------------------------------------------------- parts of a vector */

/* From a register, the rest of the destination stays; from memory, it is cleared. */
TEST(sse_move_scalar, "MOVSS and MOVSD change one element from a register, all from memory",
     SPEC("SDM vol. 2B, MOVSS, MOVSD"), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(SIMD("movss", simd_movss, 16, "movss %%xmm2, %%xmm1", .dst = V(1), .a = V(1),
			.b = V(2)) LOAD_("movss", movd, .b_bytes = 4) STORE_("movss", 4)
			   SIMD("movsd", simd_movsd, 16, "movsd %%xmm2, %%xmm1", .dst = V(1),
				.a = V(1), .b = V(2)) LOAD_("movsd", movq, .b_bytes = 8)
				   STORE_("movsd", 8));
}

TEST(avx_move_scalar, "VMOVSS and VMOVSD take the rest from a third register",
     SPEC("SDM vol. 2B, MOVSS, MOVSD"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(SIMD("vmovss", simd_movss, 16, "vmovss %%xmm2, %%xmm3, %%xmm1", .kind = SIMD_VEX,
			.dst = V(1), .a = V(3),
			.b = V(2)) LOAD_("vmovss", movd, .kind = SIMD_VEX, .b_bytes = 4)
			   STORE_("vmovss", 4, .kind = SIMD_VEX)
				   SIMD("vmovsd", simd_movsd, 16, "vmovsd %%xmm2, %%xmm3, %%xmm1",
					.kind = SIMD_VEX, .dst = V(1), .a = V(3), .b = V(2))
					   LOAD_("vmovsd", movq, .kind = SIMD_VEX, .b_bytes = 8)
						   STORE_("vmovsd", 8, .kind = SIMD_VEX));
}

#define HALF_LOAD(op)                                                                 \
	SIMD(#op, simd_##op, 16, #op " " AT("di") ", %%xmm1", .dst = V(1), .a = V(1), \
	     .b = SIMD_MEMORY, .b_bytes = 8)
#define HALF_LOAD_VEX(op)                                                                       \
	SIMD("v" #op, simd_##op, 16, "v" #op " " AT("di") ", %%xmm3, %%xmm1", .kind = SIMD_VEX, \
	     .dst = V(1), .a = V(3), .b = SIMD_MEMORY, .b_bytes = 8)
#define simd_movlpd simd_movlps
#define simd_movhpd simd_movhps
#define HALF_STORE(op, half)                                                                \
	SIMD(#op, simd_pextrq, 16, #op " %%xmm2, " AT("di"), .dst = SIMD_MEMORY, .b = V(2), \
	     .dst_bytes = 8, .stores_ax = true, .immediate = half)
#define HALVES_SPEC "SDM vol. 2B, MOVLPS, MOVHPS, MOVLPD, MOVHPD, MOVHLPS, MOVLHPS"

TEST(sse_move_half, "MOVLPS, MOVHPS and their kin change or store one quadword",
     SPEC(HALVES_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(HALF_LOAD(movlps) HALF_STORE(movlps, 0) HALF_LOAD(movhps) HALF_STORE(movhps, 1)
			   HALF_LOAD(movlpd) HALF_STORE(movlpd, 0) HALF_LOAD(movhpd) HALF_STORE(
				   movhpd, 1) SIMD("movhlps", simd_movhlps, 16,
						   "movhlps %%xmm2, %%xmm1", .dst = V(1), .a = V(1),
						   .b = V(2))
				   SIMD("movlhps", simd_movlhps, 16, "movlhps %%xmm2, %%xmm1",
					.dst = V(1), .a = V(1), .b = V(2)));
}

TEST(avx_move_half, "VMOVLPS and its kin take the other quadword from a third register",
     SPEC(HALVES_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(HALF_LOAD_VEX(movlps) HALF_LOAD_VEX(movhps) HALF_LOAD_VEX(movlpd) HALF_LOAD_VEX(
		movhpd) SIMD("vmovhlps", simd_movhlps, 16, "vmovhlps %%xmm2, %%xmm3, %%xmm1",
			     .kind = SIMD_VEX, .dst = V(1), .a = V(3), .b = V(2))
			   SIMD("vmovlhps", simd_movlhps, 16, "vmovlhps %%xmm2, %%xmm3, %%xmm1",
				.kind = SIMD_VEX, .dst = V(1), .a = V(3), .b = V(2)));
}

/* ---------------------------------------------------------------------------- general registers */

/* A general register's value is what PINSRD puts into the lowest element of zero. */
static void simd_from_ax32(const struct simd_in *in, struct simd_out *out)
{
	out->result = (union vec){ .d = { (u32)in->ax } };
}

#define simd_to_ax32 simd_pextrd

TEST(sse_movd, "MOVD and MOVQ from general registers and memory clear the rest",
     SPEC("SDM vol. 2B, MOVD/MOVQ, MOVQ"), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(SIMD("movd_from_r", simd_from_ax32, 16, "movd %%eax, %%xmm1", .dst = V(1),
			.b = SIMD_AX) SIMD("movd_to_r", simd_to_ax32, 16, "movd %%xmm2, %%eax",
					   .dst = SIMD_AX, .b = V(2))
			   LOAD_("movd", movd, .b_bytes = 4) STORE_("movd", 4)
				   LOAD_("movq", movq, .b_bytes = 8) STORE_("movq", 8)
					   SIMD("movq", simd_movq, 16, "movq %%xmm2, %%xmm1",
						.dst = V(1), .b = V(2)));
}

TEST(avx_movd, "VMOVD and VMOVQ also clear bits 255:128",
     SPEC("SDM vol. 2B, MOVD/MOVQ, MOVQ"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(
		SIMD("vmovd_from_r", simd_from_ax32, 16, "vmovd %%eax, %%xmm1", .kind = SIMD_VEX,
		     .dst = V(1), .b = SIMD_AX) LOAD_("vmovd", movd, .kind = SIMD_VEX, .b_bytes = 4)
			STORE_("vmovd", 4, .kind = SIMD_VEX)
				LOAD_("vmovq", movq, .kind = SIMD_VEX, .b_bytes = 8)
					STORE_("vmovq", 8, .kind = SIMD_VEX)
						SIMD("vmovq", simd_movq, 16, "vmovq %%xmm2, %%xmm1",
						     .kind = SIMD_VEX, .dst = V(1), .b = V(2)));
}

/* --------------------------------------------------------------------------------- masked moves */

/* Elements whose mask, a, has its sign bit. A load gives zero for the others, a store leaves them. */
#define MASKED(name, member, sign)                                                             \
	static void simd_##name##_load(const struct simd_in *in, struct simd_out *out)         \
	{                                                                                      \
		for (u32 i = 0; i < in->bytes / sizeof(in->a.member[0]); i++)                  \
			out->result.member[i] = in->a.member[i] >> sign ? in->b.member[i] : 0; \
	}                                                                                      \
	static void simd_##name##_store(const struct simd_in *in, struct simd_out *out)        \
	{                                                                                      \
		for (u32 i = 0; i < in->bytes / sizeof(in->a.member[0]); i++)                  \
			out->result.member[i] = in->a.member[i] >> sign ? in->b.member[i]      \
									: UNTOUCHED(member);   \
	}
#define UNTOUCHED(member) ((__typeof__(in->a.member[0]))0x5a5a5a5a5a5a5a5aull)

MASKED(masked_d, d, 31)
MASKED(masked_q, q, 63)

#define MASKMOV(op, model, bytes, r)                                                         \
	SIMD(op "_load", simd_##model##_load, bytes, op " " AT("di") ", %%" r "3, %%" r "1", \
	     .kind = SIMD_VEX, .dst = V(1), .a = V(3), .b = SIMD_MEMORY)
#define MASKMOV_TO(op, model, bytes, r)                                                     \
	SIMD(op "_store", simd_##model##_store, bytes, op " %%" r "2, %%" r "3, " AT("di"), \
	     .kind = SIMD_VEX, .dst = SIMD_MEMORY, .a = V(3), .b = V(2))
#define MASKMOVS(op, model)           \
	MASKMOV(op, model, 16, "xmm") \
	MASKMOV(op, model, 32, "ymm") \
	MASKMOV_TO(op, model, 16, "xmm") MASKMOV_TO(op, model, 32, "ymm")

TEST(avx_maskmov, "VMASKMOVPS and VMASKMOVPD load and store the elements whose mask is negative",
     SPEC("SDM vol. 2C, VMASKMOV"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(MASKMOVS("vmaskmovps", masked_d) MASKMOVS("vmaskmovpd", masked_q));
}

TEST(avx2_maskmov, "VPMASKMOVD and VPMASKMOVQ load and store the elements whose mask is negative",
     SPEC("SDM vol. 2C, VPMASKMOV"), REQUIRES(cpu_has(X86_FEATURE_AVX2)))
{
	SIMD_CHECK(MASKMOVS("vpmaskmovd", masked_d) MASKMOVS("vpmaskmovq", masked_q));
}

/* The mask, b, is of bytes; the address is DI. */
static void simd_maskmovdqu(const struct simd_in *in, struct simd_out *out)
{
	for (u32 i = 0; i < in->bytes; i++)
		out->result.b[i] = in->b.b[i] & 0x80 ? in->a.b[i] : 0x5a;
}

TEST(sse_maskmov, "MASKMOVDQU and MASKMOVQ store the bytes whose mask is negative",
     SPEC("SDM vol. 2B, MASKMOVDQU, MASKMOVQ"), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	SIMD_CHECK(SIMD("maskmovdqu", simd_maskmovdqu, 16, "maskmovdqu %%xmm2, %%xmm1",
			.dst = SIMD_MEMORY, .a = V(1), .b = V(2))
			   SIMD("maskmovq", simd_maskmovdqu, 8, "maskmovq %%mm2, %%mm1",
				.kind = SIMD_MMX, .dst = SIMD_MEMORY, .a = V(1), .b = V(2)));
}

/* ------------------------------------------------------------------------------- upper halves */

TEST(avx_zero, "VZEROUPPER clears bits 255:128 of every register, VZEROALL all bits",
     SPEC("SDM vol. 2C, VZEROALL, VZEROUPPER"), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	static struct vector_registers before, after;
	ulong cr4 = read_cr4();

	ASSERT(vector_enable());
	before.mxcsr = MXCSR_ALL_MASKED;
	for (u32 all = 0; all < 2; all++) {
		for (u32 i = 0; i < sizeof(before.v); i++)
			before.v[i / 32].b[i % 32] = (u8)(i | 1);
		vector_load(&before);
		if (all)
			__asm__ volatile("vzeroall");
		else
			__asm__ volatile("vzeroupper");
		vector_store(&after);
		for (u32 i = 0; i < VECTOR_REGISTERS; i++) {
			memset(before.v[i].b + (all ? 0 : 16), 0, all ? 32 : 16);
			EXPECT_MEM_EQ(&after.v[i], &before.v[i], 32, "YMM%u after VZERO%s", i,
				      all ? "ALL" : "UPPER");
		}
	}
	write_cr4(cr4);
}
