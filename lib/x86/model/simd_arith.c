/* SPDX-License-Identifier: MIT */
/* Packed integer arithmetic: simd.h. */
#include <x86/model/simd_internal.h>

/* ------------------------------------------------------------- add, subtract, compare, extremes */

EACH_ELEMENT(paddb, b, (u8)(a + b))
EACH_ELEMENT(paddw, w, (u16)(a + b))
EACH_ELEMENT(paddd, d, a + b)
EACH_ELEMENT(paddq, q, a + b)
EACH_ELEMENT(psubb, b, (u8)(a - b))
EACH_ELEMENT(psubw, w, (u16)(a - b))
EACH_ELEMENT(psubd, d, a - b)
EACH_ELEMENT(psubq, q, a - b)

EACH_ELEMENT(paddsb, sb, saturate_s8(a + b))
EACH_ELEMENT(paddsw, sw, saturate_s16(a + b))
EACH_ELEMENT(paddusb, b, saturate_u8(a + b))
EACH_ELEMENT(paddusw, w, saturate_u16(a + b))
EACH_ELEMENT(psubsb, sb, saturate_s8(a - b))
EACH_ELEMENT(psubsw, sw, saturate_s16(a - b))
EACH_ELEMENT(psubusb, b, saturate_u8(a - b))
EACH_ELEMENT(psubusw, w, saturate_u16(a - b))

EACH_ELEMENT(pcmpeqb, b, a == b ? 0xff : 0)
EACH_ELEMENT(pcmpeqw, w, a == b ? 0xffff : 0)
EACH_ELEMENT(pcmpeqd, d, a == b ? 0xffffffff : 0)
EACH_ELEMENT(pcmpeqq, q, a == b ? ~0ull : 0)
EACH_ELEMENT(pcmpgtb, sb, a > b ? -1 : 0)
EACH_ELEMENT(pcmpgtw, sw, a > b ? -1 : 0)
EACH_ELEMENT(pcmpgtd, sd, a > b ? -1 : 0)
EACH_ELEMENT(pcmpgtq, sq, a > b ? -1 : 0)

EACH_ELEMENT(pmaxub, b, a > b ? a : b)
EACH_ELEMENT(pmaxuw, w, a > b ? a : b)
EACH_ELEMENT(pmaxud, d, a > b ? a : b)
EACH_ELEMENT(pmaxsb, sb, a > b ? a : b)
EACH_ELEMENT(pmaxsw, sw, a > b ? a : b)
EACH_ELEMENT(pmaxsd, sd, a > b ? a : b)
EACH_ELEMENT(pminub, b, a < b ? a : b)
EACH_ELEMENT(pminuw, w, a < b ? a : b)
EACH_ELEMENT(pminud, d, a < b ? a : b)
EACH_ELEMENT(pminsb, sb, a < b ? a : b)
EACH_ELEMENT(pminsw, sw, a < b ? a : b)
EACH_ELEMENT(pminsd, sd, a < b ? a : b)

/* Rounded up. */
EACH_ELEMENT(pavgb, b, (u8)((a + b + 1) >> 1))
EACH_ELEMENT(pavgw, w, (u16)((a + b + 1) >> 1))

/* The most negative value stays as it is: its magnitude, without sign. */
EACH_ELEMENT(pabsb, b, (u8)((b & 0x80) ? 0 - b : b))
EACH_ELEMENT(pabsw, w, (u16)((b & 0x8000) ? 0 - b : b))
EACH_ELEMENT(pabsd, d, (b & 0x80000000) ? 0 - b : b)
EACH_ELEMENT(psignb, sb, (s8)(b < 0 ? 0 - a : b ? a : 0))
EACH_ELEMENT(psignw, sw, (s16)(b < 0 ? 0 - a : b ? a : 0))
EACH_ELEMENT(psignd, d, (b & 0x80000000) ? 0 - a : b ? a : 0)

/* -------------------------------------------------------------------------------- multiplication */

