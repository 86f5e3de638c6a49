/* SPDX-License-Identifier: MIT */
/* What moves elements about: simd.h. */
#include <x86/model/simd_internal.h>

/* ------------------------------------------------------------------------------ pack and unpack */

/* In each lane, a's elements fill the lower half, b's the upper one, each cut to half its width. */
#define PACK(name, wide, narrow, saturate)                                                     \
	void simd_##name(const struct simd_in *in, struct simd_out *out)                       \
	{                                                                                      \
		u32 half = lane_bytes(in) / sizeof(in->a.wide[0]);                             \
                                                                                               \
		for (u32 i = 0; i < in->bytes / sizeof(in->a.narrow[0]); i++) {                \
			u32 lane = i / (2 * half), at = i % (2 * half);                        \
			const union vec *from = at < half ? &in->a : &in->b;                   \
                                                                                               \
			out->result.narrow[i] = saturate(from->wide[lane * half + at % half]); \
		}                                                                              \
	}

PACK(packsswb, sw, sb, saturate_s8)
PACK(packssdw, sd, sw, saturate_s16)
PACK(packuswb, sw, b, saturate_u8)
PACK(packusdw, sd, w, saturate_u16)

/* In each lane, elements of a and b in turn, from the lower or the upper half. */
#define UNPACK(name, member, upper)                                                          \
	void simd_##name(const struct simd_in *in, struct simd_out *out)                     \
	{                                                                                    \
		u32 count = lane_bytes(in) / sizeof(in->a.member[0]);                        \
                                                                                             \
		for (u32 i = 0; i < in->bytes / sizeof(in->a.member[0]); i++) {              \
			u32 at = i / count * count + (upper)*count / 2 + i % count / 2;      \
                                                                                             \
			out->result.member[i] = i % 2 ? in->b.member[at] : in->a.member[at]; \
		}                                                                            \
	}

UNPACK(punpcklbw, b, 0)
UNPACK(punpcklwd, w, 0)
UNPACK(punpckldq, d, 0)
UNPACK(punpcklqdq, q, 0)
UNPACK(punpckhbw, b, 1)
UNPACK(punpckhwd, w, 1)
UNPACK(punpckhdq, d, 1)
UNPACK(punpckhqdq, q, 1)

/* ------------------------------------------------------------------------------------- shuffles */

/* Bit 7 of a selector gives zero; else its low bits choose within the lane. */
void simd_pshufb(const struct simd_in *in, struct simd_out *out)
{
	u32 lane = lane_bytes(in);

	for (u32 i = 0; i < in->bytes; i++) {
		u8 selector = in->b.b[i];

		out->result.b[i] = selector & 0x80 ? 0 : in->a.b[i / lane * lane + selector % lane];
	}
}

/* Two bits of the immediate for each of an element's four neighbours in the lane. */
static u32 choice(u8 immediate, u32 i)
{
	return immediate >> (i % 4 * 2) & 3;
}

void simd_pshufd(const struct simd_in *in, struct simd_out *out)
{
	for (u32 i = 0; i < in->bytes / 4; i++)
		out->result.d[i] = in->b.d[i / 4 * 4 + choice(in->immediate, i)];
}

/* The words of one half of each lane; the other half is copied. */
static void shuffle_words(const struct simd_in *in, struct simd_out *out, u32 half)
{
	for (u32 i = 0; i < in->bytes / 2; i++)
		out->result.w[i] =
			in->b.w[i / 4 % 2 == half ? i / 4 * 4 + choice(in->immediate, i) : i];
}

void simd_pshuflw(const struct simd_in *in, struct simd_out *out)
{
	shuffle_words(in, out, 0);
}

void simd_pshufhw(const struct simd_in *in, struct simd_out *out)
{
	shuffle_words(in, out, 1);
}

/* MMX: four words. */
void simd_pshufw(const struct simd_in *in, struct simd_out *out)
{
	shuffle_words(in, out, 0);
}

/* a above b, shifted right by bytes; what comes from above both is zero. */
void simd_palignr(const struct simd_in *in, struct simd_out *out)
{
	u32 lane = lane_bytes(in);

	for (u32 i = 0; i < in->bytes; i++) {
		u32 base = i / lane * lane, at = i % lane + in->immediate;

		out->result.b[i] = at < lane	   ? in->b.b[base + at]
				   : at < 2 * lane ? in->a.b[base + at - lane]
						   : 0;
	}
}

/* The lower two of each four come from a, the upper two from b. */
void simd_shufps(const struct simd_in *in, struct simd_out *out)
{
	for (u32 i = 0; i < in->bytes / 4; i++) {
		const union vec *from = i % 4 < 2 ? &in->a : &in->b;

		out->result.d[i] = from->d[i / 4 * 4 + choice(in->immediate, i)];
	}
}

void simd_shufpd(const struct simd_in *in, struct simd_out *out)
{
	for (u32 i = 0; i < in->bytes / 8; i++) {
		const union vec *from = i % 2 ? &in->b : &in->a;

		out->result.q[i] = from->q[i / 2 * 2 + (in->immediate >> i & 1)];
	}
}

/* --------------------------------------------------------------------------------------- blends */

#define BLEND(name, member, take_b)                                                           \
	void simd_##name(const struct simd_in *in, struct simd_out *out)                      \
	{                                                                                     \
		for (u32 i = 0; i < in->bytes / sizeof(in->a.member[0]); i++)                 \
			out->result.member[i] = (take_b) ? in->b.member[i] : in->a.member[i]; \
	}

