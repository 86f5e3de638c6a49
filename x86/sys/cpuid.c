/* SPDX-License-Identifier: MIT */
/* CPUID: its limits, what its bits imply and what they follow. SDM vol. 2A, CPUID; APM vol. 3, app. E. */
#include <test.h>

#include <string.h>
#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/place.h>
#include <x86/xsave.h>

SUITE("CPUID");

static u32 max_basic(void)
{
	return cpuid(0, 0).eax;
}

static u32 max_extended(void)
{
	u32 max = cpuid(0x80000000, 0).eax;

	return max >= 0x80000000 && max < 0x80010000 ? max : 0;
}

static void expect_same(struct cpuid actual, struct cpuid expected)
{
	EXPECT_EQ(actual.eax, expected.eax);
	EXPECT_EQ(actual.ebx, expected.ebx);
	EXPECT_EQ(actual.ecx, expected.ecx);
	EXPECT_EQ(actual.edx, expected.edx);
}

TEST(cpuid_id_flag, "the ID flag can be changed, which says that there is CPUID",
     SPEC("SDM vol. 1, 3.4.3.3; vol. 2A, CPUID"))
{
	write_flags(FLAG_1 | FLAG_ID);
	EXPECT_EQ(read_flags() & FLAG_ID, FLAG_ID);
	write_flags(FLAG_1);
	EXPECT_EQ(read_flags() & FLAG_ID, 0ul);
}

TEST(cpuid_limits, "leaf 0 and 80000000H give the highest leaves, and reach what the features need",
     SPEC("SDM vol. 2A, CPUID; APM vol. 3, E.3.1, E.4.1"))
{
	EXPECT_GE(max_basic(), 1u);
	EXPECT_LT(max_basic(), 0x10000u);
	if (cpu_has(X86_FEATURE_XSAVE))
		EXPECT_GE(max_basic(), 0xdu);
	if (!cpu_has(X86_FEATURE_LM))
		return;
	EXPECT_GE(max_extended(), 0x80000008u);
}

TEST(cpuid_vendor, "the vendor is twelve printable characters, the same in leaf 80000000H on AMD",
     SPEC("SDM vol. 2A, CPUID; APM vol. 3, E.3.1, E.4.1"))
{
	struct cpuid basic = cpuid(0, 0), extended = cpuid(0x80000000, 0);
	const char *vendor = cpu_vendor();

	EXPECT_EQ(strlen(vendor), (size_t)12);
	for (u32 i = 0; vendor[i]; i++)
		EXPECT(vendor[i] >= ' ' && vendor[i] <= '~');
	if (cpu_is_amd()) {
		EXPECT_EQ(extended.ebx, basic.ebx);
		EXPECT_EQ(extended.ecx, basic.ecx);
		EXPECT_EQ(extended.edx, basic.edx);
	}
}

/* "the data for the highest basic information leaf is returned", for the sub-leaf asked for. */
TEST(cpuid_beyond_limit, "a leaf beyond the highest gives the highest basic leaf on Intel",
     SPEC("SDM vol. 2A, CPUID, INPUT EAX"), REQUIRES(cpu_is_intel()))
{
	const u32 leaves[] = { max_basic() + 1, 0x1000, 0x3fffffff, max_extended() + 1,
			       0x8000ffff };

	for (u32 i = 0; i < ARRAY_SIZE(leaves); i++)
		for (u32 subleaf = 0; subleaf < 2; subleaf++) {
			SUBTEST("row-%u-subleaf-%u", i, subleaf);
			expect_same(cpuid(leaves[i], subleaf), cpuid(max_basic(), subleaf));
		}
}

TEST(cpuid_hypervisor_leaf, "with the hypervisor bit, leaf 40000000H has a limit and a signature",
     SPEC("APM vol. 2, 21.1 and vol. 3, E.3.9; SDM vol. 2A, CPUID: 40000000H-4FFFFFFFH"),
	  REQUIRES(cpu_has(X86_FEATURE_HYPERVISOR)))
{
	struct cpuid r = cpuid(0x40000000, 0);

	/* Some give 0 where they mean only this leaf. */
	if (r.eax) {
		EXPECT_GE(r.eax, 0x40000000u);
		EXPECT_LE(r.eax, 0x4fffffffu);
	}
	EXPECT(r.ebx | r.ecx | r.edx);
	expect_same(cpuid(0x40000000, 0x1234), r);
}

