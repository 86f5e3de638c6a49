/* SPDX-License-Identifier: MIT */
#include "check.h"

SUITE("Vector integers");

/* An element from those of the operands. */
#define ELEMENTWISE(name, expression)                                     \
	static void name(struct operation *o)                             \
	{                                                                 \
		u32 bits = 8u << o->size;                                 \
                                                                          \
		for (u32 n = 0; n < elements(o->size); n++) {             \
			u64 a = element(o->v2, o->size, n);               \
			u64 b = element(o->v3, o->size, n);               \
			s64 sa = signed_element(o->v2, o->size, n);       \
			s64 sb = signed_element(o->v3, o->size, n);       \
                                                                          \
			(void)bits, (void)a, (void)b, (void)sa, (void)sb; \
			set_element(&o->v1, o->size, n, expression);      \
		}                                                         \
	}

/* Without an element size: byte by byte. */
#define BYTEWISE(name, expression)                                \
	static void name(struct operation *o)                     \
	{                                                         \
		for (u32 n = 0; n < 16; n++) {                    \
			u32 a = o->v2.byte[n], b = o->v3.byte[n]; \
                                                                  \
			o->v1.byte[n] = (u8)(expression);         \
		}                                                 \
	}

BYTEWISE(vn, a &b)
BYTEWISE(vnc, a & ~b)
BYTEWISE(vo, a | b)
BYTEWISE(vno, ~(a | b))
BYTEWISE(vx, a ^ b)
BYTEWISE(vnn, ~(a &b))
BYTEWISE(vnx, ~(a ^ b))
BYTEWISE(voc, a | ~b)

ELEMENTWISE(vmx, sa > sb ? a : b)
ELEMENTWISE(vmn, sa < sb ? a : b)
ELEMENTWISE(vmxl, a > b ? a : b)
ELEMENTWISE(vmnl, a < b ? a : b)
ELEMENTWISE(vlc, ~a + 1)
ELEMENTWISE(vlp, sa < 0 ? ~a + 1 : a)
/* With a bit more than the element has: halves, and what both lose. */
ELEMENTWISE(vavg, (u64)((sa >> 1) + (sb >> 1) + ((sa | sb) & 1)))
ELEMENTWISE(vavgl, (a >> 1) + (b >> 1) + ((a | b) & 1))

static u64 count_from(u64 value, u32 bits, bool left)
{
	u32 n = 0;

	while (n < bits && !(value >> (left ? bits - 1 - n : n) & 1))
		n++;
	return n;
}

static u64 population(u64 value)
{
	u64 count = 0;

	for (; value; value >>= 1)
		count += value & 1;
	return count;
}

ELEMENTWISE(vclz, count_from(a, bits, true))
ELEMENTWISE(vctz, count_from(a, bits, false))
ELEMENTWISE(vpopct, population(a))
ELEMENTWISE(veslv, a << b % bits)
ELEMENTWISE(vesrlv, a >> b % bits)
ELEMENTWISE(vesrav, (u64)(sa >> b % bits))
ELEMENTWISE(verllv, b % bits ? a << b % bits | a >> (bits - b % bits) : a)

/* ------------------------------------------------------------------------ sums, with quadwords too */

/* a + b + carry of one element, from the right, in bytes; the carry out. */
static u32 add_bytes(u8 *to, const u8 *a, const u8 *b, u32 invert, u32 carry, u32 size)
{
	for (u32 n = 1u << size; n-- > 0;) {
		u32 sum = a[n] + (b[n] ^ invert) + carry;

		to[n] = (u8)sum;
		carry = sum >> 8;
	}
	return carry;
}

/* The sum or the difference, or the carry out of it, with a carry in from V4 or without. */
static void sums(struct operation *o, bool subtract, bool want_carry, bool carry_in)
{
	for (u32 n = 0; n < elements(o->size); n++) {
		u32 at = n << o->size, last = at + (1u << o->size) - 1;
		u32 carry = carry_in ? o->v4.byte[last] & 1 : subtract;
		u8 sum[16];

		carry = add_bytes(sum, o->v2.byte + at, o->v3.byte + at, subtract ? 0xff : 0, carry,
				  o->size);
		for (u32 k = 0; k < 1u << o->size; k++)
			o->v1.byte[at + k] = want_carry ? 0 : sum[k];
		if (want_carry)
			o->v1.byte[last] = (u8)carry;
	}
}

static void va(struct operation *o)
{
	sums(o, false, false, false);
}

static void vacc(struct operation *o)
{
	sums(o, false, true, false);
}

static void vac(struct operation *o)
{
	sums(o, false, false, true);
}

static void vaccc(struct operation *o)
{
	sums(o, false, true, true);
}

static void vs(struct operation *o)
{
	sums(o, true, false, false);
}

