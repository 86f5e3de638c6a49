/* SPDX-License-Identifier: MIT */
/* Advanced SIMD three same, vector and scalar: DDI 0487, C4.1.96. */
#include <model/simd.h>

/* SSHL and others: by the low byte of b, to the left or, if negative, to the right. */
static u64 shift(struct simd *s, u64 a, u64 b, bool round, bool saturate)
{
	u32 bits = s->bytes * 8;
	s32 by = (s8)b;
	s128 value = simd_number(a, bits, s->u);

	if (by >= (s32)bits) {
		if (!saturate || value == 0)
			return 0;
		return simd_saturate(s, value > 0 ? (s128)1 << 100 : -((s128)1 << 100), bits, s->u);
	}
	if (by >= 0) {
		value <<= by;
	} else {
		if (by < -80)
			by = -80;
		if (round)
			value += (s128)1 << (-by - 1);
		value >>= -by;
	}
	return saturate ? simd_saturate(s, value, bits, s->u) : (u64)value;
}

static u64 polynomial_product(u64 a, u64 b)
{
	u64 product = 0;

	for (u32 i = 0; i < 8; i++)
		if (a >> i & 1)
			product ^= b << i;
	return product;
}

static u64 doubling_high(struct simd *s, u64 a, u64 b, s128 addend, bool subtract, bool round)
{
	u32 bits = s->bytes * 8;
	s128 product = 2 * simd_number(a, bits, false) * simd_number(b, bits, false);

	product = (addend << bits) + (subtract ? -product : product);
	if (round)
		product += (s128)1 << (bits - 1);
	return simd_saturate(s, product >> bits, bits, false);
}

/* One element, of those operations that take elements one by one. */
static u64 integer(struct simd *s, u64 a, u64 b, u64 d)
{
	u32 bits = s->bytes * 8;
	s128 x = simd_number(a, bits, s->u), y = simd_number(b, bits, s->u);

	switch (s->opcode) {
	case 0x00:
		return (u64)((x + y) >> 1);
	case 0x01:
		return simd_saturate(s, x + y, bits, s->u);
	case 0x02:
		return (u64)((x + y + 1) >> 1);
	case 0x04:
		return (u64)((x - y) >> 1);
	case 0x05:
		return simd_saturate(s, x - y, bits, s->u);
	case 0x06:
		return x > y ? ~0ull : 0;
	case 0x07:
		return x >= y ? ~0ull : 0;
	case 0x08:
		return shift(s, a, b, false, false);
	case 0x09:
		return shift(s, a, b, false, true);
	case 0x0a:
		return shift(s, a, b, true, false);
	case 0x0b:
		return shift(s, a, b, true, true);
	case 0x0c:
	case 0x14:
		return x > y ? a : b;
	case 0x0d:
	case 0x15:
		return x > y ? b : a;
	case 0x0e:
		return (u64)(x > y ? x - y : y - x);
	case 0x0f:
		return d + (u64)(x > y ? x - y : y - x);
	case 0x10:
		return s->u ? a - b : a + b;
	case 0x11:
		return s->u ? (a == b ? ~0ull : 0) : (a & b ? ~0ull : 0);
	case 0x12:
		return s->u ? d - a * b : d + a * b;
	case 0x13:
		return s->u ? polynomial_product(a, b) : a * b;
	case 0x16:
		return doubling_high(s, a, b, 0, false, s->u);
	default:
		return a + b;
	}
}

/* Sizes that an integer operation has, as a mask; of scalars, and of vectors. */
static u32 sizes(const struct simd *s)
{
	static const u8 vector[] = { 7, 15, 7, 15, 7,  15, 15, 15, 15, 15, 15, 15,
				     7, 7,  7, 7,  15, 15, 7,  7,  7,  7,  6,  15 };
	static const u8 scalar[] = { 0, 15, 0, 0, 0, 15, 8, 8, 8, 15, 8, 15,
				     0, 0,  0, 0, 8, 8,	 0, 0, 0, 0,  6, 0 };

	if (s->opcode == 0x13 && s->u)
		return s->scalar ? 0 : 1;
	if (s->opcode == 0x17 && s->u)
		return 0;
	return s->scalar ? scalar[s->opcode] : vector[s->opcode];
}

