/* SPDX-License-Identifier: MIT */
/* What the parts of the ALU model share; not for its users. */
#ifndef ASSAY_X86_MODEL_ALU_INTERNAL_H
#define ASSAY_X86_MODEL_ALU_INTERNAL_H

#include <x86/model/alu.h>

static inline u64 alu_mask(unsigned width)
{
	return width >= 64 ? ~0ull : (1ull << width) - 1;
}

static inline u64 alu_trim(u64 value, unsigned width)
{
	return value & alu_mask(width);
}

static inline bool alu_bit(u64 value, unsigned bit)
{
	return value >> bit & 1;
}

/* The most significant of `width` bits. */
static inline bool alu_sign(u64 value, unsigned width)
{
	return alu_bit(value, width - 1);
}

static inline u64 alu_sign_extend(u64 value, unsigned width)
{
	return alu_sign(value, width) ? value | ~alu_mask(width) : alu_trim(value, width);
}

static inline u32 alu_flag(u32 flag, bool on)
{
	return on ? flag : 0;
}

/* PF is even parity of the low byte whatever the width (SDM vol. 1, 3.4.3.1). */
static inline bool alu_parity_even(u64 value)
{
	bool even = true;

	for (unsigned bit = 0; bit < 8; bit++)
		if (alu_bit(value, bit))
			even = !even;
	return even;
}

/* SF, ZF and PF of a result. */
static inline u32 alu_szp(u64 result, unsigned width)
{
	return alu_flag(ALU_SF, alu_sign(result, width)) |
	       alu_flag(ALU_ZF, alu_trim(result, width) == 0) |
	       alu_flag(ALU_PF, alu_parity_even(result));
}

/*
 * Start an answer with nothing written: the destination as it was and the incoming flags. Those
 * an instruction changes or leaves undefined are named in alu_set_flags().
 */
static inline void alu_begin(const struct alu_in *in, struct alu_out *out)
{
	*out = (struct alu_out){ .result = alu_trim(in->dst, in->width), .flags = in->flags };
}

static inline void alu_set_result(const struct alu_in *in, struct alu_out *out, u64 result)
{
	out->result = alu_trim(result, in->width);
}

/* Of the flags in `written`, those in `values` become 1, the others 0; `undefined` ones
 * anything. */
static inline void alu_set_flags(struct alu_out *out, u32 written, u32 values, u32 undefined)
{
	out->flags = (out->flags & ~written) | (values & written);
	out->undefined = undefined;
}

#endif