TEST(cpuid_at_cpl3, "CPUID gives the same at CPL 3 as at CPL 0, and changes no flag",
     SPEC("SDM vol. 2A, CPUID"))
{
	static const u8 code[] = { 0x0f, 0xa2 };
	static const u32 leaves[] = { 0, 1, 2, 7, 0xd, 0x80000000, 0x80000001, 0x80000008 };
	const ulong flags = FLAG_1 | FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF;

	for (u32 i = 0; i < ARRAY_SIZE(leaves); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3) {
			struct registers r = { .ax = leaves[i], .flags = flags };

			SUBTEST("%#x-cpl%u", leaves[i], cpl);
			EXPECT_NO_FAULT(
				execute_in(at_cpl(cpl), code_bytes(code, sizeof(code)), &r));
			expect_same((struct cpuid){ (u32)r.ax, (u32)r.bx, (u32)r.cx, (u32)r.dx },
				    cpuid(leaves[i], 0));
			EXPECT_EQ(r.flags, flags);
		}
}

TEST(cpuid_osxsave, "CPUID.OSXSAVE follows CR4.OSXSAVE; without XSAVE it is 0",
     SPEC("SDM vol. 2A, CPUID"), BUG("linux c4d2188206ba"))
{
	const u32 bit = BIT(X86_FEATURE_OSXSAVE % 32);
	u32 others;

	EXPECT_EQ(cpuid(1, 0).ecx & bit, 0u);
	if (!cpu_has(X86_FEATURE_XSAVE))
		return;
	others = cpuid(1, 0).ecx;
	for (u32 round = 0; round < 2; round++) {
		write_cr4(read_cr4() | CR4_OSXSAVE);
		EXPECT_EQ(cpuid(1, 0).ecx, others | bit);
		write_cr4(read_cr4() & ~CR4_OSXSAVE);
		EXPECT_EQ(cpuid(1, 0).ecx, others);
	}
}

TEST(cpuid_ospke, "CPUID.OSPKE follows CR4.PKE; without PKU it is 0",
     SPEC("SDM vol. 2A, CPUID"), BUG("linux c4d2188206ba"))
{
	const u32 bit = BIT(X86_FEATURE_OSPKE % 32);
	u32 others;

	if (max_basic() < 7)
		SKIP("no leaf 7");
	EXPECT_EQ(cpuid(7, 0).ecx & bit, 0u);
	if (!cpu_has(X86_FEATURE_PKU))
		return;
	others = cpuid(7, 0).ecx;
	for (u32 round = 0; round < 2; round++) {
		write_cr4(read_cr4() | CR4_PKE);
		EXPECT_EQ(cpuid(7, 0).ecx, others | bit);
		write_cr4(read_cr4() & ~CR4_PKE);
		EXPECT_EQ(cpuid(7, 0).ecx, others);
	}
}

TEST(cpuid_follows_nothing_else, "CPUID leaves 1, 7 and 80000001H do not follow other bits of CR4",
     SPEC("SDM vol. 2A, CPUID"))
{
	struct cpuid one = cpuid(1, 0), seven = cpuid(7, 0), extended = cpuid(0x80000001, 0);

	write_cr4(read_cr4() ^ (CR4_TSD | CR4_DE | CR4_PSE | CR4_MCE | CR4_PGE | CR4_PCE |
				CR4_OSFXSR | CR4_OSXMMEXCPT));
	SUBTEST("1");
	expect_same(cpuid(1, 0), one);
	SUBTEST("7");
	expect_same(cpuid(7, 0), seven);
	SUBTEST("80000001");
	expect_same(cpuid(0x80000001, 0), extended);
}

/* Reserved bits, and what AMD repeats in leaf 80000001H. */
TEST(cpuid_leaf_1, "reserved bits of leaf 1 are 0", SPEC("SDM vol. 2A, CPUID, figures 3-6 to 3-8"))
{
	struct cpuid r = cpuid(1, 0);

	EXPECT_EQ(r.eax & 0xf000c000, 0u);
	EXPECT_EQ(r.edx & (BIT(10) | BIT(20)), 0ull);
	EXPECT_EQ(r.ecx & BIT(16), 0ull);
	if (cpu_has(X86_FEATURE_CLFSH))
		EXPECT_NE(r.ebx >> 8 & 0xff, 0u);
}

