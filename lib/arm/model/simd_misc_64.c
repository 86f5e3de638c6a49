/* SPDX-License-Identifier: MIT */
/* Advanced SIMD with one source: two-register miscellaneous, pairwise of a scalar, across lanes. */
#include <model/simd.h>

#include <model/alu.h>

static u32 count_sign_bits(u64 value, u32 bits)
{
	u32 count = 0;

	while (count < bits - 1 && (value >> (bits - 2 - count) & 1) == (value >> (bits - 1) & 1))
		count++;
	return count;
}

static u32 count_bits(u64 value)
{
	u32 count = 0;

	for (; value; value &= value - 1)
		count++;
	return count;
}

/* REV64, REV32, REV16: containers of so many bytes. */
static enum a64_result reverse(struct simd *s, u32 container)
{
	u32 each = container / s->bytes;

	if (s->scalar || s->bytes >= container)
		return A64_UNDEFINED;
	for (u32 i = 0; i < s->elements; i++)
		simd_put(s, s->bytes, i / each * each + each - 1 - i % each, simd_n(s, i));
	return simd_done(s);
}

/* SADDLP, UADDLP, SADALP, UADALP */
static enum a64_result add_long_pairwise(struct simd *s, bool accumulate)
{
	u32 bits = s->bytes * 8;

	if (s->scalar || s->size == 3)
		return A64_UNDEFINED;
	for (u32 i = 0; i < s->elements / 2; i++) {
		s128 sum = simd_number(simd_n(s, 2 * i), bits, s->u) +
			   simd_number(simd_n(s, 2 * i + 1), bits, s->u);

		if (accumulate)
			sum += a64_element(s->r, s->d, 2 * s->bytes, i);
		simd_put(s, 2 * s->bytes, i, (u64)sum);
	}
	return simd_done(s);
}

/* XTN, SQXTUN, SQXTN, UQXTN; the result in the lower or, with Q, the upper half. */
static enum a64_result narrow(struct simd *s, bool saturate)
{
	u32 bits = s->bytes * 8, count = s->scalar ? 1 : 8 / s->bytes;
	bool upper = s->q && !s->scalar;

	if (s->size == 3 || (s->scalar && !saturate && !s->u))
		return A64_UNDEFINED;
	if (upper)
		s->out[0] = s->r->v[s->d][0];
	for (u32 i = 0; i < count; i++) {
		u64 a = a64_element(s->r, s->n, 2 * s->bytes, i), value = a;

		if (saturate) /* SQXTN, UQXTN */
			value = simd_saturate(s, simd_number(a, 2 * bits, s->u), bits, s->u);
		else if (s->u) /* SQXTUN */
			value = simd_saturate(s, simd_number(a, 2 * bits, false), bits, true);
		simd_put(s, s->bytes, i + (upper ? count : 0), value);
	}
	return simd_done(s);
}

static enum a64_result shift_left_long(struct simd *s)
{
	u32 bits = s->bytes * 8, count = 8 / s->bytes;

	if (s->scalar || s->size == 3)
		return A64_UNDEFINED;
	for (u32 i = 0; i < count; i++)
		simd_put(s, 2 * s->bytes, i, simd_n(s, i + (s->q ? count : 0)) << bits);
	return simd_done(s);
}

/* What takes an element and gives one; false where there is no such operation. */
static bool element(struct simd *s, u64 a, u64 d, u64 *value)
{
	u32 bits = s->bytes * 8;
	s128 x = simd_number(a, bits, false);

	switch (s->opcode) {
	case 3: /* SUQADD, USQADD */
		*value = simd_saturate(s, simd_number(a, bits, !s->u) + simd_number(d, bits, s->u),
				       bits, s->u);
		return true;
	case 4: /* CLS, CLZ */
		*value = s->u ? model_count_leading_zeros(a, bits) : count_sign_bits(a, bits);
		return !s->scalar && s->size != 3;
	case 5: /* CNT, NOT, RBIT */
		*value = !s->u ? count_bits(a) : s->size ? model_reverse_bits(a, 8) : ~a;
		return !s->scalar && (s->size == 0 || (s->u && s->size == 1));
	case 7: /* SQABS, SQNEG */
		*value = simd_saturate(s, s->u || x < 0 ? -x : x, bits, false);
		return true;
	case 8: /* CMGT, CMGE */
		*value = x > 0 || (s->u && x == 0) ? ~0ull : 0;
		break;
	case 9: /* CMEQ, CMLE */
		*value = x == 0 || (s->u && x < 0) ? ~0ull : 0;
		break;
	case 10: /* CMLT */
		*value = x < 0 ? ~0ull : 0;
		if (s->u)
			return false;
		break;
	case 11: /* ABS, NEG */
		*value = (u64)(s->u || x < 0 ? -x : x);
		break;
	default:
		return false;
	}
	return !s->scalar || s->size == 3;
}

