/* SPDX-License-Identifier: MIT */
/* CPUID leaf 0DH: components, places and sizes of the XSAVE area. SDM vol. 1, 13.2. */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/xsave.h>

SUITE("CPUID leaf 0DH", REQUIRES(cpuid(0, 0).eax >= 0xd));

static u64 supported(void)
{
	struct cpuid d = cpuid(0xd, 0);

	return (u64)d.edx << 32 | d.eax;
}

/* What the area of the standard format ends with: SDM vol. 1, 13.4.3. */
static u32 area_size(u64 components)
{
	u32 size = XSAVE_EXTENDED;

	for_each_set_bit(component, components & ~(XSTATE_X87 | XSTATE_SSE)) {
		struct cpuid d = cpuid(0xd, (u32)component);

		size = MAX(size, d.ebx + d.eax);
	}
	return size;
}

TEST(xsave_absent_leaf, "without XSAVE leaf 0DH is 0", SPEC("SDM vol. 1, 13.2"))
{
	if (cpu_has(X86_FEATURE_XSAVE)) {
		EXPECT(supported());
		return;
	}
	for (u32 subleaf = 0; subleaf < 64; subleaf++) {
		struct cpuid d = cpuid(0xd, subleaf);

		EXPECT_EQ(d.eax | d.ebx | d.ecx | d.edx, 0u, "sub-leaf %u", subleaf);
	}
}

TEST(xsave_components, "the components follow the features: AVX, MPX, AVX-512, PKU",
     SPEC("SDM vol. 1, 13.1, 13.2"), REQUIRES(cpu_has(X86_FEATURE_XSAVE)))
{
	static const struct {
		const char *name;
		u64 bits;
		enum x86_feature feature;
	} rows[] = {
		{ "x87", XSTATE_X87, X86_FEATURE_FPU },
		{ "sse", XSTATE_SSE, X86_FEATURE_SSE },
		{ "avx", XSTATE_AVX, X86_FEATURE_AVX },
		{ "bndregs", XSTATE_BNDREGS, X86_FEATURE_MPX },
		{ "bndcsr", XSTATE_BNDCSR, X86_FEATURE_MPX },
		{ "avx512", XSTATE_AVX512, X86_FEATURE_AVX512F },
		{ "pkru", XSTATE_PKRU, X86_FEATURE_PKU },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		SUBTEST("%s", rows[i].name);
		EXPECT_EQ(supported() & rows[i].bits, cpu_has(rows[i].feature) ? rows[i].bits : 0);
	}
	/* Bit 63 is no component, bit 8 is XSS's. */
	SUBTEST("others");
	EXPECT_EQ(supported() & (BIT(63) | BIT(8)), 0ull);
}

TEST(xsave_offsets, "AVX state is 256 bytes at 576, the others' sizes are those of their registers",
     SPEC("SDM vol. 1, 13.4.3, 13.5; vol. 2A, CPUID, 0DH"), REQUIRES(cpu_has(X86_FEATURE_XSAVE)))
{
	static const struct {
		const char *name;
		u32 component, size;
	} rows[] = {
		{ "avx", 2, 256 },   { "bndregs", 3, 64 },    { "bndcsr", 4, 64 },
		{ "opmask", 5, 64 }, { "zmm_hi256", 6, 512 }, { "hi16_zmm", 7, 1024 },
		{ "pkru", 9, 8 },    { "tilecfg", 17, 64 },   { "tiledata", 18, 8192 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cpuid d = cpuid(0xd, rows[i].component);

		SUBTEST("%s", rows[i].name);
		if (!(supported() & BIT(rows[i].component))) {
			EXPECT_EQ(d.eax | d.ebx | d.ecx | d.edx, 0u);
			continue;
		}
		EXPECT_EQ(d.eax, rows[i].size);
		EXPECT_EQ(d.ecx & 1, 0u);
		EXPECT_EQ(d.edx, 0u);
		EXPECT_GE(d.ebx, (u32)XSAVE_EXTENDED);
		if (rows[i].component == 2)
			EXPECT_EQ(d.ebx, 576u);
	}
}

TEST(xsave_no_overlap, "no two components share a place",
     SPEC("SDM vol. 1, 13.4.3"), REQUIRES(cpu_has(X86_FEATURE_XSAVE)))
{
	u64 extended = supported() & ~(XSTATE_X87 | XSTATE_SSE);

	EXPECT_LE(area_size(extended), cpuid(0xd, 0).ecx);
	for_each_set_bit(a, extended)
		for_each_set_bit(b, extended) {
			struct cpuid x = cpuid(0xd, (u32)a), y = cpuid(0xd, (u32)b);

			if (a < b)
				EXPECT(x.ebx + x.eax <= y.ebx || y.ebx + y.eax <= x.ebx,
				       "components %llu and %llu", a, b);
		}
}

TEST(xsave_size, "EBX is the size that the components in XCR0 need, ECX that of all components",
     SPEC("SDM vol. 2A, CPUID, 0DH"), REQUIRES(cpu_has(X86_FEATURE_XSAVE)))
{
	static const u64 values[] = {
		XSTATE_X87,
		XSTATE_X87 | XSTATE_SSE,
		XSTATE_X87 | XSTATE_SSE | XSTATE_AVX,
		XSTATE_X87 | XSTATE_BNDREGS | XSTATE_BNDCSR,
		XSTATE_X87 | XSTATE_PKRU,
		XSTATE_X87 | XSTATE_SSE | XSTATE_AVX | XSTATE_PKRU,
	};

	write_cr4(read_cr4() | CR4_OSXSAVE);
	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		if (values[i] & ~supported())
			continue;
		SUBTEST("xcr0-%#llx", values[i]);
		ASSERT_NO_FAULT(xsetbv_try(0, values[i]));
		EXPECT_EQ(cpuid(0xd, 0).ebx, area_size(values[i]));
		EXPECT_EQ(cpuid(0xd, 0).ecx, area_size(supported()));
	}
	SUBTEST("all");
	ASSERT_NO_FAULT(xsetbv_try(0, supported()));
	EXPECT_EQ(cpuid(0xd, 0).ebx, area_size(supported()));
	xsetbv_try(0, XSTATE_X87);
	SUBTEST("back");
	EXPECT_EQ(cpuid(0xd, 0).ebx, area_size(XSTATE_X87));
}

TEST(xsave_invalid_subleaves, "sub-leaves of leaf 0DH without a component are 0",
     SPEC("SDM vol. 2A, CPUID, 0DH"), REQUIRES(cpu_has(X86_FEATURE_XSAVE)))
{
	struct cpuid one = cpuid(0xd, 1);
	u64 all = supported() | one.ecx | (u64)one.edx << 32;

	for (u32 subleaf = 2; subleaf < 80; subleaf++) {
		struct cpuid d = cpuid(0xd, subleaf);

		if (subleaf < 64 && (all & BIT(subleaf)))
			continue;
		SUBTEST("%u", subleaf);
		EXPECT_EQ(d.eax | d.ebx | d.ecx | d.edx, 0u);
	}
}
