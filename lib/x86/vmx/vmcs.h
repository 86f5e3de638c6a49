/* SPDX-License-Identifier: MIT */
/*
 * The fields of a VMCS and the bits of its controls: SDM vol. 3C, chapter 24 and appendix B. The names are
 * the manual's, in capitals.
 */
#ifndef ASSAY_X86_VMX_VMCS_H
#define ASSAY_X86_VMX_VMCS_H

#include <types.h>

/* X(name, encoding): appendix B, tables B-1 to B-15. */
#define VMCS_FIELDS(X)                          \
	X(VPID, 0x0000)                         \
	X(POSTED_INTERRUPT_VECTOR, 0x0002)      \
	X(EPTP_INDEX, 0x0004)                   \
	X(GUEST_ES_SELECTOR, 0x0800)            \
	X(GUEST_CS_SELECTOR, 0x0802)            \
	X(GUEST_SS_SELECTOR, 0x0804)            \
	X(GUEST_DS_SELECTOR, 0x0806)            \
	X(GUEST_FS_SELECTOR, 0x0808)            \
	X(GUEST_GS_SELECTOR, 0x080a)            \
	X(GUEST_LDTR_SELECTOR, 0x080c)          \
	X(GUEST_TR_SELECTOR, 0x080e)            \
	X(GUEST_INTERRUPT_STATUS, 0x0810)       \
	X(PML_INDEX, 0x0812)                    \
	X(HOST_ES_SELECTOR, 0x0c00)             \
	X(HOST_CS_SELECTOR, 0x0c02)             \
	X(HOST_SS_SELECTOR, 0x0c04)             \
	X(HOST_DS_SELECTOR, 0x0c06)             \
	X(HOST_FS_SELECTOR, 0x0c08)             \
	X(HOST_GS_SELECTOR, 0x0c0a)             \
	X(HOST_TR_SELECTOR, 0x0c0c)             \
	X(IO_BITMAP_A, 0x2000)                  \
	X(IO_BITMAP_B, 0x2002)                  \
	X(MSR_BITMAP, 0x2004)                   \
	X(EXIT_MSR_STORE_ADDRESS, 0x2006)       \
	X(EXIT_MSR_LOAD_ADDRESS, 0x2008)        \
	X(ENTRY_MSR_LOAD_ADDRESS, 0x200a)       \
	X(EXECUTIVE_VMCS_POINTER, 0x200c)       \
	X(PML_ADDRESS, 0x200e)                  \
	X(TSC_OFFSET, 0x2010)                   \
	X(VIRTUAL_APIC_ADDRESS, 0x2012)         \
	X(APIC_ACCESS_ADDRESS, 0x2014)          \
	X(POSTED_INTERRUPT_DESCRIPTOR, 0x2016)  \
	X(VM_FUNCTION_CONTROLS, 0x2018)         \
	X(EPTP, 0x201a)                         \
	X(EOI_EXIT_BITMAP0, 0x201c)             \
	X(EOI_EXIT_BITMAP1, 0x201e)             \
	X(EOI_EXIT_BITMAP2, 0x2020)             \
	X(EOI_EXIT_BITMAP3, 0x2022)             \
	X(EPTP_LIST_ADDRESS, 0x2024)            \
	X(VMREAD_BITMAP, 0x2026)                \
	X(VMWRITE_BITMAP, 0x2028)               \
	X(VE_INFORMATION_ADDRESS, 0x202a)       \
	X(XSS_EXITING_BITMAP, 0x202c)           \
	X(ENCLS_EXITING_BITMAP, 0x202e)         \
	X(SPPTP, 0x2030)                        \
	X(TSC_MULTIPLIER, 0x2032)               \
	X(TERTIARY_CONTROLS, 0x2034)            \
	X(SECONDARY_EXIT_CONTROLS, 0x2044)      \
	X(GUEST_PHYSICAL_ADDRESS, 0x2400)       \
	X(VMCS_LINK_POINTER, 0x2800)            \
	X(GUEST_IA32_DEBUGCTL, 0x2802)          \
	X(GUEST_IA32_PAT, 0x2804)               \
	X(GUEST_IA32_EFER, 0x2806)              \
	X(GUEST_IA32_PERF_GLOBAL_CTRL, 0x2808)  \
	X(GUEST_PDPTE0, 0x280a)                 \
	X(GUEST_PDPTE1, 0x280c)                 \
	X(GUEST_PDPTE2, 0x280e)                 \
	X(GUEST_PDPTE3, 0x2810)                 \
	X(GUEST_IA32_BNDCFGS, 0x2812)           \
	X(HOST_IA32_PAT, 0x2c00)                \
	X(HOST_IA32_EFER, 0x2c02)               \
	X(HOST_IA32_PERF_GLOBAL_CTRL, 0x2c04)   \
	X(PIN_CONTROLS, 0x4000)                 \
	X(PRIMARY_CONTROLS, 0x4002)             \
	X(EXCEPTION_BITMAP, 0x4004)             \
	X(PFEC_MASK, 0x4006)                    \
	X(PFEC_MATCH, 0x4008)                   \
	X(CR3_TARGET_COUNT, 0x400a)             \
	X(EXIT_CONTROLS, 0x400c)                \
	X(EXIT_MSR_STORE_COUNT, 0x400e)         \
	X(EXIT_MSR_LOAD_COUNT, 0x4010)          \
	X(ENTRY_CONTROLS, 0x4012)               \
	X(ENTRY_MSR_LOAD_COUNT, 0x4014)         \
	X(ENTRY_INTERRUPTION_INFO, 0x4016)      \
	X(ENTRY_EXCEPTION_ERROR_CODE, 0x4018)   \
	X(ENTRY_INSTRUCTION_LENGTH, 0x401a)     \
	X(TPR_THRESHOLD, 0x401c)                \
	X(SECONDARY_CONTROLS, 0x401e)           \
	X(PLE_GAP, 0x4020)                      \
	X(PLE_WINDOW, 0x4022)                   \
	X(VM_INSTRUCTION_ERROR, 0x4400)         \
	X(EXIT_REASON, 0x4402)                  \
	X(EXIT_INTERRUPTION_INFO, 0x4404)       \
	X(EXIT_INTERRUPTION_ERROR_CODE, 0x4406) \
	X(IDT_VECTORING_INFO, 0x4408)           \
	X(IDT_VECTORING_ERROR_CODE, 0x440a)     \
	X(EXIT_INSTRUCTION_LENGTH, 0x440c)      \
	X(EXIT_INSTRUCTION_INFO, 0x440e)        \
	X(GUEST_ES_LIMIT, 0x4800)               \
	X(GUEST_CS_LIMIT, 0x4802)               \
	X(GUEST_SS_LIMIT, 0x4804)               \
	X(GUEST_DS_LIMIT, 0x4806)               \
	X(GUEST_FS_LIMIT, 0x4808)               \
	X(GUEST_GS_LIMIT, 0x480a)               \
	X(GUEST_LDTR_LIMIT, 0x480c)             \
	X(GUEST_TR_LIMIT, 0x480e)               \
	X(GUEST_GDTR_LIMIT, 0x4810)             \
	X(GUEST_IDTR_LIMIT, 0x4812)             \
	X(GUEST_ES_ACCESS_RIGHTS, 0x4814)       \
	X(GUEST_CS_ACCESS_RIGHTS, 0x4816)       \
	X(GUEST_SS_ACCESS_RIGHTS, 0x4818)       \
	X(GUEST_DS_ACCESS_RIGHTS, 0x481a)       \
	X(GUEST_FS_ACCESS_RIGHTS, 0x481c)       \
	X(GUEST_GS_ACCESS_RIGHTS, 0x481e)       \
	X(GUEST_LDTR_ACCESS_RIGHTS, 0x4820)     \
	X(GUEST_TR_ACCESS_RIGHTS, 0x4822)       \
	X(GUEST_INTERRUPTIBILITY, 0x4824)       \
	X(GUEST_ACTIVITY, 0x4826)               \
	X(GUEST_SMBASE, 0x4828)                 \
	X(GUEST_IA32_SYSENTER_CS, 0x482a)       \
	X(PREEMPTION_TIMER_VALUE, 0x482e)       \
	X(HOST_IA32_SYSENTER_CS, 0x4c00)        \
	X(CR0_MASK, 0x6000)                     \
	X(CR4_MASK, 0x6002)                     \
	X(CR0_READ_SHADOW, 0x6004)              \
	X(CR4_READ_SHADOW, 0x6006)              \
	X(CR3_TARGET0, 0x6008)                  \
	X(CR3_TARGET1, 0x600a)                  \
	X(CR3_TARGET2, 0x600c)                  \
	X(CR3_TARGET3, 0x600e)                  \
	X(EXIT_QUALIFICATION, 0x6400)           \
	X(IO_RCX, 0x6402)                       \
	X(IO_RSI, 0x6404)                       \
	X(IO_RDI, 0x6406)                       \
	X(IO_RIP, 0x6408)                       \
	X(GUEST_LINEAR_ADDRESS, 0x640a)         \
	X(GUEST_CR0, 0x6800)                    \
	X(GUEST_CR3, 0x6802)                    \
	X(GUEST_CR4, 0x6804)                    \
	X(GUEST_ES_BASE, 0x6806)                \
	X(GUEST_CS_BASE, 0x6808)                \
	X(GUEST_SS_BASE, 0x680a)                \
	X(GUEST_DS_BASE, 0x680c)                \
	X(GUEST_FS_BASE, 0x680e)                \
	X(GUEST_GS_BASE, 0x6810)                \
	X(GUEST_LDTR_BASE, 0x6812)              \
	X(GUEST_TR_BASE, 0x6814)                \
	X(GUEST_GDTR_BASE, 0x6816)              \
	X(GUEST_IDTR_BASE, 0x6818)              \
	X(GUEST_DR7, 0x681a)                    \
	X(GUEST_RSP, 0x681c)                    \
	X(GUEST_RIP, 0x681e)                    \
	X(GUEST_RFLAGS, 0x6820)                 \
	X(GUEST_PENDING_DEBUG, 0x6822)          \
	X(GUEST_IA32_SYSENTER_ESP, 0x6824)      \
	X(GUEST_IA32_SYSENTER_EIP, 0x6826)      \
	X(GUEST_IA32_S_CET, 0x6828)             \
	X(GUEST_SSP, 0x682a)                    \
	X(GUEST_SSP_TABLE, 0x682c)              \
	X(HOST_CR0, 0x6c00)                     \
	X(HOST_CR3, 0x6c02)                     \
	X(HOST_CR4, 0x6c04)                     \
	X(HOST_FS_BASE, 0x6c06)                 \
	X(HOST_GS_BASE, 0x6c08)                 \
	X(HOST_TR_BASE, 0x6c0a)                 \
	X(HOST_GDTR_BASE, 0x6c0c)               \
	X(HOST_IDTR_BASE, 0x6c0e)               \
	X(HOST_IA32_SYSENTER_ESP, 0x6c10)       \
	X(HOST_IA32_SYSENTER_EIP, 0x6c12)       \
	X(HOST_RSP, 0x6c14)                     \
	X(HOST_RIP, 0x6c16)                     \
	X(HOST_IA32_S_CET, 0x6c18)              \
	X(HOST_SSP, 0x6c1a)                     \
	X(HOST_SSP_TABLE, 0x6c1c)

