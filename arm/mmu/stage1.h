/* SPDX-License-Identifier: MIT */
/* Accesses through a page of a test's own, at EL1 and EL0, one instruction each. */
#ifndef ASSAY_ARM_MMU_STAGE1_H
#define ASSAY_ARM_MMU_STAGE1_H

#include <arm/execute.h>
#include <arm/sysreg.h>
#include <mm/space.h>

/* Nothing else is near this address, in the half of TTBR0_EL1. */
#define STAGE1_VA 0x2c0000000000ul

/* Descriptors: D8.3. */
#define PTE_DBM	      BIT(51)
#define PTE_CONTIG    BIT(52)
#define TABLE_PXN     BIT(59)
#define TABLE_UXN     BIT(60)
#define TABLE_NO_EL0  BIT(61) /* APTable[0] */
#define TABLE_RO      BIT(62) /* APTable[1] */
#define TABLE_CONTROL BITS(63, 59)

enum stage1_access {
	STAGE1_READ,
	STAGE1_WRITE,
	STAGE1_FETCH,
	STAGE1_READ_UNPRIVILEGED, /* LDTR */
	STAGE1_WRITE_UNPRIVILEGED,
};

/* Registers for arm_run() that EL0 has no access to, so that PAN lets them be. */
struct arm_registers *stage1_registers(void);

/* One access of 32 bits at EL1 or EL0 with these bits of PSTATE set, PAN among them; what it raised. */
struct fault stage1_access(enum arm_el el, enum stage1_access access, ulong address, u64 pstate);

/* The abort that such an access raises with this status code. */
struct fault stage1_abort(enum arm_el el, enum stage1_access access, ulong address, u32 status);

/* A page of memory whose first words end code that is run there. */
u32 *stage1_page(void);

static inline bool has_pan(void)
{
	return read_sys(ID_AA64MMFR1) >> 20 & 0xf;
}

static inline bool has_uao(void)
{
	return read_sys(ID_AA64MMFR2) >> 4 & 0xf;
}

#endif
