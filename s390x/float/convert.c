/* SPDX-License-Identifier: MIT */
/* Conversions: between formats, to and from integers, to integral values; every M3, and M4's inexact control. */
#include "check.h"

#include <stdio.h>

SUITE("BFP conversions");

/* Rounding that M3 asks for; 0 is FPC's. */
static bool rounding_of_m3(u32 m3, u32 mode, enum bfp_rounding *rounding)
{
	*rounding = m3 ? (enum bfp_rounding)m3 : rounding_of(mode);
	return m3 != 2 && (m3 != 3 || has_facility(FACILITY_FP_EXTENSION));
}

struct conversion {
	enum insn_format format;
	u16 opcode;
	const struct bfp_format *from, *to; /* NULL: an integer */
	u8 bits;			    /* of the integer */
	bool is_signed;
	enum { CONVERT, INTEGRAL, LENGTHEN } kind;
};

static bool check_one(const struct conversion *v, struct number x, u32 m3, u32 m4, u32 mode)
{
	struct bfp_context c = { .format = v->to };
	struct insn_fields f = { .r1 = F1, .r2 = F2, .b2 = BASE, .m3 = (u8)m3, .m4 = (u8)m4 };
	struct execution e = { .cc = mode }, expected;
	char where[80];
	u32 size;
	u8 code[6];
	bool valid = rounding_of_m3(m3, mode, &c.rounding);
	struct fault fault;

	fill_floats(&e, mode);
	if (!v->from)
		e.gpr[F2] = x.high;
	else if (v->format == INSN_RXE)
		store_number(float_storage(), v->from, x);
	else
		put_number(&e, v->from, F2, x);
	expected = e;
	if (!v->from) {
		u64 value = v->bits == 64 ? x.high : v->is_signed ? (u64)(s32)x.high : (u32)x.high;
		struct number out;

		bfp_pack(v->to, bfp_from_integer(&c, value, v->is_signed), &out.high, &out.low);
		put_number(&expected, v->to, F1, out);
	} else if (!v->to) {
		struct bfp a = bfp_unpack(v->from, x.high, x.low);
		u64 value = bfp_to_integer(&c, a, v->bits, v->is_signed);

		expected.gpr[F1] = v->bits == 64 ? value
						 : (e.gpr[F1] & ~0xffffffffull) | (u32)value;
		expected.cc = c.flags & BFP_INVALID ? 3 : cc_of(a);
	} else {
		struct bfp a = bfp_unpack(v->from, x.high, x.low);
		struct number out;

		a = v->kind == INTEGRAL ? bfp_to_integral(&c, a) : bfp_convert(&c, a);
		bfp_pack(v->to, a, &out.high, &out.low);
		put_number(&expected, v->to, F1, out);
	}
	/* M4 bit 1: the inexact exception is not recognised. */
	if (m4 & 4)
		c.flags &= ~(u32)BFP_INEXACT;
	expected.fpc |= c.flags << 16;
	size = insn_encode(v->format, v->opcode, &f, code);
	snprintf(where, sizeof(where), "%#llx %#llx, M3 %u, mode %u", x.high, x.low, m3, mode);
	fault = execute(code, size, &e);
	/* Whether a NaN is inexact besides is not tested. */
	if (!v->to && bfp_is_nan(bfp_unpack(v->from, x.high, x.low)) && !(m4 & 4))
		expected.fpc = (expected.fpc & ~((u32)BFP_INEXACT << 16)) |
			       (e.fpc & (u32)BFP_INEXACT << 16);
	if (!valid)
		return EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, size), fault, "%s", where);
	return EXPECT_NO_FAULT(fault, "%s", where) && expect_floats(&e, &expected, where);
}

static const u64 integers[] = {
	0,
	1,
	~0ull,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x1000001,
	0x1000003,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xfffffffffffffc01,
	0x20000000000001,
	0x20000000000003,
	0x123456789abcdef1,
	0xfffffe0000000001,
};

/* Numbers about the ends of what integers can be. */
static struct number near_limit(const struct bfp_format *f, u32 n)
{
	static const s32 exponents[] = { -2, -1, 0, 1, 30, 31, 32, 62, 63, 64 };
	struct bfp v = { .kind = BFP_FINITE, .minus = n & 1 };
	struct bfp_context c = { .format = f, .rounding = BFP_TO_ZERO };
	struct number out;

