/* SPDX-License-Identifier: MIT */
/* MSRs that hold a value: every bit, privilege, and that each is a register of its own. */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/msr.h>
#include <x86/place.h>

SUITE("Model-specific registers", REQUIRES(cpu_has(X86_FEATURE_MSR)));

/* `bits`: those that can be set one by one. */
static const struct {
	const char *name;
	u32 index;
	u64 bits;
	enum x86_feature feature;
	bool only_64;
} msrs[] = {
	{ "SYSENTER_CS", MSR_IA32_SYSENTER_CS, 0xffff, X86_FEATURE_SEP, false },
	{ "SYSENTER_ESP", MSR_IA32_SYSENTER_ESP, 0xffffffff, X86_FEATURE_SEP, false },
	{ "SYSENTER_EIP", MSR_IA32_SYSENTER_EIP, 0xffffffff, X86_FEATURE_SEP, false },
	{ "STAR", MSR_STAR, ~0ull, X86_FEATURE_SYSCALL, false },
	{ "LSTAR", MSR_LSTAR, BITS(46, 0), X86_FEATURE_LM, true },
	{ "CSTAR", MSR_CSTAR, BITS(46, 0), X86_FEATURE_LM, true },
	{ "SFMASK", MSR_SFMASK, BITS(31, 0), X86_FEATURE_LM, true },
	{ "FS_BASE", MSR_FS_BASE, BITS(46, 0), X86_FEATURE_LM, true },
	{ "GS_BASE", MSR_GS_BASE, BITS(46, 0), X86_FEATURE_LM, true },
	{ "KERNEL_GS_BASE", MSR_KERNEL_GS_BASE, BITS(46, 0), X86_FEATURE_LM, true },
	{ "TSC_AUX", MSR_TSC_AUX, BITS(31, 0), X86_FEATURE_RDTSCP, false },
};

static bool is_there(u32 i)
{
	return cpu_has(msrs[i].feature) && !(msrs[i].only_64 && sizeof(ulong) == 4);
}

static bool any_is_there(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++)
		if (is_there(i))
			return true;
	return false;
}

TEST(msr_bits, "an MSR keeps each bit that is written to it",
     SPEC("SDM vol. 4, table 2-2; APM vol. 2, 6.1.1, 6.1.2"), REQUIRES(any_is_there()))
{
	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++) {
		u64 before;

		if (!is_there(i))
			continue;
		SUBTEST("%s", msrs[i].name);
		before = rdmsr(msrs[i].index);
		for_each_set_bit(bit, msrs[i].bits) {
			EXPECT_NO_FAULT(wrmsr_try(msrs[i].index, BIT(bit)));
			EXPECT_EQ(rdmsr(msrs[i].index), BIT(bit));
			EXPECT_NO_FAULT(wrmsr_try(msrs[i].index, msrs[i].bits & ~BIT(bit)));
			EXPECT_EQ(rdmsr(msrs[i].index), msrs[i].bits & ~BIT(bit));
		}
		wrmsr(msrs[i].index, before);
	}
}

TEST(msr_separate, "writing one MSR changes no other",
     SPEC("SDM vol. 2D, WRMSR"), REQUIRES(any_is_there()))
{
	u64 before[ARRAY_SIZE(msrs)];

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++)
		if (is_there(i))
			before[i] = rdmsr(msrs[i].index);
	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++)
		if (is_there(i))
			wrmsr(msrs[i].index, (0x1010101010101010ull * (i + 1)) & msrs[i].bits);
	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++)
		if (is_there(i)) {
			SUBTEST("%s", msrs[i].name);
			EXPECT_EQ(rdmsr(msrs[i].index),
				  (0x1010101010101010ull * (i + 1)) & msrs[i].bits);
		}
	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++)
		if (is_there(i))
			wrmsr(msrs[i].index, before[i]);
}

static const u8 rdmsr_code[] = { 0x0f, 0x32 };
static const u8 wrmsr_code[] = { 0x0f, 0x30 };

