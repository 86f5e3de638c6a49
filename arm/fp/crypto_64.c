/* SPDX-License-Identifier: MIT */
/* The Cryptographic Extension against a model, and the model against constants of FIPS 180-4 and 197. */
#include <test.h>

#include <arm/a64_check.h>
#include <arm/features.h>
#include <string.h>

SUITE("A64 cryptographic instructions", REQUIRES(has_fp()));

#define ANY .flags = A64_FP | A64_ANY_FP

static const struct a64_row rows[] = {
	ROW("aese", 0x4e284800, RDN, a64_aes, .present = has_aes, ANY),
	ROW("aesd", 0x4e285800, RDN, a64_aes, .present = has_aes, ANY),
	ROW("aesmc", 0x4e286800, RDN, a64_aes, .present = has_aes, ANY),
	ROW("aesimc", 0x4e287800, RDN, a64_aes, .present = has_aes, ANY),
	ROW("aes-unallocated", 0x4e280800, BITS(23, 22) | BITS(13, 12) | RDN, a64_aes, ANY),
	ROW("aes-size-2", 0x4ea84800, BIT(22) | BITS(13, 12) | RDN, a64_aes, ANY),
	ROW("aes-size-1", 0x4e684800, BITS(13, 12) | RDN, a64_aes, ANY),
	ROW("sha1c", 0x5e000000, RDNM, a64_sha_three, .present = has_sha1, ANY),
	ROW("sha1p", 0x5e001000, RDNM, a64_sha_three, .present = has_sha1, ANY),
	ROW("sha1m", 0x5e002000, RDNM, a64_sha_three, .present = has_sha1, ANY),
	ROW("sha1su0", 0x5e003000, RDNM, a64_sha_three, .present = has_sha1, ANY),
	ROW("sha1h", 0x5e280800, RDN, a64_sha_two, .present = has_sha1, ANY),
	ROW("sha1su1", 0x5e281800, RDN, a64_sha_two, .present = has_sha1, ANY),
	ROW("sha256h", 0x5e004000, RDNM, a64_sha_three, .present = has_sha256, ANY),
	ROW("sha256h2", 0x5e005000, RDNM, a64_sha_three, .present = has_sha256, ANY),
	ROW("sha256su1", 0x5e006000, RDNM, a64_sha_three, .present = has_sha256, ANY),
	ROW("sha256su0", 0x5e282800, RDN, a64_sha_two, .present = has_sha256, ANY),
	ROW("sha-unallocated", 0x5e007000, RDNM, a64_sha_three, ANY),
	ROW("sha-three-size-2", 0x5e800000, BIT(22) | BITS(14, 12) | RDNM, a64_sha_three, ANY),
	ROW("sha-three-size-1", 0x5e400000, BITS(14, 12) | RDNM, a64_sha_three, ANY),
	ROW("sha-two-size-2", 0x5ea80800, BIT(22) | BITS(13, 12) | RDN, a64_sha_two, ANY),
	ROW("sha-two-size-1", 0x5e680800, BITS(13, 12) | RDN, a64_sha_two, ANY),
	ROW("sha-two-unallocated", 0x5e283800, BITS(16, 14) | RDN, a64_sha_two, ANY),
	ROW("sha512h", 0xce608000, RDNM, a64_sha512_three, .present = has_sha512, ANY),
	ROW("sha512h2", 0xce608400, RDNM, a64_sha512_three, .present = has_sha512, ANY),
	ROW("sha512su1", 0xce608800, RDNM, a64_sha512_three, .present = has_sha512, ANY),
	ROW("sha512su0", 0xcec08000, RDN, a64_sha512_two, .present = has_sha512, ANY),
	ROW("rax1", 0xce608c00, RDNM, a64_sha512_three, .present = has_sha3, ANY),
	ROW("eor3", 0xce000000, RA | RDNM, a64_crypto_four, .present = has_sha3, ANY),
	ROW("bcax", 0xce200000, RA | RDNM, a64_crypto_four, .present = has_sha3, ANY),
	ROW("xar", 0xce800000, BITS(15, 10) | RDNM, a64_xar, .present = has_sha3, ANY),
};

TEST(crypto,
     "AESE, AESD, AESMC, AESIMC, SHA1, SHA256, SHA512 and SHA3 instructions; UNDEFINED where absent",
     SPEC("DDI 0487, C4.1.96.2 to C4.1.96.11; C7.2, AESE, SHA1C, SHA256H2, SHA512H, RAX1 and others"))
{
	a64_check(rows, ARRAY_SIZE(rows));
}

/* A round of the example of FIPS 197, appendix B: the state and the key of round 1, the state of round 2. */
TEST(crypto_model_aes, "the model of AESE and AESMC makes a round of the example of FIPS 197",
     SPEC("FIPS 197, appendix B"))
{
	static const u8 state[16] = { 0x19, 0x3d, 0xe3, 0xbe, 0xa0, 0xf4, 0xe2, 0x2b,
				      0x9a, 0xc6, 0x8d, 0x2a, 0xe9, 0xf8, 0x48, 0x08 };
	static const u8 shifted[16] = { 0xd4, 0xbf, 0x5d, 0x30, 0xe0, 0xb4, 0x52, 0xae,
					0xb8, 0x41, 0x11, 0xf1, 0x1e, 0x27, 0x98, 0xe5 };
	static const u8 mixed[16] = { 0x04, 0x66, 0x81, 0xe5, 0xe0, 0xcb, 0x19, 0x9a,
				      0x48, 0xf8, 0xd3, 0x7a, 0x28, 0x06, 0x26, 0x4c };
	struct arm_registers r = { .has_fp = true };

	memcpy(r.v[0], state, 16);
	EXPECT_EQ(a64_aes(0x4e284820, &r), A64_DONE);
	EXPECT_MEM_EQ(r.v[0], shifted, 16);
	EXPECT_EQ(a64_aes(0x4e286800, &r), A64_DONE);
	EXPECT_MEM_EQ(r.v[0], mixed, 16);
	/* And back. */
	EXPECT_EQ(a64_aes(0x4e287800, &r), A64_DONE);
	EXPECT_MEM_EQ(r.v[0], shifted, 16);
	EXPECT_EQ(a64_aes(0x4e285820, &r), A64_DONE);
	EXPECT_MEM_EQ(r.v[0], state, 16);
}
