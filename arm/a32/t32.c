/* SPDX-License-Identifier: MIT */
/* T32 against a model, outside of IT blocks: the narrow instructions. */
#include <test.h>

#include "check.h"

SUITE("T32, narrow", REQUIRES(has_a32()));

#define RDN3 BITS(5, 0)
#define ALL3 BITS(8, 0)

static const struct a32_row arithmetic[] = {
	{ "lsls-immediate", 0x0000, BITS(10, 0), t32_shift_immediate, false, false },
	{ "lsrs-immediate", 0x0800, BITS(10, 0), t32_shift_immediate, false, false },
	{ "asrs-immediate", 0x1000, BITS(10, 0), t32_shift_immediate, false, false },
	{ "adds-register", 0x1800, ALL3, t32_add_3, false, false },
	{ "subs-register", 0x1a00, ALL3, t32_add_3, false, false },
	{ "adds-3-bits", 0x1c00, ALL3, t32_add_3, false, false },
	{ "subs-3-bits", 0x1e00, ALL3, t32_add_3, false, false },
	{ "movs-8-bits", 0x2000, BITS(10, 0), t32_immediate_8, false, false },
	{ "cmp-8-bits", 0x2800, BITS(10, 0), t32_immediate_8, false, false },
	{ "adds-8-bits", 0x3000, BITS(10, 0), t32_immediate_8, false, false },
	{ "subs-8-bits", 0x3800, BITS(10, 0), t32_immediate_8, false, false },
	{ "add-high", 0x4400, BITS(7, 0), t32_special, false, false },
	{ "cmp-high", 0x4500, BITS(7, 0), t32_special, false, false },
	{ "mov-high", 0x4600, BITS(7, 0), t32_special, false, false },
};

TEST(t32_arithmetic, "shifts, additions, moves and comparisons with immediates and registers",
     SPEC("DDI 0487, F3.1.2, F3.1.5; F5.1"))
{
	t32_check(arithmetic, ARRAY_SIZE(arithmetic));
}

#define DP(name, op)                                                            \
	{                                                                       \
		name, 0x4000 | (op) << 6, RDN3, t32_data_register, false, false \
	}

static const struct a32_row data[] = {
	DP("ands", 0),	DP("eors", 1),	DP("lsls", 2),	DP("lsrs", 3),
	DP("asrs", 4),	DP("adcs", 5),	DP("sbcs", 6),	DP("rors", 7),
	DP("tst", 8),	DP("rsbs", 9),	DP("cmp", 10),	DP("cmn", 11),
	DP("orrs", 12), DP("muls", 13), DP("bics", 14), DP("mvns", 15),
};

TEST(t32_data_processing, "the sixteen operations on two low registers",
     SPEC("DDI 0487, F3.1.3; F5.1"))
{
	t32_check(data, ARRAY_SIZE(data));
}

static const struct a32_row memory[] = {
	{ "str-register", 0x5000, ALL3, t32_load_register, true, false },
	{ "strh-register", 0x5200, ALL3, t32_load_register, true, false },
	{ "strb-register", 0x5400, ALL3, t32_load_register, true, false },
	{ "ldrsb-register", 0x5600, ALL3, t32_load_register, true, false },
	{ "ldr-register", 0x5800, ALL3, t32_load_register, true, false },
	{ "ldrh-register", 0x5a00, ALL3, t32_load_register, true, false },
	{ "ldrb-register", 0x5c00, ALL3, t32_load_register, true, false },
	{ "ldrsh-register", 0x5e00, ALL3, t32_load_register, true, false },
	{ "str-immediate", 0x6000, BITS(10, 0), t32_load_immediate, true, false },
	{ "ldr-immediate", 0x6800, BITS(10, 0), t32_load_immediate, true, false },
	{ "strb-immediate", 0x7000, BITS(10, 0), t32_load_immediate, true, false },
	{ "ldrb-immediate", 0x7800, BITS(10, 0), t32_load_immediate, true, false },
	{ "strh-immediate", 0x8000, BITS(10, 0), t32_load_half, true, false },
	{ "ldrh-immediate", 0x8800, BITS(10, 0), t32_load_half, true, false },
	{ "str-sp", 0x9000, BITS(10, 0), t32_load_sp, true, false },
	{ "ldr-sp", 0x9800, BITS(10, 0), t32_load_sp, true, false },
	{ "push", 0xb400, BITS(8, 0), t32_push, true, false },
	{ "pop", 0xbc00, BITS(7, 0), t32_pop, true, false },
	{ "stm", 0xc000, BITS(10, 0), t32_multiple, true, false },
	{ "ldm", 0xc800, BITS(10, 0), t32_multiple, true, false },
};

TEST(t32_memory, "loads and stores of each size, extension and offset, PUSH, POP, LDM, STM",
     SPEC("DDI 0487, F3.1.6, F3.1.7, F3.1.8; F5.1"))
{
	t32_check(memory, ARRAY_SIZE(memory));
}

static const struct a32_row others[] = {
	{ "adr", 0xa000, BITS(10, 0), t32_address, false, false },
	{ "add-sp", 0xa800, BITS(10, 0), t32_address, false, false },
	{ "add-sp-sp", 0xb000, BITS(6, 0), t32_adjust_sp, false, false },
	{ "sub-sp-sp", 0xb080, BITS(6, 0), t32_adjust_sp, false, false },
	{ "sxth", 0xb200, RDN3, t32_extend, false, false },
	{ "sxtb", 0xb240, RDN3, t32_extend, false, false },
	{ "uxth", 0xb280, RDN3, t32_extend, false, false },
	{ "uxtb", 0xb2c0, RDN3, t32_extend, false, false },
	{ "rev", 0xba00, RDN3, t32_reverse, false, false },
	{ "rev16", 0xba40, RDN3, t32_reverse, false, false },
	{ "revsh", 0xbac0, RDN3, t32_reverse, false, false },
};

TEST(t32_others, "addresses by the PC and SP, extensions, reversals",
     SPEC("DDI 0487, F3.1.8; F5.1"))
{
	t32_check(others, ARRAY_SIZE(others));
}
