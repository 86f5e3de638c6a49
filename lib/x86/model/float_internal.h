/* SPDX-License-Identifier: MIT */
/* What the files of float.h share. */
#ifndef ASSAY_X86_MODEL_FLOAT_INTERNAL_H
#define ASSAY_X86_MODEL_FLOAT_INTERNAL_H

#include <x86/model/float.h>

#define INTEGER_BIT BIT(63)
#define QUIET_BIT   BIT(62)

/* The largest exponent of a finite value; 1 minus it is the smallest of a normal one. */
static inline s32 exponent_max(const struct float_format *format)
{
	return (s32)BIT(format->exponent_bits - 1) - 1;
}

static inline s32 exponent_min(const struct float_format *format)
{
	return 1 - exponent_max(format);
}

#endif
