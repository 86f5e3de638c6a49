/* SPDX-License-Identifier: MIT */
/* Advanced SIMD three different, and vector by element. */
#include <model/simd.h>

static u64 widen(struct fp_context *c, u64 a)
{
	struct fp_context exact = *c;

	if ((a & 0x7c00) == 0x7c00)
		return (a & 0x8000) << 16 | 0x7f800000 | (a & 0x3ff) << 13;
	exact.fz = false;
	return fp_round(&exact, 32, fp_unpack(&exact, 16, a), FP_TIEEVEN);
}

u64 a64_multiply_add_long(struct fp_context *c, u64 addend, u64 a, u64 b)
{
	return fp_multiply_add(c, 32, addend, widen(c, a), widen(c, b));
}

static u64 polynomial_product(u64 a, u64 b, u32 bits, u64 *high)
{
	u64 low = 0;

	*high = 0;
	for (u32 i = 0; i < bits; i++)
		if (a >> i & 1) {
			low ^= b << i;
			if (i)
				*high ^= b >> (64 - i);
		}
	return low;
}

static enum a64_result polynomial_long(struct simd *s)
{
	u32 count = 8 / s->bytes;
	u64 high;

	if (s->u || s->scalar || s->size == 1 || s->size == 2)
		return A64_UNDEFINED;
	if (s->size == 3) {
		s->out[0] = polynomial_product(simd_n(s, s->q), simd_m(s, s->q), 64, &s->out[1]);
		return simd_done(s);
	}
	for (u32 i = 0; i < count; i++)
		simd_put(s, 2, i,
			 polynomial_product(simd_n(s, i + (s->q ? count : 0)),
					    simd_m(s, i + (s->q ? count : 0)), 8, &high));
	return simd_done(s);
}

/* What long operations make of a narrow pair and the wide element of the destination. */
static u64 long_element(struct simd *s, s128 a, s128 b, u64 d)
{
	u32 bits = s->bytes * 16;
	s128 product = a * b, doubled;

	switch (s->opcode) {
	case 0x5: /* SABAL */
		return d + (u64)(a > b ? a - b : b - a);
	case 0x7: /* SABDL */
		return (u64)(a > b ? a - b : b - a);
	case 0x8: /* SMLAL */
		return d + (u64)product;
	case 0xa: /* SMLSL */
		return d - (u64)product;
	case 0xc: /* SMULL */
		return (u64)product;
	default: /* SQDMLAL, SQDMLSL, SQDMULL */
		doubled = simd_number(simd_saturate(s, 2 * product, bits, false), bits, false);
		if (s->opcode == 0xd)
			return (u64)doubled;
		if (s->opcode == 0xb)
			doubled = -doubled;
		return simd_saturate(s, simd_number(d, bits, false) + doubled, bits, false);
	}
}

enum a64_result a64_simd_different(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);
	u32 bits = s.bytes * 8, count = s.scalar ? 1 : 8 / s.bytes, upper = s.q && !s.scalar;
	bool doubling;

	s.opcode = a64_field(insn, 15, 12);
	doubling = s.opcode == 0x9 || s.opcode == 0xb || s.opcode == 0xd;
	if (s.opcode == 0xe)
		return polynomial_long(&s);
	if (s.size == 3 || s.opcode == 0xf || (doubling && (s.u || s.size == 0)) ||
	    (s.scalar && !doubling))
		return A64_UNDEFINED;
	if ((s.opcode == 4 || s.opcode == 6) && upper)
		s.out[0] = r->v[s.d][0];
	for (u32 i = 0; i < count; i++) {
		u32 from = i + upper * count;
		s128 a = simd_number(simd_n(&s, from), bits, s.u && !doubling);
		s128 b = simd_number(simd_m(&s, from), bits, s.u && !doubling);
		u64 wide_a = a64_element(r, s.n, 2 * s.bytes, i);
		u64 wide_b = a64_element(r, s.m, 2 * s.bytes, i);
		u64 value;

		switch (s.opcode) {
		case 0x0:
			value = (u64)(a + b);
			break;
		case 0x1:
			value = wide_a + (u64)b;
			break;
		case 0x2:
			value = (u64)(a - b);
			break;
		case 0x3:
			value = wide_a - (u64)b;
			break;
		case 0x4: /* ADDHN, RADDHN */
		case 0x6: /* SUBHN, RSUBHN */
			value = s.opcode == 4 ? wide_a + wide_b : wide_a - wide_b;
			if (s.u)
				value += BIT(bits - 1);
			simd_put(&s, s.bytes, from, value >> bits);
			continue;
		default:
			value = long_element(&s, a, b, a64_element(r, s.d, 2 * s.bytes, i));
		}
		simd_put(&s, 2 * s.bytes, i, value);
	}
	return simd_done(&s);
}

