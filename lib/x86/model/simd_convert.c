/* SPDX-License-Identifier: MIT */
/* Conversions between integers, singles, doubles and halves in vectors: simd.h. */
#include <x86/model/simd_float.h>

/* F16C's format: SDM vol. 1, 4.2.2. */
static const struct float_format float_half = { 11, 5 };

/* ----------------------------------------------------------------------------- float to float */

static u64 convert(const struct simd_in *in, struct simd_out *out, const struct float_format *from,
		   const struct float_format *to, u64 bits)
{
	struct float_context context = simd_context(in->mxcsr, to);
	struct real value = float_operand(&context, float_unpack(from, bits));
	struct real result = float_is_nan(value) ? float_quiet(&context, value)
						 : float_convert(&context, value);

	out->mxcsr |= context.exceptions;
	return float_pack(to, result);
}

void simd_cvtps2pd(const struct simd_in *in, struct simd_out *out)
{
	for (u32 i = 0; i < in->bytes / 8; i++)
		out->result.q[i] = convert(in, out, &float_single, &float_double, in->b.d[i]);
}

void simd_cvtpd2ps(const struct simd_in *in, struct simd_out *out)
{
	out->result = (union vec){ 0 };
	for (u32 i = 0; i < in->bytes / 8; i++)
		out->result.d[i] = (u32)convert(in, out, &float_double, &float_single, in->b.q[i]);
}

void simd_cvtss2sd(const struct simd_in *in, struct simd_out *out)
{
	out->result = in->a;
	out->result.q[0] = convert(in, out, &float_single, &float_double, in->b.d[0]);
}

void simd_cvtsd2ss(const struct simd_in *in, struct simd_out *out)
{
	out->result = in->a;
	out->result.d[0] = (u32)convert(in, out, &float_double, &float_single, in->b.q[0]);
}

/* Halves are not affected by DAZ, and raise no denormal exception (SDM vol. 2C, VCVTPH2PS). */
void simd_cvtph2ps(const struct simd_in *in, struct simd_out *out)
{
	struct simd_in without = *in;
	u32 before = out->mxcsr;

	without.mxcsr &= ~(u32)MXCSR_DAZ;
	for (u32 i = 0; i < in->bytes / 4; i++)
		out->result.d[i] = (u32)convert(&without, out, &float_half, &float_single,
						in->b.w[i]);
	out->mxcsr = before | (out->mxcsr & ~FLOAT_DE);
}

/* The immediate's rounding, or MXCSR's with bit 2; FTZ does not matter (SDM vol. 2C, VCVTPS2PH). */
void simd_cvtps2ph(const struct simd_in *in, struct simd_out *out)
{
	struct simd_in rounding = *in;

	rounding.mxcsr &= ~(u32)MXCSR_FTZ;
	if (!(in->immediate & 4))
		rounding.mxcsr = (rounding.mxcsr & ~(3u << MXCSR_RC_SHIFT)) |
				 (in->immediate & 3u) << MXCSR_RC_SHIFT;
	out->result = (union vec){ 0 };
	for (u32 i = 0; i < in->bytes / 4; i++)
		out->result.w[i] = (u16)convert(&rounding, out, &float_single, &float_half,
						in->b.d[i]);
}

/* --------------------------------------------------------------------------- float to integer */

/* With `truncate`, towards zero; else as MXCSR says. */
static s64 to_integer(const struct simd_in *in, struct simd_out *out,
		      const struct float_format *format, u64 bits, u32 width, bool truncate)
{
	struct float_context context = simd_context(in->mxcsr, format);
	s64 result;

	if (truncate)
		context.rounding = FLOAT_TO_ZERO;
	result = float_to_integer(&context, float_operand(&context, float_unpack(format, bits)),
				  width);
	out->mxcsr |= context.exceptions;
	return result;
}

static void singles_to_integers(const struct simd_in *in, struct simd_out *out, u32 count,
				bool truncate)
{
	out->result = (union vec){ 0 };
	for (u32 i = 0; i < count; i++)
		out->result.sd[i] = (s32)to_integer(in, out, &float_single, in->b.d[i], 32,
						    truncate);
}

static void doubles_to_integers(const struct simd_in *in, struct simd_out *out, u32 count,
				bool truncate)
{
	out->result = (union vec){ 0 };
	for (u32 i = 0; i < count; i++)
		out->result.sd[i] = (s32)to_integer(in, out, &float_double, in->b.q[i], 32,
						    truncate);
}

