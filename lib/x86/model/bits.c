/* SPDX-License-Identifier: MIT */
/* The ALU model: bit tests, scans, counts, and the bit-manipulation extensions. */
#include <x86/model/alu_internal.h>

/* The lowest set bit, or width if there is none. */
static unsigned lowest_set(u64 value, unsigned width)
{
	unsigned bit = 0;

	while (bit < width && !alu_bit(value, bit))
		bit++;
	return bit;
}

/* How many zeros there are above the highest set bit. */
static unsigned leading_zeros(u64 value, unsigned width)
{
	unsigned zeros = 0;

	while (zeros < width && !alu_bit(value, width - 1 - zeros))
		zeros++;
	return zeros;
}

/*
 * BSF and BSR: ZF tells that the source is 0, and then the destination is undefined (SDM; the
 * APM says unchanged). The other status flags are undefined.
 */
static void scan(const struct alu_in *in, struct alu_out *out, u64 index)
{
	bool zero = alu_trim(in->src, in->width) == 0;

	alu_begin(in, out);
	if (!zero)
		out->result = index;
	out->result_undefined = zero;
	alu_set_flags(out, ALU_ZF, alu_flag(ALU_ZF, zero), ALU_STATUS & ~ALU_ZF);
}

/* SDM vol. 2A, BSF. */
void model_bsf(const struct alu_in *in, struct alu_out *out)
{
	scan(in, out, lowest_set(in->src, in->width));
}

/* SDM vol. 2A, BSR. */
void model_bsr(const struct alu_in *in, struct alu_out *out)
{
	scan(in, out, in->width - 1 - leading_zeros(in->src, in->width));
}

/* TZCNT and LZCNT: CF tells that the source is 0, ZF that the result is; the others undefined.
 */
static void count_zeros(const struct alu_in *in, struct alu_out *out, u64 count)
{
	alu_begin(in, out);
	out->result = count;
	alu_set_flags(out, ALU_CF | ALU_ZF,
		      alu_flag(ALU_CF, count == in->width) | alu_flag(ALU_ZF, count == 0),
		      ALU_OF | ALU_SF | ALU_PF | ALU_AF);
}

/* SDM vol. 2B, TZCNT. */
void model_tzcnt(const struct alu_in *in, struct alu_out *out)
{
	count_zeros(in, out, lowest_set(in->src, in->width));
}

/* SDM vol. 2A, LZCNT. */
void model_lzcnt(const struct alu_in *in, struct alu_out *out)
{
	count_zeros(in, out, leading_zeros(in->src, in->width));
}

/* SDM vol. 2B, POPCNT: ZF tells that the source is 0, the other status flags are cleared. */
void model_popcnt(const struct alu_in *in, struct alu_out *out)
{
	alu_begin(in, out);
	out->result = 0;
	for (unsigned bit = 0; bit < in->width; bit++)
		out->result += alu_bit(in->src, bit);
	alu_set_flags(out, ALU_STATUS, alu_flag(ALU_ZF, out->result == 0), 0);
}

/*
 * BT and its relatives: CF is the bit as it was. OF, SF, AF and PF are undefined. ZF is
 * unaffected according to the SDM, undefined according to the APM.
 */
static u64 bit_test(const struct alu_in *in, struct alu_out *out)
{
	unsigned bit = in->src & (in->width - 1);

	alu_begin(in, out);
	alu_set_flags(out, ALU_CF, alu_flag(ALU_CF, alu_bit(in->dst, bit)), ALU_STATUS & ~ALU_CF);
	return 1ull << bit;
}

/* SDM vol. 2A, BT. */
void model_bt(const struct alu_in *in, struct alu_out *out)
{
	bit_test(in, out);
}

/* SDM vol. 2A, BTS. */
void model_bts(const struct alu_in *in, struct alu_out *out)
{
	out->result |= bit_test(in, out);
}

/* SDM vol. 2A, BTR. */
void model_btr(const struct alu_in *in, struct alu_out *out)
{
	out->result &= ~bit_test(in, out);
}

/* SDM vol. 2A, BTC. */
void model_btc(const struct alu_in *in, struct alu_out *out)
{
	out->result ^= bit_test(in, out);
}

/* The bits up to the lowest set one, all bits if there is none. */
static u64 up_to_lowest_set(const struct alu_in *in)
{
	unsigned lowest = lowest_set(in->src, in->width);

	return alu_mask(lowest < in->width ? lowest + 1 : in->width);
}

