/* SPDX-License-Identifier: MIT */
/*
 * Floating point and Advanced SIMD of A32: DDI 0487, F4.1.5 to F4.1.10. S<n> and D<n> are parts of V registers as EL1 in
 * AArch64 sees them: G1.19.2. Only for 64 bits, whose compilers have integers of 128.
 */
#include <model/a32.h>

#include <model/a32_vector.h>
#include <model/alu.h>
#include <model/fp.h>

struct operands {
	u32 size, d;
	u64 n, m, old;
	struct fp_context fp;
};

static struct operands decode(u32 insn, const struct arm_registers *r)
{
	bool is_single = !(insn & BIT(8));
	struct operands o = { .size = is_single ? 32 : 64, .fp = fp_context(r->fpcr) };

	o.d = a32_vector_number(insn, 12, 22, is_single);
	o.old = a32_vector_get(r, o.size, o.d);
	o.n = a32_vector_get(r, o.size, a32_vector_number(insn, 16, 7, is_single));
	o.m = a32_vector_get(r, o.size, a32_vector_number(insn, 0, 5, is_single));
	return o;
}

static enum a64_result done(struct operands *o, struct arm_registers *r, u64 value)
{
	a32_vector_put(r, o->size, o->d, value);
	r->fpsr |= o->fp.fpsr;
	return A64_DONE;
}

/* VMLA and others: by bits 23, 21, 20 and 6. */
enum a64_result a32_fp_three(u32 insn, struct arm_registers *r)
{
	struct operands o = decode(insn, r);
	struct fp_context *c = &o.fp;
	u32 op = (insn >> 21 & 4) | (insn >> 20 & 3), size = o.size;
	bool alternative = insn & BIT(6);
	u64 product;

	if (!a32_fp_holds(insn, r))
		return A64_DONE;
	switch (op) {
	case 0: /* VMLA, VMLS */
		product = fp_multiply(c, size, o.n, o.m);
		return done(
			&o, r,
			fp_add(c, size, o.old, alternative ? fp_negate(size, product) : product));
	case 1: /* VNMLS, VNMLA */
		product = fp_multiply(c, size, o.n, o.m);
		return done(&o, r,
			    fp_add(c, size, fp_negate(size, o.old),
				   alternative ? fp_negate(size, product) : product));
	case 2: /* VMUL, VNMUL */
		product = fp_multiply(c, size, o.n, o.m);
		return done(&o, r, alternative ? fp_negate(size, product) : product);
	case 3:
		return done(&o, r,
			    alternative ? fp_subtract(c, size, o.n, o.m)
					: fp_add(c, size, o.n, o.m));
	case 4:
		if (alternative)
			return A64_UNDEFINED;
		return done(&o, r, fp_divide(c, size, o.n, o.m));
	case 5: /* VFNMS, VFNMA */
		return done(&o, r,
			    fp_multiply_add(c, size, fp_negate(size, o.old),
					    alternative ? fp_negate(size, o.n) : o.n, o.m));
	default: /* VFMA, VFMS */
		return done(&o, r,
			    fp_multiply_add(c, size, o.old,
					    alternative ? fp_negate(size, o.n) : o.n, o.m));
	}
}

/* VMOV, VABS, VNEG, VSQRT, VRINTR, VRINTZ, VRINTX: by bits 19-16 and 7. */
enum a64_result a32_fp_two(u32 insn, struct arm_registers *r)
{
	struct operands o = decode(insn, r);
	u32 op = (insn >> 15 & 0x1e) | (insn >> 7 & 1);

	if (!a32_fp_holds(insn, r))
		return A64_DONE;
	switch (op) {
	case 0:
		return done(&o, r, o.m);
	case 1:
		return done(&o, r, fp_absolute(o.size, o.m));
	case 2:
		return done(&o, r, fp_negate(o.size, o.m));
	case 3:
		return done(&o, r, fp_square_root(&o.fp, o.size, o.m));
	case 12:
		return done(&o, r, fp_round_to_integer(&o.fp, o.size, o.m, o.fp.rounding, false));
	case 13:
		return done(&o, r, fp_round_to_integer(&o.fp, o.size, o.m, FP_ZERO, false));
	case 14:
		return done(&o, r, fp_round_to_integer(&o.fp, o.size, o.m, o.fp.rounding, true));
	default:
		return A64_UNPREDICTABLE;
	}
}

