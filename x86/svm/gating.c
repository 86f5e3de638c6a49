/* SPDX-License-Identifier: MIT */
/* Who may use SVM's instructions, with which addresses; and the MSRs. APM vol. 2, 15.4, 15.5, 15.30. */
#include "intercept.h"

#include <mm/page.h>
#include <x86/insn.h>
#include <x86/place.h>

SUITE("SVM: enabling", REQUIRES(svm_available()));

static const struct insn {
	const char *name;
	u8 code[3];
	bool takes_address;
	bool without_svme; /* where there is SKINIT */
	bool not_executed; /* it would do something */
} insns[] = {
	{ "vmrun", { 0x0f, 0x01, 0xd8 }, true, false, true },
	{ "vmmcall", { 0x0f, 0x01, 0xd9 }, false, false, true },
	{ "vmload", { 0x0f, 0x01, 0xda }, true, false, true },
	{ "vmsave", { 0x0f, 0x01, 0xdb }, true, false, false },
	{ "stgi", { 0x0f, 0x01, 0xdc }, false, true, false },
	{ "clgi", { 0x0f, 0x01, 0xdd }, false, false, true },
	{ "skinit", { 0x0f, 0x01, 0xde }, false, true, true },
	{ "invlpga", { 0x0f, 0x01, 0xdf }, false, false, false },
};

static struct fault run(const struct insn *insn, u32 cpl, u64 address)
{
	struct registers r = { .ax = (ulong)address, .flags = FLAG_1 };

	return execute_in(at_cpl(cpl), code_bytes(insn->code, sizeof(insn->code)), &r);
}

static bool is_vmmcall(const struct insn *insn)
{
	return insn->code[2] == 0xd9;
}

TEST(svm_insn_without_svme, "with EFER.SVME clear, SVM's instructions are #UD at every privilege",
     SPEC("APM vol. 2, 15.4; 15.5.1, 15.5.2"))
{
	u8 *page = page_alloc();

	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		const bool there = insns[i].without_svme &&
				   (cpu_has(X86_FEATURE_SKINIT) || cpu_has(X86_FEATURE_SVML));

		for (u32 cpl = 0; cpl <= 3 && !there; cpl += 3) {
			struct fault fault = run(&insns[i], cpl, (ulong)page);

			SUBTEST("%s-cpl%u", insns[i].name, cpl);
			EXPECT_FAULT(is_vmmcall(&insns[i]) ? hypercall_fault(fault) : UD, fault);
		}
	}
}

TEST(svm_insn_at_cpl3,
     "with EFER.SVME set, SVM's instructions are #GP(0) at CPL 3, but VMMCALL, which is #UD",
     SPEC("APM vol. 2, 15.5.1, 15.5.2, 15.18"))
{
	u8 *page = page_alloc();

	svm_enable();
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		struct fault fault = run(&insns[i], 3, (ulong)page);

		SUBTEST("%s", insns[i].name);
		EXPECT_FAULT(is_vmmcall(&insns[i]) ? hypercall_fault(fault) : GP(0), fault);
	}
}

TEST(svm_insn_at_cpl0,
     "with EFER.SVME set, VMSAVE, STGI and INVLPGA are executed at CPL 0; VMMCALL is #UD",
     SPEC("APM vol. 2, 15.4; 15.18"))
{
	u8 *page = page_alloc();

	svm_enable();
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		if (is_vmmcall(&insns[i])) {
			struct fault fault = run(&insns[i], 0, (ulong)page);

			SUBTEST("vmmcall");
			EXPECT_FAULT(hypercall_fault(fault), fault);
		} else if (!insns[i].not_executed) {
			SUBTEST("%s", insns[i].name);
			EXPECT_NO_FAULT(run(&insns[i], 0, (ulong)page));
		}
	}
}

TEST(svm_insn_in_real_mode, "SVM's instructions are #UD outside of protected mode",
     SPEC("APM vol. 2, 15.5.1, 15.5.2"))
{
	struct svm_guest *g = svm_new(SVM_REAL);

	/* A guest of real mode, whose EFER.SVME is set. */
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		if (is_vmmcall(&insns[i]) || insns[i].without_svme)
			continue;
		SUBTEST("%s", insns[i].name);
		svm_reset(g, SVM_REAL);
		svm_code_bytes(g, insns[i].code, 3);
		svm_run(g);
		EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_UD));
	}
}

TEST(svm_address_alignment,
     "VMRUN, VMLOAD and VMSAVE with an address that is not of a page are #GP(0)",
     SPEC("APM vol. 2, 15.5.1; vol. 3, VMRUN, VMLOAD, VMSAVE"))
{
	u8 *page = page_alloc();

	svm_enable();
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++)
		for (u32 bit = 0; bit < 12 && insns[i].takes_address; bit++) {
			SUBTEST("%s-bit-%u", insns[i].name, bit);
			EXPECT_FAULT(GP(0), run(&insns[i], 0, (ulong)page | BIT(bit)));
		}
}

