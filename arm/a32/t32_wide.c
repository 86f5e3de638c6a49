/* SPDX-License-Identifier: MIT */
/* T32 against a model, outside of IT blocks: the wide instructions. */
#include <test.h>

#include "check.h"

SUITE("T32, wide", REQUIRES(has_a32()));

#define S   BIT(20)
#define RN  BITS(19, 16)
#define RT  BITS(15, 12)
#define RD  BITS(11, 8)
#define RM  BITS(3, 0)
#define IMM (BITS(14, 12) | BITS(7, 6))

#define SHIFTED(name, op, n, d, fields)                                                   \
	{                                                                                 \
		name "-register", 0xea000000 | (op) << 21 | (n) | (d),                    \
			(fields) | IMM | BITS(5, 4) | RM, t32w_data_shifted, false, false \
	}
#define IMMEDIATE(name, op, n, d, fields)                                                    \
	{                                                                                    \
		name "-immediate", 0xf0000000 | (op) << 21 | (n) | (d),                      \
			(fields) | BIT(26) | BITS(14, 12) | BITS(7, 0), t32w_data_immediate, \
			false, false                                                         \
	}
#define DP(name, op)	  SHIFTED(name, op, 0, 0, S | RN | RD), IMMEDIATE(name, op, 0, 0, S | RN | RD)
#define COMPARE(name, op) SHIFTED(name, op, S, 0xf00, RN), IMMEDIATE(name, op, S, 0xf00, RN)
#define MOVE(name, op) \
	SHIFTED(name, op, 0xf0000, 0, S | RD), IMMEDIATE(name, op, 0xf0000, 0, S | RD)

static const struct a32_row data[] = {
	DP("and", 0),	   DP("bic", 1),       DP("orr", 2),	  DP("orn", 3),
	DP("eor", 4),	   DP("add", 8),       DP("adc", 10),	  DP("sbc", 11),
	DP("sub", 13),	   DP("rsb", 14),      COMPARE("tst", 0), COMPARE("teq", 4),
	COMPARE("cmn", 8), COMPARE("cmp", 13), MOVE("mov", 2),	  MOVE("mvn", 3),
};

TEST(t32_wide_data_processing, "the operations with shifted registers and modified immediates",
     SPEC("DDI 0487, F3.1.12, F3.1.14; F1.4, modified immediate constants"))
{
	t32_check(data, ARRAY_SIZE(data));
}

static const struct a32_row plain[] = {
	{ "addw", 0xf2000000, BIT(26) | RN | BITS(14, 12) | RD | BITS(7, 0), t32w_plain, false,
	  false },
	{ "subw", 0xf2a00000, BIT(26) | RN | BITS(14, 12) | RD | BITS(7, 0), t32w_plain, false,
	  false },
	{ "adr-after", 0xf20f0000, BIT(26) | BITS(14, 12) | RD | BITS(7, 0), t32w_plain, false,
	  false },
	{ "adr-before", 0xf2af0000, BIT(26) | BITS(14, 12) | RD | BITS(7, 0), t32w_plain, false,
	  false },
	{ "movw", 0xf2400000, BIT(26) | RN | BITS(14, 12) | RD | BITS(7, 0), t32w_move, false,
	  false },
	{ "movt", 0xf2c00000, BIT(26) | RN | BITS(14, 12) | RD | BITS(7, 0), t32w_move, false,
	  false },
	{ "bfi", 0xf3600000, RN | IMM | RD | BITS(4, 0), t32w_bitfield, false, false },
	{ "bfc", 0xf36f0000, IMM | RD | BITS(4, 0), t32w_bitfield, false, false },
	{ "sbfx", 0xf3400000, RN | IMM | RD | BITS(4, 0), t32w_bitfield, false, false },
	{ "ubfx", 0xf3c00000, RN | IMM | RD | BITS(4, 0), t32w_bitfield, false, false },
	{ "ssat", 0xf3000000, BIT(21) | RN | IMM | RD | BITS(4, 0), t32w_saturate, false, false },
	{ "usat", 0xf3800000, BIT(21) | RN | IMM | RD | BITS(4, 0), t32w_saturate, false, false },
};

