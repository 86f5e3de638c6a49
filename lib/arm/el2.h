/* SPDX-License-Identifier: MIT */
/*
 * EL2, where the loader entered there: the library leaves it for EL1 (kernel_entry_64.S) and keeps a service
 * there. Tests stay at EL1. el2_call() runs one function at EL2; el2_run() runs code at EL0, EL1 or EL2 with
 * registers of EL2 set as the test wants them, and says at which level and with what it ended:
 *
 *	const struct el2_setting settings[] = { { EL2_HCR, EL2_HCR_DEFAULT | HCR_TVM } };
 *
 *	EXPECT_FAULT(SYSREG_TRAP(...), el2_run(settings, 1, ARM_EL1, at, &r, &exit));
 *	EXPECT_EQ(exit.level, 2);
 *
 * Only for the CPU that was booted, and only where EL2 can do without E2H.
 */
#ifndef ASSAY_ARM_EL2_H
#define ASSAY_ARM_EL2_H

/* HVC with this number is the library's: x0 = x0(x1) at EL2; x1, x2: ESR_EL2, FAR_EL2 of what ended it, or 0. */
#define EL2_CALL_IMM	  0xe12
/* HVC with this number plus that of the vector: an exception that the code of el2_run() took to EL1. */
#define EL2_TAKEN_IMM	  0xe40
/* The same in AArch32. */
#define EL2_TAKEN_IMM_A32 0xe60

/* Vectors of AArch32 in r->vector, after an exception that the code took to EL1 there. */
#define VECTOR_A32_UNDEFINED 0x101
#define VECTOR_A32_SVC	     0x102

#ifndef __ASSEMBLER__
#include <arm/execute.h>
#include <types.h>

/* Whether el2_call() and el2_run() work here. */
bool el2_is_there(void);

/*
 * fn(arg) at EL2 with all exceptions masked and memory one to one: that of the image's 512 GiB, the GiB of the
 * image is Normal memory, all else Device. Yields what fn returned; a synchronous exception that it took ends it
 * and is *fault. Expectations belong to the caller.
 */
u64 el2_call(u64 (*fn)(void *arg), void *arg, struct fault *fault);

/* The registers that el2_run() can set: of EL2, and with a 1 after their name of EL1, which need E2H to stay 0. */
#define EL2_REGISTERS(X)               \
	X(HCR, s3_4_c1_c1_0)           \
	X(HCRX, s3_4_c1_c2_2)          \
	X(CPTR, s3_4_c1_c1_2)          \
	X(MDCR, s3_4_c1_c1_1)          \
	X(HSTR, s3_4_c1_c1_3)          \
	X(HACR, s3_4_c1_c1_7)          \
	X(VPIDR, s3_4_c0_c0_0)         \
	X(VMPIDR, s3_4_c0_c0_5)        \
	X(SCTLR, s3_4_c1_c0_0)         \
	X(TTBR0, s3_4_c2_c0_0)         \
	X(TTBR1, s3_4_c2_c0_1)         \
	X(TCR, s3_4_c2_c0_2)           \
	X(MAIR, s3_4_c10_c2_0)         \
	X(VTTBR, s3_4_c2_c1_0)         \
	X(VTCR, s3_4_c2_c1_2)          \
	X(ZCR, s3_4_c1_c2_0)           \
	X(HFGRTR, s3_4_c1_c1_4)        \
	X(HFGWTR, s3_4_c1_c1_5)        \
	X(HFGITR, s3_4_c1_c1_6)        \
	X(HDFGRTR, s3_4_c3_c1_4)       \
	X(HDFGWTR, s3_4_c3_c1_5)       \
	X(VSESR, s3_4_c5_c2_3)         \
	X(VDISR, s3_4_c12_c1_1)        \
	X(CNTVOFF, s3_4_c14_c0_3)      \
	X(CNTPOFF, s3_4_c14_c0_6)      \
	X(CNTHCTL, s3_4_c14_c1_0)      \
	X(CNTHP_CTL, s3_4_c14_c2_1)    \
	X(CNTHP_CVAL, s3_4_c14_c2_2)   \
	X(CNTHV_CTL, s3_4_c14_c3_1)    \
	X(CNTHV_CVAL, s3_4_c14_c3_2)   \
	X(SCTLR1, sctlr_el1)           \
	X(TTBR0_1, ttbr0_el1)          \
	X(TTBR1_1, ttbr1_el1)          \
	X(TCR1, tcr_el1)               \
	X(CPACR1, cpacr_el1)           \
	X(PAR1, par_el1)               \
	X(CNTKCTL1, cntkctl_el1)       \
	X(CONTEXTIDR1, contextidr_el1) \
	X(ICC_SRE, s3_4_c12_c9_5)      \
	X(ICH_HCR, s3_4_c12_c11_0)     \
	X(ICH_VTR, s3_4_c12_c11_1)     \
	X(ICH_MISR, s3_4_c12_c11_2)    \
	X(ICH_EISR, s3_4_c12_c11_3)    \
	X(ICH_ELRSR, s3_4_c12_c11_5)   \
	X(ICH_VMCR, s3_4_c12_c11_7)    \
	X(ICH_AP0R0, s3_4_c12_c8_0)    \
	X(ICH_AP1R0, s3_4_c12_c9_0)    \
	X(ICH_LR0, s3_4_c12_c12_0)     \
	X(ICH_LR1, s3_4_c12_c12_1)     \
	X(ICH_LR2, s3_4_c12_c12_2)     \
	X(ICH_LR3, s3_4_c12_c12_3)