	/* 1.0, 1.1, 1.111... times a power. */
	v.significand.word[0] = (n >> 1) % 3 == 0 ? 8 : (n >> 1) % 3 == 1 ? 12 : ~0ull;
	v.exponent = exponents[n / 6 % ARRAY_SIZE(exponents)] - ((n >> 1) % 3 == 2 ? 63 : 3);
	bfp_pack(f, bfp_round(&c, v), &out.high, &out.low);
	return out;
}

static bool check_all(const struct conversion *v, u32 m3, u32 m4, u32 mode)
{
	if (!v->from) {
		for (u32 n = 0; n < ARRAY_SIZE(integers); n++) {
			if (!check_one(v, (struct number){ integers[n], 0 }, m3, m4, mode))
				return false;
		}
		for (u32 n = 0; n < 10; n++) {
			u64 value = random_u64() >> random_below(64);

			if (!check_one(v, (struct number){ value, 0 }, m3, m4, mode))
				return false;
		}
		return true;
	}
	for (u32 n = 0; n < number_count(); n++) {
		if (!check_one(v, number_at(v->from, n), m3, m4, mode))
			return false;
	}
	for (u32 n = 0; n < 60; n++) {
		if (!check_one(v, near_limit(v->from, n), m3, m4, mode))
			return false;
	}
	for (u32 n = 0; n < 10; n++) {
		if (!check_one(v, random_number(v->from), m3, m4, mode))
			return false;
	}
	return true;
}

static void check(const struct conversion *v)
{
	if (v->kind == LENGTHEN) {
		SUBTEST("exact");
		check_all(v, 0, 0, 0);
		return;
	}
	for (u32 mode = 0; mode < 4; mode++) {
		SUBTEST("rounding mode %u", mode);
		check_all(v, 0, 0, mode);
	}
	for (u32 m3 = 1; m3 < 8; m3++) {
		SUBTEST("M3 = %u", m3);
		check_all(v, m3, 0, 1);
	}
	for (u32 m3 = 8; m3 < 16; m3 += 3) {
		struct insn_fields f = { .r1 = F1, .r2 = F2, .m3 = (u8)m3 };
		struct execution e = { 0 };
		u8 code[6];

		SUBTEST("M3 = %u", m3);
		fill_floats(&e, 0);
		insn_encode(v->format, v->opcode, &f, code);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(code, 4, &e));
	}
	if (!has_facility(FACILITY_FP_EXTENSION))
		return;
	SUBTEST("inexact suppressed");
	check_all(v, 4, 4, 0);
}

#define CONVERSION(name_, manual, format_, opcode_, from_, to_, bits_, signed_, kind_, facility_) \
	TEST(name_, manual ": the value, rounded; what does not fit; flags and condition code",   \
	     SPEC(CHAPTER manual), REQUIRES(has_facility(facility_)))                             \
	{                                                                                         \
		static const struct conversion v = { INSN_##format_, opcode_, from_, to_,         \
						     bits_,	     signed_, kind_ };            \
                                                                                                  \
		check(&v);                                                                        \
	}

#define Z   FACILITY_Z_ARCHITECTURE
#define FPE FACILITY_FP_EXTENSION
#define S   &bfp_short
#define L   &bfp_long
#define X   &bfp_extended

