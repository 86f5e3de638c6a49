/* SPDX-License-Identifier: MIT */
#include "check.h"

SUITE("Vector products, packing, shifts");

/* A product of two elements of 32 bits at most, with or without signs. */
static u64 product(const struct operation *o, u32 n, bool is_signed)
{
	if (is_signed)
		return (u64)(signed_element(o->v2, o->size, n) * signed_element(o->v3, o->size, n));
	return element(o->v2, o->size, n) * element(o->v3, o->size, n);
}

/* The right or left half of each product, to which V4's element of the same width is added first. */
static void halves(struct operation *o, bool high, bool is_signed, bool add)
{
	u32 bits = 8u << o->size;

	for (u32 n = 0; n < elements(o->size); n++) {
		u64 p = product(o, n, is_signed);

		if (add)
			p += is_signed ? (u64)signed_element(o->v4, o->size, n)
				       : element(o->v4, o->size, n);
		set_element(&o->v1, o->size, n, high ? p >> bits : p);
	}
}

/* Whole products of the even or odd elements. */
static void wholes(struct operation *o, bool odd, bool is_signed, bool add)
{
	struct bytes16 out;

	for (u32 n = 0; n < elements(o->size) / 2; n++) {
		u64 p = product(o, 2 * n + odd, is_signed);

		if (add)
			p += element(o->v4, o->size + 1, n);
		set_element(&out, o->size + 1, n, p);
	}
	o->v1 = out;
}

#define HALVES(name, high, is_signed, add)       \
	static void name(struct operation *o)    \
	{                                        \
		halves(o, high, is_signed, add); \
	}
#define WHOLES(name, odd, is_signed, add)       \
	static void name(struct operation *o)   \
	{                                       \
		wholes(o, odd, is_signed, add); \
	}
HALVES(vml, false, false, false)
HALVES(vmh, true, true, false)
HALVES(vmlh, true, false, false)
HALVES(vmal, false, false, true)
HALVES(vmah, true, true, true)
HALVES(vmalh, true, false, true)
WHOLES(vme, false, true, false)
WHOLES(vmo, true, true, false)
WHOLES(vmle, false, false, false)
WHOLES(vmlo, true, false, false)
WHOLES(vmae, false, true, true)
WHOLES(vmao, true, true, true)
WHOLES(vmale, false, false, true)
WHOLES(vmalo, true, false, true)

/* Products without carries, of even and odd elements, added without carries. */
static void galois(struct operation *o, bool accumulate)
{
	struct bytes16 out = accumulate ? o->v4 : (struct bytes16){ { 0 } };
	u32 bytes = 1u << o->size;

	for (u32 n = 0; n < 16 / bytes; n++) {
		u64 a = element(o->v2, o->size, n), high = 0, low = element(o->v3, o->size, n);
		u32 at = n / 2 * 2 * bytes;
		u8 sum[16] = { 0 };

		for (; a; a >>= 1) {
			for (u32 k = 0; (a & 1) && k < 2 * bytes; k++)
				sum[2 * bytes - 1 - k] ^= (u8)(k < 8 ? low >> 8 * k
								     : high >> 8 * (k - 8));
			high = high << 1 | low >> 63;
			low <<= 1;
		}
		for (u32 k = 0; k < 2 * bytes; k++)
			out.byte[at + k] ^= sum[k];
	}
	o->v1 = out;
}

static void vgfm(struct operation *o)
{
	galois(o, false);
}

static void vgfma(struct operation *o)
{
	galois(o, true);
}

/* ----------------------------------------------------------------------------- packing and merging */

static s64 limit(s64 value, s64 least, s64 most, u32 *saturated)
{
	if (value >= least && value <= most)
		return value;
	(*saturated)++;
	return value < least ? least : most;
}

static void pack(struct operation *o, bool saturate, bool is_signed)
{
	u32 count = elements(o->size), saturated = 0, bits = 4u << o->size;
	struct bytes16 out;

	for (u32 n = 0; n < 2 * count; n++) {
		struct bytes16 from = n < count ? o->v2 : o->v3;
		u64 value = element(from, o->size, n % count);

		if (saturate && is_signed) {
			value = (u64)limit(signed_element(from, o->size, n % count),
					   -(s64)BIT(bits - 1), (s64)BIT(bits - 1) - 1, &saturated);
		} else if (saturate && value > BIT(bits) - 1) {
			value = BIT(bits) - 1;
			saturated++;
		}
		set_element(&out, o->size - 1, n, value);
	}
	o->v1 = out;
	o->cc = !saturated ? 0 : saturated == 2 * count ? 3 : 1;
}

