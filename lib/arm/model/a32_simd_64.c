/* SPDX-License-Identifier: MIT */
/* Advanced SIMD of A32 by that of A64: different lengths, scalars, shifts, permutations, transfers. DDI 0487, F4.1.9 to F4.1.12. */
#include <model/a32_vector.h>
#include <model/fp.h>

/* Fields that are in the same place in most. */
static u32 d_of(u32 insn)
{
	return a32_vector_number(insn, 12, 22, false);
}

static u32 n_of(u32 insn)
{
	return a32_vector_number(insn, 16, 7, false);
}

static u32 m_of(u32 insn)
{
	return a32_vector_number(insn, 0, 5, false);
}

static bool odd(u32 n)
{
	return n & 1;
}

/* Three registers of different lengths: bits 11-8 are the opcode of A64, too. */
enum a64_result a32_simd_different(u32 insn, struct arm_registers *r)
{
	u32 op = a64_field(insn, 11, 8), size = a64_field(insn, 21, 20), u = insn >> 24 & 1;
	struct a32_vector d = { d_of(insn), true }, n = { n_of(insn), false },
			  m = { m_of(insn), false };
	bool narrow = op == 4 || op == 6, wide = op == 1 || op == 3;

	if (size == 3 || op == 15)
		return A64_UNPREDICTABLE; /* another class, or UNDEFINED */
	if (op == 14 && size)
		return size == 1 || u ? A64_UNDEFINED : A64_UNPREDICTABLE;
	d.q = !narrow;
	n.q = narrow || wide;
	m.q = narrow;
	if ((d.q && odd(d.number)) || (n.q && odd(n.number)) || (m.q && odd(m.number)))
		return A64_UNDEFINED;
	return a32_run_a64(a64_simd_different,
			   0x0e200000 | 2u << 16 | u << 29 | size << 22 | op << 12, r, d, n, m);
}

/* Two registers and a scalar: which of D<m>, and its element. */
static void scalar_of(u32 insn, u32 *m, u32 *index)
{
	bool half = a64_field(insn, 21, 20) == 1;

	*m = half ? insn & 7 : insn & 15;
	*index = half ? (insn >> 4 & 2) | (insn >> 3 & 1) : insn >> 5 & 1;
}

/* VMLA, VMLS, VMUL of single precision: rounded twice. */
static enum a64_result float_by_scalar(u32 insn, struct arm_registers *r, bool q)
{
	struct fp_context c = fp_context(A32_FPSCR_FZ | A32_FPSCR_DN);
	u32 op = a64_field(insn, 11, 8), d = d_of(insn), n = n_of(insn), m, index;
	u64 b, results[4];

	scalar_of(insn, &m, &index);
	b = a32_vector_get(r, 32, 2 * m + index);
	for (u32 i = 0; i < (q ? 4 : 2); i++) {
		u64 product = fp_multiply(&c, 32, a32_vector_get(r, 32, 2 * n + i), b);

		results[i] = op == 9 ? product
				     : fp_add(&c, 32, a32_vector_get(r, 32, 2 * d + i),
					      op == 5 ? fp_negate(32, product) : product);
	}
	for (u32 i = 0; i < (q ? 4 : 2); i++)
		a32_vector_put(r, 32, 2 * d + i, results[i]);
	r->fpsr |= c.fpsr;
	return A64_DONE;
}

enum a64_result a32_simd_scalar(u32 insn, struct arm_registers *r)
{
	u32 op = a64_field(insn, 11, 8), size = a64_field(insn, 21, 20), u = insn >> 24 & 1, m,
	    index;
	bool is_long = op == 2 || op == 3 || op == 6 || op == 7 || op == 10 || op == 11;
	bool doubling = op == 3 || op == 7 || op == 11, q = u && !is_long;
	u32 a64 = 0x0f000000 | size << 22 | 2u << 16 | op << 12;