TEST(t32_wide_plain, "twelve and sixteen bits of immediate, bit fields, saturation",
     SPEC("DDI 0487, F3.1.15; F5.1"))
{
	t32_check(plain, ARRAY_SIZE(plain));
}

static const struct a32_row registers[] = {
	{ "lsl", 0xfa00f000, S | RN | RD | RM, t32w_shift_register, false, false },
	{ "lsr", 0xfa20f000, S | RN | RD | RM, t32w_shift_register, false, false },
	{ "asr", 0xfa40f000, S | RN | RD | RM, t32w_shift_register, false, false },
	{ "ror", 0xfa60f000, S | RN | RD | RM, t32w_shift_register, false, false },
	{ "sxtah", 0xfa00f080, RN | RD | BITS(5, 4) | RM, t32w_extend, false, false },
	{ "uxtah", 0xfa10f080, RN | RD | BITS(5, 4) | RM, t32w_extend, false, false },
	{ "sxtab16", 0xfa20f080, RN | RD | BITS(5, 4) | RM, t32w_extend, false, false },
	{ "uxtab16", 0xfa30f080, RN | RD | BITS(5, 4) | RM, t32w_extend, false, false },
	{ "sxtab", 0xfa40f080, RN | RD | BITS(5, 4) | RM, t32w_extend, false, false },
	{ "uxtab", 0xfa50f080, RN | RD | BITS(5, 4) | RM, t32w_extend, false, false },
	{ "sxth", 0xfa0ff080, RD | BITS(5, 4) | RM, t32w_extend, false, false },
	{ "uxtb16", 0xfa3ff080, RD | BITS(5, 4) | RM, t32w_extend, false, false },
	{ "rev", 0xfa90f080, RN | RD | RM, t32w_reverse, false, true },
	{ "rev16", 0xfa90f090, RN | RD | RM, t32w_reverse, false, true },
	{ "rbit", 0xfa90f0a0, RN | RD | RM, t32w_reverse, false, true },
	{ "revsh", 0xfa90f0b0, RN | RD | RM, t32w_reverse, false, true },
	{ "clz", 0xfab0f080, RN | RD | RM, t32w_reverse, false, true },
	{ "qadd", 0xfa80f080, RN | RD | RM, t32w_saturating, false, false },
	{ "qdadd", 0xfa80f090, RN | RD | RM, t32w_saturating, false, false },
	{ "qsub", 0xfa80f0a0, RN | RD | RM, t32w_saturating, false, false },
	{ "qdsub", 0xfa80f0b0, RN | RD | RM, t32w_saturating, false, false },
};

TEST(t32_wide_registers, "shifts by a register, extensions, reversals, saturating arithmetic",
     SPEC("DDI 0487, F3.1.19 and after; F5.1"))
{
	t32_check(registers, ARRAY_SIZE(registers));
}

#define PARALLEL(name, op, kind)                                                                 \
	{                                                                                        \
		name, 0xfa80f000 | (op) << 20 | (kind) << 4, RN | RD | RM, t32w_parallel, false, \
			false                                                                    \
	}
#define KIND(prefix, kind)                                                         \
	PARALLEL(prefix "add8", 0, kind), PARALLEL(prefix "add16", 1, kind),       \
		PARALLEL(prefix "asx", 2, kind), PARALLEL(prefix "sub8", 4, kind), \
		PARALLEL(prefix "sub16", 5, kind), PARALLEL(prefix "sax", 6, kind)

static const struct a32_row parallel[] = {
	KIND("s", 0), KIND("q", 1), KIND("sh", 2), KIND("u", 4), KIND("uq", 5), KIND("uh", 6),
};

