/* SPDX-License-Identifier: MIT */
/* PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM: SDM vol. 2B, 4.1, Imm8 Control Byte Operation. */
#include <x86/model/alu.h>
#include <x86/model/simd_internal.h>

#define IS_WORDS(immediate)  ((immediate)&1)
#define IS_SIGNED(immediate) ((immediate) >> 1 & 1)

enum aggregation {
	EQUAL_ANY,
	RANGES,
	EQUAL_EACH,
	EQUAL_ORDERED,
};

static s32 element(const union vec *v, u8 immediate, u32 i)
{
	if (IS_WORDS(immediate))
		return IS_SIGNED(immediate) ? v->sw[i] : v->w[i];
	return IS_SIGNED(immediate) ? v->sb[i] : v->b[i];
}

static u32 elements(u8 immediate)
{
	return IS_WORDS(immediate) ? 8 : 16;
}

/* The valid elements in front of the first zero. */
static u32 implicit_length(const union vec *v, u8 immediate)
{
	u32 length = 0;

	while (length < elements(immediate) && element(v, immediate, length))
		length++;
	return length;
}

/* The magnitude of a register as a signed number, at most the number of elements. */
static u32 explicit_length(s64 value, u8 immediate)
{
	u64 magnitude = value < 0 ? 0 - (u64)value : (u64)value;

	return magnitude < elements(immediate) ? (u32)magnitude : elements(immediate);
}

/*
 * The comparison of a's element i with b's element j, overridden where either is not valid (table
 * "Comparison Result for Each Element Pair").
 */
static bool compare(const struct simd_in *in, u32 i, u32 j, u32 a_length, u32 b_length)
{
	s32 x = element(&in->a, in->immediate, i), y = element(&in->b, in->immediate, j);
	enum aggregation aggregation = in->immediate >> 2 & 3;
	bool a_valid = i < a_length, b_valid = j < b_length;

	if (a_valid && b_valid) {
		if (aggregation == RANGES)
			return i % 2 ? y <= x : y >= x;
		return x == y;
	}
	switch (aggregation) {
	case EQUAL_EACH:
		return !a_valid && !b_valid;
	case EQUAL_ORDERED:
		return !a_valid;
	default:
		return false;
	}
}

/* Bit j of IntRes1. */
static bool aggregate(const struct simd_in *in, u32 j, u32 a_length, u32 b_length)
{
	u32 count = elements(in->immediate);

	switch (in->immediate >> 2 & 3) {
	case EQUAL_ANY:
		for (u32 i = 0; i < count; i++)
			if (compare(in, i, j, a_length, b_length))
				return true;
		return false;
	case RANGES:
		for (u32 i = 0; i < count; i += 2)
			if (compare(in, i, j, a_length, b_length) &&
			    compare(in, i + 1, j, a_length, b_length))
				return true;
		return false;
	case EQUAL_EACH:
		return compare(in, j, j, a_length, b_length);
	default:
		for (u32 i = 0; i + j < count; i++)
			if (!compare(in, i, i + j, a_length, b_length))
				return false;
		return true;
	}
}

/* IntRes2, and the flags. */
static u32 compare_strings(const struct simd_in *in, struct simd_out *out, u32 a_length,
			   u32 b_length)
{
	u32 count = elements(in->immediate), result = 0;
	u32 all = (u32)BITS(count - 1, 0), valid = b_length ? (u32)BITS(b_length - 1, 0) : 0;

	for (u32 j = 0; j < count; j++)
		if (aggregate(in, j, a_length, b_length))
			result |= 1u << j;
	switch (in->immediate >> 4 & 3) {
	case 1:
		result ^= all;
		break;
	case 3:
		result ^= valid;
		break;
	}
	out->flags &= ~ALU_STATUS;
	out->flags |= (result ? ALU_CF : 0) | (b_length < count ? ALU_ZF : 0) |
		      (a_length < count ? ALU_SF : 0) | (result & 1 ? ALU_OF : 0);
	return result;
}

/* The lowest or the highest element; beyond all of them if there is none. */
static void give_index(const struct simd_in *in, struct simd_out *out, u32 result)
{
	bool highest = in->immediate >> 6 & 1;
	u32 count = elements(in->immediate);

	out->cx = count;
	for (u32 i = 0; i < count; i++) {
		u32 at = highest ? i : count - 1 - i;

		if (result >> at & 1)
			out->cx = at;
	}
}

static void give_mask(const struct simd_in *in, struct simd_out *out, u32 result)
{
	out->result = (union vec){ 0 };
	if (!(in->immediate >> 6 & 1)) {
		out->result.d[0] = result;
		return;
	}
	for (u32 i = 0; i < elements(in->immediate); i++) {
		if (IS_WORDS(in->immediate))
			out->result.w[i] = result >> i & 1 ? 0xffff : 0;
		else
			out->result.b[i] = result >> i & 1 ? 0xff : 0;
	}
}

static u32 explicit_result(const struct simd_in *in, struct simd_out *out)
{
	return compare_strings(in, out, explicit_length((s32)in->ax, in->immediate),
			       explicit_length((s32)in->dx, in->immediate));
}

static u32 implicit_result(const struct simd_in *in, struct simd_out *out)
{
	return compare_strings(in, out, implicit_length(&in->a, in->immediate),
			       implicit_length(&in->b, in->immediate));
}

void simd_pcmpestri(const struct simd_in *in, struct simd_out *out)
{
	give_index(in, out, explicit_result(in, out));
}

void simd_pcmpestrm(const struct simd_in *in, struct simd_out *out)
{
	give_mask(in, out, explicit_result(in, out));
}

void simd_pcmpistri(const struct simd_in *in, struct simd_out *out)
{
	give_index(in, out, implicit_result(in, out));
}

void simd_pcmpistrm(const struct simd_in *in, struct simd_out *out)
{
	give_mask(in, out, implicit_result(in, out));
}
