/* SPDX-License-Identifier: MIT */
/* The checker of simd.h. */
#include "simd.h"

#include <mm/page.h>
#include <string.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/model/alu.h>
#include <x86/model/simd_float.h>

#define MXCSR_ALL_MASKED   0x1f80u
#define RANDOM_ROUNDS	   24
/* After this many mismatches a row says nothing new, and the others should be heard, too. */
#define MISMATCHES_PER_ROW 2
/* Bytes on each side of a memory operand that must stay as they are. */
#define GUARD		   32
#define WINDOW		   (GUARD + 32 + GUARD)

/* Vectors of which every element, whatever its width, is an edge of signed or unsigned arithmetic. */
static const u64 edges[] = {
	0x0000000000000000, 0xffffffffffffffff, 0x8000000080008080, 0x7fffffff7fff7f7f,
	0x0001000000010001, 0x8080808080808080, 0x7f7f7f7f7f7f7f7f, 0x0123456789abcdef,
	0xfffefffdfffcfffb, 0x8000800080008000, 0x7fff7fff7fff7fff, 0x0000000000000010,
};

/* Zeros, denormals, normal numbers near the limits and near integers, infinities, NaNs. */
static const u32 singles[] = {
	0x00000000, 0x80000000, 0x00000001, 0x807fffff, 0x00800000, 0x80800001, 0x00ffffff,
	0x7f7fffff, 0xff7fffff, 0x3f800000, 0xbf800000, 0x3f7fffff, 0x3f000000, 0xbf000001,
	0x3fc00000, 0x40490fdb, 0x4b000001, 0x4b7fffff, 0xcb000001, 0x4effffff, 0x4f000000,
	0xcf000000, 0xcf000001, 0x5f000000, 0xdf000000, 0x7f800000, 0xff800000, 0x7fc00000,
	0xffc00001, 0x7f800001, 0xffbfffff, 0x33800001,
};
static const u64 doubles[] = {
	0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x800fffffffffffff,
	0x0010000000000000, 0x8010000000000001, 0x001fffffffffffff, 0x7fefffffffffffff,
	0xffefffffffffffff, 0x3ff0000000000000, 0xbff0000000000000, 0x3fefffffffffffff,
	0x3fe0000000000000, 0xbfe0000000000001, 0x3ff8000000000000, 0x400921fb54442d18,
	0x4330000000000001, 0xc340000000000000, 0x41dfffffffc00000, 0x41e0000000000000,
	0xc1e0000000000000, 0xc1e0000000200000, 0x43e0000000000000, 0xc3e0000000000000,
	0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000000001,
	0x7ff0000000000001, 0xfff7ffffffffffff, 0x36a0000000000001, 0x47f0000000000000,
};
_Static_assert(ARRAY_SIZE(singles) == ARRAY_SIZE(doubles), "one loop tries both");

const struct simd_mode simd_integer_mode = { MXCSR_ALL_MASKED, MXCSR_EXCEPTIONS, false };

static u8 memory[2 * PAGE_SIZE] __aligned(PAGE_SIZE);
static u32 window_turn;
static u32 mismatches;

/* Aligned, unaligned and across two pages in turn, or always aligned. */
static u8 *choose_window(const struct simd_shape *shape)
{
	static const u32 offsets[] = { 64, 64 + 3, PAGE_SIZE - 1, PAGE_SIZE - 4 };

	return memory + (shape->aligned ? 64 : offsets[window_turn++ % ARRAY_SIZE(offsets)]) -
	       GUARD;
}

static void fill(struct vector_registers *v, struct registers *r)
{
	for (u32 i = 0; i < VECTOR_REGISTERS; i++)
		for (u32 j = 0; j < sizeof(v->v[i]); j++)
			v->v[i].b[j] = (u8)(i << 4 | (j & 7)) ^ (u8)(j << 2) ^ 0x55;
	for (u32 i = 0; i < MMX_REGISTERS; i++)
		v->mm[i] = 0x1021324354657687ull * (i + 1);
	for (u32 i = 0; i < ARRAY_SIZE(r->general); i++)
		r->general[i] = (ulong)0x1122334455667788ull + i * (ulong)0x0101010101010101ull;
	r->flags = 0x2;
}

