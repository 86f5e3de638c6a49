/* SPDX-License-Identifier: MIT */
/*
 * Binary floating point as PoP SA22-7832-13, chapters 9 and 19, define it, in integers of 512 bits: every
 * result is computed exactly, or to more bits than are needed with a trace of the rest, and rounded once.
 */
#ifndef ASSAY_S390X_MODEL_BFP_H
#define ASSAY_S390X_MODEL_BFP_H

#include <types.h>

/* An unsigned integer; word 0 is the rightmost one. */
#define BIG_WORDS 8
struct big {
	u64 word[BIG_WORDS];
};

enum bfp_kind { BFP_ZERO, BFP_FINITE, BFP_INFINITY, BFP_QNAN, BFP_SNAN };

/* (-1)^minus * significand * 2^exponent; of a NaN, the fraction as it is in 112 bits. */
struct bfp {
	enum bfp_kind kind;
	bool minus;
	s32 exponent;
	struct big significand;
};

struct bfp_format {
	u32 width, precision; /* bits; precision with the one that is not stored */
	s32 bias;
};
extern const struct bfp_format bfp_short, bfp_long, bfp_extended;

/* Rounding methods, as the M3 field of conversions has them. */
enum bfp_rounding {
	BFP_NEAREST_AWAY = 1,
	BFP_PREPARE_SHORTER = 3,
	BFP_NEAREST_EVEN = 4,
	BFP_TO_ZERO = 5,
	BFP_UP = 6,
	BFP_DOWN = 7,
};

/* Exceptions, as FPC has their flags in byte 1 and their masks in byte 0. */
#define BFP_INVALID   0x80
#define BFP_DIVISION  0x40
#define BFP_OVERFLOW  0x20
#define BFP_UNDERFLOW 0x10
#define BFP_INEXACT   0x08

struct bfp_context {
	const struct bfp_format *format; /* of the result */
	enum bfp_rounding rounding;
	u32 flags;	/* that were raised */
	bool increased; /* the magnitude, by the last rounding */
};

/* Bits of a number: short and long in `high`, left-aligned, as floating-point registers have them. */
struct bfp bfp_unpack(const struct bfp_format *format, u64 high, u64 low);
void bfp_pack(const struct bfp_format *format, struct bfp value, u64 *high, u64 *low);

/* Rounds to the context's format; exceptions are added to its flags. */
struct bfp bfp_round(struct bfp_context *c, struct bfp value);

struct bfp bfp_add(struct bfp_context *c, struct bfp a, struct bfp b);
struct bfp bfp_subtract(struct bfp_context *c, struct bfp a, struct bfp b);
struct bfp bfp_multiply(struct bfp_context *c, struct bfp a, struct bfp b);
struct bfp bfp_divide(struct bfp_context *c, struct bfp a, struct bfp b);
struct bfp bfp_square_root(struct bfp_context *c, struct bfp a);
/* a * b + addend, or - addend, rounded once. */
struct bfp bfp_multiply_add(struct bfp_context *c, struct bfp a, struct bfp b, struct bfp addend,
			    bool subtract);
struct bfp bfp_convert(struct bfp_context *c, struct bfp a);
struct bfp bfp_to_integral(struct bfp_context *c, struct bfp a);

/* To an integer of `bits`; out of range or NaN: BFP_INVALID, BFP_INEXACT, and the nearest, or the least, one. */
u64 bfp_to_integer(struct bfp_context *c, struct bfp a, u32 bits, bool is_signed);
struct bfp bfp_from_integer(struct bfp_context *c, u64 value, bool is_signed);

/* 0 equal, 1 low, 2 high, 3 unordered. */
u32 bfp_compare(struct bfp a, struct bfp b);

bool bfp_is_nan(struct bfp a);

#endif
