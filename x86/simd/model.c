/* SPDX-License-Identifier: MIT */
/* The models by themselves, against constants of standards and manuals: nothing here executes a vector. */
#include <test.h>

#include <string.h>
#include <x86/model/alu.h>
#include <x86/model/simd_float.h>

SUITE("Models of vector instructions");

struct known_result {
	const char *name;
	simd_model *model;
	u64 a, b, result;
	u32 rounding, exceptions;
};

#define IE FLOAT_IE
#define ZE FLOAT_ZE
#define OE FLOAT_OE
#define UE FLOAT_UE
#define PE FLOAT_PE

/* Values that IEEE 754 determines, worked out by hand or found in any table of constants. */
TEST(model_float, "the model of IEEE 754 gives values that are known",
     SPEC("IEEE 754; SDM vol. 1, 4.8, 4.9"))
{
	static const struct known_result table[] = {
		{ "1+2", simd_addss, 0x3f800000, 0x40000000, 0x40400000, FLOAT_NEAREST, 0 },
		{ "0.1+0.2", simd_addsd, 0x3fb999999999999a, 0x3fc999999999999a, 0x3fd3333333333334,
		  FLOAT_NEAREST, PE },
		{ "1/3", simd_divss, 0x3f800000, 0x40400000, 0x3eaaaaab, FLOAT_NEAREST, PE },
		{ "1/3-down", simd_divss, 0x3f800000, 0x40400000, 0x3eaaaaaa, FLOAT_DOWN, PE },
		{ "-1/3-up", simd_divss, 0xbf800000, 0x40400000, 0xbeaaaaaa, FLOAT_UP, PE },
		{ "1/3-double", simd_divsd, 0x3ff0000000000000, 0x4008000000000000,
		  0x3fd5555555555555, FLOAT_NEAREST, PE },
		{ "sqrt-2", simd_sqrtsd, 0, 0x4000000000000000, 0x3ff6a09e667f3bcd, FLOAT_NEAREST,
		  PE },
		{ "sqrt-3-single", simd_sqrtss, 0, 0x40400000, 0x3fddb3d7, FLOAT_NEAREST, PE },
		{ "sqrt-16", simd_sqrtss, 0, 0x41800000, 0x40800000, FLOAT_NEAREST, 0 },
		{ "sqrt-minus-1", simd_sqrtss, 0, 0xbf800000, 0xffc00000, FLOAT_NEAREST, IE },
		{ "1-1", simd_subss, 0x3f800000, 0x3f800000, 0, FLOAT_NEAREST, 0 },
		{ "1-1-down", simd_subss, 0x3f800000, 0x3f800000, 0x80000000, FLOAT_DOWN, 0 },
		{ "largest*2", simd_mulss, 0x7f7fffff, 0x40000000, 0x7f800000, FLOAT_NEAREST,
		  OE | PE },
		{ "largest*2-to-zero", simd_mulss, 0x7f7fffff, 0x40000000, 0x7f7fffff,
		  FLOAT_TO_ZERO, OE | PE },
		/* Half of the smallest denormal is a tie, whose even neighbour is 0. */
		{ "smallest/2", simd_mulss, 0x00000001, 0x3f000000, 0, FLOAT_NEAREST,
		  FLOAT_DE | UE | PE },
		{ "smallest/2-up", simd_mulss, 0x00000001, 0x3f000000, 1, FLOAT_UP,
		  FLOAT_DE | UE | PE },
		/* Tiny, but exact. */
		{ "smallest-normal/2", simd_mulss, 0x00800000, 0x3f000000, 0x00400000,
		  FLOAT_NEAREST, 0 },
		{ "1/0", simd_divss, 0x3f800000, 0x80000000, 0xff800000, FLOAT_NEAREST, ZE },
		{ "0/0", simd_divss, 0, 0, 0xffc00000, FLOAT_NEAREST, IE },
		{ "infinity-infinity", simd_subss, 0x7f800000, 0x7f800000, 0xffc00000,
		  FLOAT_NEAREST, IE },
		{ "snan+1", simd_addss, 0x7f800001, 0x3f800000, 0x7fc00001, FLOAT_NEAREST, IE },
		{ "pi-to-single", simd_cvtsd2ss, 0, 0x400921fb54442d18, 0x40490fdb, FLOAT_NEAREST,
		  PE },
		{ "2.5-to-even", simd_roundss, 0, 0x40200000, 0x40000000, FLOAT_NEAREST, PE },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		struct simd_in in = { .a.q[0] = table[i].a,
				      .b.q[0] = table[i].b,
				      .bytes = 16,
				      .immediate = 4,
				      .mxcsr = table[i].rounding << MXCSR_RC_SHIFT };
		struct simd_out out = { .mxcsr = 0 };

		SUBTEST("%s", table[i].name);
		table[i].model(&in, &out);
		EXPECT_EQ(out.result.q[0], table[i].result);
		EXPECT_EQ(out.mxcsr, table[i].exceptions);
	}
}

/* (1 + 2^-52)^2 - 1 is 2^-51 + 2^-104: rounded once, upwards, its last bit is set. */
TEST(model_fused, "the model of FMA rounds once", SPEC("SDM vol. 1, 14.5"))
{
	struct simd_in in = { .a.q[0] = 0x3ff0000000000001,
			      .b.q[0] = 0x3ff0000000000001,
			      .c.q[0] = 0xbff0000000000000,
			      .bytes = 16,
			      .mxcsr = FLOAT_UP << MXCSR_RC_SHIFT };
	struct simd_out out = { .mxcsr = 0 };

	simd_fmaddsd(&in, &out);
	EXPECT_EQ(out.result.q[0], 0x3cc0000000000001ull);
	in.mxcsr = FLOAT_NEAREST << MXCSR_RC_SHIFT;
	simd_fmaddsd(&in, &out);
	EXPECT_EQ(out.result.q[0], 0x3cc0000000000000ull);
}