/* The instruction as an assembler takes it: without the doubled % of inline assembly. */
static const char *text_of(const struct simd_shape *shape)
{
	static char text[64];
	u32 length = 0;

	for (const char *c = shape->text; *c && length < sizeof(text) - 1; c++)
		if (c[0] != '%' || c[1] != '%')
			text[length++] = *c;
	text[length] = 0;
	return text;
}

static bool is_register(u8 place)
{
	return place >= SIMD_V0 && place <= SIMD_V15;
}

static void put_register(struct vector_registers *v, bool is_mmx, u8 place, const union vec *value)
{
	if (!is_register(place))
		return;
	if (is_mmx)
		v->mm[place - SIMD_V0] = value->q[0];
	else
		v->v[place - SIMD_V0] = *value;
}

/* What the destination register holds afterwards. */
static void put_result(struct vector_registers *v, const struct simd_shape *shape,
		       const union vec *result)
{
	union vec *to = &v->v[shape->dst - SIMD_V0];

	if (shape->kind == SIMD_MMX || shape->dst_is_mmx) {
		v->mm[shape->dst - SIMD_V0] = result->q[0];
		return;
	}
	memcpy(to, result, shape->bytes < 16 ? 16 : shape->bytes);
	if (shape->kind == SIMD_VEX && shape->bytes < 32)
		memset(to->b + 16, 0, 16);
}

static bool compare_vectors(const struct simd_shape *shape, const struct simd_in *in,
			    struct vector_registers *actual, struct vector_registers *expected,
			    bool upper)
{
	u32 size = upper ? 32 : 16;
	bool same = true;

	for (u32 i = 0; i < VECTOR_REGISTERS; i++)
		if (memcmp(&actual->v[i], &expected->v[i], size))
			same = EXPECT_MEM_EQ(&actual->v[i], &expected->v[i], size,
					     "register %u after %s, a=%#llx:%#llx b=%#llx:%#llx", i,
					     text_of(shape), in->a.q[1], in->a.q[0], in->b.q[1],
					     in->b.q[0]);
	for (u32 i = 0; i < MMX_REGISTERS; i++)
		if (actual->mm[i] != expected->mm[i])
			same = EXPECT_EQ(actual->mm[i], expected->mm[i],
					 "MM%u after %s, a=%#llx b=%#llx", i, text_of(shape),
					 in->a.q[0], in->b.q[0]);
	if (actual->mxcsr != expected->mxcsr)
		same = EXPECT_EQ(actual->mxcsr, expected->mxcsr,
				 "MXCSR after %s, a=%#llx:%#llx b=%#llx:%#llx", text_of(shape),
				 in->a.q[1], in->a.q[0], in->b.q[1], in->b.q[0]);
	return same;
}

static bool compare_general(const struct simd_shape *shape, const struct simd_in *in,
			    struct registers *actual, struct registers *expected)
{
	bool same = true;

	for (u32 i = 0; i < ARRAY_SIZE(actual->general); i++)
		if (actual->general[i] != expected->general[i])
			same = EXPECT_EQ(
				actual->general[i], expected->general[i],
				"general register %u after %s, a=%#llx:%#llx b=%#llx:%#llx", i,
				text_of(shape), in->a.q[1], in->a.q[0], in->b.q[1], in->b.q[0]);
	if (actual->flags != expected->flags)
		same = EXPECT_EQ(actual->flags, expected->flags,
				 "flags after %s, a=%#llx:%#llx b=%#llx:%#llx", text_of(shape),
				 in->a.q[1], in->a.q[0], in->b.q[1], in->b.q[0]);
	return same;
}

/* Takes over what the manuals leave open. */
static void accept(struct vector_registers *expected, const struct vector_registers *actual,
		   const struct simd_shape *shape, u32 bytes)
{
	for (u32 i = 0; i < sizeof(union vec); i++)
		if (bytes >> i & 1)
			expected->v[shape->dst - SIMD_V0].b[i] =
				actual->v[shape->dst - SIMD_V0].b[i];
}

