/* SPDX-License-Identifier: MIT */
/* Data processing with registers: DDI 0487, C4.1.95. */
#include <model/a64.h>

#include <model/alu.h>

#define CRC32_POLYNOMIAL  0xedb88320u
#define CRC32C_POLYNOMIAL 0x82f63b78u

static u64 shifted(const struct arm_registers *r, u32 insn, bool is_64)
{
	bool carry = false;

	return model_shift(a64_x(r, a64_field(insn, 20, 16), is_64),
			   (enum model_shift)a64_field(insn, 23, 22), a64_field(insn, 15, 10),
			   &carry, is_64 ? 64 : 32);
}

enum a64_result a64_logical_shifted(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31);
	u32 d = a64_field(insn, 4, 0);
	u64 a = a64_x(r, a64_field(insn, 9, 5), is_64), b = shifted(r, insn, is_64);
	struct alu_result result;

	if (!is_64 && a64_field(insn, 15, 15))
		return A64_UNDEFINED;
	if (a64_field(insn, 21, 21))
		b = ~b;
	switch (a64_field(insn, 30, 29)) {
	case 0:
		a64_set_x(r, d, a & b, is_64);
		break;
	case 1:
		a64_set_x(r, d, a | b, is_64);
		break;
	case 2:
		a64_set_x(r, d, (a | b) & ~(a & b), is_64);
		break;
	default:
		result = model_logical(a & b, false, false, is_64 ? 64 : 32);
		a64_set_x(r, d, result.value, is_64);
		r->pstate = (r->pstate & ~FLAGS) | result.flags;
	}
	return A64_DONE;
}

static void add(struct arm_registers *r, u32 insn, u64 a, u64 b, bool to_sp)
{
	bool is_64 = a64_field(insn, 31, 31);
	u32 bits = is_64 ? 64 : 32, d = a64_field(insn, 4, 0);
	struct alu_result sum = a64_field(insn, 30, 30) ? model_subtract(a, b, true, bits)
							: model_add(a, b, false, bits);

	if (a64_field(insn, 29, 29))
		r->pstate = (r->pstate & ~FLAGS) | sum.flags;
	if (to_sp && !a64_field(insn, 29, 29))
		a64_set_xsp(r, d, sum.value, is_64);
	else
		a64_set_x(r, d, sum.value, is_64);
}

enum a64_result a64_add_shifted(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31);

	if (a64_field(insn, 23, 22) == 3 || (!is_64 && a64_field(insn, 15, 15)))
		return A64_UNDEFINED;
	add(r, insn, a64_x(r, a64_field(insn, 9, 5), is_64), shifted(r, insn, is_64), false);
	return A64_DONE;
}

u64 a64_extend(u64 value, u32 option, u32 shift)
{
	u32 bits = 8u << (option & 3);

	if (option & 4)
		value = (u64)a64_signed(value, bits);
	else
		value &= BITS(bits - 1, 0);
	return value << shift;
}

enum a64_result a64_add_extended(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31);
	u32 shift = a64_field(insn, 12, 10);

	if (shift > 4)
		return A64_UNDEFINED;
	add(r, insn, a64_xsp(r, a64_field(insn, 9, 5), is_64),
	    a64_extend(a64_x(r, a64_field(insn, 20, 16), is_64), a64_field(insn, 15, 13), shift),
	    true);
	return A64_DONE;
}

enum a64_result a64_add_carry(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31), carry = r->pstate & FLAG_C;
	u64 a = a64_x(r, a64_field(insn, 9, 5), is_64);
	u64 b = a64_x(r, a64_field(insn, 20, 16), is_64);
	struct alu_result sum = a64_field(insn, 30, 30)
					? model_subtract(a, b, carry, is_64 ? 64 : 32)
					: model_add(a, b, carry, is_64 ? 64 : 32);

	a64_set_x(r, a64_field(insn, 4, 0), sum.value, is_64);
	if (a64_field(insn, 29, 29))
		r->pstate = (r->pstate & ~FLAGS) | sum.flags;
	return A64_DONE;
}

/* RMIF */
enum a64_result a64_rotate_flags(u32 insn, struct arm_registers *r)
{
	u32 lsb = a64_field(insn, 20, 15), mask = a64_field(insn, 3, 0), bits = 0;
	u64 value = a64_x(r, a64_field(insn, 9, 5), true);