/* One element; a is bit 23. */
static bool floating(struct simd *s, bool a, u64 x, u64 *value)
{
	static const enum fp_rounding roundings[] = { FP_TIEEVEN, FP_NEGINF, FP_POSINF, FP_ZERO };
	u32 bits = s->bytes * 8, opcode = s->opcode;
	struct fp_context *c = &s->fp;

	switch (opcode | (u32)a << 5) {
	case 0x18: /* FRINTN, FRINTA */
		*value = fp_round_to_integer(c, bits, x, s->u ? FP_TIEAWAY : FP_TIEEVEN, false);
		return !s->scalar;
	case 0x19: /* FRINTM, FRINTX */
		*value = fp_round_to_integer(c, bits, x, s->u ? c->rounding : FP_NEGINF, s->u);
		return !s->scalar;
	case 0x38: /* FRINTP */
		*value = fp_round_to_integer(c, bits, x, FP_POSINF, false);
		return !s->scalar && !s->u;
	case 0x39: /* FRINTZ, FRINTI */
		*value = fp_round_to_integer(c, bits, x, s->u ? c->rounding : FP_ZERO, false);
		return !s->scalar;
	case 0x1e: /* FRINT32Z, FRINT32X */
	case 0x1f: /* FRINT64Z, FRINT64X */
		*value = fp_round_to_sized(c, bits, x, s->u ? c->rounding : FP_ZERO,
					   opcode & 1 ? 64 : 32);
		return !s->scalar && bits != 16;
	case 0x1a: /* FCVTNS, FCVTNU */
	case 0x1b: /* FCVTMS, FCVTMU */
	case 0x3a: /* FCVTPS, FCVTPU */
	case 0x3b: /* FCVTZS, FCVTZU */
		*value = fp_to_fixed(c, bits, x, 0, s->u, roundings[(opcode & 1) | (u32)a << 1],
				     bits);
		return true;
	case 0x1c: /* FCVTAS, FCVTAU */
		*value = fp_to_fixed(c, bits, x, 0, s->u, FP_TIEAWAY, bits);
		return true;
	case 0x1d: /* SCVTF, UCVTF */
		*value = fp_from_fixed(c, bits, x, 0, s->u, bits);
		return true;
	case 0x2c: /* FCMGT, FCMGE */
		*value = (s->u ? fp_greater_equal(c, bits, x, 0) : fp_greater(c, bits, x, 0))
				 ? ~0ull
				 : 0;
		return true;
	case 0x2d: /* FCMEQ, FCMLE */
		*value = (s->u ? fp_greater_equal(c, bits, 0, x) : fp_equal(c, bits, x, 0)) ? ~0ull
											    : 0;
		return true;
	case 0x2e: /* FCMLT */
		*value = fp_greater(c, bits, 0, x) ? ~0ull : 0;
		return !s->u;
	case 0x2f: /* FABS, FNEG */
		*value = s->u ? fp_negate(bits, x) : fp_absolute(bits, x);
		return !s->scalar;
	case 0x3c: /* URECPE, URSQRTE */
		*value = s->u ? fp_unsigned_reciprocal_root_estimate((u32)x)
			      : fp_unsigned_reciprocal_estimate((u32)x);
		return !s->scalar && bits == 32;
	case 0x3d: /* FRECPE, FRSQRTE */
		*value = s->u ? fp_reciprocal_root_estimate(c, bits, x)
			      : fp_reciprocal_estimate(c, bits, x);
		return true;
	case 0x3f: /* FRECPX, FSQRT */
		*value = s->u ? fp_square_root(c, bits, x) : fp_reciprocal_exponent(c, bits, x);
		return s->u != s->scalar;
	default:
		return false;
	}
}

/* FCVTN, FCVTXN, FCVTL */
static enum a64_result convert(struct simd *s, bool to_wide, bool to_odd)
{
	u32 bytes = s->size & 1 ? 4 : 2, bits = bytes * 8, count = s->scalar ? 1 : 8 / bytes;
	bool upper = s->q && !s->scalar;

	if ((to_odd && bytes == 2) || (s->scalar && !to_odd) || (to_wide && s->u))
		return A64_UNDEFINED;
	if (upper && !to_wide)
		s->out[0] = s->r->v[s->d][0];
	for (u32 i = 0; i < count; i++) {
		u32 at = i + (upper ? count : 0);

		if (to_wide)
			simd_put(s, 2 * bytes, i,
				 fp_convert(&s->fp, bits, 2 * bits,
					    a64_element(s->r, s->n, bytes, at), s->fp.rounding));
		else
			simd_put(s, bytes, at,
				 fp_convert(&s->fp, 2 * bits, bits,
					    a64_element(s->r, s->n, 2 * bytes, i),
					    to_odd ? FP_ODD : s->fp.rounding));
	}
	return simd_done(s);
}

static enum a64_result all_floating(struct simd *s, bool a)
{
	for (u32 i = 0; i < s->elements; i++) {
		u64 value;

		if (!floating(s, a, simd_n(s, i), &value))
			return A64_UNDEFINED;
		simd_put(s, s->bytes, i, value);
	}
	return simd_done(s);
}