static void check(const struct simd *simd, struct simd_in *in, const struct simd_mode *mode,
		  bool upper)
{
	const struct simd_shape *shape = simd->shape;
	struct vector_registers actual, expected;
	struct registers actual_general, general;
	struct simd_out out;
	u8 window[WINDOW], *actual_window = choose_window(shape);
	bool same;

	if (shape->a == shape->b)
		in->b = in->a;
	fill(&actual, &general);
	in->bytes = shape->bytes;
	in->immediate = shape->immediate;
	general.flags |= in->flags & ALU_STATUS;
	in->flags = (u32)general.flags;
	memset(window, 0x5a, sizeof(window));
	general.di = (ulong)(actual_window + GUARD);
	general.dx = (ulong)in->dx;
	general.ax = (ulong)in->ax;
	put_register(&actual, false, shape->c, &in->c);
	put_register(&actual, shape->kind == SIMD_MMX || shape->b_is_mmx, shape->b, &in->b);
	put_register(&actual, shape->kind == SIMD_MMX, shape->a, &in->a);
	if (shape->b == SIMD_MEMORY)
		memcpy(window + GUARD, &in->b, shape->b_bytes ? shape->b_bytes : shape->bytes);
	actual.mxcsr = in->mxcsr = mode->mxcsr;
	in->two_nans = mode->two_nans;
	expected = actual;
	actual_general = general;
	memcpy(actual_window, window, sizeof(window));

	out = (struct simd_out){ .result = in->a,
				 .ax = in->ax,
				 .cx = general.cx,
				 .flags = in->flags,
				 .mxcsr = in->mxcsr };
	shape->model(in, &out);

	vector_load(&actual);
	execute(simd->code, &actual_general);
	vector_store(&actual);

	general.flags = out.flags;
	switch (shape->dst) {
	case SIMD_MEMORY:
		memcpy(window + GUARD, shape->stores_ax ? (void *)&out.ax : (void *)&out.result,
		       shape->dst_bytes ? shape->dst_bytes : shape->bytes);
		break;
	case SIMD_AX:
		general.ax = (ulong)out.ax;
		break;
	case SIMD_CX:
		general.cx = (ulong)out.cx;
		break;
	case SIMD_NONE:
		break;
	default:
		put_result(&expected, shape, &out.result);
		if (out.unchecked)
			accept(&expected, &actual, shape, out.unchecked);
	}
	expected.mxcsr = (out.mxcsr & ~MXCSR_EXCEPTIONS) | (out.mxcsr & mode->exceptions);
	actual.mxcsr &= ~MXCSR_EXCEPTIONS | mode->exceptions;
	same = compare_vectors(shape, in, &actual, &expected, upper);
	same &= compare_general(shape, in, &actual_general, &general);
	if (memcmp(actual_window, window, sizeof(window)))
		same = EXPECT_MEM_EQ(actual_window, window, sizeof(window),
				     "memory (operand at +%#x) after %s", GUARD, text_of(shape));
	if (!same)
		mismatches++;
}

static void random_vector(union vec *v)
{
	for (u32 i = 0; i < ARRAY_SIZE(v->q); i++)
		v->q[i] = random_u64();
}

/* Bytes of which many are equal and some are zero: for comparisons, and for strings that end. */
static void alike(union vec *v)
{
	random_vector(v);
	for (u32 i = 0; i < ARRAY_SIZE(v->q); i++)
		v->q[i] &= 0x0303030303030303;
}

