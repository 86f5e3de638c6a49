/* SPDX-License-Identifier: MIT */
/* The generic timer: DDI 0487, D11. The registers are CNT... of <arm/sysreg.h>. */
#ifndef ASSAY_ARM_TIMER_H
#define ASSAY_ARM_TIMER_H

#include <types.h>

/* CNTV_CTL, CNTP_CTL: D17.11.15. */
#define CNT_CTL_ENABLE	BIT(0)
#define CNT_CTL_IMASK	BIT(1)
#define CNT_CTL_ISTATUS BIT(2)

/* CNTKCTL_EL1: D17.11.13. What EL0 may use. */
#define CNTKCTL_EL0PCTEN BIT(0)
#define CNTKCTL_EL0VCTEN BIT(1)
#define CNTKCTL_EVNTEN	 BIT(2)
#define CNTKCTL_EL0VTEN	 BIT(8)
#define CNTKCTL_EL0PTEN	 BIT(9)

/* Reads the device tree. */
void timer_init(void);

/* INTIDs of the timers' interrupts, which are PPIs; 0 if the device tree does not tell. */
u32 timer_virtual_intid(void);
u32 timer_physical_intid(void);
u32 timer_hypervisor_intid(void);
u32 timer_hypervisor_virtual_intid(void);

/* Both timers off. */
void timer_reset(void);

#endif