EACH_ELEMENT(pmullw, sw, (s16)(a *b))
EACH_ELEMENT(pmulld, d, a *b)
EACH_ELEMENT(pmulhw, sw, (s16)((a * b) >> 16))
EACH_ELEMENT(pmulhuw, w, (u16)(((u32)a * b) >> 16))
/* Rounded: bit 14 of the product is added to what is above it. */
EACH_ELEMENT(pmulhrsw, sw, (s16)((((a * b) >> 14) + 1) >> 1))
/* The even doublewords only. */
EACH_ELEMENT(pmuludq, q, (a & 0xffffffff) * (b & 0xffffffff))
EACH_ELEMENT(pmuldq, sq, (s64)(s32)a *(s32)b)

/* The one sum that overflows, four times 8000h, wraps to 80000000h. */
void simd_pmaddwd(const struct simd_in *in, struct simd_out *out)
{
	for (u32 i = 0; i < in->bytes / 4; i++) {
		u32 low = (u32)(in->a.sw[2 * i] * in->b.sw[2 * i]);
		u32 high = (u32)(in->a.sw[2 * i + 1] * in->b.sw[2 * i + 1]);

		out->result.d[i] = low + high;
	}
}

/* The first source's bytes have no sign, the second's have one. */
void simd_pmaddubsw(const struct simd_in *in, struct simd_out *out)
{
	for (u32 i = 0; i < in->bytes / 2; i++) {
		s32 low = in->a.b[2 * i] * in->b.sb[2 * i];
		s32 high = in->a.b[2 * i + 1] * in->b.sb[2 * i + 1];

		out->result.sw[i] = saturate_s16(low + high);
	}
}

/* --------------------------------------------------------------------------------- sums of many */

static u32 distance(u8 a, u8 b)
{
	return a > b ? a - b : b - a;
}

void simd_psadbw(const struct simd_in *in, struct simd_out *out)
{
	for (u32 i = 0; i < in->bytes / 8; i++) {
		u64 sum = 0;

		for (u32 j = 8 * i; j < 8 * i + 8; j++)
			sum += distance(in->a.b[j], in->b.b[j]);
		out->result.q[i] = sum;
	}
}

/* Each 128-bit lane has three bits of the immediate: a's offset in 2, b's in 1:0, times 4 bytes. */
void simd_mpsadbw(const struct simd_in *in, struct simd_out *out)
{
	for (u32 lane = 0; lane < in->bytes / 16; lane++) {
		u32 control = in->immediate >> (3 * lane);
		u32 a_offset = 16 * lane + (control & 4);
		u32 b_offset = 16 * lane + (control & 3) * 4;

		for (u32 i = 0; i < 8; i++) {
			u32 sum = 0;

			for (u32 j = 0; j < 4; j++)
				sum += distance(in->a.b[a_offset + i + j], in->b.b[b_offset + j]);
			out->result.w[8 * lane + i] = (u16)sum;
		}
	}
}

void simd_phminposuw(const struct simd_in *in, struct simd_out *out)
{
	u32 index = 0;

	for (u32 i = 1; i < 8; i++)
		if (in->b.w[i] < in->b.w[index])
			index = i;
	out->result.q[0] = (u64)index << 16 | in->b.w[index];
	out->result.q[1] = 0;
}

/* ------------------------------------------------------------------------------- horizontally */

/* Pairs of neighbours: those of a fill the lower half of each lane, those of b the upper one. */
#define EACH_PAIR(name, member, expression)                                                      \
	void simd_##name(const struct simd_in *in, struct simd_out *out)                         \
	{                                                                                        \
		u32 half = lane_bytes(in) / sizeof(in->a.member[0]) / 2;                         \
                                                                                                 \
		for (u32 base = 0; base < in->bytes / sizeof(in->a.member[0]); base += 2 * half) \
			for (u32 i = 0; i < 2 * half; i++) {                                     \
				const union vec *from = i < half ? &in->a : &in->b;              \
				u32 at = base + i % half * 2;                                    \
				__auto_type x = from->member[at];                                \
				__auto_type y = from->member[at + 1];                            \
                                                                                                 \
				out->result.member[base + i] = (expression);                     \
			}                                                                        \
	}

EACH_PAIR(phaddw, w, (u16)(x + y))
EACH_PAIR(phaddd, d, x + y)
EACH_PAIR(phaddsw, sw, saturate_s16(x + y))
EACH_PAIR(phsubw, w, (u16)(x - y))
EACH_PAIR(phsubd, d, x - y)
EACH_PAIR(phsubsw, sw, saturate_s16(x - y))