TEST(cpuid_leaf_80000001_edx,
     "leaf 80000001H repeats bits of leaf 1 in EDX on AMD; on Intel these are reserved and 0",
     SPEC("APM vol. 3, E.4.2; SDM vol. 2A, CPUID, table 3-17"),
	  REQUIRES(max_extended() >= 0x80000001))
{
	const u32 repeated = 0x0183f3ff;
	u32 edx = cpuid(0x80000001, 0).edx;

	if (cpu_is_amd())
		EXPECT_EQ(edx & repeated, cpuid(1, 0).edx & repeated);
	else if (cpu_is_intel())
		EXPECT_EQ(edx & ~(BIT(11) | BIT(20) | BIT(26) | BIT(27) | BIT(29)), 0ull);
	else
		SKIP("vendor %s", cpu_vendor());
}

static const struct {
	const char *name;
	enum x86_feature feature, needs;
} implied[] = {
	{ "sse-fxsr", X86_FEATURE_SSE, X86_FEATURE_FXSR },
	{ "sse2-sse", X86_FEATURE_SSE2, X86_FEATURE_SSE },
	{ "sse3-sse2", X86_FEATURE_SSE3, X86_FEATURE_SSE2 },
	{ "ssse3-sse3", X86_FEATURE_SSSE3, X86_FEATURE_SSE3 },
	{ "sse4.1-ssse3", X86_FEATURE_SSE4_1, X86_FEATURE_SSSE3 },
	{ "sse4.2-sse4.1", X86_FEATURE_SSE4_2, X86_FEATURE_SSE4_1 },
	{ "sse4a-sse3", X86_FEATURE_SSE4A, X86_FEATURE_SSE3 },
	{ "mmx-fpu", X86_FEATURE_MMX, X86_FEATURE_FPU },
	{ "aes-sse2", X86_FEATURE_AES, X86_FEATURE_SSE2 },
	{ "pclmulqdq-sse2", X86_FEATURE_PCLMULQDQ, X86_FEATURE_SSE2 },
	{ "sha-sse2", X86_FEATURE_SHA, X86_FEATURE_SSE2 },
	{ "avx-xsave", X86_FEATURE_AVX, X86_FEATURE_XSAVE },
	{ "avx-sse4.2", X86_FEATURE_AVX, X86_FEATURE_SSE4_2 },
	{ "avx2-avx", X86_FEATURE_AVX2, X86_FEATURE_AVX },
	{ "fma-avx", X86_FEATURE_FMA, X86_FEATURE_AVX },
	{ "f16c-avx", X86_FEATURE_F16C, X86_FEATURE_AVX },
	{ "avx512f-avx2", X86_FEATURE_AVX512F, X86_FEATURE_AVX2 },
	{ "mpx-xsave", X86_FEATURE_MPX, X86_FEATURE_XSAVE },
	{ "xsaveopt-xsave", X86_FEATURE_XSAVEOPT, X86_FEATURE_XSAVE },
	{ "xsavec-xsave", X86_FEATURE_XSAVEC, X86_FEATURE_XSAVE },
	{ "xsaves-xsavec", X86_FEATURE_XSAVES, X86_FEATURE_XSAVEC },
	{ "lm-pae", X86_FEATURE_LM, X86_FEATURE_PAE },
	{ "lm-sse2", X86_FEATURE_LM, X86_FEATURE_SSE2 },
	{ "la57-lm", X86_FEATURE_LA57, X86_FEATURE_LM },
	{ "pcid-lm", X86_FEATURE_PCID, X86_FEATURE_LM },
	{ "cmpxchg16b-cmpxchg8b", X86_FEATURE_CMPXCHG16B, X86_FEATURE_CX8 },
	{ "nx-pae", X86_FEATURE_NX, X86_FEATURE_PAE },
	{ "mca-mce", X86_FEATURE_MCA, X86_FEATURE_MCE },
	{ "x2apic-apic", X86_FEATURE_X2APIC, X86_FEATURE_APIC },
	{ "tsc_deadline-apic", X86_FEATURE_TSC_DEADLINE, X86_FEATURE_APIC },
	{ "rdtscp-tsc", X86_FEATURE_RDTSCP, X86_FEATURE_TSC },
	{ "invariant_tsc-tsc", X86_FEATURE_INVARIANT_TSC, X86_FEATURE_TSC },
	{ "pse36-pse", X86_FEATURE_PSE36, X86_FEATURE_PSE },
	{ "mtrr-msr", X86_FEATURE_MTRR, X86_FEATURE_MSR },
	{ "pat-mtrr", X86_FEATURE_PAT, X86_FEATURE_MTRR },
	{ "npt-svm", X86_FEATURE_NPT, X86_FEATURE_SVM },
};