/* VRINTA, VRINTN, VRINTP, VRINTM: bits 17-16. */
enum a64_result a32_fp_round(u32 insn, struct arm_registers *r)
{
	static const enum fp_rounding modes[4] = { FP_TIEAWAY, FP_TIEEVEN, FP_POSINF, FP_NEGINF };
	struct operands o = decode(insn, r);

	return done(&o, r, fp_round_to_integer(&o.fp, o.size, o.m, modes[insn >> 16 & 3], false));
}

/* VCMP, VCMPE, with a register or, bit 16, zero: FPSCR's flags. */
enum a64_result a32_fp_compare(u32 insn, struct arm_registers *r)
{
	struct operands o = decode(insn, r);
	u64 flags;

	if (!a32_fp_holds(insn, r))
		return A64_DONE;
	flags = fp_compare(&o.fp, o.size, o.old, insn & BIT(16) ? 0 : o.m, insn & BIT(7));
	r->fpsr = (r->fpsr & ~A32_FPSCR_NZCV) | flags | o.fp.fpsr;
	return A64_DONE;
}

/* VCVT between single and double precision. */
enum a64_result a32_fp_convert(u32 insn, struct arm_registers *r)
{
	bool from_double = insn & BIT(8);
	struct fp_context c = fp_context(r->fpcr);
	u32 from = from_double ? 64 : 32, to = from_double ? 32 : 64;
	u64 m = a32_vector_get(r, from, a32_vector_number(insn, 0, 5, !from_double)), value;

	if (!a32_fp_holds(insn, r))
		return A64_DONE;
	value = fp_convert(&c, from, to, m, c.rounding);
	a32_vector_put(r, to, a32_vector_number(insn, 12, 22, from_double), value);
	r->fpsr |= c.fpsr;
	return A64_DONE;
}

/* VCVT of integers to floating point (bit 18 clear) and, with bit 7 towards zero, back. */
enum a64_result a32_fp_integer(u32 insn, struct arm_registers *r)
{
	struct fp_context c = fp_context(r->fpcr);
	bool is_single = !(insn & BIT(8));
	u32 size = is_single ? 32 : 64;

	if (!a32_fp_holds(insn, r))
		return A64_DONE;
	if (insn & BIT(18)) {
		u64 m = a32_vector_get(r, size, a32_vector_number(insn, 0, 5, is_single));

		a32_vector_put(r, 32, a32_vector_number(insn, 12, 22, true),
			       fp_to_fixed(&c, size, m, 0, !(insn & BIT(16)),
					   insn & BIT(7) ? FP_ZERO : c.rounding, 32));
	} else {
		u64 m = a32_vector_get(r, 32, a32_vector_number(insn, 0, 5, true));

		a32_vector_put(r, size, a32_vector_number(insn, 12, 22, is_single),
			       fp_from_fixed(&c, size, m, 0, !(insn & BIT(7)), 32));
	}
	r->fpsr |= c.fpsr;
	return A64_DONE;
}

/* VCVTA, VCVTN, VCVTP, VCVTM: bits 17-16, bit 7 signed. */
enum a64_result a32_fp_integer_round(u32 insn, struct arm_registers *r)
{
	static const enum fp_rounding modes[4] = { FP_TIEAWAY, FP_TIEEVEN, FP_POSINF, FP_NEGINF };
	struct fp_context c = fp_context(r->fpcr);
	bool is_single = !(insn & BIT(8));
	u32 size = is_single ? 32 : 64;
	u64 m = a32_vector_get(r, size, a32_vector_number(insn, 0, 5, is_single));

	a32_vector_put(r, 32, a32_vector_number(insn, 12, 22, true),
		       fp_to_fixed(&c, size, m, 0, !(insn & BIT(7)), modes[insn >> 16 & 3], 32));
	r->fpsr |= c.fpsr;
	return A64_DONE;
}

/* VSEL: bits 21-20. */
enum a64_result a32_fp_select(u32 insn, struct arm_registers *r)
{
	static const u32 conditions[4] = { 0, 6, 10, 12 };
	struct operands o = decode(insn, r);