enum vmcs_field {
#define VMCS_FIELD_(name, encoding) VMCS_##name = (encoding),
	VMCS_FIELDS(VMCS_FIELD_)
#undef VMCS_FIELD_
};

/* The field's name, "?" for none. */
const char *vmcs_field_name(u32 field);

/* Bits 14:13 of an encoding: 24.11.2, table 24-17. */
#define VMCS_WIDTH(field)  ((field) >> 13 & 3)
#define VMCS_WIDTH_16	   0
#define VMCS_WIDTH_64	   1
#define VMCS_WIDTH_32	   2
#define VMCS_WIDTH_NATURAL 3

/* Pin-based: table 24-5. */
#define PIN_EXTERNAL_INTERRUPT BIT(0)
#define PIN_NMI		       BIT(3)
#define PIN_VIRTUAL_NMIS       BIT(5)
#define PIN_PREEMPTION_TIMER   BIT(6)
#define PIN_POSTED_INTERRUPTS  BIT(7)

/* Primary processor-based: table 24-6. */
#define CPU_INTERRUPT_WINDOW BIT(2)
#define CPU_TSC_OFFSETTING   BIT(3)
#define CPU_HLT		     BIT(7)
#define CPU_INVLPG	     BIT(9)
#define CPU_MWAIT	     BIT(10)
#define CPU_RDPMC	     BIT(11)
#define CPU_RDTSC	     BIT(12)
#define CPU_CR3_LOAD	     BIT(15)
#define CPU_CR3_STORE	     BIT(16)
#define CPU_TERTIARY	     BIT(17)
#define CPU_CR8_LOAD	     BIT(19)
#define CPU_CR8_STORE	     BIT(20)
#define CPU_TPR_SHADOW	     BIT(21)
#define CPU_NMI_WINDOW	     BIT(22)
#define CPU_MOV_DR	     BIT(23)
#define CPU_IO		     BIT(24)
#define CPU_IO_BITMAPS	     BIT(25)
#define CPU_MTF		     BIT(27)
#define CPU_MSR_BITMAPS	     BIT(28)
#define CPU_MONITOR	     BIT(29)
#define CPU_PAUSE	     BIT(30)
#define CPU_SECONDARY	     BIT(31)

