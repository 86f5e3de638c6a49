/* SPDX-License-Identifier: MIT */
/* System registers of AArch64: DDI 0487, D17. Included by <arm/sysreg.h>. */
#ifndef ASSAY_ARM_SYSREG_64_H
#define ASSAY_ARM_SYSREG_64_H

#define read_sys(name)	READ_SYS_(SYS_##name)
#define READ_SYS_(name) READ_SYS__(name)
#define READ_SYS__(name)                                                        \
	({                                                                      \
		u64 value_;                                                     \
		__asm__ volatile("mrs %0, " #name : "=r"(value_) : : "memory"); \
		value_;                                                         \
	})

#define write_sys(name, value)	WRITE_SYS_(SYS_##name, value)
#define WRITE_SYS_(name, value) WRITE_SYS__(name, value)
#define WRITE_SYS__(name, value) \
	__asm__ volatile("msr " #name ", %x0" : : "rZ"((u64)(value)) : "memory")

/* *value is what was read; on a fault it stays as it was. */
#define read_sys_try(name, value)  READ_SYS_TRY_(SYS_##name, value)
#define READ_SYS_TRY_(name, value) READ_SYS_TRY__(name, value)
#define READ_SYS_TRY__(name, value)                                                      \
	({                                                                               \
		u64 value_ = *(value);                                                   \
		fault_clear();                                                           \
		__asm__ volatile(GUARDED("mrs %0, " #name) : "+r"(value_) : : "memory"); \
		*(value) = value_;                                                       \
		fault_taken();                                                           \
	})

#define write_sys_try(name, value)  WRITE_SYS_TRY_(SYS_##name, value)
#define WRITE_SYS_TRY_(name, value) WRITE_SYS_TRY__(name, value)
#define WRITE_SYS_TRY__(name, value)                                                               \
	({                                                                                         \
		fault_clear();                                                                     \
		__asm__ volatile(GUARDED("msr " #name ", %x0") : : "rZ"((u64)(value)) : "memory"); \
		fault_taken();                                                                     \
	})

#define SYS_MIDR    midr_el1
#define SYS_MPIDR   mpidr_el1
#define SYS_SCTLR   sctlr_el1
#define SYS_CPACR   cpacr_el1
#define SYS_TTBR0   ttbr0_el1
#define SYS_TTBR1   ttbr1_el1
#define SYS_TCR	    tcr_el1
#define SYS_MAIR    mair_el1
#define SYS_VBAR    vbar_el1
#define SYS_ESR	    esr_el1
#define SYS_FAR	    far_el1
#define SYS_ELR	    elr_el1
#define SYS_SPSR    spsr_el1
#define SYS_PAR	    par_el1
#define SYS_ISR	    isr_el1
#define SYS_CTR	    ctr_el0
#define SYS_DCZID   dczid_el0
#define SYS_DAIF    daif
#define SYS_SPSEL   spsel
#define SYS_TPIDR   tpidr_el1 /* the library's: scratch of exception entry */
#define SYS_TPIDRRO tpidrro_el0
#define SYS_TPIDRUR tpidr_el0
#define SYS_MDSCR   mdscr_el1
#define SYS_OSLAR   oslar_el1
#define SYS_FPCR    fpcr
#define SYS_FPSR    fpsr
#define SYS_SP_EL0  sp_el0

#define SYS_ID_AA64PFR0	 id_aa64pfr0_el1
#define SYS_ID_AA64PFR1	 id_aa64pfr1_el1
#define SYS_ID_AA64DFR0	 id_aa64dfr0_el1
#define SYS_ID_AA64ISAR0 id_aa64isar0_el1
#define SYS_ID_AA64ISAR1 id_aa64isar1_el1
#define SYS_ID_AA64ISAR2 s3_0_c0_c6_2
#define SYS_ID_AA64MMFR0 id_aa64mmfr0_el1
#define SYS_ID_AA64MMFR1 id_aa64mmfr1_el1
#define SYS_ID_AA64MMFR2 s3_0_c0_c7_2
#define SYS_ID_AA64MMFR3 s3_0_c0_c7_3
#define SYS_ID_AA64PFR2	 s3_0_c0_c4_2

/* PSTATE fields that came later, by their encodings, which every assembler knows. */
#define SYS_PAN	   s3_0_c4_c2_3
#define SYS_UAO	   s3_0_c4_c2_4
#define SYS_ALLINT s3_0_c4_c3_0
#define SYS_DIT	   s3_3_c4_c2_5
#define SYS_SSBS   s3_3_c4_c2_6
#define SYS_TCO	   s3_3_c4_c2_7

/* Generic timer: D11. */
#define SYS_CNTFRQ    cntfrq_el0
#define SYS_CNTVCT    cntvct_el0
#define SYS_CNTPCT    cntpct_el0
#define SYS_CNTKCTL   cntkctl_el1
#define SYS_CNTV_CTL  cntv_ctl_el0
#define SYS_CNTV_CVAL cntv_cval_el0
#define SYS_CNTV_TVAL cntv_tval_el0
#define SYS_CNTP_CTL  cntp_ctl_el0
#define SYS_CNTP_CVAL cntp_cval_el0
#define SYS_CNTP_TVAL cntp_tval_el0

#define SYS_PMUSERENR pmuserenr_el0
#define SYS_PMCR      pmcr_el0

/* GICv3 CPU interface: IHI 0069, 12.2. */
#define SYS_ICC_PMR	s3_0_c4_c6_0
#define SYS_ICC_IAR0	s3_0_c12_c8_0
#define SYS_ICC_EOIR0	s3_0_c12_c8_1
#define SYS_ICC_HPPIR0	s3_0_c12_c8_2
#define SYS_ICC_BPR0	s3_0_c12_c8_3
#define SYS_ICC_AP0R0	s3_0_c12_c8_4
#define SYS_ICC_AP1R0	s3_0_c12_c9_0
#define SYS_ICC_DIR	s3_0_c12_c11_1
#define SYS_ICC_RPR	s3_0_c12_c11_3
#define SYS_ICC_SGI1R	s3_0_c12_c11_5
#define SYS_ICC_SGI0R	s3_0_c12_c11_7
#define SYS_ICC_IAR1	s3_0_c12_c12_0
#define SYS_ICC_EOIR1	s3_0_c12_c12_1
#define SYS_ICC_HPPIR1	s3_0_c12_c12_2
#define SYS_ICC_BPR1	s3_0_c12_c12_3
#define SYS_ICC_CTLR	s3_0_c12_c12_4
#define SYS_ICC_SRE	s3_0_c12_c12_5
#define SYS_ICC_IGRPEN0 s3_0_c12_c12_6
#define SYS_ICC_IGRPEN1 s3_0_c12_c12_7

/* PSTATE as DAIF and SPSR_EL1 have it: C5.2.18. */
#define PSTATE_F       BIT(6)
#define PSTATE_I       BIT(7)
#define PSTATE_A       BIT(8)
#define PSTATE_D       BIT(9)
#define PSTATE_DAIF    (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)
#define PSTATE_SSBS    BIT(12)
#define PSTATE_ALLINT  BIT(13)
#define PSTATE_IL      BIT(20)
#define PSTATE_SS      BIT(21)
#define PSTATE_PAN     BIT(22)
#define PSTATE_UAO     BIT(23)
#define PSTATE_DIT     BIT(24)
#define PSTATE_TCO     BIT(25)
#define PSTATE_V       BIT(28)
#define PSTATE_C       BIT(29)
#define PSTATE_Z       BIT(30)
#define PSTATE_N       BIT(31)
#define PSTATE_NZCV    (PSTATE_N | PSTATE_Z | PSTATE_C | PSTATE_V)
#define PSTATE_MODE    0x1full
#define PSTATE_EL0     0x0ull /* EL0t */
#define PSTATE_EL1T    0x4ull
#define PSTATE_EL1H    0x5ull
#define PSTATE_AARCH32 BIT(4)
#define PSTATE_T       BIT(5) /* of AArch32 */

/* CPACR_EL1: D24.2.36. */
#define CPACR_ZEN  BITS(17, 16)
#define CPACR_FPEN BITS(21, 20)
#define CPACR_SMEN BITS(25, 24)

#define SCTLR_M	     BIT(0)
#define SCTLR_A	     BIT(1)
#define SCTLR_C	     BIT(2)
#define SCTLR_SA     BIT(3)
#define SCTLR_SA0    BIT(4)
#define SCTLR_UMA    BIT(9)
#define SCTLR_EOS    BIT(11)
#define SCTLR_I	     BIT(12)
#define SCTLR_DZE    BIT(14)
#define SCTLR_UCT    BIT(15)
#define SCTLR_NTWI   BIT(16)
#define SCTLR_NTWE   BIT(18)
#define SCTLR_WXN    BIT(19)
#define SCTLR_TSCXT  BIT(20)
#define SCTLR_EIS    BIT(22)
#define SCTLR_SPAN   BIT(23)
#define SCTLR_UCI    BIT(26)
#define SCTLR_NTLSMD BIT(28)
#define SCTLR_LSMAOE BIT(29)
#define SCTLR_DSSBS  BIT(44)

/* Whether the CPU has EL2 or EL3, in any state: ID_AA64PFR0_EL1. */
static inline bool has_exception_level(u32 level)
{
	return read_sys(ID_AA64PFR0) >> 4 * level & 0xf;
}

#endif
