/* SPDX-License-Identifier: MIT */
/* AES, SHA-1, SHA-2, SHA-3: DDI 0487, C4.1.96.2 to C4.1.96.11; FIPS 180-4, 197, 202. */
#include <model/simd.h>

#include <string.h>

static u8 times(u8 a, u8 b)
{
	u32 product = 0;

	for (u32 i = 0; i < 8; i++)
		if (b >> i & 1)
			product ^= (u32)a << i;
	for (u32 i = 14; i >= 8; i--)
		if (product >> i & 1)
			product ^= 0x11bu << (i - 8);
	return (u8)product;
}

/* FIPS 197, 5.1.1: the inverse, then an affine transformation. */
static u8 substitute(u8 a)
{
	u8 inverse = 0, result = 0x63;

	for (u32 i = 1; a && i < 256; i++)
		if (times(a, (u8)i) == 1)
			inverse = (u8)i;
	for (u32 i = 0; i < 5; i++)
		result ^= (u8)(inverse << i | inverse >> (8 - i));
	return result;
}

static const u8 *boxes(bool inverse)
{
	static u8 forward[256], backward[256];

	if (!forward[0])
		for (u32 i = 0; i < 256; i++) {
			forward[i] = substitute((u8)i);
			backward[forward[i]] = (u8)i;
		}
	return inverse ? backward : forward;
}

/* AESE, AESD, AESMC, AESIMC by opcode 4 to 7. */
enum a64_result a64_aes(u32 insn, struct arm_registers *r)
{
	static const u8 mix[2][4] = { { 2, 3, 1, 1 }, { 14, 11, 13, 9 } };
	u32 opcode = a64_field(insn, 16, 12), n = a64_field(insn, 9, 5), d = a64_field(insn, 4, 0);
	bool inverse = opcode & 1;
	u8 state[16], out[16];

	if (opcode < 4 || opcode > 7 || a64_field(insn, 23, 22))
		return A64_UNDEFINED;
	memcpy(state, r->v[n], 16);
	if (opcode < 6) {
		for (u32 i = 0; i < 16; i++)
			state[i] ^= ((u8 *)r->v[d])[i];
		for (u32 i = 0; i < 16; i++) {
			u32 row = i % 4, column = i / 4;

			out[i] = boxes(
				inverse)[state[(column + (inverse ? 4 - row : row)) % 4 * 4 + row]];
		}
	} else {
		for (u32 i = 0; i < 16; i++) {
			out[i] = 0;
			for (u32 e = 0; e < 4; e++)
				out[i] ^= times(state[i / 4 * 4 + e],
						mix[inverse][(e + 4 - i % 4) % 4]);
		}
	}
	memcpy(r->v[d], out, 16);
	return A64_DONE;
}

static u32 rol32(u32 a, u32 by)
{
	return a << by | a >> (32 - by);
}

static u64 ror64(u64 a, u32 by)
{
	return by ? a >> by | a << (64 - by) : a;
}

static u32 choose(u32 x, u32 y, u32 z)
{
	return (x & y) | (~x & z);
}

static u32 majority(u32 x, u32 y, u32 z)
{
	return (x & y) | (x & z) | (y & z);
}

static u32 sigma32(u32 x, u32 a, u32 b, u32 c)
{
	return rol32(x, 32 - a) ^ rol32(x, 32 - b) ^ rol32(x, 32 - c);
}

struct words {
	u32 w[4];
};

static struct words words(const struct arm_registers *r, u32 v)
{
	struct words value;

	memcpy(&value, r->v[v], 16);
	return value;
}

static enum a64_result done(struct arm_registers *r, u32 d, struct words value)
{
	memcpy(r->v[d], &value, 16);
	return A64_DONE;
}

/* SHA1C, SHA1P, SHA1M */
static struct words sha1_rounds(u32 opcode, struct words x, u32 y, struct words w)
{
	for (u32 e = 0; e < 4; e++) {
		u32 t = opcode == 0   ? choose(x.w[1], x.w[2], x.w[3])
			: opcode == 1 ? x.w[1] ^ x.w[2] ^ x.w[3]
				      : majority(x.w[1], x.w[2], x.w[3]);
		u32 top;

		y += rol32(x.w[0], 5) + t + w.w[e];
		x.w[1] = rol32(x.w[1], 30);
		/* The five words go round by one. */
		top = x.w[3];
		x.w[3] = x.w[2];
		x.w[2] = x.w[1];
		x.w[1] = x.w[0];
		x.w[0] = y;
		y = top;
	}
	return x;
}

static struct words sha256_rounds(struct words x, struct words y, struct words w, bool first)
{
	for (u32 e = 0; e < 4; e++) {
		u32 t = y.w[3] + sigma32(y.w[0], 6, 11, 25) + choose(y.w[0], y.w[1], y.w[2]) +
			w.w[e];
		u32 top;

		x.w[3] += t;
		y.w[3] = t + sigma32(x.w[0], 2, 13, 22) + majority(x.w[0], x.w[1], x.w[2]);
		/* The eight words go round by one. */
		top = y.w[3];
		y = (struct words){ { x.w[3], y.w[0], y.w[1], y.w[2] } };
		x = (struct words){ { top, x.w[0], x.w[1], x.w[2] } };
	}
	return first ? x : y;
}

/* SHA1C, SHA1P, SHA1M, SHA1SU0, SHA256H, SHA256H2, SHA256SU1, by opcode. */
enum a64_result a64_sha_three(u32 insn, struct arm_registers *r)
{
	u32 opcode = a64_field(insn, 14, 12), d = a64_field(insn, 4, 0);
	struct words x = words(r, d), n = words(r, a64_field(insn, 9, 5)), out;
	struct words m = words(r, a64_field(insn, 20, 16));
	u32 t[4];

