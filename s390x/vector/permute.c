/* SPDX-License-Identifier: MIT */
/* Immediates, permutations, shifts by an address. */
#include "check.h"

#include <string.h>

SUITE("Vector immediates, permutations");

static void vperm(struct operation *o)
{
	struct bytes16 out;

	for (u32 n = 0; n < 16; n++) {
		u32 from = o->v4.byte[n] & 31;

		out.byte[n] = from < 16 ? o->v2.byte[from] : o->v3.byte[from - 16];
	}
	o->v1 = out;
}

static void vsel(struct operation *o)
{
	for (u32 n = 0; n < 16; n++)
		o->v1.byte[n] = (u8)((o->v2.byte[n] & o->v4.byte[n]) |
				     (o->v3.byte[n] & ~o->v4.byte[n]));
}

TEST(vperm, "VECTOR PERMUTE: each byte by index from the two operands",
     SPEC("PoP SA22-7832-13, chapter 21, VECTOR PERMUTE"), REQUIRES(has_facility(FACILITY_VECTOR)))
{
	static const struct vector_insn insn = { 0x8c, vperm, 0, VECTOR_V4 };

	check_vector(&insn);
}

TEST(vsel, "VECTOR SELECT: each bit from the one or the other operand",
     SPEC("PoP SA22-7832-13, chapter 21, VECTOR SELECT"), REQUIRES(has_facility(FACILITY_VECTOR)))
{
	static const struct vector_insn insn = { 0x8d, vsel, 0, VECTOR_V4 };

	check_vector(&insn);
}

/* e7, V1 and V2, V3 or I2, ...: rows of code that is v18's result of v5 and v22. */
static void expect_result(const u8 *code, struct bytes16 value)
{
	struct execution e = { .cc = 3 };

	fill_vectors(&e);
	expect_loaded(code, e, 18, value);
}

static struct bytes16 initial(u32 n)
{
	struct execution e;

	fill_vectors(&e);
	return get_vector(&e, n);
}

TEST(vector_immediates, "immediates become bytes, elements or masks of bits",
     SPEC("PoP SA22-7832-13, chapter 21, VECTOR GENERATE BYTE MASK, GENERATE MASK, REPLICATE IMMEDIATE, "
	  "LOAD ELEMENT IMMEDIATE, REPLICATE"),
	  REQUIRES(has_facility(FACILITY_VECTOR)))
{
	static const u16 masks[] = { 0, 0xffff, 0x8001, 0x1234, 0x0ff0 };
	static const u8 ranges[][2] = {
		{ 0, 0 }, { 0, 7 }, { 7, 0 }, { 3, 5 }, { 5, 3 }, { 15, 31 }
	};
	static const u8 element_immediate[4] = { 0x40, 0x41, 0x43, 0x42 };

	for (u32 k = 0; k < ARRAY_SIZE(masks); k++) {
		u8 code[6] = { 0xe7, 0x20, (u8)(masks[k] >> 8), (u8)masks[k], 0x08, 0x44 };
		struct bytes16 v;

		SUBTEST("VGBM %#x", masks[k]);
		for (u32 n = 0; n < 16; n++)
			v.byte[n] = masks[k] >> (15 - n) & 1 ? 0xff : 0;
		expect_result(code, v);
		for (u32 size = 0; size < 4; size++) {
			struct bytes16 r;

			SUBTEST("VREPI %#x, size %u", masks[k], size);
			for (u32 n = 0; n < elements(size); n++)
				set_element(&r, size, n, (u64)(s16)masks[k]);
			code[4] = (u8)(size << 4 | 8);
			code[5] = 0x45;
			expect_result(code, r);
			SUBTEST("VLEI %#x, size %u", masks[k], size);
			r = initial(18);
			set_element(&r, size, elements(size) - 1, (u64)(s16)masks[k]);
			code[4] = (u8)((elements(size) - 1) << 4 | 8);
			code[5] = element_immediate[size];
			expect_result(code, r);
		}
	}
	for (u32 k = 0; k < ARRAY_SIZE(ranges); k++) {
		for (u32 size = 0; size < 4; size++) {
			u32 bits = 8u << size, first = ranges[k][0] % bits,
			    last = ranges[k][1] % bits;
			u8 code[6] = { 0xe7, 0x20, ranges[k][0], ranges[k][1], (u8)(size << 4 | 8),
				       0x46 };
			struct bytes16 v;
			u64 mask = 0;

			SUBTEST("VGM %u to %u, size %u", ranges[k][0], ranges[k][1], size);
			for (u32 n = first;; n = (n + 1) % bits) {
				mask |= BIT(bits - 1 - n);
				if (n == last)
					break;
			}
			for (u32 n = 0; n < elements(size); n++)
				set_element(&v, size, n, mask);
			expect_result(code, v);
		}
	}
	for (u32 size = 0; size < 4; size++) {
		for (u32 from = 0; from < elements(size); from += 3) {
			u8 code[6] = { 0xe7, 0x25, 0, (u8)from, (u8)(size << 4 | 8), 0x4d };
			struct bytes16 v;

			SUBTEST("VREP of element %u, size %u", from, size);
			for (u32 n = 0; n < elements(size); n++)
				set_element(&v, size, n, element(initial(5), size, from));
			expect_result(code, v);
		}
	}
}

