/* SPDX-License-Identifier: MIT */
/*
 * A model of A32 and T32 instructions: DDI 0487, F4.1, F3.1, F5.1. As <model/a64.h>, with R0 to R14 in the low halves of
 * x[0] to x[14] and CPSR in pstate; R15 as an operand is A64_UNPREDICTABLE but where a function says that it is not.
 */
#ifndef ASSAY_ARM_MODEL_A32_H
#define ASSAY_ARM_MODEL_A32_H

#include <model/a64.h>

#define CPSR_T	BIT(5)
#define CPSR_GE BITS(19, 16)
#define CPSR_Q	BIT(27)
#define CPSR_IT (BITS(26, 25) | BITS(15, 10))

a64_model a32_data_immediate, a32_data_register, a32_data_shifted, a32_multiply, a32_multiply_long,
	a32_move_wide, a32_bitfield, a32_extend, a32_reverse, a32_saturate, a32_saturating,
	a32_divide, a32_halfword_multiply, a32_load_store, a32_load_store_extra, a32_multiple;

/* Media instructions: parallel additions, SEL, PKH, SSAT16 and USAT16, dual multiplications, sums of differences. */
a64_model a32_parallel, a32_select, a32_pack, a32_saturate_16, a32_dual_multiply, a32_top_multiply,
	a32_word_multiply, a32_differences;

/*
 * T32. A narrow instruction is the low half of `insn`, a wide one has its first halfword above. The condition is that of
 * ITSTATE in pstate, whose step to the next instruction is a32_step()'s.
 */
a64_model t32_shift_immediate, t32_add_3, t32_immediate_8, t32_data_register, t32_special,
	t32_load_literal, t32_load_register, t32_load_immediate, t32_load_half, t32_load_sp,
	t32_address, t32_adjust_sp, t32_extend, t32_reverse, t32_push, t32_pop, t32_multiple,
	t32_it;
a64_model t32w_data_shifted, t32w_data_immediate, t32w_plain, t32w_move, t32w_bitfield,
	t32w_saturate, t32w_shift_register, t32w_extend, t32w_reverse, t32w_multiply,
	t32w_multiply_long, t32w_divide, t32w_load, t32w_load_literal, t32w_load_register,
	t32w_dual, t32w_multiple, t32w_halfword_multiply, t32w_saturating, t32w_parallel;

/* Floating point and Advanced SIMD of A32, with FPCR and FPSR for FPSCR, whose flags are FPSR's bits 31-28. */
a64_model a32_fp_three, a32_fp_two, a32_fp_round, a32_fp_compare, a32_fp_convert, a32_fp_integer,
	a32_fp_integer_round, a32_fp_select, a32_fp_max, a32_simd_same, a32_simd_same_fp,
	a32_simd_multiply_add, a32_simd_misc;
a64_model a32_simd_different, a32_simd_scalar, a32_simd_shift, a32_simd_extract, a32_simd_table,
	a32_simd_duplicate, a32_simd_permute, a32_simd_convert, a32_fp_move, a32_fp_move_two,
	a32_fp_move_element, a32_fp_duplicate;
a64_model a32_fp_load_store, a32_fp_multiple, a32_simd_structures, a32_simd_structure,
	a32_simd_structure_to_all;

/* a64_step() of an instruction of A32 or T32 by CPSR.T: the PC goes on by its size, ITSTATE by one. */
enum a64_result a32_step(a64_model *model, u32 insn, struct arm_registers *r);

/* ITSTATE of CPSR. */
u32 a32_it_state(const struct arm_registers *r);
void a32_set_it_state(struct arm_registers *r, u32 state);

/* Whether the instruction is executed by ITSTATE; always outside of an IT block. */
bool t32_holds(const struct arm_registers *r);
bool t32_in_it(const struct arm_registers *r);

/*
 * One of the sixteen operations of data processing, by A32's numbers, on a and b: R<d> and, with `s`, the flags; `carry`
 * is the shifter's. Comparisons write no register.
 */
void a32_operate(u32 op, bool s, u32 d, struct arm_registers *r, u32 a, u32 b, bool carry);

/* DecodeImmShift() and Shift_C(): the value; *carry in and out. */
u32 a32_shift(u32 value, u32 type, u32 amount, bool *carry);

/* SignedSat() and UnsignedSat(), with Q. */
u64 a32_saturated(struct arm_registers *r, s64 value, u32 bits, bool is_unsigned);

#endif
