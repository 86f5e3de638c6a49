/* SPDX-License-Identifier: MIT */
/*
 * System registers by name, the same names for both sizes where the subject is the same:
 *
 *	write_sys(CNTV_CTL, CNT_CTL_ENABLE);
 *	EXPECT_FAULT(UNDEFINED, read_sys_try(CNTV_CTL, &value));
 *
 * sysreg_64.h and sysreg_32.h say which register a name is: SYS_<name>. Names that only one size has
 * are there in that one alone.
 */
#ifndef ASSAY_ARM_SYSREG_H
#define ASSAY_ARM_SYSREG_H

#include <types.h>

#ifdef __aarch64__
#include <arm/sysreg_64.h>
#else
#include <arm/sysreg_32.h>
#endif

/* Makes what precedes visible to what follows: context synchronisation (DDI 0487, B2.3.10). */
static inline void isb(void)
{
	__asm__ volatile("isb" ::: "memory");
}

/* Waits until all earlier accesses are complete, for every observer. */
static inline void dsb(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}

/* The bits of MPIDR that name a CPU: Aff3 to Aff0. */
#define MPIDR_AFFINITY 0xff00ffffffull

#endif
