/* SPDX-License-Identifier: MIT */
/*
 * Instructions whose operands have 32 bits whatever the operand size is: in 16-bit code, too, they use and
 * load whole registers.
 */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/mode.h>
#include <x86/msr.h>
#include <x86/tsc.h>

SUITE("16-bit code: operands that have 32 bits always");

#define FILL 0xa5a5a5a5u /* no register that is read has this in either half */

static const struct {
	const char *name;
	enum mode_kind kind;
} kinds[] = {
	{ "real", MODE_REAL },
	{ "protected", MODE_16 },
};

static struct fault run(u32 k, struct mode *m, u32 ecx, struct mode_code code)
{
	mode_init(m, kinds[k].kind);
	m->eax = m->edx = m->ebx = FILL;
	m->ecx = ecx;
	return mode_run(m, code);
}

TEST(cpuid_16, "CPUID in 16-bit code uses EAX and ECX and loads all of EAX, EBX, ECX and EDX",
     SPEC("SDM vol. 2A, CPUID"))
{
	for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
		const struct cpuid expected = cpuid(0, 0);
		struct mode m;

		SUBTEST("%s", kinds[k].name);
		EXPECT_NO_FAULT(run(k, &m, FILL, CODE16("xorl %%eax, %%eax; cpuid")));
		EXPECT_EQ(m.eax, expected.eax);
		EXPECT_EQ(m.ebx, expected.ebx);
		EXPECT_EQ(m.ecx, expected.ecx);
		EXPECT_EQ(m.edx, expected.edx);
	}
}

TEST(rdmsr_16, "RDMSR and WRMSR in 16-bit code use all of ECX, EAX and EDX",
     SPEC("SDM vol. 2B, RDMSR; vol. 2D, WRMSR"), REQUIRES(cpu_has(X86_FEATURE_PAT)))
{
	const u64 before = rdmsr(MSR_IA32_PAT), other = 0x0007040600070106;

	for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct mode m;
		u64 written;

		SUBTEST("%s-rdmsr", kinds[k].name);
		EXPECT_NO_FAULT(run(k, &m, MSR_IA32_PAT, CODE16("rdmsr")));
		EXPECT_EQ((u64)m.edx << 32 | m.eax, before);
		SUBTEST("%s-wrmsr", kinds[k].name);
		mode_init(&m, kinds[k].kind);
		m.ecx = MSR_IA32_PAT;
		m.eax = (u32)other;
		m.edx = (u32)(other >> 32);
		EXPECT_NO_FAULT(mode_run(&m, CODE16("wrmsr")));
		written = rdmsr(MSR_IA32_PAT);
		wrmsr(MSR_IA32_PAT, before);
		EXPECT_EQ(written, other);
	}
}

TEST(rdtsc_16, "RDTSC in 16-bit code loads all of EAX and EDX",
     SPEC("SDM vol. 2B, RDTSC"), REQUIRES(cpu_has(X86_FEATURE_TSC)))
{
	for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
		const u64 before = rdtsc();
		struct mode m;
		u64 between;

		SUBTEST("%s", kinds[k].name);
		EXPECT_NO_FAULT(run(k, &m, FILL, CODE16("rdtsc")));
		between = (u64)m.edx << 32 | m.eax;
		EXPECT_GE(between, before);
		EXPECT_LE(between, rdtsc());
		EXPECT_EQ(m.ecx, FILL);
	}
}

#define AUX 0x12345678u

TEST(rdtscp_16, "RDTSCP in 16-bit code loads all of EAX, EDX and ECX",
     SPEC("SDM vol. 2B, RDTSCP"), REQUIRES(cpu_has(X86_FEATURE_RDTSCP)))
{
	wrmsr(MSR_TSC_AUX, AUX);
	for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
		const u64 before = rdtsc();
		struct mode m;
		u64 between;

		SUBTEST("%s", kinds[k].name);
		EXPECT_NO_FAULT(run(k, &m, FILL, CODE16("rdtscp")));
		between = (u64)m.edx << 32 | m.eax;
		EXPECT_GE(between, before);
		EXPECT_LE(between, rdtsc());
		EXPECT_EQ(m.ecx, AUX);
	}
	wrmsr(MSR_TSC_AUX, 0);
}

TEST(rdpid_16, "RDPID in 16-bit code loads all 32 bits of the register",
     SPEC("SDM vol. 2B, RDPID"),
	  REQUIRES(cpu_has(X86_FEATURE_RDPID) && cpu_has(X86_FEATURE_RDTSCP)))
{
	wrmsr(MSR_TSC_AUX, AUX);
	for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct mode m;

		SUBTEST("%s", kinds[k].name);
		EXPECT_NO_FAULT(run(k, &m, FILL, CODE16("rdpid %%ebx")));
		EXPECT_EQ(m.ebx, AUX);
	}
	wrmsr(MSR_TSC_AUX, 0);
}

TEST(control_registers_16, "MOV of control and debug registers in 16-bit code moves all 32 bits",
     SPEC("SDM vol. 2B, MOV to control registers, MOV to debug registers"))
{
	for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct mode m;

		SUBTEST("%s-cr2", kinds[k].name);
		EXPECT_NO_FAULT(
			run(k, &m, FILL - 1, CODE16("movl %%ecx, %%cr2; movl %%cr2, %%ebx")));
		EXPECT_EQ(m.cr2, FILL - 1);
		EXPECT_EQ(m.ebx, FILL - 1);
		SUBTEST("%s-dr0", kinds[k].name);
		EXPECT_NO_FAULT(
			run(k, &m, FILL - 1, CODE16("movl %%ecx, %%dr0; movl %%dr0, %%ebx")));
		EXPECT_EQ(m.ebx, FILL - 1);
		write_dr0(0);
	}
}
