/* SPDX-License-Identifier: MIT */
/* For the parts of the model of A32's floating point and Advanced SIMD: S<n> and D<n> as parts of V registers. */
#ifndef ASSAY_ARM_MODEL_A32_VECTOR_H
#define ASSAY_ARM_MODEL_A32_VECTOR_H

#include <model/a32.h>
#include <model/alu.h>

#define A32_FPSCR_FZ   BIT(24)
#define A32_FPSCR_DN   BIT(25)
#define A32_FPSCR_NZCV BITS(31, 28)

/* Whether the instruction is executed by its condition; without one in bits 31-28 it always is. */
static inline bool a32_fp_holds(u32 insn, const struct arm_registers *r)
{
	return insn >> 28 == 15 || model_condition(insn >> 28, (u32)(r->pstate & FLAGS));
}

/* Fields that are a nibble and a bit: of single precision the bit is the lowest, else the highest. */
static inline u32 a32_vector_number(u32 insn, u32 nibble, u32 bit, bool is_single)
{
	u32 high = insn >> nibble & 15, low = insn >> bit & 1;

	return is_single ? high << 1 | low : low << 4 | high;
}

/* S<n> or D<n>, of 32 or 64 bits. The rest of the V register stays. */
static inline u64 a32_vector_get(const struct arm_registers *r, u32 size, u32 n)
{
	return size == 32 ? a64_element(r, n / 4, 4, n % 4) : a64_element(r, n / 2, 8, n % 2);
}

static inline void a32_vector_put(struct arm_registers *r, u32 size, u32 n, u64 value)
{
	if (size == 32)
		a64_set_element(r, n / 4, 4, n % 4, value);
	else
		a64_set_element(r, n / 2, 8, n % 2, value);
}

/* The numbers of D registers; false if a Q register has an odd one. */
bool a32_vectors(u32 insn, u32 *d, u32 *n, u32 *m);

/* A vector of D registers: the first one's number, and whether there are two of them. */
struct a32_vector {
	u32 number;
	bool q;
};

/*
 * Runs an instruction of A64 with V0, V1 and V2 as Rd, Rn and Rm on these registers, with the standard value of FPSCR,
 * whatever that has. a32_as_a64() has all three of one length.
 */
enum a64_result a32_run_a64(a64_model *model, u32 a64, struct arm_registers *r, struct a32_vector d,
			    struct a32_vector n, struct a32_vector m);
enum a64_result a32_as_a64(a64_model *model, u32 a64, struct arm_registers *r, bool q, u32 d, u32 n,
			   u32 m);

#endif
