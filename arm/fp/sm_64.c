/* SPDX-License-Identifier: MIT */
/* SM3 and SM4, and BFloat16, against models. */
#include <test.h>

#include <arm/a64_check.h>
#include <arm/features.h>

SUITE("SM3, SM4 and BFloat16", REQUIRES(has_fp()));

#define SM(name, code, vary, model, feature) \
	ROW(name, code, vary, model, .present = feature, .flags = A64_FP | A64_ANY_FP)

static const struct a64_row sm[] = {
	SM("sm3partw1", 0xce60c000, RDNM, a64_sm3_part, has_sm3),
	SM("sm3partw2", 0xce60c400, RDNM, a64_sm3_part, has_sm3),
	SM("sm3ss1", 0xce400000, RA | RDNM, a64_sm3_ss1, has_sm3),
	SM("sm3tt1a", 0xce408000, BITS(13, 12) | RDNM, a64_sm3_tt, has_sm3),
	SM("sm3tt1b", 0xce408400, BITS(13, 12) | RDNM, a64_sm3_tt, has_sm3),
	SM("sm3tt2a", 0xce408800, BITS(13, 12) | RDNM, a64_sm3_tt, has_sm3),
	SM("sm3tt2b", 0xce408c00, BITS(13, 12) | RDNM, a64_sm3_tt, has_sm3),
	SM("sm4e", 0xcec08400, RDN, a64_sm4, has_sm4),
	SM("sm4ekey", 0xce60c800, RDNM, a64_sm4, has_sm4),
};

TEST(sm3_sm4, "the steps of SM3 and SM4; UNDEFINED where absent",
     SPEC("DDI 0487, C7.2, SM3PARTW1, SM3SS1, SM3TT1A, SM4E, SM4EKEY and others"))
{
	a64_check(sm, ARRAY_SIZE(sm));
}

TEST(sm4_model, "the model's substitution has the values of the standard",
     SPEC("GB/T 32907-2016, 6.2, the S-box"))
{
	static const u8 first[16] = { 0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7,
				      0x16, 0xb6, 0x14, 0xc2, 0x28, 0xfb, 0x2c, 0x05 };
	u8 seen[32] = { 0 };

	for (u32 i = 0; i < 16; i++)
		EXPECT_EQ(a64_sm4_substitute((u8)i), first[i]);
	/* It is a permutation. */
	for (u32 i = 0; i < 256; i++) {
		u8 value = a64_sm4_substitute((u8)i);

		EXPECT_EQ(seen[value / 8] >> value % 8 & 1, 0);
		seen[value / 8] |= (u8)(1u << value % 8);
	}
}

#define BF(name, code, vary, model) \
	ROW(name, code, vary, model, .present = has_bf16, .flags = A64_FP | A64_SINGLE)

static const struct a64_row bf[] = {
	BF("bfcvt", 0x1e634000, RDN, a64_bf_convert),
	BF("bfcvtn", 0x0ea16800, RDN, a64_bf_convert_narrow),
	BF("bfcvtn2", 0x4ea16800, RDN, a64_bf_convert_narrow),
	BF("bfdot", 0x2e40fc00, BIT(30) | RDNM, a64_bf_dot),
	BF("bfdot-element", 0x0f40f000, BIT(30) | BIT(21) | BIT(11) | RDNM, a64_bf_dot),
	BF("bfmmla", 0x6e40ec00, RDNM, a64_bf_matrix),
	BF("bfmlalb", 0x2ec0fc00, RDNM, a64_bf_multiply_add_long),
	BF("bfmlalt", 0x6ec0fc00, RDNM, a64_bf_multiply_add_long),
	BF("bfmlalb-element", 0x0fc0f000, BITS(21, 16) | BIT(11) | RDN, a64_bf_multiply_add_long),
	BF("bfmlalt-element", 0x4fc0f000, BITS(21, 16) | BIT(11) | RDN, a64_bf_multiply_add_long),
};

TEST(bfloat16,
     "conversions, dot products, matrices and long multiplications of BFloat16; UNDEFINED where absent",
     SPEC("DDI 0487, C7.2, BFCVT, BFCVTN, BFDOT, BFMMLA, BFMLALB; J1.3, BFDotAdd, FPConvertBF"))
{
	a64_check(bf, ARRAY_SIZE(bf));
}
