/* SPDX-License-Identifier: MIT */
/*
 * System registers of AArch32 and ARMv7-A: DDI 0487, G8; DDI 0406, B4. Included by <arm/sysreg.h>. A
 * name is its size and its operands of MRC and MCR, or MRRC and MCRR.
 */
#ifndef ASSAY_ARM_SYSREG_32_H
#define ASSAY_ARM_SYSREG_32_H

#define read_sys(name)	       READ_SYS_(SYS_##name)
#define READ_SYS_(...)	       READ_SYS__(__VA_ARGS__)
#define READ_SYS__(size, text) READ_SYS_##size(text)
#define READ_SYS_32(text)                                                  \
	({                                                                 \
		u32 value_;                                                \
		__asm__ volatile("mrc " text : "=r"(value_) : : "memory"); \
		value_;                                                    \
	})
#define READ_SYS_64(text)                                                   \
	({                                                                  \
		u64 value_;                                                 \
		__asm__ volatile("mrrc " text : "=r"(value_) : : "memory"); \
		value_;                                                     \
	})

#define write_sys(name, value)	       WRITE_SYS_(value, SYS_##name)
#define WRITE_SYS_(value, ...)	       WRITE_SYS__(value, __VA_ARGS__)
#define WRITE_SYS__(value, size, text) WRITE_SYS_##size(text, value)
#define WRITE_SYS_32(text, value)      __asm__ volatile("mcr " text : : "r"((u32)(value)) : "memory")
#define WRITE_SYS_64(text, value)      __asm__ volatile("mcrr " text : : "r"((u64)(value)) : "memory")

/* *value is what was read; on a fault it stays as it was. */
#define read_sys_try(name, value)	  READ_SYS_TRY_(value, SYS_##name)
#define READ_SYS_TRY_(value, ...)	  READ_SYS_TRY__(value, __VA_ARGS__)
#define READ_SYS_TRY__(value, size, text) READ_SYS_TRY_##size(text, value)
#define READ_SYS_TRY_32(text, value)                                                \
	({                                                                          \
		u32 value_ = (u32) * (value);                                       \
		fault_clear();                                                      \
		__asm__ volatile(GUARDED("mrc " text) : "+r"(value_) : : "memory"); \
		*(value) = value_;                                                  \
		fault_taken();                                                      \
	})
#define READ_SYS_TRY_64(text, value)                                                 \
	({                                                                           \
		u64 value_ = *(value);                                               \
		fault_clear();                                                       \
		__asm__ volatile(GUARDED("mrrc " text) : "+r"(value_) : : "memory"); \
		*(value) = value_;                                                   \
		fault_taken();                                                       \
	})

#define write_sys_try(name, value)	   WRITE_SYS_TRY_(value, SYS_##name)
#define WRITE_SYS_TRY_(value, ...)	   WRITE_SYS_TRY__(value, __VA_ARGS__)
#define WRITE_SYS_TRY__(value, size, text) WRITE_SYS_TRY_##size(text, value)
#define WRITE_SYS_TRY_32(text, value)                                                    \
	({                                                                               \
		fault_clear();                                                           \
		__asm__ volatile(GUARDED("mcr " text) : : "r"((u32)(value)) : "memory"); \
		fault_taken();                                                           \
	})
#define WRITE_SYS_TRY_64(text, value)                                                     \
	({                                                                                \
		fault_clear();                                                            \
		__asm__ volatile(GUARDED("mcrr " text) : : "r"((u64)(value)) : "memory"); \
		fault_taken();                                                            \
	})

#define SYS_MIDR      32, "p15, 0, %0, c0, c0, 0"
#define SYS_CTR	      32, "p15, 0, %0, c0, c0, 1"
#define SYS_MPIDR     32, "p15, 0, %0, c0, c0, 5"
#define SYS_ID_PFR1   32, "p15, 0, %0, c0, c1, 1"
#define SYS_ID_DFR0   32, "p15, 0, %0, c0, c1, 2"
#define SYS_SCTLR     32, "p15, 0, %0, c1, c0, 0"
#define SYS_CPACR     32, "p15, 0, %0, c1, c0, 2"
#define SYS_TTBR0     64, "p15, 0, %Q0, %R0, c2"
#define SYS_TTBCR     32, "p15, 0, %0, c2, c0, 2"
#define SYS_DFSR      32, "p15, 0, %0, c5, c0, 0"
#define SYS_IFSR      32, "p15, 0, %0, c5, c0, 1"
#define SYS_DFAR      32, "p15, 0, %0, c6, c0, 0"
#define SYS_IFAR      32, "p15, 0, %0, c6, c0, 2"
#define SYS_PAR	      64, "p15, 0, %Q0, %R0, c7"
#define SYS_MAIR0     32, "p15, 0, %0, c10, c2, 0"
#define SYS_MAIR1     32, "p15, 0, %0, c10, c2, 1"
#define SYS_VBAR      32, "p15, 0, %0, c12, c0, 0"
#define SYS_ISR	      32, "p15, 0, %0, c12, c1, 0"
#define SYS_TPIDRUR   32, "p15, 0, %0, c13, c0, 2"
#define SYS_TPIDRRO   32, "p15, 0, %0, c13, c0, 3"
#define SYS_TPIDR     32, "p15, 0, %0, c13, c0, 4" /* TPIDRPRW; the library's: scratch of entry */
#define SYS_PMUSERENR 32, "p15, 0, %0, c9, c14, 0"