/* clang-format off */
CONVERSION(cefbr, "CONVERT FROM FIXED (CEFBR)", RRF, 0xb394, NULL, S, 32, true, CONVERT, Z)
CONVERSION(cdfbr, "CONVERT FROM FIXED (CDFBR)", RRF, 0xb395, NULL, L, 32, true, CONVERT, Z)
CONVERSION(cxfbr, "CONVERT FROM FIXED (CXFBR)", RRF, 0xb396, NULL, X, 32, true, CONVERT, Z)
CONVERSION(cegbr, "CONVERT FROM FIXED (CEGBR)", RRF, 0xb3a4, NULL, S, 64, true, CONVERT, Z)
CONVERSION(cdgbr, "CONVERT FROM FIXED (CDGBR)", RRF, 0xb3a5, NULL, L, 64, true, CONVERT, Z)
CONVERSION(cxgbr, "CONVERT FROM FIXED (CXGBR)", RRF, 0xb3a6, NULL, X, 64, true, CONVERT, Z)
CONVERSION(celfbr, "CONVERT FROM LOGICAL (CELFBR)", RRF, 0xb390, NULL, S, 32, false, CONVERT, FPE)
CONVERSION(cdlfbr, "CONVERT FROM LOGICAL (CDLFBR)", RRF, 0xb391, NULL, L, 32, false, CONVERT, FPE)
CONVERSION(cxlfbr, "CONVERT FROM LOGICAL (CXLFBR)", RRF, 0xb392, NULL, X, 32, false, CONVERT, FPE)
CONVERSION(celgbr, "CONVERT FROM LOGICAL (CELGBR)", RRF, 0xb3a0, NULL, S, 64, false, CONVERT, FPE)
CONVERSION(cdlgbr, "CONVERT FROM LOGICAL (CDLGBR)", RRF, 0xb3a1, NULL, L, 64, false, CONVERT, FPE)
CONVERSION(cxlgbr, "CONVERT FROM LOGICAL (CXLGBR)", RRF, 0xb3a2, NULL, X, 64, false, CONVERT, FPE)
CONVERSION(cfebr, "CONVERT TO FIXED (CFEBR)", RRF, 0xb398, S, NULL, 32, true, CONVERT, Z)
CONVERSION(cfdbr, "CONVERT TO FIXED (CFDBR)", RRF, 0xb399, L, NULL, 32, true, CONVERT, Z)
CONVERSION(cfxbr, "CONVERT TO FIXED (CFXBR)", RRF, 0xb39a, X, NULL, 32, true, CONVERT, Z)
CONVERSION(cgebr, "CONVERT TO FIXED (CGEBR)", RRF, 0xb3a8, S, NULL, 64, true, CONVERT, Z)
CONVERSION(cgdbr, "CONVERT TO FIXED (CGDBR)", RRF, 0xb3a9, L, NULL, 64, true, CONVERT, Z)
CONVERSION(cgxbr, "CONVERT TO FIXED (CGXBR)", RRF, 0xb3aa, X, NULL, 64, true, CONVERT, Z)
CONVERSION(clfebr, "CONVERT TO LOGICAL (CLFEBR)", RRF, 0xb39c, S, NULL, 32, false, CONVERT, FPE)
CONVERSION(clfdbr, "CONVERT TO LOGICAL (CLFDBR)", RRF, 0xb39d, L, NULL, 32, false, CONVERT, FPE)
CONVERSION(clfxbr, "CONVERT TO LOGICAL (CLFXBR)", RRF, 0xb39e, X, NULL, 32, false, CONVERT, FPE)
CONVERSION(clgebr, "CONVERT TO LOGICAL (CLGEBR)", RRF, 0xb3ac, S, NULL, 64, false, CONVERT, FPE)
CONVERSION(clgdbr, "CONVERT TO LOGICAL (CLGDBR)", RRF, 0xb3ad, L, NULL, 64, false, CONVERT, FPE)
CONVERSION(clgxbr, "CONVERT TO LOGICAL (CLGXBR)", RRF, 0xb3ae, X, NULL, 64, false, CONVERT, FPE)
CONVERSION(fiebr, "LOAD FP INTEGER (FIEBR)", RRF, 0xb357, S, S, 0, false, INTEGRAL, Z)
CONVERSION(fidbr, "LOAD FP INTEGER (FIDBR)", RRF, 0xb35f, L, L, 0, false, INTEGRAL, Z)
CONVERSION(fixbr, "LOAD FP INTEGER (FIXBR)", RRF, 0xb347, X, X, 0, false, INTEGRAL, Z)
CONVERSION(ledbr, "LOAD ROUNDED (LEDBR)", RRF, 0xb344, L, S, 0, false, CONVERT, FPE)
CONVERSION(ldxbr, "LOAD ROUNDED (LDXBR)", RRF, 0xb345, X, L, 0, false, CONVERT, FPE)
CONVERSION(lexbr, "LOAD ROUNDED (LEXBR)", RRF, 0xb346, X, S, 0, false, CONVERT, FPE)
CONVERSION(ldebr, "LOAD LENGTHENED (LDEBR)", RRE, 0xb304, S, L, 0, false, LENGTHEN, Z)
CONVERSION(lxdbr, "LOAD LENGTHENED (LXDBR)", RRE, 0xb305, L, X, 0, false, LENGTHEN, Z)
CONVERSION(lxebr, "LOAD LENGTHENED (LXEBR)", RRE, 0xb306, S, X, 0, false, LENGTHEN, Z)
CONVERSION(ldeb, "LOAD LENGTHENED (LDEB)", RXE, 0xed04, S, L, 0, false, LENGTHEN, Z)
CONVERSION(lxdb, "LOAD LENGTHENED (LXDB)", RXE, 0xed05, L, X, 0, false, LENGTHEN, Z)
CONVERSION(lxeb, "LOAD LENGTHENED (LXEB)", RXE, 0xed06, S, X, 0, false, LENGTHEN, Z)
/* clang-format on */
