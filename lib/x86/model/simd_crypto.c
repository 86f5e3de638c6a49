/* SPDX-License-Identifier: MIT */
/* AES and carry-less multiplication: FIPS 197; SDM vol. 2, AESENC and so on, PCLMULQDQ. */
#include <x86/model/simd_internal.h>

/* The product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1: FIPS 197, 4.2. */
static u8 multiply(u8 a, u8 b)
{
	u8 product = 0;

	for (; b; b >>= 1) {
		if (b & 1)
			product ^= a;
		a = (u8)(a << 1 ^ (a & 0x80 ? 0x1b : 0));
	}
	return product;
}

/* The inverse, a to the power of 254; 0 for 0. */
static u8 invert(u8 a)
{
	u8 power = 1;

	for (u32 i = 0; i < 254; i++)
		power = multiply(power, a);
	return power;
}

static u8 rotate(u8 a, u32 by)
{
	return (u8)(a << by | a >> (8 - by));
}

/* FIPS 197, 5.1.1: filled at the first use. */
static u8 s_box[256], inverse_s_box[256];

static void fill_s_box(void)
{
	if (s_box[0])
		return;
	for (u32 a = 0; a < 256; a++) {
		u8 x = invert((u8)a);
		u8 s = x ^ rotate(x, 1) ^ rotate(x, 2) ^ rotate(x, 3) ^ rotate(x, 4) ^ 0x63;

		s_box[a] = s;
		inverse_s_box[s] = (u8)a;
	}
}

/* Each row r of the state moves by r columns, to the left or, inverse, to the right. */
static void shift_rows(u8 *state, bool inverse)
{
	u8 before[16];

	for (u32 i = 0; i < 16; i++)
		before[i] = state[i];
	for (u32 i = 0; i < 16; i++)
		state[i] = before[(i + (inverse ? 12 : 4) * (i % 4)) % 16];
}

static void substitute(u8 *state, const u8 *box)
{
	for (u32 i = 0; i < 16; i++)
		state[i] = box[state[i]];
}

/* FIPS 197, 5.1.3 and 5.3.3. */
static void mix_columns(u8 *state, bool inverse)
{
	static const u8 factors[2][4] = { { 2, 3, 1, 1 }, { 14, 11, 13, 9 } };

	for (u32 column = 0; column < 16; column += 4) {
		u8 mixed[4] = { 0 };

		for (u32 row = 0; row < 4; row++)
			for (u32 i = 0; i < 4; i++)
				mixed[row] ^= multiply(state[column + i],
						       factors[inverse][(i - row) & 3]);
		for (u32 row = 0; row < 4; row++)
			state[column + row] = mixed[row];
	}
}

static void add_key(const struct simd_in *in, struct simd_out *out)
{
	for (u32 i = 0; i < 16; i++)
		out->result.b[i] ^= in->b.b[i];
}

void simd_aesenc(const struct simd_in *in, struct simd_out *out)
{
	fill_s_box();
	out->result = in->a;
	shift_rows(out->result.b, false);
	substitute(out->result.b, s_box);
	mix_columns(out->result.b, false);
	add_key(in, out);
}

void simd_aesenclast(const struct simd_in *in, struct simd_out *out)
{
	fill_s_box();
	out->result = in->a;
	shift_rows(out->result.b, false);
	substitute(out->result.b, s_box);
	add_key(in, out);
}

void simd_aesdec(const struct simd_in *in, struct simd_out *out)
{
	fill_s_box();
	out->result = in->a;
	shift_rows(out->result.b, true);
	substitute(out->result.b, inverse_s_box);
	mix_columns(out->result.b, true);
	add_key(in, out);
}

void simd_aesdeclast(const struct simd_in *in, struct simd_out *out)
{
	fill_s_box();
	out->result = in->a;
	shift_rows(out->result.b, true);
	substitute(out->result.b, inverse_s_box);
	add_key(in, out);
}

void simd_aesimc(const struct simd_in *in, struct simd_out *out)
{
	out->result = in->b;
	mix_columns(out->result.b, true);
}

void simd_aeskeygenassist(const struct simd_in *in, struct simd_out *out)
{
	fill_s_box();
	for (u32 half = 0; half < 2; half++) {
		u32 word = in->b.d[2 * half + 1], substituted = 0;

		for (u32 i = 0; i < 4; i++)
			substituted |= (u32)s_box[word >> (8 * i) & 0xff] << (8 * i);
		out->result.d[2 * half] = substituted;
		out->result.d[2 * half + 1] = (substituted >> 8 | substituted << 24) ^
					      in->immediate;
	}
}

/* Bit 0 of the immediate chooses a's quadword, bit 4 b's. */
void simd_pclmulqdq(const struct simd_in *in, struct simd_out *out)
{
	u64 x = in->a.q[in->immediate & 1], y = in->b.q[in->immediate >> 4 & 1];
	u64 low = 0, high = 0;

	for (u32 i = 0; i < 64; i++) {
		if (!(y >> i & 1))
			continue;
		low ^= x << i;
		if (i)
			high ^= x >> (64 - i);
	}
	out->result.q[0] = low;
	out->result.q[1] = high;
}