	for (u32 i = 0; i < 4; i++)
		bits |= (u32)(value >> ((lsb + i) % 64) & 1) << i;
	r->pstate = (r->pstate & ~((u64)mask << 28)) | (u64)(bits & mask) << 28;
	return A64_DONE;
}

/* SETF8, SETF16 */
enum a64_result a64_set_flags(u32 insn, struct arm_registers *r)
{
	u32 msb = a64_field(insn, 14, 14) ? 15 : 7;
	u64 value = a64_x(r, a64_field(insn, 9, 5), false);
	u64 flags = r->pstate & FLAG_C;

	if (value >> msb & 1)
		flags |= FLAG_N;
	if (!(value & BITS(msb, 0)))
		flags |= FLAG_Z;
	if ((value >> (msb + 1) ^ value >> msb) & 1)
		flags |= FLAG_V;
	r->pstate = (r->pstate & ~FLAGS) | flags;
	return A64_DONE;
}

/* CFINV, XAFLAG, AXFLAG, by CRm and op2. */
enum a64_result a64_flag_format(u32 insn, struct arm_registers *r)
{
	bool n = r->pstate & FLAG_N, z = r->pstate & FLAG_Z, c = r->pstate & FLAG_C;
	bool v = r->pstate & FLAG_V;
	u64 flags;

	switch (a64_field(insn, 7, 5)) {
	case 0:
		flags = (r->pstate & FLAGS) ^ FLAG_C;
		break;
	case 1:
		flags = (!c && !z ? FLAG_N : 0) | (z && c ? FLAG_Z : 0) | (c || z ? FLAG_C : 0) |
			(!c && z ? FLAG_V : 0);
		break;
	default:
		flags = (z || v ? FLAG_Z : 0) | (c && !v ? FLAG_C : 0);
		break;
	}
	(void)n;
	r->pstate = (r->pstate & ~FLAGS) | flags;
	return A64_DONE;
}

enum a64_result a64_conditional_compare(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31);
	u64 a = a64_x(r, a64_field(insn, 9, 5), is_64);
	u64 b = a64_field(insn, 11, 11) ? a64_field(insn, 20, 16)
					: a64_x(r, a64_field(insn, 20, 16), is_64);
	u64 flags = (u64)a64_field(insn, 3, 0) << 28;

	if (!a64_field(insn, 29, 29) || a64_field(insn, 10, 10) || a64_field(insn, 4, 4))
		return A64_UNDEFINED;
	if (model_condition(a64_field(insn, 15, 12), (u32)(r->pstate & FLAGS)))
		flags = a64_field(insn, 30, 30) ? model_subtract(a, b, true, is_64 ? 64 : 32).flags
						: model_add(a, b, false, is_64 ? 64 : 32).flags;
	r->pstate = (r->pstate & ~FLAGS) | flags;
	return A64_DONE;
}

/* CSEL, CSINC, CSINV, CSNEG */
enum a64_result a64_conditional_select(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31);
	u64 value = a64_x(r, a64_field(insn, 9, 5), is_64);

	if (a64_field(insn, 29, 29) || a64_field(insn, 11, 11))
		return A64_UNDEFINED;
	if (!model_condition(a64_field(insn, 15, 12), (u32)(r->pstate & FLAGS))) {
		value = a64_x(r, a64_field(insn, 20, 16), is_64);
		if (a64_field(insn, 30, 30))
			value = ~value;
		if (a64_field(insn, 10, 10))
			value = model_add(value, 1, false, 64).value;
	}
	a64_set_x(r, a64_field(insn, 4, 0), value, is_64);
	return A64_DONE;
}