static u64 doubling_high(struct simd *s, u64 a, u64 b, s128 addend, s128 sign, bool round)
{
	u32 bits = s->bytes * 8;
	s128 product = sign * 2 * simd_number(a, bits, false) * simd_number(b, bits, false);

	product += addend << bits;
	if (round)
		product += (s128)1 << (bits - 1);
	return simd_saturate(s, product >> bits, bits, false);
}

/* FMLA, FMLS, FMUL, FMULX; size 0 is half precision. */
static enum a64_result float_by_element(struct simd *s, u32 insn)
{
	u32 h = a64_field(insn, 11, 11), l = a64_field(insn, 21, 21), m = a64_field(insn, 20, 20);
	u32 index, bits;

	if (s->size == 1 || (s->u && s->opcode != 9))
		return A64_UNDEFINED;
	if (s->size == 0) {
		index = h << 2 | l << 1 | m;
		s->m &= 15;
		simd_set_bytes(s, 2);
	} else if (s->size == 2) {
		index = h << 1 | l;
		simd_set_bytes(s, 4);
	} else {
		if (l || (!s->q && !s->scalar))
			return A64_UNDEFINED;
		index = h;
		simd_set_bytes(s, 8);
	}
	bits = s->bytes * 8;
	for (u32 i = 0; i < s->elements; i++) {
		u64 a = simd_n(s, i), b = simd_m(s, index), value;

		if (s->opcode == 9)
			value = s->u ? fp_multiply_extended(&s->fp, bits, a, b)
				     : fp_multiply(&s->fp, bits, a, b);
		else
			value = fp_multiply_add(&s->fp, bits, simd_d(s, i),
						s->opcode == 5 ? fp_negate(bits, a) : a, b);
		simd_put(s, s->bytes, i, value);
	}
	return simd_done(s);
}

static enum a64_result dot_by_element(struct simd *s, u32 index)
{
	bool n_unsigned, m_unsigned;

	if (s->opcode == 0xe) { /* SDOT, UDOT */
		if (s->size != 2 || s->scalar)
			return A64_UNDEFINED;
		n_unsigned = m_unsigned = s->u;
	} else { /* SUDOT (size 0), USDOT (size 2) */
		n_unsigned = s->size == 2;
		m_unsigned = !n_unsigned;
	}
	simd_set_bytes(s, 4);
	for (u32 i = 0; i < s->elements; i++) {
		s128 sum = 0;

		for (u32 e = 0; e < 4; e++)
			sum += simd_number(a64_element(s->r, s->n, 1, 4 * i + e), 8, n_unsigned) *
			       simd_number(a64_element(s->r, s->m, 1, 4 * index + e), 8,
					   m_unsigned);
		simd_put(s, 4, i, simd_d(s, i) + (u64)sum);
	}
	return simd_done(s);
}

/* FCMLA (by element): the element is a pair. */
static enum a64_result complex_by_element(struct simd *s, u32 insn)
{
	u32 rotation = a64_field(insn, 14, 13), bits = s->bytes * 8;
	u32 h = a64_field(insn, 11, 11), l = a64_field(insn, 21, 21), index;

	if (s->scalar || s->size == 0 || s->size == 3)
		return A64_UNDEFINED;
	if (s->size == 1 && h && !s->q)
		return A64_UNDEFINED;
	if (s->size == 2 && (l || !s->q))
		return A64_UNDEFINED;
	index = s->size == 1 ? h << 1 | l : h;
	for (u32 e = 0; e < s->elements; e += 2) {
		bool odd = rotation & 1;
		u64 a = simd_n(s, e + odd), real = simd_m(s, 2 * index + odd);
		u64 imaginary = simd_m(s, 2 * index + !odd);

		if (rotation == 1 || rotation == 2)
			real = fp_negate(bits, real);
		if (rotation == 2 || rotation == 3)
			imaginary = fp_negate(bits, imaginary);
		simd_put(s, s->bytes, e, fp_multiply_add(&s->fp, bits, simd_d(s, e), a, real));
		simd_put(s, s->bytes, e + 1,
			 fp_multiply_add(&s->fp, bits, simd_d(s, e + 1), a, imaginary));
	}
	return simd_done(s);
}