BLEND(blendps, d, in->immediate >> i & 1)
BLEND(blendpd, q, in->immediate >> i & 1)
BLEND(vpblendd, d, in->immediate >> i & 1)
BLEND(pblendw, w, in->immediate >> (i % 8) & 1)
BLEND(pblendvb, b, in->c.sb[i] < 0)
BLEND(blendvps, d, in->c.sd[i] < 0)
BLEND(blendvpd, q, in->c.sq[i] < 0)

/* ----------------------------------------------------------------------------------- conversions */

/* The low elements of b, each widened. */
#define WIDEN(name, narrow, wide)                                           \
	void simd_##name(const struct simd_in *in, struct simd_out *out)    \
	{                                                                   \
		for (u32 i = 0; i < in->bytes / sizeof(in->a.wide[0]); i++) \
			out->result.wide[i] = in->b.narrow[i];              \
	}

WIDEN(pmovsxbw, sb, sw)
WIDEN(pmovsxbd, sb, sd)
WIDEN(pmovsxbq, sb, sq)
WIDEN(pmovsxwd, sw, sd)
WIDEN(pmovsxwq, sw, sq)
WIDEN(pmovsxdq, sd, sq)
WIDEN(pmovzxbw, b, w)
WIDEN(pmovzxbd, b, d)
WIDEN(pmovzxbq, b, q)
WIDEN(pmovzxwd, w, d)
WIDEN(pmovzxwq, w, q)
WIDEN(pmovzxdq, d, q)

/* -------------------------------------------------------------------------------- insert, extract */

#define INSERT(name, member)                                                                     \
	void simd_##name(const struct simd_in *in, struct simd_out *out)                         \
	{                                                                                        \
		u32 count = in->bytes / sizeof(in->a.member[0]);                                 \
                                                                                                 \
		out->result = in->a;                                                             \
		out->result.member[in->immediate % count] = (__typeof__(in->a.member[0]))in->ax; \
	}

INSERT(pinsrb, b)
INSERT(pinsrw, w)
INSERT(pinsrd, d)
INSERT(pinsrq, q)

#define EXTRACT(name, member)                                                                  \
	void simd_##name(const struct simd_in *in, struct simd_out *out)                       \
	{                                                                                      \
		out->ax = in->b.member[in->immediate % (in->bytes / sizeof(in->b.member[0]))]; \
	}

EXTRACT(pextrb, b)
EXTRACT(pextrw, w)
EXTRACT(pextrd, d)
EXTRACT(pextrq, q)

static void insert_single(const struct simd_in *in, struct simd_out *out, u32 value)
{
	out->result = in->a;
	out->result.d[in->immediate >> 4 & 3] = value;
	for (u32 i = 0; i < 4; i++)
		if (in->immediate >> i & 1)
			out->result.d[i] = 0;
}

void simd_insertps(const struct simd_in *in, struct simd_out *out)
{
	insert_single(in, out, in->b.d[in->immediate >> 6]);
}

/* A memory operand is the single itself. */
void simd_insertps_memory(const struct simd_in *in, struct simd_out *out)
{
	insert_single(in, out, in->b.d[0]);
}

/* ------------------------------------------------------------------------- duplicates, permutations */

/* Each element of the result is one of b's. */
#define GATHER(name, member, index)                                           \
	void simd_##name(const struct simd_in *in, struct simd_out *out)      \
	{                                                                     \
		for (u32 i = 0; i < in->bytes / sizeof(in->b.member[0]); i++) \
			out->result.member[i] = in->b.member[index];          \
	}

GATHER(movddup, q, i / 2 * 2)
GATHER(movshdup, d, i | 1)
GATHER(movsldup, d, i & ~1u)
GATHER(vbroadcastb, b, 0)
GATHER(vbroadcastw, w, 0)
GATHER(vbroadcastd, d, 0)
GATHER(vbroadcastq, q, 0)
GATHER(vbroadcast128, q, i % 2)
GATHER(vpermilps_i, d, i / 4 * 4 + choice(in->immediate, i))
GATHER(vpermilpd_i, q, i / 2 * 2 + (in->immediate >> i & 1))
GATHER(vpermq, q, choice(in->immediate, i))
GATHER(vpermd, d, in->a.d[i] & 7)

/* The controls are b's elements, and what they choose from is a. */
void simd_vpermilps(const struct simd_in *in, struct simd_out *out)
{
	for (u32 i = 0; i < in->bytes / 4; i++)
		out->result.d[i] = in->a.d[i / 4 * 4 + (in->b.d[i] & 3)];
}

/* Bit 1 of the control, not bit 0. */
void simd_vpermilpd(const struct simd_in *in, struct simd_out *out)
{
	for (u32 i = 0; i < in->bytes / 8; i++)
		out->result.q[i] = in->a.q[i / 2 * 2 + (in->b.q[i] >> 1 & 1)];
}

void simd_vextract128(const struct simd_in *in, struct simd_out *out)
{
	u32 half = in->immediate & 1;

	out->result.q[0] = in->b.q[2 * half];
	out->result.q[1] = in->b.q[2 * half + 1];
	out->result.q[2] = out->result.q[3] = 0;
}

void simd_vinsert128(const struct simd_in *in, struct simd_out *out)
{
	u32 half = in->immediate & 1;

	out->result = in->a;
	out->result.q[2 * half] = in->b.q[0];
	out->result.q[2 * half + 1] = in->b.q[1];
}

/* Each half is one of a's or b's four halves, or zero. */
void simd_vperm2x128(const struct simd_in *in, struct simd_out *out)
{
	for (u32 half = 0; half < 2; half++) {
		u32 control = in->immediate >> (4 * half);
		const union vec *from = control & 2 ? &in->b : &in->a;

		for (u32 i = 0; i < 2; i++)
			out->result.q[2 * half + i] = control & 8 ? 0
								  : from->q[2 * (control & 1) + i];
	}
}