/* BLSI, BLSMSK, BLSR: OF is cleared, AF and PF are undefined. */
static void isolate(const struct alu_in *in, struct alu_out *out, u64 result, bool carry)
{
	u32 flags = alu_szp(result, in->width) | alu_flag(ALU_CF, carry);

	alu_begin(in, out);
	out->result = result;
	alu_set_flags(out, ALU_CF | ALU_OF | ALU_SF | ALU_ZF, flags, ALU_AF | ALU_PF);
}

/* SDM vol. 2A, BLSI: the lowest set bit; CF tells that there is one. */
void model_blsi(const struct alu_in *in, struct alu_out *out)
{
	u64 src = alu_trim(in->src, in->width);

	isolate(in, out, src & up_to_lowest_set(in), src != 0);
}

/* SDM vol. 2A, BLSMSK: the bits up to the lowest set one; CF tells that there is none. */
void model_blsmsk(const struct alu_in *in, struct alu_out *out)
{
	isolate(in, out, up_to_lowest_set(in), alu_trim(in->src, in->width) == 0);
}

/* SDM vol. 2A, BLSR: all but the lowest set bit; CF tells that there is none. */
void model_blsr(const struct alu_in *in, struct alu_out *out)
{
	u64 src = alu_trim(in->src, in->width);

	isolate(in, out, src & ~up_to_lowest_set(in), src == 0);
}

/* SDM vol. 2A, ANDN: SF and ZF from the result, OF and CF cleared, AF and PF undefined. */
void model_andn(const struct alu_in *in, struct alu_out *out)
{
	isolate(in, out, alu_trim(~in->src & in->third, in->width), false);
}

/*
 * SDM vol. 2A, BEXTR: bits beyond the operand read as 0. ZF from the result, CF and OF cleared,
 * AF, SF and PF undefined.
 */
void model_bextr(const struct alu_in *in, struct alu_out *out)
{
	unsigned start = in->third & 0xff;
	unsigned length = in->third >> 8 & 0xff;

	alu_begin(in, out);
	out->result = 0;
	for (unsigned i = 0; i < length && start + i < in->width; i++)
		out->result |= (u64)alu_bit(in->src, start + i) << i;
	alu_set_flags(out, ALU_CF | ALU_OF | ALU_ZF, alu_flag(ALU_ZF, out->result == 0),
		      ALU_AF | ALU_SF | ALU_PF);
}

/*
 * SDM vol. 2A, BZHI: an index beyond the operand clears nothing and sets CF. SF and ZF from the
 * result, OF cleared, AF and PF undefined.
 */
void model_bzhi(const struct alu_in *in, struct alu_out *out)
{
	unsigned index = in->third & 0xff;
	u64 keep = alu_mask(index < in->width ? index : in->width);

	isolate(in, out, in->src & keep, index > in->width - 1);
}

/* SDM vol. 2B, PDEP: the low bits of src go where the mask is set. No flags. */
void model_pdep(const struct alu_in *in, struct alu_out *out)
{
	unsigned next = 0;

	alu_begin(in, out);
	out->result = 0;
	for (unsigned bit = 0; bit < in->width; bit++)
		if (alu_bit(in->third, bit))
			out->result |= (u64)alu_bit(in->src, next++) << bit;
}

/* SDM vol. 2B, PEXT: the bits of src where the mask is set, packed at the bottom. No flags. */
void model_pext(const struct alu_in *in, struct alu_out *out)
{
	unsigned next = 0;

	alu_begin(in, out);
	out->result = 0;
	for (unsigned bit = 0; bit < in->width; bit++)
		if (alu_bit(in->third, bit))
			out->result |= (u64)alu_bit(in->src, bit) << next++;
}

/* The polynomial 11EDC6F41h without its top bit, its other bits reflected. */
#define CRC32C 0x82f63b78u

/*
 * SDM vol. 2A, CRC32: the accumulator is 32 bits of dst, whatever its width is; one bit of the operand
 * after the other, the least significant first, as all bits are reflected.
 */
void model_crc32(const struct alu_in *in, struct alu_out *out)
{
	u32 crc = (u32)in->dst;

	alu_begin(in, out);
	for (unsigned bit = 0; bit < in->third; bit++) {
		bool carry = (crc & 1) != alu_bit(in->src, bit);

		crc >>= 1;
		if (carry)
			crc ^= CRC32C;
	}
	out->result = crc;
}