static enum a64_result long_float_by_element(struct simd *s, u32 insn)
{
	u32 index = a64_field(insn, 11, 11) << 2 | a64_field(insn, 21, 20);
	bool upper = s->u, subtract = s->opcode & 4;

	if (s->size != 2 || s->scalar)
		return A64_UNDEFINED;
	simd_set_bytes(s, 4);
	for (u32 i = 0; i < s->elements; i++) {
		u64 a = a64_element(s->r, s->n, 2, i + (upper ? s->elements : 0));

		simd_put(s, 4, i,
			 a64_multiply_add_long(&s->fp, simd_d(s, i),
					       subtract ? fp_negate(16, a) : a,
					       a64_element(s->r, s->m & 15, 2, index)));
	}
	return simd_done(s);
}

enum a64_result a64_simd_by_element(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);
	u32 h = a64_field(insn, 11, 11), l = a64_field(insn, 21, 21), m = a64_field(insn, 20, 20);
	u32 bits = s.bytes * 8, index, count;
	bool doubling, is_long;

	s.opcode = a64_field(insn, 15, 12);
	/* With U, opcodes 1, 3, 5 and 7 are FCMLA by its rotation. */
	if (s.u && (s.opcode & 9) == 1)
		return complex_by_element(&s, insn);
	if (s.opcode == 1 || s.opcode == 5 || s.opcode == 9)
		return float_by_element(&s, insn);
	if (s.size == 2 && ((s.u && (s.opcode == 8 || s.opcode == 0xc)) ||
			    (!s.u && (s.opcode == 0 || s.opcode == 4))))
		return long_float_by_element(&s, insn);
	if (s.opcode == 0xe || (s.opcode == 0xf && !s.u))
		return dot_by_element(&s, h << 1 | l);
	if (s.size == 0 || s.size == 3)
		return A64_UNDEFINED;
	index = s.size == 1 ? h << 2 | l << 1 | m : h << 1 | l;
	if (s.size == 1)
		s.m &= 15;
	doubling = s.opcode == 3 || s.opcode == 7 || s.opcode == 0xb;
	is_long = doubling || s.opcode == 2 || s.opcode == 6 || s.opcode == 0xa;
	if (doubling && s.u)
		return A64_UNDEFINED;
	if (s.scalar && !doubling && s.opcode < 0xc)
		return A64_UNDEFINED;
	if (is_long) {
		static const u8 as_different[16] = {
			[2] = 8, [6] = 0xa, [0xa] = 0xc, [3] = 9, [7] = 0xb, [0xb] = 0xd
		};

		s.opcode = as_different[s.opcode];
		count = s.scalar ? 1 : 8 / s.bytes;
		for (u32 i = 0; i < count; i++)
			simd_put(&s, 2 * s.bytes, i,
				 long_element(
					 &s,
					 simd_number(simd_n(&s, i + (s.q && !s.scalar ? count : 0)),
						     bits, s.u),
					 simd_number(simd_m(&s, index), bits, s.u),
					 a64_element(r, s.d, 2 * s.bytes, i)));
		return simd_done(&s);
	}
	for (u32 i = 0; i < s.elements; i++) {
		u64 a = simd_n(&s, i), b = simd_m(&s, index), d = simd_d(&s, i), value;

		switch (s.opcode << 1 | s.u) {
		case 0x0 << 1 | 1: /* MLA */
			value = d + a * b;
			break;
		case 0x4 << 1 | 1: /* MLS */
			value = d - a * b;
			break;
		case 0x8 << 1: /* MUL */
			value = a * b;
			break;
		case 0xc << 1: /* SQDMULH */
			value = doubling_high(&s, a, b, 0, 1, false);
			break;
		case 0xd << 1: /* SQRDMULH */
			value = doubling_high(&s, a, b, 0, 1, true);
			break;
		case 0xd << 1 | 1: /* SQRDMLAH */
		case 0xf << 1 | 1: /* SQRDMLSH */
			value = doubling_high(&s, a, b, simd_number(d, bits, false),
					      s.opcode == 0xd ? 1 : -1, true);
			break;
		default:
			return A64_UNDEFINED;
		}
		simd_put(&s, s.bytes, i, value);
	}
	return simd_done(&s);
}