TEST(msr_at_cpl3, "RDMSR and WRMSR at CPL 3 are #GP(0) and change nothing",
     SPEC("SDM vol. 2B, RDMSR; vol. 2D, WRMSR"), REQUIRES(any_is_there()))
{
	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++) {
		struct registers r = { .ax = 5, .cx = msrs[i].index, .dx = 7, .flags = FLAG_1 };
		u64 before;

		if (!is_there(i))
			continue;
		before = rdmsr(msrs[i].index);
		SUBTEST("%s-read", msrs[i].name);
		EXPECT_FAULT(GP(0), execute_in(USER, code_bytes(rdmsr_code, 2), &r));
		EXPECT_EQ(trap_last_frame()->ax, 5ul);
		EXPECT_EQ(trap_last_frame()->dx, 7ul);
		EXPECT_EQ(trap_last_frame()->ip, (ulong)code_bytes_last());
		SUBTEST("%s-write", msrs[i].name);
		r.ax = (u32)before ^ 1;
		r.dx = (u32)(before >> 32);
		EXPECT_FAULT(GP(0), execute_in(USER, code_bytes(wrmsr_code, 2), &r));
		EXPECT_EQ(rdmsr(msrs[i].index), before);
	}
}

TEST(msr_flags, "RDMSR and WRMSR change no flag and no register but the results",
     SPEC("SDM vol. 2B, RDMSR; vol. 2D, WRMSR"), REQUIRES(cpu_has(X86_FEATURE_SEP)))
{
	const ulong flags = FLAG_1 | FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF;
	u64 before = rdmsr(MSR_IA32_SYSENTER_CS);
	struct registers r = { .ax = 0x1234, .cx = MSR_IA32_SYSENTER_CS, .bx = 3, .flags = flags };

	EXPECT_NO_FAULT(execute_in(KERNEL, code_bytes(wrmsr_code, 2), &r));
	EXPECT_EQ(r.ax, 0x1234ul);
	EXPECT_EQ(r.dx, 0ul);
	EXPECT_EQ(r.flags, flags);
	r.ax = r.dx = 0x55;
	EXPECT_NO_FAULT(execute_in(KERNEL, code_bytes(rdmsr_code, 2), &r));
	EXPECT_EQ(r.ax, 0x1234ul);
	EXPECT_EQ(r.dx, 0ul);
	EXPECT_EQ(r.cx, MSR_IA32_SYSENTER_CS);
	EXPECT_EQ(r.bx, 3ul);
	EXPECT_EQ(r.flags, flags);
	wrmsr(MSR_IA32_SYSENTER_CS, before);
}

TEST(msr_lock_prefix, "LOCK with RDMSR and WRMSR is #UD",
     SPEC("SDM vol. 2B, RDMSR; vol. 2D, WRMSR"))
{
	static const u8 codes[][3] = { { 0xf0, 0x0f, 0x32 }, { 0xf0, 0x0f, 0x30 } };
	u64 value = rdmsr(MSR_IA32_APIC_BASE);

	for (u32 i = 0; i < 2; i++) {
		struct registers r = { .ax = (u32)value,
				       .cx = MSR_IA32_APIC_BASE,
				       .dx = (u32)(value >> 32),
				       .flags = FLAG_1 };

		SUBTEST("%s", i ? "wrmsr" : "rdmsr");
		EXPECT_FAULT(UD, execute_in(KERNEL, code_bytes(codes[i], 3), &r));
	}
}

/* ------------------------------------------------------------------------------------ absent ones */

/* 40000000H to 4000FFFFH may be the hypervisor's. These are nobody's. */
static const u32 nowhere[] = { 0x3fffffff, 0x80000000, 0xbfffffff, 0xc000ffff, 0xffffffff };

TEST(msr_unknown, "an MSR that does not exist is #GP(0), read and written; RAX and RDX stay",
     SPEC("SDM vol. 2B, RDMSR; vol. 2D, WRMSR"))
{
	for (u32 i = 0; i < ARRAY_SIZE(nowhere); i++) {
		u64 value = 0x1122334455667788;

		SUBTEST("%#x-read", nowhere[i]);
		EXPECT_FAULT(GP(0), rdmsr_try(nowhere[i], &value));
		EXPECT_EQ(value, 0x1122334455667788ull);
		SUBTEST("%#x-write", nowhere[i]);
		EXPECT_FAULT(GP(0), wrmsr_try(nowhere[i], 0));
	}
}

#define MSR_IA32_BNDCFGS 0x00000d90
#define MSR_IA32_XFD	 0x000001c4