TEST(vector_combinations, "doublewords and bytes of two operands side by side",
     SPEC("PoP SA22-7832-13, chapters 21 and 22, VECTOR PERMUTE DOUBLEWORD IMMEDIATE, SHIFT LEFT DOUBLE BY "
	  "BYTE, LOAD, LOAD VR FROM GRS DISJOINT"),
	  REQUIRES(has_facility(FACILITY_VECTOR)))
{
	u8 both[32];

	memcpy(both, initial(5).byte, 16);
	memcpy(both + 16, initial(22).byte, 16);
	for (u32 m = 0; m < 16; m++) {
		u8 code[6] = { 0xe7, 0x25, 0x60, 0, (u8)(m << 4 | 0xa), 0x84 };
		struct bytes16 v;

		SUBTEST("VPDI %u", m);
		memcpy(v.byte, both + (m & 4 ? 8 : 0), 8);
		memcpy(v.byte + 8, both + 16 + (m & 1 ? 8 : 0), 8);
		expect_result(code, v);
	}
	for (u32 by = 0; by < 16; by++) {
		u8 code[6] = { 0xe7, 0x25, 0x60, (u8)by, 0xa, 0x77 };
		struct bytes16 v;

		SUBTEST("VSLDB by %u", by);
		memcpy(v.byte, both + by, 16);
		expect_result(code, v);
	}
	SUBTEST("VLR");
	{
		static const u8 code[6] = { 0xe7, 0x26, 0, 0, 0xc, 0x56 };

		expect_result(code, initial(22));
	}
	SUBTEST("VLVGP");
	{
		static const u8 code[6] = { 0xe7, 0x24, 0x70, 0, 8, 0x62 };
		struct execution e;
		struct bytes16 v;

		fill_vectors(&e);
		set_element(&v, 3, 0, e.gpr[4]);
		set_element(&v, 3, 1, e.gpr[7]);
		expect_result(code, v);
	}
}

TEST(vector_shifts,
     "VESL, VESRL, VESRA, VERLL shift each element by the address, modulo its width; VERIM inserts",
     SPEC("PoP SA22-7832-13, chapter 22, VECTOR ELEMENT SHIFT, ROTATE"),
	  REQUIRES(has_facility(FACILITY_VECTOR)))
{
	static const u32 counts[] = { 0, 1, 7, 8, 15, 16, 31, 33, 63, 64, 0xffff };

	for (u32 size = 0; size < 4; size++) {
		for (u32 k = 0; k < ARRAY_SIZE(counts); k++) {
			u32 bits = 8u << size, by = counts[k] % bits;
			static const u8 opcodes[] = { 0x30, 0x38, 0x3a, 0x33 };
			struct bytes16 from = initial(5), v, mask = initial(22);

			for (u32 op = 0; op < 4; op++) {
				struct execution e = { .cc = 1 };
				u8 code[6];

				SUBTEST("%#x, size %u, by %u", opcodes[op], size, counts[k]);
				fill_vectors(&e);
				e.gpr[VECTOR_BASE] = counts[k] - 0x10u;
				for (u32 n = 0; n < elements(size); n++) {
					u64 a = element(from, size, n);
					s64 sa = signed_element(from, size, n);

					set_element(&v, size, n,
						    op == 0   ? a << by
						    : op == 1 ? a >> by
						    : op == 2 ? (u64)(sa >> by)
						    : by      ? a << by | a >> (bits - by)
							      : a);
				}
				encode_vector_storage(code, 2, 5, 0x10, size, 8, opcodes[op]);
				expect_loaded(code, e, 18, v);
			}
			SUBTEST("VERIM, size %u, by %u", size, counts[k]);
			{
				struct bytes16 out = initial(18);
				u8 code[6] = {
					0xe7, 0x25, 0x60, (u8)counts[k], (u8)(size << 4 | 0xa), 0x72
				};
				u32 count = (u8)counts[k] % bits;

				for (u32 n = 0; n < elements(size); n++) {
					u64 a = element(from, size, n), m = element(mask, size, n);

					a = count ? a << count | a >> (bits - count) : a;
					set_element(&out, size, n,
						    (element(out, size, n) & ~m) | (a & m));
				}
				expect_result(code, out);
			}
		}
	}
}