TEST(svm_address_range,
     "VMRUN, VMLOAD and VMSAVE with an address beyond the physical address space are #GP(0)",
     SPEC("APM vol. 2, 15.5.1; vol. 3, VMRUN, VMLOAD, VMSAVE"), REQUIRES(sizeof(ulong) == 8))
{
	u8 *page = page_alloc();

	svm_enable();
	for (u32 i = 0; i < ARRAY_SIZE(insns); i++)
		for (u32 bit = cpu_physical_bits(); bit < 64 && insns[i].takes_address; bit++) {
			SUBTEST("%s-bit-%u", insns[i].name, bit);
			EXPECT_FAULT(GP(0), run(&insns[i], 0, (ulong)page | BIT(bit)));
		}
}

/* What VMRUN, VMLOAD and VMSAVE are to take for an address of 32 bits. */
#define HIGH_HALF 0xabcdef0100000000ull

static void run_with_high_half(const u8 *code, size_t size, const struct vmcb *vmcb)
{
	struct registers r = { .ax = (ulong)(HIGH_HALF | (ulong)vmcb), .flags = FLAG_1 };

	EXPECT_NO_FAULT(execute_in(KERNEL, code_bytes(code, size), &r));
	EXPECT_EQ(r.ax, (ulong)(HIGH_HALF | (ulong)vmcb));
}

TEST(svm_address_size, "the address size decides how much of RAX is the address",
     SPEC("APM vol. 2, 15.5.1"), REQUIRES(sizeof(ulong) == 8))
{
	static const u8 vmsave32[] = { 0x67, 0x0f, 0x01, 0xdb };
	static const u8 vmload32[] = { 0x67, 0x0f, 0x01, 0xda };
	/* CLGI; VMRUN; STGI */
	static const u8 vmrun32[] = { 0x0f, 0x01, 0xdd, 0x67, 0x0f, 0x01, 0xd8, 0x0f, 0x01, 0xdc };
	struct svm_guest *g = svm_new(SVM_NATIVE);
	struct vmcb *vmcb = page_alloc();

	SUBTEST("vmsave");
	run_with_high_half(vmsave32, sizeof(vmsave32), vmcb);
	EXPECT_EQ(vmcb->save.tr.selector, SEL_TSS);
	SUBTEST("vmload");
	vmcb->save.sysenter_eip = 0x123456;
	run_with_high_half(vmload32, sizeof(vmload32), vmcb);
	EXPECT_EQ(rdmsr(MSR_IA32_SYSENTER_EIP), 0x123456ull);
	SUBTEST("vmrun");
	svm_code_bytes(g, "", 0);
	run_with_high_half(vmrun32, sizeof(vmrun32), g->vmcb);
	EXPECT_DONE(g);
}

TEST(svm_guest_address, "in the guest, an address that is refused is #GP(0)",
     SPEC("APM vol. 2, 15.9, table 15-7"),
	  REQUIRES(sizeof(ulong) == 8 && !(cpuid(0x8000000a, 0).edx & BIT(28))))
{
	struct svm_guest *g = svm_new(SVM_NATIVE);

	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		if (!insns[i].takes_address)
			continue;
		for (u32 j = 0; j < 2; j++) {
			SUBTEST("%s-%s", insns[i].name, j ? "range" : "alignment");
			svm_reset(g, SVM_NATIVE);
			svm_code_bytes(g, insns[i].code, 3);
			g->save->rax = (ulong)g->data | (j ? BIT(62) : BIT(4));
			for (u32 code = SVM_EXIT_VMRUN; code <= SVM_EXIT_VMSAVE; code++)
				svm_intercept(g, code, true);
			svm_run(g);
			EXPECT_EXIT(g, SVM_EXIT_EXCP(VEC_GP));
		}
	}
}

/* ---------------------------------------------------------------------------------------- MSRs */

TEST(hsave_pa, "VM_HSAVE_PA keeps an address of a page; others are #GP(0) and change nothing",
     SPEC("APM vol. 2, 15.30.4"))
{
	const u64 page = (ulong)page_alloc();

	SUBTEST("kept");
	EXPECT_NO_FAULT(wrmsr_try(MSR_VM_HSAVE_PA, page));
	EXPECT_EQ(rdmsr(MSR_VM_HSAVE_PA), page);
	for (u32 bit = 0; bit < 12; bit++) {
		SUBTEST("bit-%u", bit);
		EXPECT_FAULT(GP(0), wrmsr_try(MSR_VM_HSAVE_PA, page | BIT(bit)));
		EXPECT_EQ(rdmsr(MSR_VM_HSAVE_PA), page);
	}
	for (u32 bit = cpu_physical_bits(); bit < 64; bit++) {
		SUBTEST("bit-%u", bit);
		EXPECT_FAULT(GP(0), wrmsr_try(MSR_VM_HSAVE_PA, page | BIT(bit)));
		EXPECT_EQ(rdmsr(MSR_VM_HSAVE_PA), page);
	}
	for (u32 bit = 12; bit < cpu_physical_bits(); bit++) {
		SUBTEST("bit-%u", bit);
		EXPECT_NO_FAULT(wrmsr_try(MSR_VM_HSAVE_PA, BIT(bit)));
		EXPECT_EQ(rdmsr(MSR_VM_HSAVE_PA), BIT(bit));
	}
	wrmsr(MSR_VM_HSAVE_PA, 0);
}

