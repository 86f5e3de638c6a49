/* SPDX-License-Identifier: MIT */
/* T32, wide instructions: DDI 0487, F3.1.10 and after. R13 and R15 are left alone where they are no special case. */
#include <model/a32.h>

#include <model/alu.h>

#define RN(insn) ((insn) >> 16 & 15)
#define RT(insn) ((insn) >> 12 & 15)
#define RD(insn) ((insn) >> 8 & 15)
#define RM(insn) ((insn)&15)

static u32 reg(const struct arm_registers *r, u32 n)
{
	return (u32)r->x[n];
}

static bool is_special(u32 n)
{
	return n == 13 || n == 15;
}

/* The operations' numbers to A32's; 0xff: there is none. With Rd or Rn 15: comparisons, MOV and MVN. */
static u32 operation(u32 op, bool s, u32 d, u32 n)
{
	/* AND BIC ORR ORN EOR - - - ADD - ADC SBC - SUB RSB - */
	static const u8 ops[16] = { 0, 14,   12, 16, 1,	   0xff, 0xff, 0xff,
				    4, 0xff, 5,	 6,  0xff, 2,	 3,    0xff };

	if (d == 15 && s && (op == 0 || op == 4 || op == 8 || op == 13))
		return op == 0 ? 8 : op == 4 ? 9 : op == 8 ? 11 : 10;
	if (n == 15 && (op == 2 || op == 3))
		return op == 2 ? 13 : 15;
	return ops[op];
}

static enum a64_result data(u32 insn, struct arm_registers *r, u32 b, bool carry)
{
	bool s = insn & BIT(20);
	u32 d = RD(insn), n = RN(insn), op = operation(a64_field(insn, 24, 21), s, d, n);
	bool compares = op >= 8 && op < 12, moves = op == 13 || op == 15;

	if (op == 0xff || (is_special(d) && !compares) || (is_special(n) && !moves))
		return A64_UNPREDICTABLE;
	if (!t32_holds(r))
		return A64_DONE;
	if (op == 16) {
		op = 12;
		b = ~b;
	}
	a32_operate(op, s, d, r, moves ? 0 : reg(r, n), b, carry);
	return A64_DONE;
}

enum a64_result t32w_data_shifted(u32 insn, struct arm_registers *r)
{
	bool carry = r->pstate & FLAG_C;
	u32 amount = a64_field(insn, 14, 12) << 2 | a64_field(insn, 7, 6);

	if (is_special(RM(insn)))
		return A64_UNPREDICTABLE;
	return data(insn, r, a32_shift(reg(r, RM(insn)), a64_field(insn, 5, 4), amount, &carry),
		    carry);
}

/* T32ExpandImm_C() */
enum a64_result t32w_data_immediate(u32 insn, struct arm_registers *r)
{
	u32 imm12 = a64_field(insn, 26, 26) << 11 | a64_field(insn, 14, 12) << 8 | (insn & 0xff);
	u32 imm8 = imm12 & 0xff, value;
	bool carry = r->pstate & FLAG_C;

	if (imm12 < 0x400) {
		switch (imm12 >> 8) {
		case 0:
			value = imm8;
			break;
		case 1:
			value = imm8 << 16 | imm8;
			break;
		case 2:
			value = imm8 << 24 | imm8 << 8;
			break;
		default:
			value = imm8 * 0x01010101;
		}
		if (imm12 >= 0x100 && !imm8)
			return A64_UNPREDICTABLE;
	} else {
		value = (u32)model_shift(0x80 | (imm12 & 0x7f), MODEL_ROR, imm12 >> 7, &carry, 32);
	}
	return data(insn, r, value, carry);
}

static u32 plain_12(u32 insn)
{
	return a64_field(insn, 26, 26) << 11 | a64_field(insn, 14, 12) << 8 | (insn & 0xff);
}

/* ADDW, SUBW; with Rn 15 ADR. */
enum a64_result t32w_plain(u32 insn, struct arm_registers *r)
{
	u32 d = RD(insn), n = RN(insn), base;

	if (is_special(d) || n == 13)
		return A64_UNPREDICTABLE;
	if (!t32_holds(r))
		return A64_DONE;
	base = n == 15 ? ((u32)r->pc + 4) / 4 * 4 : reg(r, n);
	a32_operate(insn & BIT(23) ? 2 : 4, false, d, r, base, plain_12(insn), false);
	return A64_DONE;
}

/* MOVW, MOVT */
enum a64_result t32w_move(u32 insn, struct arm_registers *r)
{
	u32 d = RD(insn), imm = RN(insn) << 12 | plain_12(insn);