static void set(union vec *v, const char *digits)
{
	for (u32 i = 0; i < 16; i++) {
		u8 byte = 0;

		for (u32 j = 0; j < 2; j++) {
			char c = digits[2 * i + j];

			byte = (u8)(byte << 4 | (c <= '9' ? c - '0' : c - 'a' + 10));
		}
		v->b[i] = byte;
	}
}

static void expect_bytes(const union vec *actual, const char *digits)
{
	union vec expected = { 0 };

	set(&expected, digits);
	EXPECT_MEM_EQ(actual, &expected, 16);
}

/* The first round of the example in FIPS 197, appendix B, and the first word of its key schedule. */
TEST(model_aes, "the model of AES follows the example of the standard",
     SPEC("FIPS 197, appendices A.1, B"))
{
	struct simd_in in = { .bytes = 16 };
	struct simd_out out = { .mxcsr = 0 };

	SUBTEST("aesenc");
	set(&in.a, "193de3bea0f4e22b9ac68d2ae9f84808");
	set(&in.b, "a0fafe1788542cb123a339392a6c7605");
	simd_aesenc(&in, &out);
	expect_bytes(&out.result, "a49c7ff2689f352b6b5bea43026a5049");
	SUBTEST("aesdec");
	/* The inverse round undoes it: AESDEC takes keys that have gone through AESIMC. */
	in.a = out.result;
	for (u32 i = 0; i < 16; i++)
		in.a.b[i] ^= in.b.b[i];
	in.b = in.a;
	simd_aesimc(&in, &out);
	in.a = out.result;
	set(&in.b, "00000000000000000000000000000000");
	simd_aesdeclast(&in, &out);
	expect_bytes(&out.result, "193de3bea0f4e22b9ac68d2ae9f84808");
	SUBTEST("aeskeygenassist");
	set(&in.b, "2b7e151628aed2a6abf7158809cf4f3c");
	in.immediate = 1;
	simd_aeskeygenassist(&in, &out);
	/* RotWord and SubWord of 09cf4f3c give 8a84eb01; with Rcon 01 in front, 8b84eb01. */
	EXPECT_EQ(out.result.d[3], 0x01eb848bu);
	EXPECT_EQ(out.result.d[2], 0xeb848a01u);
}

/* Intel, "Carry-Less Multiplication and Its Usage for Computing the GCM Mode", the instruction's examples. */
TEST(model_pclmulqdq, "the model of PCLMULQDQ gives the products that Intel's paper has",
     SPEC("Intel 323640, PCLMULQDQ"))
{
	static const struct {
		u8 immediate;
		u64 high, low;
	} table[] = {
		{ 0x00, 0x1d4d84c85c3440c0, 0x929633d5d36f0451 },
		{ 0x01, 0x1bd17c8d556ab5a1, 0x7fa540ac2a281315 },
		{ 0x10, 0x1a2bf6db3a30862f, 0xbabf262df4b7d5c9 },
		{ 0x11, 0x1d1e1f2c592e7c45, 0xd66ee03e410fd4ed },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		struct simd_in in = { .a.q = { 0x5b477565726f6e5d, 0x4869285368617929 },
				      .b.q = { 0x63746f725d53475d, 0x7b5b546573745665 },
				      .bytes = 16,
				      .immediate = table[i].immediate };
		struct simd_out out = { .mxcsr = 0 };

		SUBTEST("immediate-%02x", table[i].immediate);
		simd_pclmulqdq(&in, &out);
		EXPECT_EQ(out.result.q[0], table[i].low);
		EXPECT_EQ(out.result.q[1], table[i].high);
	}
}

struct known_string {
	const char *name;
	const char *a, *b;
	u8 immediate;
	u32 index;
	u32 flags;
};

/* What the four aggregations are for: SDM vol. 1, 12.10.3. */
TEST(model_string, "the model of PCMPISTRI finds characters, ranges, differences and substrings",
     SPEC("SDM vol. 2B, 4.1; PCMPISTRI"))
{
	static const struct known_string table[] = {
		{ "any", "aeiou", "rhythm of", 0x00, 7, ALU_CF | ALU_ZF | ALU_SF },
		{ "none", "aeiou", "rhythm", 0x00, 16, ALU_ZF | ALU_SF },
		{ "ranges", "09", "abc4", 0x04, 3, ALU_CF | ALU_ZF | ALU_SF },
		{ "difference", "same words", "same wards", 0x18, 6, ALU_CF | ALU_ZF | ALU_SF },
		{ "substring", "we", "When we come by", 0x0c, 5, ALU_CF | ALU_ZF | ALU_SF },
		{ "last", "aeiou", "a vowel", 0x40, 5, ALU_CF | ALU_ZF | ALU_SF | ALU_OF },
	};

	for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
		struct simd_in in = { .bytes = 16, .immediate = table[i].immediate };
		struct simd_out out = { .flags = 0 };

		SUBTEST("%s", table[i].name);
		memcpy(&in.a, table[i].a, strlen(table[i].a));
		memcpy(&in.b, table[i].b, strlen(table[i].b));
		simd_pcmpistri(&in, &out);
		EXPECT_EQ(out.cx, table[i].index);
		EXPECT_EQ(out.flags, table[i].flags);
	}
}