static void vscbi(struct operation *o)
{
	sums(o, true, true, false);
}

static void vsbi(struct operation *o)
{
	sums(o, true, false, true);
}

static void vsbcbi(struct operation *o)
{
	sums(o, true, true, true);
}

/* Sums across: of elements of `size`, and the rightmost one of V3 in each of the result's. */
static void sum_across(struct operation *o, u32 to)
{
	u32 ratio = 1u << (to - o->size);
	struct bytes16 out = { { 0 } };

	for (u32 n = 0; n < elements(to); n++) {
		u64 sum = element(o->v3, o->size, (n + 1) * ratio - 1), high = 0;

		for (u32 k = 0; k < ratio; k++) {
			u64 before = sum;

			sum += element(o->v2, o->size, n * ratio + k);
			high += sum < before;
		}
		if (to == 4) {
			set_element(&out, 3, 0, high);
			set_element(&out, 3, 1, sum);
		} else {
			set_element(&out, to, n, sum);
		}
	}
	o->v1 = out;
}

static void vsum(struct operation *o)
{
	sum_across(o, 2);
}

static void vsumg(struct operation *o)
{
	sum_across(o, 3);
}

static void vsumq(struct operation *o)
{
	sum_across(o, 4);
}

static void vcksm(struct operation *o)
{
	u64 sum = element(o->v3, 2, 1);

	for (u32 n = 0; n < 4; n++) {
		sum += element(o->v2, 2, n);
		sum = (sum & 0xffffffff) + (sum >> 32);
	}
	o->v1 = (struct bytes16){ { 0 } };
	set_element(&o->v1, 2, 1, sum);
}

/* -------------------------------------------------------------------------------------- comparison */

static void compare(struct operation *o, bool (*holds)(s64 sa, s64 sb, u64 a, u64 b))
{
	u32 count = 0;

	for (u32 n = 0; n < elements(o->size); n++) {
		bool is = holds(signed_element(o->v2, o->size, n),
				signed_element(o->v3, o->size, n), element(o->v2, o->size, n),
				element(o->v3, o->size, n));

		count += is;
		set_element(&o->v1, o->size, n, is ? ~0ull : 0);
	}
	o->cc = count == elements(o->size) ? 0 : count ? 1 : 3;
}

static bool is_equal(s64 sa, s64 sb, u64 a, u64 b)
{
	(void)sa, (void)sb;
	return a == b;
}

static bool is_high(s64 sa, s64 sb, u64 a, u64 b)
{
	(void)a, (void)b;
	return sa > sb;
}

static bool is_high_logical(s64 sa, s64 sb, u64 a, u64 b)
{
	(void)sa, (void)sb;
	return a > b;
}

static void vceq(struct operation *o)
{
	compare(o, is_equal);
}

static void vch(struct operation *o)
{
	compare(o, is_high);
}

static void vchl(struct operation *o)
{
	compare(o, is_high_logical);
}

/* Of one element of V1 and V2: the rightmost of the left half. */
static void vec(struct operation *o)
{
	u32 n = elements(o->size) / 2 - 1;
	s64 a = signed_element(o->v1, o->size, n), b = signed_element(o->v2, o->size, n);

	o->cc = a == b ? 0 : a < b ? 1 : 2;
}

static void vecl(struct operation *o)
{
	u32 n = elements(o->size) / 2 - 1;
	u64 a = element(o->v1, o->size, n), b = element(o->v2, o->size, n);

	o->cc = a == b ? 0 : a < b ? 1 : 2;
}

/* The bits of V1 that V2 selects. */
static void vtm(struct operation *o)
{
	bool any_one = false, any_zero = false;

	for (u32 n = 0; n < 16; n++) {
		any_one |= o->v1.byte[n] & o->v2.byte[n];
		any_zero |= ~o->v1.byte[n] & o->v2.byte[n];
	}
	o->cc = !any_one ? 0 : any_zero ? 1 : 3;
}

