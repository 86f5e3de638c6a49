/* SPDX-License-Identifier: MIT */
/*
 * The model by itself, without executing any of the instructions: results and flags worked out by hand
 * from the "Operation" and "Flags Affected" sections of the manual.
 */
#include "insn.h"

#include <test.h>

SUITE("The model of the instructions");

#define C ALU_CF
#define P ALU_PF
#define A ALU_AF
#define Z ALU_ZF
#define S ALU_SF
#define O ALU_OF

/* Flags that one group of instructions leaves undefined. */
#define ALL_BUT(flags) (ALU_STATUS & ~(flags))

struct row {
	const char *name;
	alu_model *model;
	struct alu_in in;
	struct alu_out out;
};

/* name, width, dst, src, third, flags before; result, high, flags after, undefined flags */
#define ROW(name_, width_, dst_, src_, third_, before, result_, high_, after, undefined_, ...) \
	{                                                                                      \
#name_, model_##name_,                                                         \
			{ .width = (width_),                                                   \
			  .dst = (dst_),                                                       \
			  .src = (src_),                                                       \
			  .third = (third_),                                                   \
			  .flags = (before) },                                                 \
		{                                                                              \
			.result = (result_), .high = (high_), .flags = (after),                \
			.undefined = (undefined_), ##__VA_ARGS__                               \
		}                                                                              \
	}

static void check(const struct row *rows, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		const struct alu_out *want = &row->out;
		struct alu_out got;

#define WHERE "%s, row %u", row->name, i
		row->model(&row->in, &got);
		EXPECT_EQ(got.divide_error, want->divide_error, WHERE);
		if (want->divide_error)
			continue;
		EXPECT_EQ(got.undefined, want->undefined, WHERE);
		EXPECT_EQ(got.flags & ~want->undefined, want->flags & ~want->undefined, WHERE);
		EXPECT_EQ(got.result_undefined, want->result_undefined, WHERE);
		if (want->result_undefined)
			continue;
		EXPECT_EQ(got.result, want->result, WHERE);
		EXPECT_EQ(got.high, want->high, WHERE);
	}
}

