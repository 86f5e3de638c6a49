/* SPDX-License-Identifier: MIT */
#include <arm/sysreg_table.h>

#include <arm/features.h>
#include <arm/sysreg.h>

#define FIELD(name, reg, low, least)                            \
	static bool name(void)                                  \
	{                                                       \
		return (read_sys(reg) >> (low)&0xf) >= (least); \
	}
#define KEY3(op1, crn, crm, op2) KEY(3, op1, crn, crm, op2)
#define ALL			 ~0ull

FIELD(mte2, ID_AA64PFR1, 8, 2)
FIELD(sme, ID_AA64PFR1, 24, 1)
FIELD(nmi, ID_AA64PFR1, 36, 1)
FIELD(gcs, ID_AA64PFR1, 44, 1)
FIELD(the, ID_AA64PFR1, 48, 1)
FIELD(ssbs2, ID_AA64PFR1, 4, 2)
FIELD(mte, ID_AA64PFR1, 8, 1)
FIELD(sve, ID_AA64PFR0, 32, 1)
FIELD(ras, ID_AA64PFR0, 28, 1)
FIELD(dit, ID_AA64PFR0, 48, 1)
FIELD(amu, ID_AA64PFR0, 44, 1)
FIELD(gic, ID_AA64PFR0, 24, 1)
FIELD(mpam, ID_AA64PFR0, 40, 1)
FIELD(pan, ID_AA64MMFR1, 20, 1)
FIELD(lor, ID_AA64MMFR1, 16, 1)
FIELD(uao, ID_AA64MMFR2, 4, 1)
FIELD(ccidx, ID_AA64MMFR2, 20, 1)
FIELD(ecv, ID_AA64MMFR0, 60, 1)
FIELD(rng, ID_AA64ISAR0, 60, 1)
FIELD(spe, ID_AA64DFR0, 32, 1)
FIELD(trf, ID_AA64DFR0, 40, 1)
FIELD(trbe, ID_AA64DFR0, 44, 1)
FIELD(ete, ID_AA64DFR0, 4, 1)
FIELD(brbe, ID_AA64DFR0, 52, 1)
FIELD(tcr2, ID_AA64MMFR3, 0, 1)
FIELD(sctlr2, ID_AA64MMFR3, 4, 1)
FIELD(s1pie, ID_AA64MMFR3, 8, 1)
FIELD(s1poe, ID_AA64MMFR3, 16, 1)
FIELD(aie, ID_AA64MMFR3, 24, 1)
FIELD(fpmr, ID_AA64PFR2, 32, 1)

static bool pmu(void)
{
	u64 version = read_sys(ID_AA64DFR0) >> 8 & 0xf;

	return version && version != 0xf;
}

static bool pmu_v3p4(void)
{
	return pmu() && (read_sys(ID_AA64DFR0) >> 8 & 0xf) >= 5;
}

static bool pmu_v3p9(void)
{
	return pmu() && (read_sys(ID_AA64DFR0) >> 8 & 0xf) >= 9;
}

static bool pauth(void)
{
	return (read_sys(ID_AA64ISAR1) & 0xff000ff0) || (read_sys(ID_AA64ISAR2) & 0xff00);
}

static bool csv2_2(void)
{
	return (read_sys(ID_AA64PFR0) >> 56 & 0xf) >= 2 || (read_sys(ID_AA64PFR1) >> 32 & 0xf) >= 2;
}

static bool el1_is_highest(void)
{
	return !has_exception_level(2) && !has_exception_level(3);
}

static bool ls64(void)
{
	return (read_sys(ID_AA64ISAR1) >> 60 & 0xf) >= 3;
}