	if (size == 3 || op > 13)
		return A64_UNPREDICTABLE;
	if (!size || (doubling && u) || ((q || is_long) && odd(d_of(insn))) ||
	    (q && odd(n_of(insn))))
		return A64_UNDEFINED;
	if (op == 1 || op == 5 || op == 9)
		return size == 2 ? float_by_scalar(insn, r, q) : A64_UNPREDICTABLE;
	scalar_of(insn, &m, &index);
	/* The index is H, L, M of A64 for halfwords, H, L for words. */
	a64 |= size == 1 ? (index >> 1 & 1) << 21 | (index & 1) << 20 : (index & 1) << 21;
	if (is_long)
		a64 |= u << 29;
	else
		a64 |= (q ? BIT(30) : 0) | (op < 8 ? BIT(29) : 0);
	return a32_run_a64(a64_simd_by_element, (u32)a64, r,
			   (struct a32_vector){ d_of(insn), q || is_long },
			   (struct a32_vector){ n_of(insn), q }, (struct a32_vector){ m, false });
}

/* Shifts by an immediate, and conversions of fixed point: L and bits 21-16 are immh:immb of A64. */
enum a64_result a32_simd_shift(u32 insn, struct arm_registers *r)
{
	u32 op = a64_field(insn, 11, 8), imm = (insn >> 1 & 0x40) | a64_field(insn, 21, 16);
	u32 u = insn >> 24 & 1, opcode;
	bool q = insn & BIT(6), narrow = op == 8 || op == 9, is_long = op == 10;
	struct a32_vector d = { d_of(insn), is_long || (q && !narrow) };
	struct a32_vector m = { m_of(insn), narrow || (q && !is_long) };

	if (imm < 8 || op == 11 || op == 12 || op == 13)
		return A64_UNPREDICTABLE;
	switch (op) {
	case 4:
	case 6:
		if (!u)
			return A64_UNDEFINED;
		opcode = op * 2;
		break;
	case 8: /* VSHRN, VRSHRN, VQSHRUN, VQRSHRUN */
	case 9:
		opcode = 2 * op + q;
		break;
	case 10:
		opcode = 20;
		break;
	case 14:
	case 15:
		if (imm < 32 || imm >= 64)
			return imm >= 64 ? A64_UNPREDICTABLE : A64_UNDEFINED;
		opcode = op == 14 ? 28 : 31;
		break;
	default:
		opcode = op * 2;
	}
	if (((narrow || is_long) && imm >= 64) || (is_long && q))
		return A64_UNDEFINED;
	if ((d.q && odd(d.number)) || (m.q && odd(m.number)))
		return A64_UNDEFINED;
	/* One doubleword is a scalar in A64. */
	return a32_run_a64(a64_simd_shift,
			   (imm >= 64 && !q ? 0x5f000400 : 0x0f000400) |
				   (q && !narrow ? (u32)BIT(30) : 0) | u << 29 | imm << 16 |
				   opcode << 11,
			   r, d, m, m);
}

/* VEXT: bits 11-8. */
enum a64_result a32_simd_extract(u32 insn, struct arm_registers *r)
{
	u32 d, n, m;
	bool q = insn & BIT(6);

	if (!a32_vectors(insn, &d, &n, &m) || (!q && (insn & BIT(11))))
		return A64_UNDEFINED;
	return a32_as_a64(a64_simd_extract,
			  0x2e000000 | (q ? (u32)BIT(30) : 0) | a64_field(insn, 11, 8) << 11, r, q,
			  d, n, m);
}

/* VTBL, VTBX: bits 9-8 are the length of the table less one, bit 6 keeps what is out of it. */
enum a64_result a32_simd_table(u32 insn, struct arm_registers *r)
{
	u32 d = d_of(insn), n = n_of(insn), length = a64_field(insn, 9, 8) + 1;
	u64 indexes = a32_vector_get(r, 64, m_of(insn)), result = 0;