TEST(cpuid_implied_features, "a feature comes with those that it is built upon",
     SPEC("SDM vol. 1, 14.3, 14.5, 13.2; vol. 3A, 4.1.4; APM vol. 2, 5.1, 15.4"))
{
	for (u32 i = 0; i < ARRAY_SIZE(implied); i++) {
		if (!cpu_has(implied[i].feature))
			continue;
		SUBTEST("%s", implied[i].name);
		EXPECT(cpu_has(implied[i].needs));
	}
}

TEST(cpuid_address_widths, "physical addresses have 36 to 52 bits; linear ones 48, or 57 with LA57",
     SPEC("SDM vol. 3A, 4.1.4; APM vol. 3, E.4.7"), REQUIRES(max_extended() >= 0x80000008))
{
	u32 eax = cpuid(0x80000008, 0).eax;

	EXPECT_GE(eax & 0xff, 32u);
	EXPECT_LE(eax & 0xff, 52u);
	if (cpu_has(X86_FEATURE_LM)) {
		EXPECT_GE(eax & 0xff, 36u);
		EXPECT_EQ(eax >> 8 & 0xff, cpu_has(X86_FEATURE_LA57) ? 57u : 48u);
	}
	/* Above the guest's width, which is 0 for "the same" on AMD. */
	EXPECT_EQ(eax >> 24, 0u);
	if (cpu_is_intel())
		EXPECT_EQ(eax >> 16, 0u);
}

TEST(cpuid_brand, "the brand string is of printable characters, ended by a null byte",
     SPEC("SDM vol. 2A, CPUID, The Processor Brand String Method; APM vol. 3, E.4.3"),
	  REQUIRES(max_extended() >= 0x80000004))
{
	char brand[49] = "";
	size_t length;

	for (u32 i = 0; i < 3; i++) {
		struct cpuid r = cpuid(0x80000002 + i, 0);

		memcpy(brand + 16 * i, &r, 16);
	}
	length = strlen(brand);
	EXPECT_GT(length, (size_t)0);
	EXPECT_LE(length, (size_t)48);
	for (size_t i = 0; i < length; i++)
		EXPECT(brand[i] >= ' ' && brand[i] <= '~', "character %zu", i);
}

TEST(cpuid_ignores_ecx, "leaves without sub-leaves ignore ECX",
     SPEC("SDM vol. 2A, CPUID: only some leaves take ECX"))
{
	static const u32 leaves[] = { 0, 1, 6, 0x80000000, 0x80000001, 0x80000002, 0x80000008 };

	for (u32 i = 0; i < ARRAY_SIZE(leaves); i++) {
		SUBTEST("%#x", leaves[i]);
		expect_same(cpuid(leaves[i], 0xffffffff), cpuid(leaves[i], 0));
	}
}

TEST(cpuid_leaf_7_subleaves, "sub-leaves of leaf 7 above its limit are 0",
     SPEC("SDM vol. 2A, CPUID, 07H"), REQUIRES(max_basic() >= 7))
{
	const u32 limit = cpuid(7, 0).eax;
	const u32 subleaves[] = { limit + 1, limit + 2, 0x100, 0x7fffffff, 0xffffffff };

	EXPECT_LT(limit, 0x100u);
	for (u32 i = 0; i < ARRAY_SIZE(subleaves); i++) {
		SUBTEST("row-%u", i);
		expect_same(cpuid(7, subleaves[i]), (struct cpuid){ 0, 0, 0, 0 });
	}
}