/* The columns: name, key, last key of a range, step, access, feature, bits that hold what was written. */
const struct sysreg sysregs[] = {
	{ "OSDTRRX_EL1", KEY(2, 0, 0, 0, 2), 0, 0, RW | APART, NULL, 0 },
	{ "MDCCINT_EL1", KEY(2, 0, 0, 2, 0), 0, 0, RW, NULL, BITS(30, 29) },
	{ "MDSCR_EL1", KEY(2, 0, 0, 2, 2), 0, 0, RW, NULL, BIT(12) },
	{ "OSDTRTX_EL1", KEY(2, 0, 0, 3, 2), 0, 0, RW | APART, NULL, 0 },
	{ "OSECCR_EL1", KEY(2, 0, 0, 6, 2), 0, 0, RW | APART, NULL, 0 },
	{ "MDRAR_EL1", KEY(2, 0, 1, 0, 0), 0, 0, READS, NULL, 0 },
	{ "OSLAR_EL1", KEY(2, 0, 1, 0, 4), 0, 0, WRITES, NULL, 0 },
	{ "OSLSR_EL1", KEY(2, 0, 1, 1, 4), 0, 0, READS, NULL, 0 },
	{ "OSDLR_EL1", KEY(2, 0, 1, 3, 4), 0, 0, RW, NULL, 0 },
	{ "DBGPRCR_EL1", KEY(2, 0, 1, 4, 4), 0, 0, RW | APART, NULL, 0 },
	{ "DBGCLAIMSET_EL1", KEY(2, 0, 7, 8, 6), 0, 0, RW | APART, NULL, 0 },
	{ "DBGCLAIMCLR_EL1", KEY(2, 0, 7, 9, 6), 0, 0, RW | APART, NULL, 0 },
	{ "DBGAUTHSTATUS_EL1", KEY(2, 0, 7, 14, 6), 0, 0, READS | APART, NULL, 0 },
	{ "MDCCSR_EL0", KEY(2, 3, 0, 1, 0), 0, 0, READS | READ0 | DEBUG0, NULL, 0 },
	{ "DBGDTR_EL0", KEY(2, 3, 0, 4, 0), 0, 0, RW0 | DEBUG0 | APART, NULL, 0 },
	{ "DBGDTRRX_EL0", KEY(2, 3, 0, 5, 0), 0, 0, RW0 | DEBUG0 | APART, NULL, 0 },
	{ "TRC...", KEY(2, 1, 0, 0, 0), KEY(2, 1, 15, 15, 7), 1, EITHER, ete, 0 },
	{ "BRB...", KEY(2, 1, 8, 0, 0), KEY(2, 1, 9, 15, 7), 1, EITHER, brbe, 0 },

	{ "MIDR_EL1", KEY3(0, 0, 0, 0), 0, 0, READS, NULL, 0 },
	{ "MPIDR_EL1", KEY3(0, 0, 0, 5), 0, 0, READS, NULL, 0 },
	{ "REVIDR_EL1", KEY3(0, 0, 0, 6), 0, 0, READS, NULL, 0 },
	{ "SCTLR_EL1", KEY3(0, 1, 0, 0), 0, 0, RW, NULL,
	  SCTLR_UCI | SCTLR_UCT | SCTLR_DZE | SCTLR_UMA },
	{ "ACTLR_EL1", KEY3(0, 1, 0, 1), 0, 0, RW, NULL, 0 },
	{ "CPACR_EL1", KEY3(0, 1, 0, 2), 0, 0, RW, NULL, BITS(21, 20) },
	{ "SCTLR2_EL1", KEY3(0, 1, 0, 3), 0, 0, RW, sctlr2, 0 },
	{ "RGSR_EL1", KEY3(0, 1, 0, 5), 0, 0, RW, mte2, BITS(23, 8) | BITS(3, 0) },
	{ "GCR_EL1", KEY3(0, 1, 0, 6), 0, 0, RW, mte2, BITS(16, 0) },
	{ "ZCR_EL1", KEY3(0, 1, 2, 0), 0, 0, RW, sve, 0 },
	{ "TRFCR_EL1", KEY3(0, 1, 2, 1), 0, 0, RW, trf, 0 },
	{ "SMPRI_EL1", KEY3(0, 1, 2, 4), 0, 0, RW, sme, 0 },
	{ "SMCR_EL1", KEY3(0, 1, 2, 6), 0, 0, RW, sme, 0 },
	{ "TTBR0_EL1", KEY3(0, 2, 0, 0), 0, 0, RW, NULL, 0 },
	{ "TTBR1_EL1", KEY3(0, 2, 0, 1), 0, 0, RW, NULL, BITS(63, 48) | BITS(47, 12) },
	{ "TCR_EL1", KEY3(0, 2, 0, 2), 0, 0, RW, NULL, 0 },
	{ "TCR2_EL1", KEY3(0, 2, 0, 3), 0, 0, RW, tcr2, 0 },
	{ "APIAKey_EL1, APIBKey_EL1", KEY3(0, 2, 1, 0), KEY3(0, 2, 1, 3), 1, RW, pauth, ALL },
	{ "APDAKey_EL1, APDBKey_EL1", KEY3(0, 2, 2, 0), KEY3(0, 2, 2, 3), 1, RW, pauth, ALL },
	{ "APGAKey_EL1", KEY3(0, 2, 3, 0), KEY3(0, 2, 3, 1), 1, RW, pauth, ALL },
	{ "GCSCR_EL1, GCSPR_EL1, GCSCRE0_EL1", KEY3(0, 2, 5, 0), KEY3(0, 2, 5, 2), 1, RW, gcs, 0 },
	{ "SPSR_EL1", KEY3(0, 4, 0, 0), 0, 0, RW, NULL,
	  BITS(31, 28) | BIT(21) | BIT(20) | BITS(9, 6) | BITS(3, 0) },
	{ "ELR_EL1", KEY3(0, 4, 0, 1), 0, 0, RW, NULL, ALL },
	{ "SP_EL0", KEY3(0, 4, 1, 0), 0, 0, EITHER, NULL, 0 }, /* UNDEFINED while it is SP */
	{ "SPSel", KEY3(0, 4, 2, 0), 0, 0, RW, NULL, 0 },
	{ "CurrentEL", KEY3(0, 4, 2, 2), 0, 0, READS, NULL, 0 },
	{ "PAN", KEY3(0, 4, 2, 3), 0, 0, RW, pan, 0 },
	{ "UAO", KEY3(0, 4, 2, 4), 0, 0, RW, uao, 0 },
	{ "ALLINT", KEY3(0, 4, 3, 0), 0, 0, RW, nmi, BIT(13) },
	{ "AFSR0_EL1", KEY3(0, 5, 1, 0), 0, 0, RW, NULL, 0 },
	{ "AFSR1_EL1", KEY3(0, 5, 1, 1), 0, 0, RW, NULL, 0 },
	{ "ESR_EL1", KEY3(0, 5, 2, 0), 0, 0, RW, NULL, BITS(31, 0) },
	{ "ERRIDR_EL1", KEY3(0, 5, 3, 0), 0, 0, READS, ras, 0 },
	{ "ERRSELR_EL1", KEY3(0, 5, 3, 1), KEY3(0, 5, 3, 2), 1, EITHER, ras, 0 },
	{ "ERX..._EL1", KEY3(0, 5, 4, 0), KEY3(0, 5, 5, 7), 1, EITHER, ras, 0 },
	{ "TFSR_EL1", KEY3(0, 5, 6, 0), 0, 0, RW, mte2, BITS(1, 0) },
	{ "TFSRE0_EL1", KEY3(0, 5, 6, 1), 0, 0, RW, mte2, BIT(0) },
	{ "FAR_EL1", KEY3(0, 6, 0, 0), 0, 0, RW, NULL, ALL },
	{ "PAR_EL1", KEY3(0, 7, 4, 0), 0, 0, RW, NULL, 0 },
	{ "PMS..._EL1, PMB..._EL1", KEY3(0, 9, 9, 0), KEY3(0, 9, 10, 7), 1, EITHER, spe, 0 },
	{ "TRB..._EL1", KEY3(0, 9, 11, 0), KEY3(0, 9, 11, 7), 1, EITHER, trbe, 0 },
	{ "PMINTENSET_EL1", KEY3(0, 9, 14, 1), 0, 0, RW, pmu, 0 },
	{ "PMINTENCLR_EL1", KEY3(0, 9, 14, 2), 0, 0, RW, pmu, 0 },
	{ "PMUACR_EL1, PMECR_EL1", KEY3(0, 9, 14, 4), KEY3(0, 9, 14, 5), 1, EITHER, pmu_v3p9, 0 },
	{ "PMMIR_EL1", KEY3(0, 9, 14, 6), 0, 0, READS, pmu_v3p4, 0 },
	{ "MAIR_EL1", KEY3(0, 10, 2, 0), 0, 0, RW, NULL, BITS(63, 40) },
	{ "MAIR2_EL1", KEY3(0, 10, 2, 1), 0, 0, RW, aie, 0 },
	{ "PIRE0_EL1, PIR_EL1", KEY3(0, 10, 2, 2), KEY3(0, 10, 2, 3), 1, RW, s1pie, 0 },
	{ "POR_EL1", KEY3(0, 10, 2, 4), 0, 0, RW, s1poe, 0 },
	{ "AMAIR_EL1", KEY3(0, 10, 3, 0), 0, 0, RW, NULL, 0 },
	{ "AMAIR2_EL1", KEY3(0, 10, 3, 1), 0, 0, RW, aie, 0 },
	{ "LOR..._EL1", KEY3(0, 10, 4, 0), KEY3(0, 10, 4, 3), 1, RW, lor, 0 },
	{ "LORID_EL1", KEY3(0, 10, 4, 7), 0, 0, READS, lor, 0 },
	{ "MPAM..._EL1", KEY3(0, 10, 4, 4), KEY3(0, 10, 5, 7), 1, EITHER, mpam, 0 },
	{ "VBAR_EL1", KEY3(0, 12, 0, 0), 0, 0, RW, NULL, BITS(47, 11) },
	{ "RVBAR_EL1", KEY3(0, 12, 0, 1), 0, 0, EITHER, NULL, 0 },
	{ "RMR_EL1", KEY3(0, 12, 0, 2), 0, 0, EITHER, NULL, 0 },
	{ "ISR_EL1", KEY3(0, 12, 1, 0), 0, 0, READS, NULL, 0 },
	{ "DISR_EL1", KEY3(0, 12, 1, 1), 0, 0, RW, ras, 0 },
	{ "ICC_..._EL1", KEY3(0, 12, 8, 0), KEY3(0, 12, 12, 7), 1, EITHER, gic, 0 },
	{ "ICC_PMR_EL1", KEY3(0, 4, 6, 0), 0, 0, RW, gic, 0 },
	{ "CONTEXTIDR_EL1", KEY3(0, 13, 0, 1), 0, 0, RW, NULL, BITS(31, 0) },
	{ "RCWSMASK_EL1", KEY3(0, 13, 0, 3), 0, 0, RW, the, 0 },
	{ "TPIDR_EL1", KEY3(0, 13, 0, 4), 0, 0, RW, NULL, ALL },
	{ "ACCDATA_EL1", KEY3(0, 13, 0, 5), 0, 0, EITHER, ls64, 0 },
	{ "RCWMASK_EL1", KEY3(0, 13, 0, 6), 0, 0, RW, the, 0 },
	{ "SCXTNUM_EL1", KEY3(0, 13, 0, 7), 0, 0, RW, csv2_2, ALL },
	{ "CNTKCTL_EL1", KEY3(0, 14, 1, 0), 0, 0, RW, NULL, BITS(9, 0) },

	{ "CCSIDR_EL1", KEY3(1, 0, 0, 0), 0, 0, READS, NULL, 0 },
	{ "CLIDR_EL1", KEY3(1, 0, 0, 1), 0, 0, READS, NULL, 0 },
	{ "CCSIDR2_EL1", KEY3(1, 0, 0, 2), 0, 0, READS, ccidx, 0 },
	{ "GMID_EL1", KEY3(1, 0, 0, 4), 0, 0, READS, mte2, 0 },
	{ "SMIDR_EL1", KEY3(1, 0, 0, 6), 0, 0, READS, sme, 0 },
	{ "AIDR_EL1", KEY3(1, 0, 0, 7), 0, 0, READS, NULL, 0 },
	{ "CSSELR_EL1", KEY3(2, 0, 0, 0), 0, 0, RW, NULL, 0 },

	{ "CTR_EL0", KEY3(3, 0, 0, 1), 0, 0, READS | READ0, NULL, 0 },
	{ "DCZID_EL0", KEY3(3, 0, 0, 7), 0, 0, READS | READ0, NULL, 0 },
	{ "RNDR", KEY3(3, 2, 4, 0), 0, 0, READS | READ0, rng, 0 },
	{ "RNDRRS", KEY3(3, 2, 4, 1), 0, 0, READS | READ0, rng, 0 },
	{ "GCSPR_EL0", KEY3(3, 2, 5, 1), 0, 0, RW | READ0, gcs, 0 },
	{ "NZCV", KEY3(3, 4, 2, 0), 0, 0, RW0, NULL, BITS(31, 28) },
	{ "DAIF", KEY3(3, 4, 2, 1), 0, 0, RW0, NULL, BITS(9, 8) },
	{ "SVCR", KEY3(3, 4, 2, 2), 0, 0, RW0, sme, 0 },
	{ "DIT", KEY3(3, 4, 2, 5), 0, 0, RW0, dit, BIT(24) },
	{ "SSBS", KEY3(3, 4, 2, 6), 0, 0, RW0, ssbs2, BIT(12) },
	{ "TCO", KEY3(3, 4, 2, 7), 0, 0, RW0, mte, 0 },
	{ "FPCR", KEY3(3, 4, 4, 0), 0, 0, RW0, has_fp, BITS(26, 22) },
	{ "FPSR", KEY3(3, 4, 4, 1), 0, 0, RW0, has_fp, BIT(27) | BIT(7) | BITS(4, 0) },
	{ "FPMR", KEY3(3, 4, 4, 2), 0, 0, RW0, fpmr, 0 },
	{ "PMCR_EL0", KEY3(3, 9, 12, 0), 0, 0, RW0, pmu, 0 },
	{ "PMCNTENSET_EL0, PMCNTENCLR_EL0, PMOVSCLR_EL0", KEY3(3, 9, 12, 1), KEY3(3, 9, 12, 3), 1,
	  RW0, pmu, 0 },
	{ "PMSWINC_EL0", KEY3(3, 9, 12, 4), 0, 0, WRITES | WRITE0, pmu, 0 },
	{ "PMSELR_EL0", KEY3(3, 9, 12, 5), 0, 0, RW0, pmu, BITS(4, 0) },
	{ "PMCEID0_EL0, PMCEID1_EL0", KEY3(3, 9, 12, 6), KEY3(3, 9, 12, 7), 1, READS | READ0, pmu,
	  0 },
	{ "PMCCNTR_EL0", KEY3(3, 9, 13, 0), 0, 0, RW0, pmu, 0 },
	{ "PMXEVTYPER_EL0", KEY3(3, 9, 13, 1), 0, 0, EITHER, pmu, 0 },
	{ "PMXEVCNTR_EL0", KEY3(3, 9, 13, 2), 0, 0, EITHER, pmu, 0 },
	{ "PMZR_EL0", KEY3(3, 9, 13, 4), 0, 0, EITHER, pmu_v3p9, 0 },
	{ "PMUSERENR_EL0", KEY3(3, 9, 14, 0), 0, 0, RW | READ0, pmu, BITS(3, 0) },
	{ "PMOVSSET_EL0", KEY3(3, 9, 14, 3), 0, 0, RW0, pmu, 0 },
	{ "POR_EL0", KEY3(3, 10, 2, 4), 0, 0, RW0, s1poe, 0 },
	{ "TPIDR_EL0", KEY3(3, 13, 0, 2), 0, 0, RW0, NULL, ALL },
	{ "TPIDRRO_EL0", KEY3(3, 13, 0, 3), 0, 0, RW | READ0, NULL, ALL },
	{ "TPIDR2_EL0", KEY3(3, 13, 0, 5), 0, 0, RW0, sme, ALL },
	{ "SCXTNUM_EL0", KEY3(3, 13, 0, 7), 0, 0, RW0, csv2_2, ALL },
	{ "AM..._EL0", KEY3(3, 13, 2, 0), KEY3(3, 13, 15, 7), 1, EITHER, amu, 0 },
	{ "CNTFRQ_EL0", KEY3(3, 14, 0, 0), 0, 0, RW | READ0, el1_is_highest, 0 },
	{ "CNTFRQ_EL0", KEY3(3, 14, 0, 0), 0, 0, READS | READ0, NULL, 0 },
	{ "CNTPCT_EL0", KEY3(3, 14, 0, 1), 0, 0, READS | READ0, NULL, 0 },
	{ "CNTVCT_EL0", KEY3(3, 14, 0, 2), 0, 0, READS | READ0, NULL, 0 },
	{ "CNTPCTSS_EL0", KEY3(3, 14, 0, 5), 0, 0, READS | READ0, ecv, 0 },
	{ "CNTVCTSS_EL0", KEY3(3, 14, 0, 6), 0, 0, READS | READ0, ecv, 0 },
	{ "CNTP_TVAL_EL0", KEY3(3, 14, 2, 0), 0, 0, RW0, NULL, 0 },
	{ "CNTP_CTL_EL0", KEY3(3, 14, 2, 1), 0, 0, RW0, NULL, BIT(1) },
	{ "CNTP_CVAL_EL0", KEY3(3, 14, 2, 2), 0, 0, RW0, NULL, ALL },
	{ "CNTV_TVAL_EL0", KEY3(3, 14, 3, 0), 0, 0, RW0, NULL, 0 },
	{ "CNTV_CTL_EL0", KEY3(3, 14, 3, 1), 0, 0, RW0, NULL, BIT(1) },
	{ "CNTV_CVAL_EL0", KEY3(3, 14, 3, 2), 0, 0, RW0, NULL, ALL },
	{ "PMCCFILTR_EL0", KEY3(3, 14, 15, 7), 0, 0, RW0, pmu, BITS(31, 30) },
};

