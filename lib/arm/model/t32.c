/* SPDX-License-Identifier: MIT */
/* T32: DDI 0487, F3.1. Fields are taken apart here; what is done with them is mostly a32.c's. */
#include <model/a32.h>

#include <model/alu.h>

static u32 reg(const struct arm_registers *r, u32 n)
{
	return (u32)r->x[n];
}

u32 a32_it_state(const struct arm_registers *r)
{
	return (u32)((r->pstate >> 25 & 3) | (r->pstate >> 10 & 0x3f) << 2);
}

void a32_set_it_state(struct arm_registers *r, u32 state)
{
	r->pstate = (r->pstate & ~CPSR_IT) | (u64)(state & 3) << 25 |
		    (u64)(state >> 2 & 0x3f) << 10;
}

bool t32_in_it(const struct arm_registers *r)
{
	return a32_it_state(r) & 15;
}

bool t32_holds(const struct arm_registers *r)
{
	return !t32_in_it(r) || model_condition(a32_it_state(r) >> 4, (u32)(r->pstate & FLAGS));
}

enum a64_result a32_step(a64_model *model, u32 insn, struct arm_registers *r)
{
	u64 pc = r->pc;
	u32 it = a32_it_state(r);
	enum a64_result result;

	if (!(r->pstate & CPSR_T))
		return a64_step(model, insn, r);
	result = a64_step(model, insn, r);
	if (result != A64_DONE)
		return result;
	if (r->pc == pc + 4 && insn < 0x10000)
		r->pc = pc + 2;
	/* ITAdvance(); IT itself has just set it. */
	if (model != t32_it)
		a32_set_it_state(r, it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0);
	return A64_DONE;
}

/* IT{x{y{z}}} cond */
enum a64_result t32_it(u32 insn, struct arm_registers *r)
{
	u32 cond = a64_field(insn, 7, 4), mask = insn & 15;
	u32 bits = 0;

	for (u32 i = 0; i < 4; i++)
		bits += mask >> i & 1;
	if (!mask || cond == 15 || (cond == 14 && bits != 1) || t32_in_it(r))
		return A64_UNPREDICTABLE;
	a32_set_it_state(r, insn & 0xff);
	return A64_DONE;
}

/* ------------------------------------------------------------------------------- narrow */

#define D3(insn) ((insn)&7)
#define N3(insn) ((insn) >> 3 & 7)
#define M3(insn) ((insn) >> 6 & 7)

enum a64_result t32_shift_immediate(u32 insn, struct arm_registers *r)
{
	u32 type = a64_field(insn, 12, 11), amount = a64_field(insn, 10, 6);
	bool carry = r->pstate & FLAG_C;

	if (type == 0 && !amount && t32_in_it(r))
		return A64_UNPREDICTABLE;
	if (t32_holds(r)) {
		u32 value = a32_shift(reg(r, N3(insn)), type, amount, &carry);

		a32_operate(13, !t32_in_it(r), D3(insn), r, 0, value, carry);
	}
	return A64_DONE;
}

/* ADD, SUB of a register or three bits. */
enum a64_result t32_add_3(u32 insn, struct arm_registers *r)
{
	u32 b = insn & BIT(10) ? M3(insn) : reg(r, M3(insn));

	if (t32_holds(r))
		a32_operate(insn & BIT(9) ? 2 : 4, !t32_in_it(r), D3(insn), r, reg(r, N3(insn)), b,
			    false);
	return A64_DONE;
}

/* MOV, CMP, ADD, SUB of eight bits. */
enum a64_result t32_immediate_8(u32 insn, struct arm_registers *r)
{
	static const u8 ops[4] = { 13, 10, 4, 2 };
	u32 op = a64_field(insn, 12, 11), d = a64_field(insn, 10, 8);

	if (t32_holds(r))
		a32_operate(ops[op], op == 1 || !t32_in_it(r), d, r, reg(r, d), insn & 0xff,
			    r->pstate & FLAG_C);
	return A64_DONE;
}

