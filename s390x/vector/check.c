/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <s390x/cr.h>
#include <stdio.h>
#include <string.h>

u32 elements(u32 size)
{
	return 16 >> size;
}

u64 ones(u32 size)
{
	return size >= 3 ? ~0ull : BIT(8 << size) - 1;
}

u64 element(struct bytes16 v, u32 size, u32 n)
{
	u64 value = 0;

	for (u32 k = 0; k < 1u << size; k++)
		value = value << 8 | v.byte[(n << size) + k];
	return value;
}

s64 signed_element(struct bytes16 v, u32 size, u32 n)
{
	u32 bits = 8u << size;

	return (s64)(element(v, size, n) << (64 - bits)) >> (64 - bits);
}

void set_element(struct bytes16 *v, u32 size, u32 n, u64 value)
{
	for (u32 k = 0; k < 1u << size; k++)
		v->byte[(n << size) + k] = (u8)(value >> 8 * ((1u << size) - 1 - k));
}

struct bytes16 get_vector(const struct execution *e, u32 n)
{
	struct bytes16 v;

	memcpy(&v, &e->vr[n], 16);
	return v;
}

void put_vector(struct execution *e, u32 n, struct bytes16 value)
{
	memcpy(&e->vr[n], &value, 16);
}

void fill_vectors(struct execution *e)
{
	e->flags = EXECUTE_VECTOR;
	for (u32 n = 0; n < 16; n++)
		e->gpr[n] = 0xa1b2c3d4e5f60718 + n * 0x0101010101010101;
	for (u32 n = 0; n < 32; n++)
		e->vr[n] = (struct vector){ 0x0123456789abcdef * (2 * n + 1),
					    0xfedcba9876543211 * (2 * n + 3) };
}

/* Elements of all sizes with signs, extremes and repetitions. */
struct bytes16 random_vector(void)
{
	static const u8 edges[] = { 0, 1, 0x7f, 0x80, 0xff, 0xfe };
	u32 kind = (u32)random_below(4);
	struct bytes16 v;

	for (u32 n = 0; n < 16; n++) {
		v.byte[n] = (u8)random_u64();
		if (kind == 1)
			v.byte[n] = edges[random_below(6)];
		else if (kind == 2)
			v.byte[n] = n ? v.byte[n - random_below(2)] : v.byte[n];
	}
	return v;
}

void encode_vector(u8 *code, u8 opcode, u32 v1, u32 v2, u32 v3, u32 byte_2, u32 byte_3, u32 v4_or_m)
{
	code[0] = 0xe7;
	code[1] = (u8)((v1 & 15) << 4 | (v2 & 15));
	code[2] = (u8)((v3 & 15) << 4 | byte_2);
	code[3] = (u8)byte_3;
	code[4] = (u8)((v4_or_m & 15) << 4 | (v1 & 16) >> 1 | (v2 & 16) >> 2 | (v3 & 16) >> 3 |
		       (v4_or_m & 16) >> 4);
	code[5] = opcode;
}

bool expect_vectors(const struct execution *actual, const struct execution *expected,
		    const char *where)
{
	bool held = true;

	if (!memcmp(actual->vr, expected->vr, sizeof(actual->vr)) &&
	    !memcmp(actual->gpr, expected->gpr, sizeof(actual->gpr)) &&
	    actual->cc == expected->cc && actual->fpc == expected->fpc)
		return EXPECT(true);
	for (u32 n = 0; n < 32; n++)
		held &= EXPECT_MEM_EQ(&actual->vr[n], &expected->vr[n], 16, "v%u: %s", n, where);
	for (u32 n = 0; n < 16; n++)
		held &= EXPECT_EQ(actual->gpr[n], expected->gpr[n], "r%u: %s", n, where);
	held &= EXPECT_EQ(actual->fpc, expected->fpc, "FPC: %s", where);
	return held & EXPECT_EQ(actual->cc, expected->cc, "condition code: %s", where);
}

static const u8 registers[][4] = {
	{ 3, 7, 11, 14 }, { 19, 23, 27, 30 }, { 4, 4, 4, 4 },
	{ 20, 5, 20, 6 }, { 2, 18, 2, 18 },   { 31, 0, 16, 15 },
};

