/* SPDX-License-Identifier: MIT */
/*
 * A model of A64 instructions, written from the manual's pseudocode (DDI 0487, C6.2, C7.2, J1): what one
 * does to the registers and to memory. A function is one class of encodings of C4.1 and takes its fields
 * apart itself. What is under test (sums, products, shifts by a register) is counted bit by bit by
 * <model/alu.h>.
 */
#ifndef ASSAY_ARM_MODEL_A64_H
#define ASSAY_ARM_MODEL_A64_H

#include <arm/execute.h>
#include <types.h>

enum a64_result {
	A64_DONE,
	A64_UNDEFINED,
	A64_UNPREDICTABLE, /* or UNKNOWN: nothing can be said of this encoding with these operands */
};

/* pc is the address of the instruction; the function changes it only for a branch. */
typedef enum a64_result a64_model(u32 insn, struct arm_registers *r);

/* Data processing, immediate: C4.1.92. */
a64_model a64_pc_relative, a64_add_immediate, a64_logical_immediate, a64_move_wide, a64_bitfield,
	a64_extract, a64_min_max_immediate;

/* Data processing, register: C4.1.95. */
a64_model a64_logical_shifted, a64_add_shifted, a64_add_extended, a64_add_carry, a64_rotate_flags,
	a64_set_flags, a64_conditional_compare, a64_conditional_select, a64_three_sources,
	a64_two_sources, a64_one_source, a64_flag_format;

/* Branches: C4.1.93. The link register and pc. */
a64_model a64_branch_conditional, a64_branch_immediate, a64_branch_register, a64_compare_branch,
	a64_test_branch;

/* Loads and stores: C4.1.94. */
a64_model a64_load_literal, a64_pair, a64_unscaled, a64_post_index, a64_unprivileged, a64_pre_index,
	a64_register_offset, a64_unsigned_offset, a64_ordered, a64_exclusive, a64_compare_and_swap,
	a64_compare_and_swap_pair, a64_atomic, a64_rcpc, a64_rcpc_unscaled, a64_structures,
	a64_structures_post, a64_structure, a64_structure_post;

/* Floating point: C4.1.96.25 and after. */
a64_model a64_fp_one_source, a64_fp_two_sources, a64_fp_three_sources, a64_fp_compare,
	a64_fp_conditional_compare, a64_fp_conditional_select, a64_fp_immediate, a64_fp_integer,
	a64_fp_fixed;

/* Advanced SIMD: C4.1.96. Scalar forms are bit 28 of the same class. */
a64_model a64_simd_same, a64_simd_same_half, a64_simd_same_extra, a64_simd_misc, a64_simd_misc_half,
	a64_simd_pairwise_scalar, a64_simd_across, a64_simd_different, a64_simd_by_element,
	a64_simd_shift, a64_simd_copy, a64_simd_extract, a64_simd_table, a64_simd_permute,
	a64_simd_immediate, a64_simd_immediate_half;

/* Cryptographic extensions: C4.1.96.2 to C4.1.96.11. */
a64_model a64_aes, a64_sha_three, a64_sha_two, a64_sha512_three, a64_sha512_two, a64_crypto_four,
	a64_xar;

a64_model a64_sm3_part, a64_sm3_ss1, a64_sm3_tt, a64_sm4;
/* SM4's substitution of a byte. */
u8 a64_sm4_substitute(u8 x);

/* FEAT_BF16. */
a64_model a64_bf_convert, a64_bf_convert_narrow, a64_bf_dot, a64_bf_matrix,
	a64_bf_multiply_add_long;

/*
 * The memory that the model has: `size` bytes from the address `start` on are in `bytes`. An access to any
 * other address makes the result A64_UNPREDICTABLE. `first` is the address of the last instruction's first
 * access; `accesses` how many there were.
 */
struct a64_memory {
	u64 start, size;
	u8 *bytes;
	u64 first;
	u32 accesses;
	bool outside;
};

extern struct a64_memory a64_memory;

/*
 * Runs the model of one instruction at r->pc, which is then the address of the next. a64_probe() only finds
 * out where it accesses memory: the address, or false if it does not or is UNDEFINED.
 */
enum a64_result a64_step(a64_model *model, u32 insn, struct arm_registers *r);
bool a64_probe(a64_model *model, u32 insn, const struct arm_registers *r, u64 *address);

/* ------------------------------------------------------------------ for the model's parts */

/* `size` bytes, 1 to 8, little-endian; 0 from outside. */
u64 a64_read(u64 address, u32 size);
void a64_write(u64 address, u32 size, u64 value);

static inline u32 a64_field(u32 insn, u32 high, u32 low)
{
	return (u32)((insn & BITS(high, low)) >> low);
}

static inline s64 a64_signed(u64 value, u32 bits)
{
	return (s64)(value << (64 - bits)) >> (64 - bits);
}

/* Register n with 31 as zero, or as SP; is_64 or the low half. */
static inline u64 a64_x(const struct arm_registers *r, u32 n, bool is_64)
{
	u64 value = n == 31 ? 0 : r->x[n];

	return is_64 ? value : (u32)value;
}

static inline u64 a64_xsp(const struct arm_registers *r, u32 n, bool is_64)
{
	u64 value = n == 31 ? r->sp : r->x[n];

	return is_64 ? value : (u32)value;
}

static inline void a64_set_x(struct arm_registers *r, u32 n, u64 value, bool is_64)
{
	if (n != 31)
		r->x[n] = is_64 ? value : (u32)value;
}

static inline void a64_set_xsp(struct arm_registers *r, u32 n, u64 value, bool is_64)
{
	if (n == 31)
		r->sp = is_64 ? value : (u32)value;
	else
		a64_set_x(r, n, value, is_64);
}

/* Element `index` of a V register, of 1, 2, 4 or 8 bytes. */
u64 a64_element(const struct arm_registers *r, u32 v, u32 bytes, u32 index);
void a64_set_element(struct arm_registers *r, u32 v, u32 bytes, u32 index, u64 value);

/* VFPExpandImm() */
u64 a64_expand_fp(u32 imm8, u32 size);

/* DecodeBitMasks(): false for a reserved value. Either pointer may be NULL. J1.3. */
bool a64_bit_masks(u32 n, u32 imms, u32 immr, bool immediate, u64 *wmask, u64 *tmask);

/* ExtendReg(): option 0 to 7 are UXTB, UXTH, UXTW, UXTX, SXTB, ... */
u64 a64_extend(u64 value, u32 option, u32 shift);

#endif
