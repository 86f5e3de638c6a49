/* SPDX-License-Identifier: MIT */
/*
 * What all CPUs do on their way in, the first one and those that PSCI starts: to System mode, with
 * translation by long descriptors and caches. And the memory that they start with.
 */
#include <arm/boot.h>

#define MODE_SVC   0x13
#define MODE_HYP   0x1a
#define MODE_SYS   0x1f
#define MASKED	   0x1c0 /* A, I and F */
#define HCPTR_RES1 0x33ff
/* Bits that are one in ARMv7 and nTWE, nTWI, CP15BEN; I, Z, C, M. Exceptions in A32, little-endian. */
#define SCTLR_OFF 0x00c50078
#define SCTLR_MMU (SCTLR_OFF | 0x1805)

	.arch_extension virt
	.arch_extension sec
	.arm

	.macro	address register, symbol
	movw	\register, #:lower16:\symbol - .Lpc\@
	movt	\register, #:upper16:\symbol - .Lpc\@
	.set	.Lpc\@, . + 8
	add	\register, \register, pc
	.endm

	.section .boot.kernel_entry, "ax"

/* r0: the tables' root. Goes on in System mode. */
	.globl enable_mmu
enable_mmu:
	mov	r1, #0
	mcrr	p15, 0, r0, r1, c2 /* TTBR0 */
	movw	r1, #:lower16:TTBCR_VALUE
	movt	r1, #:upper16:TTBCR_VALUE
	mcr	p15, 0, r1, c2, c0, 2
	movw	r1, #:lower16:MAIR_VALUE
	movt	r1, #:upper16:MAIR_VALUE
	mcr	p15, 0, r1, c10, c2, 0 /* MAIR0 */
	mov	r1, #0
	mcr	p15, 0, r1, c10, c2, 1 /* MAIR1 */
	mcr	p15, 0, r1, c8, c7, 0 /* TLBIALL */
	mcr	p15, 0, r1, c7, c5, 0 /* ICIALLU */
	mcr	p15, 0, r1, c7, c5, 6 /* BPIALL */
	dsb
	isb
	movw	r1, #:lower16:SCTLR_MMU
	movt	r1, #:upper16:SCTLR_MMU
	mcr	p15, 0, r1, c1, c0, 0
	isb
	mov	r1, lr
	cps	#MODE_SYS
	bx	r1

/*
 * Goes on at lr in Supervisor mode. From Hyp mode nothing of the kernel's is trapped, and the virtual
 * count is the physical one; HVC is answered as SMCCC wants it for what nobody knows (DEN 0028, 5.2).
 */
	.globl leave_hyp
leave_hyp:
	cpsid	aif
	cmp	r9, #MODE_HYP
	bne	6f
	mov	r0, #0
	mcr	p15, 4, r0, c1, c1, 0 /* HCR */
	movw	r0, #HCPTR_RES1
	mcr	p15, 4, r0, c1, c1, 2
	mov	r0, #0
	mcr	p15, 4, r0, c1, c1, 3 /* HSTR */
	mcrr	p15, 6, r0, r0, c2 /* VTTBR */
	mcrr	p15, 4, r0, r0, c14 /* CNTVOFF */
	mov	r1, #3
	mcr	p15, 4, r1, c14, c1, 0 /* CNTHCTL: PL1PCTEN, PL1PCEN */
	mrc	p15, 0, r1, c0, c0, 0
	mcr	p15, 4, r1, c0, c0, 0 /* VPIDR */
	mrc	p15, 0, r1, c0, c0, 5
	mcr	p15, 4, r1, c0, c0, 5 /* VMPIDR */
	/* All event counters are the kernel's: HDCR.HPMN = PMCR.N. */
	mrc	p15, 0, r1, c0, c1, 2 /* ID_DFR0 */
	ubfx	r1, r1, #24, #4
	sub	r1, r1, #1
	cmp	r1, #14
	bhs	1f
	mrc	p15, 0, r0, c9, c12, 0 /* PMCR */
	ubfx	r0, r0, #11, #5
1:	mcr	p15, 4, r0, c1, c1, 1 /* HDCR */
	mrc	p15, 0, r0, c0, c1, 1 /* ID_PFR1 */
	lsrs	r0, r0, #28
	beq	2f
	mrc	p15, 4, r0, c12, c9, 5 /* ICC_HSRE */
	orr	r0, r0, #9
	mcr	p15, 4, r0, c12, c9, 5
	isb
	mov	r0, #0
	mcr	p15, 4, r0, c12, c11, 0 /* ICH_HCR */
2:	address r0, hyp_vectors
	mcr	p15, 4, r0, c12, c0, 0 /* HVBAR */
	mov	r0, #(MASKED & 0xff | MODE_SVC)
	orr	r0, r0, #(MASKED & 0x100)
	msr	spsr_cxsf, r0
	msr	elr_hyp, lr
	movw	r0, #:lower16:SCTLR_OFF
	movt	r0, #:upper16:SCTLR_OFF
	mcr	p15, 0, r0, c1, c0, 0
	eret
6:	mov	r1, lr
	cps	#MODE_SVC
	bx	r1

	/* Only HVC is expected here. */
	.text
	.balign 32
hyp_vectors:
	.rept	5
	b	.
	.endr
	b	hyp_call
	.rept	2
	b	.
	.endr
hyp_call:
	mvn	r0, #0
	eret

	.bss
	.balign 4096
	.globl kernel_root, boot_root
kernel_root:
	.skip	ROOT_ENTRIES * 8
boot_root:
	.skip	ROOT_ENTRIES * 8

	/* Pages that mm takes away, so that an overflow of the stack is a fault. */
	.globl boot_stack_guard, boot_stack_top, exception_stack_top
	.balign 4096
	.skip	4096
	.skip	EXCEPTION_STACK_SIZE
exception_stack_top:
boot_stack_guard:
	.skip	4096
	.skip	BOOT_STACK_SIZE
boot_stack_top:

	.section .note.GNU-stack, "", %progbits
