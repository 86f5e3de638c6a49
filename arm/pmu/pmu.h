/* SPDX-License-Identifier: MIT */
/* The Performance Monitors Extension of AArch64: DDI 0487, D13, D24.5. */
#ifndef ASSAY_ARM_PMU_PMU_H
#define ASSAY_ARM_PMU_PMU_H

#include <arm/sysreg.h>
#include <types.h>

#define SYS_PMCNTENSET pmcntenset_el0
#define SYS_PMCNTENCLR pmcntenclr_el0
#define SYS_PMOVSCLR   pmovsclr_el0
#define SYS_PMOVSSET   pmovsset_el0
#define SYS_PMSWINC    pmswinc_el0
#define SYS_PMSELR     pmselr_el0
#define SYS_PMCEID0    pmceid0_el0
#define SYS_PMCCNTR    pmccntr_el0
#define SYS_PMXEVTYPER pmxevtyper_el0
#define SYS_PMXEVCNTR  pmxevcntr_el0
#define SYS_PMCCFILTR  pmccfiltr_el0
#define SYS_PMINTENSET pmintenset_el1
#define SYS_PMINTENCLR pmintenclr_el1

#define PMCR_E	BIT(0)
#define PMCR_P	BIT(1)
#define PMCR_C	BIT(2)
#define PMCR_LC BIT(6)
#define PMCR_LP BIT(7)

/* PMEVTYPER<n>_EL0, PMCCFILTR_EL0: not at EL1, not at EL0. */
#define PMU_NOT_EL1 BIT(31)
#define PMU_NOT_EL0 BIT(30)

#define CYCLES BIT(31) /* the cycle counter, in the registers with a bit for each counter */

/* Events: D13.12. */
#define EVENT_SW_INCR	 0x00
#define EVENT_CPU_CYCLES 0x11
#define EVENT_CHAIN	 0x1e

static inline bool has_pmu(void)
{
	u64 version = read_sys(ID_AA64DFR0) >> 8 & 0xf;

	return version && version != 0xf;
}

/* Event counters: PMCR_EL0.N. */
static inline u32 pmu_counters(void)
{
	return (u32)(read_sys(PMCR) >> 11 & 31);
}

/* Everything off, cleared, without interrupts. */
void pmu_reset(void);

/* Event counter n. */
void pmu_set_event(u32 n, u64 type);
u64 pmu_event(u32 n);
void pmu_set_count(u32 n, u64 value);
u64 pmu_count(u32 n);

/* The interrupt's INTID, or 0. */
u32 pmu_intid(void);

#endif
