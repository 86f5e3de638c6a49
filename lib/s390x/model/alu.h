/* SPDX-License-Identifier: MIT */
/*
 * A model of binary integer arithmetic as PoP SA22-7832-13, chapter 7, defines it: results and condition
 * codes, computed from the definitions in C, without any of the instructions that it is compared with
 * being asked for.
 */
#ifndef ASSAY_S390X_MODEL_ALU_H
#define ASSAY_S390X_MODEL_ALU_H

#include <types.h>

/* What an instruction works on: the first operand, or an even-odd pair; the second; the condition code. */
struct alu_state {
	u64 first;
	u64 odd; /* the register after the first operand's */
	u64 second;
	u32 cc;
};

enum alu_operation {
	ALU_ADD,
	ALU_SUBTRACT,
	ALU_ADD_LOGICAL,
	ALU_SUBTRACT_LOGICAL,
	ALU_ADD_CARRY,
	ALU_SUBTRACT_BORROW,
	ALU_AND,
	ALU_OR,
	ALU_XOR,
	ALU_COMPARE,
	ALU_COMPARE_LOGICAL,
	ALU_COMPLEMENT,
	ALU_POSITIVE,
	ALU_NEGATIVE,
	ALU_LOAD,
	ALU_LOAD_TEST,
	ALU_MULTIPLY_SINGLE,
	ALU_MULTIPLY_SINGLE_CC, /* with the condition code of the product */
	ALU_AND_COMPLEMENT,
	ALU_OR_COMPLEMENT,
	ALU_NAND,
	ALU_NOR,
	ALU_NXOR,
	ALU_ADD_QUIET, /* without a condition code */
	ALU_TEST_UNDER_MASK,
	ALU_LOAD_31,
	ALU_LOAD_ZERO_RIGHT,
	ALU_LOAD_REVERSED,
	ALU_SHIFT_LEFT,
	ALU_SHIFT_RIGHT,
	ALU_SHIFT_LEFT_LOGICAL,
	ALU_SHIFT_RIGHT_LOGICAL,
	ALU_ROTATE,
	/* On pairs. */
	ALU_MULTIPLY,
	ALU_MULTIPLY_LOGICAL,
	ALU_MULTIPLY_128, /* both operands have signs, as has the product of 128 bits */
	ALU_DIVIDE,
	ALU_DIVIDE_SINGLE,
	ALU_DIVIDE_LOGICAL,
	ALU_SHIFT_DOUBLE_LEFT,
	ALU_SHIFT_DOUBLE_RIGHT,
	ALU_SHIFT_DOUBLE_LEFT_LOGICAL,
	ALU_SHIFT_DOUBLE_RIGHT_LOGICAL,
	ALU_FIND_LEFTMOST_ONE,
	ALU_POPULATION,
};

/* How the second operand becomes one of the operation's width. */
enum alu_operand {
	ALU_WHOLE,
	ALU_SIGNED_32,
	ALU_UNSIGNED_32,
	ALU_SIGNED_16,
	ALU_UNSIGNED_16,
	ALU_SIGNED_8,
	ALU_UNSIGNED_8,
};

struct alu_instruction {
	enum alu_operation operation;
	u32 width; /* 16, 32 or 64 bits */
	enum alu_operand operand;
};

/*
 * Executes the instruction on *state. False, with *state as it was, if it ends in a fixed-point-divide
 * exception.
 */
bool alu_execute(const struct alu_instruction *instruction, struct alu_state *state);

#endif
