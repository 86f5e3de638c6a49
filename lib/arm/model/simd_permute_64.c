/* SPDX-License-Identifier: MIT */
/* Advanced SIMD copies, extraction, tables, permutations and immediates. */
#include <model/simd.h>

/* DUP, INS, SMOV, UMOV; op is U, imm4 bits 14-11. */
enum a64_result a64_simd_copy(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);
	u32 imm5 = a64_field(insn, 20, 16), imm4 = a64_field(insn, 14, 11), size = 0, index, from;
	u64 value;

	if (!(imm5 & 15))
		return A64_UNDEFINED;
	while (!(imm5 >> size & 1))
		size++;
	index = imm5 >> (size + 1);
	simd_set_bytes(&s, 1u << size);
	if (s.scalar) {
		if (s.u || imm4)
			return A64_UNDEFINED;
		simd_put(&s, s.bytes, 0, simd_n(&s, index));
		return simd_done(&s);
	}
	if (s.u) { /* INS (element) */
		if (!s.q)
			return A64_UNDEFINED;
		from = imm4 >> size;
		a64_set_element(r, s.d, s.bytes, index, simd_n(&s, from));
		return A64_DONE;
	}
	switch (imm4) {
	case 0: /* DUP (element) */
	case 1: /* DUP (general) */
		if (size == 3 && !s.q)
			return A64_UNDEFINED;
		value = imm4 ? a64_x(r, s.n, true) : simd_n(&s, index);
		for (u32 i = 0; i < s.elements; i++)
			simd_put(&s, s.bytes, i, value);
		return simd_done(&s);
	case 3: /* INS (general) */
		if (!s.q)
			return A64_UNDEFINED;
		a64_set_element(r, s.d, s.bytes, index, a64_x(r, s.n, true));
		return A64_DONE;
	case 5: /* SMOV */
		if (size == 3 || (size == 2 && !s.q))
			return A64_UNDEFINED;
		a64_set_x(r, s.d, (u64)a64_signed(simd_n(&s, index), s.bytes * 8), s.q);
		return A64_DONE;
	case 7: /* UMOV */
		if ((size == 3) != s.q)
			return A64_UNDEFINED;
		a64_set_x(r, s.d, simd_n(&s, index), true);
		return A64_DONE;
	default:
		return A64_UNDEFINED;
	}
}

enum a64_result a64_simd_extract(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);
	u32 first = a64_field(insn, 14, 11);

	simd_set_bytes(&s, 1);
	if (s.size || (!s.q && first > 7))
		return A64_UNDEFINED;
	for (u32 i = 0; i < s.elements; i++) {
		u32 at = first + i;

		simd_put(&s, 1, i, at < s.elements ? simd_n(&s, at) : simd_m(&s, at - s.elements));
	}
	return simd_done(&s);
}

/* TBL, TBX */
enum a64_result a64_simd_table(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);
	u32 registers = a64_field(insn, 14, 13) + 1;
	bool keep = a64_field(insn, 12, 12);

	simd_set_bytes(&s, 1);
	for (u32 i = 0; i < s.elements; i++) {
		u32 at = (u32)simd_m(&s, i);

		if (at < 16 * registers)
			simd_put(&s, 1, i, a64_element(r, (s.n + at / 16) % 32, 1, at % 16));
		else if (keep)
			simd_put(&s, 1, i, simd_d(&s, i));
	}
	return simd_done(&s);
}

/* UZP1, TRN1, ZIP1, UZP2, TRN2, ZIP2 */
enum a64_result a64_simd_permute(u32 insn, struct arm_registers *r)
{
	struct simd s = simd_decode(insn, r);
	u32 opcode = a64_field(insn, 13, 12), part = a64_field(insn, 14, 14), half;

	if (!opcode || (s.size == 3 && !s.q))
		return A64_UNDEFINED;
	half = s.elements / 2;
	for (u32 i = 0; i < s.elements; i++) {
		u64 value;

		switch (opcode) {
		case 1:
			value = i < half ? simd_n(&s, 2 * i + part)
					 : simd_m(&s, 2 * (i - half) + part);
			break;
		case 2:
			value = i & 1 ? simd_m(&s, (i & ~1u) + part) : simd_n(&s, i + part);
			break;
		default:
			value = i & 1 ? simd_m(&s, part * half + i / 2)
				      : simd_n(&s, part * half + i / 2);
		}
		simd_put(&s, s.bytes, i, value);
	}
	return simd_done(&s);
}

static u64 repeat(u64 value, u32 bits)
{
	u64 all = 0;

	for (u32 at = 0; at < 64; at += bits)
		all |= value << at;
	return all;
}

/* AdvSIMDExpandImm() */
static u64 expand(u32 op, u32 cmode, u64 imm8)
{
	u64 value = 0;

	switch (cmode >> 1) {
	case 0 ... 3:
		return repeat(imm8 << 8 * (cmode >> 1), 32);
	case 4:
	case 5:
		return repeat(imm8 << 8 * (cmode >> 1 & 1), 16);
	case 6:
		return repeat(cmode & 1 ? imm8 << 16 | 0xffff : imm8 << 8 | 0xff, 32);
	default:
		if (!(cmode & 1) && !op)
			return repeat(imm8, 8);
		if (!(cmode & 1)) {
			for (u32 i = 0; i < 8; i++)
				if (imm8 >> i & 1)
					value |= 0xffull << 8 * i;
			return value;
		}
		return op ? a64_expand_fp((u32)imm8, 64) : repeat(a64_expand_fp((u32)imm8, 32), 32);
	}
}

/* MOVI, MVNI, ORR, BIC, FMOV with an immediate. */
enum a64_result a64_simd_immediate(u32 insn, struct arm_registers *r)
{
	u32 op = a64_field(insn, 29, 29), cmode = a64_field(insn, 15, 12),
	    q = a64_field(insn, 30, 30);
	u32 d = a64_field(insn, 4, 0);
	u64 imm = expand(op, cmode, a64_field(insn, 18, 16) << 5 | a64_field(insn, 9, 5));
	bool modifies = cmode < 12 && (cmode & 1);

	if (cmode == 15 && op && !q)
		return A64_UNDEFINED;
	if (op && cmode < 14)
		imm = ~imm;
	for (u32 half = 0; half < 2; half++) {
		u64 old = r->v[d][half];

		if (half && !q)
			r->v[d][half] = 0;
		else if (modifies)
			r->v[d][half] = op ? old & imm : old | imm;
		else
			r->v[d][half] = imm;
	}
	return A64_DONE;
}

/* FMOV of half-precision elements. */
enum a64_result a64_simd_immediate_half(u32 insn, struct arm_registers *r)
{
	u32 d = a64_field(insn, 4, 0);
	u64 imm = repeat(a64_expand_fp(a64_field(insn, 18, 16) << 5 | a64_field(insn, 9, 5), 16),
			 16);

	r->v[d][0] = imm;
	r->v[d][1] = a64_field(insn, 30, 30) ? imm : 0;
	return A64_DONE;
}
