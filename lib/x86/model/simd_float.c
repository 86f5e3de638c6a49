/* SPDX-License-Identifier: MIT */
/* Arithmetic of singles and doubles in vectors: simd.h. */
#include <x86/model/alu.h>
#include <x86/model/simd_float.h>

/* An operation on two or three elements; a unary one takes b. */
typedef struct real operation(struct float_context *context, const struct simd_in *in,
			      struct real a, struct real b, struct real c);

/* With the exceptions: which of several NaNs the result is, is left open. */
#define NAN_LEFT_OPEN BIT(31)

/* The first of the two that is a NaN, made quiet: SDM vol. 1, table 4-7. */
static struct real either_nan(struct float_context *context, const struct simd_in *in,
			      struct real a, struct real b)
{
	if (a.kind == FLOAT_SNAN || b.kind == FLOAT_SNAN)
		context->exceptions |= FLOAT_IE;
	if (float_is_nan(a) && float_is_nan(b) && !in->two_nans)
		context->exceptions |= NAN_LEFT_OPEN;
	return float_quiet(context, float_is_nan(a) ? a : b);
}

/* The result's bits; `bytes` are the bytes that it has in the vector, a bit for each. */
static u64 calculate(operation *apply, const struct simd_in *in, struct simd_out *out,
		     const struct float_format *format, u64 a, u64 b, u64 c, u64 bytes)
{
	struct float_context context = simd_context(in->mxcsr, format);
	struct real result = apply(&context, in, float_operand(&context, float_unpack(format, a)),
				   float_operand(&context, float_unpack(format, b)),
				   float_operand(&context, float_unpack(format, c)));

	out->mxcsr |= context.exceptions & MXCSR_EXCEPTIONS;
	if (context.exceptions & NAN_LEFT_OPEN)
		out->unchecked |= (u32)bytes;
	return float_pack(format, result);
}

static u64 single_bytes(u32 i)
{
	return 0xfull << (4 * i);
}

static u64 double_bytes(u32 i)
{
	return 0xffull << (8 * i);
}

static void singles(operation *apply, const struct simd_in *in, struct simd_out *out, u32 count)
{
	for (u32 i = 0; i < count; i++)
		out->result.d[i] = (u32)calculate(apply, in, out, &float_single, in->a.d[i],
						  in->b.d[i], in->c.d[i], single_bytes(i));
}

static void doubles(operation *apply, const struct simd_in *in, struct simd_out *out, u32 count)
{
	for (u32 i = 0; i < count; i++)
		out->result.q[i] = calculate(apply, in, out, &float_double, in->a.q[i], in->b.q[i],
					     in->c.q[i], double_bytes(i));
}

/* The four models of an operation. */
#define PACKED_MODELS(name, apply)                                           \
	void simd_##name##ps(const struct simd_in *in, struct simd_out *out) \
	{                                                                    \
		singles(apply, in, out, in->bytes / 4);                      \
	}                                                                    \
	void simd_##name##pd(const struct simd_in *in, struct simd_out *out) \
	{                                                                    \
		doubles(apply, in, out, in->bytes / 8);                      \
	}
#define SCALAR_MODELS(name, apply)                                           \
	void simd_##name##ss(const struct simd_in *in, struct simd_out *out) \
	{                                                                    \
		out->result = in->a;                                         \
		singles(apply, in, out, 1);                                  \
	}                                                                    \
	void simd_##name##sd(const struct simd_in *in, struct simd_out *out) \
	{                                                                    \
		out->result = in->a;                                         \
		doubles(apply, in, out, 1);                                  \
	}
#define MODELS(name, apply) PACKED_MODELS(name, apply) SCALAR_MODELS(name, apply)

/* --------------------------------------------------------------------------------- arithmetic */