	if (n + length > 32)
		return A64_UNPREDICTABLE;
	for (u32 i = 0; i < 8; i++) {
		u32 index = (u32)(indexes >> 8 * i & 0xff);
		u64 from = insn & BIT(6) ? a32_vector_get(r, 64, d) >> 8 * i & 0xff : 0;

		if (index < 8 * length)
			from = a32_vector_get(r, 64, n + index / 8) >> 8 * (index % 8) & 0xff;
		result |= from << 8 * i;
	}
	a32_vector_put(r, 64, d, result);
	return A64_DONE;
}

/* Element `index` of some bytes of the vector that begins at D<n>. */
static u64 element(const struct arm_registers *r, u32 n, u32 bytes, u32 index)
{
	u32 at = index * bytes;

	return a32_vector_get(r, 64, n + at / 8) >> 8 * (at % 8) &
	       (bytes == 8 ? ~0ull : BIT(8 * bytes) - 1);
}

static void set_element(struct arm_registers *r, u32 n, u32 bytes, u32 index, u64 value)
{
	u32 at = index * bytes, shift = 8 * (at % 8);
	u64 mask = bytes == 8 ? ~0ull : BIT(8 * bytes) - 1;
	u64 old = a32_vector_get(r, 64, n + at / 8);

	a32_vector_put(r, 64, n + at / 8, (old & ~(mask << shift)) | (value & mask) << shift);
}

/* VDUP (scalar): bits 19-16 have the size by their lowest one, and the index above it. */
enum a64_result a32_simd_duplicate(u32 insn, struct arm_registers *r)
{
	u32 imm = a64_field(insn, 19, 16), d = d_of(insn), bytes;
	bool q = insn & BIT(6);
	u64 value;

	if (!(imm & 7) || (q && odd(d)))
		return A64_UNDEFINED;
	bytes = imm & 1 ? 1 : imm & 2 ? 2 : 4;
	value = element(r, m_of(insn), bytes, imm / (2 * bytes));
	for (u32 i = 0; i < (q ? 16 : 8) / bytes; i++)
		set_element(r, d, bytes, i, value);
	return A64_DONE;
}

/* VSWP, VTRN, VUZP, VZIP: bits 8-7. */
enum a64_result a32_simd_permute(u32 insn, struct arm_registers *r)
{
	u32 op = a64_field(insn, 8, 7), size = a64_field(insn, 19, 18), d = d_of(insn),
	    m = m_of(insn);
	u32 bytes = 1u << size, length = insn & BIT(6) ? 16 : 8, count = length / bytes;
	bool q = insn & BIT(6);
	u64 both[32];

	if (size == 3 || (!op && size) || (q && (odd(d) || odd(m))) || (op >= 2 && !q && size == 2))
		return A64_UNDEFINED;
	if (d == m)
		return A64_UNPREDICTABLE;
	for (u32 i = 0; i < count; i++) {
		both[i] = element(r, d, bytes, i);
		both[count + i] = element(r, m, bytes, i);
	}
	for (u32 i = 0; i < 2 * count; i++) {
		u32 from;

		if (op == 0) /* VSWP */
			from = (i + count) % (2 * count);
		else if (op == 1) /* VTRN: the odd elements of D with the even ones of M */
			from = i < count ? (i & 1 ? count + i - 1 : i)
					 : (i & 1 ? i : i - count + 1);
		else if (op == 2) /* VUZP */
			from = i < count ? 2 * i : 2 * (i - count) + 1;
		else /* VZIP */
			from = i / 2 + (i & 1) * count;
		set_element(r, i < count ? d : m, bytes, i % count, both[from]);
	}
	return A64_DONE;
}