/* Generic timer: DDI 0487, G8.7. */
#define SYS_CNTFRQ    32, "p15, 0, %0, c14, c0, 0"
#define SYS_CNTKCTL   32, "p15, 0, %0, c14, c1, 0"
#define SYS_CNTP_TVAL 32, "p15, 0, %0, c14, c2, 0"
#define SYS_CNTP_CTL  32, "p15, 0, %0, c14, c2, 1"
#define SYS_CNTV_TVAL 32, "p15, 0, %0, c14, c3, 0"
#define SYS_CNTV_CTL  32, "p15, 0, %0, c14, c3, 1"
#define SYS_CNTPCT    64, "p15, 0, %Q0, %R0, c14"
#define SYS_CNTVCT    64, "p15, 1, %Q0, %R0, c14"
#define SYS_CNTP_CVAL 64, "p15, 2, %Q0, %R0, c14"
#define SYS_CNTV_CVAL 64, "p15, 3, %Q0, %R0, c14"

/* GICv3 CPU interface: IHI 0069, 12.5. */
#define SYS_ICC_PMR	32, "p15, 0, %0, c4, c6, 0"
#define SYS_ICC_IAR0	32, "p15, 0, %0, c12, c8, 0"
#define SYS_ICC_EOIR0	32, "p15, 0, %0, c12, c8, 1"
#define SYS_ICC_HPPIR0	32, "p15, 0, %0, c12, c8, 2"
#define SYS_ICC_BPR0	32, "p15, 0, %0, c12, c8, 3"
#define SYS_ICC_AP0R0	32, "p15, 0, %0, c12, c8, 4"
#define SYS_ICC_AP1R0	32, "p15, 0, %0, c12, c9, 0"
#define SYS_ICC_DIR	32, "p15, 0, %0, c12, c11, 1"
#define SYS_ICC_RPR	32, "p15, 0, %0, c12, c11, 3"
#define SYS_ICC_SGI1R	64, "p15, 0, %Q0, %R0, c12"
#define SYS_ICC_SGI0R	64, "p15, 2, %Q0, %R0, c12"
#define SYS_ICC_IAR1	32, "p15, 0, %0, c12, c12, 0"
#define SYS_ICC_EOIR1	32, "p15, 0, %0, c12, c12, 1"
#define SYS_ICC_HPPIR1	32, "p15, 0, %0, c12, c12, 2"
#define SYS_ICC_BPR1	32, "p15, 0, %0, c12, c12, 3"
#define SYS_ICC_CTLR	32, "p15, 0, %0, c12, c12, 4"
#define SYS_ICC_SRE	32, "p15, 0, %0, c12, c12, 5"
#define SYS_ICC_IGRPEN0 32, "p15, 0, %0, c12, c12, 6"
#define SYS_ICC_IGRPEN1 32, "p15, 0, %0, c12, c12, 7"

/* CPSR and SPSR: DDI 0487, G1.9.1. */
#define PSTATE_MODE BITS(4, 0)
#define PSTATE_T    BIT(5)
#define PSTATE_F    BIT(6)
#define PSTATE_I    BIT(7)
#define PSTATE_A    BIT(8)
#define PSTATE_E    BIT(9)
#define PSTATE_AIF  (PSTATE_A | PSTATE_I | PSTATE_F)
#define PSTATE_IL   BIT(20)
#define PSTATE_Q    BIT(27)
#define PSTATE_V    BIT(28)
#define PSTATE_C    BIT(29)
#define PSTATE_Z    BIT(30)
#define PSTATE_N    BIT(31)

#define MODE_USR 0x10
#define MODE_FIQ 0x11
#define MODE_IRQ 0x12
#define MODE_SVC 0x13
#define MODE_ABT 0x17
#define MODE_HYP 0x1a
#define MODE_UND 0x1b
#define MODE_SYS 0x1f

#define SCTLR_M BIT(0)
#define SCTLR_A BIT(1)
#define SCTLR_C BIT(2)

static inline u32 read_cpsr(void)
{
	u32 value;

	__asm__ volatile("mrs %0, cpsr" : "=r"(value) : : "memory");
	return value;
}

/* Whether the CPU has EL2 (the Virtualization Extensions) or EL3 (Security): ID_PFR1. */
static inline bool has_exception_level(u32 level)
{
	return read_sys(ID_PFR1) >> (level == 2 ? 12 : 4) & 0xf;
}

#endif
