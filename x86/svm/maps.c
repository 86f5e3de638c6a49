/* SPDX-License-Identifier: MIT */
/* Where the permission maps lie and where they end: APM vol. 2, 15.10.1, 15.11. */
#include "intercept.h"

#include <mm/page.h>
#include <string.h>

SUITE("SVM: permission maps", REQUIRES(svm_available()));

#define PORT 0x80

static void set_up(struct svm_guest *g, const u8 *code, u32 exit)
{
	svm_reset(g, SVM_NATIVE);
	svm_code_bytes(g, code, 2);
	g->registers.cx = MSR_IA32_SYSENTER_CS;
	svm_intercept(g, exit, true);
}

TEST(map_low_bits, "VMRUN ignores the lower 12 bits of the maps' addresses",
     SPEC("APM vol. 2, 15.10.1; 15.11"))
{
	static const u8 in_port[] = { 0xe4, PORT }, rdmsr_code[] = { 0x0f, 0x32 };
	static const u32 low[] = { 0, 1, 0x10, 0x800, 0xfff };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2 * ARRAY_SIZE(low); i++) {
		const u32 bits = low[i / 2];
		const bool own = i % 2;

		SUBTEST("iopm-%#x-%s", bits, own ? "own-bit" : "other-bits");
		set_up(g, in_port, SVM_EXIT_IOIO);
		memset(g->iopm, own ? 0 : 0xff, SVM_IOPM_PAGES * PAGE_SIZE);
		svm_intercept_port(g, PORT, own);
		g->control->iopm_base_pa |= bits;
		svm_run(g);
		EXPECT_EXIT(g, own ? SVM_EXIT_IOIO : SVM_EXIT_VMMCALL);
		SUBTEST("msrpm-%#x-%s", bits, own ? "own-bit" : "other-bits");
		set_up(g, rdmsr_code, SVM_EXIT_MSR);
		memset(g->msrpm, own ? 0 : 0xff, SVM_MSRPM_PAGES * PAGE_SIZE);
		svm_intercept_msr(g, MSR_IA32_SYSENTER_CS, own, !own);
		g->control->msrpm_base_pa |= bits;
		svm_run(g);
		EXPECT_EXIT(g, own ? SVM_EXIT_MSR : SVM_EXIT_VMMCALL);
	}
}

TEST(msr_map_ends,
     "the bits of the first and last MSR of each range of the map are looked at: clear, there is no exit",
     SPEC("APM vol. 2, 15.11, table 15-8"))
{
	static const u32 msrs[] = { 0x1ffe,	0x1fff,	    0xc0000000, 0xc0001ffe,
				    0xc0001fff, 0xc0011ffe, 0xc0011fff };
	static const u8 codes[][2] = { { 0x0f, 0x32 }, { 0x0f, 0x30 } };
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < 2 * ARRAY_SIZE(msrs); i++) {
		const u32 msr = msrs[i / 2];
		const bool write = i % 2;

		SUBTEST("%#x-%s", msr, write ? "write" : "read");
		set_up(g, codes[write], SVM_EXIT_MSR);
		g->registers.cx = msr;
		memset(g->msrpm, 0xff, SVM_MSRPM_PAGES * PAGE_SIZE);
		svm_intercept_msr(g, msr, write, !write);
		svm_run(g);
		/* Whether there is such an MSR is the CPU's own affair. */
		EXPECT(svm_exit(g) == SVM_EXIT_EXCP(VEC_GP) || svm_exit(g) == SVM_EXIT_VMMCALL,
		       "exit %s", svm_exit_name(svm_exit(g)));
	}
}