static void vpk(struct operation *o)
{
	pack(o, false, false);
}

static void vpks(struct operation *o)
{
	pack(o, true, true);
}

static void vpkls(struct operation *o)
{
	pack(o, true, false);
}

static void unpack(struct operation *o, bool low, bool is_signed)
{
	u32 count = elements(o->size) / 2;
	struct bytes16 out;

	for (u32 n = 0; n < count; n++) {
		u32 from = low ? count + n : n;

		set_element(&out, o->size + 1, n,
			    is_signed ? (u64)signed_element(o->v2, o->size, from)
				      : element(o->v2, o->size, from));
	}
	o->v1 = out;
}

static void vuph(struct operation *o)
{
	unpack(o, false, true);
}

static void vuplh(struct operation *o)
{
	unpack(o, false, false);
}

static void vupl(struct operation *o)
{
	unpack(o, true, true);
}

static void vupll(struct operation *o)
{
	unpack(o, true, false);
}

static void merge(struct operation *o, bool low)
{
	u32 count = elements(o->size) / 2;
	struct bytes16 out;

	for (u32 n = 0; n < count; n++) {
		u32 from = low ? count + n : n;

		set_element(&out, o->size, 2 * n, element(o->v2, o->size, from));
		set_element(&out, o->size, 2 * n + 1, element(o->v3, o->size, from));
	}
	o->v1 = out;
}

static void vmrh(struct operation *o)
{
	merge(o, false);
}

static void vmrl(struct operation *o)
{
	merge(o, true);
}

static void vseg(struct operation *o)
{
	struct bytes16 out;

	for (u32 n = 0; n < 2; n++)
		set_element(&out, 3, n,
			    (u64)signed_element(o->v2, o->size, (n + 1) * (8 >> o->size) - 1));
	o->v1 = out;
}

/* --------------------------------------------------------------------------- shifts of all 128 bits */

static bool bit_of(struct bytes16 v, s32 n)
{
	return n >= 0 && n < 128 && (v.byte[n / 8] >> (7 - n % 8) & 1);
}

/* To the left by `by` bits, or to the right by -`by`; `fill` comes in on the left. */
static struct bytes16 shifted(struct bytes16 v, s32 by, bool fill)
{
	struct bytes16 out = { { 0 } };

	for (s32 n = 0; n < 128; n++) {
		bool one = n + by < 0 ? fill : bit_of(v, n + by);

		out.byte[n / 8] |= (u8)(one << (7 - n % 8));
	}
	return out;
}

/* Bits 125-127 of V3; those of its other bytes have to be the same, so that they are made so. */
#define BIT_SHIFT(name, direction, fill)                        \
	static void name(struct operation *o)                   \
	{                                                       \
		s32 by = o->v3.byte[7] >> 3 & 15;               \
                                                                \
		o->v1 = shifted(o->v2, direction 8 * by, fill); \
	}
BIT_SHIFT(vslb, +, false)
BIT_SHIFT(vsrlb, -, false)
BIT_SHIFT(vsrab, -, o->v2.byte[0] >> 7)