/* Operands `i` of a series that puts each edge value against many others. */
static void choose_operands(const struct simd_shape *shape, struct simd_in *in, u32 i)
{
	u32 round = i / ARRAY_SIZE(singles) + 1;

	switch (shape->values) {
	case SIMD_SINGLES:
		for (u32 j = 0; j < ARRAY_SIZE(in->a.d); j++) {
			in->a.d[j] = singles[(i + j) % ARRAY_SIZE(singles)];
			in->b.d[j] = singles[(i + j + round * (j + 1)) % ARRAY_SIZE(singles)];
			in->c.d[j] = singles[(i * 7 + j + round) % ARRAY_SIZE(singles)];
		}
		break;
	case SIMD_DOUBLES:
		for (u32 j = 0; j < ARRAY_SIZE(in->a.q); j++) {
			in->a.q[j] = doubles[(i + j) % ARRAY_SIZE(doubles)];
			in->b.q[j] = doubles[(i + j + round * (2 * j + 1)) % ARRAY_SIZE(doubles)];
			in->c.q[j] = doubles[(i * 7 + j + round) % ARRAY_SIZE(doubles)];
		}
		break;
	default:
		for (u32 j = 0; j < ARRAY_SIZE(in->a.q); j++) {
			in->a.q[j] = edges[(i + j) % ARRAY_SIZE(edges)];
			in->b.q[j] = edges[(i * 5 + i / ARRAY_SIZE(edges) + j) % ARRAY_SIZE(edges)];
			in->c.q[j] = edges[(i * 7 + j) % ARRAY_SIZE(edges)];
		}
	}
}

/* Random elements whose exponents are near each other, so that the result is not one of them. */
static void random_floats(const struct simd_shape *shape, union vec *v)
{
	for (u32 i = 0; i < ARRAY_SIZE(v->q); i++) {
		if (shape->values == SIMD_DOUBLES)
			v->q[i] = (v->q[i] & ~(0x7c0ull << 52)) |
				  (v->q[i] & BIT(62) ? 0 : 0x3c0ull << 52);
		else
			v->q[i] = (v->q[i] & ~0x7000000070000000ull) | 0x3000000030000000ull;
	}
}

static void choose_random(const struct simd_shape *shape, struct simd_in *in, u32 i)
{
	random_vector(&in->a);
	random_vector(&in->b);
	random_vector(&in->c);
	if (shape->values == SIMD_INTEGERS) {
		/* Shift counts and string lengths that are in range, too. */
		if (i % 4 == 1)
			in->b.q[0] = random_below(70);
		if (i % 4 >= 2) {
			alike(&in->a);
			alike(&in->b);
		}
	} else if (i % 4) {
		random_floats(shape, &in->a);
		random_floats(shape, &in->b);
		random_floats(shape, &in->c);
	}
}

static void check_values(const struct simd *simd, const struct simd_mode *mode, bool upper)
{
	const struct simd_shape *shape = simd->shape;
	u32 count = shape->values == SIMD_INTEGERS ? 2 * ARRAY_SIZE(edges)
						   : 2 * ARRAY_SIZE(singles);
	struct simd_in in;

	mismatches = 0;
	window_turn = 0;
	for (u32 i = 0; i < count && mismatches < MISMATCHES_PER_ROW; i++) {
		choose_operands(shape, &in, i);
		in.ax = edges[i % ARRAY_SIZE(edges)];
		in.dx = i;
		in.flags = i & 1 ? ALU_STATUS : 0;
		check(simd, &in, mode, upper);
	}
	for (u32 i = 0; i < RANDOM_ROUNDS && mismatches < MISMATCHES_PER_ROW; i++) {
		choose_random(shape, &in, i);
		in.ax = i & 1 ? random_below(40) - 20 : random_u64() >> (i % 8 * 8);
		in.dx = random_below(40) - 20;
		in.flags = (u32)random_u64();
		check(simd, &in, mode, upper);
	}
}

void simd_check(const struct simd *table, u32 count, const struct simd_mode *modes, u32 mode_count)
{
	ulong cr4 = read_cr4();
	bool upper = vector_enable();
	const char *name = "";

	for (u32 i = 0; i < count; i++) {
		if (strcmp(table[i].shape->name, name))
			SUBTEST("%s", name = table[i].shape->name);
		fault_clear();
		for (u32 mode = 0; mode < mode_count; mode++)
			check_values(&table[i], &modes[mode], upper);
		EXPECT_NO_FAULT(fault_taken(), "%s", text_of(table[i].shape));
	}
	write_cr4(cr4);
}
