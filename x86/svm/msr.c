/* SPDX-License-Identifier: MIT */
/* RDMSR and WRMSR: the permissions map. APM vol. 2, 15.11. */
#include "intercept.h"

#include <string.h>

SUITE("SVM: MSR intercepts", REQUIRES(svm_available()));

#define MSRPM_BYTES 0x2000

static const u8 rdmsr_code[] = { 0x0f, 0x32 };
static const u8 wrmsr_code[] = { 0x0f, 0x30 };

static void set_up(struct svm_guest *g, enum svm_mode mode, u32 msr, bool write)
{
	svm_reset(g, mode);
	memset(g->msrpm, 0, MSRPM_BYTES);
	svm_code_bytes(g, write ? wrmsr_code : rdmsr_code, 2);
	intercept_patterns(g);
	g->registers.cx = msr;
	svm_intercept(g, SVM_EXIT_MSR, true);
}

static void expect_exit(struct svm_guest *g, bool write)
{
	if (!intercept_run_and_expect(g, SVM_EXIT_MSR))
		return;
	EXPECT_EQ(g->control->exitinfo1, (u64)write);
	if (cpu_has(X86_FEATURE_NRIPS))
		EXPECT_EQ(g->control->nrip, svm_end(g));
}

/* The first, the last and some of each range, whether they exist or not. */
static const u32 in_map[] = {
	0x00000000, 0x00000001, 0x00000002, 0x00000003, 0x00000004, 0x00000007, 0x00000008,
	0x00000010, 0x0000001b, 0x0000008b, 0x000000fe, 0x00000174, 0x00000277, 0x000003ff,
	0x00000400, 0x000007ff, 0x00000800, 0x00000ffe, 0x00001000, 0x00001ffe, 0x00001fff,
	0xc0000000, 0xc0000001, 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,
	0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103, 0xc0000104, 0xc0000fff, 0xc0001000,
	0xc0001ffe, 0xc0001fff, 0xc0010000, 0xc0010001, 0xc0010010, 0xc0010015, 0xc0010114,
	0xc0010117, 0xc0010fff, 0xc0011000, 0xc0011ffe, 0xc0011fff,
};

static const u32 not_in_map[] = {
	0x00002000, 0x00002001, 0x00003fff, 0x0000ffff, 0x00010000, 0x3fffffff,
	0x40000000, 0x40000070, 0x40001fff, 0x7fffffff, 0x80000000, 0xbfffffff,
	0xc0002000, 0xc0003fff, 0xc000ffff, 0xc0012000, 0xc0013fff, 0xc001ffff,
	0xc0020000, 0xd0000000, 0xffffe000, 0xffffffff,
};

TEST(msr_own_bit, "RDMSR exits by the lower and WRMSR by the higher of an MSR's two bits alone",
     SPEC("APM vol. 2, 15.11, table 15-8"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2 * ARRAY_SIZE(in_map); i++) {
		const u32 msr = in_map[i / 2];
		const bool write = i % 2;

		SUBTEST("%#x-%s", msr, write ? "write" : "read");
		set_up(g, SVM_NATIVE, msr, write);
		svm_intercept_msr(g, msr, !write, write);
		expect_exit(g, write);
	}
}

/* MSRs that can be read and whose own value can be written. */
static const struct {
	const char *name;
	u32 index;
	bool only_64;
} harmless[] = {
	{ "SYSENTER_CS", MSR_IA32_SYSENTER_CS, false },
	{ "SYSENTER_ESP", MSR_IA32_SYSENTER_ESP, false },
	{ "SYSENTER_EIP", MSR_IA32_SYSENTER_EIP, false },
	{ "PAT", MSR_IA32_PAT, false },
	{ "STAR", MSR_STAR, true },
	{ "LSTAR", MSR_LSTAR, true },
	{ "CSTAR", MSR_CSTAR, true },
	{ "SFMASK", MSR_SFMASK, true },
	{ "KERNEL_GS_BASE", MSR_KERNEL_GS_BASE, true },
	{ "VM_HSAVE_PA", MSR_VM_HSAVE_PA, false },
};

TEST(msr_other_bits,
     "with all bits of the map set but the one of the access, RDMSR and WRMSR are executed",
     SPEC("APM vol. 2, 15.11"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2 * ARRAY_SIZE(harmless); i++) {
		const u32 msr = harmless[i / 2].index;
		const bool write = i % 2;
		u64 value;

		if (harmless[i / 2].only_64 && sizeof(ulong) == 4)
			continue;
		SUBTEST("%s-%s", harmless[i / 2].name, write ? "write" : "read");
		value = rdmsr(msr);
		set_up(g, SVM_NATIVE, msr, write);
		if (write) {
			g->save->rax = (u32)value;
			g->registers.dx = (ulong)(value >> 32);
		}
		memset(g->msrpm, 0xff, MSRPM_BYTES);
		svm_intercept_msr(g, msr, write, !write); /* the other's */
		/* VMLOAD has given the guest the VMCB's zeros, but for what is no part of it. */
		svm_run(g);
		EXPECT_DONE(g);
		EXPECT_EQ(rdmsr(msr), value);
	}
}