/* clang-format off */
VECTOR(vml, "VECTOR MULTIPLY LOW", 0xa2, vml, 0x07, 0)
VECTOR(vmh, "VECTOR MULTIPLY HIGH", 0xa3, vmh, 0x07, 0)
VECTOR(vmlh, "VECTOR MULTIPLY LOGICAL HIGH", 0xa1, vmlh, 0x07, 0)
VECTOR(vme, "VECTOR MULTIPLY EVEN", 0xa6, vme, 0x07, 0)
VECTOR(vmo, "VECTOR MULTIPLY ODD", 0xa7, vmo, 0x07, 0)
VECTOR(vmle, "VECTOR MULTIPLY LOGICAL EVEN", 0xa4, vmle, 0x07, 0)
VECTOR(vmlo, "VECTOR MULTIPLY LOGICAL ODD", 0xa5, vmlo, 0x07, 0)
VECTOR(vmal, "VECTOR MULTIPLY AND ADD LOW", 0xaa, vmal, 0x07, VECTOR_V4)
VECTOR(vmah, "VECTOR MULTIPLY AND ADD HIGH", 0xab, vmah, 0x07, VECTOR_V4)
VECTOR(vmalh, "VECTOR MULTIPLY AND ADD LOGICAL HIGH", 0xa9, vmalh, 0x07, VECTOR_V4)
VECTOR(vmae, "VECTOR MULTIPLY AND ADD EVEN", 0xae, vmae, 0x07, VECTOR_V4)
VECTOR(vmao, "VECTOR MULTIPLY AND ADD ODD", 0xaf, vmao, 0x07, VECTOR_V4)
VECTOR(vmale, "VECTOR MULTIPLY AND ADD LOGICAL EVEN", 0xac, vmale, 0x07, VECTOR_V4)
VECTOR(vmalo, "VECTOR MULTIPLY AND ADD LOGICAL ODD", 0xad, vmalo, 0x07, VECTOR_V4)
VECTOR(vgfm, "VECTOR GALOIS FIELD MULTIPLY SUM", 0xb4, vgfm, 0x0f, 0)
VECTOR(vgfma, "VECTOR GALOIS FIELD MULTIPLY SUM AND ACCUMULATE", 0xbc, vgfma, 0x0f, VECTOR_V4)
VECTOR(vpk, "VECTOR PACK", 0x94, vpk, 0x0e, 0)
VECTOR(vpks, "VECTOR PACK SATURATE", 0x97, vpks, 0x0e, VECTOR_CC)
VECTOR(vpkls, "VECTOR PACK LOGICAL SATURATE", 0x95, vpkls, 0x0e, VECTOR_CC)
VECTOR(vuph, "VECTOR UNPACK HIGH", 0xd7, vuph, 0x07, VECTOR_UNARY)
VECTOR(vuplh, "VECTOR UNPACK LOGICAL HIGH", 0xd5, vuplh, 0x07, VECTOR_UNARY)
VECTOR(vupl, "VECTOR UNPACK LOW", 0xd6, vupl, 0x07, VECTOR_UNARY)
VECTOR(vupll, "VECTOR UNPACK LOGICAL LOW", 0xd4, vupll, 0x07, VECTOR_UNARY)
VECTOR(vmrh, "VECTOR MERGE HIGH", 0x61, vmrh, 0x0f, 0)
VECTOR(vmrl, "VECTOR MERGE LOW", 0x60, vmrl, 0x0f, 0)
VECTOR(vseg, "VECTOR SIGN EXTEND TO DOUBLEWORD", 0x5f, vseg, 0x07, VECTOR_UNARY)
VECTOR(vslb, "VECTOR SHIFT LEFT BY BYTE", 0x75, vslb, 0, 0)
VECTOR(vsrlb, "VECTOR SHIFT RIGHT LOGICAL BY BYTE", 0x7d, vsrlb, 0, 0)
VECTOR(vsrab, "VECTOR SHIFT RIGHT ARITHMETIC BY BYTE", 0x7f, vsrab, 0, 0)
/* clang-format on */

/* VSL, VSRL, VSRA: bits 5-7 of every byte of V3 the same; they are made so. */
static void check_bit_shift(u8 opcode, s32 direction, bool arithmetic)
{
	for (u32 by = 0; by < 8; by++) {
		SUBTEST("by %u", by);
		for (u32 n = 0; n < 10; n++) {
			struct execution e = { .cc = n & 3 }, expected;
			struct bytes16 v = random_vector(), counts = random_vector();
			u8 code[6];

			for (u32 k = 0; k < 16; k++)
				counts.byte[k] = (u8)((counts.byte[k] & 0xf8) | by);
			fill_vectors(&e);
			put_vector(&e, 21, v);
			put_vector(&e, 6, counts);
			expected = e;
			put_vector(&expected, 1,
				   shifted(v, direction * (s32)by, arithmetic && v.byte[0] >> 7));
			encode_vector(code, opcode, 1, 21, 6, 0, 0, 0);
			EXPECT_NO_FAULT(execute(code, 6, &e));
			expect_vectors(&e, &expected, "shifted");
		}
	}
}

#define SHIFT_BITS(name, manual, opcode, direction, arithmetic)               \
	TEST(name, manual ": all 128 bits by as many as the bytes of V3 say", \
	     SPEC("PoP SA22-7832-13, chapter 22, " manual),                   \
		  REQUIRES(has_facility(FACILITY_VECTOR)))                    \
	{                                                                     \
		check_bit_shift(opcode, direction, arithmetic);               \
	}

SHIFT_BITS(vsl, "VECTOR SHIFT LEFT", 0x74, 1, false)
SHIFT_BITS(vsrl, "VECTOR SHIFT RIGHT LOGICAL", 0x7c, -1, false)
SHIFT_BITS(vsra, "VECTOR SHIFT RIGHT ARITHMETIC", 0x7e, -1, true)
