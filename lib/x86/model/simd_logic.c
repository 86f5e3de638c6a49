/* SPDX-License-Identifier: MIT */
/* Logic, shifts, tests of vectors: simd.h. */
#include <x86/model/alu.h>
#include <x86/model/simd_internal.h>

EACH_ELEMENT(pand, b, a &b)
EACH_ELEMENT(pandn, b, (u8)(~a &b))
EACH_ELEMENT(por, b, a | b)
EACH_ELEMENT(pxor, b, a ^ b)

/* ---------------------------------------------------------------------------------------- shifts */

/*
 * A count of the element's width or more leaves zeros or, for the arithmetic shift, signs. The count
 * comes from the low quadword of b, all 64 bits of it, or from the immediate.
 */
#define SHIFT(name, member, bits, by, too_far)                                                \
	void simd_##name(const struct simd_in *in, struct simd_out *out)                      \
	{                                                                                     \
		for (u32 i = 0; i < in->bytes / sizeof(in->a.member[0]); i++) {               \
			__auto_type value = SHIFTED_##by.member[i];                           \
			u64 count = COUNT_##by(bits);                                         \
                                                                                              \
			out->result.member[i] =                                               \
				(__typeof__(value))(count >= (bits)                           \
							    ? (too_far)                       \
							    : (value OPERATOR_##name count)); \
		}                                                                             \
	}

/* The form with an immediate has its one operand as b. */
#define SHIFTED_vector	      in->a
#define SHIFTED_immediate     in->b
#define SHIFTED_element	      in->a
#define COUNT_vector(bits)    in->b.q[0]
#define COUNT_immediate(bits) in->immediate
#define COUNT_element(bits)   ((bits) == 32 ? in->b.d[i] : in->b.q[i])

#define OPERATOR_psllw	 <<
#define OPERATOR_pslld	 <<
#define OPERATOR_psllq	 <<
#define OPERATOR_psrlw	 >>
#define OPERATOR_psrld	 >>
#define OPERATOR_psrlq	 >>
#define OPERATOR_psraw	 >>
#define OPERATOR_psrad	 >>
#define OPERATOR_psllw_i <<
#define OPERATOR_pslld_i <<
#define OPERATOR_psllq_i <<
#define OPERATOR_psrlw_i >>
#define OPERATOR_psrld_i >>
#define OPERATOR_psrlq_i >>
#define OPERATOR_psraw_i >>
#define OPERATOR_psrad_i >>
#define OPERATOR_vpsllvd <<
#define OPERATOR_vpsllvq <<
#define OPERATOR_vpsrlvd >>
#define OPERATOR_vpsrlvq >>
#define OPERATOR_vpsravd >>

SHIFT(psllw, w, 16, vector, 0)
SHIFT(pslld, d, 32, vector, 0)
SHIFT(psllq, q, 64, vector, 0)
SHIFT(psrlw, w, 16, vector, 0)
SHIFT(psrld, d, 32, vector, 0)
SHIFT(psrlq, q, 64, vector, 0)
SHIFT(psraw, sw, 16, vector, value < 0 ? -1 : 0)
SHIFT(psrad, sd, 32, vector, value < 0 ? -1 : 0)
SHIFT(psllw_i, w, 16, immediate, 0)
SHIFT(pslld_i, d, 32, immediate, 0)
SHIFT(psllq_i, q, 64, immediate, 0)
SHIFT(psrlw_i, w, 16, immediate, 0)
SHIFT(psrld_i, d, 32, immediate, 0)
SHIFT(psrlq_i, q, 64, immediate, 0)
SHIFT(psraw_i, sw, 16, immediate, value < 0 ? -1 : 0)
SHIFT(psrad_i, sd, 32, immediate, value < 0 ? -1 : 0)
SHIFT(vpsllvd, d, 32, element, 0)
SHIFT(vpsllvq, q, 64, element, 0)
SHIFT(vpsrlvd, d, 32, element, 0)
SHIFT(vpsrlvq, q, 64, element, 0)
SHIFT(vpsravd, sd, 32, element, value < 0 ? -1 : 0)

/* Bytes of each lane, by the immediate. */
static void shift_bytes(const struct simd_in *in, struct simd_out *out, s32 towards)
{
	for (u32 lane = 0; lane < in->bytes; lane += 16)
		for (s32 i = 0; i < 16; i++) {
			s32 from = i + towards * in->immediate;

			out->result.b[lane + (u32)i] = from >= 0 && from < 16
							       ? in->b.b[lane + (u32)from]
							       : 0;
		}
}

void simd_pslldq(const struct simd_in *in, struct simd_out *out)
{
	shift_bytes(in, out, -1);
}

void simd_psrldq(const struct simd_in *in, struct simd_out *out)
{
	shift_bytes(in, out, 1);
}

/* ----------------------------------------------------------------------------- tests and masks */

/* ZF: a AND b is zero; CF: NOT a AND b is zero, in the bits of `mask` in each quadword; others 0. */
static void test_bits(const struct simd_in *in, struct simd_out *out, u64 mask)
{
	u64 both = 0, only_b = 0;

	for (u32 i = 0; i < in->bytes / 8; i++) {
		both |= in->a.q[i] & in->b.q[i] & mask;
		only_b |= ~in->a.q[i] & in->b.q[i] & mask;
	}
	out->flags = (in->flags & ~ALU_STATUS) | (both ? 0 : ALU_ZF) | (only_b ? 0 : ALU_CF);
}

void simd_ptest(const struct simd_in *in, struct simd_out *out)
{
	test_bits(in, out, ~0ull);
}

void simd_vtestps(const struct simd_in *in, struct simd_out *out)
{
	test_bits(in, out, BIT(63) | BIT(31));
}

void simd_vtestpd(const struct simd_in *in, struct simd_out *out)
{
	test_bits(in, out, BIT(63));
}

/* The sign bits of the elements, the rest of the register zero. */
void simd_pmovmskb(const struct simd_in *in, struct simd_out *out)
{
	out->ax = 0;
	for (u32 i = 0; i < in->bytes; i++)
		out->ax |= (u64)(in->b.b[i] >> 7) << i;
}

void simd_movmskps(const struct simd_in *in, struct simd_out *out)
{
	out->ax = 0;
	for (u32 i = 0; i < in->bytes / 4; i++)
		out->ax |= (u64)(in->b.d[i] >> 31) << i;
}

void simd_movmskpd(const struct simd_in *in, struct simd_out *out)
{
	out->ax = 0;
	for (u32 i = 0; i < in->bytes / 8; i++)
		out->ax |= (in->b.q[i] >> 63) << i;
}