static bool check_one(const struct vector_insn *i, u32 size, const u8 *r, u32 cs, u32 cc)
{
	struct execution e = { .cc = cc }, expected;
	struct operation o = { .size = size, .cc = cc };
	char where[64];
	u8 code[6];

	fill_vectors(&e);
	put_vector(&e, r[0], random_vector());
	put_vector(&e, r[1], random_vector());
	put_vector(&e, r[2], random_below(4) ? random_vector() : get_vector(&e, r[1]));
	if (i->flags & VECTOR_V4)
		put_vector(&e, r[3], random_vector());
	o.v1 = get_vector(&e, r[0]);
	o.v2 = get_vector(&e, r[1]);
	o.v3 = get_vector(&e, r[2]);
	o.v4 = get_vector(&e, r[3]);
	expected = e;
	i->model(&o);
	if (!(i->flags & VECTOR_READS1))
		put_vector(&expected, r[0], o.v1);
	if (cs || (i->flags & VECTOR_SETS))
		expected.cc = o.cc;
	if (i->flags & VECTOR_V4)
		encode_vector(code, i->opcode, r[0], r[1], r[2], size, 0, r[3]);
	else
		encode_vector(code, i->opcode, r[0], r[1], i->flags & VECTOR_UNARY ? 0 : r[2], 0,
			      cs << 4, i->sizes ? size : 0);
	snprintf(where, sizeof(where), "size %u, v%u v%u v%u", size, r[0], r[1], r[2]);
	return EXPECT_NO_FAULT(execute(code, 6, &e), "%s", where) &&
	       expect_vectors(&e, &expected, where);
}

static void check_size(const struct vector_insn *i, u32 size, u32 cs)
{
	for (u32 n = 0; n < 40; n++) {
		for (u32 k = 0; k < (n < 6 ? ARRAY_SIZE(registers) : 1u); k++) {
			if (!check_one(i, size, registers[k], cs, n & 3))
				return;
		}
	}
}

static struct fault run_plain(const struct vector_insn *i, u32 size, u32 flags)
{
	struct execution e = { 0 };
	u8 code[6];

	fill_vectors(&e);
	e.flags = flags;
	if (i->flags & VECTOR_V4)
		encode_vector(code, i->opcode, 3, 7, 11, size, 0, 14);
	else
		encode_vector(code, i->opcode, 3, 7, i->flags & VECTOR_UNARY ? 0 : 11, 0, 0, size);
	return execute(code, 6, &e);
}

void check_vector(const struct vector_insn *i)
{
	for (u32 size = 0; size < 5; size++) {
		if (i->sizes ? !(i->sizes >> size & 1) : size)
			continue;
		SUBTEST("size %u", size);
		check_size(i, size, 0);
		if (!(i->flags & VECTOR_CC))
			continue;
		SUBTEST("size %u, condition code", size);
		check_size(i, size, 1);
	}
	for (u32 size = 0; size < 16 && i->sizes; size++) {
		if (size < 5 && (i->sizes >> size & 1))
			continue;
		SUBTEST("size %u, which there is not", size);
		if (size < 5 && has_facility(FACILITY_VECTOR_ENHANCEMENTS_3)) {
			SKIP_ROW("there are more sizes with the vector-enhancements facility 3");
			continue;
		}
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 6), run_plain(i, size, EXECUTE_VECTOR));
	}
	SUBTEST("without the vector control");
	write_cr(0, read_cr(0) | CR0_AFP);
	EXPECT_FAULT(WITH_ILC(PGM_DATA, 6), run_plain(i, 0, EXECUTE_CONTROL));
	EXPECT_EQ(trap_last_frame()->info.dxc, 0xfeu);
	write_cr(0, read_cr(0) & ~CR0_AFP);
}

void encode_vector_storage(u8 *code, u32 first, u32 second, u32 displacement, u32 m, u32 rxb,
			   u8 opcode)
{
	code[0] = 0xe7;
	code[1] = (u8)(first << 4 | second);
	code[2] = (u8)(VECTOR_BASE << 4 | displacement >> 8);
	code[3] = (u8)displacement;
	code[4] = (u8)(m << 4 | rxb);
	code[5] = opcode;
}

void expect_loaded(const u8 *code, struct execution e, u32 vr, struct bytes16 value)
{
	struct execution expected = e;

	put_vector(&expected, vr, value);
	EXPECT_NO_FAULT(execute(code, 6, &e));
	expect_vectors(&e, &expected, "loaded");
}