/* Two registers of one length or two, by A64's: bits 17-16 and 10-7 are the opcode, with bit 6 where that makes two. */
enum a64_result a32_simd_convert(u32 insn, struct arm_registers *r)
{
	enum kind { SAME, NARROW, LONG };
	static const struct {
		u8 op, q;		  /* q: 2 for any */
		u8 u, opcode, high, size; /* high: bit 23 of A64; size: 4 for any below 3 */
		enum kind kind;
	} table[] = {
		{ 0x24, 0, 0, 0x12, 0, 4, NARROW }, /* VMOVN */
		{ 0x24, 1, 1, 0x12, 0, 4, NARROW }, /* VQMOVUN */
		{ 0x25, 0, 0, 0x14, 0, 4, NARROW }, /* VQMOVN.S */
		{ 0x25, 1, 1, 0x14, 0, 4, NARROW }, /* VQMOVN.U */
		{ 0x26, 0, 1, 0x13, 0, 4, LONG },   /* VSHLL */
		{ 0x38, 2, 0, 0x1c, 1, 2, SAME },   /* VRECPE.U32 */
		{ 0x39, 2, 1, 0x1c, 1, 2, SAME },   /* VRSQRTE.U32 */
		{ 0x3a, 2, 0, 0x1d, 1, 2, SAME },   /* VRECPE.F32 */
		{ 0x3b, 2, 1, 0x1d, 1, 2, SAME },   /* VRSQRTE.F32 */
		{ 0x3c, 2, 0, 0x1d, 0, 2, SAME },   /* VCVT.F32.S32 */
		{ 0x3d, 2, 1, 0x1d, 0, 2, SAME },   /* VCVT.F32.U32 */
		{ 0x3e, 2, 0, 0x1b, 1, 2, SAME },   /* VCVT.S32.F32 */
		{ 0x3f, 2, 1, 0x1b, 1, 2, SAME },   /* VCVT.U32.F32 */
		{ 0x18, 2, 0, 0x0c, 1, 2, SAME },   /* VCGT.F32 #0 */
		{ 0x19, 2, 1, 0x0c, 1, 2, SAME },   /* VCGE.F32 #0 */
		{ 0x1a, 2, 0, 0x0d, 1, 2, SAME },   /* VCEQ.F32 #0 */
		{ 0x1b, 2, 1, 0x0d, 1, 2, SAME },   /* VCLE.F32 #0 */
		{ 0x1c, 2, 0, 0x0e, 1, 2, SAME },   /* VCLT.F32 #0 */
		{ 0x1e, 2, 0, 0x0f, 1, 2, SAME },   /* VABS.F32 */
		{ 0x1f, 2, 1, 0x0f, 1, 2, SAME },   /* VNEG.F32 */
		{ 0x28, 2, 0, 0x18, 0, 2, SAME },   /* VRINTN */
		{ 0x29, 2, 1, 0x19, 0, 2, SAME },   /* VRINTX */
		{ 0x2a, 2, 1, 0x18, 0, 2, SAME },   /* VRINTA */
		{ 0x2b, 2, 0, 0x19, 1, 2, SAME },   /* VRINTZ */
		{ 0x2d, 2, 0, 0x19, 0, 2, SAME },   /* VRINTM */
		{ 0x2f, 2, 0, 0x18, 1, 2, SAME },   /* VRINTP */
	};
	u32 op = (insn >> 12 & 0x30) | a64_field(insn, 10, 7), size = a64_field(insn, 19, 18);
	bool q = insn & BIT(6);

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		enum kind kind = table[i].kind;
		struct a32_vector d = { d_of(insn), kind == LONG || (kind == SAME && q) };
		struct a32_vector m = { m_of(insn), kind == NARROW || (kind == SAME && q) };
		u32 a64_size = table[i].size == 4 ? size : table[i].high << 1;

		if (table[i].op != op || (table[i].q != 2 && table[i].q != q))
			continue;
		if (table[i].size == 2 && size == 1)
			return A64_UNPREDICTABLE; /* half precision, or UNDEFINED */
		if (size == 3 || (table[i].size == 2 && size != 2) || (d.q && odd(d.number)) ||
		    (m.q && odd(m.number)))
			return A64_UNDEFINED;
		return a32_run_a64(a64_simd_misc,
				   0x0e200800 | (q && kind == SAME ? (u32)BIT(30) : 0) |
					   (u32)table[i].u << 29 | a64_size << 22 |
					   (u32)table[i].opcode << 12,
				   r, d, m, m);
	}
	return A64_UNPREDICTABLE;
}

/* ------------------------------------------------------------------------------- general registers */