static bool has_cet(void)
{
	return cpu_has(X86_FEATURE_CET_SS) || cpu_has(X86_FEATURE_CET_IBT);
}

static bool has_tsc_aux(void)
{
	return cpu_has(X86_FEATURE_RDTSCP) || cpu_has(X86_FEATURE_RDPID);
}

/* Intel's CPUID has SYSCALL in 64-bit mode only. */
static bool has_star(void)
{
	return cpu_has(X86_FEATURE_SYSCALL) || cpu_has(X86_FEATURE_LM);
}

static bool has_xfd(void)
{
	return cpuid(0, 0).eax >= 0xd && (cpuid(0xd, 1).eax & BIT(4));
}

static const struct {
	const char *name;
	u32 index;
	enum x86_feature feature;
	bool (*present)(void);
} optional[] = {
	{ "SYSENTER_CS", MSR_IA32_SYSENTER_CS, X86_FEATURE_SEP, NULL },
	{ "XSS", MSR_IA32_XSS, X86_FEATURE_XSAVES, NULL },
	{ "PKRS", MSR_IA32_PKRS, X86_FEATURE_PKS, NULL },
	{ "BNDCFGS", MSR_IA32_BNDCFGS, X86_FEATURE_MPX, NULL },
	{ "U_CET", MSR_IA32_U_CET, 0, has_cet },
	{ "S_CET", MSR_IA32_S_CET, 0, has_cet },
	{ "PL0_SSP", MSR_IA32_PL0_SSP, X86_FEATURE_CET_SS, NULL },
	{ "XFD", MSR_IA32_XFD, 0, has_xfd },
	{ "TSC_AUX", MSR_TSC_AUX, 0, has_tsc_aux },
	{ "PAT", MSR_IA32_PAT, X86_FEATURE_PAT, NULL },
	{ "STAR", MSR_STAR, 0, has_star },
};

static bool is_present(u32 i)
{
	return optional[i].present ? optional[i].present() : cpu_has(optional[i].feature);
}

TEST(msr_of_present_feature, "the MSR of a feature that CPUID has can be read",
     SPEC("SDM vol. 4, 2.1, table 2-2; vol. 2B, RDMSR"))
{
	for (u32 i = 0; i < ARRAY_SIZE(optional); i++) {
		u64 value = 0;

		SUBTEST("%s", optional[i].name);
		if (is_present(i))
			EXPECT_NO_FAULT(rdmsr_try(optional[i].index, &value));
		else
			SKIP_ROW("the feature is not in CPUID");
	}
}

TEST(msr_of_absent_feature, "the MSR of a feature that is not in CPUID is #GP(0), read and written",
     SPEC("SDM vol. 4, 2.1, table 2-2; vol. 2B, RDMSR; vol. 2D, WRMSR"))
{
	for (u32 i = 0; i < ARRAY_SIZE(optional); i++) {
		u64 value = 0;

		SUBTEST("%s", optional[i].name);
		if (is_present(i)) {
			SKIP_ROW("the feature is in CPUID");
			continue;
		}
		EXPECT_FAULT(GP(0), rdmsr_try(optional[i].index, &value));
		EXPECT_FAULT(GP(0), wrmsr_try(optional[i].index, 0));
	}
}

TEST(msr_pkrs, "PKRS keeps bits 31-0, and one of the others is #GP(0)",
     SPEC("SDM vol. 3A, 4.6.2; vol. 4, table 2-2"), REQUIRES(cpu_has(X86_FEATURE_PKS)))
{
	for (u32 bit = 0; bit < 64; bit++) {
		SUBTEST("bit-%u", bit);
		wrmsr(MSR_IA32_PKRS, 0);
		if (bit < 32) {
			EXPECT_NO_FAULT(wrmsr_try(MSR_IA32_PKRS, BIT(bit)));
			EXPECT_EQ(rdmsr(MSR_IA32_PKRS), BIT(bit));
		} else {
			EXPECT_FAULT(GP(0), wrmsr_try(MSR_IA32_PKRS, BIT(bit)));
			EXPECT_EQ(rdmsr(MSR_IA32_PKRS), 0ull);
		}
	}
	wrmsr(MSR_IA32_PKRS, 0);
}
