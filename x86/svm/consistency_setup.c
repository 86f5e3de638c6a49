/* SPDX-License-Identifier: MIT */
#include "consistency.h"

/* INC BX, or EBX, or RBX's low half: the same bytes in every mode. */
static const u8 inc_bx[] = { 0xff, 0xc3 };

void consistency_set_up(struct svm_guest *g, enum svm_mode mode)
{
	svm_reset(g, mode);
	svm_code_bytes(g, inc_bx, sizeof(inc_bx));
	intercept_patterns(g);
	g->registers.bx = 0x1000;
}

bool consistency_expect(struct svm_guest *g, bool refused)
{
	u64 start = g->save->rip;
	bool ok;

	svm_run(g);
	ok = EXPECT_EXIT(g, refused ? SVM_EXIT_INVALID : SVM_EXIT_VMMCALL);
	ok &= EXPECT_EQ(g->registers.bx, refused ? 0x1000ul : 0x1001ul);
	if (!refused)
		ok &= EXPECT_EQ(g->save->rip, start + sizeof(inc_bx));
	return ok;
}

u64 consistency_cr4_bits(void)
{
	static const struct {
		u64 bit;
		enum x86_feature feature;
	} optional[] = {
		{ CR4_VME | CR4_PVI, X86_FEATURE_VME },
		{ CR4_DE, X86_FEATURE_DE },
		{ CR4_PSE, X86_FEATURE_PSE },
		{ CR4_PAE, X86_FEATURE_PAE },
		{ CR4_MCE, X86_FEATURE_MCE },
		{ CR4_PGE, X86_FEATURE_PGE },
		{ CR4_OSFXSR, X86_FEATURE_FXSR },
		{ CR4_OSXMMEXCPT, X86_FEATURE_SSE },
		{ CR4_UMIP, X86_FEATURE_UMIP },
		{ CR4_LA57, X86_FEATURE_LA57 },
		{ CR4_FSGSBASE, X86_FEATURE_FSGSBASE },
		{ CR4_PCIDE, X86_FEATURE_PCID },
		{ CR4_OSXSAVE, X86_FEATURE_XSAVE },
		{ CR4_SMEP, X86_FEATURE_SMEP },
		{ CR4_SMAP, X86_FEATURE_SMAP },
		{ CR4_PKE, X86_FEATURE_PKU },
		{ CR4_CET, X86_FEATURE_CET_SS },
		/* Not AMD's, but what CPUID has is what there is. */
		{ CR4_VMXE, X86_FEATURE_VMX },
		{ CR4_SMXE, X86_FEATURE_SMX },
		{ CR4_PKS, X86_FEATURE_PKS },
		{ CR4_KL, X86_FEATURE_KL },
		{ CR4_UINTR, X86_FEATURE_UINTR },
		{ CR4_LAM_SUP, X86_FEATURE_LAM },
	};
	u64 bits = CR4_TSD | CR4_PCE;

	for (u32 i = 0; i < ARRAY_SIZE(optional); i++)
		if (cpu_has(optional[i].feature))
			bits |= optional[i].bit;
	return bits;
}

/* Bits 7-1 read as zero, which is not the same. Bits 20 and 21 belong to features not looked at here. */
u64 consistency_efer_mbz(void)
{
	u64 bits = BIT(9) | BIT(16) | BIT(19) | BITS(63, 22);

	if (!cpu_has(X86_FEATURE_NX))
		bits |= EFER_NXE;
	if (!cpu_has(X86_FEATURE_FFXSR))
		bits |= EFER_FFXSR;
	if (!cpu_has(X86_FEATURE_TCE))
		bits |= EFER_TCE;
	if (!cpu_has(X86_FEATURE_MCOMMIT))
		bits |= EFER_MCOMMIT;
	if (!cpu_has(X86_FEATURE_INTWB))
		bits |= EFER_INTWB;
	return bits;
}
