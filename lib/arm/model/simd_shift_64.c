/* SPDX-License-Identifier: MIT */
/* Advanced SIMD shift by immediate. */
#include <model/simd.h>

/* SHRN and others, RSHRN with `round`: to half the width. */
static enum a64_result narrow(struct simd *s, u32 by, bool round, bool saturate, bool to_unsigned)
{
	u32 bits = s->bytes * 8, count = s->scalar ? 1 : 8 / s->bytes;
	bool upper = s->q && !s->scalar, from_unsigned = s->u && !to_unsigned;

	if (upper)
		s->out[0] = s->r->v[s->d][0];
	for (u32 i = 0; i < count; i++) {
		s128 value = simd_number(a64_element(s->r, s->n, 2 * s->bytes, i), 2 * bits,
					 from_unsigned);

		if (round)
			value += (s128)1 << (by - 1);
		value >>= by;
		simd_put(s, s->bytes, i + (upper ? count : 0),
			 saturate ? simd_saturate(s, value, bits, s->u || to_unsigned)
				  : (u64)value);
	}
	return simd_done(s);
}

static u64 element(struct simd *s, u64 a, u64 d, u32 right, u32 left)
{
	u32 bits = s->bytes * 8;
	s128 x = simd_number(a, bits, s->u);
	u64 mask;

	switch (s->opcode) {
	case 0x00:
		return (u64)(x >> right);
	case 0x02:
		return d + (u64)(x >> right);
	case 0x04:
		return (u64)((x + ((s128)1 << (right - 1))) >> right);
	case 0x06:
		return d + (u64)((x + ((s128)1 << (right - 1))) >> right);
	case 0x08: /* SRI */
		mask = right == 64 ? 0 : BITS(bits - 1, 0) >> right;
		return (d & ~mask) | (right == 64 ? 0 : a >> right & mask);
	case 0x0a: /* SHL, SLI */
		mask = ~0ull << left;
		return a << left | (s->u ? d & ~mask : 0);
	case 0x0c: /* SQSHLU */
		return simd_saturate(s, simd_number(a, bits, false) << left, bits, true);
	default: /* SQSHL, UQSHL */
		return simd_saturate(s, x << left, bits, s->u);
	}
}

/* Whether the opcode exists with U, and for scalars whether of all sizes (2) or of 64 bits alone (1). */
static u32 scalar_forms(const struct simd *s)
{
	switch (s->opcode) {
	case 0x00:
	case 0x02:
	case 0x04:
	case 0x06:
	case 0x0a:
		return 1;
	case 0x08:
		return s->u;
	case 0x0c:
		return s->u ? 2 : 0;
	case 0x0e:
		return 2;
	default:
		return 0;
	}
}

static enum a64_result fixed_point(struct simd *s, u32 immhb, bool to_integer)
{
	u32 bits;

	if (!(immhb >> 4))
		return A64_UNDEFINED;
	simd_set_bytes(s, immhb & 64 ? 8 : immhb & 32 ? 4 : 2);
	bits = s->bytes * 8;
	if (s->bytes == 8 && !s->q && !s->scalar)
		return A64_UNDEFINED;
	for (u32 i = 0; i < s->elements; i++)
		simd_put(s, s->bytes, i,
			 to_integer ? fp_to_fixed(&s->fp, bits, simd_n(s, i), 2 * bits - immhb,
						  s->u, FP_ZERO, bits)
				    : fp_from_fixed(&s->fp, bits, simd_n(s, i), 2 * bits - immhb,
						    s->u, bits));
	return simd_done(s);
}

enum a64_result a64_simd_shift(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);
	u32 immhb = a64_field(insn, 22, 16), size = 0, bits, right, left, count;

	s.opcode = a64_field(insn, 15, 11);
	if (immhb < 8)
		return A64_UNDEFINED; /* of vectors, that is the class of modified immediates */
	if (s.opcode == 0x1c || s.opcode == 0x1f)
		return fixed_point(&s, immhb, s.opcode == 0x1f);
	while (immhb >> (size + 4))
		size++;
	s.size = size;
	simd_set_bytes(&s, 1u << size);
	bits = s.bytes * 8;
	right = 2 * bits - immhb;
	left = immhb - bits;
	switch (s.opcode) {
	case 0x10: /* SHRN, SQSHRUN */
	case 0x11: /* RSHRN, SQRSHRUN */
		if (size == 3 || (s.scalar && !s.u))
			return A64_UNDEFINED;
		return narrow(&s, right, s.opcode & 1, s.u, s.u);
	case 0x12:
	case 0x13:
		if (size == 3)
			return A64_UNDEFINED;
		return narrow(&s, right, s.opcode & 1, true, false);
	case 0x14: /* SSHLL, USHLL */
		if (size == 3 || s.scalar)
			return A64_UNDEFINED;
		count = 8 / s.bytes;
		for (u32 i = 0; i < count; i++)
			simd_put(&s, 2 * s.bytes, i,
				 (u64)(simd_number(simd_n(&s, i + (s.q ? count : 0)), bits, s.u)
				       << left));
		return simd_done(&s);
	default:
		break;
	}
	if (s.opcode > 0x0e || (s.opcode & 1) || (!s.u && (s.opcode == 0x08 || s.opcode == 0x0c)))
		return A64_UNDEFINED;
	if (s.scalar ? scalar_forms(&s) == 0 || (scalar_forms(&s) == 1 && size != 3)
		     : size == 3 && !s.q)
		return A64_UNDEFINED;
	for (u32 i = 0; i < s.elements; i++)
		simd_put(&s, s.bytes, i, element(&s, simd_n(&s, i), simd_d(&s, i), right, left));
	return simd_done(&s);
}
