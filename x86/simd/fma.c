/* SPDX-License-Identifier: MIT */
/* Fused multiply and add: the result is rounded once. */
#include "float.h"

#include <test.h>

SUITE("Fused multiply and add", REQUIRES(cpu_has(X86_FEATURE_FMA)));

/*
 * The three forms say which operands are multiplied: 132 the first and the third, 213 the second and the
 * first, 231 the second and the third; the one that is left is added. The first is the destination.
 */
#define FMA_ROW(op, form, size, width, r, first, second, third, ...)                            \
	SIMD(#op form #size, simd_##op##size, width,                                            \
	     "v" #op form #size " %%" r "2, %%" r "3, %%" r "1", .kind = SIMD_VEX, .dst = V(1), \
	     first = V(1), second = V(3), third = V(2), __VA_ARGS__)
#define FMA_FORMS(op, size, width, r, ...)                          \
	FMA_ROW(op, "132", size, width, r, .a, .c, .b, __VA_ARGS__) \
	FMA_ROW(op, "213", size, width, r, .a, .b, .c, __VA_ARGS__) \
	FMA_ROW(op, "231", size, width, r, .c, .a, .b, __VA_ARGS__)
#define FMA_MEMORY(op, size, width, r, read, ...)                                       \
	SIMD(#op "231" #size "_m", simd_##op##size, width,                              \
	     "v" #op "231" #size " " AT("di") ", %%" r "3, %%" r "1", .kind = SIMD_VEX, \
	     .dst = V(1), .c = V(1), .a = V(3), .b = SIMD_MEMORY, .b_bytes = read, __VA_ARGS__)
#define FMA_PACKED(op)                        \
	FMA_FORMS(op, ps, 32, "ymm", SINGLES) \
	FMA_FORMS(op, pd, 32, "ymm", DOUBLES) \
	FMA_MEMORY(op, ps, 16, "xmm", 16, SINGLES) FMA_MEMORY(op, pd, 16, "xmm", 16, DOUBLES)
#define FMA_SPEC "SDM vol. 2C, VFMADD132PS to VFNMSUB231SD; vol. 1, 14.5"

TEST(fma_packed, "VFMADD, VFMSUB, VFNMADD and VFNMSUB of all elements", SPEC(FMA_SPEC))
{
	FLOAT_CHECK(FMA_PACKED(fmadd) FMA_PACKED(fmsub) FMA_PACKED(fnmadd) FMA_PACKED(fnmsub));
}

TEST(fma_alternating, "VFMADDSUB subtracts in the even elements, VFMSUBADD adds there",
     SPEC(FMA_SPEC))
{
	FLOAT_CHECK(FMA_PACKED(fmaddsub) FMA_PACKED(fmsubadd));
}

/* The rest of the destination stays, whichever operand it is. */
#define FMA_REST_OF(op)                                                                \
	static void simd_##op##ss_rest(const struct simd_in *in, struct simd_out *out) \
	{                                                                              \
		simd_##op##ss(in, out);                                                \
		for (u32 i = 1; i < 4; i++)                                            \
			out->result.d[i] = in->c.d[i];                                 \
	}                                                                              \
	static void simd_##op##sd_rest(const struct simd_in *in, struct simd_out *out) \
	{                                                                              \
		simd_##op##sd(in, out);                                                \
		out->result.q[1] = in->c.q[1];                                         \
	}
FMA_REST_OF(fmadd)
FMA_REST_OF(fmsub)
FMA_REST_OF(fnmadd)
FMA_REST_OF(fnmsub)

#define FMA_SCALAR(op, size, ...)                                                          \
	FMA_ROW(op, "132", size, 16, "xmm", .a, .c, .b, __VA_ARGS__)                       \
	FMA_ROW(op, "213", size, 16, "xmm", .a, .b, .c, __VA_ARGS__)                       \
	SIMD(#op "231" #size, simd_##op##size##_rest, 16,                                  \
	     "v" #op "231" #size " %%xmm2, %%xmm3, %%xmm1", .kind = SIMD_VEX, .dst = V(1), \
	     .c = V(1), .a = V(3), .b = V(2), __VA_ARGS__)
#define FMA_SCALARS(op) FMA_SCALAR(op, ss, SINGLES) FMA_SCALAR(op, sd, DOUBLES)

TEST(fma_scalar, "the scalar forms change the lowest element of the destination only",
     SPEC(FMA_SPEC))
{
	FLOAT_CHECK(FMA_SCALARS(fmadd) FMA_SCALARS(fmsub) FMA_SCALARS(fnmadd) FMA_SCALARS(fnmsub));
}
