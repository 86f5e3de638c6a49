/* SPDX-License-Identifier: MIT */
/* The ALU model: moves that convert, conditions, and instructions about the flags alone. */
#include <x86/model/alu_internal.h>

static u64 reverse_bytes(u64 value, unsigned width)
{
	u64 reversed = 0;

	for (unsigned bit = 0; bit < width; bit += 8)
		reversed |= (value >> bit & 0xff) << (width - 8 - bit);
	return reversed;
}

/* SDM vol. 2A, BSWAP: undefined for 16-bit registers. */
void model_bswap(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	out->result = reverse_bytes(in->dst, in->width);
	out->result_undefined = in->width == 16;
}

/* SDM vol. 2B, MOVBE: all widths from 16 bits. */
void model_movbe(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	out->result = reverse_bytes(in->src, in->width);
}

/* SDM vol. 2B, MOVZX. */
void model_movzx(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	alu_set_result(in, out, alu_trim(in->src, in->third));
}

/* SDM vol. 2B, MOVSX/MOVSXD. */
void model_movsx(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	alu_set_result(in, out, alu_sign_extend(in->src, in->third));
}

/* SDM vol. 2A, CBW/CWDE/CDQE. */
void model_cbw(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	alu_set_result(in, out, alu_sign_extend(in->dst, in->width / 2));
}

/* SDM vol. 2A, CWD/CDQ/CQO. */
void model_cwd(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	out->high = alu_sign(in->dst, in->width) ? alu_mask(in->width) : 0;
}

/* SDM vol. 2D, appendix B.1.4.7, "Conditional Test (tttn) Field"; Jcc in vol. 2A. */
bool model_condition(unsigned cc, u32 flags)
{
	bool cf = flags & ALU_CF;
	bool zf = flags & ALU_ZF;
	bool sf = flags & ALU_SF;
	bool of = flags & ALU_OF;
	bool pf = flags & ALU_PF;
	bool holds[8] = {
		of,		/* O   NO */
		cf,		/* B   AE */
		zf,		/* E   NE */
		cf || zf,	/* BE  A */
		sf,		/* S   NS */
		pf,		/* P   NP */
		sf != of,	/* L   GE */
		zf || sf != of, /* LE  G */
	};

	return holds[cc >> 1 & 7] != (cc & 1);
}

/* SDM vol. 2B, SETcc. */
void model_setcc(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	out->result = model_condition(in->third, in->flags) ? 1 : 0;
}

/* SDM vol. 2A, CMOVcc. */
void model_cmov(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	if (model_condition(in->third, in->flags))
		alu_set_result(in, out, in->src);
}

/* What LAHF and SAHF move: SF, ZF, AF, PF, CF; bit 1 of the flags is always set. */
#define LAHF_FLAGS	(ALU_SF | ALU_ZF | ALU_AF | ALU_PF | ALU_CF)
#define LAHF_ALWAYS_SET (1u << 1)

/* SDM vol. 2A, LAHF: AH is bits 15:8 of dst. */
void model_lahf(const struct alu_in *in, struct alu_out *out)
{
	u64 ah = (in->flags & LAHF_FLAGS) | LAHF_ALWAYS_SET;

	alu_begin(in, out);
	alu_set_result(in, out, (in->dst & ~0xff00ull) | ah << 8);
}

/* SDM vol. 2B, SAHF: OF is not affected. */
void model_sahf(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	alu_set_flags(out, LAHF_FLAGS, in->dst >> 8 & 0xff, 0);
}

/* SDM vol. 2A, CLC. */
void model_clc(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	alu_set_flags(out, ALU_CF, 0, 0);
}

/* SDM vol. 2B, STC. */
void model_stc(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	alu_set_flags(out, ALU_CF, ALU_CF, 0);
}

/* SDM vol. 2A, CMC. */
void model_cmc(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	alu_set_flags(out, ALU_CF, ~in->flags, 0);
}