static void bitwise(struct simd *s)
{
	for (u32 half = 0; half < (s->q ? 2u : 1u); half++) {
		u64 a = s->r->v[s->n][half], b = s->r->v[s->m][half], d = s->r->v[s->d][half];

		switch (s->u << 2 | s->size) {
		case 0:
			s->out[half] = a & b;
			break;
		case 1:
			s->out[half] = a & ~b;
			break;
		case 2:
			s->out[half] = a | b;
			break;
		case 3:
			s->out[half] = a | ~b;
			break;
		case 4:
			s->out[half] = (a | b) & ~(a & b);
			break;
		case 5: /* BSL */
			s->out[half] = (a & d) | (b & ~d);
			break;
		case 6: /* BIT */
			s->out[half] = (a & b) | (d & ~b);
			break;
		default: /* BIF */
			s->out[half] = (a & ~b) | (d & b);
		}
	}
}

/* Element i of the second operand after the first. */
static u64 concatenated(const struct simd *s, u32 i)
{
	return i < s->elements ? simd_n(s, i) : simd_m(s, i - s->elements);
}

/* a, as bit 23 says, opcode's lower three bits, and U make the operation. */
static bool floating(struct simd *s, bool a, u32 opcode)
{
	u32 bits = s->bytes * 8, which = opcode << 2 | (u32)s->u << 1 | a;
	static const u8 scalars[] = { 3 << 2,	  4 << 2,     7 << 2,	  7 << 2 | 1, 4 << 2 | 2,
				      4 << 2 | 3, 5 << 2 | 2, 5 << 2 | 3, 2 << 2 | 3 };
	bool pairwise = (opcode == 0 || opcode == 6 || (opcode == 2 && !a)) && s->u, found = false;

	for (u32 i = 0; i < ARRAY_SIZE(scalars); i++)
		found |= scalars[i] == which;
	if (s->scalar && !found)
		return false;
	for (u32 i = 0; i < s->elements; i++) {
		u64 x = pairwise ? concatenated(s, 2 * i) : simd_n(s, i), value;
		u64 y = pairwise ? concatenated(s, 2 * i + 1) : simd_m(s, i), d = simd_d(s, i);

		switch (which) {
		case 0 << 2:
		case 0 << 2 | 2:
			value = fp_max_number(&s->fp, bits, x, y);
			break;
		case 0 << 2 | 1:
		case 0 << 2 | 3:
			value = fp_min_number(&s->fp, bits, x, y);
			break;
		case 1 << 2:
			value = fp_multiply_add(&s->fp, bits, d, x, y);
			break;
		case 1 << 2 | 1:
			value = fp_multiply_add(&s->fp, bits, d, fp_negate(bits, x), y);
			break;
		case 2 << 2:
		case 2 << 2 | 2:
			value = fp_add(&s->fp, bits, x, y);
			break;
		case 2 << 2 | 1:
			value = fp_subtract(&s->fp, bits, x, y);
			break;
		case 2 << 2 | 3:
			value = fp_absolute(bits, fp_subtract(&s->fp, bits, x, y));
			break;
		case 3 << 2:
			value = fp_multiply_extended(&s->fp, bits, x, y);
			break;
		case 3 << 2 | 2:
			value = fp_multiply(&s->fp, bits, x, y);
			break;
		case 4 << 2:
			value = fp_equal(&s->fp, bits, x, y) ? ~0ull : 0;
			break;
		case 4 << 2 | 2:
			value = fp_greater_equal(&s->fp, bits, x, y) ? ~0ull : 0;
			break;
		case 4 << 2 | 3:
			value = fp_greater(&s->fp, bits, x, y) ? ~0ull : 0;
			break;
		case 5 << 2 | 2:
			value = fp_greater_equal(&s->fp, bits, fp_absolute(bits, x),
						 fp_absolute(bits, y))
					? ~0ull
					: 0;
			break;
		case 5 << 2 | 3:
			value = fp_greater(&s->fp, bits, fp_absolute(bits, x), fp_absolute(bits, y))
					? ~0ull
					: 0;
			break;
		case 6 << 2:
		case 6 << 2 | 2:
			value = fp_max(&s->fp, bits, x, y);
			break;
		case 6 << 2 | 1:
		case 6 << 2 | 3:
			value = fp_min(&s->fp, bits, x, y);
			break;
		case 7 << 2:
			value = fp_reciprocal_step(&s->fp, bits, x, y);
			break;
		case 7 << 2 | 1:
			value = fp_reciprocal_root_step(&s->fp, bits, x, y);
			break;
		case 7 << 2 | 2:
			value = fp_divide(&s->fp, bits, x, y);
			break;
		default:
			return false;
		}
		simd_put(s, s->bytes, i, value);
	}
	return true;
}

