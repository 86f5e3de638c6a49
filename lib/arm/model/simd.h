/* SPDX-License-Identifier: MIT */
/* What the classes of Advanced SIMD share in the model. */
#ifndef ASSAY_ARM_MODEL_SIMD_H
#define ASSAY_ARM_MODEL_SIMD_H

#include <model/a64.h>
#include <model/fp.h>

typedef __int128 s128;

/* The fields that all have, what the operands are, and the result as it grows. */
struct simd {
	struct arm_registers *r;
	struct fp_context fp;
	bool scalar, q, u;
	u32 size, opcode, n, m, d;
	u32 bytes;    /* of an element */
	u32 elements; /* of a vector, or 1 */
	u64 out[2];
};

/* Bits 28 (scalar), 30, 29, 23-22, 20-16, 9-5, 4-0; elements of 1 << size bytes. */
struct simd simd_decode(u32 insn, struct arm_registers *r);

/* Other elements than size says. */
void simd_set_bytes(struct simd *s, u32 bytes);

static inline u64 simd_n(const struct simd *s, u32 index)
{
	return a64_element(s->r, s->n, s->bytes, index);
}

static inline u64 simd_m(const struct simd *s, u32 index)
{
	return a64_element(s->r, s->m, s->bytes, index);
}

static inline u64 simd_d(const struct simd *s, u32 index)
{
	return a64_element(s->r, s->d, s->bytes, index);
}

/* An element of `bytes` bytes of the result. */
void simd_put(struct simd *s, u32 bytes, u32 index, u64 value);

/* Writes the result, all of the register, and FPSR. */
enum a64_result simd_done(struct simd *s);

/* SatQ(): into `bits` bits; QC if it does not fit. */
u64 simd_saturate(struct simd *s, s128 value, u32 bits, bool is_unsigned);

/* An element as a number. */
static inline s128 simd_number(u64 value, u32 bits, bool is_unsigned)
{
	return is_unsigned ? (s128)(value & BITS(bits - 1, 0)) : (s128)a64_signed(value, bits);
}

/* FMLAL's and FMLSL's step: half-precision `a` and `b`, their product added in single precision. */
u64 a64_multiply_add_long(struct fp_context *c, u64 addend, u64 a, u64 b);

#endif