enum a64_result t32_data_register(u32 insn, struct arm_registers *r)
{
	/* AND EOR LSL LSR ASR ADC SBC ROR TST RSB CMP CMN ORR MUL BIC MVN */
	static const u8 ops[16] = { 0, 1, 13, 13, 13, 5, 6, 13, 8, 3, 10, 11, 12, 16, 14, 15 };
	static const u8 shifts[16] = { [2] = 0, [3] = 1, [4] = 2, [7] = 3 };
	u32 op = a64_field(insn, 9, 6), d = D3(insn), a = reg(r, d), b = reg(r, N3(insn));
	bool carry = r->pstate & FLAG_C, s = !t32_in_it(r);
	u64 low, high;

	if (!t32_holds(r))
		return A64_DONE;
	if (ops[op] == 16) {
		model_multiply(a, b, false, 32, &low, &high);
		r->x[d] = (u32)low;
		if (s)
			r->pstate = (r->pstate & ~FLAGS) |
				    model_logical(low, carry, r->pstate & FLAG_V, 32).flags;
		return A64_DONE;
	}
	if (ops[op] == 13)
		b = (u32)model_shift(a, (enum model_shift)shifts[op], b & 0xff, &carry, 32);
	else if (op == 9) /* NEG: RSB of 0 */
		a = b, b = 0;
	a32_operate(ops[op], s || (ops[op] >= 8 && ops[op] < 12), d, r, a, b, carry);
	return A64_DONE;
}

/* ADD, CMP, MOV of registers of which one may be high. */
enum a64_result t32_special(u32 insn, struct arm_registers *r)
{
	static const u8 ops[3] = { 4, 10, 13 };
	u32 op = a64_field(insn, 9, 8), d = D3(insn) | a64_field(insn, 7, 7) << 3,
	    m = a64_field(insn, 6, 3);

	if (op == 3 || d == 15 || m == 15 || (op == 1 && d < 8 && m < 8))
		return A64_UNPREDICTABLE;
	if (t32_holds(r))
		a32_operate(ops[op], op == 1, d, r, reg(r, d), reg(r, m), false);
	return A64_DONE;
}

static void load(struct arm_registers *r, u32 t, u32 at, u32 bytes, bool is_signed)
{
	u64 value = a64_read(at, bytes);

	r->x[t] = is_signed ? (u32)a64_signed(value, 8 * bytes) : value;
}

enum a64_result t32_load_literal(u32 insn, struct arm_registers *r)
{
	if (t32_holds(r))
		load(r, a64_field(insn, 10, 8), ((u32)r->pc + 4) / 4 * 4 + 4 * (insn & 0xff), 4,
		     false);
	return A64_DONE;
}

enum a64_result t32_load_register(u32 insn, struct arm_registers *r)
{
	/* STR STRH STRB LDRSB LDR LDRH LDRB LDRSH */
	static const u8 bytes[8] = { 4, 2, 1, 1, 4, 2, 1, 2 };
	u32 op = a64_field(insn, 11, 9), at = reg(r, N3(insn)) + reg(r, M3(insn));

	if (!t32_holds(r))
		return A64_DONE;
	if (op < 3)
		a64_write(at, bytes[op], reg(r, D3(insn)));
	else
		load(r, D3(insn), at, bytes[op], op == 3 || op == 7);
	return A64_DONE;
}

static void move(struct arm_registers *r, bool is_load, u32 t, u32 at, u32 bytes)
{
	if (is_load)
		load(r, t, at, bytes, false);
	else
		a64_write(at, bytes, reg(r, t));
}

enum a64_result t32_load_immediate(u32 insn, struct arm_registers *r)
{
	u32 bytes = insn & BIT(12) ? 1 : 4;

	if (t32_holds(r))
		move(r, insn & BIT(11), D3(insn), reg(r, N3(insn)) + bytes * a64_field(insn, 10, 6),
		     bytes);
	return A64_DONE;
}

