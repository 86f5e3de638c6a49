/* SPDX-License-Identifier: MIT */
/* The ALU model: decimal adjustments, which exist outside 64-bit mode. All work on AX. */
#include <x86/model/alu_internal.h>

#define AX(ah, al) ((u64)((ah)&0xff) << 8 | ((al)&0xff))

static bool low_digit_overflows(unsigned al, u32 flags)
{
	return (al & 0xf) > 9 || (flags & ALU_AF);
}

/* AAA and AAS: CF and AF tell of the adjustment; OF, SF, ZF and PF are undefined. */
static void unpacked_flags(struct alu_out *out, bool adjusted)
{
	alu_set_flags(out, ALU_CF | ALU_AF, alu_flag(ALU_CF | ALU_AF, adjusted),
		      ALU_OF | ALU_SF | ALU_ZF | ALU_PF);
}

/* SDM vol. 2A, AAA: 106H is added to AX as a whole, so that AL may carry into AH. */
void model_aaa(const struct alu_in *in, struct alu_out *out)
{
	bool adjust = low_digit_overflows(in->dst & 0xff, in->flags);

	alu_begin(in, out);
	alu_set_result(in, out, (in->dst + (adjust ? 0x106 : 0)) & 0xff0f);
	unpacked_flags(out, adjust);
}

/* SDM vol. 2A, AAS: 6 is subtracted from AX as a whole, then 1 from AH. */
void model_aas(const struct alu_in *in, struct alu_out *out)
{
	bool adjust = low_digit_overflows(in->dst & 0xff, in->flags);

	alu_begin(in, out);
	alu_set_result(in, out, (in->dst - (adjust ? 0x106 : 0)) & 0xff0f);
	unpacked_flags(out, adjust);
}

/* AAM and AAD: SF, ZF and PF according to AL; CF, OF and AF are undefined. */
static void radix_flags(struct alu_out *out)
{
	alu_set_flags(out, ALU_SF | ALU_ZF | ALU_PF, alu_szp(out->result, 8),
		      ALU_CF | ALU_OF | ALU_AF);
}

/* SDM vol. 2A, AAM: #DE for an immediate of 0. */
void model_aam(const struct alu_in *in, struct alu_out *out)
{
	unsigned al = in->dst & 0xff;
	unsigned radix = in->src & 0xff;

	alu_begin(in, out);
	if (radix == 0) {
		out->divide_error = true;
		return;
	}
	alu_set_result(in, out, AX(al / radix, al % radix));
	radix_flags(out);
}

/* SDM vol. 2A, AAD. */
void model_aad(const struct alu_in *in, struct alu_out *out)
{
	unsigned al = in->dst & 0xff;
	unsigned ah = in->dst >> 8 & 0xff;

	alu_begin(in, out);
	alu_set_result(in, out, AX(0, al + ah * (in->src & 0xff)));
	radix_flags(out);
}

/* DAA and DAS: SF, ZF and PF according to AL; OF is undefined. */
static void packed_flags(const struct alu_in *in, struct alu_out *out, unsigned al, bool carry,
			 bool adjust)
{
	alu_set_result(in, out, AX(in->dst >> 8, al));
	alu_set_flags(out, ALU_STATUS & ~ALU_OF,
		      alu_szp(al, 8) | alu_flag(ALU_CF, carry) | alu_flag(ALU_AF, adjust), ALU_OF);
}

/* Whether the upper digit is adjusted, too. */
static bool high_digit_overflows(unsigned al, u32 flags)
{
	return al > 0x99 || (flags & ALU_CF);
}

/* SDM vol. 2A, DAA. */
void model_daa(const struct alu_in *in, struct alu_out *out)
{
	unsigned old_al = in->dst & 0xff;
	unsigned al = old_al;
	bool adjust_low = low_digit_overflows(old_al, in->flags);
	bool adjust_high = high_digit_overflows(old_al, in->flags);

	alu_begin(in, out);
	if (adjust_low)
		al += 0x06;
	if (adjust_high)
		al += 0x60;
	packed_flags(in, out, al, adjust_high, adjust_low);
}

/*
 * SDM vol. 2A, DAS: unlike DAA, a borrow from adjusting the lower digit alone stays in CF (AL
 * below 6 with AF set).
 */
void model_das(const struct alu_in *in, struct alu_out *out)
{
	unsigned old_al = in->dst & 0xff;
	unsigned al = old_al;
	bool adjust_low = low_digit_overflows(old_al, in->flags);
	bool adjust_high = high_digit_overflows(old_al, in->flags);
	bool carry = adjust_high;

	alu_begin(in, out);
	if (adjust_low) {
		carry = carry || al < 0x06;
		al -= 0x06;
	}
	if (adjust_high)
		al -= 0x60;
	packed_flags(in, out, al, carry, adjust_low);
}
