/* SPDX-License-Identifier: MIT */
/*
 * CR4: each bit can be set and cleared where its feature is in CPUID, and is reserved where it is not.
 * SDM vol. 3A, 2.5.
 */
#include "other.h"

#include <mm/page.h>
#include <mm/space.h>
#include <x86/boot.h>
#include <x86/cpuid.h>
#include <x86/cr.h>

SUITE("CR4");

/* SMEP and SMAP would end the kernel: its own pages have U set. */
static void take_user_from_image(void)
{
	ulong start = ALIGN_DOWN((ulong)image_start, (ulong)PAGE_SIZE);

	space_protect(space_kernel(), start, ALIGN_UP((ulong)image_end, (ulong)PAGE_SIZE) - start,
		      PROT_WRITE | PROT_EXEC);
}

static bool has_pce(void)
{
	return true;
}

static bool has_cet(void)
{
	return cpu_has(X86_FEATURE_CET_SS) || cpu_has(X86_FEATURE_CET_IBT);
}

static bool has_pcide(void)
{
	return sizeof(ulong) == 8 && cpu_has(X86_FEATURE_PCID);
}

/* With LASS, 64-bit mode keeps the kernel from fetching code below 2^63, which is where it is. */
#define UNUSABLE_BITS (sizeof(ulong) == 8 ? CR4_LASS : 0)

/* PAE and LA57 are the paging mode's. */
static const struct {
	const char *name;
	ulong bit;
	enum x86_feature feature;
	bool (*present)(void); /* if it is not one feature */
} bits[] = {
	{ "vme", CR4_VME, X86_FEATURE_VME, NULL },
	{ "pvi", CR4_PVI, X86_FEATURE_VME, NULL },
	{ "tsd", CR4_TSD, X86_FEATURE_TSC, NULL },
	{ "de", CR4_DE, X86_FEATURE_DE, NULL },
	{ "pse", CR4_PSE, X86_FEATURE_PSE, NULL },
	{ "mce", CR4_MCE, X86_FEATURE_MCE, NULL },
	{ "pge", CR4_PGE, X86_FEATURE_PGE, NULL },
	{ "pce", CR4_PCE, 0, has_pce },
	{ "osfxsr", CR4_OSFXSR, X86_FEATURE_FXSR, NULL },
	{ "osxmmexcpt", CR4_OSXMMEXCPT, X86_FEATURE_SSE, NULL },
	{ "umip", CR4_UMIP, X86_FEATURE_UMIP, NULL },
	{ "vmxe", CR4_VMXE, X86_FEATURE_VMX, NULL },
	{ "smxe", CR4_SMXE, X86_FEATURE_SMX, NULL },
	{ "fsgsbase", CR4_FSGSBASE, X86_FEATURE_FSGSBASE, NULL },
	{ "pcide", CR4_PCIDE, 0, has_pcide },
	{ "osxsave", CR4_OSXSAVE, X86_FEATURE_XSAVE, NULL },
	{ "kl", CR4_KL, X86_FEATURE_KL, NULL },
	{ "smep", CR4_SMEP, X86_FEATURE_SMEP, NULL },
	{ "smap", CR4_SMAP, X86_FEATURE_SMAP, NULL },
	{ "pke", CR4_PKE, X86_FEATURE_PKU, NULL },
	{ "cet", CR4_CET, 0, has_cet },
	{ "pks", CR4_PKS, X86_FEATURE_PKS, NULL },
	{ "uintr", CR4_UINTR, X86_FEATURE_UINTR, NULL },
	{ "lass", CR4_LASS, X86_FEATURE_LASS, NULL },
	{ "lam_sup", CR4_LAM_SUP, X86_FEATURE_LAM, NULL },
};

static bool is_present(u32 i)
{
	return bits[i].present ? bits[i].present() : cpu_has(bits[i].feature);
}

TEST(cr4_supported_bits,
     "each bit of CR4 whose feature CPUID has can be set and cleared; others stay",
     SPEC("SDM vol. 3A, 2.5; APM vol. 2, 3.1.3"))
{
	take_user_from_image();
	/* With AC, SMAP lets the kernel use what is left of user pages. */
	write_flags(FLAG_1 | FLAG_AC);
	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		ulong before = read_cr4() & ~bits[i].bit;

		if (!is_present(i) || (bits[i].bit & UNUSABLE_BITS))
			continue;
		SUBTEST("%s", bits[i].name);
		for (u32 round = 0; round < 2; round++) {
			EXPECT_NO_FAULT(write_cr4_try(before | bits[i].bit));
			EXPECT_EQ(read_cr4(), before | bits[i].bit);
			EXPECT_NO_FAULT(write_cr4_try(before));
			EXPECT_EQ(read_cr4(), before);
		}
	}
	write_flags(FLAG_1);
}

TEST(cr4_absent_features,
     "a bit of CR4 whose feature is not in CPUID is reserved: #GP(0), CR4 stays",
     SPEC("SDM vol. 2B, MOV to control registers; vol. 3A, 2.5"))
{
	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		if (is_present(i))
			continue;
		SUBTEST("%s", bits[i].name);
		expect_cr4_refused(bits[i].bit, 0);
	}
}

/* Those that no manual has given a meaning by 2026. */
TEST(cr4_reserved_bits, "bits 15, 26 and 31-29 of CR4 are reserved: #GP(0) and CR4 stays",
     SPEC("SDM vol. 2B, MOV to control registers; vol. 3A, 2.5"))
{
	for_each_set_bit(bit, BIT(15) | BIT(26) | BITS(31, 29)) {
		SUBTEST("bit-%llu", bit);
		expect_cr4_refused((ulong)BIT(bit), 0);
	}
}

/* PAE is in use; clearing it is for the tests of paging modes. */
TEST(cr4_keeps_bits, "CR4 holds several bits at once and reads as it was written",
     SPEC("SDM vol. 3A, 2.5"))
{
	ulong before = read_cr4(), usable = 0;

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++)
		if (is_present(i) &&
		    !(bits[i].bit & (CR4_SMEP | CR4_SMAP | CR4_CET | CR4_VMXE | UNUSABLE_BITS)))
			usable |= bits[i].bit;
	for (u32 i = 0; i < 64; i++) {
		ulong value = (before & ~usable) | ((ulong)random_u64() & usable);

		EXPECT_NO_FAULT(write_cr4_try(value));
		EXPECT_EQ(read_cr4(), value);
	}
}

TEST(cr4_cet_needs_wp,
     "CR4.CET cannot be set while CR0.WP is clear, nor WP cleared with CET: #GP(0)",
     SPEC("SDM vol. 2B, MOV to control registers"), REQUIRES(has_cet()))
{
	ulong cr0 = read_cr0(), cr4 = read_cr4();

	write_cr0(cr0 & ~CR0_WP);
	EXPECT_FAULT(GP(0), write_cr4_try(cr4 | CR4_CET));
	EXPECT_EQ(read_cr4(), cr4);
	write_cr0(cr0);
	EXPECT_NO_FAULT(write_cr4_try(cr4 | CR4_CET));
	EXPECT_FAULT(GP(0), write_cr0_try(cr0 & ~CR0_WP));
	EXPECT_EQ(read_cr0(), cr0);
}