TEST(model_arithmetic, "the model adds and subtracts with carries, borrows and overflows",
     SPEC("SDM vol. 2, ADD, ADC, SUB, SBB, CMP, INC, DEC, NEG, NOT, ADCX, ADOX"))
{
	static const struct row rows[] = {
		ROW(add, 8, 0x7f, 0x01, 0, 0, 0x80, 0, O | S | A, 0),
		ROW(add, 8, 0xff, 0x01, 0, O, 0x00, 0, Z | A | P | C, 0),
		ROW(add, 8, 0x80, 0x80, 0, 0, 0x00, 0, O | Z | P | C, 0),
		ROW(add, 8, 0x03, 0x00, 0, ALU_STATUS, 0x03, 0, P, 0),
		ROW(add, 8, 0x0f, 0x01, 0, 0, 0x10, 0, A, 0),
		ROW(add, 8, 0x10, 0xf0, 0, 0, 0x00, 0, Z | P | C, 0),
		ROW(add, 16, 0xffff, 0x8000, 0, 0, 0x7fff, 0, O | P | C, 0),
		ROW(add, 32, 0x7fffffff, 0x7fffffff, 0, 0, 0xfffffffe, 0, O | S | A, 0),
		ROW(add, 64, ~0ull, 1, 0, 0, 0, 0, Z | A | P | C, 0),
		ROW(add, 16, 0xabc0001, 0xdef0002, 0, 1 << 10, 0x0003, 0, P | 1 << 10, 0),
		ROW(adc, 8, 0xff, 0x00, 0, C, 0x00, 0, Z | A | P | C, 0),
		ROW(adc, 8, 0x7f, 0x80, 0, C, 0x00, 0, Z | A | P | C, 0),
		ROW(adc, 32, 0x7fffffff, 0, 0, C, 0x80000000, 0, O | S | A | P, 0),
		ROW(adc, 32, 1, 1, 0, ALL_BUT(C), 2, 0, 0, 0),
		ROW(sub, 8, 0x00, 0x01, 0, 0, 0xff, 0, S | A | P | C, 0),
		ROW(sub, 8, 0x80, 0x01, 0, 0, 0x7f, 0, O | A, 0),
		ROW(sub, 16, 0x7fff, 0xffff, 0, 0, 0x8000, 0, O | S | P | C, 0),
		ROW(sub, 32, 5, 5, 0, C, 0, 0, Z | P, 0),
		ROW(sbb, 8, 0x80, 0x7f, 0, C, 0x00, 0, O | Z | A | P, 0),
		ROW(sbb, 8, 0x00, 0xff, 0, C, 0x00, 0, Z | A | P | C, 0),
		ROW(sbb, 64, 0, 0, 0, C, ~0ull, 0, S | A | P | C, 0),
		ROW(cmp, 8, 0x00, 0x01, 0, 0, 0x00, 0, S | A | P | C, 0),
		ROW(cmp, 32, 0x80000000, 1, 0, 0, 0x80000000, 0, O | A | P, 0),
		ROW(inc, 8, 0xff, 0, 0, C, 0x00, 0, Z | A | P | C, 0),
		ROW(inc, 8, 0xff, 0, 0, 0, 0x00, 0, Z | A | P, 0),
		ROW(inc, 8, 0x7f, 0, 0, 0, 0x80, 0, O | S | A, 0),
		ROW(dec, 16, 0x8000, 0, 0, C, 0x7fff, 0, O | A | P | C, 0),
		ROW(dec, 8, 0x00, 0, 0, 0, 0xff, 0, S | A | P, 0),
		ROW(neg, 8, 0x80, 0, 0, 0, 0x80, 0, O | S | C, 0),
		ROW(neg, 32, 0, 0, 0, ALU_STATUS, 0, 0, Z | P, 0),
		ROW(neg, 8, 0x01, 0, 0, 0, 0xff, 0, S | A | P | C, 0),
		ROW(not, 16, 0x1234, 0, 0, O | C, 0xedcb, 0, O | C, 0),
		ROW(adcx, 32, 0xffffffff, 0, 0, C | O, 0, 0, C | O, 0),
		ROW(adcx, 32, 0x7fffffff, 1, 0, C | Z, 0x80000001, 0, Z, 0),
		ROW(adox, 32, 0xffffffff, 0, 0, O, 0, 0, O, 0),
		ROW(adox, 64, 1, 1, 0, C | O, 3, 0, C, 0),
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(model_logic, "the model of AND, OR, XOR and TEST clears CF and OF and leaves AF undefined",
     SPEC("SDM vol. 2, AND, OR, XOR, TEST"))
{
	static const struct row rows[] = {
		ROW(and, 8, 0xf0, 0x8f, 0, C | O, 0x80, 0, S, A),
		ROW(and, 32, 0xffff0000, 0x0000ffff, 0, 0, 0, 0, Z | P, A),
		ROW(or, 16, 0x8001, 0x0002, 0, C, 0x8003, 0, S | P, A),
		ROW(xor, 64, ~0ull, ~0ull, 0, S, 0, 0, Z | P, A),
		ROW(xor, 8, 0xff, 0x01, 0, 0, 0xfe, 0, S, A),
		ROW(test, 8, 0xff, 0x01, 0, O, 0xff, 0, 0, A),
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(model_shift, "the model of shifts masks counts and knows which flags they define",
     SPEC("SDM vol. 2B, SAL/SAR/SHL/SHR, SHLD, SHRD, SARX/SHLX/SHRX"))
{
	static const struct row rows[] = {
		ROW(shl, 8, 0x80, 1, 0, 0, 0x00, 0, O | Z | P | C, A),
		ROW(shl, 8, 0xc0, 1, 0, O, 0x80, 0, S | C, A),
		ROW(shl, 8, 0x01, 0, 0, ALU_STATUS, 0x01, 0, ALU_STATUS, 0),
		ROW(shl, 8, 0x01, 32, 0, ALU_STATUS, 0x01, 0, ALU_STATUS, 0),
		ROW(shl, 8, 0x03, 7, 0, 0, 0x80, 0, S | C, A | O),
		ROW(shl, 8, 0x01, 8, 0, 0, 0x00, 0, Z | P, A | O | C),
		ROW(shl, 16, 0xffff, 17, 0, 0, 0x0000, 0, Z | P, A | O | C),
		ROW(shl, 32, 1, 33, 0, 0, 2, 0, 0, A),
		ROW(shl, 64, 1, 33, 0, 0, 1ull << 33, 0, P, A | O),
		ROW(shl, 64, 3, 64 + 63, 0, 0, 1ull << 63, 0, S | P | C, A | O),
		ROW(shr, 8, 0x81, 1, 0, 0, 0x40, 0, O | C, A),
		ROW(shr, 32, 0x80000000, 31, 0, C, 1, 0, 0, A | O),
		ROW(shr, 16, 0x8000, 16, 0, 0, 0, 0, Z | P, A | O | C),
		ROW(sar, 8, 0x81, 1, 0, O, 0xc0, 0, S | P | C, A),
		ROW(sar, 8, 0x80, 31, 0, 0, 0xff, 0, S | P | C, A | O),
		ROW(sar, 16, 0x7fff, 20, 0, C, 0, 0, Z | P, A | O),
		ROW(shld, 16, 0x1234, 0xabcd, 4, 0, 0x234a, 0, C, A | O),
		ROW(shld, 32, 0x80000000, 0, 1, 0, 0, 0, O | Z | P | C, A),
		ROW(shld, 32, 0x12345678, 0xffffffff, 32, C, 0x12345678, 0, C, 0),
		ROW(shld, 16, 0x1235, 0xabcd, 16, 0, 0xabcd, 0, S | C, A | O),
		ROW(shld, 16, 1, 2, 17, 0, 0, 0, 0, ALU_STATUS, .result_undefined = true),
		ROW(shrd, 32, 0x00000001, 0x00000003, 1, 0, 0x80000000, 0, O | S | P | C, A),
		ROW(shrd, 64, 0xf0, 0x5, 8, 0, 0x05ull << 56, 0, P | C, A | O),
		ROW(shrd, 16, 0x1234, 0xabcd, 4, 0, 0xd123, 0, S, A | O),
		ROW(shlx, 32, 0, 1, 33, C | O, 2, 0, C | O, 0),
		ROW(shrx, 64, 0, 1ull << 63, 63, Z, 1, 0, Z, 0),
		ROW(sarx, 32, 0, 0x80000000, 4, 0, 0xf8000000, 0, 0, 0),
		ROW(rorx, 32, 0, 1, 1, P, 0x80000000, 0, P, 0),
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(model_rotate, "the model of rotates goes through CF and round the width",
     SPEC("SDM vol. 2B, RCL/RCR/ROL/ROR"))
{
	static const struct row rows[] = {
		ROW(rol, 8, 0x81, 1, 0, Z, 0x03, 0, O | Z | C, 0),
		ROW(rol, 8, 0x01, 8, 0, 0, 0x01, 0, C, O),
		ROW(rol, 8, 0x01, 32, 0, O, 0x01, 0, O, 0),
		ROW(rol, 16, 0x1234, 4, 0, 0, 0x2341, 0, C, O),
		ROW(rol, 16, 0x8000, 16, 0, C, 0x8000, 0, 0, O),
		ROW(ror, 8, 0x01, 1, 0, 0, 0x80, 0, O | C, 0),
		ROW(ror, 8, 0x81, 1, 0, O, 0xc0, 0, C, 0),
		ROW(ror, 8, 0x80, 8, 0, 0, 0x80, 0, C, O),
		ROW(ror, 32, 0x00000001, 4, 0, C, 0x10000000, 0, 0, O),
		ROW(rcl, 8, 0x80, 1, 0, 0, 0x00, 0, O | C, 0),
		ROW(rcl, 8, 0x40, 1, 0, C, 0x81, 0, O, 0),
		ROW(rcl, 8, 0x55, 9, 0, C, 0x55, 0, C, O),
		ROW(rcl, 8, 0x80, 10, 0, C, 0x01, 0, C, O),
		ROW(rcl, 16, 0x8000, 17, 0, 0, 0x8000, 0, 0, O),
		ROW(rcl, 32, 0x80000000, 2, 0, C, 0x3, 0, 0, O),
		ROW(rcl, 32, 0x40000000, 3, 0, 0, 0x1, 0, 0, O),
		ROW(rcr, 8, 0x01, 1, 0, 0, 0x00, 0, C, 0),
		ROW(rcr, 8, 0x80, 1, 0, 0, 0x40, 0, O, 0),
		ROW(rcr, 8, 0x80, 1, 0, C, 0xc0, 0, 0, 0),
		ROW(rcr, 8, 0x55, 9, 0, C, 0x55, 0, C, O),
		ROW(rcr, 64, 0, 1, 0, C, 1ull << 63, 0, O, 0),
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(model_multiply, "the model multiplies exactly", SPEC("SDM vol. 2, MUL, IMUL, MULX"))
{
	static const struct row rows[] = {
		ROW(mul, 8, 0xff, 0xff, 0, 0, 0x01, 0xfe, C | O, ALL_BUT(C | O)),
		ROW(mul, 8, 0x0f, 0x11, 0, C | O, 0xff, 0x00, 0, ALL_BUT(C | O)),
		ROW(mul, 32, 0xffffffff, 0xffffffff, 0, 0, 1, 0xfffffffe, C | O, ALL_BUT(C | O)),
		ROW(mul, 64, ~0ull, ~0ull, 0, 0, 1, ~1ull, C | O, ALL_BUT(C | O)),
		ROW(mul, 64, 0x123456789abcdef0, 0x10, 0, 0, 0x23456789abcdef00, 1, C | O,
		    ALL_BUT(C | O)),
		ROW(imul, 8, 0x80, 0x80, 0, 0, 0x00, 0x40, C | O, ALL_BUT(C | O)),
		ROW(imul, 8, 0xff, 0x80, 0, 0, 0x80, 0x00, C | O, ALL_BUT(C | O)),
		ROW(imul, 8, 0xff, 0x7f, 0, C, 0x81, 0xff, 0, ALL_BUT(C | O)),
		ROW(imul, 64, ~0ull, ~0ull, 0, 0, 1, 0, 0, ALL_BUT(C | O)),
		ROW(imul, 64, 1ull << 63, 2, 0, 0, 0, ~0ull, C | O, ALL_BUT(C | O)),
		ROW(imul_truncated, 16, 0x0100, 0x0100, 0, 0, 0, 0, C | O, ALL_BUT(C | O)),
		ROW(imul_truncated, 32, 0xffffffff, 5, 0, 0, 0xfffffffb, 0, 0, ALL_BUT(C | O)),
		ROW(mulx, 64, 1ull << 63, 6, 0, Z, 0, 3, Z, 0),
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(model_divide, "the model divides up to the largest quotient and raises #DE beyond",
     SPEC("SDM vol. 2A, DIV, IDIV"))
{
	static const struct row rows[] = {
		ROW(div, 8, 0xff, 0x10, 0x00, 0, 0x0f, 0x0f, 0, ALU_STATUS),
		ROW(div, 8, 0xff, 0x02, 0x01, 0, 0xff, 0x01, 0, ALU_STATUS),
		ROW(div, 8, 0x00, 0x02, 0x02, 0, 0, 0, 0, 0, .divide_error = true),
		ROW(div, 32, 1, 0, 0, 0, 0, 0, 0, 0, .divide_error = true),
		ROW(div, 64, ~0ull, ~0ull, ~1ull, 0, ~0ull, ~1ull, 0, ALU_STATUS),
		ROW(div, 64, 0, 3, 1, 0, 0x5555555555555555, 1, 0, ALU_STATUS),
		ROW(div, 16, 0, 1, 1, 0, 0, 0, 0, 0, .divide_error = true),
		ROW(idiv, 8, 0xf9, 0x02, 0xff, 0, 0xfd, 0xff, 0, ALU_STATUS),
		ROW(idiv, 8, 0x07, 0xfe, 0x00, 0, 0xfd, 0x01, 0, ALU_STATUS),
		ROW(idiv, 8, 0x80, 0x01, 0xff, 0, 0x80, 0x00, 0, ALU_STATUS),
		ROW(idiv, 8, 0x7f, 0x01, 0xff, 0, 0, 0, 0, 0, .divide_error = true),
		ROW(idiv, 8, 0x80, 0x01, 0x00, 0, 0, 0, 0, 0, .divide_error = true),
		ROW(idiv, 8, 0x81, 0xff, 0x00, 0, 0, 0, 0, 0, .divide_error = true),
		ROW(idiv, 8, 0x80, 0xff, 0x00, 0, 0x80, 0x00, 0, ALU_STATUS),
		ROW(idiv, 16, 0x0000, 0xffff, 0x8000, 0, 0, 0, 0, 0, .divide_error = true),
		ROW(idiv, 32, 0x80000000, 0xffffffff, ~0u, 0, 0, 0, 0, 0, .divide_error = true),
		ROW(idiv, 64, 0, 1ull << 63, 1ull << 62, 0, 0x8000000000000000, 0, 0, ALU_STATUS),
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(model_bits, "the model scans, counts, tests and moves bits",
     SPEC("SDM vol. 2, BSF, BSR, BT, TZCNT, LZCNT, POPCNT, ANDN, BEXTR, BLSI, BZHI, PDEP, PEXT"))
{
	static const struct row rows[] = {
		ROW(bsf, 32, 0, 0x00018000, 0, Z, 15, 0, 0, ALL_BUT(Z)),
		ROW(bsr, 32, 0, 0x00018000, 0, Z, 16, 0, 0, ALL_BUT(Z)),
		ROW(bsf, 16, 0, 0x10000, 0, 0, 0, 0, Z, ALL_BUT(Z), .result_undefined = true),
		ROW(bsr, 64, 0, 1ull << 63, 0, 0, 63, 0, 0, ALL_BUT(Z)),
		ROW(tzcnt, 16, 9, 0, 0, 0, 16, 0, C, ALL_BUT(C | Z)),
		ROW(tzcnt, 64, 9, 1, 0, C, 0, 0, Z, ALL_BUT(C | Z)),
		ROW(lzcnt, 32, 9, 1, 0, C, 31, 0, 0, ALL_BUT(C | Z)),
		ROW(lzcnt, 64, 9, 0, 0, Z, 64, 0, C, ALL_BUT(C | Z)),
		ROW(lzcnt, 16, 9, 0x8000, 0, 0, 0, 0, Z, ALL_BUT(C | Z)),
		ROW(popcnt, 64, 9, ~0ull, 0, ALU_STATUS, 64, 0, 0, 0),
		ROW(popcnt, 16, 9, 0xf0000, 0, 0, 0, 0, Z, 0),
		ROW(bt, 16, 0x8000, 31, 0, 0, 0x8000, 0, C, ALL_BUT(C)),
		ROW(bts, 32, 0, 33, 0, C, 2, 0, 0, ALL_BUT(C)),
		ROW(btr, 64, ~0ull, 63, 0, 0, ~0ull >> 1, 0, C, ALL_BUT(C)),
		ROW(btc, 32, 0x10, 4, 0, 0, 0, 0, C, ALL_BUT(C)),
		ROW(andn, 32, 9, 0x0f, 0xff, C | O, 0xf0, 0, 0, A | P),
		ROW(andn, 32, 9, 0, 0x80000000, 0, 0x80000000, 0, S, A | P),
		ROW(bextr, 32, 9, 0x12345678, 0x0804, C, 0x67, 0, 0, A | S | P),
		ROW(bextr, 32, 9, 0x12345678, 0xff1c, 0, 0x1, 0, 0, A | S | P),
		ROW(bextr, 32, 9, 0xff12345678, 0xff1c, 0, 0x1, 0, 0, A | S | P),
		ROW(bextr, 64, 9, ~0ull, 0x0140, 0, 0, 0, Z, A | S | P),
		ROW(bextr, 64, 9, ~0ull, 0x4000, 0, ~0ull, 0, 0, A | S | P),
		ROW(blsi, 32, 9, 0x58, 0, O, 0x08, 0, C, A | P),
		ROW(blsi, 32, 9, 0, 0, C, 0, 0, Z, A | P),
		ROW(blsmsk, 32, 9, 0x58, 0, C | Z, 0x0f, 0, 0, A | P),
		ROW(blsmsk, 64, 9, 0, 0, 0, ~0ull, 0, S | C, A | P),
		ROW(blsr, 32, 9, 0x58, 0, C, 0x50, 0, 0, A | P),
		ROW(blsr, 64, 9, 0, 0, 0, 0, 0, Z | C, A | P),
		ROW(bzhi, 32, 9, 0xffffffff, 8, C, 0xff, 0, 0, A | P),
		ROW(bzhi, 32, 9, 0xffffffff, 0x7f00, C, 0, 0, Z, A | P),
		ROW(bzhi, 32, 9, 0xffffffff, 31, 0, 0x7fffffff, 0, 0, A | P),
		ROW(bzhi, 32, 9, 0xffffffff, 32, 0, 0xffffffff, 0, S | C, A | P),
		ROW(bzhi, 64, 9, ~0ull, 255, 0, ~0ull, 0, S | C, A | P),
		ROW(pdep, 32, 9, 0x0000000d, 0x0f0f0000, Z, 0x000d0000, 0, Z, 0),
		ROW(pdep, 64, 9, 0x3, 0x8000000000000001, 0, 0x8000000000000001, 0, 0, 0),
		ROW(pext, 32, 9, 0x12345678, 0xff00ff00, C, 0x1256, 0, C, 0),
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(model_move, "the model extends, reverses, exchanges and compares",
     SPEC("SDM vol. 2, MOVSX, MOVZX, CBW, CWD, BSWAP, MOVBE, XCHG, XADD, CMPXCHG, LAHF, SAHF"))
{
	static const struct row rows[] = {
		ROW(movzx, 32, ~0ull, 0x1280, 8, O, 0x80, 0, O, 0),
		ROW(movsx, 32, 0, 0x1280, 8, 0, 0xffffff80, 0, 0, 0),
		ROW(movsx, 64, 0, 0x7fffffff, 32, 0, 0x7fffffff, 0, 0, 0),
		ROW(cbw, 16, 0x1280, 0, 0, 0, 0xff80, 0, 0, 0),
		ROW(cbw, 64, 0xdead000080000000, 0, 0, 0, 0xffffffff80000000, 0, 0, 0),
		ROW(cwd, 32, 0x80000000, 0, 0, 0, 0x80000000, 0xffffffff, 0, 0),
		ROW(cwd, 16, 0x7fff, 0, 0, 0, 0x7fff, 0, 0, 0),
		ROW(bswap, 32, 0x11223344, 0, 0, C, 0x44332211, 0, C, 0),
		ROW(bswap, 64, 0x1122334455667788, 0, 0, 0, 0x8877665544332211, 0, 0, 0),
		ROW(bswap, 16, 0x1122, 0, 0, 0, 0, 0, 0, 0, .result_undefined = true),
		ROW(movbe, 16, 0, 0x1122, 0, 0, 0x2211, 0, 0, 0),
		ROW(xchg, 8, 0x11, 0x22, 0, C, 0x22, 0x11, C, 0),
		ROW(xadd, 8, 0xff, 0x02, 0, 0, 0x01, 0xff, A | C, 0),
		ROW(cmpxchg, 8, 0x05, 0x77, 0x05, 0, 0x77, 0x05, Z | P, 0),
		ROW(cmpxchg, 8, 0x06, 0x77, 0x05, 0, 0x06, 0x06, S | A | P | C, 0),
		ROW(setcc, 8, 0xff, 0, 4, Z, 1, 0, Z, 0),
		ROW(setcc, 8, 0xff, 0, 5, Z, 0, 0, Z, 0),
		ROW(cmov, 32, 1, 2, 2, C, 2, 0, C, 0),
		ROW(cmov, 32, 1, 2, 3, C, 1, 0, C, 0),
		ROW(lahf, 16, 0x1234, 0, 0, ALU_STATUS, 0xd734, 0, ALU_STATUS, 0),
		ROW(lahf, 16, 0x1234, 0, 0, O | Z, 0x4234, 0, O | Z, 0),
		ROW(sahf, 16, 0x5500, 0, 0, O | C, 0x5500, 0, O | Z | A | P | C, 0),
		ROW(sahf, 16, 0x80ff, 0, 0, C, 0x80ff, 0, S, 0),
		ROW(clc, 8, 0, 0, 0, ALU_STATUS, 0, 0, ALL_BUT(C), 0),
		ROW(stc, 8, 0, 0, 0, O, 0, 0, O | C, 0),
		ROW(cmc, 8, 0, 0, 0, O | C, 0, 0, O, 0),
		ROW(cmc, 8, 0, 0, 0, O, 0, 0, O | C, 0),
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(model_decimal, "the model adjusts decimals as the manual's examples do",
     SPEC("SDM vol. 2A, AAA, AAS, AAM, AAD, DAA, DAS"))
{
	static const struct row rows[] = {
		ROW(daa, 16, 0x00ae, 0, 0, S | P, 0x0014, 0, A | P | C, O),
		ROW(das, 16, 0x00ee, 0, 0, O | A | P | C | S, 0x0088, 0, S | A | P | C, O),
		ROW(daa, 16, 0x1299, 0, 0, 0, 0x1299, 0, S | P, O),
		ROW(daa, 16, 0x009a, 0, 0, 0, 0x0000, 0, Z | A | P | C, O),
		ROW(daa, 16, 0x0000, 0, 0, C, 0x0060, 0, P | C, O),
		ROW(das, 16, 0x0005, 0, 0, A, 0x00ff, 0, S | A | P | C, O),
		ROW(das, 16, 0x0099, 0, 0, 0, 0x0099, 0, S | P, O),
		ROW(aaa, 16, 0x000b, 0, 0, 0, 0x0101, 0, A | C, ALL_BUT(A | C)),
		ROW(aaa, 16, 0x00fa, 0, 0, 0, 0x0200, 0, A | C, ALL_BUT(A | C)),
		ROW(aaa, 16, 0x0039, 0, 0, C, 0x0009, 0, 0, ALL_BUT(A | C)),
		ROW(aas, 16, 0x020b, 0, 0, 0, 0x0105, 0, A | C, ALL_BUT(A | C)),
		ROW(aas, 16, 0x0203, 0, 0, A, 0x000d, 0, A | C, ALL_BUT(A | C)),
		ROW(aam, 16, 0x0063, 10, 0, 0, 0x0909, 0, P, C | O | A),
		ROW(aam, 16, 0x0063, 0, 0, 0, 0, 0, 0, 0, .divide_error = true),
		ROW(aad, 16, 0x0909, 10, 0, 0, 0x0063, 0, P, C | O | A),
		ROW(aad, 16, 0xff01, 255, 0, 0, 0x0002, 0, 0, C | O | A),
	};

	check(rows, ARRAY_SIZE(rows));
}

TEST(model_conditions, "the model knows the sixteen conditions",
     SPEC("SDM vol. 2D, appendix B, table B-10"))
{
	/* For each condition, flags for which it holds and flags for which it does not. */
	static const struct {
		u32 holds[2], fails[2];
	} conditions[16] = {
		{ { O, O | C }, { 0, S } }, { { 0, S }, { O, O | Z } },
		{ { C, C | Z }, { 0, Z } }, { { 0, Z }, { C, C | S } },
		{ { Z, Z | C }, { 0, C } }, { { 0, C }, { Z, Z | C } },
		{ { C, Z }, { 0, S } },	    { { 0, S }, { C, Z } },
		{ { S, S | O }, { 0, O } }, { { 0, O }, { S, S | O } },
		{ { P, P | Z }, { 0, Z } }, { { 0, Z }, { P, P | Z } },
		{ { S, O }, { 0, S | O } }, { { 0, S | O }, { S, O } },
		{ { Z, S }, { 0, S | O } }, { { 0, S | O }, { O, S | O | Z } },
	};

	for (u32 cc = 0; cc < 16; cc++) {
		for (u32 i = 0; i < 2; i++) {
			EXPECT(model_condition(cc, conditions[cc].holds[i]), "condition %u", cc);
			EXPECT(!model_condition(cc, conditions[cc].fails[i]), "condition %u", cc);
		}
	}
}

TEST(model_cmpxchg_pairs, "the model of CMPXCHG8B and 16B compares both halves",
     SPEC("SDM vol. 2A, CMPXCHG8B/CMPXCHG16B"))
{
	u64 memory[2] = { 1, 2 }, expected[2] = { 1, 2 };
	const u64 new[2] = { 3, 4 };
	u32 flags = C | O;

	model_cmpxchg_pair(32, memory, expected, new, &flags);
	EXPECT_EQ(memory[0], 3u);
	EXPECT_EQ(memory[1], 4u);
	EXPECT_EQ(expected[1], 2u);
	EXPECT_EQ(flags, C | O | Z);

	model_cmpxchg_pair(64, memory, expected, new, &flags);
	EXPECT_EQ(memory[0], 3u);
	EXPECT_EQ(expected[0], 3u);
	EXPECT_EQ(expected[1], 4u);
	EXPECT_EQ(flags, C | O);
}

TEST(model_crc32, "the model computes CRC-32C: of \"123456789\" it is e3069283",
     SPEC("SDM vol. 2A, CRC32; RFC 3720, B.4"))
{
	struct alu_in in = { .width = 32, .dst = 0xffffffff, .third = 8, .flags = ALU_STATUS };
	struct alu_out out;

	for (const char *at = "123456789"; *at; at++) {
		in.src = (u8)*at;
		model_crc32(&in, &out);
		in.dst = out.result;
	}
	EXPECT_EQ(out.result ^ 0xffffffff, 0xe3069283u);
	EXPECT_EQ(out.flags, ALU_STATUS);

	/* RFC 3720: 32 bytes of zeros are aa36918a, here by words of 64 bits. */
	in = (struct alu_in){ .width = 64, .dst = 0xffffffff, .third = 64 };
	for (u32 i = 0; i < 4; i++) {
		model_crc32(&in, &out);
		in.dst = out.result;
	}
	EXPECT_EQ(out.result ^ 0xffffffff, 0x8a9136aau);
}
