/* SPDX-License-Identifier: MIT */
/* MSRs that hold linear addresses. SDM vol. 2D, WRMSR: "a non-canonical address" is #GP(0). */
#include <test.h>

#include <x86/cpuid.h>
#include <x86/cr.h>
#include <x86/msr.h>
#include <x86/place.h>

SUITE("MSRs with linear addresses");

static const struct {
	const char *name;
	u32 index;
	bool sysenter; /* AMD's have 32 bits there */
} msrs[] = {
	{ "LSTAR", MSR_LSTAR, false },
	{ "CSTAR", MSR_CSTAR, false },
	{ "FS_BASE", MSR_FS_BASE, false },
	{ "GS_BASE", MSR_GS_BASE, false },
	{ "KERNEL_GS_BASE", MSR_KERNEL_GS_BASE, false },
	{ "SYSENTER_ESP", MSR_IA32_SYSENTER_ESP, true },
	{ "SYSENTER_EIP", MSR_IA32_SYSENTER_EIP, true },
};

TEST(msr_canonical, "an MSR with a linear address keeps every canonical address",
     SPEC("SDM vol. 2D, WRMSR; APM vol. 2, 3.2"))
{
	static const u64 addresses[] = { 0,
					 1,
					 0x00007fffffffffff,
					 0x0000123456789abc,
					 0xffff800000000000,
					 0xfffffffffffffff0,
					 0xffffffffffffffff,
					 0xffffedcba9876543 };

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++) {
		if (msrs[i].sysenter && !(cpu_is_intel() && cpu_has(X86_FEATURE_SEP)))
			continue;
		for (u32 j = 0; j < ARRAY_SIZE(addresses); j++) {
			SUBTEST("%s-%#llx", msrs[i].name, addresses[j]);
			EXPECT_NO_FAULT(wrmsr_try(msrs[i].index, addresses[j]));
			EXPECT_EQ(rdmsr(msrs[i].index), addresses[j]);
		}
		wrmsr(msrs[i].index, 0);
	}
}

/* Not canonical with 48 bits, nor with 57. */
TEST(msr_non_canonical, "an MSR with a linear address refuses what is not canonical: #GP(0)",
     SPEC("SDM vol. 2D, WRMSR; APM vol. 2, 3.2"), BUG("XSA-193"))
{
	static const u64 addresses[] = { 0x0100000000000000, 0x4000000000000000, 0x8000000000000000,
					 0xfeffffffffffffff, 0x7fffffffffffffff };

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++) {
		if (msrs[i].sysenter && !(cpu_is_intel() && cpu_has(X86_FEATURE_SEP)))
			continue;
		for (u32 j = 0; j < ARRAY_SIZE(addresses); j++) {
			SUBTEST("%s-%#llx", msrs[i].name, addresses[j]);
			wrmsr(msrs[i].index, 0x1000);
			EXPECT_FAULT(GP(0), wrmsr_try(msrs[i].index, addresses[j]));
			EXPECT_EQ(rdmsr(msrs[i].index), 0x1000ull);
		}
		wrmsr(msrs[i].index, 0);
	}
}

static ulong read_fs_0(void)
{
	ulong value;

	__asm__ volatile("movq %%fs:0, %0" : "=r"(value) : : "memory");
	return value;
}

static ulong read_gs_0(void)
{
	ulong value;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(value) : : "memory");
	return value;
}

TEST(msr_segment_bases, "FS_BASE and GS_BASE are the bases of FS and GS; KERNEL_GS_BASE is not",
     SPEC("SDM vol. 3A, 3.4.4"))
{
	static ulong values[3] = { 11, 22, 33 };

	wrmsr(MSR_FS_BASE, (ulong)&values[0]);
	wrmsr(MSR_GS_BASE, (ulong)&values[1]);
	wrmsr(MSR_KERNEL_GS_BASE, (ulong)&values[2]);
	EXPECT_EQ(read_fs_0(), 11ul);
	EXPECT_EQ(read_gs_0(), 22ul);
}

/* RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE; AX, 64 bits. */
static const struct {
	const char *name;
	u8 code[5];
	u32 index;
	bool write;
} bases[] = {
	{ "rdfsbase", { 0xf3, 0x48, 0x0f, 0xae, 0xc0 }, MSR_FS_BASE, false },
	{ "rdgsbase", { 0xf3, 0x48, 0x0f, 0xae, 0xc8 }, MSR_GS_BASE, false },
	{ "wrfsbase", { 0xf3, 0x48, 0x0f, 0xae, 0xd0 }, MSR_FS_BASE, true },
	{ "wrgsbase", { 0xf3, 0x48, 0x0f, 0xae, 0xd8 }, MSR_GS_BASE, true },
};

TEST(fsgsbase_needs_cr4,
     "RDFSBASE and its like are #UD without CR4.FSGSBASE; with it they work at CPL 3",
     SPEC("SDM vol. 2B, RDFSBASE/RDGSBASE; 2D, WRFSBASE/WRGSBASE"))
{
	for (u32 i = 0; i < ARRAY_SIZE(bases); i++)
		for (u32 cpl = 0; cpl <= 3; cpl += 3)
			for (u32 set = 0; set <= cpu_has(X86_FEATURE_FSGSBASE); set++) {
				struct registers r = { .ax = 0x123456789abc, .flags = FLAG_1 };

				SUBTEST("%s-cpl%u-cr4-%u", bases[i].name, cpl, set);
				write_cr4(set ? read_cr4() | CR4_FSGSBASE
					      : read_cr4() & ~CR4_FSGSBASE);
				wrmsr(bases[i].index, 0xffffcba987654321);
				EXPECT_FAULT(
					set ? NO_FAULT : UD,
					execute_in(at_cpl(cpl), code_bytes(bases[i].code, 5), &r));
				EXPECT_EQ(rdmsr(bases[i].index), set && bases[i].write
									 ? 0x123456789abcull
									 : 0xffffcba987654321);
				if (set && !bases[i].write)
					EXPECT_EQ(r.ax, 0xffffcba987654321ul);
			}
}
