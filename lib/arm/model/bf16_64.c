/* SPDX-License-Identifier: MIT */
/* BFloat16: DDI 0487, C7.2, BFCVT and others; J1.3, FPConvertBF, BFDotAdd, BFMatMulAdd, with FPCR.EBF and AH clear. */
#include <model/simd.h>

/* The upper half of single precision, rounded by FPCR. */
static u64 convert(struct fp_context *c, u64 a)
{
	struct fp_value value = fp_unpack(c, 32, a);
	u32 rest = (u32)a & 0xffff, result = (u32)a >> 16;
	bool up;

	switch (value.kind) {
	case FP_KIND_QNAN:
	case FP_KIND_SNAN:
		if (value.kind == FP_KIND_SNAN)
			c->fpsr |= FPSR_IOC;
		return c->dn ? 0x7fc0 : result | 0x40;
	case FP_KIND_INFINITY:
		return result;
	case FP_KIND_ZERO:
		return result & 0x8000;
	default:
		break;
	}
	if (!rest)
		return result;
	switch (c->rounding) {
	case FP_TIEEVEN:
		up = rest > 0x8000 || (rest == 0x8000 && (result & 1));
		break;
	case FP_POSINF:
		up = !value.negative;
		break;
	case FP_NEGINF:
		up = value.negative;
		break;
	default:
		up = false;
	}
	c->fpsr |= FPSR_IXC;
	/* What is too small before rounding stays so, and is inexact. */
	if (!((u32)a & 0x7f800000))
		c->fpsr |= FPSR_UFC;
	result += up;
	if ((result & 0x7f80) == 0x7f80)
		c->fpsr |= FPSR_OFC;
	return result & 0xffff;
}

/* BFCVT: a scalar of 16 bits. */
enum a64_result a64_bf_convert(u32 insn, struct arm_registers *r)
{
	struct fp_context c = fp_context(r->fpcr);
	u64 value = convert(&c, a64_element(r, a64_field(insn, 9, 5), 4, 0));
	u32 d = a64_field(insn, 4, 0);

	r->v[d][0] = value;
	r->v[d][1] = 0;
	r->fpsr |= c.fpsr;
	return A64_DONE;
}

/* BFCVTN, BFCVTN2: four elements to the lower or the upper half. */
enum a64_result a64_bf_convert_narrow(u32 insn, struct arm_registers *r)
{
	struct fp_context c = fp_context(r->fpcr);
	u32 d = a64_field(insn, 4, 0), q = a64_field(insn, 30, 30);
	u64 out = 0;

	for (u32 i = 0; i < 4; i++)
		out |= convert(&c, a64_element(r, a64_field(insn, 9, 5), 4, i)) << 16 * i;
	r->v[d][q] = out;
	if (!q)
		r->v[d][1] = 0;
	r->fpsr |= c.fpsr;
	return A64_DONE;
}

/* To odd, flushed to zero, to infinity what is too large; no flags. */
static struct fp_context odd(void)
{
	return (struct fp_context){ .rounding = FP_ODD, .fz = true, .dn = true };
}

static u64 settled(const struct fp_context *c, u64 value)
{
	return c->fpsr & FPSR_OFC ? fp_infinity(32, value >> 31) : value;
}

static u64 product(u64 a, u64 b)
{
	struct fp_context c = odd();
	u64 value = fp_multiply(&c, 32, a << 16, b << 16);

	return settled(&c, value);
}

static u64 sum(u64 a, u64 b)
{
	struct fp_context c = odd();
	u64 value = fp_add(&c, 32, a, b);

	return settled(&c, value);
}

static u64 dot_add(u64 addend, u32 n, u32 m)
{
	return sum(addend, sum(product(n & 0xffff, m & 0xffff), product(n >> 16, m >> 16)));
}

/* BFDOT, of vectors and, bit 28 and no bit 29, by element. */
enum a64_result a64_bf_dot(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);
	bool by_element = !(insn & BIT(29));
	u32 index = a64_field(insn, 11, 11) << 1 | a64_field(insn, 21, 21);

	simd_set_bytes(&s, 4);
	for (u32 i = 0; i < s.elements; i++)
		simd_put(&s, 4, i,
			 dot_add(simd_d(&s, i), (u32)simd_n(&s, i),
				 (u32)simd_m(&s, by_element ? index : i)));
	return simd_done(&s);
}

/* BFMMLA: two rows of four by two columns of four. */
enum a64_result a64_bf_matrix(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);

	simd_set_bytes(&s, 4);
	for (u32 i = 0; i < 2; i++)
		for (u32 j = 0; j < 2; j++) {
			u64 total = simd_d(&s, 2 * i + j);

			for (u32 k = 0; k < 2; k++)
				total = dot_add(total, (u32)simd_n(&s, 2 * i + k),
						(u32)simd_m(&s, 2 * j + k));
			simd_put(&s, 4, 2 * i + j, total);
		}
	return simd_done(&s);
}

/* BFMLALB, BFMLALT by Q: the lower or the upper of each two; by element where bit 29 is clear. */
enum a64_result a64_bf_multiply_add_long(u32 insn, struct arm_registers *r)
{
	u32 d = a64_field(insn, 4, 0), n = a64_field(insn, 9, 5), top = a64_field(insn, 30, 30);
	bool by_element = !(insn & BIT(29));
	u32 m = by_element ? a64_field(insn, 19, 16) : a64_field(insn, 20, 16);
	u32 index = a64_field(insn, 11, 11) << 2 | a64_field(insn, 21, 21) << 1 |
		    a64_field(insn, 20, 20);
	struct fp_context c = fp_context(r->fpcr);
	u64 out[4];

	for (u32 i = 0; i < 4; i++)
		out[i] = fp_multiply_add(
			&c, 32, a64_element(r, d, 4, i), a64_element(r, n, 2, 2 * i + top) << 16,
			a64_element(r, m, 2, by_element ? index : 2 * i + top) << 16);
	for (u32 i = 0; i < 4; i++)
		a64_set_element(r, d, 4, i, out[i]);
	r->fpsr |= c.fpsr;
	return A64_DONE;
}
