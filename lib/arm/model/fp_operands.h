/* SPDX-License-Identifier: MIT */
/* Registers for floating-point and Advanced SIMD instructions: values at which they change their minds. */
#ifndef ASSAY_ARM_MODEL_FP_OPERANDS_H
#define ASSAY_ARM_MODEL_FP_OPERANDS_H

#include <arm/execute.h>

/*
 * Fills V0 to V31, FPCR and FPSR: elements of 16, 32 or 64 bits of all kinds of floating-point values, or,
 * for 0, any bits.
 */
void fp_random_registers(struct arm_registers *r, u32 size);

#endif
