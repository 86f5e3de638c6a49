/* SPDX-License-Identifier: MIT */
/* MXCSR and elements of vectors for the models of floating point. SDM vol. 1, 10.2.3, 11.5. */
#ifndef ASSAY_X86_MODEL_SIMD_FLOAT_H
#define ASSAY_X86_MODEL_SIMD_FLOAT_H

#include <x86/model/float.h>
#include <x86/model/simd_internal.h>

#define MXCSR_DAZ	 BIT(6)
#define MXCSR_RC_SHIFT	 13
#define MXCSR_FTZ	 BIT(15)
#define MXCSR_ALL_MASKED 0x1f80u
#define MXCSR_EXCEPTIONS 0x3fu

static inline struct float_context simd_context(u32 mxcsr, const struct float_format *format)
{
	return (struct float_context){
		.format = format,
		.rounding = mxcsr >> MXCSR_RC_SHIFT & 3,
		.denormals_are_zero = mxcsr & MXCSR_DAZ,
		.flush_to_zero = mxcsr & MXCSR_FTZ,
	};
}

#endif
