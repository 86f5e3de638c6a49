/* SPDX-License-Identifier: MIT */
/* The floating-point-control register, and IEEE exceptions that are not masked: data exceptions with a DXC. */
#include "check.h"

#include <s390x/cr.h>
#include <string.h>

SUITE("FPC register, IEEE traps");

#define SFPC  "\xb3\x84\x00\x20" /* r2 */
#define EFPC  "\xb3\x8c\x00\x20"
#define LFPC  "\xb2\x9d\xa0\x00" /* BASE */
#define STFPC "\xb2\x9c\xa0\x00"
#define LFAS  "\xb2\xbd\xa0\x00"
#define SFASR "\xb3\x85\x00\x20"

static struct fault run(const char *code, struct execution *e)
{
	return execute(code, 4, e);
}

static void put_word(u32 value)
{
	for (u32 n = 0; n < 4; n++)
		float_storage()[n] = (u8)(value >> (24 - 8 * n));
}

static const u32 valid_words[] = { 0,	       0xf8000000, 0x00f80000, 0x0000ff00,
				   0x00000003, 0x00000070, 0x80402003, 0xf8f8ff73 };

TEST(fpc_set, "FPC is what was set by SET FPC or LOAD FPC, and is extracted or stored so",
     SPEC("PoP SA22-7832-13, chapter 9, SET FPC, LOAD FPC, EXTRACT FPC, STORE FPC"))
{
	for (u32 n = 0; n < ARRAY_SIZE(valid_words); n++) {
		struct execution e = { .cc = n & 3 };

		SUBTEST("%#x", valid_words[n]);
		fill_floats(&e, 0);
		e.gpr[2] = 0xfedcba9800000000 | valid_words[n];
		EXPECT_NO_FAULT(run(SFPC, &e));
		EXPECT_EQ(e.fpc, valid_words[n]);
		e.gpr[2] = 0x1122334455667788;
		EXPECT_NO_FAULT(run(EFPC, &e));
		EXPECT_EQ(e.gpr[2], 0x1122334400000000 | valid_words[n]);
		put_word(valid_words[n]);
		e.fpc = 1;
		EXPECT_NO_FAULT(run(LFPC, &e));
		EXPECT_EQ(e.fpc, valid_words[n]);
		put_word(0x5a5a5a5a);
		EXPECT_NO_FAULT(run(STFPC, &e));
		for (u32 k = 0; k < 4; k++)
			EXPECT_EQ(float_storage()[k], (u8)(valid_words[n] >> (24 - 8 * k)));
		EXPECT_EQ(e.cc, n & 3);
	}
}

TEST(fpc_reserved, "a one in a bit of FPC that is not assigned is a specification exception",
     SPEC("PoP SA22-7832-13, chapter 9, SET FPC, LOAD FPC, Program Exceptions"))
{
	static const u8 bits[] = { 6, 7, 14, 15, 24, 28 };

	for (u32 n = 0; n < ARRAY_SIZE(bits); n++) {
		struct execution e = { .cc = 1 };

		SUBTEST("SFPC, bit %u", bits[n]);
		fill_floats(&e, 2);
		e.gpr[2] = 0x80000000u >> bits[n];
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), run(SFPC, &e));
		EXPECT_EQ(e.fpc, 2u);
		SUBTEST("LFPC, bit %u", bits[n]);
		put_word(0x80000000u >> bits[n]);
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), run(LFPC, &e));
		EXPECT_EQ(e.fpc, 2u);
	}
	for (u32 mode = 4; mode < 7; mode++) {
		struct execution e = { .cc = 1 };

		SUBTEST("BFP rounding mode %u", mode);
		fill_floats(&e, 2);
		e.gpr[2] = mode;
		EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), run(SFPC, &e));
	}
}

