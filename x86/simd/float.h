/* SPDX-License-Identifier: MIT */
/* Rows of instructions on singles and doubles, and the modes that they are tried in. */
#ifndef ASSAY_SIMD_FLOAT_H
#define ASSAY_SIMD_FLOAT_H

#include "simd.h"

/*
 * The denormal-operand flag has cases of its own (denormals.c), so that a machine that does not have it
 * right can show that it has the rest right.
 */
#define ALL_BUT_DE (MXCSR_EXCEPTIONS & ~FLOAT_DE)
extern const struct simd_mode float_modes[4]; /* each rounding */

#define FLOAT_CHECK(...)                                                                      \
	do {                                                                                  \
		const struct simd table_[] = { __VA_ARGS__ };                                 \
		simd_check(table_, ARRAY_SIZE(table_), float_modes, ARRAY_SIZE(float_modes)); \
	} while (0)

#define SINGLES .values = SIMD_SINGLES
#define DOUBLES .values = SIMD_DOUBLES

/* Two operands, the first of which is the destination: of packed elements and of the lowest one. */
#define SSE_PACKED(op, ...)                                                                \
	SIMD(#op, simd_##op, 16, #op " %%xmm2, %%xmm1", .dst = V(1), .a = V(1), .b = V(2), \
	     __VA_ARGS__)                                                                  \
	SIMD(#op, simd_##op, 16, #op " " AT("di") ", %%xmm1", .dst = V(1), .a = V(1),      \
	     .b = SIMD_MEMORY, .aligned = true, __VA_ARGS__)
#define SSE_SCALAR(op, bytes_, ...)                                                        \
	SIMD(#op, simd_##op, 16, #op " %%xmm2, %%xmm1", .dst = V(1), .a = V(1), .b = V(2), \
	     __VA_ARGS__)                                                                  \
	SIMD(#op, simd_##op, 16, #op " " AT("di") ", %%xmm1", .dst = V(1), .a = V(1),      \
	     .b = SIMD_MEMORY, .b_bytes = bytes_, __VA_ARGS__)
#define AVX_PACKED(op, ...) \
	AVX_FLOAT_(op, 16, "xmm", __VA_ARGS__) AVX_FLOAT_(op, 32, "ymm", __VA_ARGS__)
#define AVX_FLOAT_(op, width, r, ...)                                                              \
	SIMD("v" #op, simd_##op, width, "v" #op " %%" r "2, %%" r "3, %%" r "1", .kind = SIMD_VEX, \
	     .dst = V(1), .a = V(3), .b = V(2), __VA_ARGS__)                                       \
	SIMD("v" #op, simd_##op, width, "v" #op " " AT("di") ", %%" r "3, %%" r "1",               \
	     .kind = SIMD_VEX, .dst = V(1), .a = V(3), .b = SIMD_MEMORY, __VA_ARGS__)
#define AVX_SCALAR(op, bytes_, ...)                                                             \
	SIMD("v" #op, simd_##op, 16, "v" #op " %%xmm2, %%xmm3, %%xmm1", .kind = SIMD_VEX,       \
	     .dst = V(1), .a = V(3), .b = V(2), __VA_ARGS__)                                    \
	SIMD("v" #op, simd_##op, 16, "v" #op " " AT("di") ", %%xmm3, %%xmm1", .kind = SIMD_VEX, \
	     .dst = V(1), .a = V(3), .b = SIMD_MEMORY, .b_bytes = bytes_, __VA_ARGS__)

/* The four instructions of an operation. */
#define SSE_FOUR(op)                \
	SSE_PACKED(op##ps, SINGLES) \
	SSE_PACKED(op##pd, DOUBLES) SSE_SCALAR(op##ss, 4, SINGLES) SSE_SCALAR(op##sd, 8, DOUBLES)
#define AVX_FOUR(op)                \
	AVX_PACKED(op##ps, SINGLES) \
	AVX_PACKED(op##pd, DOUBLES) AVX_SCALAR(op##ss, 4, SINGLES) AVX_SCALAR(op##sd, 8, DOUBLES)

/* The same with an immediate. */
#define SSE_PACKED_I(op, i, ...)                                                               \
	SIMD(#op, simd_##op, 16, #op " $" #i ", %%xmm2, %%xmm1", .dst = V(1), .a = V(1),       \
	     .b = V(2), .immediate = i, __VA_ARGS__)                                           \
	SIMD(#op, simd_##op, 16, #op " $" #i ", " AT("di") ", %%xmm1", .dst = V(1), .a = V(1), \
	     .b = SIMD_MEMORY, .aligned = true, .immediate = i, __VA_ARGS__)
#define SSE_SCALAR_I(op, i, ...)                                                         \
	SIMD(#op, simd_##op, 16, #op " $" #i ", %%xmm2, %%xmm1", .dst = V(1), .a = V(1), \
	     .b = V(2), .immediate = i, __VA_ARGS__)
#define AVX_FLOAT_I(op, i, width, r, ...)                                                 \
	SIMD("v" #op, simd_##op, width, "v" #op " $" #i ", %%" r "2, %%" r "3, %%" r "1", \
	     .kind = SIMD_VEX, .dst = V(1), .a = V(3), .b = V(2), .immediate = i, __VA_ARGS__)

#endif
