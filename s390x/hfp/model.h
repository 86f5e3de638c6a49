/* SPDX-License-Identifier: MIT */
/*
 * Hexadecimal floating point, short and long, as PoP SA22-7832-13, chapters 9 and 18, define it: digit by
 * digit, with one guard digit, and truncated.
 */
#ifndef ASSAY_S390X_HFP_MODEL_H
#define ASSAY_S390X_HFP_MODEL_H

#include <types.h>

/* (-1)^minus * 16^(characteristic - 64) * fraction; the fraction has `digits` digits after the point. */
struct hfp {
	bool minus;
	s32 characteristic;
	u64 fraction;
};

enum hfp_exception {
	HFP_NONE,
	HFP_OVERFLOW = 0x0c,
	HFP_UNDERFLOW = 0x0d,
	HFP_SIGNIFICANCE = 0x0e,
	HFP_DIVIDE = 0x0f,
};

#define HFP_MASK_SIGNIFICANCE 1 /* of the program mask */
#define HFP_MASK_UNDERFLOW    2

#define SHORT_DIGITS 6
#define LONG_DIGITS  14

struct hfp_result {
	u64 bits; /* left-aligned, as a floating-point register has them */
	u32 cc;
	enum hfp_exception exception;
};

/* A number of 6 digits is in the left half. */
struct hfp hfp_unpack(u64 bits, u32 digits);
u64 hfp_pack(struct hfp value, u32 digits);

/* Of numbers of `digits` digits, with this program mask. */
struct hfp_result hfp_add(u64 a, u64 b, u32 digits, bool subtract, bool normalize, u32 mask);
u32 hfp_compare(u64 a, u64 b, u32 digits);
/* The product has `result_digits`. */
struct hfp_result hfp_multiply(u64 a, u64 b, u32 digits, u32 result_digits, u32 mask);
struct hfp_result hfp_divide(u64 a, u64 b, u32 digits, u32 mask);
struct hfp_result hfp_halve(u64 a, u32 digits, u32 mask);
struct hfp_result hfp_round_to_short(u64 a);
u64 hfp_from_integer(s64 value, u32 digits);

#endif
