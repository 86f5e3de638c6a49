/* SPDX-License-Identifier: MIT */
/* The string comparisons of SSE4.2, with every control byte. */
#include "simd.h"

#include <test.h>

SUITE("String comparisons");

/* All sixteen values of the low four bits, for a polarity and an output. */
#define SIXTEEN(op, rows, high)                                                                   \
	rows(op, high##0) rows(op, high##1) rows(op, high##2) rows(op, high##3) rows(op, high##4) \
		rows(op, high##5) rows(op, high##6) rows(op, high##7) rows(op, high##8)           \
			rows(op, high##9) rows(op, high##a) rows(op, high##b) rows(op, high##c)   \
				rows(op, high##d) rows(op, high##e) rows(op, high##f)
#define EVERY_CONTROL(op, rows) \
	SIXTEEN(op, rows, 0x0)  \
	SIXTEEN(op, rows, 0x1)  \
	SIXTEEN(op, rows, 0x2)  \
	SIXTEEN(op, rows, 0x3)  \
	SIXTEEN(op, rows, 0x4)  \
	SIXTEEN(op, rows, 0x5) SIXTEEN(op, rows, 0x6) SIXTEEN(op, rows, 0x7)
#define INDEX(op, i)                                                                        \
	SIMD(#op, simd_##op, 16, #op " $" #i ", %%xmm2, %%xmm1", .dst = SIMD_CX, .a = V(1), \
	     .b = V(2), .immediate = i)
#define MASK(op, i)                                                                      \
	SIMD(#op, simd_##op, 16, #op " $" #i ", %%xmm2, %%xmm1", .dst = V(0), .a = V(1), \
	     .b = V(2), .immediate = i)
/* Memory operands need not be aligned, unlike those of other instructions without VEX. */
#define INDEX_MEMORY(op, i)                                                                       \
	SIMD(#op, simd_##op, 16, #op " $" #i ", " AT("di") ", %%xmm1", .dst = SIMD_CX, .a = V(1), \
	     .b = SIMD_MEMORY, .immediate = i)
#define MASK_MEMORY(op, i)                                                                     \
	SIMD(#op, simd_##op, 16, #op " $" #i ", " AT("di") ", %%xmm1", .dst = V(0), .a = V(1), \
	     .b = SIMD_MEMORY, .immediate = i)
#define INDEX_VEX(op, i)                                                                   \
	SIMD("v" #op, simd_##op, 16, "v" #op " $" #i ", %%xmm2, %%xmm1", .kind = SIMD_VEX, \
	     .dst = SIMD_CX, .a = V(1), .b = V(2), .immediate = i)
#define MASK_VEX(op, i)                                                                    \
	SIMD("v" #op, simd_##op, 16, "v" #op " $" #i ", %%xmm2, %%xmm1", .kind = SIMD_VEX, \
	     .dst = V(0), .a = V(1), .b = V(2), .immediate = i)
#define STRING_SPEC "SDM vol. 2B, 4.1; PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM"

TEST(sse_pcmpestri, "PCMPESTRI: lengths in EAX and EDX, an index in ECX, flags",
     SPEC(STRING_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE4_2)))
{
	SIMD_CHECK(EVERY_CONTROL(pcmpestri, INDEX) SIXTEEN(pcmpestri, INDEX_MEMORY, 0x0));
}

TEST(sse_pcmpestrm, "PCMPESTRM: lengths in EAX and EDX, a mask in XMM0, flags",
     SPEC(STRING_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE4_2)))
{
	SIMD_CHECK(EVERY_CONTROL(pcmpestrm, MASK) SIXTEEN(pcmpestrm, MASK_MEMORY, 0x4));
}

TEST(sse_pcmpistri, "PCMPISTRI: strings end at a zero, an index in ECX, flags",
     SPEC(STRING_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE4_2)))
{
	SIMD_CHECK(EVERY_CONTROL(pcmpistri, INDEX) SIXTEEN(pcmpistri, INDEX_MEMORY, 0x0));
}

TEST(sse_pcmpistrm, "PCMPISTRM: strings end at a zero, a mask in XMM0, flags",
     SPEC(STRING_SPEC), REQUIRES(cpu_has(X86_FEATURE_SSE4_2)))
{
	SIMD_CHECK(EVERY_CONTROL(pcmpistrm, MASK) SIXTEEN(pcmpistrm, MASK_MEMORY, 0x4));
}

TEST(avx_string, "the string comparisons with VEX.128; a mask clears bits 255:128 of YMM0",
     SPEC(STRING_SPEC), REQUIRES(cpu_has(X86_FEATURE_AVX)))
{
	SIMD_CHECK(SIXTEEN(pcmpestri, INDEX_VEX, 0x0) SIXTEEN(pcmpestrm, MASK_VEX, 0x4)
			   SIXTEEN(pcmpistri, INDEX_VEX, 0x3) SIXTEEN(pcmpistrm, MASK_VEX, 0x7));
}