/* FMLAL, FMLSL: half-precision products added to single precision; FMLAL2, FMLSL2 of the upper halves. */
static enum a64_result multiply_add_long(struct simd *s)
{
	bool upper = s->u, subtract = s->size & 2;

	if (s->size & 1)
		return A64_UNDEFINED;
	simd_set_bytes(s, 4);
	for (u32 i = 0; i < s->elements; i++) {
		u32 from = i + (upper ? s->elements : 0);
		u64 a = a64_element(s->r, s->n, 2, from);

		simd_put(s, 4, i,
			 a64_multiply_add_long(&s->fp, simd_d(s, i),
					       subtract ? fp_negate(16, a) : a,
					       a64_element(s->r, s->m, 2, from)));
	}
	return simd_done(s);
}

enum a64_result a64_simd_same(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);

	s.opcode = a64_field(insn, 15, 11);
	if (s.opcode >= 0x18) {
		if (!s.scalar && ((s.opcode == 0x1d && !s.u) || (s.opcode == 0x19 && s.u)))
			return multiply_add_long(&s);
		simd_set_bytes(&s, s.size & 1 ? 8 : 4);
		if (!s.scalar && !s.q && s.bytes == 8)
			return A64_UNDEFINED;
		return floating(&s, s.size & 2, s.opcode & 7) ? simd_done(&s) : A64_UNDEFINED;
	}
	if (s.opcode == 3) {
		if (s.scalar)
			return A64_UNDEFINED;
		bitwise(&s);
		return simd_done(&s);
	}
	if (!(sizes(&s) >> s.size & 1) || (!s.scalar && !s.q && s.size == 3))
		return A64_UNDEFINED;
	for (u32 i = 0; i < s.elements; i++) {
		bool pairwise = s.opcode == 0x14 || s.opcode == 0x15 || s.opcode == 0x17;
		u64 a = pairwise ? concatenated(&s, 2 * i) : simd_n(&s, i);
		u64 b = pairwise ? concatenated(&s, 2 * i + 1) : simd_m(&s, i);

		simd_put(&s, s.bytes, i, integer(&s, a, b, simd_d(&s, i)));
	}
	return simd_done(&s);
}

/* Half precision: bit 23 is a, the opcode bits 13-11. */
enum a64_result a64_simd_same_half(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);

	simd_set_bytes(&s, 2);
	return floating(&s, a64_field(insn, 23, 23), a64_field(insn, 13, 11)) ? simd_done(&s)
									      : A64_UNDEFINED;
}

static u64 round_doubling_accumulate(struct simd *s, u32 i, bool subtract)
{
	return doubling_high(s, simd_n(s, i), simd_m(s, i),
			     simd_number(simd_d(s, i), s->bytes * 8, false), subtract, true);
}