/* MADD, MSUB, SMADDL, SMSUBL, SMULH, UMADDL, UMSUBL, UMULH by op31 and o0. */
enum a64_result a64_three_sources(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31), subtract = a64_field(insn, 15, 15);
	u32 op31 = a64_field(insn, 23, 21), d = a64_field(insn, 4, 0);
	u64 a = a64_x(r, a64_field(insn, 9, 5), is_64);
	u64 b = a64_x(r, a64_field(insn, 20, 16), is_64);
	u64 addend = a64_x(r, a64_field(insn, 14, 10), is_64), low, high;

	if (op31 != 0 && !is_64)
		return A64_UNDEFINED;
	switch (op31) {
	case 0:
		model_multiply(a, b, false, is_64 ? 64 : 32, &low, &high);
		break;
	case 1:
	case 5:
		model_multiply((u32)a, (u32)b, op31 == 1, 32, &low, &high);
		break;
	case 2:
	case 6:
		if (subtract)
			return A64_UNDEFINED;
		model_multiply(a, b, op31 == 2, 64, &low, &high);
		a64_set_x(r, d, high, true);
		return A64_DONE;
	default:
		return A64_UNDEFINED;
	}
	a64_set_x(r, d,
		  subtract ? model_subtract(addend, low, true, 64).value
			   : model_add(addend, low, false, 64).value,
		  is_64);
	return A64_DONE;
}

static u64 crc(u32 insn, u64 a, u64 b)
{
	u32 opcode = a64_field(insn, 15, 10);

	return model_crc32((u32)a, b, 1u << (opcode & 3),
			   opcode & 4 ? CRC32C_POLYNOMIAL : CRC32_POLYNOMIAL);
}

/* Division, shifts by a register, CRC32, and SMAX... of FEAT_CSSC, by opcode. */
enum a64_result a64_two_sources(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31), carry = false, less;
	u32 opcode = a64_field(insn, 15, 10), bits = is_64 ? 64 : 32;
	u64 a = a64_x(r, a64_field(insn, 9, 5), is_64);
	u64 b = a64_x(r, a64_field(insn, 20, 16), is_64), value;

	switch (opcode) {
	case 2:
	case 3:
		value = model_divide(a, b, opcode == 3, bits);
		break;
	case 8:
	case 9:
	case 10:
	case 11:
		value = model_shift(a, (enum model_shift)(opcode - 8), (u32)b & (bits - 1), &carry,
				    bits);
		break;
	case 16 ... 23:
		if (is_64 != ((opcode & 3) == 3))
			return A64_UNDEFINED;
		value = crc(insn, a, a64_x(r, a64_field(insn, 20, 16), true));
		break;
	case 24 ... 27:
		less = opcode & 1 ? a < b : a64_signed(a, bits) < a64_signed(b, bits);
		value = less == !!(opcode & 2) ? a : b;
		break;
	default:
		return A64_UNDEFINED;
	}
	a64_set_x(r, a64_field(insn, 4, 0), value, is_64);
	return A64_DONE;
}

static u64 count_leading_sign(u64 value, u32 bits)
{
	u32 count = 0;

	while (count < bits - 1 && (value >> (bits - 1) & 1) == (value >> (bits - 2 - count) & 1))
		count++;
	return count;
}

/* RBIT, REV16, REV/REV32, REV, CLZ, CLS; CTZ, CNT, ABS of FEAT_CSSC: by opcode, with opcode2 = 0. */
enum a64_result a64_one_source(u32 insn, struct arm_registers *r)
{
	bool is_64 = a64_field(insn, 31, 31);
	u32 bits = is_64 ? 64 : 32;
	u64 a = a64_x(r, a64_field(insn, 9, 5), is_64), value = 0;

	switch (a64_field(insn, 15, 10)) {
	case 0:
		value = model_reverse_bits(a, bits);
		break;
	case 1:
		value = model_reverse_bytes(a, 2, bits);
		break;
	case 2:
		value = model_reverse_bytes(a, 4, bits);
		break;
	case 3:
		if (!is_64)
			return A64_UNDEFINED;
		value = model_reverse_bytes(a, 8, bits);
		break;
	case 4:
		value = model_count_leading_zeros(a, bits);
		break;
	case 5:
		value = count_leading_sign(a, bits);
		break;
	case 6:
		value = model_count_leading_zeros(model_reverse_bits(a, bits), bits);
		break;
	case 7:
		for (u32 i = 0; i < bits; i++)
			value += a >> i & 1;
		break;
	case 8:
		value = a >> (bits - 1) & 1 ? model_subtract(0, a, true, bits).value : a;
		break;
	default:
		return A64_UNDEFINED;
	}
	a64_set_x(r, a64_field(insn, 4, 0), value, is_64);
	return A64_DONE;
}
