/* SPDX-License-Identifier: MIT */
/* Model-specific registers: SDM vol. 4; APM vol. 2, appendix A. Names are the manuals'. */
#ifndef ASSAY_X86_MSR_H
#define ASSAY_X86_MSR_H

#include <arch/fault.h>
#include <types.h>

#define MSR_IA32_TSC		  0x00000010
#define MSR_IA32_APIC_BASE	  0x0000001b
#define MSR_IA32_TSC_ADJUST	  0x0000003b
#define MSR_IA32_SYSENTER_CS	  0x00000174
#define MSR_IA32_SYSENTER_ESP	  0x00000175
#define MSR_IA32_SYSENTER_EIP	  0x00000176
#define MSR_IA32_MISC_ENABLE	  0x000001a0
#define MSR_IA32_DEBUGCTL	  0x000001d9
#define MSR_MTRR_PHYSBASE(n)	  (0x00000200 + 2 * (n))
#define MSR_MTRR_PHYSMASK(n)	  (0x00000201 + 2 * (n))
#define MSR_IA32_PAT		  0x00000277
#define MSR_MTRR_DEF_TYPE	  0x000002ff
#define MSR_IA32_U_CET		  0x000006a0
#define MSR_IA32_S_CET		  0x000006a2
#define MSR_IA32_PL0_SSP	  0x000006a4
#define MSR_IA32_PL1_SSP	  0x000006a5
#define MSR_IA32_PL2_SSP	  0x000006a6
#define MSR_IA32_PL3_SSP	  0x000006a7
#define MSR_IA32_SSP_TABLE	  0x000006a8 /* IA32_INTERRUPT_SSP_TABLE_ADDR */
#define MSR_IA32_TSC_DEADLINE	  0x000006e0
#define MSR_IA32_PKRS		  0x000006e1
#define MSR_X2APIC_BASE		  0x00000800
#define MSR_IA32_PERF_GLOBAL_CTRL 0x0000038f
#define MSR_IA32_XSS		  0x00000da0
#define MSR_EFER		  0xc0000080
#define MSR_STAR		  0xc0000081
#define MSR_LSTAR		  0xc0000082
#define MSR_CSTAR		  0xc0000083
#define MSR_SFMASK		  0xc0000084
#define MSR_FS_BASE		  0xc0000100
#define MSR_GS_BASE		  0xc0000101
#define MSR_KERNEL_GS_BASE	  0xc0000102
#define MSR_TSC_AUX		  0xc0000103
#define MSR_VM_HSAVE_PA		  0xc0010117

#define APIC_BASE_BSP	 BIT(8)
#define APIC_BASE_EXTD	 BIT(10) /* x2APIC mode */
#define APIC_BASE_ENABLE BIT(11)

#define EFER_SCE     BIT(0)
#define EFER_LME     BIT(8)
#define EFER_LMA     BIT(10)
#define EFER_NXE     BIT(11)
#define EFER_SVME    BIT(12)
#define EFER_LMSLE   BIT(13)
#define EFER_FFXSR   BIT(14)
#define EFER_TCE     BIT(15)
#define EFER_MCOMMIT BIT(17)
#define EFER_INTWB   BIT(18)

static inline u64 rdmsr(u32 index)
{
	u32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index) : "memory");
	return (u64)high << 32 | low;
}

static inline void wrmsr(u32 index, u64 value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(index), "a"((u32)value), "d"((u32)(value >> 32))
			 : "memory");
}

/* *value is what was read; on a fault it stays as it was. */
static inline struct fault rdmsr_try(u32 index, u64 *value)
{
	u32 low = (u32)*value, high = (u32)(*value >> 32);

	fault_clear();
	__asm__ volatile(GUARDED("rdmsr") : "+a"(low), "+d"(high) : "c"(index) : "memory");
	*value = (u64)high << 32 | low;
	return fault_taken();
}

static inline struct fault wrmsr_try(u32 index, u64 value)
{
	fault_clear();
	__asm__ volatile(GUARDED("wrmsr")
			 :
			 : "c"(index), "a"((u32)value), "d"((u32)(value >> 32))
			 : "memory");
	return fault_taken();
}

#endif