	return done(&o, r,
		    model_condition(conditions[insn >> 20 & 3], (u32)(r->pstate & FLAGS)) ? o.n
											  : o.m);
}

/* VMAXNM, VMINNM: bit 6. */
enum a64_result a32_fp_max(u32 insn, struct arm_registers *r)
{
	struct operands o = decode(insn, r);

	return done(&o, r,
		    insn & BIT(6) ? fp_min_number(&o.fp, o.size, o.n, o.m)
				  : fp_max_number(&o.fp, o.size, o.n, o.m));
}

/* ------------------------------------------------------------------------------- Advanced SIMD */

/* Three registers of the same length, integers: bits 11-8 and 4 are the opcode of A64. */
enum a64_result a32_simd_same(u32 insn, struct arm_registers *r)
{
	u32 opcode = (insn >> 7 & 0x1e) | (insn >> 4 & 1), size = insn >> 20 & 3, d, n, m;
	bool q = insn & BIT(6), u = insn & BIT(24), shifts = opcode >= 8 && opcode < 12;
	bool pairs = opcode == 0x14 || opcode == 0x15 || opcode == 0x17;
	u32 code = 0x0e200400;

	if (!a32_vectors(insn, &d, &n, &m) || (pairs && q))
		return A64_UNDEFINED;
	/* Comparisons have no doublewords here. */
	if (size == 3 && (opcode == 6 || opcode == 7 || opcode == 0x11))
		return A64_UNDEFINED;
	if (opcode >= 0x18)
		return A64_UNPREDICTABLE;
	if (size == 3 && !q && opcode != 3)
		code = 0x5e200400; /* one doubleword is a scalar there */
	else if (q)
		code |= BIT(30);
	code |= u << 29 | size << 22 | opcode << 11;
	/* In A32 the shift's amount is Rn. */
	return a32_as_a64(a64_simd_same, code, r, q, d, shifts ? m : n, shifts ? n : m);
}

/* Three registers of the same length, single precision. */
enum a64_result a32_simd_same_fp(u32 insn, struct arm_registers *r)
{
	/* By bits 11-8 and 4 from 0b1100 on, by U and bit 21: A64's U, a and opcode, or 0xff. */
	static const struct {
		u8 op, u, a, opcode, u64_, a64;
	} table[] = {
		{ 0x19, 0, 0, 0x19, 0, 0 }, { 0x19, 0, 1, 0x19, 0, 1 }, /* VFMA, VFMS */
		{ 0x1a, 0, 0, 0x1a, 0, 0 }, { 0x1a, 0, 1, 0x1a, 0, 1 }, /* VADD, VSUB */
		{ 0x1a, 1, 0, 0x1a, 1, 0 }, { 0x1a, 1, 1, 0x1a, 1, 1 }, /* VPADD, VABD */
		{ 0x1b, 1, 0, 0x1b, 1, 0 },				/* VMUL */
		{ 0x1c, 0, 0, 0x1c, 0, 0 }, { 0x1c, 1, 0, 0x1c, 1, 0 }, /* VCEQ, VCGE */
		{ 0x1c, 1, 1, 0x1c, 1, 1 },				/* VCGT */
		{ 0x1d, 1, 0, 0x1d, 1, 0 }, { 0x1d, 1, 1, 0x1d, 1, 1 }, /* VACGE, VACGT */
		{ 0x1e, 0, 0, 0x1e, 0, 0 }, { 0x1e, 0, 1, 0x1e, 0, 1 }, /* VMAX, VMIN */
		{ 0x1e, 1, 0, 0x1e, 1, 0 }, { 0x1e, 1, 1, 0x1e, 1, 1 }, /* VPMAX, VPMIN */
		{ 0x1f, 1, 0, 0x18, 0, 0 }, { 0x1f, 1, 1, 0x18, 0, 1 }, /* VMAXNM, VMINNM */
	};
	u32 op = (insn >> 7 & 0x1e) | (insn >> 4 & 1), u = insn >> 24 & 1, a = insn >> 21 & 1, d, n,
	    m;
	bool q = insn & BIT(6);