/* VMOV between R<t> and S<n>: bit 20 is to the general one. */
enum a64_result a32_fp_move(u32 insn, struct arm_registers *r)
{
	u32 t = a64_field(insn, 15, 12), n = a32_vector_number(insn, 16, 7, true);

	if (t == 15)
		return A64_UNPREDICTABLE;
	if (!a32_fp_holds(insn, r))
		return A64_DONE;
	if (insn & BIT(20))
		r->x[t] = a32_vector_get(r, 32, n);
	else
		a32_vector_put(r, 32, n, (u32)r->x[t]);
	return A64_DONE;
}

/* VMOV between two general registers and D<m>, or, without bit 8, S<m> and S<m+1>. */
enum a64_result a32_fp_move_two(u32 insn, struct arm_registers *r)
{
	u32 t = a64_field(insn, 15, 12), t2 = a64_field(insn, 19, 16);
	bool is_double = insn & BIT(8);
	u32 m = is_double ? 2 * m_of(insn) : a32_vector_number(insn, 0, 5, true);

	if (t == 15 || t2 == 15 || ((insn & BIT(20)) && t == t2) || m == 31)
		return A64_UNPREDICTABLE;
	if (!a32_fp_holds(insn, r))
		return A64_DONE;
	for (u32 i = 0; i < 2; i++) {
		/* Above S31, D registers have no S registers. */
		u32 d = (m + i) / 2, word = (m + i) % 2;
		u64 old = a32_vector_get(r, 64, d);

		if (insn & BIT(20))
			r->x[i ? t2 : t] = old >> 32 * word & 0xffffffff;
		else
			a32_vector_put(r, 64, d,
				       (old & ~(0xffffffffull << 32 * word)) |
					       (u64)(u32)r->x[i ? t2 : t] << 32 * word);
	}
	return A64_DONE;
}

/* VMOV between R<t> and an element of D<n>: bits 22-21 and 6-5 have its size and index, bit 23 no sign extension. */
enum a64_result a32_fp_move_element(u32 insn, struct arm_registers *r)
{
	u32 t = a64_field(insn, 15, 12), n = n_of(insn),
	    op = a64_field(insn, 22, 21) << 2 | a64_field(insn, 6, 5);
	u32 bytes = op & 8 ? 1 : op & 1 ? 2 : 4, index;
	bool load = insn & BIT(20), is_unsigned = insn & BIT(23);

	/* Of a size of 4 bytes bit 5 has to be clear, and the general register has all of it. */
	if ((op & 11) == 2 || (!load && is_unsigned) || (load && is_unsigned && bytes == 4))
		return A64_UNPREDICTABLE; /* UNDEFINED, or VDUP */
	if (t == 15)
		return A64_UNPREDICTABLE;
	index = bytes == 1 ? op & 7 : bytes == 2 ? op >> 1 & 3 : op >> 2 & 1;
	if (!a32_fp_holds(insn, r))
		return A64_DONE;
	if (load) {
		u64 value = element(r, n, bytes, index);

		r->x[t] = is_unsigned || bytes == 4 ? value : (u32)a64_signed(value, 8 * bytes);
	} else {
		set_element(r, n, bytes, index, r->x[t]);
	}
	return A64_DONE;
}

/* VDUP (general-purpose register): bit 22 and 5 the size, bit 21 a Q register. */
enum a64_result a32_fp_duplicate(u32 insn, struct arm_registers *r)
{
	u32 t = a64_field(insn, 15, 12), d = n_of(insn), be = (insn >> 21 & 2) | (insn >> 5 & 1);
	u32 bytes = be == 0 ? 4 : be == 1 ? 2 : 1;
	bool q = insn & BIT(21);

	if (t == 15 || be == 3 || insn >> 28 != 14)
		return A64_UNPREDICTABLE;
	if (q && odd(d))
		return A64_UNDEFINED;
	for (u32 i = 0; i < (q ? 16 : 8) / bytes; i++)
		set_element(r, d, bytes, i, r->x[t]);
	return A64_DONE;
}