static s128 dot(const struct simd *s, u32 i, u32 m_at, u32 count, bool n_unsigned, bool m_unsigned,
		u32 n_at)
{
	s128 sum = 0;

	(void)i;
	for (u32 e = 0; e < count; e++)
		sum += simd_number(a64_element(s->r, s->n, 1, n_at + e), 8, n_unsigned) *
		       simd_number(a64_element(s->r, s->m, 1, m_at + e), 8, m_unsigned);
	return sum;
}

/* FCMLA: part of a product of complex numbers, by the rotation. */
static void complex_multiply_add(struct simd *s, u32 rotation)
{
	u32 bits = s->bytes * 8;

	for (u32 e = 0; e < s->elements; e += 2) {
		bool odd = rotation & 1;
		u64 a = simd_n(s, e + odd), real = simd_m(s, e + odd);
		u64 imaginary = simd_m(s, e + !odd);

		if (rotation == 1 || rotation == 2)
			real = fp_negate(bits, real);
		if (rotation == 2 || rotation == 3)
			imaginary = fp_negate(bits, imaginary);
		simd_put(s, s->bytes, e, fp_multiply_add(&s->fp, bits, simd_d(s, e), a, real));
		simd_put(s, s->bytes, e + 1,
			 fp_multiply_add(&s->fp, bits, simd_d(s, e + 1), a, imaginary));
	}
}

static void complex_add(struct simd *s, bool by_270)
{
	u32 bits = s->bytes * 8;

	for (u32 e = 0; e < s->elements; e += 2) {
		u64 real = simd_m(s, e), imaginary = simd_m(s, e + 1);

		if (by_270)
			real = fp_negate(bits, real);
		else
			imaginary = fp_negate(bits, imaginary);
		simd_put(s, s->bytes, e, fp_add(&s->fp, bits, simd_n(s, e), imaginary));
		simd_put(s, s->bytes, e + 1, fp_add(&s->fp, bits, simd_n(s, e + 1), real));
	}
}

/* SQRDMLAH, dot products, matrix products, complex numbers; opcode is bits 14-11. */
enum a64_result a64_simd_same_extra(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);
	u32 opcode = a64_field(insn, 14, 11);

	switch (opcode) {
	case 0:
	case 1:
		if (s.size == 0 || s.size == 3 || !s.u)
			return A64_UNDEFINED;
		for (u32 i = 0; i < s.elements; i++)
			simd_put(&s, s.bytes, i, round_doubling_accumulate(&s, i, opcode));
		return simd_done(&s);
	case 2: /* SDOT, UDOT */
	case 3: /* USDOT */
		if (s.size != 2 || s.scalar)
			return A64_UNDEFINED;
		for (u32 i = 0; i < s.elements; i++)
			simd_put(&s, 4, i,
				 simd_d(&s, i) + (u64)dot(&s, i, 4 * i, 4, s.u || opcode == 3,
							  s.u && opcode == 2, 4 * i));
		return simd_done(&s);
	case 4: /* SMMLA, UMMLA */
	case 5: /* USMMLA */
		for (u32 i = 0; i < 4; i++)
			simd_put(&s, 4, i,
				 a64_element(r, s.d, 4, i) +
					 (u64)dot(&s, i, 8 * (i & 1), 8, s.u || opcode == 5,
						  s.u && opcode == 4, 8 * (i >> 1)));
		return simd_done(&s);
	case 8 ... 11:
	case 12:
	case 14:
		if (s.size == 0 || (s.size == 3 && !s.q) || s.scalar)
			return A64_UNDEFINED;
		if (opcode < 12)
			complex_multiply_add(&s, opcode & 3);
		else
			complex_add(&s, opcode & 2);
		return simd_done(&s);
	default:
		return A64_UNDEFINED;
	}
}
