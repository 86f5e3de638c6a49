/* SPDX-License-Identifier: MIT */
/* Self-hosted debug of AArch64: DDI 0487, D2. */
#ifndef ASSAY_ARM_DEBUG_DEBUG_H
#define ASSAY_ARM_DEBUG_DEBUG_H

#include <arm/execute.h>
#include <types.h>

/* MDSCR_EL1: D24.3.20. */
#define MDSCR_SS  BIT(0)
#define MDSCR_KDE BIT(13)
#define MDSCR_MDE BIT(15)

/* DBGBCR<n>_EL1, DBGWCR<n>_EL1: D24.3.1, D24.3.11. */
#define DBGCR_E	       BIT(0)
#define DBGCR_EL1      BIT(1) /* PMC, PAC: with SSC and HMC clear */
#define DBGCR_EL0      BIT(2)
#define DBGBCR_BAS     (0xfull << 5)
#define DBGWCR_LOAD    BIT(3)
#define DBGWCR_STORE   BIT(4)
#define DBGWCR_BAS(b)  ((u64)(b) << 5)
#define DBGWCR_MASK(n) ((u64)(n) << 24)

/* DBGBCR<n>_EL1.BT; LBN of both, which breakpoint it is linked to; DBGWCR<n>_EL1.WT. */
#define BT_LINKED_ADDRESS (1ull << 20)
#define BT_CONTEXT	  (2ull << 20)
#define BT_LINKED_CONTEXT (3ull << 20)
#define DBGCR_LBN(n)	  ((u64)(n) << 16)
#define DBGWCR_WT	  BIT(20)
#define SYS_CONTEXTIDR	  contextidr_el1

#define NOP 0xd503201fu

/* How many there are: ID_AA64DFR0_EL1.BRPs, WRPs. */
u32 breakpoints(void);
u32 watchpoints(void);

/* Number n's address and control. */
void set_breakpoint(u32 n, u64 address, u64 control);
void set_watchpoint(u32 n, u64 address, u64 control);

/* All of them off, MDSCR_EL1 0, OS lock clear. */
void debug_off(void);

/* arm_run() at that level with debug exceptions enabled there: MDSCR_EL1 = mdscr, and D clear. */
struct fault debug_run(enum arm_el el, ulong address, struct arm_registers *r, u64 mdscr);

/* The same with D as registers->unmasked has it: set, if that was not changed. */
struct fault debug_run_masked(enum arm_el el, ulong address, struct arm_registers *r, u64 mdscr);

/* The exception classes for a level that has been debugged. */
static inline u32 class_of(enum arm_el el, u32 from_el1)
{
	return el == ARM_EL1 ? from_el1 : from_el1 - 1;
}

#endif