/* clang-format off */
#define BHFG  0x0f
#define BHFGQ 0x1f
VECTOR(va, "VECTOR ADD", 0xf3, va, BHFGQ, 0)
VECTOR(vacc, "VECTOR ADD COMPUTE CARRY", 0xf1, vacc, BHFGQ, 0)
VECTOR(vac, "VECTOR ADD WITH CARRY", 0xbb, vac, 0x10, VECTOR_V4)
VECTOR(vaccc, "VECTOR ADD WITH CARRY COMPUTE CARRY", 0xb9, vaccc, 0x10, VECTOR_V4)
VECTOR(vs, "VECTOR SUBTRACT", 0xf7, vs, BHFGQ, 0)
VECTOR(vscbi, "VECTOR SUBTRACT COMPUTE BORROW INDICATION", 0xf5, vscbi, BHFGQ, 0)
VECTOR(vsbi, "VECTOR SUBTRACT WITH BORROW INDICATION", 0xbf, vsbi, 0x10, VECTOR_V4)
VECTOR(vsbcbi, "VECTOR SUBTRACT WITH BORROW COMPUTE BORROW INDICATION", 0xbd, vsbcbi, 0x10, VECTOR_V4)
VECTOR(vn, "VECTOR AND", 0x68, vn, 0, 0)
VECTOR(vnc, "VECTOR AND WITH COMPLEMENT", 0x69, vnc, 0, 0)
VECTOR(vo, "VECTOR OR", 0x6a, vo, 0, 0)
VECTOR(vno, "VECTOR NOR", 0x6b, vno, 0, 0)
VECTOR(vx, "VECTOR EXCLUSIVE OR", 0x6d, vx, 0, 0)
VECTOR(vnn, "VECTOR NAND", 0x6e, vnn, 0, 0)
VECTOR(vnx, "VECTOR NOT EXCLUSIVE OR", 0x6c, vnx, 0, 0)
VECTOR(voc, "VECTOR OR WITH COMPLEMENT", 0x6f, voc, 0, 0)
VECTOR(vmx, "VECTOR MAXIMUM", 0xff, vmx, BHFG, 0)
VECTOR(vmxl, "VECTOR MAXIMUM LOGICAL", 0xfd, vmxl, BHFG, 0)
VECTOR(vmn, "VECTOR MINIMUM", 0xfe, vmn, BHFG, 0)
VECTOR(vmnl, "VECTOR MINIMUM LOGICAL", 0xfc, vmnl, BHFG, 0)
VECTOR(vavg, "VECTOR AVERAGE", 0xf2, vavg, BHFG, 0)
VECTOR(vavgl, "VECTOR AVERAGE LOGICAL", 0xf0, vavgl, BHFG, 0)
VECTOR(vlc, "VECTOR LOAD COMPLEMENT", 0xde, vlc, BHFG, VECTOR_UNARY)
VECTOR(vlp, "VECTOR LOAD POSITIVE", 0xdf, vlp, BHFG, VECTOR_UNARY)
VECTOR(vclz, "VECTOR COUNT LEADING ZEROS", 0x53, vclz, BHFG, VECTOR_UNARY)
VECTOR(vctz, "VECTOR COUNT TRAILING ZEROS", 0x52, vctz, BHFG, VECTOR_UNARY)
VECTOR(vpopct, "VECTOR POPULATION COUNT", 0x50, vpopct, BHFG, VECTOR_UNARY)
VECTOR(veslv, "VECTOR ELEMENT SHIFT LEFT (VESLV)", 0x70, veslv, BHFG, 0)
VECTOR(vesrlv, "VECTOR ELEMENT SHIFT RIGHT LOGICAL (VESRLV)", 0x78, vesrlv, BHFG, 0)
VECTOR(vesrav, "VECTOR ELEMENT SHIFT RIGHT ARITHMETIC (VESRAV)", 0x7a, vesrav, BHFG, 0)
VECTOR(verllv, "VECTOR ELEMENT ROTATE LEFT LOGICAL (VERLLV)", 0x73, verllv, BHFG, 0)
VECTOR(vsum, "VECTOR SUM ACROSS WORD", 0x64, vsum, 0x03, 0)
VECTOR(vsumg, "VECTOR SUM ACROSS DOUBLEWORD", 0x65, vsumg, 0x06, 0)
VECTOR(vsumq, "VECTOR SUM ACROSS QUADWORD", 0x67, vsumq, 0x0c, 0)
VECTOR(vcksm, "VECTOR CHECKSUM", 0x66, vcksm, 0, 0)
VECTOR(vceq, "VECTOR COMPARE EQUAL", 0xf8, vceq, BHFG, VECTOR_CC)
VECTOR(vch, "VECTOR COMPARE HIGH", 0xfb, vch, BHFG, VECTOR_CC)
VECTOR(vchl, "VECTOR COMPARE HIGH LOGICAL", 0xf9, vchl, BHFG, VECTOR_CC)
VECTOR(vec, "VECTOR ELEMENT COMPARE", 0xdb, vec, BHFG, VECTOR_UNARY | VECTOR_SETS | VECTOR_READS1)
VECTOR(vecl, "VECTOR ELEMENT COMPARE LOGICAL", 0xd9, vecl, BHFG, VECTOR_UNARY | VECTOR_SETS | VECTOR_READS1)
VECTOR(vtm, "VECTOR TEST UNDER MASK", 0xd8, vtm, 0, VECTOR_UNARY | VECTOR_SETS | VECTOR_READS1)
/* clang-format on */