/* Secondary processor-based: table 24-7. */
#define CPU2_APIC_ACCESSES	BIT(0)
#define CPU2_EPT		BIT(1)
#define CPU2_DESCRIPTOR_TABLE	BIT(2)
#define CPU2_RDTSCP		BIT(3)
#define CPU2_X2APIC		BIT(4)
#define CPU2_VPID		BIT(5)
#define CPU2_WBINVD		BIT(6)
#define CPU2_UNRESTRICTED	BIT(7)
#define CPU2_APIC_REGISTERS	BIT(8)
#define CPU2_VIRTUAL_INTERRUPTS BIT(9)
#define CPU2_PAUSE_LOOP		BIT(10)
#define CPU2_RDRAND		BIT(11)
#define CPU2_INVPCID		BIT(12)
#define CPU2_VM_FUNCTIONS	BIT(13)
#define CPU2_SHADOWING		BIT(14)
#define CPU2_ENCLS		BIT(15)
#define CPU2_RDSEED		BIT(16)
#define CPU2_PML		BIT(17)
#define CPU2_VE			BIT(18)
#define CPU2_XSAVES		BIT(20)
#define CPU2_MODE_EXECUTE	BIT(22)
#define CPU2_SUB_PAGE_WRITE	BIT(23)
#define CPU2_TSC_SCALING	BIT(25)
#define CPU2_USER_WAIT		BIT(26)

