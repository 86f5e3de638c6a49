/* SPDX-License-Identifier: MIT */
/* SVM's instructions and MSRs: APM vol. 2, 15.5, 15.16-15.18, 15.30; vol. 3. */
#ifndef ASSAY_X86_SVM_INSN_H
#define ASSAY_X86_SVM_INSN_H

#include <arch/fault.h>
#include <types.h>

#define MSR_TSC_RATIO	  0xc0000104
#define MSR_VM_CR	  0xc0010114
#define MSR_IGNNE	  0xc0010115
#define MSR_VM_HSAVE_PA	  0xc0010117
#define MSR_SVM_KEY	  0xc0010118
#define MSR_AVIC_DOORBELL 0xc001011b

#define VM_CR_DPD      BIT(0)
#define VM_CR_R_INIT   BIT(1)
#define VM_CR_DIS_A20M BIT(2)
#define VM_CR_LOCK     BIT(3)
#define VM_CR_SVMDIS   BIT(4)

#define TSC_RATIO_ONE BIT(32)

static inline void stgi(void)
{
	__asm__ volatile("stgi" : : : "memory");
}

static inline void clgi(void)
{
	__asm__ volatile("clgi" : : : "memory");
}

/* *_try(address): rAX holds a physical address. vmrun_try() is for refusals: it saves no registers. */
#define DEFINE_SVM_(name, insn)                                                      \
	static inline struct fault name##_try(ulong address)                         \
	{                                                                            \
		fault_clear();                                                       \
		__asm__ volatile(GUARDED(insn) : : "a"(address), "c"(0) : "memory"); \
		return fault_taken();                                                \
	}

DEFINE_SVM_(vmrun, "vmrun")
DEFINE_SVM_(vmload, "vmload")
DEFINE_SVM_(vmsave, "vmsave")
DEFINE_SVM_(stgi, "stgi")
DEFINE_SVM_(clgi, "clgi")
DEFINE_SVM_(skinit, "skinit")
DEFINE_SVM_(vmmcall, "vmmcall")
DEFINE_SVM_(invlpga, "invlpga")

#endif