	if (!a32_vectors(insn, &d, &n, &m))
		return A64_UNDEFINED;
	if (insn & BIT(20))
		return A64_UNPREDICTABLE; /* half precision */
	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		bool pairs = table[i].u && (op == 0x1e || (op == 0x1a && !a));

		if (table[i].op != op || table[i].u != u || table[i].a != a)
			continue;
		if (pairs && q)
			return A64_UNDEFINED;
		return a32_as_a64(a64_simd_same,
				  0x0e200400 | (q ? BIT(30) : 0) | (u32)table[i].u64_ << 29 |
					  (u32)table[i].a64 << 23 | (u32)table[i].opcode << 11,
				  r, q, d, n, m);
	}
	return A64_UNPREDICTABLE;
}

/* VMLA, VMLS of single precision: rounded twice. */
enum a64_result a32_simd_multiply_add(u32 insn, struct arm_registers *r)
{
	struct fp_context c = fp_context(A32_FPSCR_FZ | A32_FPSCR_DN);
	bool q = insn & BIT(6);
	u32 d, n, m;

	if (!a32_vectors(insn, &d, &n, &m))
		return A64_UNDEFINED;
	for (u32 i = 0; i < (q ? 4 : 2); i++) {
		u64 product = fp_multiply(&c, 32, a32_vector_get(r, 32, 2 * n + i),
					  a32_vector_get(r, 32, 2 * m + i));
		u64 sum = fp_add(&c, 32, a32_vector_get(r, 32, 2 * d + i),
				 insn & BIT(21) ? fp_negate(32, product) : product);

		a32_vector_put(r, 32, 2 * d + i, sum);
		/* What is read next is not what was written: registers may overlap only as a whole. */
	}
	r->fpsr |= c.fpsr;
	return A64_DONE;
}

/* Two registers: bits 17-16 and 10-7 are A32's opcode, of which these have one of A64. */
enum a64_result a32_simd_misc(u32 insn, struct arm_registers *r)
{
	static const struct {
		u8 op, u, opcode;
		bool fp;
	} table[] = {
		{ 0x00, 0, 0x00, false }, /* VREV64 */
		{ 0x01, 1, 0x00, false }, /* VREV32 */
		{ 0x02, 0, 0x01, false }, /* VREV16 */
		{ 0x08, 0, 0x04, false }, /* VCLS */
		{ 0x09, 1, 0x04, false }, /* VCLZ */
		{ 0x0a, 0, 0x05, false }, /* VCNT */
		{ 0x0b, 1, 0x05, false }, /* VMVN */
		{ 0x0e, 0, 0x07, false }, /* VQABS */
		{ 0x0f, 1, 0x07, false }, /* VQNEG */
		{ 0x10, 0, 0x08, false }, /* VCGT #0 */
		{ 0x11, 1, 0x08, false }, /* VCGE #0 */
		{ 0x12, 0, 0x09, false }, /* VCEQ #0 */
		{ 0x13, 1, 0x09, false }, /* VCLE #0 */
		{ 0x14, 0, 0x0a, false }, /* VCLT #0 */
		{ 0x16, 0, 0x0b, false }, /* VABS */
		{ 0x17, 1, 0x0b, false }, /* VNEG */
		{ 0x04, 0, 0x02, false }, /* VPADDL.S */
		{ 0x05, 1, 0x02, false }, /* VPADDL.U */
		{ 0x0c, 0, 0x06, false }, /* VPADAL.S */
		{ 0x0d, 1, 0x06, false }, /* VPADAL.U */
	};
	u32 op = (insn >> 12 & 0x30) | (insn >> 7 & 15), size = insn >> 18 & 3, d, n, m;
	bool q = insn & BIT(6);

	if (!a32_vectors(insn & ~(BITS(19, 16) | BIT(7)), &d, &n, &m))
		return A64_UNDEFINED;
	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].op == op) {
			u32 a64_size = size;

			if (size == 3 || (size && (op == 0x0a || op == 0x0b)))
				return A64_UNDEFINED;
			return a32_as_a64(a64_simd_misc,
					  0x0e200800 | (q ? BIT(30) : 0) | (u32)table[i].u << 29 |
						  a64_size << 22 | (u32)table[i].opcode << 12,
					  r, q, d, m, m);
		}
	return A64_UNPREDICTABLE;
}
