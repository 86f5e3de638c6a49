/* SPDX-License-Identifier: MIT */
/* The checker of simd.h. */
#include "simd.h"

#include <mm/page.h>
#include <string.h>
#include <test.h>
#include <x86/cr.h>
#include <x86/model/alu.h>

#define MXCSR_MASKED	   0x1f80u
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
	v->mxcsr = MXCSR_MASKED;
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
		same = EXPECT_EQ(actual->mxcsr, expected->mxcsr, "MXCSR after %s", text_of(shape));
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

static void check(const struct simd *simd, struct simd_in *in, bool upper)
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
	expected = actual;
	actual_general = general;
	memcpy(actual_window, window, sizeof(window));

	out.result = in->a;
	out.ax = in->ax;
	out.cx = general.cx;
	out.flags = in->flags;
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
	}
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

static void spread(union vec *v, u32 edge)
{
	for (u32 i = 0; i < ARRAY_SIZE(v->q); i++)
		v->q[i] = edges[(edge + i) % ARRAY_SIZE(edges)];
}

static void check_values(const struct simd *simd, bool upper)
{
	struct simd_in in;

	mismatches = 0;
	window_turn = 0;
	for (u32 i = 0; i < 2 * ARRAY_SIZE(edges) && mismatches < MISMATCHES_PER_ROW; i++) {
		spread(&in.a, i);
		spread(&in.b, i * 5 + i / ARRAY_SIZE(edges));
		spread(&in.c, i * 7);
		in.ax = edges[i % ARRAY_SIZE(edges)];
		in.dx = i;
		in.flags = i & 1 ? ALU_STATUS : 0;
		check(simd, &in, upper);
	}
	for (u32 i = 0; i < RANDOM_ROUNDS && mismatches < MISMATCHES_PER_ROW; i++) {
		random_vector(&in.a);
		random_vector(&in.b);
		random_vector(&in.c);
		/* Shift counts and string lengths that are in range, too. */
		if (i % 4 == 1)
			in.b.q[0] = random_below(70);
		if (i % 4 >= 2) {
			alike(&in.a);
			alike(&in.b);
		}
		in.ax = i & 1 ? random_below(40) - 20 : random_u64() >> (i % 8 * 8);
		in.dx = random_below(40) - 20;
		in.flags = (u32)random_u64();
		check(simd, &in, upper);
	}
}

void simd_check(const struct simd *table, u32 count)
{
	ulong cr4 = read_cr4();
	bool upper = vector_enable();
	const char *name = "";

	for (u32 i = 0; i < count; i++) {
		if (strcmp(table[i].shape->name, name))
			SUBTEST("%s", name = table[i].shape->name);
		fault_clear();
		check_values(&table[i], upper);
		EXPECT_NO_FAULT(fault_taken(), "%s", text_of(table[i].shape));
	}
	write_cr4(cr4);
}
