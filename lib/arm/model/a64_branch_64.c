/* SPDX-License-Identifier: MIT */
/* Branches: DDI 0487, C4.1.93. */
#include <model/a64.h>

#include <model/alu.h>

static void go(struct arm_registers *r, u64 offset, u32 bits)
{
	r->pc += (u64)a64_signed(offset, bits) * 4;
}

enum a64_result a64_branch_conditional(u32 insn, struct arm_registers *r)
{
	if (model_condition(a64_field(insn, 3, 0), (u32)(r->pstate & FLAGS)))
		go(r, a64_field(insn, 23, 5), 19);
	return A64_DONE;
}

/* B, BL */
enum a64_result a64_branch_immediate(u32 insn, struct arm_registers *r)
{
	if (a64_field(insn, 31, 31))
		r->x[30] = r->pc + 4;
	go(r, a64_field(insn, 25, 0), 26);
	return A64_DONE;
}

/* BR, BLR, RET */
enum a64_result a64_branch_register(u32 insn, struct arm_registers *r)
{
	u64 target = a64_x(r, a64_field(insn, 9, 5), true);

	if (a64_field(insn, 22, 21) == 1)
		r->x[30] = r->pc + 4;
	r->pc = target;
	return A64_DONE;
}

/* CBZ, CBNZ */
enum a64_result a64_compare_branch(u32 insn, struct arm_registers *r)
{
	u64 value = a64_x(r, a64_field(insn, 4, 0), a64_field(insn, 31, 31));

	if ((value == 0) != a64_field(insn, 24, 24))
		go(r, a64_field(insn, 23, 5), 19);
	return A64_DONE;
}

/* TBZ, TBNZ */
enum a64_result a64_test_branch(u32 insn, struct arm_registers *r)
{
	u32 bit = a64_field(insn, 31, 31) << 5 | a64_field(insn, 23, 19);

	if ((a64_x(r, a64_field(insn, 4, 0), true) >> bit & 1) == a64_field(insn, 24, 24))
		go(r, a64_field(insn, 18, 5), 14);
	return A64_DONE;
}