TEST(srnm, "SET BFP ROUNDING MODE sets the mode alone, of two bits or of three",
     SPEC("PoP SA22-7832-13, chapter 19, SET BFP ROUNDING MODE"))
{
	for (u32 mode = 0; mode < 8; mode++) {
		u8 code[4] = { 0xb2, 0x99, 0x00, (u8)mode };
		struct execution e = { .cc = 2 };
		bool valid = mode < 4 || mode == 7;

		SUBTEST("SRNM %u", mode);
		fill_floats(&e, 0);
		e.fpc = 0xf8f8ff71;
		EXPECT_NO_FAULT(execute(code, 4, &e));
		EXPECT_EQ(e.fpc, 0xf8f8ff70 | (mode & 3));
		if (!has_facility(FACILITY_FP_EXTENSION))
			continue;
		SUBTEST("SRNMB %u", mode);
		code[1] = 0xb8;
		e.fpc = 0xf8f8ff71;
		if (valid)
			EXPECT_NO_FAULT(execute(code, 4, &e));
		else
			EXPECT_FAULT(WITH_ILC(PGM_SPECIFICATION, 4), execute(code, 4, &e));
		EXPECT_EQ(e.fpc, valid ? 0xf8f8ff70 | mode : 0xf8f8ff71);
	}
}

TEST(srnmt, "SET DFP ROUNDING MODE sets the other mode alone",
     SPEC("PoP SA22-7832-13, chapter 20, SET DFP ROUNDING MODE"), REQUIRES(has_facility(42)))
{
	for (u32 mode = 0; mode < 8; mode++) {
		u8 code[4] = { 0xb2, 0xb9, 0x00, (u8)mode };
		struct execution e = { .cc = 2 };

		SUBTEST("SRNMT %u", mode);
		fill_floats(&e, 0);
		e.fpc = 0xf8f8ff23;
		EXPECT_NO_FAULT(execute(code, 4, &e));
		EXPECT_EQ(e.fpc, 0xf8f8ff03 | mode << 4);
	}
}

/* ------------------------------------------------------------------------------------------- traps */

/* A short operation with f4 and f9, and the DXC where its exception is not masked. */
struct trap {
	const char *name;
	const char *code; /* r4, r9 */
	u32 first, second;
	u32 exception;
	u8 dxc;
	bool completes;
};

#define AEBR  "\xb3\x0a\x00\x49"
#define DEBR  "\xb3\x0d\x00\x49"
#define MEEBR "\xb3\x17\x00\x49"
#define SQEBR "\xb3\x14\x00\x49"
#define CEBR  "\xb3\x09\x00\x49"
#define KEBR  "\xb3\x08\x00\x49"

static const struct trap traps[] = {
	{ "signaling NaN", AEBR, 0x7fa00000, 0x3f800000, BFP_INVALID, 0x80, false },
	{ "infinities", AEBR, 0x7f800000, 0xff800000, BFP_INVALID, 0x80, false },
	{ "root of -1", SQEBR, 0, 0xbf800000, BFP_INVALID, 0x80, false },
	{ "zero by zero", DEBR, 0, 0, BFP_INVALID, 0x80, false },
	{ "comparison with a quiet NaN", KEBR, 0x7fc00000, 0, BFP_INVALID, 0x80, false },
	{ "one by zero", DEBR, 0x3f800000, 0, BFP_DIVISION, 0x40, false },
	{ "overflow", MEEBR, 0x7f000000, 0x7f000000, BFP_OVERFLOW, 0x20, true },
	{ "overflow, inexact and truncated", MEEBR, 0x7f000001, 0x7f000001, BFP_OVERFLOW, 0x28,
	  true },
	{ "overflow, inexact and incremented", MEEBR, 0x7f000003, 0x7f2aaaab, BFP_OVERFLOW, 0x2c,
	  true },
	{ "underflow", MEEBR, 0x00800000, 0x00800000, BFP_UNDERFLOW, 0x10, true },
	{ "one third", DEBR, 0x3f800000, 0x40400000, BFP_INEXACT, 0x0c, true },
	{ "two thirds of it", DEBR, 0x3f800000, 0x40e00000, BFP_INEXACT, 0x08, true },
};

static struct execution before_trap(const struct trap *t, u32 masks)
{
	struct execution e = { .cc = 3 };

	fill_floats(&e, 0);
	e.fpc = masks << 24;
	put_number(&e, &bfp_short, F1, (struct number){ (u64)t->first << 32, 0 });
	put_number(&e, &bfp_short, F2, (struct number){ (u64)t->second << 32, 0 });
	return e;
}