enum a64_result t32_load_half(u32 insn, struct arm_registers *r)
{
	if (t32_holds(r))
		move(r, insn & BIT(11), D3(insn), reg(r, N3(insn)) + 2 * a64_field(insn, 10, 6), 2);
	return A64_DONE;
}

enum a64_result t32_load_sp(u32 insn, struct arm_registers *r)
{
	if (t32_holds(r))
		move(r, insn & BIT(11), a64_field(insn, 10, 8), reg(r, 13) + 4 * (insn & 0xff), 4);
	return A64_DONE;
}

/* ADR, ADD of SP */
enum a64_result t32_address(u32 insn, struct arm_registers *r)
{
	u32 base = insn & BIT(11) ? reg(r, 13) : ((u32)r->pc + 4) / 4 * 4;

	if (t32_holds(r))
		r->x[a64_field(insn, 10, 8)] = base + 4 * (insn & 0xff);
	return A64_DONE;
}

enum a64_result t32_adjust_sp(u32 insn, struct arm_registers *r)
{
	u32 by = 4 * (insn & 0x7f);

	if (t32_holds(r))
		r->x[13] = insn & BIT(7) ? reg(r, 13) - by : reg(r, 13) + by;
	return A64_DONE;
}

/* SXTH, SXTB, UXTH, UXTB */
enum a64_result t32_extend(u32 insn, struct arm_registers *r)
{
	u32 bits = insn & BIT(6) ? 8 : 16, value = reg(r, N3(insn)) & (u32)BITS(bits - 1, 0);

	if (t32_holds(r))
		r->x[D3(insn)] = insn & BIT(7) ? value : (u32)a64_signed(value, bits);
	return A64_DONE;
}

/* REV, REV16, REVSH */
enum a64_result t32_reverse(u32 insn, struct arm_registers *r)
{
	u32 op = a64_field(insn, 7, 6);
	u64 value = model_reverse_bytes(reg(r, N3(insn)), op ? 2 : 4, 32);

	if (op == 2)
		return A64_UNPREDICTABLE;
	if (t32_holds(r))
		r->x[D3(insn)] = op == 3 ? (u32)a64_signed(value, 16) : value;
	return A64_DONE;
}

static u32 bits_in(u32 list)
{
	u32 count = 0;

	for (u32 i = 0; i < 16; i++)
		count += list >> i & 1;
	return count;
}

static void transfer(struct arm_registers *r, u32 list, u32 at, bool is_load)
{
	for (u32 i = 0; i < 15; i++) {
		if (!(list >> i & 1))
			continue;
		move(r, is_load, i, at, 4);
		at += 4;
	}
}

enum a64_result t32_push(u32 insn, struct arm_registers *r)
{
	u32 list = (insn & 0xff) | (insn & BIT(8) ? 1u << 14 : 0);
	u32 at = reg(r, 13) - 4 * bits_in(list);

	if (!list)
		return A64_UNPREDICTABLE;
	if (t32_holds(r)) {
		transfer(r, list, at, false);
		r->x[13] = at;
	}
	return A64_DONE;
}

/* Without the PC. */
enum a64_result t32_pop(u32 insn, struct arm_registers *r)
{
	u32 list = insn & 0xff, at = reg(r, 13);

	if (!list || (insn & BIT(8)))
		return A64_UNPREDICTABLE;
	if (t32_holds(r)) {
		transfer(r, list, at, true);
		r->x[13] = at + 4 * bits_in(list);
	}
	return A64_DONE;
}

enum a64_result t32_multiple(u32 insn, struct arm_registers *r)
{
	u32 list = insn & 0xff, n = a64_field(insn, 10, 8), at = reg(r, n);
	bool is_load = insn & BIT(11), in_list = list >> n & 1;

	/* A base in the list that is stored is UNKNOWN unless it is the first. */
	if (!list || (!is_load && in_list && (list & (BIT(n) - 1))))
		return A64_UNPREDICTABLE;
	if (!t32_holds(r))
		return A64_DONE;
	transfer(r, list, at, is_load);
	if (!(is_load && in_list))
		r->x[n] = at + 4 * bits_in(list);
	return A64_DONE;
}
