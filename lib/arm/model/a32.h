/* SPDX-License-Identifier: MIT */
/*
 * A model of A32 instructions: DDI 0487, F4.1, F5.1. As <model/a64.h>, with R0 to R14 in the low halves of
 * x[0] to x[14] and CPSR in pstate; R15 as an operand is A64_UNPREDICTABLE.
 */
#ifndef ASSAY_ARM_MODEL_A32_H
#define ASSAY_ARM_MODEL_A32_H

#include <model/a64.h>

a64_model a32_data_immediate, a32_data_register, a32_data_shifted, a32_multiply, a32_multiply_long,
	a32_move_wide, a32_bitfield, a32_extend, a32_reverse, a32_saturate, a32_saturating,
	a32_divide, a32_halfword_multiply, a32_load_store, a32_load_store_extra, a32_multiple;

#endif
