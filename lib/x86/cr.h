/* SPDX-License-Identifier: MIT */
/* Control, debug and flags registers: SDM vol. 3A, 2.3, 2.5; vol. 3B, 17.2; APM vol. 2, 3.1. */
#ifndef ASSAY_X86_CR_H
#define ASSAY_X86_CR_H

#include <arch/fault.h>
#include <types.h>

#define CR0_PE BIT(0)
#define CR0_MP BIT(1)
#define CR0_EM BIT(2)
#define CR0_TS BIT(3)
#define CR0_ET BIT(4)
#define CR0_NE BIT(5)
#define CR0_WP BIT(16)
#define CR0_AM BIT(18)
#define CR0_NW BIT(29)
#define CR0_CD BIT(30)
#define CR0_PG BIT(31)

#define CR4_VME	       BIT(0)
#define CR4_PVI	       BIT(1)
#define CR4_TSD	       BIT(2)
#define CR4_DE	       BIT(3)
#define CR4_PSE	       BIT(4)
#define CR4_PAE	       BIT(5)
#define CR4_MCE	       BIT(6)
#define CR4_PGE	       BIT(7)
#define CR4_PCE	       BIT(8)
#define CR4_OSFXSR     BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define CR4_UMIP       BIT(11)
#define CR4_LA57       BIT(12)
#define CR4_VMXE       BIT(13)
#define CR4_SMXE       BIT(14)
#define CR4_FSGSBASE   BIT(16)
#define CR4_PCIDE      BIT(17)
#define CR4_OSXSAVE    BIT(18)
#define CR4_KL	       BIT(19)
#define CR4_SMEP       BIT(20)
#define CR4_SMAP       BIT(21)
#define CR4_PKE	       BIT(22)
#define CR4_CET	       BIT(23)
#define CR4_PKS	       BIT(24)
#define CR4_UINTR      BIT(25)
#define CR4_LASS       BIT(27)
#define CR4_LAM_SUP    BIT(28)

#define FLAG_CF	  BIT(0)
#define FLAG_1	  BIT(1) /* always set */
#define FLAG_PF	  BIT(2)
#define FLAG_AF	  BIT(4)
#define FLAG_ZF	  BIT(6)
#define FLAG_SF	  BIT(7)
#define FLAG_TF	  BIT(8)
#define FLAG_IF	  BIT(9)
#define FLAG_DF	  BIT(10)
#define FLAG_OF	  BIT(11)
#define FLAG_IOPL BITS(13, 12)
#define FLAG_NT	  BIT(14)
#define FLAG_RF	  BIT(16)
#define FLAG_VM	  BIT(17)
#define FLAG_AC	  BIT(18)
#define FLAG_VIF  BIT(19)
#define FLAG_VIP  BIT(20)
#define FLAG_ID	  BIT(21)

#define DR6_RESET 0xffff0ff0u
#define DR7_RESET 0x00000400u

/* read_cr0(), write_cr0(value), write_cr0_try(value), and so on for each register. */
#define DEFINE_REGISTER_(name, register)                                                         \
	static inline ulong read_##name(void)                                                    \
	{                                                                                        \
		ulong value;                                                                     \
                                                                                                 \
		__asm__ volatile("mov %%" register ", %0" : "=r"(value) : : "memory");           \
		return value;                                                                    \
	}                                                                                        \
	static inline void write_##name(ulong value)                                             \
	{                                                                                        \
		__asm__ volatile("mov %0, %%" register : : "r"(value) : "memory");               \
	}                                                                                        \
	static inline struct fault read_##name##_try(ulong *value)                               \
	{                                                                                        \
		fault_clear();                                                                   \
		__asm__ volatile(GUARDED("mov %%" register ", %0") : "+r"(*value) : : "memory"); \
		return fault_taken();                                                            \
	}                                                                                        \
	static inline struct fault write_##name##_try(ulong value)                               \
	{                                                                                        \
		fault_clear();                                                                   \
		__asm__ volatile(GUARDED("mov %0, %%" register) : : "r"(value) : "memory");      \
		return fault_taken();                                                            \
	}

DEFINE_REGISTER_(cr0, "cr0")
DEFINE_REGISTER_(cr2, "cr2")
DEFINE_REGISTER_(cr3, "cr3")
DEFINE_REGISTER_(cr4, "cr4")
#ifdef __x86_64__
DEFINE_REGISTER_(cr8, "cr8")
#endif
DEFINE_REGISTER_(dr0, "dr0")
DEFINE_REGISTER_(dr1, "dr1")
DEFINE_REGISTER_(dr2, "dr2")
DEFINE_REGISTER_(dr3, "dr3")
DEFINE_REGISTER_(dr6, "dr6")
DEFINE_REGISTER_(dr7, "dr7")

static inline ulong read_flags(void)
{
	ulong flags;

	__asm__ volatile("pushf; pop %0" : "=r"(flags) : : "memory");
	return flags;
}

static inline void write_flags(ulong flags)
{
	__asm__ volatile("push %0; popf" : : "r"(flags) : "memory", "cc");
}

/* XCR0 and the like; needs CR4.OSXSAVE. SDM vol. 2D, XGETBV, XSETBV. */
static inline u64 xgetbv(u32 index)
{
	u32 low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(index) : "memory");
	return (u64)high << 32 | low;
}

static inline struct fault xsetbv_try(u32 index, u64 value)
{
	fault_clear();
	__asm__ volatile(GUARDED("xsetbv")
			 :
			 : "c"(index), "a"((u32)value), "d"((u32)(value >> 32))
			 : "memory");
	return fault_taken();
}

#endif