#define ARITHMETIC(name, function)                                                            \
	static struct real name##_of(struct float_context *context, const struct simd_in *in, \
				     struct real a, struct real b, struct real c)             \
	{                                                                                     \
		(void)c;                                                                      \
		if (float_is_nan(a) || float_is_nan(b))                                       \
			return either_nan(context, in, a, b);                                 \
		return function(context, a, b);                                               \
	}                                                                                     \
	MODELS(name, name##_of)

ARITHMETIC(add, float_add)
ARITHMETIC(sub, float_subtract)
ARITHMETIC(mul, float_multiply)
ARITHMETIC(div, float_divide)

static struct real sqrt_of(struct float_context *context, const struct simd_in *in, struct real a,
			   struct real b, struct real c)
{
	(void)in, (void)a, (void)c;
	if (float_is_nan(b))
		return float_quiet(context, b);
	return float_square_root(context, b);
}

MODELS(sqrt, sqrt_of)

/* Any NaN is invalid, and gives the second operand as it is; so do two zeros. */
static struct real extreme(struct float_context *context, struct real a, struct real b,
			   enum float_order wanted)
{
	if (float_is_nan(a) || float_is_nan(b)) {
		context->exceptions |= FLOAT_IE;
		return b;
	}
	if (a.denormal || b.denormal)
		context->exceptions |= FLOAT_DE;
	return float_compare(a, b) == wanted ? a : b;
}

static struct real min_of(struct float_context *context, const struct simd_in *in, struct real a,
			  struct real b, struct real c)
{
	(void)in, (void)c;
	return extreme(context, a, b, FLOAT_LESS);
}

static struct real max_of(struct float_context *context, const struct simd_in *in, struct real a,
			  struct real b, struct real c)
{
	(void)in, (void)c;
	return extreme(context, a, b, FLOAT_GREATER);
}

MODELS(min, min_of)
MODELS(max, max_of)

/* ---------------------------------------------------------------------- fused multiply and add */

/* Which of several NaNs comes through depends on the form; then only the flags count. */
static struct real fused(struct float_context *context, struct real a, struct real b, struct real c,
			 bool negate_product, bool negate_c)
{
	u32 nans = float_is_nan(a) + float_is_nan(b) + float_is_nan(c);

	if (nans) {
		if (nans > 1)
			context->exceptions |= NAN_LEFT_OPEN;
		if (a.kind == FLOAT_SNAN || b.kind == FLOAT_SNAN || c.kind == FLOAT_SNAN)
			context->exceptions |= FLOAT_IE;
		return float_quiet(context, float_is_nan(a) ? a : float_is_nan(b) ? b : c);
	}
	a.negative ^= negate_product;
	c.negative ^= negate_c;
	return float_multiply_add(context, a, b, c);
}

#define FUSED(name, negate_product, negate_c)                                                 \
	static struct real name##_of(struct float_context *context, const struct simd_in *in, \
				     struct real a, struct real b, struct real c)             \
	{                                                                                     \
		(void)in;                                                                     \
		return fused(context, a, b, c, negate_product, negate_c);                     \
	}                                                                                     \
	MODELS(name, name##_of)

FUSED(fmadd, false, false)
FUSED(fmsub, false, true)
FUSED(fnmadd, true, false)
FUSED(fnmsub, true, true)

/* The even elements of `even`'s result, the odd ones of `odd`'s. */
static void alternate(simd_model *even, simd_model *odd, const struct simd_in *in,
		      struct simd_out *out, u32 size)
{
	struct simd_out of_even = *out, of_odd = *out;

	even(in, &of_even);
	odd(in, &of_odd);
	out->unchecked = of_even.unchecked | of_odd.unchecked;
	for (u32 i = 0; i < in->bytes; i++)
		out->result.b[i] = i / size % 2 ? of_odd.result.b[i] : of_even.result.b[i];
	/* Flags come from the elements that count. */
	for (u32 i = 0; i < in->bytes / size; i++) {
		struct simd_in one = { .bytes = size, .mxcsr = in->mxcsr };
		struct simd_out ignored = { .mxcsr = 0 };

		for (u32 j = 0; j < size; j++) {
			one.a.b[j] = in->a.b[i * size + j];
			one.b.b[j] = in->b.b[i * size + j];
			one.c.b[j] = in->c.b[i * size + j];
		}
		(i % 2 ? odd : even)(&one, &ignored);
		out->mxcsr |= ignored.mxcsr & MXCSR_EXCEPTIONS;
	}
}

#define ALTERNATE(name, even, odd, size)                                 \
	void simd_##name(const struct simd_in *in, struct simd_out *out) \
	{                                                                \
		alternate(simd_##even, simd_##odd, in, out, size);       \
	}

ALTERNATE(addsubps, subps, addps, 4)
ALTERNATE(addsubpd, subpd, addpd, 8)
ALTERNATE(fmaddsubps, fmsubps, fmaddps, 4)
ALTERNATE(fmaddsubpd, fmsubpd, fmaddpd, 8)
ALTERNATE(fmsubaddps, fmaddps, fmsubps, 4)
ALTERNATE(fmsubaddpd, fmaddpd, fmsubpd, 8)

/* ---------------------------------------------------------------------- sums within a vector */

/* Pairs of a fill the lower half of each lane, those of b the upper one. */
#define EACH_PAIR(name, member, size, format, apply, where)                                      \
	void simd_##name(const struct simd_in *in, struct simd_out *out)                         \
	{                                                                                        \
		u32 half = 8 / size;                                                             \
                                                                                                 \
		for (u32 i = 0; i < in->bytes / size; i++) {                                     \
			const union vec *from = i % (2 * half) < half ? &in->a : &in->b;         \
			u32 at = i / (2 * half) * (2 * half) + i % half * 2;                     \
                                                                                                 \
			out->result.member[i] = (__typeof__(in->a.member[0]))calculate(          \
				apply, in, out, &format, from->member[at], from->member[at + 1], \
				0, where(i));                                                    \
		}                                                                                \
	}

EACH_PAIR(haddps, d, 4, float_single, add_of, single_bytes)
EACH_PAIR(haddpd, q, 8, float_double, add_of, double_bytes)
EACH_PAIR(hsubps, d, 4, float_single, sub_of, single_bytes)
EACH_PAIR(hsubpd, q, 8, float_double, sub_of, double_bytes)

/*
 * The products that bits 7:4 of the immediate choose, added in pairs, to the elements that bits 3:0
 * choose. Where there are NaNs or infinities, which NaN comes out is left open.
 */
static u64 product(const struct simd_in *in, struct simd_out *out,
		   const struct float_format *format, u32 i, u64 a, u64 b, bool *special)
{
	u64 result;

	if (!(in->immediate >> (4 + i) & 1))
		return 0;
	result = calculate(mul_of, in, out, format, a, b, 0, 0);
	*special |= float_unpack(format, result).kind > FLOAT_FINITE;
	return result;
}

void simd_dpps(const struct simd_in *in, struct simd_out *out)
{
	for (u32 lane = 0; lane < in->bytes / 4; lane += 4) {
		bool special = false;
		u64 low, high, sum, p[4];

		for (u32 i = 0; i < 4; i++)
			p[i] = product(in, out, &float_single, i, in->a.d[lane + i],
				       in->b.d[lane + i], &special);
		low = calculate(add_of, in, out, &float_single, p[0], p[1], 0, 0);
		high = calculate(add_of, in, out, &float_single, p[2], p[3], 0, 0);
		sum = calculate(add_of, in, out, &float_single, low, high, 0, 0);
		for (u32 i = 0; i < 4; i++) {
			bool chosen = in->immediate >> i & 1;

			out->result.d[lane + i] = chosen ? (u32)sum : 0;
			if (special && chosen)
				out->unchecked |= (u32)single_bytes(lane + i);
		}
	}
}

void simd_dppd(const struct simd_in *in, struct simd_out *out)
{
	bool special = false;
	u64 low = product(in, out, &float_double, 0, in->a.q[0], in->b.q[0], &special);
	u64 high = product(in, out, &float_double, 1, in->a.q[1], in->b.q[1], &special);
	u64 sum = calculate(add_of, in, out, &float_double, low, high, 0, 0);

	for (u32 i = 0; i < 2; i++) {
		bool chosen = in->immediate >> i & 1;

		out->result.q[i] = chosen ? sum : 0;
		if (special && chosen)
			out->unchecked |= (u32)double_bytes(i);
	}
}

/* ---------------------------------------------------------------------------------- comparison */

#define LT BIT(FLOAT_LESS)
#define EQ BIT(FLOAT_EQUAL)
#define GT BIT(FLOAT_GREATER)
#define UN BIT(FLOAT_UNORDERED)

/* SDM vol. 2A, CMPPD, table 3-1: when predicate bits 3:0 hold, and whether a QNaN is invalid. */
static const struct predicate {
	u8 orders;
	bool signaling;
} predicates[16] = {
	{ EQ, false },
	{ LT, true },
	{ LT | EQ, true },
	{ UN, false },
	{ LT | GT | UN, false },
	{ EQ | GT | UN, true },
	{ GT | UN, true },
	{ LT | EQ | GT, false },
	{ EQ | UN, false },
	{ LT | UN, true },
	{ LT | EQ | UN, true },
	{ 0, false },
	{ LT | GT, false },
	{ EQ | GT, true },
	{ GT, true },
	{ LT | EQ | GT | UN, false },
};

/* Bit 4 turns the kind of NaNs around. A denormal is noted where there is no NaN. */
static bool compare(struct float_context *context, u8 immediate, struct real a, struct real b)
{
	const struct predicate *predicate = &predicates[immediate & 15];
	bool signaling = predicate->signaling != (immediate >> 4 & 1);

	if (a.kind == FLOAT_SNAN || b.kind == FLOAT_SNAN ||
	    (signaling && (float_is_nan(a) || float_is_nan(b))))
		context->exceptions |= FLOAT_IE;
	if ((a.denormal || b.denormal) && !float_is_nan(a) && !float_is_nan(b))
		context->exceptions |= FLOAT_DE;
	return predicate->orders >> float_compare(a, b) & 1;
}

static bool compare_elements(const struct simd_in *in, struct simd_out *out,
			     const struct float_format *format, u64 a, u64 b)
{
	struct float_context context = simd_context(in->mxcsr, format);
	bool holds = compare(&context, in->immediate,
			     float_operand(&context, float_unpack(format, a)),
			     float_operand(&context, float_unpack(format, b)));

	out->mxcsr |= context.exceptions;
	return holds;
}

#define COMPARE(name, member, format, count)                                                       \
	void simd_##name(const struct simd_in *in, struct simd_out *out)                           \
	{                                                                                          \
		out->result = in->a;                                                               \
		for (u32 i = 0; i < (count); i++)                                                  \
			out->result.member[i] = compare_elements(in, out, &format,                 \
								 in->a.member[i], in->b.member[i]) \
							? (__typeof__(in->a.member[0]))~0ull       \
							: 0;                                       \
	}

COMPARE(cmpps, d, float_single, in->bytes / 4)
COMPARE(cmppd, q, float_double, in->bytes / 8)
COMPARE(cmpss, d, float_single, 1)
COMPARE(cmpsd, q, float_double, 1)

/* COMIS is invalid for any NaN, UCOMIS for a signaling one. OF, SF and AF become 0. */
static void compare_to_flags(const struct simd_in *in, struct simd_out *out,
			     const struct float_format *format, u64 x, u64 y, bool any_nan)
{
	static const u32 flags[] = {
		[FLOAT_LESS] = ALU_CF,
		[FLOAT_EQUAL] = ALU_ZF,
		[FLOAT_GREATER] = 0,
		[FLOAT_UNORDERED] = ALU_ZF | ALU_PF | ALU_CF,
	};
	struct float_context context = simd_context(in->mxcsr, format);
	struct real a = float_operand(&context, float_unpack(format, x));
	struct real b = float_operand(&context, float_unpack(format, y));

	/* Predicate 1 is signaling, predicate 0 is not. */
	compare(&context, any_nan, a, b);
	out->mxcsr |= context.exceptions;
	out->flags = (in->flags & ~ALU_STATUS) | flags[float_compare(a, b)];
}

void simd_comiss(const struct simd_in *in, struct simd_out *out)
{
	compare_to_flags(in, out, &float_single, in->a.d[0], in->b.d[0], true);
}

void simd_comisd(const struct simd_in *in, struct simd_out *out)
{
	compare_to_flags(in, out, &float_double, in->a.q[0], in->b.q[0], true);
}

void simd_ucomiss(const struct simd_in *in, struct simd_out *out)
{
	compare_to_flags(in, out, &float_single, in->a.d[0], in->b.d[0], false);
}

void simd_ucomisd(const struct simd_in *in, struct simd_out *out)
{
	compare_to_flags(in, out, &float_double, in->a.q[0], in->b.q[0], false);
}

/* ------------------------------------------------------------------------------------- rounding */

/* Bits 1:0 of the immediate are the rounding, or MXCSR's with bit 2; bit 3 keeps PE out. */
static struct real round_of(struct float_context *context, const struct simd_in *in, struct real a,
			    struct real b, struct real c)
{
	u32 before = context->exceptions;
	struct real result;

	(void)a, (void)c;
	if (float_is_nan(b))
		return float_quiet(context, b);
	if (!(in->immediate & 4))
		context->rounding = in->immediate & 3;
	result = float_round_to_integer(context, b);
	if (in->immediate & 8)
		context->exceptions = before;
	return result;
}

MODELS(round, round_of)