#define PACKED_TO_INTEGER(name, convert_all, count, truncate)            \
	void simd_##name(const struct simd_in *in, struct simd_out *out) \
	{                                                                \
		convert_all(in, out, count, truncate);                   \
	}

PACKED_TO_INTEGER(cvtps2dq, singles_to_integers, in->bytes / 4, false)
PACKED_TO_INTEGER(cvttps2dq, singles_to_integers, in->bytes / 4, true)
PACKED_TO_INTEGER(cvtpd2dq, doubles_to_integers, in->bytes / 8, false)
PACKED_TO_INTEGER(cvttpd2dq, doubles_to_integers, in->bytes / 8, true)
PACKED_TO_INTEGER(cvtps2pi, singles_to_integers, 2, false)
PACKED_TO_INTEGER(cvttps2pi, singles_to_integers, 2, true)
PACKED_TO_INTEGER(cvtpd2pi, doubles_to_integers, 2, false)
PACKED_TO_INTEGER(cvttpd2pi, doubles_to_integers, 2, true)

/* To a general register; 32 bits are zero-extended. */
#define SCALAR_TO_INTEGER(name, format, bits, width, truncate)                      \
	void simd_##name(const struct simd_in *in, struct simd_out *out)            \
	{                                                                           \
		out->ax = (u64)to_integer(in, out, &format, bits, width, truncate); \
		if (width == 32)                                                    \
			out->ax = (u32)out->ax;                                     \
	}

SCALAR_TO_INTEGER(cvtss2si, float_single, in->b.d[0], 32, false)
SCALAR_TO_INTEGER(cvttss2si, float_single, in->b.d[0], 32, true)
SCALAR_TO_INTEGER(cvtsd2si, float_double, in->b.q[0], 32, false)
SCALAR_TO_INTEGER(cvttsd2si, float_double, in->b.q[0], 32, true)
SCALAR_TO_INTEGER(cvtss2si_64, float_single, in->b.d[0], 64, false)
SCALAR_TO_INTEGER(cvttss2si_64, float_single, in->b.d[0], 64, true)
SCALAR_TO_INTEGER(cvtsd2si_64, float_double, in->b.q[0], 64, false)
SCALAR_TO_INTEGER(cvttsd2si_64, float_double, in->b.q[0], 64, true)

/* --------------------------------------------------------------------------- integer to float */

static u64 from_integer(const struct simd_in *in, struct simd_out *out,
			const struct float_format *format, s64 value)
{
	struct float_context context = simd_context(in->mxcsr, format);
	struct real result = float_from_integer(&context, value);

	out->mxcsr |= context.exceptions;
	return float_pack(format, result);
}

static void integers_to_singles(const struct simd_in *in, struct simd_out *out, u32 count)
{
	for (u32 i = 0; i < count; i++)
		out->result.d[i] = (u32)from_integer(in, out, &float_single, in->b.sd[i]);
}

static void integers_to_doubles(const struct simd_in *in, struct simd_out *out, u32 count)
{
	for (u32 i = 0; i < count; i++)
		out->result.q[i] = from_integer(in, out, &float_double, in->b.sd[i]);
}

#define PACKED_FROM_INTEGER(name, convert_all, count)                    \
	void simd_##name(const struct simd_in *in, struct simd_out *out) \
	{                                                                \
		out->result = in->a;                                     \
		convert_all(in, out, count);                             \
	}

PACKED_FROM_INTEGER(cvtdq2ps, integers_to_singles, in->bytes / 4)
PACKED_FROM_INTEGER(cvtdq2pd, integers_to_doubles, in->bytes / 8)
PACKED_FROM_INTEGER(cvtpi2ps, integers_to_singles, 2) /* the upper half is a's */
PACKED_FROM_INTEGER(cvtpi2pd, integers_to_doubles, 2)

#define SCALAR_FROM_INTEGER(name, format, member, value)                                           \
	void simd_##name(const struct simd_in *in, struct simd_out *out)                           \
	{                                                                                          \
		out->result = in->a;                                                               \
		out->result.member[0] = (__typeof__(in->a.member[0]))from_integer(in, out,         \
										  &format, value); \
	}

SCALAR_FROM_INTEGER(cvtsi2ss, float_single, d, (s32)in->ax)
SCALAR_FROM_INTEGER(cvtsi2sd, float_double, q, (s32)in->ax)
SCALAR_FROM_INTEGER(cvtsi2ss_64, float_single, d, (s64)in->ax)
SCALAR_FROM_INTEGER(cvtsi2sd_64, float_double, q, (s64)in->ax)
