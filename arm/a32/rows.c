/* SPDX-License-Identifier: MIT */
/* A32 against a model: data processing and loads and stores, with every condition. */
#include <test.h>

#include "check.h"

SUITE("A32", REQUIRES(has_a32()));

#define COND BITS(31, 28)
#define S    BIT(20)
#define RN   BITS(19, 16)
#define RD   BITS(15, 12)
#define RS   BITS(11, 8)
#define RM   BITS(3, 0)

#define FORMS(name, opcode, s, registers)                                                         \
	{ name "-immediate",                                                                      \
	  0x02000000 | (opcode) << 21 | (s),                                                      \
	  COND | (registers) | BITS(11, 0),                                                       \
	  a32_data_immediate,                                                                     \
	  false,                                                                                  \
	  false },                                                                                \
		{ name "-register",                                                               \
		  (opcode) << 21 | (s),                                                           \
		  COND | (registers) | BITS(11, 5) | RM,                                          \
		  a32_data_register,                                                              \
		  false,                                                                          \
		  false },                                                                        \
	{                                                                                         \
		name "-shifted", (opcode) << 21 | (s) | 0x10,                                     \
			COND | (registers) | RS | BITS(6, 5) | RM, a32_data_shifted, false, false \
	}
#define D(name, opcode, s)    FORMS(name, opcode, s, RN | RD)
#define COMPARE(name, opcode) FORMS(name, opcode, S, RN)
#define MOVE(name, opcode, s) FORMS(name, opcode, s, RD)

static const struct a32_row data[] = {
	D("and", 0, 0),	   D("ands", 0, S),   D("eor", 1, 0),	  D("eors", 1, S),
	D("sub", 2, 0),	   D("subs", 2, S),   D("rsb", 3, 0),	  D("rsbs", 3, S),
	D("add", 4, 0),	   D("adds", 4, S),   D("adc", 5, 0),	  D("adcs", 5, S),
	D("sbc", 6, 0),	   D("sbcs", 6, S),   D("rsc", 7, 0),	  D("rscs", 7, S),
	COMPARE("tst", 8), COMPARE("teq", 9), COMPARE("cmp", 10), COMPARE("cmn", 11),
	D("orr", 12, 0),   D("orrs", 12, S),  MOVE("mov", 13, 0), MOVE("movs", 13, S),
	D("bic", 14, 0),   D("bics", 14, S),  MOVE("mvn", 15, 0), MOVE("mvns", 15, S),
};

TEST(a32_data_processing,
     "the sixteen operations with immediates, shifted registers, registers shifted by registers, by condition",
     SPEC("DDI 0487, F4.1.2; F5.1, ADC, ADCS (immediate) and others"))
{
	a32_check(data, ARRAY_SIZE(data));
}

static const struct a32_row others[] = {
	{ "mul", 0x00000090, COND | S | RN | RS | RM, a32_multiply, false, false },
	{ "mla", 0x00200090, COND | S | RN | RD | RS | RM, a32_multiply, false, false },
	{ "mls", 0x00600090, COND | RN | RD | RS | RM, a32_multiply, false, false },
	{ "umaal", 0x00400090, COND | RN | RD | RS | RM, a32_multiply_long, false, false },
	{ "umull", 0x00800090, COND | S | RN | RD | RS | RM, a32_multiply_long, false, false },
	{ "umlal", 0x00a00090, COND | S | RN | RD | RS | RM, a32_multiply_long, false, false },
	{ "smull", 0x00c00090, COND | S | RN | RD | RS | RM, a32_multiply_long, false, false },
	{ "smlal", 0x00e00090, COND | S | RN | RD | RS | RM, a32_multiply_long, false, false },
	{ "smla", 0x01000080, COND | RN | RD | RS | BITS(6, 5) | RM, a32_halfword_multiply, false,
	  false },
	{ "smul", 0x01600080, COND | RN | RS | BITS(6, 5) | RM, a32_halfword_multiply, false,
	  false },
	{ "movw", 0x03000000, COND | BITS(19, 0), a32_move_wide, false, false },
	{ "movt", 0x03400000, COND | BITS(19, 0), a32_move_wide, false, false },
	{ "bfi", 0x07c00010, COND | BITS(20, 7) | RM, a32_bitfield, false, false },
	{ "bfc", 0x07c0001f, COND | BITS(20, 7), a32_bitfield, false, false },
	{ "sbfx", 0x07a00050, COND | BITS(20, 7) | RM, a32_bitfield, false, false },
	{ "ubfx", 0x07e00050, COND | BITS(20, 7) | RM, a32_bitfield, false, false },
	{ "sxtab", 0x06a00070, COND | RN | RD | BITS(11, 10) | RM, a32_extend, false, false },
	{ "sxtah", 0x06b00070, COND | RN | RD | BITS(11, 10) | RM, a32_extend, false, false },
	{ "sxtab16", 0x06800070, COND | RN | RD | BITS(11, 10) | RM, a32_extend, false, false },
	{ "uxtab", 0x06e00070, COND | RN | RD | BITS(11, 10) | RM, a32_extend, false, false },
	{ "uxtah", 0x06f00070, COND | RN | RD | BITS(11, 10) | RM, a32_extend, false, false },
	{ "uxtab16", 0x06c00070, COND | RN | RD | BITS(11, 10) | RM, a32_extend, false, false },
	{ "sxtb", 0x06af0070, COND | RD | BITS(11, 10) | RM, a32_extend, false, false },
	{ "uxth", 0x06ff0070, COND | RD | BITS(11, 10) | RM, a32_extend, false, false },
	{ "rev", 0x06bf0f30, COND | RD | RM, a32_reverse, false, false },
	{ "rev16", 0x06bf0fb0, COND | RD | RM, a32_reverse, false, false },
	{ "rbit", 0x06ff0f30, COND | RD | RM, a32_reverse, false, false },
	{ "revsh", 0x06ff0fb0, COND | RD | RM, a32_reverse, false, false },
	{ "clz", 0x016f0f10, COND | RD | RM, a32_reverse, false, false },
	{ "ssat", 0x06a00010, COND | BITS(20, 6) | RM, a32_saturate, false, false },
	{ "usat", 0x06e00010, COND | BITS(20, 6) | RM, a32_saturate, false, false },
	{ "qadd", 0x01000050, COND | RN | RD | RM, a32_saturating, false, false },
	{ "qsub", 0x01200050, COND | RN | RD | RM, a32_saturating, false, false },
	{ "qdadd", 0x01400050, COND | RN | RD | RM, a32_saturating, false, false },
	{ "qdsub", 0x01600050, COND | RN | RD | RM, a32_saturating, false, false },
	{ "sdiv", 0x0710f010, COND | RN | RS | RM, a32_divide, false, false },
	{ "udiv", 0x0730f010, COND | RN | RS | RM, a32_divide, false, false },
};