enum a64_result a64_simd_misc(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);
	bool a = s.size & 2;

	s.opcode = a64_field(insn, 16, 12);
	switch (s.opcode) {
	case 0:
		return reverse(&s, s.u ? 4 : 8);
	case 1:
		return s.u ? A64_UNDEFINED : reverse(&s, 2);
	case 2:
	case 6:
		return add_long_pairwise(&s, s.opcode == 6);
	case 0x12:
		return narrow(&s, false);
	case 0x14:
		return narrow(&s, true);
	case 0x13:
		return s.u ? shift_left_long(&s) : A64_UNDEFINED;
	case 0x16:
		return a ? A64_UNDEFINED : convert(&s, false, s.u);
	case 0x17:
		return a ? A64_UNDEFINED : convert(&s, true, false);
	default:
		break;
	}
	if (s.opcode >= 0x18 || (s.opcode >= 12 && s.opcode < 16)) {
		simd_set_bytes(&s, s.size & 1 ? 8 : 4);
		if (!s.scalar && !s.q && s.bytes == 8)
			return A64_UNDEFINED;
		return all_floating(&s, a);
	}
	if (!s.scalar && !s.q && s.size == 3)
		return A64_UNDEFINED;
	if (s.opcode == 5)
		simd_set_bytes(&s, 1);
	for (u32 i = 0; i < s.elements; i++) {
		u64 value;

		if (!element(&s, simd_n(&s, i), simd_d(&s, i), &value))
			return A64_UNDEFINED;
		simd_put(&s, s.bytes, i, value);
	}
	return simd_done(&s);
}

enum a64_result a64_simd_misc_half(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);

	s.opcode = a64_field(insn, 16, 12);
	simd_set_bytes(&s, 2);
	return all_floating(&s, a64_field(insn, 23, 23));
}

/* ADDP, FADDP, FMAXP... of the two elements of a vector. */
enum a64_result a64_simd_pairwise_scalar(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);
	u32 opcode = a64_field(insn, 16, 12), bits;
	bool minimum = s.size & 2;
	u64 a, b, value;

	if (opcode == 0x1b) {
		if (s.size != 3 || s.u)
			return A64_UNDEFINED;
		simd_put(&s, 8, 0, simd_n(&s, 0) + simd_n(&s, 1));
		return simd_done(&s);
	}
	if (s.u)
		simd_set_bytes(&s, s.size & 1 ? 8 : 4);
	else if (s.size & 1)
		return A64_UNDEFINED;
	else
		simd_set_bytes(&s, 2);
	bits = s.bytes * 8;
	a = simd_n(&s, 0);
	b = simd_n(&s, 1);
	switch (opcode) {
	case 0x0c:
		value = minimum ? fp_min_number(&s.fp, bits, a, b)
				: fp_max_number(&s.fp, bits, a, b);
		break;
	case 0x0d:
		if (minimum)
			return A64_UNDEFINED;
		value = fp_add(&s.fp, bits, a, b);
		break;
	case 0x0f:
		value = minimum ? fp_min(&s.fp, bits, a, b) : fp_max(&s.fp, bits, a, b);
		break;
	default:
		return A64_UNDEFINED;
	}
	simd_put(&s, s.bytes, 0, value);
	return simd_done(&s);
}

/* Reduce(): the halves first, then these. */
static u64 reduce(struct simd *s, u32 from, u32 count,
		  u64 (*step)(struct fp_context *, u32, u64, u64))
{
	if (count == 1)
		return simd_n(s, from);
	return step(&s->fp, s->bytes * 8, reduce(s, from, count / 2, step),
		    reduce(s, from + count / 2, count / 2, step));
}

enum a64_result a64_simd_across(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);
	u32 opcode = a64_field(insn, 16, 12), bits = s.bytes * 8;
	bool minimum;
	s128 value;

	if (opcode == 0x0c || opcode == 0x0f) {
		minimum = s.size & 2;
		if ((s.size & 1) || (s.u && !s.q))
			return A64_UNDEFINED;
		simd_set_bytes(&s, s.u ? 4 : 2);
		simd_put(&s, s.bytes, 0,
			 reduce(&s, 0, s.elements,
				opcode == 0x0c ? (minimum ? fp_min_number : fp_max_number)
					       : (minimum ? fp_min : fp_max)));
		return simd_done(&s);
	}
	if (s.size == 3 || (s.size == 2 && !s.q))
		return A64_UNDEFINED;
	value = simd_number(simd_n(&s, 0), bits, s.u);
	for (u32 i = 1; i < s.elements; i++) {
		s128 a = simd_number(simd_n(&s, i), bits, s.u);

		switch (opcode) {
		case 0x03:
		case 0x1b:
			value += a;
			break;
		case 0x0a:
			value = a > value ? a : value;
			break;
		case 0x1a:
			value = a < value ? a : value;
			break;
		default:
			return A64_UNDEFINED;
		}
	}
	if (opcode == 0x1b && s.u)
		return A64_UNDEFINED;
	simd_put(&s, opcode == 0x03 ? 2 * s.bytes : s.bytes, 0, (u64)value);
	return simd_done(&s);
}