TEST(ieee_traps,
     "an IEEE exception whose mask is one is a data exception, with the code in FPC too",
     SPEC("PoP SA22-7832-13, chapter 9, IEEE Exceptions; chapter 6, Data-Exception Code"))
{
	for (u32 n = 0; n < ARRAY_SIZE(traps); n++) {
		const struct trap *t = &traps[n];
		struct execution e = before_trap(t, t->exception), before = e;

		SUBTEST("%s", t->name);
		EXPECT_FAULT(WITH_ILC(PGM_DATA, 4), run(t->code, &e));
		/* The right half of the code has a case of its own. */
		EXPECT_EQ(trap_last_frame()->info.dxc & (t->exception == BFP_INEXACT ? 0x08 : 0xf0),
			  t->dxc & (t->exception == BFP_INEXACT ? 0x08u : 0xf0u));
		EXPECT_EQ(e.fpc >> 8 & 0xff, trap_last_frame()->info.dxc);
		/* The flag of an exception that traps is not set. */
		EXPECT_EQ(e.fpc >> 16 & t->exception, 0u);
		EXPECT_EQ(e.fpc >> 24, t->exception);
		if (!t->completes) {
			EXPECT_MEM_EQ(e.fpr, before.fpr, sizeof(e.fpr));
			EXPECT_EQ(e.cc, before.cc);
		}
	}
}

TEST(ieee_dxc,
     "the code of an overflow, underflow or inexact result says whether it was incremented",
     SPEC("PoP SA22-7832-13, chapter 6, Data-Exception Code, figure on IEEE exceptions"))
{
	for (u32 n = 0; n < ARRAY_SIZE(traps); n++) {
		const struct trap *t = &traps[n];
		struct execution e = before_trap(t, t->exception);

		if (!t->completes)
			continue;
		SUBTEST("%s", t->name);
		EXPECT_FAULT(WITH_ILC(PGM_DATA, 4), run(t->code, &e));
		EXPECT_EQ(trap_last_frame()->info.dxc, t->dxc);
	}
}

TEST(ieee_masked,
     "with the masks of all others, an IEEE exception sets its flag and the result is the default",
     SPEC("PoP SA22-7832-13, chapter 9, IEEE Exceptions"))
{
	for (u32 n = 0; n < ARRAY_SIZE(traps); n++) {
		const struct trap *t = &traps[n];
		u32 masks = t->exception == BFP_INEXACT ? 0xf0
			    : t->completes		? 0xf0 & ~t->exception
							: 0xf8 & ~t->exception;
		struct execution e = before_trap(t, masks);

		SUBTEST("%s", t->name);
		EXPECT_NO_FAULT(run(t->code, &e));
		EXPECT_EQ(e.fpc >> 24, masks);
		EXPECT_EQ(e.fpc >> 16 & t->exception, t->exception);
		EXPECT_EQ(e.fpc & 0xff00, 0u);
	}
}

TEST(inexact_completes, "a trap for an inexact result comes after the result",
     SPEC("PoP SA22-7832-13, chapter 9, IEEE-Inexact Exception: completion"))
{
	const struct trap *t = &traps[10];
	struct execution e = before_trap(t, BFP_INEXACT);

	EXPECT_FAULT(WITH_ILC(PGM_DATA, 4), run(t->code, &e));
	EXPECT_EQ(e.fpr[F1] >> 32, 0x3eaaaaabu);
}

/* LEDBR f0,f2 right after what sets the rounding mode. */
#define ROUND "\xb3\x44\x00\x02"

static const struct {
	const char *name;
	const char *code;
	u32 facility;
} ways[] = {
	{ "SFPC", SFPC ROUND, FACILITY_Z_ARCHITECTURE },
	{ "LFPC", LFPC ROUND, FACILITY_Z_ARCHITECTURE },
	{ "SFASR", SFASR ROUND, FACILITY_FP_SUPPORT },
	{ "LFAS", LFAS ROUND, FACILITY_FP_SUPPORT },
	{ "SRNM", "\xb2\x99\x20\x00" ROUND, FACILITY_Z_ARCHITECTURE },
};