TEST(a32_multiplications_and_others,
     "multiplications, divisions, bit fields, extensions, reversals, saturation, by condition",
     SPEC("DDI 0487, F4.1; F5.1, UMAAL, SMLABB, BFI, SXTAB16, SSAT, QDADD and others"))
{
	a32_check(others, ARRAY_SIZE(others));
}

#define PUW (BITS(24, 23) | BIT(21))

static const struct a32_row memory[] = {
	{ "str", 0x04000000, COND | PUW | RN | RD | BITS(11, 0), a32_load_store, true, false },
	{ "ldr", 0x04100000, COND | PUW | RN | RD | BITS(11, 0), a32_load_store, true, false },
	{ "strb", 0x04400000, COND | PUW | RN | RD | BITS(11, 0), a32_load_store, true, false },
	{ "ldrb", 0x04500000, COND | PUW | RN | RD | BITS(11, 0), a32_load_store, true, false },
	{ "str-register", 0x06000000, COND | PUW | RN | RD | BITS(11, 5) | RM, a32_load_store, true,
	  false },
	{ "ldr-register", 0x06100000, COND | PUW | RN | RD | BITS(11, 5) | RM, a32_load_store, true,
	  false },
	{ "strb-register", 0x06400000, COND | PUW | RN | RD | BITS(11, 5) | RM, a32_load_store,
	  true, false },
	{ "ldrb-register", 0x06500000, COND | PUW | RN | RD | BITS(11, 5) | RM, a32_load_store,
	  true, false },
	{ "strh", 0x004000b0, COND | PUW | RN | RD | RS | RM, a32_load_store_extra, true, false },
	{ "ldrh", 0x005000b0, COND | PUW | RN | RD | RS | RM, a32_load_store_extra, true, false },
	{ "ldrsb", 0x005000d0, COND | PUW | RN | RD | RS | RM, a32_load_store_extra, true, false },
	{ "ldrsh", 0x005000f0, COND | PUW | RN | RD | RS | RM, a32_load_store_extra, true, false },
	{ "ldrd", 0x004000d0, COND | PUW | RN | RD | RS | RM, a32_load_store_extra, true, false },
	{ "strd", 0x004000f0, COND | PUW | RN | RD | RS | RM, a32_load_store_extra, true, false },
	{ "strh-register", 0x000000b0, COND | PUW | RN | RD | RM, a32_load_store_extra, true,
	  false },
	{ "ldrsb-register", 0x001000d0, COND | PUW | RN | RD | RM, a32_load_store_extra, true,
	  false },
	{ "ldrd-register", 0x000000d0, COND | PUW | RN | RD | RM, a32_load_store_extra, true,
	  false },
	{ "stm", 0x08000000, COND | PUW | RN | BITS(14, 0), a32_multiple, true, false },
	{ "ldm", 0x08100000, COND | PUW | RN | BITS(14, 0), a32_multiple, true, false },
};

TEST(a32_loads_and_stores,
     "loads and stores of each size and extension, with each offset and index, pairs and lists, by condition",
     SPEC("DDI 0487, F4.1.3, F4.1.4; F5.1, LDR (immediate), LDRSB (register), LDRD (immediate), LDMDB and others"))
{
	a32_check(memory, ARRAY_SIZE(memory));
}
