/* SPDX-License-Identifier: MIT */
#include <model/simd.h>

#include <string.h>

struct simd simd_decode(u32 insn, struct arm_registers *r)
{
	struct simd s = {
		.r = r,
		.fp = fp_context(r->fpcr),
		.scalar = a64_field(insn, 28, 28),
		.q = a64_field(insn, 30, 30),
		.u = a64_field(insn, 29, 29),
		.size = a64_field(insn, 23, 22),
		.m = a64_field(insn, 20, 16),
		.n = a64_field(insn, 9, 5),
		.d = a64_field(insn, 4, 0),
	};

	simd_set_bytes(&s, 1u << s.size);
	return s;
}

void simd_set_bytes(struct simd *s, u32 bytes)
{
	s->bytes = bytes;
	s->elements = s->scalar ? 1 : (s->q ? 16u : 8u) / bytes;
}

void simd_put(struct simd *s, u32 bytes, u32 index, u64 value)
{
	u32 at = index * bytes;

	s->out[at / 8] |= (value & BITS(bytes * 8 - 1, 0)) << at % 8 * 8;
}

enum a64_result simd_done(struct simd *s)
{
	memcpy(s->r->v[s->d], s->out, sizeof(s->out));
	s->r->fpsr |= s->fp.fpsr;
	return A64_DONE;
}

u64 simd_saturate(struct simd *s, s128 value, u32 bits, bool is_unsigned)
{
	s128 high = is_unsigned ? ((s128)1 << bits) - 1 : ((s128)1 << (bits - 1)) - 1;
	s128 low = is_unsigned ? 0 : -((s128)1 << (bits - 1));

	if (value > high || value < low)
		s->fp.fpsr |= FPSR_QC;
	return (u64)(value > high ? high : value < low ? low : value) & BITS(bits - 1, 0);
}