const u32 sysreg_count = ARRAY_SIZE(sysregs);

/* Breakpoints, watchpoints and event counters are as many as ID registers say. */
static const struct sysreg *find_counted(u32 key)
{
	static const struct sysreg there = {
		"DBGBVR<n>_EL1 or DBGWVR<n>_EL1", 0, 0, 0, RW, NULL, 0
	};
	static const struct sysreg counter = { "PMEVCNTR<n>_EL0", 0, 0, 0, RW0, NULL, 0 };
	u64 dfr0 = read_sys(ID_AA64DFR0);
	u32 number = KEY_CRM(key), op2 = KEY_OP2(key), event = (number & 3) << 3 | op2;

	if (KEY_OP0(key) == 2 && KEY_OP1(key) == 0 && KEY_CRN(key) == 0 && op2 >= 4)
		return number <= (op2 < 6 ? dfr0 >> 12 & 15 : dfr0 >> 20 & 15) ? &there : NULL;
	if (key >= KEY3(3, 14, 8, 0) && key <= KEY3(3, 14, 15, 6) && pmu())
		return event < (read_sys(PMCR) >> 11 & 31) ? &counter : NULL;
	return NULL;
}

const struct sysreg *sysreg_find(u32 key)
{
	for (u32 i = 0; i < sysreg_count; i++) {
		const struct sysreg *reg = &sysregs[i];

		if (key < reg->key || key > (reg->last ? reg->last : reg->key))
			continue;
		if (!reg->present || reg->present())
			return reg;
	}
	return find_counted(key);
}

bool sysreg_is_unknown(u32 key)
{
	u32 crn = KEY_CRN(key);

	/* Of event counters beyond PMCR_EL0.N, it is CONSTRAINED UNPREDICTABLE whether they are there. */
	if (key >= KEY3(3, 14, 8, 0) && key <= KEY3(3, 14, 15, 6) && pmu())
		return !find_counted(key);
	return KEY_OP0(key) == 3 && (crn == 11 || crn == 15);
}

bool sysreg_is_id(u32 key)
{
	return KEY_OP0(key) == 3 && KEY_OP1(key) == 0 && KEY_CRN(key) == 0 && KEY_CRM(key) >= 1 &&
	       KEY_CRM(key) <= 7;
}