	if (is_special(d))
		return A64_UNPREDICTABLE;
	if (t32_holds(r))
		r->x[d] = insn & BIT(23) ? imm << 16 | (reg(r, d) & 0xffff) : imm;
	return A64_DONE;
}

/* SBFX 0x14, BFI and BFC 0x16, UBFX 0x1c of bits 24-20. */
enum a64_result t32w_bitfield(u32 insn, struct arm_registers *r)
{
	u32 d = RD(insn), n = RN(insn), op = a64_field(insn, 24, 20);
	u32 lsb = a64_field(insn, 14, 12) << 2 | a64_field(insn, 7, 6), top = insn & 31;
	u64 mask;

	if (is_special(d) || n == 13 || (op != 0x16 && n == 15) ||
	    (op == 0x16 ? top < lsb : lsb + top > 31))
		return A64_UNPREDICTABLE;
	if (!t32_holds(r))
		return A64_DONE;
	if (op == 0x16) {
		mask = BITS(top, lsb);
		r->x[d] = (u32)((reg(r, d) & ~mask) |
				((u64)(n == 15 ? 0 : reg(r, n)) << lsb & mask));
		return A64_DONE;
	}
	mask = reg(r, n) >> lsb & BITS(top, 0);
	r->x[d] = op == 0x14 ? (u32)a64_signed(mask, top + 1) : mask;
	return A64_DONE;
}

/* SSAT, USAT: bit 23 unsigned, bit 21 ASR. */
enum a64_result t32w_saturate(u32 insn, struct arm_registers *r)
{
	u32 d = RD(insn), n = RN(insn), to = insn & 31;
	u32 amount = a64_field(insn, 14, 12) << 2 | a64_field(insn, 7, 6);
	bool is_unsigned = insn & BIT(23), asr = insn & BIT(21), carry = false;
	s64 value;

	/* ASR by 0 is SSAT16 and USAT16. */
	if (is_special(d) || is_special(n) || (asr && !amount))
		return A64_UNPREDICTABLE;
	if (!t32_holds(r))
		return A64_DONE;
	value = a64_signed(a32_shift(reg(r, n), asr ? 2 : 0, amount, &carry), 32);
	if (is_unsigned && !to) {
		if (value)
			r->pstate |= CPSR_Q;
		r->x[d] = 0;
	} else {
		r->x[d] = (u32)a32_saturated(r, value, is_unsigned ? to : to + 1, is_unsigned);
	}
	return A64_DONE;
}

enum a64_result t32w_shift_register(u32 insn, struct arm_registers *r)
{
	bool carry = r->pstate & FLAG_C;
	u32 value;

	if (is_special(RD(insn)) || is_special(RN(insn)) || is_special(RM(insn)))
		return A64_UNPREDICTABLE;
	if (!t32_holds(r))
		return A64_DONE;
	value = (u32)model_shift(reg(r, RN(insn)), (enum model_shift)a64_field(insn, 22, 21),
				 reg(r, RM(insn)) & 0xff, &carry, 32);
	a32_operate(13, insn & BIT(20), RD(insn), r, 0, value, carry);
	return A64_DONE;
}

/* SXTAH, UXTAH, SXTAB16, UXTAB16, SXTAB, UXTAB: bits 22-20; Rn 15 is no addition. */
enum a64_result t32w_extend(u32 insn, struct arm_registers *r)
{
	/* To A32's: bits 22-20 there are U and the size. */
	static const u32 ops[6] = { 3, 7, 0, 4, 2, 6 };
	u32 op = a64_field(insn, 22, 20);
	struct arm_registers copy = *r;

	if (op > 5 || is_special(RD(insn)) || RN(insn) == 13 || is_special(RM(insn)))
		return A64_UNPREDICTABLE;
	if (!t32_holds(r))
		return A64_DONE;
	a32_extend(0xe6800070 | ops[op] << 20 | RN(insn) << 16 | RD(insn) << 12 |
			   a64_field(insn, 5, 4) << 10 | RM(insn),
		   &copy);
	r->x[RD(insn)] = copy.x[RD(insn)];
	return A64_DONE;
}

/* REV, REV16, RBIT, REVSH, and CLZ by bit 21. Rm is there twice. */
enum a64_result t32w_reverse(u32 insn, struct arm_registers *r)
{
	u32 a = reg(r, RM(insn)), op = a64_field(insn, 5, 4);
	u64 value;