TEST(vm_cr, "VM_CR can be read; its reserved bits read as zero and cannot be set",
     SPEC("APM vol. 2, 15.30.1, figure 15-27"))
{
	u64 value = 0, before;

	ASSERT_NO_FAULT(rdmsr_try(MSR_VM_CR, &value));
	EXPECT_EQ(value & BITS(63, 5), 0ull);
	before = value;
	for (u32 bit = 5; bit < 64; bit++) {
		SUBTEST("bit-%u", bit);
		EXPECT_FAULT(GP(0), wrmsr_try(MSR_VM_CR, before | BIT(bit)));
		EXPECT_EQ(rdmsr(MSR_VM_CR), before);
	}
	wrmsr(MSR_VM_CR, before);
}

TEST(vm_cr_svmdis, "setting VM_CR.SVMDIS while EFER.SVME is set is #GP(0)",
     SPEC("APM vol. 2, 15.30.1"), REQUIRES(cpu_has(X86_FEATURE_SVML)))
{
	const u64 before = rdmsr(MSR_VM_CR);

	svm_enable();
	EXPECT_FAULT(GP(0), wrmsr_try(MSR_VM_CR, before | VM_CR_SVMDIS));
	EXPECT_EQ(rdmsr(MSR_VM_CR), before);
	/* Whatever it takes: without this there is no SVM any more. */
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~EFER_SVME);
	EXPECT_NO_FAULT(wrmsr_try(MSR_VM_CR, before));
}

TEST(efer_svme_toggles, "EFER.SVME can be set and cleared, and its instructions follow it",
     SPEC("APM vol. 2, 15.4; 3.1.7"))
{
	const u64 efer = rdmsr(MSR_EFER);
	u8 *page = page_alloc();

	for (u32 round = 0; round < 4; round++) {
		SUBTEST("round-%u", round);
		EXPECT_NO_FAULT(wrmsr_try(MSR_EFER, efer | EFER_SVME));
		EXPECT_EQ(rdmsr(MSR_EFER), efer | EFER_SVME);
		EXPECT_NO_FAULT(vmsave_try((ulong)page));
		EXPECT_NO_FAULT(wrmsr_try(MSR_EFER, efer));
		EXPECT_EQ(rdmsr(MSR_EFER), efer);
		EXPECT_FAULT(UD, vmsave_try((ulong)page));
	}
}

TEST(svm_cpuid, "CPUID Fn8000_000A has a revision and at least two ASIDs",
     SPEC("APM vol. 2, 15.5.1; vol. 3, appendix E.4.9"))
{
	struct cpuid r = cpuid(0x8000000a, 0);

	EXPECT_NE(r.eax & 0xff, 0u);
	EXPECT_GT(r.ebx, 1u);
	EXPECT_EQ(r.ecx, 0u);
}

TEST(tsc_ratio_msr, "TSC_RATIO keeps 8 bits of integer and 32 of fraction; the others are #GP(0)",
     SPEC("APM vol. 2, 15.30.5, figure 15-29"), REQUIRES(cpu_has(X86_FEATURE_TSC_RATE_MSR)))
{
	const u64 before = rdmsr(MSR_TSC_RATIO);

	SUBTEST("reset");
	EXPECT_EQ(before, TSC_RATIO_ONE);
	for (u32 bit = 0; bit < 64; bit++) {
		SUBTEST("bit-%u", bit);
		if (bit < 40) {
			EXPECT_NO_FAULT(wrmsr_try(MSR_TSC_RATIO, BIT(bit)));
			EXPECT_EQ(rdmsr(MSR_TSC_RATIO), BIT(bit));
		} else {
			EXPECT_FAULT(GP(0), wrmsr_try(MSR_TSC_RATIO, TSC_RATIO_ONE | BIT(bit)));
		}
	}
	wrmsr(MSR_TSC_RATIO, before);
}

TEST(avic_doorbell_read, "the doorbell register of AVIC cannot be read",
     SPEC("APM vol. 2, 15.29.8.2"))
{
	u64 value = 0;

	EXPECT_FAULT(GP(0), rdmsr_try(MSR_AVIC_DOORBELL, &value));
}
