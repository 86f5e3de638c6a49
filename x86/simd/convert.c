/* SPDX-License-Identifier: MIT */
/* Conversions between integers, singles, doubles and halves. */
#include "float.h"

#include <test.h>

SUITE("Conversions of vectors");

/* One source, b; the result is the whole register, or its lower part with a's rest. */
#define CONVERT(op, read, ...)                                                               \
	SIMD(#op, simd_##op, 16, #op " %%xmm2, %%xmm1", .dst = V(1), .b = V(2), __VA_ARGS__) \
	SIMD(#op, simd_##op, 16, #op " " AT("di") ", %%xmm1", .dst = V(1), .b = SIMD_MEMORY, \
	     .b_bytes = read, .aligned = read == 16, __VA_ARGS__)
#define CONVERT_VEX(op, read, ...)                                                             \
	SIMD("v" #op, simd_##op, 16, "v" #op " %%xmm2, %%xmm1", .kind = SIMD_VEX, .dst = V(1), \
	     .b = V(2), __VA_ARGS__)                                                           \
	SIMD("v" #op, simd_##op, 16, "v" #op " " AT("di") ", %%xmm1", .kind = SIMD_VEX,        \
	     .dst = V(1), .b = SIMD_MEMORY, .b_bytes = read, __VA_ARGS__)
/* From YMM2 to YMM1, or with a narrower one of the two. */
#define CONVERT_256(op, from, to, ...)                                                    \
	SIMD("v" #op, simd_##op, 32, "v" #op " %%" from "2, %%" to "1", .kind = SIMD_VEX, \
	     .dst = V(1), .b = V(2), __VA_ARGS__)
#define PACKED_SPEC \
	"SDM vol. 2A, CVTDQ2PS, CVTPS2DQ, CVTTPS2DQ, CVTDQ2PD, CVTPD2DQ, CVTPS2PD, CVTPD2PS"

TEST(sse_convert_packed, "packed conversions; what does not fit is 80000000h and invalid",
     SPEC(PACKED_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	FLOAT_CHECK(CONVERT(cvtdq2ps, 16) CONVERT(cvtps2dq, 16, SINGLES)
			    CONVERT(cvttps2dq, 16, SINGLES) CONVERT(cvtdq2pd, 8)
				    CONVERT(cvtpd2dq, 16, DOUBLES) CONVERT(cvttpd2dq, 16, DOUBLES)
					    CONVERT(cvtps2pd, 8, SINGLES)
						    CONVERT(cvtpd2ps, 16, DOUBLES));
}

TEST(avx_convert_packed, "packed conversions with VEX, from and to YMM registers",
     SPEC(PACKED_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	FLOAT_CHECK(CONVERT_VEX(cvtdq2ps, 16) CONVERT_256(cvtdq2ps, "ymm", "ymm") CONVERT_VEX(
		cvtps2dq, 16, SINGLES) CONVERT_256(cvtps2dq, "ymm", "ymm",
						   SINGLES) CONVERT_VEX(cvttps2dq, 16, SINGLES)
			    CONVERT_256(cvttps2dq, "ymm", "ymm", SINGLES) CONVERT_VEX(cvtdq2pd, 8)
				    CONVERT_256(cvtdq2pd, "xmm", "ymm") CONVERT_256(
					    cvtpd2dq, "ymm", "xmm",
					    DOUBLES) CONVERT_256(cvttpd2dq, "ymm", "xmm", DOUBLES)
					    CONVERT_VEX(cvtps2pd, 8, SINGLES) CONVERT_256(
						    cvtps2pd, "xmm", "ymm", SINGLES)
						    CONVERT_256(cvtpd2ps, "ymm", "xmm", DOUBLES));
}

/* --------------------------------------------------------------------------------------- scalars */

#define BETWEEN_FLOATS(op, read, ...)                                                      \
	SIMD(#op, simd_##op, 16, #op " %%xmm2, %%xmm1", .dst = V(1), .a = V(1), .b = V(2), \
	     __VA_ARGS__)                                                                  \
	SIMD(#op, simd_##op, 16, #op " " AT("di") ", %%xmm1", .dst = V(1), .a = V(1),      \
	     .b = SIMD_MEMORY, .b_bytes = read, __VA_ARGS__)
#define FROM_INTEGER(op, suffix, size, r, ...)                                                \
	SIMD(#op size, simd_##op##suffix, 16, #op " %%" r ", %%xmm1", .dst = V(1), .a = V(1), \
	     .b = SIMD_AX, __VA_ARGS__)
#define TO_INTEGER(op, suffix, size, r, read, ...)                                            \
	SIMD(#op size, simd_##op##suffix, 16, #op " %%xmm2, %%" r, .dst = SIMD_AX, .b = V(2), \
	     __VA_ARGS__)                                                                     \
	SIMD(#op size, simd_##op##suffix, 16, #op " " AT("di") ", %%" r, .dst = SIMD_AX,      \
	     .b = SIMD_MEMORY, .b_bytes = read, __VA_ARGS__)
#define TO_INTEGER_BOTH(op, read, ...)                     \
	TO_INTEGER(op, , "_r32", "eax", read, __VA_ARGS__) \
	ONLY_64(TO_INTEGER(op, _64, "_r64", "rax", read, __VA_ARGS__))
#define SCALAR_SPEC \
	"SDM vol. 2A, CVTSI2SS, CVTSI2SD, CVTSS2SI, CVTSD2SI, CVTTSS2SI, CVTSS2SD, CVTSD2SS"

TEST(sse_convert_scalar, "conversions of one element, from and to general registers and memory",
     SPEC(SCALAR_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE2)))
{
	FLOAT_CHECK(BETWEEN_FLOATS(cvtss2sd, 4, SINGLES) BETWEEN_FLOATS(cvtsd2ss, 8, DOUBLES)
			    FROM_INTEGER(cvtsi2ss, , "_r32", "eax") FROM_INTEGER(cvtsi2sd, , "_r32",
										 "eax")
				    ONLY_64(FROM_INTEGER(cvtsi2ss, _64, "_r64", "rax")
						    FROM_INTEGER(cvtsi2sd, _64, "_r64", "rax"))
					    TO_INTEGER_BOTH(cvtss2si, 4, SINGLES) TO_INTEGER_BOTH(
						    cvttss2si, 4, SINGLES)
						    TO_INTEGER_BOTH(cvtsd2si, 8, DOUBLES)
							    TO_INTEGER_BOTH(cvttsd2si, 8, DOUBLES));
}

#define BETWEEN_FLOATS_VEX(op, ...)                                                       \
	SIMD("v" #op, simd_##op, 16, "v" #op " %%xmm2, %%xmm3, %%xmm1", .kind = SIMD_VEX, \
	     .dst = V(1), .a = V(3), .b = V(2), __VA_ARGS__)
#define FROM_INTEGER_VEX(op, ...)                                                        \
	SIMD("v" #op, simd_##op, 16, "v" #op " %%eax, %%xmm3, %%xmm1", .kind = SIMD_VEX, \
	     .dst = V(1), .a = V(3), .b = SIMD_AX, __VA_ARGS__)
#define TO_INTEGER_VEX(op, ...)                                                                  \
	SIMD("v" #op, simd_##op, 16, "v" #op " %%xmm2, %%eax", .kind = SIMD_VEX, .dst = SIMD_AX, \
	     .b = V(2), __VA_ARGS__)

TEST(avx_convert_scalar, "conversions of one element with VEX take the rest from a third register",
     SPEC(SCALAR_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	FLOAT_CHECK(BETWEEN_FLOATS_VEX(cvtss2sd, SINGLES) BETWEEN_FLOATS_VEX(cvtsd2ss, DOUBLES)
			    FROM_INTEGER_VEX(cvtsi2ss) FROM_INTEGER_VEX(cvtsi2sd)
				    TO_INTEGER_VEX(cvtss2si, SINGLES)
					    TO_INTEGER_VEX(cvttss2si, SINGLES)
						    TO_INTEGER_VEX(cvtsd2si, DOUBLES)
							    TO_INTEGER_VEX(cvttsd2si, DOUBLES));
}

/* --------------------------------------------------------------------------------------- MMX, half */

#define TO_MMX(op, read, ...)                                                                     \
	SIMD(#op, simd_##op, 8, #op " %%xmm2, %%mm1", .dst = V(1), .b = V(2), .dst_is_mmx = true, \
	     __VA_ARGS__)                                                                         \
	SIMD(#op, simd_##op, 8, #op " " AT("di") ", %%mm1", .dst = V(1), .b = SIMD_MEMORY,        \
	     .b_bytes = read, .aligned = read == 16, .dst_is_mmx = true, __VA_ARGS__)
#define FROM_MMX(op, ...)                                                                 \
	SIMD(#op, simd_##op, 16, #op " %%mm2, %%xmm1", .dst = V(1), .a = V(1), .b = V(2), \
	     .b_is_mmx = true, __VA_ARGS__)                                               \
	SIMD(#op, simd_##op, 16, #op " " AT("di") ", %%xmm1", .dst = V(1), .a = V(1),     \
	     .b = SIMD_MEMORY, .b_bytes = 8, __VA_ARGS__)

TEST(mmx_convert, "conversions between MMX and XMM registers",
     SPEC("SDM vol. 2A, CVTPI2PS, CVTPS2PI, CVTTPS2PI, CVTPI2PD, CVTPD2PI, CVTTPD2PI"),
	  REQUIRES(cpu_has(X86_FEATURE_MMX) && cpu_has(X86_FEATURE_SSE2)))
{
	FLOAT_CHECK(TO_MMX(cvtps2pi, 8, SINGLES) TO_MMX(cvttps2pi, 8, SINGLES)
			    TO_MMX(cvtpd2pi, 16, DOUBLES) TO_MMX(cvttpd2pi, 16, DOUBLES)
				    FROM_MMX(cvtpi2ps) FROM_MMX(cvtpi2pd));
}

#define FROM_HALF(width, r, read)                                                               \
	SIMD("vcvtph2ps", simd_cvtph2ps, width, "vcvtph2ps %%xmm2, %%" r "1", .kind = SIMD_VEX, \
	     .dst = V(1), .b = V(2))                                                            \
	SIMD("vcvtph2ps", simd_cvtph2ps, width, "vcvtph2ps " AT("di") ", %%" r "1",             \
	     .kind = SIMD_VEX, .dst = V(1), .b = SIMD_MEMORY, .b_bytes = read)
#define TO_HALF(i, width, r)                                                           \
	SIMD("vcvtps2ph", simd_cvtps2ph, width, "vcvtps2ph $" #i ", %%" r "2, %%xmm1", \
	     .kind = SIMD_VEX, .dst = V(1), .b = V(2), .immediate = i, SINGLES)
#define HALF_ROUNDINGS(width, r) \
	TO_HALF(0, width, r)     \
	TO_HALF(1, width, r)     \
	TO_HALF(2, width, r) TO_HALF(3, width, r) TO_HALF(4, width, r) TO_HALF(0xf9, width, r)

TEST(half_precision, "VCVTPH2PS and VCVTPS2PH, whose rounding is the immediate's or MXCSR's",
     SPEC("SDM vol. 2C, VCVTPH2PS, VCVTPS2PH"), REQUIRES(cpu_has(X86_FEATURE_F16C)))
{
	FLOAT_CHECK(FROM_HALF(16, "xmm", 8) FROM_HALF(32, "ymm", 16) HALF_ROUNDINGS(16, "xmm")
			    HALF_ROUNDINGS(32, "ymm"));
}
