/* SPDX-License-Identifier: MIT */
/* Semihosting, as far as the end of a run needs it: "Semihosting for AArch32 and AArch64", release 2.0. */
#ifndef ASSAY_ARM_SEMIHOSTING_H
#define ASSAY_ARM_SEMIHOSTING_H

#include <arch/fault.h>
#include <types.h>

#define SYS_EXIT_EXTENDED	     0x20
#define ADP_STOPPED_APPLICATION_EXIT 0x20026

/* Ends the VMM with this exit status; returns where there is no semihosting. */
static inline void semihosting_exit(ulong status)
{
	ulong block[2] = { ADP_STOPPED_APPLICATION_EXIT, status };
#ifdef __aarch64__
	register ulong operation __asm__("x0") = SYS_EXIT_EXTENDED;
	register ulong *parameters __asm__("x1") = block;

	__asm__ volatile(GUARDED("hlt #0xf000") : "+r"(operation) : "r"(parameters) : "memory");
#else
	register ulong operation __asm__("r0") = SYS_EXIT_EXTENDED;
	register ulong *parameters __asm__("r1") = block;

	/* HLT 0xf000, which assemblers do not know for ARMv7. */
	__asm__ volatile(GUARDED(".inst 0xe10f0070")
			 : "+r"(operation)
			 : "r"(parameters)
			 : "memory");
#endif
}

#endif
