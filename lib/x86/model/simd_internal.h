/* SPDX-License-Identifier: MIT */
/* What the files of the vector model share. */
#ifndef ASSAY_X86_MODEL_SIMD_INTERNAL_H
#define ASSAY_X86_MODEL_SIMD_INTERNAL_H

#include <x86/model/simd.h>

/* A model that works on each element alone: `a` and `b` are the elements of union vec's `member`. */
#define EACH_ELEMENT(name, member, expression)                                  \
	void simd_##name(const struct simd_in *in, struct simd_out *out)        \
	{                                                                       \
		for (u32 i = 0; i < in->bytes / sizeof(in->a.member[0]); i++) { \
			__auto_type a __unused = in->a.member[i];               \
			__auto_type b __unused = in->b.member[i];               \
                                                                                \
			out->result.member[i] = (expression);                   \
		}                                                               \
	}

/* What AVX2 repeats for each half of a YMM register; MMX registers are one lane. */
static inline u32 lane_bytes(const struct simd_in *in)
{
	return in->bytes < 16 ? in->bytes : 16;
}

static inline s8 saturate_s8(s32 value)
{
	return value > 0x7f ? 0x7f : value < -0x80 ? -0x80 : (s8)value;
}

static inline s16 saturate_s16(s32 value)
{
	return value > 0x7fff ? 0x7fff : value < -0x8000 ? -0x8000 : (s16)value;
}

static inline u8 saturate_u8(s32 value)
{
	return value > 0xff ? 0xff : value < 0 ? 0 : (u8)value;
}

static inline u16 saturate_u16(s32 value)
{
	return value > 0xffff ? 0xffff : value < 0 ? 0 : (u16)value;
}

#endif
