/* SPDX-License-Identifier: MIT */
/*
 * A model of the integer instructions, to compare results and flags with. It is written from the
 * pseudocode of DDI 0487, J1.3 (shared functions), bit by bit: what is under test (addition, shifts by a
 * register, multiplication, division) takes no part in it beyond counting.
 */
#ifndef ASSAY_ARM_MODEL_ALU_H
#define ASSAY_ARM_MODEL_ALU_H

#include <types.h>

/* Flags as in NZCV and CPSR. */
#define FLAG_V BIT(28)
#define FLAG_C BIT(29)
#define FLAG_Z BIT(30)
#define FLAG_N BIT(31)
#define FLAGS  (FLAG_N | FLAG_Z | FLAG_C | FLAG_V)

struct alu_result {
	u64 value;
	u32 flags;
};

/* AddWithCarry() of the low `bits` bits: the sum, and all flags. */
struct alu_result model_add(u64 a, u64 b, bool carry, u32 bits);

/* a - b and a - b - !carry: additions of the complement. */
struct alu_result model_subtract(u64 a, u64 b, bool carry, u32 bits);

/* N and Z of a value; C and V are those given. */
struct alu_result model_logical(u64 value, bool c, bool v, u32 bits);

/* Shift_C(): LSL, LSR, ASR, ROR by 0 to 255; *carry is the last bit shifted out, or stays for 0. */
enum model_shift { MODEL_LSL, MODEL_LSR, MODEL_ASR, MODEL_ROR };
u64 model_shift(u64 value, enum model_shift shift, u32 amount, bool *carry, u32 bits);

/* The product of two numbers of `bits` bits: its low 64 bits, and the 64 above, for signed or unsigned. */
void model_multiply(u64 a, u64 b, bool is_signed, u32 bits, u64 *low, u64 *high);

/* The quotient, rounded towards zero; 0 for a division by 0 (C6.2, UDIV). */
u64 model_divide(u64 a, u64 b, bool is_signed, u32 bits);

/* ConditionHolds(): C1.2.4. Both 14 and 15 always hold. */
bool model_condition(u32 condition, u32 flags);

/* Leading zeros; the bits, the bytes of each `unit` bytes the other way round. */
u64 model_count_leading_zeros(u64 value, u32 bits);
u64 model_reverse_bits(u64 value, u32 bits);
u64 model_reverse_bytes(u64 value, u32 unit, u32 bits);

/* CRC of `bytes` bytes of a value by a polynomial, bit-reversed as the instructions have it (C6.2, CRC32). */
u32 model_crc32(u32 crc, u64 value, u32 bytes, u32 polynomial);

#endif