	if (a64_field(insn, 23, 22))
		return A64_UNDEFINED;
	switch (opcode) {
	case 0:
	case 1:
	case 2:
		return done(r, d, sha1_rounds(opcode, x, n.w[0], m));
	case 3:
		for (u32 e = 0; e < 4; e++)
			out.w[e] = (e < 2 ? x.w[e + 2] : n.w[e - 2]) ^ x.w[e] ^ m.w[e];
		return done(r, d, out);
	case 4:
		return done(r, d, sha256_rounds(x, n, m, true));
	case 5:
		return done(r, d, sha256_rounds(n, x, m, false));
	case 6:
		for (u32 e = 0; e < 4; e++)
			t[e] = e < 3 ? n.w[e + 1] : m.w[0];
		for (u32 e = 0; e < 4; e++) {
			u32 from = e < 2 ? m.w[e + 2] : out.w[e - 2];

			out.w[e] = x.w[e] + t[e] +
				   (rol32(from, 32 - 17) ^ rol32(from, 32 - 19) ^ from >> 10);
		}
		return done(r, d, out);
	default:
		return A64_UNDEFINED;
	}
}

/* SHA1H, SHA1SU1, SHA256SU0 */
enum a64_result a64_sha_two(u32 insn, struct arm_registers *r)
{
	u32 opcode = a64_field(insn, 16, 12), d = a64_field(insn, 4, 0);
	struct words x = words(r, d), n = words(r, a64_field(insn, 9, 5)), out = { { 0 } };

	if (a64_field(insn, 23, 22))
		return A64_UNDEFINED;
	switch (opcode) {
	case 0:
		out.w[0] = rol32(n.w[0], 30);
		return done(r, d, out);
	case 1:
		for (u32 e = 0; e < 4; e++)
			out.w[e] = rol32(x.w[e] ^ (e < 3 ? n.w[e + 1] : 0), 1);
		out.w[3] ^= rol32(x.w[0] ^ n.w[1], 2);
		return done(r, d, out);
	case 2:
		for (u32 e = 0; e < 4; e++) {
			u32 a = e < 3 ? x.w[e + 1] : n.w[0];

			out.w[e] = x.w[e] + (rol32(a, 32 - 7) ^ rol32(a, 32 - 18) ^ a >> 3);
		}
		return done(r, d, out);
	default:
		return A64_UNDEFINED;
	}
}

/* SHA512H, SHA512H2, SHA512SU1, RAX1 by opcode. */
enum a64_result a64_sha512_three(u32 insn, struct arm_registers *r)
{
	u64 *d = r->v[a64_field(insn, 4, 0)], out[2], t;
	const u64 *n = r->v[a64_field(insn, 9, 5)], *m = r->v[a64_field(insn, 20, 16)];

	switch (a64_field(insn, 11, 10)) {
	case 0:
		t = m[1];
		out[1] = d[1] + (ror64(t, 14) ^ ror64(t, 18) ^ ror64(t, 41)) +
			 ((m[1] & n[0]) ^ (~m[1] & n[1]));
		t = out[1] + m[0];
		out[0] = d[0] + (ror64(t, 14) ^ ror64(t, 18) ^ ror64(t, 41)) +
			 ((t & m[1]) ^ (~t & n[0]));
		break;
	case 1:
		out[1] = d[1] + (ror64(m[0], 28) ^ ror64(m[0], 34) ^ ror64(m[0], 39)) +
			 ((n[0] & m[1]) ^ (n[0] & m[0]) ^ (m[1] & m[0]));
		t = out[1];
		out[0] = d[0] + (ror64(t, 28) ^ ror64(t, 34) ^ ror64(t, 39)) +
			 ((t & m[0]) ^ (t & m[1]) ^ (m[1] & m[0]));
		break;
	case 2:
		for (u32 e = 0; e < 2; e++)
			out[e] = d[e] + m[e] + (ror64(n[e], 19) ^ ror64(n[e], 61) ^ n[e] >> 6);
		break;
	default:
		for (u32 e = 0; e < 2; e++)
			out[e] = n[e] ^ ror64(m[e], 63);
	}
	memcpy(d, out, sizeof(out));
	return A64_DONE;
}

/* SHA512SU0 */
enum a64_result a64_sha512_two(u32 insn, struct arm_registers *r)
{
	u64 *d = r->v[a64_field(insn, 4, 0)], a = d[1], b = r->v[a64_field(insn, 9, 5)][0];

	d[0] += ror64(a, 1) ^ ror64(a, 8) ^ a >> 7;
	d[1] += ror64(b, 1) ^ ror64(b, 8) ^ b >> 7;
	return A64_DONE;
}

/* EOR3, BCAX */
enum a64_result a64_crypto_four(u32 insn, struct arm_registers *r)
{
	const u64 *n = r->v[a64_field(insn, 9, 5)], *m = r->v[a64_field(insn, 20, 16)];
	const u64 *a = r->v[a64_field(insn, 14, 10)];
	u64 out[2];

	for (u32 e = 0; e < 2; e++)
		out[e] = n[e] ^ (a64_field(insn, 22, 21) ? m[e] & ~a[e] : m[e] ^ a[e]);
	memcpy(r->v[a64_field(insn, 4, 0)], out, sizeof(out));
	return A64_DONE;
}

enum a64_result a64_xar(u32 insn, struct arm_registers *r)
{
	const u64 *n = r->v[a64_field(insn, 9, 5)], *m = r->v[a64_field(insn, 20, 16)];
	u64 out[2];

	for (u32 e = 0; e < 2; e++)
		out[e] = ror64(n[e] ^ m[e], a64_field(insn, 15, 10));
	memcpy(r->v[a64_field(insn, 4, 0)], out, sizeof(out));
	return A64_DONE;
}