	if (is_special(RD(insn)) || is_special(RM(insn)) || RN(insn) != RM(insn))
		return A64_UNPREDICTABLE;
	if (!t32_holds(r))
		return A64_DONE;
	if (insn & BIT(21))
		value = model_count_leading_zeros(a, 32);
	else if (op == 2)
		value = model_reverse_bits(a, 32);
	else
		value = model_reverse_bytes(a, op ? 2 : 4, 32);
	r->x[RD(insn)] = op == 3 && !(insn & BIT(21)) ? (u32)a64_signed(value, 16) : value;
	return A64_DONE;
}

/* What an instruction of A32 with these registers does, by ITSTATE. */
static enum a64_result as_a32(a64_model *model, u32 a32, struct arm_registers *r)
{
	if (!t32_holds(r))
		return A64_DONE;
	return model(0xe0000000 | a32, r);
}

/* MUL, MLA, MLS */
enum a64_result t32w_multiply(u32 insn, struct arm_registers *r)
{
	u32 a = RT(insn), d = RD(insn);
	bool subtract = insn & BIT(4);

	if (is_special(d) || is_special(RN(insn)) || is_special(RM(insn)) || a == 13 ||
	    (a == 15 && subtract))
		return A64_UNPREDICTABLE;
	return as_a32(a32_multiply,
		      (subtract	 ? 0x00600090
		       : a == 15 ? 0x00000090
				 : 0x00200090) |
			      d << 16 | (a == 15 ? 0 : a << 12) | RM(insn) << 8 | RN(insn),
		      r);
}

/* SMULL 0, UMULL 2, SMLAL 4, UMLAL 6 and, by bits 7-4, UMAAL. */
enum a64_result t32w_multiply_long(u32 insn, struct arm_registers *r)
{
	u32 op = a64_field(insn, 22, 20), low = RT(insn), high = RD(insn), a32;

	if (is_special(low) || is_special(high) || is_special(RN(insn)) || is_special(RM(insn)) ||
	    low == high)
		return A64_UNPREDICTABLE;
	if (a64_field(insn, 7, 4) == 6)
		a32 = 0x00400090;
	else
		a32 = op == 0	? 0x00c00090
		      : op == 2 ? 0x00800090
		      : op == 4 ? 0x00e00090
				: 0x00a00090;
	return as_a32(a32_multiply_long, a32 | high << 16 | low << 12 | RM(insn) << 8 | RN(insn),
		      r);
}

enum a64_result t32w_divide(u32 insn, struct arm_registers *r)
{
	if (is_special(RD(insn)) || is_special(RN(insn)) || is_special(RM(insn)))
		return A64_UNPREDICTABLE;
	return as_a32(a32_divide,
		      (insn & BIT(21) ? 0x0730f010 : 0x0710f010) | RD(insn) << 16 | RM(insn) << 8 |
			      RN(insn),
		      r);
}

/* SMLABB and others; without an addition SMULBB. Bits 5-4 are N and M. */
enum a64_result t32w_halfword_multiply(u32 insn, struct arm_registers *r)
{
	u32 a = RT(insn);

	if (is_special(RD(insn)) || is_special(RN(insn)) || is_special(RM(insn)) || a == 13)
		return A64_UNPREDICTABLE;
	return as_a32(a32_halfword_multiply,
		      (a == 15 ? 0x01600080 : 0x01000080 | a << 12) | RD(insn) << 16 |
			      RM(insn) << 8 | a64_field(insn, 4, 4) << 6 |
			      a64_field(insn, 5, 5) << 5 | RN(insn),
		      r);
}

/* QADD, QDADD, QSUB, QDSUB: bits 5-4. */
enum a64_result t32w_saturating(u32 insn, struct arm_registers *r)
{
	static const u32 ops[4] = { 0, 2, 1, 3 };

	if (is_special(RD(insn)) || is_special(RN(insn)) || is_special(RM(insn)))
		return A64_UNPREDICTABLE;
	return as_a32(a32_saturating,
		      0x01000050 | ops[a64_field(insn, 5, 4)] << 21 | RN(insn) << 16 |
			      RD(insn) << 12 | RM(insn),
		      r);
}

/* ------------------------------------------------------------------------------- memory */

/* Of a load or store: bytes by bits 22-21; bit 24 sign, bit 20 load. */
static void access(u32 insn, struct arm_registers *r, u32 at)
{
	u32 bytes = 1u << a64_field(insn, 22, 21), t = RT(insn);

	if (insn & BIT(20)) {
		u64 value = a64_read(at, bytes);

		r->x[t] = insn & BIT(24) ? (u32)a64_signed(value, 8 * bytes) : value;
	} else {
		a64_write(at, bytes, reg(r, t));
	}
}

