/* SPDX-License-Identifier: MIT */
/* Guests that begin as the CPU is that runs them. */
#include <x86/svm/svm.h>

#include <x86/cr.h>
#include <x86/debug.h>
#include <x86/desc.h>
#include <x86/msr.h>
#include <x86/segment.h>

static struct vmcb_segment segment(u16 selector)
{
	return selector ? svm_segment_of(gdt_entries()[selector / 8], selector)
			: (struct vmcb_segment){ 0 };
}

void svm_save_host(struct vmcb *vmcb)
{
	struct vmcb_save *save = &vmcb->save;
	struct desc_table_register gdtr = sgdt(), idtr = sidt();

	vmsave_try((ulong)vmcb); /* FS, GS, TR, LDTR, and the MSRs that belong to them */
	save->cs = segment(SELECTOR(cs));
	save->ss = segment(SELECTOR(ss));
	save->ds = segment(SELECTOR(ds));
	save->es = segment(SELECTOR(es));
	save->gdtr = (struct vmcb_segment){ .base = gdtr.base, .limit = gdtr.limit };
	save->idtr = (struct vmcb_segment){ .base = idtr.base, .limit = idtr.limit };
	save->efer = rdmsr(MSR_EFER);
	save->cr0 = read_cr0();
	save->cr3 = read_cr3();
	save->cr4 = read_cr4();
	save->cpl = 0;
	save->dr6 = read_dr6();
	save->dr7 = read_dr7();
	save->g_pat = rdmsr(MSR_IA32_PAT);
	save->rflags = FLAG_1;
}

void svm_reset_like_host(struct svm_guest *g)
{
	svm_reset(g, SVM_NATIVE);
	svm_deliver(g);
	svm_save_host(g->vmcb);
}
