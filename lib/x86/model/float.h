/* SPDX-License-Identifier: MIT */
/*
 * Floating-point arithmetic of x86 in portable integers: the oracle of the SSE, AVX and x87 cases. IEEE
 * 754 with the choices that the manuals make: SDM vol. 1, 4.8, 4.9, 8.5, 11.5.
 */
#ifndef ASSAY_X86_MODEL_FLOAT_H
#define ASSAY_X86_MODEL_FLOAT_H

#include <types.h>

/* Exceptions, at their places in MXCSR and in the x87 status word. */
#define FLOAT_IE BIT(0)
#define FLOAT_DE BIT(1)
#define FLOAT_ZE BIT(2)
#define FLOAT_OE BIT(3)
#define FLOAT_UE BIT(4)
#define FLOAT_PE BIT(5)

/* The rounding-control field: SDM vol. 1, table 4-8. */
enum float_rounding {
	FLOAT_NEAREST,
	FLOAT_DOWN,
	FLOAT_UP,
	FLOAT_TO_ZERO,
};

struct float_format {
	u8 precision; /* bits of the significand, the integer bit included */
	u8 exponent_bits;
};

extern const struct float_format float_single, float_double, float_extended;
/* Extended registers, rounded to fewer bits by the x87 precision control. */
extern const struct float_format float_extended_24, float_extended_53;

enum float_kind {
	FLOAT_ZERO,
	FLOAT_FINITE,
	FLOAT_INFINITY,
	FLOAT_QNAN,
	FLOAT_SNAN,
	FLOAT_UNSUPPORTED, /* of the extended format: SDM vol. 1, 8.2.2 */
};

/* A value taken apart: significand * 2^(exponent - 63), bit 63 of the significand set. */
struct real {
	enum float_kind kind;
	bool negative;
	bool denormal;
	s32 exponent;
	u64 significand; /* of NaNs: the fraction at the same place */
};

/* What an operation depends on, and the exceptions that it adds; all of them are masked. */
struct float_context {
	const struct float_format *format; /* of the result */
	enum float_rounding rounding;
	bool denormals_are_zero, flush_to_zero;
	u32 exceptions;
	bool rounded_up; /* the last rounding increased the magnitude */
};

/* From and to the bits of a single (in 31:0) or a double; the extended format has two parts. */
struct real float_unpack(const struct float_format *format, u64 bits);
u64 float_pack(const struct float_format *format, struct real value);
struct real float_unpack_extended(u64 significand, u16 sign_and_exponent);
void float_pack_extended(struct real value, u64 *significand, u16 *sign_and_exponent);

/* Applied to the operands of what follows: a denormal becomes zero if the context wants it. */
struct real float_operand(const struct float_context *context, struct real value);

/*
 * The operations; the result has the context's format. Of two NaNs, SSE's rule takes the first
 * (float_nan_sse()), x87's the one with the larger significand: the caller has handled NaNs before.
 */
struct real float_add(struct float_context *context, struct real a, struct real b);
struct real float_subtract(struct float_context *context, struct real a, struct real b);
struct real float_multiply(struct float_context *context, struct real a, struct real b);
struct real float_divide(struct float_context *context, struct real a, struct real b);
struct real float_square_root(struct float_context *context, struct real a);
/* a * b + c, rounded once. */
struct real float_multiply_add(struct float_context *context, struct real a, struct real b,
			       struct real c);
/* To another format. */
struct real float_convert(struct float_context *context, struct real a);
/* To an integer in floating point; FLOAT_PE if that changed it. */
struct real float_round_to_integer(struct float_context *context, struct real a);

/* To a signed integer of `bits`; the integer indefinite, the most negative one, if it does not fit. */
s64 float_to_integer(struct float_context *context, struct real a, u32 bits);
struct real float_from_integer(struct float_context *context, s64 value);

enum float_order {
	FLOAT_LESS,
	FLOAT_EQUAL,
	FLOAT_GREATER,
	FLOAT_UNORDERED,
};
/* Without any exception. */
enum float_order float_compare(struct real a, struct real b);

bool float_is_nan(struct real a);
/* The default NaN, "QNaN floating-point indefinite". */
struct real float_indefinite(void);
/* A NaN made quiet; FLOAT_IE if it was a signaling one. */
struct real float_quiet(struct float_context *context, struct real nan);

#endif