TEST(t32_wide_parallel, "parallel additions and subtractions, with GE",
     SPEC("DDI 0487, F3.1, parallel add-subtract; F5.1"))
{
	t32_check(parallel, ARRAY_SIZE(parallel));
}

static const struct a32_row multiplications[] = {
	{ "mul", 0xfb00f000, RN | RD | RM, t32w_multiply, false, false },
	{ "mla", 0xfb000000, RN | RT | RD | RM, t32w_multiply, false, false },
	{ "mls", 0xfb000010, RN | RT | RD | RM, t32w_multiply, false, false },
	{ "smla", 0xfb100000, RN | RT | RD | BITS(5, 4) | RM, t32w_halfword_multiply, false,
	  false },
	{ "smul", 0xfb10f000, RN | RD | BITS(5, 4) | RM, t32w_halfword_multiply, false, false },
	{ "smull", 0xfb800000, RN | RT | RD | RM, t32w_multiply_long, false, false },
	{ "umull", 0xfba00000, RN | RT | RD | RM, t32w_multiply_long, false, false },
	{ "smlal", 0xfbc00000, RN | RT | RD | RM, t32w_multiply_long, false, false },
	{ "umlal", 0xfbe00000, RN | RT | RD | RM, t32w_multiply_long, false, false },
	{ "umaal", 0xfbe00060, RN | RT | RD | RM, t32w_multiply_long, false, false },
	{ "sdiv", 0xfb90f0f0, RN | RD | RM, t32w_divide, false, false },
	{ "udiv", 0xfbb0f0f0, RN | RD | RM, t32w_divide, false, false },
};

TEST(t32_wide_multiplications, "multiplications, long ones, and divisions",
     SPEC("DDI 0487, F3.1; F5.1"))
{
	t32_check(multiplications, ARRAY_SIZE(multiplications));
}

#define ONE(name, code)                                                                            \
	{ name "-12-bits", (code) | 0x00800000, RN | RT | BITS(11, 0), t32w_load, true, false },   \
		{ name "-8-bits", (code) | 0x800, RN | RT | BITS(10, 0), t32w_load, true, false }, \
	{                                                                                          \
		name "-register", code, RN | RT | BITS(5, 4) | RM, t32w_load_register, true, false \
	}

static const struct a32_row memory[] = {
	ONE("strb", 0xf8000000),
	ONE("strh", 0xf8200000),
	ONE("str", 0xf8400000),
	ONE("ldrb", 0xf8100000),
	ONE("ldrh", 0xf8300000),
	ONE("ldr", 0xf8500000),
	ONE("ldrsb", 0xf9100000),
	ONE("ldrsh", 0xf9300000),
	{ "strd", 0xe8400000, BITS(24, 23) | BIT(21) | RN | RT | RD | BITS(7, 0), t32w_dual, true,
	  false },
	{ "ldrd", 0xe8500000, BITS(24, 23) | BIT(21) | RN | RT | RD | BITS(7, 0), t32w_dual, true,
	  false },
	{ "stmia", 0xe8800000, BIT(21) | RN | BIT(14) | BITS(12, 0), t32w_multiple, true, false },
	{ "ldmia", 0xe8900000, BIT(21) | RN | BIT(14) | BITS(12, 0), t32w_multiple, true, false },
	{ "stmdb", 0xe9000000, BIT(21) | RN | BIT(14) | BITS(12, 0), t32w_multiple, true, false },
	{ "ldmdb", 0xe9100000, BIT(21) | RN | BIT(14) | BITS(12, 0), t32w_multiple, true, false },
};

TEST(t32_wide_memory, "loads and stores with each offset and index, pairs and lists",
     SPEC("DDI 0487, F3.1.10, F3.1.11, F3.1.17; F5.1"))
{
	t32_check(memory, ARRAY_SIZE(memory));
}
