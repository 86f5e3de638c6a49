/* SPDX-License-Identifier: MIT */
/* SM3 and SM4: DDI 0487, C7.2. The substitution is the field's inverse between two affine maps, so that no table is. */
#include <model/a64.h>

#include <string.h>

#define POLYNOMIAL 0x1f5u
#define ROW	   0xa7u
#define CONSTANT   0xd3u

static u32 rol32(u32 value, u32 by)
{
	return value << by | value >> (32 - by);
}

static u32 multiply(u32 a, u32 b)
{
	u32 result = 0;

	for (; b; b >>= 1) {
		if (b & 1)
			result ^= a;
		a <<= 1;
		if (a & 0x100)
			a ^= POLYNOMIAL;
	}
	return result;
}

/* a to the power of 254. */
static u32 inverse(u32 a)
{
	u32 result = 1;

	for (u32 i = 0; i < 254; i++)
		result = multiply(result, a);
	return result;
}

static u32 affine(u32 x)
{
	u32 result = 0;

	for (u32 i = 0; i < 8; i++) {
		u32 row = (ROW << i | ROW >> (8 - i)) & x & 0xff, parity = 0;

		for (; row; row >>= 1)
			parity ^= row & 1;
		result |= parity << i;
	}
	return result ^ CONSTANT;
}

u8 a64_sm4_substitute(u8 x)
{
	return (u8)affine(inverse(affine(x)));
}

static u32 substitute(u32 value)
{
	u32 result = 0;

	for (u32 i = 0; i < 4; i++)
		result |= (u32)a64_sm4_substitute((u8)(value >> 8 * i)) << 8 * i;
	return result;
}

struct words {
	u32 w[4];
};

static struct words get(const struct arm_registers *r, u32 v)
{
	struct words words;

	memcpy(&words, r->v[v], sizeof(words));
	return words;
}

static enum a64_result put(struct arm_registers *r, u32 v, struct words words)
{
	memcpy(r->v[v], &words, sizeof(words));
	return A64_DONE;
}

static struct words rounds(struct words state, struct words keys, bool key_schedule)
{
	for (u32 i = 0; i < 4; i++) {
		u32 t = substitute(state.w[3] ^ state.w[2] ^ state.w[1] ^ keys.w[i]);

		t = key_schedule ? t ^ rol32(t, 13) ^ rol32(t, 23)
				 : t ^ rol32(t, 2) ^ rol32(t, 10) ^ rol32(t, 18) ^ rol32(t, 24);
		t ^= state.w[0];
		state = (struct words){ { state.w[1], state.w[2], state.w[3], t } };
	}
	return state;
}

enum a64_result a64_sm4(u32 insn, struct arm_registers *r)
{
	u32 d = a64_field(insn, 4, 0), n = a64_field(insn, 9, 5), m = a64_field(insn, 20, 16);

	if (insn & BIT(23)) /* SM4E */
		return put(r, d, rounds(get(r, d), get(r, n), false));
	return put(r, d, rounds(get(r, n), get(r, m), true));
}

/* SM3PARTW1, SM3PARTW2 */
enum a64_result a64_sm3_part(u32 insn, struct arm_registers *r)
{
	u32 d = a64_field(insn, 4, 0);
	struct words n = get(r, a64_field(insn, 9, 5)), m = get(r, a64_field(insn, 20, 16)),
		     old = get(r, d), out, mixed;
	u32 t;

	if (insn & BIT(10)) {
		for (u32 i = 0; i < 4; i++) {
			mixed.w[i] = n.w[i] ^ rol32(m.w[i], 7);
			out.w[i] = old.w[i] ^ mixed.w[i];
		}
		t = rol32(mixed.w[0], 15);
		out.w[3] ^= t ^ rol32(t, 15) ^ rol32(t, 23);
		return put(r, d, out);
	}
	for (u32 i = 0; i < 3; i++)
		out.w[i] = old.w[i] ^ n.w[i] ^ rol32(m.w[i + 1], 15);
	for (u32 i = 0; i < 4; i++) {
		if (i == 3)
			out.w[3] = old.w[3] ^ n.w[3] ^ rol32(out.w[0], 15);
		out.w[i] ^= rol32(out.w[i], 15) ^ rol32(out.w[i], 23);
	}
	return put(r, d, out);
}

enum a64_result a64_sm3_ss1(u32 insn, struct arm_registers *r)
{
	struct words n = get(r, a64_field(insn, 9, 5)), m = get(r, a64_field(insn, 20, 16)),
		     a = get(r, a64_field(insn, 14, 10)), out = { { 0 } };

	out.w[3] = rol32(rol32(n.w[3], 12) + m.w[3] + a.w[3], 7);
	return put(r, a64_field(insn, 4, 0), out);
}

/* SM3TT1A, SM3TT1B, SM3TT2A, SM3TT2B: bits 11-10; the word of Vm is bits 13-12. */
enum a64_result a64_sm3_tt(u32 insn, struct arm_registers *r)
{
	u32 d = a64_field(insn, 4, 0), op = a64_field(insn, 11, 10);
	struct words n = get(r, a64_field(insn, 9, 5)), m = get(r, a64_field(insn, 20, 16)),
		     old = get(r, d);
	u32 x = old.w[3], y = old.w[2], z = old.w[1], w = m.w[a64_field(insn, 13, 12)], t;

	t = op == 1 ? (x & z) | (x & y) | (z & y) : op == 3 ? (x & y) | (~x & z) : x ^ y ^ z;
	t += old.w[0] + w;
	if (op < 2) {
		t += n.w[3] ^ rol32(x, 12);
		return put(r, d, (struct words){ { z, rol32(y, 9), x, t } });
	}
	t += n.w[3];
	return put(r, d, (struct words){ { z, rol32(y, 19), x, t ^ rol32(t, 9) ^ rol32(t, 17) } });
}
