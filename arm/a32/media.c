/* SPDX-License-Identifier: MIT */
/* The media instructions of A32 against a model: parallel arithmetic with GE, saturation, dual multiplications. */
#include <test.h>

#include "check.h"

SUITE("A32 media instructions", REQUIRES(has_a32()));

#define COND BITS(31, 28)
#define RN   BITS(19, 16)
#define RD   BITS(15, 12)
#define RS   BITS(11, 8)
#define RM   BITS(3, 0)

#define P(name, kind, op)                                                                       \
	{                                                                                       \
		name, 0x06000f10 | (kind) << 20 | (op) << 5, COND | RN | RD | RM, a32_parallel, \
			false, false                                                            \
	}
#define KIND(prefix, kind)                                                              \
	P(prefix "add16", kind, 0), P(prefix "asx", kind, 1), P(prefix "sax", kind, 2), \
		P(prefix "sub16", kind, 3), P(prefix "add8", kind, 4), P(prefix "sub8", kind, 7)

static const struct a32_row modulo[] = { KIND("s", 1), KIND("u", 5) };
static const struct a32_row saturating[] = { KIND("q", 2), KIND("uq", 6) };
static const struct a32_row halving[] = { KIND("sh", 3), KIND("uh", 7) };

TEST(a32_parallel_modulo, "parallel additions and subtractions wrap and set GE",
     SPEC("DDI 0487, F5.1, SADD16, SASX, SSAX, SSUB16, SADD8, SSUB8, UADD16 and others"))
{
	a32_check(modulo, ARRAY_SIZE(modulo));
}

TEST(a32_parallel_saturating, "saturating parallel additions and subtractions leave GE and Q",
     SPEC("DDI 0487, F5.1, QADD16, QASX, QSAX, QSUB16, QADD8, QSUB8, UQADD16 and others"))
{
	a32_check(saturating, ARRAY_SIZE(saturating));
}

TEST(a32_parallel_halving, "halving parallel additions and subtractions leave GE",
     SPEC("DDI 0487, F5.1, SHADD16, SHASX, SHSAX, SHSUB16, SHADD8, SHSUB8, UHADD16 and others"))
{
	a32_check(halving, ARRAY_SIZE(halving));
}

static const struct a32_row packing[] = {
	{ "sel", 0x06800fb0, COND | RN | RD | RM, a32_select, false, false },
	{ "pkhbt", 0x06800010, COND | RN | RD | BITS(11, 7) | RM, a32_pack, false, false },
	{ "pkhtb", 0x06800050, COND | RN | RD | BITS(11, 7) | RM, a32_pack, false, false },
	{ "ssat16", 0x06a00f30, COND | RN | RD | RM, a32_saturate_16, false, false },
	{ "usat16", 0x06e00f30, COND | RN | RD | RM, a32_saturate_16, false, false },
	{ "usada8", 0x07800010, COND | RN | RD | RS | RM, a32_differences, false, false },
	{ "usad8", 0x0780f010, COND | RN | RS | RM, a32_differences, false, false },
};

TEST(a32_packing, "SEL selects by GE; PKH, SSAT16, USAT16, USAD8 and USADA8",
     SPEC("DDI 0487, F5.1, SEL, PKHBT, SSAT16, USAT16, USAD8, USADA8"))
{
	a32_check(packing, ARRAY_SIZE(packing));
}

static const struct a32_row dual[] = {
	{ "smlad", 0x07000010, COND | RN | RD | RS | BIT(5) | RM, a32_dual_multiply, false, false },
	{ "smlsd", 0x07000050, COND | RN | RD | RS | BIT(5) | RM, a32_dual_multiply, false, false },
	{ "smuad", 0x0700f010, COND | RN | RS | BIT(5) | RM, a32_dual_multiply, false, false },
	{ "smusd", 0x0700f050, COND | RN | RS | BIT(5) | RM, a32_dual_multiply, false, false },
	{ "smlald", 0x07400010, COND | RN | RD | RS | BIT(5) | RM, a32_dual_multiply, false,
	  false },
	{ "smlsld", 0x07400050, COND | RN | RD | RS | BIT(5) | RM, a32_dual_multiply, false,
	  false },
	{ "smmla", 0x07500010, COND | RN | RD | RS | BIT(5) | RM, a32_top_multiply, false, false },
	{ "smmls", 0x075000d0, COND | RN | RD | RS | BIT(5) | RM, a32_top_multiply, false, false },
	{ "smmul", 0x0750f010, COND | RN | RS | BIT(5) | RM, a32_top_multiply, false, false },
	{ "smlaw", 0x01200080, COND | RN | RD | RS | BIT(6) | RM, a32_word_multiply, false, false },
	{ "smulw", 0x012000a0, COND | RN | RS | BIT(6) | RM, a32_word_multiply, false, false },
};

TEST(a32_dual_multiplications,
     "multiplications of halves, of words for the top half, and by halves",
     SPEC("DDI 0487, F5.1, SMLAD, SMLALD, SMMLA, SMLAWB and others"))
{
	a32_check(dual, ARRAY_SIZE(dual));
}