/* VM exit: table 24-10. */
#define EXIT_SAVE_DEBUG		   BIT(2)
#define EXIT_HOST_64		   BIT(9)
#define EXIT_LOAD_PERF_GLOBAL_CTRL BIT(12)
#define EXIT_ACK_INTERRUPT	   BIT(15)
#define EXIT_SAVE_PAT		   BIT(18)
#define EXIT_LOAD_PAT		   BIT(19)
#define EXIT_SAVE_EFER		   BIT(20)
#define EXIT_LOAD_EFER		   BIT(21)
#define EXIT_SAVE_TIMER		   BIT(22)
#define EXIT_LOAD_CET		   BIT(28)
#define EXIT_SECONDARY		   BIT(31)

/* VM entry: table 24-12. */
#define ENTRY_LOAD_DEBUG	    BIT(2)
#define ENTRY_IA32E		    BIT(9)
#define ENTRY_SMM		    BIT(10)
#define ENTRY_DEACTIVATE_DUAL	    BIT(11)
#define ENTRY_LOAD_PERF_GLOBAL_CTRL BIT(13)
#define ENTRY_LOAD_PAT		    BIT(14)
#define ENTRY_LOAD_EFER		    BIT(15)
#define ENTRY_LOAD_BNDCFGS	    BIT(16)
#define ENTRY_LOAD_CET		    BIT(20)

/* Interruption information: tables 24-13 and 24-15. */
#define INTR_TYPE(type)		 ((u32)(type) << 8)
#define INTR_EXTERNAL		 INTR_TYPE(0)
#define INTR_NMI		 INTR_TYPE(2)
#define INTR_HARDWARE_EXCEPTION	 INTR_TYPE(3)
#define INTR_SOFTWARE_INTERRUPT	 INTR_TYPE(4)
#define INTR_PRIVILEGED_SOFTWARE INTR_TYPE(5)
#define INTR_SOFTWARE_EXCEPTION	 INTR_TYPE(6)
#define INTR_OTHER		 INTR_TYPE(7)
#define INTR_ERROR_CODE		 BIT(11)
#define INTR_VALID		 BIT(31)

/* Access rights: table 24-2. */
#define ACCESS_UNUSABLE BIT(16)

#endif
