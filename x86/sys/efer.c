/* SPDX-License-Identifier: MIT */
/* EFER: SDM vol. 3A, 2.2.1; APM vol. 2, 3.1.7. */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/msr.h>

SUITE("EFER", REQUIRES(cpu_has(X86_FEATURE_NX) || cpu_has(X86_FEATURE_SYSCALL)));

/* LME and LMA are in mode/switch_64.c; LMSLE's presence AMD only tells by the family. */
static const struct {
	const char *name;
	u64 bit;
	enum x86_feature feature;
} bits[] = {
	{ "sce", EFER_SCE, X86_FEATURE_SYSCALL },
	{ "nxe", EFER_NXE, X86_FEATURE_NX },
	{ "svme", EFER_SVME, X86_FEATURE_SVM },
	{ "ffxsr", EFER_FFXSR, X86_FEATURE_FFXSR },
	{ "tce", EFER_TCE, X86_FEATURE_TCE },
	{ "mcommit", EFER_MCOMMIT, X86_FEATURE_MCOMMIT },
	{ "intwb", EFER_INTWB, X86_FEATURE_INTWB },
};

/* Intel's CPUID has SYSCALL in 64-bit mode only, but the bit is there in any mode. */
static bool is_present(u32 i)
{
	return cpu_has(bits[i].feature) || (bits[i].bit == EFER_SCE && cpu_has(X86_FEATURE_LM));
}

TEST(efer_supported_bits, "each bit of EFER whose feature CPUID has can be set and cleared",
     SPEC("SDM vol. 3A, 2.2.1; APM vol. 2, 3.1.7"))
{
	u64 start = rdmsr(MSR_EFER);

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		u64 before = start & ~bits[i].bit;

		if (!is_present(i))
			continue;
		SUBTEST("%s", bits[i].name);
		for (u32 round = 0; round < 2; round++) {
			EXPECT_NO_FAULT(wrmsr_try(MSR_EFER, before | bits[i].bit));
			EXPECT_EQ(rdmsr(MSR_EFER), before | bits[i].bit);
			EXPECT_NO_FAULT(wrmsr_try(MSR_EFER, before));
			EXPECT_EQ(rdmsr(MSR_EFER), before);
		}
		wrmsr(MSR_EFER, start);
	}
}

/* On Intel's CPUs without 64-bit mode, nothing in CPUID tells whether there is SCE. */
static bool is_absent(u32 i)
{
	return !is_present(i) && !(bits[i].bit == EFER_SCE && cpu_is_intel());
}

static u64 reserved_bits(void)
{
	u64 reserved = BITS(7, 1) | BIT(9) | BIT(16) | BIT(19) | BITS(63, 22);

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++)
		if (is_absent(i))
			reserved |= bits[i].bit;
	if (!cpu_has(X86_FEATURE_LM))
		reserved |= EFER_LME;
	if (!cpu_is_amd())
		reserved |= EFER_LMSLE;
	return reserved;
}

/* AMD's bits 7-1 read as 0 whatever is written, and are not refused. */
TEST(efer_reserved_bits, "setting a reserved bit of EFER, or one without its feature, is #GP(0)",
     SPEC("APM vol. 2, 3.1.7, figure 3-9; SDM vol. 2D, WRMSR"))
{
	u64 before = rdmsr(MSR_EFER);

	for_each_set_bit(bit, reserved_bits() & ~(cpu_is_amd() ? BITS(7, 1) : 0)) {
		SUBTEST("bit-%llu", bit);
		EXPECT_FAULT(GP(0), wrmsr_try(MSR_EFER, before | BIT(bit)));
		wrmsr(MSR_EFER, before);
	}
}

TEST(efer_keeps_value, "EFER keeps its value when a reserved bit of it is to be set",
     SPEC("APM vol. 2, 3.1.7; SDM vol. 2D, WRMSR"))
{
	u64 before = rdmsr(MSR_EFER);

	for_each_set_bit(bit, reserved_bits()) {
		SUBTEST("bit-%llu", bit);
		wrmsr_try(MSR_EFER, before | BIT(bit));
		EXPECT_EQ(rdmsr(MSR_EFER), before);
		wrmsr(MSR_EFER, before);
	}
}

TEST(efer_keeps_all, "EFER holds several bits at once and reads as it was written",
     SPEC("SDM vol. 3A, 2.2.1"))
{
	u64 before = rdmsr(MSR_EFER), usable = 0;

	for (u32 i = 0; i < ARRAY_SIZE(bits); i++)
		if (is_present(i))
			usable |= bits[i].bit;
	for (u32 i = 0; i < 32; i++) {
		u64 value = (before & ~usable) | (random_u64() & usable);

		EXPECT_NO_FAULT(wrmsr_try(MSR_EFER, value));
		EXPECT_EQ(rdmsr(MSR_EFER), value);
	}
	wrmsr(MSR_EFER, before);
}