enum el2_register {
#define EL2_NAME_(name, encoding) EL2_##name,
	EL2_REGISTERS(EL2_NAME_)
#undef EL2_NAME_
		EL2_REGISTER_COUNT
};

/* One register of EL2, outside el2_run(). A register that this CPU does not have ends the case. */
u64 el2_read(enum el2_register reg);
void el2_write(enum el2_register reg, u64 value);

struct el2_setting {
	enum el2_register reg;
	u64 value;
};

struct el2_exit {
	u32 level; /* where the exception was taken that ended the code */
	u64 hpfar;
	u64 hcr;    /* HCR_EL2 right after it: VSE is cleared by taking it */
	u64 *after; /* in: NULL, or where the settings' values at the end go, in their order */
};

/*
 * As arm_run() does, with the settings made before, in this order, and taken back afterwards: what the registers
 * had. ARM_EL2 is EL2 on SP_EL0; the code's address then is physical: el2_code(). r->esr, far, pc, pstate and vector
 * are those of the level that the exception was taken to; EL1's vectors do not matter. NO_FAULT if it was EXECUTE_END,
 * to whichever level that went. ARM_EL1_A32 is Supervisor mode, with stage 1 off and HCR_EL2.RW clear, at an address
 * below 4 GiB; of an exception taken to EL1 there only the vector is known, VECTOR_A32_... HCR_EL2.E2H, SCTLR_EL2, TCR_EL2, TTBR0_EL2 change together, with EL2's translation off
 * in between, if HCR_EL2.E2H does.
 */
struct fault el2_run(const struct el2_setting *settings, u32 count, enum arm_el el, ulong at,
		     struct arm_registers *r, struct el2_exit *exit);

/* What VBAR_EL1 is while the code runs: what it writes there has to be this. */
extern const u8 el2_guest_vectors[];

/* The same for code that is not there yet. */
struct fault el2_execute(const struct el2_setting *settings, u32 count, enum arm_el el,
			 const u32 *code, u32 words, struct arm_registers *r,
			 struct el2_exit *exit);

/* Where arm_code()'s code is for EL2. */
ulong el2_code(ulong at);

/* What may go on from one case to the next: EL2's timers off, no virtual interrupt. For the reset. */
void el2_reset(void);

/* What HCR_EL2 is outside of el2_run(): RW, API, APK, ATA, EnSCXT; nothing of EL1's is trapped. */
#define EL2_HCR_DEFAULT 0x0120030080000000ull

/*
 * Has all that follows run under stage 2, on every CPU: one to one, Normal memory, for the first 512 GiB. Before another
 * CPU starts. Nothing where the loader did not enter at EL2.
 */
void el2_nest(void);

/* HCR_EL2: DDI 0487, D24.2.62. */
#define HCR_VM	   BIT(0)
#define HCR_SWIO   BIT(1)
#define HCR_PTW	   BIT(2)
#define HCR_FMO	   BIT(3)
#define HCR_IMO	   BIT(4)
#define HCR_AMO	   BIT(5)
#define HCR_VF	   BIT(6)
#define HCR_VI	   BIT(7)
#define HCR_VSE	   BIT(8)
#define HCR_FB	   BIT(9)
#define HCR_BSU	   BITS(11, 10)
#define HCR_DC	   BIT(12)
#define HCR_TWI	   BIT(13)
#define HCR_TWE	   BIT(14)
#define HCR_TID0   BIT(15)
#define HCR_TID1   BIT(16)
#define HCR_TID2   BIT(17)
#define HCR_TID3   BIT(18)
#define HCR_TSC	   BIT(19)
#define HCR_TIDCP  BIT(20)
#define HCR_TACR   BIT(21)
#define HCR_TSW	   BIT(22)
#define HCR_TPCP   BIT(23)
#define HCR_TPU	   BIT(24)
#define HCR_TTLB   BIT(25)
#define HCR_TVM	   BIT(26)
#define HCR_TGE	   BIT(27)
#define HCR_TDZ	   BIT(28)
#define HCR_HCD	   BIT(29)
#define HCR_TRVM   BIT(30)
#define HCR_RW	   BIT(31)
#define HCR_CD	   BIT(32)
#define HCR_ID	   BIT(33)
#define HCR_E2H	   BIT(34)
#define HCR_TLOR   BIT(35)
#define HCR_TERR   BIT(36)
#define HCR_TEA	   BIT(37)
#define HCR_APK	   BIT(40)
#define HCR_API	   BIT(41)
#define HCR_NV	   BIT(42)
#define HCR_FWB	   BIT(46)
#define HCR_FIEN   BIT(47)
#define HCR_TID4   BIT(49)
#define HCR_TICAB  BIT(50)
#define HCR_TOCU   BIT(52)
#define HCR_ENSCXT BIT(53)
#define HCR_TTLBIS BIT(54)
#define HCR_TTLBOS BIT(55)
#define HCR_ATA	   BIT(56)
#define HCR_TID5   BIT(58)

#endif
#endif