TEST(msr_not_in_map, "an MSR that the map does not cover always exits", SPEC("APM vol. 2, 15.11"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2 * ARRAY_SIZE(not_in_map); i++) {
		SUBTEST("%#x-%s", not_in_map[i / 2], i % 2 ? "write" : "read");
		set_up(g, SVM_NATIVE, not_in_map[i / 2], i % 2);
		expect_exit(g, i % 2);
	}
}

TEST(msr_intercept_clear, "with the MSR_PROT intercept clear the map means nothing",
     SPEC("APM vol. 2, 15.11"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);
	const u64 value = rdmsr(MSR_IA32_PAT);

	for (u32 write = 0; write < 2; write++) {
		SUBTEST("PAT-%s", write ? "write" : "read");
		set_up(g, SVM_NATIVE, MSR_IA32_PAT, write);
		memset(g->msrpm, 0xff, MSRPM_BYTES);
		svm_intercept(g, SVM_EXIT_MSR, false);
		if (write) {
			g->save->rax = (u32)value;
			g->registers.dx = (ulong)(value >> 32);
		}
		svm_run(g);
		EXPECT_DONE(g);
		if (!write)
			EXPECT_EQ(g->save->rax | (u64)g->registers.dx << 32, value);
	}
}

TEST(msr_priority,
     "at CPL 3 RDMSR and WRMSR are #GP(0); the value and whether the MSR exists are looked at after the intercept",
     SPEC("APM vol. 2, 15.11, RDMSR and WRMSR Behavior"))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 write = 0; write < 2; write++) {
		SUBTEST("cpl3-%s", write ? "write" : "read");
		set_up(g, SVM_NATIVE, MSR_IA32_PAT, write);
		svm_set_cpl(g, 3);
		memset(g->msrpm, 0xff, MSRPM_BYTES);
		intercept_run_and_expect(g, SVM_EXIT_EXCP(VEC_GP));
		SUBTEST("cpl3-not-in-map-%s", write ? "write" : "read");
		set_up(g, SVM_NATIVE, 0x3fffffff, write);
		svm_set_cpl(g, 3);
		intercept_run_and_expect(g, SVM_EXIT_EXCP(VEC_GP));
		SUBTEST("absent-%s", write ? "write" : "read");
		set_up(g, SVM_NATIVE, 0x1fff, write);
		memset(g->msrpm, 0xff, MSRPM_BYTES);
		expect_exit(g, write);
	}
	SUBTEST("bad-value");
	set_up(g, SVM_NATIVE, MSR_EFER, true);
	g->save->rax = ~0u;
	svm_intercept_msr(g, MSR_EFER, false, true);
	expect_exit(g, true);
}

TEST(forced_msr, "RDMSR and WRMSR that KVM emulates exit by the bits of the map",
     SPEC("APM vol. 2, 15.11, table 15-8"), REQUIRES(INTERCEPT_FORCED))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 write = 0; write < 2; write++)
		for (u32 own = 0; own < 2; own++) {
			SUBTEST("%s-%s", write ? "write" : "read", own ? "own-bit" : "other-bits");
			set_up(g, SVM_NATIVE, MSR_IA32_SYSENTER_CS, write);
			intercept_force_emulation(g);
			memset(g->msrpm, own ? 0 : 0xff, MSRPM_BYTES);
			svm_intercept_msr(g, MSR_IA32_SYSENTER_CS, own == !write, own == write);
			if (own) {
				expect_exit(g, write);
			} else {
				g->save->rax = g->registers.dx = 0;
				svm_run(g);
				EXPECT_DONE(g);
			}
		}
}

static void msr_in_mode(enum svm_mode mode)
{
	struct svm_guest *g = svm_new(mode);

	for (u32 write = 0; write < 2; write++) {
		SUBTEST("%s", write ? "write" : "read");
		set_up(g, mode, MSR_IA32_PAT, write);
		svm_intercept_msr(g, MSR_IA32_PAT, true, true);
		if (mode == SVM_VM86)
			intercept_run_and_expect(g, SVM_EXIT_EXCP(VEC_GP));
		else
			expect_exit(g, write);
	}
}

TEST_IN_MODES(msr_in_mode, "MSR intercepts are the same in every mode", SPEC("APM vol. 2, 15.11"))

/* RCX bits 63-32 are no part of the MSR's number. */
TEST(msr_high_half, "bits 63-32 of RCX are ignored",
     SPEC("APM vol. 2, 15.11; SDM vol. 2B, RDMSR"), REQUIRES(sizeof(ulong) == 8))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 write = 0; write < 2; write++) {
		SUBTEST("%s", write ? "write" : "read");
		set_up(g, SVM_NATIVE, MSR_STAR, write);
		g->registers.cx = (ulong)(0x1234567800000000ull | MSR_STAR);
		svm_intercept_msr(g, MSR_STAR, true, true);
		expect_exit(g, write);
	}
}