TEST(mode_at_once,
     "the next instruction rounds by the mode that was set, whatever instruction set it",
     SPEC("PoP SA22-7832-13, chapter 9, BFP Rounding Mode; SET FPC, LOAD FPC, SET FPC AND SIGNAL, "
	  "LOAD FPC AND SIGNAL, SET BFP ROUNDING MODE"))
{
	/* 1 and a quarter, or three quarters, of the short format's last place. */
	static const u64 values[] = { 0x3ff0000008000000, 0x3ff0000018000000, 0xbff0000008000000,
				      0xbff0000018000000 };
	static const u32 rounded[4][4] = {
		{ 0x3f800000, 0x3f800001, 0xbf800000, 0xbf800001 }, /* nearest */
		{ 0x3f800000, 0x3f800000, 0xbf800000, 0xbf800000 }, /* zero */
		{ 0x3f800001, 0x3f800001, 0xbf800000, 0xbf800000 }, /* up */
		{ 0x3f800000, 0x3f800000, 0xbf800001, 0xbf800001 }, /* down */
	};

	for (u32 way = 0; way < ARRAY_SIZE(ways); way++) {
		for (u32 mode = 0; mode < 4; mode++) {
			SUBTEST("%s, mode %u", ways[way].name, mode);
			if (!has_facility(ways[way].facility)) {
				SKIP_ROW("no floating-point-support enhancement");
				continue;
			}
			for (u32 n = 0; n < ARRAY_SIZE(values); n++) {
				struct execution e = { .cc = 1 };

				fill_floats(&e, 3 - mode);
				e.fpr[2] = values[n];
				e.gpr[2] = mode;
				put_word(mode);
				EXPECT_NO_FAULT(execute(ways[way].code, 8, &e));
				EXPECT_EQ(e.fpr[0] >> 32, rounded[mode][n], "%u", n);
				EXPECT_EQ(e.fpc & 7, mode);
			}
		}
	}
}

TEST(simulated_exceptions,
     "SFASR and LFAS set FPC and trap for flags that were set and are masked on now",
     SPEC("PoP SA22-7832-13, chapter 9, SET FPC AND SIGNAL, LOAD FPC AND SIGNAL"),
	  REQUIRES(has_facility(FACILITY_FP_SUPPORT)))
{
	static const struct {
		u32 old, operand, fpc;
		u8 dxc; /* 0: none */
	} rows[] = {
		{ 0x00000000, 0x00000000, 0x00000000, 0 },
		{ 0x00f80000, 0x00000003, 0x00f80003, 0 },
		{ 0x00000000, 0xf8000000, 0xf8000000, 0 },
		{ 0x00800000, 0x80000000, 0x80800000, 0x83 },
		{ 0x00400000, 0x40000000, 0x40400000, 0x43 },
		{ 0x00200000, 0x20000000, 0x20200000, 0x23 },
		{ 0x00100000, 0x10000000, 0x10100000, 0x13 },
		{ 0x00080000, 0x08000000, 0x08080000, 0x0b },
		{ 0x00f80000, 0xf8000000, 0xf8f80000, 0x83 },
	};

	for (u32 n = 0; n < ARRAY_SIZE(rows); n++) {
		for (u32 storage = 0; storage < 2; storage++) {
			struct execution e = { .cc = 1 };
			struct fault fault;

			SUBTEST("%s %#x, FPC %#x", storage ? "LFAS" : "SFASR", rows[n].operand,
				rows[n].old);
			fill_floats(&e, 0);
			e.fpc = rows[n].old;
			e.gpr[2] = rows[n].operand;
			put_word(rows[n].operand);
			fault = run(storage ? LFAS : SFASR, &e);
			if (rows[n].dxc) {
				EXPECT_FAULT(WITH_ILC(PGM_DATA, 4), fault);
				EXPECT_EQ(trap_last_frame()->info.dxc, rows[n].dxc);
				EXPECT_EQ(e.fpc >> 8 & 0xff, rows[n].dxc);
			} else {
				EXPECT_NO_FAULT(fault);
			}
			EXPECT_EQ(e.fpc & 0xffff00ff, rows[n].fpc);
		}
	}
}

TEST(trap_in_fpc,
     "a compare-and-trap exception leaves its code in FPC with the AFP-register control",
     SPEC("PoP SA22-7832-13, chapter 6, Data-Exception Code; chapter 9, FPC: DXC"),
	  REQUIRES(has_facility(FACILITY_GIEF)))
{
	static const u8 code[4] = { 0xb9, 0x60, 0x80, 0x22 }; /* CGRT r2,r2,8 */
	struct execution e = { .cc = 1 };

	fill_floats(&e, 0);
	EXPECT_FAULT(WITH_ILC(PGM_DATA, 4), execute(code, 4, &e));
	EXPECT_EQ(e.fpc, 0xff00u);
}