/* What is no load or store of one register: size 3, a sign without a load or of a word. */
static bool is_no_access(u32 insn)
{
	u32 size = a64_field(insn, 22, 21);

	return size == 3 || ((insn & BIT(24)) && (!(insn & BIT(20)) || size == 2));
}

/* LDR, STR and others, with 12 bits (bit 23), or 8 bits and P, U, W. */
enum a64_result t32w_load(u32 insn, struct arm_registers *r)
{
	u32 n = RN(insn), t = RT(insn), at, moved;

	if (is_no_access(insn) || n == 15 || is_special(t))
		return A64_UNPREDICTABLE;
	if (insn & BIT(23)) {
		if (t32_holds(r))
			access(insn, r, reg(r, n) + a64_field(insn, 11, 0));
		return A64_DONE;
	}
	/* P = 0 and W = 0 is another space, P = 1, U = 1, W = 0 are the unprivileged ones. */
	if (!(insn & BIT(11)) || (!(insn & BIT(10)) && !(insn & BIT(8))) ||
	    ((insn & BIT(8)) && n == t))
		return A64_UNPREDICTABLE;
	if (!t32_holds(r))
		return A64_DONE;
	moved = insn & BIT(9) ? reg(r, n) + (insn & 0xff) : reg(r, n) - (insn & 0xff);
	at = insn & BIT(10) ? moved : reg(r, n);
	access(insn, r, at);
	if (insn & BIT(8))
		r->x[n] = moved;
	return A64_DONE;
}

enum a64_result t32w_load_literal(u32 insn, struct arm_registers *r)
{
	u32 base = ((u32)r->pc + 4) / 4 * 4, offset = a64_field(insn, 11, 0);

	if (is_no_access(insn) || is_special(RT(insn)) || !(insn & BIT(20)))
		return A64_UNPREDICTABLE;
	if (t32_holds(r))
		access(insn, r, insn & BIT(23) ? base + offset : base - offset);
	return A64_DONE;
}

enum a64_result t32w_load_register(u32 insn, struct arm_registers *r)
{
	if (is_no_access(insn) || RN(insn) == 15 || is_special(RT(insn)) || is_special(RM(insn)))
		return A64_UNPREDICTABLE;
	if (t32_holds(r))
		access(insn, r, reg(r, RN(insn)) + (reg(r, RM(insn)) << a64_field(insn, 5, 4)));
	return A64_DONE;
}

/* LDRD, STRD: P 24, U 23, W 21, L 20. */
enum a64_result t32w_dual(u32 insn, struct arm_registers *r)
{
	u32 n = RN(insn), t = RT(insn), t2 = RD(insn), offset = 4 * (insn & 0xff), moved, at;
	bool back = insn & BIT(21), is_load = insn & BIT(20);

	if (!(insn & BIT(24)) && !back)
		return A64_UNPREDICTABLE;
	if (is_special(t) || is_special(t2) || n == 15 || (is_load && t == t2) ||
	    (back && (n == t || n == t2)))
		return A64_UNPREDICTABLE;
	if (!t32_holds(r))
		return A64_DONE;
	moved = insn & BIT(23) ? reg(r, n) + offset : reg(r, n) - offset;
	at = insn & BIT(24) ? moved : reg(r, n);
	if (is_load) {
		u64 low = a64_read(at, 4), high = a64_read(at + 4, 4);

		r->x[t] = low;
		r->x[t2] = high;
	} else {
		a64_write(at, 4, reg(r, t));
		a64_write(at + 4, 4, reg(r, t2));
	}
	if (back)
		r->x[n] = moved;
	return A64_DONE;
}

/* LDM, STM: op 24-23 is 1 increment after, 2 decrement before. */
enum a64_result t32w_multiple(u32 insn, struct arm_registers *r)
{
	u32 n = RN(insn), list = insn & 0xffff, count = 0, at, op = a64_field(insn, 24, 23);
	bool back = insn & BIT(21), is_load = insn & BIT(20);

	for (u32 i = 0; i < 16; i++)
		count += list >> i & 1;
	if (n == 15 || count < 2 || (list & 0xa000) || (back && (list >> n & 1)) || op == 0 ||
	    op == 3)
		return A64_UNPREDICTABLE;
	if (!t32_holds(r))
		return A64_DONE;
	at = op == 1 ? reg(r, n) : reg(r, n) - 4 * count;
	if (back)
		r->x[n] = op == 1 ? reg(r, n) + 4 * count : at;
	for (u32 i = 0; i < 15; i++) {
		if (!(list >> i & 1))
			continue;
		if (is_load)
			r->x[i] = a64_read(at, 4);
		else
			a64_write(at, 4, reg(r, i));
		at += 4;
	}
	return A64_DONE;
}
